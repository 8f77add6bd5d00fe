"""Fine-grained personal access tokens that may read or change what is the organization's.

A token is somebody's own: who made it answers for it. It is made for one organization, so the day on which access was
granted is taken for that of its making; where somebody has to approve, it may be some days older.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.github.answers import PersonalToken, moment, moment_or_none, shown
from connectors.github.estate import Estate
from connectors.github.permissions import PERSONAL_TOKENS
from connectors.github.place import Place
from connectors.github.privileges import rights_of
from connectors.github.reading import PROVIDER, Reading
from connectors.told_text import told_name
from storage.inventory import Credential, CredentialType, Facet, Identity, IdentityKind, Observation


def read_personal_tokens(reading: Reading, estate: Estate, place: Place) -> Iterator[Observation]:
    """Yield each token as an identity that acts in its owner's name, with the credential that it is."""
    for told in reading.listed(PERSONAL_TOKENS, PersonalToken):
        identity = _identity(reading, estate, place, told)
        yield identity
        yield Credential(
            uid=estate.made_uid("token", told.token_id),
            scope_uid=reading.uid,
            type=CredentialType.ACCESS_TOKEN,
            kind="fine-grained personal access token",
            provider=PROVIDER,
            resource_uid=place.uid,
            identity_uid=identity.uid,
            public_identifier=str(told.token_id),
            name=told_name(told.token_name),
            enabled=True,
            status="expired" if told.token_expired else "active",
            created_time=moment(told.access_granted_at),
            last_used_time=moment_or_none(told.token_last_used_at),
            expiration_time=moment_or_none(told.token_expires_at),
            attributes={**place.attributes, "created_time": "access granted"},
            observed=frozenset({Facet.ROTATION, Facet.EXPIRATION, Facet.LAST_USE}),
        )


def _identity(reading: Reading, estate: Estate, place: Place, told: PersonalToken) -> Identity:
    permissions = {name: level for group in told.permissions.values() for name, level in group.items()}
    return Identity(
        uid=estate.made_uid("personal-token", told.token_id),
        scope_uid=reading.uid,
        kind=IdentityKind.PERSONAL_CREDENTIAL,
        name=shown(told.token_name, f"token {told.token_id} of {told.owner.login}"),
        provider=PROVIDER,
        resource_uid=place.uid,
        created_time=moment(told.access_granted_at),
        last_used_time=moment_or_none(told.token_last_used_at),
        privileges=rights_of(permissions, everywhere=told.repository_selection == "all", reach=estate.full_name),
        owners=(estate.holder(told.owner.login),),
        attributes={**place.attributes, "login": told.owner.login, "repository_selection": told.repository_selection},
        observed=frozenset({Facet.PRIVILEGES, Facet.OWNER, Facet.LAST_USE, Facet.CREDENTIALS}),
    )
