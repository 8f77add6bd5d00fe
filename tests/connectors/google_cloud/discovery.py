"""Google's discovery documents, cut down to what the connector asks: is a question one of theirs, is an answer?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DOCUMENTS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "vendored" / "google-discovery.json").read_text()
)


def method_of(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return document and method by the name that the connector gives it."""
    service, _, method = name.partition(" ")[0].partition(".")
    if method == "searchAllIamPolicies":
        method = f"v1.{method}"
    for title, document in DOCUMENTS.items():
        if title.startswith(f"{service}.") and method in document["methods"]:
            return document, document["methods"][method]
    raise KeyError(name)


def faults_of_question(name: str, verb: str, url: str, parameters: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with a question."""
    _, method = method_of(name)
    template = re.sub(r"\\\{\\\+\w+\\\}", ".+", re.escape(method["url"]))
    template = re.sub(r"\\\{\w+\\\}", "[^/]+", template)
    if not re.fullmatch(template, url):
        yield f"{url} is not {method['url']}"
    if verb != method["http"]:
        yield f"{verb} for {method['http']}"
    yield from (f"no parameter {one}" for one in parameters if one not in method["parameters"])


def faults_of_answer(name: str, answer: Any) -> list[str]:
    """Return what is wrong with an answer."""
    document, method = method_of(name)
    return list(_faults(document["schemas"], f"#{method['response']}", answer, method["response"]))


def faults_of(title: str, schema: str, thing: Any) -> list[str]:
    """Return what is wrong with a thing of a schema."""
    return list(_faults(DOCUMENTS[title]["schemas"], f"#{schema}", thing, schema))


def _faults(schemas: Mapping[str, Any], shape: Any, value: Any, where: str) -> Iterator[str]:
    match shape:
        case str() if shape.startswith("#"):
            if not isinstance(value, dict):
                yield f"{where} is no object"
                return
            for name, inner in value.items():
                known = schemas[shape[1:]].get(name)
                if known is None:
                    yield f"{where} has no {name}"
                else:
                    yield from _faults(schemas, known, inner, f"{where}.{name}")
        case [inner]:
            if not isinstance(value, list):
                yield f"{where} is no list"
                return
            for one in value:
                yield from _faults(schemas, inner, one, f"{where}[]")
        case {"enum": words}:
            if value not in words:
                yield f"{where} is none of {words}"
        case "string" | "integer" | "boolean" | "object":
            kinds = {"string": str, "integer": int, "boolean": bool, "object": dict}
            if not isinstance(value, kinds[shape]):
                yield f"{where} is no {shape}"
        case _:
            pass
