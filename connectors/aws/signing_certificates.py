"""X.509 certificates by which users sign requests: few have any, and the credential report says who."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from cryptography import x509

from connectors.aws.access_keys import is_fresh
from connectors.aws.credential_report import Row
from connectors.aws.permissions import LIST_SIGNING_CERTIFICATES
from connectors.aws.reading import NAME, Part, Reading
from connectors.aws.renamed import each_user
from connectors.aws.report_fetching import report_or_none
from connectors.aws.users import row_of, user_names
from storage.inventory import Credential, CredentialType, Facet, Observation


def read_signing_certificates(reading: Reading) -> Iterator[Observation]:
    """Yield the signing certificates of all users."""
    names = user_names(reading)
    report = report_or_none(reading.account)

    def ask(user: str) -> Iterator[Observation]:
        for certificate in reading.listed(LIST_SIGNING_CERTIFICATES, UserName=user):
            reading.account.has_other_credential(user)
            yield _signing_certificate(reading, user, certificate)

    if report is not None and not is_fresh(reading, report):
        detail = "Certificates that a user got after the credential report was made are read once there is a newer one."
        reading.left_out("younger_than_report", detail)
    holders = [user for user in names if report is None or _may_have_one(row_of(reading.account, report, user))]
    yield from each_user(reading, holders, "The signing certificates of some users were not listed", ask)


def _may_have_one(row: Row | None) -> bool:
    return row is None or any(slot.taken for slot in row.certificates)


def _signing_certificate(reading: Reading, user: str, told: Mapping[str, Any]) -> Credential:
    ends = _end(told.get("CertificateBody"))
    status = told.get("Status")
    return Credential(
        uid=f"aws:signing-certificate:{told['CertificateId']}",
        scope_uid=reading.uid,
        type=CredentialType.CERTIFICATE,
        kind="signing certificate",
        provider=NAME,
        resource_uid=reading.account.uid,
        identity_uid=reading.account.users.get(user),
        public_identifier=told["CertificateId"],
        enabled=None if status is None else status == "Active",
        status=status,
        created_time=told.get("UploadDate"),
        expiration_time=ends,
        attributes={"user": user},
        observed=frozenset({Facet.ROTATION, Facet.STATUS} | ({Facet.EXPIRATION} if ends is not None else set())),
    )


def _end(body: object) -> datetime | None:
    """Return when a certificate ends, by what it says itself; `None` for one that cannot be read."""
    if not isinstance(body, str):
        return None
    try:
        return x509.load_pem_x509_certificate(body.encode()).not_valid_after_utc
    except ValueError:
        return None


SIGNING_CERTIFICATES = Part(
    api="iam-signing-certificates",
    what="signing certificates",
    read=read_signing_certificates,
    wanted=lambda target: target.key_ids,
)
