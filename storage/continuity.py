"""Is what was read under a name still the thing that was read before?

A folder may claim any origin, a disk may lose its objects, a path may hold another repository today. Whatever history
was rewritten, it grew from the same root commits, and it seldom loses half of its commits; a read that shares no root
with the last one, or has shrunk by more than half, is *suspect*: it adds what it saw, calls nothing gone and closes
nothing. What it saw is remembered, so that a second run over the same thing is believed. That does not hold for a
stranger in another place: whoever can have a folder swept can have it swept twice, so it is never believed, and nothing
of it is remembered. A name that the operator configured is only ever read in the place that he configured.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from storage.inventory import Gap, GapReason, Resource

ROOTS = "roots"
"""Attribute of a repository: the ids of commits without parents, with blanks between."""


COMMITS = "commits"
"""Attribute of a repository: how many commits refs reach."""

_CONFIGURED = "git:configured:"
"""How the uid of a resource begins that is called as the operator configured it."""
_FEW_COMMITS = 20
"""Of fewer commits half is lost in a morning's work."""


def doubts(resource: Resource, former: Resource | None) -> str | None:
    """Say what makes a whole read under the same name as another implausible, `None` where nothing does."""
    if former is None:
        return None
    if _is_stranger(resource, former):
        return "It shares no root commit with what was read under this name before"
    before, now = _commits(former), _commits(resource)
    if before is not None and now is not None and before >= _FEW_COMMITS and now < before / 2:
        return f"It has {now:,} commits, and what was read under this name before had {before:,}"
    return None


def remembered(resource: Resource, former: Resource | None) -> Resource:
    """Return a resource as it is recorded: what is known of it is not given up for what a stranger elsewhere claims.

    A read that saw no root commit does not make the former ones forgotten.
    """
    if former is None:
        return resource
    configured = resource.uid.startswith(_CONFIGURED)
    if _is_stranger(resource, former) and resource.location != former.location and not configured:
        return former
    if _roots(resource) or not _roots(former):
        return resource
    return replace(resource, attributes={**resource.attributes, ROOTS: former.attributes[ROOTS]})


def also_called(resources: Iterable[Resource]) -> dict[str, str]:
    """Return which names stand for what another name stands for too: one place, read by its path and as configured.

    A place may hold another repository today than it did: only what shares a root commit is one and the same.
    """
    there: dict[str, list[Resource]] = {}
    names: dict[str, str] = {}
    for resource in resources:
        known = there.setdefault(resource.location, [])
        twin = next((each for each in known if resource.location and _is_same(each, resource)), None)
        if twin is None:
            known.append(resource)
        elif twin.name != resource.name:
            names[resource.name] = twin.name
    return names


def _is_same(one: Resource, other: Resource) -> bool:
    if one.kind != other.kind:
        return False
    return _roots(one) == _roots(other) or not _roots(one).isdisjoint(_roots(other))


def doubt(scope_uid: str, why: str) -> Gap:
    """Return the gap of a scope whose resource is suspect."""
    return Gap(
        scope_uid=scope_uid,
        reason=GapReason.SUSPECT,
        detail=f"{why}: make sure that it is the same repository, then run again; nothing was closed.",
    )


def _is_stranger(resource: Resource, former: Resource) -> bool:
    known = _roots(former)
    return bool(known) and known.isdisjoint(_roots(resource))


def _commits(resource: Resource) -> int | None:
    told = resource.attributes.get(COMMITS, "")
    return int(told) if told.isdecimal() else None


def _roots(resource: Resource) -> frozenset[str]:
    return frozenset(resource.attributes.get(ROOTS, "").split())
