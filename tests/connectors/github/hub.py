"""A stand-in for GitHub that keeps state: what is put into it is listed, paged and refused.

Every answer is held against GitHub's own description before it is sent (`description.py`), so that the stand-in cannot
drift from what it stands for without a test failing.
"""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from connectors.github.permissions import OPERATIONS, Operation
from tests.connectors.github.description import described, filled, parameters, resolved, schema_of, validator

ORGANIZATION = "acme"
NUMBER = 4711
APP = "99"
MADE = "2025-01-02T03:04:05Z"
CHANGED = "2025-06-07T08:09:10Z"
BY_PATH = {one.path: one for one in OPERATIONS}

Fault = Callable[[], httpx2.Response]


def refusal(status: int, message: str = "Not Found", **headers: str) -> httpx2.Response:
    told = {name.replace("_", "-"): one for name, one in headers.items()}
    return httpx2.Response(status, json={"message": message, "documentation_url": "https://docs"}, headers=told)


@cache
def an_app_key() -> rsa.RSAPrivateKey:
    """One for all tests: making it takes its time."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


class Hub:
    """The organization, and the server in front of it."""

    def __init__(self, address: str = "https://api.github.com") -> None:
        self.address = address
        self.now = 1_790_000_000.0
        self.lists: dict[str, list[dict[str, Any]]] = {}
        """By address below the API's own: what is listed there."""
        self.things: dict[str, dict[str, Any]] = {}
        """By address: the one thing that is there."""
        self.values: list[str] = []
        """What nobody may ever see."""
        self.page_size = 100
        self.denied: set[str] = set()
        """Names of operations that are refused with 403."""
        self.hidden: set[str] = set()
        """The same with 404."""
        self.faults: dict[tuple[str, int], list[Fault]] = {}
        """By operation and the number of its request: what it answers first."""
        self.asked: list[str] = []
        """Operations, in their order."""
        self.addresses: list[str] = []
        self.methods: Counter[str] = Counter()
        self.calls_left: int | None = None
        self.reset_after = 1800.0
        self.tokens: dict[str, dict[str, str] | None] = {}
        """By token: the permissions of an App, or nothing for a person's."""
        self.token = self._given(None)
        self.app_key = an_app_key()
        asked = [one for one in OPERATIONS if one.permission and not one.only_people]
        self.app_permissions = {one.permission: "read" for one in asked}
        self.app_everywhere = True
        self.app_suspended: str | None = None
        self.checked = True
        self._numbers = iter(range(1000, 1_000_000))
        self.things[f"/orgs/{ORGANIZATION}"] = {"id": NUMBER, "login": ORGANIZATION, "public_repos": 0}
        self.things[f"/orgs/{ORGANIZATION}/actions/permissions/workflow"] = {
            "default_workflow_permissions": "write",
            "can_approve_pull_request_reviews": True,
        }
        self.things[f"/orgs/{ORGANIZATION}/actions/permissions"] = {
            "enabled_repositories": "all",
            "allowed_actions": "all",
            "sha_pinning_required": False,
        }
        self.things[f"/orgs/{ORGANIZATION}/actions/oidc/customization/sub"] = {
            "include_claim_keys": ["repo", "context"]
        }
        self.things[f"/user/memberships/orgs/{ORGANIZATION}"] = {"state": "active", "role": "admin"}
        limit = {"limit": 5000, "remaining": 4999, "reset": 1, "used": 1}
        self.things["/rate_limit"] = {"resources": {"core": limit, "search": limit}, "rate": limit}

    # --- filling it ---------------------------------------------------------------------------------------------------

    def a_value(self) -> str:
        self.values.append(secrets.token_urlsafe(24))
        return self.values[-1]

    def number(self) -> int:
        return next(self._numbers)

    def put(self, address: str, **given: Any) -> dict[str, Any]:
        """Put a thing into a list, with whatever GitHub's description demands of it."""
        path, _ = described(address) or (address, {})
        schema = schema_of(path)
        items = BY_PATH[path].items
        entry = schema["properties"][items]["items"] if items else schema["items"]
        made: dict[str, Any] = filled(entry, given)
        self.lists.setdefault(address, []).append(made)
        return made

    def repository(self, name: str, visibility: str = "private", **changes: Any) -> dict[str, Any]:
        entry = self.things[f"/orgs/{ORGANIZATION}"]
        public = visibility == "public"
        entry["public_repos"] += public
        entry["total_private_repos"] = entry.get("total_private_repos", 0) + (not public)
        number = self.number()
        made = self.put(
            f"/orgs/{ORGANIZATION}/repos",
            **{
                "id": number,
                "name": name,
                "full_name": f"{ORGANIZATION}/{name}",
                "private": not public,
                "visibility": visibility,
                "archived": False,
                "disabled": False,
                "default_branch": "main",
                "description": self.a_value(),
                "temp_clone_token": self.a_value(),
                "security_and_analysis": {
                    "secret_scanning": {"status": "enabled"},
                    "secret_scanning_push_protection": {"status": "disabled"},
                },
                **changes,
            },
        )
        self.things[f"/repos/{ORGANIZATION}/{name}/actions/oidc/customization/sub"] = {"use_default": True}
        self.things[f"/repos/{ORGANIZATION}/{name}/actions/permissions/workflow"] = {
            "default_workflow_permissions": "read",
            "can_approve_pull_request_reviews": False,
        }
        return made

    def slot(self, where: str, name: str, **changes: Any) -> dict[str, Any]:
        """A secret or a variable, below an organization, repository or environment."""
        given = {"name": name, "created_at": MADE, "updated_at": CHANGED, **changes}
        if where.endswith("/variables"):
            given["value"] = self.a_value()
        if where.startswith("/orgs/"):
            given.setdefault("visibility", "all")
        return self.put(where, **given)

    def deploy_key(self, repository: str, title: str = "ci", **changes: Any) -> dict[str, Any]:
        public = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        given = {
            "id": self.number(),
            "key": public.decode(),
            "title": title,
            "verified": True,
            "created_at": MADE,
            "read_only": True,
            "added_by": "ada",
            "last_used": CHANGED,
            "enabled": True,
            **changes,
        }
        return self.put(f"/repos/{ORGANIZATION}/{repository}/keys", **given)

    def environment(self, repository: str, name: str, reviewers: int = 0) -> dict[str, Any]:
        rules: list[dict[str, Any]] = [{"id": 1, "node_id": "x", "type": "wait_timer", "wait_timer": 5}]
        if reviewers:
            people = [{"type": "User", "reviewer": self.user(f"boss{one}")} for one in range(reviewers)]
            rules.append({"id": 2, "node_id": "x", "type": "required_reviewers", "reviewers": people})
        return self.put(
            f"/repos/{ORGANIZATION}/{repository}/environments",
            id=self.number(),
            name=name,
            protection_rules=rules,
            deployment_branch_policy=None,
        )

    def user(self, login: str) -> dict[str, Any]:
        made: dict[str, Any] = filled(resolved(schema_of("/orgs/{org}/members")["items"]), {"login": login})
        made["id"] = self.number()
        return made

    def member(self, login: str) -> None:
        self.lists.setdefault(f"/orgs/{ORGANIZATION}/members", []).append(self.user(login))

    def hook(self, where: str, *, signed: bool, insecure: str = "0", active: bool = True) -> dict[str, Any]:
        config = {"url": f"https://hooks.example.com/{self.a_value()}", "insecure_ssl": insecure}
        if signed:
            config["secret"] = "********"
        return self.put(
            where,
            id=self.number(),
            active=active,
            config=config,
            events=["push"],
            created_at=MADE,
            updated_at=CHANGED,
            url=f"https://api.github.com/{self.a_value()}",
        )

    def installation(self, slug: str, permissions: dict[str, str], **changes: Any) -> dict[str, Any]:
        given = {
            "id": self.number(),
            "app_id": self.number(),
            "app_slug": slug,
            "repository_selection": "all",
            "permissions": permissions,
            "created_at": MADE,
            "updated_at": CHANGED,
            **changes,
        }
        return self.put(f"/orgs/{ORGANIZATION}/installations", **given)

    def personal_token(self, login: str, **changes: Any) -> dict[str, Any]:
        given = {
            "id": self.number(),
            "owner": self.user(login),
            "repository_selection": "all",
            "permissions": {"repository": {"metadata": "read", "contents": "write"}, "organization": {}},
            "access_granted_at": MADE,
            "token_id": self.number(),
            "token_name": "nightly build",
            "token_expired": False,
            "token_expires_at": "2027-01-02T03:04:05Z",
            "token_last_used_at": CHANGED,
            **changes,
        }
        return self.put(f"/orgs/{ORGANIZATION}/personal-access-tokens", **given)

    def authorization(self, login: str, **changes: Any) -> dict[str, Any]:
        given = {
            "login": login,
            "credential_id": self.number(),
            "credential_type": "personal access token",
            "token_last_eight": self.a_value()[:8],
            "credential_authorized_at": MADE,
            "credential_accessed_at": CHANGED,
            "authorized_credential_id": 1,
            "authorized_credential_note": self.a_value(),
            "authorized_credential_expires_at": None,
            "scopes": ["repo", "read:org"],
            **changes,
        }
        return self.put(f"/orgs/{ORGANIZATION}/credential-authorizations", **given)

    def alert(self, repository: dict[str, Any], **changes: Any) -> dict[str, Any]:
        given = {
            "number": self.number(),
            "state": "open",
            # Asked to hide it, GitHub does; whatever comes must go all the same.
            "secret": self.a_value(),
            "resolution_comment": self.a_value(),
            "repository": {"id": repository["id"], "name": repository["name"]},
            "validity": "active",
            **changes,
        }
        return self.put(f"/orgs/{ORGANIZATION}/secret-scanning/alerts", **given)

    def runner(self, where: str, name: str, group: int | None = None, **changes: Any) -> dict[str, Any]:
        given = {"id": self.number(), "name": name, "os": "linux", "status": "online", "busy": False, **changes}
        if group is not None:
            given["runner_group_id"] = group
        return self.put(f"{where}/actions/runners", **given)

    # --- answering ----------------------------------------------------------------------------------------------------

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        """Answer, as GitHub would."""
        self.methods[request.method] += 1
        base = urlsplit(self.address)
        address = urlsplit(str(request.url))
        assert (address.scheme, address.netloc) == (base.scheme, base.netloc), "asked elsewhere"
        path = address.path.removeprefix(base.path)
        found = described(path)
        if found is None:
            raise AssertionError(f"{request.method} {path} is not in GitHub's description")
        template, where = found
        if where.get("org", where.get("owner", ORGANIZATION)) != ORGANIZATION:
            return refusal(404)
        assert request.headers["x-github-api-version"] == "2022-11-28"
        bearer = request.headers["authorization"].removeprefix("Bearer ")
        if template == "/orgs/{org}/installation":
            return self._installed(template, bearer)
        if template == "/app/installations/{installation_id}/access_tokens":
            return self._new_token(template, bearer, json.loads(request.content))
        assert request.method == "GET", "nothing else may be sent"
        return self._answer(template, path, dict(parse_qsl(address.query)), bearer)

    def _answer(self, template: str, path: str, query: dict[str, str], bearer: str) -> httpx2.Response:
        operation = BY_PATH[template]
        assert query.keys() <= parameters(template), f"{template} takes no {query.keys() - parameters(template)}"
        assert int(query.get("per_page", 30)) <= (30 if path.endswith("/variables") else 100)
        assert operation.path != "/orgs/{org}/secret-scanning/alerts" or query["hide_secret"] == "true"
        self.asked.append(operation.name)
        self.addresses.append(path)
        waiting = self.faults.get((operation.name, self.asked.count(operation.name)))
        if waiting:
            return waiting.pop(0)()
        if (refused := self._refused(operation, bearer)) is not None:
            return refused
        if operation.is_list:
            return self._page(operation, path, query)
        told = self.things.get(path)
        if told is None:
            return refusal(404, operation.absent or "Not Found")
        return self._sent(template, filled(schema_of(template), told))

    def _refused(self, operation: Operation, bearer: str) -> httpx2.Response | None:
        if bearer not in self.tokens:
            return refusal(401, "Bad credentials")
        if self.calls_left is not None:
            if self.calls_left <= 0:
                reset = str(int(self.now + self.reset_after))
                return refusal(403, "API rate limit exceeded", x_ratelimit_remaining="0", x_ratelimit_reset=reset)
            self.calls_left -= 1
        permissions = self.tokens[bearer]
        lacks = permissions is not None and operation.permission not in {"", "metadata", *permissions}
        if operation.name in self.denied or lacks:
            return refusal(403, "Resource not accessible by integration", x_accepted_github_permissions="x=read")
        if operation.name in self.hidden:
            return refusal(404)
        if (operation.only_apps and permissions is None) or (operation.only_people and permissions is not None):
            return refusal(403, "Resource not accessible")
        return None

    def _page(self, operation: Operation, path: str, query: dict[str, str]) -> httpx2.Response:
        items = self.lists.get(path, [])
        if "state" in query:
            items = [one for one in items if one["state"] == query["state"]]
        size, page = min(self.page_size, int(query.get("per_page", 30))), int(query.get("page", 1))
        part = items[(page - 1) * size : page * size]
        told: Any = {"total_count": len(items), operation.items: part} if operation.items else part
        headers = {}
        if page * size < len(items):
            more = "&".join(f"{name}={one}" for name, one in {**query, "page": str(page + 1)}.items())
            last = f'<{self.address}{path}?page=9>; rel="last"'
            headers["link"] = f'<{self.address}{path}?{more}>; rel="next", {last}'
        return self._sent(operation.path, told, headers=headers)

    def _sent(self, template: str, told: Any, method: str = "get", **more: Any) -> httpx2.Response:
        if self.checked:
            validator(template, method).validate(told)
        return httpx2.Response(200 if method == "get" else 201, json=told, **more)

    # --- logging in ---------------------------------------------------------------------------------------------------

    @property
    def app_key_pem(self) -> str:
        return self.app_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def _given(self, permissions: dict[str, str] | None) -> str:
        token = secrets.token_hex(20)
        self.values.append(token)
        self.tokens[token] = permissions
        return token

    def _installed(self, template: str, assertion: str) -> httpx2.Response:
        if not self._believed(assertion):
            return refusal(401, "A JSON web token could not be decoded")
        told = {
            "id": 5,
            "permissions": self.app_permissions,
            "repository_selection": "all" if self.app_everywhere else "selected",
            "suspended_at": self.app_suspended,
        }
        return self._sent(template, filled(schema_of(template), told))

    def _new_token(self, template: str, assertion: str, asked: dict[str, Any]) -> httpx2.Response:
        if not self._believed(assertion):
            return refusal(401, "A JSON web token could not be decoded")
        permissions = asked["permissions"]
        if not permissions.keys() <= self.app_permissions.keys() or set(permissions.values()) != {"read"}:
            return refusal(422, "The permissions requested are not granted to this installation.")
        ends = datetime.fromtimestamp(self.now, UTC) + timedelta(hours=1)
        told = {"token": self._given(permissions), "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return self._sent(template, filled(schema_of(template, "post"), told), "post")

    def _believed(self, assertion: str) -> bool:
        parts = assertion.split(".")
        if len(parts) != 3:
            return False
        header, claims, signature = (base64.urlsafe_b64decode(one + "=" * (-len(one) % 4)) for one in parts)
        try:
            self.app_key.public_key().verify(signature, ".".join(parts[:2]).encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        told = json.loads(claims)
        fresh = told["iat"] <= self.now < told["exp"] <= self.now + 600
        return bool(json.loads(header)["alg"] == "RS256" and told["iss"] == APP and fresh)


@contextmanager
def served(folder: Path) -> Iterator[tuple[Hub, Path]]:
    """A server on this machine, as Enterprise Server is one, and the certificate of its authority."""
    certificate, key = _certificate(folder)
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): one for name, one in self.headers.items()}
            url = f"https://{headers['host']}{self.path}"
            answer = hub.handle(httpx2.Request(self.command, url, headers=headers, content=body))
            self.send_response(answer.status_code)
            for name, one in answer.headers.items():
                self.send_header(name, one)
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = _serve  # noqa: N815 - as the server calls them

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    hub.address = f"https://127.0.0.1:{server.server_port}/api/v3"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub, certificate
    finally:
        server.shutdown()
        server.server_close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    certificate, file = folder / "server.pem", folder / "server.key"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, file
