"""A small server in front of moto: it answers what moto does not know, and goes wrong when it is told to."""

from __future__ import annotations

import base64
import http.client
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

ROOT_LINE = "<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00+00:00,not_supported"


class Answer(NamedTuple):
    """What is sent back."""

    status: int
    content_type: str
    body: bytes
    announced: int | None = None
    """Length that the header claims, where that is not the body's."""
    delay: float = 0.0


Question = Mapping[str, str]
Answering = Callable[[Question], Answer]
Spoiling = Callable[[Answer], Answer]


def iam(action: str, inner: str, *, more: str | None = None) -> Answer:
    """An answer of IAM. With `more`, another page follows."""
    paging = f"<IsTruncated>true</IsTruncated><Marker>{more}</Marker>" if more else "<IsTruncated>false</IsTruncated>"
    return Answer(
        200,
        "text/xml",
        f'<{action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><{action}Result>{inner}{paging}'
        f"</{action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>".encode(),
    )


def regions(*enabled: str, absent: tuple[str, ...] = ()) -> Answer:
    """The regions of an account."""
    told = [(name, "opt-in-not-required") for name in enabled] + [(name, "not-opted-in") for name in absent]
    items = "".join(
        f"<item><regionName>{name}</regionName><optInStatus>{status}</optInStatus></item>" for name, status in told
    )
    body = f"<DescribeRegionsResponse><regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
    return Answer(200, "text/xml", body.encode())


def plain(**fields: object) -> Answer:
    """An answer of a service that speaks JSON."""
    return Answer(200, "application/json", json.dumps(fields).encode())


def always(answer: Answer) -> Answering:
    """Answer the same to every question."""
    return lambda _: answer


def error(code: str, status: int = 400, message: str = "said no more") -> Spoiling:
    """Answer with an error instead, in the service's own language."""

    def spoil(answer: Answer) -> Answer:
        if answer.body.lstrip().startswith(b"{"):
            return Answer(status, "application/json", json.dumps({"__type": code, "message": message}).encode())
        if b"<DescribeRegionsResponse" in answer.body or b"http://ec2.amazonaws.com" in answer.body:
            body = (
                f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></Response>"
            )
            return Answer(status, "text/xml", body.encode())
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        return Answer(status, "text/xml", body.encode())

    return spoil


def html(answer: Answer) -> Answer:
    """Answer as a portal does that wants somebody to log in."""
    return Answer(200, "text/html", b"<!DOCTYPE html><html><body><p>Welcome</p></body></html>")


def silent(answer: Answer) -> Answer:
    """Answer when nobody waits any more."""
    return answer._replace(delay=3.0)


def cut_off(answer: Answer) -> Answer:
    """Break off in the middle of what was announced."""
    return answer._replace(body=answer.body[: len(answer.body) // 2], announced=len(answer.body))


def shortened(answer: Answer) -> Answer:
    """Announce and send half of it."""
    return answer._replace(body=answer.body[: len(answer.body) // 2])


class Front:
    """Stands before a server."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.clear()

    def clear(self) -> None:
        """Forget what was told, but for what moto lacks."""
        self.asked: list[str] = []
        self.questions: list[Question] = []
        self.report_made = datetime.now(UTC)
        self.answers: dict[str, Answering] = {
            "ListServiceSpecificCredentials": lambda _: iam(
                "ListServiceSpecificCredentials", "<ServiceSpecificCredentials/>"
            ),
            # Moto knows the regions, but takes seconds to begin with this service.
            "DescribeRegions": lambda _: regions("us-east-1", absent=("af-south-1",)),
            "ListTrustAnchors": lambda _: plain(trustAnchors=[]),
            "ListProfiles": lambda _: plain(profiles=[]),
            "ListSubjects": lambda _: plain(subjects=[]),
            **{action: always(answer) for action, answer in EMPTY_STORES.items()},
        }
        self._spoilt: dict[str, tuple[int | None, Spoiling]] = {}
        self._closed: dict[str, Spoiling] = {}

    def by_moto(self, *actions: str) -> None:
        """Let moto answer these itself."""
        for action in actions:
            del self.answers[action]

    def close_region(self, region: str, how: Spoiling) -> None:
        """Let every answer in a region go wrong."""
        self._closed[region] = how

    def stop(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def spoil(self, action: str, how: Spoiling, *, at: int | None = None) -> None:
        """Let every answer to a call go wrong, or the one with this number."""
        self._spoilt[action] = (at, how)

    def pages(self, action: str, *pages: str) -> None:
        """Let a listing of IAM come in these pages; the token of a page is its number."""

        def answer(question: Question) -> Answer:
            at = int(question.get("Marker", 0))
            return iam(action, pages[at], more=str(at + 1) if at + 1 < len(pages) else None)

        self.answers[action] = answer

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one request."""
        question = dict(parse_qsl(body.decode("latin-1")) if b"Action=" in body else ())
        action = question.get("Action") or headers.get("X-Amz-Target", "").rpartition(".")[2] or _of_path(path)
        region = _region(headers)
        question = {**question, **_of_json(body), "region": region, "path": path}
        self.asked.append(action)
        self.questions.append(question)
        own = self.answers.get(action)
        answer = own(question) if own else self._forwarded(method, path, headers, body)
        if action == "GetCredentialReport" and not own and answer.status == 200:
            answer = _with_root(answer, self.report_made)
        if region in self._closed:
            return self._closed[region](answer)
        at, how = self._spoilt.get(action, (None, None))
        return how(answer) if how and at in (None, self.asked.count(action)) else answer

    def _forwarded(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        connection = http.client.HTTPConnection(str(self._upstream.hostname), self._upstream.port, timeout=30)
        try:
            connection.request(method, path, body=body, headers=dict(headers))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers.get("Content-Type", "text/xml"), answer.read())
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        front = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answer = front.answer(self.command, self.path, dict(self.headers), body)
                time.sleep(answer.delay)
                try:
                    self.send_response(answer.status)
                    self.send_header("Content-Type", answer.content_type)
                    length = len(answer.body) if answer.announced is None else answer.announced
                    self.send_header("Content-Length", str(length))
                    self.end_headers()
                    self.wfile.write(answer.body)
                except OSError:
                    # The other side has stopped waiting.
                    self.close_connection = True

            do_GET = do_POST  # noqa: N815 - the library's name

            def log_message(self, *_: object) -> None:
                pass

        return Handler


_PATHS = {
    r"/trustanchors": "ListTrustAnchors",
    r"/profiles": "ListProfiles",
    r"/subjects": "ListSubjects",
    r"/apikeys": "GetApiKeys",
    r"/v1/apis": "ListGraphqlApis",
    r"/v2/apis": "ListApis",
    r"/v1/apis/[^/]+/apikeys": "ListApiKeys",
    r"/analyzer": "ListAnalyzers",
    r"/2015-03-31/functions/?": "ListFunctions",
    r"/2017-03-31/tags/.+": "ListTags",
}
EMPTY_STORES: Mapping[str, Answer] = {
    "ListSecrets": plain(SecretList=[]),
    "DescribeParameters": plain(Parameters=[]),
    "ListKeys": plain(Keys=[], Truncated=False),
    "GetApiKeys": plain(item=[]),
    "ListGraphqlApis": plain(graphqlApis=[]),
    "ListApis": plain(apis=[]),
    "ListUserPools": plain(UserPools=[]),
    "ListAnalyzers": plain(analyzers=[]),
    "DescribeTrails": plain(trailList=[]),
    "GetAccountPasswordPolicy": iam("GetAccountPasswordPolicy", "<PasswordPolicy/>"),
}
"""What an account without any of it answers: a test that has some lets moto answer, or answers itself."""


def _of_path(path: str) -> str:
    parts = urlsplit(path)
    if "lifecycle" in parts.query:
        return "GetBucketLifecycleConfiguration"
    if "list-type=2" in parts.query:
        return "ListObjectsV2"
    if parts.path.endswith(".json.gz"):
        return "GetObject"
    return next((name for shape, name in _PATHS.items() if re.fullmatch(shape, parts.path)), path)


def _region(headers: Mapping[str, str]) -> str:
    signed = re.search(r"Credential=[^/]+/\d+/([\w-]+)/", headers.get("Authorization", ""))
    return signed[1] if signed else ""


def _of_json(body: bytes) -> dict[str, str]:
    """The plain fields of a question in JSON."""
    if not body.startswith(b"{"):
        return {}
    return {key: str(value) for key, value in json.loads(body).items()}


def _with_root(answer: Answer, made: datetime) -> Answer:
    """Give the report its line for the root, which moto's has not, and a moment: moto makes every report in 2015."""
    match = re.search(rb"<Content>(.*?)</Content>", answer.body, re.DOTALL)
    assert match is not None
    lines = base64.b64decode(match[1]).decode().rstrip("\n").split("\n")
    columns = len(lines[0].split(","))
    rest = ["no_information", "not_supported", "not_supported", "true"]
    for _ in (1, 2):
        rest += ["false", "N/A", "N/A", "N/A", "N/A"]
    rest += ["false", "N/A", "false", "N/A"]
    line = ",".join([ROOT_LINE, *rest])
    assert columns == len(line.split(","))
    content = base64.b64encode("\n".join([*lines, line]).encode())
    body = answer.body.replace(match[1], content)
    told = made.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    return answer._replace(body=re.sub(rb"(?<=<GeneratedTime>)[^<]*", told, body))
