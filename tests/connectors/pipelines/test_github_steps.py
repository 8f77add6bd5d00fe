from __future__ import annotations

import pytest

from connectors.pipelines.github_steps import keeps_token_in_tree, registry_cloud, uploads_tree, vault_use


@pytest.mark.parametrize(
    ("action", "given", "keyless"),
    [
        ("hashicorp/vault-action", {"method": "jwt"}, True),
        ("hashicorp/vault-action", {"method": "jwt", "jwtPrivateKey": "x"}, False),
        ("hashicorp/vault-action", {"method": "kubernetes"}, True),
        ("hashicorp/vault-action", {"method": "approle"}, False),
        ("hashicorp/vault-action", {"token": "x"}, False),
        ("hashicorp/vault-action", {"method": "${{ inputs.method }}"}, None),
        ("hashicorp/vault-action", {}, None),
        ("infisical/secrets-action", {"client-secret": "x"}, False),
        ("infisical/secrets-action", {"method": "oidc"}, True),
        ("dopplerhq/secrets-fetch-action", {"doppler-token": "x"}, False),
        ("dopplerhq/secrets-fetch-action", {"auth-method": "oidc"}, True),
        ("akeyless-community/akeyless-github-action", {}, True),
        ("akeyless-community/akeyless-github-action", {"access-type": "api_key"}, False),
        ("akeyless-community/akeyless-github-action", {"access-type": "other"}, None),
        ("bitwarden/sm-action", {"access_token": "x"}, False),
        ("cyberark/conjur-action", {"authn_id": "x"}, True),
        ("cyberark/conjur-action", {"api_key": "x"}, False),
        ("1password/load-secrets-action", {}, None),
        ("azure/get-keyvault-secrets", {"keyvault": "kv", "secrets": "a, b"}, None),
    ],
)
def test_what_opens_a_vault(action: str, given: dict[str, str], *, keyless: bool | None) -> None:
    use = vault_use(action, lambda name: given.get(name, ""))

    assert use is not None
    assert keyless is use.keyless


def test_what_is_read_is_named() -> None:
    given = {"keyvault": "kv", "secrets": "a, b"}

    use = vault_use("azure/get-keyvault-secrets", lambda name: given.get(name, ""))

    assert use is not None
    assert (use.by_cloud, use.paths) == (True, ("kv/a", "kv/b"))
    assert vault_use("actions/checkout", lambda _: "") is None


@pytest.mark.parametrize(
    ("registry", "username", "cloud"),
    [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "x", "aws"),
        ("example.azurecr.io", "x", "azure"),
        ("eu.gcr.io", "_json_key", "google_cloud"),
        ("eu.gcr.io", "oauth2accesstoken", None),
        ("ghcr.io", "x", None),
        ("", "x", None),
    ],
)
def test_whose_key_a_registry_is_given(registry: str, username: str, cloud: str | None) -> None:
    assert cloud == registry_cloud({"registry": registry, "username": username}.__getitem__)


@pytest.mark.parametrize(
    ("version", "path", "hidden", "uploads"),
    [
        ("v3", ".", "", True),
        ("v2.3.1", "${{ github.workspace }}", "", True),
        ("v4", ".", "", False),
        ("v4", ".", "true", True),
        ("v4.3.6", "./", "", True),
        ("v4.4.0", "./", "", False),
        ("v3", "dist/", "", False),
        ("v3", "a\n**\n", "", True),
    ],
)
def test_an_upload_takes_the_tree_with_it(version: str, path: str, hidden: str, *, uploads: bool) -> None:
    given = {"path": path, "include-hidden-files": hidden}

    assert uploads == uploads_tree("actions/upload-artifact", version, given.__getitem__)


def test_a_checkout_keeps_its_token_elsewhere_since_6() -> None:
    assert keeps_token_in_tree("v4")
    assert keeps_token_in_tree("de0fac2e4500dabe0009e67214ff5f5447ce83dd")
    assert not keeps_token_in_tree("v6")
    assert not keeps_token_in_tree("v6.0.2")
