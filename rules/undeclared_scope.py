"""The rule `undeclared-scope`."""

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


class UndeclaredScope(Rule[CoverageState]):
    """An account, project or subscription that the organisation lists, and that nobody said whether to look at.

    **Why it matters.** The population of a control is what the organisation has, not what somebody wrote into a
    configuration years ago. An account that was opened since then holds identities like any other, and a report that
    does not mention it reads as if it were clean.

    **Violation.** The organisation's own list of accounts, projects or subscriptions names it, and the configuration
    neither includes it nor excludes it with a reason. This rule applies to every scope of a run, and can always say.

    **Remediation.** Include it in the configuration, or exclude it there with the reason. The finding closes with the
    next run that does either.
    """

    code = "undeclared-scope"
    title = "Something the organisation has is neither looked at nor excluded"
    subject_kinds = frozenset({SubjectKind.SCOPE})
    severity = Severity.HIGH
    frameworks = operation_controls("ID.AM-02", "GV.OV-03", "CC4.1")

    def assess(self, subject: CoverageState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if subject.coverage.status is not CoverageStatus.UNDECLARED:
            message = "The configuration says whether it is looked at."
            return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
        message = f"{subject.scope.name} exists, and the configuration neither includes nor excludes it."
        return self.not_satisfied(subject, context, message)

    def weigh(self, subject: CoverageState, context: Context) -> Severity | None:
        """See `Rule.weigh`: what nobody looks at weighs what the rule does."""
        return None
