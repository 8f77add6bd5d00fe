"""AWS access key ids and the secrets that belong to them: an id alone is a reference, with its secret one exposure.

The secret is 40 characters of base 64 without any prefix. Near its id it needs no other mark: credentials files, the
console's CSV download and SDK calls all put the two side by side. But other vendors' keys have 40 characters too and
stand in the same files, so only what nothing else claims to know is taken for it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from connectors.detection.assignments import GENERIC
from connectors.detection.batch import Window
from connectors.detection.confirmation import Candidate
from connectors.detection.judgement import Judged
from connectors.detection.matcher import Text
from connectors.detection.named_above import NAMED_ABOVE

SECRET_ID = "aws-secret-access-key"
"""The format in the catalogue that secrets are told as, and without which nothing is paired."""
_VENDOR = "aws"
_NEAR_BYTES = 512
_SECRET_FORM = re.compile(rb"[A-Za-z0-9/+]{40}")
_HEX = re.compile(rb"[0-9A-Fa-f]{40}")
_BESIDE = re.compile(rb"[\"'`]?\s{0,4}[,:;|=\t ]\s{0,4}[\"'`]?(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])")

Judge = Callable[[int, int, bytes], Judged]
"""Judges what stands from one place to another as an AWS secret."""


def with_pairs(buffer: Text, window: Window, kept: list[Judged], judge: Judge) -> list[Judged]:
    """Give each AWS secret the id it stands near; an id that found its secret is no row of its own.

    What is kept does not overlap and comes by ascending place, and so does what is returned.
    """
    ids = [one for one in kept if one.candidate.format.reference and "access_key_id" in one.public]
    if not ids:
        return kept
    beside = list(_secrets_beside(buffer, window, ids, kept, judge))
    starts = [one.candidate.start for one in ids]
    paired: set[int] = set()
    for one in (*kept, *beside):
        near = _nearest(ids, starts, one.candidate)
        if _distance(near.candidate, one.candidate) > _NEAR_BYTES or not _become_secret(one, judge):
            continue
        one.public = one.public | near.public
        paired.add(near.candidate.start)
    left = [one for one in (*kept, *beside) if not (one.candidate.format.reference and one.candidate.start in paired)]
    return sorted(left, key=lambda one: one.candidate.start)


def _secrets_beside(
    buffer: Text, window: Window, ids: Sequence[Judged], kept: Sequence[Judged], judge: Judge
) -> Iterator[Judged]:
    """Yield what stands directly behind an id and was found by nothing else."""
    starts = [one.candidate.start for one in kept]
    for one in ids:
        end = one.candidate.end
        match = _BESIDE.match(bytes(buffer[end : min(window.end, end + 64)]))
        if match is None or _HEX.fullmatch(match["value"]):
            continue
        start, stop = end + match.start("value"), end + match.end("value")
        before = kept[bisect_left(starts, stop) - 1]
        if before.candidate.end <= start:
            found = judge(start, stop, match["value"])
            if not found.verdict.dropped:
                yield found


def _become_secret(one: Judged, judge: Judge) -> bool:
    """Whether a value is an AWS secret; one of which nobody knew whose it is becomes one."""
    candidate = one.candidate
    if candidate.format.reference or not _SECRET_FORM.fullmatch(candidate.value):
        return False
    if candidate.format.vendor == _VENDOR:
        return True
    if not _is_anybodys(candidate) or _HEX.fullmatch(candidate.value):
        return False
    judged = judge(candidate.start, candidate.end, candidate.value)
    if judged.verdict.dropped:
        return False
    one.candidate, one.verdict = judged.candidate, judged.verdict
    return True


def _is_anybodys(candidate: Candidate) -> bool:
    """Whether a value was found by its name or its randomness alone."""
    if candidate.plugin:
        return candidate.format.vendor == GENERIC.vendor
    return candidate.format is GENERIC or candidate.format in NAMED_ABOVE


def _nearest(ids: Sequence[Judged], starts: Sequence[int], candidate: Candidate) -> Judged:
    """Return the nearest of the ids, which do not overlap: the one before or the one behind; of two the first."""
    index = bisect_left(starts, candidate.start)
    around = ids[max(0, index - 1) : index + 1]
    return min(around, key=lambda one: (_distance(one.candidate, candidate), one.candidate.start))


def _distance(one: Candidate, other: Candidate) -> int:
    return max(one.start - other.end, other.start - one.end)
