"""Records, rules and steps that the tests of the store share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from storage.inventory import (
    Assessment,
    Carrier,
    Checksum,
    CloseReason,
    Confidence,
    Context,
    Coverage,
    CoverageState,
    CoverageStatus,
    Credential,
    CredentialType,
    Event,
    EventKind,
    EventOutcome,
    Gap,
    GapReason,
    Identity,
    IdentityKind,
    Observation,
    Occurrence,
    Outcome,
    Place,
    Policy,
    Resource,
    ResourceState,
    RiskException,
    Run,
    Safeguard,
    SafeguardKind,
    Scope,
    SecretExposure,
    SecretReference,
    Severity,
    StoredSecret,
    Subject,
    SubjectKind,
    cloud_scope_uid,
)
from storage.records import PromotionSummary
from storage.store import Store

MOMENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
COMPLETE, PARTIAL, DENIED = CoverageStatus.COMPLETE, CoverageStatus.PARTIAL, CoverageStatus.DENIED


class Clock:
    """A clock that stands still until it is told to move."""

    def __init__(self, now: datetime = MOMENT) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


def a_tag(number: int, key: str = "k1") -> str:
    return f"v1:{key}:{number:064x}"


def a_scope(repository: str = "shop", carrier: Carrier | None = Carrier.REFS) -> Scope:
    suffix = carrier.value if carrier else "files"
    return Scope(
        uid=f"{repository}#{suffix}", connector="git", resource_uid=repository, name=repository, carrier=carrier
    )


def a_resource(uid: str = "shop", **fields: Any) -> Resource:
    return Resource(**{"uid": uid, "kind": "git_repository", "name": uid, "location": f"/srv/{uid}", **fields})


def a_coverage(scope: Scope, status: CoverageStatus = COMPLETE) -> Coverage:
    return Coverage(scope_uid=scope.uid, status=status, expected=10, fetched=10 if status is COMPLETE else 3)


def a_gap(scope: Scope, **fields: Any) -> Gap:
    return Gap(**{"scope_uid": scope.uid, "reason": GapReason.DENIED, "detail": "A pack may not be read.", **fields})


def an_occurrence(**fields: Any) -> Occurrence:
    return Occurrence(
        **{
            "repository": "shop",
            "carrier": Carrier.REFS,
            "place": Place.BLOB,
            "path": "app/settings.py",
            "line": 12,
            "blob": "b" * 40,
            "at_head": True,
            **fields,
        }
    )


def an_exposure(number: int = 1, scope: Scope | None = None, **fields: Any) -> SecretExposure:
    return SecretExposure(
        **{
            "scope_uid": (scope or a_scope()).uid,
            "fingerprint": a_tag(number),
            "detector": "github-token",
            "name": "GitHub token",
            "vendor": "github",
            "type": CredentialType.ACCESS_TOKEN,
            "severity": Severity.HIGH,
            "confidence": Confidence.HIGH,
            "checksum": Checksum.VALID,
            "preview": "ghp_****",
            "at_head": True,
            "in_history": True,
            "occurrences": (an_occurrence(),),
            **fields,
        }
    )


def a_reference(number: int = 1, scope: Scope | None = None, **fields: Any) -> SecretReference:
    return SecretReference(
        **{
            "uid": f"reference-{number}",
            "scope_uid": (scope or a_scope()).uid,
            "detector": "aws-access-key-id",
            "name": "AWS access key id",
            "vendor": "aws",
            "public_identifiers": {"account": "123456789012"},
            **fields,
        }
    )


ACCOUNT = "aws:account:123456789012"


def an_account() -> Resource:
    return a_resource(ACCOUNT, kind="account", name="123456789012", location="aws")


def an_api_scope(api: str = "iam", resource_uid: str = ACCOUNT, region: str | None = None) -> Scope:
    uid = cloud_scope_uid(resource_uid, api, region)
    return Scope(uid=uid, connector="aws", resource_uid=resource_uid, name=uid, api=api, region=region)


def an_identity(number: int = 1, scope: Scope | None = None, **fields: Any) -> Identity:
    return Identity(
        **{
            "uid": f"aws:user:{number}",
            "scope_uid": (scope or an_api_scope()).uid,
            "kind": IdentityKind.IAM_USER,
            "name": f"robot-{number}",
            "provider": "aws",
            "resource_uid": ACCOUNT,
            **fields,
        }
    )


def a_credential(number: int = 1, scope: Scope | None = None, **fields: Any) -> Credential:
    return Credential(
        **{
            "uid": f"aws:access-key:{number}",
            "scope_uid": (scope or an_api_scope("iam-access-keys")).uid,
            "type": CredentialType.ACCESS_KEY,
            "kind": "access key",
            "provider": "aws",
            "resource_uid": ACCOUNT,
            "identity_uid": "aws:user:1",
            "public_identifier": f"key-{number}",
            **fields,
        }
    )


def a_stored_secret(number: int = 1, scope: Scope | None = None, **fields: Any) -> StoredSecret:
    return StoredSecret(
        **{
            "uid": f"aws:secret:{number}",
            "scope_uid": (scope or an_api_scope("secretsmanager", region="eu-west-1")).uid,
            "kind": "secret",
            "name": f"slot-{number}",
            "provider": "aws",
            "resource_uid": ACCOUNT,
            **fields,
        }
    )


def a_safeguard(number: int = 1, scope: Scope | None = None, **fields: Any) -> Safeguard:
    return Safeguard(
        **{
            "uid": f"aws:safeguard:audit-log:{number}",
            "scope_uid": (scope or an_api_scope("cloudtrail")).uid,
            "kind": SafeguardKind.AUDIT_LOG,
            "name": f"trail-{number}",
            "provider": "aws",
            "resource_uid": ACCOUNT,
            "enabled": True,
            **fields,
        }
    )


def an_event(number: int = 1, scope: Scope | None = None, **fields: Any) -> Event:
    return Event(
        **{
            "uid": f"aws:event:{number}",
            "scope_uid": (scope or a_log()).uid,
            "time": MOMENT - timedelta(days=10),
            "kind": EventKind.CREATED,
            "outcome": EventOutcome.SUCCESS,
            "subject_kind": SubjectKind.CREDENTIAL,
            "subject_uid": "aws:access-key:1",
            "subject_name": "key-1",
            "provider": "aws",
            "resource_uid": ACCOUNT,
            "actor": "arn:aws:iam::123456789012:user/ada",
            "action": "iam:CreateAccessKey",
            "source": "CloudTrail",
            **fields,
        }
    )


def a_log(region: str | None = None) -> Scope:
    return an_api_scope("cloudtrail-events", region=region)


def a_log_coverage(scope: Scope, since: datetime | None, until: datetime = MOMENT) -> Coverage:
    told = a_coverage(scope, COMPLETE if since else PARTIAL)
    return msgspec.structs.replace(told, source="CloudTrail", since_time=since, until_time=until if since else None)


def an_exception(finding_uid: str, **fields: Any) -> RiskException:
    return RiskException(
        **{
            "uid": "exception-1",
            "finding_uid": finding_uid,
            "requester": "dev@example.com",
            "approver": "lead@example.com",
            "reason": "a test account without rights",
            "created_time": MOMENT,
            "expiration_time": MOMENT + timedelta(days=30),
            **fields,
        }
    )


def seen(
    *exposures: SecretExposure, scope: Scope | None = None, status: CoverageStatus = COMPLETE, gaps: Iterable[Gap] = ()
) -> list[Observation]:
    """What a connector yields for one scope."""
    scope = scope or a_scope()
    return [a_resource(scope.resource_uid), scope, *exposures, *gaps, a_coverage(scope, status)]


def judge(subjects: Iterator[Subject], context: Context) -> Iterator[Assessment]:
    """Four small rules: at head, in history, nothing in plain text, nothing unread."""
    for subject in subjects:
        match subject:
            case SecretExposure():
                yield _at_head(subject)
                yield _leaked(subject)
            case ResourceState():
                yield _unvaulted(subject)
            case CoverageState():
                yield _unread(subject)
            case _:
                pass


def no_rules(subjects: Iterator[Subject], context: Context) -> Iterator[Assessment]:
    yield from ()


def do_run(
    store: Store,
    observations: Iterable[Observation],
    *,
    as_of: datetime = MOMENT,
    policy: Policy | None = None,
    kind: str = "sweep",
) -> PromotionSummary:
    """One whole run."""
    run = staged(store, observations, as_of=as_of, policy=policy, kind=kind)
    return store.promote(run, policy=policy or Policy(), judge=judge, finished_time=as_of)


def staged(
    store: Store,
    observations: Iterable[Observation],
    *,
    as_of: datetime = MOMENT,
    policy: Policy | None = None,
    kind: str = "sweep",
) -> Run:
    """A run with everything staged, not promoted."""
    run = begun(store, as_of=as_of, policy=policy, kind=kind)
    observed = list(observations)
    store.acquire_leases(run, [item.uid for item in observed if isinstance(item, Scope)])
    store.stage(run, observed)
    return run


def begun(store: Store, *, as_of: datetime = MOMENT, policy: Policy | None = None, kind: str = "sweep") -> Run:
    return store.begin_run(
        kind=kind, as_of=as_of, policy=policy or Policy(), key_id="k1", tool_version="0.1.0", attributes={"git": "2"}
    )


def _at_head(exposure: SecretExposure) -> Assessment:
    outcome = {True: Outcome.NOT_SATISFIED, False: Outcome.SATISFIED, None: Outcome.NOT_ASSESSED}[exposure.at_head]
    closes = CloseReason.PLACE_CLEANED if outcome is Outcome.SATISFIED else None
    return _assessment(
        "at-head", SubjectKind.EXPOSURE, exposure.uid, outcome, closes=closes, severity=exposure.severity
    )


def _leaked(exposure: SecretExposure) -> Assessment:
    outcome = Outcome.NOT_SATISFIED if exposure.present else Outcome.SATISFIED
    told = "found" if exposure.present else "no longer found, removal is not revocation"
    return _assessment(
        "leaked", SubjectKind.EXPOSURE, exposure.uid, outcome, closes=None, severity=exposure.severity, message=told
    )


def _unvaulted(state: ResourceState) -> Assessment:
    outcome = Outcome.NOT_SATISFIED if state.standing else Outcome.SATISFIED if state.complete else Outcome.NOT_ASSESSED
    return _assessment("unvaulted", SubjectKind.RESOURCE, state.resource.uid, outcome, closes=CloseReason.CONTROL_MET)


def _unread(state: CoverageState) -> Assessment:
    outcome = Outcome.SATISFIED if state.coverage.status is COMPLETE else Outcome.NOT_SATISFIED
    return _assessment("coverage-gap", SubjectKind.SCOPE, state.scope.uid, outcome, closes=CloseReason.CONTROL_MET)


def _assessment(
    rule: str,
    kind: SubjectKind,
    uid: str,
    outcome: Outcome,
    *,
    closes: CloseReason | None,
    severity: Severity = Severity.MEDIUM,
    message: str = "found",
) -> Assessment:
    return Assessment(
        rule=rule,
        subject_kind=kind,
        subject_uid=uid,
        outcome=outcome,
        severity=severity,
        confidence=Confidence.HIGH,
        message=message,
        close_reason=closes if outcome is not Outcome.NOT_SATISFIED else None,
    )
