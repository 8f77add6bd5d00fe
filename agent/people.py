"""The two lists an operator keeps of people: who answers for what, and who has left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from agent import yaml_document
from agent.errors import ConfigurationFault
from rules.joins.owner_precedence import path_pattern
from storage.inventory import OwnerAssignment

Text = Annotated[str, Field(min_length=1, max_length=500)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class OwnerEntry(_Entry):
    """One line of the owners file."""

    owner: Text
    email: Text | None = None
    repository: Text = "*"
    path: Text = "**"
    detector: Text = "*"
    identity: Text = "*"
    stored_secret: Text = "*"
    left: bool = False

    @model_validator(mode="after")
    def _of_one_sort(self) -> Self:
        sorts = (self.path != "**" or self.detector != "*", self.identity != "*", self.stored_secret != "*")
        if sum(sorts) > 1:
            raise ValueError(
                "names several sorts of things; write a line for a path or detector, an identity, or a stored secret"
            )
        return self


class PersonEntry(_Entry):
    """One line of the personnel list."""

    email: Text
    name: Text | None = None
    left: bool | date = False
    """Whether that person has left, or the last day."""


_AnyEntry = TypeVar("_AnyEntry", bound=_Entry)


def load_owners(path: Path) -> tuple[OwnerAssignment, ...]:
    """Read the owners file: a YAML list of what `OwnerEntry` says."""
    document = yaml_document.read(path)
    entries = _entries(document, OwnerEntry)
    for at, entry in enumerate(entries):
        try:
            path_pattern(entry.path)
        except ValueError:
            place = document.place((at, "path")) or document.name
            raise ConfigurationFault(
                f"{place}: not a path pattern; write one as in .gitignore, such as src/**."
            ) from None
    return tuple(
        OwnerAssignment(
            owner=entry.owner,
            email=entry.email,
            repository=entry.repository,
            path=entry.path,
            detector=entry.detector,
            identity=entry.identity,
            stored_secret=entry.stored_secret,
            left=entry.left,
            locator=f"{path.name}:{at + 1}",
        )
        for at, entry in enumerate(entries)
    )


def load_personnel(path: Path, *, as_of: datetime) -> frozenset[str]:
    """Read the personnel list: the e-mail addresses, in lower case, of those who had left at `as_of`."""
    people = _entries(yaml_document.read(path), PersonEntry)
    return frozenset(person.email.casefold() for person in people if _has_left(person, as_of.date()))


def _has_left(person: PersonEntry, day: date) -> bool:
    return person.left if isinstance(person.left, bool) else person.left < day


def _entries(document: yaml_document.Document, kind: type[_AnyEntry]) -> Sequence[_AnyEntry]:
    content = document.content or []
    if not isinstance(content, list):
        raise ConfigurationFault(f"{document.name}:1:1: the file must be a list, each entry beginning with '- '.")
    try:
        return TypeAdapter(list[kind]).validate_python(content)  # type: ignore[valid-type]
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        allowed = ", ".join(kind.model_fields)
        said = fault["msg"].removeprefix("Value error, ").removesuffix(".").lower()
        what = "unknown key" if fault["type"] == "extra_forbidden" else said
        place = document.place(fault["loc"]) or document.name
        raise ConfigurationFault(f"{place}: {what}; an entry may hold {allowed}.") from None
