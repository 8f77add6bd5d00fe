"""All encodings and containers that are read."""

from __future__ import annotations

from connectors.detection.decoding.base64_runs import BASE64
from connectors.detection.decoding.basic_logins import BASIC_LOGINS
from connectors.detection.decoding.bzip2_streams import BZIP2
from connectors.detection.decoding.character_escapes import CHARACTER_ESCAPES
from connectors.detection.decoding.compound_files import COMPOUND_FILE
from connectors.detection.decoding.gzip_streams import GZIP
from connectors.detection.decoding.hex_runs import HEX
from connectors.detection.decoding.html_entities import HTML_ENTITIES
from connectors.detection.decoding.java_classes import JAVA_CLASS
from connectors.detection.decoding.joined_literals import JOINED_LITERALS
from connectors.detection.decoding.kinds import Container, Encoding
from connectors.detection.decoding.kubernetes_secrets import KUBERNETES_SECRETS
from connectors.detection.decoding.lzma_files import LZMA
from connectors.detection.decoding.notebooks import NOTEBOOKS
from connectors.detection.decoding.office_text import OFFICE_TEXT
from connectors.detection.decoding.pdf_text import PDF
from connectors.detection.decoding.percent_escapes import PERCENT_ESCAPES
from connectors.detection.decoding.python_bytecode import PYTHON_BYTECODE
from connectors.detection.decoding.quoted_printable import QUOTED_PRINTABLE
from connectors.detection.decoding.sqlite_text import SQLITE
from connectors.detection.decoding.tar_archives import TAR
from connectors.detection.decoding.unopened import UNOPENED
from connectors.detection.decoding.xz_streams import XZ
from connectors.detection.decoding.zip_archives import ZIP, ZIP_BEHIND, ZIP_IN_PART
from connectors.detection.decoding.zlib_streams import ZLIB

ENCODINGS: tuple[Encoding, ...] = (
    KUBERNETES_SECRETS,
    BASIC_LOGINS,
    BASE64,
    HEX,
    JOINED_LITERALS,
    CHARACTER_ESCAPES,
    PERCENT_ESCAPES,
    HTML_ENTITIES,
    QUOTED_PRINTABLE,
    NOTEBOOKS,
)
"""In the order of precedence: those that give a value its name come before those that would read it without."""

CONTAINERS: tuple[Container, ...] = (
    GZIP,
    ZIP,
    ZLIB,
    BZIP2,
    XZ,
    LZMA,
    PDF,
    SQLITE,
    JAVA_CLASS,
    OFFICE_TEXT,
    COMPOUND_FILE,
    UNOPENED,
    TAR,
    PYTHON_BYTECODE,
    ZIP_BEHIND,
)
"""The first one that recognises a content opens it."""

PARTS: tuple[Container, ...] = (ZIP_IN_PART,)
"""What is recognised in every part of a large object with NUL bytes, wherever in the object it begins."""
