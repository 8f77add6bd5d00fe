"""Whether a pipeline file holds a value itself where a slot would be expected.

Only what a name promises to be secret is judged, and only text that could be a secret: what is filled in when the
pipeline runs, the well-known words of throw-away services, examples and names of other things are none.
"""

from __future__ import annotations

import re

from connectors.detection.placeholders import holds_template, is_placeholder
from connectors.detection.telling_names import PUBLIC, describes, is_strong

_LONGEST = 4096
_SHORTEST = 4
_ABOUT = re.compile(r"(?i)(?:variable|var|env|cred(?:ential)?s?|expiry|enabled|rotation|secrets|tokens)\Z")
"""Ends of names that tell about a secret, or name where it is kept."""
_WORDS = """
admin circleci default guest mysql none null pass password postgres postgresql rabbitmq read root secret test testing
token true false user write minio minioadmin inherit auto dummy fake redis plain file string
"""
_WELL_KNOWN = frozenset(_WORDS.split())
"""Words that open throw-away services, and settings that are no values."""
_ELSEWHERE = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://|arn:|projects/|/|\./|~/|secret/|kv/|ssm:|vault:|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\Z)"
)
"""Values that say where a secret is: an address, a path, the name of a variable."""
_FILLED_IN = re.compile(r"[$`]|\{\{|<<|%[A-Za-z_]\w*%|\$\(|\s|\0")
_IN_AN_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,30}://[^\s/:@]{0,128}:([^\s/@]{1,256})@")


def promises_a_secret(name: str) -> bool:
    """Whether a name says that its value is a secret: `API_TOKEN`, not `TOKEN_URL`."""
    plain = name.encode(errors="replace")
    return is_strong(plain) and not describes(plain) and not PUBLIC.search(plain) and not _ABOUT.search(name)


def could_be_a_secret(text: str) -> bool:
    """Whether a text could be a secret, and is not filled in, an example, a well-known word or a place."""
    value = text.strip()
    if not _SHORTEST <= len(value) <= _LONGEST or value.lower() in _WELL_KNOWN or value.isdigit():
        return False
    raw = value.encode(errors="replace")
    return not (_FILLED_IN.search(value) or _ELSEWHERE.match(value) or holds_template(raw) or is_placeholder(raw))


def is_hard_coded(name: str, text: str) -> bool:
    """Whether a setting of this name and text holds a secret in the file itself; an address may carry one anywhere."""
    within = _IN_AN_ADDRESS.match(text[:_LONGEST].strip())
    if within is not None:
        return could_be_a_secret(within[1])
    return promises_a_secret(name) and could_be_a_secret(text)
