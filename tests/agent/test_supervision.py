"""A worker that dies in whatever way leaves a gap for every scope it had named, and no complete coverage."""

from __future__ import annotations

import io
import os
import secrets
import tempfile
import threading
from pathlib import Path

import msgspec
import pytest

from agent.frames import Frames, StreamBroken, decoded_target, encoded_target
from agent.own_scopes import own_scope
from agent.scratch import LOCK_SUFFIX, PREFIX, remove_stale_scratch, scratch_directory
from agent.supervision import Account, Stop, observe
from agent.worker import Job
from connectors.base import Limits
from connectors.git.target import GitTarget, Mode
from storage.inventory import Coverage, CoverageStatus, Gap, GapReason, Scope


def a_job(location: Path, **limits: float) -> Job:
    """Build a job over a directory."""
    target = GitTarget(location=str(location))
    return Job(
        connector="git",
        target=encoded_target(target),
        scope=own_scope(target),
        subkeys=(("00000000", bytes(32)),),
        limits=msgspec.structs.replace(Limits(), **limits),
        matcher="re",
        cache_directory=str(location.parent / "cache"),
        scratch="",
    )


def test_nothing_secret_shows_in_a_job(tmp_path: Path) -> None:
    """A job that reaches a log or a traceback names its target only: neither key material nor a token."""
    token = secrets.token_hex(20).encode()

    job = msgspec.structs.replace(a_job(tmp_path), environment=((b"TOKEN", token),))

    assert repr(job) == f"Job('git', {str(tmp_path)!r})"


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(
            GitTarget(location=os.fsdecode(b"/b\xff"), since=os.fsdecode(b"\xfe"), mode=Mode.SINCE), id="no text"
        ),
        pytest.param(GitTarget(location="/é", name="Café", allowed=("/ü", "/u")), id="not ASCII"),
        pytest.param(
            GitTarget(location="/plain", index_file="/index", token_variable="T", shallow_is_gap=True), id="plain"
        ),
    ],
)
def test_target_crosses_to_its_worker_as_it_is(target: GitTarget) -> None:
    """Names in it need not be text, and what is no text must not become another name."""
    assert decoded_target(encoded_target(target), GitTarget) == target


@pytest.mark.parametrize("cut", [0, 1, 3, 5, 9], ids=lambda cut: f"{cut} bytes lacking")
def test_stream_without_its_trailer_is_broken(cut: int) -> None:
    """Wherever a stream ends early, the reader says so; nothing ends quietly."""
    whole = io.BytesIO()
    Frames(whole).write("end", 3)
    content = whole.getvalue()
    stream = io.BytesIO(content[: len(content) - cut] if cut else b"")

    with pytest.raises(StreamBroken):
        list(Frames(stream).read())


def test_worker_that_exceeds_its_time_is_a_gap(tmp_path: Path) -> None:
    """A worker over its wall time is killed with its children; the target is not complete."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.txt").write_text("nothing here")

    seen = list(observe([a_job(tmp_path / "tree", wall_seconds=-6.0)], workers=1, stop=Stop()))

    assert [item.reason for item in seen if isinstance(item, Gap)][-1] is GapReason.TIMED_OUT
    covered = [item for item in seen if isinstance(item, Coverage) and item.scope_uid.startswith("target:")]
    assert [item.status for item in covered] == [CoverageStatus.PARTIAL]


def test_worker_without_memory_is_a_gap(tmp_path: Path) -> None:
    """A worker that cannot even start its matcher within its memory leaves a gap."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.txt").write_text("nothing here")

    seen = list(observe([a_job(tmp_path / "tree", address_space_bytes=1 << 25)], workers=1, stop=Stop()))

    assert [item for item in seen if isinstance(item, Gap)]
    assert not [i for i in seen if isinstance(i, Coverage) and i.status is CoverageStatus.COMPLETE]


def test_stop_leaves_unbegun_targets_as_gaps(tmp_path: Path) -> None:
    """After a stop no further target is begun, and each says so."""
    stop = Stop()
    stop.ask("SIGTERM")

    seen = list(observe([a_job(tmp_path / "one"), a_job(tmp_path / "two")], workers=1, stop=stop))

    gaps = [item for item in seen if isinstance(item, Gap)]
    assert [gap.reason for gap in gaps] == [GapReason.STOPPED, GapReason.STOPPED]


def test_worker_that_cannot_be_started_costs_its_target_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room for a scratch directory there is no worker, and that is a gap, not a crash."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))

    seen = list(observe([a_job(tmp_path)], workers=1, stop=Stop()))

    (gap,) = [item for item in seen if isinstance(item, Gap)]
    assert gap.reason is GapReason.FAILED
    assert "could not be started" in gap.detail


def test_folder_whose_name_is_no_text_is_swept(tmp_path: Path) -> None:
    """A name that is not UTF-8 is a name like any other."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff"))
    folder.mkdir()
    (folder / "a.txt").write_text("nothing here")

    seen = list(observe([a_job(folder)], workers=1, stop=Stop()))

    assert not [item for item in seen if isinstance(item, Gap)]
    (scope,) = [item for item in seen if isinstance(item, Scope) and item.uid.startswith("target:")]
    assert scope.name.encode()


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([("end", 1)], id="counts what was never sent"),
        pytest.param([("Nonsense", {}), ("end", 1)], id="a record of no known kind"),
        pytest.param([("gap", {"scope_uid": 3}), ("end", 1)], id="a record that cannot be read"),
        pytest.param(
            [("scope", {"uid": "a", "connector": "c", "resource_uid": "r", "name": "n"}), ("end", 1)], id="no coverage"
        ),
    ],
)
def test_worker_that_lies_is_not_complete(frames: list[tuple[str, object]]) -> None:
    """The closing record alone proves nothing: it must agree with what came before it."""
    account = Account(Scope(uid="target:x", connector="agent", resource_uid="target:x", name="x"))

    def heard() -> list[object]:
        seen: list[object] = []
        for kind, body in frames:
            seen += account.take(kind, msgspec.Raw(msgspec.msgpack.encode(body)))
        return [*seen, *account.close(0)]

    with pytest.raises(StreamBroken):
        heard()


@pytest.mark.parametrize("left", ["lock and folder", "folder half removed", "lock alone"])
def test_scratch_of_dead_owners_is_removed(left: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed owner left is removed, at whatever moment it was killed; a living owner's and others' is kept."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"{PREFIX}dead{LOCK_SUFFIX}").touch()
    if left != "lock alone":
        (tmp_path / f"{PREFIX}dead").mkdir()
    if left == "lock and folder":
        (tmp_path / f"{PREFIX}dead" / "objects").mkdir()
    (tmp_path / f"{PREFIX}stranger").mkdir()
    (tmp_path / f"{PREFIX}folder{LOCK_SUFFIX}").mkdir()

    with scratch_directory() as living:
        removed = remove_stale_scratch()
        kept = living.exists()

    assert (removed, kept) == (1, True)
    assert {folder.name for folder in tmp_path.iterdir()} == {f"{PREFIX}stranger", f"{PREFIX}folder{LOCK_SUFFIX}"}


def test_two_runs_that_tidy_up_do_not_take_a_new_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the making of a lock file and its lock another run may take it for a dead one's."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    over = threading.Event()

    def tidy() -> None:
        while not over.is_set():
            remove_stale_scratch()

    tidier = threading.Thread(target=tidy)
    tidier.start()
    try:
        for _ in range(200):
            with scratch_directory() as lent:
                (lent / "work").touch()
                assert (lent / "work").exists()
    finally:
        over.set()
        tidier.join()
    assert list(tmp_path.iterdir()) == []
