"""The rule `reused-secret`."""

from __future__ import annotations

from rules.base import Rule
from rules.frameworks import nhi_controls
from rules.joins.environments import environments
from rules.joins.proved_end import proved_end
from storage.inventory import (
    Assessment,
    Carrier,
    CloseReason,
    Confidence,
    Context,
    Facet,
    Occurrence,
    SecretExposure,
    Severity,
    SubjectKind,
)


class ReusedSecret(Rule[SecretExposure]):
    """One secret value that serves several repositories or several environments.

    **Why it matters.** Who gets hold of a shared secret in its weakest place holds it in the strongest one: a test
    environment's key opens production. Nothing tells apart who used it, and rotating it breaks everything at once, so
    nobody does.

    **Violation.** The same value was found in more than one repository or directory, in workloads of more than one
    account, or in files or workloads of more than one environment. A repository and the workload that is deployed from
    it are no two. The environment is read from the words in a path (`deploy/prod/app.env`, `config-staging.yml`), as
    the policy lists them under `environments`; that is a hint, so this case has medium confidence. Places in the
    history count: taking the value out of one place does not make it a secret of the other again. Forks and mirrors are
    repositories of their own; one folder that was read by its path and under a configured name is one. A value without
    a known place is not assessed, and one whose end is proved opens nothing in any place.

    **Remediation.** Issue one credential for each application and each environment, with no more rights than each
    needs, and revoke the shared one.
    """

    code = "reused-secret"
    title = "One secret serves several repositories or environments"
    subject_kinds = frozenset({SubjectKind.EXPOSURE})
    severity = Severity.HIGH
    needs = frozenset({Facet.PROVENANCE})
    frameworks = nhi_controls("NHI9:2025", "NHI8:2025", "PR.AA-05", "PR.AA-01", "CC6.1", "CC6.3", "CC8.1", "AC-2(9)")

    def assess(self, subject: SecretExposure, context: Context) -> Assessment:
        """See `Rule.assess`."""
        name = subject.name
        if end := proved_end(subject, context.as_of):
            return self.not_applicable(
                subject, context, f"{name}: its end is proved, so nothing shares it any more.", close_reason=end
            )
        if ended := self.unleaked(subject, context):
            return ended
        if not subject.occurrences:
            return self.not_assessed(subject, context, f"{name}: no place of it is known.", missing=Facet.PROVENANCE)
        workloads = [place for place in subject.occurrences if place.carrier is Carrier.WORKLOAD]
        names = {place.repository for place in subject.occurrences if place.carrier is not Carrier.WORKLOAD}
        if len({context.also_called.get(name, name) for name in names}) > 1:
            return self.not_satisfied(subject, context, f"{name}: one value stands in several repositories.")
        if len({place.repository for place in workloads}) > 1:
            return self.not_satisfied(subject, context, f"{name}: workloads of several accounts have one value.")
        if len(environments(map(_telling, subject.occurrences), context.policy)) > 1:
            return self.not_satisfied(
                subject,
                context,
                f"{name}: one value stands in places of several environments.",
                confidence=Confidence.MEDIUM,
            )
        # What leaked stays shared until it is revoked; a copy that only ever lay in a work tree can be deleted.
        return self.satisfied(
            subject,
            context,
            f"{name} is seen in one repository or account and in one environment only; where it was shared, it stays "
            "so until it is revoked.",
            close_reason=CloseReason.PLACE_CLEANED if subject.in_history is False and not workloads else None,
        )


def _telling(place: Occurrence) -> str | None:
    """What of a path tells its environment: of a workload's setting all but the setting's own name."""
    return place.path.rpartition("/")[0] if place.carrier is Carrier.WORKLOAD and place.path else place.path
