"""Whatever happens, in whatever order: the store agrees with a model of a hundred lines.

Secrets come and go in two repositories, scopes are denied, runs die, risks are accepted, expire and are revoked, people
triage. After every step the findings are those of the model, and the store fits together.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from storage.errors import NotAllowed
from storage.inventory import CloseReason, CoverageStatus, Finding, FindingStatus, Scope, SecretExposure, finding_uid
from storage.store import Store
from tests.storage.builders import MOMENT, Clock, a_scope, a_tag, an_exception, an_exposure, do_run, seen, staged

REPOSITORIES = st.sampled_from(["shop", "till"])
VALUES = st.integers(1, 3)
OPEN = {"new", "open", "reopened"}


class Model:
    """What is true of one value: where it stands, where it was last seen to stand, and how its finding stands."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, int], bool] = {}
        """By repository and value: whether it was last seen to stand at head."""
        self.unread: set[str] = set()
        self.status: dict[int, str] = {}
        self.accepted: dict[int, list[tuple[str, Any]]] = {}
        self.day = 0

    def run(self, repository: str, standing: set[int], status: CoverageStatus) -> None:
        whole = status is CoverageStatus.COMPLETE
        (self.unread.discard if whole else self.unread.add)(repository)
        for value in standing:
            self.known[repository, value] = True
        for (where, value), at_head in list(self.known.items()):
            if where == repository and whole and at_head and value not in standing:
                self.known[repository, value] = False
        for value in {value for where, value in self.known if where == repository}:
            self._judge(value, whole=whole)

    def run_part(self, repository: str, standing: set[int]) -> None:
        for value in standing:
            self.known[repository, value] = True
            self._judge(value, whole=False)

    def _judge(self, value: int, *, whole: bool) -> None:
        places = {where: at_head for (where, other), at_head in self.known.items() if other == value}
        now = self.status.get(value)
        if any(places.values()):
            if any(ends > self.day for _, ends in self.accepted.get(value, ())):
                self.status[value] = "excepted"
            elif now is None:
                self.status[value] = "new"
            elif now in {"resolved", "excepted"}:
                self.status[value] = "reopened"
        elif whole and not set(places) & self.unread and now is not None:
            self.status[value] = "resolved"


class Lifecycle(RuleBasedStateMachine):
    """Runs the same story in the store and in the model."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nhi-model-"))
        self.clock = Clock()
        self.store = Store.open(f"sqlite:///{self.folder}/store.db", clock=self.clock)
        self.model = Model()
        self.standing: dict[str, set[int]] = {"shop": set(), "till": set()}
        self.keys = ["k1"]
        self.number = 0

    @rule(repository=REPOSITORIES, value=VALUES)
    def add(self, repository: str, value: int) -> None:
        self.standing[repository].add(value)

    @rule(repository=REPOSITORIES, value=VALUES)
    def remove(self, repository: str, value: int) -> None:
        self.standing[repository].discard(value)

    @rule(repository=REPOSITORIES)
    def run(self, repository: str) -> None:
        self._run(repository, CoverageStatus.COMPLETE, self.standing[repository])

    @rule(repository=REPOSITORIES, status=st.sampled_from([CoverageStatus.PARTIAL, CoverageStatus.DENIED]))
    def run_unread(self, repository: str, status: CoverageStatus) -> None:
        told = set(sorted(self.standing[repository])[:1]) if status is CoverageStatus.PARTIAL else set()
        self._run(repository, status, told)

    @rule(repository=REPOSITORIES, most=st.integers(0, 2))
    def run_part(self, repository: str, most: int) -> None:
        told = set(sorted(self.standing[repository])[:most])
        whole = a_scope(repository)
        part = msgspec.structs.replace(whole, uid=f"{whole.uid}?part", part=True)
        do_run(self.store, self._seen(repository, CoverageStatus.COMPLETE, told, part), as_of=self._now())
        self.model.run_part(repository, told)

    @rule(repository=REPOSITORIES)
    def run_twice(self, repository: str) -> None:
        self._run(repository, CoverageStatus.COMPLETE, self.standing[repository])
        before = self.store.counts()
        self._run(repository, CoverageStatus.COMPLETE, self.standing[repository])
        assert self.store.counts() == {**before, "runs": before["runs"] + 1}

    @rule(repository=REPOSITORIES)
    def die(self, repository: str) -> None:
        staged(self.store, self._seen(repository, CoverageStatus.COMPLETE, set()), as_of=self._now())
        self.clock.pass_by(hours=1)

    @rule(days=st.integers(-20, 40))
    def let_time_pass(self, days: int) -> None:
        self.model.day += days

    @rule()
    def rotate_key(self) -> None:
        self.keys.insert(0, f"k{len(self.keys) + 1}")

    @precondition(lambda self: self.model.status)
    @rule(value=VALUES)
    def triage(self, value: int) -> None:
        if self.model.status.get(value) in OPEN:
            self.store.triage(self._finding(value).uid, actor="lead", time=self._now())
            self.model.status[value] = "open"

    @precondition(lambda self: self.model.status)
    @rule(value=VALUES, days=st.integers(1, 30), approver=st.none() | st.just("lead"))
    def accept(self, value: int, days: int, approver: str | None) -> None:
        if value not in self.model.status:
            return
        self.number += 1
        uid, ends = f"exception-{self.number}", self.model.day + days
        exception = an_exception(
            self._finding(value).uid,
            uid=uid,
            approver=approver,
            created_time=self._now(),
            expiration_time=self._now() + timedelta(days=days),
        )
        if self.model.status[value] == "resolved":
            try:
                self.store.accept(exception)
            except NotAllowed:
                return
            raise AssertionError("a resolved finding was excepted")
        self.store.accept(exception)
        self.model.accepted.setdefault(value, []).append((uid, ends))
        self.model.status[value] = "excepted"

    @precondition(lambda self: any(self.model.accepted.values()))
    @rule(value=VALUES)
    def revoke(self, value: int) -> None:
        accepted = self.model.accepted.get(value)
        if not accepted:
            return
        uid, _ = accepted.pop(0)
        self.store.revoke_exception(uid, actor="lead", time=self._now())
        if self.model.status[value] == "excepted" and not any(ends > self.model.day for _, ends in accepted):
            self.model.status[value] = "reopened"

    @invariant()
    def the_store_agrees_with_the_model(self) -> None:
        numbers = {exposure.uid: _number(exposure) for exposure in self.store.exposures()}
        found = {numbers[finding.subject_uid]: finding.status.value for finding in self.store.findings(rule="at-head")}
        assert found == self.model.status
        for finding in self.store.findings(rule="at-head"):
            resolved = finding.status is FindingStatus.RESOLVED
            assert resolved == (finding.close_reason is CloseReason.PLACE_CLEANED)

    @invariant()
    def the_store_fits_together(self) -> None:
        assert self.store.verify() == []

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def _run(self, repository: str, status: CoverageStatus, standing: set[int]) -> None:
        do_run(self.store, self._seen(repository, status, standing), as_of=self._now())
        self.model.run(repository, standing, status)

    def _seen(self, repository: str, status: CoverageStatus, standing: set[int], scope: Scope | None = None) -> Any:
        scope = scope or a_scope(repository)
        exposures = [
            an_exposure(
                value,
                scope,
                fingerprint=a_tag(value, self.keys[0]),
                aliases=tuple(a_tag(value, key) for key in self.keys[1:]),
            )
            for value in sorted(standing)
        ]
        return seen(*exposures, scope=scope, status=status)

    def _now(self) -> Any:
        return MOMENT + timedelta(days=self.model.day)

    def _finding(self, value: int) -> Finding:
        uid = self.store.exposure_uid(a_tag(value))
        return self.store.finding(finding_uid("at-head", str(uid)))


def _number(exposure: SecretExposure) -> int:
    return int(exposure.fingerprint.rpartition(":")[2], 16)


Lifecycle.TestCase.settings = settings(
    max_examples=max(15, settings().max_examples // 20), stateful_step_count=30, deadline=None
)
TestLifecycle = Lifecycle.TestCase
