"""What a path says about what stands there."""

from __future__ import annotations

import pytest

from connectors.detection.paths import confidence_by_paths, is_installed, is_test_material
from storage.inventory import Checksum, Confidence, CredentialType


@pytest.mark.parametrize(
    "path",
    [
        "tests/certdata/key.pem",
        "src/test/resources/server.key",
        "lib/integration-tests/a.py",
        "pkg/testdata/id_rsa",
        "spec/fixtures/key.pem",
        "examples/app.py",
        "src/auth_test.go",
        "src/login.spec.ts",
        "test_login.py",
        ".env.example",
    ],
)
def test_test_material(path: str) -> None:
    assert is_test_material(path)


@pytest.mark.parametrize(
    "path",
    ["src/attestation/key.pem", "config/prod.env", "latest/key.pem", "contest.py", "protest/a.py", "spec.md"],
)
def test_what_only_sounds_like_it(path: str) -> None:
    assert not is_test_material(path)


def test_folders_of_package_managers() -> None:
    assert is_installed("web/node_modules/a/b.js")
    assert not is_installed("web/node_modules")


def test_only_what_stands_nowhere_else_is_lowered() -> None:
    key, token = CredentialType.PRIVATE_KEY, CredentialType.ACCESS_TOKEN
    high, medium, low = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW
    tests, both = ["tests/key.pem"], ["tests/key.pem", "deploy/key.pem"]

    assert confidence_by_paths(high, Checksum.VALID, key, tests) is medium
    assert confidence_by_paths(high, Checksum.VALID, key, both) is high
    assert confidence_by_paths(high, Checksum.VALID, key, []) is high
    assert confidence_by_paths(high, Checksum.VALID, token, tests) is high
    assert confidence_by_paths(high, Checksum.ABSENT, token, tests) is medium
    assert confidence_by_paths(medium, Checksum.ABSENT, token, tests) is medium
    assert confidence_by_paths(low, Checksum.ABSENT, token, tests) is low


def test_what_goes_by_its_name_alone_is_a_guess_in_generated_files() -> None:
    kind, medium, low = CredentialType.OTHER, Confidence.MEDIUM, Confidence.LOW
    lock, both = ["web/package-lock.json"], ["web/package-lock.json", "web/.npmrc"]

    assert confidence_by_paths(medium, Checksum.ABSENT, kind, lock, by_name=True) is low
    assert confidence_by_paths(medium, Checksum.ABSENT, kind, both, by_name=True) is medium
    assert confidence_by_paths(medium, Checksum.ABSENT, kind, lock) is medium
    assert confidence_by_paths(medium, Checksum.ABSENT, kind, [], by_name=True) is medium
