"""CODEOWNERS: who answers for a path, as GitHub and GitLab read the file.

Facts of the format are from GitHub's "About code owners" and GitLab's "Code Owners" pages. Where the two differ, the
file itself tells: one that has section headers outside ``.github/`` is GitLab's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

import re2

from connectors.git.names import display
from storage.inventory import Confidence, Owner, OwnerRole, OwnerSource

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where the file may lie. The first that exists counts; the others are not read."""

SIZE_LIMIT = 3 << 20
"""GitHub does not load a larger file, so neither does anybody's ownership stand in one."""

RULES_LIMIT = 50_000
_PATTERN_LIMIT = 1000
_WILDCARDS_LIMIT = 20
_WILDCARDS_TOTAL = 50_000
_OWNERS_LIMIT = 100
_PROBLEMS_LIMIT = 20
_EMAIL = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,255}")
_NAME = re.compile(r"@@?[A-Za-z0-9](?:[A-Za-z0-9._-]|/(?=[A-Za-z0-9_]))*")
_SECTION = re.compile(r"\^?\[(?P<name>[^\[\]]+)\](?:\[\d{1,9}\])?(?P<owners>\s.*)?")
_WORD = re.compile(r"(?:\\.|[^\s\\]|\\$)+")


class Rule:
    """One line: a pattern and those who own what it matches. No owners means that nobody owns it."""

    def __init__(self, pattern: str, owners: tuple[str, ...], line: int, section: str) -> None:
        self.pattern = pattern
        self.owners = owners
        self.line = line
        self.section = section

    @cached_property
    def _expression(self) -> Any:
        # RE2, because the pattern is foreign text: it matches in linear time whatever stands in it.
        options = re2.Options()
        options.dot_nl = True
        options.log_errors = False
        return re2.compile(_expression(self.pattern), options)

    def matches(self, path: str) -> bool:
        """Say whether a file, named from the root without a leading slash, falls under the pattern."""
        return self._expression.fullmatch(path) is not None


class Codeowners:
    """A parsed file. `problems` says, line by line, what was passed over (at most 20 sentences)."""

    def __init__(self, place: str, rules: tuple[Rule, ...], problems: tuple[str, ...]) -> None:
        self.place = place
        self.rules = rules
        self.problems = problems
        sections: dict[str, list[Rule]] = {}
        for rule in reversed(rules):
            sections.setdefault(rule.section, []).append(rule)
        self._sections = tuple(reversed(sections.values()))
        self._known: dict[str, tuple[Owner, ...]] = {}

    def owners_of(self, path: bytes | str) -> tuple[Owner, ...]:
        """Return the accountable owners of a path; of several lines that match, the last one counts.

        In a GitLab file the last matching line of every section counts.
        """
        text = path.decode("utf-8", "replace") if isinstance(path, bytes) else path
        known = self._known.get(text)
        if known is None:
            found = (next((rule for rule in rules if rule.matches(text)), None) for rules in self._sections)
            owners = {owner.name: owner for rule in found if rule is not None for owner in self._owners(rule)}
            known = self._known[text] = tuple(owners.values())
        return known

    def _owners(self, rule: Rule) -> tuple[Owner, ...]:
        return tuple(
            Owner(
                name=name,
                email=None if name.startswith("@") else name,
                role=OwnerRole.ACCOUNTABLE,
                source=OwnerSource.CODEOWNERS,
                confidence=Confidence.HIGH,
                locator=f"{self.place}:{rule.line} {display(rule.pattern)}",
            )
            for name in rule.owners
        )


def find_codeowners(read: Callable[[str], bytes | None]) -> Codeowners | None:
    """Return the file that counts. `read` gives the content of a path at HEAD, or `None` where there is none."""
    for place in PLACES:
        data = read(place)
        if data is not None:
            return parse_codeowners(data, place)
    return None


def parse_codeowners(data: bytes, place: str = "CODEOWNERS") -> Codeowners:
    """Read the content of a file that lies at `place`. Never raises: a line that cannot be understood is a problem."""
    if len(data) > SIZE_LIMIT:
        return Codeowners(place, (), (f"{place} is larger than 3 MiB, so no platform reads it: make it smaller",))
    lines = data.decode("utf-8", "replace").removeprefix("\ufeff").split("\n")
    gitlab = not place.startswith(".github/")
    section, inherited = "", ()  # type: tuple[str, tuple[str, ...]]
    rules: list[Rule] = []
    problems: list[str] = []
    wildcards = 0
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if len(rules) == RULES_LIMIT:
            problems.append(f"{place}:{number}: only the first {RULES_LIMIT} patterns are read")
            break
        header = _SECTION.fullmatch(text) if gitlab else None
        if header is not None:
            owners, problem = _parse_owners(header["owners"] or "")
            section, inherited = header["name"].strip().casefold(), owners
        else:
            pattern, owners, problem = _parse_line(text)
            wildcards += _wildcards(pattern)
            if wildcards > _WILDCARDS_TOTAL:
                problem = problem or f"the file has more than {_WILDCARDS_TOTAL} wildcards"
            if problem is None:
                rules.append(Rule(pattern, owners or inherited, number, section))
        if problem is not None and len(problems) < _PROBLEMS_LIMIT:
            problems.append(f"{place}:{number}: {problem}; the line is passed over")
    return Codeowners(place, tuple(rules), tuple(problems))


def _parse_line(text: str) -> tuple[str, tuple[str, ...], str | None]:
    word = _WORD.match(text)
    pattern = word[0] if word else ""
    owners, problem = _parse_owners(text[len(pattern) :])
    return pattern, owners, _pattern_problem(pattern) or problem


def _wildcards(pattern: str) -> int:
    return pattern.count("*") + pattern.count("?")


def _pattern_problem(pattern: str) -> str | None:
    if pattern.startswith("!"):
        return "a pattern cannot be negated with '!'"
    if re.search(r"(?<!\\)[\[\]]", pattern):
        return "a pattern cannot hold a range in '[ ]'"
    if len(pattern) > _PATTERN_LIMIT:
        return f"the pattern is longer than {_PATTERN_LIMIT} characters"
    if _wildcards(pattern) > _WILDCARDS_LIMIT:
        return f"the pattern has more than {_WILDCARDS_LIMIT} wildcards"
    if not pattern.strip("/"):
        return "the pattern names no file"
    return None


def _parse_owners(text: str) -> tuple[tuple[str, ...], str | None]:
    owners: list[str] = []
    for word in text.split():
        if word.startswith("#"):
            break
        if _NAME.fullmatch(word) is None and _EMAIL.fullmatch(word) is None:
            return (), "an owner is neither @user, @organisation/team nor an e-mail address"
        if len(owners) < _OWNERS_LIMIT:
            owners.append(display(word))
    return tuple(dict.fromkeys(owners)), None


def _expression(pattern: str) -> str:
    """Translate a pattern into a regular expression over whole paths.

    As in gitignore, a slash at the start or in the middle ties the pattern to the root, and one at the end asks for a
    folder. Unlike there, a last part of ``*`` stands for files of that one folder only.
    """
    folder = pattern.endswith("/")
    body = pattern.strip("/")
    parts = re.sub(r"/{2,}", "/", body).split("/")
    while len(parts) > 1 and parts[0] == parts[1] == "**":
        parts.pop(0)
    tied = pattern.startswith("/") or len(parts) > 1
    expression = "" if tied else "(?:.*/)?"
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            expression += ".+" if last else "(?:.*/)?"
        else:
            expression += _part_expression(part) + ("" if last else "/")
    if folder:
        return expression + "/.+"
    return expression if tied and parts[-1] in {"*", "**"} else expression + "(?:/.*)?"


def _part_expression(part: str) -> str:
    pieces: list[str] = []
    escaped = False
    for character in part:
        if escaped or character not in "\\*?":
            pieces.append(re2.escape(character))
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "?":
            pieces.append("[^/]")
        elif not pieces or pieces[-1] != "[^/]*":
            pieces.append("[^/]*")
    # A lone star stands for a whole name, and no name is empty.
    return "[^/]+" if pieces == ["[^/]*"] else "".join(pieces)
