"""A connector is its module, its entry in the registry and its section; the rest of the agent takes it as it is."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import keyring
from agent.configuration import Configuration, load
from agent.doctor import target_lines
from agent.errors import ConfigurationFault, Ending
from agent.frames import decoded_target
from agent.jobs import jobs_of
from agent.narration import untried
from agent.plan import Planned, SweepPlan
from agent.reading import pick_run, read_report
from agent.run import execute
from agent.supervision import Stop, observe
from agent.target_settings import TARGET_SETTINGS
from agent.worker import Job
from connectors.base import Connector, Limits, Mark
from connectors.git.target import GitTarget, Mode
from connectors.registry import CONNECTORS
from storage.inventory import Coverage, CoverageStatus, Credential, Gap, Identity, Policy
from storage.store import Store
from tests.agent.made_up import BOTH, MODEL, PERMISSION, CloudTarget

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
ONE_OF_EACH = """
repositories: [{name: shop, location: shop}]
clouds:
  - {name: mine, account: "7", external_id_env: EXTERNAL_ID, profile: profiles/mine, exclude: {"8": a test}}
"""


def loaded(text: str, folder: Path) -> Configuration:
    (folder / "nhi-agent.yaml").write_text(text)
    return load(folder / "nhi-agent.yaml", discover=False, model=MODEL, connectors=BOTH)


def planned(targets: Sequence[Planned], folder: Path, limits: Mapping[str, Limits] | None = None) -> SweepPlan:
    return SweepPlan(
        kind="run",
        targets=tuple(targets),
        policy=Policy(),
        jobs=1,
        matcher="re2",
        limits=limits or dict.fromkeys(BOTH, Limits()),
        cache_directory=folder / "cache",
    )


def planned_jobs(targets: Sequence[Planned], folder: Path, limits: Mapping[str, Limits] | None = None) -> Sequence[Job]:
    ring = keyring.create(folder / "key", as_of=AS_OF)
    return jobs_of(planned(targets, folder, limits), ring, AS_OF, BOTH)


@pytest.fixture
def start(house: Path) -> str:
    """The program of a worker that knows both connectors."""
    return f"import sys; sys.path.insert(0, {str(house)!r}); from tests.agent.made_up import serve; serve()"


# --- the registry -----------------------------------------------------------------------------------------------------


def test_every_entry_names_its_connector_and_has_a_section_of_its_own() -> None:
    assert [entry.name for entry in CONNECTORS.values()] == [entry.load().name for entry in CONNECTORS.values()]
    # Who does not derive from it lacks what most connectors need not say.
    assert all(Connector in type(entry.load()).__mro__ for entry in CONNECTORS.values())
    assert set(CONNECTORS) == set(TARGET_SETTINGS)
    assert len(CONNECTORS) == len({entry.section for entry in CONNECTORS.values()})


def test_a_sweep_of_git_loads_no_library_of_a_cloud() -> None:
    code = (
        "import json, sys; import agent.sweeping, agent.worker; from connectors.registry import CONNECTORS; "
        "CONNECTORS['git'].load(); print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )

    answer = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)

    assert not {"azure", "boto3", "botocore", "google", "msal"} & set(json.loads(answer.stdout))


# --- the configuration ------------------------------------------------------------------------------------------------


def test_its_section_becomes_its_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXTERNAL_ID", secrets.token_hex(8))

    shop, mine = loaded(ONE_OF_EACH, tmp_path).targets()

    assert ("git", "shop", None) == (shop.connector, shop.target.name, shop.problem)
    target = CloudTarget(
        name="mine",
        account="7",
        profile=str(tmp_path / "profiles/mine"),
        external_id_variable="EXTERNAL_ID",
        exclude={"8": "a test"},
    )
    assert Planned(connector="made-up", target=target) == mine


def test_its_section_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NHI_AGENT_CLOUDS", '[{"name": "mine", "account": "7"}]')

    (mine,) = loaded("", tmp_path).targets()

    assert CloudTarget(name="mine", account="7") == mine.target


def test_what_its_target_lacks_is_a_gap_and_no_refusal(tmp_path: Path) -> None:
    targets = loaded(ONE_OF_EACH, tmp_path).targets()

    (gap,) = [item for item in untried(targets) if isinstance(item, Gap)]
    jobs = planned_jobs(targets, tmp_path)

    assert "the variable EXTERNAL_ID with its external id is not set; nothing of it was read" == gap.detail
    assert ["shop"] == [job.scope.name for job in jobs]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        pytest.param("clouds:\n  - {name: a}\n", "2:5", "'clouds.0.account' is missing", id="no account"),
        pytest.param(
            "clouds:\n  - {name: a, acount: 7}\n", "2:15", "'clouds.0.acount' (did you mean 'account'?)", id="misspelt"
        ),
        pytest.param(
            "clouds: [{name: a, account: x}, {name: a, account: y}]\n",
            "1:1",
            "two accounts of the made-up cloud have the name 'a'",
            id="twice in it",
        ),
        pytest.param(
            "repositories: [{name: a, location: x}]\nclouds:\n  - account: y\n    name: a\n",
            "4:5",
            "'a' is also a name under 'repositories'",
            id="in two sections",
        ),
    ],
)
def test_what_is_wrong_in_its_section_is_told_with_its_place(text: str, place: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault) as fault:
        loaded(text, tmp_path)

    assert f"nhi-agent.yaml:{place}: " in str(fault.value)
    assert words in str(fault.value)


def test_its_limits_are_its_own_until_the_operator_sets_them(tmp_path: Path) -> None:
    usual = loaded("", tmp_path)
    set_for_all = loaded("limits: {wall_seconds: 60}\n", tmp_path)

    assert (1800, 7200) == (usual.limits("git").wall_seconds, usual.limits("made-up").wall_seconds)
    assert (60, 60) == (set_for_all.limits("git").wall_seconds, set_for_all.limits("made-up").wall_seconds)


# --- its worker -------------------------------------------------------------------------------------------------------


def test_a_worker_is_handed_the_variables_of_its_connector_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MADE_UP_REGION", "EXTERNAL_ID", "GIT_TOKEN", "AWS_SECRET_ACCESS_KEY", "ANOTHER"):
        monkeypatch.setenv(name, secrets.token_hex(8))
    targets = (
        Planned(connector="git", target=GitTarget(location=str(tmp_path))),
        Planned(connector="git", target=GitTarget(location="https://h.example/a", token_variable="GIT_TOKEN")),
        Planned(connector="made-up", target=CloudTarget(name="mine", account="7", external_id_variable="EXTERNAL_ID")),
    )

    handed = [[name for name, _ in job.environment] for job in planned_jobs(targets, tmp_path)]

    assert [[], [b"GIT_TOKEN"], [b"EXTERNAL_ID", b"MADE_UP_REGION"]] == handed


@pytest.mark.skipif(sys.platform == "darwin", reason="Python sets variables of its own at its start there")
def test_what_it_sees_arrives(tmp_path: Path, start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    external = secrets.token_hex(8)
    monkeypatch.setenv("EXTERNAL_ID", external)
    monkeypatch.setenv("MADE_UP_REGION", "north")
    monkeypatch.setenv("ANOTHER", "x")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "a.txt").write_text("nothing here")
    configuration = loaded(ONE_OF_EACH, tmp_path)
    limits = {name: configuration.limits(name) for name in BOTH}

    seen = list(observe(planned_jobs(configuration.targets(), tmp_path, limits), workers=1, stop=Stop(), start=start))

    (identity,) = [item for item in seen if isinstance(item, Identity)]
    assert {
        "PATH": "at its start", "LC_ALL": "at its start", "HOME": "at its start",
        "EXTERNAL_ID": "handed over, 16 long", "MADE_UP_REGION": "handed over, 5 long", "8": "a test",
    } == identity.attributes  # fmt: skip
    (credential,) = [item for item in seen if isinstance(item, Credential)]
    assert (identity.uid, {"wall_seconds": "7200"}) == (credential.identity_uid, credential.attributes)
    assert [PERMISSION] == [item.permission for item in seen if isinstance(item, Gap)]
    covered = {item.scope_uid: item.status for item in seen if isinstance(item, Coverage)}
    assert {"target:shop", "target:mine", "made-up:account:7#people"} <= set(covered)
    assert {CoverageStatus.COMPLETE} == set(covered.values())
    assert external not in repr(seen)


def test_what_it_sees_is_kept_and_shown(tmp_path: Path, start: str) -> None:
    target = CloudTarget(name="mine", account="7")

    with Store.open(f"sqlite:///{tmp_path / 'store.db'}", create=True, clock=lambda: AS_OF) as store:
        result = execute(
            planned([Planned(connector="made-up", target=target)], tmp_path),
            store=store,
            keyring=keyring.create(tmp_path / "key", as_of=AS_OF),
            as_of=AS_OF,
            clock=lambda: AS_OF,
            progress=lambda _: None,
            stop=Stop(),
            connectors=BOTH,
            start=start,
        )
        report = read_report(store, pick_run(store, result.seq))

    assert result.complete
    assert [("robot", True)] == [(state.identity.name, state.present) for state in report.identities]
    assert ["made-up:key:1"] == [state.credential.uid for state in report.credentials]
    assert [PERMISSION] == [gap.permission for gap in report.gaps]


def test_what_is_named_twice_is_read_once(tmp_path: Path) -> None:
    inner = tmp_path / "plain" / "inner"
    subprocess.run(["git", "init", "-q", inner], check=True)
    git = [
        GitTarget(location=str(tmp_path / "plain")),
        GitTarget(location=str(tmp_path / "plain" / ".." / "plain"), token_variable="T"),
        GitTarget(location=str(inner)),
        GitTarget(location=str(inner), mode=Mode.SINCE, since="HEAD"),
    ]
    cloud = [CloudTarget(name="mine", account="7"), CloudTarget(name="mine", account="7")]
    targets = [Planned(connector="git", target=each) for each in git]
    targets += [Planned(connector="made-up", target=each) for each in cloud]

    jobs = planned_jobs(targets, tmp_path)

    assert [
        GitTarget(location=str(tmp_path / "plain")),
        GitTarget(location=str(inner)),
        GitTarget(location=str(inner), mode=Mode.SINCE, since="HEAD"),
        CloudTarget(name="mine", account="7"),
    ] == [decoded_target(job.target, BOTH[job.connector].target) for job in jobs]


# --- doctor -----------------------------------------------------------------------------------------------------------


def test_doctor_asks_each_targets_connector(tmp_path: Path) -> None:
    targets = [
        Planned(connector="git", target=GitTarget(location=str(tmp_path))),
        Planned(connector="made-up", target=CloudTarget(name="mine", account="7")),
        Planned(connector="made-up", target=CloudTarget(name="old", account="closed")),
        Planned(connector="made-up", target=CloudTarget(name="bare", account="9"), problem="it lacks a variable"),
    ]

    lines = [(line.name, line.mark, line.detail, line.ending) for line in target_lines(targets, BOTH)]

    assert [
        ("mine: rights", Mark.FAULT, f"{PERMISSION} is missing; grant it", Ending.INCOMPLETE),
        ("mine: login", Mark.FINE, "accepted", Ending.CLEAN),
        ("old", Mark.FAULT, "the account is closed; take it out of the configuration", Ending.INCOMPLETE),
        ("bare", Mark.WARNING, "it lacks a variable", Ending.CLEAN),
    ] == lines
