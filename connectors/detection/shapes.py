r"""Sample tokens from shapes, so that no pattern file and no test has to hold a token.

A shape is literal text with blocks in braces. `{{` and `}}` stand for the braces themselves.

`{class:n}` or `{class:n-m}` gives n (or n to m) random characters of a class: `lower upper digit alnum hex HEX base32
base58 base62 base64 base64url any-printable`. Other blocks:

- `{uuid}` a random version 4 UUID in lower case
- `{choice:a|b|c}` one of the words
- `{crc32-base62:PREFIX:n}` the prefix, n base-62 characters, and their CRC-32 in six base-62 digits
- `{github:ghp_}` a whole token of GitHub's classic form; `{npm:npm_}` one of npm's; `{nkey:SU}` a seed of NATS
- `{pypi:pypi-}` a PyPI token: a macaroon whose location is pypi.org
- `{jwt}` a signed JSON Web Token with iss, sub, iat and exp; `{jwt:NAME=WORD,…}` adds or replaces claims
- `{pem:KIND}` a private key in PEM: KIND is `rsa`, `rsa-pkcs8`, `ec`, `ec-pkcs8`, `ed25519` or `openssh`;
  `{pem-escaped:KIND}` the same with `\n` for its line ends, as JSON and environment files write it
- `{aws-key-id:AKIA}` an access key id that names an account
- `{azure-key:+ASt}` a key of Azure with a mark and its checksum; `{azure-annotated-key:AZMP}` one of the newer form
  for the service that the mark names, `{azure-annotated-key:AZMP:long}` with the whole of its checksum
- `{entra-secret}` a client secret of Microsoft Entra; `{azure-devops-token}` a token of Azure DevOps of 52 characters
- `{base58check:HEX:n}` n random bytes after a version prefix in hex, with their double SHA-256
- `{bytes:HEX:n}` bytes given in hex, then n random ones

The same shape and seed give the same samples on every machine.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import random
import re
import string
from collections.abc import Callable, Iterable

from connectors.detection import azure_keys
from connectors.detection.checksums import crc32_base62
from connectors.detection.digits import BASE58, written

CLASSES: dict[str, str] = {
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "digit": string.digits,
    "alnum": string.ascii_letters + string.digits,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "base32": string.ascii_uppercase + "234567",
    "base58": BASE58.decode(),
    "base62": string.digits + string.ascii_letters,
    "base64": string.ascii_letters + string.digits + "+/",
    "base64url": string.ascii_letters + string.digits + "-_",
    "any-printable": "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "\"'`\\<>{}$"),
}

_BLOCK = re.compile(r"\{\{|\}\}|\{(?P<name>[A-Za-z0-9-]+)(?::(?P<argument>[^{}]*))?\}")
_LENGTH = re.compile(r"(\d+)(?:-(\d+))?\Z")


class ShapeError(ValueError):
    """A shape cannot be read: the message names the block."""


def samples(shape: str, seed: int, count: int) -> list[bytes]:
    """Return `count` samples of a shape. Raises `ShapeError` for a block that is none."""
    chance = random.Random(f"{seed}:{shape}")  # noqa: S311 - samples must be the same every time
    return [_sample(shape, chance) for _ in range(count)]


def _sample(shape: str, chance: random.Random) -> bytes:
    parts: list[bytes] = []
    position = 0
    for block in _BLOCK.finditer(shape):
        parts.append(_literal(shape, position, block.start()))
        position = block.end()
        parts.append(block[0][0].encode() if block["name"] is None else _fill(block["name"], block["argument"], chance))
    parts.append(_literal(shape, position, len(shape)))
    return b"".join(parts)


def _literal(shape: str, start: int, end: int) -> bytes:
    text = shape[start:end]
    if "{" in text or "}" in text:
        raise ShapeError(
            f"a brace stands alone in the shape near {text!r}; write {{{{ or }}}} for the character itself"
        )
    return text.encode()


def _fill(name: str, argument: str | None, chance: random.Random) -> bytes:
    if name in CLASSES:
        length = _LENGTH.match(argument or "")
        if length is None:
            raise ShapeError(f"{{{name}}} needs a length, as in {{{name}:32}} or {{{name}:20-40}}, not {argument!r}")
        return _characters(CLASSES[name], chance, chance.randint(int(length[1]), int(length[2] or length[1])))
    if name not in GENERATORS:
        raise ShapeError(f"no block is called {name!r}; known: {', '.join(sorted([*CLASSES, *GENERATORS]))}")
    return GENERATORS[name](argument or "", chance)


def _characters(alphabet: str, chance: random.Random, length: int) -> bytes:
    """Draw characters, each class's first draw included: a chance run of one letter would read as a placeholder."""
    drawn = "".join(chance.choices(alphabet, k=length))
    while length >= 8 and len(set(drawn)) < 4:
        drawn = "".join(chance.choices(alphabet, k=length))
    return drawn.encode()


def _uuid(_argument: str, chance: random.Random) -> bytes:
    digits = f"{chance.getrandbits(128):032x}"
    variant = chance.choice("89ab")
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}".encode()


def _choice(argument: str, chance: random.Random) -> bytes:
    return chance.choice(argument.split("|")).encode()


def _crc32_base62(argument: str, chance: random.Random) -> bytes:
    prefix, _, length = argument.rpartition(":")
    payload = _characters(CLASSES["base62"], chance, int(length))
    return prefix.encode() + payload + crc32_base62(payload)


def _github(argument: str, chance: random.Random) -> bytes:
    return _crc32_base62(f"{argument or 'ghp_'}:30", chance)


_NKEY_PREFIXES = {"SU": 160, "SA": 0, "SO": 112, "SN": 104, "SC": 16, "SX": 184}


def _nkey(argument: str, chance: random.Random) -> bytes:
    """Write a seed as NATS does: two bytes of prefix, 32 of seed, a CRC-16, in base 32 without padding."""
    if argument not in _NKEY_PREFIXES:
        raise ShapeError(f"no NKey seed begins with {argument!r}; known: {' '.join(_NKEY_PREFIXES)}")
    kind = _NKEY_PREFIXES[argument]
    raw = bytes((144 | kind >> 5, (kind & 31) << 3)) + chance.randbytes(32)
    return base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).rstrip(b"=")


def _npm(argument: str, chance: random.Random) -> bytes:
    return _crc32_base62(f"{argument or 'npm_'}:30", chance)


def _pypi(argument: str, chance: random.Random) -> bytes:
    """Build a version 2 macaroon (libmacaroons' binary form): location, identifier, end, signature."""
    location = b"pypi.org"
    identifier = json.dumps(_uuid("", chance).decode()).encode()
    caveat = json.dumps([0, chance.randint(10**9, 2 * 10**9)]).encode()
    raw = (
        b"\x02\x01" + bytes([len(location)]) + location + b"\x02" + bytes([len(identifier)]) + identifier + b"\0"
        + b"\x02" + bytes([len(caveat)]) + caveat + b"\0\0\x06\x20" + chance.randbytes(32)
    )  # fmt: skip
    return (argument or "pypi-").encode() + base64.urlsafe_b64encode(raw).rstrip(b"=")


def _jwt(argument: str, chance: random.Random) -> bytes:
    issued = chance.randint(1_600_000_000, 1_700_000_000)
    claims: dict[str, object] = {"iss": "https://issuer.example", "sub": f"svc-{chance.randint(1, 9999)}"}
    claims |= {"iat": issued, "exp": issued + 3600}
    claims |= dict(pair.split("=", 1) for pair in argument.split(",") if pair)
    header = {"alg": "HS256", "typ": "JWT", "kid": f"{chance.getrandbits(32):08x}"}
    segments = [json.dumps(part, separators=(",", ":")).encode() for part in (header, claims)]
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (*segments, chance.randbytes(32)))


def _aws_key_id(argument: str, chance: random.Random) -> bytes:
    """An id whose fifth letter is none of those that older ids, which name no account, go on with."""
    return (
        (argument or "AKIA").encode()
        + _characters("QRSTUVWXYZ", chance, 1)
        + _characters(CLASSES["base32"], chance, 15)
    )


def _azure_key(argument: str, chance: random.Random) -> bytes:
    """Build an identifiable key of letters and digits alone: a key of Search holds no other sign."""
    mark = argument.encode()
    if mark not in azure_keys.FAMILIES:
        raise ShapeError(f"no key of Azure has the mark {argument!r}; known: {_names(azure_keys.FAMILIES)}")
    family = azure_keys.FAMILIES[mark]
    seed = azure_keys.seed_of(chance.choice(family.seeds))
    width = (family.length * 8 + 5) // 6 - len(mark) - 6
    while True:
        head = _characters(CLASSES["alnum"], chance, width) + mark
        payload = base64.b64decode(head + b"A" * (-len(head) % 4))[: family.length - 4]
        key = base64.b64encode(payload + azure_keys.marvin32(payload, seed))
        if key.replace(mark, b"").rstrip(b"=").isalnum():
            return key


def _azure_annotated_key(argument: str, chance: random.Random) -> bytes:
    service, _, length = argument.partition(":")
    if len(service) != 4 or length not in {"", "long"}:
        raise ShapeError(f"{argument!r} names no service in four letters, as in {{azure-annotated-key:AZMP}}")
    month = _characters("ABCDEFGHIJKL", chance, 1)
    payload = _characters(CLASSES["alnum"], chance, 52) + b"JQQJ99B" + month + b"ACAAAAAAAAAA"
    payload += _characters(CLASSES["alnum"], chance, 4) + service.encode()
    checksum = azure_keys.annotated_checksums(base64.b64decode(payload), azure_keys.ANNOTATED_SEED)[0]
    return payload + (checksum + b"==" if length else checksum[:4])


def _entra_secret(_argument: str, chance: random.Random) -> bytes:
    text = _characters(CLASSES["alnum"], chance, 3) + b"8Q~" + _characters(CLASSES["base64url"], chance, 31)
    return text + azure_keys.entra_checksum(text)


def _azure_devops_token(_argument: str, chance: random.Random) -> bytes:
    raw = bytearray(chance.randbytes(32))
    checksum = azure_keys.devops_checksum(bytes(raw), chance.choice(azure_keys.DEVOPS_SEEDS))
    for place, byte in zip(azure_keys.DEVOPS_PLACES, checksum, strict=True):
        raw[place] = byte
    return base64.b32encode(raw).rstrip(b"=").lower()


def _names(marks: Iterable[bytes]) -> str:
    return " ".join(sorted(mark.decode() for mark in marks))


def _base58check(argument: str, chance: random.Random) -> bytes:
    version, _, length = argument.partition(":")
    body = bytes.fromhex(version) + chance.randbytes(int(length))
    raw = body + hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4]
    return b"1" * (len(raw) - len(raw.lstrip(b"\0"))) + written(int.from_bytes(raw, "big"), BASE58)


def _bytes(argument: str, chance: random.Random) -> bytes:
    given, _, length = argument.partition(":")
    return bytes.fromhex(given) + chance.randbytes(int(length))


def _pem(argument: str, chance: random.Random) -> bytes:
    label, raw = _private_key(argument or "rsa", chance)
    body = base64.b64encode(raw)
    width = 70 if label.startswith("OPENSSH") else 64
    lines = [body[start : start + width] for start in range(0, len(body), width)]
    # The markers are put together here so that no file of the project holds one.
    begin, end = (b"-----" + word + b" " + label.encode() + b"-----" for word in (b"BEGIN", b"END"))
    return b"\n".join((begin, *lines, end)) + b"\n"


def _pem_escaped(argument: str, chance: random.Random) -> bytes:
    return _pem(argument, chance).replace(b"\n", rb"\n")


def _private_key(kind: str, chance: random.Random) -> tuple[str, bytes]:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    clear = NoEncryption()
    label = "PRIVATE" + " KEY"
    if kind == "openssh":
        seed = chance.randbytes(32)
        public = (
            ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        )
        return "OPENSSH " + label, _openssh(seed, public, chance)
    if kind == "ed25519":
        edwards = ed25519.Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        return label, edwards.private_bytes(Encoding.DER, PrivateFormat.PKCS8, clear)
    if kind in {"ec", "ec-pkcs8"}:
        curve = ec.derive_private_key(chance.getrandbits(255) + 1, ec.SECP256R1())
        if kind == "ec":
            return "EC " + label, curve.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, clear)
        return label, curve.private_bytes(Encoding.DER, PrivateFormat.PKCS8, clear)
    if kind in {"rsa", "rsa-pkcs8"}:
        return _rsa(kind, label, chance)
    raise ShapeError(f"no kind of private key is called {kind!r}; known: rsa rsa-pkcs8 ec ec-pkcs8 ed25519 openssh")


def _rsa(kind: str, label: str, chance: random.Random) -> tuple[str, bytes]:
    """Build an RSA key of 1024 bits from primes drawn here: the library draws its own only from the system."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    exponent = 65537
    p, q = _prime(chance, 512, exponent), _prime(chance, 512, exponent)
    d = pow(exponent, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p,
        q,
        d,
        rsa.rsa_crt_dmp1(d, p),
        rsa.rsa_crt_dmq1(d, q),
        rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(exponent, p * q),
    )
    key = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    if kind == "rsa":
        return "RSA " + label, key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return label, key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _prime(chance: random.Random, bits: int, exponent: int) -> int:
    """Draw a probable prime (Miller and Rabin, 16 rounds) that suits the exponent."""
    while True:
        candidate = chance.getrandbits(bits) | (3 << (bits - 2)) | 1
        if (
            any(candidate % small == 0 for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37))
            or candidate % exponent == 1
        ):
            continue
        odd, twos = candidate - 1, 0
        while odd % 2 == 0:
            odd, twos = odd // 2, twos + 1
        if all(_passes(candidate, chance.randrange(2, candidate - 1), odd, twos) for _ in range(16)):
            return candidate


def _passes(candidate: int, witness: int, odd: int, twos: int) -> bool:
    power = pow(witness, odd, candidate)
    if power in {1, candidate - 1}:
        return True
    for _ in range(twos - 1):
        power = pow(power, 2, candidate)
        if power == candidate - 1:
            return True
    return False


def _openssh(seed: bytes, public: bytes, chance: random.Random) -> bytes:
    """Write an unencrypted Ed25519 key as OpenSSH's PROTOCOL.key describes it."""

    def string_of(content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + content

    blob = string_of(b"ssh-ed25519") + string_of(public)
    check = chance.randbytes(4)
    private = check + check + blob + string_of(seed + public) + string_of(b"sample")
    private += bytes(range(1, 1 + -len(private) % 8))
    none = string_of(b"none")
    return (
        b"openssh-key-v1\0"
        + none
        + none
        + string_of(b"")
        + (1).to_bytes(4, "big")
        + string_of(blob)
        + string_of(private)
    )


GENERATORS: dict[str, Callable[[str, random.Random], bytes]] = {
    "aws-key-id": _aws_key_id,
    "azure-annotated-key": _azure_annotated_key,
    "azure-devops-token": _azure_devops_token,
    "azure-key": _azure_key,
    "base58check": _base58check,
    "bytes": _bytes,
    "choice": _choice,
    "crc32-base62": _crc32_base62,
    "entra-secret": _entra_secret,
    "github": _github,
    "jwt": _jwt,
    "nkey": _nkey,
    "npm": _npm,
    "pem": _pem,
    "pem-escaped": _pem_escaped,
    "pypi": _pypi,
    "uuid": _uuid,
}
