"""Who wrote what: git's mailmap, the people of a repository, when each was last seen, and whom to ask about a value.

Everybody found here is a *candidate* owner: having written a line is a lead to who answers for it, not an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from connectors.git.names import display
from storage.inventory import CommitPoint, Confidence, Owner, OwnerRole, OwnerSource, Record

MAILMAP_BYTES = 1 << 20
"""A longer mailmap is read up to its last whole line within this bound."""

_LATEST = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())
_SPACE = b" \t\r\n"
_TIME_DIGITS = 20


class Person(Record, frozen=True, kw_only=True):
    """Somebody who wrote or committed, under the name and address that the mailmap gives."""

    name: str
    email: str
    commits: int = 0
    """How many commits this person is the author of."""
    last_activity_time: datetime | None = None
    """Newest time at which this person wrote or committed; `None` when no commit has a usable time."""


class Mailmap:
    """Gives the proper name and address for those a commit carries, as ``gitmailmap(5)`` defines it.

    Addresses and names are compared without regard to the case of ASCII letters, as git does.
    """

    def __init__(self) -> None:
        self._by_email: dict[bytes, tuple[bytes, bytes]] = {}
        self._by_name: dict[bytes, dict[bytes, tuple[bytes, bytes]]] = {}

    def resolve(self, name: bytes, email: bytes) -> tuple[bytes, bytes]:
        """Return the proper name and address; what the mailmap does not say stays as it is."""
        key = email.lower()
        found = self._by_name.get(key, {}).get(name.lower()) or self._by_email.get(key)
        if found is None:
            return name, email
        return found[0] or name, found[1] or email

    def add(self, proper_name: bytes, proper_email: bytes, commit_name: bytes, commit_email: bytes) -> None:
        """Take one line; empty means that the line does not say. A later line overrides what an earlier one says."""
        if not commit_email:
            commit_email, proper_email = proper_email, b""
        key = commit_email.lower()
        if commit_name:
            self._by_name.setdefault(key, {})[commit_name.lower()] = (proper_name, proper_email)
        else:
            before = self._by_email.get(key, (b"", b""))
            self._by_email[key] = (proper_name or before[0], proper_email or before[1])


def parse_mailmap(data: bytes) -> Mailmap:
    """Read the content of a ``.mailmap``. Lines that are none of its four forms are passed over, as git does."""
    mailmap = Mailmap()
    if len(data) > MAILMAP_BYTES:
        data = data[: data.rfind(b"\n", 0, MAILMAP_BYTES) + 1]
    for line in data.partition(b"\0")[0].split(b"\n"):
        if line.startswith(b"#"):
            continue
        first = _name_and_email(line)
        if first is None or not first[1]:
            continue
        second = _name_and_email(first[2]) or (b"", b"", b"")
        mailmap.add(first[0], first[1], second[0], second[1])
    return mailmap


def _name_and_email(text: bytes) -> tuple[bytes, bytes, bytes] | None:
    name, opened, rest = text.partition(b"<")
    email, closed, rest = rest.partition(b">")
    return (name.strip(_SPACE), email, rest) if opened and closed else None


class Activity:
    """Collects, commit by commit, who works in a repository and when each was last seen."""

    def __init__(self, mailmap: Mailmap) -> None:
        self._mailmap = mailmap
        self._identities: dict[tuple[bytes, bytes], tuple[str, str]] = {}
        self._people: dict[str, tuple[str, str, int, int | None]] = {}
        self.newest: int | None = None
        """Newest usable time seen, in seconds since 1970."""

    def identity(self, name: bytes, email: bytes) -> tuple[str, str]:
        """Return name and address in display form, through the mailmap."""
        key = (name, email)
        known = self._identities.get(key)
        if known is None:
            proper = self._mailmap.resolve(name, email)
            known = self._identities[key] = (display(proper[0]), display(proper[1]))
        return known

    def observe(self, person: tuple[str, str], seconds: int | None, *, authored: bool) -> None:
        """Record that a person was seen in a commit; the name shown is that of the newest one.

        `seconds` since 1970, or `None` for a time that cannot be used.
        """
        key = person[1].lower() or person[0]
        name, email, commits, newest = self._people.get(key, (*person, 0, None))
        if seconds is not None and (newest is None or seconds >= newest):
            (name, email), newest = person, seconds
            self.newest = seconds if self.newest is None else max(self.newest, seconds)
        self._people[key] = (name, email, commits + authored, newest)

    def people(self) -> dict[str, Person]:
        """Return everybody by lower-case address, or by name where a commit carries no address."""
        return {
            key: Person(
                name=name,
                email=email,
                commits=commits,
                last_activity_time=None if newest is None else moment(newest),
            )
            for key, (name, email, commits, newest) in self._people.items()
        }


def parse_seconds(text: bytes) -> int | None:
    """Return the seconds since 1970 that a commit claims; `None` for a time that is missing or outside the calendar.

    Git writes no negative times, so one that a commit carries is as malformed as a word.
    """
    if not text.isdigit() or len(text) > _TIME_DIGITS:
        return None
    seconds = int(text)
    return seconds if seconds <= _LATEST else None


def moment(seconds: int | None) -> datetime:
    """Return `seconds` as a time in UTC; the start of 1970 for a time that cannot be used."""
    return datetime.fromtimestamp(seconds or 0, UTC)


def candidate_owners(
    first_commit: CommitPoint | None, recent: Iterable[tuple[str, str, str]], people: Mapping[str, Person]
) -> tuple[Owner, ...]:
    """Name whom to ask about an exposure: the introducing author first, then recent committers of its paths.

    `recent` are (name, address, commit id), newest first; `people` says when each was last active in the repository.
    """
    owners: list[Owner] = []
    seen: set[str] = set()

    def add(name: str, email: str, oid: str, source: OwnerSource, confidence: Confidence) -> None:
        key = email.lower() or name
        if key in seen or not key:
            return
        seen.add(key)
        person = people.get(key)
        owners.append(
            Owner(
                name=name or email,
                email=email or None,
                role=OwnerRole.CANDIDATE,
                source=source,
                confidence=confidence,
                last_activity_time=person.last_activity_time if person else None,
                locator=oid,
            )
        )

    if first_commit is not None:
        add(
            first_commit.author_name,
            first_commit.author_email,
            first_commit.oid,
            OwnerSource.INTRODUCING_AUTHOR,
            Confidence.MEDIUM,
        )
    for name, email, oid in recent:
        add(name, email, oid, OwnerSource.RECENT_COMMITTER, Confidence.LOW)
    return tuple(owners)
