"""GitHub's own description of its API, cut to what is asked: what the stand-in answers is held against it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator

DESCRIPTION: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vendored" / "github-openapi.json").read_text())


def as_schema(told: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema: what may be null says so in a way of its own."""
    if isinstance(told, list):
        return [as_schema(one) for one in told]
    if not isinstance(told, dict):
        return told
    found = {name: as_schema(one) for name, one in told.items() if name != "nullable"}
    return {"anyOf": [found, {"type": "null"}]} if told.get("nullable") is True else found


COMPONENTS = as_schema(DESCRIPTION["components"]["schemas"])


def schema_of(path: str, method: str = "get") -> dict[str, Any]:
    """What the description says of an answer."""
    (response,) = DESCRIPTION["paths"][path][method]["responses"].values()
    found: dict[str, Any] = as_schema(response["content"]["application/json"]["schema"])
    return found


@cache
def validator(path: str, method: str = "get") -> Draft202012Validator:
    schema = {**schema_of(path, method), "components": {"schemas": COMPONENTS}}
    return Draft202012Validator(schema)


@cache
def parameters(path: str, method: str = "get") -> frozenset[str]:
    """Names of what may be asked with it."""
    named = DESCRIPTION["components"]["parameters"]
    told = DESCRIPTION["paths"][path][method]["parameters"]
    found = (named[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in told)
    return frozenset(one["name"] for one in found if one["in"] == "query")


_PATTERNS = {
    path: re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)) for path in sorted(DESCRIPTION["paths"], key=len)
}


def described(address: str) -> tuple[str, Mapping[str, str]] | None:
    """Return which path of the description an address is, and what stands in it."""
    for path, pattern in _PATTERNS.items():
        if match := pattern.fullmatch(address):
            return path, {name: unquote(one) for name, one in match.groupdict().items()}
    return None


def resolved(schema: Any) -> Any:
    while "$ref" in schema:
        schema = COMPONENTS[schema["$ref"].rpartition("/")[2]]
    return schema


def filled(schema: Any, given: Any = None) -> Any:
    """What is given, and beside it the least of whatever the description demands."""
    schema = resolved(schema)
    for word in ("anyOf", "oneOf"):
        if word in schema and "properties" not in schema:
            nullable = {"type": "null"} in schema[word]
            return None if given is None and nullable else filled(schema[word][0], given)
    for part in schema.get("allOf", ()):
        given = filled(part, given)
    if schema.get("type") == "object" or "properties" in schema:
        found = dict(given or {})
        for name in schema.get("required", ()):
            if name not in found:
                found[name] = filled(schema["properties"][name])
        for name, one in found.items():
            if isinstance(one, dict) and name in schema.get("properties", {}):
                found[name] = filled(schema["properties"][name], one)
        return found
    return given if given is not None else _least(schema)


def _least(schema: Any) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "integer" | "number":
            return 1
        case "boolean":
            return False
        case "array":
            return []
        case _:
            formats = {"date-time": "2025-01-02T03:04:05Z", "uri": "https://api.github.com/"}
            return formats.get(schema.get("format", ""), "")
