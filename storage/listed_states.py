"""What providers list, as the rules see it: an identity with its credentials, a credential with its holder.

Everything is read in parts, so that a million credentials pass through without lying in memory together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from storage.events import rotation_times
from storage.inventory import (
    Credential,
    CredentialState,
    Identity,
    IdentityState,
    Pipeline,
    PipelineState,
    Safeguard,
    SafeguardState,
    StoredSecret,
    StoredSecretState,
)
from storage.listing import Entry, credentials_of, entries, entries_of
from storage.slot_uses import SlotUses


def identity_states(connection: Connection, run: int | None = None) -> Iterator[IdentityState]:
    """Yield the identities by uid; where a run is named, those that it speaks of."""
    for part in entries(connection, Identity, run):
        yield from with_credentials(connection, part)


def with_credentials(connection: Connection, part: Sequence[Entry[Identity]]) -> Iterator[IdentityState]:
    """Yield some identities with their credentials, in the same order."""
    credentials = credentials_of(connection, [entry.thing.uid for entry in part])
    for entry in part:
        yield IdentityState(
            identity=entry.thing, present=entry.present, credentials=credentials.get(entry.thing.uid, ())
        )


def credential_states(connection: Connection, run: int | None = None) -> Iterator[CredentialState]:
    """Yield the credentials by uid; where a run is named, those that it speaks of."""
    for part in entries(connection, Credential, run):
        yield from with_holders(connection, part)


def with_holders(connection: Connection, part: Sequence[Entry[Credential]]) -> Iterator[CredentialState]:
    """Yield some credentials with their holders, in the same order."""
    holders = sorted({entry.thing.identity_uid for entry in part if entry.thing.identity_uid is not None})
    identities = {entry.thing.uid: entry.thing for entry in entries_of(connection, Identity, holders)}
    rotated = rotation_times(connection, [entry.thing.uid for entry in part])
    for entry in part:
        yield CredentialState(
            credential=entry.thing,
            present=entry.present,
            identity=identities.get(entry.thing.identity_uid or ""),
            rotation_times=rotated.get(entry.thing.uid, ()),
        )


def stored_secret_states(connection: Connection, run: int | None = None) -> Iterator[StoredSecretState]:
    """Yield the slots by uid, with who asks for them; where a run is named, those that it speaks of."""
    uses = SlotUses(connection)
    for part in entries(connection, StoredSecret, run):
        rotated = rotation_times(connection, [entry.thing.uid for entry in part])
        for entry in part:
            yield StoredSecretState(
                stored_secret=entry.thing,
                present=entry.present,
                use=uses.of(entry.thing),
                rotation_times=rotated.get(entry.thing.uid, ()),
            )


def safeguard_states(connection: Connection, run: int | None = None) -> Iterator[SafeguardState]:
    """Yield the safeguards by uid; where a run is named, those that it speaks of."""
    for part in entries(connection, Safeguard, run):
        for entry in part:
            yield SafeguardState(safeguard=entry.thing, present=entry.present)


def pipeline_states(connection: Connection, run: int | None = None) -> Iterator[PipelineState]:
    """Yield the pipelines by uid; where a run is named, those that it speaks of."""
    uses = SlotUses(connection)
    for part in entries(connection, Pipeline, run):
        for entry in part:
            unprovided = uses.unprovided(entry.thing) if entry.present else None
            yield PipelineState(pipeline=entry.thing, present=entry.present, unprovided=unprovided)
