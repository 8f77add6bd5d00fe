"""The installation key: what makes fingerprints the operator's own, and how it is created, found, rotated and missed.

A fingerprint is HMAC-SHA256 under a key that never stands in the database, so that a stolen database confirms no guess.
The ring holds one active key and the previous ones, under which older observations are still recognised.

Scheme (``v1``)::

    K      32 random bytes
    kid    first 8 hexadecimal digits of HMAC-SHA256(K, "nhi/kid")
    K_fp   HKDF-SHA256(K, salt = zeros, info = "nhi/fp/v1/" + tenant), RFC 5869
    tag    "v1:" kid ":" hex(HMAC-SHA256(K_fp, "secret" 0x00 value))
    check  hex(HMAC-SHA256(K_fp, "nhi/check")), kept by the store to tell a wrong key or tenant

The tag itself is made in the worker, by `connectors.fingerprint` from ``K_fp``; ``K`` never leaves this process.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import re
import secrets
import stat
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from agent.errors import KeyFault

KEY_FILE_VARIABLE = "NHI_AGENT_KEY_FILE"
_FILE_LIMIT = 64 << 10
_HEX_KEY = re.compile(r"[0-9a-fA-F]{64}")


class Key:
    """One installation key. Its bytes are read by this module only, and shown by nothing."""

    __slots__ = ("_material", "created_time", "kid")

    def __init__(self, material: bytes, created_time: datetime | None) -> None:
        self._material = material
        self.created_time = created_time
        self.kid = hmac.digest(material, b"nhi/kid", "sha256").hex()[:8]

    def subkey(self, tenant: str) -> bytes:
        """Derive the fingerprint key of one tenant."""
        return _hkdf(self._material, f"nhi/fp/v1/{tenant}".encode())

    def written(self) -> str:
        """The bytes as the key file holds them."""
        return self._material.hex()

    def __repr__(self) -> str:
        return f"Key({self.kid})"

    def __reduce__(self) -> str:
        raise TypeError("a key is not pickled")


class KeyRing:
    """The active key and the previous ones, newest first, as one file holds them."""

    def __init__(self, keys: tuple[Key, ...], *, path: Path, tenant: str = "default") -> None:
        self.keys = keys
        self.path = path
        self.tenant = tenant

    @property
    def active(self) -> Key:
        """The key under which new observations are written."""
        return self.keys[0]

    @property
    def key_id(self) -> str:
        """Id of the active key."""
        return self.active.kid

    def subkeys(self) -> tuple[tuple[str, bytes], ...]:
        """Key id and derived key, the active one first: what a worker gets, over a pipe and no other way."""
        return tuple((key.kid, key.subkey(self.tenant)) for key in self.keys)

    def checks(self) -> Mapping[str, str]:
        """Check value by key id, the active key first."""
        return {kid: hmac.digest(key, b"nhi/check", "sha256").hex() for kid, key in self.subkeys()}

    def rotated(self, *, as_of: datetime) -> KeyRing:
        """Return this ring with a new active key in front."""
        return KeyRing((_new_key(as_of), *self.keys), path=self.path, tenant=self.tenant)

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(key.kid for key in self.keys)})"


def create(path: Path, *, as_of: datetime, tenant: str = "default") -> KeyRing:
    """Write a ring with one new key to a file that must not exist yet, and return it."""
    ring = KeyRing((_new_key(as_of),), path=path, tenant=tenant)
    write(ring, replace=False)
    return ring


def make_folder(path: Path) -> None:
    """Make the folder that a key file shall lie in, private, if it is not there."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise KeyFault(f"the folder {path.parent} for the key file cannot be made: {error.strerror}.") from error


def load(path: Path, *, tenant: str = "default") -> KeyRing:
    """Read a ring. A key file that others can read, or that is none, is refused."""
    text = _read_private(path)
    if _HEX_KEY.fullmatch(text.strip()):
        keys: tuple[Key, ...] = (Key(bytes.fromhex(text.strip()), None),)
    else:
        keys = _parse(text, path)
    if len({key.kid for key in keys}) != len(keys):
        raise KeyFault(f"{path} lists one key twice; remove the second entry.")
    return KeyRing(keys, path=path, tenant=tenant)


def write(ring: KeyRing, *, replace: bool = True) -> None:
    """Write a ring with mode 0600: whole, on the disk, or not at all. Without `replace`, an existing file is kept."""
    from agent.output import write_atomically

    listed = [
        {
            "created_time": key.created_time.isoformat() if key.created_time else None,
            "key": key.written(),
            "kid": key.kid,
            "state": "previous" if at else "active",
        }
        for at, key in enumerate(ring.keys)
    ]
    text = json.dumps({"keys": listed, "version": 1}, indent=1, sort_keys=True) + "\n"
    try:
        write_atomically(ring.path, text.encode(), replace=replace)
    except FileExistsError:
        raise KeyFault(f"{ring.path} exists already; nothing was written.") from None
    except OSError as error:
        raise KeyFault(f"the key file {ring.path} cannot be written: {error.strerror}.") from error


def agree(ring: KeyRing, known: Mapping[str, str], *, store: str) -> None:
    """Refuse a ring that is not the one `store` was written under.

    `known` is what the store keeps: check value by key id. An empty store agrees with every ring.
    """
    refuse_counterfeits(ring, known, store=store)
    if known and not any(kid in known for kid in ring.checks()):
        raise KeyFault(
            f"{store} was written under key {', '.join(sorted(known))}, and {ring.path} holds key "
            f"{', '.join(ring.checks())}; restore the right key file, or name it by {KEY_FILE_VARIABLE}. "
            "Nothing was written."
        )


def refuse_counterfeits(ring: KeyRing, known: Mapping[str, str], *, store: str) -> None:
    """Refuse a ring with a key that goes by the name of one of `store`'s and is another, or has another tenant."""
    for kid, check in ring.checks().items():
        if kid in known and not hmac.compare_digest(known[kid], check):
            raise KeyFault(
                f"key {kid} in {ring.path} is not the key of that name under which {store} was written "
                f"(or the tenant '{ring.tenant}' is not the same); put the right key file there. Nothing was written."
            )


def _new_key(as_of: datetime) -> Key:
    return Key(secrets.token_bytes(32), as_of.replace(microsecond=0))


def _hkdf(material: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 with a salt of zeros and 32 bytes of output: one block of RFC 5869."""
    pseudorandom = hmac.digest(bytes(32), material, "sha256")
    return hmac.digest(pseudorandom, info + b"\x01", "sha256")


def _read_private(path: Path) -> str:
    try:
        # A FIFO under that name must not hang the start; regular files ignore the flag.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            _refuse_if_open_to_others(os.fstat(file.fileno()), path)
            content = file.read(_FILE_LIMIT + 1)
    except OSError as error:
        raise KeyFault(f"the key file {path} cannot be read: {error.strerror}.") from error
    if len(content) > _FILE_LIMIT:
        raise KeyFault(f"{path} is not a key file: it is larger than {_FILE_LIMIT} bytes.")
    with contextlib.suppress(UnicodeDecodeError):
        return content.decode("ascii")
    raise KeyFault(f"{path} is not a key file; `nhi-agent key create` writes one.")


def _refuse_if_open_to_others(status: os.stat_result, path: Path) -> None:
    """Others must not read the key.

    A Kubernetes secret mounted for a user other than root belongs to root and is readable by the pod's group
    (``fsGroup``): that one case of a group is admitted.
    """
    if not stat.S_ISREG(status.st_mode):
        raise KeyFault(f"the key file {path} is not a regular file.")
    mounted = status.st_uid == 0 and os.geteuid() != 0
    forbidden = stat.S_IRWXO | (stat.S_IWGRP if mounted else stat.S_IRWXG)
    if status.st_mode & forbidden:
        mode = stat.S_IMODE(status.st_mode)
        raise KeyFault(f"the key file {path} is open to others (mode {mode:04o}); run: chmod 600 {path}")


def _parse(text: str, path: Path) -> tuple[Key, ...]:
    """Read the file's JSON. Whatever is wrong is said without a word of the file's content."""
    try:
        content = json.loads(text)
        if content["version"] != 1:
            raise KeyFault(f"{path} has a format this version does not know; use a newer nhi-agent.")
        entries = content["keys"]
        ordered = sorted(entries, key=lambda entry: {"active": 0, "previous": 1}[entry["state"]])
        actives = sum(entry["state"] == "active" for entry in entries)
        keys = tuple(_entry(entry) for entry in ordered)
    except (ValueError, KeyError, TypeError):
        raise KeyFault(f"{path} is not a key file, or is damaged; restore it from its backup.") from None
    if actives != 1:
        raise KeyFault(f"{path} must hold exactly one active key, and holds {actives}.")
    return keys


def _entry(entry: Mapping[str, str | None]) -> Key:
    written, created = entry["key"], entry["created_time"]
    if written is None or not _HEX_KEY.fullmatch(written):
        raise ValueError("not a key")
    key = Key(bytes.fromhex(written), datetime.fromisoformat(created) if created else None)
    if entry["kid"] != key.kid:
        raise ValueError("the id is not the key's")
    return key
