"""What a rule of stage one leads to: the formats, the generic names and the plugins that wait for the same words."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from connectors.detection.assignments import GENERIC, STAGE_ONE
from connectors.detection.catalogue import Catalogue, Format, OwnFormat
from connectors.detection.detect_secrets_adapter import Plugin
from connectors.detection.matcher import Rule
from connectors.detection.named_above import BY_NAME, NAMED_ABOVE
from connectors.detection.segments import Reach
from connectors.detection.telling_names import LITERALS
from connectors.detection.url_credentials import URL_CREDENTIALS

_URL = Rule(r"""://[^\s:@/"'<>`\\]{0,128}:[^\s@/"'<>`\\]{3,128}@[A-Za-z0-9._\[\-]""", ("://",))
"""What every URL with a password holds, whatever its scheme: one rule for all of them costs as much as one scheme's."""


class _Target(msgspec.Struct, frozen=True):
    """What a rule of stage one leads to: a format, the generic names, or a plugin."""

    rule: Rule
    reach: Reach
    format: Format
    plugin: Plugin | None = None

    @property
    def reads_text(self) -> bool:
        """Whether it goes by words around the value, which in binary content mean nothing."""
        return (
            self.plugin is not None
            or self.reach is Reach.NEXT_LINE
            or self.format in NAMED_ABOVE
            or self.format is GENERIC
            or self.format is URL_CREDENTIALS
        )


class Leads(msgspec.Struct, frozen=True):
    """What one rule of stage one leads to: several targets may wait for the same words."""

    rule: Rule
    reach: Reach
    targets: tuple[_Target, ...]

    @property
    def deciding(self) -> re.Pattern[bytes] | None:
        """The expression of a rule that decides where values are looked for."""
        return re.compile(self.rule.expression.encode(), re.IGNORECASE) if self.rule.decides else None

    @property
    def goes_by_line(self) -> bool:
        """Whether what is found on a line is told by the line alone, whatever stands around it."""
        return self.reach is Reach.LINE and all(
            target.format is GENERIC or (target.plugin is not None and target.plugin.judged) for target in self.targets
        )


def leads_of(catalogue: Catalogue, plugins: Sequence[Plugin]) -> list[Leads]:
    """Return what stage one looks for, each with all that it leads to."""
    together: dict[tuple[Rule, Reach], list[_Target]] = {}
    for target in _targets(catalogue, plugins):
        together.setdefault((target.rule, target.reach), []).append(target)
    return [Leads(rule, reach, tuple(waiting)) for (rule, reach), waiting in together.items()]


def formless(leads: Sequence[Leads]) -> frozenset[str]:
    """Return the detectors that go by the words around a value, whatever it looks like."""
    targets = [target for lead in leads for target in lead.targets]
    judged = (target.format.id for target in targets if target.plugin is not None and target.plugin.judged)
    return BY_NAME.union(judged)


def _targets(catalogue: Catalogue, plugins: Sequence[Plugin]) -> list[_Target]:
    targets = [_format_target(entry) for entry in catalogue.formats]
    targets.append(_Target(Rule(STAGE_ONE, LITERALS, ignore_case=True, decides=True), Reach.LINE, GENERIC))
    targets += (_format_target(entry) for entry in (*NAMED_ABOVE, URL_CREDENTIALS))
    targets += (_Target(plugin.rule, Reach.LINE, plugin.format, plugin) for plugin in plugins)
    return [target for target in targets if target.format.id not in catalogue.disabled]


def _format_target(entry: Format) -> _Target:
    if entry.identifiers == "url" and "://" in entry.expression and not isinstance(entry, OwnFormat):
        return _Target(_URL, Reach.LINE, entry)
    if entry.spans_lines:
        expression = "" if entry.literals else entry.stage_one
        return _Target(Rule(expression, entry.literals, entry.ignore_case), Reach.BLOCK, entry)
    if entry.two_lines:
        rule = Rule(entry.stage_one or entry.expression, entry.literals, entry.ignore_case)
        return _Target(rule, Reach.TWO_LINES, entry)
    if not entry.literals and entry.keywords:
        return _Target(Rule("", entry.keywords, ignore_case=True), Reach.NEXT_LINE, entry)
    own = isinstance(entry, OwnFormat)
    return _Target(Rule(entry.stage_one or entry.expression, entry.literals, entry.ignore_case, own), Reach.LINE, entry)
