"""Who was given which role where: the bindings of all policies, as far as they concern what is no person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from connectors.google_cloud.addresses import agent_of, project_of
from connectors.google_cloud.answers import part, parts, text, words
from connectors.google_cloud.roles import RoleBook
from storage.inventory import Privilege, PrivilegeLevel, Record, Trust, TrustKind

_CONTAINERS = ("projects/", "folders/", "organizations/")
_ATTRIBUTE = re.compile(r"\b(?:request|resource|destination|origin|api)\.[a-zA-Z_.]{1,64}")
_ANYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})
_ACCOUNT = "serviceAccount:"
_CLUSTER = re.compile(r"serviceAccount:(?P<pool>[a-z0-9.:-]+\.svc\.id\.goog)\[(?P<subject>[^\]\s]{1,256})\]")
_POOL = ("principal://", "principalSet://")
_CROWDS = ("group:", "domain:", "principalSet://cloudresourcemanager.googleapis.com/")
"""Members that stand for many, and whose own members no policy tells."""
_MEMBER_OF_POOL = re.compile(
    r"principal(?:Set)?://iam\.googleapis\.com/(projects/\d{1,19}/locations/global/workloadIdentityPools/[a-z0-9-]{1,64})/"
)


class Grant(Record, frozen=True, kw_only=True):
    """One role, given to one member on one thing."""

    role: str
    member: str
    resource: str
    """`projects/NUMBER` and its like, or what Google calls the thing."""
    condition: str = ""
    """The expression that must hold; empty for none."""


class Grants:
    """All bindings that were read, of all projects together: an account may have rights in another project."""

    def __init__(self, own_projects: frozenset[str]) -> None:
        """Begin with none; the own projects' ids and numbers say who is an outsider, where they are told."""
        self.roles = RoleBook()
        self.own_projects = own_projects
        self.unread: set[str] = set()
        """Projects, folders and organisations whose policy could not be read."""
        self._held: dict[str, list[Grant]] = {}
        self._everybodys: dict[Grant, None] = {}
        """What is given to everybody on whole projects, folders and organisations: each account holds it."""
        self._of_crowds: dict[str, dict[str, None]] = {}
        """By project, folder, organisation or account: the roles that groups and their like hold on it."""
        self._on: dict[str, list[Grant]] = {}
        self._kept: tuple[tuple[tuple[str, ...], frozenset[str]], dict[str, Trust], bool] | None = None
        self._of_pool: dict[str, list[Grant]] = {}
        self._agents: dict[str, set[str]] = {}

    def add(self, policy: Mapping[str, Any], resource: str) -> int:
        """Take a policy in; return how many of its members are groups, of whose members nothing is known."""
        groups = 0
        for binding in parts(policy, "bindings"):
            role, condition = text(binding, "role"), text(part(binding, "condition"), "expression")
            for member in words(binding, "members") if role else ():
                if role and member.startswith(_CROWDS):
                    groups += 1
                    if resource.startswith((*_CONTAINERS, "account:")):
                        self._of_crowds.setdefault(resource, {})[role] = None
                elif role and _is_no_person(member):
                    self._take(Grant(role=role, member=member, resource=resource, condition=condition or ""))
        return groups

    def custom_roles(self) -> list[str]:
        """Return the projects and organisations whose own roles somebody holds."""
        tables = (self._held, self._on, self._of_pool)
        held = {grant.role for table in tables for grants in table.values() for grant in grants}
        return self.roles.parents(held.union(*self._of_crowds.values()))

    def crowded(self) -> list[str]:
        """Return the projects, folders and organisations on which groups hold more than a little, or it is not known.

        Which accounts are in those groups is not read, so any account may hold it.
        """
        places = (place for place in self._of_crowds if place.startswith(_CONTAINERS))
        return sorted(place for place in places if any(self._is_much(role) for role in self._of_crowds[place]))

    def crowd_acts(self, places: Iterable[str]) -> bool:
        """Whether a group, of which nobody knows who is in it, may act as the accounts in a place."""
        roles = (role for place in places for role in self._of_crowds.get(place, ()))
        return any(self.roles.acting(role) or not self.roles.known(role) for role in roles)

    def agents(self, number: str) -> Iterator[str]:
        """Yield the e-mails of Google's service agents that work for a project."""
        yield from sorted(self._agents.get(number, ()))

    def privileges(self, address: str) -> tuple[Privilege, ...]:
        """Return what an account may do, the gravest first."""
        found = {self._privilege(grant) for grant in self._held.get(_ACCOUNT + address, ())}
        return _gravest_first(found | {self._privilege(one) for one in self._everybodys if self._is_much(one.role)})

    def privileges_of_pool(self, pool: str) -> tuple[Privilege, ...]:
        """Return what the members of a workload identity pool may do by themselves, the gravest first.

        As which accounts they may act is told with those accounts.
        """
        held = self._of_pool.get(pool, ())
        return _gravest_first({self._privilege(one) for one in held if not one.resource.startswith("account:")})

    def roles_of_pool_known(self, pool: str) -> bool:
        """Whether it is known what every role that members of a pool hold lets do."""
        return all(self.roles.known(one.role) for one in self._of_pool.get(pool, ()))

    def all_known(self, address: str) -> bool:
        """Whether it is known what every role that an account holds lets do."""
        held = (*self._held.get(_ACCOUNT + address, ()), *self._everybodys)
        return all(self.roles.known(grant.role) for grant in held)

    def trusts(self, names: Iterable[str], above: Sequence[str], home: frozenset[str]) -> tuple[Trust, ...]:
        """Return who from outside may act as an account: by its own policy, or by that of what it lies in.

        Who is of the same project, by any name in `home`, is no outsider.
        """
        found = self._least_bound(self._given_on(names), home, self._from_above(above, home)[0])
        return tuple(found[member] for member in sorted(found))

    def unclear(self, names: Iterable[str], above: Sequence[str], home: frozenset[str]) -> bool:
        """Whether a role that could not be looked up, or a group over a project, may let somebody act as an account."""
        own = any(not self.roles.known(grant.role) for grant in self._given_on(names))
        return own or self._from_above(above, home)[1]

    def _given_on(self, names: Iterable[str]) -> Iterator[Grant]:
        return (grant for name in names for grant in self._on.get(f"account:{name}", ()))

    def _from_above(self, above: Sequence[str], home: frozenset[str]) -> tuple[dict[str, Trust], bool]:
        """Return what is the same for all accounts of a project: trusts by member, and whether that is unclear.

        It is kept for one project at a time, for what is known of roles grows in between.
        """
        key = (tuple(above), home)
        if self._kept is None or self._kept[0] != key:
            grants = [grant for place in above for grant in self._on.get(place, ())]
            unclear = self.crowd_acts(above) or any(not self.roles.known(grant.role) for grant in grants)
            self._kept = (key, self._least_bound(grants, home, {}), unclear)
        return self._kept[1], self._kept[2]

    def _least_bound(
        self, grants: Iterable[Grant], home: frozenset[str], known: Mapping[str, Trust]
    ) -> dict[str, Trust]:
        """Return trusts by member: of several ways in, the one without a condition counts."""
        found = dict(known)
        for grant in grants:
            trust = self._trust(grant, home) if self.roles.acting(grant.role) else None
            if trust is not None:
                other = found.get(grant.member)
                if other is None or len(trust.conditions) < len(other.conditions):
                    found[grant.member] = trust
        return found

    def _take(self, grant: Grant) -> None:
        if grant.member.startswith(_ACCOUNT):
            self._held.setdefault(grant.member, []).append(grant)
            address = grant.member.removeprefix(_ACCOUNT)
            if number := agent_of(address):
                self._agents.setdefault(number, set()).add(address)
        elif pool := _MEMBER_OF_POOL.match(grant.member):
            self._of_pool.setdefault(pool[1], []).append(grant)
        elif grant.member in _ANYBODY and grant.resource.startswith(_CONTAINERS):
            self._everybodys[grant] = None
        if grant.resource.startswith((*_CONTAINERS, "account:")):
            self._on.setdefault(grant.resource, []).append(grant)

    def _is_much(self, role: str) -> bool:
        return not self.roles.known(role) or self.roles.level(role)[0].rank > PrivilegeLevel.LIMITED.rank

    def _privilege(self, grant: Grant) -> Privilege:
        level, proof = self.roles.level(grant.role)
        return Privilege(
            name=grant.role,
            level=level,
            reach=re.sub("^account:", "serviceAccounts/", grant.resource),
            proof=proof,
            conditions=_keys(grant.condition),
        )

    def _trust(self, grant: Grant, home: frozenset[str]) -> Trust | None:
        member = grant.member
        conditions = {"condition": (grant.condition,)} if grant.condition else {}
        if member in _ANYBODY:
            return Trust(kind=TrustKind.ANYBODY, principal=member, external=True, conditions=conditions)
        if member.startswith(_POOL):
            return Trust(kind=TrustKind.OIDC, principal=member, conditions=conditions)
        if cluster := _CLUSTER.fullmatch(member):
            told = {"subject": (cluster["subject"],), "audience": (cluster["pool"],)}
            return Trust(kind=TrustKind.OIDC, principal=cluster["pool"], conditions={**told, **conditions})
        address = member.removeprefix(_ACCOUNT)
        theirs = project_of(address)
        if agent_of(address) is not None or (theirs is not None and theirs in home):
            return None
        external = theirs not in self.own_projects if self.own_projects else None
        return Trust(kind=TrustKind.ACCOUNT, principal=member, external=external, conditions=conditions)


def _gravest_first(privileges: set[Privilege]) -> tuple[Privilege, ...]:
    return tuple(sorted(privileges, key=lambda one: (-one.level.rank, one.name, one.reach, one.conditions)))


def _keys(condition: str) -> tuple[str, ...]:
    """Return what a condition asks about: `request.time`."""
    return tuple(sorted(set(_ATTRIBUTE.findall(condition)))) or (("condition",) if condition else ())


def _is_no_person(member: str) -> bool:
    return member in _ANYBODY or member.startswith((_ACCOUNT, *_POOL))
