"""Workload identity federation: which outside issuers are believed, of whom, and under which condition."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from connectors.google_cloud.answers import part, text, words
from connectors.google_cloud.estate import Estate
from connectors.google_cloud.labels import environment, owners
from connectors.google_cloud.permissions import LIST_POOLS, LIST_PROVIDERS
from connectors.google_cloud.project import Project
from connectors.google_cloud.reading import PROVIDER, Reading
from connectors.google_cloud.refusals import CallFailed
from storage.inventory import Facet, Identity, IdentityKind, Observation, Trust, TrustKind

_NAME = re.compile(
    r"projects/[^/]{1,128}/(locations/global/workloadIdentityPools/[a-z0-9-]{1,64})(/providers/[a-z0-9-]{1,64})?"
)
_ENTITY = re.compile(r"\bentityID\s*=\s*[\"']([^\"'<>\s]{1,1024})[\"']")


def read_providers(project: Project, estate: Estate, reading: Reading) -> Iterator[Observation]:
    """Yield the issuers that a project's pools believe; a pool that is refused costs its own issuers alone."""
    pools: list[Mapping[str, Any]] = []
    try:
        pools.extend(reading.listed(LIST_POOLS, project.name))
    except CallFailed as failed:
        reading.missed(failed, "The workload identity pools were not all listed")
    found: list[Identity] = []

    def ask(pool: Mapping[str, Any]) -> None:
        read = _NAME.fullmatch(text(pool, "name") or "")
        if read is None:
            reading.unreadable("A workload identity pool")
            return
        reading.counted()
        for provider in reading.listed(LIST_PROVIDERS, f"{project.name}/{read[1]}"):
            issuer = _identity(provider, pool, project, estate, reading)
            if issuer is None:
                reading.unreadable("An issuer of a workload identity pool")
            else:
                reading.counted()
                found.append(issuer)

    def failing(failed: CallFailed, without: Sequence[Mapping[str, Any]]) -> None:
        read = _NAME.fullmatch(text(without[0], "name") or "")
        reading.missed(
            failed,
            "The issuers that a workload identity pool believes were not listed",
            locator=read[1] if read else None,
            count=len(without),
        )

    reading.each(pools, ask, failing)
    yield from found


def _identity(
    provider: Mapping[str, Any], pool: Mapping[str, Any], project: Project, estate: Estate, reading: Reading
) -> Identity | None:
    read = _NAME.fullmatch(text(provider, "name") or "")
    if read is None or read[2] is None:
        return None
    path, labels = f"{read[1]}{read[2]}", project.labels
    trust, members = _trust(provider, estate.target.own_aws_accounts), f"projects/{project.number}/{read[1]}"
    observed = _observed(project, estate, members) | ({Facet.TRUST} if trust else set())
    works = not any(thing.get("disabled") is True or thing.get("state") == "DELETED" for thing in (pool, provider))
    return Identity(
        uid=f"{PROVIDER}:workload_identity_provider:projects/{project.number}/{path}",
        scope_uid=reading.uid,
        kind=IdentityKind.IDENTITY_PROVIDER,
        name=path.removeprefix("locations/global/workloadIdentityPools/").replace("/providers/", "/"),
        provider=PROVIDER,
        resource_uid=project.uid,
        aliases=(f"projects/{project.number}/{path}",),
        enabled=works,
        environment=environment(labels or {}),
        privileges=estate.grants.privileges_of_pool(members),
        trusts=(trust,) if trust else (),
        owners=owners(labels or {}, of_project=True),
        observed=frozenset(observed),
    )


def _observed(project: Project, estate: Estate, members: str) -> set[Facet]:
    """Return what is known of an issuer beside its trust. What it proves itself with lies with the issuer alone."""
    observed = {Facet.CREDENTIALS}
    if project.labels is not None:
        observed.add(Facet.OWNER)
    if estate.rights_by_name_known(project) and estate.grants.roles_of_pool_known(members):
        observed.add(Facet.PRIVILEGES)
    return observed


def _trust(provider: Mapping[str, Any], own_aws_accounts: Collection[str]) -> Trust | None:
    """Return whom an issuer of a pool lets in; `None` for a kind that is not known here.

    Args:
        provider: the issuer, as it was listed.
        own_aws_accounts: accounts of AWS that are the organisation's own; none when nobody told.
    """
    condition = text(provider, "attributeCondition")
    conditions: dict[str, tuple[str, ...]] = {"attribute_condition": (condition,)} if condition else {}
    if "oidc" in provider:
        oidc = part(provider, "oidc")
        if audiences := words(oidc, "allowedAudiences"):
            conditions["allowed_audiences"] = tuple(audiences)
        issuer = text(oidc, "issuerUri")
        return Trust(kind=TrustKind.OIDC, principal=issuer, external=True, conditions=conditions) if issuer else None
    if "saml" in provider:
        entity = _ENTITY.search(text(part(provider, "saml"), "idpMetadataXml") or "")
        return Trust(kind=TrustKind.SAML, principal=entity[1], external=True, conditions=conditions) if entity else None
    if "aws" in provider:
        account = text(part(provider, "aws"), "accountId")
        if account is None:
            return None
        external = account not in own_aws_accounts if own_aws_accounts else None
        return Trust(kind=TrustKind.ACCOUNT, principal=account, external=external, conditions=conditions)
    if "x509" in provider:
        return Trust(kind=TrustKind.CERTIFICATE, principal="x509 trust store", conditions=conditions)
    return None
