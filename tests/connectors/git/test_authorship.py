"""Mailmap as git reads it, people and their activity, and whom to ask about an exposure."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.git.authorship import (
    MAILMAP_BYTES,
    Activity,
    Mailmap,
    candidate_owners,
    moment,
    parse_mailmap,
    parse_seconds,
)
from storage.inventory import CommitPoint, Confidence, OwnerRole, OwnerSource


@pytest.mark.parametrize(
    ("mailmap", "expected"),
    [
        pytest.param(b"Ada Lovelace <ada@x>\n", (b"Ada Lovelace", b"ada@x"), id="proper name"),
        pytest.param(b"<ada@new> <ada@x>\n", (b"ada", b"ada@new"), id="proper address"),
        pytest.param(b"Ada L <ada@new> <ada@x>\n", (b"Ada L", b"ada@new"), id="proper name and address"),
        pytest.param(b"Ada L <ada@new> Ada <ada@x>\n", (b"Ada L", b"ada@new"), id="of one commit name, any case"),
        pytest.param(b"Ada L <ada@new> Bo <ada@x>\n", (b"ada", b"ada@x"), id="of another commit name"),
        pytest.param(b"Ada L <ADA@X>\n", (b"Ada L", b"ada@x"), id="address in another case"),
        pytest.param(b"# Ada L <ada@x>\n", (b"ada", b"ada@x"), id="comment"),
        pytest.param(b"Ada <ada@x>\nAda L <ada@x>\n", (b"Ada L", b"ada@x"), id="the later line counts"),
        pytest.param(b"Ada L <ada@x>\r\n", (b"Ada L", b"ada@x"), id="carriage return"),
        pytest.param(b"Ada L ada@x\n", (b"ada", b"ada@x"), id="no brackets"),
        pytest.param(b"Ada L <ada@x\n", (b"ada", b"ada@x"), id="bracket left open"),
        pytest.param(b"", (b"ada", b"ada@x"), id="empty file"),
    ],
)
def test_mailmap_gives_proper_names(mailmap: bytes, expected: tuple[bytes, bytes]) -> None:
    assert expected == parse_mailmap(mailmap).resolve(b"ada", b"ada@x")


_LINE = st.lists(
    st.sampled_from([b"Ada", b" ", b"<", b">", b"<a@x>", b"<b@x>", b"<A@X>", b"<>", b"#", b"\t", b"Bo", b"b@x", b"\r"]),
    max_size=8,
).map(b"".join)


@settings(max_examples=60)
@given(lines=st.lists(_LINE, max_size=6))
def test_mailmap_is_read_as_git_reads_it(tmp_path: Path, lines: list[bytes]) -> None:
    people = [(name, email) for name in (b"Ada", b"bo", b"Cy") for email in (b"a@x", b"B@x", b"c@x")]
    content = b"\n".join(lines)
    (tmp_path / "map").write_bytes(content)
    if not (tmp_path / "HEAD").exists():
        subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path)], check=True)
    asked = b"".join(b"%s <%s>\n" % person for person in people)
    command = ["git", "-C", str(tmp_path), "-c", f"mailmap.file={tmp_path / 'map'}", "check-mailmap", "--stdin"]
    answered = subprocess.run(command, input=asked, capture_output=True, check=True).stdout.split(b"\n")[:-1]

    mailmap = parse_mailmap(content)

    assert answered == [b"%s <%s>" % mailmap.resolve(*person) for person in people]


@given(data=st.binary(max_size=400))
def test_no_mailmap_raises(data: bytes) -> None:
    name, email = parse_mailmap(data).resolve(b"Ada", b"ada@x")

    assert isinstance(name, bytes)
    assert isinstance(email, bytes)


def test_a_mailmap_is_read_within_bounds() -> None:
    line = b"Ada L <ada@x>\n"
    data = b"# comment\n" * (MAILMAP_BYTES // 10) + line

    assert (b"ada", b"ada@x") == parse_mailmap(data).resolve(b"ada", b"ada@x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"0", 0),
        (b"1700000000", 1_700_000_000),
        (b"-60", None),
        (b"", None),
        (b"-", None),
        (b"1e9", None),
        (b"99999999999999999", None),
        (b"9" * 5_000, None),
        (b"253402300799", 253_402_300_799),
        (b"253402300800", None),
    ],
)
def test_times_outside_the_calendar_are_no_times(text: bytes, expected: int | None) -> None:
    assert expected == parse_seconds(text)


@given(text=st.binary(max_size=30))
def test_every_time_that_is_accepted_can_be_shown(text: bytes) -> None:
    assert moment(parse_seconds(text)).tzinfo is UTC


def test_people_are_counted_under_their_newest_name() -> None:
    activity = Activity(Mailmap())
    old, new = activity.identity(b"Ada", b"ada@x"), activity.identity(b"Ada Lovelace", b"ADA@x")

    activity.observe(new, 200, authored=True)
    activity.observe(old, 100, authored=True)
    activity.observe(old, None, authored=False)

    (person,) = activity.people().values()
    assert ("Ada Lovelace", 2, datetime.fromtimestamp(200, UTC)) == (
        person.name,
        person.commits,
        person.last_activity_time,
    )
    assert 200 == activity.newest


def test_names_are_escaped_for_display() -> None:
    name, email = Activity(Mailmap()).identity(b"\x1b[31mA\xff", b"\xe2\x80\xae@x")

    assert ("\\x1b[31mA\\xff", "\\u202e@x") == (name, email)


def test_candidates_are_the_introducing_author_and_then_recent_committers() -> None:
    activity = Activity(Mailmap())
    activity.observe(("Ada", "ada@x"), 300, authored=True)
    first = CommitPoint(
        oid="1" * 40, author_name="Ada", author_email="ADA@x", time=moment(100), committer_time=moment(100)
    )

    owners = candidate_owners(
        first, [("Bo", "bo@x", "2" * 40), ("Ada", "ada@x", "3" * 40), ("", "", "4" * 40)], activity.people()
    )

    assert [
        ("Ada", OwnerSource.INTRODUCING_AUTHOR, Confidence.MEDIUM, moment(300), "1" * 40),
        ("Bo", OwnerSource.RECENT_COMMITTER, Confidence.LOW, None, "2" * 40),
    ] == [(owner.name, owner.source, owner.confidence, owner.last_activity_time, owner.locator) for owner in owners]
    assert {OwnerRole.CANDIDATE} == {owner.role for owner in owners}


def test_without_a_commit_nobody_is_a_candidate() -> None:
    assert () == candidate_owners(None, [], {})
