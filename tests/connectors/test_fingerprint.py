"""Fingerprints: keyed, one for each key of the ring, and the same for the same value."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from connectors.fingerprint import KeyedFingerprinter

ONE, TWO = b"1" * 32, b"2" * 32


def test_a_tag_is_the_mac_of_the_marked_value() -> None:
    expected = hmac.new(ONE, b"secret\0value", hashlib.sha256).hexdigest()
    assert KeyedFingerprinter([("aa", ONE)]).tags(b"value") == (f"v1:aa:{expected}",)


def test_the_active_key_comes_first_and_every_key_tags() -> None:
    tags = KeyedFingerprinter([("bb", TWO), ("aa", ONE)]).tags(b"value")
    assert tags == (
        *KeyedFingerprinter([("bb", TWO)]).tags(b"value"),
        *KeyedFingerprinter([("aa", ONE)]).tags(b"value"),
    )


def test_repeated_use_gives_the_same_tag() -> None:
    fingerprinter = KeyedFingerprinter([("aa", ONE)])
    assert fingerprinter.tags(b"one") == fingerprinter.tags(b"one") != fingerprinter.tags(b"two")


@pytest.mark.parametrize("keys", [[], [("aa", b"short")]])
def test_no_key_or_a_short_one_is_refused(keys: list[tuple[str, bytes]]) -> None:
    with pytest.raises(ValueError, match="key"):
        KeyedFingerprinter(keys)


def test_the_key_does_not_show() -> None:
    assert "1111" not in repr(KeyedFingerprinter([("aa", ONE)]))
