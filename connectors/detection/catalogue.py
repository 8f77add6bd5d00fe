"""The token formats the product knows: read from `patterns/*.toml`, one file a vendor family, one entry a format.

A new format is one entry with examples. What an entry says, and with which meaning, is the list of fields of `Format`;
expressions are in the syntax of google-re2 (no look-around, no back-references), so that their time is linear. For a
value without a mark of its own, `{{assigned}}` and `{{near}}` say how it may stand behind the service's name (see
`expressions`). An operator's own formats have the same fields and are held to more: see `OwnFormat` and `faults`.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from connectors.detection.checksums import CHECKSUMS
from connectors.detection.expressions import MARKS, closing_literal, expand, linear_pattern, widen
from connectors.detection.identifiers import IDENTIFIERS
from connectors.detection.necessities import Necessities, necessities_of
from connectors.detection.private_files import is_private, read_private, write_private
from storage.inventory import Confidence, CredentialType, IdentityKind, Severity

PATTERNS = Path(__file__).parent / "patterns"

_KEBAB = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_NOT_LINEAR = re.compile(r"\(\?(?:[=!]|<[=!])|(?<!\\)(?:\\\\)*\\[1-9]|\(\?P=")
_TEXT_ENDS = re.compile(r"(?<!\\)(?:\\\\)*\\[AzZ]")
_NEGATED_CLASS = re.compile(r"\[\^(?:\\.|[^\]\\])*\]")
_FILE_BYTES = 1 << 20
_EXPRESSION_CHARACTERS = 10_000
_LONG_TEXT = 8192
"""Bytes from which on it pays to look first for what every match holds."""


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
    literals: tuple[str, ...] = ()
    """Every match holds at least one of these."""
    reason: str = ""
    """Why there is no literal."""
    stage_one: str = ""
    """A cheaper expression to look for at first: it matches the end of whatever the expression matches."""
    two_lines: bool = False
    """Whether a match may begin on the line above the one it ends on."""
    unworded: bool = False
    """Whether a value of letters alone that reads like words is none."""
    identity_kind: IdentityKind | None = None
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

    def spans(self, text: bytes, reach: int) -> Iterator[tuple[int, int, int]]:
        """Yield where values begin and end in a text, up to `reach`, and where the match ends that holds each."""
        group = "value" if "value" in self.pattern.groupindex else 0
        for low, high in self.stretches(text, reach):
            for match in self.pattern.finditer(text, low, high):
                yield (*match.span(group), match.end())

    def stretches(self, text: bytes, reach: int) -> Iterable[tuple[int, int]]:
        """Return the stretches that hold all matches: of a long text those around what every match holds.

        No two of them share a byte, and no match could begin or end outside, so that in each the same is found as in
        the text as a whole.
        """
        if len(text) < _LONG_TEXT:
            return [(0, reach)]
        longest = self._necessities.longest
        if longest is None or not self._necessities.texts:
            return [(0, reach)]
        found: list[tuple[int, int]] = []
        for held in self._held.finditer(text, 0, reach):
            low, high = max(0, held.start() - longest), min(reach, held.end() + longest)
            if found and low <= found[-1][1]:
                low = found.pop()[0]
            found.append((low, high))
        return found

    @cached_property
    def _necessities(self) -> Necessities:
        return necessities_of(self.expression)

    @cached_property
    def _held(self) -> re.Pattern[bytes]:
        """Finds each such text, or one that overlaps it: the stretch around that holds whatever holds the other."""
        alternatives = "|".join(map(re.escape, self._necessities.texts))
        return re.compile(alternatives.encode(), re.IGNORECASE if self.ignore_case else re.NOFLAG)

    @property
    def parts_its_value(self) -> bool:
        """Whether the expression says what stands before the value, and so parts it from there."""
        return "(?P<value>" in self.expression and not self.expression.startswith("(?P<value>")

    @cached_property
    def spans_lines(self) -> bool:
        """Whether a match may reach over many lines: only where the expression says so in so many words."""
        if self.two_lines:
            return False
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


class OwnFormat(Format, frozen=True, kw_only=True):
    """A format that an operator wrote.

    Nobody has tried its expression against hostile text, so google-re2 runs it in every stage: its time is linear by
    construction, where `re` would go back and forth. And nobody has proved that its literals are necessary: what holds
    none of them is no match, or the result would depend on which matcher is installed.
    """

    @cached_property
    def _linear(self) -> Any:
        return linear_pattern(self.expression, ignore_case=self.ignore_case)

    def spans(self, text: bytes, reach: int) -> Iterator[tuple[int, int, int]]:
        """See `Format.spans`."""
        group = self._linear.groupindex.get(b"value", 0)
        for match in self._linear.finditer(text, 0, reach):
            if self.holds_literal(match.group()):
                yield (*match.span(group), match.end())

    def holds_literal(self, text: bytes) -> bool:
        """Whether one of the literals stands in a text, or none is asked for."""
        if not self.literals:
            return True
        if self.ignore_case:
            text = text.lower()
            return any(prefix.lower() in text for prefix in self.prefixes)
        return any(prefix in text for prefix in self.prefixes)

    def digest(self) -> str:
        """SHA-256 of all that the entry says."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


AnyFormat = TypeVar("AnyFormat", bound=Format)


class Catalogue(msgspec.Struct, frozen=True):
    """All formats, in the order of their ids."""

    formats: tuple[Format, ...]
    disabled: frozenset[str] = frozenset()
    """Ids that are not looked for, those of formats that stand in no file among them."""

    def __getitem__(self, identifier: str) -> Format:
        for entry in self.formats:
            if entry.id == identifier:
                return entry
        raise KeyError(identifier)

    def tuned(self, own: Iterable[OwnFormat], disabled: Collection[str]) -> Catalogue:
        """Return this catalogue with an operator's own formats, and without those that the operator disabled."""
        kept = [entry for entry in (*self.formats, *own) if entry.id not in disabled]
        return Catalogue(tuple(sorted(kept, key=lambda entry: entry.id)), frozenset(disabled))

    def digest(self) -> str:
        """SHA-256 of everything that decides what is found: part of a cursor's validity."""
        content = (self.formats, sorted(self.disabled))
        return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


def load_catalogue(directory: Path = PATTERNS, *, without: str | None = None) -> Catalogue:
    """Read every pattern file of a directory, but for the one that goes by the name `without`.

    Raises `CatalogueError`, naming file and entry, for anything that is not as the fields of `Format` say.
    """
    formats: dict[str, Format] = {}
    for path in sorted(directory.glob("*.toml")):
        for entry in _entries(path) if path.name != without else ():
            if entry.id in formats:
                raise CatalogueError(f"{path.name}: format {entry.id!r} is defined twice; give one of them another id")
            formats[entry.id] = entry
    return Catalogue(tuple(formats[identifier] for identifier in sorted(formats)))


@cache
def shipped_catalogue(cache_directory: Path | None = None) -> Catalogue:
    """Return the formats that the product ships, read once a process.

    Reading the files takes a tenth of a second; `cache_directory` keeps what they say for the next start.
    """
    if cache_directory is None or not is_private(cache_directory):
        return load_catalogue()
    path = cache_directory / f"{_digest_of_files()}.catalogue"
    kept = read_private(path)
    if kept is not None:
        with suppress(msgspec.DecodeError):
            return Catalogue(msgspec.msgpack.decode(kept, type=tuple[Format, ...]))
    read = load_catalogue()
    write_private(path, msgspec.msgpack.encode(read.formats))
    return read


def _digest_of_files() -> str:
    """SHA-256 of the shipped files, and of the code that reads and checks them."""
    digest = hashlib.sha256()
    for path in sorted((*PATTERNS.glob("*.toml"), *Path(__file__).parent.glob("*.py"))):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def shipped_families() -> Mapping[str, str]:
    """Return by id in which file of the product a format stands: its vendor family."""
    families: dict[str, str] = {}
    for path in sorted(PATTERNS.glob("*.toml")):
        families.update({raw.get("id", ""): path.stem for raw in _tables(path.read_text(encoding="utf-8"), path.name)})
    return families


def _entries(path: Path) -> list[Format]:
    """Read one file of the product's. Raises `CatalogueError` for the first fault."""
    entries: list[Format] = []
    for number, raw in enumerate(read_tables(path), 1):
        where = f"{path.name}: format {raw.get('id', f'number {number}')!r}"
        entry = convert(written_out(raw), Format)
        if isinstance(entry, str):
            raise CatalogueError(f"{where}: {entry}")
        for _, sentence in _plain_faults(entry):
            raise CatalogueError(f"{where}: {sentence}")
        entries.append(entry)
    return entries


def read_tables(path: Path) -> list[dict[str, Any]]:
    """Return the entries of a file of formats as they stand there.

    Raises `CatalogueError`, naming the file, for one that is too large, is no TOML or holds anything else, and
    `OSError` as the system says it.
    """
    with path.open("rb") as file:
        content = file.read(_FILE_BYTES + 1)
    if len(content) > _FILE_BYTES:
        raise CatalogueError(f"{path.name}: larger than {_FILE_BYTES} bytes; split the file")
    try:
        return _tables(content.decode("utf-8"), path.name)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CatalogueError(f"{path.name}:{line}: not valid TOML: the file is not UTF-8") from None


def _tables(text: str, name: str) -> list[dict[str, Any]]:
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CatalogueError(f"{name}: not valid TOML: {error}") from error
    tables = raw.pop("format", [])
    if raw or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise CatalogueError(f"{name}: only [[format]] entries may stand here, found {sorted(raw)}")
    return tables


def entry_lines(text: str, count: int) -> list[int | None]:
    """Return on which line each of so many entries of a file begins; `None` for all where that cannot be told."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if _ENTRY_HEAD.match(line)]
    return list(lines) if len(lines) == count else [None] * count


def convert(raw: Mapping[str, Any], kind: type[AnyFormat]) -> AnyFormat | str:
    """Return an entry as a format, or say what is wrong with the types of its fields."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        return _plainly(str(error))


def written_out(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add what follows from `{{assigned}}` and `{{near}}` in an expression of the product's."""
    expression = raw.get("expression")
    if not isinstance(expression, str):
        return raw
    whole, stage_one = expand(expression)
    more = {"stage_one": stage_one, "two_lines": True, "unworded": True} if stage_one else {}
    return {**raw, "expression": whole, **more}


_ENTRY_HEAD = re.compile(r"\s*\[\[\s*[\"']?format[\"']?\s*\]\]")
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `([^`]*)`")
_MISSING_FIELD = re.compile(r"Object missing required field `([^`]*)`")
_AT_FIELD = re.compile(r"(?P<what>.*) - at `\$\.(?P<field>[a-z_]+)(?P<inside>\[[^`]*)?`", re.DOTALL)


def _plainly(message: str) -> str:
    """Say in the file's own words what msgspec found."""
    if unknown := _UNKNOWN_FIELD.match(message):
        near = difflib.get_close_matches(unknown[1], FIELDS, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        return f"there is no field {unknown[1]!r}{hint}; known: {', '.join(FIELDS)}"
    if missing := _MISSING_FIELD.match(message):
        return f"the field {missing[1]!r} is missing"
    if inner := _AT_FIELD.match(message):
        what = f"{inner['what'][:1].lower()}{inner['what'][1:]}"
        allowed = _ALLOWED.get(inner["field"])
        known = f"; known: {', '.join(allowed)}" if allowed else ""
        return f"the field {inner['field']!r} {'has an item that ' if inner['inside'] else ''}is wrong: {what}{known}"
    return message


FIELDS = tuple(field.name for field in msgspec.structs.fields(Format))
_ALLOWED = {
    "type": tuple(CredentialType),
    "identity_kind": tuple(IdentityKind),
    "confidence": tuple(Confidence),
    "severity": tuple(Severity),
}


def _plain_faults(entry: Format) -> Iterator[tuple[str, str]]:
    """Yield field and sentence for what is wrong with an entry and is told without compiling anything."""
    if not _KEBAB.match(entry.id):
        yield "id", "the id must be kebab-case"
    if not entry.literals and not entry.reason:
        yield "literals", "it has no literals; name some, or say in `reason` why there is none"
    if entry.checksum is not None and entry.checksum not in CHECKSUMS:
        yield "checksum", f"no checksum is called {entry.checksum!r}; known: {', '.join(sorted(CHECKSUMS))}"
    if entry.identifiers is not None and entry.identifiers not in IDENTIFIERS:
        known = ", ".join(sorted(IDENTIFIERS))
        yield "identifiers", f"no identifiers function is called {entry.identifiers!r}; known: {known}"
    if _NOT_LINEAR.search(entry.expression):
        yield "expression", "look-around and back-references are not linear; rewrite the expression without them"
    if not 0 < entry.keyword_distance <= 1024:
        yield "keyword_distance", "keyword_distance must lie between 1 and 1024"


def faults(entry: OwnFormat, *, taken: Collection[str], shipped: bool = False) -> list[tuple[str, str]]:
    """Return all that is wrong with an operator's format, each with the field concerned.

    `taken` are ids that belong to others; `shipped` says that it is one of the product's own, being worked on. Unlike
    a shipped one, which tests hold to more, such an entry is compiled here by every engine: google-re2 judges whether
    its time is linear.
    """
    found = list(_plain_faults(entry))
    if entry.id in taken or entry.id.startswith("detect-secrets-"):
        found.append(("id", f"the id {entry.id!r} belongs to a format of the product; choose another one"))
    if not _KEBAB.match(entry.vendor):
        found.append(("vendor", "the vendor must be kebab-case"))
    if not entry.name.strip():
        found.append(("name", "the name is empty; say for a person what it is"))
    empty = "an empty text stands everywhere and so narrows nothing down; leave it out"
    found += ((field, empty) for field in ("literals", "keywords") if not all(getattr(entry, field)))
    if not 0 <= entry.minimum_entropy <= 8:
        found.append(("minimum_entropy", "the entropy of a byte lies between 0 and 8 bits"))
    if not any(field == "expression" for field, _ in found):
        found += (("expression", sentence) for sentence in _expression_faults(entry))
    if not shipped:
        left = "left to the formats of the product; leave it out"
        found += (
            (field, f"{field} is {left}") for field in ("stage_one", "two_lines", "unworded") if getattr(entry, field)
        )
        found += (
            ("expression", f"{mark} is {left}, and name `keywords`") for mark in MARKS if mark in entry.expression
        )
    if entry.spans_lines and not entry.literals and not shipped:
        found.append(("literals", "an expression that reaches over the end of a line needs literals; name some"))
    if not any(field == "expression" for field, _ in found) and _is_whole(entry, entry.preview):
        found.append(("preview", "the preview is a whole value; give only the public prefix"))
    return found


def _expression_faults(entry: OwnFormat) -> Iterator[str]:
    """Compile the expression with each engine that may have to run it, google-re2 first."""
    import re2

    expression = entry.expression
    if len(expression) > _EXPRESSION_CHARACTERS:
        yield f"the expression is longer than {_EXPRESSION_CHARACTERS} characters; split the format"
        return
    try:
        linear_pattern(expression, ignore_case=entry.ignore_case)
    except re2.error as error:
        yield f"google-re2, the judge of linear time, refuses the expression: {_reason(error)}"
        return
    try:
        with warnings.catch_warnings():
            # Of a text such as [[:alpha:]] the engines think differently, and `re` says so by a warning.
            warnings.simplefilter("error", FutureWarning)
            re.compile(expression.encode(), re.MULTILINE)
            empty = re.compile(widen(expression).encode()).match(b"") is not None
    except (re.error, FutureWarning, OverflowError, RecursionError) as error:
        yield f"Python's `re`, which must read it too, refuses the expression: {_reason(error)}"
        return
    if _TEXT_ENDS.search(expression):
        yield "a text is read in pieces, so \\A means nothing here; write ^ for the beginning of a line"
    elif empty:
        yield "the expression matches nothing at all; require some bytes"
    elif not entry.literals and not entry.keywords and (refused := _refused_by_hyperscan(entry)):
        yield f"Hyperscan, which must find it without literals, refuses the expression: {refused}; name literals"


def _refused_by_hyperscan(entry: OwnFormat) -> str:
    """What Hyperscan says against an expression; empty where it takes it or is not installed."""
    if find_spec("hyperscan") is None:
        return ""
    import hyperscan

    text = widen(entry.expression)
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    try:
        database.compile(expressions=[(f"(?i:{text})" if entry.ignore_case else text).encode()], ids=[0], flags=[0])
    except hyperscan.error as error:
        return _reason(error)
    return ""


def _reason(error: BaseException) -> str:
    """An engine's own words on one line; google-re2 gives bytes."""
    given = error.args[0] if error.args else error
    return " ".join((given.decode("utf-8", "replace") if isinstance(given, bytes) else str(given)).split())


def _is_whole(entry: OwnFormat, text: str) -> bool:
    return bool(text) and (0, len(text.encode())) in {
        (start, end) for start, end, _ in entry.spans(text.encode(), len(text.encode()))
    }


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
