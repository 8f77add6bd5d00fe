"""Writes numbers with the digits of an alphabet, as tokens carry their checksums."""

from __future__ import annotations

BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def written(number: int, alphabet: bytes, width: int = 0) -> bytes:
    """Write a number with an alphabet's digits, the greatest first, filled up on the left with the digit for zero."""
    digits = bytearray()
    while number:
        number, digit = divmod(number, len(alphabet))
        digits.append(alphabet[digit])
    return bytes(reversed(digits)).rjust(width, alphabet[:1])
