"""Layers in any order, to the third one; the same result whatever lies beside; and no alarm where there is nothing."""

from __future__ import annotations

import base64
import gzip
import itertools
import os
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import detection
from connectors.detection.batch import Batch, Detection, Window
from connectors.detection.catalogue import shipped_catalogue
from connectors.detection.decoding.allowance import DEPTH, Omission
from connectors.detection.decoding.registry import ENCODINGS
from connectors.detection.detector import Detector, detection_digest
from storage.inventory import Confidence
from tests.compiled import compiled_patterns
from tests.connectors.detection.decoding.encoded import (
    ENCODED,
    FINGERPRINTER,
    LINE,
    PASSWORD,
    TOKEN,
    a_token,
    base64_of,
    detector,
    document_of,
    fresh,
    holders,
    notebook_of,
    scan,
    tar_of,
    zip_of,
)

TEXT_STEPS = sorted({"base64", "hex", "percent", "escapes", "html-entities"})
STEPS = st.sampled_from(sorted(ENCODED))


def wrap(steps: list[str], inner: bytes = LINE) -> bytes:
    """Write a text by these steps, the first one outermost."""
    for step in reversed(steps):
        inner = ENCODED[step](inner)
    return inner


def is_readable(steps: list[str]) -> bool:
    """Whether these steps can be undone: text is read inside anything, bytes only inside bytes, base 64 and hex."""
    binary = {"gzip", "zlib", "bzip2", "xz", "zip:member", "tar:member", "utf-16-le"}
    for outer, inner in itertools.pairwise(steps):
        if inner in binary and outer not in {
            "base64",
            "hex",
            "gzip",
            "zlib",
            "bzip2",
            "xz",
            "zip:member",
            "tar:member",
        }:
            return False
        if outer in {"base64", "hex"} and inner == "tar:member":
            return False  # a short name and NUL bytes: neither text nor a magic number
    return steps.count("utf-16-le") <= 1


@settings(deadline=None)
@given(
    st.lists(STEPS, min_size=1, max_size=DEPTH).filter(is_readable),
    st.integers(0, 3),
    st.sampled_from([b"", b"first\n"]),
)
def test_nested_layers(steps: list[str], number: int, before: bytes) -> None:
    line = b"# what nobody should read\n" * 9 + b"token: '" + a_token(number) + b"'\n"
    content = wrap(steps, line)
    if steps[0] in TEXT_STEPS:
        content = before + content
    (one, *more) = holders(scan(content), a_token(number))
    assert not more
    assert one.decoding == tuple(steps)
    if steps[0] in TEXT_STEPS:
        assert one.line == 1 + before.count(b"\n")
        assert content[one.offset : one.offset + one.length].strip(b'x =\n"<>p/') != b""


@pytest.mark.parametrize("step", ["base64", "gzip", "zip:member", "hex"])
def test_the_fourth_layer_is_left_and_named(step: str) -> None:
    one = fresh()
    assert len(holders(scan(wrap([step] * DEPTH), one))) == 1
    assert not one.left_out
    assert holders(scan(wrap([step] * (DEPTH + 1)), one)) == []
    assert set(one.left_out) == {Omission.DEPTH}


def test_wide_characters_are_no_layer() -> None:
    (one,) = holders(scan(wrap(["base64", "utf-16-le", "base64", "gzip"])))
    assert one.decoding == ("base64", "utf-16-le", "base64", "gzip")
    (one,) = holders(scan(wrap(["utf-16-le", "base64", "base64", "base64"])))
    assert one.decoding[0] == "utf-16-le"


def test_the_place_in_wide_text_is_that_of_the_file() -> None:
    text = f"erste Zeile äöü\nx = '{base64_of(LINE).decode()}'\n"
    content = text.encode("utf-16")
    (one,) = holders(scan(content))
    assert (one.line, one.column, one.decoding) == (2, 6, ("utf-16-le", "base64"))
    assert content[one.offset : one.offset + one.length].decode("utf-16-le") == base64_of(LINE).decode().rstrip("=")


def test_places_count_on_where_a_window_begins() -> None:
    content = b"noise\nx = '" + base64_of(LINE) + b"'\n"
    (one,) = detector().detect(Batch(content, [Window("object", 6, len(content), 1000, 40)]))
    assert (one.offset, one.line, one.column) == (1005, 40, 6)


# What an object holds is a matter of the object alone.

ATOMS = [
    LINE, base64_of(LINE), base64_of(b"user: x\n" + LINE), LINE.hex().encode(), b"ghp%5F" + TOKEN[4:],
    b"ghp\\x5f" + TOKEN[4:], b"&#103;hp_" + TOKEN[4:], b"'ghp_' + '" + TOKEN[4:] + b"'",
    b"'ghp_'\n  '" + TOKEN[4:] + b"'",
    b"echo ", b"base64 ", b"== ", b"kind: Secret\n", b"data:\n  password: " + base64_of(PASSWORD) + b"\n", b"\n---\n",
    b'"auth": "' + base64_of(b"bob:" + TOKEN) + b'"', b"Authorization: Basic ", b"encoding: quoted-printable\n",
    b"a" * 60 + b"=\n", b"=3D", b'{"nbformat": 4, "x": "a\\n"}', b"password = '" + PASSWORD[:6] + b"'", b" + ",
    b"'" + PASSWORD[6:] + b"'", b"H4sI", b"%41%42%43%44", b"\\u0041BCDEF", b"\\", b"x", b'"', b"'", b"=", b": ", b"\n",
    b">\n  ", b"\r\n", b"\0", b"\xff", b"PK\3\4", b"\x1f\x8b\x08", gzip.compress(LINE, mtime=0), zip_of({"a": LINE}),
    ("x: '" + base64_of(LINE).decode() + "'").encode("utf-16-le"), b"&quot;a&quot;:&quot;b&quot;", b"0x", b"!", b"QUJD",
]  # fmt: skip
TEXTS = st.lists(st.lists(st.sampled_from(ATOMS), max_size=8).map(b"".join), min_size=1, max_size=5)


def scan_apart(texts: list[bytes], matcher: str = "hyperscan") -> list[list[Detection]]:
    """Scan several objects in one buffer, with nothing between them."""
    windows, position = [], 0
    for number, text in enumerate(texts):
        windows.append(Window(str(number), position, position + len(text)))
        position += len(text)
    found: list[list[Detection]] = [[] for _ in texts]
    for one in detector(matcher).detect(Batch(bytearray(b"".join(texts)), windows)):
        found[int(one.key)].append(msgspec.structs.replace(one, key="object"))
    return found


@settings(deadline=None)
@given(TEXTS)
def test_neighbours_in_a_batch_change_nothing(texts: list[bytes]) -> None:
    assert scan_apart(texts) == [scan(text) for text in texts]


@settings(deadline=None, max_examples=60)
@given(TEXTS)
def test_every_matcher_finds_the_same(texts: list[bytes]) -> None:
    expected = scan_apart(texts)
    for matcher in ("re2", "re"):
        assert scan_apart(texts, matcher) == expected


@given(st.lists(st.sampled_from(ATOMS), max_size=10).map(b"".join))
def test_no_value_is_told_twice_for_one_place(text: bytes) -> None:
    told = [(one.tags, one.offset, one.length) for one in scan(text) if one.tags]
    assert len(told) == len(set(told))


@given(st.lists(st.sampled_from(ATOMS), max_size=10).map(b"".join))
def test_offsets_and_lines_belong_together(text: bytes) -> None:
    for one in scan(text):
        assert 0 <= one.offset < one.offset + one.length <= len(text)
        if not any(step.startswith("utf") for step in one.decoding):
            assert one.line == 1 + text.count(b"\n", 0, one.offset)


# Nothing there, nothing said.

CHANCE = random.Random(11)


@cache
def everything() -> Detector:
    """A detector with all formats."""
    return Detector(shipped_catalogue(), FINGERPRINTER, cache_directory=compiled_patterns())


def picture(size: int) -> bytes:
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">2L", 64, 64) + b"\x08\x02\0\0\0"
    return header + b"IDAT" + zlib.compress(CHANCE.randbytes(size)) + b"\0\0\0\0IEND\xaeB`\x82"


def certificate() -> bytes:
    lines = base64.encodebytes(b"\x30\x82\x03\x0a\x02\x82\x03\x01" + CHANCE.randbytes(760))
    return b"-----BEGIN CERTIFICATE-----\n" + lines + b"-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: b'x = "' + base64_of(CHANCE.randbytes(3000)) + b'"', id="random, base64"),
        pytest.param(lambda: base64.encodebytes(CHANCE.randbytes(3000)), id="random, wrapped"),
        pytest.param(lambda: b"x=" + base64.urlsafe_b64encode(CHANCE.randbytes(30)), id="random, short"),
        pytest.param(lambda: b'sha256: "' + CHANCE.randbytes(32).hex().encode() + b'"', id="a digest in hex"),
        pytest.param(lambda: b"integrity sha512-" + base64_of(CHANCE.randbytes(64)), id="a digest in base64"),
        pytest.param(lambda: b'x = "' + CHANCE.randbytes(400).hex().encode() + b'"', id="random, hex"),
        pytest.param(lambda: b"url(data:image/png;base64," + base64_of(picture(900)) + b")", id="a picture"),
        pytest.param(lambda: b"='data:;base64," + base64_of(b"GIF89a" + CHANCE.randbytes(300)) + b"'", id="GIF"),
        pytest.param(
            certificate, id="a certificate",
        ),
        pytest.param(
            lambda: b"kind: Secret\ndata:\n  ca.crt: " + base64_of(certificate()) + b"\n  user: " + base64_of(b"admin"),
            id="a certificate in a Kubernetes Secret",
        ),
        pytest.param(lambda: b"ssh-rsa AAAAB3NzaC1yc2E" + base64_of(CHANCE.randbytes(260)), id="a public key"),
        pytest.param(lambda: b"x: " + base64_of(b"\n".join(b"text, line %d" % n for n in range(50))), id="plain text"),
        pytest.param(lambda: gzip.compress(CHANCE.randbytes(5000)), id="random, gzip"),
        pytest.param(lambda: zip_of({"a.png": picture(2000), "b": certificate()}), id="pictures in a zip"),
        pytest.param(lambda: tar_of({"a": CHANCE.randbytes(3000)}), id="random, tar"),
        pytest.param(lambda: b"%01x" % CHANCE.getrandbits(80_000), id="one long number"),
    ],
)  # fmt: skip
def test_no_false_alarm(make: Callable[[], bytes]) -> None:
    for _ in range(12):
        content = make()
        assert [one for one in scan(content, everything()) if one.confidence is not Confidence.LOW] == []
        assert [one for one in scan(content, everything()) if one.decoding] == []
    assert not everything().left_out


def test_random_bytes_open_nothing() -> None:
    one = fresh()
    for _ in range(300):
        scan(os.urandom(2000), one)
    assert not one.left_out


def test_decoded_text_is_not_asked_for_randomness() -> None:
    line = b'mapping = "' + base64_of(CHANCE.randbytes(24)) + b'"  # note 7\n'
    plain = [one.detector for one in scan(line)]
    hidden = [one.detector for one in scan(b"x: '" + base64_of(b"# a file of settings\n" + line) + b"'")]
    assert not any("entropy" in name for name in hidden)
    assert set(hidden) <= set(plain)


def test_a_guess_is_no_surer_for_being_encoded() -> None:
    line = b"# settings\nuser = svc\npassword = '" + PASSWORD + b"'\n"
    (plain,) = holders(scan(line), PASSWORD)
    (hidden,) = holders(scan(b"x: '" + base64_of(line) + b"'"), PASSWORD)
    assert hidden.decoding == ("base64",)
    assert hidden.confidence.rank <= plain.confidence.rank


def test_a_decoded_value_takes_the_place_of_a_guess_at_its_encoded_form() -> None:
    content = b"password: '" + base64_of(b"token " + TOKEN) + b"'\n"
    (one,) = scan(content)
    assert (one.detector, one.decoding) == ("github-personal-access-token", ("base64",))
    assert one.confidence is Confidence.HIGH


def test_a_guess_stays_where_nothing_surer_is_decoded_from_it() -> None:
    content = b"password: '" + base64_of(CHANCE.randbytes(18)) + b"'\n"
    (one,) = scan(content)
    assert one.decoding == ()


# Names, and what is written about them.


def test_names_of_steps_are_those_of_the_registry() -> None:
    names = [encoding.name for encoding in ENCODINGS]
    assert len(names) == len(set(names))
    for content, steps in (
        (notebook_of(f"t = '{TOKEN[:9].decode()}' \\", f"  '{TOKEN[9:].decode()}'"), ("notebook", "joined-literals")),
        (document_of(TOKEN[:9], TOKEN[9:]), ("zip:word/document.xml", "office-text")),
    ):
        assert [one.decoding for one in holders(scan(content))] == [steps]


def test_the_digest_tells_how_content_is_read(tmp_path: Path) -> None:
    catalogue = shipped_catalogue()
    for name in ("detector.py", "word_table.txt", "decoding/walk.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("one\n", encoding="utf-8")
    digests = [detection_digest(catalogue, tmp_path)]
    assert digests == [detection_digest(catalogue, tmp_path)]

    for name in ("detector.py", "word_table.txt", "decoding/walk.py", "decoding/another.py"):
        (tmp_path / name).write_text("another\n", encoding="utf-8")
        digests.append(detection_digest(catalogue, tmp_path))
    digests.append(detection_digest(catalogue.tuned((), {"json-web-token"}), tmp_path))
    assert len(digests) == len(set(digests))


def test_the_digest_covers_the_sources_of_detection() -> None:
    folder = Path(detection.__file__).parent
    assert detection_digest(shipped_catalogue()) == detection_digest(shipped_catalogue(), folder)
