"""How many calls a reading takes: the promise is for a thousand identities, 400 users with two keys and 600 roles."""

from __future__ import annotations

import pytest

from storage.inventory import Coverage, Identity, IdentityKind, Scope
from tests.connectors.aws.test_listing import trust
from tests.connectors.aws.workshop import Aws, Inventory

IDENTITIES = ("account", "iam", "rolesanywhere")
"""What tells of identities; each store and each kind of API key takes a call more in every region."""


def populate(aws: Aws, users: int, roles: int) -> None:
    client = aws.client("iam")
    for number in range(users):
        client.create_user(UserName=f"user-{number:04}")
        for _ in range(2):
            client.create_access_key(UserName=f"user-{number:04}")
    for number in range(roles):
        client.create_role(RoleName=f"role-{number:04}", AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))
    aws.front.asked.clear()


def calls(seen: Inventory, *apis: str) -> int:
    """How many calls the scopes took, or those of these apis."""
    uids = {scope.uid for scope in seen.of(Scope) if not apis or str(scope.api).startswith(apis)}
    return sum(coverage.calls for coverage in seen.of(Coverage) if coverage.scope_uid in uids)


def of_users_and_roles(seen: Inventory) -> int:
    kinds = {IdentityKind.IAM_USER, IdentityKind.IAM_ROLE}
    return len({one.uid for one in seen.of(Identity) if one.kind in kinds})


@pytest.mark.parametrize(("users", "roles"), [(8, 12), pytest.param(200, 300, marks=pytest.mark.full)], ids=str)
def test_a_thousand_identities_take_no_more_calls_than_promised(users: int, roles: int, aws: Aws) -> None:
    populate(aws, users, roles)

    with_ids, without = aws.collect(), aws.collect(key_ids=False)

    assert users + roles == of_users_and_roles(with_ids) == of_users_and_roles(without)
    # Two calls a user, for its access keys and its SSH keys; all else is the same for however many.
    fixed = calls(with_ids, *IDENTITIES) - 2 * users
    assert fixed + 2 * 400 <= 850
    assert calls(without, *IDENTITIES) <= 15
    assert 2 * users == len(with_ids.credentials("access key")) == len(without.credentials("access key"))


def test_the_calls_of_all_scopes_are_those_that_were_made(aws: Aws) -> None:
    populate(aws, 3, 1)

    seen = aws.collect(account=None)

    # One more tells whose login it is, before there is a scope.
    assert len(aws.front.asked) == calls(seen) + 1
