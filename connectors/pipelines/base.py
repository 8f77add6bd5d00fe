"""What every dialect of pipelines speaks: the text of a file goes in, what it asks for and proves comes out.

A dialect is pure: it reads no other file, asks nobody, and never fails. What it cannot tell is said, and not left out:
a name that is computed is a reference to *any* secret, an include from elsewhere is *undetermined*. Nothing that comes
out holds a value; names of slots are no values.
"""

from __future__ import annotations

from typing import Protocol

from storage.inventory import Facet, PipelineDialect, PipelineFact, PipelineReference, Record


class PipelineReading(Record, frozen=True, kw_only=True):
    """What one file says."""

    references: tuple[PipelineReference, ...] = ()
    """What it asks for, by line."""
    facts: tuple[PipelineFact, ...] = ()
    """What it proves, by line."""
    undetermined: tuple[str, ...] = ()
    """What could not be told from this file alone, a short sentence each, free of values."""
    includes: tuple[str, ...] = ()
    """Paths of further pipeline files in the same repository that this one takes in, as it names them."""


class Unreadable(Exception):
    """The file is not what its name claims, or over a limit: one sentence, free of what the file says."""


class Dialect(Protocol):
    """Reads pipeline files of one CI system."""

    @property
    def dialect(self) -> PipelineDialect:
        """Its word."""
        ...

    @property
    def provider(self) -> str:
        """The CI system that runs such files, in a word: `github`."""
        ...

    @property
    def answers(self) -> frozenset[Facet]:
        """The questions of which a file without a sign tells that all is well; of any other its silence says nothing.

        `vault`: whether values stand in the open. `trust`: whether strangers can start it. `credentials`: whether its
        token stays behind. `privileges`: whether all secrets are handed on at once.
        """
        ...

    def recognises(self, path: str) -> bool:
        """Say by its path alone, with `/` and without a leading one, whether a file is of this dialect."""
        ...

    def read(self, text: str, path: str) -> PipelineReading:
        """Read one file.

        Raises:
            Unreadable: when nothing can be said of it.
        """
        ...
