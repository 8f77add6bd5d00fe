"""What a subscription holds: what vaults keep, keys of storage accounts, and for how long logs are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from connectors.azure.permissions import VAULT_SECRETS
from storage.inventory import (
    CoverageStatus,
    Credential,
    CredentialType,
    Facet,
    GapReason,
    Safeguard,
    SafeguardKind,
    StoredSecret,
)
from tests.connectors.azure.conftest import Azure, Inventory
from tests.connectors.azure.microsoft import TENANT


def stored(found: Inventory) -> dict[str, StoredSecret]:
    return {f"{one.kind} {one.name}": one for one in found.of(StoredSecret)}


def test_what_a_vault_keeps_is_told_without_its_values(azure: Azure) -> None:
    one = azure.microsoft.subscription()
    host = azure.microsoft.vault(one, "Shop-Vault".lower())
    azure.microsoft.keep(
        host, "secrets", "Db-Password", exp=1_800_000_000, tags={"Owner": "ada@example.com", "env": "prod"}
    )
    azure.microsoft.keep(host, "keys", "signing", enabled=False)
    azure.microsoft.keep(host, "certificates", "tls", tags={"team": "x" * 500})
    found = azure.collect()
    secret = stored(found)["secret Db-Password"]
    vault = f"/subscriptions/{one}/resourcegroups/shop/providers/microsoft.keyvault/vaults/shop-vault"
    assert f"azure:key-vault-secret:{vault}/secrets/db-password" == secret.uid
    assert (True, True, "westeurope", "prod") == (secret.vaulted, secret.enabled, secret.region, secret.environment)
    assert datetime.fromtimestamp(1_800_000_000, UTC) == secret.expiration_time
    assert datetime.fromtimestamp(1_750_000_000, UTC) == secret.newest_version_time
    assert datetime.fromtimestamp(1_760_000_000, UTC) == secret.updated_time
    assert [("ada@example.com", "ada@example.com")] == [(owner.name, owner.email) for owner in secret.owners]
    assert (f"https://{host}/secrets/Db-Password",) == secret.aliases
    assert stored(found)["key signing"].enabled is False
    assert () == stored(found)["certificate tls"].owners
    assert Facet.EXPIRATION in secret.observed
    assert secret.scope_uid == found.scope("keyVaultSecrets").uid


def test_vaults_are_not_asked_where_the_target_says_so(azure: Azure) -> None:
    azure.microsoft.vault(azure.microsoft.subscription(), "shop")
    found = azure.collect(key_vault=False)
    assert [] == [name for name in azure.microsoft.asked if "vault" in name]
    assert [] == found.gaps


def test_closed_vault_costs_that_vault(azure: Azure) -> None:
    one = azure.microsoft.subscription()
    for name in ("first", "second", "third"):
        azure.microsoft.keep(azure.microsoft.vault(one, name), "secrets", f"of-{name}")

    def closed() -> httpx2.Response:
        inner = {"code": "Forbidden", "innererror": {"code": "ForbiddenByFirewall"}}
        return httpx2.Response(403, json={"error": inner})

    azure.microsoft.fault(VAULT_SECRETS, 1, closed)
    found = azure.collect()
    assert {"secret of-first", "secret of-third"} == stored(found).keys()
    (gap,) = found.gaps
    assert (GapReason.DENIED, None, None) == (gap.reason, gap.permission, gap.facet)
    assert "firewall" in gap.detail
    assert gap.locator is not None
    assert gap.locator.endswith("/vaults/second")
    assert CoverageStatus.PARTIAL == found.coverage("keyVaultSecrets").status
    assert CoverageStatus.COMPLETE == found.coverage("keyVaultKeys").status


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example.net/",
        "http://shop.vault.azure.net/",
        "https://shop.vault.azure.net.evil.example.net/",
        "https://shop.vault.azure.net@evil.example.net/",
        "https://shop.vault.azure.net:8443/",
        "https://evil.example.net/#.vault.azure.net",
        "https://a/b.vault.azure.net/",
    ],
)
def test_no_token_goes_to_a_host_that_is_no_vaults(azure: Azure, uri: str) -> None:
    azure.microsoft.vault(azure.microsoft.subscription(), "shop", uri=uri)
    # The stand-in fails a request to any other host.
    found = azure.collect()
    assert {GapReason.MALFORMED} == {gap.reason for gap in found.gaps}
    assert 3 == len(found.gaps)
    assert "evil" not in str([gap.detail for gap in found.gaps])


def test_without_the_list_of_vaults_their_scopes_are_not_complete(azure: Azure) -> None:
    azure.microsoft.subscription()
    azure.microsoft.denied.add("list key vaults")
    found = azure.collect()
    assert 1 == len(found.gaps)
    assert CoverageStatus.DENIED == found.coverage("keyVaults").status
    for api in ("keyVaultSecrets", "keyVaultKeys", "keyVaultCertificates"):
        assert CoverageStatus.PARTIAL == found.coverage(api).status


@pytest.mark.parametrize("cloud", ["usgovernment", "china"])
def test_vaults_of_other_clouds_are_asked_with_their_own_tokens(azure: Azure, cloud: str) -> None:
    azure.microsoft.cloud(cloud)
    host = azure.microsoft.vault(azure.microsoft.subscription(), "shop")
    azure.microsoft.keep(host, "secrets", "password")
    assert {"secret password"} == stored(azure.collect(cloud=cloud)).keys()


# --- storage accounts -------------------------------------------------------------------------------------------------


def test_keys_of_storage_accounts_say_when_they_were_made(azure: Azure) -> None:
    times = {"key1": "2026-01-02T03:04:05.1234567Z", "key2": "2024-01-01T00:00:05Z"}
    account = azure.microsoft.storage_account(azure.microsoft.subscription(), "shop", keyCreationTime=times)
    first, second = azure.collect().of(Credential)
    assert f"azure:storage-account-key:{account.lower()}/key1" == first.uid
    assert (CredentialType.ACCESS_KEY, "shop/key1", True) == (first.type, first.public_identifier, first.enabled)
    assert datetime(2026, 1, 2, 3, 4, 5, 123457, tzinfo=UTC) == first.last_rotated_time
    # It came with its account.
    assert second.last_rotated_time is None
    assert Facet.ROTATION in second.observed


def test_key_of_unknown_age_says_nothing_of_rotation(azure: Azure) -> None:
    azure.microsoft.storage_account(azure.microsoft.subscription(), "shop", allowSharedKeyAccess=False)
    first, _ = azure.collect().of(Credential)
    assert first.enabled is False
    assert Facet.ROTATION not in first.observed


# --- logs -------------------------------------------------------------------------------------------------------------


def retention(found: Inventory, uid: str) -> dict[str, Any]:
    (safeguard,) = [
        one
        for one in found.of(Safeguard)
        if one.uid == f"{uid}-retention" and one.kind is SafeguardKind.AUDIT_LOG_RETENTION
    ]
    return dict(safeguard.attributes)


def test_logs_are_on_and_kept_for_what_the_provider_keeps_them(azure: Azure) -> None:
    one = azure.microsoft.subscription()
    found = azure.collect()
    assert {"days": "90"} == retention(found, f"azure:safeguard:{one}/activity-log")
    assert {"days": "30"} == retention(found, f"entra:safeguard:{TENANT}/audit-log")
    assert {"days": "30"} == retention(found, f"entra:safeguard:{TENANT}/service-principal-sign-ins")
    assert {True} == {safeguard.enabled for safeguard in found.of(Safeguard)}


def test_longest_term_counts_and_only_of_settings_that_hand_this_log_on(azure: Azure) -> None:
    microsoft = azure.microsoft
    one = microsoft.subscription()
    microsoft.hand_on(one, "Administrative", workspace=microsoft.workspace(one, 400))
    microsoft.hand_on(one, "Administrative", workspace=microsoft.workspace(one, 120))
    microsoft.hand_on(one, "Administrative", workspace=microsoft.workspace(one, 700), enabled=False)
    microsoft.hand_on(one, "Alert", workspace=microsoft.workspace(one, 700))
    microsoft.hand_on("directory", "AuditLogs", workspace=microsoft.workspace(one, 365))
    found = azure.collect()
    assert {"days": "400"} == retention(found, f"azure:safeguard:{one}/activity-log")
    assert {"days": "365"} == retention(found, f"entra:safeguard:{TENANT}/audit-log")
    assert {"days": "30"} == retention(found, f"entra:safeguard:{TENANT}/service-principal-sign-ins")


def test_term_that_is_not_known_is_not_told(azure: Azure) -> None:
    microsoft = azure.microsoft
    one, two = microsoft.subscription(), microsoft.subscription()
    microsoft.hand_on(one, "Administrative", storage="/subscriptions/x")
    microsoft.hand_on(two, "Administrative", workspace=microsoft.workspace(two, 400))
    microsoft.denied.add("find out how long a workspace keeps logs")
    found = azure.collect()
    assert {"archived": "storage account"} == retention(found, f"azure:safeguard:{one}/activity-log")
    assert {} == retention(found, f"azure:safeguard:{two}/activity-log")
    assert 1 == len(found.gaps)


def test_nothing_good_is_said_of_logs_that_nobody_could_look_at(azure: Azure) -> None:
    azure.microsoft.subscription()
    azure.microsoft.denied |= {
        "list where the activity log of a subscription goes",
        "list where the logs of the directory go",
    }
    found = azure.collect()
    assert [] == found.of(Safeguard)
    assert 2 == len(found.gaps)
