"""What `doctor` says of the login's permissions: the missing ones, and those that are too many."""

from __future__ import annotations

import pytest

from connectors.base import Mark
from connectors.google_cloud.permissions import PERMISSIONS
from connectors.google_cloud.target import GoogleCloudTarget
from tests.connectors.google_cloud.fake import PROJECT, Iam, connector
from tests.connectors.google_cloud.world import World, refusal

ALONE = GoogleCloudTarget(projects=(PROJECT,))
WHOLE = GoogleCloudTarget(organization="900", history=True, folders=("800",), projects=(PROJECT,))


@pytest.mark.parametrize("target", [ALONE, WHOLE], ids=["project", "organisation"])
def test_a_login_with_the_published_role_is_fine(target: GoogleCloudTarget, iam: Iam, world: World) -> None:
    assert {Mark.FINE} == {one.mark for one in connector(iam, world).checks(target)}


@pytest.mark.parametrize("permission", [one.action for one in PERMISSIONS])
def test_each_missing_permission_is_named(permission: str, iam: Iam, world: World) -> None:
    fitting = world.granted
    world.granted = lambda one: fitting(one) and one != permission

    faults = [one for one in connector(iam, world).checks(WHOLE) if one.mark is Mark.FAULT]

    assert faults
    assert all(permission in one.detail for one in faults)


def test_what_is_too_much_is_named(iam: Iam, world: World) -> None:
    world.granted = lambda _: True

    (check,) = connector(iam, world).checks(ALONE)

    assert Mark.WARNING is check.mark
    assert "secretmanager.versions.access" in check.detail


def test_what_the_target_does_not_ask_for_is_not_missing(iam: Iam, world: World) -> None:
    fitting = world.granted
    world.granted = lambda one: fitting(one) and not one.startswith("cloudasset.")

    (check,) = connector(iam, world).checks(GoogleCloudTarget(projects=(PROJECT,), asset_inventory=False))

    assert Mark.FINE is check.mark


def test_a_question_that_is_refused_is_said(iam: Iam, world: World) -> None:
    world.refuse = lambda _: refusal(400, code="INVALID_ARGUMENT")

    (check,) = connector(iam, world).checks(ALONE)

    assert Mark.FAULT is check.mark
    assert "could not be asked" in check.detail
    assert "hostile" not in check.detail
