"""What the paths a value stands at say of it: published dependencies, test material, examples.

Whether a text is a key is told by the text; whether anything opens with it, often only by where it stands. A key below
`tests/certdata/` parses as well as any other.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from connectors.detection.heuristics import is_lock_file, is_swagger_file
from storage.inventory import Checksum, Confidence, CredentialType

_DEPENDENCY_FOLDERS = frozenset({"site-packages", "dist-packages", "node_modules", "bower_components", ".tox", ".nox"})
"""Folders that package managers fill."""

_TEST_FOLDERS = re.compile(
    r"(?i)(?:[\w.-]*[_.-])?(?:tests?|testing|testdata|testcases?|__tests__|specs?|fixtures?|mocks?|__mocks__|stubs?"
    r"|examples?|samples?|demos?|snippets?|tutorials?|certdata)(?:[_.-][\w.-]*)?\Z"
)
_TEST_FILES = re.compile(
    r"(?i)(?:test|spec|example|sample|mock|fixture)s?[_-]"
    r"|[\w.-]*\.(?:example|sample|dist|template)\Z"
    r"|[\w.-]*[_.-](?:test|spec|example|sample|mock|fixture)s?\.\w+\Z"
)


def is_installed(path: str) -> bool:
    """Whether a path lies in a folder that a package manager fills."""
    return not _DEPENDENCY_FOLDERS.isdisjoint(path.split("/")[:-1])


def is_test_material(path: str) -> bool:
    """Whether a path's folders or its file's name say test, fixture, mock, example or sample.

    Folders that package managers fill are passed over: what lies above them belongs to somebody else.
    """
    *folders, name = path.split("/")
    return any(map(_TEST_FOLDERS.match, folders)) or _TEST_FILES.match(name) is not None


def is_generated(path: str) -> bool:
    """Whether a path names a lock file, full of digests, or the published description of an API, full of examples."""
    return is_lock_file(path) or is_swagger_file(path)


def confidence_by_paths(
    confidence: Confidence, checksum: Checksum, kind: CredentialType, paths: Collection[str], *, by_name: bool = False
) -> Confidence:
    """Lower what stands nowhere but in test material from high to medium, and what goes `by_name` alone in lock files.

    A value with an issuer's checksum that holds was handed out, wherever it stands; a private key is made by anybody.
    """
    if by_name and paths and all(map(is_generated, paths)):
        return Confidence.LOW
    issued = checksum is Checksum.VALID and kind is not CredentialType.PRIVATE_KEY
    if confidence is not Confidence.HIGH or issued or not paths or not all(map(is_test_material, paths)):
        return confidence
    return Confidence.MEDIUM
