"""Names that are given anew: whom an event is said to be about is always whoever had the name at that moment."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from connectors.aws.account import Account
from connectors.aws.event_operations import IAM, OPERATIONS
from connectors.aws.event_subjects import events
from connectors.aws.reading import Reading
from connectors.aws.told_events import Told
from storage.inventory import EventOutcome

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("ada", "bea")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["CreateUser", "DeleteUser", "UpdateUser", "AttachUserPolicy", "CreateLoginProfile"]),
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
        st.booleans(),
    ),
    max_size=30,
)


class World:
    """Users who come, go and change their names, and the log of it."""

    def __init__(self) -> None:
        self.users: dict[str, str] = {}
        self.made: dict[str, datetime] = {}
        self.log: list[Told] = []
        self.truth: dict[str, str | None] = {}
        """By id of an event: whom it was about."""

    def step(self, name: str, user: str, other: str, *, refused: bool) -> None:
        """Let something happen, as far as it can."""
        now = BEGAN + timedelta(hours=len(self.log))
        holder = self.users.get(user)
        refused = (
            refused or (holder is not None) == (name == "CreateUser") or (name == "UpdateUser" and other in self.users)
        )
        if name == "CreateUser" and not refused:
            holder = self.users[user] = f"aws:user:{len(self.log):020}"
            self.made[holder] = now
        elif name in ("DeleteUser", "UpdateUser") and not refused:
            del self.users[user]
            if name == "UpdateUser":
                self.users[other] = str(holder)
        one = Told(
            event_id=str(uuid.uuid4()),
            operation=OPERATIONS[IAM, name],
            kind=OPERATIONS[IAM, name].kind,
            time=now,
            outcome=EventOutcome.FAILURE if refused else EventOutcome.SUCCESS,
            actor=None,
            email=None,
            key_id=None,
            uid=holder if name == "CreateUser" and not refused else None,
            name=user,
            holder=None,
            new_name=other if name == "UpdateUser" else None,
            region="us-east-1",
        )
        self.log.append(one)
        password = name == "CreateLoginProfile" and holder
        self.truth[f"aws:event:{one.event_id}"] = f"aws:password:{str(holder)[9:]}" if password else holder

    def told(self, since: datetime) -> dict[str, str | None]:
        """Whom the events are said to be about, by a log that begins at a moment."""
        account = SimpleNamespace(
            users=self.users,
            users_made={name: self.made[uid] for name, uid in self.users.items()},
            roles={},
            roles_made={},
            secrets={},
            uid="aws:account:1",
            target=SimpleNamespace(key_ids=True),
        )
        reading = SimpleNamespace(account=cast("Account", account), uid="scope", source="log")
        log = [one for one in self.log if one.time >= since]
        return {one.uid: one.subject_uid for one in events(cast("Reading", reading), log, since)}


def lived(steps: list[tuple[str, str, str, bool]]) -> World:
    world = World()
    for name, user, other, refused in steps:
        world.step(name, user, other, refused=refused)
    return world


@given(steps=STEPS, hidden=st.integers(0, 30))
def test_no_event_is_ever_said_to_be_about_somebody_else(steps: list[Any], hidden: int) -> None:
    world = lived(steps)

    told = world.told(BEGAN + timedelta(hours=hidden))

    assert [] == [uid for uid, subject in told.items() if subject not in (None, world.truth[uid])]


@given(steps=STEPS)
def test_what_took_place_is_named_where_the_log_reaches_back_to_its_making(steps: list[Any]) -> None:
    world = lived(steps)
    took_place = {f"aws:event:{one.event_id}" for one in world.log if one.outcome is EventOutcome.SUCCESS}

    told = world.told(BEGAN)

    assert {uid: world.truth[uid] for uid in told if uid in took_place} == {
        uid: subject for uid, subject in told.items() if uid in took_place
    }
