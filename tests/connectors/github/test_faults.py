"""What every call costs when it is refused, broken off, or answered with something else: one gap, nothing silently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from connectors.github.client import HOPELESS
from connectors.github.permissions import (
    MEMBERSHIP,
    OPERATIONS,
    ORGANIZATION,
    ORGANIZATION_SECRETS,
    REPOSITORIES,
    Operation,
)
from storage.inventory import Coverage, CoverageStatus, Gap, GapReason, Identity, Scope, StoredSecret
from tests.connectors.github.conftest import GitHub, Inventory
from tests.connectors.github.hub import ORGANIZATION as ACME
from tests.connectors.github.hub import refusal
from tests.connectors.github.worlds import ORG, REPO, populate

ASKED_BY_APPS = [one for one in OPERATIONS if not one.doctor and not one.only_people]
ASKED_BY_PEOPLE = [one for one in OPERATIONS if not one.doctor and one.only_people]


def by_name(operation: Operation) -> str:
    return operation.name.replace(" ", "_")


@pytest.fixture
def full(github: GitHub) -> GitHub:
    populate(github.hub)
    # Once is enough of what is read over and over: `test_kinds` holds all of it against the description.
    github.hub.checked = False
    return github


def about(found: Inventory, operation: Operation) -> list[Gap]:
    return [gap for gap in found.gaps if f"Could not {operation.name}" in gap.detail]


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


def complete_where_refused(found: Inventory, operation: Operation) -> list[Coverage]:
    """The scopes that call themselves complete although something of them was not listed."""
    missed = {gap.scope_uid for gap in about(found, operation) if gap.facet is None}
    return [one for one in found.of(Coverage) if one.scope_uid in missed and one.status is CoverageStatus.COMPLETE]


@pytest.mark.parametrize("kind", ["denied", "hidden"])
@pytest.mark.parametrize("operation", ASKED_BY_APPS, ids=by_name)
def test_refused_call_is_its_gap_and_names_the_permission(full: GitHub, operation: Operation, kind: str) -> None:
    getattr(full.hub, kind).add(operation.name)
    found = full.collect()
    gaps = about(found, operation)
    assert announced_and_closed_once(found)
    assert gaps
    assert {(GapReason.DENIED, operation.right)} == {(gap.reason, gap.permission) for gap in gaps}
    assert {min(operation.facets, default=None)} == {gap.facet for gap in gaps}
    assert [] == complete_where_refused(found, operation)
    assert all(gap in gaps for gap in found.gaps if operation is not ORGANIZATION)


@pytest.mark.parametrize("operation", ASKED_BY_PEOPLE, ids=by_name)
def test_refused_call_of_a_person_is_its_gap(full: GitHub, operation: Operation) -> None:
    full.hub.denied.add(operation.name)
    found = full.collect(app=False)
    assert about(found, operation)
    assert {operation.right} == {gap.permission for gap in about(found, operation)}


def test_with_everything_denied_nothing_is_called_complete(full: GitHub) -> None:
    full.hub.denied = {one.name for one in OPERATIONS} - {ORGANIZATION.name, REPOSITORIES.name}
    found = full.collect()
    assert announced_and_closed_once(found)
    assert [] == found.of(Identity)
    assert [] == found.of(StoredSecret)
    whole = {one.scope_uid.rpartition("#")[2] for one in found.of(Coverage) if one.status is CoverageStatus.COMPLETE}
    # Of the environments nothing is known, and so neither of what they hold.
    assert {"organization", "repositories", "repository"} == whole


def test_without_the_organization_nothing_else_is_asked(full: GitHub) -> None:
    full.hub.denied.add(ORGANIZATION.name)
    found = full.collect()
    assert [ORGANIZATION.name] == full.hub.asked
    assert CoverageStatus.DENIED == found.coverage("organization").status


def html() -> httpx2.Response:
    return httpx2.Response(200, html="<html><body>Sign in</body></html>")


def cut_off() -> httpx2.Response:
    return httpx2.Response(200, content=b'{"total_count": 3, "secrets": [{"name": "ORG_0", "created_at": "20')


def another_shape() -> httpx2.Response:
    return httpx2.Response(200, json={"message": "moved", "items": "none"})


@pytest.mark.parametrize("answer", [html, cut_off, another_shape], ids=lambda one: one.__name__)
@pytest.mark.parametrize("operation", [one for one in ASKED_BY_APPS if one is not ORGANIZATION], ids=by_name)
def test_answer_that_is_none_is_a_gap(
    full: GitHub, operation: Operation, answer: Callable[[], httpx2.Response]
) -> None:
    full.hub.faults[operation.name, 1] = [answer]
    found = full.collect()
    gaps = about(found, operation)
    assert {GapReason.MALFORMED} == {gap.reason for gap in gaps}
    assert [] == complete_where_refused(found, operation)


def lists(github: GitHub, number: int) -> None:
    for one in range(number):
        github.hub.slot(f"{ORG}/actions/secrets", f"S_{one}")


@pytest.mark.parametrize("size", [1, 3, 4])
def test_pages_are_followed_by_their_links(github: GitHub, size: int) -> None:
    github.hub.page_size = size
    lists(github, 7)
    for one in range(7):
        github.hub.repository(f"r{one}", archived=True)
    found = github.collect()
    assert (7, 7) == (found.coverage("actionsSecrets").expected, found.coverage("actionsSecrets").fetched)
    assert 7 == found.coverage("repositories").fetched
    assert [] == found.gaps


def test_list_that_ends_before_its_own_number_is_not_whole(github: GitHub) -> None:
    lists(github, 3)
    short = {"total_count": 5, "secrets": github.hub.lists[f"{ORG}/actions/secrets"]}
    github.hub.faults[ORGANIZATION_SECRETS.name, 1] = [lambda: httpx2.Response(200, json=short)]
    found = github.collect()
    coverage = found.coverage("actionsSecrets")
    assert (5, 3, CoverageStatus.PARTIAL) == (coverage.expected, coverage.fetched, coverage.status)
    assert [GapReason.SUSPECT] == [gap.reason for gap in found.gaps]


@pytest.mark.parametrize(
    "link",
    ["https://evil.example/orgs/acme/actions/secrets?page=2", "http://api.github.com/x", "https://api.github.com:444/"],
)
def test_next_page_at_another_host_is_not_asked_for(github: GitHub, link: str) -> None:
    lists(github, 1)
    page = {"total_count": 2, "secrets": github.hub.lists[f"{ORG}/actions/secrets"]}
    headers = {"link": f'<{link}>; rel="next"'}
    github.hub.faults[ORGANIZATION_SECRETS.name, 1] = [lambda: httpx2.Response(200, json=page, headers=headers)]
    found = github.collect()
    (gap,) = found.gaps
    assert "another host" in gap.detail
    assert GapReason.MALFORMED == gap.reason
    assert CoverageStatus.PARTIAL == found.coverage("actionsSecrets").status


def test_entry_that_is_none_costs_itself_alone(github: GitHub) -> None:
    lists(github, 2)
    github.hub.checked = False
    github.hub.lists[f"{ORG}/actions/secrets"][0] = {"name": "no secret's name", "created_at": "yesterday"}
    found = github.collect()
    coverage = found.coverage("actionsSecrets")
    assert (2, 1, CoverageStatus.PARTIAL) == (coverage.expected, coverage.fetched, coverage.status)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_passing_fault_is_asked_again(github: GitHub, status: int) -> None:
    lists(github, 1)
    github.hub.faults[ORGANIZATION_SECRETS.name, 1] = [lambda: refusal(status)]
    found = github.collect()
    assert [] == found.gaps
    assert 1 == found.coverage("actionsSecrets").fetched


def test_lasting_fault_is_a_gap(github: GitHub) -> None:
    lists(github, 1)
    for attempt in (1, 2, 3):
        github.hub.faults[ORGANIZATION_SECRETS.name, attempt] = [lambda: refusal(502)]
    found = github.collect()
    assert [GapReason.FAILED] == [gap.reason for gap in found.gaps]
    assert CoverageStatus.PARTIAL == found.coverage("actionsSecrets").status


@pytest.mark.parametrize("status", [403, 429])
def test_who_is_told_to_wait_waits_so_long(github: GitHub, status: int) -> None:
    lists(github, 1)
    github.hub.faults[ORGANIZATION_SECRETS.name, 1] = [lambda: refusal(status, retry_after="77")]
    found = github.collect()
    assert [] == found.gaps
    assert [77.0] == github.sleeps


def test_spent_hour_is_waited_through_where_there_is_time(github: GitHub) -> None:
    lists(github, 1)
    github.hub.calls_left = 2

    github.when_asleep = lambda: setattr(github.hub, "calls_left", 5000)
    found = github.collect()
    assert [] == found.gaps
    assert [1800.0] == github.sleeps


def test_spent_hour_without_time_to_wait_is_a_gap_for_all_that_follows_and_no_call(full: GitHub) -> None:
    full.session.deadline = 1000.0
    full.hub.calls_left = 9
    found = full.collect()
    refused = [gap for gap in found.gaps if gap.reason is GapReason.RATE_LIMITED]
    assert refused == found.gaps
    # Nine were answered, one was refused; nobody asked again.
    assert 10 == len(full.hub.asked)
    assert announced_and_closed_once(found)
    asked_later = [one for one in found.of(Coverage) if one.scope_uid.endswith("#deployKeys")]
    assert 3 == len(asked_later)
    assert {CoverageStatus.PARTIAL} == {one.status for one in asked_later}
    environments = [one.status for one in found.of(Coverage) if one.scope_uid.endswith("#environmentSecrets")]
    assert {CoverageStatus.PARTIAL} == set(environments)


def test_what_is_refused_for_every_repository_is_not_asked_for_ever(github: GitHub) -> None:
    for one in range(HOPELESS + 5):
        github.hub.repository(f"r{one}")
    github.hub.denied.add("list the deploy keys of a repository")
    found = github.collect()
    assert HOPELESS == github.hub.asked.count("list the deploy keys of a repository")
    scopes = [one for one in found.of(Coverage) if one.scope_uid.endswith("#deployKeys")]
    assert (HOPELESS + 5, {CoverageStatus.DENIED}) == (len(scopes), {one.status for one in scopes})


def test_what_the_app_was_not_given_is_not_asked_for(full: GitHub) -> None:
    del full.hub.app_permissions["secrets"]
    found = full.collect()
    assert "list the Actions secrets of a repository" not in full.hub.asked
    assert {"secrets:read"} == {gap.permission for gap in found.gaps}
    assert 3 == len(found.gaps)


def test_single_sign_on_is_told_as_what_it_is(full: GitHub) -> None:
    answer = {"x_github_sso": "required; url=https://github.com/orgs/acme/sso?authorization_request=1"}
    full.hub.faults[ORGANIZATION_SECRETS.name, 1] = [lambda: refusal(403, **answer)]
    found = full.collect(app=False)
    (gap,) = about(found, ORGANIZATION_SECRETS)
    assert "single sign-on" in gap.detail
    assert gap.permission is None
    assert "authorization_request" not in gap.detail


def test_message_of_the_server_is_never_told(full: GitHub) -> None:
    value = full.hub.a_value()
    full.hub.faults[ORGANIZATION_SECRETS.name, 1] = [lambda: refusal(403, f"no: {value}")]
    assert value not in repr(full.collect().all)


def test_login_that_is_no_member_does_not_say_who_left(github: GitHub) -> None:
    github.hub.repository("shop")
    github.hub.deploy_key("shop", added_by="ada")
    address = f"/user/memberships/orgs/{ACME}"
    for change in ({"state": "pending"}, None):
        told: dict[str, Any] | None = change and {**github.hub.things[address], **change}
        if told is None:
            del github.hub.things[address]
        else:
            github.hub.things[address] = told
        found = github.collect(app=False)
        assert [None] == [owner.left for one in found.of(Identity) for owner in one.owners]
        assert [MEMBERSHIP.right] == [gap.permission for gap in found.gaps if "member" in gap.detail]


def test_environment_slots_are_not_whole_where_the_environments_are_not(full: GitHub) -> None:
    full.hub.denied.add("list the environments of a repository")
    found = full.collect()
    for api in ("environmentSecrets", "environmentVariables"):
        statuses = [one.status for one in found.of(Coverage) if one.scope_uid.endswith(f"#{api}")]
        assert [CoverageStatus.PARTIAL] * 3 == statuses
    assert REPO not in {one.name for one in found.of(StoredSecret)}
