"""No log line holds a credential, an exception's text, or a second line."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.redaction import masked

CANARY = "kW9" + "vQ2xR7tB4nM8"


@pytest.mark.parametrize(
    "text",
    [
        f"cloning https://ada:{CANARY}@git.example.com/x",
        f"cloning https://{CANARY}@git.example.com/x",
        f"Authorization: Bearer {CANARY}",
        f"authorization: Basic {CANARY}",
        f"password={CANARY}",
        f"DB_PASSWORD = '{CANARY}'",
        f'{{"access_token": "{CANARY}"}}',
        f"--api-key={CANARY} --verbose",
    ],
)
def test_credentials_are_masked(text: str) -> None:
    assert CANARY not in masked(text)
    assert "****" in masked(text)


def test_other_text_is_left_alone() -> None:
    text = "run 7: 3 of 4 scopes read, commit " + "c" * 40

    assert text == masked(text)


SCRIPT = """
import logging, sys, threading
from agent.redaction import set_up_logging
set_up_logging(level=logging.INFO, form=sys.argv[1])
logger = logging.getLogger("agent.test")
logger.info("name: %s", sys.argv[2])
logging.getLogger("foreign").info("chatter")
try:
    raise ValueError(sys.argv[2])
except ValueError:
    logger.exception("a detector failed")
logger.info("%d", "not a number")
def fail(): raise KeyError(sys.argv[2])
thread = threading.Thread(target=fail); thread.start(); thread.join()
raise RuntimeError(sys.argv[2])
"""


def logged(form: str, text: str) -> list[str]:
    answer = subprocess.run([sys.executable, "-c", SCRIPT, form, text], capture_output=True, text=True, check=False)
    assert 1 == answer.returncode
    return answer.stderr.splitlines()


def test_one_record_is_one_json_line() -> None:
    lines = logged("json", "x\n{}\x1b[31m")

    records = [json.loads(line) for line in lines if line.startswith("{")]
    assert ["name: x\\x0a{}\\x1b[31m", "a detector failed"] == [record["message"] for record in records]
    assert records[1]["exception"].startswith("ValueError at ")


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_exception_tells_its_text(form: str) -> None:
    lines = [line for line in logged(form, CANARY) if "name:" not in line]

    assert CANARY not in "\n".join(lines)
    assert any("KeyError at" in line for line in lines)
    assert any("RuntimeError at" in line for line in lines)
    assert "chatter" not in "\n".join(lines)


@given(st.text(), st.sampled_from(["token=", "https://user:", "password: "]))
def test_masking_never_fails(text: str, before: str) -> None:
    masked(before + text)
