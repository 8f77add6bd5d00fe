"""Looks after the key file. What is printed is ids, dates and states; never a key."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from agent import keyring
from agent.errors import KeyFault, UsageFault
from agent.installation import Installation, installation, known_checks, known_keys, now
from agent.presence import is_there

_MEANING = """\
The store was written under key {keys}, which the key file does not hold. Adopting gives that key up:
- the next sweep recognises a secret by where it stands: exactly in git objects, by path and line elsewhere;
- a secret that it cannot recognise so is reported as new, and its former findings stay open as they are;
- should the key turn up again, put it into the key file as a previous one.
While the key file may still be found, restore it instead."""


def show(*, config: Path | None, store: str | None) -> int:
    """Carry out ``nhi-agent key show``."""
    place = installation(config, store, discover=False)
    ring = _ring(place)
    click.echo(f"file   {ring.path}")
    for at, key in enumerate(ring.keys):
        made = key.created_time.date().isoformat() if key.created_time else "an unknown day"
        click.echo(f"{key.kid}  {'previous' if at else 'active  '}  of {made}")
    if place.store_exists:
        with place.reading() as opened:
            click.echo(f"store  {known_keys(opened) or 'knows no key yet'}")
            place.check_keyring(opened)
    return 0


def create(*, path: Path | None, config: Path | None) -> int:
    """Carry out ``nhi-agent key create``."""
    place = installation(config, None, discover=False)
    target = path or place.key_path
    if is_there(target, KeyFault):
        raise KeyFault(f"{target} exists already; nothing was written.")
    if path is None:
        keyring.make_folder(target)
    ring = keyring.create(target, as_of=now(), tenant=place.configuration.settings.tenant)
    click.echo(f"wrote key {ring.key_id} to {target}; keep a copy of the file apart from the store.")
    return 0


def rotate(*, config: Path | None, store: str | None) -> int:
    """Carry out ``nhi-agent key rotate``."""
    place = installation(config, store, discover=False)
    ring = _ring(place)
    if place.store_exists:
        with place.reading() as opened:
            place.check_keyring(opened)
    renewed = ring.rotated(as_of=now())
    keyring.write(renewed)
    click.echo(
        f"key {renewed.key_id} is active, {ring.key_id} is kept. Keep a new copy of {renewed.path}; "
        "the next run tags what it sees again under both."
    )
    return 0


def adopt(*, lost: bool, yes: bool, config: Path | None, store: str | None) -> int:
    """Carry out ``nhi-agent key adopt``."""
    if not lost:
        raise UsageFault("say --lost, if the key is lost for good; a key file that still exists is put back instead.")
    place = installation(config, store, discover=False)
    missing = _missing(place)
    click.echo(_MEANING.format(keys=", ".join(missing)), err=True)
    if not yes and not _agreed():
        raise UsageFault("nothing was adopted; say --yes, or answer yes, when that is what you want.")
    ring = place.keyring_to_adopt(as_of=now())
    with place.open_store() as opened:
        gone = opened.adopt_keys(ring.checks())
    click.echo(f"key {ring.key_id} in {ring.path} is the store's; {', '.join(gone)} given up. Keep a copy of the file.")
    return 0


def _missing(place: Installation) -> list[str]:
    """The ids of the store's keys that the key file does not hold, at least one."""
    ring = place.existing_keyring()
    if ring is None and not place.is_local:
        place.require_key()
    with place.reading() as opened:
        known = known_checks(opened)
    if ring is not None:
        keyring.refuse_counterfeits(ring, known, store="the store")
    missing = [kid for kid in sorted(known) if ring is None or kid not in ring.checks()]
    if not known:
        raise KeyFault("the store knows no key yet; a first sweep makes one.")
    if not missing:
        raise KeyFault(f"no key is lost: {place.key_path} holds every key of the store. Nothing was written.")
    return missing


def _agreed() -> bool:
    """Ask the person at the keyboard. The end of the input is a no."""
    click.echo("Give the key up for lost? [y/N] ", nl=False, err=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _ring(place: Installation) -> keyring.KeyRing:
    ring = place.existing_keyring()
    if ring is None:
        raise KeyFault(f"there is no key file {place.key_path}; `nhi-agent key create` writes one, a first sweep too.")
    return ring
