"""What was ever read, by name; and the word of a person that something is no longer to be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import click

from agent.errors import UsageFault
from agent.export.base import counted
from agent.installation import installation, now
from agent.own_scopes import called, target_name
from agent.terminal import escaped
from agent.triage import login_name
from storage.inventory import Resource, Scope
from storage.store import Store


def list_scopes(*, config: Path | None, store: str | None) -> int:
    """Carry out ``nhi-agent scopes list``."""
    place = installation(config, store, discover=False)
    with place.reading() as opened:
        retired = {one.scope.uid: one for one in opened.retired()}
        for name, scopes in sorted(_by_name(opened).items()):
            click.echo(escaped(name))
            for scope in scopes:
                one = retired.get(scope.uid)
                said = f"  retired {one.time.date()} by {one.actor}: {one.reason}" if one else ""
                click.echo(escaped(f"  {_part_of(scope)}{said}"))
    return 0


def retire(
    *,
    name: str,
    reason: str,
    actor: str | None,
    api: str | None,
    region: str | None,
    config: Path | None,
    store: str | None,
    as_of: datetime | None,
) -> int:
    """Carry out ``nhi-agent scopes retire``."""
    if not reason.strip():
        raise UsageFault("a reason is needed, in a sentence that an auditor understands.")
    place = installation(config, store, discover=False)
    with place.open_store() as opened:
        found = [
            scope
            for scope in _named(opened, name)
            if (api is None or scope.api == api) and (region is None or scope.region == region)
        ]
        configured = {called(planned.target) for planned in place.configuration.targets()}
        if api is None and region is None and name in configured:
            raise UsageFault(
                f"'{escaped(name)}' is still configured, so the next run reads it again; take it out of the file first."
            )
        if not found:
            raise UsageFault(
                f"nothing called '{escaped(name)}' with such a part was ever read; see `nhi-agent scopes list`."
            )
        uids = [scope.uid for scope in found]
        scopes, findings = opened.retire(uids, actor=actor or login_name(), reason=reason, time=as_of or now())
    click.echo(
        escaped(
            f"{counted(scopes, 'scope')} of {name} retired, {counted(findings, 'finding')} closed as scope_removed."
        )
    )
    return 0


def _named(store: Store, name: str) -> Iterable[Scope]:
    by_name = _by_name(store)
    if name in by_name:
        return by_name[name]
    return [scope for scopes in by_name.values() for scope in scopes if name in {scope.resource_uid, scope.uid}]


def _by_name(store: Store) -> dict[str, list[Scope]]:
    names: dict[str, Resource] = {resource.uid: resource for resource in store.resources()}
    found: dict[str, list[Scope]] = {}
    for scope in store.scopes():
        resource = names.get(scope.resource_uid)
        found.setdefault(resource.name if resource else target_name(scope.resource_uid), []).append(scope)
    return found


def _part_of(scope: Scope) -> str:
    """Which part of its resource a scope is, for a person."""
    if scope.api is not None:
        return f"{scope.api}{f' in {scope.region}' if scope.region else ''}"
    where = f" of {scope.location}" if scope.location else ""
    return f"{scope.carrier or scope.name}{where}{' (a part)' if scope.part else ''}"
