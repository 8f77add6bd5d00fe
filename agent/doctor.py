"""Whether this machine has what a sweep needs, a line for each thing, and what to do where it has not."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import StrEnum
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path

from agent.configuration import Configuration
from agent.errors import AgentError, Ending
from agent.installation import Installation, installation
from agent.terminal import escaped
from storage.errors import StoreError
from storage.inventory import Record

# Fixes for crafted repositories (CVE-2025-48384, CVE-2025-48385 and others) came with 2.50.1.
# https://github.com/git/git/security/advisories
GIT_FLOOR = (2, 50, 1)
_OUR_PACKAGES = ("agent", "connectors", "rules", "storage")
_VERSION = re.compile(r"git version ([0-9]+)\.([0-9]+)(?:\.([0-9]+))?")


class Mark(StrEnum):
    """How a check came out."""

    FINE = "ok"
    WARNING = "warning"
    FAULT = "FAULT"


class Check(Record, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str
    mark: Mark
    detail: str
    ending: int = Ending.CLEAN
    """The exit code that a fault of this kind stands for."""


def examine(config: Path | None, store: str | None) -> list[Check]:
    """Look at everything, also after a fault. Nothing is written."""
    checks = [_python(), _program(), _git(), _matcher(), *_foreign_packages()]
    try:
        place = installation(config, store, discover=False)
        checks.append(_configuration(place.configuration))
        checks.append(_tuning(place.configuration))
    except AgentError as error:
        checks.append(Check(name="configuration", mark=Mark.FAULT, detail=str(error), ending=error.ending))
        return checks
    checks += [
        _guarded("key", lambda: _key(place)),
        _guarded("store", lambda: _store(place)),
        _limits(place.configuration),
    ]
    return checks


def _python() -> Check:
    return Check(
        name="python", mark=Mark.FINE, detail=f"{platform.python_version()} on {platform.platform(terse=True)}"
    )


def _program() -> Check:
    return Check(name="nhi-agent", mark=Mark.FINE, detail=version("nhi-agent"))


def _git() -> Check:
    path = shutil.which("git")
    if path is None:
        return Check(name="git", mark=Mark.FAULT, detail="git is not installed; install it.", ending=Ending.USAGE)
    told = subprocess.run(
        [path, "--version"], capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL
    )
    match = _VERSION.match(told.stdout)
    if match is None:
        return Check(name="git", mark=Mark.FAULT, detail=f"{path} does not say its version.", ending=Ending.USAGE)
    found = tuple(int(part or 0) for part in match.groups())
    text = escaped(told.stdout.strip().removeprefix("git version "))
    if found >= GIT_FLOOR:
        return Check(name="git", mark=Mark.FINE, detail=f"{text} at {path}")
    floor = ".".join(str(part) for part in GIT_FLOOR)
    package = _distribution_package()
    detail = (
        f"{text} at {path} is older than {floor}"
        + (f" (package {package}: your distribution may have brought the fixes in)" if package else "")
        + "; repositories of strangers are safer to read with a newer git."
    )
    return Check(name="git", mark=Mark.WARNING, detail=detail)


def _distribution_package() -> str | None:
    """The version of git's package as the distribution counts it; `None` where no such tool says so."""
    for command in (["dpkg-query", "-W", "-f=${Version}", "git"], ["rpm", "-q", "git"], ["apk", "info", "-v", "git"]):
        if shutil.which(command[0]) is None:
            continue
        told = subprocess.run(
            command, capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL
        )
        if told.returncode == 0 and told.stdout.strip():
            return escaped(told.stdout.split()[0])
    return None


def _matcher() -> Check:
    there = [name for name in ("hyperscan", "re2") if find_spec(name) is not None]
    if "re2" not in there:
        detail = "google-re2 is not installed; reinstall nhi-agent."
        return Check(name="matcher", mark=Mark.FAULT, detail=detail, ending=Ending.USAGE)
    if "hyperscan" not in there:
        return Check(name="matcher", mark=Mark.FINE, detail="re2; hyperscan, which is faster, has no wheel here.")
    return Check(
        name="matcher", mark=Mark.FINE, detail=f"hyperscan {version('hyperscan')}, re2 {version('google-re2')}"
    )


def _foreign_packages() -> Iterator[Check]:
    """Our four packages have everyday names; another distribution with one of them would mix its files into ours."""
    claims = packages_distributions()
    for name in _OUR_PACKAGES:
        foreign = sorted(set(claims.get(name, ())) - {"nhi-agent"})
        if foreign:
            detail = f"'{name}' also comes with {', '.join(foreign)}; install nhi-agent in an environment of its own."
            yield Check(name="packages", mark=Mark.FAULT, detail=detail, ending=Ending.CONFIGURATION)


def _configuration(configuration: Configuration) -> Check:
    settings = configuration.settings
    origin = configuration.name or "none: defaults"
    detail = f"{origin}; {len(settings.repositories)} configured repositories; policy '{settings.policy.name}'"
    return Check(name="configuration", mark=Mark.FINE, detail=escaped(detail))


def _tuning(configuration: Configuration) -> Check:
    """Own formats, formats switched off and the allow-list. Raises `ConfigurationFault` where they are not sound."""
    tuning = configuration.tuning
    counts = f"{len(tuning.formats)} own formats, {len(tuning.disabled)} disabled, {len(tuning.allow_list)} allowances"
    return Check(name="detection", mark=Mark.FINE, detail=counts)


def _key(place: Installation) -> Check:
    """The key, alone and as the store's: a sweep refuses a store that was written under another."""
    ring = place.existing_keyring()
    # A store that does not open has a line of its own.
    with suppress(StoreError):
        if place.store_exists:
            with place.reading() as store:
                place.check_keyring(store)
    if ring is not None:
        return Check(
            name="key", mark=Mark.FINE, detail=f"{ring.key_id} in {ring.path}, {len(ring.keys) - 1} former keys"
        )
    place.require_key()
    return Check(name="key", mark=Mark.FINE, detail=f"none yet; the first sweep makes {place.key_path}")


def _store(place: Installation) -> Check:
    if not place.store_exists:
        return Check(name="store", mark=Mark.FINE, detail=f"none yet; the first sweep makes {place.store_shown}")
    with place.reading() as store:
        return Check(name="store", mark=Mark.FINE, detail=f"{place.store_shown}, schema {store.schema_version()}")


def _limits(configuration: Configuration) -> Check:
    limits = configuration.limits()
    detail = (
        f"{limits.wall_seconds:.0f} s, {limits.cpu_seconds} CPU s and {limits.address_space_bytes >> 20} MiB "
        f"a repository; {configuration.settings.jobs} at once; Python may open {_open_files()} files"
    )
    return Check(name="limits", mark=Mark.FINE, detail=detail)


def _open_files() -> str:
    if sys.platform == "win32":
        return "an unknown number of"
    import resource

    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return "any number of" if soft == resource.RLIM_INFINITY else str(soft)


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    """One check; its fault is a line like the others."""
    try:
        return check()
    except AgentError as error:
        return Check(name=name, mark=Mark.FAULT, detail=str(error), ending=error.ending)
    except StoreError as error:
        return Check(name=name, mark=Mark.FAULT, detail=str(error), ending=Ending.STORE)
