"""The dialects of pipeline files, and which one a path speaks."""

from __future__ import annotations

from connectors.pipelines.base import Dialect
from connectors.pipelines.github_actions import GithubActions

DIALECTS: tuple[Dialect, ...] = (GithubActions(),)
"""All of them. Where two recognise a path, the first one counts."""


def dialect_of(path: str) -> Dialect | None:
    """Return the dialect of a file by its path in a repository, with `/` and without a leading one; `None` for none."""
    return next((dialect for dialect in DIALECTS if dialect.recognises(path)), None)
