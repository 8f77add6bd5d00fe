"""Passwords in URLs: `scheme://user:password@host`, whatever the scheme."""

from __future__ import annotations

import re

from connectors.detection import heuristics
from connectors.detection.catalogue import Format
from connectors.detection.entropy import looks_worded, monotonous_share
from connectors.detection.placeholders import holds_template, is_placeholder
from connectors.detection.wording import strangeness
from storage.inventory import Confidence, CredentialType, Severity

URL_CREDENTIALS = Format(
    id="url-credentials",
    name="Password in a URL",
    vendor="generic",
    type=CredentialType.PASSWORD,
    expression=r"""://[^\s:@/"'<>`\\]{0,128}:(?P<value>[^\s@/"'<>`\\]{3,128})@[A-Za-z0-9\[]""",
    literals=("://",),
    identifiers="url",
    boundary=False,
    confidence=Confidence.MEDIUM,
    severity=Severity.HIGH,
    priority=40,
    remediation="Change the password at the host the URL names, and take it out of the URL.",
)

_LIKELY = 0.5
"""Bits of strangeness (see `wording`) from which on a password is no word."""
_USUAL = re.compile(
    rb"(?i)(?:pass(?:word|wd|w0rd|phrase)?|pwd|pw|secret|admin|root|test|user(?:name)?|guest|demo|foo|bar|baz|token|key|my|the|postgres(?:ql)?|mysql"
    rb"|mongo(?:db)?|redis|rabbit(?:mq)?|docker|dev|local|git|github|api|o?auth|basic|port|host|login|example|abc|scott|tiger|x+|\*+|\.+|hunter2?|[\d\W_]+)+\Z"
)
_EXAMPLE_HOST = re.compile(
    rb"(?i)@(?:[\w.-]*\.)?(?:example|test|invalid|local|localdomain)(?:\.(?:com|org|net))?(?![\w.-])|@(?:host|hostname|server|domain|proxy)(?![\w])"
)
_LOCAL_HOST = re.compile(
    rb"(?i)@(?:localhost|127\.|0\.0\.0\.0|\[::1\]|(?:db|database|postgres|mysql|redis|mongo|rabbitmq)(?![\w.-]))"
)


def judge_url_password(password: bytes, following: bytes) -> Confidence | None:
    """How sure it is that a URL's password is one; `following` is the text from the at sign on."""
    text = password.decode("latin-1")
    if holds_template(password) or is_placeholder(password) or password[:1] in b"$%{<[(" or _USUAL.match(password):
        return None
    if password.isdigit() or monotonous_share(password) >= 0.5 or heuristics.is_sequential(text):
        return None
    if _EXAMPLE_HOST.match(following):
        return None if looks_worded(password) or len(password) < 12 else Confidence.LOW
    if len(password) >= 4 and strangeness(password) >= _LIKELY:
        return Confidence.MEDIUM
    if len(password) < 6 or looks_worded(password) or (len(password) < 12 and _LOCAL_HOST.match(following)):
        return Confidence.LOW if len(password) >= 4 else None
    return Confidence.MEDIUM
