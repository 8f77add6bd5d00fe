"""Stage one: three engines that say the same, and a cache that is only used when it is ours and whole."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.batch import Window
from connectors.detection.expressions import widen
from connectors.detection.matcher import HITS_PER_WINDOW, MatcherUnavailable, Rule, make_matcher

RULES = [
    Rule(r"tok_[a-z0-9]{8,}", ("tok_",)),
    Rule("", ("password", "pass.word"), ignore_case=True),
    Rule(r"\b[0-9]{4}-[0-9]{4}\b"),
]
ENGINES = ["hyperscan", "re2", "re"]


def touched(
    name: str, buffer: bytes, windows: list[Window], cache: Path | None = None
) -> dict[int, set[tuple[int, int]]]:
    """Window → pairs of (line number within it, rule)."""
    found = {}
    for index, hits in make_matcher(name, RULES, cache).hits(buffer, windows, set()):
        start = windows[index].start
        found[index] = {(buffer.count(b"\n", start, end - 1), rule) for end, rule in hits}
    return found


@pytest.mark.parametrize("name", ENGINES)
def test_hits_are_given_to_the_window_they_end_in(name: str) -> None:
    buffer = b"noise tok_aaaaaaaa|x\ntok_bbbbbbbb|1234-5678 PassWord|tok_"
    windows = [Window("a", 19, 33), Window("b", 34, 52), Window("c", 53, len(buffer))]
    assert touched(name, buffer, windows) == {0: {(1, 0)}, 1: {(0, 1), (0, 2)}} | (
        {2: {(0, 0)}} if name == "re" else {}
    )


@pytest.mark.parametrize("name", ENGINES)
def test_nothing_in_gives_nothing(name: str) -> None:
    assert touched(name, b"", []) == {}
    assert touched(name, b"tok_aaaaaaaa", []) == {}


@pytest.mark.parametrize("name", ENGINES)
def test_a_window_that_floods_is_capped_and_spares_its_neighbours(name: str) -> None:
    flood = b"password " * (HITS_PER_WINDOW * 5)
    buffer = flood + b"tok_aaaaaaaa"
    windows = [Window("flood", 0, len(flood)), Window("calm", len(flood), len(buffer))]
    capped: set[int] = set()
    found = dict(make_matcher(name, RULES).hits(buffer, windows, capped))
    assert capped == {0}
    assert 1 in found


def test_an_unknown_engine_is_refused_with_the_names_of_those_known() -> None:
    with pytest.raises(MatcherUnavailable, match="hyperscan, re2 or re"):
        make_matcher("grep", RULES)


def cached_files(cache: Path) -> list[Path]:
    return sorted(cache.glob("*.hyperscan"))


SAMPLE, WHOLE = b"tok_aaaaaaaa", [Window("a", 0, 12)]


def test_the_compiled_database_is_kept_for_its_owner_only_and_found_again(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = touched("hyperscan", SAMPLE, WHOLE, cache)
    (file,) = cached_files(cache)
    assert cache.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.stat().st_mtime_ns
    assert touched("hyperscan", SAMPLE, WHOLE, cache) == first == {0: {(0, 0)}}
    assert file.stat().st_mtime_ns == before


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "foreign"])
def test_a_damaged_database_is_compiled_anew(tmp_path: Path, damage: str) -> None:
    touched("hyperscan", SAMPLE, WHOLE, tmp_path / "cache")
    (file,) = cached_files(tmp_path / "cache")
    whole = file.read_bytes()
    at = len(whole) // 2
    content = {
        "cut": whole[:at],
        "flipped": whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :],
        "empty": b"",
        "foreign": b"x" * 999,
    }
    file.write_bytes(content[damage])
    assert touched("hyperscan", SAMPLE, WHOLE, tmp_path / "cache") == {0: {(0, 0)}}
    assert file.read_bytes() != content[damage]


def test_a_directory_or_file_open_to_others_is_not_used(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    shared.chmod(0o755)
    assert touched("hyperscan", SAMPLE, WHOLE, shared) == {0: {(0, 0)}}
    assert cached_files(shared) == []
    private = tmp_path / "private"
    touched("hyperscan", SAMPLE, WHOLE, private)
    (file,) = cached_files(private)
    file.write_bytes(b"planted")
    file.chmod(0o644)
    assert touched("hyperscan", SAMPLE, WHOLE, private) == {0: {(0, 0)}}
    assert file.read_bytes() != b"planted"
    file.unlink()
    file.symlink_to("/etc/hostname")
    assert touched("hyperscan", SAMPLE, WHOLE, private) == {0: {(0, 0)}}


@pytest.mark.parametrize(
    ("expression", "wider"),
    [
        (r"\bab{2,}", "(?:)ab{2}"),
        (r"(?P<value>[a-z]{3,9})", "(?:[a-z]{3})"),
        (r"^x+$", "(?:)x(?:)"),
        (r"[0-9]{8,10}:[a-z]{3}", "[0-9]{8}:[a-z]{3}"),
        (r"(?:[0-9]{8,10}:){2}", "(?:[0-9]{8,10}:){2}"),
        (r"[$^\]]\$", r"[$^\]]\$"),
        (r"a\+", r"a\+"),
    ],
)
def test_widening(expression: str, wider: str) -> None:
    assert widen(expression) == wider


@given(st.text(alphabet="ab1- \n", max_size=60))
def test_what_matches_still_matches_when_widened(text: str) -> None:
    for expression in (r"\ba{1,3}b+", r"[a1]{2,4}b{2,3}-", r"^(?:a|b1)$", r"(?P<value>1{2,})", r"a\s+b"):
        if re.search(expression, text, re.MULTILINE):
            assert re.search(widen(expression), text)


def test_a_database_is_compiled_anew_for_other_expressions_and_other_literals(tmp_path: Path) -> None:
    """Literals stand in for an expression that is too large for the automaton, so they are a part of what is kept."""
    cache = tmp_path / "cache"
    for number, rule in enumerate(
        (
            Rule(r"own_[a-z]{8}", ("own_",), own=True),
            Rule(r"own_[a-z]{9}", ("own_",), own=True),
            Rule(r"own_[a-z]{9}", ("own_", "wn_"), own=True),
        ),
        start=1,
    ):
        make_matcher("hyperscan", [*RULES, rule], cache)
        assert len(cached_files(cache)) == number
    make_matcher("hyperscan", [*RULES, rule], cache)
    assert len(cached_files(cache)) == 3


@pytest.mark.parametrize("name", ["re2", "re"])
def test_no_engine_goes_back_and_forth_over_an_operators_expression(name: str) -> None:
    rule = Rule(r"(?:a|aa|a+)+b", (), own=True)
    buffer = b"a" * 4000
    begun = time.process_time()

    assert dict(make_matcher(name, [rule]).hits(buffer, [Window("a", 0, len(buffer))], set())) == {}
    assert time.process_time() - begun < 5
