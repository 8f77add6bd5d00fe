"""Bombs cost what is granted, cost grows with the input alone, and what is over a limit is named."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import struct
import time
import zlib
from collections.abc import Callable
from functools import cache

import pytest

from connectors.detection.batch import Batch, Window
from connectors.detection.decoding.allowance import MEMBER_BYTES, MEMBERS, Allowance, Omission, Spending
from connectors.detection.decoding.pieces import Claims
from connectors.detection.decoding.registry import CONTAINERS
from connectors.detection.detector import Detector
from tests.connectors.detection.decoding.encoded import (
    LINE,
    base64_of,
    detector,
    fresh,
    holders,
    lzw_of,
    scan,
    tar_of,
    zip_of,
)

ZEROS = bytes(1 << 20)


def overlapping_zip(count: int, size: int) -> bytes:
    """Many entries of a directory that share one member."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = packer.compress(bytes(size)) + packer.flush()
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(content), size, 1, 0) + b"a" + content
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, 0, len(content), size, 1, 0, 0, 0, 0, 0, 0) + b"a"
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(entry) * count, len(local), 0)
    return local + entry * count + end


HELLO = base64_of(b"hello")


def nested(pack: Callable[[bytes], bytes], layers: int, inner: bytes) -> bytes:
    for _ in range(layers):
        inner = pack(inner)
    return inner


def clears(size: int) -> bytes:
    """A stream of LZW that begins anew with each code."""
    return int("100000000" * 8, 2).to_bytes(9, "big") * (size // 9)


BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip": lambda: gzip.compress(ZEROS * 40),
    "zlib": lambda: zlib.compress(ZEROS * 40),
    "bzip2": lambda: bz2.compress(ZEROS * 40),
    "xz": lambda: lzma.compress(ZEROS * 40),
    "lzma": lambda: lzma.compress(ZEROS * 40, lzma.FORMAT_ALONE),
    "zip": lambda: zip_of({"a": ZEROS * 40}),
    "zip of many": lambda: zip_of({f"a{number}": ZEROS for number in range(120)}),
    "overlapping zip": lambda: overlapping_zip(9_000, 1 << 20),
    "gzip in gzip": lambda: gzip.compress(gzip.compress(ZEROS * 60)),
    "zips in zips": lambda: nested(
        lambda inner: zip_of({f"{n}.zip": inner for n in range(8)}), 4, zip_of({"a": ZEROS})
    ),
    "gzip in base64": lambda: b"x='" + base64_of(gzip.compress(ZEROS * 40)) + b"'",
    "many members": lambda: tar_of({f"{number}": b"" for number in range(MEMBERS + 100)}),
    "many streams": lambda: gzip.compress(b"") * 5_000,
    "pdf": lambda: b"%PDF-1.4\n<</Filter/FlateDecode>>\nstream\n" + zlib.compress(ZEROS * 40) + b"\nendstream",
    "pdf, LZW": lambda: b"%PDF-1.4\n<</Filter/LZW>>\nstream\n" + lzw_of(ZEROS * 8)[:-2] * 9 + b"\nendstream",
    "pdf, LZW that clears": lambda: b"%PDF-1.4\n<</Filter/LZW>>\nstream\n" + clears(2 << 20),
    "pdf, runs": lambda: b"%PDF-1.4\n<</Filter[/RL/RL/RL]>>\nstream\n" + b"\x81\x81" * 200_000 + b"\nendstream",
}


@pytest.mark.parametrize("make", BOMBS.values(), ids=BOMBS)
def test_a_bomb_costs_what_is_granted(make: Callable[[], bytes]) -> None:
    content, one = make(), fresh()
    begun = time.process_time()
    assert scan(content, one) == []
    spent = time.process_time() - begun
    assert one.left_out.keys() & {Omission.LIMIT, Omission.DEPTH}
    assert one._walk._spending.left >= (4 << 30) - (100 * len(content) + (2 << 20)) - MEMBER_BYTES
    assert spent < 5


def test_a_container_that_holds_itself_ends() -> None:
    """A gzip stream that gives itself again and again would be read to the third layer, and no further."""
    inner = LINE
    for _ in range(50):
        inner = gzip.compress(inner)
    one = fresh()
    assert scan(inner, one) == []
    assert set(one.left_out) == {Omission.DEPTH}


def test_what_lies_before_a_bomb_is_found() -> None:
    one = fresh()
    content = zip_of({"a.env": LINE, "bomb": ZEROS * 40})
    assert [found.decoding for found in holders(scan(content, one))] == [("zip:a.env",)]
    assert set(one.left_out) == {Omission.LIMIT}


def test_a_bomb_costs_its_neighbours_nothing() -> None:
    bomb, other = gzip.compress(ZEROS * 40), gzip.compress(LINE)
    windows = [Window("bomb", 0, len(bomb)), Window("other", len(bomb), len(bomb) + len(other))]
    one = fresh()
    found = list(one.detect(Batch(bomb + other, windows)))
    assert [each.key for each in holders(found)] == ["other"]
    assert one.left_out == {Omission.LIMIT: {"bomb"}}


def test_all_objects_together_have_a_limit() -> None:
    spending = Spending()
    spending.left = 5_000
    first, second = Allowance("a", 10_000, spending), Allowance("b", 10_000, spending)
    assert first.afford(4_000)
    assert not second.afford(2_000)
    assert second.room == 1_000
    assert spending.omissions == {Omission.LIMIT: {"b"}}


# Linear time: eight times the input may cost at most 24 times as much; a quadratic step would cost 64 times.


@cache
def everything() -> Detector:
    return detector()


def cost(content: bytes) -> float:
    best = float("inf")
    for _ in range(3):
        one = everything()
        one._walk._spending.left = 4 << 30
        begun = time.process_time()
        for _ in one.detect(Batch(content, [Window("object", 0, len(content))])):
            pass
        best = min(best, time.process_time() - begun)
    return best


HALF_TEXT = base64_of(b"a text that goes on as such for quite a while " + random.Random(5).randbytes(96))[:76] + b"\n"
PUMPS: dict[str, tuple[bytes, bytes]] = {
    "base64": (b"", b"'" + base64_of(b"a text of some words") + b"'"),
    "base64 lines": (b"", base64_of(b"x" * 57) + b"\n"),
    "base64, short lines": (b"", base64_of(b"x" * 30) + b"\n"),
    "base64, short lines that differ": (
        b"",
        b"".join(base64_of(b"%d a text of 33 bytes, no more.." % n) + b"\n" for n in range(10, 99)),
    ),
    "base64, lines of 41": (b"", base64_of(b"y" * 33)[:41] + b"\n"),
    "base64, short lines and shorter": (b"", base64_of(b"x" * 30) + b"\n" + base64_of(b"yz" * 9) + b"\n"),
    "base64 that turns out binary": (b"", HALF_TEXT),
    "padding": (b"", base64_of(b"a text of some words..") + b" "),
    "self-telling": (b"", b" H4sIAAAAAAAA"),
    "hex": (b"", b"'" + b"a text of words".hex().encode() + b"'"),
    "percent": (b"", b"%41%42%43%44%45"),
    "percent, far apart": (b"", b"%41%42%43" + b"x" * 300),
    "escapes": (b"", b"\\u0041\\x42CDEFGH"),
    "entities": (b"", b"&#65;"),
    "literals": (b"", b"'ab' + "),
    "literals over lines": (b"", b"'abc'\n"),
    "unclosed literals": (b"", b"'abc' + \"def\n"),
    "quoted-printable": (b"", b"a" * 70 + b"=\n"),
    "headers of quoted-printable": (b"", b"encoding: quoted-printable\n=3D\n"),
    "barren headers": (b"", b"encoding: quoted-printable\n"),
    "secrets": (b"", b"kind: Secret\ndata:\n  password: " + HELLO + b"\n"),
    "secrets, apart": (b"", b"kind: Secret\ndata:\n  password: " + HELLO + b"\n---\n"),
    "data in data": (b"kind: Secret\n", b"data:\n data:\n"),
    "logins": (b"", b'"auth": "aGVsbG86d29ybGQ="\n'),
    "notebook": (b'{"nbformat": 4, ', b'"a\\n", "'),
    "tar": (b"", tar_of({"a": b""})[:512]),
    "zip headers": (b"", b"PK\3\4\x14\0\0\0\x08\0" + bytes(20)),
    "zip ends": (b"MZ\0", b"PK\5\6"),
    "pdf": (b"%PDF-1.4\n", b"<</Filter/FlateDecode>>stream\nx\x9c\0\0endstream\n"),
    "pdf text": (b"%PDF-1.4\n<<>>stream\nBT ", b"(a(b)"),
    "sqlite": (b"SQLite format 3\0\x10\0" + bytes(82), b"\x0d\0\0\x07\0" + b"\x0f\0" * 2045 + b"\0"),
    "pyc": (b"\xa7\r\r\n" + bytes(12) + b"\xe3", b"s\xff\xff\x0f\0"),
    "class": (b"\xca\xfe\xba\xbe\0\0\0\x34\xff\xff", b"\1\0\0"),
    "office": (b"<?xml schemas.openxmlformats.org/", b"<a><"),
    "wide stretches": (b"\xff", b"a\0b\0c\0d\0e\0f\0g\0h\0\xff\xff\xff"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "pump"), PUMPS.values(), ids=PUMPS)
def test_pumped_input(before: bytes, pump: bytes) -> None:
    small, large = before + pump * (32_768 // len(pump)), before + pump * (262_144 // len(pump))
    cost(small)
    assert cost(large) <= 24 * max(cost(small), 0.002)


# What limits rest on.


def test_claims_count_what_is_shared() -> None:
    claims = Claims([(10, 20), (30, 40)])
    assert claims.cover(10, 20)
    assert claims.cover(12, 36)
    assert not claims.cover(18, 32)
    claims.add(18, 32)
    assert claims.cover(10, 40)
    assert not claims.cover(40, 50)


def test_containers_are_asked_by_how_they_begin() -> None:
    for container in CONTAINERS:
        assert all(len(beginning) == 2 for beginning in container.beginnings)
