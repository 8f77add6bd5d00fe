"""The filters of detect-secrets as plain functions, loaded when first asked; its global settings stay untouched."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def _filters() -> Any:
    from detect_secrets.filters import heuristic

    return heuristic


def _ask(name: str, text: str) -> bool:
    function: Callable[[str], bool] = getattr(_filters(), name)
    return bool(function(text))


def is_uuid(value: str) -> bool:
    """Whether a UUID stands in the value."""
    return _ask("is_potential_uuid", value)


def is_sequential(value: str) -> bool:
    """Whether the value is a stretch of the alphabet, the digits or the like."""
    return _ask("is_sequential_string", value)


def is_templated(value: str) -> bool:
    """Whether the value as a whole is `{…}`, `<…>` or `${…}`."""
    return _ask("is_templated_secret", value)


def has_no_letter(value: str) -> bool:
    """Whether the value holds no letter at all."""
    return _ask("is_not_alphanumeric_string", value)


def is_lock_file(path: str) -> bool:
    """Whether a path names a package manager's lock file, full of digests and free of secrets."""
    return _ask("is_lock_file", path)


def is_swagger_file(path: str) -> bool:
    """Whether a path belongs to a published description of an API, full of example values."""
    return _ask("is_swagger_file", path)
