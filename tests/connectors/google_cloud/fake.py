"""Google Cloud as the connector sees it: IAM over gRPC from Google's own types, everything else as REST answers.

Schema-true, semantics our own: paging, refusals and faults are what the tests ask for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
from google.cloud import iam_admin_v1 as admin
from google.iam.v1 import iam_policy_pb2, policy_pb2
from google.rpc import error_details_pb2, status_pb2

from connectors.base import Fingerprinter, Limits, Progress
from connectors.google_cloud.client import GoogleClient, Patience
from connectors.google_cloud.connector import GoogleCloudConnector
from connectors.google_cloud.target import GoogleCloudTarget
from storage.inventory import Coverage, Gap, Observation, Scope

NUMBER = "123456789012"
PROJECT = "acme-prod"


def moment(year: int, month: int = 1, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


@dataclass
class Key:
    key_id: str
    made: datetime = field(default_factory=lambda: moment(2026, 3))
    ends: datetime = field(default_factory=lambda: datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    disabled: bool = False
    system: bool = False


@dataclass
class FakeAccount:
    unique_id: str
    email: str
    disabled: bool = False
    keys: list[Key] = field(default_factory=list)
    policy: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    method: str
    where: str
    page: int


Fault = Callable[[Asked], Exception | None]
"""Says for each call whether it is to fail, and how."""


class GrpcFault(Exception):
    """What IAM answers instead: a code, a reason, a message."""

    def __init__(self, code: grpc.StatusCode, reason: str = "", message: str = "no") -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message


def denied() -> GrpcFault:
    return GrpcFault(grpc.StatusCode.PERMISSION_DENIED, "IAM_PERMISSION_DENIED", "Permission denied on hostile text")


class Iam:
    """IAM's admin service, served on a port of this machine."""

    def __init__(self, accounts: Sequence[FakeAccount] = (), *, page_size: int = 100) -> None:
        self.accounts = list(accounts)
        self.roles: dict[str, list[admin.Role]] = {}
        self.page_size = page_size
        self.asked: list[Asked] = []
        self.fault: Fault = lambda _: None
        self.repeat_token = False
        self.garbage: set[str] = set()
        self._server = grpc.server(futures.ThreadPoolExecutor(2))
        self._server.add_generic_rpc_handlers((self._handlers(),))
        port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")

    def stop(self) -> None:
        self.channel.close()
        self._server.stop(0).wait(5)

    def _handlers(self) -> Any:
        def serving(name: str, answer: Any, reader: Any, writer: Any) -> Any:
            def handle(request: Any, context: Any) -> Any:
                return self._answered(name, answer, request, context)

            def written(message: Any) -> bytes:
                # What is cut off in the middle is no message any more.
                return b"\xff\xff\xff" if name in self.garbage else bytes(writer(message))

            return grpc.unary_unary_rpc_method_handler(handle, request_deserializer=reader, response_serializer=written)

        types = admin.types
        return grpc.method_handlers_generic_handler(
            "google.iam.admin.v1.IAM",
            {
                "ListServiceAccounts": serving(
                    "iam.projects.serviceAccounts.list",
                    self._list_accounts,
                    types.ListServiceAccountsRequest.deserialize,
                    types.ListServiceAccountsResponse.serialize,
                ),
                "ListServiceAccountKeys": serving(
                    "iam.projects.serviceAccounts.keys.list",
                    self._list_keys,
                    types.ListServiceAccountKeysRequest.deserialize,
                    types.ListServiceAccountKeysResponse.serialize,
                ),
                "ListRoles": serving(
                    "iam.roles.list",
                    self._list_roles,
                    types.ListRolesRequest.deserialize,
                    types.ListRolesResponse.serialize,
                ),
                "GetIamPolicy": serving(
                    "iam.projects.serviceAccounts.getIamPolicy",
                    self._policy,
                    iam_policy_pb2.GetIamPolicyRequest.FromString,
                    policy_pb2.Policy.SerializeToString,
                ),
            },
        )

    def _answered(self, name: str, answer: Any, request: Any, context: Any) -> Any:
        where = getattr(request, "name", "") or getattr(request, "parent", "") or getattr(request, "resource", "")
        token = getattr(request, "page_token", "")
        asked = Asked(name, where, int(token or 0) // self.page_size)
        self.asked.append(asked)
        fault = self.fault(asked)
        if isinstance(fault, GrpcFault):
            self._refuse(fault, context)
        return answer(request, context)

    def _refuse(self, fault: GrpcFault, context: Any) -> None:
        status = status_pb2.Status(code=fault.code.value[0], message=fault.message)
        if fault.reason:
            status.details.add().Pack(error_details_pb2.ErrorInfo(reason=fault.reason, domain="googleapis.com"))
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(fault.code, fault.message)

    def _page(self, things: list[Any], token: str) -> tuple[list[Any], str]:
        begin = int(token or 0)
        end = begin + self.page_size
        if self.repeat_token:
            return things[:1], "7"
        return things[begin:end], str(end) if end < len(things) else ""

    def _account(self, name: str, context: Any) -> FakeAccount:
        wanted = name.rsplit("/", 1)[-1]
        for account in self.accounts:
            if wanted in (account.unique_id, account.email):
                return account
        self._refuse(GrpcFault(grpc.StatusCode.NOT_FOUND), context)
        raise AssertionError

    def _list_accounts(self, request: Any, context: Any) -> Any:
        shown, further = self._page(self.accounts, request.page_token)
        return admin.ListServiceAccountsResponse(
            accounts=[
                admin.ServiceAccount(
                    name=f"{request.name}/serviceAccounts/{one.email}",
                    project_id=PROJECT,
                    unique_id=one.unique_id,
                    email=one.email,
                    disabled=one.disabled,
                )
                for one in shown
            ],
            next_page_token=further,
        )

    def _list_keys(self, request: Any, context: Any) -> Any:
        account = self._account(request.name, context)
        kinds = admin.ListServiceAccountKeysRequest.KeyType
        return admin.ListServiceAccountKeysResponse(
            keys=[
                admin.ServiceAccountKey(
                    name=f"projects/{PROJECT}/serviceAccounts/{account.email}/keys/{key.key_id}",
                    key_algorithm=admin.ServiceAccountKeyAlgorithm.KEY_ALG_RSA_2048,
                    key_origin=admin.ServiceAccountKeyOrigin.GOOGLE_PROVIDED,
                    key_type=kinds.SYSTEM_MANAGED if key.system else kinds.USER_MANAGED,
                    valid_after_time=key.made,
                    valid_before_time=key.ends,
                    disabled=key.disabled,
                    private_key_data=b"never to be seen",
                )
                for key in account.keys
                # Google itself filters by type; this one does not, so that the connector's own test is tried.
            ]
        )

    def _list_roles(self, request: Any, context: Any) -> Any:
        shown, further = self._page(self.roles.get(request.parent, []), request.page_token)
        return admin.ListRolesResponse(roles=shown, next_page_token=further)

    def _policy(self, request: Any, context: Any) -> Any:
        account = self._account(request.resource, context)
        return policy_pb2.Policy(
            version=3,
            bindings=[policy_pb2.Binding(role=role, members=members) for role, members in account.policy.items()],
        )


class FakeLogin:
    """A login whose token is good until told otherwise."""

    def __init__(self) -> None:
        self.token: str | None = "made-up"
        self.valid = True
        self.quota_project_id: str | None = None

    def refresh(self, request: Any) -> None:
        self.valid = True


@dataclass
class FakeSession:
    deadline: float = field(default_factory=lambda: time.monotonic() + 60)
    limits: Limits = field(default_factory=Limits)
    scratch: Path = Path()

    @property
    def fingerprinter(self) -> Fingerprinter:
        raise AssertionError("nothing that is listed has a value")

    @property
    def progress(self) -> Progress:
        return lambda stage, done, total: None


def accounts(count: int, *, keys: int = 1) -> list[FakeAccount]:
    return [
        FakeAccount(
            unique_id=f"1{number:020d}",
            email=f"app-{number}@{PROJECT}.iam.gserviceaccount.com",
            keys=[Key(f"{number:036x}{index:04x}") for index in range(keys)],
        )
        for number in range(count)
    ]


class Seen:
    """What a run of the connector yielded, checked for what every run must keep to."""

    def __init__(self, observations: Iterator[Observation]) -> None:
        self.all = list(observations)
        self.scopes = {one.uid: one for one in self.all if isinstance(one, Scope)}
        self.coverage = {one.scope_uid: one for one in self.all if isinstance(one, Coverage)}
        self.gaps = [one for one in self.all if isinstance(one, Gap)]
        open_scopes: set[str] = set()
        for one in self.all:
            if isinstance(one, Scope):
                assert one.uid not in open_scopes, "announced twice"
                open_scopes.add(one.uid)
            elif isinstance(one, Coverage):
                open_scopes.remove(one.scope_uid)
            elif scope_uid := getattr(one, "scope_uid", ""):
                assert scope_uid in open_scopes, "yielded outside its scope"
        assert not open_scopes, "not closed"

    def of(self, kind: type[Any]) -> list[Any]:
        return [one for one in self.all if isinstance(one, kind)]

    def status(self, api: str) -> str:
        return next(str(self.coverage[uid].status) for uid, scope in self.scopes.items() if scope.api == api)


def connector(iam: Iam, world: Any, **settings: Any) -> GoogleCloudConnector:
    """The connector over such a Google Cloud."""

    def connect(told: GoogleCloudTarget, until: float) -> GoogleClient:
        return GoogleClient(
            told,
            deadline=until,
            patience=Patience(attempts=3, call_seconds=5.0),
            login=settings.get("login", FakeLogin()),
            channel=iam.channel,
            transport=world.transport(until),
            sleep=lambda _: None,
        )

    return GoogleCloudConnector(connect)


def read(target: GoogleCloudTarget, iam: Iam, world: Any, *, deadline: float | None = None, **settings: Any) -> Seen:
    session = FakeSession() if deadline is None else FakeSession(deadline=deadline)
    return Seen(connector(iam, world, **settings).collect(target, session))
