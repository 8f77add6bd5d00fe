"""No input makes the engine slow: cost grows with the length of the input, whatever the input is.

Times are compared with each other, not with the clock: eight times the input may cost at most 24 times as much, where
a quadratic expression would cost 64 times. Caps on lines and blocks make that hold for every expression; both inputs
are longer than the caps, since below them a line is read once and above them thrice.
"""

from __future__ import annotations

import time
from functools import cache

import pytest

from connectors.detection.batch import Batch, Window
from connectors.detection.catalogue import shipped_catalogue
from connectors.detection.detector import Detector
from connectors.fingerprint import KeyedFingerprinter
from tests.compiled import compiled_patterns


@cache
def detector() -> Detector:
    return Detector(
        shipped_catalogue(), KeyedFingerprinter([("0badcafe", b"k" * 32)]), cache_directory=compiled_patterns()
    )


def cost(text: bytes) -> float:
    one = detector()
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        for _ in one.detect(Batch(text, [Window("object", 0, len(text))])):
            pass
        best = min(best, time.process_time() - begun)
    return best


LITERALS = sorted(
    {literal.encode() for entry in shipped_catalogue().formats for literal in entry.literals if len(literal) >= 3}
)
PUMPS = [
    b'"key"' + b" " * 60,
    b"password" + b" " * 30,
    b"password:" * 3,
    b'password="',
    b"token=a=",
    b"://a:b",
    b"://" + b":" * 20,
    b"eyJ" + b"a" * 20 + b".",
    b"-----BEGIN PRIVATE KEY-----",
    b"-----BEGIN RSA PRIVATE KEY-----\n",
    b"secret'\"`]" * 2,
    b"AccountKey=",
    b"aws" + b"'" * 10,
    b"a" * 50,
    b"0" * 50,
    b"ibm_cloud_api_key" + b" " * 20,
    b'"auth": "',
    b"\\u0022",
    b"\0a",
    b"x.y." * 10,
    b'{"kty":"RSA",',
    b"${{<%" * 4,
]


@pytest.mark.parametrize("pump", PUMPS, ids=[str(number) for number in range(len(PUMPS))])
@pytest.mark.parametrize("separator", [b"", b"\n"], ids=["line", "lines"])
def test_pumped_input(pump: bytes, separator: bytes) -> None:
    piece = pump + separator
    small, large = piece * (16_384 // len(piece)), piece * (131_072 // len(piece))
    assert cost(large) <= max(24 * cost(small), 0.5)


def test_the_literals_of_every_format_in_a_row() -> None:
    text = b" ".join(LITERALS)
    assert cost(text * 16) <= max(24 * cost(text * 2), 0.5)
    assert cost(b"".join(LITERALS) * 16) <= max(24 * cost(b"".join(LITERALS) * 2), 0.5)
