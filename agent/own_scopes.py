"""The agent's own scopes: one over each target, complete only when the target's worker ended well."""

from __future__ import annotations

from connectors.base import Target
from storage.inventory import Scope

CONNECTOR = "agent"
"""The `Scope.connector` of these scopes."""
_PREFIX = "target:"


def called(target: Target) -> str:
    """What a target is called: as the operator says, else by its place."""
    return target.name or target.place or ""


def own_scope(target: Target) -> Scope:
    """The scope over one target: that it was read to its end."""
    name = called(target)
    uid = f"{_PREFIX}{name}"
    return Scope(uid=uid, connector=CONNECTOR, resource_uid=uid, name=name, location=target.place)


def target_name(uid: str) -> str:
    """A target's name out of the uid of the scope over it; any other uid as it is."""
    return uid.removeprefix(_PREFIX)
