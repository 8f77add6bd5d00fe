"""What well-known actions of GitHub do with secrets: sign in to a cloud, read a vault, publish a package.

An action is known by its owner and name, whichever version is asked for. Facts are from the `README` and `action.yml`
of each one's repository.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from storage.inventory import Record

Given = Callable[[str], str]
"""Returns what a step gives for an input of its action, in whichever case; empty where it gives nothing."""


class CloudSignIn(Record, frozen=True, kw_only=True):
    """How an action signs in to a cloud."""

    cloud: str
    """The cloud, in the words of `telling_slots`."""
    lasting: tuple[str, ...]
    """Inputs that take a lasting key."""
    federated: tuple[str, ...]
    """Inputs that name an identity which lets the job's token in; the first one given is its name."""
    temporary: str = ""
    """Input that makes the key one that does not last."""
    needs_token: bool = True
    """The action works without the job's token as well, by what earlier steps left; then its right to one decides."""


CLOUD_SIGN_INS = {
    "aws-actions/configure-aws-credentials": CloudSignIn(
        cloud="aws",
        lasting=("aws-secret-access-key", "aws-access-key-id"),
        federated=("role-to-assume",),
        temporary="aws-session-token",
    ),
    "google-github-actions/auth": CloudSignIn(
        cloud="google_cloud",
        lasting=("credentials_json",),
        federated=("workload_identity_provider",),
        needs_token=False,
    ),
    "google-github-actions/setup-gcloud": CloudSignIn(
        cloud="google_cloud", lasting=("service_account_key",), federated=(), needs_token=False
    ),
    "azure/login": CloudSignIn(
        cloud="azure", lasting=("creds", "client-secret"), federated=("client-id",), needs_token=False
    ),
    "azure/docker-login": CloudSignIn(cloud="azure", lasting=("password",), federated=(), needs_token=False),
    "azure/webapps-deploy": CloudSignIn(cloud="azure", lasting=("publish-profile",), federated=(), needs_token=False),
    "azure/functions-action": CloudSignIn(cloud="azure", lasting=("publish-profile",), federated=(), needs_token=False),
    "azure/k8s-set-context": CloudSignIn(cloud="kubernetes", lasting=("kubeconfig",), federated=(), needs_token=False),
    "aliyun/ack-set-context": CloudSignIn(
        cloud="alibaba_cloud", lasting=("access-key-secret", "access-key-id"), federated=(), needs_token=False
    ),
    "aliyun/acr-login": CloudSignIn(
        cloud="alibaba_cloud", lasting=("access-key-secret", "password"), federated=(), needs_token=False
    ),
    "aliyun/configure-aliyun-credentials-action": CloudSignIn(
        cloud="alibaba_cloud",
        lasting=("access-key-secret", "access-key-id"),
        federated=("role-to-assume",),
        needs_token=False,
    ),
}


def registry_cloud(give: Given) -> str | None:
    """Say which cloud's key `docker/login-action` is given, by the registry that it signs in to."""
    registry = give("registry").strip().lower()
    if give("username").strip() in {"_json_key", "_json_key_base64"}:
        return "google_cloud"
    if re.fullmatch(r"[\w.-]{1,100}\.dkr\.ecr[\w.-]{0,50}\.amazonaws\.com(?:\.cn)?/?", registry):
        return "aws"
    return "azure" if registry.rstrip("/").endswith(".azurecr.io") else None


class VaultUse(Record, frozen=True, kw_only=True):
    """What an action takes out of a vault, and what opens it."""

    vault: str
    """Which: a cloud's word for its own, else the product's."""
    keyless: bool | None
    """Opened by the job's token or the machine (`True`), by a lasting token (`False`); `None` where it is not told."""
    by_cloud: bool = False
    """Opened by the job's own sign-in to that cloud."""
    paths: tuple[str, ...] = ()
    """What is read, where the step names it."""


def vault_use(action: str, give: Given) -> VaultUse | None:
    """Say what an action takes out of a vault; `None` for an action that reads none."""
    match action:
        case "hashicorp/vault-action":
            paths = tuple(entry.split()[0] for entry in re.split(r"[;\n]", give("secrets")) if entry.split())
            return VaultUse(vault="hashicorp_vault", keyless=_hashicorp(give), paths=paths)
        case "aws-actions/aws-secretsmanager-get-secrets":
            names = (line.rpartition(",")[2].strip() for line in give("secret-ids").splitlines())
            return VaultUse(vault="aws", keyless=None, by_cloud=True, paths=tuple(name for name in names if name))
        case "google-github-actions/get-secretmanager-secrets":
            entries = (entry.strip().partition(":")[2] for entry in re.split(r"[,\n]", give("secrets")))
            return VaultUse(
                vault="google_cloud", keyless=None, by_cloud=True, paths=tuple(one for one in entries if one)
            )
        case "azure/get-keyvault-secrets":
            names = (name.strip() for name in give("secrets").split(","))
            paths = tuple(f"{give('keyvault')}/{name}" for name in names if name)
            return VaultUse(vault="azure", keyless=None, by_cloud=True, paths=paths)
        case "1password/load-secrets-action" | "1password/load-secrets-action/configure":
            token = give("service-account-token") or give("connect-token")
            return VaultUse(vault="1password", keyless=False if token else None)
        case "infisical/secrets-action":
            method = give("method") or "universal"
            keyless = {"oidc": True, "aws-iam": True, "universal": False}.get(method)
            return VaultUse(vault="infisical", keyless=keyless)
        case "dopplerhq/secrets-fetch-action" | "dopplerhq/cli-action":
            keyless = True if give("auth-method") == "oidc" else False if give("doppler-token") else None
            return VaultUse(vault="doppler", keyless=keyless)
        case "akeyless-community/akeyless-github-action":
            kind = give("access-type") or "jwt"
            return VaultUse(vault="akeyless", keyless=_akeyless(kind))
        case "bitwarden/sm-action":
            return VaultUse(vault="bitwarden", keyless=False if give("access_token") else None)
        case "cyberark/conjur-action":
            keyless = True if give("authn_id") else False if give("api_key") else None
            return VaultUse(vault="conjur", keyless=keyless)
        case _:
            return None


def _hashicorp(give: Given) -> bool | None:
    method = give("method") or "token"
    if method == "jwt":
        return not give("jwtPrivateKey")
    if method in {"approle", "github", "ldap", "userpass"} or (method == "token" and give("token")):
        return False
    return True if method == "kubernetes" else None


def _akeyless(kind: str) -> bool | None:
    if kind in {"aws_iam", "azure_ad", "gcp", "jwt", "k8s"}:
        return True
    return False if kind in {"access_key", "api_key", "password"} else None


TRUSTED_PUBLISHERS = {
    "pypa/gh-action-pypi-publish": ("pypi", "password"),
    "rust-lang/crates-io-auth-action": ("crates.io", ""),
    "nuget/login": ("nuget", ""),
    "rubygems/release-gem": ("rubygems", ""),
    "rubygems/configure-rubygems-credentials": ("rubygems", "api-token"),
}
"""Actions that publish by the job's token, with the registry and the input that takes a lasting token instead."""

PUBLISHING_ACTIONS = {
    "changesets/action": "npm",
    "cycjimmy/semantic-release-action": "npm",
    "js-devtools/npm-publish": "npm",
    "pypa/gh-action-pypi-publish": "pypi",
    "messense/maturin-action": "pypi",
    "pyo3/maturin-action": "pypi",
    "katyo/publish-crates": "crates.io",
    "marcoieni/release-plz-action": "crates.io",
    "release-plz/action": "crates.io",
}
"""Actions that publish by whatever token they find or are given."""

PUBLISHING_INPUTS = {
    ("pypa/gh-action-pypi-publish", "password"): "pypi",
    ("js-devtools/npm-publish", "token"): "npm",
    ("katyo/publish-crates", "registry-token"): "crates.io",
    ("rubygems/configure-rubygems-credentials", "api-token"): "rubygems",
}
"""Inputs whose names do not tell that they take a token of a registry."""

ADDRESS_INPUTS = ("registry-url", "repository-url", "repository_url", "registry")
"""Inputs that say where packages go."""

_WHOLE_TREE = re.compile(
    r"(?:\./?|\*{1,2}(?:/\*)?|\./\*{1,2}(?:/\*)?|(?:\./)?\.git(?:/.*)?|\$\{\{\s*github\.workspace\s*\}\}/?)"
)


def uploads_tree(action: str, version: str, give: Given) -> bool:
    """Say whether a step uploads a checkout with its `.git`.

    `actions/upload-artifact` leaves hidden files out since 4.4, and what runs as `v4` is newer than that.
    """
    if action != "actions/upload-artifact":
        return False
    major = re.match(r"v?([0-9]+)(?:\.([0-9]+))?", version)
    old = major is not None and (int(major[1]), int(major[2] or 99)) < (4, 4) and len(version) < 12
    if not old and give("include-hidden-files").strip().lower() != "true":
        return False
    return any(_WHOLE_TREE.fullmatch(line.strip()) for line in give("path").splitlines())


def keeps_token_in_tree(version: str) -> bool:
    """Say whether this version of `actions/checkout` writes the token below the checkout: since 6 it does not."""
    major = re.fullmatch(r"v?([0-9]{1,2})(?:\..*)?", version)
    return major is None or int(major[1]) < 6
