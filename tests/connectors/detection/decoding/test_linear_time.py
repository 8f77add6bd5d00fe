"""Every way of decoding takes time in proportion to its input, whatever sign is repeated in it.

An expression that goes back over what it has read is harmless on every file but the one that is made for it. Here each
encoding and container is given its own opening and then thousands of repetitions of every delimiter, and of every two,
so that the next such expression is found before somebody else finds it.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from functools import cache

import pytest
import re2

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance, Spending
from connectors.detection.decoding.kinds import Container, Encoding
from connectors.detection.decoding.pieces import Claims
from connectors.detection.decoding.registry import CONTAINERS, ENCODINGS
from tests.connectors.detection.decoding.encoded import base64_of, class_of, sqlite_of, tar_of, zip_of

OPENINGS: dict[str, tuple[bytes, ...]] = {
    "kubernetes-secret": (
        b"kind: Secret\ndata:\n  a:",
        b"kind: Secret\ndata:\n  a: |\n    ",
        b'{"kind": "Secret", "data": {"a":',
    ),
    "basic-login": (b'"auth": "' + base64_of(b"ABCDEFGH:"), b"Authorization: " + b"Basic " + base64_of(b"ABCDEFGH:")),
    "base64": (b'x = "' + base64_of(b"a text of some words"), b"A" * 20 + b"=="),
    "hex": (b'x = "' + b"a text of words".hex().encode(),),
    "joined-literals": (b"x = 'abc' + 'def", b'x = "abc"\n"def'),
    "escapes": (b'x = "\\x41BCDEFG',),
    "percent": (b"x=%41BCD",),
    "html-entities": (b"<p>&#x41;",),
    "quoted-printable": (b"encoding: quoted-printable\n", b"a" * 70 + b"=\n"),
    "notebook": (b'{"nbformat": 4, "a":"', b'{"nbformat": 4, "a":'),
    "gzip": (b"\x1f\x8b\x08\0",),
    "zip": (b"PK\3\4\x14\0\0\0\x08\0", zip_of({"a": b"text"}), zip_of({"a": b"text"})[:-22], b"PK\5\6"),
    "zlib": (b"x\x9c",),
    "bzip2": (b"BZh91AY&SY",),
    "xz": (b"\xfd7zXZ\0\0\4",),
    "lzma": (b"]\0\0\x80\0" + b"\xff" * 8 + b"\0",),
    "compound": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",),
    "pdf": (
        b"%PDF-1.4\n<<>>stream\nBT (",
        b"%PDF-1.4\n<<>>stream\nBT <",
        b"%PDF-1.4\n",
        b"%PDF-1.4\n<</Filter/ASCII85Decode>>stream\n",
        b"%PDF-1.4\n<</Filter/LZWDecode>>stream\n",
        b"%PDF-1.4\n<</Filter[/RL/RL]>>stream\n",
        b"%PDF-1.4\n<</Filter[",
    ),
    "sqlite": (sqlite_of(("a", "text")), b"SQLite format 3\0\x02\0" + bytes(82)),
    "class": (class_of(b"text"), b"\xca\xfe\xba\xbe\0\0\0\x34\xff\xff"),
    "office-text": (b"<?xml schemas.openxmlformats.org/", b"<?xml schemas.openxmlformats.org/ <"),
    "unopened": (b"7z\xbc\xaf\x27\x1c",),
    "tar": (tar_of({"a": b"text"}), tar_of({"a": b"text"})[:1024]),
    "pyc": (b"\xa7\r\r\n" + bytes(12) + b"\xe3",),
}
"""By the name of an encoding or container: how content begins in which the rest is read by it."""
DELIMITERS = [bytes([byte]) for byte in b"\"'\\()<>{}:=&|+, \n\0a1"]
UNITS = [*DELIMITERS, *map(b"".join, itertools.permutations(DELIMITERS, 2))]
"""What is repeated: with two, what opens can be followed by what hides, ends or opens again."""
TAIL = b"!"
"""What most expressions do not expect at the end."""
SMALL, TIMES, MOST = 8 << 10, 4, 12
"""Four times the input may cost twelve times as much; a quadratic step costs sixteen times."""
FLOOR = 0.02
"""Seconds: what takes less at the small size is not measured further. A quadratic step takes longer."""
SUBJECTS: list[Encoding | Container] = [*ENCODINGS, *CONTAINERS]


def contents(subject: Encoding | Container, size: int) -> Iterator[tuple[str, bytes]]:
    for number, opening in enumerate(OPENINGS[subject.name]):
        for unit in (*UNITS, opening[:64], opening[-12:]):
            yield f"opening {number}, then {unit!r}", opening + unit * (size // len(unit)) + TAIL


def cost(subject: Encoding | Container, content: bytes, rounds: int = 1) -> float:
    """Return the processor seconds that it takes to decode a content in one step."""
    window, best = Window("object", 0, len(content)), float("inf")
    for _ in range(rounds):
        allowance = Allowance("object", len(content), Spending())
        marks = marks_of(subject, content) if isinstance(subject, Encoding) else []
        begun = time.process_time()
        pieces = (
            subject.find(content, window, marks, Claims([]), allowance)
            if isinstance(subject, Encoding)
            else subject.open(content, window, allowance)
        )
        for _ in pieces:
            pass
        best = min(best, time.process_time() - begun)
    return best


def marks_of(encoding: Encoding, content: bytes) -> list[int]:
    return [found.end() for found in signs(encoding.signs).finditer(content)]


@cache
def signs(expressions: tuple[str, ...]) -> re2._Regexp[bytes]:
    return re2.compile("|".join(f"(?:{one})" for one in expressions).encode())


@pytest.mark.parametrize("subject", SUBJECTS, ids=[f"{number}-{one.name}" for number, one in enumerate(SUBJECTS)])
def test_no_repetition_costs_more_than_its_length(subject: Encoding | Container) -> None:
    for name, content in contents(subject, SMALL):
        if cost(subject, content) < FLOOR:
            continue
        small = max(cost(subject, content, 3), FLOOR / 4)
        large = dict(contents(subject, TIMES * SMALL))[name]
        assert cost(subject, large, 3) <= MOST * small, name
