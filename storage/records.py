"""What the store answers with, beside the words of the inventory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum

from storage.inventory import (
    Assessment,
    Context,
    Credential,
    FindingStatus,
    Identity,
    JoinedFacts,
    JoinSubject,
    Outcome,
    Record,
    Scope,
    SecretExposure,
    SecretReference,
    Subject,
    SubjectKind,
)

Judge = Callable[[Iterator[Subject], Context], Iterator[Assessment]]
"""The rules, as storage sees them: a stream of subjects in, a stream of assessments out, in the same order."""


class Join(Record, frozen=True, kw_only=True):
    """A join, as storage sees it: which identifiers things share, and what follows for one that is exposed."""

    version: str
    """Changes with the keys that are given: the index of them is then made anew."""
    keys_of: Callable[[SecretExposure | SecretReference | Credential | Identity], tuple[str, ...]]
    """The identifiers of a thing, each a text that is equal on both sides; most things have none."""
    accounts_of: Callable[[SecretExposure | SecretReference], tuple[str, ...]]
    """The uids of the accounts that an exposed thing names itself."""
    beside_of: Callable[[SecretExposure | SecretReference], tuple[str, ...]]
    """The uids of further identities that bear on a thing, such as the root login of an account that it names."""
    decide: Callable[[JoinSubject, datetime], JoinedFacts]
    """What follows at a moment from all that is listed under those identifiers."""


class JoinSide(StrEnum):
    """What has a key by which it is joined."""

    EXPOSURE = "exposure"
    REFERENCE = "reference"
    CREDENTIAL = "credential"
    IDENTITY = "identity"
    INDEX = "index"
    """The index itself: its one key is the version of the join that made it."""


class KeyState(StrEnum):
    """Where a key of the ring stands."""

    ACTIVE = "active"
    PREVIOUS = "previous"
    RETIRED = "retired"
    LOST = "lost"
    """Nobody has it any more: no tag under it will ever be seen again."""


class OutboxOperation(StrEnum):
    """What a tracker is told of a finding."""

    CREATE = "create"
    UPDATE = "update"
    CLOSE = "close"
    REOPEN = "reopen"


class OutboxState(StrEnum):
    """Where a message to the trackers stands."""

    PENDING = "pending"
    SENT = "sent"
    DEAD = "dead"


class KeyEntry(Record, frozen=True, kw_only=True):
    """What the store knows of a fingerprint key: enough to notice a wrong one, nothing to compute with."""

    kid: str
    """Key id, the middle part of a fingerprint."""
    check: str
    """A keyed tag of a fixed text: equal only under the same key."""
    state: KeyState
    created_time: datetime


class Lease(Record, frozen=True, kw_only=True):
    """The right of one run to speak for one scope."""

    scope_uid: str
    run: int
    token: int
    """Fencing token: grows with every lease given, whatever the clocks say."""
    expiration_time: datetime


class AssessmentInterval(Record, frozen=True, kw_only=True):
    """An assessment and the runs for which it held: from `since_run` up to, not including, `until_run`."""

    assessment: Assessment
    since_run: int
    until_run: int | None
    """`None` while it still holds."""


class Population(Record, frozen=True, kw_only=True):
    """What one rule said in one run, in numbers, and the digest of who was in the population."""

    run: int
    rule: str
    counts: Mapping[Outcome, int]
    digest: str
    """SHA-256 over ``<subject uid> NUL <outcome> LF`` of every subject, ordered by subject kind and uid."""


class LogPeriod(Record, frozen=True, kw_only=True):
    """Since when the runs have read one log without a break."""

    scope_uid: str
    source: str
    """Which log it is, for a person."""
    since_time: datetime | None
    """`None` where no run read it whole for any time."""
    until_time: datetime | None


class ShortLived(Record, frozen=True, kw_only=True):
    """How many things of an account were made and deleted by its log, and stood in no list that a run read."""

    resource_uid: str
    kind: SubjectKind
    count: int


class OutboxMessage(Record, frozen=True, kw_only=True):
    """One message to the trackers, written in the same transaction as the state it tells of."""

    seq: int
    finding_uid: str
    operation: OutboxOperation
    run: int
    idempotency_key: str
    state: OutboxState
    tracker: str | None = None


class PromotionSummary(Record, frozen=True, kw_only=True):
    """What one promotion changed."""

    run: int
    scopes: int
    """For how many scopes the run spoke."""
    overtaken: int
    """In how many scopes another run's word counts, so that of this one only a gap was recorded."""
    gaps: int
    """How many gap rows the run recorded."""
    exposures: int
    """How many exposures were judged, those no longer seen among them."""
    new_exposures: int
    gone_observations: int
    """How many observations are no longer seen in a scope that was read whole."""
    transitions: Mapping[FindingStatus, int]
    """How many findings moved, by the status they moved to."""
    outcomes: Mapping[str, Mapping[Outcome, int]]
    """How many subjects had which outcome, by rule."""


class RetiredScope(Record, frozen=True, kw_only=True):
    """A scope that is no longer to be read, by somebody's word."""

    scope: Scope
    actor: str
    """Who said so."""
    reason: str
    """Why, in their words."""
    time: datetime
