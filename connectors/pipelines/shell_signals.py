"""What the commands of a script prove: a vault that is asked, a cloud that takes the job's own token, a value in clear.

Commands are known by what their vendors document: `vault` (developer.hashicorp.com/vault/docs/commands), `aws
secretsmanager` and `aws sts`, `gcloud secrets`, `az keyvault` and `az login --federated-token`, `op`, `doppler`. Every
expression is bounded by the line it stands on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.pipelines.literals import could_be_a_secret, promises_a_secret
from storage.inventory import PipelineSignal, Record, ReferenceKind

_LINE = 4_000
"""Characters of a line that are looked at."""

_OPTION = r"""(?:=|\s+)["']?([^\s"'`|;&)]{1,256})"""
_VAULTS = {
    "vault": re.compile(r"\bvault\s+(?:kv\s+get|read)\b(?:\s+-\S+)*\s+[\"']?([^\s\"'`|;&)]{1,256})"),
    "aws secretsmanager": re.compile(
        r"\baws\b[^|;&\n]{0,80}?\bsecretsmanager\s+get-secret-value\b[^|;&\n]{0,200}?--secret-id" + _OPTION
    ),
    "aws ssm": re.compile(r"\baws\b[^|;&\n]{0,80}?\bssm\s+get-parameters?\b[^|;&\n]{0,200}?--names?" + _OPTION),
    "gcloud secrets": re.compile(
        r"\bgcloud\b[^|;&\n]{0,80}?\bsecrets\s+versions\s+access\b[^|;&\n]{0,200}?--secret" + _OPTION
    ),
    "az keyvault": re.compile(r"\baz\s+keyvault\s+secret\s+show\b[^|;&\n]{0,200}?(?:--name|-n)" + _OPTION),
    "op read": re.compile(r"\bop\s+read\b(?:\s+-\S+)*\s+[\"']?(op://[^\s\"'`|;&)]{1,256})"),
}
_VAULT_WITHOUT_PATH = re.compile(
    r"\b(?:vault\s+(?:login|write\s+(?:-\S+\s+)*auth/\S+)|op\s+(?:run|inject)|doppler\s+(?:run|secrets)|chamber\s+exec"
    r"|infisical\s+(?:run|export|secrets)|bws\s+(?:run|secret)|akeyless\s+get-secret-value|summon\s|envconsul\s)"
)
_VAULT_KEYLESS = re.compile(
    r"\bvault\s+(?:login\b[^|;&\n]{0,120}-method=(?:jwt|oidc|aws|gcp|azure|kubernetes)\b"
    r"|write\s+(?:-\S+\s+)*auth/(?:jwt|oidc|aws|gcp|azure|kubernetes)[\w/-]*/login)"
)
_VAULT_STATIC = re.compile(
    r"\bvault\s+(?:login\b[^|;&\n]{0,120}(?:-method=(?:token|approle|userpass)\b|\$\{?\w*TOKEN)"
    r"|write\s+(?:-\S+\s+)*auth/approle[\w/-]*/login)"
)
_KEYLESS = {
    "aws sts assume-role-with-web-identity": re.compile(r"\bassume-role-with-web-identity\b"),
    "AWS_WEB_IDENTITY_TOKEN_FILE": re.compile(r"\bAWS_WEB_IDENTITY_TOKEN_FILE="),
    "gcloud workload identity": re.compile(r"\bworkload-identity-pools\b[^|;&\n]{0,80}\bcreate-cred-config\b"),
    "az login --federated-token": re.compile(r"\baz\s+login\b[^|;&\n]{0,200}--federated-token\b"),
}
_ROLE = re.compile(r"--role-arn" + _OPTION)
_PLAIN = {
    "docker login -p": re.compile(
        r"\b(?:docker|podman|helm\s+registry|skopeo|buildah)\s+login\b[^|;&\n]{0,200}?\s(?:-p|--password)" + _OPTION
    ),
    "curl -u": re.compile(
        r"\bcurl\b[^|;&\n]{0,300}?\s(?:-u|--user)(?:=|\s*)[\"']?[^\s:\"'$]{1,64}:([^\s\"'|;&]{1,256})"
    ),
    "Authorization": re.compile(r"(?i)\bauthorization:\s*(?:bearer|token|basic)\s+([^\s\"'|;&]{8,512})"),
    "--password": re.compile(r"\s--(?:password|api-key|token|auth-token|secret)" + _OPTION),
    "sshpass -p": re.compile(r"\bsshpass\s+-p\s*[\"']?([^\s\"'|;&]{1,256})"),
}
_SET = re.compile(r"(?:^|[\s;&\"'])(?:export\s+)?([A-Za-z_]\w{0,127})=[\"']?([^\s\"'`;|&)]{4,512})")


class Sign(Record, frozen=True, kw_only=True):
    """One thing that a command proves or asks for."""

    line: int
    signal: PipelineSignal
    proof: str
    """The command or the name of the setting, never a value."""
    kind: ReferenceKind | None = None
    """What is asked for with it, if anything."""
    name: str | None = None
    """The name of that; `None` where a variable names it."""


def signs(text: str, line: int = 1) -> Iterator[Sign]:
    """Yield what the commands of a script that begins on a line prove, by line.

    Lines that end in a backslash are one, with the line of the first.
    """
    joined, first = "", line
    for number, part in enumerate(text.split("\n"), line):
        if not joined:
            first = number
        if part.endswith("\\") and len(joined) < _LINE:
            joined += part[:-1] + " "
            continue
        yield from _of_one_line((joined + part)[:_LINE], first)
        joined = ""
    if joined:
        yield from _of_one_line(joined[:_LINE], first)


def _of_one_line(text: str, line: int) -> Iterator[Sign]:
    bare = text.lstrip()
    if not bare or bare.startswith("#"):
        return
    yield from _vaults(text, line)
    for proof, expression in _KEYLESS.items():
        if expression.search(text):
            role = _ROLE.search(text)
            yield Sign(
                line=line,
                signal=PipelineSignal.KEYLESS_CLOUD,
                proof=proof,
                kind=ReferenceKind.FEDERATION if role else None,
                name=_literal(role[1]) if role else None,
            )
    for proof, expression in _PLAIN.items():
        if any(could_be_a_secret(value) for value in expression.findall(text)):
            yield Sign(line=line, signal=PipelineSignal.HARD_CODED_VALUE, proof=proof)
    for name, value in _SET.findall(text):
        if promises_a_secret(name) and could_be_a_secret(value):
            yield Sign(line=line, signal=PipelineSignal.HARD_CODED_VALUE, proof=name)


def _vaults(text: str, line: int) -> Iterator[Sign]:
    for proof, expression in _VAULTS.items():
        for path in expression.findall(text):
            yield Sign(
                line=line,
                signal=PipelineSignal.VAULT_USED,
                proof=proof,
                kind=ReferenceKind.VAULT,
                name=_literal(path),
            )
    if without := _VAULT_WITHOUT_PATH.search(text):
        yield Sign(line=line, signal=PipelineSignal.VAULT_USED, proof=without[0].split()[0])
    if _VAULT_KEYLESS.search(text):
        yield Sign(line=line, signal=PipelineSignal.VAULT_KEYLESS, proof="vault login by the job's identity")
    if _VAULT_STATIC.search(text):
        yield Sign(line=line, signal=PipelineSignal.VAULT_STATIC, proof="vault login by a lasting secret")


def _literal(name: str) -> str | None:
    """Return a name that stands there as such; `None` for one that a variable holds."""
    return None if re.search(r"[$<{%\0]", name) else name
