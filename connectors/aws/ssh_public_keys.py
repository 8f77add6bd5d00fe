"""SSH keys by which users reach CodeCommit. AWS lists them one user at a time, and keeps no record of their use."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.aws.permissions import LIST_SSH_PUBLIC_KEYS
from connectors.aws.reading import NAME, Part, Reading
from connectors.aws.renamed import each_user
from connectors.aws.users import user_names
from storage.inventory import Credential, CredentialType, Facet, Observation


def read_ssh_public_keys(reading: Reading) -> Iterator[Observation]:
    """Yield the SSH keys of all users."""
    account = reading.account

    def ask(user: str) -> Iterator[Observation]:
        for key in reading.listed(LIST_SSH_PUBLIC_KEYS, UserName=user):
            account.has_other_credential(user)
            status = key.get("Status")
            yield Credential(
                uid=f"aws:ssh-public-key:{key['SSHPublicKeyId']}",
                scope_uid=reading.uid,
                type=CredentialType.PRIVATE_KEY,
                kind="SSH public key",
                provider=NAME,
                resource_uid=account.uid,
                identity_uid=account.users.get(user),
                public_identifier=key["SSHPublicKeyId"],
                enabled=None if status is None else status == "Active",
                status=status,
                created_time=key.get("UploadDate"),
                attributes={"user": user},
                observed=frozenset({Facet.ROTATION, Facet.EXPIRATION, Facet.STATUS}),
            )

    yield from each_user(reading, user_names(reading), "The SSH keys of some users were not listed", ask)


SSH_PUBLIC_KEYS = Part(
    api="iam-ssh-public-keys",
    what="SSH keys",
    read=read_ssh_public_keys,
    wanted=lambda target: target.key_ids,
)
