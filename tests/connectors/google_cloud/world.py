"""A small Google Cloud behind REST: one organisation, its folders and projects, and what those hold.

Every question and every answer is held against Google's discovery documents.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from connectors.google_cloud.checks import EXCESS
from connectors.google_cloud.permissions import METHODS, Method
from connectors.transport import Bounds, Transport
from tests.connectors.google_cloud.discovery import faults_of, faults_of_answer, faults_of_question
from tests.connectors.google_cloud.fake import NUMBER, PROJECT, Asked

ORGANISATION = "organizations/900"
FOLDER = "folders/800"
POOL = f"projects/{NUMBER}/locations/global/workloadIdentityPools/ci"
Thing = dict[str, Any]

Refuse = Callable[[Asked], httpx2.Response | Exception | None]
"""Says for each call what comes in the place of its answer."""


def refusal(status: int, reason: str = "", code: str = "PERMISSION_DENIED") -> httpx2.Response:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    error = {"code": status, "message": "hostile text", "status": code, "details": details}
    return httpx2.Response(status, json={"error": error})


def a_project(number: str = NUMBER, project_id: str = PROJECT, parent: str = FOLDER, **labels: str) -> Thing:
    return {
        "name": f"projects/{number}",
        "projectId": project_id,
        "parent": parent,
        "state": "ACTIVE",
        **({"labels": labels} if labels else {}),
    }


def binding(role: str, *members: str, condition: str | None = None) -> Thing:
    return {
        "role": role,
        "members": list(members),
        **({"condition": {"expression": condition, "title": "t"}} if condition else {}),
    }


@dataclass
class World:
    """What there is, by what it lies in."""

    projects: list[Thing] = field(default_factory=lambda: [a_project(owner="platform", env="prod")])
    folders: dict[str, str] = field(default_factory=lambda: {FOLDER: ORGANISATION})
    policies: dict[str, list[Thing]] = field(default_factory=dict)
    things: dict[tuple[str, str], list[Thing]] = field(default_factory=dict)
    """By method and what was asked about."""
    page_size: int = 1000
    refuse: Refuse = lambda _: None
    repeat_token: bool = False
    asked: list[Asked] = field(default_factory=list)
    granted: Callable[[str], bool] = lambda permission: permission not in EXCESS
    """Which permissions the login has."""
    quota_projects: set[str | None] = field(default_factory=set)
    filters: list[str] = field(default_factory=list)
    """What was asked of logs."""

    def put(self, method: Method, *things: Thing, where: str = f"projects/{PROJECT}") -> None:
        self.things.setdefault((method.name, self._by_id(where)), []).extend(things)

    @property
    def counts(self) -> Counter[str]:
        return Counter(one.method for one in self.asked)

    def transport(self, deadline: float) -> Transport:
        return Transport(
            deadline=deadline,
            client=httpx2.Client(transport=httpx2.MockTransport(self._answer)),
            bounds=Bounds(attempts=3),
            sleep=lambda _: None,
        )

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        assert request.headers["authorization"] == "Bearer made-up"
        self.quota_projects.add(request.headers.get("x-goog-user-project"))
        parameters = dict(request.url.params)
        url = str(request.url.copy_with(query=None))
        method, where = _asked(request.method, url, parameters, request.content)
        if method.posted:
            assert [] == faults_of("logging.v2", "ListLogEntriesRequest", json.loads(request.content))
            parameters = {name: str(told) for name, told in json.loads(request.content).items()}
            self.filters.append(parameters["filter"])
        token = parameters.get("pageToken", "0")
        asked = Asked(method.name, where, int(token) // self.page_size)
        self.asked.append(asked)
        instead = self.refuse(asked)
        if isinstance(instead, Exception):
            raise instead
        if instead is not None:
            return instead
        if method.name.endswith("testIamPermissions"):
            held = [one for one in json.loads(request.content)["permissions"] if self.granted(one)]
            content: Thing = {"permissions": held} if held else {}
        else:
            content = self._content(method, where, int(token), int(parameters.get("pageSize", 1000)))
        assert [] == faults_of_answer(method.name, content)
        return httpx2.Response(200, json=content)

    def _content(self, method: Method, where: str, begin: int, wanted: int) -> Thing:
        match method.name.removeprefix("cloudresourcemanager."):
            case "projects.get":
                return next(one for one in self.projects if where in _names(one))
            case "projects.getAncestry":
                return {"ancestor": [{"resourceId": _id(name)} for name in self._path(where)]}
            case "projects.getIamPolicy" | "folders.getIamPolicy" | "organizations.getIamPolicy":
                return {"version": 3, "etag": "e", "bindings": self.policies.get(self._numbered(where), [])}
            case "projects.list":
                things = [one for one in self.projects if one["parent"] == where]
            case "folders.list":
                things = [{"name": name, "parent": parent} for name, parent in self.folders.items() if parent == where]
            case _:
                things = self.things.get((method.name, self._by_id(where)), [])
        end = begin + min(self.page_size, wanted)
        if self.repeat_token:
            return {method.items: things[:1], "nextPageToken": "7"}
        # Google leaves out an empty list, and the token of a page after the last.
        shown = {method.items: things[begin:end]} if things[begin:end] else {}
        return {**shown, "nextPageToken": str(end)} if end < len(things) else shown

    def _path(self, where: str) -> list[str]:
        project = next(one for one in self.projects if where in _names(one))
        path = [project["name"], project["parent"]]
        while path[-1] in self.folders:
            path.append(self.folders[path[-1]])
        return path

    def _by_id(self, where: str) -> str:
        """Google takes a project's number for its id, and the other way about."""
        kind, _, rest = where.partition("/")
        name, _, rest = rest.partition("/")
        named = next((one["projectId"] for one in self.projects if f"{kind}/{name}" in _names(one)), name)
        return f"{kind}/{named}" + (f"/{rest}" if rest else "")

    def _numbered(self, where: str) -> str:
        return next((one["name"] for one in self.projects if where in _names(one)), where)


def _names(project: Thing) -> tuple[str, str]:
    return project["name"], f"projects/{project['projectId']}"


def _id(name: str) -> Thing:
    kind, _, number = name.partition("/")
    return {"type": kind.removesuffix("s"), "id": number}


def _asked(verb: str, url: str, parameters: dict[str, str], content: bytes) -> tuple[Method, str]:
    """Return which method of Google's is asked, and about what: one that its documents do not know fails the test."""
    for method in METHODS:
        if method.url is None:
            continue
        shape = re.escape(method.url).replace(r"\{where\}", "(.+)")
        read = re.fullmatch(shape, url)
        if read is None or not parameters.items() >= method.parameters.items():
            continue
        if method.posted:
            (where,) = json.loads(content)[method.asked_as]
        else:
            where = parameters[method.asked_as] if method.asked_as else read[1]
        of_kind = not method.name.endswith("IamPolicy") and not method.name.endswith("IamPermissions")
        of_kind = of_kind or method.name.split(".")[1] == where.partition("/")[0]
        if of_kind and not any(faults_of_question(method.name, verb, url, parameters)):
            return method, where
    raise AssertionError(f"{url} is none of the methods: {json.dumps(parameters)}")
