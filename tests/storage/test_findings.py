"""The life of a finding: every step it can take, and those it must not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from storage.errors import NotAllowed, NotFound
from storage.inventory import (
    Assessment,
    Carrier,
    CloseReason,
    Confidence,
    Context,
    Finding,
    FindingStatus,
    Outcome,
    Policy,
    SecretExposure,
    Severity,
    Subject,
    SubjectKind,
)
from storage.records import Judge, OutboxOperation, OutboxState
from storage.store import Store
from tests.storage.builders import (
    DENIED,
    MOMENT,
    PARTIAL,
    a_scope,
    a_tag,
    an_exception,
    an_exposure,
    do_run,
    judge,
    no_rules,
    seen,
    staged,
)

DAY = timedelta(days=1)
CLEANED = an_exposure(1, at_head=False)


def test_a_violation_is_a_new_finding_with_a_term(store: Store) -> None:
    do_run(store, seen(an_exposure(1)))

    finding = at_head(store)
    assert (finding.status, finding.severity, finding.due_date) == (FindingStatus.NEW, Severity.HIGH, date(2026, 3, 31))
    assert (finding.first_run, finding.first_seen_time, finding.resolved_time) == (1, MOMENT, None)
    (step,) = store.transitions(finding.uid)
    assert (step.from_status, step.to_status, step.run) == (None, FindingStatus.NEW, 1)
    assert OutboxOperation.CREATE in {item.operation for item in store.outbox(OutboxState.PENDING)}


def test_a_cleaned_place_closes_and_a_leak_does_not(store: Store) -> None:
    do_run(store, seen(an_exposure(1)))
    do_run(store, seen(CLEANED), as_of=MOMENT + DAY)
    do_run(store, seen(), as_of=MOMENT + 2 * DAY)

    finding, leaked = at_head(store), only(store, "leaked")
    assert (finding.status, finding.close_reason) == (FindingStatus.RESOLVED, CloseReason.PLACE_CLEANED)
    assert finding.resolved_time == MOMENT + DAY
    assert (leaked.status, leaked.message) == (FindingStatus.NEW, "no longer found, removal is not revocation")
    assert leaked.last_seen_time == MOMENT + DAY


def test_a_finding_closes_and_opens_as_often_as_its_place_changes(store: Store) -> None:
    for exposure in (an_exposure(1), CLEANED, an_exposure(1), CLEANED):
        do_run(store, seen(exposure))

    assert steps(store) == ["new", "resolved", "reopened", "resolved"]
    (uid,) = {finding.uid for finding in store.findings(rule="at-head")}
    told = [item for item in store.outbox() if item.finding_uid == uid]
    assert [item.operation.value for item in told] == ["create", "close", "reopen", "close"]
    assert len({item.idempotency_key for item in told}) == 4


@pytest.mark.parametrize("status", [PARTIAL, DENIED])
def test_what_could_not_be_read_closes_nothing(store: Store, status: object) -> None:
    do_run(store, seen(an_exposure(1)))
    do_run(store, seen(CLEANED, status=status))  # type: ignore[arg-type]

    assert at_head(store).status is FindingStatus.NEW


def test_an_unread_branch_may_hold_what_left_the_work_tree(store: Store) -> None:
    tree = a_scope(carrier=Carrier.WORKTREE)
    standing = an_exposure(1, tree, in_history=False)
    do_run(store, [*seen(), *seen(standing, scope=tree)])
    do_run(store, [*seen(status=DENIED), *seen(scope=tree)])
    assert at_head(store).status is FindingStatus.NEW

    do_run(store, [*seen(), *seen(scope=tree)])
    assert at_head(store).status is FindingStatus.RESOLVED


def test_an_unread_reflog_does_not_keep_a_work_tree_open(store: Store) -> None:
    tree, local = a_scope(carrier=Carrier.WORKTREE), a_scope(carrier=Carrier.LOCAL)
    do_run(store, seen(an_exposure(1, tree), scope=tree))
    do_run(store, [*seen(scope=tree), *seen(scope=local, status=PARTIAL)])

    assert at_head(store).status is FindingStatus.RESOLVED


def test_a_run_over_another_repository_touches_nothing(store: Store) -> None:
    do_run(store, seen(an_exposure(1)))
    do_run(store, seen(scope=a_scope("till")))

    assert at_head(store).last_run == 1
    assert steps(store) == ["new"]


def test_findings_about_scopes_and_resources_close_when_the_control_is_met(store: Store) -> None:
    do_run(store, seen(an_exposure(1), status=PARTIAL))
    assert {only(store, rule).status for rule in ("coverage-gap", "unvaulted")} == {FindingStatus.NEW}
    do_run(store, seen())

    for rule in ("coverage-gap", "unvaulted"):
        finding = only(store, rule)
        assert (finding.status, finding.close_reason) == (FindingStatus.RESOLVED, CloseReason.CONTROL_MET)


def test_words_change_without_a_step(store: Store) -> None:
    do_run(store, seen(an_exposure(1)))
    do_run(store, seen(an_exposure(1, severity=Severity.CRITICAL)))

    finding = at_head(store)
    assert (finding.severity, finding.due_date) == (Severity.CRITICAL, date(2026, 3, 8))
    assert steps(store) == ["new"]


def test_without_a_term_in_the_policy_nothing_is_due(store: Store) -> None:
    do_run(store, seen(an_exposure(1)), policy=Policy(remediation_days={}))

    assert at_head(store).due_date is None


def test_a_clock_turned_back_changes_no_state(store: Store) -> None:
    do_run(store, seen(an_exposure(1)), as_of=MOMENT)
    do_run(store, seen(CLEANED), as_of=MOMENT - 365 * DAY)
    do_run(store, seen(an_exposure(1)), as_of=MOMENT + 365 * DAY)

    assert steps(store) == ["new", "resolved", "reopened"]


def test_triage_says_who_looked(store: Store) -> None:
    do_run(store, seen(an_exposure(1)))
    uid = at_head(store).uid
    for _ in range(2):
        store.triage(uid, actor="lead@example.com", time=MOMENT)

    assert at_head(store).status is FindingStatus.OPEN
    assert [step.actor for step in store.transitions(uid)] == ["nhi-agent", "lead@example.com"]
    do_run(store, seen(an_exposure(1)))
    assert steps(store) == ["new", "open"]
    do_run(store, seen(CLEANED))
    with pytest.raises(NotAllowed, match="resolved"):
        store.triage(uid, actor="lead@example.com", time=MOMENT)
    with pytest.raises(NotFound, match="no finding"):
        store.triage("0" * 64, actor="lead@example.com", time=MOMENT)


def test_an_accepted_risk_holds_until_it_expires(store: Store) -> None:
    do_run(store, seen(an_exposure(1)))
    exception = an_exception(at_head(store).uid)
    store.accept(exception)
    assert (at_head(store).status, at_head(store).close_reason) == (FindingStatus.EXCEPTED, CloseReason.EXCEPTED)

    do_run(store, seen(an_exposure(1)), as_of=MOMENT + 29 * DAY)
    (interval,) = store.assessments(rule="at-head")
    assert interval.assessment.outcome is Outcome.EXCEPTED
    assert {item.rule: item.counts for item in store.populations(2)}["at-head"] == {Outcome.EXCEPTED: 1}

    do_run(store, seen(an_exposure(1)), as_of=MOMENT + 30 * DAY)
    assert steps(store) == ["new", "excepted", "reopened"]
    assert list(store.exceptions()) == [exception]


def test_a_suppression_that_comes_to_count_excepts_what_was_open_and_makes_nothing(store: Store) -> None:
    excepted = _saying(Outcome.EXCEPTED, CloseReason.EXCEPTED)

    def run(rules: Judge) -> None:
        begun = staged(store, seen(an_exposure(1)))
        store.promote(begun, policy=Policy(), judge=rules, finished_time=MOMENT)

    run(excepted)
    assert [] == list(store.findings(rule="at-head"))
    run(judge)
    run(excepted)
    run(excepted)
    assert (at_head(store).status, at_head(store).close_reason) == (FindingStatus.EXCEPTED, CloseReason.EXCEPTED)
    run(judge)

    assert steps(store) == ["new", "excepted", "reopened"]
    assert [] == store.verify()


def test_approved_and_self_accepted_stay_apart(store: Store) -> None:
    do_run(store, seen(an_exposure(1), an_exposure(2)))
    one, other = (finding.uid for finding in store.findings(rule="at-head"))
    store.accept(an_exception(one, uid="e1"))
    store.accept(an_exception(other, uid="e2", approver="DEV@example.com", kind=CloseReason.FALSE_POSITIVE))

    assert [list(store.transitions(uid))[-1].reason for uid in (one, other)] == [
        "excepted: approved",
        "false_positive: self-accepted",
    ]
    assert store.finding(other).close_reason is CloseReason.FALSE_POSITIVE


def test_a_revoked_exception_reopens_unless_another_one_holds(store: Store) -> None:
    do_run(store, seen(an_exposure(1)))
    uid = at_head(store).uid
    store.accept(an_exception(uid, uid="e1"))
    store.accept(an_exception(uid, uid="e2", approver=None))
    store.revoke_exception("e1", actor="lead@example.com", time=MOMENT)
    assert at_head(store).status is FindingStatus.EXCEPTED
    for _ in range(2):
        store.revoke_exception("e2", actor="lead@example.com", time=MOMENT)

    assert steps(store) == ["new", "excepted", "reopened"]
    do_run(store, seen(an_exposure(1)))
    assert steps(store) == ["new", "excepted", "reopened"]
    with pytest.raises(NotFound, match="no exception e9"):
        store.revoke_exception("e9", actor="lead@example.com", time=MOMENT)


def test_an_accepted_risk_that_is_remediated_is_resolved_and_returns_excepted(store: Store) -> None:
    do_run(store, seen(an_exposure(1)))
    store.accept(an_exception(at_head(store).uid))
    do_run(store, seen(CLEANED))
    do_run(store, seen(an_exposure(1)))

    assert steps(store) == ["new", "excepted", "resolved", "excepted"]
    store.revoke_exception("exception-1", actor="lead@example.com", time=MOMENT)
    assert at_head(store).status is FindingStatus.REOPENED


def test_revoking_for_a_resolved_finding_opens_nothing(store: Store) -> None:
    do_run(store, seen(an_exposure(1)))
    store.accept(an_exception(at_head(store).uid))
    do_run(store, seen(CLEANED))
    store.revoke_exception("exception-1", actor="lead@example.com", time=MOMENT)

    assert at_head(store).status is FindingStatus.RESOLVED


def test_exceptions_that_make_no_sense_are_refused(store: Store) -> None:
    do_run(store, seen(an_exposure(1), an_exposure(2, at_head=False)))
    do_run(store, seen(an_exposure(1), CLEANED))
    uid = at_head(store).uid
    with pytest.raises(NotAllowed, match="kind policy_changed"):
        store.accept(an_exception(uid, kind=CloseReason.POLICY_CHANGED))
    with pytest.raises(NotAllowed, match="must end after"):
        store.accept(an_exception(uid, expiration_time=MOMENT))
    with pytest.raises(NotFound, match="no finding"):
        store.accept(an_exception("0" * 64))
    store.accept(an_exception(uid))
    with pytest.raises(NotAllowed, match="exists already"):
        store.accept(an_exception(uid))
    do_run(store, seen(CLEANED))
    with pytest.raises(NotAllowed, match="no risk left"):
        store.accept(an_exception(uid, uid="e2"))
    assert len(list(store.exceptions())) == 1


def test_findings_are_asked_for_by_what_they_are(store: Store) -> None:
    do_run(store, [*seen(an_exposure(1)), *seen(an_exposure(2, a_scope("till")), scope=a_scope("till"))])
    uid = next(store.findings(rule="at-head", severity=Severity.HIGH)).uid
    store.triage(uid, actor="lead", time=MOMENT)

    assert [finding.uid for finding in store.findings(status=FindingStatus.OPEN)] == [uid]
    assert list(store.findings(severity=Severity.LOW)) == []
    assert len(list(store.findings(resource_uid="till"))) == 2
    assert store.finding(uid[:12]) == store.finding(uid)
    do_run(store, seen(*(an_exposure(number) for number in range(10, 30))))
    with pytest.raises(NotFound, match="More than one"):
        store.finding(_shared_prefix(store))
    for nothing in ("", "x", "%"):
        with pytest.raises(NotFound, match="no finding"):
            store.finding(nothing)


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        pytest.param(CloseReason.RULE_CHANGED, FindingStatus.RESOLVED, id="a decision needs nothing read"),
        pytest.param(None, FindingStatus.NEW, id="without a reason it stays"),
    ],
)
def test_a_rule_that_no_longer_applies(store: Store, reason: CloseReason | None, status: FindingStatus) -> None:
    do_run(store, seen(an_exposure(1)))
    run = staged(store, seen(status=PARTIAL))
    store.promote(run, policy=Policy(), judge=_saying(Outcome.NOT_APPLICABLE, reason), finished_time=MOMENT)

    assert at_head(store).status is status


def test_two_exposures_that_are_one_value_become_the_older_one(store: Store) -> None:
    till = a_scope("till")
    do_run(store, seen(an_exposure(1)))
    (elder,) = [exposure.uid for exposure in store.exposures()]
    foreign = an_exposure(1, fingerprint=a_tag(1, "k2"))
    do_run(store, [*seen(an_exposure(1), foreign), *seen(foreign_in := _in(foreign, till), scope=till)])
    younger_uid = next(exposure.uid for exposure in store.exposures() if exposure.uid != elder)
    younger = next(finding for finding in store.findings(rule="at-head") if finding.subject_uid == younger_uid)
    store.accept(an_exception(younger.uid))

    both = an_exposure(1, fingerprint=a_tag(1, "k2"), aliases=(a_tag(1),))
    summary = do_run(store, [*seen(both), *seen(foreign_in, scope=till)])

    assert [exposure.uid for exposure in store.exposures()] == [elder]
    assert summary.new_exposures == 0
    assert (store.finding(younger.uid).status, store.finding(younger.uid).close_reason) == (
        FindingStatus.RESOLVED,
        CloseReason.SCOPE_REMOVED,
    )
    kept = next(finding for finding in store.findings(rule="at-head") if finding.subject_uid == elder)
    assert kept.status is FindingStatus.EXCEPTED
    assert do_run(store, [*seen(both), *seen(foreign_in, scope=till)]).transitions == {}


def test_values_that_no_rule_judged_become_one_as_well(store: Store) -> None:
    for exposures in ((an_exposure(1), an_exposure(2)), (an_exposure(2, aliases=(a_tag(1),)),)):
        run = staged(store, seen(*exposures))
        store.promote(run, policy=Policy(), judge=no_rules, finished_time=MOMENT)

    assert len(list(store.exposures())) == 1


def test_three_tags_met_apart_in_one_run_are_one_value(store: Store) -> None:
    first, third = an_exposure(1), an_exposure(3)
    do_run(store, seen(first, third, an_exposure(2, aliases=(a_tag(1), a_tag(3)))))

    (exposure,) = store.exposures()
    assert {exposure.fingerprint, *exposure.aliases} == {a_tag(1), a_tag(2), a_tag(3)}


@pytest.mark.parametrize("gone", [(False, False), (True, False), (False, True), (True, True)])
def test_values_become_one_whether_or_not_they_are_still_seen(store: Store, gone: tuple[bool, bool]) -> None:
    two = [an_exposure(1), an_exposure(2)]
    do_run(store, seen(*two))
    do_run(store, seen(*(exposure for exposure, left in zip(two, gone, strict=True) if not left)))
    till = a_scope("till")
    do_run(store, seen(an_exposure(3, till, aliases=(a_tag(1), a_tag(2))), scope=till))

    (exposure,) = store.exposures()
    assert exposure.present
    do_run(store, seen(scope=till))
    (exposure,) = store.exposures()
    assert exposure.present is (gone != (True, True))


def test_one_value_after_another_joins_the_eldest(store: Store) -> None:
    do_run(store, seen(an_exposure(1)))
    do_run(store, seen(an_exposure(1), an_exposure(2)))
    do_run(store, seen(an_exposure(1), an_exposure(2), an_exposure(3)))
    do_run(store, seen(an_exposure(1), an_exposure(3, aliases=(a_tag(2),))))
    do_run(store, seen(an_exposure(3, aliases=(a_tag(1), a_tag(2)))))

    (exposure,) = store.exposures()
    assert store.exposure_uid(a_tag(1)) == exposure.uid


def at_head(store: Store) -> Finding:
    return only(store, "at-head")


def only(store: Store, rule: str) -> Finding:
    (finding,) = store.findings(rule=rule)
    return finding


def steps(store: Store) -> list[str]:
    return [step.to_status.value for step in store.transitions(at_head(store).uid)]


def _in(exposure: SecretExposure, scope: object) -> SecretExposure:
    return an_exposure(1, scope, fingerprint=exposure.fingerprint)  # type: ignore[arg-type]


def _shared_prefix(store: Store) -> str:
    uids = [finding.uid for finding in store.findings()]
    return next(uid[:1] for uid in uids if sum(other[:1] == uid[:1] for other in uids) > 1)


def _saying(outcome: Outcome, reason: CloseReason | None) -> Judge:
    def say(subjects: Iterator[Subject], context: Context) -> Iterator[Assessment]:
        for subject in subjects:
            if isinstance(subject, SecretExposure):
                yield Assessment(
                    rule="at-head",
                    subject_kind=SubjectKind.EXPOSURE,
                    subject_uid=subject.uid,
                    outcome=outcome,
                    severity=Severity.HIGH,
                    confidence=Confidence.HIGH,
                    message="the rule changed",
                    close_reason=reason,
                )

    return say
