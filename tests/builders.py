"""Records with sound defaults, for tests that only care about one field of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from agent.export.base import RulePage, RunReport
from storage.inventory import (
    Carrier,
    Checksum,
    CommitPoint,
    Confidence,
    Coverage,
    CoverageStatus,
    Credential,
    CredentialState,
    CredentialType,
    Event,
    EventKind,
    EventOutcome,
    Facet,
    Finding,
    FindingStatus,
    Gap,
    GapReason,
    Identity,
    IdentityKind,
    IdentityState,
    Occurrence,
    Owner,
    OwnerRole,
    OwnerSource,
    Pipeline,
    PipelineDialect,
    PipelineFact,
    PipelineReference,
    PipelineSignal,
    PipelineState,
    Place,
    ReferenceKind,
    Resource,
    RiskException,
    Run,
    RunStatus,
    Safeguard,
    SafeguardKind,
    SafeguardState,
    Scope,
    SecretExposure,
    Severity,
    StoredSecret,
    StoredSecretState,
    SubjectKind,
    cloud_scope_uid,
    finding_uid,
    git_scope_uid,
)
from storage.records import LogPeriod

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
REPOSITORY = "example.com/payments"


def a_run(**changes: Any) -> Run:
    given: dict[str, Any] = {
        "seq": 7,
        "uid": "run-7",
        "kind": "sweep",
        "status": RunStatus.DONE,
        "started_time": AS_OF,
        "as_of": AS_OF,
        "policy_digest": "d" * 64,
        "policy_owner": None,
        "policy_approved_by": None,
        "tool_version": "0.1.0",
        "key_id": "0a1b2c3d",
        "finished_time": AS_OF,
    }
    return Run(**{**given, **changes})


def a_scope(**changes: Any) -> Scope:
    given: dict[str, Any] = {
        "uid": git_scope_uid(REPOSITORY, Carrier.REFS, None),
        "connector": "git",
        "resource_uid": REPOSITORY,
        "name": "payments refs",
        "carrier": Carrier.REFS,
    }
    return Scope(**{**given, **changes})


def a_coverage(**changes: Any) -> Coverage:
    given: dict[str, Any] = {
        "scope_uid": a_scope().uid,
        "status": CoverageStatus.COMPLETE,
        "expected": 1234,
        "fetched": 1234,
        "bytes_read": 5_678_900,
    }
    return Coverage(**{**given, **changes})


def a_gap(**changes: Any) -> Gap:
    given: dict[str, Any] = {
        "scope_uid": a_scope().uid,
        "reason": GapReason.MISSING_OBJECTS,
        "detail": "3 objects are missing from the clone; fetch them and run again.",
    }
    return Gap(**{**given, **changes})


def a_resource(**changes: Any) -> Resource:
    given: dict[str, Any] = {"uid": REPOSITORY, "kind": "repository", "name": "payments", "location": "/srv/payments"}
    return Resource(**{**given, **changes})


def a_commit(**changes: Any) -> CommitPoint:
    time = datetime(2020, 1, 1, tzinfo=UTC)
    given: dict[str, Any] = {
        "oid": "c" * 40,
        "author_name": "Ada Author",
        "author_email": "ada@example.com",
        "time": time,
        "committer_time": time,
    }
    return CommitPoint(**{**given, **changes})


def an_occurrence(**changes: Any) -> Occurrence:
    given: dict[str, Any] = {
        "repository": "payments",
        "carrier": Carrier.REFS,
        "place": Place.BLOB,
        "path": "app/settings.py",
        "line": 12,
        "column": 5,
        "blob": "b" * 40,
        "commit": "c" * 40,
        "at_head": True,
    }
    return Occurrence(**{**given, **changes})


def an_owner(**changes: Any) -> Owner:
    given: dict[str, Any] = {
        "name": "Ada Author",
        "role": OwnerRole.CANDIDATE,
        "source": OwnerSource.INTRODUCING_AUTHOR,
        "confidence": Confidence.MEDIUM,
    }
    return Owner(**{**given, **changes})


def a_secret_exposure(**changes: Any) -> SecretExposure:
    given: dict[str, Any] = {
        "uid": "e1",
        "fingerprint": "v1:0a1b2c3d:" + "f" * 64,
        "detector": "github-personal-access-token",
        "name": "GitHub personal access token",
        "vendor": "github",
        "type": CredentialType.ACCESS_TOKEN,
        "severity": Severity.HIGH,
        "confidence": Confidence.HIGH,
        "checksum": Checksum.VALID,
        "preview": "ghp_****",
        "at_head": True,
        "in_history": True,
        "first_commit": a_commit(),
        "remediation": "Revoke it at https://github.com/settings/tokens.",
        "occurrences": (an_occurrence(),),
        "owners": (an_owner(),),
    }
    return SecretExposure(**{**given, **changes})


def a_finding(**changes: Any) -> Finding:
    rule = changes.get("rule", "exposed-secret-at-head")
    subject = changes.get("subject_uid", "e1")
    given: dict[str, Any] = {
        "uid": finding_uid(rule, subject),
        "rule": rule,
        "subject_kind": SubjectKind.EXPOSURE,
        "subject_uid": subject,
        "status": FindingStatus.NEW,
        "severity": Severity.HIGH,
        "confidence": Confidence.HIGH,
        "message": "The value stands at HEAD.",
        "resource_uid": REPOSITORY,
        "locator": "app/settings.py:12",
        "owner": "Ada Author",
        "first_seen_time": AS_OF,
        "last_seen_time": AS_OF,
        "first_run": 7,
        "last_run": 7,
        "due_date": date(2026, 12, 20),
    }
    return Finding(**{**given, **changes})


def an_exception(**changes: Any) -> RiskException:
    given: dict[str, Any] = {
        "uid": "x1",
        "finding_uid": a_finding().uid,
        "requester": "ada",
        "approver": "grace",
        "reason": "A token of a closed demo account.",
        "created_time": AS_OF,
        "expiration_time": datetime(2027, 5, 1, tzinfo=UTC),
    }
    return RiskException(**{**given, **changes})


def a_rule_page(**changes: Any) -> RulePage:
    given: dict[str, Any] = {
        "code": "exposed-secret-at-head",
        "title": "A secret stands at HEAD",
        "severity": "high",
        "page": "A secret stands at HEAD.\n\n**Why it matters** Whoever reads the code has it.",
        "control_ids": ("NHI2:2025", "PR.AA-03", "CC6.1"),
    }
    return RulePage(**{**given, **changes})


def a_report(**changes: Any) -> RunReport:
    given: dict[str, Any] = {
        "run": a_run(),
        "scopes": (a_scope(),),
        "coverage": (a_coverage(),),
        "resources": (a_resource(),),
        "exposures": (a_secret_exposure(),),
        "findings": (a_finding(),),
        "rules": (a_rule_page(),),
    }
    return RunReport(**{**given, **changes})


def a_pipeline_state(**changes: Any) -> PipelineState:
    """A workflow that asks for one secret, and hands a lasting key to a cloud."""
    given: dict[str, Any] = {
        "uid": "git:repository:example.com/shop#pipeline:.github/workflows/ci.yml",
        "name": ".github/workflows/ci.yml",
        "provider": "github",
        "resource_uid": a_resource().uid,
        "dialect": PipelineDialect.GITHUB_ACTIONS,
        "path": ".github/workflows/ci.yml",
        "ref": "refs/heads/main",
        "references": (PipelineReference(kind=ReferenceKind.SECRET, name="DEPLOY", line=7, job="build"),),
        "facts": (PipelineFact(signal=PipelineSignal.STATIC_CLOUD_KEY, line=7, job="build", proof="DEPLOY"),),
        "owners": (an_owner(),),
        "observed": frozenset({Facet.OWNER}),
    }
    return PipelineState(pipeline=Pipeline(**{**given, **changes}), present=True)


ACCOUNT = "aws:account:123456789012"


def an_event(**changes: Any) -> Event:
    """A key that was made a hundred days ago."""
    given = Event(
        uid="aws:event:1", scope_uid=cloud_scope_uid(ACCOUNT, "cloudtrail-events"), time=AS_OF - timedelta(days=100),
        kind=EventKind.CREATED, outcome=EventOutcome.SUCCESS, subject_kind=SubjectKind.CREDENTIAL,
        subject_uid="aws:access-key:1", subject_name="key-of-robot", provider="aws", resource_uid=ACCOUNT,
        actor="arn:aws:iam::123456789012:user/ada", action="iam:CreateAccessKey", source="CloudTrail",
    )  # fmt: skip
    return msgspec.structs.replace(given, **changes)


def an_account_report(**changes: Any) -> RunReport:
    """A report of one account: a user with an old key, a slot, a log; the key is at fault."""
    uid = cloud_scope_uid(ACCOUNT, "iam")
    identity = Identity(
        uid="aws:user:1", kind=IdentityKind.IAM_USER, name="deploy-robot", provider="aws", resource_uid=ACCOUNT,
        created_time=AS_OF - timedelta(days=400), owners=(an_owner(),), observed=frozenset({Facet.LAST_USE}),
    )  # fmt: skip
    credential = Credential(
        uid="aws:access-key:1", type=CredentialType.ACCESS_KEY, kind="access key", provider="aws", resource_uid=ACCOUNT,
        identity_uid=identity.uid, public_identifier="key-of-robot", created_time=AS_OF - timedelta(days=400),
        last_used_time=AS_OF - timedelta(days=3), observed=frozenset({Facet.LAST_USE}),
    )  # fmt: skip
    slot = StoredSecret(
        uid="aws:secret:1", kind="secret", name="billing/database", provider="aws", resource_uid=ACCOUNT
    )
    trail = Safeguard(
        uid="aws:safeguard:trail", kind=SafeguardKind.AUDIT_LOG, name="main", provider="aws", resource_uid=ACCOUNT,
        enabled=True,
    )  # fmt: skip
    given: dict[str, Any] = {
        "scopes": (
            Scope(uid=uid, connector="aws", resource_uid=ACCOUNT, name="123456789012 iam", api="iam"),
        ),
        "coverage": (Coverage(scope_uid=uid, status=CoverageStatus.COMPLETE, expected=2, fetched=2, calls=7),),
        "resources": (Resource(uid=ACCOUNT, kind="account", name="123456789012", location="aws"),),
        "exposures": (),
        "identities": (IdentityState(identity=identity, present=True, credentials=(credential,)),),
        "credentials": (CredentialState(credential=credential, present=True, identity=identity),),
        "stored_secrets": (StoredSecretState(stored_secret=slot, present=True),),
        "safeguards": (SafeguardState(safeguard=trail, present=True),),
        "findings": (
            a_finding(
                rule="rotation-overdue", subject_kind=SubjectKind.CREDENTIAL, subject_uid=credential.uid,
                resource_uid=ACCOUNT, locator="key-of-robot", message="The access key was not rotated in time.",
            ),
        ),
    }  # fmt: skip
    return a_report(**{**given, **changes})


def logged(report: RunReport, since: Mapping[str, datetime | None], **changes: Any) -> RunReport:
    """The report of an account with a log in these regions, each whole since a moment, or never."""
    scopes = tuple(
        Scope(
            uid=cloud_scope_uid(ACCOUNT, "cloudtrail-events", region), connector="aws", resource_uid=ACCOUNT,
            name=f"123456789012 {region}", api="cloudtrail-events", region=region,
        )
        for region in since
    )  # fmt: skip
    read = tuple(
        Coverage(scope_uid=scope.uid, status=CoverageStatus.COMPLETE, expected=0, fetched=0) for scope in scopes
    )
    periods = tuple(
        LogPeriod(scope_uid=scope.uid, source="CloudTrail", since_time=moment, until_time=moment and AS_OF)
        for scope, moment in zip(scopes, since.values(), strict=True)
    )
    more = {"scopes": (*report.scopes, *scopes), "coverage": (*report.coverage, *read), "log_periods": periods}
    return msgspec.structs.replace(report, **{**more, **changes})
