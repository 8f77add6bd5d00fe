"""Pipeline files of a repository: which versions are read, and what is said of them."""

from __future__ import annotations

import pytest

from connectors.git import pipeline_files
from storage.inventory import Pipeline, ReferenceKind
from tests.connectors.git.conftest import Sweep
from tests.connectors.git.repositories import Repository, Swept, a_token

CI = ".github/workflows/ci.yml"


def a_workflow(*secrets: str) -> bytes:
    lines = ["on: push", "jobs:", "  build:", "    runs-on: ubuntu-latest", "    steps:"]
    for secret in secrets:
        lines += ["    - run: make", "      env:", f"        {secret}: ${{{{ secrets.{secret} }}}}"]
    return "\n".join([*lines, ""]).encode()


def pipelines(seen: Swept) -> dict[str, Pipeline]:
    return {one.name: one for one in seen.observations if isinstance(one, Pipeline)}


def asked_for(pipeline: Pipeline) -> list[str | None]:
    return [one.name for one in pipeline.references if one.kind is ReferenceKind.SECRET]


def test_a_workflow_is_told_with_its_place_and_owner(repository: Repository, swept: Sweep) -> None:
    oid = repository.commit({CI: a_workflow("DEPLOY"), "CODEOWNERS": b"/.github/ @org/platform\n"})

    seen = swept(repository.path)

    (found,) = pipelines(seen).values()
    assert ["DEPLOY"] == asked_for(found)
    assert (CI, "refs/heads/main", oid) == (found.path, found.ref, found.commit)
    assert ["@org/platform"] == [owner.name for owner in found.owners]
    assert seen.complete


def test_a_checkout_of_something_else_changes_nothing(repository: Repository, swept: Sweep) -> None:
    repository.commit({CI: a_workflow("DEPLOY")})
    repository.run("checkout", "--quiet", "-b", "feature")
    repository.commit({CI: a_workflow("OTHER")})

    found = pipelines(swept(repository.path))

    assert {True: ["DEPLOY"], False: ["OTHER"]} == {one.on_default_branch: asked_for(one) for one in found.values()}
    assert {CI, f"{CI} on refs/heads/feature"} == set(found)


def test_the_same_version_on_many_branches_is_told_once(repository: Repository, swept: Sweep) -> None:
    repository.commit({CI: a_workflow("DEPLOY")})
    for number in range(5):
        repository.run("checkout", "--quiet", "-b", f"branch-{number}", "main")
        repository.commit({"notes": f"{number}\n".encode()})

    assert [CI] == list(pipelines(swept(repository.path)))


def test_what_the_work_tree_alone_holds_is_not_told(repository: Repository, swept: Sweep) -> None:
    repository.commit({"README": b"a shop\n"})
    repository.write(CI, a_workflow("DEPLOY"))

    assert {} == pipelines(swept(repository.path))


def test_a_link_is_no_pipeline(repository: Repository, swept: Sweep) -> None:
    repository.write("real.txt", a_workflow("DEPLOY"))
    (repository.path / ".github" / "workflows").mkdir(parents=True)
    (repository.path / CI).symlink_to("../../real.txt")
    repository.commit()

    assert {} == pipelines(swept(repository.path))


@pytest.mark.parametrize(
    "content", [b"a: [", b"\xff\xfe\x00", b"x" * 1_100_000, b"a: &a [*a]"], ids=["cut", "binary", "long", "endless"]
)
def test_what_cannot_be_read_is_told_as_such(content: bytes, repository: Repository, swept: Sweep) -> None:
    repository.commit({CI: content})

    (found,) = pipelines(swept(repository.path)).values()

    assert not found.read or not found.references
    assert found.read or found.undetermined


def test_branches_beyond_the_limit_are_said(
    repository: Repository, swept: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline_files, "_BRANCHES", 1)
    repository.commit({CI: a_workflow("DEPLOY")})
    for name in ("one", "two", "three"):
        repository.run("checkout", "--quiet", "-b", name, "main")
        repository.commit({CI: a_workflow(name.upper())})

    seen = swept(repository.path)

    assert 2 == len(pipelines(seen))
    assert "pipeline_branches" in seen.exclusions()


def test_no_name_of_a_strangers_file_reaches_a_terminal_as_it_is(repository: Repository, swept: Sweep) -> None:
    job = '"a\\x1b[31m\\u202eb"'
    text = f"on: push\njobs:\n  {job}:\n    environment: {job}\n    runs-on: {job}\n    steps:\n    - run: make\n"
    repository.commit({CI: text.encode() + b"      env: {D: '${{ secrets.DEPLOY }}'}\n"})

    (found,) = pipelines(swept(repository.path)).values()

    assert ["DEPLOY"] == asked_for(found)
    told = [found.name, *found.undetermined]
    told += [word or "" for one in found.references for word in (one.name, one.job, one.environment)]
    told += [word or "" for one in found.facts for word in (one.job, one.proof)]
    assert any("31m" in word for word in told)
    assert not any("\x1b" in word or "\u202e" in word for word in told)


def test_a_token_in_place_of_a_name_is_masked(repository: Repository, swept: Sweep) -> None:
    """People paste the value where its name belongs."""
    token = a_token()
    repository.commit({CI: a_workflow(token.decode())})

    (found,) = pipelines(swept(repository.path)).values()

    assert token.decode() not in repr(found)
    assert any("****" in (one.name or "") for one in found.references)
