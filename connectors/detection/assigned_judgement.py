"""How sure it is that a value given to a telling name is a secret: by the value, the name and the place together.

The work is in refusing the many values that are none: names, paths, templates, examples. Precision comes first, for a
table full of false alarms is read by nobody.
"""

from __future__ import annotations

import re
from itertools import pairwise

from connectors.detection import heuristics
from connectors.detection.entropy import monotonous_share, shannon
from connectors.detection.placeholders import could_be_issued, holds_template, is_placeholder, spells_the_alphabet
from connectors.detection.telling_names import (
    KEY_LENGTH,
    PUBLIC,
    TOKEN_LENGTH,
    credential_type,
    describes,
    is_strong,
)
from connectors.detection.wording import strangeness
from storage.inventory import Confidence, CredentialType

_PIECES = re.compile(rb"[0-9A-Za-z]+")
_REFERENCE = re.compile(
    rb"(?i)\A(?:self|this|os|process|env|config|settings|options|opts|args|params|request|req|ctx|context|data|props"
    rb"|import|require|new|await|return|function|lambda|var|secrets?|vault|ssm|kms|arn|ref|op)[.\[(:/]|\bgetenv\b|\benviron\b"
)
_SIGNS = b"$@&*#!%"
"""What variables, annotations, addresses, anchors, aliases, selectors and tags begin with, and many a password."""
_SIGNED_FORM = re.compile(
    rb"\$[{(]|\$\w+(?:->|::|\[)|[%#]\{|%\(|%\w{1,60}%|%[sdr](?:[:/ ]|\Z)|@@|@?@[A-Za-z_][\w.]{0,60}\(.{0,200}\)\Z"
    rb"|&[#a-z0-9]{2,8};|&?\w+(?:->|\[)"
    rb"|!(?:Ref|Sub|GetAtt|Join|If|ImportValue|FindInMap|Select|Split|secret|include|vault|env|reference)\b|\*\*|!!|!="
)
_VARIABLE = re.compile(rb"\$\w+")
_AMID_LETTERS = re.compile(rb"[A-Za-z]\d+[A-Za-z]")
_IDENTIFIER_PATH = re.compile(rb"[A-Za-z_]\w*(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*)+(?:\(.*)?\Z")
_PATH = re.compile(
    rb"\A(?:\.{0,2}/|~/|[A-Za-z]:[\\/]|\\\\)|\A[\w.-]+(?:/[\w.-]+)+\.\w{1,5}\Z|\.(?:pem|key|json|ya?ml|txt|crt|cer|p12|pfx|jks|js|ts|py|rb|go|java|html?|css|png|svg|conf|cfg|ini|env|properties|xml|php|sh|md)\Z"
)
_URL = re.compile(rb"(?i)\A[a-z][a-z0-9+.-]{1,20}:(?://|\\/)|\Awww\.|\A[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?/|\Aurn:")
_EMAIL = re.compile(rb"\A[\w.+-]+@[\w-]+(?:\.[\w-]+)+\Z")
_HASHED = re.compile(
    rb"\A(?:\$(?:2[abxy]|1|5|6|apr1|argon2\w*|pbkdf2[\w-]*|scrypt|y|P|S|H)\$|\{(?:SSHA|SHA|bcrypt|noop|CRYPT)|(?:pbkdf2|bcrypt|argon2|scrypt)_?\w*\$|sha(?:1|256|384|512)[-:$]|md5[:$])"
)
_VERSION_OR_DATE = re.compile(rb"\A[v^~<>=]{0,2}\d+(?:[.\-:/T ]\d+)+(?:[.\-+]?[A-Za-z0-9.:Z+-]*)?\Z")
_WORDS_JOINED = re.compile(rb"\A[A-Za-z]+\d{0,2}(?:[_\-. /:,|+&?=#@]+[A-Za-z]*\d{0,2})*\Z")
_PLAIN_WORDS = re.compile(rb"[A-Za-z_]+")
_EXPRESSION = re.compile(
    rb"\[\^|\\[sSdDwWbB](?![A-Za-z0-9])|[\])]\{\d{0,4},?\d{0,4}\}|\(\?[:=!<P]|\[[A-Za-z0-9]-[A-Za-z0-9]"
)
"""What a regular expression holds and a password hardly ever does."""
_HEX = re.compile(rb"\A(?:0x)?[0-9a-fA-F]+\Z")
_SHORT_NUMBER = re.compile(rb"\A0[xX][0-9a-fA-F]{1,16}[uUlL]{0,3}\Z")
_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[nrt\"'])")
_NULLS = frozenset(
    {
        b"none",
        b"null",
        b"undefined",
        b"true",
        b"false",
        b"nil",
        b"string",
        b"default",
        b"required",
        b"optional",
        b"disabled",
        b"enabled",
    }
)
_COMMON = re.compile(
    rb"(?i)\A(?:pass(?:word|wd|w0rd)?|secret|admin|root|test(?:ing|er)?|user(?:name)?|guest|demo|foo|bar|baz|qwerty|letmein|welcome|abc|token|key|my|the|new|old"
    rb"|some|any|bad|good|wrong|invalid|valid|correct|super|very|strong|hunter|string|value|private|mock|stub|temp|tmp|default|123+|[\W\d_])+\Z"
)


_FOREIGN_CHARACTERS = 3


def _is_printable(value: bytes, *, quoted: bool) -> bool:
    """Whether a text is ASCII, or in quotes with a few other characters beside a digit: more is a sentence's."""
    if value.isascii():
        return not any(byte < 0x20 or byte == 0x7F for byte in value)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return False
    foreign = sum(not character.isascii() for character in text)
    return quoted and text.isprintable() and foreign <= _FOREIGN_CHARACTERS and any(48 <= byte <= 57 for byte in value)


def _refers(value: bytes, *, quoted: bool, alone: bool) -> bool:
    """Whether a text that begins with a sign of references has the shape of one, or is a name behind such a sign.

    In quotes or alone on its line random letters are no name; behind a dollar sign without quotes a shell reads one.
    """
    if value[:1] not in _SIGNS:
        return False
    if not (quoted or alone) or _SIGNED_FORM.match(value) or (not quoted and _VARIABLE.fullmatch(value)):
        return True
    return strangeness(value) < (_LIKELY if _AMID_LETTERS.search(value) else SURE)


def _is_path_of_names(value: bytes) -> bool:
    """Whether a text is names joined by dots or arrows. Tokens of several parts look like it: these are long, mixed."""
    if _IDENTIFIER_PATH.match(value) is None:
        return False
    return len(value) < 40 or not any(48 <= byte <= 57 for byte in value) or strangeness(value) < 2 * SURE


_LONG_NUMBER = 15
_PASSWORD_NAME = 34
"""So far from the end of a name such as `db_password_for_reports` may say that it is a password: as stage one looks."""
SURE = 8.0
"""Bits of strangeness that no name and no word is likely to reach."""
LEAST_DIGITS = 4
"""Digits in whatever services hand out, for a name with a number has fewer."""
_LIKELY = 0.5
"""Bits from which on a text in the place of a password is rather none that has a meaning."""


def judge_assigned(value: bytes, name: bytes, *, quoted: bool, alone: bool = False) -> Confidence | None:
    """How sure it is that a value given to such a name is a secret; `None` when it is none.

    `alone` says that the line holds nothing else: there an unquoted text is a value, and not another name.
    """
    quoted_or_alone = quoted or alone
    if describes(name) or PUBLIC.search(name):
        return None
    weak = not is_strong(name)
    if value.isdigit():
        return _judge_number(value, weak=weak)
    is_password = credential_type(name.rpartition(b".")[2][-_PASSWORD_NAME:]) is CredentialType.PASSWORD
    if not is_password and _PLAIN_WORDS.fullmatch(value) and strangeness(value) < 0:
        return None  # most of what is seen, and soon told
    if not _is_literal(value, quoted=quoted) or _refers(value, quoted=quoted, alone=alone):
        return None
    entropy, classes = shannon(value), _classes(value)
    if _HEX.match(value) and len(value) >= 16:
        return _judge_hex(value, entropy, is_password=is_password, weak=weak)
    if heuristics.is_uuid(value.decode("latin-1")):
        return _judge_uuid(value, name, quoted=quoted_or_alone)
    strange = strangeness(value)
    if weak and not is_password:
        return _judge_for_weak_name(value, entropy, strange, quoted=quoted_or_alone)
    if _WORDS_JOINED.match(value) and strange < _LIKELY:
        return None
    if is_password:
        return _judge_password(value, classes, entropy, strange, quoted=quoted_or_alone)
    if _is_handed_out(value):
        return Confidence.MEDIUM
    if len(value) < TOKEN_LENGTH or entropy < 2.5 or strange < 0:
        return None
    if strange < _LIKELY:
        return Confidence.LOW if classes >= 3 and len(value) >= 16 else None
    return Confidence.MEDIUM if strange >= SURE or (len(value) >= 16 and classes >= 2) else Confidence.LOW


def is_named_aloud(value: bytes, name: bytes) -> bool:
    """Whether a value behind a telling word without a sign is what services hand out, under no public name."""
    if PUBLIC.search(name) or not _is_handed_out(value):
        return False
    return _UUID.fullmatch(value) is None or _UUID_NAMES_NO_SECRET.search(name) is None


def _is_handed_out(value: bytes) -> bool:
    """Whether a value has the look of a key: letters and digits mixed, more than a name with a number would have."""
    if not could_be_issued(value) or value == _EXAMPLE_UUID or not _is_literal(value, quoted=False):
        return False
    pieces = _PIECES.findall(value)
    digits = sum(48 <= byte <= 57 for byte in value)
    mixed = [piece for piece in pieces if len(piece) >= 4 and not piece.isdigit() and not piece.isalpha()]
    return digits >= (LEAST_DIGITS if len(pieces) == 1 else 6) and bool(mixed) and not _WORDS_JOINED.match(value)


def _classes(value: bytes) -> int:
    """How many of the four kinds of characters stand in the value: digits, capitals, small letters, signs."""
    return sum(any(low <= byte <= high for byte in value) for low, high in ((48, 57), (65, 90), (97, 122))) + any(
        not (48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122) for byte in value
    )


def _judge_hex(value: bytes, entropy: float, *, is_password: bool, weak: bool) -> Confidence | None:
    if len(value) < 16 or entropy < 2.8:
        return None
    # Bytes that follow each other are a vector for tests; digits that do may be anything.
    step = _common_step(value)
    if step in {-1, 0, 1} or (step is not None and not could_be_issued(value)):
        return None
    if weak and not is_password:
        return Confidence.MEDIUM if len(value) >= 32 else None
    return Confidence.LOW if len(value) < 20 else Confidence.MEDIUM


def _judge_number(value: bytes, *, weak: bool) -> Confidence | None:
    """A long number behind such a name was handed out; one behind a weak name may count or date something."""
    if weak or len(value) < _LONG_NUMBER or shannon(value) < 2.4 or monotonous_share(value) >= 0.4:
        return None
    return Confidence.MEDIUM


_UUID = re.compile(rb"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EXAMPLE_UUID = b"550e8400-e29b-41d4-a716-446655440000"
"""The one that documentation everywhere shows."""
_UUID_NAMES_NO_SECRET = re.compile(rb"(?i)request|client|lock|action|idempot|session|device|resource")
_UUID_NAMES = re.compile(rb"(?i)(?:token|secret|api_?-?key|password)\Z")


def _judge_uuid(value: bytes, name: bytes, *, quoted: bool) -> Confidence | None:
    """A UUID mostly names something; some services hand them out as keys and tokens."""
    if not quoted or _UUID.fullmatch(value) is None or len(set(value)) < 9 or value == _EXAMPLE_UUID:
        return None
    if _UUID_NAMES.search(name) is None or _UUID_NAMES_NO_SECRET.search(name) is not None:
        return None
    return Confidence.MEDIUM


def _common_step(value: bytes) -> int | None:
    """By how much the bytes that hexadecimal digits spell grow from one to the next, where most grow by the same."""
    digits = value.removeprefix(b"0x")
    numbers = bytes.fromhex(digits[: len(digits) // 2 * 2].decode())
    steps = [after - before for before, after in pairwise(numbers)]
    most = max(set(steps), key=steps.count, default=None)
    return most if most is not None and steps.count(most) * 2 >= len(steps) else None


def _judge_password(value: bytes, classes: int, entropy: float, strange: float, *, quoted: bool) -> Confidence | None:
    """A password may be short and of small letters only, as long as it is no word."""
    if spells_the_alphabet(value):
        return None
    mixed = classes >= 3 and len(value) >= 8 and entropy >= 2.5
    if entropy < 1.5 or strange < 0:
        return (Confidence.MEDIUM if classes == 4 and strange >= -8 else Confidence.LOW) if mixed else None
    return Confidence.MEDIUM if mixed or strange >= (_LIKELY if quoted else SURE) else Confidence.LOW


def _judge_for_weak_name(value: bytes, entropy: float, strange: float, *, quoted: bool) -> Confidence | None:
    """A key may be a cache's, a table's or a translation's: only what is random beyond doubt counts."""
    if len(value) < KEY_LENGTH or entropy < 3.3 or strange < SURE or not any(48 <= byte <= 57 for byte in value):
        return None
    return Confidence.MEDIUM if len(value) >= 20 and quoted else Confidence.LOW


def _is_literal(value: bytes, *, quoted: bool) -> bool:
    """Whether the text is a value as such: no template, reference, name, path, address, hash, sentence or example."""
    lowered = value.lower()
    if (
        b"example" in lowered
        or lowered in _NULLS
        or holds_template(value)
        or is_placeholder(value)
        or _COMMON.match(value)
    ):
        return False
    if not _is_printable(value, quoted=quoted):
        return False
    if b" " in value.strip() and (not quoted or value.count(b" ") > 3 or strangeness(value) < 1.6 * len(value)):
        return False
    if _REFERENCE.search(value) or _is_path_of_names(value) or (not quoted and value[:1] in b"-|>[{(?:/"):
        return False
    text = value.decode("latin-1")
    if heuristics.is_templated(text) or heuristics.has_no_letter(text):
        return False
    if not could_be_issued(value) and (heuristics.is_sequential(text) or monotonous_share(lowered) >= 0.4):
        return False
    shapes = (_SHORT_NUMBER, _ESCAPE, _PATH, _URL, _EMAIL, _HASHED, _VERSION_OR_DATE, _EXPRESSION)
    return not any(shape.search(value) for shape in shapes)
