"""Before a run: whose login it is, which rights it lacks, and which it has that a reader of accounts should not.

AWS itself is asked, by its simulator of policies: nothing that was asked for is done. The right to ask is optional.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from connectors.aws.client import AwsClient, Patience
from connectors.aws.escalations import IAM_WRITES
from connectors.aws.permissions import GET_CALLER_IDENTITY, PERMISSIONS, SIMULATE_PRINCIPAL_POLICY
from connectors.aws.refusals import CallFailed
from connectors.aws.target import AwsTarget, checked, named_account
from connectors.aws.workload_calls import WORKLOAD_CALLS
from connectors.base import Check, Mark

READING_VALUES: tuple[str, ...] = (
    "kms:Decrypt",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameterHistory",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
)
"""What the published policy denies, because it answers with values."""

WORKLOAD_READING: tuple[str, ...] = tuple(str(call.action) for call in WORKLOAD_CALLS if call.reads_values)
"""What answers with settings of workloads, values among them: needed where the target asks for it, else too much."""
_OF_WORKLOADS = frozenset(call.action for call in WORKLOAD_CALLS)

_SECONDS = 60.0
_SHOWN = 6
_SESSION = re.compile(r"arn:(aws[a-z-]*):sts::(\d{12}):assumed-role/([\w+=,.@-]+)/.+")
_NOT_SIMULATED = frozenset(
    {
        "sts:AssumeRole",
        "organizations:ListAccounts",
        "iam:SimulatePrincipalPolicy",
        "apigateway:GET",
        "cloudtrail:LookupEvents",
        "s3:GetObject",
        "s3:ListBucket",
    }
)
"""Rights on one role, account or bucket, on API keys alone, or for what is only asked on demand: a run says more."""


class Lasting:
    """Time enough for a few questions."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        """Begin to count."""
        self.deadline = time.monotonic() + seconds


def checks(target: AwsTarget, patience: Patience) -> Iterator[Check]:
    """Look at the login of a target and its rights.

    Raises:
        TargetError: when what was named cannot be read at all.
    """
    client = AwsClient(checked(target), session=Lasting(), patience=patience)
    client = client.assuming(target.role_arn) if target.role_arn else client
    try:
        who = client.call(GET_CALLER_IDENTITY)
    except CallFailed as failed:
        yield Check(name="login", mark=Mark.FAULT, detail=f"{failed.sentence}.")
        return
    number, arn = str(who.get("Account")), str(who.get("Arn"))
    if named_account(target) not in (None, number):
        detail = f"The login is one of account {number}, and the target names {named_account(target)}."
        yield Check(name="login", mark=Mark.FAULT, detail=detail)
        return
    yield Check(name="login", mark=Mark.FINE, detail=f"account {number}, as {arn}")
    yield from _rights(client, arn, workloads=target.workloads)


def _rights(client: AwsClient, arn: str, *, workloads: bool) -> Iterator[Check]:
    unasked = _NOT_SIMULATED if workloads else _NOT_SIMULATED | _OF_WORKLOADS
    wanted = [permission.action for permission in PERMISSIONS if permission.action not in unasked]
    unwanted = [*READING_VALUES, *(way.actions[0] for way in IAM_WRITES), *(() if workloads else WORKLOAD_READING)]
    try:
        allowed = _allowed(client, principal(arn), [*wanted, *unwanted])
    except CallFailed as failed:
        detail = f"Whether rights are missing or too many cannot be told: {failed.sentence}."
        yield Check(name="rights", mark=Mark.WARNING, detail=detail)
        return
    missing = [action for action in wanted if action not in allowed]
    excess = [action for action in unwanted if action in allowed]
    if missing:
        detail = f"Missing: {_some(missing)}. docs/connectors/aws.md says what each costs."
        yield Check(name="rights", mark=Mark.WARNING, detail=detail)
    if excess:
        detail = f"Too many: {_some(excess)}. A reader needs none; deploy/permissions/aws.json denies or lacks them."
        yield Check(name="rights", mark=Mark.WARNING, detail=detail)
    if not missing and not excess:
        besides = " but the settings of workloads" if workloads else ""
        detail = f"all {len(wanted)} that are used, and none that read values{besides}"
        yield Check(name="rights", mark=Mark.FINE, detail=detail)


def principal(arn: str) -> str:
    """Return whose policies hold: for the session of a role, the role. Its path is not in the session's name."""
    session = _SESSION.fullmatch(arn)
    return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}" if session else arn


def _allowed(client: AwsClient, arn: str, actions: list[str]) -> set[str]:
    return {
        result["EvalActionName"]
        for page in client.pages(SIMULATE_PRINCIPAL_POLICY, PolicySourceArn=arn, ActionNames=actions, MaxItems=1000)
        for result in page.get("EvaluationResults") or ()
        if result["EvalDecision"] == "allowed"
    }


def _some(actions: list[str]) -> str:
    more = len(actions) - _SHOWN
    return ", ".join(actions[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
