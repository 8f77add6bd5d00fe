"""What holds of every dialect, and what a labelled file cannot say: lines, environments, includes, limits."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.pipelines.azure_pipelines import AzurePipelines
from connectors.pipelines.base import Dialect, Unreadable
from connectors.pipelines.github_actions import GithubActions
from connectors.pipelines.gitlab_ci import GitlabCi
from connectors.pipelines.registry import DIALECTS, dialect_of
from storage.inventory import PipelineSignal, ReferenceKind

HERE = (GithubActions(), GitlabCi(), AzurePipelines())
WORKFLOW = ".github/workflows/a.yml"


def named(dialect: Dialect) -> str:
    return dialect.dialect.value


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        (".github/workflows/release.yml", "github_actions"),
        (".github/workflows/release.yaml", "github_actions"),
        (".github/actions/setup/action.yml", "github_actions"),
        ("action.yaml", "github_actions"),
        ("templates/.github/workflows/release.yml", None),
        (".github/workflows/sub/release.yml", None),
        (".github/dependabot.yml", None),
        (".gitlab-ci.yml", "gitlab_ci"),
        ("ci/deploy.gitlab-ci.yml", "gitlab_ci"),
        (".gitlab/ci/deploy.yml", "gitlab_ci"),
        (".gitlab/issue_templates/bug.md", None),
        ("azure-pipelines.yml", "azure_pipelines"),
        ("build/azure-pipelines-release.yaml", "azure_pipelines"),
        (".azure-pipelines/steps/build.yml", "azure_pipelines"),
        ("README.md", None),
        ("k8s/deployment.yml", None),
    ],
)
def test_a_path_tells_the_dialect(path: str, dialect: str | None) -> None:
    found = dialect_of(path)

    assert dialect == (found.dialect.value if found is not None else None)


def test_every_dialect_is_there_once() -> None:
    words = [one.dialect for one in DIALECTS]

    assert len(words) == len(set(words))


# --- any text ---------------------------------------------------------------------------------------------------------

PIECES = [
    "on: push\n",
    "jobs:\n",
    "  a:\n",
    "    steps:\n",
    "    - run: |\n",
    "        echo $X\n",
    "    env: {A: '${{ secrets.A }}'}\n",
    "    uses: ./x\n",
    "    secrets: inherit\n",
    "    script: [a, $B]\n",
    "    extends: .t\n",
    "    environment: p\n",
    ".t:\n",
    "variables: {A: $B}\n",
    "include: [a, {local: b}]\n",
    "steps:\n",
    "- task: A@1\n",
    "  inputs: {azureSubscription: $(x)}\n",
    "stages: [{stage: a, jobs: [{job: b}]}]\n",
    "    permissions: x\n",
    "    runs-on: ${{ x }}\n",
    "    - !reference [.t, script]\n",
    "runs: {using: composite, steps: [{run: x}]}\n",
    "? [a]\n: b\n",
    "    with: [1]\n",
    "    container: {env: 3}\n",
    "default: 1\n",
]


@pytest.mark.parametrize("dialect", HERE, ids=named)
@given(text=st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(max_size=60))
def test_any_text_is_a_reading_or_unreadable(dialect: Dialect, text: str) -> None:
    with suppress(Unreadable):
        reading = dialect.read(text, "x")

        lines = [one.line for one in reading.references] + [one.line for one in reading.facts]
        assert all(line >= 1 for line in lines)
        assert list(reading.references) == sorted(reading.references, key=lambda one: one.line)


WORKFLOW_JOB = """  j{n}:
    runs-on: x
    env: {{AWS_SECRET_ACCESS_KEY: "${{{{ secrets.A{n} }}}}"}}
    steps:
    - run: echo $A{n}
      env: {{B: "${{{{ env.E{n} }}}}"}}
"""
MANY = range(4_000)
LARGE = {
    "github_actions": "on: push\nenv:\n"
    + "".join(f"  E{n}: ${{{{ secrets.E{n} }}}}\n" for n in MANY)
    + "jobs:\n"
    + "".join(WORKFLOW_JOB.format(n=n) for n in MANY),
    "gitlab_ci": "variables:\n"
    + "".join(f"  E{n}: x\n" for n in MANY)
    + ".t:\n  script: [echo $TOKEN]\n"
    + "".join(f"j{n}:\n  extends: .t\n  variables: {{A: $B{n}}}\n  script: [echo $C{n} $E{n}]\n" for n in MANY),
    "azure_pipelines": "variables:\n"
    + "".join(f"  e{n}: x\n" for n in MANY)
    + "jobs:\n"
    + "".join(f"- job: j{n}\n  variables: {{a: $(b{n})}}\n  steps:\n  - script: echo $(c{n}) $(e{n})\n" for n in MANY),
}


@pytest.mark.parametrize("dialect", HERE, ids=named)
def test_time_grows_with_length_alone(dialect: Dialect) -> None:
    begun = time.process_time()
    reading = dialect.read(LARGE[dialect.dialect.value], "x")

    assert len(reading.references) >= 4_000
    assert time.process_time() - begun < 10


def test_templates_that_grow_without_end_are_refused() -> None:
    script = ", ".join(["'" + "x" * 1_000 + "'"] * 100)
    jobs = "".join(f"j{n}: {{extends: .t}}\n" for n in range(1_000))

    with pytest.raises(Unreadable, match="templates grow"):
        GitlabCi().read(f".t: {{script: [{script}]}}\n{jobs}", ".gitlab-ci.yml")


@pytest.mark.parametrize("dialect", HERE, ids=named)
@pytest.mark.parametrize("text", ["", "- a\n", "just words", "a: b\n---\nc: d\n", "a: [", "key: value"])
def test_what_is_no_pipeline_is_unreadable_or_empty(dialect: Dialect, text: str) -> None:
    with suppress(Unreadable):
        reading = dialect.read(text, "x")

        assert (reading.references, reading.facts) == ((), ())


# --- what a label does not say ----------------------------------------------------------------------------------------


def test_a_reusable_workflow_says_which_secrets_it_declares() -> None:
    text = """on:
  workflow_call:
    secrets: {TOKEN: {required: true}}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
    - run: ./a ${{ secrets.token }} ${{ secrets.OTHER }} ${{ secrets[inputs.x] }}
"""
    reading = GithubActions().read(text, WORKFLOW)

    assert [("token", True), ("OTHER", False), (None, None)] == [(one.name, one.defined) for one in reading.references]


def test_a_reference_knows_its_line_its_job_and_its_environment() -> None:
    text = """on: push
jobs:
  a:
    runs-on: ubuntu-latest
    environment: {name: production}
    steps:
    - run: |
        one
        two ${{ secrets.A }}

        three ${{ secrets.B }}
"""
    first, second = GithubActions().read(text, WORKFLOW).references

    assert (first.name, first.line, first.job, first.environment) == ("A", 9, "a", "production")
    assert (second.name, second.line, second.defined) == ("B", 11, None)


def test_files_of_the_same_repository_are_named() -> None:
    workflow = (
        "on: push\njobs:\n  a: {uses: ./.github/workflows/b.yml}\n  c: {runs-on: x, steps: [{uses: ./actions/d}]}\n"
    )
    gitlab = "include: [{local: /ci/a.yml}, ci/b.yml]\nc: {trigger: {include: ci/d.yml}}\n"
    azure = "jobs:\n- template: jobs/a.yml\nsteps:\n- ${{ if true }}:\n  - template: b.yml@self\n"

    assert GithubActions().read(workflow, "x").includes == ("./.github/workflows/b.yml", "./actions/d")
    assert GitlabCi().read(gitlab, "x").includes == ("/ci/a.yml", "ci/b.yml", "ci/d.yml")
    assert AzurePipelines().read(azure, "x").includes == ("jobs/a.yml", "b.yml")


def test_a_name_may_be_declared_by_what_is_taken_in() -> None:
    (alone,) = GitlabCi().read("a: {script: echo $B}\n", "x").references
    (beside,) = GitlabCi().read("include: ci/b.yml\na: {script: echo $B}\n", "x").references

    assert (alone.defined, beside.defined) == (False, None)


def test_a_value_where_a_name_is_expected_is_not_told() -> None:
    value = "x" * 300
    text = f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - run: echo ${{{{ secrets['{value}'] }}}}\n"

    (one,) = GithubActions().read(text, WORKFLOW).references

    assert (one.kind, one.name) == (ReferenceKind.SECRET, None)


def test_a_token_that_the_whole_workflow_sets_is_told_where_it_publishes() -> None:
    text = """on: push
env: {NODE_AUTH_TOKEN: '${{ secrets.NPM }}'}
jobs:
  test: {runs-on: ubuntu-latest, steps: [{run: npm test}]}
  publish: {runs-on: ubuntu-latest, steps: [{run: npm publish}]}
"""
    facts = GithubActions().read(text, WORKFLOW).facts

    assert ["publish"] == [one.job for one in facts if one.signal is PipelineSignal.STATIC_PUBLISHING_TOKEN]


def test_a_templates_lines_speak_once_for_jobs_that_have_them_by_an_anchor() -> None:
    text = ".t: &t {script: echo $TOKEN}\na: {<<: *t}\n"

    assert ["a"] == [one.job for one in GitlabCi().read(text, "x").references]


def test_a_script_that_begins_with_a_path_is_no_reference_to_a_template() -> None:
    text = "a: {script: [./one $A, ./two $B]}\n"

    assert ["A", "B"] == [one.name for one in GitlabCi().read(text, "x").references]


def workflow(job: str, head: str = "permissions: {}") -> str:
    return f"on: push\n{head}\njobs:\n  a:\n{job}"


@pytest.mark.parametrize(
    "job",
    [
        "    runs-on: {group: large}\n",
        "    runs-on: ${{ inputs.runner }}\n",
        "    runs-on: ${{ broken( }}\n",
        "    runs-on: ${{ fromJSON(needs.x.outputs.y) }}\n",
        "    permissions: ${{ x }}\n",
        "    steps: [{run: 'echo ${{ secrets. }}'}]\n",
        "    steps: [{uses: hashicorp/vault-action@v3}]\n",
        "    steps: [{run: vault kv get secret/a}]\n",
        "    steps: [{uses: aws-actions/configure-aws-credentials@v4, with: {role-to-assume: x}}]\n",
        "    steps: [{uses: azure/login@v2, with: {client-id: x, auth-type: IDENTITY}}]\n",
    ],
)
def test_what_cannot_be_told_of_a_job_is_said(job: str) -> None:
    reading = GithubActions().read(workflow(job), WORKFLOW)

    assert reading.undetermined
    assert not {PipelineSignal.KEYLESS_CLOUD, PipelineSignal.SELF_HOSTED_RUNNER} & {one.signal for one in reading.facts}


@pytest.mark.parametrize(
    "job",
    [
        "    runs-on: {group: x, labels: [self-hosted]}\n",
        "    runs-on: ${{ github.x && 'self-hosted' || 'ubuntu-latest' }}\n",
        "    runs-on: ${{ fromJSON('[\"self-hosted\"]') }}\n",
        "    strategy: {matrix: {os: [ubuntu-latest, self-hosted]}}\n    runs-on: ${{ matrix.os }}\n",
    ],
)
def test_a_machine_of_ones_own_is_told(job: str) -> None:
    facts = GithubActions().read(workflow(job), WORKFLOW).facts

    assert PipelineSignal.SELF_HOSTED_RUNNER in {one.signal for one in facts}


def test_a_role_after_a_key_in_the_job_is_no_doubt() -> None:
    step = "{uses: aws-actions/configure-aws-credentials@v4, with: {role-to-assume: x}}"
    job = f"    env: {{AWS_SECRET_ACCESS_KEY: '${{{{ secrets.A }}}}'}}\n    steps: [{step}]\n"

    reading = GithubActions().read(workflow(job), WORKFLOW)

    assert PipelineSignal.STATIC_CLOUD_KEY in {one.signal for one in reading.facts}
    assert reading.undetermined == ()


def test_a_vault_of_a_cloud_is_opened_as_the_cloud_is() -> None:
    text = "a:\n  script: [aws secretsmanager get-secret-value --secret-id x, echo $AWS_SECRET_ACCESS_KEY]\n"

    signals = {one.signal for one in GitlabCi().read(text, "x").facts}

    assert {PipelineSignal.VAULT_USED, PipelineSignal.VAULT_STATIC} <= signals


def test_a_template_that_nobody_here_uses_speaks_for_itself() -> None:
    (one,) = GitlabCi().read(".deploy: {script: echo $TOKEN}\n", "x").references

    assert (one.name, one.job) == ("TOKEN", ".deploy")


def test_what_a_job_extends_from_elsewhere_is_said() -> None:
    assert GitlabCi().read("a: {extends: .elsewhere, script: make}\n", "x").undetermined


@pytest.mark.parametrize("text", [".a: {extends: .b}\n.b: {extends: .a}\nc: {extends: .a}\n", "a: {extends: a}\n"])
def test_templates_that_extend_each_other_end(text: str) -> None:
    assert GitlabCi().read(text, "x").references == ()


def test_a_service_connection_by_a_declared_name_is_resolved() -> None:
    text = "variables: {conn: production}\nsteps:\n- task: A@1\n  inputs: {azureSubscription: $(conn)}\n"

    (one,) = AzurePipelines().read(text, "x").references

    assert (one.kind, one.name) == (ReferenceKind.STORED_CREDENTIAL, "production")


def test_commands_of_the_shell_are_no_variables() -> None:
    text = "steps:\n- bash: x=$(pwd) y=$(whoami) z=$(token)\n- task: A@1\n  inputs: {path: $(pwd)}\n"

    assert ["token", "pwd"] == [one.name for one in AzurePipelines().read(text, "x").references]


def test_a_strange_name_of_a_job_is_cut_and_stands_on_one_line() -> None:
    text = f'"a\\n{"b" * 500}": {{script: echo $TOKEN}}\n"🚀 deploy": {{script: echo $TOKEN}}\n'

    first, second = GitlabCi().read(text, "x").references

    assert first.job is not None
    assert len(first.job) < 220
    assert first.job.isprintable()
    assert second.job == "🚀 deploy"


def test_a_label_of_many_expressions_over_a_large_matrix_is_read_in_time() -> None:
    alike, others = "${{ matrix.os }}" * 5_000, "".join(f"${{{{ matrix.os || '{n}' }}}}" for n in range(2_000))
    job = f'    runs-on: "{alike}{others}"\n    strategy: {{matrix: {{os: [{"a," * 5_000}self-hosted]}}}}\n'
    begun = time.process_time()

    reading = GithubActions().read(workflow(job), WORKFLOW)

    assert PipelineSignal.SELF_HOSTED_RUNNER in {one.signal for one in reading.facts}
    assert time.process_time() - begun < 10
