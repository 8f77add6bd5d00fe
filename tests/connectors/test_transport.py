"""The transport: what it repeats, what it refuses, and what nobody ever gets to see."""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.transport import (
    ARM_PAGES,
    GOOGLE_PAGES,
    GRAPH_PAGES,
    LINK_PAGES,
    SINGLE_SIGN_ON,
    Answer,
    BearerRefused,
    Bounds,
    Call,
    Page,
    Paging,
    Refusal,
    Transport,
    build_client,
    refusal_of,
    same_host,
)
from storage.inventory import GapReason

URL = "https://graph.example.com/v1.0/applications"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
Handler = Callable[[httpx2.Request], httpx2.Response]


class Clock:
    """A clock that only moves while somebody sleeps."""

    def __init__(self) -> None:
        self.moment = 0.0
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.moment += seconds


class Tokens:
    """A bearer that tells how often it was renewed."""

    def __init__(self) -> None:
        self.mark = secrets.token_hex(12)
        self.renewals = 0

    def __call__(self, *, renew: bool = False) -> str:
        self.renewals += renew
        return f"{self.mark}-{self.renewals}"


def transport(
    handler: Handler, clock: Clock | None = None, bounds: Bounds | None = None, deadline: float = 1000.0
) -> Transport:
    clock = clock or Clock()
    client = httpx2.Client(transport=httpx2.MockTransport(handler))
    return Transport(deadline=deadline, client=client, bounds=bounds, clock=clock, sleep=clock.sleep, now=lambda: NOW)


def answering(answers: Iterable[httpx2.Response | Exception]) -> Handler:
    waiting = iter(answers)

    def handler(request: httpx2.Request) -> httpx2.Response:
        answer = next(waiting)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler


def ok(content: Any = None) -> httpx2.Response:
    return httpx2.Response(200, json=content if content is not None else {"value": []})


def refusal(given: Answer | Page | Refusal) -> Refusal:
    assert isinstance(given, Refusal)
    return given


def test_token_goes_in_the_header_and_parameters_in_the_query() -> None:
    seen: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return ok({"value": [{"id": "a"}]})

    tokens = Tokens()
    asked = transport(handler)
    answer = asked.ask(Call(url=URL, parameters={"$top": "5"}, headers={"consistencylevel": "eventual"}), tokens)
    assert Answer(content={"value": [{"id": "a"}]}) == answer
    assert f"Bearer {tokens.mark}-0" == seen[0].headers["authorization"]
    assert {"$top": "5"} == dict(seen[0].url.params)
    assert "GET" == seen[0].method
    assert 1 == asked.calls


def test_content_is_posted() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        assert "POST" == request.method
        return ok({"responses": json.loads(request.content)["requests"]})

    answer = transport(handler).ask(Call(url=URL, content={"requests": [1]}), Tokens())
    assert Answer(content={"responses": [1]}) == answer


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_fault_that_passes_is_asked_again_with_growing_waits(status: int) -> None:
    clock = Clock()
    asked = transport(answering([httpx2.Response(status)] * 3 + [ok()]), clock)
    assert isinstance(asked.ask(Call(url=URL), Tokens()), Answer)
    assert [1.0, 2.0, 4.0] == clock.sleeps
    assert 4 == asked.calls


@pytest.mark.parametrize(
    "fault", [httpx2.ConnectError("x"), httpx2.ReadError("x"), httpx2.RemoteProtocolError("x"), httpx2.ReadTimeout("x")]
)
def test_broken_connection_is_asked_again(fault: Exception) -> None:
    assert isinstance(transport(answering([fault, ok()])).ask(Call(url=URL), Tokens()), Answer)


@pytest.mark.parametrize(
    ("told", "waited"),
    [
        ("7", 7.0),
        ("Wed, 25 Nov 2026 12:00:30 GMT", 30.0),
        ("Wed, 25 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", 1.0),
        ("-5", 1.0),
        ("Wed, 99 Nov 2026", 1.0),
        ("nan", 1.0),
    ],
)
def test_retry_after_is_kept(told: str, waited: float) -> None:
    clock = Clock()
    answers = answering([httpx2.Response(429, headers={"retry-after": told}), ok()])
    assert isinstance(transport(answers, clock).ask(Call(url=URL), Tokens()), Answer)
    assert [waited] == clock.sleeps


@pytest.mark.parametrize("told", ["301", "999999999", "Wed, 25 Nov 2026 13:00:00 GMT"])
def test_who_is_to_wait_too_long_gives_up_at_once(told: str) -> None:
    clock = Clock()
    asked = transport(answering([httpx2.Response(429, headers={"retry-after": told})]), clock)
    assert GapReason.RATE_LIMITED == refusal(asked.ask(Call(url=URL), Tokens())).reason
    assert [] == clock.sleeps


def test_no_wait_goes_beyond_the_deadline() -> None:
    clock = Clock()
    asked = transport(answering([httpx2.Response(429, headers={"retry-after": "60"})] * 9), clock, deadline=150.0)
    assert GapReason.RATE_LIMITED == refusal(asked.ask(Call(url=URL), Tokens())).reason
    assert [60.0, 60.0] == clock.sleeps


def test_after_the_deadline_nothing_is_sent() -> None:
    clock = Clock()
    asked = transport(answering([]), clock, deadline=0.0)
    assert GapReason.STOPPED == refusal(asked.ask(Call(url=URL), Tokens())).reason
    assert 0 == asked.calls


@pytest.mark.parametrize(
    ("answer", "reason", "attempts"),
    [
        (httpx2.Response(400), GapReason.FAILED, 1),
        (httpx2.Response(401), GapReason.DENIED, 2),
        (httpx2.Response(403, json={"error": {"code": "Authorization_RequestDenied"}}), GapReason.DENIED, 1),
        (
            httpx2.Response(403, json={"error": {"errors": [{"reason": "rateLimitExceeded"}]}}),
            GapReason.RATE_LIMITED,
            6,
        ),
        (httpx2.Response(404), GapReason.DENIED, 1),
        (httpx2.Response(429), GapReason.RATE_LIMITED, 6),
        (httpx2.Response(500), GapReason.FAILED, 6),
        (httpx2.Response(301, headers={"location": URL}), GapReason.FAILED, 1),
        (httpx2.Response(307, headers={"location": "https://evil.example.net/"}), GapReason.FAILED, 1),
        (httpx2.Response(204), GapReason.FAILED, 1),
        (httpx2.Response(200, text="<html>log in</html>"), GapReason.MALFORMED, 1),
        (httpx2.Response(200, text='{"value": [{"id": "a"'), GapReason.MALFORMED, 1),
        (httpx2.Response(200, text="[]"), GapReason.MALFORMED, 1),
        (httpx2.Response(200, text=""), GapReason.MALFORMED, 1),
        (httpx2.Response(200, content=b"\xff\xfe"), GapReason.MALFORMED, 1),
        (httpx2.Response(200, text='{"a": "\\ud800"}'), GapReason.MALFORMED, 1),
        (httpx2.Response(200, text='{"a":' + "[" * 100_000 + "]" * 100_000 + "}"), GapReason.MALFORMED, 1),
        (httpx2.ReadTimeout("x"), GapReason.TIMED_OUT, 6),
        (httpx2.ConnectError("x"), GapReason.FAILED, 6),
        (httpx2.ProxyError("x"), GapReason.FAILED, 6),
    ],
)
def test_what_stays_refused_is_a_value(answer: Any, reason: GapReason, attempts: int) -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)

    asked = transport(handler)
    assert reason == refusal(asked.ask(Call(url=URL), Tokens())).reason
    assert attempts == asked.calls


def test_damaged_compression_is_malformed() -> None:
    answer = httpx2.Response(200, headers={"content-encoding": "gzip"}, stream=httpx2.ByteStream(b"no gzip"))
    assert GapReason.MALFORMED == refusal(transport(answering([answer])).ask(Call(url=URL), Tokens())).reason


def test_oversized_answer_is_not_read_to_its_end() -> None:
    taken: list[int] = []

    class Endless(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(1_000_000):
                taken.append(1)
                yield b"x" * 1024

    asked = transport(answering([httpx2.Response(200, stream=Endless())]), bounds=Bounds(answer_bytes=1 << 20))
    assert GapReason.LIMIT == refusal(asked.ask(Call(url=URL), Tokens())).reason
    assert len(taken) < 1100


def test_answer_that_drips_ends_at_the_deadline() -> None:
    clock = Clock()

    class Dripping(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                clock.moment += 10
                yield b" "

    asked = transport(answering([httpx2.Response(200, stream=Dripping())]), clock, deadline=100.0)
    assert GapReason.TIMED_OUT == refusal(asked.ask(Call(url=URL), Tokens())).reason


def test_token_that_ends_in_mid_run_is_renewed_once() -> None:
    tokens = Tokens()

    def handler(request: httpx2.Request) -> httpx2.Response:
        if not request.headers["authorization"].endswith("-1"):
            return httpx2.Response(401)
        return next(later)

    later = iter([httpx2.Response(503), ok()])
    assert isinstance(transport(handler).ask(Call(url=URL), tokens), Answer)
    assert 1 == tokens.renewals


def test_without_a_token_nothing_is_sent() -> None:
    def none(*, renew: bool = False) -> str:
        raise BearerRefused("no login was found", GapReason.FAILED)

    asked = transport(answering([]))
    assert Refusal(reason=GapReason.FAILED, detail="no login was found") == asked.ask(Call(url=URL), none)
    assert 0 == asked.calls


@pytest.mark.parametrize(
    "url", ["http://graph.example.com/", "https://user@graph.example.com/", "file:///etc", "//x", ""]
)
def test_only_https_without_a_login_is_asked(url: str) -> None:
    asked = transport(answering([]))
    assert GapReason.FAILED == refusal(asked.ask(Call(url=url), Tokens())).reason
    assert 0 == asked.calls


def test_values_are_dropped_at_any_depth() -> None:
    value = secrets.token_hex(16)
    content = {
        "value": [{"passwordCredentials": [{"secretText": value, "keyId": "k"}], "key": value}],
        "deep": {"a": [[{"key": value}]]},
    }
    answer = transport(answering([ok(content)])).ask(Call(url=URL, drop=frozenset({"key"})), Tokens())
    assert Answer(content={"value": [{"passwordCredentials": [{"keyId": "k"}]}], "deep": {"a": [[{}]]}}) == answer


def test_cookies_are_not_kept() -> None:
    client = build_client()
    request = httpx2.Request("GET", URL)
    client.cookies.extract_cookies(httpx2.Response(200, headers={"set-cookie": "a=b"}, request=request))
    assert not list(client.cookies.jar)
    assert not client.follow_redirects
    client.close()


@pytest.mark.parametrize(
    ("variable", "value"), [("SSL_CERT_FILE", "/nowhere/at/all.pem"), ("HTTPS_PROXY", "x://u:pass@h")]
)
def test_broken_surroundings_are_a_value(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    asked = Transport(deadline=time.monotonic() + 60)
    told = refusal(asked.ask(Call(url=URL), Tokens()))
    assert GapReason.FAILED == told.reason
    assert "SSL_CERT_FILE" in told.detail
    assert "pass" not in repr(told)
    assert 0 == asked.calls


# --- pages ------------------------------------------------------------------------------------------------------------


def linked(paging: Paging, pages: int, links: dict[int, Any] | None = None) -> Handler:
    def handler(request: httpx2.Request) -> httpx2.Response:
        number = int(request.url.params.get("page", "0"))
        content: dict[str, Any] = {paging.items: [{"id": number}]}
        if number + 1 < pages:
            content[paging.next] = f"{URL}?page={number + 1}"
        if links and number in links:
            content[paging.next] = links[number]
        return ok(content)

    return handler


def read(
    handler: Handler, paging: Paging = GRAPH_PAGES, bounds: Bounds | None = None
) -> tuple[list[Any], Refusal | None]:
    items: list[Any] = []
    for page in transport(handler, bounds=bounds).pages(Call(url=URL), Tokens(), paging):
        if isinstance(page, Refusal):
            return items, page
        items += [item["id"] for item in page.items]
    return items, None


@pytest.mark.parametrize("paging", [GRAPH_PAGES, ARM_PAGES])
def test_links_are_followed_to_the_end(paging: Paging) -> None:
    assert ([0, 1, 2], None) == read(linked(paging, 3), paging)


def test_tokens_are_followed_to_the_end_and_empty_pages_do_not_end_a_list() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        answers = {
            None: {"items": [{"id": 0}], "nextPageToken": "b"},
            "b": {"nextPageToken": "c"},
            "c": {"items": [{"id": 2}]},
        }
        return ok(answers[request.url.params.get("pageToken")])

    assert ([0, 2], None) == read(handler, GOOGLE_PAGES)


def test_token_of_a_posted_list_is_posted() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        return ok(
            {"items": [{}]} if json.loads(request.content).get("pageToken") else {"items": [], "nextPageToken": "b"}
        )

    pages = list(transport(handler).pages(Call(url=URL, content={"query": "x"}), Tokens(), GOOGLE_PAGES))
    assert [0, 1] == [len(page.items) for page in pages if isinstance(page, Page)]


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.net/v1.0/applications?page=9",
        "http://graph.example.com/v1.0/applications?page=9",
        "https://graph.example.com:8443/v1.0/applications",
        "https://graph.example.com@evil.example.net/",
        "https://graph.example.com.evil.example.net/",
        "https://evil.example.net\\@graph.example.com/",
        "//evil.example.net/",
        "/v1.0/applications?page=2",
        "file:///etc/passwd",
        7,
        {"a": 1},
    ],
)
def test_link_that_leads_away_is_not_followed(position: int, link: Any) -> None:
    hosts: set[str] = set()
    pages = linked(GRAPH_PAGES, 3, {position: link})

    def handler(request: httpx2.Request) -> httpx2.Response:
        hosts.add(f"{request.url.scheme}://{request.url.netloc.decode()}")
        return pages(request)

    items, refused = read(handler)
    assert list(range(position + 1)) == items
    assert refused is not None
    assert GapReason.MALFORMED == refused.reason
    assert {"https://graph.example.com"} == hosts


def test_page_that_leads_back_is_refused() -> None:
    items, refused = read(linked(GRAPH_PAGES, 9, {2: f"{URL}?page=1"}))
    assert [0, 1, 2] == items
    assert refused is not None
    assert GapReason.MALFORMED == refused.reason


def test_list_without_end_is_cut() -> None:
    items, refused = read(linked(GRAPH_PAGES, 10_000), bounds=Bounds(pages=5))
    assert 5 == len(items)
    assert refused is not None
    assert GapReason.LIMIT == refused.reason


@pytest.mark.parametrize("content", [{}, {"value": None}, {"value": {}}, {"value": ["a"]}])
def test_answer_without_its_list_is_malformed(content: Any) -> None:
    items, refused = read(answering([ok(content)]))
    assert [] == items
    assert refused is not None
    assert GapReason.MALFORMED == refused.reason


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (httpx2.Response(403), GapReason.DENIED),
        (httpx2.Response(429), GapReason.RATE_LIMITED),
        (httpx2.Response(500), GapReason.FAILED),
        (httpx2.Response(200, text="<html>"), GapReason.MALFORMED),
        (httpx2.ReadTimeout("x"), GapReason.TIMED_OUT),
    ],
)
def test_fault_on_any_page_is_the_last_thing_told(position: int, fault: Any, reason: GapReason) -> None:
    pages = linked(GRAPH_PAGES, 3)

    def handler(request: httpx2.Request) -> httpx2.Response:
        if int(request.url.params.get("page", "0")) != position:
            return pages(request)
        if isinstance(fault, Exception):
            raise fault
        return httpx2.Response(fault.status_code, content=fault.content)

    items, refused = read(handler)
    assert list(range(position)) == items
    assert refused is not None
    assert reason == refused.reason


# --- what nobody sees -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        lambda mark: httpx2.Response(403, json={"error": {"code": f"{mark} x", "message": mark}}),
        lambda mark: httpx2.Response(200, text=mark),
        lambda mark: httpx2.Response(302, headers={"location": f"https://graph.example.com/?{mark}"}),
        lambda mark: ok({"value": [], "@odata.nextLink": f"https://evil.example.net/?{mark}"}),
        httpx2.ConnectError,
        httpx2.InvalidURL,
    ],
)
def test_neither_address_nor_token_nor_answer_is_told(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    mark, tokens = secrets.token_hex(8), Tokens()
    given = answer(mark)

    def handler(request: httpx2.Request) -> httpx2.Response:
        if isinstance(given, Exception):
            raise given
        return httpx2.Response(given.status_code, headers=given.headers, content=given.content)

    call = Call(url=URL, parameters={"$filter": mark})
    told = [page for page in transport(handler).pages(call, tokens, GRAPH_PAGES) if isinstance(page, Refusal)]
    assert 1 == len(told)
    for shown in (repr(told), msgspec.json.encode(told).decode(), caplog.text):
        assert mark not in shown
        assert tokens.mark not in shown


def test_server_that_echoes_the_token_as_its_code_is_not_quoted() -> None:
    letters = "".join(secrets.choice("abcdefghijklmnop") for _ in range(40))
    answer = httpx2.Response(403, json={"error": {"code": letters, "status": "PERMISSION_DENIED"}})
    told = refusal(transport(answering([answer])).ask(Call(url=URL), lambda *, renew=False: f"x.{letters}.y"))
    assert (GapReason.DENIED, ()) == (told.reason, told.codes)
    assert letters not in repr(told)


@pytest.mark.parametrize("token", ["", "a\nb", "a\u00e4"])
def test_what_is_no_token_is_not_sent(token: str) -> None:
    asked = transport(answering([]))
    told = refusal(asked.ask(Call(url=URL), lambda *, renew=False: token))
    assert GapReason.MALFORMED == told.reason
    assert 0 == asked.calls


def test_codes_of_both_providers_are_told() -> None:
    microsoft = {"error": {"code": "Forbidden", "innererror": {"code": "ForbiddenByFirewall"}}}
    google = {"error": {"code": 403, "status": "PERMISSION_DENIED", "details": [{"reason": "SERVICE_DISABLED"}, 7]}}
    assert ("Forbidden", "ForbiddenByFirewall") == refusal_of(403, microsoft).codes
    assert ("PERMISSION_DENIED", "SERVICE_DISABLED") == refusal_of(403, google).codes
    assert ("invalid_grant",) == refusal_of(400, {"error": "invalid_grant"}).codes
    premium = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
    assert (premium,) == refusal_of(403, {"error": {"code": premium}}).codes
    assert () == refusal_of(400, {"error": {"code": "a1" * 20}}).codes
    assert () == refusal_of(400, {"error": ["x"]}).codes
    assert () == refusal_of(400, {"error": {"code": "a" * 100_000 + "!"}}).codes


def test_hosts_are_compared_as_the_client_reads_them() -> None:
    assert same_host("https://Graph.example.com/a", "https://graph.example.com:443/b?c")
    assert not same_host("https://graph.example.com/", "https://graph.example.com:444/")
    assert not same_host("http://a/", "http://a/")
    assert not same_host("https://[::1/", "https://[::1/")


# --- lists without an object around them, links and limits in headers -------------------------


def bare(items: list[Any], link: str | None = None) -> httpx2.Response:
    return httpx2.Response(200, json=items, headers={"link": link} if link else {})


@pytest.mark.parametrize(
    "link",
    [
        f'<{URL}?page=2>; rel="next", <{URL}?page=9>; rel="last"',
        f'<{URL}?page=1>; rel="prev", <{URL}?page=2>; rel=next',
        f'<{URL}?page=2>;title="a, b";REL="next"',
    ],
)
def test_bare_list_is_followed_by_its_header(link: str) -> None:
    seen: list[str] = []
    pages = [bare([{"id": 1}], link), bare([{"id": 2}], f'<{URL}?page=1>; rel="prev"')]

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append(str(request.url))
        return pages[len(seen) - 1]

    found = list(
        transport(handler).pages(Call(url=URL, parameters={"per_page": "1"}, bare_list=True), Tokens(), LINK_PAGES)
    )
    assert [({"id": 1},), ({"id": 2},)] == [page.items for page in found if isinstance(page, Page)]
    assert [f"{URL}?per_page=1", f"{URL}?page=2"] == seen


@pytest.mark.parametrize(
    "link", ["https://evil.example/x", "http://graph.example.com/v1.0", "//graph.example.com/x", ""]
)
def test_header_that_leads_away_is_not_followed(link: str) -> None:
    asked = transport(answering([bare([], f'<{link}>; rel="next"')]))
    found = list(asked.pages(Call(url=URL, bare_list=True), Tokens(), LINK_PAGES))
    assert 1 == asked.calls
    assert link == "" or GapReason.MALFORMED == refusal(found[-1]).reason


def test_bare_list_is_none_where_none_is_asked_for() -> None:
    assert GapReason.MALFORMED == refusal(transport(answering([bare([])])).ask(Call(url=URL), Tokens())).reason


def test_of_a_masked_field_only_is_told_whether_it_is_set() -> None:
    content = [{"secret": "********", "of": {"secret": ""}}, {"other": 1}]
    call = Call(url=URL, bare_list=True, drop=frozenset({"secret"}), mask=frozenset({"secret"}))
    answer = transport(answering([ok(content)])).ask(call, Tokens())
    assert isinstance(answer, Answer)
    assert {"items": [{"secret": True, "of": {"secret": False}}, {"other": 1}]} == answer.content


def test_setting_that_is_merely_not_made_is_an_answer() -> None:
    def asked(status: int, message: str) -> Answer | Refusal:
        answer = httpx2.Response(status, json={"message": message})
        return transport(answering([answer])).ask(Call(url=URL, absent="Branch not protected"), Tokens())

    assert Answer(content={}) == asked(404, "Branch not protected")
    assert GapReason.DENIED == refusal(asked(404, "Not Found")).reason
    assert GapReason.DENIED == refusal(asked(403, "Branch not protected")).reason


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 90)}, 90.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, 1.0),
    ],
)
def test_403_that_is_a_limit_on_calls_is_waited_for(headers: dict[str, str], waited: float) -> None:
    clock = Clock()
    limited = httpx2.Response(403, json={"message": "limit"}, headers=headers)
    assert isinstance(transport(answering([limited, ok()]), clock).ask(Call(url=URL), Tokens()), Answer)
    assert [waited] == clock.sleeps


def test_limit_that_ends_too_late_is_told_as_a_limit() -> None:
    late = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 3000)}
    asked = transport(answering([httpx2.Response(403, json={}, headers=late)]))
    assert GapReason.RATE_LIMITED == refusal(asked.ask(Call(url=URL), Tokens())).reason
    assert 1 == asked.calls


def test_403_with_calls_left_lacks_a_right() -> None:
    answer = httpx2.Response(403, json={}, headers={"x-ratelimit-remaining": "12", "x-ratelimit-reset": "1"})
    assert GapReason.DENIED == refusal(transport(answering([answer])).ask(Call(url=URL), Tokens())).reason


def test_single_sign_on_is_told_by_a_code() -> None:
    answer = httpx2.Response(403, json={}, headers={"x-github-sso": "required; url=https://example.com/?x=1"})
    given = refusal(transport(answering([answer])).ask(Call(url=URL), Tokens()))
    assert (SINGLE_SIGN_ON,) == given.codes
    assert "example.com" not in given.detail


def test_only_the_expected_success_is_an_answer() -> None:
    made = [httpx2.Response(201, json={"a": 1}), httpx2.Response(200, json={"a": 1})]
    asked = transport(answering(made), bounds=Bounds(attempts=1))
    call = Call(url=URL, content={}, success=201)
    assert Answer(content={"a": 1}) == asked.ask(call, Tokens())
    assert GapReason.FAILED == refusal(asked.ask(call, Tokens())).reason
