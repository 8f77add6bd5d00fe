"""Which permissions the login lacks, and which it had better not have: asked of Google before a run."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from connectors.base import Check, Mark
from connectors.google_cloud.answers import words
from connectors.google_cloud.client import GoogleClient
from connectors.google_cloud.permissions import PERMISSIONS, TESTS
from connectors.google_cloud.refusals import CallFailed
from connectors.google_cloud.target import GoogleCloudTarget, roots

EXCESS = (
    "apikeys.keys.getKeyString",
    "iam.serviceAccountKeys.create",
    "iam.serviceAccounts.actAs",
    "iam.serviceAccounts.getAccessToken",
    "iam.serviceAccounts.setIamPolicy",
    "resourcemanager.projects.setIamPolicy",
    "secretmanager.versions.access",
    "storage.hmacKeys.create",
    "storage.objects.get",
)
"""What opens values or changes rights: no permission that the connector uses, and some that wide roles bring."""
_ABOVE = {
    "projects": ("resourcemanager.folders.", "resourcemanager.organizations.", "resourcemanager.projects.list"),
    "folders": ("resourcemanager.organizations.",),
    "organizations": (),
}
"""By kind: permissions that only mean something further up, and that Google refuses to be asked about here."""


def permission_checks(client: GoogleClient, target: GoogleCloudTarget) -> Iterator[Check]:
    """Yield what is missing and what is too much, for each thing that the target names."""
    for where in (*roots(target), *(f"projects/{name}" for name in target.projects)):
        kind = where.partition("/")[0]
        wanted = {one for one in _wanted(target, listing=kind != "projects") if not one.startswith(_ABOVE[kind])}
        method = msgspec.structs.replace(TESTS[kind], content={"permissions": sorted({*wanted, *EXCESS})})
        try:
            held = set(words(client.ask(method, where), "permissions"))
        except CallFailed as failed:
            detail = f"Which permissions the login has could not be asked: {failed.sentence}."
            yield Check(name=where, mark=Mark.FAULT, detail=detail)
            continue
        yield from _compared(where, sorted(wanted - held), sorted(held.intersection(EXCESS)))


def _wanted(target: GoogleCloudTarget, *, listing: bool) -> Iterator[str]:
    for permission in PERMISSIONS:
        match permission.action.partition(".")[0] if permission.optional else None:
            case None:
                wanted = True
            case "cloudasset":
                wanted = target.asset_inventory
            case "logging":
                wanted = target.history
            case _:
                wanted = listing
        if wanted:
            yield permission.action


def _compared(where: str, missing: list[str], excess: list[str]) -> Iterator[Check]:
    if missing:
        detail = f"The login lacks {', '.join(missing)}: what each costs stands in docs/connectors/google-cloud.md."
        yield Check(name=where, mark=Mark.FAULT, detail=detail)
    if excess:
        detail = f"The login may {', '.join(excess)}, which nothing here needs: take it away."
        yield Check(name=where, mark=Mark.WARNING, detail=detail)
    if not missing and not excess:
        yield Check(name=where, mark=Mark.FINE, detail="The login has the permissions it needs, and none too many.")
