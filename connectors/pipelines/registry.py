"""The dialects, one line each."""

from __future__ import annotations

from connectors.pipelines.base import Dialect

DIALECTS: tuple[Dialect, ...] = ()


def dialect_of(path: str) -> Dialect | None:
    """Return the dialect of a file by its path, `None` for what is no pipeline."""
    return next((dialect for dialect in DIALECTS if dialect.recognises(path)), None)
