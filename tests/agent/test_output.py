"""A file is there whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from agent.delivery import paired
from agent.errors import ConfigurationFault
from agent.output import atomic_file, write_atomically


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_private_and_whole(tmp_path: Path) -> None:
    write_atomically(tmp_path / "out", b"content")

    assert b"content" == (tmp_path / "out").read_bytes()
    assert 0o600 == stat.S_IMODE((tmp_path / "out").stat().st_mode)
    assert ["out"] == names(tmp_path)


def test_a_failure_halfway_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"former")

    def fail_halfway() -> None:
        with atomic_file(tmp_path / "out") as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()

    assert b"former" == (tmp_path / "out").read_bytes()
    assert ["out"] == names(tmp_path)


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"precious")
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")

    write_atomically(tmp_path / "out", b"content")

    assert b"precious" == (tmp_path / "elsewhere").read_bytes()
    assert not (tmp_path / "out").is_symlink()


def test_without_replacing_an_existing_file_stays(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"former")

    with pytest.raises(FileExistsError):
        write_atomically(tmp_path / "out", b"content", replace=False)

    assert b"former" == (tmp_path / "out").read_bytes()
    assert ["out"] == names(tmp_path)


@pytest.mark.parametrize("closed", ["out", "."], ids=["the file", "its folder"])
def test_an_output_this_user_may_not_write_is_refused_before_any_work(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    (elsewhere / "out").write_text("before")
    # A stand-in for permissions, which the system does not hold against root.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).absolute() != (elsewhere / closed).absolute())

    with pytest.raises(ConfigurationFault, match=r"the output out .*name another"):
        paired(["csv"], ["out"])


def test_a_device_is_an_output_whatever_its_folder_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) == Path(os.devnull))

    assert [delivery.path for delivery in paired(["csv"], [os.devnull])] == [Path(os.devnull)]
