"""The operator's allow-list: an entry covers what all of its parts fit, and nothing else."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.allow_list import AllowList, path_pattern
from storage.inventory import Allowance, Suppression, SuppressionSource

EXPIRES = datetime(2027, 1, 31, tzinfo=UTC)
TAG = "v1:0badcafe:" + "ab" * 32
PLACE: dict[str, Any] = {
    "repository": "git.example.com/team/shop",
    "path": "tests/fixtures/keys.py",
    "detector": "gitlab-personal-access-token",
    "tags": (TAG, "v1:0ld0ld00:" + "cd" * 32),
}


def an_entry(**parts: Any) -> Allowance:
    return Allowance(**{"reason": "made up for tests", "expiration_time": EXPIRES, **parts})


@pytest.mark.parametrize(
    ("parts", "covered"),
    [
        ({"path": "tests/**"}, True),
        ({"path": "tests/"}, True),
        ({"path": "*.py"}, True),
        ({"path": "/keys.py"}, False),
        ({"path": "keys.py"}, True),
        ({"path": "Tests/**"}, False),
        ({"repository": "git.example.com/*/shop"}, True),
        ({"repository": "shop"}, False),
        ({"detector": "gitlab-*"}, True),
        ({"detector": "github-*"}, False),
        ({"fingerprint": TAG}, True),
        ({"fingerprint": "v1:0ld0ld00:" + "cd" * 32}, True),
        ({"fingerprint": "v1:0badcafe:" + "cd" * 32}, False),
        ({"path": "tests/**", "detector": "github-*"}, False),
        ({"path": "tests/**", "repository": "*shop", "detector": "gitlab-*", "fingerprint": TAG}, True),
    ],
)
def test_an_entry_covers_what_all_of_its_parts_fit(parts: dict[str, str], covered: bool) -> None:  # noqa: FBT001
    found = AllowList([an_entry(**parts)]).suppression(**PLACE)

    assert covered == (found is not None)


def test_what_is_covered_says_by_whom_why_and_until_when() -> None:
    found = AllowList([an_entry(path="tests/**"), an_entry(path="**/*.py", reason="later")]).suppression(**PLACE)

    assert found == Suppression(
        source=SuppressionSource.ALLOW_LIST,
        reason="allowed until 2027-01-31: made up for tests",
        expiration_time=EXPIRES,
    )


@pytest.mark.parametrize(("path", "covered"), [("**", True), ("tests/**", False), ("*", False)])
def test_only_the_path_for_everything_covers_what_has_no_path(path: str, covered: bool) -> None:  # noqa: FBT001
    found = AllowList([an_entry(path=path, detector="*")]).suppression(**{**PLACE, "path": None})

    assert covered == (found is not None)


@pytest.mark.parametrize("pattern", ["", " ", "!tests/", "#tests", "\\", "[a"])
def test_what_is_no_path_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        path_pattern(pattern)


def test_a_path_cannot_make_a_pattern_slow() -> None:
    begun = time.process_time()

    assert not path_pattern("*a*a*a*a*a*a*a*a*a*a*b").match_file("a" * 4000)
    assert time.process_time() - begun < 1


@given(path=st.text(max_size=40), repository=st.text(max_size=20))
def test_any_name_is_covered_or_not(path: str, repository: str) -> None:
    listed = AllowList([an_entry(path="a*/**/b", repository="[x]*"), an_entry(path="*.env")])

    listed.suppression(**{**PLACE, "path": path, "repository": repository})
