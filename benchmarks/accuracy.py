"""How often detection is right, on labelled corpora and on ordinary code: ``python benchmarks/accuracy.py CORPORA``.

CORPORA is a folder with ``labelled-lines.jsonl.xz`` (excerpts: ``before``, ``text``, ``after``, of which only the lines
of ``text`` count) and ``token-cases.jsonl.xz`` (short texts); each row has a label, ``secret`` or ``not-secret``, and
rows with another label are left out. A row counts as found when something on its lines is reported. Ordinary code holds
no secrets worth the name, so whatever is reported there counts as a false alarm, by lines. Values are never printed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import os
import shutil
import subprocess
import sysconfig
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from connectors.detection.batch import Batch, Detection, Window
from connectors.detection.catalogue import load_catalogue
from connectors.detection.detector import Detector
from connectors.detection.paths import confidence_by_paths
from connectors.fingerprint import KeyedFingerprinter
from storage.inventory import Checksum, Confidence

CORPORA = ("labelled-lines", "token-cases")
FLOORS = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
BATCH_BYTES = 8 << 20
LARGEST_FILE = 4 << 20
NOT_CODE = frozenset({".pyc", ".so", ".a", ".o", ".whl", ".zip", ".gz", ".xz", ".png", ".exe", ".dll", ".mo"})


class Row(NamedTuple):
    """One row of a corpus."""

    uid: str
    suffix: str
    body: bytes
    first: int
    """The first line that counts."""
    last: int
    secret: bool
    group: str


class Found(NamedTuple):
    """What a tool reports, without the value."""

    key: str
    line: int
    confidence: Confidence
    detector: str
    checksum: Checksum = Checksum.ABSENT


def rows_of(path: Path) -> list[Row]:
    """Read a corpus, without its neutral rows."""
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        raw = [json.loads(line) for line in stream]
    return [_row(one) for one in raw if one["label"] in {"secret", "not-secret"}]


def _row(raw: dict[str, Any]) -> Row:
    before, text, after = raw.get("before", []), raw["text"], raw.get("after", [])
    lines = [*before, *text, *after] if isinstance(text, list) else text.split("\n")
    first = len(before) + 1
    last = len(before) + len(text) if isinstance(text, list) else len(lines)
    body = "\n".join(lines).encode("utf-8", "surrogatepass")
    group = raw.get("service") or raw.get("category") or "-"
    return Row(str(raw["id"]), raw.get("suffix", ""), body, first, last, raw["label"] == "secret", group)


def detect(
    detector: Detector, bodies: Iterable[tuple[str, bytes]], found: Callable[[Detection], Found] | None = None
) -> Iterator[Found]:
    """Run the detector over many bodies, several to a batch as a sweep does."""
    buffer, windows = bytearray(), list[Window]()
    for key, body in bodies:
        windows.append(Window(key, len(buffer), len(buffer) + len(body)))
        buffer += body
        if len(buffer) > BATCH_BYTES:
            yield from map(found or _found, detector.detect(Batch(buffer, windows)))
            buffer, windows = bytearray(), []
    yield from map(found or _found, detector.detect(Batch(buffer, windows)))


def _found(one: Detection) -> Found:
    return Found(one.key, one.line, one.confidence, one.detector, one.checksum)


def _at_path(one: Detection) -> Found:
    """The same for a body that goes by its path, which says something too."""
    confidence = confidence_by_paths(one.confidence, one.checksum, one.type, [one.key])
    return Found(one.key, one.line, confidence, one.detector, one.checksum)


def flagged(rows: Sequence[Row], found: Iterable[Found]) -> dict[str, Confidence]:
    """The surest thing said of each row's own lines."""
    by_uid = {row.uid: row for row in rows}
    best: dict[str, Confidence] = {}
    for one in found:
        row = by_uid[one.key]
        if row.first <= one.line <= row.last:
            best[one.key] = max(best.get(one.key, Confidence.LOW), one.confidence, key=lambda level: level.rank)
    return best


class Score(NamedTuple):
    """Rows found and not found."""

    right: int
    wrong: int
    missed: int

    def __str__(self) -> str:
        precision = self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0
        recall = self.right / (self.right + self.missed) if self.right + self.missed else 0.0
        both = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        return (
            f"precision {precision:.3f}  recall {recall:.3f}  F1 {both:.3f}"
            f"  ({self.right} right, {self.wrong} wrong, {self.missed} missed)"
        )


def score(rows: Sequence[Row], best: dict[str, Confidence], floor: Confidence) -> Score:
    """Count the rows reported at a confidence or above."""
    said = {uid for uid, confidence in best.items() if confidence.rank >= floor.rank}
    right = sum(row.secret and row.uid in said for row in rows)
    wrong = sum(not row.secret and row.uid in said for row in rows)
    return Score(right, wrong, sum(row.secret for row in rows) - right)


def print_corpus(name: str, rows: Sequence[Row], best: dict[str, Confidence], families: int) -> None:
    """Print the figures of one corpus: by floor, by confidence, and the families that miss most."""
    print(f"\n{name}: {len(rows)} rows, {sum(row.secret for row in rows)} secrets")
    for floor in FLOORS:
        print(f"  {floor.value:6} and above  {score(rows, best, floor)}")
    for level in FLOORS:
        told = [row.secret for row in rows if best.get(row.uid) is level]
        print(f"  of what is said with {level.value} confidence {_share(told)} is right ({sum(told)} of {len(told)})")
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.group].append(row)
    scored = {group: score(members, best, Confidence.MEDIUM) for group, members in groups.items()}
    worst = sorted(scored.items(), key=lambda item: (-item[1].missed - item[1].wrong, item[0]))
    print("  families with most misses and false alarms, at medium and above:")
    for group, counts in worst[:families]:
        print(f"    {group:32} {counts}")


def print_apart(rows: Sequence[Row], best: dict[str, Confidence], failing: Collection[str]) -> None:
    """Print the figures without the rows that hold a value whose checksum fails, and recall with services alike."""
    kept = [row for row in rows if row.uid not in failing]
    print(f"  without {len(rows) - len(kept)} rows whose checksum fails: {score(kept, best, Confidence.MEDIUM)}")
    groups: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        if row.secret:
            groups[row.group].append(row.uid in best and best[row.uid].rank >= Confidence.MEDIUM.rank)
    alike = sum(sum(told) / len(told) for told in groups.values()) / max(len(groups), 1)
    print(f"  recall averaged over {len(groups)} families: {alike:.3f}")


def _share(told: Sequence[bool]) -> str:
    return f"{sum(told) / len(told):.1%}" if told else "nothing"


def code_files(roots: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """Yield the text files below some folders, each content once."""
    seen: set[bytes] = set()
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.suffix in NOT_CODE or path.is_symlink() or not path.is_file():
                continue
            if path.stat().st_size > LARGEST_FILE:
                continue
            body = path.read_bytes()
            digest = hashlib.blake2b(body, digest_size=16).digest()
            if b"\0" in body or digest in seen:
                continue
            seen.add(digest)
            yield str(path.relative_to(root.parent)), body


def print_code(detector: Detector, roots: Sequence[Path], show: Confidence | None) -> None:
    """Print false alarms per million lines of ordinary code, and the detector's speed on it."""
    lines = size = 0
    spent = 0.0
    alarms: dict[tuple[str, int], Found] = {}
    files = code_files(roots)
    while chunk := list(islice(files, 500)):
        lines += sum(body.count(b"\n") for _, body in chunk)
        size += sum(len(body) for _, body in chunk)
        begun = time.process_time()
        told = list(detect(detector, chunk, _at_path))
        spent += time.process_time() - begun
        for one in told:
            known = alarms.get((one.key, one.line))
            if known is None or known.confidence.rank < one.confidence.rank:
                alarms[one.key, one.line] = one
    print(f"\nordinary code: {lines / 1e6:.2f} million lines, {size / 1e6:.0f} MB")
    counts = Counter(one.confidence for one in alarms.values())
    for level in FLOORS:
        rate = counts[level] / max(lines, 1) * 1e6
        print(f"  {level.value:6} {counts[level]:5} lines flagged, {rate:6.1f} per million")
    print(f"  throughput {size / 1e6 / max(spent, 1e-9):.0f} MB per processor second")
    for one in sorted(alarms.values()) if show else ():
        if show and one.confidence.rank >= show.rank:
            print(f"  {one.confidence.value:6} {one.detector:32} {one.key}:{one.line}")


def detect_secrets(folder: Path) -> Iterator[Found]:
    """Run detect-secrets with its default settings over a folder, for comparison."""
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import default_settings

    with default_settings():
        for path in sorted(folder.iterdir()):
            for one in scan_file(str(path)):
                yield Found(path.name.partition(".")[0], one.line_number, Confidence.MEDIUM, one.type)


def credsweeper(folder: Path) -> Iterator[Found]:
    """Run CredSweeper with its default settings, machine learning included. Its report holds values: it is not kept."""
    with tempfile.TemporaryDirectory() as kept:
        report = Path(kept, "report.json")
        _run("credsweeper", "--path", str(folder), "--save-json", str(report))
        for one in json.loads(report.read_bytes()) if report.exists() else ():
            for line in one["line_data_list"]:
                key = Path(line["path"]).name.partition(".")[0]
                yield Found(key, line["line_num"], Confidence.MEDIUM, one["rule"])


def kingfisher(folder: Path) -> Iterator[Found]:
    """Run kingfisher without asking any provider, every occurrence told."""
    told = _run(
        "kingfisher", "scan", "--no-validate", "--no-dedup", "--no-update-check", "--format", "json", str(folder)
    )
    # The first line holds the findings, the second sums them up.
    for one in json.loads(told.partition("\n")[0] or "{}").get("findings", ()):
        found = one["finding"]
        key = Path(found["path"]).name.partition(".")[0]
        yield Found(key, found["line"], Confidence.MEDIUM, one["rule"]["id"])


PEERS: Mapping[str, Callable[[Path], Iterator[Found]]] = {
    "detect-secrets": detect_secrets,
    "credsweeper": credsweeper,
    "kingfisher": kingfisher,
}
"""Other scanners; the last two take part where their commands are on PATH (both are to be had from PyPI)."""


def _run(*command: str) -> str:
    """Run a peer; by the exit codes of scanners, findings are failures, so that its code says nothing."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def print_peers(rows: Sequence[Row], best: dict[str, Confidence], every: int) -> None:
    """Print how the peers do on one row in so many, written out as files, beside the detector on the same rows."""
    sample = rows[::every]
    print(f"  every {every}th row, {len(sample)} of them, at medium and above:")
    print(f"    nhi-agent       {score(sample, best, Confidence.MEDIUM)}")
    with tempfile.TemporaryDirectory() as name:
        for row in sample:
            Path(name, f"{row.uid}{row.suffix}").write_bytes(row.body)
        for peer, run in PEERS.items():
            if peer == "detect-secrets" or shutil.which(peer):
                print(f"    {peer:15} {score(sample, flagged(sample, run(Path(name))), Confidence.LOW)}")
            else:
                print(f"    {peer:15} not measured: the command is not installed")


def _floor(name: str) -> Confidence:
    return Confidence(name)


def main() -> None:
    """Print all figures."""
    home = [Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--code", type=Path, nargs="*", default=home, help="folders of ordinary code; none to skip it")
    parser.add_argument(
        "--show", type=_floor, choices=FLOORS, help="list the flagged lines of ordinary code from here on"
    )
    parser.add_argument("--families", type=int, default=15, help="how many families to list")
    parser.add_argument("--peers", type=int, default=10, help="show other scanners one row in so many; 0 for none")
    options = parser.parse_args()

    cache = Path(tempfile.gettempdir()) / f"nhi-agent-benchmark-cache-{os.getuid()}"
    detector = Detector(load_catalogue(), KeyedFingerprinter([("00000000", bytes(32))]), cache_directory=cache)
    for name in CORPORA:
        path = options.corpora / f"{name}.jsonl.xz"
        if not path.is_file():
            print(f"\n{name}: not measured, {path} does not exist; name the folder that holds it")
            continue
        rows = rows_of(path)
        found = list(detect(detector, ((row.uid, row.body) for row in rows)))
        best = flagged(rows, found)
        print_corpus(name, rows, best, options.families)
        print_apart(rows, best, {one.key for one in found if one.checksum is Checksum.INVALID})
        if options.peers:
            print_peers(rows, best, options.peers)
    if options.code:
        print_code(detector, options.code, options.show)


if __name__ == "__main__":
    main()
