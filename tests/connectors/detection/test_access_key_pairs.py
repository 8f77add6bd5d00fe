"""An AWS secret is paired with its id, and no other vendor's key is taken for one because an id stands near."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.detection.access_key_pairs import SECRET_ID
from connectors.detection.batch import Batch, Detection, Window
from connectors.detection.catalogue import Catalogue, shipped_catalogue
from connectors.detection.detect_secrets_adapter import plugin_identifiers
from connectors.detection.detector import BUILT_IN, Detector
from connectors.detection.shapes import samples
from connectors.fingerprint import KeyedFingerprinter
from tests.compiled import compiled_patterns

FINGERPRINTER = KeyedFingerprinter([("0badcafe", b"k" * 32)])
FAMILIES = ("aws-access-key-id", SECRET_ID, "datadog", "cloudflare-api", "heroku")
KEY, OTHER_KEY = (one.decode() for one in samples("{aws-key-id:AKIA}", 2, 2))
SECRET, FOREIGN = (one.decode() for one in samples("{base64:40}", 2, 2))
HEX, ALNUM = samples("{hex:40}", 2, 1)[0].decode(), samples("{alnum:40}", 2, 1)[0].decode()


def plain(letters: int) -> str:
    """Return 40 characters of so many letters, all equally often: log2 of that many bits a character."""
    chance = random.Random(letters)
    alphabet = chance.sample("abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789", letters)
    value = [alphabet[number % letters] for number in range(40)]
    chance.shuffle(value)
    return "".join(value)


PLAIN = [plain(letters) for letters in (11, 12, 13, 14, 15)]


def make_detector(matcher: str = "re") -> Detector:
    return Detector(catalogue(), FINGERPRINTER, matcher=matcher, cache_directory=compiled_patterns())


@cache
def catalogue() -> Catalogue:
    return Catalogue(tuple(one for one in shipped_catalogue().formats if any(name in one.id for name in FAMILIES)))


@cache
def detector() -> Detector:
    return make_detector("hyperscan")


def scan(text: str) -> list[Detection]:
    content = text.encode()
    return list(detector().detect(Batch(content, [Window("object", 0, len(content))])))


def scan_apart(texts: Sequence[bytes], one: Detector) -> list[list[Detection]]:
    return [list(one.detect(Batch(text, [Window("object", 0, len(text))]))) for text in texts]


@pytest.mark.parametrize(
    "line",
    [f"DATADOG_APP_KEY={HEX}", f"CLOUDFLARE_API_TOKEN={ALNUM}", f"api_token = '{HEX}'", f"password: '{HEX}'"],
    ids=["Datadog", "Cloudflare", "a hexadecimal token", "a hexadecimal password"],
)
@pytest.mark.parametrize("form", ["{key}\n{line}\n", "{line}\n{key}\n", "id={key}; {line}\n"])
def test_a_foreign_neighbour_stays_what_it_is(line: str, form: str) -> None:
    alone, beside = scan(line + "\n"), scan(form.format(key=KEY, line=line))

    assert alone
    assert {one.detector for one in beside} == {*(one.detector for one in alone), "aws-access-key-id"}
    secret = [(one.vendor, one.confidence, one.tags) for one in beside if not one.reference]
    assert secret == [(one.vendor, one.confidence, one.tags) for one in alone]
    assert not [one for one in beside if not one.reference and "access_key_id" in one.public_identifiers]


@pytest.mark.parametrize("value", [HEX, *PLAIN[:3]], ids=["hexadecimal", "11", "12", "13"])
def test_an_id_stays_where_what_stands_beside_it_is_no_secret(value: str) -> None:
    assert "aws-access-key-id" in {one.detector for one in scan(f"{KEY},{value}\n")}
    assert SECRET_ID not in {one.detector for one in scan(f"{KEY},{value}\n")}


@pytest.mark.parametrize("value", PLAIN[:3], ids=["11", "12", "13"])
def test_what_is_too_plain_for_aws_is_still_reported_as_what_it_was(value: str) -> None:
    line = f"api_token = '{value}'\n"
    alone = [one.detector for one in scan(line)]
    assert [one.detector for one in scan(f"{KEY}\n{line}")] == ["aws-access-key-id", *alone]


def test_a_value_of_a_telling_name_alone_is_paired() -> None:
    (found,) = scan(f"key = {KEY}\npassword = '{SECRET}'\n")
    assert (found.detector, found.public_identifiers["access_key_id"]) == (SECRET_ID, KEY)


def test_each_secret_has_the_nearest_id() -> None:
    text = f"[a]\naws_access_key_id={KEY}\naws_secret_access_key={SECRET}\n\n"
    text += f"[b]\naws_access_key_id={OTHER_KEY}\naws_secret_access_key={FOREIGN}\n"
    assert [one.public_identifiers["access_key_id"] for one in scan(text)] == [KEY, OTHER_KEY]


def test_each_id_of_an_engine_names_one_format() -> None:
    """What is known of a value is remembered by the format's id."""
    ids = [*(one.id for one in shipped_catalogue().formats), *(one.id for one in BUILT_IN), *plugin_identifiers()]
    assert len(ids) == len(set(ids))


PIECES = st.sampled_from(
    [
        *(KEY, OTHER_KEY, SECRET, FOREIGN, HEX, ALNUM, *PLAIN),
        *("aws_secret_access_key=", "api_token = ", "password: ", "DATADOG_APP_KEY=", "CLOUDFLARE_API_TOKEN="),
        *("\n", "\n", ",", '"', "'", " ", ": ", "=", "x" * 600),
    ]
)
TEXTS = st.lists(st.lists(PIECES, max_size=10).map(lambda pieces: "".join(pieces).encode()), min_size=2, max_size=4)


@given(TEXTS)
@example([f"{KEY},{PLAIN[2]}\n".encode(), f"aws_secret_access_key={PLAIN[2]}\n".encode()])
def test_what_was_read_before_changes_nothing(texts: list[bytes]) -> None:
    onwards = scan_apart(texts, make_detector())
    assert onwards == scan_apart(texts[::-1], make_detector())[::-1]
    assert onwards == scan_apart(texts, detector())


@given(st.lists(PIECES, max_size=14).map("".join))
def test_no_value_is_lost_and_none_overlaps(text: str) -> None:
    found = scan(text)
    assert all(one.offset + one.length <= other.offset for one, other in pairwise(found))
    told = " ".join(repr(one.public_identifiers) for one in found)
    assert all(key in told for key in (KEY, OTHER_KEY) if f"\n{key}\n" in f"\n{text}\n")
