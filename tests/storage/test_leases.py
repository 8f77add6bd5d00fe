"""One writer for each scope, and what happens to one that was overtaken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import create_engine

from storage.errors import LeaseHeld, RunNotOpen
from storage.holder import Holder, known_gone, this_process
from storage.inventory import Policy, RunStatus
from storage.leases import require_staged
from storage.store import Store
from storage.tables import staged_observations
from tests.storage.builders import MOMENT, Clock, a_scope, an_exposure, begun, do_run, judge, seen, staged


def test_a_live_run_keeps_others_off_its_scope(store: Store, clock: Clock) -> None:
    first, second = begun(store), begun(store)
    store.acquire_leases(first, ["shop#refs"])
    clock.pass_by(minutes=3)

    with pytest.raises(LeaseHeld, match=r"Run 1 works on shop#refs since 3 minutes.* in 12 minutes"):
        store.acquire_leases(second, ["till#refs", "shop#refs"])
    (lease,) = store.acquire_leases(second, ["till#refs"])
    assert lease.run == second.seq


def test_tokens_only_grow(store: Store, clock: Clock) -> None:
    first = begun(store)
    one = store.acquire_leases(first, ["a", "b"])
    again = store.acquire_leases(first, ["b", "c"])
    assert store.acquire_leases(first, ["b", "c"]) == again
    assert [lease.token for lease in one] == [1, 2]
    assert [(lease.scope_uid, lease.token) for lease in again] == [("b", 2), ("c", 3)]
    clock.pass_by(hours=1)
    (stolen,) = store.acquire_leases(begun(store), ["a"])
    assert stolen.token == 4


def test_a_run_whose_time_is_over_but_whom_nobody_overtook_still_counts(store: Store, clock: Clock) -> None:
    slow = staged(store, seen(an_exposure(1)))
    clock.pass_by(hours=5)

    assert store.promote(slow, policy=Policy(), judge=judge, finished_time=MOMENT).new_exposures == 1


def test_a_run_that_was_cleared_away_is_told_so(store: Store, clock: Clock) -> None:
    slow = staged(store, seen(an_exposure(1)))
    clock.pass_by(hours=5)
    begun(store)

    for attempt in (
        lambda: store.renew(slow),
        lambda: store.promote(slow, policy=Policy(), judge=judge, finished_time=MOMENT),
    ):
        with pytest.raises(RunNotOpen, match="Run 1 is abandoned"):
            attempt()


def test_an_earlier_run_may_be_promoted_after_a_later_one_over_other_scopes(store: Store) -> None:
    shop, till = a_scope("shop"), a_scope("till")
    earlier = staged(store, seen(an_exposure(1), scope=shop))
    do_run(store, seen(an_exposure(1, till, at_head=False), scope=till))
    store.promote(earlier, policy=Policy(), judge=judge, finished_time=MOMENT)

    (exposure,) = store.exposures()
    history = list(store.assessment_history("at-head", exposure.uid))
    assert [(item.since_run, item.until_run) for item in history] == [(2, 2), (2, None)]
    assert exposure.at_head


def test_a_process_that_is_gone_need_not_be_waited_for(store: Store, url: str) -> None:
    program = (
        "import sys; from tests.storage.builders import *; "
        "store = Store.open(sys.argv[1], clock=Clock()); run = staged(store, seen(an_exposure(1))); "
        "store._engine.dispose(); print(run.seq)"
    )
    root = Path(__file__).resolve().parents[2]
    ended = subprocess.run([sys.executable, "-c", program, url], cwd=root, check=True, capture_output=True, text=True)

    assert store.run(int(ended.stdout)).status is RunStatus.STAGED
    assert store.sweep_abandoned() == [int(ended.stdout)]
    assert do_run(store, seen(an_exposure(1))).new_exposures == 1


def test_a_lease_of_a_process_that_is_gone_is_free_at_once(store: Store) -> None:
    first, second = staged(store, seen()), begun(store)
    gone = _holder(_ended_process())
    with store._write() as connection:
        connection.exec_driver_sql(f"UPDATE runs SET holder = '{gone}' WHERE seq = {first.seq}")

    assert [lease.run for lease in store.acquire_leases(second, ["shop#refs"])] == [second.seq]


def test_who_runs_and_who_does_not(tmp_path: Path) -> None:
    me = msgspec.json.decode(this_process(), type=Holder)
    assert not known_gone(this_process())
    assert not known_gone(_holder(1))
    assert known_gone(_holder(_ended_process()))
    assert known_gone(msgspec.json.encode(msgspec.structs.replace(me, started="1")).decode())
    assert not known_gone(_holder(_ended_process(), host="another machine"))
    assert not known_gone(_holder(os.getpid(), processes=tmp_path), tmp_path)


def test_a_zombie_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        me = msgspec.json.decode(this_process(), type=Holder)
        started = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
        text = msgspec.json.encode(msgspec.structs.replace(me, pid=child.pid, started=started)).decode()
        assert not known_gone(text)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert known_gone(text)


def _ended_process() -> int:
    with subprocess.Popen(["true"]) as child:
        pass
    return child.pid


def _holder(pid: int, host: str | None = None, processes: Path = Path("/proc")) -> str:
    me = msgspec.json.decode(this_process(processes), type=Holder)
    return msgspec.json.encode(msgspec.structs.replace(me, pid=pid, started="", host=host or me.host)).decode()


@pytest.mark.postgres
def test_who_stages_at_this_moment_is_not_taken_for_dead(postgres_store_url: str, clock: Clock) -> None:
    """What is written between the look at a run and its end must not stay for ever as rows of a run that is over."""
    with Store.open(postgres_store_url, clock=clock) as store:
        run = staged(store, [a_scope("shop")])
        engine = create_engine(postgres_store_url)
        with engine.begin() as connection:
            require_staged(connection, run.seq)
            clock.pass_by(hours=9)
            begun(store)
            connection.execute(
                staged_observations.insert().values(run_seq=run.seq, kind="scope", scope_uid=None, payload="{}")
            )
        begun(store)

        assert [each.status for each in store.runs() if each.seq == run.seq] == [RunStatus.ABANDONED]
        assert store.verify() == []
        engine.dispose()
