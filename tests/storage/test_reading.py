"""Asking the store for a part of what it holds: the answer is that part, and the question does not read all."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from sqlalchemy import event

from storage.engine import open_engine, parse_url
from storage.inventory import finding_uid
from storage.store import Store
from tests.storage.builders import a_scope, an_exception, an_exposure, do_run, seen

SHOP, TILL = a_scope("shop"), a_scope("till")


@pytest.fixture
def filled(store: Store) -> Store:
    do_run(store, seen(*(an_exposure(number) for number in range(1, 603))))
    do_run(store, seen(an_exposure(700, TILL), scope=TILL))
    return store


def test_findings_are_asked_for_by_name_by_subject_and_by_run(filled: Store) -> None:
    every = list(filled.findings())
    of_till = [each for each in every if each.last_run == 2]
    assert of_till
    assert list(filled.findings(run_seq=2)) == of_till
    assert list(filled.findings(run_seq=2, rule="at-head")) == [each for each in of_till if each.rule == "at-head"]

    assert list(filled.findings(uids=(each.uid for each in reversed(every)))) == every
    assert list(filled.findings(uids=[])) == []
    assert list(filled.findings(uids=[every[0].uid, "none"])) == every[:1]
    assert list(filled.findings(subject_uids=[each.subject_uid for each in every])) == every
    assert list(filled.findings(subject_uids=["till"], rule="unvaulted")) == [
        each for each in every if each.uid == finding_uid("unvaulted", "till")
    ]
    assert list(filled.findings(uids=[each.uid for each in every], subject_uids=["till"])) == [
        each for each in every if each.subject_uid == "till"
    ]


def test_exposures_and_exceptions_are_asked_for_by_name(filled: Store) -> None:
    every = list(filled.exposures())
    assert list(filled.exposures(uids=[each.uid for each in every])) == every
    assert list(filled.exposures(uids=[each.uid for each in every], resource_uid="till", run_seq=2)) == [
        each for each in every if each.fingerprint.endswith(f"{700:064x}")
    ]
    first, second, _ = (each.uid for each in list(filled.findings(rule="at-head"))[:3])
    for number, uid in enumerate((first, second)):
        filled.accept(an_exception(uid, uid=f"exception-{number}"))

    assert [each.uid for each in filled.exceptions()] == ["exception-0", "exception-1"]
    assert [each.uid for each in filled.exceptions(finding_uids=[second, "none"])] == ["exception-1"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.findings(uids=["f"]),
        lambda store: store.findings(subject_uids=["till"]),
        lambda store: store.exposures(uids=["e"]),
        lambda store: store.exceptions(finding_uids=["f"]),
    ],
)
def test_a_part_is_found_without_reading_the_whole(sqlite_url: str, ask: Callable[[Store], Iterable[object]]) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []
    with Store.open(sqlite_url) as store:
        # A table of a few rows is rightly read whole.
        do_run(store, seen(*(an_exposure(number) for number in range(1, 603))))
        do_run(store, seen(an_exposure(700, TILL), scope=TILL))

        @event.listens_for(store._engine, "before_cursor_execute")
        def note(
            _c: object, _d: object, statement: str, parameters: tuple[object, ...], _x: object, _m: object
        ) -> None:
            if statement.startswith("SELECT"):
                asked.append((statement, parameters))

        list(ask(store))
    engine = open_engine(parse_url(sqlite_url), create=False, read_only=True, patience_seconds=1)
    with engine.connect() as connection:
        plans = [
            str(row.detail)
            for statement, parameters in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    engine.dispose()

    assert plans
    assert [plan for plan in plans if plan.startswith(("SCAN findings", "SCAN exposures", "SCAN exceptions"))] == []
