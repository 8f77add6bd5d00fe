"""What every connector speaks: a scope goes in with a session, observations come out as a stream.

Providers never see each other; what they share lies here and beside this module. Nothing in here reads the store, the
configuration or a key file: the agent builds the session and hands it in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

from storage.inventory import Coverage, CoverageStatus, Exclusion, Facet, Observation, Record, Scope


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

    @property
    def place(self) -> str | None:
        """Where it lies, fit to be shown; it stands for the name where there is none. `None` where only names tell."""
        return None

    @property
    def remote(self) -> bool:
        """Whether it lies elsewhere, so that a slip of the pen and an outage look the same from here."""
        return True

    @property
    def needs(self) -> Mapping[str, str]:
        """By variable of the operator's environment: what it must hold. The worker gets these; no field holds them."""
        return {}


class TargetError(Exception):
    """What was named cannot be read at all. One clear sentence: what, and what to do."""


class Permission(Record, frozen=True, kw_only=True):
    """A right that a connector uses: what `doctor` asks for, and what the published least policies grant."""

    action: str
    """As the provider writes it: `iam:ListAccessKeys`."""
    facets: frozenset[Facet] = frozenset()
    """The questions that stay open without it; none when without it the things themselves are not seen."""
    optional: bool = False
    """True for what is only asked for when the configuration says so."""


class Mark(StrEnum):
    """How a check came out."""

    FINE = "ok"
    WARNING = "warning"
    FAULT = "FAULT"


class Check(Record, frozen=True, kw_only=True):
    """One thing that was looked at before a run: a line of `doctor`."""

    name: str
    """What was looked at, in a word or two."""
    mark: Mark
    """How it came out."""
    detail: str
    """One sentence for a person: what is so, and what to do about it. Free of values."""


def declared_itself(scope: Scope, *, undeclared: bool, exclusion: Exclusion | None) -> Iterator[Observation]:
    """Yield a scope for something that an organisation lists, which says whether the operator spoke of it at all.

    It stands apart from what is read in there. What nobody declared is a finding, until somebody includes or excludes
    it.
    """
    yield scope
    yield Coverage(
        scope_uid=scope.uid,
        status=CoverageStatus.UNDECLARED if undeclared else CoverageStatus.COMPLETE,
        expected=0,
        fetched=0,
        exclusions=(exclusion,) if exclusion else (),
    )


TargetKind = TypeVar("TargetKind", bound=Target)
SessionKind_contra = TypeVar("SessionKind_contra", bound=Session, contravariant=True)


class Connector(Protocol[TargetKind, SessionKind_contra]):
    """Reads targets of one kind. Who derives from it need not say what holds for most: one target, nothing to check."""

    @property
    def name(self) -> str:
        """As the configuration and every `Scope.connector` call it."""
        ...

    def expand(self, target: TargetKind) -> Iterable[TargetKind]:
        """Return the targets that are read for what the operator named, a worker each: most often itself alone.

        Looks at this machine only, and asks no provider.
        """
        return (target,)

    def checks(self, target: TargetKind) -> Iterable[Check]:  # noqa: ARG002 - most have nothing to check
        """Look at what a run over `target` would need: rights that are missing or too many, a login that is refused."""
        return ()

    def collect(self, target: TargetKind, session: SessionKind_contra) -> Iterator[Observation]:
        """Read one target, and yield what is seen of it as it is seen.

        Every scope is announced before anything in it, and closed by one `Coverage`. What the provider refuses is a
        `Gap`: with a `facet` where only a question stays open, without one where the things themselves were not seen.

        Raises:
            TargetError: when what was named cannot be read at all.
        """
        ...
