"""What reading Google Cloud and Entra costs, on the stand-ins of the tests: calls, for a thousand of what there is."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from connectors.google_cloud.target import GoogleCloudTarget
from storage.inventory import Credential, Gap, Identity
from tests.connectors.azure.conftest import Azure
from tests.connectors.google_cloud.acme import inventory
from tests.connectors.google_cloud.fake import NUMBER, PROJECT, Iam, accounts, read
from tests.connectors.google_cloud.world import ORGANISATION, World, binding

_GRAPH_PAGE = 999
"""Graph tells so many at most."""


class Cost(NamedTuple):
    """One reading."""

    things: int
    """What there was to read, of what the promise counts."""
    identities: int
    credentials: int
    gaps: int
    calls: int
    asked: Counter[str]
    """What was asked, by name: more than the calls where several questions go in one."""
    cpu: float

    @property
    def for_a_thousand(self) -> float:
        """The calls for a thousand things, fixed ones included."""
        return self.calls * 1000 / self.things


class Way(NamedTuple):
    """One way of reading a cloud, and how many calls it may take."""

    what: str
    """The thousand things that the promise is for."""
    promised: int
    """Calls for a thousand of them, at most."""
    read: Callable[[int], Cost]


def _of_google(target: GoogleCloudTarget, count: int) -> Cost:
    """Read service accounts with a key and a policy each, in one project of an organisation."""
    iam, world = Iam(accounts(count)), World()
    try:
        for one in iam.accounts:
            one.policy = {"roles/iam.serviceAccountUser": ["user:ada@acme.example"]}
        members = (f"serviceAccount:{one.email}" for one in iam.accounts)
        world.policies[f"projects/{NUMBER}"] = [binding("roles/logging.logWriter", *members)]
        inventory(iam, world, ORGANISATION)
        began = time.process_time()
        seen = read(target, iam, world, deadline=time.monotonic() + 3600.0)
        cpu = time.process_time() - began
        asked = Counter(one.method for one in iam.asked) + world.counts
        found = (len(seen.of(Identity)), len(seen.of(Credential)), len(seen.of(Gap)))
        return Cost(count, *found, asked.total(), asked, cpu)
    finally:
        iam.stop()


def _of_entra(count: int) -> Cost:
    """Read applications, each with a principal, a client secret, an owner, a trust and a right."""
    azure = Azure()
    azure.microsoft.page_size = _GRAPH_PAGE
    azure.microsoft.checked = count <= _GRAPH_PAGE
    owner, api = azure.microsoft.user(), azure.microsoft.api("Mail.Read")
    for number in range(count):
        application = azure.microsoft.application(
            f"app {number}", passwordCredentials=[azure.microsoft.password(secretText=None)]
        )
        azure.microsoft.own(application, owner)
        azure.microsoft.trust(application)
        principal = azure.microsoft.principal(f"app {number}", appId=application["appId"])
        azure.microsoft.give_app_role(principal, api, "Mail.Read")
    began = time.process_time()
    seen = azure.collect()
    cpu = time.process_time() - began
    found = (len({one.uid for one in seen.of(Identity)}), len(seen.of(Credential)), len(seen.gaps))
    return Cost(count, *found, azure.microsoft.requests, Counter(azure.microsoft.asked), cpu)


WAYS: Mapping[str, tuple[Way, ...]] = {
    "google-cloud": (
        Way(
            "service accounts with a key each, by Cloud Asset Inventory",
            60,
            lambda count: _of_google(GoogleCloudTarget(organization=ORGANISATION.rpartition("/")[2]), count),
        ),
        Way(
            "service accounts with a key each, asked one by one",
            2060,
            lambda count: _of_google(GoogleCloudTarget(projects=(PROJECT,), asset_inventory=False), count),
        ),
    ),
    "azure": (Way("applications with a principal, a secret, an owner and a trust each", 130, _of_entra),),
}
"""By the mode of `cloud.py`."""


def measured(mode: str, count: int) -> int:
    """Read in each way, print what it cost; return 1 when a promise is broken."""
    broken = 0
    for way in WAYS[mode]:
        cost = way.read(count)
        kept = cost.for_a_thousand <= way.promised and not cost.gaps
        broken |= not kept
        print(f"{count} {way.what}")
        print(f"  identities {cost.identities}, credentials {cost.credentials}, gaps {cost.gaps}")
        print(f"  calls {cost.calls} with {cost.asked.total()} questions in them")
        print(f"  processor time {cost.cpu:.1f} s, the stand-in's among it")
        verdict = "kept" if kept else "BROKEN"
        print(f"  calls for a thousand: {cost.for_a_thousand:.0f}, of at most {way.promised}: {verdict}")
        print("  " + ", ".join(f"{name} {calls}" for name, calls in sorted(cost.asked.items())))
    return int(broken)
