"""What can go wrong with the store, each fault named by its cause and said in one sentence.

``StoreError`` is the root; the agent turns any of them into its exit code for the store. No message carries the
parameters of a statement, a password of a URL, or a payload.

::

    StoreError
    ├── StoreUrlInvalid        the address names nothing that can be opened
    ├── StoreUnreachable       no file, no server, no permission to open it
    ├── DriverMissing          PostgreSQL is asked for and its driver is not installed
    ├── StoreForeign           the file or database belongs to another program, or is no database
    ├── SchemaOutdated         PostgreSQL needs ``nhi-agent db upgrade``
    ├── SchemaNewer            written by a newer version of this program
    ├── StoreLocked            another process holds it for too long
    ├── StoreReadOnly          it cannot be written
    ├── StoreFull              no room is left
    ├── StoreDamaged           the database says that its file is corrupt
    ├── StoreFailed            any other answer of the database
    ├── LeaseHeld              another live run works on the scope
    ├── LeaseLost              a later run has recorded the scope: this one may not speak for it
    ├── RunNotOpen             the run is done, abandoned or unknown
    ├── ScopeUnknown           an observation speaks for a scope that was never announced
    ├── NotFound               no such finding, exception or run
    └── NotAllowed             the step is not one a finding can take from where it stands
"""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot do what was asked; the message says what, where and what to do."""


class StoreUrlInvalid(StoreError):
    """The address of the store cannot be understood."""


class StoreUnreachable(StoreError):
    """The file or server cannot be opened."""


class DriverMissing(StoreError):
    """The driver for this kind of database is not installed."""


class StoreForeign(StoreError):
    """What stands at the address is not a store of this program."""


class SchemaOutdated(StoreError):
    """The schema is older than this program and is upgraded only when asked."""


class SchemaNewer(StoreError):
    """The schema is newer than this program."""


class StoreLocked(StoreError):
    """Another process holds the database."""


class StoreReadOnly(StoreError):
    """The database cannot be written."""


class StoreFull(StoreError):
    """The disk, or the quota of the database, is full."""


class StoreDamaged(StoreError):
    """The database reports its own file as corrupt."""


class StoreFailed(StoreError):
    """The database refused for a reason that has no name here."""


class LeaseHeld(StoreError):
    """Another live run holds the lease of a scope."""


class LeaseLost(StoreError):
    """A later run has recorded the scope: what this one sees of it must not be recorded."""


class RunNotOpen(StoreError):
    """Only a staged run can be staged into, promoted or abandoned."""


class ScopeUnknown(StoreError):
    """An observation speaks for a scope that its run did not announce."""


class NotFound(StoreError):
    """Nothing in the store has this name, or more than one thing has."""


class NotAllowed(StoreError):
    """A person asked for a step that the state of a finding does not permit."""
