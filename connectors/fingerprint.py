"""Keyed fingerprints: the only form in which a value leaves the worker that saw it.

`"v1:" kid ":" hex(HMAC-SHA256(K_fp, "secret" NUL canonical))`. No repository, path or rule goes in, so that one
value has one fingerprint wherever it stands; and a key goes in, so that nobody without it can confirm a guess.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence


class KeyedFingerprinter:
    """Tags values under every key of a ring, the active key first."""

    def __init__(self, keys: Sequence[tuple[str, bytes]]) -> None:
        """Take pairs of key id and derived fingerprint subkey. Raises `ValueError` for an empty ring or a short key."""
        if not keys:
            raise ValueError("the key ring is empty: fingerprints need at least one key")
        for kid, key in keys:
            if len(key) < 32:
                raise ValueError(f"the fingerprint key {kid!r} is shorter than 32 bytes")
        self._keys = [(kid, hmac.new(key, b"secret\0", "sha256")) for kid, key in keys]

    def tags(self, value: bytes) -> tuple[str, ...]:
        """Return one tag a key for a canonical value."""
        return tuple(self._tag(kid, prepared, value) for kid, prepared in self._keys)

    @staticmethod
    def _tag(kid: str, prepared: hmac.HMAC, value: bytes) -> str:
        mac = prepared.copy()
        mac.update(value)
        return f"v1:{kid}:{mac.hexdigest()}"

    def __repr__(self) -> str:
        return f"KeyedFingerprinter({[kid for kid, _ in self._keys]})"
