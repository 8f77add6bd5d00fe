"""Joins exposures, identities and slots with everybody who is said to answer for them, and orders those claims.

1. The operator's owners file (`Policy.owners`) is asked first. A line matches an exposed value's place when its
   repository glob, its path pattern and its detector glob all do; an identity or a slot when its repository glob is met
   by the account they belong to, and its own glob by their name, uid or an alias. A line that narrows down one sort of
   things says nothing of the others. As in CODEOWNERS, the *last* matching line wins, so that what is special is
   written below what is general; lines with the same patterns name several people for the same thing. A value that
   stands in several places collects the winners of each.
2. Then come the claims that the connectors found: CODEOWNERS, tags, directories.
3. Candidates come last: the author who brought a value in, recent committers, whoever the provider's log says made an
   identity. A candidate is a lead, not an owner.

A claim is accountable only when the policy counts its source (`Policy.accountable_sources`). Somebody has left when the
owners file, `Policy.left` or the source of the claim says so; those stand behind the others of their role. Not being
listed as gone proves nobody's presence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TypeVar

from msgspec.structs import replace
from pathspec import GitIgnoreSpec

from storage.inventory import (
    Confidence,
    CredentialState,
    Facet,
    Identity,
    IdentityState,
    Owner,
    OwnerAssignment,
    OwnerRole,
    OwnerSource,
    Pipeline,
    PipelineState,
    Policy,
    SecretExposure,
    StoredSecret,
    StoredSecretState,
    Subject,
)

Owned = TypeVar("Owned", SecretExposure, Identity, StoredSecret, Pipeline)

EVERY_PATH = "**"
"""The path pattern that also covers what has no path: commit messages, names, whole repositories."""
EVERY_DETECTOR = "*"
EVERYTHING = "*"
"""The glob of a line that does not narrow down identities or slots."""

_SOURCES = tuple(OwnerSource)
_HOMES = ("repository", "organization")
"""Attributes of a listed thing that name what it belongs to, as people and the owners file call it."""


def settled(thing: Owned, policy: Policy) -> Owned:
    """Return an exposure, an identity or a slot with its claims as `resolve` gives them: what outputs show.

    Settling twice under one policy changes nothing.

    Raises:
        ValueError: as `resolve`.
    """
    return replace(thing, owners=resolve(thing, policy))


def settled_subject(subject: Subject, policy: Policy) -> Subject:
    """Return what rules judge: the same subject, its claims settled, and those of whose it is.

    Raises:
        ValueError: as `resolve`.
    """
    match subject:
        case SecretExposure():
            return settled(subject, policy)
        case IdentityState(identity=identity):
            return replace(subject, identity=settled(identity, policy))
        case CredentialState(identity=Identity() as holder):
            return replace(subject, identity=settled(holder, policy))
        case StoredSecretState(stored_secret=slot):
            return replace(subject, stored_secret=settled(slot, policy))
        case PipelineState(pipeline=pipeline):
            return replace(subject, pipeline=settled(pipeline, policy))
        case _:
            return subject


def resolve(thing: SecretExposure | Identity | StoredSecret | Pipeline, policy: Policy) -> tuple[Owner, ...]:
    """Return all claims on a thing, the accountable first, each with what the policy knows of it.

    Raises:
        ValueError: a path pattern of the owners file cannot be read; `path_pattern` finds that out beforehand.
    """
    match thing:
        case SecretExposure():
            assigned = _of_places(thing, policy)
        case Pipeline():
            assigned = _of_file(thing, policy)
        case _:
            assigned = _of_listed(thing, policy)
    return _ordered([*assigned, *thing.owners], policy)


def _of_places(exposure: SecretExposure, policy: Policy) -> list[Owner]:
    places = dict.fromkeys((occurrence.repository, occurrence.path) for occurrence in exposure.occurrences)
    return [
        _claim(assignment)
        for repository, path in places
        for assignment in _winners(
            [line for line in policy.owners if _covers(line, repository, path, exposure.detector)],
        )
    ]


def _of_file(pipeline: Pipeline, policy: Policy) -> list[Owner]:
    """The lines about the repository and the path; one about a sort of values says nothing of a file."""
    homes = (pipeline.resource_uid, pipeline.resource_uid.split(":", 2)[-1])
    lines = [
        line
        for line in policy.owners
        if line.detector == EVERY_DETECTOR and any(_covers(line, home, pipeline.path, EVERY_DETECTOR) for home in homes)
    ]
    return [_claim(line) for line in _winners(lines)]


def _of_listed(thing: Identity | StoredSecret, policy: Policy) -> list[Owner]:
    names = (thing.name, thing.uid, *thing.aliases)
    # Uids read `provider:kind:name`: an operator knows an account by its number alone.
    # What is called by a number of its provider is known by the names that its connector tells.
    told = (thing.attributes.get(name) for name in _HOMES)
    homes = (thing.resource_uid, thing.resource_uid.split(":", 2)[-1], *(home for home in told if home is not None))
    lines = [
        line
        for line in policy.owners
        if _about_no_value(line)
        and (line.stored_secret if isinstance(thing, Identity) else line.identity) == EVERYTHING
        and any(fnmatchcase(home, line.repository) for home in homes)
        and any(
            fnmatchcase(name, line.identity if isinstance(thing, Identity) else line.stored_secret) for name in names
        )
    ]
    return [_claim(line) for line in _winners(lines)]


def resolve_resource(names: Iterable[str], policy: Policy) -> tuple[Owner, ...]:
    """Return who answers for a whole resource, by any of its names: the lines that are not about some things in it."""
    called = tuple(names)
    lines = [
        line
        for line in policy.owners
        if _about_no_value(line)
        and _about_nothing_listed(line)
        and any(fnmatchcase(name, line.repository) for name in called)
    ]
    return _ordered([_claim(line) for line in _winners(lines)], policy)


def claims_on(
    subject: SecretExposure | IdentityState | StoredSecretState,
) -> tuple[tuple[Owner, ...], frozenset[Facet]]:
    """Return the claims on a settled subject, and the questions its sources could answer."""
    match subject:
        case SecretExposure():
            return subject.owners, subject.observed
        case IdentityState(identity=identity):
            return identity.owners, identity.observed
        case StoredSecretState(stored_secret=slot):  # pragma: no branch - mypy proves that there is no other case
            return slot.owners, slot.observed


def who_answers(owners: Iterable[Owner]) -> Owner | None:
    """Return the first accountable owner who has not left, of claims as `resolve` gives them."""
    return next((owner for owner in owners if owner.role is OwnerRole.ACCOUNTABLE and not owner.left), None)


@lru_cache(maxsize=4096)
def path_pattern(pattern: str) -> GitIgnoreSpec:
    """Read one path pattern of an owners file, gitignore style.

    Raises:
        ValueError: it cannot be read, with a sentence that says so.
    """
    try:
        return GitIgnoreSpec.from_lines([pattern])
    except ValueError as error:
        raise ValueError(
            f"the path pattern {pattern!r} of the owners cannot be read; write it as in .gitignore"
        ) from error


def _covers(line: OwnerAssignment, repository: str, path: str | None, detector: str) -> bool:
    if not (fnmatchcase(repository, line.repository) and fnmatchcase(detector, line.detector)):
        return False
    if not _about_nothing_listed(line):
        return False
    return line.path == EVERY_PATH or (path is not None and path_pattern(line.path).match_file(path))


def _about_no_value(line: OwnerAssignment) -> bool:
    return (line.path, line.detector) == (EVERY_PATH, EVERY_DETECTOR)


def _about_nothing_listed(line: OwnerAssignment) -> bool:
    return (line.identity, line.stored_secret) == (EVERYTHING, EVERYTHING)


def _winners(matching: list[OwnerAssignment]) -> list[OwnerAssignment]:
    """Of the lines that match, in the file's order, those that say the same thing as the last one."""
    return [line for line in matching if _aim(line) == _aim(matching[-1])]


def _aim(line: OwnerAssignment) -> tuple[str, ...]:
    return line.repository, line.path, line.detector, line.identity, line.stored_secret


def _claim(line: OwnerAssignment) -> Owner:
    return Owner(
        name=line.owner,
        role=OwnerRole.ACCOUNTABLE,
        source=OwnerSource.OWNERS_FILE,
        confidence=Confidence.HIGH,
        email=line.email,
        left=line.left or None,
        locator=line.locator or None,
    )


def _ordered(claims: list[Owner], policy: Policy) -> tuple[Owner, ...]:
    gone = frozenset(person.casefold() for person in policy.left)
    activity = _activity(claims)
    settled = dict.fromkeys(_settled(claim, policy, gone, activity) for claim in claims)
    return tuple(sorted(settled, key=_rank))


def _settled(claim: Owner, policy: Policy, gone: frozenset[str], activity: Mapping[str, datetime]) -> Owner:
    counts = claim.role is OwnerRole.ACCOUNTABLE and claim.source in policy.accountable_sources
    return replace(
        claim,
        role=OwnerRole.ACCOUNTABLE if counts else OwnerRole.CANDIDATE,
        left=True if _person(claim) in gone else claim.left,
        last_activity_time=claim.last_activity_time or activity.get(_person(claim)),
    )


def _activity(claims: list[Owner]) -> dict[str, datetime]:
    """The newest activity of each person: an owners file knows no commits, but the same person may have some."""
    newest: dict[str, datetime] = {}
    for claim in claims:
        time = claim.last_activity_time
        if time is not None:
            newest[_person(claim)] = max(time, newest.get(_person(claim), time))
    return newest


def _person(claim: Owner) -> str:
    return (claim.email or claim.name).casefold()


def _rank(claim: Owner) -> tuple[bool, bool, int]:
    return claim.role is not OwnerRole.ACCOUNTABLE, bool(claim.left), _SOURCES.index(claim.source)
