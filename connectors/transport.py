"""The one way to an HTTP API: asks in JSON, repeats what may be repeated, and turns every refusal into a value.

Nothing that a server answers can make it raise, follow a link to another host, or wait beyond the session's deadline. A
token goes to the host that was named first, over https, and nowhere else. What a `Refusal` says is in words of this
module: no address with its query, no header and no text of the server stands in it, nor in any log.

Every call is a read, also those that are sent by POST: each may be repeated.
"""

from __future__ import annotations

import logging
import math
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Protocol, TypeGuard

import httpx2
import msgspec

from storage.inventory import GapReason, Record

Content = dict[str, Any]
"""One JSON object of an answer."""

ALWAYS_DROPPED = frozenset({"secretText", "privateKeyData", "keyString", "clientSecret", "proofKey"})
"""Fields that hold values wherever they come. A call names further ones of its own."""
_REPEATED = frozenset({429, 500, 502, 503, 504})
_THROTTLED_CODES = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED"})
"""Words by which a 403 says that it is a limit on calls, and no missing right."""
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{1,59}(?:[_.\-][A-Za-z0-9]{1,60}){0,6}", re.ASCII)
_DIGITS_IN_A_CODE = 3
"""Words only: whatever a server writes where its code belongs is shown to people. Values have more digits than that."""
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_SECONDS_SINCE_1970 = re.compile(r"[0-9]{1,11}", re.ASCII)
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_NEXT = re.compile(r";\s*rel=\"?next\"?(?:[\s;,]|$)", re.IGNORECASE)
SINGLE_SIGN_ON = "single_sign_on_required"
"""Code of a refusal whose login would be let in after single sign-on."""


class Bearer(Protocol):
    """Gives the token for one API whenever it is asked."""

    def __call__(self, *, renew: bool = False) -> str:
        """Return a token; with `renew`, a new one, for the last one was not accepted.

        Raises:
            BearerRefused: when there is none to be had.
        """
        ...


class BearerRefused(Exception):
    """No token could be had. The message is one sentence for a person, and free of values."""

    def __init__(self, detail: str, reason: GapReason = GapReason.DENIED) -> None:
        """Tell why."""
        super().__init__(detail)
        self.detail = detail
        self.reason = reason


class Bounds(Record, frozen=True, kw_only=True):
    """How much one call may take."""

    answer_bytes: int = 64 << 20
    """Larger answers are not read, counted after decompression."""
    attempts: int = 6
    """How often one call is made before it counts as refused."""
    first_wait_seconds: float = 1.0
    """Before the second attempt, where the server does not say how long; each further wait is twice as long."""
    longest_wait_seconds: float = 300.0
    """Who is told to wait longer gives up at once, and says so."""
    call_seconds: float = 60.0
    """How long the server may be silent."""
    pages: int = 100_000
    """Lists of more pages are not read to their end."""


class Call(Record, frozen=True, kw_only=True):
    """One question to an API."""

    url: str
    """An https address without a query."""
    parameters: Mapping[str, str] = {}
    """The query."""
    headers: Mapping[str, str] = {}
    """What goes with it beside the token."""
    content: Any = None
    """What is posted, as JSON; `None` for a GET."""
    drop: frozenset[str] = frozenset()
    """Names of fields that carry values, at any depth: dropped before anybody sees the answer."""
    mask: frozenset[str] = frozenset()
    """Names of fields of which only `true` or `false` is passed on, at any depth: whether they hold anything."""
    bare_list: bool = False
    """Whether it answers with a list and no object around it; that is passed on as the object's `items`."""
    success: int = 200
    """The one status that is an answer."""
    absent: str | None = None
    """What the provider writes with a 404 where a setting is merely not made: then the answer is an empty object."""


class Answer(Record, frozen=True, kw_only=True):
    """What an API answered, without its values."""

    content: Content
    """The JSON object."""
    next_link: str | None = None
    """Where its `Link` header says that the next page lies (RFC 8288)."""


class Refusal(Record, frozen=True, kw_only=True):
    """A call that brought nothing."""

    reason: GapReason
    """As a gap says it."""
    detail: str
    """Why, in a few words of ours, to stand behind what was not read: `the answer is no JSON (HTTP 200)`."""
    status: int | None = None
    """The HTTP status, when there was an answer."""
    codes: tuple[str, ...] = ()
    """Words by which the provider itself calls the fault, such as `Authorization_RequestDenied`."""


class Page(Record, frozen=True, kw_only=True):
    """One page of a list."""

    items: tuple[Content, ...]
    """Its entries."""
    content: Content
    """The whole answer, for what stands beside the entries."""


class Paging(Record, frozen=True, kw_only=True):
    """How an API cuts a list into pages: by a link to the next one, or by a token to ask with."""

    items: str = "value"
    """The field that holds the entries."""
    next: str = "@odata.nextLink"
    """The field that leads on: a whole address, or a token."""
    parameter: str | None = None
    """The query's parameter that takes the token; `None` where `next` is an address."""
    in_header: bool = False
    """Whether the next page stands in the `Link` header instead."""
    may_lack_items: bool = False
    """Whether an empty list is left out of the answer, as Google does; otherwise such an answer is malformed."""


GRAPH_PAGES = Paging()
ARM_PAGES = Paging(next="nextLink")
GOOGLE_PAGES = Paging(items="items", next="nextPageToken", parameter="pageToken", may_lack_items=True)
LINK_PAGES = Paging(items="items", in_header=True)
"""To be used with `items` changed to what the API calls them: `msgspec.structs.replace`."""


def build_client() -> httpx2.Client:
    """Return a client that checks certificates, takes proxies from the environment, and keeps no cookies."""
    return httpx2.Client(
        verify=True,
        trust_env=True,
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={"user-agent": "nhi-agent", "accept": "application/json", "accept-encoding": "gzip"},
    )


class Transport:
    """Asks APIs under one deadline, and counts the calls."""

    def __init__(
        self,
        *,
        deadline: float,
        client: httpx2.Client | None = None,
        bounds: Bounds | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take the deadline of the session, on the same clock; tests bring a client, clocks and sleep of their own."""
        _quieten()
        self.calls = 0
        """How many calls were sent so far, repeated ones among them."""
        self._deadline = deadline
        self._client = client
        self._bounds = bounds or Bounds()
        self._clock = clock
        self._sleep = sleep
        self._now = now

    def ask(self, call: Call, bearer: Bearer) -> Answer | Refusal:
        """Make one call, again where that may help."""
        renew = renewed = False
        attempt = 0
        while True:
            attempt += 1
            if self._remaining() <= 0:
                return Refusal(reason=GapReason.STOPPED, detail="the time for this target was over before it was asked")
            try:
                token = bearer(renew=renew)
            except BearerRefused as refused:
                return Refusal(reason=refused.reason, detail=refused.detail)
            if not token or not token.isascii() or not token.isprintable():
                return Refusal(reason=GapReason.MALFORMED, detail="the login gave something that is no token")
            refusal, told = self._once(call, token)
            if isinstance(refusal, Answer):
                return refusal
            if refusal.status == 401 and not renewed:
                # The token ended in mid-run: a new one is asked for, once.
                renew = renewed = True
                continue
            renew = False
            if not _may_help(refusal) or not self.rest(attempt, told):
                return refusal

    def pages(self, call: Call, bearer: Bearer, paging: Paging) -> Iterator[Page | Refusal]:
        """Read a list page by page. A refusal is the last thing it yields: what came before it is not the whole."""
        asked = call
        seen: set[str] = set()
        for _ in range(self._bounds.pages):
            answer = self.ask(asked, bearer)
            page = answer if isinstance(answer, Refusal) else _page(answer.content, paging)
            yield page
            if isinstance(page, Refusal) or isinstance(answer, Refusal):
                return
            further = answer.next_link if paging.in_header else page.content.get(paging.next)
            if further is None or further == "":
                return
            led = _next_call(call, paging, further, seen)
            if isinstance(led, Refusal):
                yield led
                return
            asked = led
        yield Refusal(reason=GapReason.LIMIT, detail=f"the list has more than {self._bounds.pages} pages")

    def rest(self, attempt: int, told: str | None) -> bool:
        """Wait before another attempt, as long as the server told; return False where there is to be none."""
        if attempt >= self._bounds.attempts:
            return False
        wait = self._told(told)
        if wait is None:
            wait = min(self._bounds.first_wait_seconds * 2 ** (attempt - 1), self._bounds.longest_wait_seconds)
        if wait > self._bounds.longest_wait_seconds or wait >= self._remaining():
            return False
        self._sleep(wait)
        return True

    def _told(self, header: str | None) -> float | None:
        """Read Retry-After: seconds, or a date."""
        if header is None:
            return None
        if _SECONDS.fullmatch(header.strip()):
            return float(header)
        try:
            moment = parsedate_to_datetime(header)
        except (ValueError, OverflowError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - self._now()).total_seconds())

    def _remaining(self) -> float:
        return self._deadline - self._clock()

    def _once(self, call: Call, token: str) -> tuple[Answer | Refusal, str | None]:
        """Send one request; return with a refusal what Retry-After says."""
        if _origin(call.url) is None:
            return Refusal(reason=GapReason.FAILED, detail="the address is not an https address"), None
        try:
            client = self._client = self._client or build_client()
        except (OSError, ValueError):
            # Nothing of what the library says: the address of a proxy may hold a password.
            detail = "the client cannot be set up: check SSL_CERT_FILE, and the address of the proxy in HTTPS_PROXY"
            return Refusal(reason=GapReason.FAILED, detail=detail, codes=("setup",)), None
        self.calls += 1
        try:
            request = client.build_request(
                "GET" if call.content is None else "POST",
                call.url,
                params=dict(call.parameters) or None,
                headers={**call.headers, "authorization": f"Bearer {token}"},
                json=call.content,
                timeout=min(self._bounds.call_seconds, max(self._remaining(), 0.001)),
            )
            response = client.send(request, stream=True)
            try:
                body = self._body(response)
            finally:
                response.close()
        except httpx2.TimeoutException:
            return Refusal(reason=GapReason.TIMED_OUT, detail="no answer came in time"), None
        except httpx2.DecodingError:
            return Refusal(reason=GapReason.MALFORMED, detail="the answer's compression is damaged"), None
        except (httpx2.HTTPError, httpx2.InvalidURL) as fault:
            # The exception holds the request with its token: nothing of it is passed on but what kind it is.
            return _unreached(fault), None
        judged = self._judged(response.status_code, body, call)
        if isinstance(judged, Refusal) and any(code in token for code in judged.codes):
            judged = refusal_of(response.status_code, None)
        if isinstance(judged, Refusal):
            return _with_headers(judged, response.headers), self._when(response.headers)
        return msgspec.structs.replace(judged, next_link=_next_link(response.headers.get("link"))), None

    def _when(self, headers: httpx2.Headers) -> str | None:
        """Return what Retry-After says or, where a limit on calls is spent, in how many seconds that begins anew."""
        reset = headers.get("x-ratelimit-reset", "")
        if "retry-after" in headers or not _spent(headers) or _SECONDS_SINCE_1970.fullmatch(reset) is None:
            return headers.get("retry-after")
        return str(max(1, math.ceil(int(reset) - self._now().timestamp())))

    def _body(self, response: httpx2.Response) -> bytes | Refusal:
        parts: list[bytes] = []
        size = 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self._bounds.answer_bytes:
                limit = self._bounds.answer_bytes >> 20
                return Refusal(reason=GapReason.LIMIT, detail=f"the answer is over {limit} MiB")
            if self._remaining() <= 0:
                return Refusal(reason=GapReason.TIMED_OUT, detail="the answer did not end in time")
            parts.append(part)
        return b"".join(parts)

    def _judged(self, status: int, body: bytes | Refusal, call: Call) -> Answer | Refusal:
        if isinstance(body, Refusal):
            return msgspec.structs.replace(body, status=status)
        content = _decoded(body, call)
        if status != call.success:
            if status == 404 and call.absent is not None and content and content.get("message") == call.absent:
                return Answer(content={})
            return refusal_of(status, content)
        if content is None:
            what = "list" if call.bare_list else "object"
            detail = f"the answer is no JSON {what} (HTTP {status})"
            return Refusal(reason=GapReason.MALFORMED, detail=detail, status=status)
        return Answer(content=content)


def refusal_of(status: int, content: Content | None) -> Refusal:
    """Say what a status other than success means: of an answer, or of one inside a batch."""
    codes = _codes(content or {})
    if status == 429 or (status == 403 and not _THROTTLED_CODES.isdisjoint(codes)):
        reason, words = GapReason.RATE_LIMITED, "the provider's limit on calls was reached"
    elif status in {401, 403}:
        reason, words = GapReason.DENIED, "access was refused"
    elif status == 404:
        reason, words = GapReason.DENIED, "nothing is there for this login"
    elif 300 <= status < 400:
        reason, words = GapReason.FAILED, "the answer leads elsewhere, which is not followed"
    else:
        reason, words = GapReason.FAILED, "the call failed"
    named = f", {codes[0]}" if codes else ""
    return Refusal(reason=reason, detail=f"{words} (HTTP {status}{named})", status=status, codes=codes)


def stripped(content: Any, drop: frozenset[str], mask: frozenset[str] = frozenset()) -> None:
    """Take fields that carry values out of an answer, in place and at any depth; of those to mask keep whether set."""
    names = (drop | ALWAYS_DROPPED) - mask
    waiting = [content]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            for name in names.intersection(one):
                del one[name]
            for name in mask.intersection(one):
                one[name] = bool(one[name])
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def same_host(url: str, other: str) -> bool:
    """Say whether two https addresses go to one host and port, and carry no login."""
    origin = _origin(url)
    return origin is not None and origin == _origin(other)


def _origin(url: str) -> tuple[str, int] | None:
    """Return host and port, read as the client itself reads an address; `None` for what is not asked."""
    try:
        read = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        return None
    if read.scheme != "https" or read.userinfo or not read.host:
        return None
    return read.host.lower(), read.port or 443


def _decoded(body: bytes, call: Call) -> Content | None:
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    stripped(content, call.drop, call.mask)
    if call.bare_list and isinstance(content, list):
        return {"items": content}
    return content if isinstance(content, dict) else None


def _with_headers(refusal: Refusal, headers: httpx2.Headers) -> Refusal:
    """Add what only GitHub's headers tell: a 403 that is a limit on calls, or one that asks for single sign-on."""
    if refusal.status == 403 and (_spent(headers) or "retry-after" in headers):
        detail = "the provider's limit on calls was reached (HTTP 403)"
        return msgspec.structs.replace(refusal, reason=GapReason.RATE_LIMITED, detail=detail)
    if refusal.status == 403 and headers.get("x-github-sso", "").startswith("required"):
        return msgspec.structs.replace(refusal, codes=(SINGLE_SIGN_ON,))
    return refusal


def _spent(headers: httpx2.Headers) -> bool:
    return bool(headers.get("x-ratelimit-remaining") == "0")


def _next_link(header: str | None) -> str | None:
    """Return the address that a `Link` header calls the next page."""
    for address, parameters in _LINK.findall(header or ""):
        if _NEXT.search(parameters):
            return str(address)
    return None


def _page(content: Content, paging: Paging) -> Page | Refusal:
    items = content.get(paging.items)
    if items is None and paging.may_lack_items and paging.items not in content:
        items = []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return Refusal(reason=GapReason.MALFORMED, detail="the answer holds no list where one belongs (HTTP 200)")
    return Page(items=tuple(items), content=content)


def _next_call(call: Call, paging: Paging, further: Any, seen: set[str]) -> Call | Refusal:
    if not isinstance(further, str):
        return Refusal(reason=GapReason.MALFORMED, detail="what leads to the next page is no text")
    if further in seen:
        return Refusal(reason=GapReason.MALFORMED, detail="the same next page was given twice")
    seen.add(further)
    if paging.parameter is not None:
        if call.content is not None:
            return msgspec.structs.replace(call, content={**call.content, paging.parameter: further})
        return msgspec.structs.replace(call, parameters={**call.parameters, paging.parameter: further})
    if not same_host(further, call.url):
        return Refusal(
            reason=GapReason.MALFORMED, detail="the next page lies at another host or is no https address: not asked"
        )
    return msgspec.structs.replace(call, url=further, parameters={})


def _may_help(refusal: Refusal) -> bool:
    """Whether the same call may bring more the next time: limits, faults of the server and of the connection."""
    if refusal.reason is GapReason.RATE_LIMITED:
        return True
    if refusal.status is None:
        return refusal.reason in {GapReason.TIMED_OUT, GapReason.FAILED} and not refusal.codes
    return refusal.status in _REPEATED and refusal.reason is GapReason.FAILED


def _unreached(fault: Exception) -> Refusal:
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            detail = "the host's certificate is not trusted; name your authority in SSL_CERT_FILE if it is your own"
            return Refusal(reason=GapReason.FAILED, detail=detail, codes=("certificate",))
        cause = cause.__cause__ or cause.__context__
    if isinstance(fault, httpx2.ProxyError):
        return Refusal(reason=GapReason.FAILED, detail="the proxy refused the connection")
    if isinstance(fault, (httpx2.InvalidURL, httpx2.UnsupportedProtocol)):
        return Refusal(reason=GapReason.FAILED, detail="the address cannot be asked", codes=("address",))
    return Refusal(reason=GapReason.FAILED, detail="the connection failed")


def _codes(content: Content) -> tuple[str, ...]:
    """Collect the words by which Microsoft and Google name a fault. Texts of the server are left where they are."""
    error = content.get("error")
    if not isinstance(error, dict):
        return (error,) if _is_code(error) else ()
    inner = error.get("innererror")
    told: list[Any] = [error.get("code"), error.get("status"), inner.get("code") if isinstance(inner, dict) else None]
    for name in ("errors", "details"):
        listed = error.get(name)
        told += [one.get("reason") for one in listed[:20] if isinstance(one, dict)] if isinstance(listed, list) else []
    return tuple(dict.fromkeys(one for one in told if _is_code(one)))


def _is_code(told: Any) -> TypeGuard[str]:
    return (
        isinstance(told, str)
        and _CODE.fullmatch(told) is not None
        and sum(letter.isdigit() for letter in told) <= _DIGITS_IN_A_CODE
    )


def _quieten() -> None:
    """Keep the client's own log lines, which hold whole addresses and headers, from being written at all."""
    for name in ("httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
