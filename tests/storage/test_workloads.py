"""Workloads: listed by a scope of an account, judged one by one, gone with the listing that no longer holds them."""

from __future__ import annotations

from typing import Any

import pytest

from storage.inventory import (
    Carrier,
    CloseReason,
    CoverageStatus,
    Finding,
    FindingStatus,
    Observation,
    Outcome,
    Place,
    Resource,
    Scope,
    SecretExposure,
    cloud_scope_uid,
)
from storage.store import Store
from tests.storage.builders import (
    ACCOUNT,
    COMPLETE,
    DENIED,
    PARTIAL,
    a_coverage,
    a_gap,
    a_resource,
    an_account,
    an_api_scope,
    an_exposure,
    an_occurrence,
    do_run,
)

FUNCTIONS = Scope(
    uid=cloud_scope_uid(ACCOUNT, "lambda-functions", "eu-west-1"),
    connector="aws",
    resource_uid=ACCOUNT,
    name="functions",
    carrier=Carrier.WORKLOAD,
    api="lambda-functions",
    region="eu-west-1",
)


def a_function(name: str, **fields: Any) -> Resource:
    told = {"kind": "lambda-function", "scope_uid": FUNCTIONS.uid, "complete": True, **fields}
    return a_resource(f"aws:lambda-function:{name}", **told)


def a_value(*functions: str) -> SecretExposure:
    places = tuple(
        an_occurrence(
            repository="123456789012",
            resource_uid=f"aws:lambda-function:{name}",
            carrier=Carrier.WORKLOAD,
            place=Place.WORKLOAD_SETTING,
            path=f"eu-west-1/lambda-function/{name}/KEY",
            line=None,
            blob=None,
            at_head=False,
        )
        for name in functions
    )
    return an_exposure(scope=FUNCTIONS, at_head=False, in_history=False, occurrences=places)


def listed(*things: Observation, status: CoverageStatus = COMPLETE) -> list[Observation]:
    gaps = [] if status is COMPLETE else [a_gap(FUNCTIONS)]
    return [an_account(), FUNCTIONS, *things, *gaps, a_coverage(FUNCTIONS, status)]


def outcomes(store: Store) -> dict[str, Outcome]:
    """What holds of each workload at present."""
    told = (interval.assessment for interval in store.assessments(rule="unvaulted"))
    return {one.subject_uid.rpartition(":")[2]: one.outcome for one in told}


def finding(store: Store, rule: str) -> Finding:
    (found,) = store.findings(rule=rule)
    return found


def test_each_workload_is_judged_by_what_stands_in_it(store: Store) -> None:
    do_run(store, listed(a_function("pay"), a_function("mail"), a_value("pay")))

    assert {"pay": Outcome.NOT_SATISFIED, "mail": Outcome.SATISFIED} == outcomes(store)
    assert "aws:lambda-function:pay" == finding(store, "unvaulted").subject_uid
    assert ["aws:lambda-function:mail", "aws:lambda-function:pay"] == [one.uid for one in store.workloads(1)]


def test_a_workload_that_was_not_looked_through_is_not_clean(store: Store) -> None:
    do_run(store, listed(a_function("pay", complete=False), a_function("mail"), status=PARTIAL))

    assert {"pay": Outcome.NOT_ASSESSED, "mail": Outcome.SATISFIED} == outcomes(store)


def test_a_workload_that_a_broken_listing_did_not_reach_is_not_clean_any_more(store: Store) -> None:
    do_run(store, listed(a_function("pay"), a_function("mail")))

    do_run(store, listed(a_function("mail"), status=PARTIAL))

    assert {"pay": Outcome.NOT_ASSESSED, "mail": Outcome.SATISFIED} == outcomes(store)
    assert ["aws:lambda-function:mail"] == [one.uid for one in store.workloads(2)]


@pytest.mark.parametrize("status", [PARTIAL, DENIED])
def test_what_stood_in_a_workload_stands_until_somebody_looked(store: Store, status: CoverageStatus) -> None:
    do_run(store, listed(a_function("pay"), a_value("pay")))

    do_run(store, listed(status=status))

    assert {"pay": Outcome.NOT_SATISFIED} == outcomes(store)
    assert next(store.exposures()).present


def test_a_workload_that_was_cleaned_is_clean_and_the_value_is_not_revoked(store: Store) -> None:
    do_run(store, listed(a_function("pay"), a_value("pay")))

    do_run(store, listed(a_function("pay")))

    assert {"pay": Outcome.SATISFIED} == outcomes(store)
    assert (FindingStatus.RESOLVED, CloseReason.CONTROL_MET) == (
        finding(store, "unvaulted").status,
        finding(store, "unvaulted").close_reason,
    )
    assert FindingStatus.NEW is finding(store, "leaked").status
    (kept,) = store.exposures()
    assert not kept.present
    assert [Carrier.WORKLOAD] == [place.carrier for place in kept.occurrences]


def test_a_value_that_left_one_workload_of_two_stands_in_the_other(store: Store) -> None:
    do_run(store, listed(a_function("pay"), a_function("mail"), a_value("pay", "mail")))

    do_run(store, listed(a_function("pay"), a_function("mail"), a_value("mail")))

    assert {"pay": Outcome.SATISFIED, "mail": Outcome.NOT_SATISFIED} == outcomes(store)


def test_a_workload_that_was_deleted_leaves_the_population(store: Store) -> None:
    do_run(store, listed(a_function("pay"), a_function("mail")))

    do_run(store, listed(a_function("mail")))

    assert {"mail": Outcome.SATISFIED} == outcomes(store)

    do_run(store, listed(status=DENIED))

    assert {"mail": Outcome.NOT_ASSESSED} == outcomes(store)

    do_run(store, listed(a_function("pay")))

    assert {"pay": Outcome.SATISFIED} == outcomes(store)


def test_what_an_account_lists_elsewhere_has_no_say_in_what_its_workloads_hold(store: Store) -> None:
    """A right on identities that is missing keeps no value standing."""
    do_run(store, listed(a_function("pay"), a_value("pay")))
    iam = an_api_scope()

    do_run(store, [*listed(a_function("pay")), iam, a_gap(iam), a_coverage(iam, DENIED)])

    assert {"pay": Outcome.SATISFIED} == outcomes(store)
    assert not next(store.exposures()).present
    assert [] == list(store.assessments(subject_uid=ACCOUNT))
