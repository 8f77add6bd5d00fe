"""Samples: the same every time, and of the form the shape says."""

from __future__ import annotations

import re

import pytest

from connectors.detection.private_keys import read_private_key
from connectors.detection.shapes import CLASSES, ShapeError, samples


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_a_class_gives_its_own_characters_in_the_stated_number(name: str) -> None:
    for sample in samples(f"<{{{name}:5-9}}>", 1, 20):
        body = sample.decode()[1:-1]
        assert 5 <= len(body) <= 9
        assert set(body) <= set(CLASSES[name])


def test_the_same_seed_gives_the_same_samples_and_another_seed_others() -> None:
    assert samples("{alnum:30}", 7, 5) == samples("{alnum:30}", 7, 5)
    assert samples("{alnum:30}", 7, 5) != samples("{alnum:30}", 8, 5)


def test_double_braces_are_braces() -> None:
    assert samples('{{"a": "{digit:3}"}}', 1, 1)[0].startswith(b'{"a": "')
    assert re.fullmatch(rb'\{"a": "\d{3}"\}', samples('{{"a": "{digit:3}"}}', 1, 1)[0])


@pytest.mark.parametrize("shape", ["{nothing:3}", "{alnum}", "{alnum:x}", "lone { brace", "{pem:paper}"])
def test_a_block_that_is_none_is_named(shape: str) -> None:
    with pytest.raises(ShapeError):
        samples(shape, 1, 1)


@pytest.mark.parametrize("kind", ["rsa", "rsa-pkcs8", "ec", "ec-pkcs8", "ed25519", "openssh"])
def test_private_keys_parse_and_are_the_same_every_time(kind: str) -> None:
    plain, escaped = samples(f"{{pem:{kind}}}", 3, 1)[0], samples(f'"{{pem-escaped:{kind}}}"', 3, 1)[0]
    assert samples(f"{{pem:{kind}}}", 3, 1)[0] == plain
    for text in (plain, escaped):
        key = read_private_key(text)
        assert key is not None
        assert key.facts["ssh_fingerprint"].startswith("SHA256:")
