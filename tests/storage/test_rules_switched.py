"""Rules that are switched off or withdrawn: what they found is closed for that reason, and opened again with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from storage.inventory import Assessment, CloseReason, Context, Finding, FindingStatus, Outcome, Policy, Subject
from storage.records import PromotionSummary
from storage.store import Store
from tests.storage.builders import MOMENT, a_scope, an_exception, an_exposure, do_run, judge, seen, staged

CODES = frozenset({"at-head", "leaked", "unvaulted", "coverage-gap"})
OFF = Policy(disabled_rules=frozenset({"at-head"}))
TILL = a_scope("till")


def obedient(subjects: Iterator[Subject], context: Context) -> Iterator[Assessment]:
    """The small rules, each of which applies to nothing when the policy disables it."""
    for assessment in judge(subjects, context):
        if assessment.rule in context.policy.disabled_rules:
            yield msgspec.structs.replace(
                assessment, outcome=Outcome.NOT_APPLICABLE, close_reason=CloseReason.POLICY_CHANGED
            )
        else:
            yield assessment


def without_at_head(subjects: Iterator[Subject], context: Context) -> Iterator[Assessment]:
    return (assessment for assessment in judge(subjects, context) if assessment.rule != "at-head")


def run(store: Store, *, policy: Policy | None = None, withdrawn: bool = False) -> PromotionSummary:
    """A run over the shop."""
    policy = policy or Policy()
    begun = staged(store, seen(an_exposure(1)), policy=policy)
    return store.promote(
        begun,
        policy=policy,
        judge=without_at_head if withdrawn else obedient,
        finished_time=MOMENT,
        codes=CODES - {"at-head"} if withdrawn else CODES,
    )


def at_head(store: Store) -> Finding:
    uid = store.exposure_uid(an_exposure(1).fingerprint)
    (finding,) = store.findings(rule="at-head", subject_uids=[str(uid)])
    return finding


def test_a_disabled_rule_closes_its_findings_until_it_is_enabled(store: Store) -> None:
    run(store)
    run(store, policy=OFF)
    assert (at_head(store).status, at_head(store).close_reason) == (FindingStatus.RESOLVED, CloseReason.POLICY_CHANGED)
    assert run(store, policy=OFF).transitions == {}
    run(store)

    assert at_head(store).status is FindingStatus.REOPENED
    assert {finding.status for finding in store.findings(rule="leaked")} == {FindingStatus.NEW}


def test_a_withdrawn_rule_closes_its_findings_until_it_returns(store: Store) -> None:
    run(store)
    summary = run(store, withdrawn=True)
    assert summary.transitions == {FindingStatus.RESOLVED: 1}
    assert (at_head(store).status, at_head(store).close_reason) == (FindingStatus.RESOLVED, CloseReason.RULE_CHANGED)
    assert list(store.assessments(rule="at-head")) == []
    assert run(store, withdrawn=True).transitions == {}
    run(store)

    assert at_head(store).status is FindingStatus.REOPENED
    history = store.assessment_history("at-head", at_head(store).subject_uid)
    assert [(item.since_run, item.until_run) for item in history] == [(1, 2), (4, None)]


def test_what_the_run_does_not_speak_of_stays(store: Store) -> None:
    do_run(store, seen(an_exposure(2, TILL), scope=TILL))
    run(store)
    run(store, withdrawn=True)

    statuses = sorted(finding.status for finding in store.findings(rule="at-head"))
    assert statuses == [FindingStatus.NEW, FindingStatus.RESOLVED]


def test_an_accepted_risk_of_a_withdrawn_rule_is_closed_and_counts_again_with_it(store: Store) -> None:
    run(store)
    store.accept(an_exception(at_head(store).uid, expiration_time=MOMENT + timedelta(days=30)))
    run(store, withdrawn=True)
    assert at_head(store).close_reason is CloseReason.RULE_CHANGED
    run(store)

    assert at_head(store).status is FindingStatus.EXCEPTED


def test_who_does_not_name_the_rules_withdraws_none(store: Store) -> None:
    run(store)
    begun = staged(store, seen(an_exposure(1)))
    store.promote(begun, policy=Policy(), judge=without_at_head, finished_time=MOMENT)

    assert at_head(store).status is FindingStatus.NEW
