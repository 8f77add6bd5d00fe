"""The plugins of detect-secrets, behind one door.

Plugin objects are built once, under default settings and before any thread could interfere, and only `analyze_string`
is ever called: no file is opened by them, nothing is verified over the network, no setting changes afterwards. They see
only lines that stage one picked for them, cut to a cap and with long runs of blanks squeezed, because several of their
expressions take cubic time on blanks (secret-keeping tools have hung on that).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import msgspec

from connectors.detection.assigned_judgement import judge_assigned
from connectors.detection.assignments import STAGE_ONE
from connectors.detection.catalogue import Format
from connectors.detection.entropy import looks_worded, shannon
from connectors.detection.matcher import Rule
from connectors.detection.placeholders import holds_template, is_placeholder
from connectors.detection.private_keys import read_private_key
from connectors.detection.telling_names import LITERALS
from connectors.detection.url_credentials import judge_url_password
from storage.inventory import Confidence, CredentialType, Severity

LINE_BYTES = 1024
_BLANKS = re.compile(rb"[ \t\x0b\x0c\r]{5,}")
_WORTH_ASKING = re.compile(rb"[\"'`][^\s\"'`0-9]{0,256}[0-9][^\s\"'`]{0,256}[\"'`]")
"""What our own judgement could come to believe: a quoted text without blanks and with a digit."""
_DIGIT = re.compile(rb"[0-9]")
_KEYWORD_LINES = Rule(expression=STAGE_ONE, literals=LITERALS, ignore_case=True, decides=True)

_TOKEN_RUN = re.compile(rb"_[A-Za-z0-9_]{36}")
_SHORTEST = 6

OFF_BY_DEFAULT = frozenset({"IPPublicDetector", "SoftlayerDetector", "IbmCosHmacDetector", "CloudantDetector"})
_JUDGED = frozenset({"KeywordDetector", "Base64HighEntropyString", "HexHighEntropyString"})
"""Plugins that report any value: these go through our own judgement, and stay at low confidence."""

_BY_ENTROPY = frozenset({"Base64HighEntropyString", "HexHighEntropyString"})
"""Plugins that go by randomness alone: in decoded text, which may be anything, they are not asked."""


class _Known(msgspec.Struct, frozen=True):
    vendor: str
    type: CredentialType
    hint: str
    """Stage one's expression for lines worth showing to the plugin."""
    literals: tuple[str, ...] = ()
    ignore_case: bool = False
    confidence: Confidence = Confidence.MEDIUM


_TOKEN, _KEY, _PASSWORD = CredentialType.ACCESS_TOKEN, CredentialType.API_KEY, CredentialType.PASSWORD
_KNOWN = {
    "ArtifactoryDetector": _Known("jfrog", _KEY, r"A(?:KC[A-Za-z0-9]{10}|P[0-9A-F][A-Za-z0-9]{8})", ("AKC", "AP")),
    "AWSKeyDetector": _Known(
        "aws",
        CredentialType.ACCESS_KEY,
        r"(?:A3T[A-Z0-9]|(?:A(?:BIA|CCA|KIA|GPA|IDA|ROA|IPA|NPA|NVA|SIA)))[A-Z0-9]{16}"
        r"|[aA][wW][sS][^\n]{0,50}['\"`][A-Za-z0-9/+]{40}['\"`]",
    ),
    "AzureStorageKeyDetector": _Known(
        "azure", CredentialType.ACCESS_KEY, r"AccountKey=[A-Za-z0-9+/=]{88}", ("AccountKey=",)
    ),
    "BasicAuthDetector": _Known("generic", _PASSWORD, r"://[^\s]{1,256}:[^\s]{1,256}@", ("://",)),
    "CloudantDetector": _Known("ibm", _PASSWORD, r"cloudant|clou|cl[_-]", ("cl",), ignore_case=True),
    "DiscordBotTokenDetector": _Known(
        "discord", _TOKEN, r"[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}", (".",)
    ),
    "GitHubTokenDetector": _Known(
        "github", _TOKEN, r"gh[pousr]_[A-Za-z0-9_]{36}", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")
    ),
    "GitLabTokenDetector": _Known(
        "gitlab", _TOKEN, r"gl[a-z]{2,7}-[A-Za-z0-9_]{20}|GR1348941[A-Za-z0-9_-]{20}", ("gl", "GR1348941")
    ),
    # Any 44 characters behind "key" will do for it, an object's name with a UUID among them.
    "IbmCloudIamDetector": _Known(
        "ibm", _KEY, r"key[^\n]{0,16}[A-Za-z0-9_\-]{44}", ("key",), ignore_case=True, confidence=Confidence.LOW
    ),
    "IbmCosHmacDetector": _Known("ibm", CredentialType.ACCESS_KEY, r"[A-Fa-f0-9]{48}"),
    "IPPublicDetector": _Known(
        "generic", CredentialType.OTHER, r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}", (".",)
    ),
    "JwtTokenDetector": _Known("generic", _TOKEN, r"eyJ[A-Za-z0-9_=-]{8}", ("eyJ",)),
    "MailchimpDetector": _Known("mailchimp", _KEY, r"[0-9a-z]{32}-us[0-9]", ("-us",)),
    "NpmDetector": _Known("npm", _TOKEN, r"_authToken=", ("_authToken=",)),
    "OpenAIDetector": _Known("openai", _KEY, r"T3BlbkFJ", ("T3BlbkFJ",)),
    "PrivateKeyDetector": _Known(
        "generic", CredentialType.PRIVATE_KEY, r"BEGIN[A-Z0-9 ]{1,30}KEY|PuTTY-User-Key-File", ("BEGIN", "PuTTY")
    ),
    "PypiTokenDetector": _Known("pypi", _TOKEN, r"pypi-Ag[A-Za-z0-9_-]{20}", ("pypi-Ag",)),
    "SendGridDetector": _Known("sendgrid", _KEY, r"SG\.[A-Za-z0-9_-]{22}\.", ("SG.",)),
    "SlackDetector": _Known(
        "slack", _TOKEN, r"xox[a-z]-[0-9A-Za-z]|hooks\.slack\.com/", ("xox", "hooks.slack.com"), ignore_case=True
    ),
    "SoftlayerDetector": _Known(
        "ibm", _KEY, r"(?:softlayer|sl)[^\n]{0,40}[A-Za-z0-9]{64}", ("sl", "softlayer"), ignore_case=True
    ),
    "SquareOAuthDetector": _Known("square", CredentialType.CLIENT_SECRET, r"sq0csp-", ("sq0csp-",)),
    "StripeDetector": _Known("stripe", _KEY, r"[rs]k_live_[0-9A-Za-z]{24}", ("k_live_",)),
    "TelegramBotTokenDetector": _Known("telegram", _TOKEN, r"[0-9]{8,10}:[0-9A-Za-z_-]{35}", (":",)),
    "TwilioKeyDetector": _Known("twilio", _KEY, r"(?:AC|SK)[a-z0-9]{32}", ("AC", "SK")),
}


_NEEDED = {
    "ArtifactoryDetector": re.compile(rb"A(?:KC|P[0-9A-F])"),
    "KeywordDetector": re.compile(
        rb"(?i)(?:api|auth|service|account|db|database|priv|private|client)_?key|(?:db|database|key)_?pass|passw|pwd"
        rb"|secret|contrase"
    ),
}
"""What stands in every text in which a plugin sees something, for those that are dear to ask."""


class Plugin:
    """One plugin with what we know of it."""

    def __init__(self, plugin: Any) -> None:
        self.name = type(plugin).__name__
        self._plugin = plugin
        known = _KNOWN.get(self.name)
        self.judged = self.name in _JUDGED or known is None
        self.by_entropy = self.name in _BY_ENTROPY
        self.needed = _NEEDED.get(self.name)
        self.rule = (
            _KEYWORD_LINES
            if known is None
            else Rule(expression=known.hint, literals=known.literals, ignore_case=known.ignore_case)
        )
        self.format = Format(
            id=_identifier(self.name),
            name=f"{plugin.secret_type} (detect-secrets)",
            vendor=known.vendor if known else "generic",
            type=known.type if known else _PASSWORD if self.name == "KeywordDetector" else CredentialType.OTHER,
            expression=self.rule.expression,
            literals=self.rule.literals,
            reason="the plugin has its own expression",
            confidence=known.confidence if known and not self.judged else Confidence.LOW,
            severity=Severity.MEDIUM,
            priority=10,
            boundary=False,
        )

    def values(self, line: bytes) -> Iterator[tuple[int, int]]:
        """Yield where the plugin sees values in a line of at most `LINE_BYTES`, by offsets."""
        if self.judged and not is_worth_asking(line):
            return
        if self.needed is not None and self.needed.search(line) is None:
            return
        seen: set[tuple[int, int]] = set()
        for found in self._plugin.analyze_string(_BLANKS.sub(b"    ", line).decode("latin-1")):
            if not self._accepts(found):
                continue
            value = found.encode("latin-1")
            start = line.find(value)
            while start >= 0 and value:
                end = start + len(value)
                if len(value) < _SHORTEST and (rest := _TOKEN_RUN.match(line, end)):
                    end = rest.end()  # the plugin for GitHub shows only the prefix
                span = (start, end)
                if span not in seen and end - start >= _SHORTEST:
                    seen.add(span)
                    if self._believed(line, *span):
                        yield span
                start = line.find(value, end)

    def _accepts(self, found: str) -> bool:
        """The entropy plugins leave their own limit to a method that we do not call; ours is the faster upper bound."""
        limit = getattr(self._plugin, "entropy_limit", None)
        if limit is None:
            return True
        return shannon(found.encode("latin-1")) > limit and bool(self._plugin.calculate_shannon_entropy(found) > limit)

    def _believed(self, line: bytes, start: int, end: int) -> bool:
        value = line[start:end]
        if self.name == "PrivateKeyDetector":
            return read_private_key(line) is not None  # the plugin shows the marker, which alone is no key
        if is_placeholder(value) or holds_template(value):
            return False
        if self.name == "BasicAuthDetector":
            return judge_url_password(value, line[end : end + 256]) is not None
        if not self.judged:
            return True
        return (
            not looks_worded(value)
            and judge_assigned(value, line[max(0, start - 60) : start].rstrip(b" \t:='\"`>(,"), quoted=True) is not None
        )


@lru_cache(maxsize=4)
def is_worth_asking(line: bytes) -> bool:
    """Whether a line holds what a judged plugin could be believed; remembers the last lines, for three ask of each."""
    return _DIGIT.search(line) is not None and _WORTH_ASKING.search(line) is not None


def load_plugins(also: Iterable[str] = ()) -> list[Plugin]:
    """Build the plugins: all but those off by default, and these too when named in `also`."""
    from detect_secrets.settings import default_settings, get_plugins

    wanted = set(also)
    with default_settings():
        plugins = [Plugin(plugin) for plugin in get_plugins()]
    return sorted(
        (plugin for plugin in plugins if plugin.name not in OFF_BY_DEFAULT or plugin.name in wanted),
        key=lambda one: one.name,
    )


def plugin_identifiers() -> frozenset[str]:
    """Return the ids of all plugins, those off by default among them, without loading any."""
    return frozenset(_identifier(name) for name in _KNOWN.keys() | _JUDGED)


def _identifier(name: str) -> str:
    return "detect-secrets-" + _kebab(name)


def _kebab(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name.removesuffix("Detector"))
    return re.sub(r"\b(git|open|send)-(hub|lab|ai|grid)\b", r"\1\2", words.lower())
