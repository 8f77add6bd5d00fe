"""Takes from the store what one run has to show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent.errors import UsageFault
from agent.export.base import RunReport
from agent.own_scopes import target_name
from agent.rulebook import rule_pages
from rules.joins.owner_precedence import settled
from storage.inventory import (
    AGENT,
    Assessment,
    CredentialState,
    Finding,
    FindingStatus,
    IdentityState,
    Link,
    Outcome,
    Resource,
    Run,
    RunStatus,
    Scope,
    SecretExposure,
)
from storage.store import Store


def pick_run(store: Store, seq: int | None) -> Run:
    """The run of that number, or the last one that ended well: a whole one, unless there are only runs over parts."""
    run = store.run(seq) if seq is not None else _last_whole_run(store) or store.last_run()
    if run is None:
        raise UsageFault("the store holds no finished run yet; `nhi-agent sweep` makes one.")
    if run.status is not RunStatus.DONE:
        raise UsageFault(f"run {run.seq} is not finished: nothing of it counts.")
    return run


def superseding_run(store: Store, run: Run) -> Run | None:
    """The first later run that read something of the same again, after which the states of `run` are no longer kept.

    The store keeps each finding and exposure as it stands now, with the log of how it came to that.
    """
    own = {state.scope.uid for state in store.coverage_states(run.seq)}
    later = (each for each in store.runs() if each.seq > run.seq and each.status is RunStatus.DONE)
    return next(
        (each for each in later if own & {state.scope.uid for state in store.coverage_states(each.seq)}),
        None,
    )


def is_part(store: Store, run: Run) -> bool:
    """Whether a run was asked for a part only: what `--since` or `--staged` names."""
    return any(state.scope.part for state in store.coverage_states(run.seq))


def _last_whole_run(store: Store) -> Run | None:
    done = [run for run in store.runs() if run.status is RunStatus.DONE]
    return next((run for run in reversed(done) if not is_part(store, run)), None)


def read_report(store: Store, run: Run, *, assessments: bool = False) -> RunReport:
    """Everything a run has to show: what it read, what it found, and what is known of the same things before it."""
    states = tuple(store.coverage_states(run.seq))
    scopes = tuple(state.scope for state in states)
    policy = store.policy(run.policy_digest)
    exposures = tuple(settled(exposure, policy) for exposure in store.exposures(run_seq=run.seq))
    resources = {resource.uid: resource for resource in store.resources()}
    touched = {scope.resource_uid for scope in scopes}
    findings = tuple(store.findings(run_seq=run.seq))
    shown = {exposure.uid for exposure in exposures}
    earlier = {finding.subject_uid for finding in findings} - shown
    named = {finding.uid for finding in findings}
    exposures = (*exposures, *(settled(each, policy) for each in store.exposures(uids=sorted(earlier))))
    links = tuple(store.links(run_seq=run.seq))
    credentials, identities = _with_linked(store, run, exposures, links)
    return RunReport(
        run=run,
        scopes=scopes,
        coverage=tuple(state.coverage for state in states),
        gaps=tuple(store.gaps(run.seq)),
        resources=tuple(resources[uid] for uid in sorted(touched & resources.keys())),
        workloads=tuple(store.workloads(run.seq)),
        exposures=exposures,
        references=tuple(reference for reference in store.references(run_seq=run.seq)),
        identities=identities,
        credentials=credentials,
        stored_secrets=tuple(store.stored_secrets(run_seq=run.seq)),
        safeguards=tuple(store.safeguards(run_seq=run.seq)),
        pipelines=tuple(store.pipelines(run_seq=run.seq)),
        events=tuple(store.events(run_seq=run.seq)),
        log_periods=tuple(store.log_periods(run.seq)),
        short_lived=tuple(store.short_lived(run.seq)),
        links=links,
        findings=findings,
        exceptions=tuple(store.exceptions(finding_uids=sorted(named))),
        assessments=_assessments(store, run) if assessments else (),
        rules=rule_pages(),
        policy=policy,
        not_assessed={
            told.rule: told.counts[Outcome.NOT_ASSESSED]
            for told in store.populations(run.seq)
            if Outcome.NOT_ASSESSED in told.counts
        },
        unvisited=_unvisited(store, run, resources),
        reopened=_reopened(store, run, findings),
    )


def _unvisited(store: Store, run: Run, resources: Mapping[str, Resource]) -> dict[str, tuple[Scope, ...]]:
    """What a run over all that is configured did not read, and earlier ones did, by the name of where it belongs."""
    if run.kind != "run" or "shard" in run.attributes:
        return {}
    found: dict[str, tuple[Scope, ...]] = {}
    for scope in store.unvisited(run.seq):
        resource = resources.get(scope.resource_uid)
        name = resource.name if resource else target_name(scope.resource_uid)
        found[name] = (*found.get(name, ()), scope)
    return found


def _with_linked(
    store: Store, run: Run, exposures: Iterable[SecretExposure], links: Iterable[Link]
) -> tuple[tuple[CredentialState, ...], tuple[IdentityState, ...]]:
    """The credentials and identities of a run, and those of any other one that its exposures are joined to."""
    credentials = {state.credential.uid: state for state in store.credentials(run_seq=run.seq)}
    identities = {state.identity.uid: state for state in store.identities(run_seq=run.seq)}
    joined = [each.joined for each in exposures if each.joined is not None]
    ends = {link.target_uid for link in links}
    led_to = {told.credential_uid for told in joined if told.credential_uid} | ends
    holders = {told.identity_uid for told in joined if told.identity_uid} | ends
    others = {state.credential.uid: state for state in store.credentials(uids=led_to - credentials.keys())}
    beside = {state.identity.uid: state for state in store.identities(uids=holders - identities.keys())}
    return (
        tuple(state for _, state in sorted((credentials | others).items())),
        tuple(state for _, state in sorted((identities | beside).items())),
    )


def _reopened(store: Store, run: Run, findings: Iterable[Finding]) -> frozenset[str]:
    """The findings that the run opened again; what a person opened again by withdrawing an exception is no news."""
    last = {
        finding.uid: max(store.transitions(finding.uid), key=lambda step: step.seq)
        for finding in findings
        if finding.status is FindingStatus.REOPENED
    }
    return frozenset(uid for uid, step in last.items() if step.run == run.seq and step.actor == AGENT)


def _assessments(store: Store, run: Run) -> tuple[Assessment, ...]:
    return tuple(interval.assessment for interval in store.assessments(run_seq=run.seq))
