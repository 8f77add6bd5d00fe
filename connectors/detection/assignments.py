"""Secrets without a format of their own: what a name such as `password` or `api_key` is given as its value.

Finding the place is easy; the work is in refusing the many values that are none: names, paths, templates, examples.
Precision comes first, for a table full of false alarms is read by nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import msgspec

from connectors.detection import heuristics
from connectors.detection.catalogue import Format
from connectors.detection.entropy import monotonous_share, shannon
from connectors.detection.expressions import any_of
from connectors.detection.placeholders import could_be_issued, holds_template, is_placeholder, spells_the_alphabet
from connectors.detection.wording import strangeness
from storage.inventory import Confidence, CredentialType, Severity

STRONG = (
    "passw",
    "passphrase",
    "pwd",
    "_pwd",
    "_pass",
    "dbpass",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "access_key",
    "access-key",
    "authkey",
    "auth_key",
    "auth-key",
    "privatekey",
    "private_key",
    "private-key",
    "signingkey",
    "signing_key",
    "aeskey",
    "aes_key",
    "cryptkey",
    "crypt_key",
    "hmackey",
    "hmac_key",
    "jwtkey",
    "jwt_key",
    "encryptionkey",
    "encryption_key",
    "encryption-key",
    "masterkey",
    "master_key",
    "accountkey",
    "account_key",
    "storagekey",
    "storage_key",
    "servicekey",
    "service_key",
    "credential",
    "bearer",
    "connectionstring",
    "connection_string",
    "consumer_key",
    "consumerkey",
    "oauth_verifier",
    "auth_pw",
    "bind_pw",
    "userpw",
    "identified by",
)
"""In lower case: words that, in a name, say that its value is a secret."""

WEAK = ("key", "auth", "pass", "_pw", "seed", "psk")
"""In lower case: words that also name other things, so that only a value that could be nothing else counts."""

NAMED_ALOUD = ("private", "access")
"""In lower case: words that say so only where the value follows them as in a list (`acme ACCESS 4d9f…`)."""

LITERALS = STRONG + WEAK + NAMED_ALOUD
"""One of them stands in every name this module knows."""


def _any_of(words: tuple[str, ...]) -> str:
    return "(?:" + "|".join(word.replace("-", r"\-") for word in words) + ")"


PASSWORD_LENGTH, TOKEN_LENGTH, KEY_LENGTH = 4, 8, 16
"""The least that a password has, what another strong name is given, and what a weak one is."""

_KEYWORD = _any_of(STRONG + WEAK)
KEYWORD = _any_of(STRONG)
"""The strong words as an expression, in lower case."""
_STRONG = re.compile(_any_of(STRONG).encode())
_TAIL = r"[A-Za-z0-9_\-]{0,30}"
_CLOSERS = r"(?:\\?[\"'`\]]){0,3}"
_TYPE = r"(?::[ \t]{0,4}[A-Za-z_][A-Za-z0-9_.\[\]|]{0,30}|[ \t]{1,4}(?:string|str|text|varchar)[ \t])?"
_BEFORE = r"[ \t]{0,16}"
_SIGN = r"(?::{1,3}=|[?.+|]{1,2}=|=>|===?|!==?|=|:|,|\(|>|[ \t]value[ \t]{0,4}=)"
_AFTER = r"[ \t]{0,16}"
_PREFIX = r"(?:[A-Za-z@]{0,2}|(?:new[ ]{1,2})?[A-Za-z_][A-Za-z0-9_.:]{0,40}\()"
_HEAD = _TAIL + _CLOSERS + _BEFORE + _TYPE + _BEFORE + _SIGN + _AFTER
_BARE = r"[^\s\"'`<>(){}\[\],;&\\]"
_ALOUD = r"(?:secret|token|private|access|api[_\-]?key|key)"
_MORE = r"(?:[ _.\-]?(?:key|token|tok|access|secret|private|api)){0,3}[ \t_.:=\-]{1,3}[\"']?"
_HANDED_OUT = r"[0-9A-Za-z][0-9A-Za-z_\-]{19}"


def _given(words: tuple[str, ...], head: str, least: int) -> str:
    """Return an expression for one of several words that is given a value of so many characters at least."""
    quoted = "|".join(rf"{quote}[^{quote}\n]{{{least}}}" for quote in "\"'`")
    return rf"{_any_of(words)}{head}(?:{_PREFIX}\\?(?:{quoted})|{_BARE}{{{least}}})"


_OF_PASSWORDS = tuple(word for word in STRONG + WEAK if any(part in word for part in ("pass", "pwd", "_pw", "userpw")))
_OTHERS = tuple(word for word in STRONG if word not in _OF_PASSWORDS)
_PLAIN = tuple(word for word in WEAK if word not in _OF_PASSWORDS)

STAGE_ONE = (
    rf"(?:{_given(_OF_PASSWORDS, _HEAD, PASSWORD_LENGTH)}"
    rf"|{_given(_OTHERS, _HEAD, TOKEN_LENGTH)}"
    rf"|{_given(_PLAIN, _HEAD.removeprefix(_TAIL), KEY_LENGTH)}"
    rf"|{_KEYWORD}[A-Za-z0-9_\-]{{0,12}}[ \t]{{1,4}}[\"']?[A-Za-z0-9+/_=.\-]{{20}}"
    rf"|(?:--?[A-Za-z0-9-]{{0,40}}{_KEYWORD}[A-Za-z]{{0,6}}|bearer|identified by)"
    rf"[ \t]{{1,4}}[\"']?{_BARE}{{4}}"
    rf"|{_ALOUD}{_MORE}{_HANDED_OUT})"
)
"""What stage one looks for: the same, but for the end of the value, and no value that is too short for its name."""

_KEYWORDS = re.compile(any_of(LITERALS).encode())
_ASSIGNED = re.compile(
    (
        rf"(?P<tail>{_TAIL})(?P<closers>{_CLOSERS}){_BEFORE}{_TYPE}{_BEFORE}(?P<sign>{_SIGN}){_AFTER}"
        rf"(?:{_PREFIX}(?:"
        r"\\?\"(?P<double>(?:[^\"\\\n]|\\[^\"\n]){4,2048})\\?\""
        r"|\\?'(?P<single>(?:[^'\\\n]|\\[^'\n]){4,2048})\\?'"
        r"|`(?P<back>[^`\n]{4,256})`)"
        rf"|(?P<bare>{_BARE}{{4,256}}))"
    ).encode()
)
_SPACED = re.compile(
    (
        r"(?P<tail>[A-Za-z0-9_\-]{0,12})[ \t]{1,4}"
        rf"(?:[\"'](?P<inside>{_BARE}{{4,256}})[\"']|(?P<bare>{_BARE}{{5,256}}))"
    ).encode()
)
_NAMED = re.compile(
    (
        rf"(?:(?i:secret|token|private|access|api[_\-]?key|[ _.\-]key)|KEY)(?i:{_MORE})"
        r"(?P<value>[0-9A-Za-z]{4,128}(?:[_\-][0-9A-Za-z]{3,64}){0,8}={0,2})"
    ).encode()
)
_PIECES = re.compile(rb"[0-9A-Za-z]+")
_GOES_ON = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/=.@:%([{")
_NAME_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
_NAME_BEFORE = 40
_ALONE_BEFORE = re.compile(rb"\s*(?:[-*#/$>]{1,2}\s{0,4})?(?:export\s|set\s|ENV\s|-[eE]\s|[\"'])?[\"']?\Z")
_ALONE_AFTER = re.compile(rb"[\"',;\\]{0,2}\s*(?:#.*)?\Z")
_NAME = re.compile(rb"[A-Za-z_.\-]+\d?\Z")
_RANDOM = re.compile(rb"[A-Za-z0-9+/_=.\-]{20,256}")
_OPTION = re.compile(rb"(?:\A|[\s\"'`])--?[A-Za-z0-9-]{0,40}\Z")

GENERIC = Format(
    id="generic-secret-assignment",
    name="Secret assigned to a telling name",
    vendor="generic",
    type=CredentialType.OTHER,
    expression=STAGE_ONE,
    literals=LITERALS,
    ignore_case=True,
    confidence=Confidence.MEDIUM,
    severity=Severity.HIGH,
    priority=20,
    remediation="Replace the value at whatever system accepts it, and read the new one from a secret store.",
)


class Assigned(msgspec.Struct, frozen=True):
    """A value and the name it is given to, by offsets into the line."""

    start: int
    end: int
    name: bytes
    quoted: bool
    after: bytes
    alone: bool = False
    """Whether the line holds nothing else, as in files of settings."""


def assigned_values(line: bytes) -> Iterator[Assigned]:
    """Yield what a line assigns to telling names. Every part of the expression is bounded: linear in the line."""
    reached = 0
    for keyword in _KEYWORDS.finditer(line.lower()):
        if keyword.start() < reached:
            continue
        match = _ASSIGNED.match(line, keyword.end())
        if match is None:
            match = _SPACED.match(line, keyword.end())
            if match is None or not _goes_on_behind_blanks(line, keyword, match):
                continue
        before = line[max(0, keyword.start() - _NAME_BEFORE) : keyword.start()]
        begin = keyword.start() - len(before) + len(before.rstrip(_NAME_CHARACTERS))
        group = match.lastgroup or "bare"
        start, end = match.span(group)
        if group == "bare" and not _plain_sign(match, line, begin):
            continue
        sign, name = _sign_of(match), line[begin : keyword.end()]
        if keyword[0].decode() in WEAK and (
            match["tail"] or sign == b"(" or not _weak_name_counts(name, line[start:end])
        ):
            continue
        if _names_a_secret(line[start:end]):
            continue  # the value is itself a name, as in `environ.get("PASSWORD", "…")`: what follows may be its value
        if sign == b"(" and strangeness(line[start:end]) < _SURE:
            continue
        spaced = match.re is _SPACED and keyword[0] == b"identified by"
        yield Assigned(
            start,
            end,
            name + match["tail"],
            group != "bare",
            line[match.end() : match.end() + 1],
            spaced
            or (_ALONE_BEFORE.match(line[:begin]) is not None and _ALONE_AFTER.match(line, match.end()) is not None),
        )
        reached = end


def named_aloud(line: bytes) -> Iterator[Assigned]:
    """Yield values that stand behind such words as in a list: ``acme ACCESS 4d9f…``, ``acme-private-key-4d9f…``.

    No sign says that something is assigned, so the value must end where it ends, and be one that services hand out.
    """
    for match in _NAMED.finditer(line):
        start, end = match.span("value")
        after = line[end : end + 1]
        name = line[max(0, match.start() - _NAME_BEFORE) : start]
        if (after and after[0] in _GOES_ON) or _PUBLIC.search(name) or not _is_handed_out(line[start:end]):
            continue
        if _UUID.fullmatch(line, start, end) and _UUID_NAMES_NO_SECRET.search(name):
            continue
        yield Assigned(start, end, name, quoted=False, after=after, alone=True)


def _is_handed_out(value: bytes) -> bool:
    """Whether a value has the look of a key: letters and digits mixed, more than a name with a number would have."""
    if not could_be_issued(value) or value == _EXAMPLE_UUID or not _is_literal(value, quoted=False):
        return False
    pieces = _PIECES.findall(value)
    digits = sum(48 <= byte <= 57 for byte in value)
    mixed = [piece for piece in pieces if len(piece) >= 4 and not piece.isdigit() and not piece.isalpha()]
    return digits >= (4 if len(pieces) == 1 else 6) and bool(mixed) and not _WORDS_JOINED.match(value)


def _weak_name_counts(name: bytes, value: bytes) -> bool:
    """Whether a weak word ends a name rather than a stretch of data, and its value is neither address nor name."""
    return strangeness(name) < _SURE and not value.startswith(b"//")


def _names_a_secret(value: bytes) -> bool:
    return len(value) <= 40 and _NAME.match(value) is not None and _STRONG.search(value.lower()) is not None


def _goes_on_behind_blanks(line: bytes, keyword: re.Match[bytes], match: re.Match[bytes]) -> bool:
    """Whether blanks alone give the value.

    So they do in SQL, behind `Bearer`, behind an option of a command line, and where no word could be so long.
    """
    if keyword[0] == b"identified by":
        return True
    start, end = match.span(match.lastgroup or 0)
    if keyword[0] == b"bearer":
        return end - start >= 16
    if _OPTION.search(line, max(0, keyword.start() - _NAME_BEFORE), keyword.start()) is not None:
        return True
    digits = sum(48 <= byte <= 57 for byte in line[start:end])
    return _RANDOM.fullmatch(line, start, end) is not None and digits >= 2 and strangeness(line[start:end]) >= -8


def _sign_of(match: re.Match[bytes]) -> bytes | None:
    """Return the sign between name and value; there is none where blanks alone part them."""
    return match["sign"] if match.re is _ASSIGNED else None


def _plain_sign(match: re.Match[bytes], line: bytes, begin: int) -> bool:
    """An unquoted value counts only after a sign that assigns, in the forms of env, properties, YAML, XML and flags."""
    sign = _sign_of(match)
    if sign is None:
        return True
    if sign in {b",", b"("} or sign.endswith(b"value="):
        return False
    if sign == b">":
        return line[match.end() : match.end() + 2] == b"</"
    return begin == 0 or line[begin - 1 : begin] not in {b"$", b"@", b"%"}


def credential_type(name: bytes) -> CredentialType:
    """Tell the kind of credential from the name it is given to."""
    lowered = name.lower()
    for words, kind in (
        ((b"pass", b"pwd", b"_pw", b"identified by"), CredentialType.PASSWORD),
        ((b"token", b"bearer"), CredentialType.ACCESS_TOKEN),
        ((b"api",), CredentialType.API_KEY),
        ((b"connection",), CredentialType.CONNECTION_STRING),
        ((b"encryption", b"master"), CredentialType.ENCRYPTION_KEY),
        ((b"signing",), CredentialType.SIGNING_KEY),
        ((b"access",), CredentialType.ACCESS_KEY),
        ((b"secret",), CredentialType.CLIENT_SECRET),
    ):
        if any(word in lowered for word in words):
            return kind
    return CredentialType.OTHER


# Judging a value.

_DESCRIBES = re.compile(
    rb"(?i)(?:^|[_.\-])?(?:name|id|ids|url|uri|path|file|filename|dir|type|length|len|size|regexp?|pattern|prefix|suffix|header|param(?:eter)?s?"
    rb"|format|class|policy|expir\w*|ttl|timeout|hash|hashed|digest|checksum|fingerprint|sha\d*|md5|hint|endpoint|arn|count|input|placeholder|error|errors|message|msg"
    rb"|text|label|title|field|column|attr(?:ibute)?|version|index|kind|scope|scopes|provider|store|manager|service|method|mode|email|help"
    rb"|desc(?:ription)?|status|state|ref|selector|template|view|page|form|event|action|rule|rules|validator|encoder|generator|required|enabled)\Z"
)
_PUBLIC = re.compile(
    rb"(?i)public|s3_?key|object_?key|partition_?key|primary_?key|foreign_?key|sort_?key|csrf_?token_?name|pub_?key|tokeniz|nextpage|(?:csrf|xsrf|verification|next|sequence|start|starting|continuation|change|update|import|export|forward|backward)[A-Za-z_-]{0,10}token|page_?token|sync_?token|syntaxtoken|cancellation"
)
_REFERENCE = re.compile(
    rb"(?i)\A(?:\$|@|&|\*|#\w|!|%)|\A(?:self|this|os|process|env|config|settings|options|opts|args|params|request|req|ctx|context|data|props"
    rb"|import|require|new|await|return|function|lambda|var|secrets?|vault|ssm|kms|arn|ref|op)[.\[(:/]|\bgetenv\b|\benviron\b"
)
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


def _is_path_of_names(value: bytes) -> bool:
    """Whether a text is names joined by dots or arrows. Tokens of several parts look like it: these are long, mixed."""
    if _IDENTIFIER_PATH.match(value) is None:
        return False
    return len(value) < 40 or not any(48 <= byte <= 57 for byte in value) or strangeness(value) < 2 * _SURE


_LONG_NUMBER = 15
_PASSWORD_NAME = 34
"""So far from the end of a name such as `db_password_for_reports` may say that it is a password: as stage one looks."""
_SURE = 8.0
"""Bits of strangeness that no name and no word is likely to reach."""
_LIKELY = 0.5
"""Bits from which on a text in the place of a password is rather none that has a meaning."""


def judge_assigned(value: bytes, name: bytes, *, quoted: bool, alone: bool = False) -> Confidence | None:
    """How sure it is that a value given to such a name is a secret; `None` when it is none.

    `alone` says that the line holds nothing else: there an unquoted text is a value, and not another name.
    """
    quoted_or_alone = quoted or alone
    if _DESCRIBES.search(name) or _PUBLIC.search(name):
        return None
    weak = _STRONG.search(name.lower()) is None
    if value.isdigit():
        return _judge_number(value, weak=weak)
    is_password = credential_type(name.rpartition(b".")[2][-_PASSWORD_NAME:]) is CredentialType.PASSWORD
    if not is_password and _PLAIN_WORDS.fullmatch(value) and strangeness(value) < 0:
        return None  # most of what is seen, and soon told
    if not _is_literal(value, quoted=quoted):
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
    return Confidence.MEDIUM if strange >= _SURE or (len(value) >= 16 and classes >= 2) else Confidence.LOW


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
    return Confidence.MEDIUM if mixed or strange >= (_LIKELY if quoted else _SURE) else Confidence.LOW


def _judge_for_weak_name(value: bytes, entropy: float, strange: float, *, quoted: bool) -> Confidence | None:
    """A key may be a cache's, a table's or a translation's: only what is random beyond doubt counts."""
    if len(value) < KEY_LENGTH or entropy < 3.3 or strange < _SURE or not any(48 <= byte <= 57 for byte in value):
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
