"""The operator's allow-list: which occurrences are known and accepted, and until when.

What it covers is shown as suppressed and still counts as seen; the rules except it, since the list is part of the
policy. A value is named by its keyed fingerprint, never by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from storage.inventory import Allowance, Suppression, SuppressionSource

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

EVERY_PATH = "**"
"""The path pattern that also covers what has no path: commit messages, ref names."""


class AllowList:
    """The entries that apply at the moment of the run, in the operator's order: the first that fits a place counts."""

    def __init__(self, entries: Iterable[Allowance] = ()) -> None:
        """Read the patterns. Raises `ValueError` for a path pattern that is none: see `path_pattern`."""
        self._entries = [(entry, path_pattern(entry.path)) for entry in entries]

    def suppression(
        self, *, repository: str, path: str | None, detector: str, tags: Collection[str]
    ) -> Suppression | None:
        """Say which entry covers an occurrence: `tags` are the fingerprints of its value under all keys of the ring."""
        for entry, paths in self._entries:
            if (
                (entry.fingerprint is None or entry.fingerprint in tags)
                and fnmatchcase(detector, entry.detector)
                and fnmatchcase(repository, entry.repository)
                and (entry.path == EVERY_PATH or (path is not None and paths.match_file(path)))
            ):
                return Suppression(
                    source=SuppressionSource.ALLOW_LIST,
                    reason=f"allowed until {entry.expiration_time.date().isoformat()}: {entry.reason}",
                    expiration_time=entry.expiration_time,
                )
        return None


def path_pattern(pattern: str) -> GitIgnoreSpec:
    """Read a path pattern, gitignore style, for google-re2: names in a repository are foreign text.

    Raises `ValueError` for what is no such pattern, for one that negates, and for one that names no file.
    """
    from pathspec import GitIgnoreSpec

    if pattern.startswith("!"):
        raise ValueError("a path pattern cannot be negated with '!'")
    spec = GitIgnoreSpec.from_lines([pattern], backend="re2")
    if not any(given.include for given in spec.patterns):
        raise ValueError("the path pattern names no file")
    return spec
