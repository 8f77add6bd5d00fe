"""Every dialect: any text gives a reading or is unreadable, in time that grows with the text alone."""

from __future__ import annotations

import json
from contextlib import suppress
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.pipelines.base import Dialect, PipelineReading, Unreadable
from connectors.pipelines.registry import DIALECTS, dialect_of
from storage.inventory import PipelineDialect

PATHS = {
    PipelineDialect.AZURE_PIPELINES: "azure-pipelines.yml",
    PipelineDialect.BITBUCKET_PIPELINES: "bitbucket-pipelines.yml",
    PipelineDialect.BUILDKITE: ".buildkite/pipeline.yml",
    PipelineDialect.CIRCLECI: ".circleci/config.yml",
    PipelineDialect.DRONE: ".drone.yml",
    PipelineDialect.GITHUB_ACTIONS: ".github/workflows/ci.yml",
    PipelineDialect.GITLAB_CI: ".gitlab-ci.yml",
    PipelineDialect.JENKINS: "Jenkinsfile",
    PipelineDialect.TEKTON: ".tekton/task.yaml",
    PipelineDialect.TRAVIS: ".travis.yml",
}
TELLING = """
jobs steps run command script env environment secrets from_secret context pipelines default step deployment oidc
image auth password token deploy secure provider vault plugins workflows orbs parameters executor docker services
kind name apiVersion metadata spec secretKeyRef secret workspaces serviceAccountName agents include matrix import
"""
WORDS = st.sampled_from(TELLING.split())
GROOVY = (
    """
credentials withCredentials credentialsId stage sh withVault path withAWS role ( ) [ ] { } : , = ? 'a' " """
    '"""'
    """
''' $/ / // /* ${ $x def
"""
)
NODES = st.recursive(
    st.none() | st.booleans() | WORDS | st.text(alphabet="$ab{}'\"<>:=-@!& ", max_size=12) | st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=30,
)


def lines_of(reading: PipelineReading) -> list[int]:
    return [one.line for one in reading.references] + [one.line for one in reading.facts]


def by_word(dialect: Dialect) -> str:
    return dialect.dialect.value


@pytest.mark.parametrize("dialect", DIALECTS, ids=by_word)
def test_a_dialect_knows_its_path_and_no_other_does(dialect: Dialect) -> None:
    path = PATHS[dialect.dialect]

    assert [dialect] == [one for one in DIALECTS if one.recognises(path)]
    assert dialect is dialect_of(path)
    assert not dialect.recognises("src/main.py")
    assert not dialect.recognises("README.md")


@pytest.mark.parametrize("dialect", DIALECTS, ids=by_word)
@given(text=st.text(max_size=300))
def test_any_text_is_read_or_unreadable(dialect: Dialect, text: str) -> None:
    with suppress(Unreadable):
        found = dialect.read(text, PATHS[dialect.dialect])
        assert all(line >= 1 for line in lines_of(found))


@pytest.mark.parametrize("dialect", DIALECTS, ids=by_word)
@settings(max_examples=200)
@given(node=NODES, version=st.sampled_from(["", '"apiVersion": "tekton.dev/v1", ', '"kind": "pipeline", ']))
def test_any_tree_of_telling_words_is_read_or_unreadable(dialect: Dialect, node: object, version: str) -> None:
    text = json.dumps(node)
    with suppress(Unreadable):
        found = dialect.read(text.replace("{", "{" + version, 1) if text != "{}" else text, PATHS[dialect.dialect])
        assert all(line >= 1 for line in lines_of(found))


@given(st.lists(st.sampled_from([*GROOVY.split(), "\n"]), max_size=60).map(" ".join))
def test_any_groovy_is_read_or_unreadable(text: str) -> None:
    dialect = dialect_of("Jenkinsfile")
    assert dialect is not None
    last = text.count("\n") + 1

    with suppress(Unreadable):
        found = dialect.read(text, "Jenkinsfile")
        assert all(1 <= line <= last for line in lines_of(found))


HOSTILE = {
    PipelineDialect.JENKINS: [
        "credentialsId:", "withCredentials(", "a=", "'", '"${', "$/", "'''", "sh(", "[", 'stage("a"){', "a ? b : ",
        "(/\\/", "/*", "sh '$A'\n", "withVault([path:", "\n", "withAWS(role:'a'",
        "credentials(a?b:", "@Library", "load 'x'\n",
    ],
    PipelineDialect.CIRCLECI: [
        "jobs: {a: {steps: [{run: |\n", "- run: << parameters.x >>\n", "<<", "- run: $CIRCLE_OIDC_TOKEN\n",
    ],
    PipelineDialect.BITBUCKET_PIPELINES: ["- step: {script: [x]}\n", "- stage:\n"],
    PipelineDialect.BUILDKITE: [
        "- command: buildkite-agent secret get X\n",
        "- command: a | buildkite-agent pipeline upload\n",
    ],
    PipelineDialect.DRONE: ["---\nkind: secret\n", "- a: {from_secret: b}\n"],
    PipelineDialect.TEKTON: ["---\napiVersion: tekton.dev/v1\nkind: Task\n", "- secretKeyRef: {name: a, key: b}\n"],
    PipelineDialect.TRAVIS: ["- secure: a\n", "- A=1 B=$C\n"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("dialect", "piece"), [(dialect_of(PATHS[one]), piece) for one, pieces in HOSTILE.items() for piece in pieces]
)
def test_time_grows_with_the_text_alone(dialect: Dialect, piece: str) -> None:
    def seconds(characters: int) -> float:
        started = perf_counter()
        with suppress(Unreadable):
            dialect.read(piece * (characters // len(piece)), PATHS[dialect.dialect])
        return perf_counter() - started

    once = seconds(50_000)

    assert seconds(200_000) < 16 * once + 1


@pytest.mark.full
@pytest.mark.parametrize("piece", HOSTILE[PipelineDialect.JENKINS])
def test_a_hostile_jenkinsfile_of_a_megabyte_is_read_in_time(piece: str) -> None:
    dialect = dialect_of("Jenkinsfile")
    assert dialect is not None
    started = perf_counter()

    with suppress(Unreadable):
        dialect.read(piece * (1_000_000 // len(piece)), "Jenkinsfile")

    assert perf_counter() - started < 60


def test_a_text_that_is_too_long_is_unreadable() -> None:
    for dialect in DIALECTS:
        with pytest.raises(Unreadable):
            dialect.read("a: b\n" * 400_000, PATHS[dialect.dialect])


@pytest.mark.parametrize(
    ("path", "head", "piece"),
    [
        (".travis.yml", "script:\n", "- A{}=1\n"),
        ("bitbucket-pipelines.yml", "pipelines:\n  default:\n  - step:\n      script:\n", "      - A{}=1\n"),
        (".buildkite/pipeline.yml", "steps:\n- commands:\n", "  - bash -c 'A{}=1'; B{}=2\n"),
        (".circleci/config.yml", "jobs:\n  a:\n    steps:\n", "    - run: echo A{}=1 >> $BASH_ENV\n"),
    ],
)
def test_ever_new_names_cost_no_more_than_the_first(path: str, head: str, piece: str) -> None:
    dialect = dialect_of(path)
    assert dialect is not None

    def seconds(lines: int) -> float:
        text = head + "".join(piece.replace("{}", str(line)) for line in range(lines))
        started = perf_counter()
        dialect.read(text, path)
        return perf_counter() - started

    once = seconds(2_000)

    assert seconds(8_000) < 16 * once + 1
