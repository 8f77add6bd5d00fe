"""Wishes, found in the scanned material, to pass a value over: inline comments, ignore files, baselines.

They are read, shown with the finding, and never obeyed in silence. All of them are foreign input: bounded in size, and
a file that cannot be read is `UnreadableIgnores`, which the connector reports as a gap.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import msgspec

from storage.inventory import Suppression, SuppressionSource

FILE_BYTES = 8 << 20
_ENTRIES = 100_000
_SCRYPT_CALLS = 500


class UnreadableIgnores(ValueError):
    """An ignore file or baseline of the scanned repository is no such thing, or too large."""


# Inline comments.

_SAME_LINE = re.compile(
    rb"nhi-agent:\s?allow|gitleaks:\s?allow|betterleaks:\s?allow|trufflehog:\s?ignore"
    rb"|pragma:\s{0,4}(?:allow|white)list[ -]secret"
    rb"|\bggignore\b|kingfisher:\s?(?:ignore|allow)|secretlint-disable-line",
    re.IGNORECASE,
)
_NEXT_LINE = re.compile(
    rb"pragma:\s{0,4}(?:allow|white)list[ -]nextline[ -]secret|secretlint-disable-next-line", re.IGNORECASE
)


def inline_suppression(line: bytes, line_above: bytes) -> Suppression | None:
    """Read the comments by which known tools are told to pass a line over."""
    found = _SAME_LINE.search(line) or _NEXT_LINE.search(line_above)
    if found is None:
        return None
    return Suppression(source=SuppressionSource.INLINE_COMMENT, reason=f"the line is marked {found[0].decode()!r}")


# .gitleaksignore


class GitleaksIgnores(msgspec.Struct, frozen=True):
    """The lines of a `.gitleaksignore`. Its rule names are gitleaks' own and not compared: path and line decide."""

    entries: frozenset[tuple[str | None, str, int]]

    def match(self, path: str, line: int | None, detector: str, commit: str | None) -> Suppression | None:  # noqa: ARG002
        """Say whether an occurrence is listed: for its commit, or for every commit."""
        if line is None:
            return None
        for which in (commit, None):
            if (which, path, line) in self.entries:
                return Suppression(
                    source=SuppressionSource.GITLEAKS_IGNORE, reason=f".gitleaksignore lists {path} line {line}"
                )
        return None


_FINGERPRINT = re.compile(
    r"(?:(?P<commit>[0-9a-f]{40}|[0-9a-f]{64}):)?(?P<path>.+):(?P<rule>[^:]+):(?P<line>\d{1,9})\Z"
)


def parse_gitleaks_ignore(content: bytes) -> GitleaksIgnores:
    """Read `commit:file:rule:line` and `file:rule:line`; comments and lines of another form are passed over."""
    entries = set()
    for raw in _text(content, ".gitleaksignore").splitlines()[:_ENTRIES]:
        match = _FINGERPRINT.match(raw.strip())
        if match and not raw.lstrip().startswith("#"):
            entries.add((match["commit"], match["path"], int(match["line"])))
    return GitleaksIgnores(frozenset(entries))


# .secrets.baseline of detect-secrets


def parse_secrets_baseline(content: bytes) -> dict[str, tuple[str, ...]]:
    """Return the paths under which each SHA-1 of a value is listed."""
    results = _object(content, ".secrets.baseline").get("results")
    if not isinstance(results, dict):
        raise UnreadableIgnores(".secrets.baseline has no 'results' object; recreate it with detect-secrets")
    paths: dict[str, set[str]] = defaultdict(set)
    for path, secrets in results.items():
        for secret in secrets if isinstance(secrets, list) else ():
            digest = secret.get("hashed_secret") if isinstance(secret, dict) else None
            if isinstance(digest, str) and len(paths) < _ENTRIES:
                paths[digest.lower()].add(path)
    return {digest: tuple(sorted(listed)) for digest, listed in paths.items()}


# Our own baseline: rule, path and a slow hash, so that colleagues with other keys can share it.


class BaselineEntry(msgspec.Struct, frozen=True):
    """One accepted value."""

    rule: str
    path: str
    scrypt: str


class OwnBaseline:
    """A `.nhi-agent-baseline.json`. Hashing is slow on purpose: done only for values of a rule that is listed."""

    def __init__(self, salt: bytes, entries: tuple[BaselineEntry, ...]) -> None:
        self.salt = salt
        self.entries = entries
        self.exhausted = False
        """True once more values asked for hashing than the budget allows; the rest count as not listed."""
        self._rules: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for entry in entries:
            self._rules[entry.rule][entry.scrypt].add(entry.path)
        self._calls = 0

    def paths(self, rule: str, value: bytes) -> tuple[str, ...]:
        """Return the paths under which a value of a rule is listed."""
        if rule not in self._rules:
            return ()
        if self._calls >= _SCRYPT_CALLS:
            self.exhausted = True
            return ()
        self._calls += 1
        return tuple(sorted(self._rules[rule].get(_scrypt(value, self.salt), ())))


def parse_own_baseline(content: bytes) -> OwnBaseline:
    """Read version 1: `{"version": 1, "salt": hex, "entries": [{"rule", "path", "scrypt"}]}`."""
    raw = _object(content, ".nhi-agent-baseline.json")
    if raw.get("version") != 1:
        raise UnreadableIgnores(".nhi-agent-baseline.json is not of version 1; write it anew with this version")
    try:
        salt = bytes.fromhex(raw["salt"])
        entries = tuple(msgspec.convert(entry, BaselineEntry) for entry in raw["entries"][:_ENTRIES])
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableIgnores(
            ".nhi-agent-baseline.json lacks a salt or entries in their form; write it anew"
        ) from error
    return OwnBaseline(salt, entries)


def baseline_entry(rule: str, path: str, value: bytes, salt: bytes) -> BaselineEntry:
    """Make an entry for a value. Runs where the value is: in the worker."""
    return BaselineEntry(rule, path, _scrypt(value, salt))


def _scrypt(value: bytes, salt: bytes) -> str:
    return hashlib.scrypt(value, salt=salt, n=1 << 14, r=8, p=1, maxmem=64 << 20, dklen=32).hex()


class Baselines(msgspec.Struct, frozen=True):
    """What the scanned repository lists as known, gathered for the detector."""

    secrets_baseline: Mapping[str, tuple[str, ...]] = {}
    own: OwnBaseline | None = None

    def look_up(self, rule: str, value: bytes, as_found: bytes) -> tuple[SuppressionSource | None, tuple[str, ...]]:
        """Return which baseline lists a value, given in canonical form and as found, and under which paths."""
        if self.own is not None and (paths := self.own.paths(rule, value)):
            return SuppressionSource.BASELINE, paths
        if self.secrets_baseline:
            digest = hashlib.sha1(as_found, usedforsecurity=False).hexdigest()
            if paths := self.secrets_baseline.get(digest, ()):
                return SuppressionSource.DETECT_SECRETS_BASELINE, tuple(paths)
        return None, ()


def _text(content: bytes, name: str) -> str:
    if len(content) > FILE_BYTES:
        raise UnreadableIgnores(f"{name} is larger than {FILE_BYTES} bytes and was not read")
    return content.decode("utf-8", "surrogateescape")


def _object(content: bytes, name: str) -> dict[str, Any]:
    try:
        raw = json.loads(_text(content, name))
    except (json.JSONDecodeError, RecursionError) as error:
        raise UnreadableIgnores(f"{name} is not valid JSON; mend or remove it") from error
    if not isinstance(raw, dict):
        raise UnreadableIgnores(f"{name} holds no JSON object; mend or remove it")
    return raw
