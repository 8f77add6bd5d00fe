"""What a private key says of itself without being used: kind, size, and the fingerprints of its public half.

Reads PKCS#1, PKCS#8, SEC 1 and OpenSSH keys. Nothing is decrypted: an encrypted key is stated as such.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from functools import lru_cache

import msgspec

_MARKERS = re.compile(
    rb"-----BEGIN[ ](?P<label>[A-Z0-9 ]{0,40}PRIVATE[ ]KEY(?:[ ]BLOCK)?)-----(?P<body>.*?)-----END[ ](?P=label)-----",
    re.DOTALL,
)
_HEADER = re.compile(rb"^[A-Za-z-]{1,40}: [^\n]{0,400}\n", re.MULTILINE)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]")
_ESCAPED_BREAK = re.compile(rb"\\+[nr]|\\u000[aAdD]")
_AROUND_A_LINE = re.compile(rb"^\s*(?:[+.]?\s*[\"'])?|(?:[\"']\s*[+.,;\\]*)?[\s,;\\]*$")
"""A plus sign is base 64 unless a quote stands beside it."""
_LARGEST = 64 << 10


class PrivateKey(msgspec.Struct, frozen=True):
    """A private key that parses."""

    canonical: bytes
    """Its DER (or OpenSSH) bytes: one key in another wrapping of lines is the same key."""
    facts: dict[str, str]
    """Public facts: algorithm, size, fingerprints, whether it is encrypted."""


_DER_VERSION = re.compile(rb"0(?:[\x30-\x7f]|\x81.|\x82..)\x02\x01[\x00\x01]", re.DOTALL)


@lru_cache(maxsize=64)
def read_private_key(text: bytes) -> PrivateKey | None:
    """Read the first private key in a text as it stands in files, also with escaped line breaks and in quotes.

    Returns `None` when there is none or when it does not parse.
    """
    if len(text) > _LARGEST:
        return None
    match = _MARKERS.search(_ESCAPED_BREAK.sub(b"\n", text))
    if match is None:
        return None
    label, body = match["label"].decode(), match["body"]
    encrypted = b"ENCRYPTED" in body or "ENCRYPTED" in label
    raw = _decode(_HEADER.sub(b"", body.replace(b"\r", b"").lstrip(b"\n")))
    if raw is None or len(raw) < 16:
        return None
    if label.endswith("BLOCK"):
        return PrivateKey(raw, {"key_format": "pgp"})
    if encrypted:
        return PrivateKey(raw, {"encrypted": "true"})
    facts = _openssh_facts(raw) if label.startswith("OPENSSH") else _der_facts(raw)
    return None if facts is None else PrivateKey(raw, facts)


def has_the_frame_of_a_key(text: bytes) -> bool:
    """Whether what does not parse still begins as its own kind does, and is as long as it says: a key in bad state.

    ASN.1 in DER: a SEQUENCE with its length, then the INTEGER of the version (PKCS#1, SEC1 and PKCS#8 alike).
    """
    if len(text) > _LARGEST:
        return False
    match = _MARKERS.search(_ESCAPED_BREAK.sub(b"\n", text))
    raw = _decode(_HEADER.sub(b"", match["body"].replace(b"\r", b"").lstrip(b"\n"))) if match else None
    if raw is None or len(raw) < 48:
        return False
    return _DER_VERSION.match(raw) is not None or raw.startswith(b"openssh-key-v1\0")


def _decode(body: bytes) -> bytes | None:
    """Undo base 64, with whatever a source file puts around its lines: quotes, plus signs, commas, indents."""
    lines = [_AROUND_A_LINE.sub(b"", line) for line in body.split(b"\n")]
    text = b"".join(line for line in lines if not line.startswith(b"="))  # PGP ends with a checksum line
    if not text or _NOT_BASE64.search(text):
        return None
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _der_facts(raw: bytes) -> dict[str, str] | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        # Whether a key is arithmetically sound costs much for RSA and does not change that it was exposed.
        key = load_der_private_key(raw, password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return _public_facts(key.public_key())


def _openssh_facts(raw: bytes) -> dict[str, str] | None:
    """An OpenSSH key carries its public half in clear, even when it is encrypted (PROTOCOL.key of OpenSSH)."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    magic = b"openssh-key-v1\0"
    if not raw.startswith(magic):
        return None
    fields: list[bytes] = []
    rest = raw[len(magic) :]
    for number in range(5):
        if number == 3:  # the count of keys, not a string
            rest = rest[4:]
            continue
        size = int.from_bytes(rest[:4], "big")
        if len(rest) < 4 + size:
            return None
        fields.append(rest[4 : 4 + size])
        rest = rest[4 + size :]
    cipher, _, _, public = fields
    kind = public[4 : 4 + int.from_bytes(public[:4], "big")]
    facts = {"encrypted": "true"} if cipher != b"none" else {}
    try:
        key = load_ssh_public_key(kind + b" " + base64.b64encode(public))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return facts | {"ssh_fingerprint": _ssh_fingerprint(public)} if kind.isascii() and kind else None
    return facts | _public_facts(key)


def _public_facts(key: object) -> dict[str, str]:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    facts: dict[str, str] = {}
    match key:
        case rsa.RSAPublicKey():
            facts["algorithm"] = f"rsa-{key.key_size}"
        case ec.EllipticCurvePublicKey():
            facts["algorithm"] = f"ec-{key.curve.name}"
        case ed25519.Ed25519PublicKey():
            facts["algorithm"] = "ed25519"
        case dsa.DSAPublicKey():
            facts["algorithm"] = f"dsa-{key.key_size}"
        case ed448.Ed448PublicKey():
            facts["algorithm"] = "ed448"
        case _:
            return {"algorithm": "other"}
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    facts["spki_sha256"] = hashlib.sha256(spki).hexdigest()
    if isinstance(key, rsa.RSAPublicKey | ed25519.Ed25519PublicKey) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in {"secp256r1", "secp384r1", "secp521r1"}
    ):
        line = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        facts["ssh_fingerprint"] = _ssh_fingerprint(base64.b64decode(line.split()[1]))
    return facts


def _ssh_fingerprint(public: bytes) -> str:
    """The fingerprint as `ssh-keygen -l` shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(public).digest()).rstrip(b"=").decode()
