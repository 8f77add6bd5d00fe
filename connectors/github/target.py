"""What is to be read of GitHub, and as whom: plain fields, no secret among them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from connectors.base import Target, TargetError

PUBLIC = "https://api.github.com"
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", re.ASCII)
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,100}", re.ASCII)
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?", re.ASCII)
_SERVER_PATH = "/api/v3"
_RESIDENCY = ".ghe.com"


class GitHubTarget(Target, frozen=True, kw_only=True):
    """One organization of GitHub: of github.com, of Enterprise Cloud with data residency, or of Enterprise Server.

    Who logs in is a GitHub App, by its private key, or whoever a token belongs to. Neither stands here.
    """

    organization: str
    """Its name in addresses."""
    base_url: str = PUBLIC
    """Where the API is: `https://api.SUBDOMAIN.ghe.com` with data residency, `https://HOST/api/v3` of a server."""
    token_variable: str | None = None
    """Variable with a token; `None` where a GitHub App logs in."""
    app_id: str | None = None
    """Id or client id of the GitHub App."""
    app_key_variable: str | None = None
    """Variable with the App's private key, in PEM."""
    app_key_file: str | None = None
    """File with the App's private key, in PEM."""
    included_repositories: tuple[str, ...] = ()
    """Names of the repositories to read; empty for all that the organization lists."""
    excluded_repositories: Mapping[str, str] = {}
    """Names of the repositories that are not read, each with the reason."""
    excluded_parts: Mapping[str, str] = {}
    """What is not read at all, by the name of its scope's api, each with the reason."""

    @property
    def place(self) -> str:
        """Where it lies: it stands for the name where there is none."""
        return f"{self.host}/{self.organization}"

    @property
    def host(self) -> str:
        """The host that people and git know: `github.com`."""
        host = urlsplit(self.base_url).netloc.lower()
        return host.removeprefix("api.") if self.on_cloud else host

    @property
    def on_cloud(self) -> bool:
        """Whether GitHub itself runs it; a server of one's own lacks some of what the cloud has."""
        host = urlsplit(self.base_url).netloc.lower()
        return host == "api.github.com" or (host.startswith("api.") and host.endswith(_RESIDENCY))

    @property
    def needs(self) -> Mapping[str, str]:
        """See `Target.needs`."""
        found = {}
        if self.token_variable:
            found[self.token_variable] = f"a token for {self.place}"
        if self.app_key_variable:
            found[self.app_key_variable] = f"the private key of the GitHub App {self.app_id}"
        return found


def checked(target: GitHubTarget) -> GitHubTarget:
    """Return the target, if what it says can be meant.

    Raises:
        TargetError: when the organization, a repository or the address is none, or nobody is named who logs in.
    """
    if not _LOGIN.fullmatch(target.organization):
        raise TargetError("organization: write its name as in addresses: letters, digits and hyphens")
    if not all(_REPOSITORY.fullmatch(one) for one in (*target.included_repositories, *target.excluded_repositories)):
        raise TargetError(
            "repositories are named without the organization: letters, digits, dots, hyphens, underscores"
        )
    _check_address(target)
    keys = [one for one in (target.app_key_variable, target.app_key_file) if one]
    if (target.app_id is None) != (not keys) or len(keys) > 1 or (target.token_variable is None) == (not keys):
        raise TargetError("name who logs in: a variable with a token, or a GitHub App with its private key, not both")
    return target


def _check_address(target: GitHubTarget) -> None:
    address = urlsplit(target.base_url)
    plain = address.scheme == "https" and _HOST.fullmatch(address.netloc.lower()) and not address.query
    if not plain or address.fragment or address.path != ("" if target.on_cloud else _SERVER_PATH):
        raise TargetError(
            "base_url: write https://api.github.com, https://api.SUBDOMAIN.ghe.com, or https://HOST/api/v3 of a server"
        )
