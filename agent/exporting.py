"""Writes a run again, from the store."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from agent.delivery import deliver, paired
from agent.errors import UsageFault
from agent.export.base import counted
from agent.installation import installation
from agent.reading import is_part, pick_run, read_report, superseding_run
from agent.report.table import Floors
from storage.inventory import Confidence, Severity


def export(
    *,
    seq: int | None,
    assessments: bool,
    formats: Sequence[str],
    outputs: Sequence[str],
    severity: str,
    confidence: str | None,
    store: str | None,
    config: Path | None,
    no_color: bool,
) -> int:
    """Carry out ``nhi-agent export``."""
    place = installation(config, store, discover=False)
    deliveries = paired(formats, outputs)
    least = Confidence(confidence) if confidence else place.configuration.settings.confidence
    with place.reading() as opened:
        run = pick_run(opened, seq)
        if seq is None:
            kind = "over a part: no other is there" if is_part(opened, run) else "the last one"
            sys.stderr.write(f"nhi-agent: run {run.seq} of {run.as_of.date().isoformat()}, {kind}.\n")
        elif later := superseding_run(opened, run):
            raise UsageFault(
                f"run {run.seq} was followed by run {later.seq} over the same things, and the store knows them as they "
                "are now; export without --run, or keep the documents that a run writes at its end."
            )
        report = read_report(opened, run, assessments=assessments)
    if not report.complete:
        gaps = counted(len(report.gaps), "gap")
        sys.stderr.write(f"nhi-agent: that run is incomplete, {gaps}: what it did not see stands in the documents.\n")
    deliver(report, deliveries, floors=Floors(severity=Severity(severity), confidence=least), colour=not no_color)
    return 0
