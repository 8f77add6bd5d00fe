"""Whether a value's own checksum or structure holds. A format with a checksum is sure only when it does.

Each function takes the value's bytes and answers `VALID`, `INVALID`, or `ABSENT` where the value's variant has none.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Callable
from typing import Any

from connectors.detection import azure_keys
from connectors.detection.digits import BASE58, BASE62, written
from connectors.detection.private_keys import has_the_frame_of_a_key, read_private_key
from storage.inventory import Checksum


def crc32_base62(payload: bytes) -> bytes:
    """CRC-32 of a payload as six base-62 digits: the tail of GitHub's and npm's tokens."""
    return written(zlib.crc32(payload), BASE62, 6)


def _verdict(holds: bool) -> Checksum:  # noqa: FBT001 - the one thing this says
    return Checksum.VALID if holds else Checksum.INVALID


def github(value: bytes) -> Checksum:
    """`ghp_` and its kin: 30 characters, then their CRC-32.

    The format was announced in GitHub's blog, "Behind GitHub's new authentication token formats" (2021). Longer
    variants (fine-grained tokens, app tokens that carry a JWT) have no documented checksum: absent.
    """
    head, _, body = value.partition(b"_")
    if head not in {b"ghp", b"gho", b"ghu", b"ghs", b"ghr"} or len(body) != 36:
        return Checksum.ABSENT
    return _verdict(crc32_base62(body[:30]) == body[30:])


def npm(value: bytes) -> Checksum:
    """`npm_` tokens end as GitHub's do; sources differ on whether the prefix is covered, so both readings count."""
    head, _, body = value.partition(b"_")
    if head != b"npm" or len(body) != 36:
        return Checksum.ABSENT
    return _verdict(body[30:] in {crc32_base62(body[:30]), crc32_base62(value[:-6])})


def pypi_macaroon(value: bytes) -> Checksum:
    """`pypi-` tokens are macaroons in base64url whose location reads pypi.org or test.pypi.org."""
    raw = _base64url(value.removeprefix(b"pypi-"))
    return _verdict(raw is not None and raw[:1] == b"\x02" and b"pypi.org" in raw[:32])


_REGISTERED_CLAIMS = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})


def jwt(value: bytes) -> Checksum:
    """A JSON Web Token's header is JSON and names an algorithm (RFC 7515); what is issued states a registered claim.

    One without any (RFC 7519 section 4.1) or with claims that cannot be read, such as encrypted ones, may be a sample.
    """
    segments = value.split(b".")
    header = json_segment(segments[0])
    if header is None or not isinstance(header.get("alg"), str):
        return Checksum.INVALID
    claims = json_segment(segments[1]) if len(segments) == 3 else None
    return Checksum.VALID if claims is not None and not _REGISTERED_CLAIMS.isdisjoint(claims) else Checksum.ABSENT


def pem(value: bytes) -> Checksum:
    """A private key's encoding parses; an encrypted one cannot be read without its passphrase but is well formed."""
    if read_private_key(value) is None and has_the_frame_of_a_key(value):
        return Checksum.ABSENT
    return _verdict(read_private_key(value) is not None)


def base58check(value: bytes) -> Checksum:
    """Base 58 with a four-byte double SHA-256 at the end (Bitcoin's addresses, WIF and extended keys)."""
    if not value or len(value) > 256 or value.strip(BASE58):
        return Checksum.INVALID
    number = 0
    for digit in value:
        number = number * 58 + BASE58.index(digit)
    zeros = len(value) - len(value.lstrip(b"1"))
    raw = b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
    body, tail = raw[:-4], raw[-4:]
    return _verdict(len(raw) > 4 and hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4] == tail)


def base64_text(value: bytes) -> Checksum:
    """The value decodes as base64 or base64url, padding included or left away."""
    return _verdict(_base64url(value.replace(b"+", b"-").replace(b"/", b"_")) is not None)


def nkey(value: bytes) -> Checksum:
    """NATS appends a CRC-16/XMODEM, little-endian, to prefix and seed before base 32 (github.com/nats-io/nkeys)."""
    try:
        raw = base64.b32decode(value + b"=" * (-len(value) % 8))
    except (binascii.Error, ValueError):
        return Checksum.INVALID
    return _verdict(binascii.crc_hqx(raw[:-2], 0) == int.from_bytes(raw[-2:], "little"))


def json_segment(segment: bytes) -> dict[str, Any] | None:
    """Decode one base64url segment of a token as a JSON object; `None` when it is none."""
    raw = _base64url(segment)
    if raw is None or len(raw) > 1 << 16:
        return None
    try:
        decoded = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return decoded if isinstance(decoded, dict) else None


def _base64url(text: bytes) -> bytes | None:
    text = text.rstrip(b"=")
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


CHECKSUMS: dict[str, Callable[[bytes], Checksum]] = {
    "azure-annotated": azure_keys.annotated,
    "azure-devops": azure_keys.devops_token,
    "azure-identifiable": azure_keys.identifiable,
    "base58check": base58check,
    "base64": base64_text,
    "entra-client-secret": azure_keys.entra_client_secret,
    "github": github,
    "jwt": jwt,
    "nkey": nkey,
    "npm": npm,
    "pem": pem,
    "pypi-macaroon": pypi_macaroon,
}
