"""Cloning an address: what is refused before anything starts, what is brought, and how a token travels."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from connectors.base import TargetError
from connectors.git.clone import _ASK, _explained, _secret_pipe, checked_address, clone
from connectors.git.command import closed_environment
from connectors.git.shortfall import NotReadable
from connectors.git.target import GitTarget, Mode
from storage.inventory import Carrier, CoverageStatus, GapReason
from tests.connectors.git.conftest import Sweep
from tests.connectors.git.repositories import Repository, a_token

TOKEN = a_token(301)
LINE = b"token = '" + TOKEN + b"'\n"


def test_file_address_is_cloned_as_a_mirror_and_swept(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": LINE})
    repository.run("notes", "add", "-m", "a note")
    result = swept(f"file://{repository.path}")
    assert result.of(TOKEN)
    assert result.complete
    assert set(result.scopes) == {Carrier.REFS, Carrier.METADATA}
    assert result.resource.location == f"file://{repository.path}"
    assert "unreachable" in result.exclusions()


def test_environment_is_as_before_after_a_clone(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"x\n"})
    before = dict(os.environ)
    swept(f"file://{repository.path}")
    assert dict(os.environ) == before


def test_repository_with_objects_that_the_check_refuses_is_read_all_the_same(
    repository: Repository, swept: Sweep
) -> None:
    blob = repository.object("blob", LINE)
    tree = repository.object("tree", b"0100644 a\0" + bytes.fromhex(blob))
    commit = repository.run("commit-tree", tree, "-m", "zero-padded mode")
    repository.run("update-ref", "refs/heads/main", commit)
    assert swept(f"file://{repository.path}").of(TOKEN)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://example.com/a/b", "only https, ssh and file"),
        ("git://example.com/a/b", "only https, ssh and file"),
        ("ext::sh -c touch% x://", "may hold no blanks"),
        ("https://example.com/$HOME/b", "may hold no blanks"),
        ("https://example.com/%HOME%/b", "may hold no blanks"),
        ("https://example.com/a\nb", "may hold no blanks"),
        ("https://example.com/a\x1b[31mb", "may hold no blanks"),
        ("--upload-pack=x://example.com/a", "may hold no blanks"),
        ("https://user:word@example.com/a/b", "take user and token out"),
        ("ssh://git@example.com/a/b", "need a configured key"),
        ("git@example.com:a/b.git", "need a configured key"),
        ("https://-oProxyCommand=x/a", "names no host"),
        ("https:///a", "names no host"),
        ("https://[::1/a", "is no address"),
        ("file:///nowhere/at/all", "no such directory"),
        ("file://host/share", "no such directory"),
    ],
)
def test_refused_addresses(url: str, sentence: str) -> None:
    with pytest.raises(TargetError, match=sentence) as refused:
        checked_address(GitTarget(location=url))
    assert "word" not in str(refused.value)
    assert str(refused.value).isprintable()


def test_ssh_needs_a_key_and_no_password(tmp_path: Path) -> None:
    assert checked_address(GitTarget(location="ssh://git@example.com/a/b", ssh_key=str(tmp_path / "key")))
    with pytest.raises(TargetError, match="take the password out"):
        checked_address(GitTarget(location="ssh://git:word@example.com/a/b", ssh_key=str(tmp_path / "key")))


def test_missing_token_variable_is_named() -> None:
    with pytest.raises(TargetError, match="the variable NO_SUCH_VARIABLE"):
        checked_address(GitTarget(location="https://example.com/a/b", token_variable="NO_SUCH_VARIABLE"))


def test_what_is_no_repository_is_a_gap(swept: Sweep, tmp_path: Path) -> None:
    result = swept(f"file://{tmp_path}")
    assert result.reasons()
    assert result.coverage[Carrier.REFS].status is not CoverageStatus.COMPLETE


@pytest.mark.parametrize(
    ("said", "reason", "words"),
    [
        ("fatal: unable to access 'https://h/not-found': Could not resolve host: h", GapReason.FAILED, "host was not"),
        ("fatal: unable to access 'https://h/tls': Failed to connect to h port 1", GapReason.FAILED, "refused the"),
        ("server certificate verification failed. CAfile: none CRLfile: none", GapReason.FAILED, "TLS"),
        ("ssh: connect to host h port 22: Connection timed out", GapReason.TIMED_OUT, "did not answer in time"),
        ("fatal: Authentication failed for 'https://h/ssl'", GapReason.DENIED, "access was denied"),
        ("fatal: repository 'https://h/timed-out' not found", GapReason.DENIED, "no such repository"),
    ],
)
def test_failed_clone_says_why_in_our_words(said: str, reason: GapReason, words: str) -> None:
    refused = _explained(f"Cloning into bare repository\n{said}", 128, "https://h/a")
    assert refused.reason is reason
    assert words in refused.detail
    assert said not in refused.detail


def test_clone_without_time_is_a_gap(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a": LINE})
    with pytest.raises(NotReadable) as refused:
        clone(
            GitTarget(location=f"file://{repository.path}"), str(tmp_path / "clone"), deadline=time.monotonic() + 0.001
        )
    assert refused.value.reason is GapReason.TIMED_OUT


def test_token_travels_by_pipe_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", TOKEN.decode())
    target = GitTarget(location="https://example.com/a/b", token_variable="MY_TOKEN")
    with _secret_pipe(target) as (variables, handed):
        environment = closed_environment({"credential.helper": _ASK}, **variables)
        assert TOKEN.decode() not in repr(environment)

        def credential(verb: str, given: bytes) -> bytes:
            return subprocess.run(
                ["git", "credential", verb], input=b"protocol=https\nhost=example.com\n" + given + b"\n",
                env=environment, pass_fds=handed, capture_output=True, check=True,
            ).stdout  # fmt: skip

        # Nothing that git wants kept or forgotten takes the token from the pipe.
        for verb in ("approve", "reject"):
            credential(verb, b"username=u\npassword=p\n")
        filled = credential("fill", b"").splitlines()
    assert {b"username=x-access-token", b"password=" + TOKEN} <= set(filled)


def test_staged_needs_a_work_tree(repository: Repository, swept: Sweep) -> None:
    with pytest.raises(TargetError, match="no work tree"):
        swept(f"file://{repository.path}", mode=Mode.STAGED)
