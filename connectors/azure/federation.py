"""Federated credentials, of applications and of service principals: whose tokens are accepted in place of a secret."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.azure.answers import FederatedCredential, plain
from connectors.azure.directory import Directory
from connectors.azure.first_party import is_first_party
from connectors.azure.permissions import APPLICATION_FEDERATION, PRINCIPAL_FEDERATION
from connectors.azure.reading import Reading
from storage.inventory import Observation, Trust, TrustKind


def read_federation(reading: Reading, directory: Directory) -> Iterator[Observation]:
    """Find out whom each application and service principal trusts, twenty of them a call."""
    yield from ()
    applications = [one.id for one in directory.applications]
    # Nobody here can have Microsoft's own trust somebody.
    principals = [one.id for one in directory.principals if not is_first_party(one)]
    for operation, ids in ((APPLICATION_FEDERATION, applications), (PRINCIPAL_FEDERATION, principals)):
        for one, told in reading.each(operation, FederatedCredential, ids):
            directory.trusts[one.lower()] = _trusts(told)


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
