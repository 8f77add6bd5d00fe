"""Of several detections: which are of one value, and which of them tells most of it."""

from __future__ import annotations

import hashlib

from connectors.detection.batch import Detection


def identity_of(detection: Detection) -> str:
    """Return by what a value is found again: its tag, or for a public identifier the identifier itself."""
    if not detection.reference and detection.tags:
        return detection.tags[0]
    facts = "\0".join(f"{name}={fact}" for name, fact in sorted(detection.public_identifiers.items()))
    return "reference:" + hashlib.sha256(f"{detection.vendor}\0{detection.detector}\0{facts}".encode()).hexdigest()


def describes_better(detection: Detection, known: Detection) -> bool:
    """Whether it tells more. What stands beside a value differs by place, and the order of reading must not decide."""
    ranks = (_rank(detection), _rank(known))
    if ranks[0] != ranks[1]:
        return ranks[0] > ranks[1]
    return sorted(detection.public_identifiers.items()) < sorted(known.public_identifiers.items())


def _rank(detection: Detection) -> tuple[int, int, int]:
    return (detection.confidence.rank, detection.severity.rank, len(detection.public_identifiers))
