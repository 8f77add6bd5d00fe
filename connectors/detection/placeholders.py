"""Values that only stand for a secret: examples of documentation, dummies, templates, references to elsewhere."""

from __future__ import annotations

import re
from itertools import pairwise

from connectors.detection.entropy import monotonous_share
from connectors.detection.wording import strangeness

_WORDS = re.compile(
    rb"(?i)placeholder|redacted|changeme|change[_-]me|replace[_-]?(?:me|this|with)|insert[_-]?your|your[_-]|<your"
    rb"|not[_-]a[_-]?real|fake[_-]|[_-]fake|sample[_-]|[_-]sample|x{6,}|\*{3,}|\.{3,}|(?-i:EXAMPLE)"
)
"""Words too long, or with too rare a character, to stand in random text by chance."""
_SHORT_WORDS = re.compile(rb"(?i)example|dummy|y0ur|\byour|notreal|x{5,}|todo\b|fixme|lorem")
_SHORT_BYTES = 200
"""Up to this length a short word is no chance. In the base64 of a long key every thousandth body holds one."""
_ISSUED_BYTES = 20
"""Shorter values that count up are passwords of examples."""
_ALPHABET_BYTES = 40
_NO_LETTERS = bytes(byte for byte in range(256) if not chr(byte).isascii() or not chr(byte).isalpha())
_TEMPLATES = re.compile(
    rb"""
    \$\{[^}]{0,200}\}? | \{\{.{0,200}?\}?\}
  | \{%.{0,200}?%\} | <%.{0,200}?%> | %\([A-Za-z_]\w{0,60}\)[sdr]
  | \#\{[^}]{0,200}\}? | <[A-Za-z_][\w .:/-]{0,80}>
  | __[A-Z][A-Z0-9_]{1,60}__
  | \{[A-Za-z_0-9-]{0,60}(?:![rsa])?(?::[^{}]{0,20})?\} | \[\[.{0,60}?\]\]
  | \#\#\#?[A-Za-z_]\w{0,60}\#\#
    """,
    re.VERBOSE,
)

_SHORT_TEMPLATES = re.compile(
    rb"\$\([^)]{0,200}\)?|@@?[A-Za-z_][\w.]{0,60}@@?|%[sdvqxXi](?![A-Za-z0-9])|%[A-Z_][A-Z0-9_]{1,60}%"
)
"""Those that stand in random text with signs by chance."""
_RANDOM = 16.0
"""Bits of strangeness from which on the text around a short template is random, and the template is none."""


def is_placeholder(value: bytes, prefix: bytes = b"") -> bool:
    """Whether a value of a known format is an example: `prefix` is the vendor's, which says nothing."""
    body = value[len(prefix) :] if prefix and value.startswith(prefix) else value
    if not body or _WORDS.search(body) or (len(body) <= _SHORT_BYTES and _SHORT_WORDS.search(body)):
        return True
    if len(body) >= 8 and len(set(body)) <= 3:
        return True
    if len(body) >= 12 and monotonous_share(body) >= 0.5 and not could_be_issued(body):
        return True
    return len(body) >= 20 and _periodic(body)


def could_be_issued(value: bytes) -> bool:
    """Whether a value is as long and as mixed as those that services hand out, even where it counts up or down.

    Of such values nobody can tell the invented from the real by looking: a miss costs more than a second look.
    """
    letters = any(65 <= byte <= 90 or 97 <= byte <= 122 for byte in value)
    digits = any(48 <= byte <= 57 for byte in value)
    return len(value) >= _ISSUED_BYTES and letters and digits and len(set(value)) >= 8


def spells_the_alphabet(body: bytes) -> bool:
    """Whether the letters of a long value follow each other as in the alphabet, whatever digits stand between them.

    Of what services hand out this says little (see `could_be_issued`); nobody chooses it as a password.
    """
    letters = body.translate(None, _NO_LETTERS).lower()
    if len(letters) < _ALPHABET_BYTES:
        return False
    following = sum((after - before) % 26 in {0, 1} for before, after in pairwise(letters))
    return following >= 0.85 * (len(letters) - 1)


def _periodic(body: bytes) -> bool:
    """Whether the value is one short piece written again and again."""
    return any(
        body == (body[:period] * (len(body) // period + 1))[: len(body)] for period in range(1, min(11, len(body) // 2))
    )


def holds_template(value: bytes) -> bool:
    """Whether some part of the value is filled in elsewhere: `${…}`, `{{…}}`, `<…>`, `%(…)s`, `#{…}`, `%s`."""
    if _TEMPLATES.search(value) is not None:
        return True
    rest = _SHORT_TEMPLATES.sub(b" ", value)
    return rest != value and (b" " in value or strangeness(rest) < _RANDOM)
