"""Every way the product refuses, and the exit code of each branch.

::

    AgentError
    ├── UsageFault             2   what was asked for makes no sense: no such path, a wrong reference
    ├── UnreachedFault         3   nothing of what was asked for could be reached, and none of it was ever known
    ├── ConfigurationFault     4   nhi-agent.yaml, NHI_AGENT_* or a file they name
    │   └── KeyFault           4   the key file: missing, readable by others, not the store's
    └── StoreFault             5   the store cannot be opened, read or written
        └── OutputFault        5   a result could not be written where it was asked for; the store has it

Not errors, but endings (`Ending`): 0 complete and below the threshold, 1 findings at or above it, 3 incomplete
coverage. Anything outside the tree is a defect of ours and ends with 70, after sysexits' EX_SOFTWARE.
"""

from __future__ import annotations

from enum import IntEnum


class Ending(IntEnum):
    """The exit codes, public and stable."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    CONFIGURATION = 4
    STORE = 5
    DEFECT = 70
    INTERRUPTED = 130


class AgentError(Exception):
    """Something a person has to mend. The message is one sentence: what, where, what to do; never a value."""

    ending = Ending.DEFECT


class UsageFault(AgentError):
    """What was asked for cannot be done as asked."""

    ending = Ending.USAGE


class UnreachedFault(AgentError):
    """Not one address answered, and the store knows none of them: there is nothing that a gap could be about."""

    ending = Ending.INCOMPLETE


class ConfigurationFault(AgentError):
    """The configuration is broken."""

    ending = Ending.CONFIGURATION


class KeyFault(ConfigurationFault):
    """The installation key is missing, exposed or another store's."""


class StoreFault(AgentError):
    """The store does not answer as it should."""

    ending = Ending.STORE


class OutputFault(StoreFault):
    """An output could not be written. Nothing is lost: ``nhi-agent export`` writes it again."""
