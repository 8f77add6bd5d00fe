"""The one way to Entra and Azure: logs in, asks what is in the list of operations and nothing else.

Only this file knows `azure-identity`, and loads it when the first token is asked for. A token is asked for each API and
tenant; whether the login belongs to that tenant is looked up in the token, for a managed identity has one tenant only,
whichever is asked for.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote

import msgspec

from connectors.azure.permissions import Api, Operation
from connectors.azure.target import AzureTarget
from connectors.transport import (
    Answer,
    Bearer,
    BearerRefused,
    Call,
    Content,
    Page,
    Refusal,
    Transport,
    refusal_of,
    same_host,
)
from storage.inventory import GapReason

BATCH = 20
"""More requests Graph does not take in one batch."""

_UNQUOTED = "(),'$"
_PASSING = frozenset({429, 500, 502, 503, 504})


class Login(Protocol):
    """Gives tokens, as the credentials of `azure-identity` do."""

    def get_token(self, *scopes: str, tenant_id: str | None = None) -> Any:
        """Return something whose `token` is the token."""
        ...


def default_login(target: AzureTarget) -> Login:
    """Return what the workload itself brings: workload identity, managed identity, `az login`."""
    from azure.identity import DefaultAzureCredential

    for name in ("azure", "msal"):
        # What these write quotes answers of the login service; what matters of it is told as a gap.
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return DefaultAzureCredential(
        authority=target.addresses.authority,
        managed_identity_client_id=target.client_id,
        workload_identity_tenant_id=target.tenant,
        additionally_allowed_tenants=[target.tenant],
        exclude_interactive_browser_credential=True,
    )


class AzureClient:
    """Speaks for one login in one tenant."""

    def __init__(
        self, target: AzureTarget, transport: Transport, login: Callable[[AzureTarget], Login] = default_login
    ) -> None:
        """Prepare; nothing is sent and no library is loaded yet."""
        self.target = target
        self._transport = transport
        self._build_login = login
        self._login: Login | None = None
        self._without: dict[str, str] = {}
        """By scope of a token: why there is none. It is not asked for again: each attempt may take its time."""
        self._bearers: dict[Api, Bearer] = {api: self._bearer(api) for api in Api}

    @property
    def calls(self) -> int:
        """Requests sent so far, repeated ones among them."""
        return self._transport.calls

    def claims(self, api: Api) -> Mapping[str, Any]:
        """Return what the token for an API says of the login.

        Raises:
            BearerRefused: when there is none.
        """
        return _claims(self._bearers[api]())

    def pages(self, operation: Operation, *ids: str, base: str | None = None) -> Iterator[Page | Refusal]:
        """Read a list, page by page. `base` is the address of a vault."""
        yield from self._transport.pages(
            self._call(operation, ids, base), self._bearers[operation.api], operation.paging
        )

    def further(self, operation: Operation, link: Any) -> Iterator[Page | Refusal]:
        """Read on where a list in a batch ended."""
        home = self._call(operation, ("-",), None)
        if not isinstance(link, str) or not same_host(link, home.url):
            detail = "the next page lies at another host or is no https address: not asked"
            yield Refusal(reason=GapReason.MALFORMED, detail=detail)
            return
        call = Call(url=link, drop=operation.drop)
        yield from self._transport.pages(call, self._bearers[operation.api], operation.paging)

    def ask(self, operation: Operation, *ids: str) -> Answer | Refusal:
        """Make one call."""
        return self._transport.ask(self._call(operation, ids, None), self._bearers[operation.api])

    def batch(self, operation: Operation, ids: Sequence[str]) -> Iterator[tuple[str, Content | Refusal]]:
        """Ask Graph the same of many things, twenty a call, and yield what it answers of each."""
        for start in range(0, len(ids), BATCH):
            yield from self._batched(operation, ids[start : start + BATCH])

    def _batched(self, operation: Operation, ids: Sequence[str]) -> Iterator[tuple[str, Content | Refusal]]:
        pending = {str(number): one for number, one in enumerate(ids)}
        attempt = 0
        while pending:
            attempt += 1
            requests = [{"id": key, "method": "GET", "url": _below(operation, one)} for key, one in pending.items()]
            call = Call(
                url=f"{self.target.addresses.graph}/v1.0/$batch", content={"requests": requests}, drop=operation.drop
            )
            answer = self._transport.ask(call, self._bearers[Api.GRAPH])
            if isinstance(answer, Refusal):
                yield from ((one, answer) for one in pending.values())
                return
            inner = _by_id(answer.content)
            passing = {key: one for key, one in pending.items() if inner.get(key, (0, {}, None))[0] in _PASSING}
            for key, one in pending.items():
                if key not in passing:
                    yield one, _judged(inner.get(key))
            told = [inner[key][1].get("retry-after") for key in passing]
            if passing and not self._transport.rest(attempt, _longest(told)):
                # A throttled request hides in an answer that is itself no refusal: it must not read as "none".
                yield from ((one, _judged(inner[key])) for key, one in passing.items())
                return
            pending = passing

    def _call(self, operation: Operation, ids: Sequence[str], base: str | None) -> Call:
        home = {Api.GRAPH: self.target.addresses.graph, Api.ARM: self.target.addresses.arm, Api.VAULT: base or ""}
        return Call(
            url=home[operation.api] + operation.path.format(*ids),
            parameters={key: value.format(*ids) for key, value in operation.parameters.items()},
            drop=operation.drop,
        )

    def _bearer(self, api: Api) -> Bearer:
        addresses = self.target.addresses
        resource = {Api.GRAPH: addresses.graph, Api.ARM: addresses.arm, Api.VAULT: f"https://{addresses.vault}"}[api]

        def bearer(*, renew: bool = False) -> str:
            return self._token(f"{resource}/.default", renew=renew)

        return bearer

    def _token(self, scope: str, *, renew: bool) -> str:
        """Return a token of the target's tenant.

        Raises:
            BearerRefused: when no login is found, or it belongs to another tenant.
        """
        from azure.core.exceptions import AzureError

        if scope in self._without:
            raise BearerRefused(self._without[scope])
        try:
            if self._login is None or renew:
                # A new login has nothing remembered: the only way to have it ask for another token.
                self._login = self._build_login(self.target)
            token = str(self._login.get_token(scope, tenant_id=self.target.tenant).token)
        except (AzureError, OSError, ValueError):
            # What the library says may quote an answer.
            detail = "no login was found or accepted: give the workload an identity, or use az login"
            raise self._refused(scope, detail) from None
        if _tenant_of(token) not in {None, self.target.tenant}:
            raise self._refused(scope, "the login belongs to another tenant: check the tenant of the target")
        return token

    def _refused(self, scope: str, detail: str) -> BearerRefused:
        self._without[scope] = detail
        return BearerRefused(detail)


def _below(operation: Operation, one: str) -> str:
    """Return the address of a request inside a batch: it begins below the version."""
    path = operation.path.format(one).removeprefix("/v1.0")
    query = "&".join(f"{key}={quote(value.format(one), safe=_UNQUOTED)}" for key, value in operation.parameters.items())
    return f"{path}?{query}" if query else path


def _by_id(content: Content) -> dict[str, tuple[int, dict[str, str], Any]]:
    """Return status, headers and body of each answer in a batch; what is not as it should be is left out."""
    found: dict[str, tuple[int, dict[str, str], Any]] = {}
    responses = content.get("responses")
    for one in responses if isinstance(responses, list) else ():
        if isinstance(one, dict) and isinstance(one.get("id"), str) and isinstance(one.get("status"), int):
            headers = one.get("headers")
            told = headers.items() if isinstance(headers, dict) else ()
            lower = {str(key).lower(): str(value) for key, value in told}
            found.setdefault(one["id"], (one["status"], lower, one.get("body")))
    return found


def _judged(inner: tuple[int, dict[str, str], Any] | None) -> Content | Refusal:
    if inner is None:
        return Refusal(reason=GapReason.MALFORMED, detail="the answer to the batch lacks it")
    status, _, body = inner
    content = body if isinstance(body, dict) else None
    if status != 200:
        return refusal_of(status, content)
    if content is None or not isinstance(content.get("value"), list):
        return Refusal(reason=GapReason.MALFORMED, detail="the answer in the batch is no list", status=status)
    return content


def _longest(told: Sequence[str | None]) -> str | None:
    seconds = [one for one in told if one is not None and one.isascii() and one.isdigit()]
    return max(seconds, key=lambda one: (len(one), one), default=None)


def _tenant_of(token: str) -> str | None:
    """Return the tenant that a token says it is for; `None` for what is no such token."""
    tenant = _claims(token).get("tid")
    return tenant if isinstance(tenant, str) else None


def _claims(token: str) -> Mapping[str, Any]:
    """Return what a token says; nothing, where it is none that can be read."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return {}
    return claims if isinstance(claims, dict) else {}
