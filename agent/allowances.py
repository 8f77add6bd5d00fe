"""How the entries of the allow-list are told to a person: by number, what they are about, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from storage.inventory import Allowance, Policy

_SHOWN = 20
"""Characters of a fingerprint that tell which one is meant."""


def expired_sentences(policy: Policy, as_of: datetime) -> Iterator[tuple[int, str]]:
    """Yield number (from 0) and sentence for each entry of the allow-list that has expired at a moment."""
    for at, entry in enumerate(policy.allow_list):
        if not entry.holds(as_of):
            day = entry.expiration_time.date().isoformat()
            yield at, f"{entry_name(at, entry)} expired on {day} and no longer applies: {entry.reason}"


def entry_name(at: int, entry: Allowance) -> str:
    """How an entry of the allow-list is called: by its number, from 1, and what it is about."""
    about = (
        ("repository", "" if entry.repository == "*" else entry.repository),
        ("path", "" if entry.path == "**" else entry.path),
        ("detector", "" if entry.detector == "*" else entry.detector),
        ("fingerprint", (entry.fingerprint or "")[:_SHOWN]),
    )
    return f"entry {at + 1} of the allow-list ({', '.join(f'{name} {text}' for name, text in about if text)})"


def unknown_keys(entries: Iterable[Allowance], kids: Iterable[str], as_of: datetime) -> Iterator[str]:
    """Yield a sentence for each entry that names a value by a key which the ring does not hold: it covers nothing."""
    held = set(kids)
    for at, entry in enumerate(entries):
        kid = entry.fingerprint.split(":")[1] if entry.fingerprint else None
        if kid is not None and kid not in held and entry.holds(as_of):
            yield f"{entry_name(at, entry)} covers nothing: the key file does not hold the key {kid}"
