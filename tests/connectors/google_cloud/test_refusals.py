"""Whatever is refused or broken is one gap that says so, and nothing that was not read passes for empty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import httpx2
import msgspec
import pytest

from connectors.google_cloud import permissions as calls
from connectors.google_cloud.permissions import METHODS, Method
from connectors.google_cloud.target import GoogleCloudTarget
from storage.inventory import Credential, CredentialType, Facet, GapReason, Identity, StoredSecret
from tests.connectors.google_cloud.acme import APP, DEPLOY, fill, inventory
from tests.connectors.google_cloud.fake import NUMBER, PROJECT, Asked, FakeLogin, GrpcFault, Iam, Seen, denied, read
from tests.connectors.google_cloud.world import FOLDER, ORGANISATION, POOL, Refuse, World, refusal

ALONE = GoogleCloudTarget(projects=(PROJECT,), asset_inventory=False, history=True)
BY_NUMBER = GoogleCloudTarget(projects=(NUMBER,), asset_inventory=False, history=True)
WHOLE = GoogleCloudTarget(organization="900")
BULK = (calls.ASSET_KEYS, calls.ASSET_VERSIONS, calls.SEARCH_POLICIES)
LISTING = (calls.LIST_PROJECTS, calls.LIST_FOLDERS)

SINGLY = [one for one in METHODS if one.permission and one not in (*BULK, *LISTING)]
AT_ONCE = [*BULK, *LISTING]


@pytest.fixture(scope="module")
def served() -> Iterator[Iam]:
    server = Iam()
    yield server
    server.stop()


@pytest.fixture
def acme(served: Iam) -> World:
    world = World()
    served.fault = lambda _: None
    served.asked.clear()
    fill(served, world)
    inventory(served, world, ORGANISATION)
    return world


def once(method: Method, instead: httpx2.Response | Exception, *, page: int | None = None, where: str = "") -> Refuse:
    def judge(asked: Asked) -> httpx2.Response | Exception | None:
        hit = asked.method == method.name and page in (None, asked.page) and asked.where.endswith(where)
        return instead if hit else None

    return judge


def deny(method: Method, iam: Iam, world: World) -> None:
    if method.url is None:
        iam.fault = lambda asked: denied() if asked.method == method.name else None
    else:
        world.refuse = once(method, refusal(403, "IAM_PERMISSION_DENIED"))


def observed(seen: Seen, name: str) -> frozenset[Facet]:
    found: Identity = next(one for one in seen.of(Identity) if one.name == name)
    return found.observed


# --- every call denied, once ------------------------------------------------------------------------------------------


def named(method: Method) -> str:
    return method.name


@pytest.mark.parametrize("method", SINGLY, ids=named)
def test_a_denied_call_is_one_gap_that_names_its_permission(method: Method, served: Iam, acme: World) -> None:
    whole = read(BY_NUMBER, served, acme)
    assert [] == whole.gaps
    deny(method, served, acme)

    seen = read(BY_NUMBER, served, acme)

    (gap,) = seen.gaps
    assert (GapReason.DENIED, method.permission) == (gap.reason, gap.permission)
    assert method.permission in gap.detail
    assert "hostile" not in gap.detail
    lost = {one.uid for one in whole.of(Identity)} - {one.uid for one in seen.of(Identity)}
    assert not lost or "complete" != seen.coverage[gap.scope_uid].status
    _nothing_is_proved_gone(whole, seen)
    _nothing_new_is_claimed(whole, seen)


@pytest.mark.parametrize("method", AT_ONCE, ids=named)
def test_a_denied_call_over_the_organisation_is_one_gap_that_names_its_permission(
    method: Method, served: Iam, acme: World
) -> None:
    whole = read(WHOLE, served, acme)
    assert [] == whole.gaps
    deny(method, served, acme)

    seen = read(WHOLE, served, acme)

    (gap,) = seen.gaps
    assert (GapReason.DENIED, method.permission) == (gap.reason, gap.permission)
    assert gap.scope_uid.startswith("gcp:organization:900#")
    assert "complete" != seen.coverage[gap.scope_uid].status or gap.facet is not None
    _nothing_is_proved_gone(whole, seen)
    _nothing_new_is_claimed(whole, seen)
    if method in BULK:
        keys = [one.uid for one in seen.of(Credential)]
        assert sorted(one.uid for one in whole.of(Credential)) == sorted(keys), "each account is asked by itself"


def _nothing_is_proved_gone(whole: Seen, seen: Seen) -> None:
    """What is not told any more lay in a scope that was not read whole, or was not read at all."""
    for kind in (Identity, Credential, StoredSecret):
        told = {one.uid for one in seen.of(kind)}
        for one in whole.of(kind):
            if one.uid not in told and one.scope_uid in seen.coverage:
                assert "complete" != seen.coverage[one.scope_uid].status, one.uid


def _nothing_new_is_claimed(whole: Seen, seen: Seen) -> None:
    """No question is answered by a refusal: where an answer changed, its facet is not claimed any more."""
    before = {one.uid: one for one in (*whole.of(Identity), *whole.of(Credential), *whole.of(StoredSecret))}
    for one in (*seen.of(Identity), *seen.of(Credential), *seen.of(StoredSecret)):
        former = before[one.uid]
        for facet, names in {
            Facet.OWNER: ("owners",),
            Facet.PRIVILEGES: ("privileges",),
            Facet.TRUST: ("trusts",),
            Facet.LAST_USE: ("last_used_time",),
            Facet.ROTATION: ("newest_version_time", "rotation_days"),
        }.items():
            changed = [name for name in names if getattr(one, name, None) != getattr(former, name, None)]
            assert not changed or facet not in one.observed, (one.uid, facet)


@pytest.mark.parametrize(
    ("method", "facet"),
    [
        (calls.PROJECT_POLICY, Facet.PRIVILEGES),
        (calls.FOLDER_POLICY, Facet.PRIVILEGES),
        (calls.ORGANISATION_POLICY, Facet.PRIVILEGES),
        (calls.GET_ANCESTRY, Facet.PRIVILEGES),
        (calls.GET_PROJECT, Facet.OWNER),
        (calls.PROJECT_POLICY, Facet.TRUST),
        (calls.ACCOUNT_POLICY, Facet.TRUST),
        (calls.ACCOUNT_ACTIVITY, Facet.LAST_USE),
        (calls.LIST_HMAC_KEYS, Facet.CREDENTIALS),
        (calls.LIST_API_KEYS, Facet.CREDENTIALS),
        (calls.LIST_KEYS, Facet.CREDENTIALS),
    ],
    ids=lambda told: named(told) if isinstance(told, Method) else str(told),
)
def test_a_question_that_was_refused_stays_open(method: Method, facet: Facet, served: Iam, acme: World) -> None:
    assert facet in observed(read(BY_NUMBER, served, acme), APP)
    deny(method, served, acme)

    seen = read(BY_NUMBER, served, acme)

    assert facet not in observed(seen, APP)
    assert frozenset() != observed(seen, APP), "all else is still known"


def test_roles_of_ones_own_matter_to_those_who_hold_one(served: Iam, acme: World) -> None:
    deny(calls.LIST_ROLES, served, acme)

    seen = read(ALONE, served, acme)

    assert Facet.PRIVILEGES in observed(seen, APP)
    assert Facet.PRIVILEGES not in observed(seen, DEPLOY)


def test_one_denied_secret_costs_that_secret(served: Iam, acme: World) -> None:
    acme.refuse = once(calls.LIST_VERSIONS, refusal(403), where="/database")

    seen = read(ALONE, served, acme)

    told = {one.name: one for one in seen.of(StoredSecret)}
    assert [("database", Facet.ROTATION)] == [(gap.locator, gap.facet) for gap in seen.gaps]
    assert (False, True) == tuple(Facet.ROTATION in told[name].observed for name in ("database", "unrotated"))
    assert told["database"].enabled is None


def test_one_denied_pool_costs_that_pool(served: Iam, acme: World) -> None:
    acme.put(calls.LIST_POOLS, {"name": POOL.replace("/ci", "/cd"), "state": "ACTIVE"})
    acme.refuse = once(calls.LIST_PROVIDERS, refusal(403), where="/cd")

    seen = read(ALONE, served, acme)

    assert ["locations/global/workloadIdentityPools/cd"] == [gap.locator for gap in seen.gaps]
    assert "partial" == seen.status("iam.workloadIdentityPools")
    assert 3 == sum(one.name.startswith("ci/") for one in seen.of(Identity))


def test_a_project_whose_number_is_not_known_is_not_read(served: Iam, acme: World) -> None:
    deny(calls.GET_PROJECT, served, acme)

    seen = read(ALONE, served, acme)

    (gap,) = seen.gaps
    assert f"gcp:project:{PROJECT}#cloudresourcemanager" == gap.scope_uid
    assert "name it by its number" in gap.detail
    assert 1 == len(acme.asked), "nothing else is asked"


def test_a_refused_inventory_is_one_gap_and_costs_calls_alone(served: Iam, acme: World) -> None:
    acme.refuse = lambda asked: refusal(403) if asked.method.startswith("cloudasset") else None

    seen = read(WHOLE, served, acme)

    assert {"cloudasset.assets.listResource", "cloudasset.assets.searchAllIamPolicies"} == {
        gap.permission for gap in seen.gaps
    }
    assert "denied" == seen.coverage["gcp:organization:900#cloudasset"].status
    keys = [one for one in seen.of(Credential) if one.type is CredentialType.SERVICE_ACCOUNT_KEY]
    assert {"iam.serviceAccountKeys.list"} == {one.attributes["listed_by"] for one in keys}
    assert 3 == len(keys)


@pytest.mark.parametrize("by_email", [False, True])
def test_keys_told_at_once_of_accounts_that_were_not_listed(*, by_email: bool, served: Iam, acme: World) -> None:
    deny(calls.LIST_ACCOUNTS, served, acme)
    for asset in acme.things[calls.ASSET_KEYS.name, ORGANISATION]:
        if by_email:
            asset["name"] = "//iam.googleapis.com/" + asset["resource"]["data"]["name"]

    seen = read(WHOLE, served, acme)

    assert ["iam.serviceAccounts.list"] == [gap.permission for gap in seen.gaps]
    keys = [one for one in seen.of(Credential) if one.type is CredentialType.SERVICE_ACCOUNT_KEY]
    expected = (0, "partial") if by_email else (3, "complete")
    assert expected == (len(keys), seen.status("iam.serviceAccountKeys"))


def test_an_inventory_that_breaks_off_is_not_used_at_all(served: Iam, acme: World) -> None:
    acme.page_size = 1
    acme.refuse = once(calls.ASSET_KEYS, refusal(403), page=2)

    seen = read(WHOLE, served, acme)

    keys = [one for one in seen.of(Credential) if one.type is CredentialType.SERVICE_ACCOUNT_KEY]
    assert (3, {"iam.serviceAccountKeys.list"}) == (len(keys), {one.attributes["listed_by"] for one in keys})


def test_a_folder_that_may_not_be_listed_leaves_the_organisation_open(served: Iam, acme: World) -> None:
    acme.refuse = once(calls.LIST_PROJECTS, refusal(403), where=FOLDER)

    seen = read(WHOLE, served, acme)

    (gap,) = seen.gaps
    assert (FOLDER, "resourcemanager.projects.list") == (gap.locator, gap.permission)
    assert "complete" != seen.coverage["gcp:organization:900#cloudresourcemanager"].status


def test_an_api_that_is_off_is_named(served: Iam, acme: World) -> None:
    acme.refuse = once(calls.LIST_SECRETS, refusal(403, "SERVICE_DISABLED"))

    (gap,) = read(ALONE, served, acme).gaps

    assert "secretmanager.googleapis.com is not switched on" in gap.detail
    assert (GapReason.DENIED, None) == (gap.reason, gap.permission)


def as_a_success(**error: object) -> httpx2.Response:
    return httpx2.Response(200, json={"error": error})


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (as_a_success(status="PERMISSION_DENIED"), GapReason.DENIED),
        (as_a_success(code=429), GapReason.RATE_LIMITED),
        (as_a_success(code=500, status="INTERNAL"), GapReason.FAILED),
        (as_a_success(code=200), GapReason.MALFORMED),
        (httpx2.Response(200, json={"error": "no", "secrets": []}), GapReason.MALFORMED),
    ],
)
def test_an_error_that_comes_as_a_success_is_what_it_says(
    answer: httpx2.Response, reason: GapReason, served: Iam, acme: World
) -> None:
    acme.refuse = once(calls.LIST_SECRETS, answer)

    seen = read(ALONE, served, acme)

    assert [reason] == [gap.reason for gap in seen.gaps]
    assert "complete" != seen.coverage[seen.gaps[0].scope_uid].status


@pytest.mark.parametrize("content", [{"error": {"code": 403}}, {"result": "ok"}])
def test_a_policy_that_is_none_is_not_an_empty_one(content: dict[str, object], served: Iam, acme: World) -> None:
    acme.refuse = once(calls.PROJECT_POLICY, httpx2.Response(200, json=content))

    seen = read(ALONE, served, acme)

    assert any(calls.PROJECT_POLICY.name in gap.detail for gap in seen.gaps)


# --- faults on every call, on every page ------------------------------------------------------------------------------

FAULTS: dict[str, tuple[httpx2.Response | Exception, GapReason]] = {
    "403": (refusal(403), GapReason.DENIED),
    "404": (refusal(404, code="NOT_FOUND"), GapReason.DENIED),
    "429": (refusal(429, code="RESOURCE_EXHAUSTED"), GapReason.RATE_LIMITED),
    "500": (refusal(500, code="INTERNAL"), GapReason.FAILED),
    "timeout": (httpx2.ReadTimeout("slow"), GapReason.TIMED_OUT),
    "cut off": (httpx2.Response(200, content=b'{"keys": [{"na'), GapReason.MALFORMED),
    "HTML": (httpx2.Response(200, html="<html>sign in</html>"), GapReason.MALFORMED),
    "no list": (httpx2.Response(200, json={}), GapReason.MALFORMED),
    "expired": (refusal(401, code="UNAUTHENTICATED"), GapReason.FAILED),
    "403 as a success": (as_a_success(code=403, status="PERMISSION_DENIED"), GapReason.DENIED),
    "another object": (httpx2.Response(200, json={"result": [], "ok": True}), GapReason.MALFORMED),
}
LISTS = [
    calls.LIST_POOLS,
    calls.LIST_PROVIDERS,
    calls.ACCOUNT_ACTIVITY,
    calls.KEY_ACTIVITY,
    calls.LIST_API_KEYS,
    calls.LIST_HMAC_KEYS,
    calls.LIST_SECRETS,
    calls.LIST_SINKS,
    calls.LIST_LOG_BUCKETS,
    calls.ASSET_KEYS,
    calls.ASSET_VERSIONS,
    calls.SEARCH_POLICIES,
    calls.LIST_PROJECTS,
    calls.LIST_FOLDERS,
]


def lengthened(world: World) -> None:
    """Give every list at least three pages of one entry."""
    world.page_size = 1
    for (name, where), things in list(world.things.items()):
        if "versions.list" not in name:
            world.things[name, where] = (things * 3)[: max(3, len(things))]
    for number in range(2):
        world.folders[f"folders/{900 + number}"] = ORGANISATION
        world.projects.append({**world.projects[0], "name": f"projects/{5 + number}", "projectId": f"acme-{number}abc"})


def broken(method: Method, fault: str, page: int) -> tuple[Refuse, GapReason]:
    instead, reason = FAULTS[fault]
    if fault == "no list":
        instead = httpx2.Response(200, json={method.items: {"0": "x"}})
    return once(method, instead, page=page), reason


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", LISTS, ids=named)
def test_a_fault_in_the_middle_of_a_list_is_a_gap(method: Method, fault: str, long_lists: Seen, served: Iam) -> None:
    _is_a_gap(method, fault, 1, long_lists, served)


@pytest.mark.full
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("method", "page"), [(method, page) for method in LISTS for page in (0, 2)])
def test_a_fault_at_either_end_of_a_list_is_a_gap(
    method: Method, page: int, fault: str, long_lists: Seen, served: Iam
) -> None:
    _is_a_gap(method, fault, page, long_lists, served)


@pytest.mark.parametrize("page", [0, 2])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_either_end_of_the_secrets_is_a_gap(fault: str, page: int, long_lists: Seen, served: Iam) -> None:
    _is_a_gap(calls.LIST_SECRETS, fault, page, long_lists, served)


@pytest.fixture(scope="module")
def long_lists(served: Iam) -> Seen:
    """What is told when nothing is broken."""
    world = World()
    fill(served, world)
    inventory(served, world, ORGANISATION)
    lengthened(world)
    seen = read(WHOLE, served, world)
    assert [] == seen.gaps
    return seen


def _is_a_gap(method: Method, fault: str, page: int, whole: Seen, iam: Iam) -> None:
    world = World()
    iam.fault = lambda _: None
    fill(iam, world)
    inventory(iam, world, ORGANISATION)
    lengthened(world)
    world.refuse, reason = broken(method, fault, page)

    seen = read(WHOLE, iam, world)

    assert any(gap.reason is reason and method.name in gap.detail for gap in seen.gaps)
    for gap in seen.gaps:
        told = seen.coverage[gap.scope_uid]
        assert gap.facet is not None or "complete" != told.status
    if fault != "expired":
        assert 1 == len({gap.scope_uid.partition("#")[2] for gap in seen.gaps}), "nothing else is broken"
    _nothing_is_proved_gone(whole, seen)


@pytest.mark.parametrize("method", LISTS, ids=named)
def test_a_list_that_leads_in_a_circle_ends(method: Method, served: Iam, acme: World) -> None:
    first = {key: things for key, things in acme.things.items() if key[0] == method.name}
    thing = next(iter(first.values()))[0] if first else acme.projects[0] if method is calls.LIST_PROJECTS else {}
    acme.refuse = once(method, httpx2.Response(200, json={method.items: [thing], "nextPageToken": "7"}))

    seen = read(WHOLE, served, acme)

    assert {GapReason.MALFORMED} == {gap.reason for gap in seen.gaps}


def test_what_fails_once_is_asked_again(served: Iam, acme: World) -> None:
    times: list[Asked] = []

    def judge(asked: Asked) -> httpx2.Response | None:
        times.append(asked)
        return httpx2.Response(503) if len(times) % 2 else None

    acme.refuse = judge

    assert [] == read(ALONE, served, acme).gaps


def test_entries_that_name_nothing_are_said_to_be_left_out(served: Iam, acme: World) -> None:
    for key, things in acme.things.items():
        if "versions.list" not in key[0]:
            things.append({})

    seen = read(ALONE, served, acme)

    assert {GapReason.MALFORMED} == {gap.reason for gap in seen.gaps}
    assert {
        "apikeys",
        "iam.workloadIdentityPools",
        "logging",
        "logging.entries",
        "policyanalyzer",
        "secretmanager",
        "storage.hmacKeys",
    } == {gap.scope_uid.partition("#")[2] for gap in seen.gaps}


class EndingLogin(FakeLogin):
    """A login that cannot be renewed any more after some questions."""

    def __init__(self, good_for: int) -> None:
        super().__init__()
        self._left = good_for

    @property
    def valid(self) -> bool:
        self._left -= 1
        return self._left >= 0

    @valid.setter
    def valid(self, _: bool) -> None:
        """Nothing makes it valid again."""

    def refresh(self, request: object) -> None:
        from google.auth.exceptions import RefreshError

        refused: Any = RefreshError
        raise refused("invalid_grant: hostile text")


def test_a_login_that_cannot_be_renewed_ends_the_run_in_order(served: Iam, acme: World) -> None:
    seen = read(ALONE, served, acme, login=EndingLogin(7))

    assert {GapReason.FAILED} == {gap.reason for gap in seen.gaps}
    assert all("no valid login" in gap.detail for gap in seen.gaps)
    assert 7 == len(acme.asked)
    assert "complete" != seen.status("secretmanager")


@pytest.mark.parametrize("code", [grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.INTERNAL], ids=str)
@pytest.mark.parametrize("method", [one for one in METHODS if one.url is None], ids=named)
def test_a_fault_of_grpc_is_a_gap(method: Method, code: grpc.StatusCode, served: Iam, acme: World) -> None:
    served.fault = lambda asked: GrpcFault(code) if asked.method == method.name else None

    seen = read(ALONE, served, acme)

    assert 1 == len(seen.gaps)
    assert method.name in seen.gaps[0].detail


def test_nothing_of_a_server_is_told_in_a_gap(served: Iam, acme: World) -> None:
    acme.refuse = lambda asked: refusal(403) if "projects.get" not in asked.method else None
    served.fault = lambda _: denied()

    seen = read(ALONE, served, acme)

    assert b"hostile" not in msgspec.json.encode(seen.all)
    assert all(gap.permission for gap in seen.gaps)
