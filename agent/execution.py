"""What `sweep` and `run` share: open the installation, carry out the plan, deliver the report, choose the exit code."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import FrameType

from agent.allowances import unknown_keys
from agent.delivery import Delivery, deliver
from agent.errors import Ending
from agent.export.base import OPEN_STATUSES, RunReport, counted
from agent.installation import Installation, now
from agent.plan import RunResult, SweepPlan
from agent.progress import ProgressLine
from agent.reading import pick_run, read_report
from agent.report.table import Floors
from agent.run import execute
from agent.supervision import Stop
from agent.terminal import escaped
from storage.inventory import Confidence, Finding, Record, Severity, SubjectKind

logger = logging.getLogger(__name__)
GAPS_TOLD = 20
"""How many gaps are told on stderr where the table is not; the outputs hold all of them."""


class Threshold(Record, frozen=True, kw_only=True):
    """From when on findings are an exit code."""

    fail_on: str
    """A severity, ``new`` or ``none``."""
    confidence: Confidence
    exit_code: int = Ending.FINDINGS


class Manner(Record, frozen=True, kw_only=True):
    """How to tell the person who started it."""

    quiet: bool
    colour: bool
    floors: Floors
    deliveries: tuple[Delivery, ...]


def carry_out(
    place: Installation, plan: SweepPlan, *, as_of: datetime | None, threshold: Threshold, manner: Manner
) -> int:
    """Do it all and return the exit code. Until the store and the key agree, nothing is written."""
    moment = as_of or now()
    place.existing_keyring()
    place.require_key()
    store = place.open_store(create=True)
    with store:
        ring = place.keyring_of(store, as_of=moment)
        for sentence in unknown_keys(plan.tuning.allow_list, ring.checks(), moment):
            logger.warning("%s", sentence)
        progress = ProgressLine(wanted=not manner.quiet, colour=manner.colour)
        with stopped_by_signals() as stop:
            try:
                result = execute(plan, store=store, keyring=ring, as_of=moment, clock=now, progress=progress, stop=stop)
            finally:
                progress.end()
        report = read_report(store, pick_run(store, result.seq))
    deliver(report, manner.deliveries, floors=manner.floors, colour=manner.colour)
    if not manner.quiet and all(delivery.path for delivery in manner.deliveries):
        sys.stderr.writelines(f"nhi-agent: {escaped(line)}\n" for line in gap_lines(report))
        sys.stderr.write(f"nhi-agent: {summary(report, manner.deliveries)}\n")
    return ending(report, result, threshold)


def ending(report: RunReport, result: RunResult, threshold: Threshold) -> int:
    """The exit code. What was not read may hold anything, so incomplete coverage wins over findings."""
    if not (result.complete and report.complete):
        return Ending.INCOMPLETE
    if any(crosses(finding, report, threshold) for finding in report.findings):
        return threshold.exit_code
    return Ending.CLEAN


def crosses(finding: Finding, report: RunReport, threshold: Threshold) -> bool:
    """Whether one finding of this run is an exit code.

    A suppression inside the scanned repository makes no difference, unless the policy admits it: then the finding is
    excepted. Findings that this run did not see again stay in the store, and are no news.
    """
    if finding.status not in OPEN_STATUSES or finding.last_run != report.run.seq:
        return False
    if finding.confidence.rank < threshold.confidence.rank:
        return False
    # A sweep is asked for leaked values: how a pipeline handles its secrets is told, and is no reason to stop a build.
    if report.run.kind == "sweep" and finding.subject_kind is SubjectKind.PIPELINE:
        return False
    match threshold.fail_on:
        case "none":
            return False
        case "new":
            return finding.first_run == report.run.seq or finding.uid in report.reopened
        case severity:
            return finding.severity.rank >= Severity(severity).rank


def summary(report: RunReport, deliveries: Sequence[Delivery]) -> str:
    """One line, where the documents went to files."""
    open_findings = sum(finding.status in OPEN_STATUSES for finding in report.findings)
    coverage = "complete" if report.complete else f"incomplete, {counted(len(report.gaps), 'gap')}"
    written = ", ".join(str(delivery.path) for delivery in deliveries)
    found = f"{counted(len(report.exposures), 'secret')}, {counted(open_findings, 'open finding')}"
    return f"{found}, coverage {coverage}; wrote {written}."


def gap_lines(report: RunReport) -> Iterator[str]:
    """What could not be read, for whoever sees only stderr: a sentence each, and a count of the rest."""
    sentences = report.gap_sentences()
    for sentence in sentences[:GAPS_TOLD]:
        yield f"not looked at: {sentence}"
    if len(sentences) > GAPS_TOLD:
        yield f"and {len(sentences) - GAPS_TOLD:,} more gaps; the outputs list all of them."


@contextmanager
def stopped_by_signals() -> Iterator[Stop]:
    """Turn SIGTERM and the first SIGINT into a request to end: what was read is recorded, the rest becomes a gap.

    A second SIGINT ends at once. The former handlers come back afterwards.
    """
    stop = Stop()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.asked and number == signal.SIGINT:
            signal.default_int_handler(number, frame)
        stop.ask(f"the run was asked to end by {signal.Signals(number).name}")

    former = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
