"""Classic tokens, SSH keys and tokens of applications that members authorized for single sign-on: Enterprise Cloud.

Without single sign-on no list tells of classic tokens at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.github.answers import Authorization, moment, moment_or_none
from connectors.github.estate import Estate
from connectors.github.permissions import AUTHORIZATIONS
from connectors.github.place import Place
from connectors.github.privileges import rights_of_scopes
from connectors.github.reading import PROVIDER, Reading
from storage.inventory import Credential, CredentialType, Facet, Identity, IdentityKind, Observation

_KINDS = {
    "personal access token": (CredentialType.ACCESS_TOKEN, "personal access token (classic)"),
    "SSH key": (CredentialType.PRIVATE_KEY, "SSH key"),
    "OAuth app token": (CredentialType.ACCESS_TOKEN, "OAuth app token"),
    "GitHub app token": (CredentialType.ACCESS_TOKEN, "GitHub App user token"),
}
_OTHER = (CredentialType.OTHER, "authorized credential")
_SCOPE = re.compile(r"[a-z_]{1,40}(?::[a-z_]{1,40})?", re.ASCII)
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}", re.ASCII)


def read_authorizations(reading: Reading, estate: Estate, place: Place) -> Iterator[Observation]:
    """Yield each credential with its owner, who answers for it. The day of its authorization is the first known."""
    for told in reading.listed(AUTHORIZATIONS, Authorization):
        identity = _identity(reading, estate, place, told)
        type_, kind = _KINDS.get(told.credential_type, _OTHER)
        key = told.fingerprint if told.fingerprint and _FINGERPRINT.fullmatch(told.fingerprint) else None
        ends = told.authorized_credential_expires_at
        yield identity
        yield Credential(
            uid=estate.made_uid("authorization", told.credential_id),
            scope_uid=reading.uid,
            type=type_,
            kind=kind,
            provider=PROVIDER,
            resource_uid=place.uid,
            identity_uid=identity.uid,
            public_identifier=key or str(told.credential_id),
            name=identity.name,
            enabled=True,
            created_time=moment(told.credential_authorized_at),
            last_used_time=moment_or_none(told.credential_accessed_at),
            expiration_time=moment_or_none(ends),
            attributes={**place.attributes, "created_time": "authorized"},
            observed=frozenset({Facet.ROTATION, Facet.EXPIRATION, Facet.LAST_USE}),
        )


def _identity(reading: Reading, estate: Estate, place: Place, told: Authorization) -> Identity:
    scopes = [one for one in told.scopes if _SCOPE.fullmatch(one)]
    _, kind = _KINDS.get(told.credential_type, _OTHER)
    return Identity(
        uid=estate.made_uid("authorized-credential", told.credential_id),
        scope_uid=reading.uid,
        kind=IdentityKind.PERSONAL_CREDENTIAL,
        name=f"{kind} {told.credential_id} of {told.login}",
        provider=PROVIDER,
        resource_uid=place.uid,
        created_time=moment(told.credential_authorized_at),
        last_used_time=moment_or_none(told.credential_accessed_at),
        privileges=tuple(rights_of_scopes(scopes, estate.full_name)),
        owners=(estate.holder(told.login),),
        attributes={**place.attributes, "login": told.login},
        observed=frozenset(
            {
                Facet.OWNER,
                Facet.LAST_USE,
                Facet.CREDENTIALS,
                # An SSH key may do what its owner may, and of other kinds the scopes alone tell.
                *((Facet.PRIVILEGES,) if scopes and len(scopes) == len(told.scopes) else ()),
            }
        ),
    )
