"""What an identity may do, by the policies that grant it, in four levels; pure, and careful not to claim too much.

A denial without a condition takes away; one with a condition, and a grant with one, leave the privilege standing with
the keys of those conditions beside it. A permissions boundary lets through only what it allows itself. What policies of
the organisation or of single resources add or take away is not seen here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from connectors.aws.escalations import ESCALATIONS, IAM_WRITES, Escalation
from connectors.aws.policy_documents import Statement, fits
from storage.inventory import Privilege, PrivilegeLevel, Record

_WATCHED = {action.lower(): action for way in ESCALATIONS for action in way.actions}
_IAM_WRITES = tuple(way.actions[0] for way in IAM_WRITES)
_EVERYTHING = frozenset({"*", "*:*"})
_EVERY_THING = ("arn:*:*:*:*:*", "arn:aws:*:*:*:*", "arn:aws-cn:*:*:*:*", "arn:aws-us-gov:*:*:*:*")
"""What a resource must fit to mean all there is, anywhere or in one partition."""
_LOOKING = ("list", "describe")
"""Actions that begin so cannot, for the most part, be granted on anything less than everything."""
_SHOWN = 4
_PROOF = 160
_PASSED_TO = "iam:passedtoservice"
_LETTING_PASS = frozenset({"stringequals", "stringlike", "foranyvalue:stringequals", "foranyvalue:stringlike"})
_SAME_RESOURCES = {"sts": ("iam",), "ssm": ("ssm", "ec2"), "ec2-instance-connect": ("ec2",)}
"""By prefix of actions: the services whose things they are about, where that is not the service itself."""
_KINDS = {
    "iam:addusertogroup": "group",
    "iam:attachgrouppolicy": "group",
    "iam:attachrolepolicy": "role",
    "iam:attachuserpolicy": "user",
    "iam:createaccesskey": "user",
    "iam:createloginprofile": "user",
    "iam:createpolicyversion": "policy",
    "iam:passrole": "role",
    "iam:putgrouppolicy": "group",
    "iam:putrolepolicy": "role",
    "iam:putuserpolicy": "user",
    "iam:setdefaultpolicyversion": "policy",
    "iam:updateassumerolepolicy": "role",
    "iam:updateloginprofile": "user",
    "ec2:runinstances": "instance",
    "ssm:sendcommand": "instance",
    "ssm:startsession": "instance",
    "sts:assumerole": "role",
}
"""By action: the kind of thing that it must be allowed on, where ARNs of several kinds belong to the service."""


class Grant(Record, frozen=True, kw_only=True):
    """A policy that an identity has, by itself or through a group."""

    name: str
    statements: tuple[Statement, ...]


class _Way(Record, frozen=True, kw_only=True):
    """A grant that allows one action at large, and the keys of the conditions under which it does."""

    grant: str
    keys: tuple[str, ...]


def privileges(grants: Sequence[Grant], boundary: Sequence[Statement] | None = None) -> tuple[Privilege, ...]:
    """Return what the grants allow together, the furthest first: one entry for each grant, and one for each way up.

    Args:
        grants: every policy that the identity has.
        boundary: the statements of its permissions boundary; `None` where it has none.
    """
    rights = _Rights(grants, boundary)
    found = [privilege for grant in grants if (privilege := rights.of(grant)) is not None]
    if not any(one.level is PrivilegeLevel.ADMIN and not one.conditions for one in found):
        found += rights.escalations()
    return tuple(sorted(found, key=lambda one: (-one.level.rank, one.name, one.proof)))


class _Rights:
    """All statements that bear on one identity."""

    def __init__(self, grants: Sequence[Grant], boundary: Sequence[Statement] | None) -> None:
        self._grants = grants
        self._denials = [one for grant in grants for one in grant.statements if not one.allow]
        self._boundary = boundary
        if boundary is not None:
            self._denials += [one for one in boundary if not one.allow]

    def of(self, grant: Grant) -> Privilege | None:
        """Return how far one grant reaches by itself; `None` when it allows nothing."""
        reached = [told for one in grant.statements if one.allow for told in self._level(one, grant.name)]
        return max(reached, key=lambda told: (told.level.rank, -len(told.conditions)), default=None)

    def _level(self, statement: Statement, name: str) -> Iterable[Privilege]:
        if all(self._taken_away(pattern) for pattern in _patterns(statement)):
            return
        if self._boundary is not None and not any(one.allow for one in self._boundary):
            return
        keys = (*statement.condition_keys, *self._keys_of_denials(statement))
        level, proof = PrivilegeLevel.LIMITED, ""
        if _is_everything(statement):
            ways = [way for action in _IAM_WRITES if (way := self._way(action)) is not None]
            level = PrivilegeLevel.ADMIN if ways and self._bound_by_nothing() else PrivilegeLevel.WILDCARD
            keys = (*keys, *(min(ways, key=lambda way: len(way.keys)).keys if ways else ()))
            proof = _proof(statement, statement.actions[0])
        elif (pattern := self._widest(statement)) is not None:
            level, proof = PrivilegeLevel.WILDCARD, _proof(statement, pattern)
        if level is PrivilegeLevel.WILDCARD and not self._let_through(statement):
            level, proof = PrivilegeLevel.LIMITED, f"{proof}, within its permissions boundary"
        yield Privilege(name=name, level=level, proof=proof, conditions=tuple(dict.fromkeys(keys)))

    def _widest(self, statement: Statement) -> str | None:
        """Return the pattern that makes a statement more than named actions on named things."""
        if statement.other_actions:
            return statement.actions[0]
        left = [pattern for pattern in statement.actions if not self._taken_away(pattern)]
        for pattern in left:
            if pattern in _EVERYTHING or pattern.endswith(":*"):
                return pattern
        if statement.other_resources or any(_is_all(resource) for resource in statement.resources):
            return next((one for one in left if not one.partition(":")[2].startswith(_LOOKING)), None)
        return None

    def _taken_away(self, pattern: str) -> bool:
        """Say whether some denial takes away everywhere, and always, all that a pattern means."""
        return any(
            not denial.conditions
            and not denial.other_resources
            and any(_is_all(resource) for resource in denial.resources)
            and (
                all(_are_apart(spared, pattern) for spared in denial.actions)
                if denial.other_actions
                else any(fits(denied, pattern) for denied in denial.actions)
            )
            for denial in self._denials
        )

    def _keys_of_denials(self, statement: Statement) -> Iterable[str]:
        """Yield the keys of conditions under which a denial takes away all that a statement means."""
        for denial in self._denials:
            plain = not denial.other_actions and not denial.other_resources and any(map(_is_all, denial.resources))
            if plain and all(any(fits(denied, one) for denied in denial.actions) for one in _patterns(statement)):
                yield from denial.condition_keys

    def _bound_by_nothing(self) -> bool:
        """Say whether the boundary, if there is one, lets everything through."""
        return self._boundary is None or any(one.allow and _is_everything(one) for one in self._boundary)

    def _let_through(self, statement: Statement) -> bool:
        """Say whether the boundary leaves a statement far-reaching: all it does, or all that a service does."""
        if self._bound_by_nothing():
            return True
        allowed = [one for one in self._boundary or () if one.allow and not one.other_actions]
        patterns = _patterns(statement)
        if any(fits(wide, pattern) for one in allowed for wide in one.actions for pattern in patterns):
            return True
        within = [wide for one in allowed if (wide := self._widest(one)) is not None]
        return any(fits(pattern, wide) for wide in within for pattern in patterns)

    def escalations(self) -> list[Privilege]:
        """Return the ways up, told together where the same grants open them."""
        open_to = {
            action for grant in self._grants for one in grant.statements if one.allow for action in _watched(one)
        }
        told: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for way in ESCALATIONS:
            if not open_to.issuperset(action.lower() for action in way.actions):
                continue
            steps = [self._way(action, way) for action in way.actions]
            found = [step for step in steps if step is not None]
            if len(found) < len(steps):
                continue
            names = " + ".join(dict.fromkeys(step.grant for step in found))
            keys = tuple(dict.fromkeys(key for step in found for key in step.keys))
            told.setdefault((names, keys), []).append(" + ".join(way.actions))
        return [
            Privilege(name=names, level=PrivilegeLevel.ESCALATION, proof=_together(ways), conditions=keys)
            for (names, keys), ways in told.items()
        ]

    def _way(self, action: str, towards: Escalation | None = None) -> _Way | None:
        """Return the grant that allows an action at large, the one with the fewest conditions."""
        denied = _denied_under(self._denials, action)
        if denied is None:
            return None
        ways = [
            _Way(grant=grant.name, keys=keys)
            for grant in self._grants
            for keys in _allowed_under(grant.statements, action, towards)
        ]
        if not ways:
            return None
        best = min(ways, key=lambda way: len(way.keys))
        bounds = [()] if self._boundary is None else list(_allowed_under(self._boundary, action, towards))
        if not bounds:
            return None
        keys = dict.fromkeys((*best.keys, *denied, *min(bounds, key=len)))
        return _Way(grant=best.grant, keys=tuple(keys))


def _allowed_under(several: Iterable[Statement], action: str, towards: Escalation | None) -> Iterable[tuple[str, ...]]:
    """Yield, for each statement that allows an action at large, the keys of its conditions."""
    for one in several:
        if one.allow and action.lower() in _watched(one) and _at_large(one, action):
            keys = _keys(one, action, towards)
            if keys is not None:
                yield keys


def _denied_under(denials: Iterable[Statement], action: str) -> tuple[str, ...] | None:
    """Return the keys of the conditions under which an action is denied at large; `None` when it is denied always."""
    keys: list[str] = []
    for one in denials:
        if action.lower() in _watched(one) and _at_large(one, action):
            if not one.conditions:
                return None
            keys += one.condition_keys
    return tuple(keys)


def _keys(statement: Statement, action: str, towards: Escalation | None) -> tuple[str, ...] | None:
    """Return the keys of conditions that stand open; `None` when one of them excludes the service in question."""
    keys = []
    for condition in statement.conditions:
        settles = towards is not None and towards.service is not None and action == "iam:PassRole"
        if settles and condition.key.lower() == _PASSED_TO and condition.operator.lower() in _LETTING_PASS:
            if not any(fits(value.lower(), str(towards and towards.service)) for value in condition.values):
                return None
        else:
            keys.append(condition.key)
    return tuple(dict.fromkeys(keys))


@lru_cache(maxsize=1 << 13)
def _watched_by(actions: tuple[str, ...], other: bool) -> frozenset[str]:  # noqa: FBT001 - a cache is keyed by position
    named = frozenset(action for action in _WATCHED if any(fits(pattern, action) for pattern in actions))
    return frozenset(_WATCHED) - named if other else named


def _watched(statement: Statement) -> frozenset[str]:
    """Return those of the actions that matter here, which a statement speaks of."""
    return _watched_by(statement.actions, statement.other_actions)


def _patterns(statement: Statement) -> tuple[str, ...]:
    """Return the patterns that together hold all that a statement speaks of."""
    return ("*",) if statement.other_actions else statement.actions


def _is_everything(statement: Statement) -> bool:
    """Say whether a statement speaks of all actions on all things, or of all but some that leave IAM whole."""
    if statement.other_resources or not any(_is_all(resource) for resource in statement.resources):
        return False
    if statement.other_actions:
        return all(action.lower() in _watched(statement) for action in _IAM_WRITES)
    return any(pattern in _EVERYTHING for pattern in statement.actions)


def _at_large(statement: Statement, action: str) -> bool:
    """Say whether a statement speaks of an action on things of its kind at large, and not on some only."""
    large = any(_is_large(resource, action) for resource in statement.resources)
    return not large if statement.other_resources else large


def _is_all(resource: str) -> bool:
    return any(fits(resource, everything) for everything in _EVERY_THING)


def _are_apart(one: str, other: str) -> bool:
    """Say whether two patterns of actions surely mean nothing in common: they are of different services."""
    services = (one.partition(":")[0], other.partition(":")[0])
    return services[0] != services[1] and not any(mark in service for service in services for mark in "*?")


def _is_large(resource: str, action: str) -> bool:
    if _is_all(resource):
        return True
    parts = resource.lower().split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or "$" in resource:
        return False
    service = action.partition(":")[0].lower()
    if not any(fits(parts[2], known) for known in _SAME_RESOURCES.get(service, (service,))):
        return False
    kind, rest = re.fullmatch(r"([a-z0-9-]*)[/:]?(.*)", parts[5], re.DOTALL).groups()  # type: ignore[union-attr]
    wanted = _KINDS.get(action.lower())
    if parts[5] == "*":
        return True
    return rest in ("*", "*/*") and (wanted is None or kind == wanted)


def _proof(statement: Statement, pattern: str) -> str:
    action = f"every action but {', '.join(statement.actions)}" if statement.other_actions else pattern
    thing = ", ".join(statement.resources[:2]) or "*"
    return f"{action} on {'everything but ' if statement.other_resources else ''}{thing}"[:_PROOF]


def _together(ways: Sequence[str]) -> str:
    more = len(ways) - _SHOWN
    return "; ".join(ways[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
