"""Users and roles with what they may do and who may act as them: one call for a thousand of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.aws.permissions import ACCOUNT_AUTHORIZATION
from connectors.aws.reading import NAME, Part, Reading
from connectors.aws.tags import environment, owners, plain_tags
from connectors.aws.users import user_uid
from storage.inventory import Facet, Identity, IdentityKind, Observation


def read_identities(reading: Reading) -> Iterator[Observation]:
    """Yield the users and roles of the account."""
    for page in reading.pages(
        ACCOUNT_AUTHORIZATION, Filter=["User", "Role", "Group", "LocalManagedPolicy"], MaxItems=1000
    ):
        for user in page.get("UserDetailList") or ():
            yield _user(user, reading)
    reading.account.users_complete = True


def _user(user: Mapping[str, Any], reading: Reading) -> Identity:
    tags = plain_tags(user.get("Tags"))
    uid = user_uid(user["UserId"])
    reading.account.users[user["UserName"]] = uid
    return Identity(
        uid=uid,
        scope_uid=reading.uid,
        kind=IdentityKind.IAM_USER,
        name=user["UserName"],
        provider=NAME,
        resource_uid=reading.account.uid,
        aliases=(user["Arn"],),
        created_time=user.get("CreateDate"),
        environment=environment(tags),
        owners=owners(tags),
        observed=frozenset({Facet.OWNER}),
    )


IDENTITIES = Part(api="iam", what="users and roles", read=read_identities)
