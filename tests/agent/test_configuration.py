"""The configuration: what is wrong is told with line and column, and nothing wrong is passed over."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agent.beginning import TEMPLATE, write_beginning
from agent.configuration import Configuration, default_state_directory, json_schema, load
from agent.errors import ConfigurationFault, UsageFault
from agent.people import load_owners, load_personnel
from agent.yaml_document import parse
from connectors.base import Limits
from connectors.git.target import GitTarget
from storage.inventory import CredentialType, OwnerAssignment, OwnerSource, Policy, Severity, SuppressionSource

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)


def loaded(text: str, folder: Path) -> Configuration:
    (folder / "nhi-agent.yaml").write_text(text)
    return load(folder / "nhi-agent.yaml", discover=False)


def test_nothing_configured_is_the_defaults() -> None:
    configuration = load(None, discover=False)

    assert f"sqlite:///{default_state_directory() / 'store.db'}" == configuration.store_url()
    assert Limits() == configuration.limits()
    assert Policy() == configuration.policy(as_of=AS_OF)
    assert () == configuration.targets()
    assert "none" == configuration.settings.fail_on


def test_a_whole_policy(tmp_path: Path) -> None:
    (tmp_path / "owners.yaml").write_text(
        "- {owner: Platform, email: p@example.com, repository: pay*, path: /infra/**}\n"
    )
    (tmp_path / "people.yaml").write_text("- {email: Ada@Example.com, left: 2026-01-31}\n- {email: bob@example.com}\n")
    policy = loaded(
        """
owners_file: owners.yaml
personnel_file: people.yaml
policy:
  name: Keys
  owner: Grace
  approved_by: Board
  approved_date: 2026-02-01
  rotation_days: {access_key: 30}
  remediation_days: {critical: 1}
  accountable_sources: [owners_file]
  admitted_suppressions: [inline_comment]
  rules: {reused-secret: {enabled: false}, missing-owner: {severity: low}}
""",
        tmp_path,
    ).policy(as_of=AS_OF)

    assert ("Keys", "Grace", "Board", date(2026, 2, 1)) == (
        policy.name, policy.owner, policy.approved_by, policy.approved_date,
    )  # fmt: skip
    assert (30, 90) == (
        policy.rotation_limit(CredentialType.ACCESS_KEY),
        policy.rotation_limit(CredentialType.PASSWORD),
    )
    assert (1, 30) == (policy.remediation_days[Severity.CRITICAL], policy.remediation_days[Severity.HIGH])
    assert frozenset({OwnerSource.OWNERS_FILE}) == policy.accountable_sources
    assert frozenset({SuppressionSource.INLINE_COMMENT}) == policy.admitted_suppressions
    assert frozenset({"reused-secret"}) == policy.disabled_rules
    assert {"missing-owner": Severity.LOW} == policy.severities
    assert frozenset({"ada@example.com"}) == policy.left
    assert (
        OwnerAssignment(
            owner="Platform", email="p@example.com", repository="pay*", path="/infra/**", locator="owners.yaml:1"
        ),
    ) == policy.owners


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        pytest.param("jobs: 2\njbos: 3\n", "2:1", "unknown key 'jbos' (did you mean 'jobs'?); allowed", id="misspelt"),
        pytest.param("policy:\n  rotation: 1\n", "2:3", "unknown key 'policy.rotation'", id="misspelt below"),
        pytest.param("jobs: many\n", "1:1", "'jobs'", id="not a number"),
        pytest.param("jobs: 0\n", "1:1", "greater than or equal to 1", id="too few"),
        pytest.param("fail_on: bad\n", "1:1", "'none', 'low', 'medium', 'high'", id="no such word"),
        pytest.param("a: [1,\n", "2:1", "not valid YAML", id="broken YAML"),
        pytest.param("jobs: 1\n\tx: 2\n", "2:1", "not valid YAML", id="a tab"),
        pytest.param("jobs: 1\njobs: 2\n", "2:1", "'jobs' stands here twice", id="a key twice"),
        pytest.param("- jobs\n", "1:1", "must be a mapping", id="a list"),
        pytest.param("jobs: !!python/name:os.system x\n", "1:7", "not valid YAML", id="a tag that would run code"),
        pytest.param("1: x\n", "1:1", "a key must be a text", id="a key that is a number"),
        pytest.param("policy: {approved_date: 2026-13-45}\n", "1:25", "no such date", id="no such day"),
        pytest.param(
            "repositories:\n  - name: a\n    url: https://u:pw9182@h/x\n",
            "3:5",
            "token in a variable",
            id="a password",
        ),
        pytest.param("repositories:\n  - {name: a}\n", "2:5", "either location or url", id="nowhere"),
        pytest.param("repositories:\n  - {location: .}\n", "2:5", "'repositories.0.name' is missing", id="no name"),
        pytest.param(
            "repositories: [{name: a, location: x}, {name: a, location: y}]\n",
            "1:1",
            "two repositories",
            id="a name twice",
        ),
        pytest.param("policy: {rules: {x: {severity: huge}}}\n", "1:", "'low'", id="no such severity"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_column(text: str, place: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault) as fault:
        loaded(text, tmp_path)

    message = str(fault.value)
    assert message.startswith(f"{tmp_path}/nhi-agent.yaml:{place}"), message
    assert words in message
    assert "pw9182" not in message


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault) as fault:
        loaded("jobs: x\nfoo: 1\nfail_on: y\n", tmp_path)

    assert 3 == len(str(fault.value).splitlines())


def test_bytes_that_are_no_text_are_refused_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(b"jobs: 1\n\xff\xfe\n")

    with pytest.raises(ConfigurationFault, match=r"c\.yaml:2:1: the file is not UTF-8"):
        load(tmp_path / "c.yaml", discover=False)


def test_aliases_cannot_fill_the_memory(tmp_path: Path) -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{former}'] * 9)}]\n" for former, name in zip("abcdefg", "bcdefgh", strict=True)
    )

    with pytest.raises(ConfigurationFault, match="too large or too deep"):
        loaded(bomb, tmp_path)


def test_the_environment_comes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NHI_AGENT_JOBS", "7")
    monkeypatch.setenv("NHI_AGENT_POLICY__OWNER", "Grace")

    configuration = loaded("jobs: 3\npolicy: {owner: Ada, name: Keys}\n", tmp_path)

    assert 7 == configuration.settings.jobs
    assert ("Grace", "Keys") == (configuration.settings.policy.owner, configuration.settings.policy.name)
    assert "NHI_AGENT_JOBS" == configuration.origin(("jobs",))
    assert "NHI_AGENT_POLICY__OWNER" == configuration.origin(("policy", "owner"))
    assert configuration.origin(("policy", "name")).endswith("nhi-agent.yaml:2:22")
    assert "default" == configuration.origin(("matcher",))


def test_a_fault_of_the_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NHI_AGENT_JOBS", "many")

    with pytest.raises(ConfigurationFault, match=r"^NHI_AGENT_JOBS: 'jobs'"):
        load(None, discover=False)


@pytest.mark.parametrize("name", ["NHI_AGENT_JBOS", "NHI_AGENT_POLICI__OWNER"])
def test_an_unknown_variable_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "7")

    with pytest.raises(ConfigurationFault, match=f"unknown environment variable {name}"):
        load(None, discover=False)


def test_variables_that_kubernetes_sets_for_a_service_are_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NHI_AGENT_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("NHI_AGENT_PORT", "tcp://10.0.0.1:80")

    load(None, discover=False)


def test_a_list_in_the_environment_must_be_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NHI_AGENT_REPOSITORIES", "[{oops")

    with pytest.raises(ConfigurationFault, match="does not hold JSON"):
        load(None, discover=False)


def test_content_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NHI_AGENT_CONFIG_YAML", "jobs: 9\n")

    assert 9 == load(None, discover=False).settings.jobs


def test_the_working_folder_is_searched_only_on_request(elsewhere: Path) -> None:
    (elsewhere / "nhi-agent.yaml").write_text("jobs: 9\n")

    assert 9 == load(None, discover=True).settings.jobs
    assert "default" == load(None, discover=False).origin(("jobs",))


def test_the_store_may_stand_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text("postgresql://a:b@h/d\n")
    monkeypatch.setenv("STORE_URL", "sqlite:////x.db")

    assert "sqlite:////x.db" == loaded("store: env:STORE_URL\n", tmp_path).store_url()
    assert "postgresql://a:b@h/d" == loaded("store: file:url\n", tmp_path).store_url()


def test_a_password_in_the_file_is_refused(tmp_path: Path) -> None:
    configuration = loaded("store: postgresql://ada:hunter2@h/d\n", tmp_path)

    with pytest.raises(ConfigurationFault, match="carries a password") as fault:
        configuration.store_url()

    assert "hunter2" not in str(fault.value)


def test_a_reference_to_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault, match=r"nhi-agent\.yaml:1:1: the environment variable NOPE is not set"):
        loaded("store: env:NOPE\n", tmp_path).store_url()
    with pytest.raises(ConfigurationFault, match="the file nope with the store's URL cannot be read"):
        loaded("store: file:nope\n", tmp_path).store_url()


def test_paths_in_the_file_start_at_the_file(tmp_path: Path) -> None:
    configuration = loaded(
        "repositories: [{name: a, location: ../a}, {name: b, url: 'git@h:b', ssh_key_file: k}]\n"
        "outputs: [{format: csv, path: out.csv}]\nkey_file: keys/k\n",
        tmp_path,
    )

    first, second = (planned.target for planned in configuration.targets())
    assert isinstance(first, GitTarget)
    assert isinstance(second, GitTarget)
    assert str(tmp_path / "../a") == first.location
    assert ("git@h:b", str(tmp_path / "k")) == (second.location, second.ssh_key)
    assert (("csv", tmp_path / "out.csv"),) == configuration.outputs()
    assert tmp_path / "keys/k" == configuration.key_file()


def test_a_rule_that_does_not_exist_cannot_be_switched_off(tmp_path: Path) -> None:
    configuration = loaded("policy:\n  rules:\n    reused-secrets: {enabled: false}\n", tmp_path)

    with pytest.raises(ConfigurationFault, match=r":3:5: there is no rule 'reused-secrets' \(did you mean"):
        configuration.check_rules(frozenset({"reused-secret"}))


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        pytest.param("owner: x\n", "1:1", "must be a list", id="a mapping"),
        pytest.param("- {ownr: x}\n", "1:", "an entry may hold owner, email", id="misspelt"),
        pytest.param("- {owner: x}\n- {owner: [1]}\n", "2:4", "string", id="not a text"),
        pytest.param("- [", "2:1", "not valid YAML", id="broken"),
        pytest.param(
            "- owner: x\n  identity: deploy\n  path: src/**\n", "1:", "names several sorts of things", id="of two sorts"
        ),
    ],
)
def test_a_wrong_owners_file_is_told_with_line_and_column(text: str, place: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "owners.yaml").write_text(text)

    with pytest.raises(ConfigurationFault) as fault:
        load_owners(tmp_path / "owners.yaml")

    assert f"owners.yaml:{place}" in str(fault.value)
    assert words in str(fault.value)


def test_an_owners_file_names_identities_and_stored_secrets(tmp_path: Path) -> None:
    (tmp_path / "owners.yaml").write_text(
        "- {owner: a, repository: '123', identity: deploy-*}\n- {owner: b, stored_secret: shop/*}\n"
    )

    first, second = load_owners(tmp_path / "owners.yaml")

    assert ("123", "deploy-*", "*") == (first.repository, first.identity, first.stored_secret)
    assert ("*", "*", "shop/*") == (second.repository, second.identity, second.stored_secret)


@pytest.mark.parametrize(
    ("left", "gone"),
    [("true", True), ("false", False), ("2026-11-19", True), ("2026-11-20", False), ("2027-01-01", False)],
)
def test_who_has_left_depends_on_the_day(left: str, gone: bool, tmp_path: Path) -> None:  # noqa: FBT001
    (tmp_path / "people.yaml").write_text(f"- {{email: a@b.c, left: {left}}}\n")

    assert gone == ("a@b.c" in load_personnel(tmp_path / "people.yaml", as_of=AS_OF))


def test_the_committed_schema_is_the_programs_own(house: Path) -> None:
    committed = json.loads((house / "schema" / "nhi-agent.schema.json").read_text())

    assert committed == json_schema(), "run: nhi-agent schema config > schema/nhi-agent.schema.json"


def test_what_init_writes_is_valid_and_names_its_schema(tmp_path: Path) -> None:
    configuration, schema = write_beginning(tmp_path)

    loaded_again = load(configuration, discover=False)
    jsonschema.Draft202012Validator(json.loads(schema.read_text())).validate(yaml.safe_load(configuration.read_text()))
    assert 1 == len(loaded_again.targets())
    assert TEMPLATE.startswith(f"# yaml-language-server: $schema=./{schema.name}\n")


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "nhi-agent.schema.json").write_text("mine")

    with pytest.raises(UsageFault, match="exists already; nothing was written"):
        write_beginning(tmp_path)

    assert ["nhi-agent.schema.json"] == [path.name for path in tmp_path.iterdir()]


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8", categories=["L", "N", "Zs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_reading_gives_what_was_written(content: object) -> None:
    document = parse(yaml.safe_dump({"top": content}, allow_unicode=True), name="x", folder=Path())

    assert {"top": content} == document.content


@given(st.text(max_size=200))
def test_any_text_is_a_document_or_a_fault(text: str) -> None:
    with contextlib.suppress(ConfigurationFault):
        parse(text, name="x", folder=Path())


def test_owners_file_with_an_unreadable_pattern_is_refused_with_its_place(tmp_path: Path) -> None:
    """A pattern that cannot match is found when the file is read, not while judging."""
    file = tmp_path / "owners.yaml"
    file.write_text("- owner: Platform\n  path: '!'\n")

    with pytest.raises(ConfigurationFault, match=r"owners.yaml:2:3: not a path pattern"):
        load_owners(file)
