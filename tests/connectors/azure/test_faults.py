"""What every call costs when it is refused, broken off, or answered with something else: one gap, nothing silently."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import pytest

from connectors.azure import permissions
from connectors.azure.permissions import (
    ACTIVITY_LOG,
    APP_ROLES,
    APPLICATION_FEDERATION,
    APPLICATION_OWNERS,
    DIRECTORY_LOGS,
    GROUP_MEMBERS,
    LOG_WORKSPACE,
    OWNER_ACCOUNTS,
    PRINCIPAL_FEDERATION,
    PRINCIPAL_OWNERS,
    SUBSCRIPTIONS,
    VAULTS,
    Operation,
)
from connectors.transport import Bounds
from storage.inventory import Coverage, CoverageStatus, Credential, Facet, Gap, GapReason, Identity, IdentityKind, Scope
from tests.connectors.azure.conftest import Azure, Inventory
from tests.connectors.azure.microsoft import Microsoft, refusal

OPERATIONS = [one for one in permissions.OPERATIONS if not one.doctor]
LISTING = pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one is not LOG_WORKSPACE], ids=lambda one: one.name.replace(" ", "_")
)
ALL = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name.replace(" ", "_"))
THINGS, PAGE = 12, 5


def populate(microsoft: Microsoft) -> None:
    """Put in enough for every operation to be asked for three pages."""
    microsoft.page_size = PAGE
    people = [microsoft.user(f"Person{number} X") for number in range(25)]
    for number in range(THINGS):
        application = microsoft.application(f"app {number}", passwordCredentials=[microsoft.password()])
        principal = microsoft.principal(f"app {number}", appId=application["appId"])
        microsoft.own(application, people[number])
        for thing in (application, principal):
            for _ in range(2):
                microsoft.trust(thing)
        microsoft.signed_in(application, "2026-11-01T00:00:00Z")
        microsoft.used(application, application["passwordCredentials"][0]["keyId"], "2026-11-01T00:00:00Z")
    for _ in range(THINGS):
        microsoft.trust(microsoft.applications[0])
        microsoft.trust(microsoft.principals[0])
    for thing in (microsoft.applications[1], microsoft.principals[1]):
        microsoft.own(thing, *people[2:])
    api = microsoft.api("Mail.Read")
    reader = microsoft.directory_role("Directory Readers", "88d8e3e3-8f55-4a1e-953a-9b9898b8876b")
    subscription = microsoft.subscription()
    role = microsoft.role("Reader", ["*/read"], "acdd72a7-3385-48ef-bd42-f606fba81ae7")
    for number in range(THINGS - 1):
        microsoft.role(f"custom {number}", ["*/read"])
        microsoft.directory_role(f"custom {number}")
    for one in microsoft.principals[:THINGS]:
        microsoft.give_app_role(one, api, "Mail.Read")
        microsoft.grant(one, api, "User.Read")
        microsoft.give_directory_role(one, reader)
        microsoft.give_role(subscription, one, role)
    group = microsoft.group(*microsoft.principals[:THINGS])
    microsoft.give_role(subscription, group, role, kind="Group")
    microsoft.managed_identity(subscription, "web")
    for number in range(THINGS):
        microsoft.trust_managed("web", f"system:serviceaccount:shop:{number}")
    host = microsoft.vault(subscription, "shop")
    for kind in ("secrets", "keys", "certificates"):
        for number in range(THINGS):
            microsoft.keep(host, kind, f"item-{number}")
    for number in range(THINGS):
        microsoft.storage_account(subscription, f"shop{number}")
    for number in range(THINGS):
        target = {"id": microsoft.applications[number]["id"], "displayName": "app", "type": "Application"}
        microsoft.audit("Add application", target, days=number + 1)
        assignment = f"Microsoft.Authorization/roleAssignments/{number}"
        microsoft.activity(subscription, "Microsoft.Authorization/roleAssignments/write", assignment, days=number + 1)
    microsoft.hand_on(subscription, "Administrative", workspace=microsoft.workspace(subscription, 365))


@pytest.fixture
def full(azure: Azure) -> Azure:
    populate(azure.microsoft)
    azure.microsoft.checked = False
    azure.target = {"history": True}
    return azure


def about(gaps: list[Gap], operation: Operation) -> list[Gap]:
    return [gap for gap in gaps if f"Could not {operation.name}" in gap.detail]


def observed_by_all(found: Inventory, facet: Facet) -> bool:
    holders = [one for one in found.of(Identity) if one.kind is not IdentityKind.APPLICATION]
    return all(facet in one.observed for one in holders)


def test_without_a_fault_there_is_no_gap_and_everything_is_asked(full: Azure) -> None:
    full.microsoft.checked = True
    found = full.collect()
    assert [] == found.gaps
    assert {one.name for one in OPERATIONS} == set(full.microsoft.asked)
    assert {CoverageStatus.COMPLETE} == {one.status for one in found.of(Coverage)}
    assert observed_by_all(found, Facet.PRIVILEGES)
    assert all(Facet.LAST_USE in one.observed for one in found.of(Credential) if one.provider == "entra")
    assert full.microsoft.requests == sum(one.calls for one in found.of(Coverage))


@ALL
def test_denied_call_is_exactly_its_gap(full: Azure, operation: Operation) -> None:
    full.microsoft.denied.add(operation.name)
    found = full.collect()
    assert announced_and_closed_once(found)
    (gap,) = found.gaps
    assert (GapReason.DENIED, operation.permission) == (gap.reason, gap.permission)
    assert operation.permission in gap.detail
    assert (next(iter(operation.facets)) if operation.facets else None) == gap.facet
    if operation.facets:
        (facet,) = operation.facets
        observed = [one.observed for one in found.of(Identity)] + [one.observed for one in found.of(Credential)]
        assert any(facet not in one for one in observed)
        assert facet is not Facet.PRIVILEGES or not observed_by_all(found, facet)
        assert 2 * THINGS + 2 == len(found.of(Identity))


def announced_and_closed_once(found: Inventory) -> bool:
    """Whether every scope is announced before anything in it, and closed by one coverage."""
    scopes = [scope.uid for scope in found.of(Scope)]
    closed = [one.scope_uid for one in found.of(Coverage)]
    if len(scopes) != len(set(scopes)) or sorted(scopes) != sorted(closed):
        return False
    open_: set[str] = set()
    for one in found.all:
        uid = one.uid if isinstance(one, Scope) else getattr(one, "scope_uid", None)
        if isinstance(one, Scope):
            open_.add(one.uid)
        elif uid is not None and uid not in open_:
            return False
        if isinstance(one, Coverage):
            open_.remove(one.scope_uid)
    return True


def test_with_everything_denied_nothing_is_listed_and_nothing_is_called_complete(full: Azure) -> None:
    full.microsoft.denied = {one.name for one in OPERATIONS}
    found = full.collect()
    assert announced_and_closed_once(found)
    assert [] == found.of(Identity)
    assert CoverageStatus.DENIED == found.coverage("applications").status
    assert CoverageStatus.DENIED == found.coverage("servicePrincipals").status
    assert not [one for one in found.of(Coverage) if one.status is CoverageStatus.COMPLETE]


FAULTS: dict[str, tuple[Callable[[], httpx2.Response], GapReason]] = {
    "403": (lambda: refusal(403, "Authorization_RequestDenied"), GapReason.DENIED),
    "429": (lambda: refusal(429, "TooManyRequests", **{"retry-after": "1"}), GapReason.RATE_LIMITED),
    "500": (lambda: refusal(500), GapReason.FAILED),
    "truncated": (lambda: httpx2.Response(200, text='{"value": [{"id": '), GapReason.MALFORMED),
    "html": (lambda: httpx2.Response(200, text="<html>sign in</html>"), GapReason.MALFORMED),
    "no list": (lambda: httpx2.Response(200, json={}), GapReason.MALFORMED),
    "odd entry": (lambda: httpx2.Response(200, json={"value": [{"id": "../../x"}]}), GapReason.MALFORMED),
}
LISTS = [one for one in OPERATIONS if one.name in {"list applications", "list service principals"}]


@pytest.mark.parametrize("page", [0, 1, 2])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("operation", LISTS, ids=lambda one: one.name.replace(" ", "_"))
def test_fault_on_any_page_of_a_list_costs_the_rest_and_nothing_else(
    full: Azure, operation: Operation, fault: str, page: int
) -> None:
    answer, reason = FAULTS[fault]
    full.microsoft.fault(operation, page, *[answer] * 3)
    found = full.collect()
    (gap,) = about(found.gaps, operation)
    assert (reason, None) == (gap.reason, gap.facet)
    api = "applications" if operation.name == "list applications" else "servicePrincipals"
    coverage = found.coverage(api)
    assert CoverageStatus.COMPLETE != coverage.status
    listed = [one for one in found.of(Identity) if one.scope_uid == found.scope(api).uid]
    assert api == "applications" or not any(Facet.PRIVILEGES in one.observed for one in listed)
    assert PAGE * page == len(listed)
    assert [gap] == found.gaps


BATCHED = [
    APPLICATION_FEDERATION,
    PRINCIPAL_FEDERATION,
    APPLICATION_OWNERS,
    PRINCIPAL_OWNERS,
    OWNER_ACCOUNTS,
    APP_ROLES,
    GROUP_MEMBERS,
]
SHORT = [SUBSCRIPTIONS, VAULTS, ACTIVITY_LOG, DIRECTORY_LOGS, LOG_WORKSPACE]
OTHER_LISTS = [one for one in OPERATIONS if one not in [*BATCHED, *LISTS, *SHORT]]


@pytest.mark.parametrize("page", [0, 1, 2])
@pytest.mark.parametrize("fault", ["403", "truncated"])
@pytest.mark.parametrize("operation", OTHER_LISTS, ids=lambda one: one.name.replace(" ", "_"))
def test_fault_on_any_page_of_any_list_is_one_gap_in_its_scope(
    full: Azure, operation: Operation, fault: str, page: int
) -> None:
    answer, reason = FAULTS[fault]
    full.microsoft.fault(operation, page, *[answer] * 3)
    found = full.collect()
    (gap,) = found.gaps
    assert reason == gap.reason
    assert (next(iter(operation.facets)) if operation.facets else None) == gap.facet
    (coverage,) = [one for one in found.of(Coverage) if one.scope_uid == gap.scope_uid]
    assert CoverageStatus.COMPLETE != coverage.status
    assert Facet.PRIVILEGES not in operation.facets or not observed_by_all(found, Facet.PRIVILEGES)


@pytest.mark.parametrize("number", [0, 1, -1])
@pytest.mark.parametrize("fault", ["403", "429", "html"])
@pytest.mark.parametrize("operation", BATCHED, ids=lambda one: one.name.replace(" ", "_"))
def test_fault_of_any_request_in_a_batch_costs_that_thing(
    full: Azure, operation: Operation, fault: str, number: int
) -> None:
    full.collect()
    addresses = [url for name, url in full.microsoft.addresses if name == operation.name and "$skiptoken" not in url]
    answer, reason = FAULTS[fault]
    full.microsoft.faulty[operation.name, addresses[number % len(addresses)]] = answer
    found = full.collect()
    (gap,) = found.gaps
    assert (reason, 1) == (gap.reason, gap.count)
    assert next(iter(operation.facets)) == gap.facet


@ALL
@pytest.mark.parametrize("fault", ["500", "429"])
def test_fault_that_passes_costs_nothing(full: Azure, operation: Operation, fault: str) -> None:
    answer, _ = FAULTS[fault]
    for number in range(3):
        full.microsoft.fault(operation, number, answer)
    assert [] == full.collect(Bounds(attempts=9)).gaps


@ALL
def test_timeout_is_told_as_one(full: Azure, operation: Operation) -> None:
    def late() -> httpx2.Response:
        raise httpx2.ReadTimeout("late")

    full.microsoft.fault(operation, 0, *[late] * 3)
    found = full.collect()
    (gap,) = about(found.gaps, operation)
    assert GapReason.TIMED_OUT == gap.reason


@LISTING
def test_next_page_at_another_host_is_not_asked(full: Azure, operation: Operation) -> None:
    link = {operation.paging.next: "https://evil.example.net/v1.0/applications"}
    full.microsoft.fault(operation, 0, lambda: httpx2.Response(200, json={"value": [], **link}))
    # The stand-in refuses every host that is not Microsoft's with an error of its own.
    (gap,) = about(full.collect().gaps, operation)
    assert GapReason.MALFORMED == gap.reason
    assert "another host" in gap.detail
    assert "evil" not in gap.detail


@pytest.mark.parametrize("number", [1, 3, 7, 10])
def test_token_that_ends_in_mid_run_costs_one_login(full: Azure, number: int) -> None:
    def end(request: int) -> None:
        if request == number:
            full.microsoft.valid_from_login = full.logins.logins + 1

    full.microsoft.on_request = end
    found = full.collect()
    assert [] == found.gaps
    assert 2 == full.logins.logins


def test_when_time_is_over_the_rest_is_a_gap(full: Azure) -> None:
    def pass_time(request: int) -> None:
        if request == 4:
            full.session.moment = 2000.0

    full.microsoft.on_request = pass_time
    found = full.collect()
    assert {GapReason.STOPPED, GapReason.TIMED_OUT} >= {gap.reason for gap in found.gaps}
    assert found.gaps
    assert 4 == full.microsoft.requests
    assert not any(one.observed & {Facet.TRUST, Facet.OWNER} for one in found.of(Identity) if one.owners or one.trusts)


def test_hopeless_question_is_not_asked_to_the_end(azure: Azure) -> None:
    for number in range(200):
        azure.microsoft.application(f"app {number}")
    azure.microsoft.denied.add("list the federated credentials of an application")
    (gap,) = azure.collect().gaps
    assert 200 == gap.count
    assert 20 == azure.microsoft.asked.count("list the federated credentials of an application")
