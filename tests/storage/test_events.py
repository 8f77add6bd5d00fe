"""What logs told: each event once, for ever, and since when the evidence goes back without a break."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from storage.inventory import (
    Credential,
    Event,
    EventKind,
    EventOutcome,
    Observation,
    Policy,
    Scope,
    StoredSecret,
    SubjectKind,
)
from storage.payload import encode
from storage.records import LogPeriod, ShortLived
from storage.store import Store
from storage.tables import events
from tests.storage.builders import (
    ACCOUNT,
    MOMENT,
    a_coverage,
    a_credential,
    a_log,
    a_log_coverage,
    a_stored_secret,
    an_account,
    an_api_scope,
    an_event,
    do_run,
    no_rules,
    staged,
)


def days(count: float) -> timedelta:
    return timedelta(days=count)


LONG_AGO = MOMENT - days(90)
NAMED = "aws:access-key:1"


def log(
    *told: Event, since: datetime | None = LONG_AGO, until: datetime = MOMENT, region: str | None = None
) -> list[Observation]:
    """What a log yields."""
    scope = a_log(region)
    return [an_account(), scope, *told, a_log_coverage(scope, since, until)]


def keys(*listed: Credential) -> list[Observation]:
    scope = an_api_scope("iam-access-keys")
    return [an_account(), scope, *listed, a_coverage(scope)]


def test_an_event_is_recorded_once_whoever_tells_of_it_again(store: Store) -> None:
    do_run(store, log(an_event(1), an_event(1), an_event(2, time=MOMENT - days(20))))
    do_run(store, log(an_event(1, subject_name="another")))

    told = list(store.events())

    assert ["aws:event:2", "aws:event:1"] == [event.uid for event in told]
    assert ["key-1", "key-1"] == [event.subject_name for event in told]
    assert [] == store.verify()


def test_what_an_event_is_about_may_be_learned_later_and_nothing_else(store: Store) -> None:
    do_run(store, log(an_event(1, subject_kind=None, subject_uid=None)))
    do_run(store, log(an_event(1, actor="somebody else", time=MOMENT)))
    do_run(store, log(an_event(1, subject_uid="aws:access-key:2")))

    (event,) = store.events()

    assert ("aws:access-key:1", SubjectKind.CREDENTIAL) == (event.subject_uid, event.subject_kind)
    assert (an_event().actor, an_event().time) == (event.actor, event.time)
    assert [event] == list(store.events(subject_uids=["aws:access-key:1"]))
    assert [] == store.verify()


def test_events_stay_when_their_log_no_longer_tells_them(store: Store) -> None:
    do_run(store, log(an_event(1)))
    do_run(store, log())

    assert ["aws:event:1"] == [event.uid for event in store.events()]


def test_a_run_that_is_not_promoted_has_no_events(store: Store) -> None:
    run = staged(store, log(an_event(1)))

    store.abandon(run)

    assert [] == list(store.events())


def test_a_run_shows_the_period_it_read_and_what_was_new(store: Store) -> None:
    do_run(store, log(an_event(1, time=MOMENT - days(60)), an_event(2, time=MOMENT - days(5))))
    do_run(store, log(an_event(3, time=MOMENT - days(50)), since=MOMENT - days(30)))
    do_run(store, log(since=None))

    shown = [[event.uid for event in store.events(run_seq=seq)] for seq in (1, 2, 3)]

    assert [["aws:event:1", "aws:event:2"], ["aws:event:3", "aws:event:2"], []] == shown


def test_evidence_goes_back_over_runs_whose_periods_meet(store: Store) -> None:
    do_run(store, log(since=MOMENT - days(90), until=MOMENT - days(60)))
    do_run(store, log(since=MOMENT - days(40), until=MOMENT - days(20)))
    do_run(store, log(since=MOMENT - days(21)))

    periods = [list(store.log_periods(seq)) for seq in (1, 2, 3)]

    assert [
        [period(MOMENT - days(90), MOMENT - days(60))],
        [period(MOMENT - days(40), MOMENT - days(20))],
        [period(MOMENT - days(40), MOMENT)],
    ] == periods


def test_a_log_that_was_never_read_whole_gives_no_evidence(store: Store) -> None:
    do_run(store, log(since=None))
    do_run(store, keys())

    assert [period(None, None)] == list(store.log_periods(1))
    assert [] == list(store.log_periods(2))


def period(since: datetime | None, until: datetime | None) -> LogPeriod:
    return LogPeriod(scope_uid=a_log().uid, source="CloudTrail", since_time=since, until_time=until)


def test_what_lived_only_between_runs_is_known(store: Store) -> None:
    made, deleted = EventKind.CREATED, EventKind.DELETED
    do_run(
        store,
        [
            *keys(a_credential(1)),
            *log(
                *(lived(number, "aws:access-key:1", kind) for number, kind in ((1, made), (2, deleted))),
                *(lived(number, "aws:access-key:2", kind) for number, kind in ((3, made), (4, deleted))),
                # It was made, and is only not listed; it was made twice; it was deleted in vain.
                lived(5, "aws:access-key:3", made),
                lived(6, "aws:access-key:3", made),
                lived(7, "aws:access-key:3", deleted, outcome=EventOutcome.FAILURE),
            ),
        ],
    )

    assert [ShortLived(resource_uid=ACCOUNT, kind=SubjectKind.CREDENTIAL, count=1)] == list(store.short_lived(1))


def lived(number: int, uid: str, kind: EventKind, **fields: Any) -> Event:
    return an_event(number, subject_uid=uid, kind=kind, **fields)


def test_only_rotations_that_took_place_and_name_a_thing_are_shown_with_it(store: Store) -> None:
    scope = an_api_scope("secretsmanager", region="eu-west-1")
    slot: StoredSecret = a_stored_secret(1)
    about: dict[str, Any] = {"subject_kind": SubjectKind.STORED_SECRET, "kind": EventKind.ROTATED}
    do_run(
        store,
        [
            scope,
            slot,
            a_coverage(scope),
            *keys(a_credential(1)),
            *log(
                an_event(1, **about, subject_uid=slot.uid, time=MOMENT - days(3)),
                an_event(2, **about, subject_uid=slot.uid, time=MOMENT - days(2)),
                an_event(3, **about, subject_uid=slot.uid, time=MOMENT, outcome=EventOutcome.FAILURE),
                an_event(4, **about, subject_uid=None, time=MOMENT),
                an_event(5, kind=EventKind.CREATED),
            ),
        ],
    )

    assert [(MOMENT - days(2), MOMENT - days(3))] == [state.rotation_times for state in store.stored_secrets()]
    assert [()] == [state.rotation_times for state in store.credentials()]


def test_many_events_pass_through_in_parts(store: Store) -> None:
    told = [an_event(number, time=MOMENT - timedelta(minutes=number)) for number in range(1201)]
    run = staged(store, log(*told))

    store.promote(run, policy=Policy(), judge=no_rules, finished_time=MOMENT)

    assert 1201 == len(list(store.events(run_seq=run.seq, resource_uid=ACCOUNT)))
    assert 1201 == store.counts()["events"]


def test_verification_finds_an_event_that_was_changed(store: Store) -> None:
    do_run(store, log(an_event(1)))
    for told, faults in (("aws:access-key:9", ["Event aws:event:1 is not what its record says."]), (NAMED, [])):
        with store._write() as connection:
            connection.execute(update(events).values(payload=encode(an_event(1, subject_uid=told))))

        assert faults == store.verify()


def test_another_scope_may_tell_the_same_event(store: Store) -> None:
    other: Scope = an_api_scope("cloudtrail-archive")
    do_run(store, [*log(an_event(1)), other, an_event(1, scope=other), a_log_coverage(other, MOMENT - days(400))])

    assert [a_log().uid] == [event.scope_uid for event in store.events()]
