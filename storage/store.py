"""The store: evidence kept over time, in SQLite or PostgreSQL.

A run is staged first and promoted at the end, in one transaction. What is not promoted changes no state.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, select

from storage import decisions, leases, retirement, verification
from storage.engine import MOUNTS, become_writer, begin, open_engine, parse_url, settle, shown, told_plainly
from storage.errors import NotAllowed
from storage.holder import this_process
from storage.inventory import (
    OBSERVATIONS,
    Observation,
    Policy,
    RiskException,
    Run,
    RunStatus,
    Scope,
)
from storage.payload import encode, encode_mapping, plain, plain_text
from storage.promotion import promote
from storage.reading import Reader, run_of
from storage.records import Join, Judge, KeyState, Lease, PromotionSummary
from storage.schema import PACKAGED, Schema, ensure, revision
from storage.tables import key_ids, policies, runs, staged_observations

LEASE = timedelta(minutes=15)
PATIENCE_SECONDS = 600.0
"""How long a writer waits for another: longer than it takes to promote a run over thousands of repositories."""
_AT_ONCE = 500


def system_clock() -> datetime:
    """Return the present moment; leases and the times of runs go by it, states do not."""
    return datetime.now(UTC)


class Store(Reader):
    """One store, open. Use it as a context manager; every refusal is a `StoreError`."""

    def __init__(
        self, engine: Engine, url: URL, clock: Callable[[], datetime], *, read_only: bool, notices: tuple[str, ...]
    ) -> None:
        super().__init__(self._read)
        self.notices = notices
        """What a person should hear of the opening: that an older store was upgraded, and where its copy lies."""
        self._engine = engine
        self._url = url
        self._clock = clock
        self._read_only = read_only

    @classmethod
    def open(
        cls,
        url: str,
        *,
        create: bool = True,
        read_only: bool = False,
        clock: Callable[[], datetime] = system_clock,
        patience_seconds: float = PATIENCE_SECONDS,
        schema: Schema = PACKAGED,
        mounts: Path = MOUNTS,
    ) -> Self:
        """Open a store by its URL.

        A SQLite file that is missing is made unless `create` is false; an older one is copied and upgraded. PostgreSQL
        is never changed silently: see `upgrade`. `patience_seconds` is how long a writer waits for another.
        """
        where = parse_url(url)
        engine = open_engine(
            where, create=create, read_only=read_only, patience_seconds=patience_seconds, mounts=mounts
        )
        own = where.drivername == "sqlite" and not read_only
        try:
            notice = _ensure(engine, where, schema, clock, may_upgrade=own)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, where, clock, read_only=read_only, notices=(notice,) if notice else ())

    @staticmethod
    def upgrade(
        url: str,
        *,
        clock: Callable[[], datetime] = system_clock,
        patience_seconds: float = PATIENCE_SECONDS,
        schema: Schema = PACKAGED,
    ) -> str | None:
        """Bring a store to the schema of this program; return what was done, `None` if there was nothing to do."""
        where = parse_url(url)
        engine = open_engine(where, create=True, read_only=False, patience_seconds=patience_seconds)
        try:
            return _ensure(engine, where, schema, clock, may_upgrade=True)
        finally:
            engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections."""
        with told_plainly(self._url):
            settle(self._engine, read_only=self._read_only)

    @property
    def address(self) -> str:
        """The address as a person may see it, without a password."""
        return shown(self._url)

    def schema_version(self) -> str:
        """Return the revision of the schema."""
        with self._read() as connection:
            return str(revision(connection, self.address))

    def register_key(self, kid: str, check: str, state: KeyState = KeyState.ACTIVE) -> None:
        """Note a fingerprint key. A new active key makes the former one previous; a known key keeps its check value."""
        with self._write() as connection:
            self._note_key(connection, kid, check, state)

    def adopt_keys(self, checks: Mapping[str, str]) -> list[str]:
        """Take a key ring, the active key first, for the only one there is; return the ids of the keys that are lost.

        `checks` is check value by key id. Every other key the store knows is given up: see `storage.rebinding`.
        """
        with self._write(durable=True) as connection:
            known = {row.kid: row for row in connection.execute(select(key_ids).order_by(key_ids.c.kid))}
            lost = [kid for kid in known if kid not in checks]
            connection.execute(key_ids.update().where(key_ids.c.kid.in_(lost)).values(state=KeyState.LOST))
            for kid, check in checks.items():
                state = KeyState.ACTIVE if kid == next(iter(checks)) else KeyState.PREVIOUS
                self._note_key(connection, kid, check, state)
            return lost

    def begin_run(
        self,
        *,
        kind: str,
        as_of: datetime,
        policy: Policy,
        key_id: str,
        tool_version: str,
        attributes: Mapping[str, str] | None = None,
        ttl: timedelta = LEASE,
    ) -> Run:
        """Begin a run; runs that nobody leads any more are cleared away first."""
        now = self._clock()
        with self._write() as connection:
            leases.sweep(connection, now=now)
            digest = _keep_policy(connection, policy)
            row = connection.execute(
                runs.insert()
                .values(
                    uid=uuid.uuid4().hex,
                    kind=kind,
                    status=RunStatus.STAGED,
                    started_time=now,
                    as_of=as_of,
                    policy_digest=digest,
                    policy_owner=policy.owner,
                    policy_approved_by=policy.approved_by,
                    tool_version=tool_version,
                    key_id=key_id,
                    attributes=encode_mapping(attributes or {}),
                    alive_until=now + ttl,
                    holder=this_process(),
                )
                .returning(runs)
            ).one()
            return run_of(row)

    def acquire_leases(self, run: Run, scope_uids: Iterable[str], ttl: timedelta = LEASE) -> list[Lease]:
        """Take the right to speak for scopes; refuses where a live run holds one of them."""
        wanted = [plain_text(uid) for uid in scope_uids]
        with self._write() as connection:
            return leases.acquire(connection, run.seq, wanted, now=self._clock(), ttl=ttl)

    def renew(self, run: Run, ttl: timedelta = LEASE) -> None:
        """Say that the run still lives; call it well within every `ttl`."""
        with self._write() as connection:
            leases.renew(connection, run.seq, now=self._clock(), ttl=ttl)

    def stage(self, run: Run, observations: Iterable[Observation]) -> int:
        """Keep what a connector yields, under the run; return how many observations it was."""
        rest, count = iter(observations), 0
        while part := [_staged_row(run.seq, item) for item in islice(rest, _AT_ONCE)]:
            with self._write() as connection:
                leases.require_staged(connection, run.seq)
                connection.execute(staged_observations.insert(), part)
            count += len(part)
        return count

    def promote(
        self,
        run: Run,
        *,
        policy: Policy,
        judge: Judge,
        finished_time: datetime,
        codes: frozenset[str] | None = None,
        detectors: frozenset[str] = frozenset(),
        join: Join | None = None,
    ) -> PromotionSummary:
        """Make the run count, all of it or nothing; scopes in which it was overtaken are recorded as gaps.

        `codes` are the codes of all rules that exist, disabled ones among them, `detectors` those of the formats that
        were looked for, and `join` says which exposed value is which listed credential: see `storage.promotion`.
        """
        with self._write(durable=True) as connection:
            become_writer(connection)
            began = self._clock()
            summary = promote(
                connection,
                run,
                policy=policy,
                judge=judge,
                finished_time=finished_time,
                codes=codes,
                detectors=detectors,
                join=join,
            )
            leases.extend(connection, run.seq, since=began, now=self._clock())
            return summary

    def abandon(self, run: Run) -> None:
        """Forget what a run staged."""
        with self._write() as connection:
            leases.require_staged(connection, run.seq)
            leases.abandon(connection, run.seq, now=self._clock())

    def sweep_abandoned(self) -> list[int]:
        """Clear away what dead runs staged; return their numbers."""
        with self._write() as connection:
            return leases.sweep(connection, now=self._clock())

    def triage(self, finding_uid: str, *, actor: str, time: datetime) -> None:
        """Say that somebody has looked at a finding."""
        with self._write(durable=True) as connection:
            decisions.triage(connection, finding_uid, actor=actor, time=time)

    def accept(self, *exceptions: RiskException) -> None:
        """Record accepted risks and apply each to its finding, all of them or none."""
        with self._write(durable=True) as connection:
            for exception in exceptions:
                decisions.accept(connection, exception)

    def revoke_exception(self, uid: str, *, actor: str, time: datetime) -> None:
        """End an accepted risk."""
        with self._write(durable=True) as connection:
            decisions.revoke(connection, uid, actor=actor, time=time)

    def retire(self, scope_uids: Iterable[str], *, actor: str, reason: str, time: datetime) -> tuple[int, int]:
        """Say that scopes are no longer to be read; return how many stood, and how many findings that closed.

        Raises:
            NotFound: there is no such scope.
        """
        with self._write(durable=True) as connection:
            return retirement.retire(connection, sorted(set(scope_uids)), actor=actor, reason=reason, time=time)

    def verify(self) -> list[str]:
        """Return what does not fit together in the store; nothing, when all is well."""
        with self._read() as connection:
            return verification.verify(connection)

    def _note_key(self, connection: Connection, kid: str, check: str, state: KeyState) -> None:
        known = {row.kid: row for row in connection.execute(select(key_ids))}
        if kid in known and known[kid].check_value != check:
            raise NotAllowed(f"The key {kid} is known to this store, and is not this one; give the right key file.")
        if state is KeyState.ACTIVE:
            others = (key_ids.c.kid != kid) & (key_ids.c.state == KeyState.ACTIVE)
            connection.execute(key_ids.update().where(others).values(state=KeyState.PREVIOUS))
        if kid in known:
            connection.execute(key_ids.update().where(key_ids.c.kid == kid).values(state=state))
        else:
            values = {"kid": kid, "check_value": check, "state": state, "created_time": self._clock()}
            connection.execute(key_ids.insert().values(values))

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with (
            told_plainly(self._url),
            self._engine.connect() as connection,
            begin(connection, write=False),
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _write(self, *, durable: bool = False) -> Iterator[Connection]:
        with (
            told_plainly(self._url),
            self._engine.connect() as connection,
            begin(connection, write=True, durable=durable),
            connection.begin(),
        ):
            yield connection


def _ensure(
    engine: Engine, url: URL, schema: Schema, clock: Callable[[], datetime], *, may_upgrade: bool
) -> str | None:
    with told_plainly(url):
        return ensure(engine, schema, where=shown(url), may_upgrade=may_upgrade, now=clock())


def _keep_policy(connection: Connection, policy: Policy) -> str:
    digest = policy.digest()
    if connection.execute(select(policies.c.digest).where(policies.c.digest == digest)).first() is None:
        connection.execute(policies.insert().values(digest=digest, payload=encode(policy)))
    return digest


def _staged_row(run: int, observation: Observation) -> dict[str, Any]:
    observation = plain(observation)
    return {
        "run_seq": run,
        "kind": OBSERVATIONS[type(observation)],
        "scope_uid": observation.uid if isinstance(observation, Scope) else getattr(observation, "scope_uid", None),
        "fingerprint": getattr(observation, "fingerprint", None),
        "payload": encode(observation),
    }
