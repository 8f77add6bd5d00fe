"""Names of slots, inputs and variables that tell what is in them, in whichever dialect they stand.

A name is a convention and no proof of what was put there. So only names are told that the vendor's own tools and
actions read, with what people put before and behind them (`PROD_AWS_SECRET_ACCESS_KEY_EU`), and none that a key shares
with something harmless: `GCP_SERVICE_ACCOUNT` is as often an e-mail address as a key file.
"""

from __future__ import annotations

import re

_LONGEST = 256
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BETWEEN = re.compile(r"[^A-Za-z0-9]+")

_HARMLESS_ENDS = frozenset(
    {"ARN", "EMAIL", "EXISTS", "FILENAME", "NAME", "NAMES", "REGION", "SCOPE", "SCOPES", "TTL", "URL"}
)
"""A name that ends so tells about a key, and is none."""

_CLOUD_KEYS = {
    "aws": (
        "AWS_ACCESS_KEY",  # with or without `_ID`: a job that has the one half is given the other
        "AWS_ACCESS_ID",
        "AWS_ACCESS_SECRET",
        "AWS_ACCESS_TOKEN",
        "AWS_CREDENTIALS",
        "AWS_CREDS",
        "AWS_KEY",
        "AWS_KEY_ID",
        "AWS_SECRET_ACCESS",
        "AWS_SECRET_KEY",
        "AWSACCESSKEYID",
        "AWSSECRETACCESSKEY",
    ),
    "google_cloud": (
        "CREDENTIALS_JSON",  # input of google-github-actions/auth
        "FIREBASE_SERVICE_ACCOUNT",  # input and slot of FirebaseExtended/action-hosting-deploy
        "GCE_SA_KEY",
        "GCLOUD_AUTH",
        "GCLOUD_CREDENTIALS",
        "GCLOUD_KEY",
        "GCLOUD_KEY_FILE",
        "GCLOUD_KEYFILE",
        "GCLOUD_SA_KEY",
        "GCLOUD_SERVICE_KEY",
        "GCLOUD_SERVICE_ACCOUNT_KEY",
        "GCP_CREDENTIALS",
        "GCP_CREDS",
        "GCP_JSON_KEY",
        "GCP_KEY",
        "GCP_KEY_FILE",
        "GCP_KEYFILE",
        "GCP_SA_JSON",
        "GCP_SA_KEY",
        "GCP_SERVICE_ACCOUNT_CREDENTIALS",
        "GCP_SERVICE_ACCOUNT_JSON",
        "GCP_SERVICE_ACCOUNT_KEY",
        "GCP_SERVICE_KEY",
        "GCR_JSON_KEY",
        "GKE_KEY",
        "GKE_SA_KEY",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_CLOUD_CREDENTIALS",
        "GOOGLE_CLOUD_KEYFILE_JSON",
        "GOOGLE_CLOUD_SERVICE_ACCOUNT_KEY",
        "GOOGLE_CREDENTIALS",
        "GOOGLE_SA_KEY",
        "GOOGLE_SERVICE_ACCOUNT_JSON",
        "GOOGLE_SERVICE_ACCOUNT_KEY",
    ),
    "azure": (
        "ARM_ACCESS_KEY",
        "ARM_CLIENT_SECRET",
        "AZURE_CLIENT_KEY",
        "AZURE_CLIENT_SECRET",
        "AZURE_CREDENTIALS",
        "AZURE_CREDS",
        "AZURE_PUBLISH_PROFILE",
        "AZURE_FUNCTIONAPP_PUBLISH_PROFILE",
        "AZURE_WEBAPP_PUBLISH_PROFILE",
        "AZURE_SERVICE_PRINCIPAL_KEY",
        "AZURE_SERVICE_PRINCIPAL_PASSWORD",
        "AZURE_SERVICE_PRINCIPAL_SECRET",
        "AZURE_SP_KEY",
        "AZURE_SP_PASSWORD",
        "AZURE_SP_SECRET",
        "AZURE_STORAGE_ACCESS_KEY",
        "AZURE_STORAGE_ACCOUNT_KEY",
        "AZURE_STORAGE_CONNECTION_STRING",
        "AZURE_STORAGE_KEY",
    ),
    "alibaba_cloud": (
        "ALIBABA_CLOUD_ACCESS_KEY",
        "ALIBABACLOUD_ACCESS_KEY",
        "ALICLOUD_ACCESS_KEY",
        "ALICLOUD_SECRET_KEY",
        "ALIYUN_ACCESS_KEY",
        "ALIYUN_ACCESSKEY",
    ),
    "kubernetes": (
        "KUBECONFIG",
        "KUBE_CONFIG",
    ),
}

_PUBLISHING_TOKENS = {
    "npm": (
        "NODE_AUTH_TOKEN",
        "NPM_ACCESS_TOKEN",
        "NPM_API_KEY",
        "NPM_API_TOKEN",
        "NPM_AUTH",
        "NPM_AUTH_TOKEN",
        "NPM_CONFIG_AUTH",
        "NPM_CONFIG_TOKEN",
        "NPM_DEPLOY_TOKEN",
        "NPM_PASSWORD",
        "NPM_PUBLISH_TOKEN",
        "NPM_RELEASE_TOKEN",
        "NPM_TOKEN",
        "NPMJS_TOKEN",
        "YARN_NPM_AUTH_TOKEN",
    ),
    "pypi": (
        "FLIT_PASSWORD",
        "HATCH_INDEX_AUTH",
        "MATURIN_PASSWORD",
        "MATURIN_PYPI_TOKEN",
        "PDM_PUBLISH_PASSWORD",
        "POETRY_HTTP_BASIC_PYPI_PASSWORD",
        "POETRY_PYPI_TOKEN",
        "PYPI_API_KEY",
        "PYPI_API_TOKEN",
        "PYPI_AUTH_TOKEN",
        "PYPI_KEY",
        "PYPI_PASS",
        "PYPI_PASSWORD",
        "PYPI_PUBLISH_TOKEN",
        "PYPI_SECRET",
        "PYPI_TOKEN",
        "TWINE_PASSWORD",
        "TWINE_TOKEN",
        "UV_PUBLISH_PASSWORD",
        "UV_PUBLISH_TOKEN",
    ),
    "crates.io": (
        "CARGO_API_KEY",
        "CARGO_PUBLISH_TOKEN",
        "CARGO_REGISTRY_TOKEN",
        "CARGO_TOKEN",
        "CRATES_IO_API_TOKEN",
        "CRATES_IO_TOKEN",
        "CRATES_TOKEN",
        "CRATESIO_TOKEN",
    ),
    "nuget": (
        "NUGET_API_KEY",
        "NUGET_API_TOKEN",
        "NUGET_APIKEY",
        "NUGET_AUTH_TOKEN",
        "NUGET_KEY",
        "NUGET_ORG_API_KEY",
        "NUGET_PUBLISH_KEY",
        "NUGET_TOKEN",
    ),
    "rubygems": (
        "GEM_HOST_API_KEY",
        "RUBYGEMS_API_KEY",
        "RUBYGEMS_API_TOKEN",
        "RUBYGEMS_AUTH_TOKEN",
        "RUBYGEMS_KEY",
        "RUBYGEMS_TOKEN",
    ),
}


def _holding(names: dict[str, tuple[str, ...]]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (word, re.compile(r"(?:^|_)(?:" + "|".join(map(re.escape, stems)) + r")(?:_|$)"))
        for word, stems in names.items()
    )


_CLOUD_KEY = _holding(_CLOUD_KEYS)
_PUBLISHING_TOKEN = _holding(_PUBLISHING_TOKENS)


def static_cloud_key(name: str) -> str | None:
    """Say of which cloud a name promises a lasting key: `aws`, `google_cloud`, `azure`, `alibaba_cloud`, `kubernetes`.

    Takes names of slots, of variables and of inputs (`aws-access-key-id`). `None` for every other name; a session token
    does not last, and an API key of Google has no token of the job in its stead.
    """
    return _word_of(name, _CLOUD_KEY)


def publishing_token(name: str) -> str | None:
    """Say of which registry a name promises a lasting token: `npm`, `pypi`, `crates.io`, `nuget`, `rubygems`.

    These are the registries with trusted publishing; `trusts_jobs_of` says with which CI systems.
    """
    return _word_of(name, _PUBLISHING_TOKEN)


_TRUSTED_PUBLISHERS = {
    "npm": frozenset({"circleci", "github", "gitlab"}),
    "pypi": frozenset({"github", "gitlab"}),
    "crates.io": frozenset({"github", "gitlab"}),
    "nuget": frozenset({"github"}),
    "rubygems": frozenset({"github"}),
}
"""docs.npmjs.com/trusted-publishers, docs.pypi.org/trusted-publishers, crates.io/docs/trusted-publishing,
learn.microsoft.com/nuget/nuget-org/trusted-publishing, guides.rubygems.org/trusted-publishing."""


def trusts_jobs_of(registry: str, provider: str) -> bool:
    """Say whether a registry takes the tokens of a CI system's jobs: without that a lasting token is no choice."""
    return provider in _TRUSTED_PUBLISHERS.get(registry, frozenset())


def words_of(name: str) -> str:
    """Return a name in capitals with `_` between its words, whichever way it is written: `api-key`, `apiKey`."""
    return _BETWEEN.sub("_", _HUMP.sub("_", name[:_LONGEST])).strip("_").upper()


def _word_of(name: str, stems: tuple[tuple[str, re.Pattern[str]], ...]) -> str | None:
    plain, humped = _BETWEEN.sub("_", name[:_LONGEST]).strip("_").upper(), words_of(name)
    if humped.rpartition("_")[2] in _HARMLESS_ENDS:
        return None
    return next((word for word, stem in stems if stem.search(plain) or stem.search(humped)), None)
