"""Whether this machine has what a sweep needs, a line for each thing, and what to do where it has not."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path

from agent.configuration import Configuration
from agent.errors import AgentError, Ending
from agent.installation import Installation, installation
from agent.own_scopes import called
from agent.plan import Planned
from agent.target_settings import TARGET_SETTINGS
from agent.terminal import escaped
from connectors.base import Check, Mark, TargetError
from connectors.registry import CONNECTORS, Entry
from storage.errors import StoreError

# Fixes for crafted repositories (CVE-2025-48384, CVE-2025-48385 and others) came with 2.50.1.
# https://github.com/git/git/security/advisories
GIT_FLOOR = (2, 50, 1)
_OUR_PACKAGES = ("agent", "connectors", "rules", "storage")
_VERSION = re.compile(r"git version ([0-9]+)\.([0-9]+)(?:\.([0-9]+))?")


class Line(Check, frozen=True, kw_only=True):
    """One thing that was looked at, as it is told."""

    ending: int = Ending.CLEAN
    """The exit code that a fault of this kind stands for."""


def examine(config: Path | None, store: str | None) -> list[Line]:
    """Look at everything, also after a fault. Nothing is written."""
    checks = [_python(), _program(), _git(), _matcher(), *_foreign_packages()]
    try:
        place = installation(config, store, discover=False)
        checks.append(_configuration(place.configuration))
        checks.append(_tuning(place.configuration))
    except AgentError as error:
        checks.append(Line(name="configuration", mark=Mark.FAULT, detail=str(error), ending=error.ending))
        return checks
    checks += [
        _guarded("key", lambda: _key(place)),
        _guarded("store", lambda: _store(place)),
        _limits(place.configuration),
    ]
    checks += target_lines(place.configuration.targets(), CONNECTORS)
    return checks


def target_lines(targets: Iterable[Planned], connectors: Mapping[str, Entry]) -> Iterator[Line]:
    """What each configured target lacks, and what its connector finds when it looks."""
    for planned in targets:
        name = escaped(called(planned.target))
        if planned.problem is not None:
            yield Line(name=name, mark=Mark.WARNING, detail=planned.problem)
            continue
        try:
            for check in connectors[planned.connector].load().checks(planned.target):
                ending = Ending.INCOMPLETE if check.mark is Mark.FAULT else Ending.CLEAN
                yield Line(name=f"{name}: {check.name}", mark=check.mark, detail=escaped(check.detail), ending=ending)
        except TargetError as refused:
            yield Line(name=name, mark=Mark.FAULT, detail=escaped(str(refused)), ending=Ending.INCOMPLETE)


def _python() -> Line:
    return Line(name="python", mark=Mark.FINE, detail=f"{platform.python_version()} on {platform.platform(terse=True)}")


def _program() -> Line:
    return Line(name="nhi-agent", mark=Mark.FINE, detail=version("nhi-agent"))


def _git() -> Line:
    path = shutil.which("git")
    if path is None:
        return Line(name="git", mark=Mark.FAULT, detail="git is not installed; install it.", ending=Ending.USAGE)
    told = subprocess.run(
        [path, "--version"], capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL
    )
    match = _VERSION.match(told.stdout)
    if match is None:
        return Line(name="git", mark=Mark.FAULT, detail=f"{path} does not say its version.", ending=Ending.USAGE)
    found = tuple(int(part or 0) for part in match.groups())
    text = escaped(told.stdout.strip().removeprefix("git version "))
    if found >= GIT_FLOOR:
        return Line(name="git", mark=Mark.FINE, detail=f"{text} at {path}")
    floor = ".".join(str(part) for part in GIT_FLOOR)
    package = _distribution_package()
    detail = (
        f"{text} at {path} is older than {floor}"
        + (f" (package {package}: your distribution may have brought the fixes in)" if package else "")
        + "; repositories of strangers are safer to read with a newer git."
    )
    return Line(name="git", mark=Mark.WARNING, detail=detail)


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


def _matcher() -> Line:
    there = [name for name in ("hyperscan", "re2") if find_spec(name) is not None]
    if "re2" not in there:
        detail = "google-re2 is not installed; reinstall nhi-agent."
        return Line(name="matcher", mark=Mark.FAULT, detail=detail, ending=Ending.USAGE)
    if "hyperscan" not in there:
        return Line(name="matcher", mark=Mark.FINE, detail="re2; hyperscan, which is faster, has no wheel here.")
    return Line(name="matcher", mark=Mark.FINE, detail=f"hyperscan {version('hyperscan')}, re2 {version('google-re2')}")


def _foreign_packages() -> Iterator[Line]:
    """Our four packages have everyday names; another distribution with one of them would mix its files into ours."""
    claims = packages_distributions()
    for name in _OUR_PACKAGES:
        foreign = sorted(set(claims.get(name, ())) - {"nhi-agent"})
        if foreign:
            detail = f"'{name}' also comes with {', '.join(foreign)}; install nhi-agent in an environment of its own."
            yield Line(name="packages", mark=Mark.FAULT, detail=detail, ending=Ending.CONFIGURATION)


def _configuration(configuration: Configuration) -> Line:
    origin = configuration.name or "none: defaults"
    counts = ", ".join(
        f"{len(configuration.listed(entry))} configured {TARGET_SETTINGS[entry.name].plural}"
        for entry in CONNECTORS.values()
    )
    detail = f"{origin}; {counts}; policy '{configuration.settings.policy.name}'"
    return Line(name="configuration", mark=Mark.FINE, detail=escaped(detail))


def _tuning(configuration: Configuration) -> Line:
    """Own formats, formats switched off and the allow-list. Raises `ConfigurationFault` where they are not sound."""
    tuning = configuration.tuning
    counts = f"{len(tuning.formats)} own formats, {len(tuning.disabled)} disabled, {len(tuning.allow_list)} allowances"
    return Line(name="detection", mark=Mark.FINE, detail=counts)


def _key(place: Installation) -> Line:
    """The key, alone and as the store's: a sweep refuses a store that was written under another."""
    ring = place.existing_keyring()
    # A store that does not open has a line of its own.
    with suppress(StoreError):
        if place.store_exists:
            with place.reading() as store:
                place.check_keyring(store)
    if ring is not None:
        return Line(
            name="key", mark=Mark.FINE, detail=f"{ring.key_id} in {ring.path}, {len(ring.keys) - 1} former keys"
        )
    place.require_key()
    return Line(name="key", mark=Mark.FINE, detail=f"none yet; the first sweep makes {place.key_path}")


def _store(place: Installation) -> Line:
    if not place.store_exists:
        return Line(name="store", mark=Mark.FINE, detail=f"none yet; the first sweep makes {place.store_shown}")
    with place.reading() as store:
        return Line(name="store", mark=Mark.FINE, detail=f"{place.store_shown}, schema {store.schema_version()}")


def _limits(configuration: Configuration) -> Line:
    limits = configuration.limits()
    detail = (
        f"{limits.wall_seconds:.0f} s, {limits.cpu_seconds} CPU s and {limits.address_space_bytes >> 20} MiB "
        f"a repository; {configuration.settings.jobs} at once; Python may open {_open_files()} files"
    )
    return Line(name="limits", mark=Mark.FINE, detail=detail)


def _open_files() -> str:
    if sys.platform == "win32":
        return "an unknown number of"
    import resource

    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return "any number of" if soft == resource.RLIM_INFINITY else str(soft)


def _guarded(name: str, check: Callable[[], Line]) -> Line:
    """One check; its fault is a line like the others."""
    try:
        return check()
    except AgentError as error:
        return Line(name=name, mark=Mark.FAULT, detail=str(error), ending=error.ending)
    except StoreError as error:
        return Line(name=name, mark=Mark.FAULT, detail=str(error), ending=Ending.STORE)
