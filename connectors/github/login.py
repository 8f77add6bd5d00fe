"""Who asks: a GitHub App, or whoever a token belongs to.

An App signs a short-lived assertion with its private key (RS256, RFC 7519) and is given an installation's token for an
hour. That token is asked for with read rights alone, and only those that are needed: whatever else the App may do, this
connector cannot. See GitHub's "Generating an installation access token for a GitHub App".
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from connectors.base import TargetError
from connectors.github.permissions import OPERATIONS
from connectors.github.target import GitHubTarget
from connectors.transport import Answer, Bearer, BearerRefused, Call, Refusal, Transport
from storage.inventory import GapReason

HEADERS = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
_ASSERTION_SECONDS = 540
"""GitHub believes an assertion for ten minutes at most."""
_SKEW_SECONDS = 60
_KEY_BYTES = 1 << 16
_EARLY_SECONDS = 120
"""So long before its end a token is renewed."""

Told = TypeVar("Told")


class Login(Bearer, Protocol):
    """Gives the token, and says what is known of its holder."""

    @property
    def is_app(self) -> bool:
        """Whether a GitHub App asks."""
        ...

    @property
    def permissions(self) -> Mapping[str, str] | None:
        """What it was given, by name; `None` where nobody says."""
        ...

    @property
    def everywhere(self) -> bool | None:
        """Whether it was given all repositories; `None` where nobody says."""
        ...


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """Where an App is installed, as itself is told."""

    id: int
    permissions: dict[str, str]
    repository_selection: str
    suspended_at: str | None = None


class InstallationToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token of an installation."""

    token: str
    expires_at: datetime


class TokenLogin:
    """Whoever a token belongs to; a fine-grained token's rights are told nowhere."""

    is_app = False
    permissions: Mapping[str, str] | None = None
    everywhere: bool | None = None

    def __init__(self, variable: str, environment: Mapping[str, str]) -> None:
        self._variable = variable
        self._token = environment.get(variable, "").strip()

    def __call__(self, *, renew: bool = False) -> str:  # noqa: ARG002 - there is no other
        """See `Bearer`.

        Raises:
            BearerRefused: when the variable holds none.
        """
        if not self._token:
            raise BearerRefused(f"the variable {self._variable} holds no token", GapReason.FAILED)
        return self._token


class AppLogin:
    """A GitHub App, in the installation of one organization."""

    is_app = True

    def __init__(self, target: GitHubTarget, key: bytes, transport: Transport, now: Callable[[], float]) -> None:
        """Prepare; nothing is sent yet.

        Raises:
            TargetError: when the key is none.
        """
        self._target = target
        self._key = _private_key(key)
        self._transport = transport
        self._now = now
        self._installation: Installation | None = None
        self._token: InstallationToken | None = None
        self._refused: BearerRefused | None = None

    @property
    def permissions(self) -> Mapping[str, str] | None:
        """See `Login.permissions`."""
        return self._installation.permissions if self._installation else None

    @property
    def everywhere(self) -> bool | None:
        """See `Login.everywhere`."""
        return self._installation.repository_selection == "all" if self._installation else None

    def __call__(self, *, renew: bool = False) -> str:
        """See `Bearer`.

        Raises:
            BearerRefused: when the App, its installation or its token is refused.
        """
        if self._refused is not None:
            raise self._refused
        if renew or self._token is None or self._token.expires_at.timestamp() - _EARLY_SECONDS <= self._now():
            try:
                self._token = self._new_token()
            except BearerRefused as refused:
                self._refused = refused
                raise
        return self._token.token

    def _new_token(self) -> InstallationToken:
        if self._installation is None:
            found = f"/orgs/{self._target.organization}/installation"
            self._installation = self._asked(Call(url=self._address(found), headers=HEADERS), Installation)
        if self._installation.suspended_at is not None:
            raise BearerRefused("the GitHub App is suspended in this organization")
        given = self._installation.permissions
        needed = sorted({one.permission for one in OPERATIONS if one.permission in given and not one.only_people})
        call = Call(
            url=self._address(f"/app/installations/{self._installation.id}/access_tokens"),
            headers=HEADERS,
            content={"permissions": dict.fromkeys(needed, "read")},
            success=201,
        )
        return self._asked(call, InstallationToken)

    def _asked(self, call: Call, kind: type[Told]) -> Told:
        answer = self._transport.ask(call, self._assertion)
        if isinstance(answer, Refusal):
            detail = f"the GitHub App was not let in: {answer.detail}; check its id, its key and that it is installed"
            raise BearerRefused(detail, answer.reason)
        return _converted(answer, kind)

    def _address(self, path: str) -> str:
        return self._target.base_url + path

    def _assertion(self, *, renew: bool = False) -> str:  # noqa: ARG002 - each is new
        now = int(self._now())
        claims = {"iat": now - _SKEW_SECONDS, "exp": now + _ASSERTION_SECONDS, "iss": self._target.app_id}
        told = b".".join(_encoded(msgspec.json.encode(part)) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
        return (told + b"." + _encoded(self._key.sign(told, PKCS1v15(), SHA256()))).decode()


def login_of(
    target: GitHubTarget, transport: Transport, environment: Mapping[str, str], now: Callable[[], float]
) -> Login:
    """Return who asks, as the target says.

    Raises:
        TargetError: when the App's key cannot be read, or is none.
    """
    if target.token_variable is not None:
        return TokenLogin(target.token_variable, environment)
    if target.app_key_variable is not None:
        # In one line of an environment file, line ends are written as `\n`.
        key = environment.get(target.app_key_variable, "").replace("\\n", "\n").encode()
        return AppLogin(target, key, transport, now)
    try:
        with Path(target.app_key_file or "").open("rb") as file:
            return AppLogin(target, file.read(_KEY_BYTES), transport, now)
    except OSError:
        raise TargetError("the private key of the GitHub App cannot be read: check the path and its rights") from None


def _private_key(key: bytes) -> RSAPrivateKey:
    """Read an RSA key.

    Raises:
        TargetError: when it is none.
    """
    try:
        read = load_pem_private_key(key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Nothing of what the library says, and nothing of the key.
        read = None
    if not isinstance(read, RSAPrivateKey):
        raise TargetError(
            "the private key of the GitHub App is none: it takes the PEM file that GitHub gave, unchanged"
        )
    return read


def _converted(answer: Answer, kind: type[Told]) -> Told:
    try:
        return msgspec.convert(answer.content, kind)
    except msgspec.ValidationError:
        detail = "the GitHub App was not let in: the answer is not as GitHub describes it"
        raise BearerRefused(detail, GapReason.MALFORMED) from None


def _encoded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")
