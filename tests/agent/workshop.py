"""A repository to sweep, a store beside it, and the command at hand: real git, real files, real workers."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import string
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.agent.command import ALL_AS_PROCESSES, as_text, nhi_agent

_GROWS = frozenset({"runs", "coverage", "gaps", "population_digests", "sqlite_sequence", "leases", "fencing"})
"""Tables that grow with every run by design."""


def a_token(seed: int) -> str:
    """Return a value in the form of a GitLab personal access token, made up from `seed`."""
    alphabet = string.ascii_letters + string.digits
    return "glpat-" + "".join(random.Random(seed).choices(alphabet, k=20))


class Workshop:
    """A directory with one repository in it, and the command line at hand."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.repository = directory / "shop"
        self.store = directory / "state" / "store.db"
        # Folders for stores are the operator's to make: a sweep makes none but its own state directory.
        for folder in ("state", "store", "never killed"):
            (directory / folder).mkdir()
        self.git("init", "-q", "-b", "main", str(self.repository), cwd=directory)

    @property
    def store_url(self) -> str:
        return f"sqlite:///{self.store}"

    def git(self, *arguments: str | bytes, cwd: Path | None = None, when: str = "2024-03-04T10:00:00+00:00") -> str:
        """Run git as a fixed author at a fixed time."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ada Author",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada Author",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
            "GIT_AUTHOR_DATE": when,
            "GIT_COMMITTER_DATE": when,
        }
        done = subprocess.run(
            ["git", *arguments], cwd=cwd or self.repository, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str | None], message: str, when: str) -> str:
        """Write or remove files, commit, return the commit's id."""
        for name, content in files.items():
            path = self.repository / name
            if content is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message, when=when)
        return self.git("rev-parse", "HEAD")

    def sweep(self, *paths: Path | str, expect: Sequence[int] = (0, 1), arguments: Sequence[str] = ()) -> list[Any]:
        """Sweep as a user would, and return the records of the JSONL export."""
        output = self.directory / "out.jsonl"
        done = self.nhi_agent(
            "sweep",
            *(str(path) for path in paths or (self.repository,)),
            "--store",
            self.store_url,
            "-f",
            "jsonl",
            "-o",
            str(output),
            *arguments,
        )
        assert done.returncode in expect, done.stderr
        return [json.loads(line) for line in output.read_text().splitlines()]

    def nhi_agent(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        stdin: str = "",
        process: bool = ALL_AS_PROCESSES,
    ) -> subprocess.CompletedProcess[str]:
        """Run the command, as `tests.agent.command.nhi_agent` does."""
        return as_text(
            nhi_agent(
                *arguments,
                directory=self.directory,
                environment={**os.environ, **(environment or {})},
                stdin=stdin.encode(),
                process=process,
            )
        )

    def statuses(self) -> dict[str, str]:
        """Status of each finding by its uid, as it stands in the store."""
        with sqlite3.connect(self.store) as connection:
            return dict(connection.execute("select uid, status from findings").fetchall())

    def table_sizes(self) -> dict[str, int]:
        """Rows of each table that holds state, not those that grow with every run by design."""
        with sqlite3.connect(self.store) as connection:
            names = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
            return {
                name: connection.execute(f"select count(*) from {name}").fetchone()[0]
                for name in names
                if name not in _GROWS
            }


def of_kind(records: Sequence[Any], kind: str) -> list[Any]:
    """Pick the records of one kind."""
    return [record for record in records if record["kind"] == kind]
