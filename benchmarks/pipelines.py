"""How often the reading of pipeline files is right, on the labelled ones: ``python benchmarks/pipelines.py``.

The files and their labels stand in `tests/connectors/pipelines/corpus`; they were written and labelled by hand before
anything read them. A reference counts as right when its kind, name and job are those of a label, a sign when its signal
and job are. Whoever wrote the labels wrote the readers, so what counts is a set's first figure, which its head tells.
With ``--zizmor PROGRAM`` that program reads the same workflows, without network and as its most talkative persona;
since it speaks of other places in a file, both are then compared by the files that they flag.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from connectors.pipelines.registry import dialect_of
from storage.inventory import PipelineSignal
from tests.connectors.pipelines.corpus_of_files import Case, cases, references_of, signals_of

GROUPS = {
    "static keys": ("static_cloud_key",),
    "keyless": ("keyless_cloud", "trusted_publishing"),
    "publishing tokens": ("static_publishing_token",),
    "vault verdicts": ("vault_used", "vault_keyless", "vault_static"),
    "values in the open": ("hard_coded_value",),
    "permissions": ("permissions_write_all", "permissions_by_default", "permissions_limited"),
    "all other signs": tuple(
        signal.value
        for signal in PipelineSignal
        if signal.value.startswith(("persisted", "self_hosted", "untrusted", "environment", "secret_outside"))
    ),
}
AUDITS = {
    "artipacked": "persisted_credentials",
    "dangerous-triggers": "untrusted_trigger",
    "hardcoded-container-credentials": "hard_coded_value",
    "secrets-outside-env": "secret_outside_environment",
    "self-hosted-runner": "self_hosted_runner",
    "use-trusted-publishing": "static_publishing_token",
}
"""What zizmor says, and the sign that comes nearest."""


class Score(NamedTuple):
    """What was said rightly, wrongly, and not."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def plus(self, said: Counter[str], labelled: Counter[str]) -> Score:
        right = (said & labelled).total()
        return Score(self.right + right, self.wrong + said.total() - right, self.missed + labelled.total() - right)

    def __str__(self) -> str:
        precision = self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0
        recall = self.right / (self.right + self.missed) if self.right + self.missed else 1.0
        counts = f"({self.right} right, {self.wrong} wrong, {self.missed} missed)"
        return f"precision {precision:.3f}  recall {recall:.3f}  {counts}"


def of_group(counted: Counter[str], signals: Iterable[str]) -> Counter[str]:
    wanted = set(signals)
    return Counter({one: count for one, count in counted.items() if one.partition(" ")[0] in wanted})


def print_dialect(name: str, files: list[Case]) -> dict[str, set[str]]:
    """Print the figures of one dialect; return the signals said of each file."""
    references, groups = Score(), dict.fromkeys(GROUPS, Score())
    doubts, said_of = Score(), dict[str, set[str]]()
    for case in files:
        dialect = dialect_of(case.path)
        if dialect is None:
            raise SystemExit(f"no dialect reads {case.path}")
        reading = dialect.read(case.text, case.path)
        references = references.plus(references_of(reading), case.references)
        signals = signals_of(reading)
        for group, wanted in GROUPS.items():
            groups[group] = groups[group].plus(of_group(signals, wanted), of_group(case.signals, wanted))
        doubts = doubts.plus(Counter(["?"] * bool(reading.undetermined)), Counter(["?"] * case.undetermined))
        said_of[case.name] = {one.partition(" ")[0] for one in signals}
    print(f"\n{name}: {len(files)} files")
    for title, score in {"references": references, **groups, "cannot tell": doubts}.items():
        if any(score):
            print(f"  {title:20} {score}")
    return said_of


def zizmor(program: str, files: list[Case]) -> Mapping[str, set[str]]:
    """Run zizmor over the workflows and actions; return the signals that it comes nearest to, by file."""
    with tempfile.TemporaryDirectory() as folder:
        places = {case.path: case.name for case in files}
        for case in files:
            place = Path(folder, case.path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(case.text)
        options = ["--offline", "--no-exit-codes", "--persona", "auditor", "--format", "json"]
        answer = subprocess.run([program, *options, folder], capture_output=True, text=True, check=True)
    found = defaultdict[str, set[str]](set)
    for finding in json.loads(answer.stdout):
        for location in finding["locations"]:
            path = location["symbolic"]["key"]["Local"]["verbatim_path"]
            inside = path.removeprefix(folder).removeprefix("/")
            if finding["ident"] in AUDITS and inside in places:
                found[places[inside]].add(AUDITS[finding["ident"]])
    return found


def print_beside(files: list[Case], ours: Mapping[str, set[str]], theirs: Mapping[str, set[str]]) -> None:
    """Print for each signal how often both are right about a file."""
    print("\nGitHub, by file: nhi-agent beside zizmor")
    for signal in PipelineSignal:
        scores = [Score(), Score()]
        for case in files:
            labelled = Counter(["x"] * any(one.partition(" ")[0] == signal.value for one in case.signals))
            for at, said in enumerate((ours, theirs)):
                scores[at] = scores[at].plus(Counter(["x"] * (signal.value in said.get(case.name, ()))), labelled)
        if signal.value.startswith("permissions") or not any(map(any, scores)):
            continue
        print(f"  {signal.value:28} nhi-agent  {scores[0]}")
        print(f"  {'':28} zizmor     {scores[1] if signal.value in AUDITS.values() else 'no audit of this'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zizmor", metavar="PROGRAM", default=shutil.which("zizmor"), help="compare with zizmor")
    options = parser.parse_args()
    by_dialect = defaultdict[str, list[Case]](list)
    for case in cases():
        by_dialect[case.dialect].append(case)
    said = {name: print_dialect(name, files) for name, files in by_dialect.items()}
    if options.zizmor:
        files = by_dialect["github_actions"]
        print_beside(files, said["github_actions"], zizmor(options.zizmor, files))


if __name__ == "__main__":
    main()
