"""What `doctor` says of a login: which rights it lacks, and which it has that nobody here needs.

Graph's rights stand in its token. Azure's are asked for in each subscription; what they allow beside is tried with a
few actions that change rights or read values, so that somebody takes such a right away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.azure.answers import ActionLists, Subscription, plain
from connectors.azure.client import AzureClient
from connectors.azure.permissions import ACTIVITY_EVENTS, LOGIN_RIGHTS, OPERATIONS, SUBSCRIPTIONS, Api, Operation
from connectors.azure.privileges import allows
from connectors.azure.reading import Reading
from connectors.azure.target import AzureTarget
from connectors.base import Check, Mark
from connectors.transport import BearerRefused
from storage.inventory import Gap

_NEEDLESS = (
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Compute/virtualMachines/write",
    "Microsoft.KeyVault/vaults/write",
    "Microsoft.Storage/storageAccounts/listKeys/action",
)
_NEEDLESS_ON_DATA = (
    "Microsoft.KeyVault/vaults/keys/decrypt/action",
    "Microsoft.KeyVault/vaults/secrets/getSecret/action",
)
_CONTAINS_OTHERS = "Directory.Read.All"
_NOT_CONTAINED = frozenset({"AuditLog.Read.All"})


def checks_of(target: AzureTarget, client: AzureClient) -> Iterator[Check]:
    """Compare what the login may do with what the connector asks."""
    try:
        claims = client.claims(Api.GRAPH)
    except BearerRefused as refused:
        yield Check(name="login", mark=Mark.FAULT, detail=f"{refused.detail}.")
        return
    roles = claims.get("roles")
    held = {one for one in roles if isinstance(one, str)} if isinstance(roles, list) else set()
    if not held and "scp" in claims:
        detail = "The login is a person's: it is good for a trial, and its rights in Graph cannot be compared."
        yield Check(name="Graph", mark=Mark.WARNING, detail=detail)
    else:
        yield from _of_graph(held)
    reading = Reading(client, f"entra:tenant:{target.tenant}", "doctor", "doctor")
    listed = [one.subscription_id.lower() for one in reading.listed(SUBSCRIPTIONS, Subscription)]
    for subscription in sorted(set(target.subscriptions or listed) - target.excluded_subscriptions.keys()):
        rights = list(reading.listed(LOGIN_RIGHTS, ActionLists, subscription))
        if rights:
            yield from _of_subscription(target, subscription, rights)
    for gap in reading.ending():
        if isinstance(gap, Gap):
            yield Check(name="Azure", mark=Mark.FAULT, detail=gap.detail)


def _of_graph(held: set[str]) -> Iterator[Check]:
    needed = {one.permission for one in OPERATIONS if one.api is Api.GRAPH}
    contained = needed - _NOT_CONTAINED if _CONTAINS_OTHERS in held else set()
    yield from _compared("Graph", sorted(needed - held - contained), sorted(held - needed))


def _of_subscription(target: AzureTarget, subscription: str, rights: Sequence[ActionLists]) -> Iterator[Check]:
    wanted = [one for one in OPERATIONS if one.api is not Api.GRAPH and _below_subscription(one)]
    wanted = [one for one in wanted if not one.optional or _is_wanted(one, target)]
    missing = {one.permission for one in wanted if not _may(rights, one.permission, data=one.data)}
    needless = [action for action in _NEEDLESS if _may(rights, action, data=False)]
    needless += [action for action in _NEEDLESS_ON_DATA if _may(rights, action, data=True)]
    yield from _compared(f"subscription {subscription}", sorted(missing), sorted(needless))


def _is_wanted(operation: Operation, target: AzureTarget) -> bool:
    return target.history if operation is ACTIVITY_EVENTS else target.key_vault


def _below_subscription(operation: Operation) -> bool:
    """Whether a right in a subscription opens it; the logs of the directory lie in none."""
    return "aadiam" not in operation.permission


def _may(rights: Sequence[ActionLists], action: str, *, data: bool) -> bool:
    wanted = action.lower()
    for one in rights:
        given, taken = (one.data_actions, one.not_data_actions) if data else (one.actions, one.not_actions)
        if allows(_small(given), wanted) and not allows(_small(taken), wanted):
            return True
    return False


def _small(patterns: Sequence[str]) -> list[str]:
    return [one.lower() for one in patterns]


def _compared(name: str, missing: Sequence[str], needless: Sequence[str]) -> Iterator[Check]:
    if missing:
        detail = f"The login lacks {', '.join(missing)}: grant it, as deploy/permissions/azure.json does."
        yield Check(name=name, mark=Mark.FAULT, detail=detail)
    if needless:
        shown = ", ".join(plain(one, "?") for one in needless)
        yield Check(name=name, mark=Mark.WARNING, detail=f"The login may do what is not needed: {shown}. Take it away.")
    if not missing and not needless:
        yield Check(name=name, mark=Mark.FINE, detail="The login has the rights that are needed, and no further ones.")
