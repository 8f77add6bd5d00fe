"""Pattern files: what they may say, and how a mistake in them is named."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.detection.catalogue import (
    CatalogueError,
    OwnFormat,
    convert,
    entry_lines,
    faults,
    load_catalogue,
    shipped_catalogue,
    shipped_families,
    verify_expressions,
)
from storage.inventory import IdentityKind

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
        (ENTRY + 'identity_kind = "iam_user"', "known: application"),
        (ENTRY.replace("acme_[a-z]", "(?=x)acme_[a-z]"), "linear"),
        (ENTRY.replace("acme_[a-z]{10}", r"(a)\1"), "linear"),
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


def test_the_guide_names_every_kind_of_identity() -> None:
    guide = Path(__file__).parents[3] / "docs" / "detection.md"
    (line,) = (line for line in guide.read_text(encoding="utf-8").splitlines() if line.startswith("| `identity_kind`"))
    assert line.partition(": ")[2].removesuffix(" |").split(", ") == list(IdentityKind)


# --- formats of an operator's own -------------------------------------------------------------------------------------

FIELDS: dict[str, Any] = {
    "id": "acme-token",
    "name": "Acme token",
    "vendor": "acme",
    "type": "access_token",
    "expression": "acme_[a-z]{10}",
    "literals": ["acme_"],
}


def own(**changes: Any) -> OwnFormat:
    entry = convert({**FIELDS, **changes}, OwnFormat)
    assert isinstance(entry, OwnFormat), entry
    return entry


def test_a_sound_format_has_no_fault() -> None:
    assert [] == faults(own(), taken=())


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"expression": "(?=x)acme_"}, "expression", "not linear"),
        ({"expression": r"acme_(a)\1"}, "expression", "not linear"),
        ({"expression": "acme_(?>a+)b"}, "expression", "google-re2, the judge of linear time, refuses"),
        ({"expression": "acme_a++"}, "expression", "google-re2"),
        ({"expression": "acme_[a-z"}, "expression", "google-re2"),
        ({"expression": "acme_[a-z]{2000}"}, "expression", "google-re2"),
        ({"expression": r"acme_\pN"}, "expression", "Python's `re`"),
        ({"expression": "acme_[[:alpha:]]"}, "expression", "Python's `re`"),
        ({"expression": r"\Aacme_[a-z]{10}"}, "expression", "write ^"),
        ({"expression": "(?:acme_)?"}, "expression", "matches nothing at all"),
        ({"expression": r"acme_|\b"}, "expression", "matches nothing at all"),
        ({"expression": "a" * 10_001}, "expression", "longer than"),
        ({"literals": []}, "literals", "no literals"),
        ({"literals": [""]}, "literals", "empty text"),
        ({"literals": [], "reason": "none", "expression": r"acme\nx"}, "literals", "over the end of a line"),
        ({"keywords": ["acme", ""]}, "keywords", "empty text"),
        ({"id": "Acme"}, "id", "kebab-case"),
        ({"id": "github-token"}, "id", "belongs to a format of the product"),
        ({"id": "detect-secrets-acme"}, "id", "belongs to a format of the product"),
        ({"vendor": "Acme Inc"}, "vendor", "kebab-case"),
        ({"name": " "}, "name", "empty"),
        ({"checksum": "luck"}, "checksum", "no checksum is called 'luck'"),
        ({"minimum_entropy": 9}, "minimum_entropy", "between 0 and 8"),
        ({"keyword_distance": 0}, "keyword_distance", "between 1 and 1024"),
        ({"stage_one": "acme_"}, "stage_one", "leave it out"),
        ({"two_lines": True}, "two_lines", "leave it out"),
        ({"unworded": True}, "unworded", "leave it out"),
        ({"expression": "acme{{near}}(?P<value>x{20})", "reason": "none"}, "expression", "name `keywords`"),
        ({"preview": "acme_abcdefghij"}, "preview", "whole value"),
    ],
)
def test_a_fault_of_a_format_is_told_with_its_field(changes: dict[str, Any], field: str, words: str) -> None:
    told = faults(own(**changes), taken={"github-token"})

    assert [field] == [name for name, _ in told], told
    assert words in told[0][1]


def test_every_fault_is_told_at_once() -> None:
    told = faults(own(id="A", vendor="B", expression="[", literals=[]), taken=())

    assert ["id", "literals", "vendor", "expression"] == [field for field, _ in told]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": 1}, "there is no field 'colour'; known: id, name"),
        ({"literal": ["x"]}, "(did you mean 'literals'?)"),
        (
            {"confidence": "sure"},
            "'confidence' is wrong: invalid enum value 'sure'; known: low, medium, high",
        ),
        ({"literals": "acme_"}, "the field 'literals' is wrong: expected `array`"),
        ({"literals": [3]}, "the field 'literals' has an item that is wrong"),
        ({"priority": "high"}, "the field 'priority' is wrong"),
    ],
)
def test_a_wrong_type_is_told_in_the_files_own_words(changes: dict[str, Any], words: str) -> None:
    said = convert({**FIELDS, **changes}, OwnFormat)

    assert isinstance(said, str)
    assert words in said


def test_a_missing_field_is_named() -> None:
    assert "the field 'name' is missing" == convert({key: FIELDS[key] for key in FIELDS if key != "name"}, OwnFormat)


def test_a_literal_backslash_before_a_digit_is_no_back_reference() -> None:
    assert [] == faults(own(expression=r"acme_\\1[a-z]{10}"), taken=())


def test_a_match_without_any_literal_is_none() -> None:
    entry = own(expression="[a-z]{4}_[a-z]{10}")

    assert [(0, 15, 15)] == list(entry.spans(b"acme_abcdefghij zork_abcdefghij", 31))


def test_literals_are_held_to_in_any_case_where_the_format_asks_for_that() -> None:
    entry = own(ignore_case=True, literals=["Acme_"])

    assert [(0, 15, 15)] == list(entry.spans(b"ACME_ABCDEFGHIJ", 15))


def test_the_value_is_the_group_of_that_name() -> None:
    entry = own(expression="acme_key=(?P<value>[a-z]{10})")

    assert [(11, 21, 21)] == list(entry.spans(b"  acme_key=abcdefghij", 21))


def test_a_format_travels_to_the_worker_as_it_is() -> None:
    entry = own(keywords=["acme"], confidence="low", positive=["acme_{lower:10}"])

    assert entry == msgspec.msgpack.decode(msgspec.msgpack.encode(entry), type=OwnFormat)
    assert entry.digest() != own().digest()


def test_a_tuned_catalogue_has_what_is_own_and_lacks_what_is_disabled(tmp_path: Path) -> None:
    shipped = load_catalogue(write(tmp_path, ENTRY.replace("acme-token", "zork-token") + ENTRY))

    tuned = shipped.tuned([own(id="beta-token")], {"zork-token", "generic-secret-assignment"})

    assert ["acme-token", "beta-token"] == [entry.id for entry in tuned.formats]
    assert tuned.digest() != shipped.digest()
    assert shipped.tuned([], {"generic-secret-assignment"}).digest() != shipped.digest()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# x\n[[format]]\nid = 1\n\n  [[ format ]]\n", [2, 5]),
        ("format = [{}, {}]\n", [None, None]),
        ("[[format]]\nx = '''\n[[format]]\n'''\n[[format]]\n", [None, None]),
    ],
)
def test_entries_are_placed_by_line_where_that_is_sure(text: str, lines: list[int | None]) -> None:
    assert lines == entry_lines(text, 2)


def test_families_are_the_files_the_product_ships() -> None:
    families = shipped_families()

    assert {entry.id for entry in shipped_catalogue().formats} == families.keys()
    assert "code_hosts" == families["github-personal-access-token"]


# --- what one start keeps for the next --------------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    """A cache directory; what the process itself remembers is forgotten before and after."""
    shipped_catalogue.cache_clear()
    yield tmp_path / "cache"
    shipped_catalogue.cache_clear()


def kept_in(cache: Path) -> Path:
    (file,) = cache.glob("*.catalogue")
    return file


def test_the_catalogue_is_kept_for_its_owner_only_and_is_the_same_when_found_again(cache: Path) -> None:
    shipped_catalogue(cache)
    before = kept_in(cache).stat().st_mtime_ns
    shipped_catalogue.cache_clear()

    again = shipped_catalogue(cache)

    assert load_catalogue() == again
    assert load_catalogue().digest() == again.digest()
    assert before == kept_in(cache).stat().st_mtime_ns
    assert (0o700, 0o600) == (cache.stat().st_mode & 0o777, kept_in(cache).stat().st_mode & 0o777)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "of another make", "open to others"])
def test_a_kept_catalogue_that_is_not_to_be_believed_is_read_anew(cache: Path, damage: str) -> None:
    shipped_catalogue(cache)
    file = kept_in(cache)
    whole = file.read_bytes()
    at = len(whole) // 2
    file.write_bytes(
        {
            "cut": whole[:at],
            "flipped": whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :],
            "empty": b"",
            "of another make": sha256(b"\x91\x80").digest() + b"\x91\x80",
            "open to others": sha256(b"\x90").digest() + b"\x90",
        }[damage]
    )
    file.chmod(0o644 if damage == "open to others" else 0o600)
    shipped_catalogue.cache_clear()

    assert load_catalogue() == shipped_catalogue(cache)
    assert whole == file.read_bytes()


def test_a_cache_directory_open_to_others_is_not_used(cache: Path) -> None:
    cache.mkdir(mode=0o755)
    cache.chmod(0o755)

    assert load_catalogue() == shipped_catalogue(cache)
    assert [] == list(cache.iterdir())
