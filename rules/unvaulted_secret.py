"""The rule `unvaulted-secret`."""

from __future__ import annotations

from rules.base import Rule, one_less, weight
from rules.frameworks import nhi_controls
from rules.joins.presence import is_staged, plain_places, stands
from storage.inventory import (
    Assessment,
    Carrier,
    CloseReason,
    Context,
    Facet,
    ResourceState,
    SecretExposure,
    Severity,
    SubjectKind,
)

HOLDERS = frozenset({"directory", "repository"})
"""The kinds of resources that hold files. Workloads, whose settings are read, have many kinds and are told by their
scope."""


class UnvaultedSecret(Rule[SecretExposure | ResourceState]):
    """A secret that stands in plain text at present, in a repository, a directory or the settings of a workload.

    **Why it matters.** A secret belongs in a vault: there it is handed out to those who need it, its use is recorded,
    and it can be changed in one place. A secret in a file is handed to everybody and everything that can read the file:
    each clone, build machine, backup, image and editor extension. One in the settings of a workload is shown to whoever
    may look at the account. Nobody can say who has it.

    **Violation.** The value stands somewhere now: at HEAD, staged, in a work tree or plain directory (ignored and
    untracked files included), in a clone's own files such as `.git/config`, or in a workload's settings: a variable, a
    start script, a parameter or an output of a stack. One that neither stands at HEAD or in a workload nor is about to
    (staged) weighs one step less than the credential by itself. A value that stands nowhere any more satisfies
    the rule, which closes its finding as `place_cleaned`: the place is clean, the value is not. Where nobody can tell
    whether a HEAD holds it, it is not assessed. Values in the history alone are the matter of
    `exposed-secret-in-history`.

    Repositories, directories and workloads are judged beside the values, as the population to sample from: one that was
    read whole and in which nothing stands satisfies the rule; one that was not read whole and in which nothing was
    found is not assessed, for what was not seen is not clean. Where something stands the rule speaks of each value by
    itself.

    **Remediation.** Put the value into the vault or the secret store of the platform, let the program read it from
    there at run time (a workload by a reference in place of the value), and delete it where it stands. Then revoke or
    rotate it: whatever stood in a repository or a workload counts as leaked. To keep it from coming back, let a hook
    run `nhi-agent sweep --staged`.
    """

    code = "unvaulted-secret"
    title = "A secret stands in plain text"
    subject_kinds = frozenset({SubjectKind.EXPOSURE, SubjectKind.RESOURCE})
    severity = Severity.CRITICAL
    needs = frozenset({Facet.PROVENANCE, Facet.VAULT})
    frameworks = nhi_controls("NHI2:2025", "PR.AA-01", "PR.DS-01", "CC6.1", "IA-5(7)")

    def assess(self, subject: SecretExposure | ResourceState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        match subject:
            case SecretExposure():
                return self._of_value(subject, context)
            case ResourceState():  # pragma: no branch - mypy proves that there is no other case
                return self._of_resource(subject, context)

    def weigh(self, subject: SecretExposure | ResourceState, context: Context) -> Severity | None:
        """Return the value's weight; one step less off HEAD, which a value that was never committed has taken."""
        if not isinstance(subject, SecretExposure) or subject.at_head or subject.in_history is False:
            return super().weigh(subject, context)
        near = is_staged(subject) or Carrier.WORKLOAD in plain_places(subject)
        return super().weigh(subject, context) if near else one_less(weight(subject, context.as_of))

    def _of_value(self, value: SecretExposure, context: Context) -> Assessment:
        standing = stands(value)
        if standing:
            return self.not_satisfied(value, context, f"{value.name} stands in plain text {_where(value)}.")
        if standing is None:
            return self.not_assessed(
                value, context, f"{value.name}: whether it stands at HEAD is not known.", missing=Facet.PROVENANCE
            )
        return self.satisfied(
            value,
            context,
            f"{value.name} stands in plain text nowhere any more.",
            close_reason=CloseReason.PLACE_CLEANED,
        )

    def _of_resource(self, state: ResourceState, context: Context) -> Assessment:
        kind, listed = state.resource.kind, state.resource.scope_uid is not None
        if state.standing:
            return self.not_applicable(
                state, context, f"Secrets stand in plain text in this {kind}; each is judged by itself."
            )
        if kind not in HOLDERS and not listed:
            return self.not_applicable(state, context, f"Resources of the kind '{kind}' hold no files or settings.")
        if not state.complete:
            return self.not_assessed(
                state, context, f"Nothing was found, but this {kind} was not read whole.", missing=Facet.VAULT
            )
        place = f"the settings of this {kind}" if listed else f"this {kind}"
        return self.satisfied(state, context, f"No secret stands in plain text in {place}.")


def _where(value: SecretExposure) -> str:
    if value.at_head:
        return "at HEAD or on the default branch"
    places = plain_places(value)
    if Carrier.WORKLOAD in places:
        return "in the settings of a workload"
    if Carrier.WORKTREE in places:
        return "in files outside any commit"
    return "in the git directory's own files"
