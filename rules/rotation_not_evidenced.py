"""The rule `rotation-not-evidenced`."""

from __future__ import annotations

from datetime import datetime

from rules.base import Rule
from rules.frameworks import nhi_controls
from rules.joins.proved_end import proved_end, why
from storage.inventory import (
    Assessment,
    Checksum,
    CloseReason,
    Confidence,
    Context,
    Facet,
    SecretExposure,
    Severity,
    SubjectKind,
    Validity,
)

_DAY_SECONDS = 86_400


class RotationNotEvidenced(Rule[SecretExposure]):
    """A secret that, if it is still valid, is older than the policy allows, with no sign that it was ever changed.

    **Why it matters.** The longer a secret lives, the more people and machines have seen it, and the longer a leak that
    nobody noticed stays useful. A rotation period bounds both. An auditor asks for evidence that it is kept.

    **Violation.** The value is older than the policy's limit for its kind (`rotation_days`), and nothing proves that it
    was revoked or rotated or has expired; a rotation is a newer credential of the same identity *and* the old one
    unusable. Its age counts from the time of issue where the value itself or the inventory tells it, else from the
    first commit that held it; dates that lie in the future are not believed. A value in a repository proves neither
    that it still works nor that it was changed: where no inventory lists it, the rule says no more than "older than the
    limit if still valid". Without any date the value is not assessed, and one that fails its own checksum, which no
    issuer would accept, has nothing to rotate.

    **Remediation.** Rotate the credential: issue a new one, move its users over, then make the old one unusable. Prefer
    credentials that end by themselves, or none at all (workload identity), to rotation by hand. The finding closes when
    an inventory shows the old credential gone, or its own expiry has passed.
    """

    code = "rotation-not-evidenced"
    title = "A secret is older than its rotation limit, with no evidence of rotation"
    subject_kinds = frozenset({SubjectKind.EXPOSURE})
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    needs = frozenset({Facet.PROVENANCE, Facet.ROTATION})
    frameworks = nhi_controls("NHI7:2025", "PR.AA-01", "CC6.1", "IA-5")

    def assess(self, subject: SecretExposure, context: Context) -> Assessment:
        """See `Rule.assess`."""
        name = subject.name
        if end := proved_end(subject, context.as_of):
            return self.satisfied(subject, context, f"{name}: its end is proved{why(subject)}.", close_reason=end)
        if ended := self.unleaked(subject, context):
            return ended
        if subject.checksum is Checksum.INVALID:
            return self.not_applicable(subject, context, f"{name}: it fails its own checksum, so no issuer takes it.")
        start = _start(subject, context.as_of)
        if start is None:
            return self.not_assessed(subject, context, f"{name}: nothing tells its age.", missing=Facet.ROTATION)
        limit = context.policy.rotation_limit(subject.type)
        if (context.as_of - start).total_seconds() <= limit * _DAY_SECONDS:
            # A value does not grow younger: only a longer limit brings one back that was over it.
            return self.satisfied(
                subject,
                context,
                f"{name}: within the rotation limit of {limit} days.",
                close_reason=CloseReason.POLICY_CHANGED,
            )
        if subject.validity is Validity.LIVE:
            return self.not_satisfied(
                subject,
                context,
                f"{name} is live and older than the rotation limit of {limit} days{why(subject)}.",
            )
        return self.not_satisfied(
            subject,
            context,
            f"{name} is older than the rotation limit of {limit} days if still valid; "
            f"no evidence of rotation or revocation{why(subject)}.",
        )


def _start(exposure: SecretExposure, as_of: datetime) -> datetime | None:
    """When its age begins: the issue, else what the first commit claims, else when that commit was made."""
    first = exposure.first_commit
    issued = exposure.joined.created_time if exposure.joined else None
    claims = (exposure.created_time, issued, *((first.time, first.committer_time) if first else ()))
    return next((time for time in claims if time is not None and time <= as_of), None)
