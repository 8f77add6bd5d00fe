"""Federated credentials, of applications and of service principals: whose tokens are accepted in place of a secret.

Those of a user-assigned managed identity are kept by Azure and not by Graph, so of such a one both are asked. An
identity that a single machine or service was given, and that goes with it, can trust nobody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from connectors.azure.answers import FederatedCredential, ManagedFederation, ServicePrincipal, plain
from connectors.azure.directory import Directory
from connectors.azure.first_party import is_first_party
from connectors.azure.permissions import APPLICATION_FEDERATION, MANAGED_FEDERATION, PRINCIPAL_FEDERATION
from connectors.azure.reading import Reading
from storage.inventory import Observation, Trust, TrustKind

_IDENTITY = re.compile(
    r"/subscriptions/([0-9a-f-]{36})/resourcegroups/([^/?#%\\]{1,90})/providers/microsoft\.managedidentity/"
    r"userassignedidentities/([\w-]{1,128})",
    re.IGNORECASE | re.ASCII,
)


def read_federation(reading: Reading, directory: Directory) -> Iterator[Observation]:
    """Find out whom each application and service principal trusts, twenty of them a call."""
    yield from ()
    applications = [one.id for one in directory.applications]
    # Nobody here can have Microsoft's own trust somebody.
    principals = [one.id for one in directory.principals if not is_first_party(one)]
    for operation, ids in ((APPLICATION_FEDERATION, applications), (PRINCIPAL_FEDERATION, principals)):
        for one, told in reading.each(operation, FederatedCredential, ids):
            directory.trusts[one.lower()] = _trusts(told)
    for principal in directory.principals:
        if principal.is_managed_identity and (parts := _user_assigned(principal)):
            _read_managed(reading, directory, principal, parts)


def _read_managed(reading: Reading, directory: Directory, principal: ServicePrincipal, parts: tuple[str, ...]) -> None:
    """Add what Azure tells of a managed identity; where it is not asked, or refuses, its trust is not known."""
    known = directory.trusts.pop(principal.id.lower(), None)
    if parts[0] not in directory.subscriptions:
        return
    told = reading.whole_list(MANAGED_FEDERATION, ManagedFederation, *parts)
    if told is not None and known is not None:
        kept = _trusts([one.properties for one in told])
        directory.trusts[principal.id.lower()] = known + tuple(one for one in kept if one not in known)


def _user_assigned(principal: ServicePrincipal) -> tuple[str, ...] | None:
    """Return subscription, group and name of a user-assigned identity; `None` of any other."""
    matches = (_IDENTITY.fullmatch(name) for name in principal.alternative_names)
    found = next((match for match in matches if match), None)
    return (found[1].lower(), found[2], found[3]) if found else None


def _trusts(told: Sequence[FederatedCredential]) -> tuple[Trust, ...]:
    return tuple(
        Trust(kind=TrustKind.OIDC, principal=plain(one.issuer, "?"), conditions=_conditions(one)) for one in told
    )


def _conditions(told: FederatedCredential) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    if told.subject:
        found["sub"] = (plain(told.subject, ""),)
    if told.claims_matching_expression:
        found["attribute_condition"] = (plain(told.claims_matching_expression.value, ""),)
    if told.audiences:
        found["aud"] = tuple(plain(one, "") for one in told.audiences)
    return found
