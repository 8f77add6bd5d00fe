"""Who belongs to the organization: people are not listed, but whoever made or owns a thing may have left."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.github.answers import Account, Membership
from connectors.github.estate import Estate
from connectors.github.permissions import COLLABORATORS, MEMBERS, MEMBERSHIP
from connectors.github.reading import Reading
from storage.inventory import Facet, GapReason, Observation

_HIDDEN = (
    "The login is no active member of the organization, and so sees only members who show themselves: who has left "
    "cannot be told. Use a GitHub App, or a token of a member."
)


def read_members(reading: Reading, estate: Estate) -> Iterator[Observation]:
    """Find out who belongs to the organization: its members, and outsiders who were let into repositories."""
    yield from ()
    all_seen = _sees_hidden_members(reading, estate)
    members = reading.whole_list(MEMBERS, Account)
    outsiders = reading.whole_list(COLLABORATORS, Account)
    estate.members = frozenset(one.login.lower() for one in members or ())
    if all_seen and members is not None and outsiders is not None:
        estate.belonging = estate.members | {one.login.lower() for one in outsiders}


def _sees_hidden_members(reading: Reading, estate: Estate) -> bool:
    """Say whether the list is that of all members: to anybody else GitHub gives a shorter one, without a word."""
    if estate.client.login.is_app:
        return True
    membership = reading.one(MEMBERSHIP, Membership)
    if membership is None:
        return False
    if membership.state != "active":
        reading.gap(GapReason.DENIED, _HIDDEN, facet=Facet.OWNER, permission=MEMBERSHIP.right)
        return False
    return True
