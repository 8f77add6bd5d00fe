"""CODEOWNERS as the platforms document it: which lines match, which of them counts, and what is passed over."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.git.codeowners import PLACES, SIZE_LIMIT, find_codeowners, parse_codeowners
from storage.inventory import Confidence, OwnerRole, OwnerSource


def names(content: str, path: str, place: str = "CODEOWNERS") -> list[str]:
    return [owner.name for owner in parse_codeowners(content.encode(), place).owners_of(path)]


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        pytest.param("*", ["a", "a/b/c"], [], id="everything"),
        pytest.param("*.js", ["a.js", "x/y/a.js"], ["a.jsx", "js"], id="an extension anywhere"),
        pytest.param("/build/logs/", ["build/logs/a", "build/logs/x/a"], ["build/logs", "x/build/logs/a"], id="folder"),
        pytest.param("docs/*", ["docs/a.md"], ["docs/x/a.md", "x/docs/a.md"], id="files of one folder only"),
        pytest.param(
            "apps/", ["apps/a", "x/apps/a", "x/apps/y/a"], ["apps", "xapps/a"], id="folder of a name anywhere"
        ),
        pytest.param("/docs/", ["docs/a", "docs/x/a"], ["x/docs/a"], id="folder at the root"),
        pytest.param(
            "**/logs", ["logs/a", "x/logs/a", "x/y/logs/z/a", "x/logs"], ["x/logs2"], id="folder at any depth"
        ),
        pytest.param("/apps/github", ["apps/github", "apps/github/a"], ["x/apps/github", "apps/githubs"], id="tied"),
        pytest.param("docs", ["docs", "docs/a", "x/docs/a/b"], ["xdocs"], id="a bare name"),
        pytest.param("a/**/b", ["a/b", "a/x/b", "a/x/y/b/c"], ["ab", "x/a/b"], id="folders between"),
        pytest.param("a/**", ["a/b", "a/b/c"], ["a", "b/a/c"], id="everything within"),
        pytest.param("/*", ["a"], ["a/b"], id="files at the root"),
        pytest.param("/*.rb", ["a.rb"], ["x/a.rb"], id="files of a kind at the root"),
        pytest.param("a?c", ["abc", "x/abc"], ["ac", "a/c", "abbc"], id="one character"),
        pytest.param("A.md", ["A.md"], ["a.md"], id="case counts"),
        pytest.param(r"my\ file", ["my file", "x/my file"], ["my", "my\\ file"], id="escaped space"),
        pytest.param(r"\#keep", ["#keep"], ["\\#keep", "keep"], id="escaped number sign"),
        pytest.param("a.(b|c)+", ["a.(b|c)+"], ["a.b", "axb"], id="nothing else is special"),
        pytest.param("/ä/ö", ["ä/ö"], ["ö"], id="beyond ASCII"),
    ],
)
def test_patterns_match_as_documented(pattern: str, matching: list[str], others: list[str]) -> None:
    found = [path for path in matching + others if names(f"{pattern} @owner", path)]

    assert matching == found


@pytest.mark.parametrize(
    ("content", "path", "expected"),
    [
        pytest.param("* @all\n*.js @js", "a.js", ["@js"], id="the last match counts"),
        pytest.param("*.js @js\n* @all", "a.js", ["@all"], id="even when it is broader"),
        pytest.param("/apps/ @all\n/apps/github", "apps/github/a", [], id="a pattern without owners removes them"),
        pytest.param("* @org/team me@x.org @one", "a", ["@org/team", "me@x.org", "@one"], id="teams, addresses, users"),
        pytest.param("* @a @a", "a", ["@a"], id="named twice"),
        pytest.param("* @a # @b", "a", ["@a"], id="comment behind"),
        pytest.param("# * @a\n\n   \n", "a", [], id="comments and empty lines"),
        pytest.param("* @a\r\n", "a", ["@a"], id="carriage return"),
        pytest.param("\ufeff* @a", "a", ["@a"], id="byte-order mark"),
        pytest.param("* @a\n!a @b", "a", ["@a"], id="no negation"),
        pytest.param("* @a\n[ab] @b", "a", ["@a"], id="no ranges"),
        pytest.param("* @a\na nobody", "a", ["@a"], id="a line with a malformed owner is passed over"),
        pytest.param("", "a", [], id="empty file"),
    ],
)
def test_which_line_counts(content: str, path: str, expected: list[str]) -> None:
    assert expected == names(content, path)


GITLAB = """
* @all
[Docs] @writers
docs/
docs/api/ @api
^[Optional][2]
*.md @readers
[DOCS]
docs/api/x @x
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a", ["@all"]),
        ("docs/a", ["@all", "@writers"]),
        ("docs/api/a.md", ["@all", "@api", "@readers"]),
        ("docs/api/x", ["@all", "@x"]),
    ],
)
def test_in_a_file_with_sections_each_section_counts(path: str, expected: list[str]) -> None:
    assert sorted(expected) == sorted(names(GITLAB, path))


def test_a_section_header_in_a_file_only_github_reads_is_a_problem() -> None:
    parsed = parse_codeowners(GITLAB.encode(), ".github/CODEOWNERS")

    assert 3 == len(parsed.problems)
    assert ["@x"] == [owner.name for owner in parsed.owners_of("docs/api/x")]


def test_an_owner_is_accountable_and_says_where_it_is_written() -> None:
    owner, other = parse_codeowners(b"\n*.py @org/team a@x.org", ".github/CODEOWNERS").owners_of(b"x/a.py")

    assert (OwnerRole.ACCOUNTABLE, OwnerSource.CODEOWNERS, Confidence.HIGH) == (
        owner.role,
        owner.source,
        owner.confidence,
    )
    assert ".github/CODEOWNERS:2 *.py" == owner.locator
    assert (None, "a@x.org") == (owner.email, other.email)


def test_the_first_place_that_exists_counts() -> None:
    for first in range(len(PLACES)):
        files = {place: b"* @%d" % number for number, place in enumerate(PLACES) if number >= first}

        found = find_codeowners(files.get)

        assert found is not None
        assert (PLACES[first], f"@{first}") == (found.place, found.owners_of("a")[0].name)
    assert None is find_codeowners(lambda _: None)


def test_a_file_over_the_limit_gives_nobody_and_says_so() -> None:
    parsed = parse_codeowners(b"* @a\n" * (SIZE_LIMIT // 5 + 1))

    assert () == parsed.owners_of("a")
    assert "larger than 3 MiB" in parsed.problems[0]


@given(data=st.binary(max_size=300), path=st.binary(max_size=60))
def test_no_file_raises(data: bytes, path: bytes) -> None:
    for place in PLACES:
        parsed = parse_codeowners(data, place)

        assert len(parsed.owners_of(path)) <= 100 * (1 + data.count(b"["))
        assert len(parsed.problems) <= 21


_PIECES = st.lists(st.sampled_from(["*", "**", "/", "a", "b", "?", "\\", ".", "\\ ", "#", "(", "+"]), max_size=8)


@given(pieces=_PIECES, path=st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=4).map("/".join))
def test_a_pattern_that_matches_a_folder_by_name_matches_what_lies_in_it(pieces: list[str], path: str) -> None:
    pattern = "".join(pieces).strip("/ ")
    content = f"{pattern} @a"

    if names(content, path) and not pattern.endswith("*"):
        assert names(content, path + "/below/it")


def test_a_hostile_pattern_costs_linear_time() -> None:
    pattern = "*a" * 400 + "**/" * 60 + "x"
    began = time.monotonic()

    assert [] == names(f"{pattern} @a", "a" * 4000 + "/b" * 40)
    assert time.monotonic() - began < 5
