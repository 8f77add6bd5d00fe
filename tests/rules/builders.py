"""Subjects and contexts with sound defaults: a test says only what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st

from storage.inventory import (
    Carrier,
    Checksum,
    CommitPoint,
    Confidence,
    Context,
    Coverage,
    CoverageState,
    CoverageStatus,
    Credential,
    CredentialState,
    CredentialType,
    Facet,
    Gap,
    GapReason,
    Identity,
    IdentityKind,
    IdentityState,
    Joined,
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
    Policy,
    Privilege,
    PrivilegeLevel,
    ReferenceKind,
    Resource,
    ResourceState,
    Safeguard,
    SafeguardKind,
    SafeguardState,
    Scope,
    SecretExposure,
    Severity,
    SlotUse,
    StoredSecret,
    StoredSecretState,
    Trust,
    TrustKind,
    Validity,
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


def a_setting(**fields: Any) -> Occurrence:
    """A variable of a function."""
    return an_occurrence(
        **{
            "repository": "123456789012",
            "resource_uid": "aws:lambda-function:pay",
            "carrier": Carrier.WORKLOAD,
            "place": Place.WORKLOAD_SETTING,
            "path": "eu-west-1/lambda-function/pay/DATABASE_URL",
            "line": None,
            "at_head": False,
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


def a_join(**fields: Any) -> Joined:
    """What an inventory says of a value that is live."""
    return Joined(**{"validity": Validity.LIVE, "reason": "access key one is listed and works", **fields})


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


def a_resource_state(*, kind: str = "repository", scope_uid: str | None = None, **fields: Any) -> ResourceState:
    """A repository that was read whole and in which nothing stands; a workload, where a scope lists it."""
    resource = Resource(
        uid="git:repository:example.com/shop",
        scope_uid=scope_uid,
        kind=kind,
        name="example.com/shop",
        location="clones/shop",
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


ACCOUNT = "aws:account:example"


def an_identity(**fields: Any) -> Identity:
    """A user of AWS with few rights, made long ago and used lately, with every facet observed."""
    return Identity(
        **{
            "uid": "aws:user:deploy",
            "kind": IdentityKind.IAM_USER,
            "name": "deploy",
            "provider": "aws",
            "resource_uid": ACCOUNT,
            "aliases": ("arn:aws:iam::example:user/deploy",),
            "created_time": days_ago(400),
            "last_used_time": days_ago(1),
            "enabled": True,
            "privileges": (a_privilege(),),
            "observed": frozenset(Facet),
            **fields,
        }
    )


def an_identity_state(*credentials: Credential, present: bool = True, **fields: Any) -> IdentityState:
    return IdentityState(identity=an_identity(**fields), present=present, credentials=credentials)


def a_privilege(level: PrivilegeLevel = PrivilegeLevel.LIMITED, **fields: Any) -> Privilege:
    return Privilege(**{"name": "deploy-policy", "level": level, **fields})


def a_trust(kind: TrustKind, principal: str, conditions: Mapping[str, tuple[str, ...]] | None = None) -> Trust:
    """One of an outsider, where that is a question."""
    return Trust(kind=kind, principal=principal, external=True, conditions=conditions or {})


def a_credential(**fields: Any) -> Credential:
    """An access key of that user, young and used lately, with every facet observed."""
    return Credential(
        **{
            "uid": "aws:access-key:one",
            "type": CredentialType.ACCESS_KEY,
            "kind": "access key",
            "provider": "aws",
            "resource_uid": ACCOUNT,
            "identity_uid": "aws:user:deploy",
            "public_identifier": "AKIAEXAMPLE",
            "enabled": True,
            "created_time": days_ago(30),
            "last_used_time": days_ago(1),
            "observed": frozenset(Facet),
            **fields,
        }
    )


def a_client_secret(**fields: Any) -> Credential:
    """A client secret of an application: a credential for which an end can be set."""
    return a_credential(
        **{"type": CredentialType.CLIENT_SECRET, "kind": "client secret", "provider": "entra", **fields}
    )


def a_credential_state(
    credential: Credential | None = None,
    *,
    present: bool = True,
    identity: Identity | None = None,
    rotation_times: tuple[datetime, ...] = (),
    **fields: Any,
) -> CredentialState:
    return CredentialState(
        credential=credential or a_credential(**fields),
        present=present,
        identity=identity or an_identity(),
        rotation_times=rotation_times,
    )


def a_slot_state(
    *,
    present: bool = True,
    use: SlotUse | None = None,
    rotation_times: tuple[datetime, ...] = (),
    **fields: Any,
) -> StoredSecretState:
    """A secret in a vault, made long ago, rotated and read lately, with every facet observed."""
    slot = StoredSecret(
        **{
            "uid": "aws:secret:shop",
            "kind": "secret",
            "name": "shop/database",
            "provider": "aws",
            "resource_uid": ACCOUNT,
            "vaulted": True,
            "encrypted": True,
            "enabled": True,
            "created_time": days_ago(400),
            "last_used_time": days_ago(1),
            "last_rotated_time": days_ago(20),
            "observed": frozenset(Facet),
            **fields,
        }
    )
    return StoredSecretState(stored_secret=slot, present=present, use=use, rotation_times=rotation_times)


def a_safeguard_state(kind: SafeguardKind, *, present: bool = True, **fields: Any) -> SafeguardState:
    """A control that is on."""
    safeguard = Safeguard(
        **{
            "uid": f"aws:safeguard:{kind}",
            "kind": kind,
            "name": "Trail main",
            "provider": "aws",
            "resource_uid": ACCOUNT,
            "enabled": True,
            **fields,
        }
    )
    return SafeguardState(safeguard=safeguard, present=present)


def a_pipeline_state(
    *, present: bool = True, unprovided: tuple[PipelineReference, ...] | None = None, **fields: Any
) -> PipelineState:
    """A workflow of the default branch that asks for nothing."""
    pipeline = Pipeline(
        **{
            "uid": "git:repository:example.com/shop#pipeline:.github/workflows/ci.yml",
            "name": ".github/workflows/ci.yml",
            "provider": "github",
            "resource_uid": "git:repository:example.com/shop",
            "dialect": PipelineDialect.GITHUB_ACTIONS,
            "path": ".github/workflows/ci.yml",
            "ref": "refs/heads/main",
            "observed": frozenset(Facet),
            **fields,
        }
    )
    return PipelineState(pipeline=pipeline, present=present, unprovided=unprovided)


def a_sign(signal: PipelineSignal, line: int = 3, proof: str = "") -> PipelineFact:
    return PipelineFact(signal=signal, line=line, proof=proof)


def a_request(kind: ReferenceKind, name: str | None = None, line: int = 5) -> PipelineReference:
    return PipelineReference(kind=kind, name=name, line=line)


T = TypeVar("T")


def maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    return st.none() | strategy


DAYS = st.sampled_from([0, 1, 30, 90, 365]) | st.integers(0, 10**12)
TIMES = st.sampled_from([days_ago(days) for days in (-400, -10, 0, 3, 40, 100, 500)]) | st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - see above
    timezones=st.just(UTC),
)
"""Also later than any `as_of`: no source's clock is to be trusted."""
WORDS = st.text(max_size=12)
PEOPLE = st.sampled_from(["ada@example.com", "ADA@example.com", "bo@example.com"])
OWNERS = st.builds(
    Owner,
    name=WORDS,
    role=st.sampled_from(OwnerRole),
    source=st.sampled_from(OwnerSource),
    confidence=st.sampled_from(Confidence),
    email=maybe(PEOPLE),
    last_activity_time=maybe(TIMES),
    left=maybe(st.booleans()),
)
OBSERVED = st.frozensets(st.sampled_from(Facet))
PROVIDERS = st.sampled_from(["aws", "gcp", "google", "azure", "entra", "other"])
ANSWERS = maybe(st.booleans())
PRIVILEGES = st.builds(
    Privilege,
    name=WORDS,
    level=st.sampled_from(PrivilegeLevel),
    reach=WORDS | st.sampled_from(["*", "acme-prod/x", "acme-test"]),
    proof=WORDS,
    conditions=st.lists(WORDS, max_size=2).map(tuple),
)
CONDITIONS = st.dictionaries(
    WORDS | st.sampled_from(["sts:ExternalId", "aws:SourceAccount", "issuer:sub", "issuer:aud", "aws:PrincipalArn"]),
    st.lists(WORDS | st.sampled_from(["*", "****", "repo:*", "repo:acme/*", "arn:aws:iam::*:x"]), max_size=2).map(
        tuple
    ),
    max_size=3,
)
TRUSTS = st.builds(
    Trust,
    kind=st.sampled_from(TrustKind),
    principal=WORDS | st.sampled_from(["*", "glue.amazonaws.com", "principalSet://pool/*", ".amazonaws.com"]),
    external=ANSWERS,
    conditions=CONDITIONS,
)
IDENTITIES = st.builds(
    an_identity,
    kind=st.sampled_from(IdentityKind),
    name=WORDS,
    provider=PROVIDERS,
    created_time=maybe(TIMES),
    last_used_time=maybe(TIMES),
    last_use_tracked_since=maybe(TIMES),
    enabled=ANSWERS,
    provider_managed=st.booleans(),
    environment=maybe(st.sampled_from(["prod", "test", "x"])),
    privileges=st.lists(PRIVILEGES, max_size=3).map(tuple),
    trusts=st.lists(TRUSTS, max_size=3).map(tuple),
    owners=st.lists(OWNERS, max_size=3).map(tuple),
    observed=OBSERVED,
)
CREDENTIALS = st.builds(
    a_credential,
    type=st.sampled_from(CredentialType),
    kind=WORDS,
    provider=PROVIDERS,
    public_identifier=maybe(WORDS),
    name=maybe(WORDS),
    enabled=ANSWERS,
    provider_managed=st.booleans(),
    created_time=maybe(TIMES),
    last_rotated_time=maybe(TIMES),
    last_used_time=maybe(TIMES),
    last_use_tracked_since=maybe(TIMES),
    expiration_time=maybe(TIMES),
    observed=OBSERVED,
)
IDENTITY_STATES = st.builds(
    IdentityState, identity=IDENTITIES, present=st.booleans(), credentials=st.lists(CREDENTIALS, max_size=3).map(tuple)
)
CREDENTIAL_STATES = st.builds(
    CredentialState, credential=CREDENTIALS, present=st.booleans(), identity=maybe(IDENTITIES)
)
SLOT_STATES = st.builds(
    a_slot_state,
    present=st.booleans(),
    name=WORDS | st.sampled_from(["db-password", "log-level"]),
    vaulted=ANSWERS,
    encrypted=ANSWERS,
    enabled=ANSWERS,
    provider_managed=st.booleans(),
    created_time=maybe(TIMES),
    updated_time=maybe(TIMES),
    last_used_time=maybe(TIMES),
    rotation_enabled=ANSWERS,
    rotation_days=maybe(DAYS),
    last_rotated_time=maybe(TIMES),
    next_rotation_time=maybe(TIMES),
    newest_version_time=maybe(TIMES),
    expiration_time=maybe(TIMES),
    owners=st.lists(OWNERS, max_size=3).map(tuple),
    observed=OBSERVED,
)
SAFEGUARD_STATES = st.builds(
    a_safeguard_state,
    st.sampled_from(SafeguardKind),
    present=st.booleans(),
    provider=PROVIDERS,
    enabled=ANSWERS,
    attributes=st.dictionaries(
        st.sampled_from(["multi_region", "validated", "days", "unlimited"]),
        WORDS | st.sampled_from(["true", "false", "365", "9" * 5000, "\u0663"]),
    ),
)
LISTED = st.one_of(IDENTITY_STATES, CREDENTIAL_STATES, SLOT_STATES, SAFEGUARD_STATES)
"""What a provider lists, in every state."""
