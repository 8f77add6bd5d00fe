from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.pipelines.telling_slots import publishing_token, static_cloud_key, trusts_jobs_of, words_of


@pytest.mark.parametrize(
    ("name", "cloud"),
    [
        ("AWS_SECRET_ACCESS_KEY", "aws"),
        ("aws-access-key-id", "aws"),
        ("PROD_AWS_ACCESS_KEY_ID_EU", "aws"),
        ("awsSecretAccessKey", "aws"),
        ("credentials_json", "google_cloud"),
        ("GCP_SA_KEY", "google_cloud"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "google_cloud"),
        ("AZURE_CREDENTIALS", "azure"),
        ("ARM_CLIENT_SECRET", "azure"),
        ("AZURE_WEBAPP_PUBLISH_PROFILE_STAGING", "azure"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "alibaba_cloud"),
        ("KUBECONFIG", "kubernetes"),
        ("AWS_SESSION_TOKEN", None),
        ("AWS_ROLE_ARN", None),
        ("AWS_SECRET_ACCESS_KEY_ARN", None),
        ("AWS_REGION", None),
        ("AWS_SECRET_NAME", None),
        ("GCP_SERVICE_ACCOUNT", None),
        ("GCP_WORKLOAD_IDENTITY_PROVIDER", None),
        ("AZURE_CLIENT_ID", None),
        ("AZURE_KEYVAULT_NAME", None),
        ("LAWS_KEY", None),
        ("DATABASE_PASSWORD", None),
        ("", None),
    ],
)
def test_a_name_tells_the_cloud_whose_lasting_key_it_promises(name: str, cloud: str | None) -> None:
    assert cloud == static_cloud_key(name)


@pytest.mark.parametrize(
    ("name", "registry"),
    [
        ("NODE_AUTH_TOKEN", "npm"),
        ("NPM_TOKEN", "npm"),
        ("TEST_PYPI_API_TOKEN", "pypi"),
        ("TWINE_PASSWORD", "pypi"),
        ("CARGO_REGISTRY_TOKEN", "crates.io"),
        ("NUGET_API_KEY", "nuget"),
        ("GEM_HOST_API_KEY", "rubygems"),
        ("NPM_REGISTRY_URL", None),
        ("TWINE_USERNAME", None),
        ("GITHUB_TOKEN", None),
    ],
)
def test_a_name_tells_the_registry_whose_token_it_promises(name: str, registry: str | None) -> None:
    assert registry == publishing_token(name)


def test_only_some_registries_take_the_tokens_of_a_ci_system() -> None:
    assert trusts_jobs_of("pypi", "github")
    assert not trusts_jobs_of("nuget", "gitlab")
    assert not trusts_jobs_of("pypi", "jenkins")


@given(st.text(max_size=400))
def test_any_text_may_be_asked_about(name: str) -> None:
    assert words_of(name) == words_of(words_of(name)) or not name.isascii()
    assert static_cloud_key(name) in {None, "aws", "google_cloud", "azure", "alibaba_cloud", "kubernetes"}
