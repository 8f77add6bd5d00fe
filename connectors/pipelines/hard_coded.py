"""Values that stand in a pipeline file where a slot would be expected. What is said of one never holds it.

Whether a text is a secret is the detector's question, which reads the same file; here the place decides: what follows
`docker login -p` is a password whatever it looks like, and what is set to `DB_PASSWORD` is one unless it is plainly a
stand-in. The words of throwaway databases (`postgres`, `test`) are stand-ins too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from connectors.pipelines.shell_words import Command
from connectors.pipelines.telling_slots import words_of

_SECRET_WORDS = frozenset(
    {"APIKEY", "CREDENTIAL", "CREDENTIALS", "PASS", "PASSPHRASE", "PASSWD", "PASSWORD", "PAT", "PWD", "SECRET", "TOKEN"}
)
_SECRET_PAIRS = frozenset(
    f"{word}_KEY"
    for word in ("ACCESS", "ACCOUNT", "API", "AUTH", "DEPLOY", "ENCRYPTION", "LICENCE", "LICENSE", "MASTER")
) | frozenset(f"{word}_KEY" for word in ("PRIVATE", "SECRET", "SERVICE", "SIGNING", "SSH", "STORAGE"))
_HARMLESS_ENDS = frozenset(
    {
        "AGE", "ARN", "AUDIENCE", "COUNT", "DIR", "DURATION", "EMAIL", "ENABLED", "ENDPOINT", "EXPIRATION", "EXPIRY",
        "FIELD", "FILE", "FORMAT", "HEADER", "HOST", "ID", "ISSUER", "LENGTH", "LIMIT", "LOCATION", "MODE", "NAME",
        "NAMES", "NAMESPACE", "PATH", "POLICY", "PREFIX", "PROVIDER", "REGION", "REQUIRED", "ROTATION", "SCOPE",
        "SCOPES", "STORE", "SUFFIX", "TTL", "TYPE", "URI", "URL", "USER", "USERNAME", "VERSION",
    }
)  # fmt: skip
_NO_SECRETS = frozenset({"PWD", "OLDPWD"})

_STAND_IN = re.compile(
    r"^(?:admin|changeit|changeme|change[-_]?me|default|dummy|empty|example|fake|false|foo|foobar|guest|insecure|local"
    r"|localhost|minioadmin|mock|mysql|n/?a|none|not[-_ ]?a?[-_ ]?secret|null|pass|passw(?:or)?d|placeholder|postgres"
    r"|postgresql|redacted|redis|root|sample|secret|test(?:ing)?|toor|todo|token|true|user|xxx+|yes|your)"
    r"(?:$|[-_ .]?(?:for|here|key|only|pass|passw(?:or)?d|secret|test|token|user|value|1|12|123|1234)*$)"
    r"|^(?:dummy|example|fake|insecure|mock|placeholder|sample|test|your)[-_ ]"
    r"|[-_](?:dummy|example|fake|placeholder|test)$",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[$<>{}]|\*{3}|\.{3}|://|%[A-Za-z]\w*%|\[\[|@@")
_NUMBER = re.compile(r"[0-9.]{1,8}")
_MIXED = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z]).{8,}|.{24,}")
_SHORTEST, _LONGEST = 4, 4096
_USER_INFO = re.compile(r"://[^\s/:@$]{1,100}:([^\s/@]{1,500})@")
_AUTHORIZATION = re.compile(
    r"(?i)(?:authorization|(?:private|api|deploy|access|auth|job)-token|x-api-key)\s*:\s*(?:\w+ )?(\S+)"
)
_PASSWORD_OPTIONS = {
    "docker": ("-p", "--password"),
    "podman": ("-p", "--password"),
    "helm": ("-p", "--password"),
    "skopeo": ("-p", "--password"),
    "az": ("-p", "--password"),
    "oc": ("-p", "--password", "--token"),
    "twine": ("-p", "--password"),
    "sshpass": ("-p",),
    "cargo": ("--token",),
    "vault": ("-token",),
}


def secret_like(name: str) -> bool:
    """Say whether a name promises a secret: `DB_PASSWORD`, `apiKey`; not `TOKEN_URL` or `SECRET_NAME`."""
    words = words_of(name).split("_")
    if name in _NO_SECRETS or words[-1] in _HARMLESS_ENDS:
        return False
    pairs = {f"{one}_{other}" for one, other in pairwise(words)}
    return not _SECRET_WORDS.isdisjoint(words) or not _SECRET_PAIRS.isdisjoint(pairs)


def is_value(text: str) -> bool:
    """Say whether a text is a value of its own: no expression, no path, no stand-in."""
    text = text.strip()
    return (
        _SHORTEST <= len(text) <= _LONGEST
        and not text.startswith(("/", "./", "../", "~", "-"))
        and not _MARKS.search(text)
        and not _NUMBER.fullmatch(text)
        and not _STAND_IN.search(text)
    )


def is_value_of(name: str, text: str) -> bool:
    """Say whether a setting holds a secret in itself: its name promises one, and its text may be one.

    A password may be a word. What is called a token, a secret or a key may be the name of one, if it is a word.
    """
    if not secret_like(name) or not is_value(text) or re.search(r"\s", text.strip()):
        return False
    is_password = not {"PASS", "PASSPHRASE", "PASSWD", "PASSWORD", "PWD"}.isdisjoint(words_of(name).split("_"))
    return is_password or bool(_MIXED.fullmatch(text.strip()))


def password_in_address(text: str) -> bool:
    """Say whether a text is an address that carries a password (`postgres://user:...@host`)."""
    address = _USER_INFO.search(text[:_LONGEST])
    return address is not None and is_value(address[1])


def hard_coded_in(command: Command) -> Iterator[str]:
    """Yield what tells of a value in a command: the program and its option, the name that is set."""
    for name, given in command.assigned:
        if is_value_of(name, given):
            yield name
    program = command.words[0].rpartition("/")[2] if command.words else ""
    for option in _PASSWORD_OPTIONS.get(program, ()) if _takes_password(program, command) else ():
        if is_value(command.option(option) or ""):
            yield f"{program} {option}"
    if program == "curl":
        user = command.option("-u", "--user")
        if user is not None and ":" in user and is_value(user.partition(":")[2]) and "$" not in user:
            yield "curl -u"
    for word in command.words:
        header = _AUTHORIZATION.match(word)
        if header is not None and is_value(header[1]):
            yield word.partition(":")[0].strip()[:40]
        if password_in_address(word):
            yield "password in an address"


def _takes_password(program: str, command: Command) -> bool:
    """Say whether `-p` is a password here: of `docker run -p` it is a port."""
    return program in {"sshpass", "twine", "cargo", "vault"} or "login" in command.words
