"""Pattern files: what they may say, and how a mistake in them is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.detection.catalogue import CatalogueError, load_catalogue, verify_expressions

ENTRY = """
[[format]]
id = "acme-token"
name = "Acme token"
vendor = "acme"
type = "access_token"
expression = 'acme_[a-z]{10}'
literals = ["acme_"]
"""


def write(directory: Path, text: str) -> Path:
    (directory / "acme.toml").write_text(text, encoding="utf-8")
    return directory


def test_an_entry_is_read_with_its_defaults(tmp_path: Path) -> None:
    (entry,) = load_catalogue(write(tmp_path, ENTRY)).formats
    assert entry.boundary
    assert entry.priority == 100
    assert entry.pattern.search(b"acme_abcdefghij")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (ENTRY + ENTRY, "defined twice"),
        (ENTRY.replace("acme-token", "Acme_Token"), "kebab-case"),
        (ENTRY.replace('["acme_"]', "[]"), "literals"),
        (ENTRY + 'checksum = "luck"', "luck"),
        (ENTRY + 'identifiers = "tea-leaves"', "tea-leaves"),
        (ENTRY + "colour = 3", "colour"),
        (ENTRY + 'confidence = "sure"', "confidence"),
        (ENTRY.replace("acme_[a-z]", "(?=x)acme_[a-z]"), "linear"),
        (ENTRY.replace("acme_[a-z]{10}", r"(a)\\1"), "linear"),
        ("x = [", "not valid TOML"),
        ("title = 1", "[[format]]"),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(write(tmp_path, text))
    assert named in str(caught.value)
    assert "acme.toml" in str(caught.value)


@pytest.mark.parametrize("expression", ["acme_[a-z", "(?:acme_)?", "acme_(?>x)"])
def test_expressions_that_do_not_compile_or_match_nothing_are_named(tmp_path: Path, expression: str) -> None:
    catalogue = load_catalogue(write(tmp_path, ENTRY.replace("acme_[a-z]{10}", expression)))
    with pytest.raises(CatalogueError, match="acme-token"):
        verify_expressions(catalogue)


def test_the_digest_follows_what_is_found(tmp_path: Path) -> None:
    before = load_catalogue(write(tmp_path, ENTRY)).digest()
    assert load_catalogue(write(tmp_path, ENTRY)).digest() == before
    assert load_catalogue(write(tmp_path, ENTRY.replace("{10}", "{11}"))).digest() != before


def test_the_shipped_catalogue_is_linear_and_complete() -> None:
    catalogue = load_catalogue()
    verify_expressions(catalogue)
    assert len(catalogue.formats) >= 80
