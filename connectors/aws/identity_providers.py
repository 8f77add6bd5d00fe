"""Issuers outside whose tokens, assertions and certificates an account believes, and who came with a certificate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.aws.call import Call
from connectors.aws.permissions import (
    GET_OIDC_PROVIDER,
    GET_SAML_PROVIDER,
    LIST_OIDC_PROVIDERS,
    LIST_PROFILES,
    LIST_SAML_PROVIDERS,
    LIST_SUBJECTS,
    LIST_TRUST_ANCHORS,
)
from connectors.aws.reading import NAME, Part, Reading
from connectors.aws.refusals import CallFailed
from connectors.aws.tags import environment, owners, plain_tags
from storage.inventory import Facet, Identity, IdentityKind, Observation, Trust, TrustKind


def read_oidc_providers(reading: Reading) -> Iterator[Observation]:
    """Yield the OpenID Connect issuers that the account believes, each with the audiences that it accepts."""
    for listed in list(reading.listed(LIST_OIDC_PROVIDERS)):
        arn = listed["Arn"]
        issuer = arn.partition("oidc-provider/")[2] or arn
        told, known = _details(reading, GET_OIDC_PROVIDER, Facet.TRUST, OpenIDConnectProviderArn=arn)
        audiences = tuple(one for one in told.get("ClientIDList") or () if isinstance(one, str))
        trust = Trust(kind=TrustKind.OIDC, principal=issuer, conditions={"aud": audiences} if audiences else {})
        yield _provider(
            reading,
            uid=f"aws:oidc-provider:{arn}",
            name=issuer,
            arn=arn,
            told=told,
            trusts=(trust,) if known else (),
            observed={Facet.OWNER, Facet.TRUST} if known else set(),
            attributes={"protocol": "oidc"},
        )


def read_saml_providers(reading: Reading) -> Iterator[Observation]:
    """Yield the SAML issuers that the account believes, each with the day on which its metadata ends."""
    for listed in list(reading.listed(LIST_SAML_PROVIDERS)):
        arn = listed["Arn"]
        name = arn.partition("saml-provider/")[2] or arn
        told, known = _details(reading, GET_SAML_PROVIDER, Facet.OWNER, SAMLProviderArn=arn)
        ends = told.get("ValidUntil") or listed.get("ValidUntil")
        yield _provider(
            reading,
            uid=f"aws:saml-provider:{arn}",
            name=name,
            arn=arn,
            told={"CreateDate": listed.get("CreateDate"), **told},
            trusts=(Trust(kind=TrustKind.SAML, principal=name),),
            observed={Facet.TRUST} | ({Facet.OWNER} if known else set()),
            attributes={"protocol": "saml", **({"valid_until": ends.isoformat()} if ends else {})},
        )


def _details(reading: Reading, call: Call, facet: Facet, **named: str) -> tuple[Mapping[str, Any], bool]:
    """Return what is told of one provider, and whether it was told at all."""
    try:
        return reading.call(call, **named), True
    except CallFailed as failed:
        reading.missed(
            failed, "Not all of an identity provider is known", facet=facet, locator=", ".join(named.values())
        )
        return {}, False


def _provider(
    reading: Reading,
    *,
    uid: str,
    name: str,
    arn: str,
    told: Mapping[str, Any],
    trusts: tuple[Trust, ...],
    observed: set[Facet],
    attributes: Mapping[str, str],
) -> Identity:
    tags = plain_tags(told.get("Tags"))
    return Identity(
        uid=uid,
        scope_uid=reading.uid,
        kind=IdentityKind.IDENTITY_PROVIDER,
        name=name,
        provider=NAME,
        resource_uid=reading.account.uid,
        aliases=(arn,),
        created_time=told.get("CreateDate"),
        environment=environment(tags),
        trusts=trusts,
        owners=owners(tags),
        # It holds as long as it stands there.
        enabled=True,
        attributes=attributes,
        observed=frozenset({Facet.STATUS, *observed}),
    )


def read_roles_anywhere(reading: Reading) -> Iterator[Observation]:
    """Yield the certificate authorities that the account believes, and the workloads that came with a certificate."""
    anchors = list(reading.listed(LIST_TRUST_ANCHORS))
    if not anchors:
        return
    profiles = _profiles(reading)
    for told in anchors:
        yield Identity(
            uid=f"aws:trust-anchor:{told['trustAnchorId']}",
            scope_uid=reading.uid,
            kind=IdentityKind.IDENTITY_PROVIDER,
            name=told["name"],
            provider=NAME,
            resource_uid=reading.account.uid,
            aliases=(told["trustAnchorArn"],),
            created_time=told.get("createdAt"),
            enabled=told.get("enabled"),
            trusts=(Trust(kind=TrustKind.CERTIFICATE, principal=told["trustAnchorArn"]),),
            attributes={
                "protocol": "x509",
                "source": str((told.get("source") or {}).get("sourceType", "")),
                **({"profiles": str(profiles)} if profiles is not None else {}),
            },
            observed=frozenset({Facet.TRUST, Facet.STATUS}),
        )
    for told in reading.listed(LIST_SUBJECTS):
        yield Identity(
            uid=f"aws:roles-anywhere-subject:{told['subjectId']}",
            scope_uid=reading.uid,
            kind=IdentityKind.WORKLOAD,
            name=str(told.get("x509Subject") or told["subjectId"])[:256],
            provider=NAME,
            resource_uid=reading.account.uid,
            aliases=(told["subjectArn"],),
            created_time=told.get("createdAt"),
            last_used_time=told.get("lastSeenAt"),
            enabled=told.get("enabled"),
            observed=frozenset({Facet.LAST_USE, Facet.STATUS}),
        )


def _profiles(reading: Reading) -> int | None:
    """Return how many profiles are switched on; without one no certificate opens a role."""
    try:
        return sum(
            bool(profile.get("enabled"))
            for page in reading.pages(LIST_PROFILES)
            for profile in page.get("profiles") or ()
        )
    except CallFailed as failed:
        reading.missed(failed, "Which roles the certificates open is not known", facet=Facet.PRIVILEGES)
        return None


OIDC_PROVIDERS = Part(api="iam-oidc-providers", what="OpenID Connect providers", read=read_oidc_providers)
SAML_PROVIDERS = Part(api="iam-saml-providers", what="SAML providers", read=read_saml_providers)
ROLES_ANYWHERE = Part(api="rolesanywhere", what="trust anchors", read=read_roles_anywhere, regional=True)
