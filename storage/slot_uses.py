"""Which pipelines ask for which slots: what CI systems list, joined with what the files of repositories ask for.

An unused slot is a statement about everything that could use it. So each comes with what was searched for it: the
repositories that it reaches, how many pipeline files they hold on all branches, and every place that may ask for any.
Names are compared without case, as GitHub does; where a system tells cases apart, that can only hide a fault.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from sqlalchemy import Connection, select

from storage.inventory import (
    Carrier,
    Coverage,
    CoverageStatus,
    Pipeline,
    PipelineReference,
    ReferenceKind,
    Resource,
    SlotUse,
    StoredSecret,
    SubjectKind,
)
from storage.listing import entries
from storage.payload import decode
from storage.tables import coverage, inventory_observations, resources, scopes

_SHOWN = 20
_ANY = frozenset({ReferenceKind.ANY_SECRET, ReferenceKind.ALL_SECRETS})
_ASKS = frozenset({ReferenceKind.SECRET, ReferenceKind.VARIABLE})
_SLOT_APIS = ("actionsSecrets", "environmentSecrets")
"""The scopes in which a repository's own slots are listed, all of which must have been read whole."""
_ORGANIZATION_API = "actionsSecrets"
_GLOB = re.compile(r"[*?\[]")
_COMPUTED = "${"
"""What a name holds that is computed when the pipeline runs."""


@dataclass(frozen=True)
class _Asked:
    """One place that asks for a slot by name."""

    repository: str
    place: str
    environment: str | None


@dataclass
class _Repository:
    """What is known of the pipelines of one repository."""

    whole: bool = False
    """Whether all of its branches were read, to their end, in every clone that is known."""
    unread: bool = False
    """Whether some branch of some clone was not."""
    files: int = 0
    open_ended: list[str] = field(default_factory=list)


class SlotUses:
    """All pipelines of a store, by what they ask for. Built once for a judgement, and only where a slot asks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._built = False
        self._repositories: dict[str, _Repository] = {}
        self._asked: dict[tuple[ReferenceKind, str], list[_Asked]] = {}
        self._names: dict[str, str] = {}
        self._slots: dict[str, list[StoredSecret]] = {}
        self._slots_known: set[str] = set()
        self._reached: dict[tuple[str, ...], dict[str, _Repository]] = {}

    def of(self, slot: StoredSecret) -> SlotUse | None:
        """Return which pipelines ask for a slot; `None` for one that no pipeline asks for."""
        if slot.read_by is None or not slot.reach:
            return None
        self._build()
        within = self._within(slot.reach)
        found = [
            one.place
            for one in self._asked.get((slot.read_by, slot.name.casefold()), ())
            if one.repository in within and _same_environment(slot.environment, one.environment)
        ]
        unread = sorted(name for name, one in within.items() if not one.whole)
        # A glob that no known repository meets names one that was never looked at.
        unread += [glob for glob in slot.reach if not self._within((glob,))]
        open_ended = [place for one in within.values() for place in one.open_ended]
        return SlotUse(
            references=tuple(sorted(found)[:_SHOWN]),
            references_total=len(found),
            files=sum(one.files for one in within.values()),
            searched=sum(one.whole for one in within.values()),
            unsearched=tuple(unread[:_SHOWN]),
            unsearched_total=len(unread),
            open_ended=tuple(sorted(open_ended)[:_SHOWN]),
            open_ended_total=len(open_ended),
        )

    def _within(self, reach: tuple[str, ...]) -> dict[str, _Repository]:
        """Return the known repositories that globs name; most globs are names, and are not compared with all."""
        found = self._reached.get(reach)
        if found is None:
            found = self._reached[reach] = {}
            for glob in map(str.casefold, reach):
                if _GLOB.search(glob) is None:
                    names = [glob] if glob in self._repositories else []
                else:
                    names = [name for name in self._repositories if fnmatchcase(name, glob)]
                found.update({name: self._repositories[name] for name in names})
        return found

    def unprovided(self, pipeline: Pipeline) -> tuple[PipelineReference, ...] | None:
        """Return the secrets that a pipeline asks for and no slot provides; `None` when not all slots are known."""
        asked = [one for one in pipeline.references if one.kind is ReferenceKind.SECRET and one.defined is not True]
        if not asked:
            return ()
        self._build()
        name = self._names.get(pipeline.resource_uid)
        if name is None or name not in self._slots_known:
            return None
        return tuple(one for one in asked if one.name and not self._is_provided(one, name))

    def _is_provided(self, asked: PipelineReference, repository: str) -> bool:
        return any(
            slot.read_by is asked.kind
            and _reaches(slot, repository)
            and _same_environment(slot.environment, asked.environment)
            for slot in self._slots.get((asked.name or "").casefold(), ())
        )

    # -- building -----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        if self._built:
            return
        self._built = True
        for row in self._connection.execute(select(resources.c.payload)):
            resource = decode(row.payload, Resource)
            if resource.kind == "repository":
                self._names[resource.uid] = called = _canonical(resource)
                self._repositories.setdefault(called, _Repository())
        self._take_coverage()
        self._take_slots()
        for part in entries(self._connection, Pipeline):
            for entry in part:
                if entry.present:
                    self._take(entry.thing)

    def _take_coverage(self) -> None:
        """Learn which repositories were read whole, with no branch left out, and are still to be read."""
        query = (
            select(scopes.c.resource_uid, scopes.c.status, coverage.c.payload)
            .join(coverage, (coverage.c.scope_uid == scopes.c.uid) & (coverage.c.run_seq == scopes.c.last_run))
            .where(scopes.c.carrier == Carrier.REFS, scopes.c.part.is_(False), scopes.c.retired_time.is_(None))
        )
        for row in self._connection.execute(query):
            repository = self._repositories.get(self._names.get(row.resource_uid, ""))
            if repository is None:
                continue
            told = decode(row.payload, Coverage)
            left_out = any(one.reason == "pipeline_branches" for one in told.exclusions)
            repository.unread = repository.unread or row.status is not CoverageStatus.COMPLETE or left_out
            # Of several clones each may hold branches that the others do not.
            repository.whole = not repository.unread

    def _take(self, pipeline: Pipeline) -> None:
        name = self._names.get(pipeline.resource_uid)
        if name is None:
            return
        repository = self._repositories[name]
        repository.files += 1
        if pipeline.undetermined:
            repository.open_ended.append(f"{name} {pipeline.name}: {pipeline.undetermined[0]}")
        for one in pipeline.references:
            place = f"{name} {pipeline.name}:{one.line}"
            if one.kind in _ANY or (one.kind in _ASKS and one.name is None):
                repository.open_ended.append(f"{place}: it may ask for any")
            elif one.kind in _ASKS and one.name is not None:
                asked = self._asked.setdefault((one.kind, one.name.casefold()), [])
                asked.append(_Asked(repository=name, place=place, environment=one.environment))

    # -- slots --------------------------------------------------------------------------------------------------------

    def _take_slots(self) -> None:
        """Learn which slots there are, and of which repositories all that they get were listed."""
        table = inventory_observations
        listed = (table.c.kind == SubjectKind.STORED_SECRET, table.c.present.is_(True))
        for row in self._connection.execute(select(table.c.payload).where(*listed)):
            slot = decode(row.payload, StoredSecret)
            if slot.read_by is not None:
                self._slots.setdefault(slot.name.casefold(), []).append(slot)
        own: dict[str, set[str]] = {}
        shared: list[str] = []
        query = (
            select(scopes.c.api, resources.c.payload)
            .join(resources, resources.c.uid == scopes.c.resource_uid)
            .where(
                scopes.c.api.in_(_SLOT_APIS),
                scopes.c.status == CoverageStatus.COMPLETE,
                scopes.c.retired_time.is_(None),
            )
        )
        for row in self._connection.execute(query):
            resource = decode(row.payload, Resource)
            if resource.kind == "repository":
                own.setdefault(_canonical(resource), set()).add(row.api)
            elif row.api == _ORGANIZATION_API:
                shared.append(f"{resource.name.casefold()}/")
        self._slots_known = {
            name for name, apis in own.items() if apis == set(_SLOT_APIS) and name.startswith(tuple(shared))
        }


def _reaches(slot: StoredSecret, name: str) -> bool:
    return any(fnmatchcase(name, glob.casefold()) for glob in slot.reach)


def _same_environment(of_slot: str | None, of_job: str | None) -> bool:
    """Say whether a job gets a slot: one of no environment always, another where the job may stand in that one."""
    if of_slot is None:
        return True
    return of_job is not None and (_COMPUTED in of_job or of_job.casefold() == of_slot.casefold())


def _canonical(resource: Resource) -> str:
    """Return how a repository is called wherever it is met: its origin's `host/owner/name`, else its own name."""
    for alias in resource.aliases:
        if "://" in alias:
            return alias.partition("://")[2].removesuffix("/").removesuffix(".git").casefold()
    return resource.name.casefold()
