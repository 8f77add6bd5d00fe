"""Judges the inventory: every subject meets every rule of its kind, one at a time, so that a million of them stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.base import kind_of
from rules.joins.owner_precedence import settled
from rules.registry import RULES
from storage.inventory import Assessment, CloseReason, Context, SecretExposure, Subject, SubjectKind

_DISABLED = "The policy disables this rule."


def judge(subjects: Iterable[Subject], context: Context) -> Iterator[Assessment]:
    """Yield one assessment for each subject and each rule of its kind.

    The joins run first: who answers for an exposure is settled once, and then known to all of its rules. Subjects keep
    their order, and a subject's assessments come in the order of the registry. A rule that the policy has disabled
    applies to nothing: what it found before is closed as `policy_changed`, and opened again with the rule.
    """
    by_kind = {kind: [rule for rule in RULES if kind in rule.subject_kinds] for kind in SubjectKind}
    for given in subjects:
        subject = settled(given, context.policy) if isinstance(given, SecretExposure) else given
        for rule in by_kind[kind_of(subject)]:
            if rule.code in context.policy.disabled_rules:
                yield rule.not_applicable(subject, context, _DISABLED, close_reason=CloseReason.POLICY_CHANGED)
            else:
                yield rule.assess(subject, context)
