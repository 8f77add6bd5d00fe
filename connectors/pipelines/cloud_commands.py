"""Commands by which a script signs in to a cloud, and with what.

Sources: the reference pages of `aws sts`, `gcloud auth`, `gcloud iam workload-identity-pools` and `az login`.
"""

from __future__ import annotations

from connectors.pipelines.shell_words import Command
from storage.inventory import Record


class SignIn(Record, frozen=True, kw_only=True):
    """How one command signs in."""

    cloud: str
    """The cloud, in the words of `telling_slots`."""
    keyless: bool
    """By a token that the job was given, and not by a lasting key."""
    proof: str
    """The command without what it is given."""


def signs_in(command: Command) -> SignIn | None:
    """Say how a command signs in; `None` where it does not, or by what is on the machine."""
    if command.calls("aws", "sts", "assume-role-with-web-identity"):
        return SignIn(cloud="aws", keyless=True, proof="aws sts assume-role-with-web-identity")
    if command.calls("aws", "configure", "set") and _set_key(command) is not None:
        return SignIn(cloud="aws", keyless=False, proof=f"aws configure set {_set_key(command)}")
    if command.calls("gcloud", "auth", "activate-service-account"):
        return SignIn(cloud="google_cloud", keyless=False, proof="gcloud auth activate-service-account")
    if command.calls("gcloud", "iam", "workload-identity-pools", "create-cred-config"):
        return SignIn(cloud="google_cloud", keyless=True, proof="gcloud iam workload-identity-pools create-cred-config")
    if command.calls("az", "login"):
        if command.option("--federated-token") is not None:
            return SignIn(cloud="azure", keyless=True, proof="az login --federated-token")
        if command.option("-p", "--password") is not None:
            return SignIn(cloud="azure", keyless=False, proof="az login -p")
    if command.calls("docker", "login") and command.option("-u", "--username") in {"_json_key", "_json_key_base64"}:
        return SignIn(cloud="google_cloud", keyless=False, proof="docker login -u _json_key")
    return None


def _set_key(command: Command) -> str | None:
    names = ("aws_access_key_id", "aws_secret_access_key")
    return next((word for word in command.words[3:] if word in names), None)


def federates(name: str, given: str) -> str | None:
    """Say of which cloud a setting makes a tool use the job's token: `ARM_USE_OIDC`; `None` for every other."""
    if name.upper() in {"ARM_USE_OIDC", "ARM_USE_AKS_WORKLOAD_IDENTITY"} and given.strip().lower() in {"true", "1"}:
        return "azure"
    return None
