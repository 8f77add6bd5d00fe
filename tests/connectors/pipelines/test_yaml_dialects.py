"""The edges of the dialects that are YAML: paths, what cannot be told, what is taken in, what is no pipeline."""

from __future__ import annotations

import pytest

from connectors.pipelines.base import PipelineReading, Unreadable
from connectors.pipelines.registry import dialect_of
from storage.inventory import PipelineDialect, PipelineSignal


def read(path: str, text: str) -> PipelineReading:
    dialect = dialect_of(path)
    assert dialect is not None
    return dialect.read(text, path)


def names(found: PipelineReading) -> list[str | None]:
    return [one.name for one in found.references]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".circleci/config.yml", PipelineDialect.CIRCLECI),
        (".circleci/continue/later.yaml", PipelineDialect.CIRCLECI),
        ("docs/circleci.yml", None),
        ("bitbucket-pipelines.yml", PipelineDialect.BITBUCKET_PIPELINES),
        ("sub/bitbucket-pipelines.yml", None),
        (".buildkite/pipeline.release.yml", PipelineDialect.BUILDKITE),
        ("buildkite.yaml", PipelineDialect.BUILDKITE),
        (".buildkite/hooks/environment", None),
        (".drone.yml", PipelineDialect.DRONE),
        (".drone.jsonnet", PipelineDialect.DRONE),
        (".woodpecker.star", PipelineDialect.DRONE),
        (".woodpecker/a/b.yaml", PipelineDialect.DRONE),
        (".tekton/push.yaml", PipelineDialect.TEKTON),
        ("deploy/tekton/task.yml", PipelineDialect.TEKTON),
        ("deploy/task.yml", None),
        (".travis.yml", PipelineDialect.TRAVIS),
        ("travis.yml", None),
    ],
)
def test_a_dialect_is_known_by_the_path(path: str, expected: PipelineDialect | None) -> None:
    dialect = dialect_of(path)

    assert expected == (dialect.dialect if dialect is not None else None)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".drone.jsonnet", "{}"),
        (".woodpecker.star", "def main(ctx): return []"),
        (".drone.yml", "just text"),
        (".circleci/config.yml", "- a list"),
        (".buildkite/pipeline.yml", "just text"),
        (".travis.yml", "a: [b"),
        ("bitbucket-pipelines.yml", "text"),
    ],
)
def test_what_is_no_pipeline_is_unreadable_and_not_empty(path: str, text: str) -> None:
    with pytest.raises(Unreadable):
        read(path, text)


@pytest.mark.parametrize("path", [".circleci/config.yml", ".travis.yml", ".tekton/a.yaml", ".buildkite/pipeline.yml"])
def test_an_empty_file_asks_for_nothing(path: str) -> None:
    assert PipelineReading() == read(path, "")


def test_further_files_are_told() -> None:
    assert (".buildkite/b.yml",) == read(
        ".buildkite/a.yml", "steps: [{command: buildkite-agent pipeline upload .buildkite/b.yml}]"
    ).includes
    assert (".travis/a.yml",) == read(".travis.yml", "import: ./.travis/a.yml@main").includes


def test_a_secret_that_the_file_declares_is_told_as_such() -> None:
    text = "kind: pipeline\nsteps: [{name: a, environment: {A: {from_secret: a}, B: {from_secret: b}}}]\n"
    found = read(".drone.yml", text + "---\nkind: secret\nname: a\ndata: x\n")

    assert [("a", True), ("b", None)] == [(one.name, one.defined) for one in found.references]


@pytest.mark.parametrize(
    ("name", "asked"),
    [("CIRCLE_TOKEN", True), ("CIRCLE_OIDC_TOKEN", False), ("CIRCLE_SHA1", False), ("CI", False), ("MY_TOKEN", True)],
)
def test_only_the_systems_own_variables_are_no_references(name: str, asked: bool) -> None:  # noqa: FBT001  # see above
    found = read(".circleci/config.yml", f"jobs: {{a: {{steps: [{{run: 'aws s3 ls ${name}'}}]}}}}")

    assert asked == (name in names(found))


def test_an_environment_reaches_every_reference_of_its_step() -> None:
    text = "pipelines: {default: [{stage: {deployment: live, steps: [{step: {name: a, script: [./x $A]}}]}}]}"

    assert [("A", "live")] == [(one.name, one.environment) for one in read("bitbucket-pipelines.yml", text).references]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("buildkite-agent secret get A", ["A"]),
        ("buildkite-agent secret get A B --format env", ["A", "B"]),
        ("x=$$(buildkite-agent secret get --skip-redaction A)", ["A"]),
        ("echo buildkite-agent", []),
    ],
)
def test_the_agents_own_command_is_understood(command: str, expected: list[str]) -> None:
    found = read(".buildkite/pipeline.yml", f"steps:\n- command: |\n    {command}\n")

    assert expected == names(found)


def test_a_plugin_may_be_named_by_a_variable() -> None:
    assert ["TOOLKIT"] == names(read(".buildkite/pipeline.yml", "steps: [{command: make, plugins: [$TOOLKIT]}]"))


def test_a_runner_of_ones_own_may_be_named_for_the_whole_file() -> None:
    found = read("bitbucket-pipelines.yml", "options: {runs-on: self.hosted}\npipelines: {default: []}")

    assert [PipelineSignal.SELF_HOSTED_RUNNER] == [one.signal for one in found.facts]


def test_a_workspaces_secret_by_parameter_may_be_any() -> None:
    text = "apiVersion: tekton.dev/v1\nkind: PipelineRun\nspec: {workspaces: [{secret: {secretName: $(params.a)}}]}"

    assert [None] == names(read(".tekton/a.yaml", text))


def test_a_vault_whose_way_in_is_not_told_is_undetermined() -> None:
    found = read(".circleci/config.yml", "jobs: {a: {steps: [{run: vault kv get secret/a}]}}")

    assert ["secret/a"] == names(found)
    assert any("opens the vault" in sentence for sentence in found.undetermined)
