"""The texts of commit and tag objects: who made a tag, and which lines are a signature and no words of anybody."""

from __future__ import annotations

import re

from connectors.detection.batch import Batch, Detection, Window
from connectors.git.authorship import moment, parse_seconds
from connectors.git.exposures import Tag
from connectors.git.names import display
from storage.inventory import CommitPoint, Confidence, Owner, OwnerRole, OwnerSource

_SIGNATURE = re.compile(
    rb"-----BEGIN (?:PGP SIGNATURE|PGP MESSAGE|SSH SIGNATURE|SIGNED MESSAGE)-----\r?\n"
    rb"(?: {0,2}[A-Za-z]{1,20}: [^\n]*\n){0,8}(?: {0,2}\r?\n)?"
    rb"(?P<code>(?: {0,2}[A-Za-z0-9+/=]{1,100}\r?\n)+)"
    rb" {0,2}-----END "
)
"""Armour by RFC 9580, section 6.2, and OpenSSH's PROTOCOL.sshsig; in a commit's header each line begins with a blank.

Only its lines of code are passed over: a comment beside them, or words put between the marks, are scanned as ever.
"""
_NAME = re.compile(rb"^tag ([^\n]+)", re.MULTILINE)
_TAGGER = re.compile(rb"^tagger ([^\n<]*)<([^\n>]*)>(?: (\d+))?", re.MULTILINE)


def in_signature(detection: Detection, batch: Batch, window: Window) -> bool:
    """Say whether a detection lies in the code of a signature, which by chance may look like anything."""
    text = bytes(batch.buffer[window.start : window.end])
    for block in _SIGNATURE.finditer(text):
        first = window.line + text.count(b"\n", 0, block.start("code"))
        last = first + block["code"].count(b"\n") - 1
        if first <= detection.line <= last:
            return True
    return False


def read_tag(batch: Batch, window: Window) -> Tag:
    """Return what a tag object says of itself."""
    header = bytes(batch.buffer[window.start : window.end]).partition(b"\n\n")[0]
    name, tagger = _NAME.search(header), _TAGGER.search(header)
    return Tag(
        name=name[1] if name else b"",
        tagger=_owner(tagger, window.key) if tagger else None,
        made=_point(tagger, window.key) if tagger else None,
    )


def _point(tagger: re.Match[bytes], key: str) -> CommitPoint:
    """Return the tag as what brought its text into the repository."""
    time = moment(parse_seconds(tagger[3] or b""))
    return CommitPoint(
        oid=key.partition(":")[2],
        author_name=display(tagger[1].strip()),
        author_email=display(tagger[2]),
        time=time,
        committer_time=time,
    )


def _owner(tagger: re.Match[bytes], key: str) -> Owner | None:
    name, email = display(tagger[1].strip()), display(tagger[2])
    seconds = parse_seconds(tagger[3] or b"")
    if not name and not email:
        return None
    return Owner(
        name=name or email,
        email=email or None,
        role=OwnerRole.CANDIDATE,
        source=OwnerSource.INTRODUCING_AUTHOR,
        confidence=Confidence.MEDIUM,
        last_activity_time=None if seconds is None else moment(seconds),
        locator=key.partition(":")[2],
    )
