from __future__ import annotations

import pytest

from rules.joins.provider_offers import can_end, keyless
from storage.inventory import CredentialType
from tests.rules.builders import a_credential


@pytest.mark.parametrize(
    ("provider", "kind", "ends", "offers"),
    [
        ("aws", CredentialType.ACCESS_KEY, False, True),
        ("aws", CredentialType.CERTIFICATE, True, False),
        ("gcp", CredentialType.SERVICE_ACCOUNT_KEY, True, True),
        ("google", CredentialType.API_KEY, False, False),
        ("entra", CredentialType.CLIENT_SECRET, True, True),
        ("azure", CredentialType.ACCESS_KEY, False, True),
        ("github", CredentialType.PRIVATE_KEY, False, False),
        ("github", CredentialType.ACCESS_TOKEN, True, False),
        ("other", CredentialType.API_KEY, True, False),
    ],
)
def test_what_a_provider_offers(provider: str, kind: CredentialType, ends: bool, offers: bool) -> None:  # noqa: FBT001
    credential = a_credential(provider=provider, type=kind)

    assert (ends, offers) == (can_end(credential), keyless(credential) is not None)
