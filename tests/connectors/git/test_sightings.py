"""What describes a value that stands in many objects goes by what they say, and not by which was read first."""

from __future__ import annotations

from itertools import permutations

from connectors.base import Limits
from connectors.detection.batch import Detection
from connectors.git.sightings import Sightings
from storage.inventory import Checksum, Confidence, CredentialType, Place, Severity


def a_detection(key: str, **identifiers: str) -> Detection:
    return Detection(
        key=key,
        offset=0,
        length=8,
        line=1,
        column=1,
        detector="generic-secret-assignment",
        name="Secret",
        vendor="generic",
        type=CredentialType.PASSWORD,
        severity=Severity.HIGH,
        confidence=Confidence.MEDIUM,
        checksum=Checksum.ABSENT,
        preview="****",
        tags=("v1:0badcafe:1",),
        public_identifiers=identifiers,
    )


def test_the_order_of_reading_does_not_decide_what_is_told_beside_a_value() -> None:
    detections = [
        a_detection("a", host="b.corp.net"),
        a_detection("b", host="a.corp.net", user="shop_app"),
        a_detection("c", host="b.corp.net", user="anna"),
    ]
    told = set()
    for order in permutations(detections):
        sightings = Sightings(Limits())
        for one in order:
            sightings.add(one, Place.BLOB)
        (value,) = sightings.values
        told.add(tuple(sorted(value.best.public_identifiers.items())))
    assert told == {(("host", "a.corp.net"), ("user", "shop_app"))}
