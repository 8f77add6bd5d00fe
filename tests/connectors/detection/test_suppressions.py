"""Wishes to pass a value over: read where they stand, refused when they are no such thing."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.suppressions import (
    FILE_BYTES,
    Baselines,
    OwnBaseline,
    UnreadableIgnores,
    baseline_entry,
    inline_suppression,
    parse_gitleaks_ignore,
    parse_own_baseline,
    parse_secrets_baseline,
)
from storage.inventory import SuppressionSource


@pytest.mark.parametrize(
    "comment",
    [
        b"# nhi-agent:allow", b"// gitleaks:allow", b"# betterleaks:allow", b"# trufflehog:ignore", b"# ggignore",
        b"# pragma: allowlist secret", b"// pragma: whitelist secret", b"# kingfisher:ignore",
    ],
)  # fmt: skip
def test_a_comment_on_the_line_is_seen(comment: bytes) -> None:
    found = inline_suppression(b'key = "x" ' + comment, b"")
    assert found is not None
    assert found.source is SuppressionSource.INLINE_COMMENT
    assert inline_suppression(b'key = "x"', comment) is None


def test_a_comment_for_the_next_line_is_seen_above_only() -> None:
    comment = b"# pragma: allowlist nextline secret"
    assert inline_suppression(b'key = "x"', comment) is not None
    assert inline_suppression(comment, b"") is None


def test_gitleaks_ignores_match_by_path_line_and_commit() -> None:
    commit = "a" * 40
    ignores = parse_gitleaks_ignore(f"# note\n{commit}:src/a.py:generic-api-key:7\nb/c.env:aws:3\nnonsense\n".encode())
    assert ignores.match("src/a.py", 7, "any-detector", commit) is not None
    assert ignores.match("src/a.py", 7, "any-detector", "b" * 40) is None
    assert ignores.match("b/c.env", 3, "any-detector", commit) is not None
    assert ignores.match("b/c.env", 3, "any-detector", None) is not None
    assert ignores.match("b/c.env", 4, "any-detector", None) is None
    assert ignores.match("b/c.env", None, "any-detector", None) is None


def test_a_baseline_of_detect_secrets_is_looked_up_by_the_value_as_it_stands() -> None:
    digest = hashlib.sha1(b"the value").hexdigest()
    content = {
        "version": "1.5.0",
        "results": {"a.py": [{"hashed_secret": digest}], "b.py": [{"hashed_secret": digest}, 3]},
    }
    listed = Baselines(secrets_baseline=parse_secrets_baseline(json.dumps(content).encode()))
    assert listed.look_up("rule", b"canonical", b"the value") == (
        SuppressionSource.DETECT_SECRETS_BASELINE,
        ("a.py", "b.py"),
    )
    assert listed.look_up("rule", b"canonical", b"another") == (None, ())


def test_our_own_baseline_is_for_one_rule_and_one_value() -> None:
    salt = b"0123456789abcdef"
    entry = baseline_entry("some-rule", "a.py", b"the value", salt)
    content = {
        "version": 1,
        "salt": salt.hex(),
        "entries": [{"rule": entry.rule, "path": entry.path, "scrypt": entry.scrypt}],
    }
    own = parse_own_baseline(json.dumps(content).encode())
    assert own.paths("some-rule", b"the value") == ("a.py",)
    assert own.paths("some-rule", b"another") == ()
    assert own.paths("other-rule", b"the value") == ()


def test_hashing_for_a_baseline_has_a_budget() -> None:
    own = OwnBaseline(b"salt", (baseline_entry("r", "p", b"v", b"salt"),))
    own._calls = 500
    assert own.paths("r", b"v") == ()
    assert own.exhausted


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"results": 3}',
        b'{"version": 2}',
        b'{"version": 1, "salt": "zz", "entries": []}',
        b" " * (FILE_BYTES + 1),
    ],
)
def test_what_is_no_baseline_is_refused_in_one_sentence(content: bytes) -> None:
    for parse in (parse_secrets_baseline, parse_own_baseline):
        with pytest.raises(UnreadableIgnores) as caught:
            parse(content)
        assert "\n" not in str(caught.value)


@given(st.binary(max_size=400))
def test_any_bytes_are_an_ignore_file_or_refused(content: bytes) -> None:
    parse_gitleaks_ignore(content)
    for parse in (parse_secrets_baseline, parse_own_baseline):
        with pytest.raises(UnreadableIgnores):
            parse(content)
