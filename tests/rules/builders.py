"""Subjects and contexts with sound defaults: a test says only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from storage.inventory import (
    Carrier,
    Checksum,
    CommitPoint,
    Confidence,
    Context,
    Coverage,
    CoverageState,
    CoverageStatus,
    CredentialType,
    Facet,
    Gap,
    GapReason,
    Occurrence,
    Owner,
    OwnerRole,
    OwnerSource,
    Place,
    Policy,
    Resource,
    ResourceState,
    Scope,
    SecretExposure,
    Severity,
)

AS_OF = datetime(2026, 11, 1, 12, tzinfo=UTC)


def days_ago(days: float) -> datetime:
    return AS_OF - timedelta(days=days)


def a_context(**policy: Any) -> Context:
    return Context(as_of=AS_OF, policy=Policy(**policy))


def a_commit(**fields: Any) -> CommitPoint:
    time = fields.pop("time", days_ago(400))
    return CommitPoint(
        **{
            "oid": "1" * 40,
            "author_name": "Ada",
            "author_email": "ada@example.com",
            "time": time,
            "committer_time": time,
            **fields,
        }
    )


def an_occurrence(**fields: Any) -> Occurrence:
    return Occurrence(
        **{
            "repository": "example.com/shop",
            "carrier": Carrier.REFS,
            "place": Place.BLOB,
            "path": "app/settings.py",
            "line": 3,
            "at_head": True,
            **fields,
        }
    )


def an_exposure(**fields: Any) -> SecretExposure:
    """A token of high severity, at HEAD, committed long ago, with every facet observed."""
    return SecretExposure(
        **{
            "uid": "exposure-1",
            "fingerprint": "v1:key:00",
            "detector": "example-token",
            "name": "Example token",
            "vendor": "example",
            "type": CredentialType.ACCESS_TOKEN,
            "severity": Severity.HIGH,
            "confidence": Confidence.HIGH,
            "checksum": Checksum.VALID,
            "preview": "ex_****",
            "at_head": True,
            "in_history": True,
            "first_commit": a_commit(),
            "occurrences": (an_occurrence(),),
            "observed": frozenset(Facet),
            **fields,
        }
    )


def an_owner(**fields: Any) -> Owner:
    """Somebody accountable by CODEOWNERS, of whose activity nothing is known."""
    return Owner(
        **{
            "name": "Olga",
            "email": "olga@example.com",
            "role": OwnerRole.ACCOUNTABLE,
            "source": OwnerSource.CODEOWNERS,
            "confidence": Confidence.MEDIUM,
            **fields,
        }
    )


def an_author(**fields: Any) -> Owner:
    """The author who brought the value in: a candidate."""
    return an_owner(
        **{
            "name": "Ada",
            "email": "ada@example.com",
            "role": OwnerRole.CANDIDATE,
            "source": OwnerSource.INTRODUCING_AUTHOR,
            **fields,
        }
    )


def a_resource_state(*, kind: str = "repository", **fields: Any) -> ResourceState:
    """A repository that was read whole and in which nothing stands."""
    resource = Resource(
        uid="git:repository:example.com/shop", kind=kind, name="example.com/shop", location="clones/shop"
    )
    return ResourceState(**{"resource": resource, "complete": True, "standing": 0, "standing_at_head": 0, **fields})


def a_gap(**fields: Any) -> Gap:
    return Gap(
        **{
            "scope_uid": "git:repository:example.com/shop#refs",
            "reason": GapReason.MISSING_OBJECTS,
            "detail": "Gone.",
            **fields,
        }
    )


def a_coverage_state(*gaps: Gap, **coverage: Any) -> CoverageState:
    """A scope that was read whole."""
    uid = "git:repository:example.com/shop"
    scope = Scope(uid=f"{uid}#refs", connector="git", resource_uid=uid, name="example.com/shop refs")
    read = {"scope_uid": scope.uid, "status": CoverageStatus.COMPLETE, "expected": 10, "fetched": 10, **coverage}
    return CoverageState(scope=scope, coverage=Coverage(**read), gaps=gaps)
