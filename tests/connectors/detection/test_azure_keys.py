"""Checksums of Azure's keys: what Microsoft publishes as an example holds, and one wrong character is noticed.

The examples are those of the tests of github.com/microsoft/security-utilities and github.com/microsoft/SymCrypt. They
are put together here: their random part is one repeated letter.
"""

from __future__ import annotations

import base64
import random
from functools import cache

import pytest

from connectors.detection.azure_keys import (
    DEVOPS_PLACES,
    FAMILIES,
    annotated_checksums,
    devops_checksum,
    entra_checksum,
    marvin32,
    seed_of,
)  # fmt: skip
from connectors.detection.batch import Batch, Detection, Window
from connectors.detection.catalogue import shipped_catalogue
from connectors.detection.checksums import CHECKSUMS
from connectors.detection.detector import Detector
from connectors.detection.shapes import ShapeError, samples
from storage.inventory import Checksum, Confidence
from tests.compiled import compiled_patterns

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Tagger:
    """Tags with nothing: tests need no key."""

    def tags(self, _value: bytes) -> tuple[str, ...]:
        return ("tag",)


@cache
def detector() -> Detector:
    return Detector(shipped_catalogue(), Tagger(), cache_directory=compiled_patterns())


def detected(text: bytes) -> list[Detection]:
    return list(detector().detect(Batch(text, [Window("text", 0, len(text))])))


def broken(value: bytes, at: int) -> bytes:
    """The value with one letter or digit replaced by the next of its kind."""
    other = ALPHABET[(ALPHABET.index(value[at]) + 4) % len(ALPHABET)]
    return value[:at] + bytes([other]) + value[at + 1 :]


def folded(whole: int) -> bytes:
    """The eight bytes that are published for Marvin, halves joined as keys join them."""
    return ((whole >> 32) ^ (whole & 0xFFFFFFFF)).to_bytes(4, "little")


@pytest.mark.parametrize(
    ("payload", "seed", "whole"),
    [
        (b"abc", 0xD53CD9CECD0893B7, 0x22C74339492769BF),
        (b"abcdefghijklmnopqrstuvwxyz", 0xDDDDEEEEFFFF000, 0xA128EB7E7260ACA2),
        (b"", 0x004FB61A001BDBCC, 0x30ED35C100CD3C7D),
        (b"\xaf", 0x004FB61A001BDBCC, 0x48E73FC77D75DDC1),
        (b"\xe7\x0f", 0x004FB61A001BDBCC, 0xB5F6E1FC485DBFF8),
        (b"\x37\xf4\x95", 0x004FB61A001BDBCC, 0xF0B07C789B8CF7E8),
        (b"\x86\x42\xdc\x59", 0x804FB61A001BDBCC, 0x36289D9654FB49F6),
        (b"\x15\x3f\xb7\x98\x26", 0x804FB61A001BDBCC, 0x0A06114B13464DBD),
    ],
)
def test_marvin_is_that_of_the_published_vectors(payload: bytes, seed: int, whole: int) -> None:
    assert folded(whole) == marvin32(payload, seed)


def test_a_seed_is_the_name_of_a_kind() -> None:
    assert seed_of(b"ROSeed00") == 0x524F536565643030


@pytest.mark.parametrize(
    ("letter", "mark", "tail"),
    [
        (b"a", b"+ARm", b"D7h+qo="),
        (b"a", b"+AEh", b"G2s/8w="),
        (b"a", b"+ASb", b"HpHeAI="),
        (b"a", b"AIoT", b"Oumzco="),
        (b"b", b"AZEG", b"LiQbng="),
        (b"a", b"AzSe", b"CjhzCu"),
        (b"d", b"+ACR", b"CUDxQE"),
        (b"d", b"AzFu", b"182vhA=="),
        (b"a", b"+ASt", b"5mnCaw=="),
        (b"a", b"ACDb", b"OpqrYA=="),
        (b"a", b"+ABa", b"13FZVQ=="),
        (b"a", b"+AMC", b"FNqWyA=="),
        (b"a", b"APIM", b"HbKhsQ=="),
    ],
)
def test_published_examples_of_identifiable_keys_hold(letter: bytes, mark: bytes, tail: bytes) -> None:
    whole = -(-FAMILIES[mark].length // 3) * 4 if b"=" in tail else FAMILIES[mark].length * 4 // 3
    key = letter * (whole - len(mark) - len(tail)) + mark + tail

    assert CHECKSUMS["azure-identifiable"](key) is Checksum.VALID
    assert CHECKSUMS["azure-identifiable"](key.rstrip(b"=")) is Checksum.VALID
    wrong = Checksum.INVALID if mark != b"APIM" else Checksum.ABSENT
    assert CHECKSUMS["azure-identifiable"](broken(key, 5)) is wrong


@pytest.mark.parametrize("mark", sorted(FAMILIES))
def test_one_wrong_character_of_an_identifiable_key_is_noticed(mark: bytes) -> None:
    check = CHECKSUMS["azure-identifiable"]
    wrong = {b"APIM": {Checksum.ABSENT}, b"AzCa": {Checksum.ABSENT, Checksum.INVALID}}.get(mark, {Checksum.INVALID})
    for key in samples("{azure-key:" + mark.decode() + "}", 5, 10):
        assert check(key) is Checksum.VALID
        assert check(broken(key, 7)) in wrong
        assert check(broken(key, len(key.rstrip(b"=")) - 5)) in wrong


def test_what_is_no_base64_that_anybody_writes_is_no_identifiable_key() -> None:
    (key,) = samples("{azure-key:ACDb}", 1, 1)
    last = key.rstrip(b"=")[-1:]

    assert last in b"AQgw"
    assert CHECKSUMS["azure-identifiable"](key.rstrip(b"=")[:-1] + bytes([last[0] + 1]) + b"==") is Checksum.INVALID
    assert CHECKSUMS["azure-identifiable"](b"!" + key[1:]) is Checksum.INVALID


def test_an_unknown_mark_or_another_length_is_not_judged() -> None:
    (key,) = samples("{azure-key:ACDb}", 1, 1)

    assert CHECKSUMS["azure-identifiable"](key.replace(b"ACDb", b"ACDc")) is Checksum.ABSENT
    assert CHECKSUMS["azure-identifiable"](key[4:]) is Checksum.ABSENT


def redis_key(number: int, *, signs: bool) -> bytes:
    """A key of Redis whose head holds neither `P` nor `F`, with or without signs in its checksum."""
    chance = random.Random(number)
    while True:
        head = base64.b64encode(chance.randbytes(27))[:33] + b"AzCa"
        if set(head) & set(b"PF+/"):
            continue
        payload = base64.b64decode(head + b"AAA")[:28]
        key = base64.b64encode(payload + marvin32(payload, seed_of(b"Access00")))
        if signs == bool(set(key) & set(b"+/")) and not set(key) & set(b"PF"):
            return key


def test_redis_writes_letters_for_the_signs_of_a_checksum() -> None:
    check = CHECKSUMS["azure-identifiable"]
    plain, signed = redis_key(1, signs=False), redis_key(2, signs=True)

    assert check(plain) is Checksum.VALID
    assert check(signed) is Checksum.VALID
    assert check(signed.translate(bytes.maketrans(b"+/", b"PF"))) is Checksum.VALID
    assert check(broken(plain, 3).translate(bytes.maketrans(b"PF", b"QG"))) is Checksum.INVALID
    assert check(b"P" + plain[1:]) is Checksum.ABSENT


@pytest.mark.parametrize(
    ("digit", "checksum"), [(b"6", b"rS9sdA"), (b"7", b"SHua5Q"), (b"8", b"T8jEyQ"), (b"H", b"03MlUA")]
)
def test_published_examples_of_annotated_keys_hold_by_the_seed_they_were_made_with(
    digit: bytes, checksum: bytes
) -> None:
    """They are older than the seed of today, and were made with 1; how a checksum is taken and written is the same."""
    payload = base64.b64decode(digit * 52 + b"JQQJ" + b"99AE" + b"A" * 16 + b"AZFU")

    assert checksum in annotated_checksums(payload, 1)


def test_base_62_is_filled_up_on_the_right_and_passes_through_base64() -> None:
    for number in range(2000):
        kept, whole, plain = annotated_checksums(number.to_bytes(60, "big"), 7)
        assert len(kept) == len(whole) == len(plain) == 6
        assert kept[:5] == whole[:5]
        assert kept[5:] in {b"A", b"Q", b"g", b"w"}


@pytest.mark.parametrize("shape", ["{azure-annotated-key:ACOG}", "{azure-annotated-key:msql:long}"])
def test_one_wrong_character_of_an_annotated_key_is_noticed(shape: str) -> None:
    check = CHECKSUMS["azure-annotated"]
    for key in samples(shape, 5, 10):
        assert len(key) == (88 if "long" in shape else 84)
        assert check(key) is Checksum.VALID
        assert check(broken(key, 7)) is Checksum.INVALID
        assert check(broken(key, 81)) is Checksum.INVALID
        assert check(key[:59] + b"M" + key[60:]) is Checksum.INVALID


def test_an_annotated_key_may_carry_its_checksum_in_base64_as_the_first_did() -> None:
    (key,) = samples("{azure-annotated-key:AZAC}", 5, 1)
    checksum = base64.b64encode(marvin32(base64.b64decode(key[:80]), seed_of(b"Default0")))

    assert CHECKSUMS["azure-annotated"](key[:80] + checksum[:4]) is Checksum.VALID
    assert CHECKSUMS["azure-annotated"](key[:80] + checksum) is Checksum.VALID


def test_a_key_without_the_mark_of_annotated_ones_is_not_judged() -> None:
    (token,) = samples("{alnum:76}AZDO{alnum:4}", 5, 1)

    assert CHECKSUMS["azure-annotated"](token) is Checksum.ABSENT


def test_the_published_example_of_a_client_secret_holds() -> None:
    secret = b"zzz" + b"8Q" + b"~" + b"z" * 31 + b"blP"

    assert CHECKSUMS["entra-client-secret"](secret) is Checksum.VALID
    assert CHECKSUMS["entra-client-secret"](broken(secret, 10)) is Checksum.INVALID
    assert entra_checksum(secret[:-3]) == b"blP"


def test_client_secrets_of_other_forms_are_not_judged() -> None:
    (legacy,) = samples("{alnum:3}7Q~{alnum:31}", 5, 1)
    (short,) = samples("{alnum:3}8Q~{alnum:31}", 5, 1)

    assert CHECKSUMS["entra-client-secret"](legacy) is Checksum.ABSENT
    assert CHECKSUMS["entra-client-secret"](short) is Checksum.ABSENT


@pytest.mark.parametrize("seed", [0xE0B9692D, 0x1019F92E])
def test_tokens_of_azure_devops_hold_for_users_and_applications(seed: int) -> None:
    raw = bytearray(random.Random(seed).randbytes(32))
    for place, byte in zip(DEVOPS_PLACES, devops_checksum(bytes(raw), seed), strict=True):
        raw[place] = byte
    token = base64.b32encode(raw).rstrip(b"=")

    assert len(token) == 52
    for written in (token, token.lower()):
        assert CHECKSUMS["azure-devops"](written) is Checksum.VALID
    raw[0] ^= 1
    assert CHECKSUMS["azure-devops"](base64.b32encode(raw).rstrip(b"=")) is Checksum.INVALID
    assert CHECKSUMS["azure-devops"](b"1" + token[1:]) is Checksum.INVALID
    assert CHECKSUMS["azure-devops"](token[:-1]) is Checksum.ABSENT


@pytest.mark.parametrize(
    ("shape", "at", "name"),
    [
        ("{azure-key:+ASt}", 7, "azure-storage-account-key"),
        ("{azure-key:AZEG}", 7, "azure-event-grid-key"),
        ("{azure-annotated-key:AZDO}", 7, "azure-devops-pat"),
        ("{azure-annotated-key:ACOG}", 7, "azure-ai-services-key"),
        ("{azure-annotated-key:AZAC:long}", 7, "azure-identifiable-key"),
        ("{entra-secret}", 8, "azure-ad-client-secret"),
    ],
)
def test_a_key_whose_checksum_fails_is_never_sure(shape: str, at: int, name: str) -> None:
    (key,) = samples(shape, 3, 1)
    (right,) = detected(b'key = "' + key + b'"\n')
    (wrong,) = detected(b'key = "' + key[:at] + broken(key[at : at + 1], 0) + key[at + 1 :] + b'"\n')

    assert (right.detector, right.checksum, right.confidence) == (name, Checksum.VALID, Confidence.HIGH)
    assert (wrong.detector, wrong.checksum, wrong.confidence) == (name, Checksum.INVALID, Confidence.LOW)


def test_a_key_in_a_connection_string_is_held_to_its_checksum() -> None:
    head = b"endpoint=https://shop.communication.azure.com/;accesskey="
    (key,) = samples("{azure-annotated-key:AZCS}", 3, 1)
    (right,) = detected(head + key + b"\n")
    (wrong,) = detected(head + broken(key, 7) + b"\n")

    assert (right.detector, right.confidence) == ("azure-identifiable-key", Confidence.HIGH)
    assert (wrong.detector, wrong.confidence) == ("azure-identifiable-key", Confidence.LOW)


@pytest.mark.parametrize("shape", ["{azure-key:none}", "{azure-annotated-key:toolong}", "{azure-annotated-key:AZMP:x}"])
def test_a_mark_that_is_none_is_named(shape: str) -> None:
    with pytest.raises(ShapeError):
        samples(shape, 1, 1)
