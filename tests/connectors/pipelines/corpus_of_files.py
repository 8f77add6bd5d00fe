"""The labelled pipeline files: what a person says of each, and what a dialect says of it, in the same form."""

from __future__ import annotations

import random
import string
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from connectors.pipelines.base import PipelineReading

CORPUS = Path(__file__).parent / "corpus"
MARK = "@@VALUE@@"
PATHS = {
    "github_actions": ".github/workflows/{}",
    "gitlab_ci": ".gitlab/ci/{}",
    "azure_pipelines": ".azure-pipelines/{}",
    "bitbucket_pipelines": "bitbucket-pipelines.yml",
    "buildkite": ".buildkite/{}",
    "circleci": ".circleci/{}",
    "drone": ".woodpecker/{}",
    "jenkins": "ci/{}",
    "tekton": ".tekton/{}",
    "travis": ".travis.yml",
}
"""Where a file of each dialect would stand in a repository."""


class Case(NamedTuple):
    """One labelled file."""

    dialect: str
    name: str
    path: str
    text: str
    value: str
    """What stands for each value in the open: made anew, and in no file."""
    references: Counter[str]
    signals: Counter[str]
    undetermined: bool


def cases() -> Iterator[Case]:
    for dialect, path in PATHS.items():
        labels = {
            name: label
            for file in sorted((CORPUS / dialect).glob("labels*.toml"))
            for name, label in tomllib.loads(file.read_text()).items()
        }
        for name, label in labels.items():
            value = "".join(random.Random(name).choices(string.ascii_letters + string.digits, k=20)) + "9q"
            yield Case(
                dialect=dialect,
                name=name,
                path=name if name.endswith("action.yml") else path.format(name),
                text=(CORPUS / dialect / name).read_text().replace(MARK, value),
                value=value,
                references=Counter(label["references"]),
                signals=Counter(label["signals"]),
                undetermined=label["undetermined"],
            )


def references_of(reading: PipelineReading) -> Counter[str]:
    return Counter(f"{one.kind.value} {one.name or '?'} {one.job or '-'}" for one in reading.references)


def signals_of(reading: PipelineReading) -> Counter[str]:
    return Counter(f"{one.signal.value} {one.job or '-'}" for one in reading.facts)
