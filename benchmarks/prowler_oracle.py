"""Our findings beside Prowler's, over the same account: ``python -P benchmarks/prowler_oracle.py PATH_TO_PROWLER``.

Prowler is no part of this project and is not installed by it: give the path of its executable, from an environment of
its own. Both read one account of the stand-in for AWS. For every check of Prowler that asks what a rule of ours asks,
and for every thing that both judge, the verdicts are compared; what differs is told with how many cases there are and
one of them. Nothing of Prowler but its output is read. docs/oracle-prowler.md explains what is left.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.aws_run import Ran, run
from benchmarks.aws_stand_in import ACCOUNTS, REGIONS, Estate, StandIn
from connectors.aws.escalations import ESCALATIONS

SERVICES = ("iam", "secretsmanager", "cloudtrail", "kms")
ESTATE = Estate(accounts=ACCOUNTS[:1], regions=REGIONS[:2])
POLICY = {"unused_days": 45, "default_rotation_days": 90}
"""The limits that Prowler has by default: else every difference of limits would be one of verdicts."""

Subject = Mapping[str, Any]
"""Something that we judged, as it is exported."""
_KEY, _PASSWORD = "access key", "console password"


def _any(subject: Subject) -> bool:
    return True


def _key(subject: Subject) -> bool:
    return bool(subject.get("credential_kind") == _KEY)


def _used(subject: Subject) -> bool:
    return _key(subject) and subject.get("last_used_time") is not None


def _never_used(subject: Subject) -> bool:
    return _key(subject) and subject.get("last_used_time") is None


def _password(subject: Subject) -> bool:
    return bool(subject.get("credential_kind") == _PASSWORD)


def _user(subject: Subject) -> bool:
    return bool(subject.get("identity_kind") == "IAM user")


def _role(subject: Subject) -> bool:
    return bool(subject.get("identity_kind") == "IAM role")


def _root(subject: Subject) -> bool:
    return bool(subject.get("identity_kind") == "account root")


def _slot(subject: Subject) -> bool:
    return bool(subject.get("kind") == "stored_secret")


def _safeguard(kind: str) -> Callable[[Subject], bool]:
    return lambda subject: bool(subject.get("safeguard_kind") == kind)


def _trail(subject: Subject) -> bool:
    # Beside each trail we judge whether the account as a whole is logged; Prowler has no such thing.
    return subject.get("safeguard_kind") == "audit_log" and "arn:" in subject["uid"]


class Pair(NamedTuple):
    """A check of Prowler, and the rule that asks the same of the same things."""

    check: str
    rule: str
    of: Callable[[Subject], bool] = _any
    """Which of the rule's subjects."""


PAIRS = (
    Pair("iam_rotate_access_key_90_days", "rotation-overdue", _key),
    Pair("iam_user_accesskey_unused", "stale-credential", _used),
    Pair("iam_user_no_setup_initial_access_key", "stale-credential", _never_used),
    Pair("iam_user_two_active_access_key", "two-active-keys", _user),
    Pair("iam_user_console_access_unused", "stale-credential", _password),
    Pair("iam_user_with_temporary_credentials", "static-key-where-keyless-exists", _key),
    Pair("iam_user_administrator_access_policy", "admin-privileges", _user),
    Pair("iam_role_administratoraccess_policy", "admin-privileges", _role),
    Pair("iam_inline_policy_no_administrative_privileges", "admin-privileges"),
    Pair("iam_inline_policy_allows_privilege_escalation", "privilege-escalation"),
    Pair("iam_role_cross_service_confused_deputy_prevention", "confused-deputy", _role),
    Pair("iam_role_service_trust_restricts_source_to_account", "confused-deputy", _role),
    Pair("iam_role_cross_account_readonlyaccess_policy", "broad-trust", _role),
    Pair("iam_no_root_access_key", "root-access-key", _root),
    Pair("secretsmanager_secret_rotated_periodically", "rotation-overdue", _slot),
    Pair("secretsmanager_automatic_rotation_enabled", "rotation-not-operating", _slot),
    Pair("secretsmanager_secret_unused", "stale-secret", _slot),
    Pair("kms_cmk_rotation_enabled", "safeguard-off", _safeguard("key_rotation")),
    Pair("cloudtrail_multi_region_enabled", "weak-audit-log", _trail),
    Pair("cloudtrail_log_file_validation_enabled", "weak-audit-log", _trail),
)


class Told(NamedTuple):
    """What Prowler says of one thing."""

    check: str
    resource: str
    verdict: str
    sentence: str


def main() -> int:
    """Run both over one account, print where they agree and where not."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("prowler", type=Path, help="its executable")
    asked.add_argument("--examples", type=int, default=1, help="how many cases of each difference are told")
    asked.add_argument("--keep", type=Path, help="folder in which both outputs are left")
    options = asked.parse_args()
    with StandIn(ESTATE) as stand_in, tempfile.TemporaryDirectory() as folder:
        add_ways(stand_in)
        ran = run(ESTATE, stand_in, policy=POLICY, assessments=True)
        began = time.monotonic()
        told = prowler(options.prowler, stand_in, Path(folder))
        wall, calls = time.monotonic() - began, stand_in.asked()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        (options.keep / "prowler.json").write_text(json.dumps(told))
        (options.keep / "ours.json").write_text(json.dumps(ran.records))
    print(f"ours: {ran.asked.total()} calls, {ran.cost.wall:.0f} s; Prowler: {calls.total()} calls, {wall:.0f} s")
    compare(told, ran, options.examples)
    return 0


SERVICES_AT_LARGE = (
    *("apprunner", "autoscaling", "batch", "bedrock-agentcore", "braket", "cloudformation", "codebuild", "codedeploy"),
    *("cognito-identity", "datapipeline", "dynamodb", "ec2", "ecs", "elasticmapreduce", "glue", "imagebuilder"),
    *("kinesisanalytics", "lambda", "s3", "sagemaker", "scheduler", "sso", "ssm", "states"),
)


def add_ways(stand_in: StandIn) -> None:
    """Make a user for each way in which we say that somebody gives himself more rights, with just that way.

    And one for each of a few services, who may do all of it and pass roles to it: of these Prowler names the actions by
    which it would go, so that ways which we do not know come to light.
    """
    import boto3

    login = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    iam: Any = boto3.client("iam", region_name=ESTATE.regions[0], endpoint_url=stand_in.address, **login)
    ways = {"way-" + "+".join(way.actions).replace(":", ".")[-58:]: way.actions for way in ESCALATIONS}
    ways |= {f"all-of-{service}": ("iam:PassRole", f"{service}:*") for service in SERVICES_AT_LARGE}
    for name, actions in ways.items():
        iam.create_user(UserName=name)
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)


def prowler(executable: Path, stand_in: StandIn, folder: Path) -> list[Told]:
    """Run Prowler's checks of a few services, and return what it says.

    Raises:
        SystemExit: when it wrote nothing.
    """
    command = [str(executable), "aws", "--services", *SERVICES, "-f", *ESTATE.regions]
    command += ["-M", "json-ocsf", "-o", str(folder), "-F", "told", "--no-banner", "--ignore-exit-code-3"]
    # It may read everything: what a missing right would hide from it, it calls in order.
    login = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    environment = {**stand_in.environment(), **login}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    written = folder / "told.ocsf.json"
    if not written.is_file():
        raise SystemExit(f"{executable} ended with {done.returncode} and wrote nothing")
    return [
        Told(one["metadata"]["event_code"], one["resources"][0]["uid"], one["status_code"], one["status_detail"])
        for one in json.loads(written.read_text())
    ]


def compare(told: Iterable[Told], ran: Ran, examples: int = 1) -> None:
    """Print, for each check that has a counterpart, how often both say the same, and what differs."""
    by_check: dict[str, list[Told]] = {}
    for one in told:
        by_check.setdefault(one.check, []).append(one)
    judged = Judged(ran)
    for pair in PAIRS:
        ours, theirs = judged.of(pair), by_check.pop(pair.check, [])
        things = len({one.resource for one in theirs})
        print(f"\n{pair.check} | {pair.rule}: Prowler judged {things}, we {len(ours)}")
        for (verdict, outcome), cases in sorted(_crossed(ours, theirs).items()):
            same = (verdict, outcome) in {("FAIL", "not_satisfied"), ("PASS", "satisfied")}
            print(f"  {'same' if same else 'DIFFERS'}: Prowler {verdict}, we {outcome}: {len(cases)}")
            for name, sentence in () if same else cases[:examples]:
                print(f"    {name.rpartition(':')[2]}: {sentence}")
    print("\nchecks of Prowler without a counterpart:")
    for check, those in sorted(by_check.items()):
        print(f"  {check}: {dict(sorted(Counter(one.verdict for one in those).items()))}")


def _crossed(ours: Mapping[str, str], theirs: Iterable[Told]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    crossed: dict[tuple[str, str], list[tuple[str, str]]] = {}
    # Prowler says of a user with two old keys twice that it fails.
    worst = {one.resource: one for one in sorted(theirs, key=lambda one: one.verdict == "FAIL")}
    for one in worst.values():
        outcome = ours.get(one.resource, "nothing")
        crossed.setdefault((one.verdict, outcome), []).append((one.resource, one.sentence))
    for resource, outcome in ours.items():
        if resource not in worst:
            crossed.setdefault(("nothing", outcome), []).append((resource, "-"))
    return crossed


_WORST = ("not_satisfied", "not_assessed", "satisfied", "not_applicable")


class Judged:
    """Our verdicts, by what Prowler calls the thing: the name that AWS gives it."""

    def __init__(self, ran: Ran) -> None:
        kinds = ("identity", "credential", "stored_secret", "safeguard")
        self._subjects = {one["uid"]: one for kind in kinds for one in ran.records.get(kind, [])}
        self._assessments = ran.records["assessment"]

    def of(self, pair: Pair) -> dict[str, str]:
        """The outcome for each thing; of several that belong to one, the worst."""
        found: dict[str, str] = {}
        for one in self._assessments:
            subject = self._subjects.get(one["subject_uid"])
            if one["rule"] != pair.rule or subject is None or not pair.of(subject):
                continue
            name = self._called(subject)
            found[name] = min(found.get(name, _WORST[-1]), one["outcome"], key=_WORST.index)
        return found

    def _called(self, subject: Subject) -> str:
        """By the ARN: a credential by its holder's, as Prowler judges users and not keys."""
        if subject["kind"] == "credential":
            subject = self._subjects.get(subject["identity_uid"] or "", subject)
        if subject.get("aliases"):
            return str(subject["aliases"][0])
        arn = re.search(r"arn:.*", subject["uid"])
        return arn[0] if arn else str(subject["uid"])


if __name__ == "__main__":
    sys.exit(main())
