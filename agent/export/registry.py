"""The formats, one line each. What is not listed here is written by nobody."""

from __future__ import annotations

from agent.errors import UsageFault
from agent.export.base import Exporter
from agent.export.csv_table import CsvTable
from agent.export.json_lines import JsonLines
from agent.export.sarif import Sarif

EXPORTERS: tuple[Exporter, ...] = (JsonLines(), Sarif(), CsvTable())

NAMES = ("jsonl", "sarif", "csv")
"""The same names, for a command line that must not load the exporters to print its help."""


def exporter(name: str) -> Exporter:
    """Return the exporter of that name."""
    for candidate in EXPORTERS:
        if candidate.name == name:
            return candidate
    raise UsageFault(f"there is no format '{name}'; there are table, {', '.join(each.name for each in EXPORTERS)}.")
