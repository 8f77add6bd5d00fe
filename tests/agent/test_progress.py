"""The line for a person who waits: written over, and without escape sequences for who wants no colours."""

from __future__ import annotations

import io

import pytest

from agent.progress import ProgressLine
from agent.supervision import Told


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.mark.parametrize("colour", [True, False])
def test_without_colours_nothing_is_escaped(monkeypatch: pytest.MonkeyPatch, *, colour: bool) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    progress = ProgressLine(stream, colour=colour)

    progress(Told("shop", "reading", 1, 2))
    progress.end()

    assert "shop: reading 1 of 2" in stream.getvalue()
    assert colour is ("\x1b" in stream.getvalue())


def test_no_color_is_heard_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    progress = ProgressLine(stream)

    progress(Told("shop", "reading", 1, 2))
    progress.end()

    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().endswith("\r")
