"""A scheduled run over the stand-in for AWS, as a user would start it, and what came of it beside what there is."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.aws_stand_in import EXTERNAL_ID, LOGIN, Estate, Made, StandIn
from benchmarks.sweep import Cost, measured

_VARIABLE = "EXTERNAL_ID_OF_ACCOUNTS"


class Ran(NamedTuple):
    """One run."""

    records: Mapping[str, list[dict[str, Any]]]
    """What it exported, by kind."""
    cost: Cost
    peaks_kib: Mapping[str, int]
    asked: Counter[str]
    """The calls that the stand-in was asked, by action."""

    @property
    def gaps(self) -> list[dict[str, Any]]:
        """What could not be seen."""
        return self.records.get("gap", [])

    @property
    def denied(self) -> list[dict[str, Any]]:
        """What a missing right kept from being seen."""
        return [one for one in self.gaps if one["reason"] == "denied"]

    @property
    def counted(self) -> int:
        """The calls by the agent's own books: those in the coverage of each scope."""
        return sum(one["calls"] for one in self.records["coverage"])


def run(
    estate: Estate, stand_in: StandIn, *, policy: Mapping[str, Any] | None = None, assessments: bool = False
) -> Ran:
    """Run once, with a configuration of each account by its role, a new store and a new key.

    With `assessments` what every rule says of everything is exported as well, what is in order included.
    """
    peaks: dict[str, int] = {}
    stand_in.asked()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "nhi-agent.yaml").write_text(configuration(estate, policy))
        agent = str(Path(sys.executable).with_name("nhi-agent"))
        common = ("--store", f"sqlite:///{folder}/store.db", "-f", "jsonl", "-o", f"{folder}/out.jsonl")
        environment = {
            **stand_in.environment(),
            _VARIABLE: EXTERNAL_ID,
            "NHI_AGENT_KEY_FILE": f"{folder}/key",
            "XDG_STATE_HOME": folder,
        }
        ours = [agent, "run", "--config", f"{folder}/nhi-agent.yaml", "-q", *common]
        cost = measured(ours, peaks=peaks, environment=environment)
        if assessments:
            subprocess.run([agent, "export", "--assessments", *common], env=environment, check=True)
        records: dict[str, list[dict[str, Any]]] = {}
        with (Path(folder) / "out.jsonl").open() as lines:
            for record in map(json.loads, lines):
                records.setdefault(record["kind"], []).append(record)
    return Ran(records, cost, peaks, stand_in.asked())


def configuration(estate: Estate, policy: Mapping[str, Any] | None = None) -> str:
    """The file that an operator would write: JSON is YAML."""
    accounts = [
        {
            "name": f"account {number}",
            "account": number,
            "role_arn": f"arn:aws:iam::{number}:role/{LOGIN}",
            "external_id_env": _VARIABLE,
            "regions": estate.regions,
            "own_accounts": estate.accounts,
        }
        for number in estate.accounts
    ]
    return json.dumps({"aws": accounts, "policy": policy or {}}, indent=2)


PROMISED_MIB = 512
"""What parent and workers may need, also together at any moment, for ten thousand identities."""


def proved(estate: Estate) -> int:
    """Make an estate, read it under the published policy, print what it cost; return 1 when something is not so."""
    with StandIn(estate) as stand_in:
        stand_in.enforce()
        ran = run(estate, stand_in)
        wrong = list(differences(stand_in.made, ran))
    identities = len(ran.records.get("identity", []))
    print(f"{len(estate.accounts)} accounts, {len(estate.regions)} regions; told, and equal to what was made:")
    print(
        "  "
        + ", ".join(f"{len(getattr(stand_in.made, kind))} {kind}" for kind in ("users", "keys", "roles", "secrets"))
    )
    print(f"  calls {ran.counted}, for a thousand identities {ran.counted * 1000 / max(1, identities):.0f}")
    print(f"  wall {ran.cost.wall:.1f} s, of it moto's part; processor time of parent and worker {ran.cost.cpu:.1f} s")
    peaks = {role: ran.peaks_kib[role] // 1024 for role in ("parent", "worker", "together")}
    print("  peak memory: " + ", ".join(f"{role} {mib} MiB" for role, mib in peaks.items()) + f", of {PROMISED_MIB}")
    wrong += [f"{role}: {mib} MiB of {PROMISED_MIB}" for role, mib in peaks.items() if mib > PROMISED_MIB]
    print(f"  gaps {len(ran.gaps)}, denied {len(ran.denied)}; open findings {len(ran.records.get('finding', []))}")
    for one in ran.gaps:
        print(f"  gap: {one['detail']}")
    for sentence in wrong:
        print(f"  WRONG: {sentence}")
    print("  " + ", ".join(f"{action} {count}" for action, count in sorted(ran.asked.items())))
    return 1 if wrong else 0


def differences(made: Made, ran: Ran) -> Iterator[str]:
    """Say in a sentence each what is not as it was made, was denied, or was not counted."""
    records = ran.records
    identities, credentials = records.get("identity", []), records.get("credential", [])
    seen = {
        "users": [_named(one) for one in identities if one["identity_kind"] == "IAM user"],
        "roles": [_named(one) for one in identities if one["identity_kind"] == "IAM role"],
        "keys": [one["public_identifier"] for one in credentials if one["credential_kind"] == "access key"],
        "secrets": [_placed(one) for one in records.get("stored_secret", [])],
    }
    for kind, those in seen.items():
        wanted = getattr(made, kind)
        if Counter(those) != Counter(wanted):
            yield f"{kind}: {len(wanted)} made, {len(those)} told, {len(wanted & set(those))} of them the same"
    for gap in ran.denied:
        yield f"denied: {gap['permission']}"
    if ran.counted != ran.asked.total():
        yield f"calls: {ran.counted} counted, {ran.asked.total()} asked"


def _named(one: Mapping[str, Any]) -> str:
    return f"{one['resource_uid'].rpartition(':')[2]}/{one['name']}"


def _placed(one: Mapping[str, Any]) -> str:
    # arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX
    _, _, _, region, account, *_ = one["aliases"][0].split(":")
    return f"{account}/{region}/{one['name']}"
