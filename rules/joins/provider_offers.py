"""Joins a credential with what its provider offers: whether an end can be set for it, and what makes it needless.

A provider is known by the first part of its uids. What is not listed here is taken to be able to end, and to have
nothing in its place: the first asks for a look, the second spares one.
"""

from __future__ import annotations

from storage.inventory import Credential, CredentialType

AWS = "aws"
GITHUB = "github"
GOOGLE = frozenset({"gcp", "google"})
MICROSOFT = frozenset({"azure", "entra"})

_ENDLESS = (
    *((AWS, kind) for kind in (CredentialType.ACCESS_KEY, CredentialType.PASSWORD, CredentialType.PRIVATE_KEY)),
    (GITHUB, CredentialType.PRIVATE_KEY),
    *((name, kind) for name in GOOGLE for kind in (CredentialType.ACCESS_KEY, CredentialType.API_KEY)),
    *((name, kind) for name in MICROSOFT for kind in (CredentialType.ACCESS_KEY, CredentialType.CONNECTION_STRING)),
)
"""Where a provider lets no end be set: keys of IAM users and of storage, API keys of Google, logins, SSH keys."""

_FEDERATED = "a role taken by the workload itself or by OpenID Connect"
_POOL = "an attached service account or workload identity federation"
_MANAGED = "a managed identity or a federated credential"
_KEYLESS = {
    (AWS, CredentialType.ACCESS_KEY): _FEDERATED,
    **{(name, CredentialType.SERVICE_ACCOUNT_KEY): _POOL for name in GOOGLE},
    **{(name, CredentialType.ACCESS_KEY): _POOL for name in GOOGLE},
    **{(name, CredentialType.CLIENT_SECRET): _MANAGED for name in MICROSOFT},
    **{(name, CredentialType.ACCESS_KEY): _MANAGED for name in MICROSOFT},
}


def can_end(credential: Credential) -> bool:
    """Say whether its provider lets an end be set for such a credential."""
    return (credential.provider, credential.type) not in _ENDLESS


def keyless(credential: Credential) -> str | None:
    """Return what its provider offers in place of such a key, for a person; `None` where it offers nothing."""
    return _KEYLESS.get((credential.provider, credential.type))
