"""The steps a finding can take: one pure table, with no clock and no database.

No longer seen is not remediated: a finding closes only when its rule names a reason, and only when everything that
could contradict the rule was read whole in the same run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from storage.inventory import (
    Assessment,
    CloseReason,
    FindingStatus,
    Outcome,
    Policy,
    Record,
    RiskException,
    Severity,
)
from storage.records import OutboxOperation

OPEN = frozenset({FindingStatus.NEW, FindingStatus.OPEN, FindingStatus.REOPENED})
# Reasons that somebody decided on: what was read of the scope has no part in them.
BY_DECISION = frozenset({CloseReason.POLICY_CHANGED, CloseReason.RULE_CHANGED, CloseReason.SCOPE_REMOVED})
PROVED_ENDS = frozenset({CloseReason.REVOKED_PROVED, CloseReason.ROTATED_PROVED, CloseReason.EXPIRED_PROVED})
"""As what a leaked value closes because it opens nothing any more."""
_OPERATIONS = {
    FindingStatus.NEW: OutboxOperation.CREATE,
    FindingStatus.OPEN: OutboxOperation.UPDATE,
    FindingStatus.REOPENED: OutboxOperation.REOPEN,
    FindingStatus.RESOLVED: OutboxOperation.CLOSE,
    FindingStatus.EXCEPTED: OutboxOperation.UPDATE,
}


class Step(Record, frozen=True, kw_only=True):
    """One step of a finding: where to, why, and what it is closed as."""

    to_status: FindingStatus
    reason: str
    close_reason: CloseReason | None = None


def next_step(
    status: FindingStatus | None, assessment: Assessment, exception: RiskException | None, *, complete: bool
) -> Step | None:
    """Return the step that an assessment makes a finding take, `None` where it stays.

    `status` is `None` for a finding that does not exist. `exception` is the one active at the run's `as_of`.
    `complete` says whether every scope that can speak of the subject was read whole in this run.
    """
    match assessment.outcome:
        case Outcome.NOT_SATISFIED if exception is not None:
            return None if status is FindingStatus.EXCEPTED else excepted(exception)
        case Outcome.NOT_SATISFIED:
            return _violation(status)
        case Outcome.SATISFIED | Outcome.NOT_APPLICABLE:
            return _closing(status, assessment.close_reason, complete=complete)
        case Outcome.EXCEPTED:
            return _admitted(status)
        case Outcome.NOT_ASSESSED:
            return None


def excepted(exception: RiskException) -> Step:
    """Return the step into an accepted risk; its reason keeps approved and self-accepted apart."""
    standing = "approved" if exception.approved else "self-accepted"
    return Step(to_status=FindingStatus.EXCEPTED, reason=f"{exception.kind}: {standing}", close_reason=exception.kind)


def no_longer_excepted(reason: str) -> Step:
    """Return the step out of an accepted risk."""
    return Step(to_status=FindingStatus.REOPENED, reason=reason)


def closed(close_reason: CloseReason) -> Step:
    """Return the step that resolves a finding."""
    return Step(to_status=FindingStatus.RESOLVED, reason=close_reason.value, close_reason=close_reason)


def stays_visible(assessment: Assessment) -> bool:
    """Say whether an assessment still speaks of an open finding, so that its words are brought up to date."""
    if assessment.outcome in {Outcome.NOT_SATISFIED, Outcome.EXCEPTED}:
        return True
    return assessment.outcome is Outcome.SATISFIED and assessment.close_reason is None


def active(exceptions: Sequence[RiskException], as_of: datetime) -> RiskException | None:
    """Return the exception that counts at a moment: an approved one first, then the one that lasts longest.

    When it was made does not matter: a clock that was turned back must not undo it.
    """
    standing = [
        exception for exception in exceptions if exception.revoked_time is None and as_of < exception.expiration_time
    ]
    return max(
        standing, key=lambda exception: (exception.approved, exception.expiration_time, exception.uid), default=None
    )


def due_date(first_seen_time: datetime, severity: Severity, policy: Policy) -> date | None:
    """Return the day by which a finding must be remediated; `None` where the policy sets no term."""
    days = policy.remediation_days.get(severity)
    return None if days is None else first_seen_time.date() + timedelta(days=days)


def operation(to_status: FindingStatus) -> OutboxOperation:
    """Return what a tracker is told of a step."""
    return _OPERATIONS[to_status]


def idempotency_key(finding_uid: str, step: int) -> str:
    """Return the name of one message: the same step of the same finding has the same name for ever."""
    return hashlib.sha256(f"{finding_uid}\0{step}".encode()).hexdigest()


def _violation(status: FindingStatus | None) -> Step | None:
    match status:
        case None:
            return Step(to_status=FindingStatus.NEW, reason="found")
        case FindingStatus.RESOLVED:
            return Step(to_status=FindingStatus.REOPENED, reason="found again")
        case FindingStatus.EXCEPTED:
            return no_longer_excepted("the exception ended")
        case _:
            return None


def _admitted(status: FindingStatus | None) -> Step | None:
    """Step aside for a suppression that the policy admits: what it never let become a finding is none."""
    if status not in OPEN:
        return None
    return Step(
        to_status=FindingStatus.EXCEPTED,
        reason="the policy admits its suppression",
        close_reason=CloseReason.EXCEPTED,
    )


def _closing(status: FindingStatus | None, close_reason: CloseReason | None, *, complete: bool) -> Step | None:
    if status is None or status is FindingStatus.RESOLVED or close_reason is None:
        return None
    return closed(close_reason) if complete or close_reason in BY_DECISION else None
