"""Policies of projects and of what they lie in, and the customer's own roles: asked where no bulk call told them.

All of them are read before any account is told, for an account may have rights in another project.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.google_cloud.estate import Estate
from connectors.google_cloud.permissions import ACCOUNT_POLICY, POLICIES
from connectors.google_cloud.project import Account, Project
from connectors.google_cloud.projects import find_ancestors
from connectors.google_cloud.reading import Reading
from connectors.google_cloud.refusals import CallFailed
from connectors.google_cloud.target import uid_of
from storage.inventory import Facet, GapReason, Observation

API = "iamPolicies"
GROUPS = "group_members"
SINGLE_THINGS = "Rights that are given on single things, below a project: only Cloud Asset Inventory tells them."
GROUPS_LEFT_OUT = "Rights that are given to groups or domains: who is in them is not read."
_ASIDE = "Projects that are listed and not read: which rights accounts have in them is not known."
_CROWD = "A group, a domain or the like"
_BY_NAME = "and who is in it is not read: give it to the accounts by name"
_CROWD_MAY = f"{_CROWD} holds a role that is more than limited, {_BY_NAME}."
_CROWD_ACTS = f"{_CROWD} holds a role by which one acts as service accounts, {_BY_NAME}."


def read_policies(estate: Estate) -> Iterator[Observation]:
    """Read the policy of every project and of every folder and organisation above one, each once.

    They end together: how far the customer's own roles reach is known when all policies are.
    """
    above: dict[str, None] = {}
    readings: dict[str, Reading] = {}
    estate.untold_aside = sum(f"projects/{one.number}" not in estate.policies_told for one in estate.aside)
    for project in estate.projects:
        reading = Reading(estate.client, project.uid, project.project_id, API)
        yield reading.scope
        find_ancestors(project, reading)
        above.update(dict.fromkeys(project.ancestors or ()))
        _policy(project.name, f"projects/{project.number}", estate, reading)
        if not estate.target.asset_inventory:
            reading.left_out("rights_on_single_things", SINGLE_THINGS)
        if estate.untold_aside:
            reading.left_out("rights_in_projects_not_read", _ASIDE, estate.untold_aside)
        readings[f"projects/{project.number}"] = reading
    for name in above:
        reading = Reading(estate.client, uid_of(name), name, API)
        yield reading.scope
        _policy(name, name, estate, reading)
        readings[name] = reading
    yield from read_roles(estate)
    _tell_crowds(estate, readings)
    for reading in readings.values():
        yield from reading.ending()


def _tell_crowds(estate: Estate, readings: dict[str, Reading]) -> None:
    """Say where groups hold so much that it matters which accounts are in them, and where they act as accounts.

    A place that is not read itself, of which the inventory told, is said with the last that is: with what lies above.
    """
    estate.crowded = tuple(estate.grants.crowded())
    for place in estate.crowded if readings else ():
        reading = readings.get(place) or readings[next(reversed(readings))]
        reading.gap(GapReason.UNSUPPORTED, _CROWD_MAY, facet=Facet.PRIVILEGES, locator=place)
        if estate.grants.crowd_acts((place,)):
            reading.gap(GapReason.UNSUPPORTED, _CROWD_ACTS, facet=Facet.TRUST, locator=place)


def read_roles(estate: Estate) -> Iterator[Observation]:
    """Look up the roles of the customer's own that somebody holds, and that were not looked up yet."""
    numbers = {project.project_id: project.number for project in estate.projects}
    for parent in estate.grants.custom_roles():
        if parent in estate.roles_read:
            continue
        estate.roles_read.add(parent)
        kind, _, name = parent.partition("/")
        reading = Reading(estate.client, uid_of(f"{kind}/{numbers.get(name, name)}"), parent, "iam.roles")
        yield reading.scope
        estate.grants.roles.read(parent, reading)
        yield from reading.ending()


def read_account_policies(project: Project, estate: Estate, reading: Reading) -> set[str]:
    """Read who may act as each account; return the unique ids of those of which this stays open."""
    unread: set[str] = set()
    if f"projects/{project.number}" in estate.policies_told:
        return unread

    def ask(account: Account) -> None:
        policy = reading.ask(ACCOUNT_POLICY, account.name)
        groups = estate.grants.add(policy, f"account:{account.unique_id}")
        if groups:
            reading.left_out(GROUPS, GROUPS_LEFT_OUT, groups)

    def failing(failed: CallFailed, without: Sequence[Account]) -> None:
        unread.update(account.unique_id for account in without)
        reading.missed(
            failed,
            "Who may act as a service account is not known",
            facet=Facet.TRUST,
            locator=without[0].email,
            count=len(without),
        )

    reading.each(list(project.accounts.values()), ask, failing)
    return unread


def tell_shared(project: Project, estate: Estate, reading: Reading) -> set[str]:
    """Return the unique ids of accounts as which a group may act: of whom nobody knows who that is."""
    named = ((one, (f"account:{one.unique_id}", f"account:{one.email}")) for one in project.accounts.values())
    shared = [one for one, names in named if estate.grants.crowd_acts(names)]
    if shared:
        for facet, what in ((Facet.TRUST, _CROWD_ACTS), (Facet.PRIVILEGES, _CROWD_MAY)):
            reading.gap(GapReason.UNSUPPORTED, what, facet=facet, locator=shared[0].email, count=len(shared))
    return {one.unique_id for one in shared}


def _policy(where: str, name: str, estate: Estate, reading: Reading) -> None:
    """Read the policy of one project, folder or organisation, unless Cloud Asset Inventory told it."""
    if name in estate.policies_told:
        reading.counted()
        return
    try:
        policy = reading.ask(POLICIES[name.partition("/")[0]], where)
    except CallFailed as failed:
        estate.grants.unread.add(name)
        reading.missed(failed, "The rights given here are not known", facet=Facet.PRIVILEGES)
        return
    reading.counted()
    if groups := estate.grants.add(policy, name):
        reading.left_out(GROUPS, GROUPS_LEFT_OUT, groups)
