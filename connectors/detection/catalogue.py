"""The token formats the product knows: read from `patterns/*.toml`, one file a vendor family, one entry a format.

A new format is one entry with examples. What an entry says, and with which meaning, is the list of fields of `Format`;
expressions are in the syntax of google-re2 (no look-around, no back-references), so that their time is linear.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from connectors.detection.checksums import CHECKSUMS
from connectors.detection.expressions import closing_literal
from connectors.detection.identifiers import IDENTIFIERS
from storage.inventory import Confidence, CredentialType, Severity

PATTERNS = Path(__file__).parent / "patterns"

_KEBAB = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_NOT_LINEAR = re.compile(r"\(\?(?:[=!]|<[=!])|\\[1-9]|\(\?P=")
_NEGATED_CLASS = re.compile(r"\[\^(?:\\.|[^\]\\])*\]")
_FILE_BYTES = 1 << 20


class CatalogueError(ValueError):
    """A pattern file cannot be used: the message names file, entry and fault."""


class Format(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """How one kind of credential looks, and what is known of it."""

    id: str
    """Kebab-case. Public: it stands in findings, ignore files and baselines."""
    name: str
    vendor: str
    type: CredentialType
    expression: str
    """If it has a named group `value`, that is the secret, else the whole match."""
    literals: tuple[str, ...]
    """Every match holds at least one of these."""
    reason: str = ""
    """Why there is no literal."""
    stage_one: str = ""
    """A cheaper expression to look for at first: it matches the end of whatever the expression matches."""
    identity_kind: str | None = None
    ignore_case: bool = False
    """Holds for the expression and the literals."""
    keywords: tuple[str, ...] = ()
    """One of these, in any case, must stand before the value, on its line or the one above."""
    keyword_distance: int = 80
    """How many bytes may lie between keyword and value."""
    boundary: bool = True
    """Whether a value that is visibly cut out of something longer is refused."""
    checksum: str | None = None
    """Name of a function in `checksums.CHECKSUMS`."""
    identifiers: str | None = None
    """Name of a function in `identifiers.IDENTIFIERS`."""
    minimum_entropy: float = 0.0
    """Shannon entropy of the value, in bits a character, below which it is no secret."""
    confidence: Confidence = Confidence.HIGH
    severity: Severity = Severity.HIGH
    reference: bool = False
    """True for what names a credential and holds no secret."""
    preview: str = ""
    """The vendor's public prefix, shown before the asterisks."""
    priority: int = 100
    """The higher one wins when two formats claim the same bytes."""
    remediation: str = ""
    positive: tuple[str, ...] = ()
    """Shapes (see `shapes`) that must be found."""
    negative: tuple[str, ...] = ()
    """Shapes that must not be found."""

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """The expression, compiled when it is first needed: most formats never meet a candidate."""
        flags = re.MULTILINE | (re.IGNORECASE if self.ignore_case else re.NOFLAG)
        return re.compile(self.expression.encode(), flags)

    @cached_property
    def spans_lines(self) -> bool:
        """Whether a match may reach over the end of a line: only where the expression says so in so many words."""
        stated = _NEGATED_CLASS.sub("", self.expression)
        return any(mark in stated for mark in (r"\n", r"[\s\S]", r"[\S\s]", "(?s"))

    @cached_property
    def closing(self) -> bytes:
        """For what spans lines: a text near the end of every match, without which a piece need not be searched."""
        return closing_literal(self.expression) if self.spans_lines and not self.ignore_case else b""

    @cached_property
    def prefixes(self) -> tuple[bytes, ...]:
        """The literals as bytes, for asking whether a value begins with one."""
        return tuple(literal.encode() for literal in self.literals)

    @cached_property
    def lowered_keywords(self) -> tuple[bytes, ...]:
        """The keywords as bytes in lower case."""
        return tuple(keyword.lower().encode() for keyword in self.keywords)


class Catalogue(msgspec.Struct, frozen=True):
    """All formats, in the order of their ids."""

    formats: tuple[Format, ...]

    def __getitem__(self, identifier: str) -> Format:
        for entry in self.formats:
            if entry.id == identifier:
                return entry
        raise KeyError(identifier)

    def digest(self) -> str:
        """SHA-256 of everything that decides what is found: part of a cursor's validity."""
        return hashlib.sha256(msgspec.json.encode(self.formats, order="deterministic")).hexdigest()


def load_catalogue(directory: Path = PATTERNS) -> Catalogue:
    """Read every pattern file of a directory.

    Raises `CatalogueError`, naming file and entry, for anything that is not as the fields of `Format` say.
    """
    formats: dict[str, Format] = {}
    for path in sorted(directory.glob("*.toml")):
        for entry in _entries(path):
            if entry.id in formats:
                raise CatalogueError(f"{path.name}: format {entry.id!r} is defined twice; give one of them another id")
            formats[entry.id] = entry
    return Catalogue(tuple(formats[identifier] for identifier in sorted(formats)))


def _entries(path: Path) -> list[Format]:
    if path.stat().st_size > _FILE_BYTES:
        raise CatalogueError(f"{path.name}: larger than {_FILE_BYTES} bytes; split the file")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CatalogueError(f"{path.name}: not valid TOML: {error}") from error
    entries = raw.pop("format", [])
    if raw or not isinstance(entries, list):
        raise CatalogueError(f"{path.name}: only [[format]] entries may stand here, found {sorted(raw)}")
    return [_format(path.name, number, entry) for number, entry in enumerate(entries, 1)]


def _format(file: str, number: int, raw: dict[str, Any]) -> Format:
    where = f"{file}: format {raw.get('id', f'number {number}')!r}"
    try:
        entry = msgspec.convert(raw, Format)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"{where}: {error}") from error
    fault = _fault(entry)
    if fault:
        raise CatalogueError(f"{where}: {fault}")
    return entry


def _fault(entry: Format) -> str | None:
    """Say what is wrong with an entry beyond the types of its fields."""
    if not _KEBAB.match(entry.id):
        return "the id must be kebab-case"
    if not entry.literals and not entry.reason:
        return "it has no literals; name some, or say in `reason` why there is none"
    if entry.checksum is not None and entry.checksum not in CHECKSUMS:
        return f"no checksum is called {entry.checksum!r}; known: {', '.join(sorted(CHECKSUMS))}"
    if entry.identifiers is not None and entry.identifiers not in IDENTIFIERS:
        return f"no identifiers function is called {entry.identifiers!r}; known: {', '.join(sorted(IDENTIFIERS))}"
    if _NOT_LINEAR.search(entry.expression):
        return "look-around and back-references are not linear; rewrite the expression without them"
    if not 0 < entry.keyword_distance <= 1024:
        return "keyword_distance must lie between 1 and 1024"
    return None


def verify_expressions(catalogue: Catalogue) -> None:
    """Compile every expression with `re` and with google-re2, the judge of linear time.

    Costs tenths of a second, hence not part of loading. Raises `CatalogueError`.
    """
    import re2

    for entry in catalogue.formats:
        try:
            entry.pattern  # noqa: B018 - compiling is the check
            re2.compile(entry.expression.encode())
        except (re.error, re2.error) as error:
            raise CatalogueError(f"format {entry.id!r}: the expression does not compile: {error}") from error
        if entry.pattern.match(b""):
            raise CatalogueError(f"format {entry.id!r}: the expression matches nothing at all; require some bytes")
