"""Made-up secrets through every way in, looked for on every way out: found, and never repeated."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import signal
import socket
import string
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import pytest

from agent import keyring
from agent.errors import Ending
from agent.export.registry import NAMES
from connectors.fingerprint import KeyedFingerprinter
from tests.agent.command import ALL_AS_PROCESSES, NHI_AGENT, nhi_agent
from tests.agent.processes import workers_of
from tests.agent.workshop import Workshop, of_kind

ALPHABET = string.ascii_letters + string.digits
WHO = "Ada Author <ada@example.org> 1709546400 +0000"


# --- what is hidden ---------------------------------------------------------------------------------------------------


class Canaries:
    """Values by name, each made up from its name, so that no two are alike and none stands in this file."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.places: dict[str, str] = {}
        self._forms: dict[str, set[bytes]] | None = None

    def token(self, name: str, place: str, *, prefix: str = "glpat-", length: int = 20) -> str:
        """A value in a form that is recognised, with the kind of place where it has to be found."""
        self.places[name] = place
        return self.any(name, prefix=prefix, length=length)

    def any(self, name: str, *, prefix: str = "", length: int = 24, alphabet: str = ALPHABET) -> str:
        """A value that nothing has to recognise."""
        assert name not in self.values
        value = prefix + "".join(random.Random(f"canary {name}").choices(alphabet, k=length))
        self.values[name] = value
        return value

    def seen_in(self, content: bytes) -> list[str]:
        """Names of the canaries of which some spelling stands in `content`."""
        if self._forms is None or len(self._forms) != len(self.values):
            self._forms = {name: spellings(value) for name, value in self.values.items()}
        return [name for name, forms in self._forms.items() if any(form in content for form in forms)]


def spellings(value: str) -> set[bytes]:
    """How a value may be written where somebody wrote it down by accident."""
    raw = value.encode()
    forms = {raw, quote(value, safe="").encode(), json.dumps(value)[1:-1].encode()}
    forms |= {raw.hex().encode(), raw.hex().upper().encode(), raw.hex(" ").encode(), raw.hex(":").encode()}
    forms |= {value.encode("utf-16-le"), value.encode("utf-16-be"), value.encode("utf-32-le")}
    for before in range(3):
        # What stands around the value shares its first and last characters in base64.
        end = len(raw) - (before + len(raw)) % 3
        text = base64.b64encode(b"\0" * before + raw[:end])[(0, 2, 3)[before] :]
        forms |= {text, text.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


def test_every_spelling_is_noticed() -> None:
    """The search itself: it would notice a value however it were written down."""
    canaries = Canaries()
    value = canaries.any("x", alphabet=ALPHABET + "+/=\"'\\%é ")
    for before in ("", "a", "ab", "abc", "token="):
        written = (before + value + "\n").encode()
        assert canaries.seen_in(written)
        assert canaries.seen_in(base64.b64encode(written))
        assert canaries.seen_in(base64.urlsafe_b64encode(written))
        assert canaries.seen_in(written.hex().encode())
    assert canaries.seen_in(json.dumps({"a": value}).encode())
    assert canaries.seen_in(quote(value).encode())
    assert canaries.seen_in(value.encode("utf-16"))
    assert not canaries.seen_in(base64.b64encode(b"something else, and long enough to be compared with"))


# --- the repository that holds them -----------------------------------------------------------------------------------


class Aviary:
    """A repository with a canary on every perch."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.folder = workshop.repository
        self.canaries = Canaries()
        self._history()
        self._messages()
        self._names()
        self._people()
        self._only_here()
        self._metadata()

    def write(self, path: str | bytes, content: str | bytes) -> None:
        full = self.folder / os.fsdecode(path)
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(content.encode() if isinstance(content, str) else content)

    def put(self, kind: str, content: str | bytes) -> str:
        """Write one object, past git's own checks."""
        done = subprocess.run(
            ["git", "-C", self.folder, "hash-object", "-t", kind, "-w", "--stdin", "--literally"],
            input=content.encode() if isinstance(content, str) else content, capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout.decode().strip()

    def commit_object(self, message: str, *, author: str = WHO, committer: str = WHO, more: str = "") -> str:
        tree, parent = self.workshop.git("rev-parse", "first^{tree}", "first").split()
        header = f"tree {tree}\nparent {parent}\nauthor {author}\ncommitter {committer}\n{more}"
        return self.put("commit", f"{header}\n{message}\n")

    def _history(self) -> None:
        token, git = self.canaries.token, self.workshop.git
        self.write("README", "shop\n")
        git("add", "-A")
        git("commit", "-q", "-m", "first")
        git("tag", "first")
        self.write("removed.py", f"TOKEN = '{token('removed from HEAD', 'blob')}'\n")
        git("add", "-A")
        git("commit", "-q", "-m", "removed")
        (self.folder / "removed.py").unlink()
        self.write("app/settings.py", f"TOKEN = '{token('source', 'blob')}'\n")
        self.write("app/crlf.ini", f"[a]\r\ntoken = {token('CRLF', 'blob')}\r\n")
        self.write("app/bare", token("no line end", "blob"))
        self.write("app/long.js", "x" * 90_000 + token("long line", "blob", prefix=" glpat-") + " " + "y" * 90_000)
        self.write("app/data.json", json.dumps({"a": [{"token": token("JSON", "blob")}]}))
        self.write("app/le.txt", ("\ufefftoken: " + token("UTF-16 LE", "blob")).encode("utf-16-le"))
        self.write("app/be.txt", ("\ufefftoken: " + token("UTF-16 BE", "blob")).encode("utf-16-be"))
        self.write("app/four.txt", ("\ufefftoken: " + token("UTF-32", "blob")).encode("utf-32-le"))
        self.write("app/blob.bin", b"\0\1\2\xff" * 40 + token("binary", "blob").encode() + b"\0\xfe" * 40)
        with zipfile.ZipFile(self.folder / "app" / "stored.zip", "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("inner.env", f"T={token('stored in an archive', 'archive_member')}\n")
        self.write("app/allowed.py", f"T = '{token('allowed inline', 'blob')}'  # nosec gitleaks:allow\n")
        self.write("app/notes.ipynb", json.dumps({"cells": [{"source": [f"t='{token('notebook', 'blob')}'"]}]}))
        self.write("app/db.py", f"URL = 'postgresql://app:{self.canaries.any('DSN in source')}@db.internal/shop'\n")
        self.write("app/pass.py", f"db_password = '{self.canaries.any('assigned password')}'\n")
        special = self.canaries.any("password of odd signs", alphabet=ALPHABET + "+/=!~é")
        self.write("app/odd.yaml", f'db_password: "{special}"\n')
        self.write("app/key.pem", self._private_key())
        self.write("app/jwt.txt", self._web_token())
        self.write(b"app/\xff\xfename.py", f"T = '{token('file of undecodable name', 'blob')}'\n")
        self.write(".gitmodules", f'[submodule "a"]\n\tpath = a\n\turl = https://x:{token("submodule", "blob")}@h/a\n')
        self.write(
            "CODEOWNERS", f"* {token('code owner', 'blob')}\n/app/ {token('code owner of a path', 'blob')}@h.org\n"
        )
        self.write(".mailmap", f"{token('mailmap', 'blob')} <ada@example.org>\n")
        self.write(".gitleaksignore", f"{token('ignore file', 'blob')}:app/settings.py:x:1\n")
        self.write(".secrets.baseline", json.dumps({"results": {token("baseline", "blob"): []}}))
        self.write("modified.py", "T = 1\n")
        (self.folder / "link").symlink_to(token("link", "blob"))
        git("add", "-A")
        git("commit", "-q", "-m", "all sorts")
        git("checkout", "-q", "-b", "side", "first")
        self.write("side.py", f"T = '{token('side branch', 'blob')}'\n")
        git("add", "-A")
        git("commit", "-q", "-m", "side")
        git("checkout", "-q", "main")
        git("merge", "-q", "--no-commit", "--no-ff", "side")
        self.write("merge.py", f"T = '{token('evil merge', 'blob')}'\n")
        git("add", "-A")
        git("commit", "-q", "-m", "merge")

    def _private_key(self) -> str:
        lines = [self.canaries.any(f"private key, line {at}", length=64) for at in range(3)]
        return "\n".join(("-----BEGIN " + "RSA PRIVATE KEY-----", *lines, "-----END " + "RSA PRIVATE KEY-----", ""))

    def _web_token(self) -> str:
        def part(content: str) -> str:
            return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")

        signature = self.canaries.any("web token's signature", length=43)
        claims = json.dumps({"sub": "svc", "jti": self.canaries.any("web token's claim")})
        return f"jwt = {part(json.dumps({'alg': 'HS256', 'typ': 'JWT'}))}.{part(claims)}.{signature}\n"

    def _messages(self) -> None:
        token, git = self.canaries.token, self.workshop.git
        git("commit", "-q", "--allow-empty", "-m", f"use {token('commit subject', 'commit_message')}")
        git("commit", "-q", "--allow-empty", "-m", f"x\n\nlong ago: {token('commit body', 'commit_message')}")
        git("update-ref", "refs/heads/trailer", self.commit_object(f"x\n\nToken: {token('trailer', 'commit_message')}"))
        header = f"x-token {token('unknown header', 'commit_message')}\n"
        git("update-ref", "refs/heads/header", self.commit_object("x", more=header))
        self.commit_object(f"lost {token('unreachable commit', 'commit_message')}")
        git("tag", "-a", "v1", "-m", f"release {token('tag message', 'tag_message')}")
        git("notes", "add", "-m", f"noted {token('note', 'note')}")
        git("update-ref", "refs/blobs/one", self.put("blob", f"T={token('blob that a ref names', 'blob')}\n"))
        self.put("blob", f"T={token('dangling blob', 'blob')}\n")

    def _names(self) -> None:
        token, git = self.canaries.token, self.workshop.git
        self.write(f"{token('file name', 'file_name')}.txt", "x\n")
        self.write(f"deep/er-{token('folder name', 'file_name')}/inner/a.txt", "x\n")
        holder = token("name of a file with another in it", "file_name")
        self.write(f"{holder}/{token('nested name', 'file_name')}.py", f"T = '{token('in such a file', 'blob')}'\n")
        git("add", "-A")
        git("commit", "-q", "-m", "names")
        git("branch", f"fix/{token('branch', 'ref_name')}")
        git("tag", token("tag", "ref_name"))
        git("update-ref", f"refs/remotes/origin/{token('remote branch', 'ref_name')}", "first")
        git("checkout", "-q", "-b", token("branch of HEAD", "ref_name"))
        git("symbolic-ref", "refs/heads/pointer", f"refs/heads/{self.canaries.any('where a ref leads')}")

    def _people(self) -> None:
        token = self.canaries.token
        name, mail = token("author", "author"), token("author's address", "author")
        one = self.commit_object("x", author=f"{name} <{mail}@example.org> 1709546400 +0000")
        self.workshop.git("update-ref", "refs/heads/author", one)
        two = self.commit_object("x", committer=f"{token('committer', 'author')} <c@example.org> 1709546400 +0000")
        self.workshop.git("update-ref", "refs/heads/committer", two)
        tagger = f"{token('tagger', 'author')} <t@example.org> 1709546400 +0000"
        tag = self.put("tag", f"object {one}\ntype commit\ntag v2\ntagger {tagger}\n\nx\n")
        self.workshop.git("update-ref", "refs/tags/v2", tag)
        # One who is called by a secret has also committed one.
        blob = self.put("blob", f"T={token('value by such an author', 'blob')}\n")
        tree = self.put("tree", b"100644 by.env\0" + bytes.fromhex(blob))
        who = f"{name} <{mail}@example.org> 1709546400 +0000"
        made = self.put("commit", f"tree {tree}\nauthor {who}\ncommitter {who}\n\nby\n")
        self.workshop.git("update-ref", "refs/heads/by", made)

    def _only_here(self) -> None:
        token, git = self.canaries.token, self.workshop.git
        self.write("README", f"shop {token('stash', 'blob')}\n")
        git("stash", "push", "-q", "-m", f"for later {token('stash message', 'commit_message')}")
        git("update-ref", "-m", f"moved {token('reflog message', 'reflog')}", "refs/heads/side", "first")
        by_hand = f"{WHO}\tby hand {token('reflog by hand', 'reflog')}"
        with (self.folder / ".git/logs/refs/heads/side").open("a") as reflog:
            reflog.write(f"{'0' * 40} {git('rev-parse', 'first')} {by_hand}\n")
        self.write("staged.env", f"T={token('staged only', 'index')}\n")
        git("add", "staged.env")
        self.write("staged.env", "T=\n")
        self.write("modified.py", f"T = '{token('modified, not staged', 'worktree')}'\n")
        self.write("untracked.env", f"T={token('untracked', 'untracked')}\n")
        self.write(".git/info/exclude", "/.env\n")
        self.write(".env", f"T={token('ignored', 'untracked')}\n")
        self.write("wide.txt", ("\ufeff" + token("untracked UTF-16", "untracked")).encode("utf-16-le"))
        self.write(f"{token('untracked file name', 'file_name')}.log", "x\n")
        self.write(f"{token('untracked folder name', 'file_name')}/a.log", "x\n")
        (self.folder / "untracked-link").symlink_to("/nowhere/" + token("untracked link", "untracked"))

    def _metadata(self) -> None:
        token, folder = self.canaries.token, self.folder / ".git"
        with (folder / "config").open("a") as config:
            config.write(
                f'[remote "origin"]\n\turl = https://ada:{token("remote", "git_config")}@git.example.com/shop.git\n'
                f"\tpushurl = https://{token('push address', 'git_config')}@git.example.com/team/shop.git\n"
                f'[http "https://h"]\n\textraheader = "X-Token: {token("header", "git_config")}"\n'
                f'[url "https://{token("section name", "git_config")}@h/"]\n\tinsteadOf = h:\n'
                f"[alias]\n\tx = !curl -H 'T: {token('alias', 'git_config')}' h\n"
                f'[branch "{token("branch of the configuration", "git_config")}"]\n\tremote = origin\n'
            )
        fetched = f"branch 'main' of https://x:{token('fetched', 'git_config')}@h/x"
        (folder / "FETCH_HEAD").write_text(f"{self.workshop.git('rev-parse', 'first')}\t\t{fetched}\n")
        for name in ("COMMIT_EDITMSG", "MERGE_MSG", "SQUASH_MSG"):
            (folder / name).write_text(f"about {token(name, 'git_config')}\n")
        (folder / "description").write_text(f"about {self.canaries.any('description')}\n")
        (folder / "hooks").mkdir(exist_ok=True)
        (folder / "hooks" / "post-commit").write_text(f"#!/bin/sh\necho {self.canaries.any('hook')}\n")


# --- what is watched --------------------------------------------------------------------------------------------------


@dataclass
class Watch:
    """Looks at every new process, at the folder for temporary files and at the store's log, every few milliseconds."""

    folders: Sequence[Path]
    processes: set[bytes] = field(default_factory=set)
    files: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    """By path and first bytes: a log that grows is kept once, one that begins anew is another."""
    looks: int = 0

    def __post_init__(self) -> None:
        self._known = {path.name for path in Path("/proc").glob("[0-9]*")}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(0.005):
            self.looks += 1
            self._processes()
            if self.looks % 8 == 0:
                self._files()

    def _processes(self) -> None:
        for number in os.listdir("/proc"):  # noqa: PTH208 - every few milliseconds
            # Another test, run beside this one, may be building a repository with the same canaries.
            if number.isdigit() and number not in self._known and _descends_from_here(number):
                for name in ("cmdline", "environ"):
                    content = _read(Path("/proc", number, name))
                    if content:
                        self.processes.add(name.encode() + b"\0" + content)

    def _files(self) -> None:
        for folder in self.folders:
            for parent, folders, files in os.walk(folder):
                for name in (*folders, *files):
                    path = Path(parent, name)
                    content = _read(path, 1 << 24)
                    if len(content) >= len(self.files.get((str(path), content[:32]), b"")):
                        self.files[str(path), content[:32]] = content

    def seen(self) -> Iterator[tuple[str, bytes]]:
        """Everything that was seen, with where."""
        yield from (("process", content) for content in self.processes)
        for (path, _), content in self.files.items():
            yield from (("name of a file", os.fsencode(path)), (path, content))


def _descends_from_here(number: str) -> bool:
    """Whether a process was started by this one, directly or by way of others."""
    here = str(os.getpid())
    while number not in {here, "0", "1", ""}:
        number = (_read(Path("/proc", number, "stat")).rpartition(b")")[2].split() or [b"", b""])[1].decode()
    return number == here


def _read(path: Path, limit: int = 1 << 20) -> bytes:
    try:
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                return file.read(limit)
    except OSError:
        pass  # it went away, or is none of ours
    return b""


@dataclass
class Desk:
    """Runs commands and keeps everything they leave behind."""

    workshop: Workshop
    scratch: Path
    left: dict[str, bytes] = field(default_factory=dict)
    process: bool = ALL_AS_PROCESSES
    """Whether commands are the installed program."""

    @property
    def state(self) -> Path:
        return self.workshop.directory / "state"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "NHI_AGENT_STORE": self.workshop.store_url,
            "NHI_AGENT_KEY_FILE": str(self.workshop.directory / "key"),
            "TMPDIR": str(self.scratch),
        }

    def __call__(
        self, *arguments: str | Path, expect: Iterable[int] = (0,), **more: str
    ) -> subprocess.CompletedProcess[bytes]:
        environment = {**self.environment, **more}
        done = nhi_agent(*arguments, directory=self.workshop.directory, environment=environment, process=self.process)
        said = f"{len(self.left)}: {' '.join(map(str, arguments))[:80]}"
        self.left[said] = done.stdout + b"\0" + done.stderr
        assert done.returncode in expect, (said, done.returncode, done.stderr[-500:])
        return done

    def everything(self) -> Iterator[tuple[str, bytes]]:
        """Whatever was said, written or left lying."""
        yield from self.left.items()
        for folder in (self.state, self.scratch, self.workshop.directory / "out"):
            for path in folder.rglob("*"):
                yield f"name of {path.name}", os.fsencode(path)
                yield str(path), _read(path, 1 << 30)

    def leaks(self, canaries: Canaries, more: Iterable[tuple[str, bytes]] = ()) -> list[tuple[str, str]]:
        """Which canary stands where it must not."""
        looked_at: dict[bytes, str] = {}
        for where, content in (*self.everything(), *more):
            looked_at.setdefault(content, where)
        return [(name, where) for content, where in looked_at.items() for name in canaries.seen_in(content)]


@pytest.fixture
def aviary(tmp_path: Path, quick: None) -> Aviary:
    return Aviary(Workshop(tmp_path))


@pytest.fixture
def desk(aviary: Aviary, tmp_path: Path) -> Desk:
    return _desk(aviary.workshop)


def _desk(workshop: Workshop) -> Desk:
    for name in ("tmp", "out"):
        (workshop.directory / name).mkdir()
    made = Desk(workshop, workshop.directory / "tmp")
    made("key", "create", workshop.directory / "key")
    return made


# --- what comes out ---------------------------------------------------------------------------------------------------


def exposures_of(desk: Desk) -> list[Any]:
    """What the store knows, by the canonical export."""
    said = desk("export", "-f", "jsonl", "--assessments").stdout
    return of_kind([json.loads(line) for line in said.splitlines()], "exposure")


def missed(desk: Desk, aviary: Aviary) -> list[str]:
    """Canaries in a recognised form that were not found, or found somewhere else than they are."""
    ring = keyring.load(desk.workshop.directory / "key", tenant="default")
    tagger = KeyedFingerprinter(ring.subkeys())
    places: dict[str, set[str]] = {}
    for exposure in exposures_of(desk):
        places.setdefault(exposure["fingerprint"], set()).update(each["place"] for each in exposure["occurrences"])
    canaries = aviary.canaries
    found = {name: places.get(tagger.tags(canaries.values[name].strip().encode())[0]) for name in canaries.places}
    return [f"{name}: {found[name]}" for name, place in canaries.places.items() if place not in (found[name] or ())]


SWEEP = ("sweep", "shop", "-vv", "--log-format", "json", "--confidence", "low")
OUTPUTS = tuple(part for form in (*NAMES, "table") for part in ("-f", form, "-o", f"out/sweep.{form}"))


def test_every_canary_is_found_and_none_is_repeated(aviary: Aviary, desk: Desk) -> None:
    assert len(aviary.canaries.values) >= 60
    desk.process = True
    with Watch([desk.scratch, desk.state]) as watch:
        desk(*SWEEP, *OUTPUTS, expect=(1, 3))
    desk.process = ALL_AS_PROCESSES
    assert watch.looks > 50
    assert watch.processes

    assert missed(desk, aviary) == []

    for form in (*NAMES, "table"):
        desk("export", "-f", form, "-o", f"out/export.{form}")
    listed = desk("findings", "list", "-f", "jsonl").stdout.splitlines()
    desk("findings", "list")
    for uid in _one_of_each_place(desk, [json.loads(line) for line in listed]):
        desk("findings", "show", uid)
    for arguments in (("db", "info"), ("db", "verify"), ("config", "show", "--origin"), ("doctor",), ("key", "show")):
        desk(*arguments)
    assert desk.leaks(aviary.canaries, watch.seen()) == []
    assert list(desk.scratch.iterdir()) == []


def _one_of_each_place(desk: Desk, findings: Sequence[Any]) -> set[str]:
    """A finding for each kind of place, for a closer look."""
    subjects = {finding["subject_uid"]: finding["uid"] for finding in findings}
    return {
        subjects[exposure["uid"]]
        for exposure in {each["occurrences"][0]["place"]: each for each in exposures_of(desk)}.values()
        if exposure["uid"] in subjects
    }


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("sweep", "shop", "--since", "first"), id="what is new"),
        pytest.param(("sweep", "shop", "--staged"), id="what is staged"),
        pytest.param(("sweep", "file://{home}/shop/.git"), id="a clone"),
        pytest.param(("sweep", "bare.git"), id="a mirror", marks=pytest.mark.full),
        pytest.param(("sweep", "plain"), id="a plain folder"),
        pytest.param(("sweep", "shop", "--timeout", "0.8"), id="no time"),
        pytest.param(("sweep", "shop", "--since", "glpat-none"), id="no such ref", marks=pytest.mark.full),
    ],
)
def test_no_other_way_of_sweeping_repeats_one(aviary: Aviary, desk: Desk, arguments: tuple[str, ...]) -> None:
    home = desk.workshop.directory
    if "bare.git" in arguments:
        aviary.workshop.git("clone", "-q", "--mirror", f"file://{aviary.folder}", str(home / "bare.git"), cwd=home)
    if "plain" in arguments:
        (home / "plain").mkdir()
        subprocess.run(["cp", "-r", *aviary.folder.glob("[!.]*"), aviary.folder / ".env", home / "plain"], check=True)

    desk(*(part.format(home=home) for part in arguments), "-vv", *OUTPUTS, expect=(0, 1, 2, 3))

    assert desk.leaks(aviary.canaries) == []


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param({"ADDRESS_SPACE_BYTES": "400000000"}, id="memory"),
        pytest.param({"ADDRESS_SPACE_BYTES": "250000000"}, id="less memory", marks=pytest.mark.full),
        pytest.param({"CPU_SECONDS": "1"}, id="processor", marks=pytest.mark.full),
        pytest.param({"DETECTIONS_PER_TARGET": "5", "DETECTIONS_PER_OBJECT": "1"}, id="detections"),
        pytest.param({"OBJECT_BYTES": "40", "CONTROL_FILE_BYTES": "40"}, id="sizes"),
        pytest.param({"OBJECTS": "10", "COMMITS": "2"}, id="counts", marks=pytest.mark.full),
    ],
)
def test_no_worker_repeats_one_when_it_meets_its_limits(aviary: Aviary, desk: Desk, limits: dict[str, str]) -> None:
    desk(*SWEEP, *OUTPUTS, expect=(1, 3), **{f"NHI_AGENT_LIMITS__{name}": value for name, value in limits.items()})

    assert desk.leaks(aviary.canaries) == []


def test_no_killed_worker_repeats_one(aviary: Aviary, desk: Desk) -> None:
    said = desk.workshop.directory / "out" / "said"
    with (
        said.open("wb") as file,
        subprocess.Popen(
            [NHI_AGENT, *SWEEP, *OUTPUTS], cwd=desk.workshop.directory, env=desk.environment, stdout=file, stderr=file
        ) as process,
    ):
        while not (groups := workers_of(process.pid)):
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(0.5)
        for group in groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    assert process.returncode in {Ending.INCOMPLETE, Ending.FINDINGS}
    assert desk.leaks(aviary.canaries) == []


CRASH = """
import sys
from pathlib import Path
from agent import worker
from agent.frames import Frames
from agent.session import WorkerSession
from connectors.git.connector import GitConnector
from connectors.git.target import GitTarget
from connectors.base import Limits

class Clumsy:
    "A detector that puts what it was scanning into its exception."
    capped_keys = frozenset()
    left_out = {}
    def detect(self, batch):
        raise ValueError(bytes(batch.buffer))

class Session(WorkerSession):
    def detector(self, baselines):
        return Clumsy()

sys.excepthook = worker._report_crash
session = Session(
    limits=Limits(), deadline=1e12, scratch=Path(sys.argv[2]), subkeys=(("00000000", bytes(32)),), matcher="re",
    cache_directory=Path(sys.argv[2]), more_plugins=(), progress=lambda *_: None,
)
for observation in GitConnector().collect(GitTarget(location=sys.argv[1]), session):
    pass
"""


def test_a_detector_that_crashes_repeats_none(aviary: Aviary, desk: Desk, house: Path) -> None:
    """An exception that holds what was scanned is reduced to its type and our own frames."""
    done = subprocess.run(
        [sys.executable, "-c", CRASH, aviary.folder, desk.scratch], cwd=house, capture_output=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.startswith(b"ValueError at ")
    assert aviary.canaries.seen_in(done.stdout + done.stderr) == []


@pytest.mark.parametrize("trouble", ["refused row", "no room", "not to be written", "damaged"])
def test_no_trouble_with_the_store_repeats_one(aviary: Aviary, desk: Desk, trouble: str) -> None:
    import sqlite3

    (desk.workshop.directory / "bare").mkdir()
    (desk.workshop.directory / "bare" / "a.txt").write_text("nothing here")
    desk("sweep", "bare")
    store = desk.workshop.store
    command: list[str | Path] = [NHI_AGENT, *SWEEP, *OUTPUTS]
    if trouble == "refused row":
        with sqlite3.connect(store) as connection:
            connection.execute(
                "CREATE TRIGGER no BEFORE INSERT ON exposures BEGIN SELECT RAISE(ABORT, 'the row is refused'); END"
            )
        connection.close()
    elif trouble == "no room":
        command = ["sh", "-c", 'ulimit -f 700; exec "$@"', "sh", *command]
    elif trouble == "not to be written":
        with sqlite3.connect(store) as connection:
            connection.execute(
                "CREATE TRIGGER no BEFORE INSERT ON staged_observations BEGIN SELECT RAISE(FAIL, 'x'); END"
            )
        connection.close()
    else:
        content = bytearray(store.read_bytes())
        content[8192:] = random.Random(1).randbytes(len(content) - 8192)
        store.write_bytes(content)

    done = subprocess.run(
        command, cwd=desk.workshop.directory, env=desk.environment, capture_output=True, check=False, timeout=300
    )

    assert done.returncode == Ending.STORE, done.stderr
    (sentence,) = [line for line in done.stderr.splitlines() if line.startswith(b"nhi-agent: The store")]
    desk.left["trouble"] = done.stdout + b"\0" + done.stderr
    assert desk.leaks(aviary.canaries) == []
    assert sentence.endswith(b".")


# --- what an operator hands in ----------------------------------------------------------------------------------------


@pytest.fixture
def plain(tmp_path: Path, quick: None) -> Desk:
    """A desk with a repository that holds nothing of interest."""
    workshop = Workshop(tmp_path)
    workshop.commit({"README": "shop\n"}, "first", "2024-03-01T10:00:00+00:00")
    return _desk(workshop)


OPERATOR = Canaries()
_TOKEN = OPERATOR.any("token of an operator", prefix="glpat-", length=20)
_PASSWORD = OPERATOR.any("password of an operator", alphabet=ALPHABET + "+=!~")


@pytest.mark.parametrize(
    "place",
    [
        f"https://{_TOKEN}@git.example.com/x",
        f"https://ada:{_PASSWORD}@git.example.com/x",
        f"https://ada:{quote(_PASSWORD, safe='')}@git.example.com/x",
        f"HTTPS://ada:{_PASSWORD}@git.example.com/x",
        f"ssh://git:{_PASSWORD}@git.example.com/x",
        f"http://ada:{_PASSWORD}@git.example.com/x",
        f"https://ada:{_PASSWORD}@[::1/x",
        f"https://ada:{_PASSWORD}/1@git.example.com/x",
        f"ada:{_PASSWORD}@git.example.com:x",
        f"ftp://ada:{_PASSWORD}@git.example.com/x",
        f"https://git.example.com/x?private_token={_TOKEN}",
        f"https://git.example.com/x#{_TOKEN}",
    ],
)
def test_an_address_with_a_secret_is_refused_without_repeating_it(plain: Desk, place: str) -> None:
    before = sorted(plain.workshop.directory.rglob("*"))

    done = plain("sweep", place, "-vv", expect=(2,))

    assert done.stderr.startswith(b"nhi-agent: ")
    plain.left = {"": done.stdout + done.stderr}
    assert plain.leaks(OPERATOR) == []
    assert sorted(plain.workshop.directory.rglob("*")) == before


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("store: [\n  {secret}\n", id="a list that does not end"),
        pytest.param("store: 'postgresql://ada:{secret}@h/d\n", id="a quote that does not end"),
        pytest.param("key_file: *{secret}\n", id="taken for an alias"),
        pytest.param("key_file: !{secret} x\n", id="taken for a tag"),
        pytest.param("key_file: !{secret}!x y\n", id="taken for a handle"),
        pytest.param("key_file: &{secret} x\ntenant: &{secret} [\n", id="taken for an anchor"),
        pytest.param("store: postgresql://ada:{secret}@h/d\n", id="a password in the file"),
        pytest.param("jobs: {secret}\n", id="no number"),
        pytest.param("matcher: {secret}\n", id="none of the words"),
        pytest.param("tenant: '{secret} {secret}'\n", id="not of the form"),
        pytest.param("policy: {{approved_date: {secret}}}\n", id="no date"),
        pytest.param("repositories: [{{name: a, url: 'https://x:{secret}@h/x'}}]\n", id="in an address"),
        pytest.param("repositories: [{{name: a, url: '{secret}'}}]\n", id="for an address"),
        pytest.param(
            "repositories: [{{name: a, location: shop, token_env: '{secret}'}}]\n", id="for a variable's name"
        ),
        pytest.param("repositories: {secret}\n", id="for a list"),
        pytest.param("outputs: [{{format: {secret}, path: x}}]\n", id="for a format"),
        pytest.param("{secret}\n", id="alone"),
        pytest.param("- {secret}\n", id="in a list"),
        pytest.param("jobs: 1\n  {secret}: [\n", id="wrongly indented"),
        pytest.param('key_file: "\\q{secret}"\n', id="behind a wrong escape"),
    ],
)
def test_broken_configuration_is_pointed_at_and_not_repeated(plain: Desk, text: str) -> None:
    (plain.workshop.directory / "own.yaml").write_text(text.format(secret=_TOKEN))

    asked = plain("run", "-c", "own.yaml", "-vv", expect=(4,), NHI_AGENT_STORE="")
    owners = plain("sweep", "shop", "--owners", "own.yaml", "-vv", expect=(4,))

    for complaint in (asked.stderr, owners.stderr):
        assert complaint.startswith(b"nhi-agent: ")
        assert b"own.yaml:" in complaint
    assert plain.leaks(OPERATOR) == []
    assert list(plain.state.iterdir()) == []


def test_a_token_in_the_place_of_its_variable_is_not_repeated(plain: Desk) -> None:
    """Whoever writes the token itself where its variable's name belongs is told so without it."""
    secret = OPERATOR.any("token for a variable's name", prefix="ghp_", length=36)
    (plain.workshop.directory / "own.yaml").write_text(
        f"repositories: [{{name: a, url: 'https://h/x', token_env: {secret}}}]\n"
    )

    plain("run", "-c", "own.yaml", expect=(3,), NHI_AGENT_STORE="")
    plain("sweep", "https://127.0.0.1:1/x", "--token-env", secret, expect=(2,))

    assert plain.leaks(OPERATOR) == []


@pytest.mark.parametrize(
    "variables",
    [
        {"NHI_AGENT_STORE": f"postgresql://ada:{_PASSWORD}@127.0.0.1:1/x"},
        {"NHI_AGENT_STORE": f"postgresql://ada:{quote(_PASSWORD, safe='')}@127.0.0.1:1/x?application_name={_TOKEN}"},
        {"NHI_AGENT_STORE": f"postgresql://127.0.0.1:1/x?user=ada&password={_PASSWORD}"},
        {"NHI_AGENT_STORE": f"postgresql://ada:{_PASSWORD}@127.0.0.1:no/x"},
        {"NHI_AGENT_STORE": f"mysql://ada:{_PASSWORD}@127.0.0.1/x"},
        {"NHI_AGENT_STORE": f"ada:{_PASSWORD}@127.0.0.1/x"},
        {"NHI_AGENT_STORE": f"env:{'THERE'}", "THERE": f"postgresql://ada:{_PASSWORD}@127.0.0.1:1/x"},
        {"NHI_AGENT_STORE": "file:url", "THERE": ""},
    ],
    ids=range(8),
)
def test_the_password_of_the_store_is_not_repeated(plain: Desk, variables: dict[str, str]) -> None:
    (plain.workshop.directory / "url").write_text(f"postgresql://ada:{_PASSWORD}@127.0.0.1:1/x\n")
    for arguments in (("sweep", "shop", "-vv"), ("findings", "list")):
        plain(*arguments, expect=(5,), **variables)
    plain("doctor", expect=(0, 4, 5), **variables)
    plain("config", "show", "--origin", expect=(0, 4), **variables)

    assert plain.leaks(OPERATOR) == []


def test_a_wrong_password_of_the_server_is_not_repeated(plain: Desk) -> None:
    """A server that asks for a password and refuses it: the first words of PostgreSQL's protocol, version 3."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_refuse_password, args=(server,), daemon=True)
        thread.start()
        url = f"postgresql://ada:{_PASSWORD}@127.0.0.1:{server.getsockname()[1]}/x?sslmode=disable"
        done = plain("sweep", "shop", "-vv", expect=(5,), NHI_AGENT_STORE=url)
    assert b"refuses the password" in done.stderr or b"cannot be reached" in done.stderr
    assert plain.leaks(OPERATOR) == []


def _refuse_password(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.recv(4096)
            connection.sendall(b"R\0\0\0\x08\0\0\0\x03")  # AuthenticationCleartextPassword
            asked = connection.recv(4096)
            words = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed: " + asked[5:-1] + b"\0\0"
            connection.sendall(b"E" + (len(words) + 4).to_bytes(4, "big") + words)


def test_the_token_for_a_clone_reaches_the_server_and_nobody_else(plain: Desk, tmp_path: Path) -> None:
    """It stands in the variable that the operator set, and in no other process, argument, file or message."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"https://127.0.0.1:{server.getsockname()[1]}/team/shop.git"
        environment = {**plain.environment, "OPERATORS_TOKEN": _TOKEN}
        with (
            Watch([plain.scratch, plain.state]) as watch,
            subprocess.Popen(
                [NHI_AGENT, "sweep", address, "--token-env", "OPERATORS_TOKEN", "-vv", "--timeout", "6"],
                cwd=plain.workshop.directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            ) as process,
        ):  # fmt: skip
            # The server says nothing, so that git stays where it can be looked at.
            said, complaint = process.communicate(timeout=120)
    assert process.returncode == Ending.INCOMPLETE, complaint
    # The operator's own process was given the variable, and NHI_AGENT_KEY_FILE with it; no child is given either.
    others = {content for content in watch.processes if b"NHI_AGENT_KEY_FILE=" not in content}
    assert any(b"remote-https" in content for content in others)
    assert any(content.startswith(b"environ") and b"NHI_TOKEN_FD" in content for content in others)
    left = [*(("process", content) for content in others), *(each for each in watch.seen() if each[0] != "process")]
    plain.left["sweep"] = said + complaint
    assert plain.leaks(OPERATOR, left) == []
