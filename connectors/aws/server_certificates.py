"""TLS certificates that are kept in IAM, for load balancers and the like. They belong to the account alone."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.aws.permissions import LIST_SERVER_CERTIFICATES
from connectors.aws.reading import NAME, Part, Reading
from storage.inventory import Credential, CredentialType, Facet, Observation


def read_server_certificates(reading: Reading) -> Iterator[Observation]:
    """Yield the server certificates of the account."""
    for told in reading.listed(LIST_SERVER_CERTIFICATES, MaxItems=1000):
        ends = told.get("Expiration")
        yield Credential(
            uid=f"aws:server-certificate:{told['ServerCertificateId']}",
            scope_uid=reading.uid,
            type=CredentialType.CERTIFICATE,
            kind="server certificate",
            provider=NAME,
            resource_uid=reading.account.uid,
            identity_uid=None,
            public_identifier=told["ServerCertificateId"],
            name=told["ServerCertificateName"],
            enabled=True,
            created_time=told.get("UploadDate"),
            expiration_time=ends,
            observed=frozenset({Facet.ROTATION, Facet.STATUS} | ({Facet.EXPIRATION} if ends is not None else set())),
        )


SERVER_CERTIFICATES = Part(api="iam-server-certificates", what="server certificates", read=read_server_certificates)
