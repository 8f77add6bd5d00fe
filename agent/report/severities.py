"""How a severity is shown: in which colour, and with a question mark where the fault is not certain."""

from __future__ import annotations

from storage.inventory import Confidence, Severity

SEVERITY_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFORMATIONAL: "dim",
}


def severity_words(severity: Severity, confidence: Confidence) -> str:
    """A severity, with a question mark where the fault is not certain."""
    return severity.upper() if confidence is Confidence.HIGH else f"{severity.upper()}?"
