"""What keys of Microsoft Azure say about themselves: where their marks stand, and whether their checksums hold.

The facts are those of Microsoft's library security-utilities (github.com/microsoft/security-utilities, MIT license:
`IdentifiableSecrets`, `IdentifiableMetadata`, `LegacyCommonAnnotatedSecurityKey`, `AdoLegacyPat`); the checksum,
Marvin32, is defined by SymCrypt (github.com/microsoft/SymCrypt, `marvin32.c`). What they do not say is not judged:

- Entra client secrets with `7Q~`, or of a length other than 40, have no published checksum.
- Redis writes `P` and `F` for `+` and `/`. It is not published whether the checksum covers the signs or the letters, so
  a key that holds either letter is not called wrong.
- The seed that is published for subscription keys of API Management is that of IoT Hub, word for word. No key of API
  Management is called wrong by it.
- `/AM7` (Machine Learning) and `+SQL` are published without a length, and `QJJQ` (github.com/microsoft/cask) has no
  checksum: no format names them here.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from string import ascii_lowercase, ascii_uppercase
from types import MappingProxyType
from typing import NamedTuple

from connectors.detection.digits import BASE62, written
from storage.inventory import Checksum

_WORD = 0xFFFFFFFF


def marvin32(payload: bytes, seed: int) -> bytes:
    """Marvin32 of a payload, its two halves folded into four bytes as keys carry them, the least first."""
    low, high = seed & _WORD, seed >> 32
    padded = payload + b"\x80"
    padded += bytes(-len(padded) % 4)
    for start in range(0, len(padded), 4):
        low, high = _mixed(low + int.from_bytes(padded[start : start + 4], "little") & _WORD, high)
    low, high = _mixed(low, high)
    return (low ^ high).to_bytes(4, "little")


def _mixed(low: int, high: int) -> tuple[int, int]:
    """One round: each half is turned and joined with the other, twice."""
    for turn_low, turn_high in ((20, 9), (27, 19)):
        high ^= low
        low = _turned(low, turn_low) + high & _WORD
        high = _turned(high, turn_high)
    return low, high


def _turned(word: int, bits: int) -> int:
    return (word << bits | word >> 32 - bits) & _WORD


def seed_of(name: bytes) -> int:
    """A seed is published as eight letters and digits that name a kind of key: the first is the most significant."""
    return int.from_bytes(name, "big")


class Family(NamedTuple):
    """Keys that carry one mark: how many bytes they have, and the seeds of their kinds."""

    length: int
    seeds: tuple[bytes, ...]
    complete: bool = True
    """Whether all seeds are published, so that a key for which none holds is wrong."""


_MESSAGING = Family(32, (b"Send0000", b"Listen00", b"Manage00", b"System00", b"Unknown0"))

FAMILIES = MappingProxyType({
    b"+ABa": Family(64, (b"AbAcct00",)),
    b"+ACR": Family(39, (b"ACRDflt0",)),
    b"+AEh": _MESSAGING,
    b"+AMC": Family(64, (b"Classic0",)),
    b"+ARm": _MESSAGING,
    b"+ASb": _MESSAGING,
    b"+ASt": Family(64, (b"Default0",)),
    b"ACDb": Family(
        64, (b"MastRW00", b"MastRO00", b"SystRW00", b"SystRO00", b"SysAll00", b"Resour00", b"Encryp00")
    ),
    b"AIoT": Family(32, (b"IoTHub00", b"DpsKey00", b"Device00")),
    b"APIM": Family(64, (b"Tenant00", b"Gatewy00", b"GitKey00", b"IoTHub00"), complete=False),
    b"AZEG": Family(32, (b"SendRecv", b"Default0")),
    b"AzCa": Family(32, (b"Access00",)),
    b"AzFu": Family(40, (b"Functi00", b"Master00", b"System00")),
    b"AzSe": Family(39, (b"Query000", b"PAdmin00")),
})  # fmt: skip
"""Families of identifiable keys by their marks."""

_REDIS = b"AzCa"
_SUBSTITUTES = bytes.maketrans(b"+/", b"PF")
_CHECKSUM_WIDTH = 6
_MARK_WIDTH = 4


def identifiable(value: bytes) -> Checksum:
    """Keys that end with a mark of four characters and a Marvin32 over all bytes before it, in base64 or base64url."""
    text = value.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    family = FAMILIES.get(text[-_CHECKSUM_WIDTH - _MARK_WIDTH : -_CHECKSUM_WIDTH])
    if family is None or len(text) != (family.length * 8 + 5) // 6:
        return Checksum.ABSENT
    raw = _decoded(text)
    if raw is None or base64.b64encode(raw).rstrip(b"=") != text:
        return Checksum.INVALID
    expected = [marvin32(raw[:-4], seed_of(seed)) for seed in family.seeds]
    if raw[-4:] in expected:
        return Checksum.VALID
    if FAMILIES[_REDIS] is family:
        return _substituted(text, raw, expected)
    return Checksum.INVALID if family.complete else Checksum.ABSENT


def _substituted(text: bytes, raw: bytes, expected: list[bytes]) -> Checksum:
    """Whether a key of Redis holds once the signs of its checksum are replaced by letters, as Redis does."""
    for checksum in expected:
        if (
            base64.b64encode(raw[:-4] + checksum).rstrip(b"=")[-_CHECKSUM_WIDTH:].translate(_SUBSTITUTES)
            == (text[-_CHECKSUM_WIDTH:])
        ):
            return Checksum.VALID
    return Checksum.ABSENT if b"P" in text or b"F" in text else Checksum.INVALID


ANNOTATED_SEED = seed_of(b"Default0")
_ANNOTATED_MARKS = frozenset({b"JQQJ99", b"JQQJ9D", b"JQQJ9H"})
_ANNOTATED_PAYLOAD = 80


def annotated(value: bytes) -> Checksum:
    """Common annotated keys: 52 random characters, `JQQJ9`, a kind, year and month, data, the service, a checksum.

    The checksum, a Marvin32 over the 60 bytes before it, was first written in base64 and is in base 62 today. Keys of
    84 characters hold four characters of it, those of 88 all six and padding. What lacks the mark is of another form.
    """
    long = len(value) == 88 and value.endswith(b"==")
    if value[52:58] not in _ANNOTATED_MARKS or not (long or len(value) == 84):
        return Checksum.ABSENT
    raw = _decoded(value[:_ANNOTATED_PAYLOAD])
    if raw is None or value[59:60] not in b"ABCDEFGHIJKL":
        return Checksum.INVALID
    stored = value[_ANNOTATED_PAYLOAD : 86 if long else 84]
    holds = any(form.startswith(stored) for form in annotated_checksums(raw, ANNOTATED_SEED))
    return Checksum.VALID if holds else Checksum.INVALID


def annotated_checksums(payload: bytes, seed: int) -> tuple[bytes, ...]:
    """The six characters in which a key may carry its checksum, today's form first.

    Base 62 is read from the four bytes as they stand, each zero at their beginning being a digit, and filled up on the
    right. The sixth digit goes through base64, which keeps two bits of it; keys of a time before that have it whole.
    """
    checksum = marvin32(payload, seed)
    zeros = len(checksum) - len(checksum.lstrip(b"\0"))
    whole = (b"0" * zeros + written(int.from_bytes(checksum, "big"), BASE62)).ljust(6, b"0")[:6]
    kept = base64.b64encode(base64.b64decode(whole + b"=="))[:6]
    return kept, whole, base64.b64encode(checksum)[:6]


_BASE66 = f"{ascii_lowercase}{ascii_uppercase}1234567890.-_~".encode()


def entra_client_secret(value: bytes) -> Checksum:
    """Secrets of 40 characters with `8Q~` end with three of the six digits, base 66, of a Marvin32 of what precedes."""
    if len(value) != 40 or value[3:6] != b"8Q~":
        return Checksum.ABSENT
    return Checksum.VALID if entra_checksum(value[:-3]) == value[-3:] else Checksum.INVALID


def entra_checksum(text: bytes) -> bytes:
    """The three characters that Entra appends to the text of a client secret."""
    number = int.from_bytes(marvin32(text, seed_of(b"AadPwd00")), "little")
    return written(number, _BASE66, 6)[:3]


DEVOPS_SEEDS = (0xE0B9692D, 0x1019F92E)
"""What a CRC-32 is combined with in tokens of users and of applications."""

DEVOPS_PLACES = (2, 7, 8, 22)
"""Where the bytes of the checksum stand among the 32 of a token, the most significant first."""


def devops_token(value: bytes) -> Checksum:
    """Azure DevOps' tokens of 52 characters are 32 bytes in base 32; four of them are the CRC-32 of the others.

    The library publishes the calculation but no example, so it is held to what we make after it.
    """
    if len(value) != 52:
        return Checksum.ABSENT
    try:
        raw = base64.b32decode(value + b"====", casefold=True)
    except (binascii.Error, ValueError):
        return Checksum.INVALID
    stored = bytes(raw[place] for place in DEVOPS_PLACES)
    return Checksum.VALID if stored in {devops_checksum(raw, seed) for seed in DEVOPS_SEEDS} else Checksum.INVALID


def devops_checksum(raw: bytes, seed: int) -> bytes:
    """The checksum of a token's bytes, those in its own places left out."""
    others = bytes(byte for place, byte in enumerate(raw) if place not in DEVOPS_PLACES)
    return (zlib.crc32(others) ^ seed).to_bytes(4, "big")


def _decoded(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
