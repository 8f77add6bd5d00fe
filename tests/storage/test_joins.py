"""An exposed value and the listed credential that it is: live or dead by proof, whatever was run first."""

from __future__ import annotations

import base64
import random
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.rulebook import EXPOSED_CREDENTIALS
from rules.joins.shared_identifiers import aws_account
from rules.judgement import judge
from storage.inventory import (
    Carrier,
    CloseReason,
    CommitPoint,
    Confidence,
    CoverageStatus,
    Credential,
    CredentialType,
    Facet,
    FindingStatus,
    IdentityKind,
    LinkKind,
    Observation,
    Privilege,
    PrivilegeLevel,
    SecretExposure,
    Severity,
    Validity,
)
from storage.reach import joined_in
from storage.records import PromotionSummary
from storage.store import Store
from tests.storage.builders import (
    ACCOUNT,
    COMPLETE,
    DENIED,
    MOMENT,
    PARTIAL,
    Clock,
    a_coverage,
    a_credential,
    a_gap,
    a_reference,
    a_scope,
    an_account,
    an_api_scope,
    an_exposure,
    an_identity,
    seen,
    staged,
)

IAM, KEYS, REPORT = an_api_scope(), an_api_scope("iam-access-keys"), an_api_scope("iam-credential-report")
LEAKED = "exposed-secret-in-history"
LATER = MOMENT + timedelta(days=1)


def key_id(number: int, account: str = ACCOUNT) -> str:
    """Return an access key id of an account, made up from a number."""
    head = (int(account.rpartition(":")[2]) << 7 | 1 << 47).to_bytes(6, "big")
    return "AKIA" + base64.b32encode(head + random.Random(number).randbytes(4)).decode()


def exposed(number: int = 1, **fields: Any) -> SecretExposure:
    """A secret access key that stands beside its id, in a commit of long ago."""
    time = MOMENT - timedelta(days=400)
    first = CommitPoint(oid="1" * 40, author_name="Ada", author_email="ada@example.com", time=time, committer_time=time)
    return an_exposure(
        number,
        **{
            "detector": "aws-secret-access-key",
            "name": "AWS secret access key",
            "vendor": "aws",
            "type": CredentialType.ACCESS_KEY,
            "public_identifiers": {"access_key_id": key_id(number)},
            "first_commit": first,
            "observed": frozenset(Facet),
            **fields,
        },
    )


def a_key(number: int = 1, **fields: Any) -> Credential:
    uid = key_id(number)
    made = MOMENT - timedelta(days=500)
    told = {"public_identifier": uid, "enabled": True, "status": "Active", "created_time": made}
    return a_credential(**{"uid": f"aws:access-key:{uid}", **told, **fields})


def a_robot(level: PrivilegeLevel = PrivilegeLevel.LIMITED, **fields: Any) -> Any:
    privileges = (Privilege(name="deploy-policy", level=level),)
    return an_identity(1, privileges=privileges, observed=frozenset(Facet), **fields)


def a_root(**fields: Any) -> Any:
    number = ACCOUNT.rpartition(":")[2]
    told = {"kind": IdentityKind.ACCOUNT_ROOT, "name": "root", "observed": frozenset({Facet.CREDENTIALS})}
    return an_identity(0, REPORT, **{"uid": f"aws:account-root:{number}", **told, **fields})


def leak(*exposures: SecretExposure) -> list[Observation]:
    """What a sweep of a repository yields."""
    return seen(*(exposures or (exposed(),)))


def account(*keys: Credential, status: CoverageStatus = COMPLETE, robot: Any = None) -> list[Observation]:
    """What a reading of the account yields; a list of keys that was not read whole says which call was refused."""
    gaps = [] if status is COMPLETE else [a_gap(KEYS, permission="iam:ListAccessKeys")]
    return [
        an_account(), IAM, robot or a_robot(), a_coverage(IAM), KEYS, *keys, *gaps, a_coverage(KEYS, status),
        REPORT, a_root(), a_coverage(REPORT),
    ]  # fmt: skip


def run(store: Store, observations: Sequence[Observation], as_of: Any = MOMENT) -> PromotionSummary:
    begun = staged(store, observations, as_of=as_of)
    policy = store.policy(begun.policy_digest)
    return store.promote(begun, policy=policy, judge=judge, finished_time=as_of, join=EXPOSED_CREDENTIALS)


def the_exposure(store: Store) -> SecretExposure:
    (found,) = store.exposures()
    return found


def verdict(store: Store) -> tuple[Validity, str]:
    found = the_exposure(store)
    assert found.joined is not None
    return found.validity, found.joined.reason


def state(store: Store, rule: str = LEAKED) -> tuple[FindingStatus, CloseReason | None, Severity]:
    (found,) = [each for each in store.findings(rule=rule) if each.subject_kind.value == "exposure"]
    return found.status, found.close_reason, found.severity


def everything(store: Store) -> Any:
    """All that must not depend on the order of runs; uids of exposures are drawn, so they are left out."""
    found = the_exposure(store)
    rules = sorted((each.rule, each.status.value == "resolved", each.close_reason, each.severity.value, each.message)
                   for each in store.findings() if each.subject_uid == found.uid)  # fmt: skip
    return found.validity, found.joined, rules, [(link.kind, link.target_uid) for link in store.links()]


def test_a_listed_key_is_live_and_tells_whose_it_is(store: Store) -> None:
    run(store, [*leak(), *account(a_key(), robot=a_robot(PrivilegeLevel.ADMIN))])

    found = the_exposure(store)
    assert found.joined is not None
    assert (found.validity, found.joined.identity_uid, found.joined.privilege) == (
        Validity.LIVE, "aws:user:1", PrivilegeLevel.ADMIN,
    )  # fmt: skip
    assert found.joined.reason == f"access key {key_id(1)} of IAM user robot-1 is listed and works"
    assert state(store) == (FindingStatus.NEW, None, Severity.CRITICAL)
    (finding,) = store.findings(rule=LEAKED)
    assert "an inventory shows that it is live" in finding.message
    assert "robot-1" in finding.message


def test_the_edges_are_told_with_their_proof(store: Store) -> None:
    run(store, [*leak(), *account(a_key())])

    first, second = store.links(run_seq=1)
    assert (first.kind, first.target_uid) == (LinkKind.EXPOSURE_CREDENTIAL, a_key().uid)
    assert (first.source_uid, first.confidence) == (the_exposure(store).uid, Confidence.HIGH)
    assert first.proof == f"access key id {key_id(1)}"
    assert (second.kind, second.source_uid, second.target_uid) == (
        LinkKind.CREDENTIAL_IDENTITY, a_key().uid, "aws:user:1",
    )  # fmt: skip


def test_an_id_alone_in_code_leads_to_its_credential_as_well(store: Store) -> None:
    reference = a_reference(1, public_identifiers={"access_key_id": key_id(1)})
    run(store, [*seen(), reference])
    assert list(store.links()) == []

    run(store, account(a_key()))
    (first, _) = store.links(run_seq=2)
    assert (first.kind, first.source_uid, first.target_uid) == (
        LinkKind.REFERENCE_CREDENTIAL, reference.uid, a_key().uid,
    )  # fmt: skip


ENDS = [
    pytest.param(
        [a_key(enabled=False, status="Inactive")], CloseReason.REVOKED_PROVED, "is listed as inactive", id="disabled"
    ),
    pytest.param([], CloseReason.REVOKED_PROVED, "was deleted", id="deleted"),
    pytest.param(
        [a_key(expiration_time=MOMENT - timedelta(days=1))], CloseReason.EXPIRED_PROVED, "has expired", id="over"
    ),
    pytest.param(
        [a_key(enabled=False), a_key(2, created_time=MOMENT - timedelta(days=3))],
        CloseReason.ROTATED_PROVED, "was issued after it", id="disabled and replaced",
    ),
    pytest.param(
        [a_key(2, created_time=MOMENT - timedelta(days=3))],
        CloseReason.ROTATED_PROVED, "was issued after it", id="deleted and replaced",
    ),
    pytest.param(
        [a_key(enabled=False), a_key(2, created_time=MOMENT - timedelta(days=3), enabled=False)],
        CloseReason.REVOKED_PROVED, "is listed as", id="disabled, and so is the newer one",
    ),
    pytest.param(
        [a_key(enabled=False), a_key(2, created_time=MOMENT - timedelta(days=600))],
        CloseReason.REVOKED_PROVED, "is listed as", id="disabled, and the other one is older",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "closes", "reason"), ENDS)
def test_a_proof_in_a_run_over_the_account_alone_closes_what_was_found_before(
    store: Store, keys: list[Credential], closes: CloseReason, reason: str
) -> None:
    run(store, [*leak(), *account(a_key())])
    run(store, account(*keys))

    assert state(store)[:2] == (FindingStatus.RESOLVED, closes)
    assert state(store, "exposed-secret-at-head")[:2] == (FindingStatus.RESOLVED, closes)
    assert state(store, "rotation-not-evidenced")[:2] == (FindingStatus.RESOLVED, closes)
    assert reason in verdict(store)[1]


@pytest.mark.parametrize("robot", [a_robot(enabled=False), a_robot()])
def test_a_key_whose_identity_cannot_act_opens_nothing(store: Store, robot: Any) -> None:
    run(store, [*leak(), *account(a_key())])
    run(store, account(a_key(), robot=robot))
    assert verdict(store)[0] is (Validity.LIVE if robot.enabled is None else Validity.REVOKED)


def test_a_key_that_works_again_opens_its_finding_again(store: Store) -> None:
    run(store, [*leak(), *account(a_key(enabled=False))])
    assert state_or_none(store) is None
    run(store, account(a_key()))
    assert state(store)[0] is FindingStatus.NEW
    run(store, account(a_key(enabled=False)))
    assert state(store)[:2] == (FindingStatus.RESOLVED, CloseReason.REVOKED_PROVED)

    run(store, account(a_key()))
    assert state(store)[0] is FindingStatus.REOPENED
    assert verdict(store)[0] is Validity.LIVE


def state_or_none(store: Store) -> Any:
    return next(iter(store.findings(rule=LEAKED)), None)


def test_what_closes_closes_also_where_its_repository_was_not_read_whole(store: Store) -> None:
    """What a credential opens does not depend on who has read where it stands; what stands there does."""
    run(store, [*leak(), *account(a_key())])
    run(store, seen(exposed(at_head=False), status=PARTIAL, gaps=[a_gap(a_scope())]))
    assert state(store)[0] is FindingStatus.NEW
    before = state(store, "unvaulted-secret")

    run(store, account(a_key(enabled=False)))
    assert state(store)[:2] == (FindingStatus.RESOLVED, CloseReason.REVOKED_PROVED)
    assert state(store, "unvaulted-secret")[:2] == before[:2]


def test_the_place_of_a_value_is_not_cleaned_by_a_run_that_did_not_look(store: Store) -> None:
    """A part of a repository is no word on the rest of it: nor is a run over an account."""
    run(store, [*leak(), *account(a_key())])
    run(store, seen(status=PARTIAL, gaps=[a_gap(a_scope(carrier=Carrier.REFS))]))
    statuses = {each.rule: each.status for each in store.findings() if each.subject_uid == the_exposure(store).uid}

    run(store, account(a_key()))
    now = {each.rule: each.status for each in store.findings() if each.subject_uid == the_exposure(store).uid}
    assert now == statuses


def test_an_account_that_was_retired_confirms_no_key(store: Store) -> None:
    """Nobody reads it any more: that its key works is what was so when somebody did."""
    run(store, [*leak(), *account(a_key())])
    uids = [scope.uid for scope in store.scopes() if scope.resource_uid.startswith("aws:account:")]
    store.retire(uids, actor="ada", reason="handed over", time=MOMENT)

    run(store, leak())
    validity, reason = verdict(store)
    assert validity is Validity.UNKNOWN
    assert "worked when it was last listed" in reason


def test_a_refused_list_leaves_a_live_key_unknown_and_as_grave(store: Store) -> None:
    run(store, [*leak(), *account(a_key())])
    grave = state(store)[2]

    for status in (DENIED, PARTIAL):
        run(store, account(status=status))
        validity, reason = verdict(store)
        assert validity is Validity.UNKNOWN
        assert reason.endswith("worked when it was last listed; iam:ListAccessKeys was denied")
        assert state(store) == (FindingStatus.NEW, None, grave)


def test_a_refused_list_takes_no_proof_back(store: Store) -> None:
    run(store, [*leak(), *account(a_key())])
    run(store, account())
    run(store, account(status=DENIED))
    assert state(store)[:2] == (FindingStatus.RESOLVED, CloseReason.REVOKED_PROVED)


UNKNOWN = [
    pytest.param([], "the AWS account 123456789012, which its id names, was not read", id="out of scope"),
    pytest.param(
        account(status=DENIED),
        "it is not among the listed access keys of the AWS account 123456789012, which its id names; "
        "iam:ListAccessKeys was denied",
        id="denied",
    ),
    pytest.param(
        [an_account(), IAM, a_coverage(IAM)],
        "the access keys of the AWS account 123456789012, which its id names, were not listed",
        id="not asked for",
    ),
    pytest.param(
        [an_account(), an_api_scope("iam-reported-keys"), a_coverage(an_api_scope("iam-reported-keys"))],
        "the access keys of the AWS account 123456789012, which its id names, were listed without their ids",
        id="without ids",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("told", "reason"), UNKNOWN)
def test_what_nobody_listed_is_unknown_and_says_why(store: Store, told: list[Observation], reason: str) -> None:
    run(store, [*leak(), *told])
    assert verdict(store) == (Validity.UNKNOWN, reason)
    assert state(store)[0] is FindingStatus.NEW


def test_a_key_of_another_account_is_unknown(store: Store) -> None:
    other = key_id(1, "aws:account:210987654321")
    run(store, [*leak(exposed(public_identifiers={"access_key_id": other})), *account(a_key(2))])
    assert verdict(store) == (Validity.UNKNOWN, "the AWS account 210987654321, which its id names, was not read")


def test_an_old_id_that_tells_no_account_is_unknown(store: Store) -> None:
    old = "AKIAI" + key_id(1)[5:]
    run(store, [*leak(exposed(public_identifiers={"access_key_id": old})), *account()])
    assert verdict(store) == (Validity.UNKNOWN, "its id tells no account, and no account that was read lists it")


def test_a_key_that_its_own_account_does_not_list_is_gone(store: Store) -> None:
    """The id says in which account it was made: a whole list of that account's keys is proof."""
    run(store, leak())
    run(store, account())
    assert state(store)[:2] == (FindingStatus.RESOLVED, CloseReason.REVOKED_PROVED)
    assert verdict(store)[1].endswith("were all listed, and it is none of them: it was deleted")

    run(store, account(status=DENIED))
    assert state(store)[0] is FindingStatus.RESOLVED


def test_a_list_that_is_older_than_the_find_is_no_proof(store: Store) -> None:
    """The key may have been made in between: the next list tells."""
    run(store, account())
    run(store, leak())
    assert verdict(store)[0] is Validity.UNKNOWN
    run(store, account())
    assert state(store)[:2] == (FindingStatus.RESOLVED, CloseReason.REVOKED_PROVED)


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        pytest.param({"first_commit": None}, "no commit says", id="never committed"),
        pytest.param({"root": a_root(observed=frozenset())}, "nobody told", id="the root's keys were not told"),
        pytest.param({"key": True}, "a key of the account's root", id="the root has a key"),
    ],
)
def test_an_absence_in_doubt_is_no_proof(store: Store, change: dict[str, Any], doubt: str) -> None:
    run(store, leak(exposed(1, first_commit=None) if "first_commit" in change else exposed()))
    told = [item for item in account() if getattr(item, "name", "") != "root"]
    key = a_credential(7, REPORT, identity_uid=a_root().uid, public_identifier=None)
    run(store, [*told, change.get("root", a_root()), *([key] if "key" in change else [])])
    validity, reason = verdict(store)
    assert validity is Validity.UNKNOWN
    assert doubt in reason


def test_what_a_root_was_told_to_have_before_the_find_proves_no_absence(store: Store) -> None:
    """It may have got a key since: a refused report leaves the root as it was, and that is no news."""
    run(store, account())
    run(store, leak())
    run(store, [item for item in account() if item not in (a_root(), a_coverage(REPORT))] + [
        a_gap(REPORT, permission="iam:GetCredentialReport"), a_coverage(REPORT, DENIED),
    ])  # fmt: skip
    validity, reason = verdict(store)
    assert validity is Validity.UNKNOWN
    assert "nobody told" in reason

    run(store, account())
    assert verdict(store)[0] is Validity.REVOKED


@pytest.mark.parametrize(("hours", "validity"), [(4, Validity.UNKNOWN), (6, Validity.REVOKED)])
def test_a_list_knows_of_no_key_that_is_younger_than_its_report(store: Store, hours: int, validity: Validity) -> None:
    """The credential report, which may be four hours old, says which users and whether the root have keys."""
    time = MOMENT - timedelta(hours=hours)
    first = CommitPoint(oid="1" * 40, author_name="Ada", author_email="ada@example.com", time=time, committer_time=time)
    run(store, [*leak(exposed(first_commit=first)), *account()])
    assert verdict(store)[0] is validity


def test_a_value_beside_two_ids_ended_only_when_both_did(store: Store) -> None:
    """One stands beside the value in this repository, the other one in that: who knows which is right?"""
    other = a_scope("till")
    twice = [
        *leak(),
        *seen(exposed(1, scope=other, public_identifiers={"access_key_id": key_id(2)}), scope=other),
    ]
    run(store, [*twice, *account(a_key(1), a_key(2))])
    run(store, account(a_key(1, enabled=False), a_key(2)))
    assert verdict(store)[0] is Validity.LIVE
    assert {link.confidence for link in store.links() if link.kind is LinkKind.EXPOSURE_CREDENTIAL} == {
        Confidence.MEDIUM
    }
    run(store, account(a_key(1, enabled=False), a_key(2, enabled=False)))
    assert verdict(store)[0] is Validity.REVOKED


ORDERS = [
    pytest.param([leak(), account(a_key())], id="live"),
    pytest.param([leak(), account(a_key(enabled=False))], id="disabled"),
    pytest.param([leak(), account(a_key(), status=DENIED)], id="held by a list in part"),
    pytest.param([leak(), account(status=DENIED)], id="denied"),
]


@pytest.mark.parametrize("parts", ORDERS)
def test_the_order_of_runs_makes_no_difference(tmp_path: Path, clock: Clock, parts: list[list[Observation]]) -> None:
    told = []
    for number, order in enumerate([parts, parts[::-1], [[*parts[0], *parts[1]]]]):
        with Store.open(f"sqlite:///{tmp_path}/{number}.db", clock=clock) as store:
            for observations in order:
                run(store, observations)
            told.append(everything(store))
            assert store.verify() == []
    assert told[0][:2] == told[1][:2] == told[2][:2]
    assert told[0][3] == told[1][3] == told[2][3]
    # A finding that was opened before its proof is closed; one that never opened is not there.
    open_ones = [[rule for rule in one[2] if not rule[1]] for one in told]
    assert open_ones[0] == open_ones[1] == open_ones[2]


@pytest.mark.parametrize("keys", [[a_key()], [a_key(enabled=False)], []])
def test_the_same_again_changes_nothing(store: Store, keys: list[Credential]) -> None:
    for observations in ([*leak(), *account(*keys)], account(*keys), leak()):
        run(store, observations)
        before, told = store.counts(), everything(store)
        assert run(store, observations).transitions == {}
        assert store.counts() == {**before, "runs": before["runs"] + 1}
        assert everything(store) == told


def test_a_run_over_another_account_says_nothing_of_it(store: Store) -> None:
    run(store, [*leak(), *account(a_key())])
    other = an_api_scope("iam-access-keys", "aws:account:2")
    run(store, [other, a_key(5, scope_uid=other.uid, resource_uid="aws:account:2"), a_coverage(other)])
    assert list(store.findings(run_seq=2, rule=LEAKED)) == []
    assert [each.rule for each in store.findings(run_seq=1, rule=LEAKED)] == [LEAKED]


def test_a_run_over_the_account_shows_what_it_says_of_exposures(store: Store) -> None:
    run(store, [*leak(), *account(a_key())])
    run(store, account(a_key(enabled=False)))
    assert [each.close_reason for each in store.findings(run_seq=2, rule=LEAKED)] == [CloseReason.REVOKED_PROVED]
    assert {row.assessment.rule for row in store.assessments(run_seq=2)} >= {LEAKED}


def test_an_older_store_is_joined_by_its_next_run(store: Store) -> None:
    """What was kept before there were joins is found by its identifiers as well."""
    begun = staged(store, leak())
    store.promote(begun, policy=store.policy(begun.policy_digest), judge=judge, finished_time=MOMENT)
    assert the_exposure(store).joined is None

    run(store, account(a_key()))
    assert verdict(store)[0] is Validity.LIVE
    assert state(store)[0] is FindingStatus.NEW


def test_an_identifier_that_is_told_no_more_joins_no_more(store: Store) -> None:
    run(store, [*leak(), *account(a_key())])
    run(store, leak(exposed(public_identifiers={})))
    assert (the_exposure(store).joined, list(store.links())) == (None, [])


def test_what_became_one_value_is_joined_as_one(store: Store) -> None:
    one, other = exposed(1), exposed(2, public_identifiers={"access_key_id": key_id(1)})
    run(store, [*leak(one, other), *account(a_key())])
    assert len(list(store.exposures())) == 2
    run(store, leak(exposed(1, aliases=(other.fingerprint,))))
    assert verdict(store)[0] is Validity.LIVE
    assert len([link for link in store.links() if link.kind is LinkKind.EXPOSURE_CREDENTIAL]) == 1


def test_what_a_run_speaks_of_is_looked_up_by_identifier(sqlite_url: str) -> None:
    """Of a million listed credentials those are looked at that share one, not all of them for each exposed value."""
    with Store.open(sqlite_url) as store, store._read() as connection:
        query = joined_in(1).compile(connection, compile_kwargs={"literal_binds": True})
        plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")]
    steps = [step for step in plan if step.startswith(("SEARCH other", "SCAN other"))]
    assert [("SEARCH" in step, "key=?" in step) for step in steps] == [(True, True)]


def test_both_sides_read_the_account_in_an_id_alike() -> None:
    from connectors.detection.identifiers import aws_account as told_by_detection

    for number in range(20):
        assert aws_account(key_id(number)) == told_by_detection(key_id(number)) == ACCOUNT.rpartition(":")[2]
    assert aws_account("AKIAI" + key_id(1)[5:]) is None


STATUSES = st.sampled_from([DENIED, PARTIAL])


@st.composite
def unread(draw: st.DrawFn) -> list[Observation]:
    """A run in which the keys were not all listed: it may hold the key as it works, another one, or none."""
    told = draw(st.lists(st.sampled_from([a_key(1), a_key(2), a_key(3)]), max_size=2, unique_by=lambda key: key.uid))
    found = account(*told, status=draw(STATUSES))
    return [*leak(), *found] if draw(st.booleans()) else found


@given(st.integers(0, 1), st.lists(unread(), min_size=1, max_size=5), st.integers(0, 400))
@settings(max_examples=25, deadline=None)
def test_no_row_of_refused_lists_ever_closes_one(live: int, rows: list[list[Observation]], days: int) -> None:
    with tempfile.TemporaryDirectory() as folder, Store.open(f"sqlite:///{folder}/store.db", clock=Clock()) as store:
        run(store, [*leak(), *(account(a_key()) if live else ())])
        for at, observations in enumerate(rows):
            run(store, observations, MOMENT + timedelta(days=days * at))
            assert state(store)[0] is FindingStatus.NEW
            assert verdict(store)[0] in {Validity.UNKNOWN, Validity.LIVE}
        assert all(step.to_status is not FindingStatus.RESOLVED for step in _steps(store))
        assert store.verify() == []


def _steps(store: Store) -> Iterator[Any]:
    for finding in store.findings(rule=LEAKED):
        yield from store.transitions(finding.uid)
