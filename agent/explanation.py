"""Says what is wrong with a configuration: where it stands, what is asked for there, which key was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from agent import yaml_document
from agent.settings import PREFIX, Settings
from agent.terminal import escaped


def explained(
    error: ValidationError, model: type[Settings], document: yaml_document.Document, environment: Mapping[str, str]
) -> str:
    """All that is wrong, a line each: where, what, and what is allowed. Values are not repeated."""
    lines = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        path = tuple(part for part in fault["loc"] if part != "[key]")
        place = variable_of(path, environment) or document.place(path) or document.name
        lines.append(f"{place}: {_sentence(fault['type'], fault['msg'], path, model)}")
    return "\n".join(dict.fromkeys(lines))


_KINDS = {
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "dict_type": "a mapping of keys to values",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "path_type": "the path of a file",
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "date_from_datetime_parsing": "a date such as 2026-01-31",
    "date_parsing": "a date such as 2026-01-31",
    "date_type": "a date such as 2026-01-31",
}
"""What pydantic's kinds of faults ask for, without its words for types."""


def _sentence(kind: str, message: str, path: tuple[str | int, ...], model: type[Settings]) -> str:
    key = escaped(".".join(str(part) for part in path)) or "the file"
    if kind == "extra_forbidden":
        allowed = _allowed_keys(path[:-1], model)
        return f"unknown key '{key}'{nearest(str(path[-1]), allowed)}; allowed here: {', '.join(sorted(allowed))}."
    if kind == "missing":
        return f"'{key}' is missing."
    if kind in _KINDS:
        return f"'{key}' must be {_KINDS[kind]}."
    text = message.removeprefix("Value error, ").removesuffix(".")
    return f"'{key}' {text[:1].lower()}{text[1:]}."


def _allowed_keys(path: tuple[str | int, ...], model: type[Settings]) -> frozenset[str]:
    """The keys of the section at a path, by walking the schema."""
    schema = model.model_json_schema()
    node: Mapping[str, Any] = schema
    for part in path:
        node = _resolved(node, schema)
        node = node.get("items", {}) if isinstance(part, int) else _child(node, part)
    return frozenset(_resolved(node, schema).get("properties", {}))


def _child(node: Mapping[str, Any], part: str) -> Mapping[str, Any]:
    child = node.get("properties", {}).get(part) or node.get("additionalProperties") or {}
    return child if isinstance(child, Mapping) else {}


def _resolved(node: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = node.get("$ref")
    if reference is None:
        return node
    found: Mapping[str, Any] = schema["$defs"][reference.rpartition("/")[2]]
    return found


def nearest(word: str, allowed: frozenset[str]) -> str:
    """The allowed word that was probably meant, as an end of a sentence; nothing where none comes near."""
    near = difflib.get_close_matches(word, sorted(allowed), n=1)
    return f" (did you mean '{near[0]}'?)" if near else ""


def variable_of(path: tuple[str | int, ...], environment: Mapping[str, str]) -> str | None:
    """The environment variable that set the value at a path, if one did: the longest name that is set."""
    parts = [str(part).upper() for part in path]
    for length in range(len(parts), 0, -1):
        name = PREFIX + "__".join(parts[:length])
        if environment.get(name):
            return name
    return None
