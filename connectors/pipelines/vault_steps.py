"""Commands and settings by which a script takes secrets out of a vault, and what opens the vault to it.

Sources: the command-line references of Vault, AWS, Google Cloud, Azure, 1Password, Doppler, Infisical, Akeyless and
Bitwarden Secrets Manager.
"""

from __future__ import annotations

from connectors.pipelines.shell_words import Command
from connectors.pipelines.telling_slots import words_of
from storage.inventory import Record

_READING = (
    ("hashicorp_vault", ("vault", "kv")),
    ("hashicorp_vault", ("vault", "read")),
    ("hashicorp_vault", ("vault", "unwrap")),
    ("hashicorp_vault", ("vault", "agent")),
    ("aws", ("aws", "secretsmanager", "get-secret-value")),
    ("aws", ("aws", "secretsmanager", "batch-get-secret-value")),
    ("google_cloud", ("gcloud", "secrets", "versions", "access")),
    ("azure", ("az", "keyvault", "secret", "show")),
    ("azure", ("az", "keyvault", "secret", "download")),
    ("1password", ("op", "read")),
    ("1password", ("op", "run")),
    ("1password", ("op", "inject")),
    ("1password", ("op", "item", "get")),
    ("doppler", ("doppler", "run")),
    ("doppler", ("doppler", "secrets")),
    ("infisical", ("infisical", "run")),
    ("infisical", ("infisical", "export")),
    ("infisical", ("infisical", "secrets")),
    ("akeyless", ("akeyless", "get-secret-value")),
    ("bitwarden", ("bws", "secret", "get")),
    ("bitwarden", ("bws", "run")),
)
_TOKENS = {
    "AKEYLESS_ACCESS_KEY": "akeyless",
    "BW_ACCESS_TOKEN": "bitwarden",
    "BWS_ACCESS_TOKEN": "bitwarden",
    "CONJUR_AUTHN_API_KEY": "conjur",
    "DOPPLER_TOKEN": "doppler",
    "INFISICAL_CLIENT_SECRET": "infisical",
    "INFISICAL_TOKEN": "infisical",
    "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET": "infisical",
    "OP_CONNECT_TOKEN": "1password",
    "OP_SERVICE_ACCOUNT_TOKEN": "1password",
    "VAULT_SECRET_ID": "hashicorp_vault",
    "VAULT_TOKEN": "hashicorp_vault",
}
_KEYLESS_METHODS = frozenset({"aws", "azure", "gcp", "jwt", "kubernetes", "oidc"})


class VaultCall(Record, frozen=True, kw_only=True):
    """What one command has to do with a vault."""

    vault: str
    """Which: a cloud's word for its own, else the product's."""
    reads: bool
    """It takes a secret out; otherwise it only opens the vault."""
    keyless: bool | None
    """Opened by the job's token or the machine (`True`), by a lasting one (`False`); `None` where it does not tell."""
    proof: str
    """The command without what it is given."""


def calls_vault(command: Command) -> VaultCall | None:
    """Say what a command has to do with a vault."""
    for vault, words in _READING:
        if command.calls(*words):
            return VaultCall(vault=vault, reads=True, keyless=None, proof=" ".join(words))
    if command.calls("vault", "login"):
        method = command.option("-method")
        keyless = method in _KEYLESS_METHODS
        return VaultCall(vault="hashicorp_vault", reads=False, keyless=keyless, proof="vault login")
    if command.calls("vault", "write") and len(command.words) > 2:
        path = next((word for word in command.words[2:] if word.startswith("auth/") and word.endswith("/login")), None)
        if path is not None:
            keyless = any(word.startswith("jwt=") for word in command.words)
            keyless_or_not = True if keyless else False if any("secret_id=" in word for word in command.words) else None
            return VaultCall(
                vault="hashicorp_vault", reads=False, keyless=keyless_or_not, proof="vault write auth login"
            )
    return None


def vault_token(name: str) -> str | None:
    """Say which vault the lasting token under a name opens; `None` for every other name."""
    words = words_of(name)
    return next((vault for token, vault in _TOKENS.items() if words == token or words.endswith("_" + token)), None)
