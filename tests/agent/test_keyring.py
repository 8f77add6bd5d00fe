"""The key: created private and whole, refused when exposed, damaged or another store's, and never shown."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import pickle
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from agent import keyring
from agent.errors import Ending, KeyFault
from connectors.fingerprint import KeyedFingerprinter

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def tags(ring: keyring.KeyRing, value: bytes) -> tuple[str, ...]:
    return KeyedFingerprinter(ring.subkeys()).tags(value)


def test_a_new_key_is_private_and_comes_back_the_same(tmp_path: Path) -> None:
    made = keyring.create(tmp_path / "key", as_of=AS_OF)

    again = keyring.load(tmp_path / "key")

    assert 0o600 == stat.S_IMODE((tmp_path / "key").stat().st_mode)
    assert [key.kid for key in made.keys] == [key.kid for key in again.keys]
    assert tags(made, b"x") == tags(again, b"x")
    assert AS_OF == again.active.created_time
    assert ["key"] == names(tmp_path)


def test_tags_are_the_documented_scheme(tmp_path: Path) -> None:
    material = bytes(range(32))
    (tmp_path / "key").write_text(material.hex())
    (tmp_path / "key").chmod(0o400)
    ring = keyring.load(tmp_path / "key", tenant="acme")
    kid = hmac.new(material, b"nhi/kid", hashlib.sha256).hexdigest()[:8]
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"nhi/fp/v1/acme").derive(material)
    expected = f"v1:{kid}:{hmac.new(derived, b'secret' + bytes(1) + b'hunter2', hashlib.sha256).hexdigest()}"

    assert (expected,) == tags(ring, b"hunter2")
    assert {kid: hmac.new(derived, b"nhi/check", hashlib.sha256).hexdigest()} == ring.checks()


def test_rotation_puts_the_new_key_first_and_keeps_the_old(tmp_path: Path) -> None:
    first = keyring.create(tmp_path / "key", as_of=AS_OF)

    keyring.write(first.rotated(as_of=AS_OF))
    second = keyring.load(tmp_path / "key")

    assert first.key_id != second.key_id
    assert [second.key_id, first.key_id] == [tag.split(":")[1] for tag in tags(second, b"x")]
    assert tags(first, b"x")[0] in tags(second, b"x")


def test_an_existing_file_is_never_overwritten_by_a_new_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("precious")

    with pytest.raises(KeyFault, match="exists already; nothing was written"):
        keyring.create(tmp_path / "key", as_of=AS_OF)

    assert "precious" == (tmp_path / "key").read_text()
    assert ["key"] == names(tmp_path)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604, 0o602], ids=oct)
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    keyring.create(tmp_path / "key", as_of=AS_OF)
    (tmp_path / "key").chmod(mode)

    with pytest.raises(KeyFault, match=f"mode {mode:04o}.*chmod 600") as fault:
        keyring.load(tmp_path / "key")

    assert Ending.CONFIGURATION == fault.value.ending


def spoiled(text: str, tmp_path: Path) -> Path:
    (tmp_path / "key").write_text(text)
    (tmp_path / "key").chmod(0o600)
    return tmp_path / "key"


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda file: {**file, "version": 2}, id="a later format"),
        pytest.param(lambda file: {**file, "keys": []}, id="no keys"),
        pytest.param(lambda file: {**file, "keys": [*file["keys"], *file["keys"]]}, id="two active keys"),
        pytest.param(lambda file: {**file, "keys": [{**file["keys"][0], "kid": "00000000"}]}, id="a wrong id"),
        pytest.param(lambda file: {**file, "keys": [{**file["keys"][0], "key": "abc"}]}, id="half a key"),
        pytest.param(lambda file: {**file, "keys": [{**file["keys"][0], "state": "odd"}]}, id="an unknown state"),
        pytest.param(lambda file: {**file, "keys": 7}, id="keys that are no list"),
        pytest.param(lambda file: [], id="a list"),
    ],
)
def test_a_damaged_key_file_is_refused_without_quoting_it(spoil: object, tmp_path: Path) -> None:
    assert callable(spoil)
    good = json.loads(keyring.create(tmp_path / "good", as_of=AS_OF).path.read_text())

    with pytest.raises(KeyFault) as fault:
        keyring.load(spoiled(json.dumps(spoil(good)), tmp_path))

    assert good["keys"][0]["key"] not in str(fault.value)
    assert fault.value.__cause__ is None


@pytest.mark.parametrize("text", ["", "{", "not a key", "ab" * 31, "\x00" * 64, "é" * 64, "x" * 100_000])
def test_what_is_no_key_file_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(KeyFault):
        keyring.load(spoiled(text, tmp_path))


def test_a_fifo_does_not_hang_the_start(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "key", 0o600)

    with pytest.raises(KeyFault, match="not a regular file"):
        keyring.load(tmp_path / "key")


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(KeyFault, match="cannot be read: No such file"):
        keyring.load(tmp_path / "key")


def test_an_empty_store_agrees_with_every_key(tmp_path: Path) -> None:
    keyring.agree(keyring.create(tmp_path / "key", as_of=AS_OF), {}, store="the store")


def test_a_rotated_ring_agrees_with_the_store_of_its_former_key(tmp_path: Path) -> None:
    first = keyring.create(tmp_path / "key", as_of=AS_OF)

    keyring.agree(first.rotated(as_of=AS_OF), first.checks(), store="the store")


def test_another_key_is_refused(tmp_path: Path) -> None:
    ours = keyring.create(tmp_path / "ours", as_of=AS_OF)
    theirs = keyring.create(tmp_path / "theirs", as_of=AS_OF)

    with pytest.raises(KeyFault, match=f"written under key {theirs.key_id}.*holds key {ours.key_id}.*Nothing was"):
        keyring.agree(ours, theirs.checks(), store="the store")


def test_another_tenant_is_refused(tmp_path: Path) -> None:
    made = keyring.create(tmp_path / "key", as_of=AS_OF)

    with pytest.raises(KeyFault, match="tenant 'other' is not the same"):
        keyring.agree(keyring.load(tmp_path / "key", tenant="other"), made.checks(), store="the store")


def test_no_key_shows_itself(tmp_path: Path) -> None:
    ring = keyring.create(tmp_path / "key", as_of=AS_OF)
    material = json.loads((tmp_path / "key").read_text())["keys"][0]["key"]

    shown = f"{ring!r} {ring} {ring.active!r} {ring.active}"

    assert material not in shown
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(ring.active)
