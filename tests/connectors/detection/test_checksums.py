"""Checksums hold for what has them, break with one wrong character, and stay silent about what has none."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.checksums import CHECKSUMS
from connectors.detection.shapes import samples
from storage.inventory import Checksum


def broken(value: bytes, at: int) -> bytes:
    """The value with one character replaced by another of its alphabet."""
    other = b"A" if value[at : at + 1] != b"A" else b"B"
    return value[:at] + other + value[at + 1 :]


@pytest.mark.parametrize(
    ("name", "shape", "at"),
    [
        ("github", "{github:ghp_}", 10),
        ("github", "{github:ghs_}", -1),
        ("npm", "{npm:npm_}", 12),
        ("pypi-macaroon", "{pypi:pypi-}", 5),
        ("jwt", "{jwt}", 0),
        ("base58check", "{base58check:80:32}", 9),
    ],
)
def test_one_wrong_character_is_noticed(name: str, shape: str, at: int) -> None:
    for value in samples(shape, 5, 5):
        assert CHECKSUMS[name](value) is Checksum.VALID
        assert CHECKSUMS[name](broken(value, at % len(value))) is Checksum.INVALID


def test_a_key_that_does_not_parse_is_vouched_for_no_longer() -> None:
    for value in samples("{pem:ec}", 5, 5):
        assert CHECKSUMS["pem"](value) is Checksum.VALID
        assert CHECKSUMS["pem"](broken(value, 40)) is Checksum.ABSENT


def test_what_does_not_even_begin_like_a_key_is_none() -> None:
    for value in samples("{pem:ec}", 5, 5):
        first = value.index(b"\n") + 1
        assert CHECKSUMS["pem"](broken(value, first)) is Checksum.INVALID


def test_npm_counts_whether_or_not_the_prefix_is_covered() -> None:
    from connectors.detection.checksums import crc32_base62

    body = b"npm_" + samples("{base62:30}", 2, 1)[0]
    assert CHECKSUMS["npm"](body + crc32_base62(body)) is Checksum.VALID


@pytest.mark.parametrize("value", [b"github_pat_" + b"a" * 82, b"ghs_1234_" + b"x" * 60, b""])
def test_variants_without_a_documented_checksum_are_left_alone(value: bytes) -> None:
    assert CHECKSUMS["github"](value) is Checksum.ABSENT


@given(st.sampled_from(sorted(CHECKSUMS)), st.binary(max_size=300))
def test_any_bytes_get_an_answer(name: str, value: bytes) -> None:
    assert CHECKSUMS[name](value) in set(Checksum)


@given(st.sampled_from(["jwt"]), st.integers(1, 60_000))
def test_deeply_nested_headers_are_refused(name: str, depth: int) -> None:
    import base64

    value = base64.urlsafe_b64encode(b"[" * depth)
    assert CHECKSUMS[name](value) is Checksum.INVALID


def test_a_json_web_token_without_a_registered_claim_may_be_a_sample() -> None:
    def token(claims: dict[str, str]) -> bytes:
        parts = (json.dumps(one).encode() for one in ({"alg": "HS256"}, claims))
        return b".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts), b"c2lnbmF0dXJl"])

    assert CHECKSUMS["jwt"](token({"iss": "https://issuer.example"})) is Checksum.VALID
    assert CHECKSUMS["jwt"](token({"some": "payload"})) is Checksum.ABSENT
    assert CHECKSUMS["jwt"](b"e30.e30.c2lnbmF0dXJl") is Checksum.INVALID


def test_a_seed_of_nats_carries_its_checksum() -> None:
    (seed,) = samples("{nkey:SU}", 3, 1)

    assert CHECKSUMS["nkey"](seed) is Checksum.VALID
    assert CHECKSUMS["nkey"](seed[:10] + (b"A" if seed[10:11] != b"A" else b"B") + seed[11:]) is Checksum.INVALID
    assert CHECKSUMS["nkey"](b"S1") is Checksum.INVALID
