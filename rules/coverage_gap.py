"""The rule `coverage-gap`."""

from __future__ import annotations

from rules.base import Rule
from rules.frameworks import operation_controls
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    CoverageState,
    CoverageStatus,
    Severity,
    SubjectKind,
)


class CoverageGap(Rule[CoverageState]):
    """A part of what should have been looked at that was not looked at.

    **Why it matters.** A finding that was never looked for is not absent. Whoever reads "no findings" takes it for
    "nothing there", and an auditor asks first whether the population was complete. So what was refused, cut off or
    unreadable is itself a finding, and until it is mended nothing in that scope is closed.

    **Violation.** A scope was not read whole: access was denied, something failed or timed out, was over a limit,
    missing, malformed or not supported; or fewer things were read than were there. What the policy excludes on purpose
    is listed with the coverage and is no gap. This rule can always say, and applies to every scope that was to be
    read: a denied scope is a gap, and an empty one that was read whole is complete. A question that nobody could
    answer, such as when keys were last used, is a gap as well.

    **Remediation.** The gaps of the run name the object or call, the reason and, where one is known, the permission
    that would open it. Grant the permission, fetch the missing objects, raise the limit, or exclude the thing in the
    policy, on purpose and approved. The finding closes with the next run that reads the scope whole.
    """

    code = "coverage-gap"
    title = "Something that should have been read was not"
    subject_kinds = frozenset({SubjectKind.SCOPE})
    severity = Severity.HIGH
    frameworks = operation_controls("GV.OV-03", "ID.IM-01", "DE.CM-09", "CC4.1", "CC2.1", "CC5.3", "CA-7")

    def assess(self, subject: CoverageState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if subject.coverage.status is CoverageStatus.UNDECLARED:
            return self.not_applicable(subject, context, "Nobody asked for the scope to be read.")
        reasons = _reasons(subject)
        if not reasons:
            return self.satisfied(subject, context, "The scope was read whole.", close_reason=CloseReason.CONTROL_MET)
        return self.not_satisfied(subject, context, f"The scope was not read whole: {', '.join(reasons)}.")


def _reasons(state: CoverageState) -> list[str]:
    """Why it is not whole, in words without figures; empty when it is."""
    reasons = {gap.reason.replace("_", " ") for gap in state.gaps}
    if state.coverage.status is CoverageStatus.DENIED:
        reasons.add("denied")
    if state.coverage.fetched < state.coverage.expected:
        reasons.add("less was read than is there")
    if not reasons and state.coverage.status is not CoverageStatus.COMPLETE:
        reasons.add("partly read")
    return sorted(reasons)
