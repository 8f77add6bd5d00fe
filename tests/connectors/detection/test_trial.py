"""Why a value is reported or not: the engine says it, and no value is in what it says."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.catalogue import OwnFormat, shipped_catalogue
from connectors.detection.confirmation import Refusal
from connectors.detection.shapes import samples
from connectors.detection.trial import Places, Trial, Tried
from storage.inventory import Checksum, Confidence, CredentialType

WORDED = OwnFormat(
    id="acme-key",
    name="Acme key",
    vendor="acme",
    type=CredentialType.API_KEY,
    expression="[0-9a-f]{24}",
    literals=(),
    reason="hexadecimal digits only",
    keywords=("acme",),
    minimum_entropy=3.0,
)
TOKEN = samples("{github:ghp_}", 1, 1)[0].decode()
DIGITS = samples("{hex:24}", 1, 1)[0].decode()


@cache
def trial() -> Trial:
    return Trial(shipped_catalogue().tuned([WORDED], ()), matcher="re2")


def tried(text: str) -> Tried:
    return trial().texts({"text": text.encode()}, keywords=True)["text"]


def reported(text: str) -> set[str]:
    return {hit.detector for hit in tried(text).detections}


def refusals(text: str) -> set[tuple[str, Refusal]]:
    return {(one.format.id, one.refusal) for one in tried(text).refused}


def test_what_is_reported_comes_with_confidence_and_checksum() -> None:
    (good,) = tried(f"x = {TOKEN}\n").detections
    (wrong,) = tried(f"x = {TOKEN[:-1]}{'a' if TOKEN[-1] != 'a' else 'b'}\n").detections

    assert (good.confidence, good.checksum) == (Confidence.HIGH, Checksum.VALID)
    assert (wrong.confidence, wrong.checksum) == (Confidence.LOW, Checksum.INVALID)


@pytest.mark.parametrize(
    ("text", "detector", "refusal"),
    [
        (f"x = ghp_{'x' * 36}\n", "github-personal-access-token", Refusal.PLACEHOLDER),
        (f"x = {TOKEN}abc\n", "github-personal-access-token", Refusal.CUT_OUT),
        (f"x = {DIGITS}\n", "acme-key", Refusal.KEYWORD_MISSING),
        ("acme = 0a1b0b1aa01bb10a0ab1b01a\n", "acme-key", Refusal.ENTROPY),
        ("password = changeme\n", "generic-secret-assignment", Refusal.UNBELIEVED),
        (f"token = '{TOKEN}'\n", "generic-secret-assignment", Refusal.OVERLAID),
    ],
)
def test_what_is_dropped_comes_with_the_reason(text: str, detector: str, refusal: Refusal) -> None:
    assert (detector, refusal) in refusals(text)
    assert detector not in reported(text)


def test_what_is_overlaid_names_the_format_that_claims_the_bytes() -> None:
    found = {one.format.id: one.by for one in tried(f"token = '{TOKEN}'\n").refused}

    assert found["generic-secret-assignment"] == "github-personal-access-token"


def test_a_public_id_is_told_with_its_secret() -> None:
    key, secret = samples("{aws-key-id:AKIA}", 1, 1)[0].decode(), samples("{base64:40}", 1, 1)[0].decode()

    assert ("aws-access-key-id", Refusal.PAIRED) in refusals(f"{key},{secret}\n")


def test_a_keyword_beside_it_makes_it_found() -> None:
    assert "acme-key" in reported(f"acme: {DIGITS}\n")
    assert ("acme-key", Refusal.KEYWORD_MISSING) not in refusals(f"acme: {DIGITS}\n")


def test_every_line_is_looked_at_for_what_lacks_a_keyword() -> None:
    text = "nothing here\n" * 30_000 + f"x = {DIGITS}"

    (found,) = tried(text).refused

    assert (found.refusal, found.offset) == (Refusal.KEYWORD_MISSING, len(text) - len(DIGITS))


def test_texts_are_kept_apart_and_forgotten() -> None:
    one = trial().texts({"a": f"{TOKEN}x".encode(), "b": b"nothing"})

    assert [Refusal.CUT_OUT] == [each.refusal for each in one["a"].refused]
    assert () == one["b"].refused
    assert () == tried("nothing").refused


def test_no_value_is_in_what_is_told() -> None:
    text = f"token = '{TOKEN}'\n{TOKEN}x {DIGITS}\npassword = {DIGITS[:9]}-{DIGITS[9:]}\n"

    told = repr(tried(text)) + msgspec.json.encode([one.preview for one in tried(text).refused]).decode()

    for value in (TOKEN, DIGITS, DIGITS[:9]):
        assert value not in told


def test_places_are_counted_in_lines_and_characters() -> None:
    places = Places("erste\nzwölf x\n".encode() + b"\xff\xfe x")

    assert (1, 1) == places.of(0)
    assert (2, 7) == places.of("erste\nzwölf ".encode().__len__())
    assert (3, 4) == places.of("erste\nzwölf x\n".encode().__len__() + 3)


@given(st.binary(max_size=200))
def test_any_text_is_told_of(text: bytes) -> None:
    found = trial().texts({"text": text}, keywords=True)["text"]

    assert all(0 <= one.offset < len(text) for one in found.refused if not one.decoded)
