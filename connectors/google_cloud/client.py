"""The one way to Google Cloud: logs in, asks what is in the list of methods and nothing else, counts, gives up in time.

IAM's service accounts are asked over gRPC, by Google's library; all else over the one transport. Only this file knows
Google's libraries, and loads them when a client is built. An answer is handed on as JSON, as the
REST API writes it, whichever way it came, and without the fields that can hold a secret.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from connectors.base import TargetError
from connectors.google_cloud.permissions import (
    ACCOUNT_POLICY,
    LIST_ACCOUNTS,
    LIST_KEYS,
    LIST_ROLES,
    Method,
)
from connectors.google_cloud.refusals import CallFailed, Trouble
from connectors.google_cloud.target import GoogleCloudTarget
from connectors.transport import BearerRefused, Bounds, Call, Refusal, Transport, refusal_of
from storage.inventory import GapReason, Record

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_FINAL = frozenset({Trouble.EXPIRED, Trouble.OUT_OF_TIME})
_PAGES = 100_000
_NEVER_KEPT = frozenset({"privateKeyData", "publicKeyData"})
_NO_LOGIN = "metadata from plugin failed"
"""By these words gRPC says that no token could be had; it calls that an unreachable server."""
_UNREADABLE = ("Exception deserializing response", "content-type", "Received RST_STREAM with error code 1")


_TROUBLES = {
    GapReason.DENIED: Trouble.DENIED,
    GapReason.RATE_LIMITED: Trouble.RATE_LIMITED,
    GapReason.TIMED_OUT: Trouble.TIMED_OUT,
    GapReason.MALFORMED: Trouble.MALFORMED,
    GapReason.STOPPED: Trouble.OUT_OF_TIME,
    GapReason.LIMIT: Trouble.LIMIT,
}


_STATUS_OF = {
    "DEADLINE_EXCEEDED": 504,
    "INTERNAL": 500,
    "INVALID_ARGUMENT": 400,
    "NOT_FOUND": 404,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "UNAUTHENTICATED": 401,
    "UNAVAILABLE": 503,
}
"""Which status of HTTP Google gives to which word (google.rpc.Code)."""


class Patience(Record, frozen=True, kw_only=True):
    """How long to wait for one answer, and how often to ask again."""

    attempts: int = 6
    first_wait_seconds: float = 1.0
    """Before the second attempt; each further wait is twice as long."""
    call_seconds: float = 60.0


class Login(Protocol):
    """What Google's library calls credentials."""

    token: str | None

    @property
    def valid(self) -> bool:
        """Whether the token can still be used."""
        ...

    def refresh(self, request: Any) -> None:
        """Get a new token."""
        ...


class _Bearer:
    """Gives the transport the login's token, and renews it when it has run out."""

    def __init__(self, login: Login, sleep: Callable[[float], object]) -> None:
        self._login = login
        self._sleep = sleep
        self.ended = False
        """Whether no token could be had any more."""

    def __call__(self, *, renew: bool = False) -> str:
        """Return a token.

        Raises:
            BearerRefused: when there is none to be had.
        """
        if not self.ended and (renew or not self._login.valid):
            self.ended = not self._renewed()
        if self.ended or not self._login.token:
            self.ended = True
            raise BearerRefused("no token could be had", GapReason.FAILED)
        return self._login.token

    def _renewed(self) -> bool:
        """Ask for a new token, again where whoever gives it was not reached; return whether there is one."""
        from google.auth.exceptions import GoogleAuthError, TransportError
        from google.auth.transport.requests import Request

        for wait in (1.0, 2.0, None):
            try:
                self._login.refresh(Request())
            except GoogleAuthError as refused:
                if wait is None or not (refused.retryable or isinstance(refused, TransportError)):
                    return False
                self._sleep(wait)
            else:
                return True
        return False


class GoogleClient:
    """Speaks for one login, and counts its calls."""

    def __init__(
        self,
        target: GoogleCloudTarget,
        *,
        deadline: float,
        patience: Patience | None = None,
        login: Login | None = None,
        channel: Any = None,
        transport: Transport | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Prepare the login; nothing is sent yet. Tests bring a login, a channel and a transport of their own.

        Raises:
            TargetError: when there is no login at all.
        """
        self.target = target
        self._deadline = deadline
        self._patience = patience or Patience()
        self._sleep = sleep
        self._calls = 0
        self._ended: Trouble | None = None
        for loud in ("google", "grpc"):
            # At the lowest level these write whole answers into the log.
            logging.getLogger(loud).setLevel(logging.WARNING)
        self._login = login or _logged_in(target)
        self._iam = _iam_client(self._login, channel)
        self._quota = target.quota_project or getattr(self._login, "quota_project_id", None)
        self._bearer = _Bearer(self._login, sleep)
        bounds = Bounds(attempts=self._patience.attempts, call_seconds=self._patience.call_seconds)
        self._transport = transport or Transport(deadline=deadline, bounds=bounds)

    @property
    def calls(self) -> int:
        """Requests sent so far, repeated ones among them."""
        return self._calls + self._transport.calls

    def ask(self, method: Method, where: str, **parameters: str | int) -> dict[str, Any]:
        """Make one call and return its answer.

        Raises:
            CallFailed: when there is no answer.
        """
        if self._ended is not None:
            raise CallFailed(method, self._ended)
        try:
            if method.url is None:
                return self._over_grpc(method, where, parameters)
            return self._over_rest(method, method.url, where, parameters)
        except CallFailed as failed:
            if failed.trouble in _FINAL:
                self._ended = failed.trouble
            raise

    def pages(self, method: Method, where: str, **parameters: str | int) -> Iterator[list[dict[str, Any]]]:
        """Yield the pages of a list. A page may be empty and still not be the last.

        Raises:
            CallFailed: when a page has no answer, or names a page that was read before.
        """
        seen: set[str] = set()
        while len(seen) < _PAGES:
            page = self.ask(method, where, **parameters)
            yield listed(method, page)
            token = page.get("nextPageToken")
            if token is None or token == "":
                return
            if not isinstance(token, str) or token in seen:
                raise CallFailed(method, Trouble.MALFORMED)
            seen.add(token)
            parameters["pageToken"] = token
        raise CallFailed(method, Trouble.LIMIT)

    def _over_rest(self, method: Method, url: str, where: str, parameters: Mapping[str, str | int]) -> dict[str, Any]:
        """Ask by the one transport, which asks again by itself."""
        asked = {name: str(value) for name, value in parameters.items()}
        content = None if method.content is None else dict(method.content)
        if method.posted:
            content, asked = {**(content or {}), **asked, str(method.asked_as): [where]}, {}
        elif method.asked_as is not None:
            asked[method.asked_as] = where
        answer = self._transport.ask(
            Call(
                url=url.format(where=where),
                parameters={**method.parameters, **asked},
                headers={"x-goog-user-project": self._quota} if self._quota else {},
                content=content,
                drop=method.drop,
            ),
            self._bearer,
        )
        if isinstance(answer, Refusal):
            trouble = Trouble.EXPIRED if self._bearer.ended else _trouble_of_refusal(answer)
            raise CallFailed(method, trouble, code=f"HTTP {answer.status}" if answer.status else "")
        return _judged(method, answer.content)

    def _over_grpc(self, method: Method, where: str, parameters: Mapping[str, str | int]) -> dict[str, Any]:
        """Ask by gRPC, again where that may help."""
        attempt = 0
        while True:
            attempt += 1
            if self._remaining() <= 0:
                raise CallFailed(method, Trouble.OUT_OF_TIME)
            self._calls += 1
            failed, again = self._once(method, where, parameters)
            if isinstance(failed, dict):
                return failed
            wait = self._patience.first_wait_seconds * 2 ** (attempt - 1)
            if not again or attempt >= self._patience.attempts or wait >= self._remaining():
                raise failed
            self._sleep(wait)

    def _once(
        self, method: Method, where: str, parameters: Mapping[str, str | int]
    ) -> tuple[dict[str, Any] | CallFailed, bool]:
        """Send one request; return with a failure whether asking again may help."""
        from google.api_core import exceptions
        from google.auth.exceptions import GoogleAuthError

        seconds = min(self._patience.call_seconds, max(self._remaining(), 0.001))
        try:
            return self._sent(method, where, parameters, seconds), False
        except exceptions.GoogleAPICallError as refused:
            trouble, again = _trouble_of(refused)
            return CallFailed(method, trouble, code=type(refused).__name__), again
        except GoogleAuthError:
            return CallFailed(method, Trouble.EXPIRED), False
        except (exceptions.RetryError, ConnectionError, TimeoutError):
            return CallFailed(method, Trouble.TIMED_OUT), True

    def _sent(self, method: Method, where: str, parameters: Mapping[str, str | int], seconds: float) -> dict[str, Any]:
        from google.cloud import iam_admin_v1 as admin
        from google.iam.v1 import iam_policy_pb2
        from google.protobuf.json_format import MessageToDict

        token = str(parameters.get("pageToken", ""))
        settings = {"retry": None, "timeout": seconds}
        answer: dict[str, Any]
        if method is ACCOUNT_POLICY:
            asked = iam_policy_pb2.GetIamPolicyRequest(resource=where)
            asked.options.requested_policy_version = 3
            answer = MessageToDict(self._iam.get_iam_policy(request=asked, **settings))
        elif method is LIST_ACCOUNTS:
            request = admin.ListServiceAccountsRequest(name=where, page_size=100, page_token=token)
            answer = _plain(next(self._iam.list_service_accounts(request=request, **settings).pages))
        elif method is LIST_KEYS:
            user_managed = admin.ListServiceAccountKeysRequest.KeyType.USER_MANAGED
            keys = admin.ListServiceAccountKeysRequest(name=where, key_types=[user_managed])
            answer = _plain(self._iam.list_service_account_keys(request=keys, **settings))
        elif method is LIST_ROLES:
            roles = admin.ListRolesRequest(
                parent=where, page_size=1000, page_token=token, view=admin.RoleView.FULL, show_deleted=True
            )
            answer = _plain(next(self._iam.list_roles(request=roles, **settings).pages))
        else:
            raise NotImplementedError(method.name)
        return answer

    def _remaining(self) -> float:
        return self._deadline - time.monotonic()


def listed(method: Method, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the entries of one page; a list that is empty is left out of the answer by Google.

    Raises:
        CallFailed: when what stands there is no list of objects.
    """
    items = answer.get(method.items, [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise CallFailed(method, Trouble.MALFORMED)
    return items


def _judged(method: Method, answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer that is one, also by what stands in it: a gateway may answer 200 to what was refused.

    Google leaves out what is empty, so that an empty object is an answer; one of strange fields alone is none.

    Raises:
        CallFailed: when it tells of an error, or is not what this method answers.
    """
    if "error" in answer:
        trouble, code = _trouble_told(answer)
        raise CallFailed(method, trouble, code=code)
    if answer and answer.keys().isdisjoint({method.items, "nextPageToken", *method.fields}):
        raise CallFailed(method, Trouble.MALFORMED)
    return answer


def _trouble_told(answer: Mapping[str, Any]) -> tuple[Trouble, str]:
    """Say what an error means that came as a success, by the code it names itself, or else by its word."""
    error = answer["error"]
    told = error if isinstance(error, dict) else {}
    code, word = told.get("code"), told.get("status")
    if not isinstance(code, int) or not 400 <= code < 600:
        code = _STATUS_OF.get(word) if isinstance(word, str) else None
    if code is None:
        return Trouble.MALFORMED, ""
    return _trouble_of_refusal(refusal_of(code, dict(answer))), f"error {code}"


def _logged_in(target: GoogleCloudTarget) -> Login:
    import google.auth
    from google.auth import impersonated_credentials
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

    login: Any
    acting: Any = impersonated_credentials.Credentials
    try:
        login, _ = google.auth.default(scopes=[_SCOPE], quota_project_id=target.quota_project)
        if target.impersonate is not None:
            login = acting(login, target.impersonate, [_SCOPE], quota_project_id=target.quota_project)
    except (DefaultCredentialsError, OSError):
        raise TargetError(
            "no login to Google Cloud was found: attach a service account, or name a federation's configuration in "
            "GOOGLE_APPLICATION_CREDENTIALS"
        ) from None
    except GoogleAuthError:
        raise TargetError(
            "no token for Google Cloud could be had: whoever gives it was not reached, or refused; try `gcloud auth "
            "application-default print-access-token` where this runs"
        ) from None
    found: Login = login
    return found


def _iam_client(login: Any, channel: Any) -> Any:
    from google.cloud import iam_admin_v1 as admin
    from google.cloud.iam_admin_v1.services.iam.transports import IAMGrpcTransport

    if channel is not None:
        return admin.IAMClient(transport=IAMGrpcTransport(channel=channel))
    return admin.IAMClient(credentials=login)


def _plain(answer: Any) -> dict[str, Any]:
    """Return a message as JSON, as the REST API writes it, without what is never kept."""
    from google.protobuf.json_format import MessageToDict

    plain: dict[str, Any] = MessageToDict(type(answer).pb(answer))
    for items in plain.values():
        for item in items if isinstance(items, list) else ():
            for name in _NEVER_KEPT.intersection(item):
                del item[name]
    return plain


def _trouble_of_refusal(refused: Refusal) -> Trouble:
    """Say what a refusal of the transport means."""
    if "SERVICE_DISABLED" in refused.codes or "accessNotConfigured" in refused.codes:
        return Trouble.DISABLED
    if refused.status in (401, 404):
        return Trouble.EXPIRED if refused.status == 401 else Trouble.GONE
    return _TROUBLES.get(refused.reason, Trouble.FAILED)


def _trouble_of(refused: Any) -> tuple[Trouble, bool]:
    """Say what an error of gRPC means, and whether asking again may help."""
    from google.api_core import exceptions

    message = str(refused.message)
    if isinstance(refused, exceptions.Forbidden):
        return (Trouble.DISABLED if refused.reason == "SERVICE_DISABLED" else Trouble.DENIED), False
    if isinstance(refused, exceptions.Unauthorized) or _NO_LOGIN in message:
        return Trouble.EXPIRED, False
    if isinstance(refused, exceptions.NotFound):
        return Trouble.GONE, False
    if isinstance(refused, exceptions.TooManyRequests):
        return Trouble.RATE_LIMITED, True
    if isinstance(refused, exceptions.GatewayTimeout):
        return Trouble.TIMED_OUT, True
    if any(mark in message for mark in _UNREADABLE):
        return Trouble.MALFORMED, False
    return Trouble.FAILED, isinstance(refused, exceptions.ServerError)
