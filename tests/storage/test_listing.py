"""What providers list: kept scope by scope, put together when asked for, and gone only where the list was whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.inventory import (
    Assessment,
    CloseReason,
    Confidence,
    Context,
    CoverageStatus,
    CredentialState,
    Facet,
    FindingStatus,
    Identity,
    IdentityState,
    Observation,
    Outcome,
    Scope,
    Severity,
    Subject,
    SubjectKind,
    Trust,
    TrustKind,
)
from storage.listing import merged
from storage.records import PromotionSummary
from storage.store import Store
from tests.storage.builders import (
    COMPLETE,
    DENIED,
    MOMENT,
    PARTIAL,
    a_coverage,
    a_credential,
    a_gap,
    a_safeguard,
    a_stored_secret,
    an_account,
    an_api_scope,
    an_identity,
    staged,
)

IAM, KEYS = an_api_scope(), an_api_scope("iam-access-keys")


def listed(*things: Any, scope: Scope, status: CoverageStatus = COMPLETE) -> list[Observation]:
    """What a connector yields for one scope over an account."""
    gaps = [] if status is COMPLETE else [a_gap(scope)]
    return [an_account(), scope, *things, *gaps, a_coverage(scope, status)]


def old_keys(subjects: Iterator[Subject], context: Context) -> Iterator[Assessment]:
    """One small rule: no access key, and no identity with one."""
    for subject in subjects:
        match subject:
            case CredentialState(credential=credential):
                kind, uid, bad = SubjectKind.CREDENTIAL, credential.uid, subject.present
            case IdentityState(identity=identity):
                kind, uid, bad = SubjectKind.IDENTITY, identity.uid, bool(subject.credentials)
            case _:
                continue
        yield Assessment(
            rule="old-keys",
            subject_kind=kind,
            subject_uid=uid,
            outcome=Outcome.NOT_SATISFIED if bad else Outcome.SATISFIED,
            severity=Severity.HIGH,
            confidence=Confidence.HIGH,
            message="An access key.",
            close_reason=None if bad else CloseReason.REVOKED_PROVED,
        )


def run(store: Store, *observations: Observation) -> PromotionSummary:
    begun = staged(store, observations)
    return store.promote(begun, policy=store.policy(begun.policy_digest), judge=old_keys, finished_time=MOMENT)


def statuses(store: Store) -> dict[str, FindingStatus]:
    return {finding.subject_uid: finding.status for finding in store.findings()}


def test_every_kind_is_kept_and_given_back(store: Store) -> None:
    slots, trails = an_api_scope("secretsmanager", region="eu-west-1"), an_api_scope("cloudtrail")
    run(
        store,
        *listed(an_identity(1), an_identity(2), scope=IAM),
        *listed(a_credential(1), a_credential(2, identity_uid="aws:user:9"), scope=KEYS),
        *listed(a_stored_secret(1), scope=slots),
        *listed(a_safeguard(1), scope=trails),
    )

    one, two = store.identities()
    assert [credential.uid for credential in one.credentials] == ["aws:access-key:1"]
    assert (one.identity.name, two.credentials) == ("robot-1", ())
    first, second = store.credentials()
    assert (first.identity, second.identity) == (one.identity, None)
    assert [state.stored_secret.name for state in store.stored_secrets()] == ["slot-1"]
    assert [state.safeguard.name for state in store.safeguards()] == ["trail-1"]
    (kept,) = [scope for scope in store.scopes() if scope.uid == slots.uid]
    assert kept == slots
    assert store.verify() == []


def test_a_run_shows_what_it_speaks_of(store: Store) -> None:
    other = an_api_scope(resource_uid="aws:account:2")
    run(store, *listed(an_identity(1), scope=IAM))
    run(store, *listed(an_identity(2, other), scope=other))

    shown = [[state.identity.uid for state in store.identities(run_seq=seq)] for seq in (1, 2, None)]
    assert shown == [["aws:user:1"], ["aws:user:2"], ["aws:user:1", "aws:user:2"]]


@pytest.mark.parametrize("status", [PARTIAL, DENIED])
def test_what_a_list_that_was_refused_does_not_show_is_not_gone(store: Store, status: CoverageStatus) -> None:
    run(store, *listed(an_identity(1), scope=IAM), *listed(a_credential(1), scope=KEYS))
    assert statuses(store) == dict.fromkeys(["aws:user:1", "aws:access-key:1"], FindingStatus.NEW)

    run(store, *listed(an_identity(1), scope=IAM), *listed(scope=KEYS, status=status))

    assert statuses(store) == dict.fromkeys(["aws:user:1", "aws:access-key:1"], FindingStatus.NEW)
    assert [state.present for state in store.credentials()] == [True]


def test_what_a_whole_list_no_longer_shows_is_gone(store: Store) -> None:
    run(store, *listed(an_identity(1), scope=IAM), *listed(a_credential(1), scope=KEYS))
    run(store, *listed(an_identity(1), scope=IAM), *listed(scope=KEYS))

    assert [state.present for state in store.credentials()] == [False]
    assert [state.credentials for state in store.identities()] == [()]
    assert {finding.close_reason for finding in store.findings()} == {CloseReason.REVOKED_PROVED}
    assert store.verify() == []

    run(store, *listed(an_identity(1), scope=IAM), *listed(a_credential(1), scope=KEYS))
    assert set(statuses(store).values()) == {FindingStatus.REOPENED}


def test_what_is_gone_leaves_the_population_once_its_findings_are_closed(store: Store) -> None:
    """The auditor's population is what there is: what was deleted long ago passes nothing any more."""
    run(store, *listed(an_identity(1), scope=IAM), *listed(a_credential(1), scope=KEYS))
    run(store, *listed(an_identity(1), scope=IAM), *listed(scope=KEYS))
    run(store, *listed(an_identity(1), scope=IAM), *listed(scope=KEYS))

    judged = [sum(next(store.populations(seq)).counts.values()) for seq in (1, 2, 3)]
    assert judged == [2, 2, 1]
    assert [state.present for state in store.credentials(run_seq=2)] == [False]
    assert list(store.credentials(run_seq=3)) == []
    assert [row.assessment.subject_uid for row in store.assessments()] == ["aws:user:1"]
    assert store.verify() == []


def test_what_only_adds_to_a_list_keeps_nothing_there(store: Store) -> None:
    """A report of use that was refused says nothing of who exists: the list does, and it was read whole."""
    report = an_api_scope("iam-credential-report")
    used = an_identity(1, report, listed=False, last_used_time=MOMENT, observed=frozenset({Facet.LAST_USE}))
    run(store, *listed(an_identity(1), scope=IAM), *listed(used, scope=report))
    assert [(state.present, state.identity.last_used_time) for state in store.identities()] == [(True, MOMENT)]

    run(store, *listed(scope=IAM), *listed(scope=report, status=DENIED))
    assert [state.present for state in store.identities(run_seq=2)] == [False]


def test_the_same_list_again_changes_nothing(store: Store) -> None:
    observations = [*listed(an_identity(1), scope=IAM), *listed(a_credential(1), scope=KEYS)]
    run(store, *observations)
    assert run(store, *observations).transitions == {}
    assert [row.since_run for row in store.assessments()] == [1, 1]


def test_an_account_that_is_only_listed_is_no_place_without_plaintext(store: Store) -> None:
    """Nothing in it was searched for values, so nothing is said of values in it."""
    judged: list[str] = []

    def judge(subjects: Iterator[Subject], context: Context) -> Iterator[Assessment]:
        judged.extend(type(subject).__name__ for subject in subjects)
        yield from ()

    begun = staged(store, listed(an_identity(1), scope=IAM))
    store.promote(begun, policy=store.policy(begun.policy_digest), judge=judge, finished_time=MOMENT)
    assert judged == ["CoverageState", "IdentityState"]


TRUSTS = [
    Trust(kind=TrustKind.OIDC, principal="https://ci.example.com", conditions={"sub": (subject,)})
    for subject in ("repo:shop", "repo:till")
]
TIMES = st.none() | st.integers(0, 1000).map(lambda days: MOMENT - timedelta(days=days))


@st.composite
def sightings(draw: st.DrawFn) -> list[Identity]:
    return [
        an_identity(
            scope_uid=f"scope-{number}",
            last_used_time=draw(TIMES),
            created_time=draw(TIMES),
            enabled=draw(st.none() | st.booleans()),
            provider_managed=draw(st.booleans()),
            trusts=tuple(draw(st.lists(st.sampled_from(TRUSTS), max_size=2))),
            aliases=tuple(draw(st.lists(st.sampled_from("abc"), unique=True))),
            attributes=draw(st.dictionaries(st.sampled_from("xyz"), st.sampled_from("123"))),
            observed=frozenset(draw(st.sets(st.sampled_from(Facet)))),
        )
        for number in range(draw(st.integers(1, 4)))
    ]


@given(sightings(), st.randoms())
def test_scopes_together_say_the_same_in_any_order(seen: list[Identity], random: Any) -> None:
    whole = merged(seen)
    shuffled = list(seen)
    random.shuffle(shuffled)

    assert merged(shuffled) == whole
    assert merged([whole]) == whole
    assert whole.observed == frozenset().union(*(one.observed for one in seen))
    assert set(whole.aliases) == {alias for one in seen for alias in one.aliases}
    used = [one.last_used_time for one in seen if one.last_used_time]
    assert whole.last_used_time == max(used, default=None)
    assert {trust.conditions["sub"] for trust in whole.trusts} == {
        trust.conditions["sub"] for one in seen for trust in one.trusts
    }
    assert whole.provider_managed == any(one.provider_managed for one in seen)
    for name in ("created_time", "enabled"):
        told = [getattr(one, name) for one in seen if getattr(one, name) is not None]
        assert getattr(whole, name) == next(iter(told), None)
