"""Is what was read under a name still the thing that was read before?

A folder may claim any origin, a disk may lose its objects, a path may hold another repository today. Whatever history
was rewritten, it grew from the same root commits; a read that shares none of them with the last one is *suspect*: it
adds what it saw, calls nothing gone and closes nothing. Its roots are remembered, so that a second run over the same
thing is believed.
"""

from __future__ import annotations

from msgspec.structs import replace

from storage.inventory import Gap, GapReason, Resource

ROOTS = "roots"
"""Attribute of a repository: the ids of commits without parents, with blanks between."""


def is_stranger(resource: Resource, former: Resource | None) -> bool:
    """Say whether a whole read shares no root commit with the last one under the same name, which had some."""
    known = _roots(former) if former is not None else frozenset()
    return bool(known) and known.isdisjoint(_roots(resource))


def remembered(resource: Resource, former: Resource | None) -> Resource:
    """Return a resource as it is recorded: a read that saw no root commit does not make the former ones forgotten."""
    if former is None or _roots(resource) or not _roots(former):
        return resource
    return replace(resource, attributes={**resource.attributes, ROOTS: former.attributes[ROOTS]})


def doubt(scope_uid: str) -> Gap:
    """Return the gap of a scope whose resource is suspect."""
    return Gap(
        scope_uid=scope_uid,
        reason=GapReason.SUSPECT,
        detail="It shares no root commit with what was read under this name before: make sure that it is the same "
        "repository, then run again; nothing was closed.",
    )


def _roots(resource: Resource) -> frozenset[str]:
    return frozenset(resource.attributes.get(ROOTS, "").split())
