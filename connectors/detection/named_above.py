"""Secrets whose telling name stands on a line above, or in a field beside that says "name".

Formatters put the text of an XML element on a line of its own; manifests, task definitions and templates give names and
values in fields of their own (``- name: DB_PASSWORD`` above ``value: …``); Terraform gives a variable's default within
its block (developer.hashicorp.com/terraform/language/values/variables).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.detection.assignments import GENERIC, Assigned
from connectors.detection.batch import Window
from connectors.detection.catalogue import Format
from connectors.detection.matcher import Text
from connectors.detection.segments import Segment
from connectors.detection.telling_names import KEYWORD, STRONG
from storage.inventory import Confidence, CredentialType, Severity

_BEHIND_BYTES = 256
_REST_OF_NAME = r"[A-Za-z0-9_.:\-]{0,40}"
_FIELD = r"""\\?["']?(?:parameter_?)?value\\?["']?[ \t]{0,4}[:=][ \t]{0,4}"""
_TO_NEXT_FIELD = r"""\\?["']?[ \t]{0,4},?[ \t\r]{0,8}\n?[ \t]{0,64}"""
_TO_DEFAULT = r"""[ \t]{0,4}\{[^{}]{0,400}\n[ \t]{0,64}default[ \t]{0,16}=[ \t]{0,4}"""


def _format(identifier: str, name: str, expression: str, *, stage_one: str = "") -> Format:
    return Format(
        id=identifier,
        name=name,
        vendor="generic",
        type=CredentialType.OTHER,
        expression=expression,
        literals=() if stage_one else STRONG,
        reason="the words are in the expression",
        stage_one=stage_one,
        ignore_case=True,
        two_lines=not stage_one,
        boundary=False,
        confidence=Confidence.MEDIUM,
        severity=Severity.HIGH,
        priority=20,
        remediation="Replace the value at whatever system accepts it, and read the new one from a secret store.",
    )


ELEMENT = _format(
    "generic-secret-element",
    "Secret in an XML element with a telling name",
    rf"{KEYWORD}{_REST_OF_NAME}>[ \t\r]{{0,8}}\n[ \t]{{0,64}}[^\s<>]{{4}}",
)
FIELD = _format(
    "generic-secret-field",
    "Secret in a value field beside a telling name",
    rf"{KEYWORD}{_REST_OF_NAME}{_TO_NEXT_FIELD}{_FIELD}[^\s,]{{4}}",
)
_VARIABLE_HEAD = rf"variable[ \t]{{1,4}}\"[A-Za-z0-9_\-]{{0,40}}{KEYWORD}[A-Za-z0-9_\-]{{0,40}}\""
VARIABLE = _format(
    "terraform-variable-default",
    "Secret as the default of a Terraform variable",
    rf"{_VARIABLE_HEAD}{_TO_DEFAULT}\"[^\"\n]{{4}}",
    stage_one=_VARIABLE_HEAD,
)
NAMED_ABOVE = (ELEMENT, FIELD, VARIABLE)
BY_NAME = frozenset({GENERIC.id, *(entry.id for entry in NAMED_ABOVE)})
"""Detectors that go by the name a value is given, whatever it looks like."""

_EXPRESSIONS = {
    ELEMENT.id: re.compile(
        rb"<(?P<name>[A-Za-z_][\w.:-]{0,80})>[ \t\r]{0,8}\n[ \t]{0,64}(?P<bare>[^\s<>]{4,256})[ \t\r]{0,8}\n"
    ),
    FIELD.id: re.compile(
        (
            r"""(?i)\b(?:name|key|parameter_?key|variable)\\?["']?[ \t]{0,4}[:=][ \t]{0,4}\\?["']?"""
            rf"""(?P<name>[A-Z_][\w.:-]{{1,80}}){_TO_NEXT_FIELD}{_FIELD}"""
            r"""(?:\\?"(?P<double>[^"\\\n]{4,512})\\?"|'(?P<single>[^'\n]{4,512})'"""
            r"""|(?P<bare>[^\s"'<>{}\[\],#]{4,256})(?=[ \t]*(?:[\r\n,#]|\Z)))"""
        ).encode()
    ),
    VARIABLE.id: re.compile(
        rf"\bvariable[ \t]{{1,4}}\"(?P<name>[\w-]{{2,80}})\"{_TO_DEFAULT}\"(?P<double>[^\"\n]{{4,512}})\"".encode()
    ),
}


def values_named_above(
    buffer: Text, window: Window, segment: Segment, piece: bytes, entry: Format
) -> Iterator[Assigned]:
    """Yield what one of `NAMED_ABOVE` finds in a piece, with the name."""
    for match in _EXPRESSIONS[entry.id].finditer(piece):
        if entry is ELEMENT and not _is_closed(buffer, window, segment.low + match.end(), match["name"]):
            continue
        group = match.lastgroup or "bare"
        start, end = match.span(group)
        yield Assigned(start, end, match["name"], quoted=group != "bare", after=b"", alone=True)


def _is_closed(buffer: Text, window: Window, behind: int, name: bytes) -> bool:
    following = bytes(buffer[behind : min(window.end, behind + _BEHIND_BYTES)])
    return following.lstrip(b" \t").startswith(b"</" + name + b">")
