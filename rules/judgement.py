"""Judges the inventory: every subject meets every rule of its kind, one at a time, so that a million of them stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.base import kind_of
from rules.joins.owner_precedence import settled_subject
from rules.registry import RULES
from storage.inventory import Assessment, CloseReason, Context, SecretExposure, Subject, SubjectKind

_DISABLED = "The policy disables this rule."
_NOT_LOOKED_FOR = {
    CloseReason.POLICY_CHANGED: "It is not looked for any more: the policy disables its format.",
    CloseReason.RULE_CHANGED: "It is not looked for any more: its format has been withdrawn.",
}


def judge(subjects: Iterable[Subject], context: Context) -> Iterator[Assessment]:
    """Yield one assessment for each subject and each rule of its kind.

    The joins run first: who answers for a subject is settled once, and then known to all of its rules. Subjects keep
    their order, and a subject's assessments come in the order of the registry. A rule that the policy has disabled
    applies to nothing: what it found before is closed as `policy_changed`, and opened again with the rule. Nor does any
    rule call clean what is not seen any more because nobody looks for its format: that closes as what it is.
    """
    by_kind = {kind: [rule for rule in RULES if kind in rule.subject_kinds] for kind in SubjectKind}
    for given in subjects:
        subject = settled_subject(given, context.policy)
        unlooked = _why_not_looked_for(subject, context) if isinstance(subject, SecretExposure) else None
        for rule in by_kind[kind_of(subject)]:
            if rule.code in context.policy.disabled_rules:
                yield rule.not_applicable(subject, context, _DISABLED, close_reason=CloseReason.POLICY_CHANGED)
                continue
            assessment = rule.assess(subject, context)
            if unlooked is not None and (_is_gone(subject) or assessment.close_reason is CloseReason.PLACE_CLEANED):
                assessment = rule.not_applicable(subject, context, _NOT_LOOKED_FOR[unlooked], close_reason=unlooked)
            yield assessment


def _why_not_looked_for(exposure: SecretExposure, context: Context) -> CloseReason | None:
    """Say as what a value closes whose format this run did not look for; `None` where it did, or nobody told."""
    if exposure.detector in context.policy.disabled_formats:
        return CloseReason.POLICY_CHANGED
    if context.detectors and exposure.detector not in context.detectors:
        return CloseReason.RULE_CHANGED
    return None


def _is_gone(subject: Subject) -> bool:
    return isinstance(subject, SecretExposure) and not subject.present
