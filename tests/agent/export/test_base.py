"""What every export says of a finding."""

from __future__ import annotations

import msgspec

from agent.export.base import statement
from storage.inventory import FindingStatus
from tests.builders import a_finding


def test_what_a_resolved_finding_says_is_told_as_what_held_until_then() -> None:
    finding = a_finding()
    closed = msgspec.structs.replace(finding, status=FindingStatus.RESOLVED)
    assert statement(finding) == finding.message
    assert statement(closed) == f"Until it was resolved: {finding.message}"
