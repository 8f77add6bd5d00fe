"""Which path of a vault a command reads, where it is named in the command itself.

Sources: the command-line references of Vault, AWS, Google Cloud, Azure and 1Password.
"""

from __future__ import annotations

import re

from connectors.pipelines.shell_words import Command

_BY_OPTION = (
    (("aws", "secretsmanager", "get-secret-value"), ("--secret-id",)),
    (("aws", "ssm", "get-parameter"), ("--name",)),
    (("gcloud", "secrets", "versions", "access"), ("--secret",)),
    (("az", "keyvault", "secret", "show"), ("--name", "-n")),
)
_BY_PLACE = ((("vault", "kv", "get"), 3), (("vault", "read"), 2), (("op", "read"), 2))
_COMPUTED = re.compile(r"[$<{`%]")


def path_read(command: Command) -> tuple[str | None] | None:
    """Return the path that a command reads, itself `None` where it is computed; `None` for every other command."""
    for words, options in _BY_OPTION:
        if command.calls(*words):
            return _told(command.option(*options))
    for start, place in _BY_PLACE:
        if command.calls(*start):
            plain = [word for word in command.words if not word.startswith("-")]
            return _told(plain[place] if place < len(plain) else None)
    return None


def _told(path: str | None) -> tuple[str | None]:
    return (None if not path or _COMPUTED.search(path) else path,)
