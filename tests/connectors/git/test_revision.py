"""Every way in which people name a commit leads to it, and nothing else leads anywhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.base import TargetError
from connectors.git.target import Mode
from tests.connectors.git.conftest import Sweep
from tests.connectors.git.repositories import Repository, a_token


@pytest.mark.parametrize(
    "name",
    [
        lambda repository: "HEAD~1",
        lambda repository: "@^",
        lambda repository: "main~1",
        lambda repository: "refs/heads/main^1",
        lambda repository: "v1",
        lambda repository: "before",
        lambda repository: repository.run("rev-parse", "HEAD~1"),
        lambda repository: repository.run("rev-parse", "--short", "HEAD~1"),
        lambda repository: repository.run("rev-parse", "HEAD") + "~1",
    ],
    ids=["HEAD~1", "@^", "branch~1", "full ref", "annotated tag", "branch", "full id", "short id", "id~1"],
)
def test_since_takes_what_people_write(name: Callable[[Repository], str], repository: Repository, swept: Sweep) -> None:
    """Only the value of the last commit is new."""
    old, new = a_token(1), a_token(2)
    repository.commit({"old.env": b"A=" + old})
    repository.run("tag", "--annotate", "--message", "first", "v1")
    repository.run("branch", "before")
    repository.commit({"new.env": b"B=" + new})

    result = swept(repository.path, mode=Mode.SINCE, since=name(repository))

    assert (len(result.of(old)), len(result.of(new))) == (0, 1)


@pytest.mark.parametrize(
    "name", ["HEAD~9", "nowhere", "", "--all", "main^{tree}", "main:old.env", "main..v1", ":/first", "@{-1}", "abcd"]
)
def test_since_refuses_what_names_no_commit(name: str, repository: Repository, swept: Sweep) -> None:
    """Options, ranges, searches and paths are none of the words a commit has."""
    repository.commit({"old.env": b"nothing\n"})

    with pytest.raises(TargetError, match="names no commit"):
        swept(repository.path, mode=Mode.SINCE, since=name)
