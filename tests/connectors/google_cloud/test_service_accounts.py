"""Service accounts and their keys, over gRPC from Google's own types."""

from __future__ import annotations

from datetime import UTC, datetime

import grpc
import msgspec
import pytest

from connectors.base import TargetError
from connectors.google_cloud.addresses import agent_of, default_of, project_of
from connectors.google_cloud.target import GoogleCloudTarget, checked
from storage.inventory import Credential, Facet, GapReason, Identity
from tests.connectors.google_cloud.fake import (
    NUMBER,
    PROJECT,
    Asked,
    FakeAccount,
    Fault,
    GrpcFault,
    Iam,
    Key,
    accounts,
    denied,
    moment,
    read,
)
from tests.connectors.google_cloud.world import World

TARGET = GoogleCloudTarget(projects=(PROJECT,), asset_inventory=False)
LIST_ACCOUNTS = "iam.projects.serviceAccounts.list"
LIST_KEYS = "iam.projects.serviceAccounts.keys.list"


def failing(method: str, fault: GrpcFault, *, page: int | None = None, where: str = "") -> Fault:
    def judge(asked: Asked) -> Exception | None:
        hit = asked.method == method and page in (None, asked.page) and asked.where.endswith(where)
        return fault if hit else None

    return judge


def test_accounts_are_known_by_their_unique_id(iam: Iam, world: World) -> None:
    iam.accounts = [
        FakeAccount("111", "app@acme-prod.iam.gserviceaccount.com"),
        FakeAccount("222", "old@acme-prod.iam.gserviceaccount.com", disabled=True),
    ]

    seen = read(TARGET, iam, world)

    told = {one.uid: one for one in seen.of(Identity)}
    assert {"gcp:service_account:111", "gcp:service_account:222"} == set(told)
    assert ("app@acme-prod.iam.gserviceaccount.com", "111") == told["gcp:service_account:111"].aliases
    assert [True, False] == [told[f"gcp:service_account:{one}"].enabled for one in ("111", "222")]
    assert f"gcp:project:{NUMBER}" == told["gcp:service_account:111"].resource_uid
    assert f"gcp:project:{NUMBER}#iam.serviceAccounts" == told["gcp:service_account:111"].scope_uid


def test_an_account_that_was_made_again_is_another_one(iam: Iam, world: World) -> None:
    iam.accounts = [FakeAccount("111", "app@acme-prod.iam.gserviceaccount.com", keys=[Key("aa")])]
    before = read(TARGET, iam, world)
    iam.accounts = [FakeAccount("999", "app@acme-prod.iam.gserviceaccount.com", keys=[Key("aa")])]
    after = read(TARGET, iam, world)

    assert {one.uid for one in before.of(Identity)}.isdisjoint({one.uid for one in after.of(Identity)})
    assert {one.uid for one in before.of(Credential)}.isdisjoint({one.uid for one in after.of(Credential)})


def test_keys_are_kept_with_state_age_and_end(iam: Iam, world: World) -> None:
    iam.accounts = [
        FakeAccount(
            "111",
            "app@acme-prod.iam.gserviceaccount.com",
            keys=[
                Key("aa", made=moment(2025, 2), disabled=True),
                Key("bb", made=moment(2026, 5), ends=moment(2026, 8)),
                Key("cc", system=True),
            ],
        )
    ]

    keys = {one.public_identifier: one for one in read(TARGET, iam, world).of(Credential)}

    assert {"aa", "bb"} == set(keys), "keys that Google keeps for itself are nobody's to rotate"
    assert (False, "DISABLED", moment(2025, 2)) == (keys["aa"].enabled, keys["aa"].status, keys["aa"].created_time)
    assert keys["aa"].expiration_time is None, "the year 9999 stands for never"
    assert {Facet.ROTATION, Facet.EXPIRATION} == keys["aa"].observed
    assert moment(2026, 8) == keys["bb"].expiration_time
    assert "gcp:service_account:111" == keys["bb"].identity_uid
    assert "gcp:service_account_key:111/bb" == keys["bb"].uid
    assert "iam.serviceAccountKeys.list" == keys["bb"].attributes["listed_by"]


def test_no_value_is_in_what_is_told(iam: Iam, world: World) -> None:
    iam.accounts = accounts(2)

    assert b"never to be seen" not in msgspec.json.encode(read(TARGET, iam, world).all)


def test_pages_are_read_to_the_end(iam: Iam, world: World) -> None:
    iam.accounts = accounts(250)

    seen = read(TARGET, iam, world)

    assert 250 == len(seen.of(Identity))
    assert 250 == len(seen.of(Credential))
    assert 3 + 250 == seen.coverage[f"gcp:project:{NUMBER}#iam.serviceAccounts"].calls, "lists, and policies"
    assert 250 == seen.coverage[f"gcp:project:{NUMBER}#iam.serviceAccountKeys"].calls
    assert [] == seen.gaps


def test_denied_on_the_fourteenth_of_a_thousand_leaves_the_others_right(iam: Iam, world: World) -> None:
    iam.accounts = accounts(1000)
    lost = iam.accounts[13]
    iam.fault = failing(LIST_KEYS, denied(), where=lost.unique_id)

    seen = read(TARGET, iam, world)

    (gap,) = seen.gaps
    assert (GapReason.DENIED, "iam.serviceAccountKeys.list", 1) == (gap.reason, gap.permission, gap.count)
    assert lost.email == gap.locator
    assert f"gcp:project:{NUMBER}#iam.serviceAccountKeys" == gap.scope_uid
    assert ("complete", "partial") == (seen.status("iam.serviceAccounts"), seen.status("iam.serviceAccountKeys"))
    assert 999 == len(seen.of(Credential))
    unsure = [one for one in seen.of(Identity) if Facet.CREDENTIALS not in one.observed]
    assert [lost.email] == [one.name for one in unsure]
    assert 1000 == len(seen.of(Identity))


def test_without_a_list_of_accounts_no_keys_are_proved_gone(iam: Iam, world: World) -> None:
    iam.accounts = accounts(3)
    iam.fault = failing(LIST_ACCOUNTS, denied())

    seen = read(TARGET, iam, world)

    (gap,) = seen.gaps
    assert "iam.serviceAccounts.list" == gap.permission
    assert "hostile" not in gap.detail, "nothing of the server's own words is passed on"
    assert ("denied", "partial") == (seen.status("iam.serviceAccounts"), seen.status("iam.serviceAccountKeys"))
    assert [] == seen.of(Identity)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, GapReason.DENIED),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, GapReason.RATE_LIMITED),
        (grpc.StatusCode.INTERNAL, GapReason.FAILED),
        (grpc.StatusCode.UNAVAILABLE, GapReason.FAILED),
        (grpc.StatusCode.DEADLINE_EXCEEDED, GapReason.TIMED_OUT),
        (grpc.StatusCode.UNAUTHENTICATED, GapReason.FAILED),
    ],
    ids=lambda told: str(told.name if isinstance(told, grpc.StatusCode) else ""),
)
@pytest.mark.parametrize("page", [0, 1, 2])
def test_a_fault_on_any_page_leaves_the_accounts_open(
    iam: Iam, world: World, code: grpc.StatusCode, reason: GapReason, page: int
) -> None:
    iam.accounts = accounts(30, keys=0)
    iam.page_size = 10
    iam.fault = failing(LIST_ACCOUNTS, GrpcFault(code), page=page)

    seen = read(TARGET, iam, world)

    gap = seen.gaps[0]
    assert reason == gap.reason
    assert 10 * page == len(seen.of(Identity))
    assert "complete" != seen.status("iam.serviceAccounts")
    assert "complete" != seen.status("iam.serviceAccountKeys")


def test_what_fails_once_is_asked_again(iam: Iam, world: World) -> None:
    iam.accounts = accounts(3)
    times: list[Asked] = []

    def once(asked: Asked) -> Exception | None:
        times.append(asked)
        return GrpcFault(grpc.StatusCode.UNAVAILABLE) if len(times) == 1 else None

    iam.fault = once

    seen = read(TARGET, iam, world)

    assert [] == seen.gaps
    assert 2 + 3 == seen.coverage[f"gcp:project:{NUMBER}#iam.serviceAccounts"].calls


def test_a_page_that_names_itself_ends_the_list(iam: Iam, world: World) -> None:
    iam.accounts = accounts(3)
    iam.repeat_token = True

    seen = read(TARGET, iam, world)

    assert [GapReason.MALFORMED] == [gap.reason for gap in seen.gaps]
    assert "partial" == seen.status("iam.serviceAccounts")


def test_an_answer_that_is_no_message_is_a_gap(iam: Iam, world: World) -> None:
    iam.accounts = accounts(3)
    iam.garbage = {LIST_KEYS}

    seen = read(TARGET, iam, world)

    assert [(GapReason.MALFORMED, 3)] == [(gap.reason, gap.count) for gap in seen.gaps]
    assert not any(Facet.CREDENTIALS in one.observed for one in seen.of(Identity))


def test_a_login_that_ends_in_mid_run_is_not_tried_on(iam: Iam, world: World) -> None:
    iam.accounts = accounts(50)
    iam.fault = failing(LIST_KEYS, GrpcFault(grpc.StatusCode.UNAUTHENTICATED), where=iam.accounts[20].unique_id)

    seen = read(TARGET, iam, world)

    (gap,) = [gap for gap in seen.gaps if gap.scope_uid.endswith("#iam.serviceAccountKeys")]
    assert (GapReason.FAILED, 30, iam.accounts[20].email) == (gap.reason, gap.count, gap.locator)
    assert 20 == len(seen.of(Credential))
    assert 22 == len(iam.asked), "nobody asks on with a login that has ended"
    assert {GapReason.FAILED} == {gap.reason for gap in seen.gaps}
    assert not any(Facet.CREDENTIALS in one.observed for one in seen.of(Identity)), "HMAC keys were not listed either"


def test_nothing_is_asked_after_the_deadline(iam: Iam, world: World) -> None:
    iam.accounts = accounts(3)

    seen = read(TARGET, iam, world, deadline=0.0)

    assert [GapReason.TIMED_OUT] == [gap.reason for gap in seen.gaps]
    assert [] == iam.asked


def test_an_api_that_is_off_is_named(iam: Iam, world: World) -> None:
    iam.fault = failing(LIST_ACCOUNTS, GrpcFault(grpc.StatusCode.PERMISSION_DENIED, "SERVICE_DISABLED"))

    (gap,) = read(TARGET, iam, world).gaps

    assert GapReason.DENIED == gap.reason
    assert "iam.googleapis.com is not switched on" in gap.detail
    assert gap.permission is None, "no grant would help"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (f"{NUMBER}-compute@developer.gserviceaccount.com", "compute_engine_default"),
        ("acme-prod@appspot.gserviceaccount.com", "app_engine_default"),
        ("app@acme-prod.iam.gserviceaccount.com", None),
        (f"{NUMBER}-compute@acme-prod.iam.gserviceaccount.com", None),
    ],
)
def test_accounts_that_google_made_are_told_apart(address: str, kind: str | None) -> None:
    assert kind == default_of(address)


@pytest.mark.parametrize(
    ("address", "agent"),
    [
        (f"service-{NUMBER}@gcp-sa-secretmanager.iam.gserviceaccount.com", True),
        (f"service-{NUMBER}@compute-system.iam.gserviceaccount.com", True),
        (f"service-{NUMBER}@cloud-ml.google.com.iam.gserviceaccount.com", True),
        (f"bq-{NUMBER}@bigquery-encryption.iam.gserviceaccount.com", True),
        (f"{NUMBER}@cloudservices.gserviceaccount.com", True),
        (f"{NUMBER}@cloudbuild.gserviceaccount.com", True),
        (f"service-{NUMBER}@acme-prod.iam.gserviceaccount.com", False),
        (f"service-{NUMBER}@gcp-sa-x.iam.gserviceaccount.com.evil.example", False),
    ],
)
def test_a_customers_account_does_not_pass_for_an_agent_of_google(address: str, *, agent: bool) -> None:
    assert (NUMBER if agent else None) == agent_of(address)


def test_a_customers_account_named_like_an_agent_is_the_customers(iam: Iam, world: World) -> None:
    iam.accounts = [FakeAccount("7", f"service-{NUMBER}@{PROJECT}.iam.gserviceaccount.com")]

    assert [False] == [one.provider_managed for one in read(TARGET, iam, world).of(Identity)]


def test_default_accounts_are_counted_as_googles(iam: Iam, world: World) -> None:
    iam.accounts = [FakeAccount("5", f"{NUMBER}-compute@developer.gserviceaccount.com")]

    (default,) = read(TARGET, iam, world).of(Identity)

    assert (True, {"managed_as": "compute_engine_default"}) == (default.provider_managed, default.attributes)


def test_an_email_names_its_project() -> None:
    assert "acme-prod" == project_of("app@acme-prod.iam.gserviceaccount.com")
    assert "acme.example:shop" == project_of("app@shop.acme.example.iam.gserviceaccount.com")
    assert project_of("somebody@acme.example") is None
    assert NUMBER == project_of(f"{NUMBER}-compute@developer.gserviceaccount.com")
    assert "acme-prod" == project_of("acme-prod@appspot.gserviceaccount.com")


@pytest.mark.parametrize(
    "target",
    [
        GoogleCloudTarget(),
        GoogleCloudTarget(projects=("Not A Project",)),
        GoogleCloudTarget(folders=("acme",)),
        GoogleCloudTarget(projects=(NUMBER,), impersonate="nobody"),
        GoogleCloudTarget(projects=(NUMBER,), own_aws_accounts=("12345",)),
    ],
)
def test_what_cannot_be_meant_is_refused(target: GoogleCloudTarget) -> None:
    with pytest.raises(TargetError):
        checked(target)


def test_times_of_the_far_future_do_not_break_a_key(iam: Iam, world: World) -> None:
    far = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    iam.accounts = [FakeAccount("1", "app@acme-prod.iam.gserviceaccount.com", keys=[Key("aa", made=far)])]

    (key,) = read(TARGET, iam, world).of(Credential)

    assert far == key.created_time
