"""A secret, and the ways to write it so that nobody sees it: all made at run time."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import quopri
import re
import sqlite3
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from connectors.detection.batch import Batch, Detection, Window
from connectors.detection.catalogue import Catalogue, shipped_catalogue
from connectors.detection.detector import Detector
from connectors.detection.shapes import samples
from connectors.fingerprint import KeyedFingerprinter
from tests.compiled import compiled_patterns

FINGERPRINTER = KeyedFingerprinter([("0badcafe", b"k" * 32)])
_FAMILIES = (
    "aws-access-key-id", "aws-secret-access-key", "basic-auth-header", "docker-config-auth", "github-",
    "json-web-token", "npm", "postgresql-url", "private-key", "stripe-live",
)  # fmt: skip


@cache
def detector(matcher: str = "hyperscan") -> Detector:
    """One for each matcher, with a part of the formats: enough for the engine, and quick to compile."""
    formats = shipped_catalogue().formats
    wanted = tuple(entry for entry in formats if any(name in entry.id for name in _FAMILIES))
    return Detector(Catalogue(wanted), FINGERPRINTER, matcher=matcher, cache_directory=compiled_patterns())


def fresh(matcher: str = "hyperscan") -> Detector:
    """One that nothing was left out of yet."""
    return Detector(
        Catalogue((shipped_catalogue()["github-personal-access-token"],)),
        FINGERPRINTER,
        matcher=matcher,
        cache_directory=compiled_patterns(),
    )


def scan(content: bytes, one: Detector | None = None) -> list[Detection]:
    return list((one or detector()).detect(Batch(content, [Window("object", 0, len(content))])))


def a_token(number: int = 0) -> bytes:
    return samples("{github:ghp_}", 40 + number, 1)[0]


TOKEN = a_token()
LINE = b"token = '" + TOKEN + b"'\n"
PASSWORD = samples("{alnum:10}#{digit:2}", 7, 1)[0]


def holders(found: list[Detection], secret: bytes = TOKEN) -> list[Detection]:
    """The detections of one value."""
    return [one for one in found if one.tags == FINGERPRINTER.tags(secret)]


# Encodings of text.


def base64_of(text: bytes) -> bytes:
    return base64.b64encode(text)


def escaped(text: bytes, form: str) -> bytes:
    """Write every byte as `form`, a %-format, has it."""
    return b"".join((form % byte).encode() for byte in text)


def quoted_printable(text: bytes) -> bytes:
    return quopri.encodestring(text)


ENCODED: dict[str, Callable[[bytes], bytes]] = {
    "base64": lambda text: b'x = "' + base64_of(text) + b'"\n',
    "hex": lambda text: b'x = "' + text.hex().encode() + b'"\n',
    "percent": lambda text: b"x=" + escaped(text, "%%%02X") + b"\n",
    "escapes": lambda text: b'x = "' + escaped(text, "\\x%02x") + b'"\n',
    "html-entities": lambda text: b"<p>" + escaped(text, "&#%d;") + b"</p>\n",
    "gzip": lambda text: gzip.compress(text, mtime=0),
    "zlib": zlib.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zip:member": lambda text: zip_of({"member": text}),
    "tar:member": lambda text: tar_of({"member": text}),
    "utf-16-le": lambda text: text.decode("latin-1").encode("utf-16"),
}
"""By the name of the step: how a text is written."""


# Containers.


def zip_of(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content, method)
    return out.getvalue()


def tar_of(files: Mapping[str, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def sqlite_of(*rows: tuple[object, ...], encoding: str = "UTF-8", key: str = "") -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "database")
        connection = sqlite3.connect(path)
        columns = ", ".join(f"c{number}" for number in range(len(rows[0])))
        connection.execute(f"pragma encoding = '{encoding}'")
        connection.execute(
            f"create table t ({columns}, primary key ({key})) without rowid" if key else f"create table t ({columns})"
        )
        connection.executemany(f"insert into t values ({', '.join('?' * len(rows[0]))})", rows)
        connection.commit()
        connection.close()
        return path.read_bytes()


def class_of(*texts: bytes) -> bytes:
    """A class file, as far as its constant pool goes."""
    pool = b"".join(b"\1" + struct.pack(">H", len(text)) + text + b"\7\0\1" for text in texts)
    return b"\xca\xfe\xba\xbe\0\0\0\x34" + struct.pack(">H", 2 * len(texts) + 1) + pool + bytes(20)


def pdf_of(content: bytes, dictionary: bytes = b"/Filter /FlateDecode") -> bytes:
    stream = zlib.compress(content) if b"Flate" in dictionary else content
    return (
        b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< "
        + dictionary
        + b" /Length %d >>\nstream\n" % len(stream)
        + stream
        + b"\nendstream\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
    )


def lzw_of(content: bytes, early: int = 1) -> bytes:
    """A stream of LZW as PDF has it: codes grow `early` codes before they must."""
    table, width, text, number, size = {bytes([byte]): byte for byte in range(256)}, 9, b"", 256, 9
    known = 258
    for byte in content:
        if (longer := text + bytes([byte])) in table:
            text = longer
            continue
        number, size = number << width | table[text], size + width
        table[longer], known = known, known + 1
        width = min(12, max(9, (known - 1 + early).bit_length()))
        if known == 4096:
            number, size = number << width | 256, size + width
            table, width, known = {bytes([each]): each for each in range(256)}, 9, 258
        text = bytes([byte])
    number, size = number << width | table[text], size + width
    width = min(12, max(9, (known + early).bit_length()))
    number, size = number << width | 257, size + width
    return (number << (-size % 8)).to_bytes(-(-size // 8), "big")


def run_lengths_of(content: bytes) -> bytes:
    """A stream of run lengths: of what is repeated, and of what is not."""
    runs = (run[0] for run in re.finditer(rb"(?s:(.)\1{1,127}|(?:(.)(?!\2)){1,9})", content))
    return b"".join(
        bytes([257 - len(run), run[0]]) if len(run) > 1 and run[0] == run[1] else bytes([len(run) - 1]) + run
        for run in runs
    ) + bytes([128])


def notebook_of(*lines: str) -> bytes:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": [line + "\n" for line in lines]}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1).encode()


def document_of(*runs: bytes) -> bytes:
    """A word processor's document whose one paragraph is cut into runs."""
    inner = b"".join(b"<w:r><w:t>" + run + b"</w:t></w:r>" for run in runs)
    namespace = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = b'<?xml version="1.0"?><w:document ' + namespace + b"><w:p>" + inner + b"</w:p></w:document>"
    return zip_of({"[Content_Types].xml": b"<Types/>", "word/document.xml": body})
