"""Columns: a path stays whole where there is room, breaks at slashes where there is none, and loses nothing."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.report.columns import Column, broken, fitted, print_columns
from agent.terminal import console, plain

PATH = "services/billing/src/main/resources/configuration/application-production.yaml:112"
COLUMNS = (Column(heading="what", least=10, most=40), Column(heading="where", least=16, most=100, keeps=True))


def printed(width: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    stream = io.StringIO()
    cells = (plain("GitHub personal access token (ghp_****)"), plain(PATH))
    assert print_columns(COLUMNS, [cells], console(stream, colour=False))
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_a_path_stays_whole_where_others_can_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    assert any(PATH in line for line in printed(140, monkeypatch))


def test_a_path_breaks_behind_slashes(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(60, monkeypatch)

    cells = [line[lines[0].index("where") :] for line in lines[1:]]
    assert PATH == "".join(cells)
    assert cells[0].endswith("/")


def test_the_others_give_way_first() -> None:
    assert [10, 38] == fitted(COLUMNS, [[39, 80]], 50)
    assert [39, 80] == fitted(COLUMNS, [[39, 80]], 200)
    assert [10, 28] == fitted(COLUMNS, [[39, 80]], 40)
    assert fitted(COLUMNS, [[39, 80]], 27) is None


@given(st.text(alphabet="ab/ é漢", max_size=60), st.integers(2, 30))
def test_nothing_is_lost_and_no_line_is_too_long(text: str, width: int) -> None:
    shown = broken(plain(text), width)

    assert "".join(text.split()) == "".join(shown.plain.split())
    words = [len(word) for word in text.replace("/", "/ ").split()]
    for line in shown.split("\n"):
        assert line.cell_len <= width or 2 * max(words) > width
