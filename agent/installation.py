"""Configuration, store and key ring, opened in the one order in which nothing is written before all of them agree."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent import keyring
from agent.configuration import FILE_NAME, Configuration, default_state_directory, load, resolve_store
from agent.errors import KeyFault, StoreFault
from agent.presence import is_there
from agent.terminal import escaped
from storage.engine import parse_url, shown
from storage.records import KeyState
from storage.store import Store

if TYPE_CHECKING:
    from storage.inventory import Policy

logger = logging.getLogger(__name__)


class Installation:
    """What a command works with."""

    def __init__(self, configuration: Configuration, *, store_url: str) -> None:
        """Hold a configuration and the URL of its store; nothing is opened yet."""
        self.configuration = configuration
        self.store_url = store_url
        self._address = parse_url(store_url)

    @property
    def key_path(self) -> Path:
        """Where the key file lies: where the operator says, else in the state directory."""
        return self.configuration.key_file() or default_state_directory() / "key"

    @property
    def is_local(self) -> bool:
        """Whether the store is an SQLite file, beside which a first key may be made."""
        return self._address.drivername == "sqlite"

    @property
    def store_exists(self) -> bool:
        """Whether there is something to open: for SQLite a file; a server is asked only when it is opened."""
        return not self.is_local or is_there(Path(self._address.database or ""), StoreFault)

    @property
    def store_shown(self) -> str:
        """The store's address without a password."""
        return escaped(shown(self._address))

    def check_keyring(self, store: Store) -> None:
        """Refuse a key file that is not the store's. Nothing is written."""
        known = known_checks(store)
        ring = self.existing_keyring()
        if ring is not None:
            keyring.agree(ring, known, store="the store")
        elif known:
            raise self._key_missing(known)

    @contextmanager
    def reading(self) -> Iterator[Store]:
        """Open the store to read, and close it again. Nothing is written, not even an upgrade."""
        self._point_to_the_file()
        store = Store.open(self.store_url, create=False, read_only=True, clock=now)
        try:
            yield store
        finally:
            store.close()

    def open_store(self, *, create: bool = False) -> Store:
        """Open the store to write; raises a `StoreError`. Of folders, only our own is ever made."""
        if create and not self.store_exists:
            folder = Path(self._address.database or "").absolute().parent
            if not folder.is_dir() and folder != default_state_directory().absolute():
                raise StoreFault(
                    f"the store {self.store_shown} cannot be made: no such folder; make it, or name another place."
                )
        if not create:
            self._point_to_the_file()
        store = Store.open(self.store_url, create=create, clock=now)
        for notice in store.notices:
            logger.warning("%s", notice)
        return store

    def _point_to_the_file(self) -> None:
        """Say it where a configuration lies here and was not read, because it may be that of a scanned repository."""
        if not self.store_exists and not self.configuration.name and is_there(Path(FILE_NAME).absolute(), StoreFault):
            raise StoreFault(
                f"there is no store at {self.store_shown}; {FILE_NAME} in this folder is read by `run` alone: "
                f"if its store is meant, name it by --config {FILE_NAME}."
            )

    def policy(self, *, as_of: datetime, owners_file: Path | None = None) -> Policy:
        """The rules' parameters, with rule codes checked against the rules there are."""
        from rules.registry import RULES

        self.configuration.check_rules(frozenset(rule.code for rule in RULES))
        return self.configuration.policy(as_of=as_of, owners_file=owners_file)

    def existing_keyring(self) -> keyring.KeyRing | None:
        """The key ring, if there is a key file. Read before the store is touched."""
        if not is_there(self.key_path, KeyFault):
            return None
        return keyring.load(self.key_path, tenant=self.configuration.settings.tenant)

    def keyring_of(self, store: Store, *, as_of: datetime) -> keyring.KeyRing:
        """The key ring that belongs to an open store, which knows it afterwards. A first key is made if it may be."""
        known = known_checks(store)
        ring = self.existing_keyring() or self._first_keyring(known, as_of=as_of)
        keyring.agree(ring, known, store="the store")
        _register(store, ring)
        return ring

    def require_key(self) -> None:
        """Refuse early, before a store is made, where a key is needed that nobody may make up.

        A store that others use too must not depend on what happens to lie in one person's state directory.
        """
        if not self.is_local and (self.configuration.key_file() is None or not is_there(self.key_path, KeyFault)):
            raise self._no_key()

    def _first_keyring(self, known: dict[str, str], *, as_of: datetime) -> keyring.KeyRing:
        if known:
            raise self._key_missing(known)
        return self._made_keyring(as_of=as_of)

    def _key_missing(self, known: dict[str, str]) -> KeyFault:
        return KeyFault(
            f"the store was written under key {', '.join(sorted(known))}, and there is no key file "
            f"{self.key_path}; restore it, or name it by {keyring.KEY_FILE_VARIABLE}. If it is lost for good, see "
            "`nhi-agent key adopt --help`. Nothing was written."
        )

    def keyring_to_adopt(self, *, as_of: datetime) -> keyring.KeyRing:
        """The key ring that shall belong to a store whose keys are lost: what the key file holds, or a new one."""
        return self.existing_keyring() or self._made_keyring(as_of=as_of)

    def _made_keyring(self, *, as_of: datetime) -> keyring.KeyRing:
        if not self.is_local:
            raise self._no_key()
        keyring.make_folder(self.key_path)
        ring = keyring.create(self.key_path, as_of=as_of, tenant=self.configuration.settings.tenant)
        logger.info(
            "made the installation key %s in %s; keep a copy of it apart from the store", ring.key_id, self.key_path
        )
        return ring

    def _no_key(self) -> KeyFault:
        return KeyFault(
            f"this store needs a key file of its own: make one by `nhi-agent key create PATH`, keep a copy, and name "
            f"it by {keyring.KEY_FILE_VARIABLE}. A key is made by itself only beside a new local SQLite store."
        )


def installation(config: Path | None, store: str | None, *, discover: bool) -> Installation:
    """Read the configuration and settle which store is meant; the command line comes first."""
    configuration = load(config, discover=discover)
    url = resolve_store(store, Path.cwd(), place="--store") if store else configuration.store_url()
    return Installation(configuration, store_url=url)


def known_checks(store: Store) -> dict[str, str]:
    """Check value by key id, as the store keeps them. A key that was given up for lost opens nothing any more."""
    entries = store.keys()
    return {entry.kid: entry.check for entry in entries if entry.state is not KeyState.LOST}


def _register(store: Store, ring: keyring.KeyRing) -> None:
    """Tell the store of every key of the ring. Where it knows them as they are, nothing is written."""
    entries = store.keys()
    known = {entry.kid: entry.state for entry in entries}
    for kid, check in ring.checks().items():
        state = KeyState.ACTIVE if kid == ring.key_id else KeyState.PREVIOUS
        if known.get(kid) is not state:
            store.register_key(kid, check, state)


def known_keys(store: Store) -> str:
    """The keys a store knows, by id and state, for a person; empty where it knows none."""
    entries = store.keys()
    return ", ".join(f"{entry.kid} ({entry.state})" for entry in entries)


def now() -> datetime:
    """The present moment: the only place where the agent asks the clock for one that is recorded."""
    return datetime.now(UTC)
