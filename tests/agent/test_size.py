"""A repository of a real size: everything found is attributed, and memory stays within what is promised."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agent.command import NHI_AGENT
from tests.agent.workshop import Workshop, a_token, of_kind

PROCESS_BYTES = 300 << 20
"""The promise for the process that is started; here it holds for each of its children as well."""


_MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
print(process.returncode, usage.ru_maxrss)
"""
"""Run from a small process of its own: until a child runs its program, its peak is the memory of whoever began it."""


@pytest.fixture
def workshop(tmp_path: Path, quick: None) -> Workshop:
    return Workshop(tmp_path)


def _history(commits: int, blobs: int) -> bytes:
    """A stream for `git fast-import`: in every commit some files change, and in every hundredth a token comes."""
    parts: list[bytes] = []
    for number in range(commits):
        parts.append(f"commit refs/heads/main\nmark :{number + 1}\n".encode())
        parts.append(f"committer C{number % 7} <c{number % 7}@example.org> {1_700_000_000 + number} +0000\n".encode())
        parts.append(b"data 1\nx\n" + (b"" if number == 0 else f"from :{number}\n".encode()))
        for file in range(blobs // commits):
            text = f"# {number} {file}\n" + "def f(value):\n    return value + 1\n" * 20
            if number % 100 == 0 and file == 0:
                text += f"TOKEN = '{a_token(number)}'\n"
            content = text.encode()
            parts.append(
                f"M 100644 inline src/{file}/{number % 50}.py\ndata {len(content)}\n".encode() + content + b"\n"
            )
    return b"".join(parts)


@pytest.mark.parametrize(
    ("commits", "blobs"),
    [pytest.param(2_100, 10_500, id="10,500 blobs"), pytest.param(20_000, 100_000, id="many", marks=pytest.mark.full)],
)
def test_a_repository_of_a_real_size(workshop: Workshop, commits: int, blobs: int) -> None:
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=workshop.repository, input=_history(commits, blobs), check=True
    )
    output = workshop.directory / "out.jsonl"
    arguments = [
        "sweep",
        str(workshop.repository),
        "--store",
        workshop.store_url,
        "-q",
        "-f",
        "jsonl",
        "-o",
        str(output),
    ]

    told = subprocess.run(
        [sys.executable, "-c", _MEASURE, NHI_AGENT, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    code, peak = map(int, told.stdout.split())

    assert code == 1
    # The largest process of all that were waited for; in bytes on macOS, in kilobytes elsewhere (getrusage(2)).
    assert peak * (1 if sys.platform == "darwin" else 1024) <= PROCESS_BYTES
    found = of_kind([json.loads(line) for line in output.read_text().splitlines()], "exposure")
    assert len(found) == commits // 100
    for exposure in found:
        assert exposure["first_commit"]["author_email"].endswith("@example.org")
        assert exposure["first_commit"]["oid"]
        assert exposure["first_commit"]["time"].startswith("2023-11-")
