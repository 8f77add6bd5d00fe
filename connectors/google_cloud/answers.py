"""Reads single fields of answers: what is not of its type is not there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

_NEVER_YEAR = 9999
_EMAIL = re.compile(r"[\w.+-]{1,128}@[\w.-]{1,190}")
_SECONDS = re.compile(r"(\d{1,12})(?:\.\d{1,9})?s")


def text(thing: Mapping[str, Any], name: str) -> str | None:
    """Return a text; `None` for an empty one, as Google leaves those out."""
    value = thing.get(name)
    return value if isinstance(value, str) and value else None


def moment(thing: Mapping[str, Any], name: str) -> datetime | None:
    """Return a time with its zone."""
    value = thing.get(name)
    if not isinstance(value, str):
        return None
    try:
        read = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read


def bound(thing: Mapping[str, Any], name: str) -> tuple[datetime | None, bool]:
    """Return a time at which something ends, and whether it is known: the year 9999 stands for never."""
    value = moment(thing, name)
    if value is None:
        return None, False
    return (None if value.year >= _NEVER_YEAR else value), True


def days(thing: Mapping[str, Any], name: str) -> int | None:
    """Return a duration, such as `2592000s`, in whole days and never less than one."""
    read = _SECONDS.fullmatch(str(thing.get(name, "")))
    return max(1, int(read[1]) // 86400) if read else None


def part(thing: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object; an empty one when there is none."""
    value = thing.get(name)
    return value if isinstance(value, dict) else {}


def parts(thing: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return a list of objects; an empty one when there is none."""
    value = thing.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def words(thing: Mapping[str, Any], name: str) -> list[str]:
    """Return a list of texts; an empty one when there is none."""
    value = thing.get(name)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def email(value: str | None) -> str | None:
    """Return an e-mail; `None` for anything else."""
    return value if value is not None and _EMAIL.fullmatch(value) else None
