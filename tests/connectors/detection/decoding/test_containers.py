"""Each kind of container is opened, whole or damaged, and what could not be read in it is said."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import py_compile
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.batch import Batch, Window
from connectors.detection.decoding.allowance import Allowance, Omission, Spending
from connectors.detection.decoding.kinds import Container
from connectors.detection.decoding.pdf_filters import unfiltered
from connectors.detection.decoding.pieces import Claims, Piece
from connectors.detection.decoding.walk import _Encoded, _Origin, _pieces
from connectors.detection.matcher import Text
from tests.connectors.detection.decoding.encoded import (
    LINE,
    PASSWORD,
    TOKEN,
    a_token,
    class_of,
    detector,
    document_of,
    fresh,
    holders,
    lzw_of,
    pdf_of,
    run_lengths_of,
    scan,
    sqlite_of,
    tar_of,
    zip_of,
)

NOISE = b"\n".join(b"line %d of a text that packs badly: %x" % (n, n * 2654435761 % 2**61) for n in range(400))


def lzma_of(text: bytes, **properties: int) -> bytes:
    """A file of LZMA, which tells its size if it has the usual properties."""
    chain = [{"id": lzma.FILTER_LZMA1, "dict_size": 3 << 20, **properties}]
    packed = lzma.compress(text, lzma.FORMAT_ALONE, filters=chain)
    return packed if properties else packed[:5] + struct.pack("<Q", len(text)) + packed[13:]


SHOWN = b"BT (" + NOISE[:9000].replace(b" ", b"   ") + b") Tj (Token: " + TOKEN + b") Tj ET"


def way(content: bytes) -> tuple[str, ...]:
    """Return how the one detection there must be of the token was read."""
    (one,) = holders(scan(content))
    assert (one.line, one.column, one.offset, one.length) == (1, 1, 0, len(content))
    return one.decoding


@pytest.mark.parametrize(
    ("content", "decoding"),
    [
        pytest.param(gzip.compress(NOISE + LINE), ("gzip",), id="gzip"),
        pytest.param(gzip.compress(NOISE) + gzip.compress(LINE * 3), ("gzip",), id="gzip of two members"),
        pytest.param(gzip.compress(LINE * 3) + bytes(600), ("gzip",), id="gzip with padding"),
        pytest.param(gzip.compress(NOISE) + bytes(600) + gzip.compress(LINE * 3), ("gzip",), id="gzip behind padding"),
        pytest.param(lzma.compress(NOISE) + bytes(8) + lzma.compress(LINE * 3), ("xz",), id="xz behind padding"),
        pytest.param(zlib.compress(LINE * 3, 1), ("zlib",), id="zlib, fast"),
        pytest.param(zlib.compress(LINE * 3, 9), ("zlib",), id="zlib, best"),
        pytest.param(bz2.compress(LINE) + bz2.compress(b"more"), ("bzip2",), id="bzip2"),
        pytest.param(lzma.compress(NOISE + LINE), ("xz",), id="xz"),
        pytest.param(lzma.compress(NOISE + LINE, lzma.FORMAT_ALONE), ("lzma",), id="lzma"),
        pytest.param(lzma_of(NOISE + LINE), ("lzma",), id="lzma that tells its size"),
        pytest.param(lzma_of(NOISE + LINE, lc=0, lp=2, pb=0), ("lzma",), id="lzma of other properties"),
        pytest.param(zip_of({"a/b.env": LINE * 3}), ("zip:a/b.env",), id="zip"),
        pytest.param(zip_of({"a.env": LINE}, zipfile.ZIP_STORED), ("zip:a.env",), id="zip, stored"),
        pytest.param(zip_of({"a.env": LINE}, zipfile.ZIP_BZIP2), ("zip:a.env",), id="zip, bzip2"),
        pytest.param(zip_of({"a.env": LINE * 3}, zipfile.ZIP_LZMA), ("zip:a.env",), id="zip, lzma"),
        pytest.param(b"MZ\0\0" * 999 + zip_of({"a.env": LINE * 3}), ("zip:a.env",), id="zip behind a program"),
        pytest.param(
            b"MZ\0\0" * 999 + zip_of({"a.env": LINE * 3}) + b"\x30\x82\x55" * 30_000,
            ("zip:a.env",), id="zip between a program and its signature",
        ),
        pytest.param(tar_of({"etc/a.env": LINE}), ("tar:etc/a.env",), id="tar"),
        pytest.param(tar_of({"n" * 120 + "/a": LINE}), (f"tar:{'n' * 120}/a",), id="tar, GNU name"),
        pytest.param(tar_of({"n" * 120 + "/a": LINE}, tarfile.PAX_FORMAT), (f"tar:{'n' * 120}/a",), id="tar, pax name"),
        pytest.param(tar_of({"n" * 120 + "/a": LINE}, tarfile.USTAR_FORMAT), (f"tar:{'n' * 120}/a",), id="tar, ustar"),
        pytest.param(gzip.compress(tar_of({"a": b"", "b/c": LINE})), ("gzip", "tar:b/c"), id="tar.gz"),
        pytest.param(
            tar_of({"a": NOISE}) + tar_of({"b.gz": gzip.compress(LINE * 3)}), ("tar:b.gz", "gzip"), id="tar behind tar"
        ),
        pytest.param(zip_of({"in.zip": zip_of({"a": LINE * 3})}), ("zip:in.zip", "zip:a"), id="zip in zip"),
        pytest.param(document_of(TOKEN[:9], TOKEN[9:]), ("zip:word/document.xml", "office-text"), id="docx"),
        pytest.param(document_of(LINE), ("zip:word/document.xml",), id="docx in one run"),
        pytest.param(zip_of({"A.class": class_of(b"x", TOKEN * 1)}), ("zip:A.class",), id="jar"),
        pytest.param(pdf_of(b"BT (Token: " + TOKEN + b") Tj ET"), ("pdf",), id="pdf"),
        pytest.param(pdf_of(b"BT [(" + TOKEN[:9] + b")-12(" + TOKEN[9:] + b")] TJ ET"), ("pdf",), id="pdf, kerned"),
        pytest.param(pdf_of(b"BT <" + TOKEN.hex().encode() + b"> Tj ET"), ("pdf",), id="pdf, hex"),
        pytest.param(
            pdf_of(
                base64.a85encode(zlib.compress(b"BT (" + TOKEN + b") Tj ET"), adobe=True)[2:],
                b"/Filter [ /ASCII85Decode /FlateDecode ]".replace(b"Flate", b"Fl").replace(b"/FlDecode", b"/Fl"),
            ),
            ("pdf",),
            id="pdf, ASCII85",
        ),
        pytest.param(pdf_of(lzw_of(SHOWN), b"/Filter /LZWDecode"), ("pdf",), id="pdf, LZW"),
        pytest.param(
            pdf_of(lzw_of(SHOWN, 0), b"/Filter /LZWDecode /DecodeParms << /EarlyChange 0 >>"),
            ("pdf",), id="pdf, LZW, late",
        ),
        pytest.param(pdf_of(run_lengths_of(SHOWN), b"/Filter /RunLengthDecode"), ("pdf",), id="pdf, run lengths"),
        pytest.param(
            pdf_of(lzw_of(run_lengths_of(SHOWN)).hex().encode() + b">", b"/Filter[/AHx/LZW/RL]"),
            ("pdf",), id="pdf, three filters",
        ),
        pytest.param(pdf_of(lzw_of(SHOWN), b"/F#69lter /LZW#44ecode"), ("pdf",), id="pdf, names in disguise"),
    ],
)  # fmt: skip
def test_containers(content: bytes, decoding: tuple[str, ...]) -> None:
    assert way(content) == decoding


def test_a_text_of_letters_that_its_length_would_hide() -> None:
    for size in (0x30, 0x41, 0x61):
        text = TOKEN + b" " * (size - len(TOKEN))
        content = class_of(b"x", text)
        assert content[content.index(TOKEN) - 1 : content.index(TOKEN)].isalnum()
        assert way(content) == ("class",)


def test_compiled_python(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    filler = "z" * (0x61 - len(TOKEN) - 1)
    source.write_text(
        f"TOKEN = '{TOKEN.decode()} {filler}'\nURL = 'postgres://u:{PASSWORD.decode()[:10]}@db.corp.net/x'\n"
    )
    py_compile.compile(str(source), str(tmp_path / "module.pyc"))
    content = (tmp_path / "module.pyc").read_bytes()
    assert way(content) == ("pyc",)
    assert [one.detector for one in scan(content)] == ["github-personal-access-token", "postgresql-url"]


def test_a_database_whose_columns_touch() -> None:
    content = sqlite_of((1, "name", TOKEN.decode(), "active"), (2, "other", "x", "y"))
    assert TOKEN + b"active" in content
    assert way(content) == ("sqlite",)


def test_a_record_that_goes_on_in_other_pages() -> None:
    tokens = [a_token(number) for number in range(30)]
    rows = [("x " * (1800 + 20 * number) + token.decode() + " y" * 4000,) for number, token in enumerate(tokens)]
    content = sqlite_of(*rows)
    assert any(token not in content for token in tokens)
    for token in tokens:
        assert holders(scan(content), token)


def test_what_was_deleted_from_a_database_still_lies_there() -> None:
    content = sqlite_of(("URL postgres://svc:" + PASSWORD.decode()[:10] + "@db.corp.net/x",))
    page = content.index(b"URL ") // 4096 * 4096
    wiped = content[:page] + b"\0" + content[page + 1 :]
    assert [one.detector for one in scan(wiped)] == ["postgresql-url"]


def cell_of(content: bytes, number: int) -> int:
    """Where the pointer to a record of a database of one table stands, on its second page."""
    page = int.from_bytes(content[16:18], "big")
    assert content[page] == 0x0D
    return page + 8 + 2 * number


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda content, at: (at, b"\xff\xff"), id="it lies outside its page"),
        pytest.param(lambda content, at: (at, b"\0\1"), id="it lies in the page's header"),
        pytest.param(
            lambda content, at: (4096 + int.from_bytes(content[at : at + 2], "big"), b"\xff" * 8), id="it has no end"
        ),
        pytest.param(
            lambda content, at: (4096 + int.from_bytes(content[at : at + 2], "big") + 2, b"\x7f"),
            id="its header is wrong",
        ),
    ],
)
def test_one_record_that_cannot_be_read_costs_no_other(wrong: Callable[[bytes, int], tuple[int, bytes]]) -> None:
    content = sqlite_of(*((number, "name", a_token(number).decode(), "active") for number in range(5)))
    place, other = wrong(content, cell_of(content, 2))
    damaged = content[:place] + other + content[place + len(other) :]
    for number in (0, 1, 3, 4):
        (one,) = holders(scan(damaged), a_token(number))
        assert one.decoding == ("sqlite",)
    assert omissions(damaged)[0] == {Omission.DAMAGED}
    assert omissions(content)[0] == set()


@pytest.mark.parametrize("told", [0, 1, 2, 3, 9])
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
def test_texts_of_a_database_whose_header_is_wrong_about_their_encoding(told: int, encoding: str) -> None:
    content = sqlite_of((1, "name", TOKEN.decode(), "active"), encoding=encoding)
    (one,) = holders(scan(content[:56] + told.to_bytes(4, "big") + content[60:]))
    assert one.decoding == ("sqlite",)


def test_records_on_inner_pages_of_an_index() -> None:
    tokens = [a_token(number).decode() for number in range(400)]
    content = sqlite_of(*(("name", token, "active") for token in tokens), key="c1")
    assert b"\x02" in {content[start : start + 1] for start in range(4096, len(content), 4096)}
    found = scan(content)
    for token in tokens:
        assert len(holders(found, token.encode())) == 1


def test_a_long_record_is_read_to_its_end() -> None:
    assert omissions(sqlite_of(("x " * 700_000 + TOKEN.decode(), "active"))) == (set(), 1)


def test_a_page_size_that_cannot_be_is_named() -> None:
    content = sqlite_of((1, "name", TOKEN.decode(), "active"))
    assert omissions(content[:16] + b"\x10\1" + content[18:]) == ({Omission.DAMAGED}, 1)


def test_an_unclosed_string_of_a_pdf_is_read_and_what_follows_as_well() -> None:
    assert way(pdf_of(b"BT (Token: " + TOKEN)) == ("pdf",)
    assert way(pdf_of(b"BT (a ( [(" + TOKEN[:9] + b")-12(" + TOKEN[9:] + b")] TJ ET")) == ("pdf",)


def test_an_embedded_file_of_a_pdf() -> None:
    (one,) = holders(scan(pdf_of(zip_of({"a": LINE * 3}), b"/Type /EmbeddedFile /Filter /FlateDecode")))
    assert one.decoding == ("pdf", "zip:a")


def test_the_name_of_a_member_is_a_place_too() -> None:
    for content in (zip_of({TOKEN.decode(): b"x"}), gzip.compress(tar_of({f"a/{TOKEN.decode()}": b"x"}))):
        assert len(holders(scan(content))) == 1


def test_one_value_in_two_members_is_told_for_each() -> None:
    found = holders(scan(zip_of({"a": LINE * 3, "b": LINE * 3})))
    assert [one.decoding for one in found] == [("zip:a",), ("zip:b",)]


# What is not read is said.


def omissions(content: bytes, *, whole: bool = True) -> tuple[set[Omission], int]:
    """Return what was left out of a content, and how often the token was found."""
    one = fresh()
    found = list(one.detect(Batch(content, [Window("object", 0, len(content), whole=whole)])))
    assert all(keys == {"object"} for keys in one.left_out.values())
    return set(one.left_out), len(holders(found))


CUT: list[tuple[Callable[[bytes], bytes], str]] = [
    (gzip.compress, "gzip"),
    (zlib.compress, "zlib"),
    (lambda text: lzma.compress(text, check=lzma.CHECK_NONE), "xz"),
    (lambda text: lzma.compress(text, lzma.FORMAT_ALONE), "lzma"),
    (lambda text: zip_of({"a": text}), "zip"),
    (lambda text: tar_of({"a": text}), "tar"),
    (lambda text: gzip.compress(tar_of({"a": text})), "tar.gz"),
]


@pytest.mark.parametrize("pack", [pack for pack, _ in CUT], ids=[name for _, name in CUT])
def test_of_what_is_cut_off_the_beginning_is_read(pack: Callable[[bytes], bytes]) -> None:
    content = pack(LINE + NOISE)
    assert omissions(content) == (set(), 1)
    assert omissions(content[: len(content) // 2]) == ({Omission.DAMAGED}, 1)
    assert omissions(content[: len(content) // 2], whole=False) == ({Omission.LARGE}, 1)


@pytest.mark.parametrize("pack", [pack for pack, _ in CUT[:2]], ids=["gzip", "zlib"])
def test_up_to_a_fault_all_is_read(pack: Callable[[bytes], bytes]) -> None:
    content = bytearray(pack(NOISE + LINE + NOISE[::-1]))
    content[-2000:-1990] = b"\xff" * 10
    assert omissions(bytes(content)) == ({Omission.DAMAGED}, 1)


def test_a_zip_without_its_directory_is_read_by_its_headers() -> None:
    content = zip_of({"a": NOISE, "b/c.env": LINE * 3})
    cut = content[: content.index(b"PK\1\2")]
    assert omissions(cut) == ({Omission.DAMAGED}, 1)
    (one,) = holders(scan(cut))
    assert one.decoding == ("zip:b/c.env",)


def test_a_streamed_zip_tells_sizes_behind_its_members() -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.content = b""

        def writable(self) -> bool:
            return True

        def write(self, part: bytes) -> int:  # type: ignore[override]
            self.content += bytes(part)
            return len(part)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", NOISE)
        archive.writestr("b", LINE * 3)
    assert omissions(pipe.content) == (set(), 1)
    assert omissions(pipe.content[: pipe.content.index(b"PK\1\2")]) == ({Omission.DAMAGED}, 1)


def test_behind_a_damaged_header_a_tar_goes_on() -> None:
    content = bytearray(tar_of({"a": NOISE, "b": NOISE, "c": LINE}))
    second = content.index(b"b\0\0\0")
    content[second + 124 : second + 136] = b"z" * 12
    assert omissions(bytes(content)) == ({Omission.DAMAGED}, 1)


NO_MEMBERS = b"PK\5\6" + bytes(18)
"""The last record of a zip archive without members."""


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(zip_of({"a": LINE * 3}) + NO_MEMBERS, id="behind the archive"),
        pytest.param(zip_of({"a": LINE * 3})[:-2] + b"\x1e\0" + NO_MEMBERS + bytes(8), id="in its comment"),
        pytest.param(zip_of({"a": LINE * 3}) + zip_of({"b": b"x"}), id="another archive behind it"),
    ],
)
def test_a_record_that_hides_the_members_of_a_zip(content: bytes) -> None:
    assert omissions(content) == ({Omission.DAMAGED}, 1)


def lzma_zip(place: int, wrong: bytes) -> bytes:
    """An archive by LZMA with other bytes from a place in its member on."""
    content = zip_of({"a": NOISE + LINE * 3}, zipfile.ZIP_LZMA)
    begin = content.index(b"PK\3\4") + 31 + place
    return content[:begin] + wrong + content[begin + len(wrong) :]


def test_a_member_by_lzma_that_cannot_be_read_is_named() -> None:
    assert omissions(lzma_zip(0, b"")) == (set(), 1)
    assert omissions(lzma_zip(4, b"\x2c")) == ({Omission.DAMAGED}, 0)
    assert omissions(lzma_zip(300, b"\x55" * 40)) == ({Omission.DAMAGED}, 0)


def test_the_next_stream_behind_something_else_is_named() -> None:
    assert omissions(gzip.compress(NOISE) + b"?" + gzip.compress(LINE * 3)) == ({Omission.DAMAGED}, 0)
    assert omissions(gzip.compress(LINE * 3) + b"? and nothing else") == (set(), 1)
    assert omissions(tar_of({"a": LINE}) + b"?" * 2000) == (set(), 1)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(gzip.compress(LINE * 3), id="gzip"),
        pytest.param(zip_of({"a": LINE * 3}), id="zip"),
        pytest.param(tar_of({"a": LINE}), id="tar"),
        pytest.param(pdf_of(b"BT (" + TOKEN + b") Tj ET"), id="pdf"),
        pytest.param(sqlite_of(("a", "token " + TOKEN.decode())), id="sqlite"),
        pytest.param(class_of(b"x", TOKEN), id="class"),
        pytest.param(json.dumps({"nbformat": 4, "source": ["a\n", TOKEN.decode()]}).encode(), id="notebook"),
    ],
)
def test_the_first_part_of_a_large_object_may_look_whole(content: bytes) -> None:
    assert omissions(content) == (set(), 1)
    assert omissions(content, whole=False) == ({Omission.LARGE}, 1)


def test_a_decoder_that_fails_costs_its_object_alone() -> None:
    def fail(_buffer: Text, window: Window, _allowance: Allowance) -> Iterator[Piece]:
        yield Piece("first", LINE, window.start, window.end, container=True)
        raise IndexError

    spending = Spending()
    one = _Encoded(container=Container("failing", (), lambda _buffer, _window: True, fail))
    origin = _Origin(Allowance("object", 9, spending))
    assert [piece.step for piece in _pieces(b"something", Window("object", 0, 9), one, origin, Claims([]))] == ["first"]
    assert spending.omissions == {Omission.FAULT: {"object"}}


def encrypted_zip() -> bytes:
    content = bytearray(zip_of({"a": NOISE, "b": LINE * 3}))
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    return bytes(content)


def compound_of(stream: str) -> bytes:
    """A compound file, as far as it is looked at: a header, an entry of the directory, and wide text."""
    entry = stream.encode("utf-16-le").ljust(512, b"\0")
    text = LINE.decode().encode("utf-16-le").ljust(512, b"\0")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + entry + text + b"\xff" * 512


@pytest.mark.parametrize(
    ("content", "omission", "found"),
    [
        pytest.param(encrypted_zip(), Omission.ENCRYPTED, 1, id="an encrypted member beside another"),
        pytest.param(
            pdf_of(b"\xa7" * 90, b"").replace(b"/Root", b"/Encrypt 9 0 R /Root"), Omission.ENCRYPTED, 0, id="a PDF"
        ),
        pytest.param(
            pdf_of(LINE).replace(b"/Root", b"/Encrypt<</V 1>>/Root"), Omission.ENCRYPTED, 1, id="PDF, not really"
        ),
        pytest.param(pdf_of(LINE, b"/Filter /BrotliDecode"), Omission.KIND, 1, id="PDF, unknown filter"),
        pytest.param(pdf_of(LINE, b"/Filter 9 0 R"), Omission.KIND, 1, id="PDF, filter told elsewhere"),
        pytest.param(
            pdf_of(LINE, b"/Filter /FlateDecode /DecodeParms << /Predictor 12 >>"), Omission.KIND, 1, id="predictor"
        ),
        pytest.param(pdf_of(lzw_of(SHOWN)[:900], b"/Filter /LZWDecode"), Omission.DAMAGED, 0, id="PDF, LZW cut off"),
        pytest.param(pdf_of(b"\xff" * 90, b"/Filter /LZWDecode"), Omission.DAMAGED, 0, id="PDF, no LZW"),
        pytest.param(pdf_of(run_lengths_of(SHOWN)[:-9], b"/Filter /RL"), Omission.DAMAGED, 1, id="PDF, runs cut off"),
        pytest.param(pdf_of(b"zz}z~>", b"/Filter /ASCII85Decode"), Omission.DAMAGED, 0, id="PDF, no base 85"),
        pytest.param(pdf_of(LINE, b"/Filter[" + b"/AHx" * 9 + b"]"), Omission.LIMIT, 1, id="PDF, nine filters"),
        pytest.param(compound_of("WordDocument"), Omission.KIND, 1, id="an old document"),
        pytest.param(compound_of("EncryptedPackage"), Omission.ENCRYPTED, 1, id="an encrypted document"),
        pytest.param(b"7z\xbc\xaf\x27\x1c" + bytes(40), Omission.KIND, 0, id="7z"),
        pytest.param(b"Rar!\x1a\x07\x01\x00" + bytes(40), Omission.KIND, 0, id="rar"),
        pytest.param(b"\x28\xb5\x2f\xfd" + bytes(40), Omission.KIND, 0, id="zstd"),
        pytest.param(zip_of({"a": LINE}).replace(b"PK\3\4\x14\0\0\0\x08", b"PK\3\4\x14\0\0\0\x5d").replace(
            b"PK\1\2\x14\x03\x14\0\0\0\x08", b"PK\1\2\x14\x03\x14\0\0\0\x5d"), Omission.KIND, 0, id="zip by zstd"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(content: bytes, omission: Omission, found: int) -> None:
    assert omissions(content) == ({omission}, found)


def test_the_example_that_the_standard_gives_of_lzw() -> None:
    """ISO 32000-1, section 7.4.4.2."""
    packed = bytes.fromhex("800b6050220c0c8501")
    found = unfiltered(memoryview(packed), b"/Filter /LZWDecode", Allowance("object", 9, Spending()))
    assert (found.text, found.missing) == (bytes.fromhex("2d2d2d2d2d412d2d2d42"), None)


@pytest.mark.parametrize(
    "dictionary",
    [b"/Filter [ /%s ]" % name for name in (b"DCTDecode", b"JPXDecode", b"CCITTFaxDecode", b"JBIG2Decode", b"DCT")]
    + [b"/Length1 90 /Filter /Unknown", b"/Filter null", b"/Filter []"],
)
def test_pictures_and_fonts_of_a_pdf_are_no_loss(dictionary: bytes) -> None:
    assert omissions(pdf_of(random.Random(3).randbytes(300), dictionary)) == (set(), 0)


def test_large_objects_come_in_windows_and_are_opened_by_the_first_alone() -> None:
    content = gzip.compress(LINE + NOISE)
    one = fresh()
    half = len(content) // 2
    windows = [Window("x", 0, half, whole=False), Window("x", half, len(content), offset=half, whole=False)]
    assert len(holders(list(one.detect(Batch(content, windows))))) == 1
    assert set(one.left_out) == {Omission.LARGE}


@pytest.mark.parametrize("behind", [b"", b"\x30\x82\x55" * 9_000, bytes(9)], ids=["none", "signature", "zeros"])
@pytest.mark.parametrize("size", [2_000, 5_000, 90_000])
def test_an_archive_behind_a_large_program_is_named(size: int, behind: bytes) -> None:
    content = b"MZ\0\0" * 25_000 + zip_of({f"{number}.env": NOISE for number in range(9)}) + LINE + behind
    one, overlap = fresh(), 1_000
    for offset in range(0, len(content), size - overlap):
        part = content[offset : offset + size]
        list(one.detect(Batch(part, [Window("x", 0, len(part), offset=offset, whole=False)])))
    assert one.left_out == {Omission.LARGE: {"x"}}


def test_a_large_program_without_an_archive_is_none() -> None:
    one = fresh()
    for part in (b"MZ\0\0" * 9_000 + b"PK\5\6" + LINE, b"MZ\0\0" + NO_MEMBERS, NO_MEMBERS + bytes(99)):
        list(one.detect(Batch(part, [Window("x", 0, len(part), offset=70, whole=False)])))
    assert not one.left_out


# Whatever the bytes are, opening them neither fails nor goes astray.

MAGICS = [
    b"\x1f\x8b\x08\0", b"PK\3\4\x14\0\0\0\x08\0", b"PK\5\6", b"x\x9c", b"BZh91AY&SY", b"\xfd7zXZ\0\0\4",
    b"]\0\0\x80\0" + b"\xff" * 8 + b"\0",
    b"%PDF-1.4\nstream\n",
    b"SQLite format 3\0\x02\0", b"\xca\xfe\xba\xbe\0\0\0\x34", b"\xa7\r\r\n" + bytes(12) + b"\xe3",
    b"<?xml schemas.openxmlformats.org/", b'{"nbformat": 4, "',
]  # fmt: skip


@given(st.sampled_from(MAGICS), st.binary(max_size=600))
def test_any_bytes_behind_a_magic(magic: bytes, rest: bytes) -> None:
    scan(magic + rest)
    assert Omission.FAULT not in detector().left_out


WHOLE = [
    gzip.compress(LINE), zip_of({"a": LINE, "b": LINE}), tar_of({"a": LINE}), bz2.compress(LINE), lzma.compress(LINE),
    lzma.compress(LINE, lzma.FORMAT_ALONE),
    sqlite_of(("a", TOKEN.decode()), ("b" * 5000, 1)), class_of(TOKEN, b"x"), pdf_of(b"BT (" + TOKEN + b") Tj ET"),
    document_of(TOKEN), json.dumps({"nbformat": 4, "source": ["a\n", '"']}).encode(),
]  # fmt: skip


@given(st.sampled_from(WHOLE), st.data())
def test_any_damage(content: bytes, data: st.DataObject) -> None:
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        low = data.draw(st.integers(0, len(damaged) - 1))
        high = min(len(damaged), low + data.draw(st.integers(0, 8)))
        damaged[low:high] = data.draw(st.binary(max_size=8))
        if not damaged:
            return
    scan(bytes(damaged))
    assert Omission.FAULT not in detector().left_out


def test_numbers_in_a_directory_may_lead_anywhere() -> None:
    content = zip_of({"a": LINE * 3})
    place = content.index(b"PK\1\2")
    for field in (20, 24, 42):
        for number in (0, 1, 2**31, 2**32 - 1):
            scan(content[: place + field] + struct.pack("<L", number) + content[place + field + 4 :])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(tar_of({"a": LINE, "b": NOISE})[:1024], id="a tar between two members"),
        pytest.param(tar_of({"a": LINE, "b": NOISE})[:1300], id="a tar in the header of a member"),
        pytest.param(
            sqlite_of(*(("a", f"token {TOKEN.decode()} " + "x" * 900) for _ in range(40)))[:4096], id="sqlite"
        ),
    ],
)
def test_a_file_that_was_cut_off_between_its_parts_is_named(content: bytes) -> None:
    assert Omission.DAMAGED in omissions(content)[0]
    assert Omission.LARGE in omissions(content, whole=False)[0]
    assert Omission.DAMAGED not in omissions(tar_of({"a": LINE, "b": NOISE}))[0]
