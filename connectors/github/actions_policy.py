"""What workflows may do where they say nothing of it, and which Actions may run at all.

Where the organization lets workflows only read, no repository can loosen that: it is then not asked of each.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.github.answers import ActionsPolicy, WorkflowPermissions
from connectors.github.estate import Estate
from connectors.github.permissions import ORGANIZATION_ACTIONS, ORGANIZATION_WORKFLOW, REPOSITORY_WORKFLOW
from connectors.github.place import Place
from connectors.github.reading import PROVIDER, Reading
from storage.inventory import Observation, Safeguard, SafeguardKind


def read_actions_policy(reading: Reading, estate: Estate, place: Place) -> Iterator[Observation]:
    """Tell whether the organization admits chosen Actions only."""
    told = reading.one(ORGANIZATION_ACTIONS, ActionsPolicy)
    if told is None:
        return
    allowed = told.allowed_actions
    pinned = {} if told.sha_pinning_required is None else {"sha_pinning": str(told.sha_pinning_required).lower()}
    yield Safeguard(
        uid=estate.made_uid("safeguard", place.number, SafeguardKind.PIPELINE_POLICY),
        scope_uid=reading.uid,
        kind=SafeguardKind.PIPELINE_POLICY,
        name=f"choice of Actions of {place.name}",
        provider=PROVIDER,
        resource_uid=place.uid,
        # Where nothing may run there is nothing to choose, and GitHub tells no choice.
        enabled=told.enabled_repositories == "none" or (None if allowed is None else allowed != "all"),
        attributes={
            "enabled_repositories": told.enabled_repositories,
            **({"allowed_actions": allowed} if allowed else {}),
            **pinned,
        },
    )


def read_workflow_permissions(reading: Reading, estate: Estate, place: Place) -> Iterator[Observation]:
    """Tell whether a workflow's own token may only read by default."""
    operation = ORGANIZATION_WORKFLOW if place.repository is None else REPOSITORY_WORKFLOW
    told = reading.one(operation, WorkflowPermissions, **place.where)
    if told is None:
        return
    reads = told.default_workflow_permissions == "read"
    if place.repository is None:
        estate.tokens_read_only = reads
    yield Safeguard(
        uid=estate.made_uid("safeguard", place.number, SafeguardKind.WORKFLOW_PERMISSIONS),
        scope_uid=reading.uid,
        kind=SafeguardKind.WORKFLOW_PERMISSIONS,
        name=f"read-only workflow token of {place.name}",
        provider=PROVIDER,
        resource_uid=place.uid,
        enabled=reads,
        attributes={
            "default": told.default_workflow_permissions,
            "approves_pull_requests": str(told.can_approve_pull_request_reviews).lower(),
        },
    )
