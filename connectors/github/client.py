"""The one way to GitHub: asks what is in the list of operations and nothing else, and knows when to stop.

A limit on calls that waiting does not lift within the time of a run ends the asking: GitHub locks out who goes on. What
the login cannot be given is not asked for, nor what was refused for every repository so far.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote

from connectors.github.login import HEADERS, Login
from connectors.github.permissions import NEVER_KEPT, Operation
from connectors.github.target import GitHubTarget
from connectors.transport import LINK_PAGES, Answer, Bounds, Call, Page, Paging, Refusal, Transport
from storage.inventory import GapReason

BOUNDS = Bounds(longest_wait_seconds=3_700.0, answer_bytes=32 << 20)
"""GitHub counts calls by the hour, and tells when the next one begins."""
HOPELESS = 20
"""Who was refused so often, and never answered, need not ask for the other repositories."""


class GitHubClient:
    """Speaks for one login in one organization."""

    def __init__(self, target: GitHubTarget, transport: Transport, login: Login) -> None:
        """Prepare; nothing is sent yet."""
        self.target = target
        self.login = login
        self._transport = transport
        self._answered: set[str] = set()
        self._denied: Counter[str] = Counter()
        self._ended: Refusal | None = None

    @property
    def calls(self) -> int:
        """Requests sent so far, repeated ones and those for tokens among them."""
        return self._transport.calls

    def ask(self, operation: Operation, **where: str) -> Answer | Refusal:
        """Make one call."""
        if (barred := self._barred(operation)) is not None:
            return barred
        answer = self._transport.ask(self._call(operation, where), self.login)
        self._note(operation, answer if isinstance(answer, Refusal) else None)
        return answer

    def pages(self, operation: Operation, **where: str) -> Iterator[Page | Refusal]:
        """Read a list, page by page. A refusal is the last thing it yields."""
        if (barred := self._barred(operation)) is not None:
            yield barred
            return
        for page in self._transport.pages(self._call(operation, where), self.login, _paging(operation)):
            self._note(operation, page if isinstance(page, Refusal) else None)
            yield page

    def _call(self, operation: Operation, where: dict[str, str]) -> Call:
        named = {"org": self.target.organization, "owner": self.target.organization, **where}
        return Call(
            url=self.target.base_url
            + operation.path.format(**{key: quote(one, safe="") for key, one in named.items()}),
            parameters=operation.parameters,
            headers=HEADERS,
            drop=operation.drop | NEVER_KEPT,
            mask=operation.mask,
            bare_list=operation.is_list and operation.items is None,
            absent=operation.absent,
        )

    def _barred(self, operation: Operation) -> Refusal | None:
        """Return why something is not asked for at all."""
        if self._ended is not None:
            return self._ended
        if operation.only_apps and not self.login.is_app:
            return Refusal(reason=GapReason.DENIED, detail="only a GitHub App may ask this", status=403)
        if operation.only_people and self.login.is_app:
            detail = "GitHub lets no App read it, or none with read rights alone"
            return Refusal(reason=GapReason.UNSUPPORTED, detail=detail)
        given = self.login.permissions
        if given is not None and operation.permission and operation.permission not in {*given, "metadata"}:
            return Refusal(reason=GapReason.DENIED, detail="the GitHub App was not given it", status=403)
        if self._denied[operation.name] >= HOPELESS and operation.name not in self._answered:
            detail = f"it was refused {HOPELESS} times before, and so not asked for"
            return Refusal(reason=GapReason.DENIED, detail=detail, status=403)
        return None

    def _note(self, operation: Operation, refusal: Refusal | None) -> None:
        if refusal is None:
            self._answered.add(operation.name)
        elif refusal.reason is GapReason.DENIED:
            self._denied[operation.name] += 1
        elif refusal.reason is GapReason.RATE_LIMITED:
            self._ended = refusal


def _paging(operation: Operation) -> Paging:
    return LINK_PAGES if operation.items is None else Paging(items=operation.items, in_header=True)
