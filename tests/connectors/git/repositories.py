"""Real repositories, made by git for one test each, and a sweep of them with the real detector."""

from __future__ import annotations

import hashlib
import hmac
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors.base import Limits
from connectors.detection.allow_list import AllowList
from connectors.detection.catalogue import shipped_catalogue
from connectors.detection.detector import Detector
from connectors.detection.shapes import samples
from connectors.detection.suppressions import Baselines
from connectors.git.connector import GitConnector
from connectors.git.target import GitTarget
from storage.inventory import (
    Carrier,
    Coverage,
    CoverageStatus,
    Gap,
    GapReason,
    Observation,
    Occurrence,
    Resource,
    Scope,
    SecretExposure,
    SecretReference,
)


def a_token(seed: int = 0) -> bytes:
    """Return a made-up token with a right checksum; it is written nowhere."""
    return samples("{github:ghp_}", seed, 1)[0]


class Fingerprints:
    """Tags under one made-up key."""

    def tags(self, value: bytes) -> tuple[str, ...]:
        return ("v1:00000000:" + hmac.new(b"a test's key", value, hashlib.sha256).hexdigest(),)


class TestSession:
    """What the agent would lend."""

    __test__ = False

    def __init__(
        self,
        scratch: Path,
        cache: Path,
        limits: Limits | None = None,
        allow_list: AllowList | None = None,
        ready: Detector | None = None,
    ) -> None:
        self.allow_list = allow_list or AllowList()
        self.limits = limits or Limits()
        self.fingerprinter = Fingerprints()
        self.deadline = time.monotonic() + min(120, self.limits.wall_seconds)
        self.scratch = scratch
        self.cache = cache
        self.ready = ready

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Nobody waits."""

    def detector(self, baselines: Baselines) -> Detector:
        return self.ready or a_detector(self.cache, baselines)


def a_detector(cache: Path, baselines: Baselines | None = None) -> Detector:
    """The real one, but for the plugins of detect-secrets."""
    return Detector(shipped_catalogue(), Fingerprints(), cache_directory=cache, baselines=baselines, plugins=False)


class Swept:
    """What a sweep said."""

    def __init__(self, observations: list[Observation]) -> None:
        self.observations = observations
        self.exposures = [one for one in observations if isinstance(one, SecretExposure)]
        self.references = [one for one in observations if isinstance(one, SecretReference)]
        self.gaps = [one for one in observations if isinstance(one, Gap)]
        self.scopes = {one.carrier: one for one in observations if isinstance(one, Scope)}
        (self.resource,) = [one for one in observations if isinstance(one, Resource)]
        carriers = {one.uid: one.carrier for one in self.scopes.values()}
        self.coverage = {carriers[one.scope_uid]: one for one in observations if isinstance(one, Coverage)}
        assert self.coverage.keys() == self.scopes.keys()

    def of(self, token: bytes) -> list[SecretExposure]:
        (tag,) = Fingerprints().tags(token)
        return [one for one in self.exposures if one.fingerprint == tag]

    def one(self, token: bytes) -> SecretExposure:
        (found,) = self.of(token)
        return found

    def places(self, token: bytes) -> set[tuple[str, str, str | None]]:
        """Carrier, place and path of each occurrence."""
        return {(one.carrier, one.place, one.path) for one in self.occurrences(token)}

    def occurrences(self, token: bytes) -> list[Occurrence]:
        return [occurrence for exposure in self.of(token) for occurrence in exposure.occurrences]

    def reasons(self, carrier: Carrier | None = None) -> set[GapReason]:
        scopes = {self.scopes[carrier].uid} if carrier else {scope.uid for scope in self.scopes.values()}
        return {gap.reason for gap in self.gaps if gap.scope_uid in scopes}

    def exclusions(self) -> set[str]:
        return {one.reason for coverage in self.coverage.values() for one in coverage.exclusions}

    @property
    def complete(self) -> bool:
        return not self.gaps and all(one.status is CoverageStatus.COMPLETE for one in self.coverage.values())


class Repository:
    """A repository made by the real git."""

    def __init__(self, path: Path, *options: str, bare: bool = False) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.run("init", "--quiet", "--initial-branch=main", *(["--bare"] if bare else []), *options)
        # Automatic packing would run beside the test.
        self.run("config", "gc.auto", "0")

    @property
    def git_directory(self) -> Path:
        inner = self.path / ".git"
        return inner if inner.is_dir() else self.path

    def run(self, *arguments: str, data: bytes = b"", **environment: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            input=data,
            capture_output=True,
            check=True,
            env={**os.environ, **environment},
        )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, path: str, content: bytes) -> Path:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def commit(self, files: dict[str, bytes] | None = None, message: str = "a change", **environment: str) -> str:
        for path, content in (files or {}).items():
            self.write(path, content)
        self.run("add", "--all", "--force")
        self.run("commit", "--quiet", "--allow-empty", "--no-verify", "--message", message, data=b"", **environment)
        return self.run("rev-parse", "HEAD")

    def object(self, kind: str, content: bytes) -> str:
        """Write an object as it is, however malformed."""
        return self.run("hash-object", "-w", "--literally", "-t", kind, "--stdin", data=content)


def sweep(
    location: Path | str,
    *,
    cache: Path,
    limits: Limits | None = None,
    allow_list: AllowList | None = None,
    ready: Detector | None = None,
    **target: Any,
) -> Swept:
    """Sweep as a worker would; `ready` is a detector that was built before, for which the cache is not asked."""
    with tempfile.TemporaryDirectory() as scratch:
        session = TestSession(Path(scratch), cache, limits, allow_list, ready)
        return Swept(list(GitConnector().collect(GitTarget(location=str(location), **target), session)))


def each_file(path: Path) -> Iterator[Path]:
    return (file for file in sorted(path.rglob("*")) if file.is_file())
