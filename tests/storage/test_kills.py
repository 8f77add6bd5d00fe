"""A writer killed at any moment: states are those of the last complete run, and the next run is right.

NHI_TEST_KILLS says how often; ``make test-full`` asks for more.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from storage.inventory import Observation, RunStatus, SecretExposure
from storage.store import Store
from tests.storage.builders import MOMENT, Clock, a_scope, an_exposure, do_run, seen
from tests.unmeasured import unmeasured

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("NHI_TEST_KILLS", "8"))
SIZE = 150
# Two states of one repository in turn, so that every promotion has much to change.
WRITER = """
import sys
from storage.store import Store
from tests.storage.builders import do_run
from tests.storage.test_kills import state
store = Store.open(sys.argv[1], patience_seconds=60)
print("ready", flush=True)
turn = int(sys.argv[2])
while True:
    print("done", turn, do_run(store, state(turn)).run, flush=True)
    turn += 1
"""


def state(turn: int) -> list[Observation]:
    numbers = range(SIZE) if turn % 2 else range(SIZE // 2, SIZE + SIZE // 2)
    return seen(*(an_exposure(number) for number in numbers))


def test_a_killed_writer_leaves_the_last_complete_run(url: str, seed: int) -> None:
    chance = random.Random(seed)
    turn = 0
    with Store.open(url, patience_seconds=60) as store:
        do_run(store, state(0))
    for _ in range(KILLS):
        promised = _killed(url, turn + 1, chance.uniform(0.0, 1.2))
        with Store.open(url, patience_seconds=60) as store:
            assert store.verify() == []
            last = turn if promised is None else promised
            # The kill may have come between the commit and the word of it.
            turn = next(at for at in (last, last + 1) if _states(store) == _expected(at))
            store.sweep_abandoned()
            assert RunStatus.STAGED not in {run.status for run in store.runs()}
    with Store.open(url, patience_seconds=60) as store:
        do_run(store, state(turn + 1))
        assert _states(store) == _expected(turn + 1)
        again = store.counts()
        assert do_run(store, state(turn + 1)).transitions == {}
        assert store.counts() == {**again, "runs": again["runs"] + 1}
        assert store.verify() == []


def test_processes_side_by_side_keep_each_others_runs_whole(url: str) -> None:
    program = (
        "import sys\n"
        "from storage.store import Store\n"
        "from tests.storage.builders import a_scope, an_exposure, do_run, seen\n"
        "scope = a_scope(sys.argv[2])\n"
        "with Store.open(sys.argv[1], patience_seconds=60) as store:\n"
        "    for turn in range(6):\n"
        "        do_run(store, seen(*(an_exposure(n, scope) for n in range(turn, turn + 20)), scope=scope))\n"
    )
    with Store.open(url):
        pass
    writers = [
        subprocess.Popen([sys.executable, "-c", program, url, name], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for name in ("shop", "till")
    ]
    faults = [writer.communicate(timeout=120)[1] for writer in writers]
    assert faults == ["", ""]
    with Store.open(url) as store:
        assert store.verify() == []
        assert [run.status for run in store.runs()] == [RunStatus.DONE] * 12
        assert len(list(store.exposures())) == 25
        assert len(list(store.exposures(present=True))) == 20


def test_two_processes_may_make_the_same_store(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/store.db"
    program = "import sys; from storage.store import Store; print(Store.open(sys.argv[1]).installation_uid())"
    makers = [
        subprocess.Popen([sys.executable, "-c", program, address], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert len({maker.communicate(timeout=60)[0] for maker in makers}) == 1


def test_a_reader_sees_one_moment_while_a_run_is_promoted(url: str) -> None:
    clock = Clock(MOMENT)
    with Store.open(url, clock=clock, patience_seconds=60) as store:
        do_run(store, seen(*(an_exposure(number) for number in range(600))))
        reader = store.findings(rule="at-head")
        first = next(reader)
        worker = threading.Thread(
            target=lambda: do_run(store, seen(*(an_exposure(n, at_head=False) for n in range(600))))
        )
        worker.start()
        worker.join()
        assert {finding.status for finding in reader} == {first.status}
        assert store.finding(first.uid).status is not first.status
        assert a_scope() in list(store.scopes())


def _killed(url: str, turn: int, seconds: float) -> int | None:
    """Let a writer write for so long, kill it, and return the last turn it said was done."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, url, str(turn)],
        cwd=ROOT,
        env=unmeasured(os.environ),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(seconds)
        os.killpg(writer.pid, signal.SIGKILL)
        said = [line.split() for line in writer.stdout if line.endswith("\n")]
    return int(said[-1][1]) if said else None


def _states(store: Store) -> tuple[set[str], set[str]]:
    """Which values stand, and of which the finding at head is open."""
    exposures = {exposure.uid: exposure for exposure in store.exposures()}
    standing = {exposure.fingerprint for exposure in exposures.values() if exposure.present}
    violated = {
        exposures[finding.subject_uid].fingerprint
        for finding in store.findings(rule="at-head")
        if finding.resolved_time is None
    }
    return standing, violated


def _expected(turn: int) -> tuple[set[str], set[str]]:
    tags = {item.fingerprint for item in state(turn) if isinstance(item, SecretExposure)}
    return tags, tags
