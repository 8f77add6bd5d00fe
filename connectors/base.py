"""What every connector speaks: a scope goes in with a session, observations come out as a stream.

Providers never see each other; what they share lies here and beside this module. Nothing in here reads the store, the
configuration or a key file: the agent builds the session and hands it in.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeVar

from storage.inventory import Facet, Observation, Record


class Limits(Record, frozen=True, kw_only=True):
    """How much one worker may spend on one target. Whatever is cut off is reported as a gap."""

    wall_seconds: float = 1800.0
    cpu_seconds: int = 900
    address_space_bytes: int = 3 << 29
    """1.5 GiB."""
    object_bytes: int = 256 << 20
    """Larger objects are not scanned."""
    window_bytes: int = 1 << 20
    """Objects over 10 MiB are read in windows of this size."""
    window_overlap_bytes: int = 64 << 10
    """More than the detector looks around any value, so that none is lost where two windows meet."""
    whole_object_bytes: int = 10 << 20
    paths_per_value: int = 50
    detections_per_object: int = 10_000
    detections_per_target: int = 100_000
    objects: int = 20_000_000
    commits: int = 5_000_000
    control_file_bytes: int = 1 << 20
    packed_refs_bytes: int = 256 << 20


class Fingerprinter(Protocol):
    """Turns the bytes of a value into keyed tags. The only way a value leaves a worker."""

    def tags(self, value: bytes) -> tuple[str, ...]:
        """Return one tag for each key of the ring, the active key's first: ``v1:<key id>:<64 hex digits>``."""
        ...


class Progress(Protocol):
    """Where a connector says how far it is, for a person who waits."""

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Report that `done` of `total` units of `stage` are finished."""
        ...


class Session(Protocol):
    """What the agent lends a connector for one scope."""

    @property
    def limits(self) -> Limits:
        """How much may be spent."""
        ...

    @property
    def fingerprinter(self) -> Fingerprinter:
        """The keyed tags."""
        ...

    @property
    def deadline(self) -> float:
        """Moment on the monotonic clock at which the connector must have stopped."""
        ...

    @property
    def scratch(self) -> Path:
        """An empty private directory that is removed afterwards."""
        ...

    @property
    def progress(self) -> Progress:
        """How far it is."""
        ...


class Target(Record, frozen=True, kw_only=True):
    """What one worker is to read. Each connector has a kind of its own, of plain fields: it crosses to the worker."""

    name: str | None = None
    """What the operator calls it; `None` lets the thing itself say how it is called."""


class Permission(Record, frozen=True, kw_only=True):
    """A right that a connector uses: what `doctor` asks for, and what the published least policies grant."""

    action: str
    """As the provider writes it: `iam:ListAccessKeys`."""
    facets: frozenset[Facet] = frozenset()
    """The questions that stay open without it; none when without it the things themselves are not seen."""
    optional: bool = False
    """True for what is only asked for when the configuration says so."""


TargetKind_contra = TypeVar("TargetKind_contra", bound=Target, contravariant=True)
SessionKind_contra = TypeVar("SessionKind_contra", bound=Session, contravariant=True)


class Connector(Protocol[TargetKind_contra, SessionKind_contra]):
    """Reads targets of one kind."""

    @property
    def name(self) -> str:
        """As the configuration and every `Scope.connector` call it."""
        ...

    def collect(self, target: TargetKind_contra, session: SessionKind_contra) -> Iterator[Observation]:
        """Read one target, and yield what is seen of it as it is seen.

        Every scope is announced before anything in it, and closed by one `Coverage`. What the provider refuses is a
        `Gap`: with a `facet` where only a question stays open, without one where the things themselves were not seen.
        """
        ...
