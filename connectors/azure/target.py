"""What is to be read of Entra and Azure, and as whom: plain fields, no secret among them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from connectors.base import Target, TargetError
from storage.inventory import Record

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class Cloud(StrEnum):
    """Which of Microsoft's clouds; each has addresses of its own, and directories that the others do not know."""

    PUBLIC = "public"
    US_GOVERNMENT = "usgovernment"
    CHINA = "china"


class Addresses(Record, frozen=True, kw_only=True):
    """Where a cloud's APIs are."""

    graph: str
    arm: str
    vault: str
    """What every vault's host ends with, without a dot in front: no token for vaults goes to any other."""
    authority: str


ADDRESSES: Mapping[Cloud, Addresses] = {
    Cloud.PUBLIC: Addresses(
        graph="https://graph.microsoft.com",
        arm="https://management.azure.com",
        vault="vault.azure.net",
        authority="login.microsoftonline.com",
    ),
    Cloud.US_GOVERNMENT: Addresses(
        graph="https://graph.microsoft.us",
        arm="https://management.usgovcloudapi.net",
        vault="vault.usgovcloudapi.net",
        authority="login.microsoftonline.us",
    ),
    Cloud.CHINA: Addresses(
        graph="https://microsoftgraph.chinacloudapi.cn",
        arm="https://management.chinacloudapi.cn",
        vault="vault.azure.cn",
        authority="login.chinacloudapi.cn",
    ),
}


HISTORY_DAYS = 90
"""For so long Azure keeps the activity log of a subscription."""


class AzureTarget(Target, frozen=True, kw_only=True):
    """One tenant and its subscriptions.

    The login is what `azure-identity` finds for itself: a workload identity, a managed identity, `az login`. No secret
    stands here.
    """

    tenant: str
    """Id of the tenant."""
    cloud: str = "public"
    """`public`, `usgovernment` or `china`."""
    subscriptions: tuple[str, ...] = ()
    """Ids of the subscriptions to read; empty for all that the login sees."""
    excluded_subscriptions: Mapping[str, str] = {}
    """Subscriptions that are not read, each with the reason."""
    own_tenants: tuple[str, ...] = ()
    """Ids of further tenants of the same organisation: an application of any other belongs to somebody else."""
    key_vault: bool = True
    """Whether the vaults are asked for what they hold: three calls a vault. Without, only Azure itself is asked."""
    history: bool = False
    """Whether the logs of the directory and the subscriptions are read for what happened."""
    history_days: int = HISTORY_DAYS
    """How many days back; Azure keeps its activity log 90, Entra its audit log 30 at most."""
    client_id: str | None = None
    """Client id of the user-assigned managed identity to log in as, where a workload has several."""

    @property
    def place(self) -> str:
        """Where it lies: it stands for the name where there is none."""
        return f"tenant {self.tenant}"

    @property
    def addresses(self) -> Addresses:
        """Where this cloud's APIs are."""
        return ADDRESSES[Cloud(self.cloud)]


def checked(target: AzureTarget) -> AzureTarget:
    """Return the target, if what it says can be meant.

    Raises:
        TargetError: when a cloud, tenant or subscription is none.
    """
    if target.cloud not in set(Cloud):
        raise TargetError(f"cloud: name one of {', '.join(Cloud)}")
    if not 1 <= target.history_days <= HISTORY_DAYS:
        raise TargetError(f"history_days: Azure keeps its activity log {HISTORY_DAYS} days, so 1 to {HISTORY_DAYS}")
    ids = (target.tenant, *target.subscriptions, *target.excluded_subscriptions, *target.own_tenants)
    if not all(_GUID.fullmatch(one) for one in ids):
        raise TargetError("tenants and subscriptions are named by their ids, in small letters: 00000000-0000-…")
    return target
