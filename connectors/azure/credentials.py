"""Client secrets and certificates, which stand on applications and on service principals alike: both lists are read."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.azure.answers import KeyCredential, PasswordCredential, moment, plain
from connectors.azure.directory import Directory, Holder
from storage.inventory import Credential, CredentialType, Facet

_ALWAYS = frozenset({Facet.ROTATION, Facet.EXPIRATION})


def credentials_of(
    directory: Directory, holder: Holder, identity_uid: str, scope_uid: str, *, provider_managed: bool
) -> Iterator[Credential]:
    """Yield what one application or service principal proves itself with."""
    for password in holder.password_credentials:
        yield _credential(
            directory,
            holder,
            password,
            kind="client secret",
            type_=CredentialType.CLIENT_SECRET,
            identity_uid=identity_uid,
            scope_uid=scope_uid,
            provider_managed=provider_managed,
        )
    for key in holder.key_credentials:
        certificate = key.type is None or "cert" in key.type.lower()
        yield _credential(
            directory,
            holder,
            key,
            kind="certificate" if certificate else "symmetric key",
            type_=CredentialType.CERTIFICATE if certificate else CredentialType.SIGNING_KEY,
            identity_uid=identity_uid,
            scope_uid=scope_uid,
            provider_managed=provider_managed,
        )


def _credential(
    directory: Directory,
    holder: Holder,
    told: PasswordCredential,
    *,
    kind: str,
    type_: CredentialType,
    identity_uid: str,
    scope_uid: str,
    provider_managed: bool,
) -> Credential:
    made = moment(told.start_date_time)
    used = directory.credential_uses.get(told.key_id.lower())
    usage = {"usage": plain(told.usage, "Verify")} if isinstance(told, KeyCredential) else {}
    return Credential(
        # A key id is unique in its list only: one key pair may stand in several.
        uid=f"entra:{kind.replace(' ', '-')}:{holder.id.lower()}/{told.key_id.lower()}",
        scope_uid=scope_uid,
        type=type_,
        kind=kind,
        provider="entra",
        resource_uid=directory.uid,
        identity_uid=identity_uid,
        public_identifier=told.key_id.lower(),
        name=plain(told.display_name, "") or None,
        # Entra knows no disabled credential: what is there works until its end.
        enabled=True,
        provider_managed=provider_managed,
        created_time=made,
        last_used_time=used,
        expiration_time=moment(told.end_date_time),
        attributes={"app_id": holder.app_id.lower(), **usage},
        observed=(_ALWAYS if made else _ALWAYS - {Facet.ROTATION}) | ({Facet.LAST_USE} if used else frozenset()),
    )
