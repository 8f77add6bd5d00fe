"""All there is to say of something that a provider lists, for ``findings show``: a heading and a text a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from agent.export.base import ListedState, counted, days_between, listed_name
from rules.joins.owner_precedence import settled
from storage.inventory import (
    Credential,
    CredentialState,
    EventOutcome,
    Facet,
    Identity,
    IdentityState,
    Owner,
    Pipeline,
    PipelineState,
    Policy,
    PrivilegeLevel,
    SafeguardState,
    SlotUse,
    StoredSecret,
    StoredSecretState,
)
from storage.store import Store

Lines = Iterator[tuple[str, str]]
SHOWN = 20
"""How many privileges, trusts, credentials or events are told one by one."""


def about_listed(uid: str, store: Store, moment: datetime, policy: Policy) -> Lines:
    """Everything about the thing of that uid; nothing where no provider lists such a thing."""
    states: Iterator[ListedState] = (
        state
        for listed in (
            store.identities(),
            store.credentials(),
            store.stored_secrets(),
            store.safeguards(),
            store.pipelines(),
        )
        for state in listed
    )
    found = next((state for state in states if listed_name(state)[0] == uid), None)
    if found is None:
        return
    yield "what", listed_name(found)[1]
    yield "uid", uid
    if not found.present:
        yield "", "it is gone from the list of its provider"
    match found:
        case IdentityState():
            yield from _of_identity(settled(found.identity, policy), found.credentials, moment)
        case CredentialState():
            yield from _of_credential(found.credential, moment)
            if found.identity is not None:
                yield from _owners(settled(found.identity, policy).owners)
        case StoredSecretState():
            yield from _of_slot(settled(found.stored_secret, policy), moment)
            yield from _of_use(found.use)
        case PipelineState():
            yield from _of_pipeline(settled(found.pipeline, policy))
        case SafeguardState():  # pragma: no branch - mypy proves that there is no other case
            yield "state", {True: "on", False: "off", None: "unknown"}[found.safeguard.enabled]
            yield from _facts(found.safeguard.attributes.items())
    theirs = [one.uid for one in found.credentials] if isinstance(found, IdentityState) else []
    yield from _events(store, [uid, *theirs])


def _of_identity(identity: Identity, credentials: Iterable[Credential], moment: datetime) -> Lines:
    for alias in identity.aliases:
        yield "also called", alias
    yield from _ages(identity, moment)
    if identity.environment:
        yield "environment", identity.environment
    told = [one for one in identity.privileges if one.level is not PrivilegeLevel.LIMITED]
    for privilege in sorted(told, key=lambda one: -one.level.rank)[:SHOWN]:
        proof = f", by {privilege.proof}" if privilege.proof else ""
        yield "may", f"{privilege.level} by {privilege.name} over {privilege.reach}{proof}"
    if Facet.PRIVILEGES not in identity.observed:
        yield "may", "unknown: its rights could not all be read"
    for trust in identity.trusts[:SHOWN]:
        conditions = "; ".join(f"{key} {', '.join(values)}" for key, values in sorted(trust.conditions.items()))
        yield "trusts", f"{trust.kind} {trust.principal}{f', if {conditions}' if conditions else ', without condition'}"
    for credential in list(credentials)[:SHOWN]:
        name = credential.public_identifier or credential.name or credential.uid
        yield "has", f"{credential.kind} {name}, {_working(credential.enabled)}"
    yield from _owners(identity.owners)


def _of_credential(credential: Credential, moment: datetime) -> Lines:
    yield "works", _working(credential.enabled)
    yield from _ages(credential, moment)
    yield "expires", _moment(credential.expiration_time, Facet.EXPIRATION in credential.observed)


def _of_slot(slot: StoredSecret, moment: datetime) -> Lines:
    yield from _ages(slot, moment)
    schedule = {True: "by schedule", False: "by no schedule", None: "unknown"}[slot.rotation_enabled]
    yield "rotated", f"{_moment(slot.last_rotated_time, Facet.ROTATION in slot.observed)}, {schedule}"
    yield from _owners(slot.owners)


def _of_use(use: SlotUse | None) -> Lines:
    """Who asks for a slot, and what was searched for that."""
    if use is None:
        return
    for place in use.references:
        yield "asked for", place
    repositories = counted(use.searched, "repository", "repositories")
    yield "searched", f"{counted(use.files, 'pipeline file')} of {repositories}, on all branches"
    for name in use.unsearched:
        yield "not read", name
    for place in use.open_ended:
        yield "cannot tell", place


def _of_pipeline(pipeline: Pipeline) -> Lines:
    yield "stands on", pipeline.ref or "no branch"
    for fact in pipeline.facts[:SHOWN]:
        proof = f", {fact.proof}" if fact.proof else ""
        yield "shows", f"{fact.signal.replace('_', ' ')} at line {fact.line}{proof}"
    for reference in pipeline.references[:SHOWN]:
        yield (
            "asks for",
            f"{reference.kind.replace('_', ' ')} {reference.name or 'by a computed name'} at line {reference.line}",
        )
    for sentence in pipeline.undetermined[:SHOWN]:
        yield "cannot tell", sentence
    yield from _owners(pipeline.owners)


def _ages(thing: Identity | Credential | StoredSecret, moment: datetime) -> Lines:
    made = days_between(thing.created_time, moment)
    yield "made", "unknown" if made is None else f"{_moment(thing.created_time, known=True)}, {made:,} days ago"
    yield "last used", _moment(thing.last_used_time, Facet.LAST_USE in thing.observed)


def _events(store: Store, uids: Iterable[str]) -> Lines:
    """What logs told of a thing and what it proves itself with, the newest first."""
    told = list(store.events(subject_uids=uids))
    for event in reversed(told[-SHOWN:]):
        what = event.kind.replace("_", " ")
        failed = "" if event.outcome is EventOutcome.SUCCESS else ", in vain"
        by = f" by {event.actor}" if event.actor else ""
        when = event.time.isoformat(timespec="seconds")
        yield "event", f"{when}  {what}{failed}: {event.action}{by}, as {event.source} tells"
    if len(told) > SHOWN:
        yield "", f"and {len(told) - SHOWN:,} older events; `nhi-agent export -f jsonl` has those of a run"


def _owners(owners: Iterable[Owner]) -> Lines:
    for owner in owners:
        where = f" {owner.locator}" if owner.locator else ""
        left = ", has left" if owner.left else ""
        yield "owner", f"{owner.name}, {owner.role} by {owner.source.replace('_', ' ')}{where}{left}"


def _facts(facts: Iterable[tuple[str, str]]) -> Lines:
    for name, fact in sorted(facts):
        yield "says", f"{name}: {fact}"


def _moment(time: datetime | None, known: bool) -> str:  # noqa: FBT001 - whether `None` is an answer
    if time is not None:
        return time.date().isoformat()
    return "never" if known else "unknown"


def _working(enabled: bool | None) -> str:  # noqa: FBT001 - a field of three values
    return {True: "enabled", False: "disabled", None: "whether it is enabled is unknown"}[enabled]
