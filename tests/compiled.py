"""Where the tests of a session keep compiled patterns: compiling all of them takes five seconds, loading them none."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "NHI_TEST_COMPILED"
"""Names the folder; `tests/conftest.py` makes it when a session begins."""


def compiled_patterns() -> Path:
    """The cache directory that all detectors of a session share."""
    return Path(os.environ[VARIABLE])
