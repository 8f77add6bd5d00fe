"""Whether a change of the default branch needs somebody else's approval: by rulesets, or by the branch's protection."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.github.answers import BranchProtection, BranchRule
from connectors.github.estate import Estate
from connectors.github.permissions import BRANCH_PROTECTION, BRANCH_RULES
from connectors.github.place import Place
from connectors.github.reading import PROVIDER, Reading
from storage.inventory import Observation, Safeguard, SafeguardKind

_NO_BRANCH = "A repository without a default branch: there is nothing to protect yet."


def read_branch_rules(reading: Reading, estate: Estate, place: Place) -> Iterator[Observation]:
    """Tell how many approvals the default branch demands. Rules of the organization are among those it answers with."""
    branch = place.repository.default_branch if place.repository else None
    if branch is None:
        reading.left_out("no_default_branch", _NO_BRANCH)
        return
    rules = reading.whole_list(BRANCH_RULES, BranchRule, branch=branch, **place.where)
    approvals = max(
        (one.parameters.required_approving_review_count for one in rules or () if one.parameters), default=0
    )
    by = "ruleset"
    if approvals == 0:
        # Only where no rule demands it, the older protection is asked for: one call less for most.
        protection = reading.setting(BRANCH_PROTECTION, BranchProtection, branch=branch, **place.where)
        reviews = protection.required_pull_request_reviews if isinstance(protection, BranchProtection) else None
        approvals, by = (reviews.required_approving_review_count if reviews else 0), "branch protection"
        if approvals == 0 and (rules is None or protection is None):
            # One of the two was refused, and that one may demand it.
            yield _safeguard(reading, estate, place, {}, enabled=None)
            return
    found = {"approvals": str(approvals), **({"by": by} if approvals else {})}
    yield _safeguard(reading, estate, place, found, enabled=approvals > 0)


def _safeguard(
    reading: Reading, estate: Estate, place: Place, attributes: dict[str, str], *, enabled: bool | None
) -> Safeguard:
    return Safeguard(
        uid=estate.made_uid("safeguard", place.number, SafeguardKind.REQUIRED_REVIEW),
        scope_uid=reading.uid,
        kind=SafeguardKind.REQUIRED_REVIEW,
        name=f"required review of {place.name}",
        provider=PROVIDER,
        resource_uid=place.uid,
        enabled=enabled,
        attributes=attributes,
    )
