"""How workflows are called in the tokens that clouds trust: which claims make up the subject.

A fact for whoever compares it with a cloud's trust, and neither good nor bad by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.github.answers import OrganizationSubject, RepositorySubject
from connectors.github.estate import Estate
from connectors.github.permissions import ORGANIZATION_OIDC, REPOSITORY_OIDC
from connectors.github.place import Place
from connectors.github.reading import Reading
from connectors.github.repositories import INCLUDED, repository_resource
from storage.inventory import Observation


def read_oidc_subject(reading: Reading, estate: Estate, place: Place) -> Iterator[Observation]:
    """Tell the claims, as attributes of the organization or of the repository."""
    if place.repository is None:
        common = reading.one(ORGANIZATION_OIDC, OrganizationSubject)
        estate.attributes.update(_attributes(common) if common else {})
        return
    told = reading.one(REPOSITORY_OIDC, RepositorySubject, **place.where)
    if told is not None:
        yield repository_resource(estate, place.repository, {"declared": INCLUDED, **_attributes(told)})


def _attributes(told: OrganizationSubject | RepositorySubject) -> dict[str, str]:
    claims = "" if isinstance(told, RepositorySubject) and told.use_default else " ".join(told.include_claim_keys)
    found = {"oidc_subject": claims or "default"}
    if told.use_immutable_subject is not None:
        found["oidc_immutable_subject"] = str(told.use_immutable_subject).lower()
    return found
