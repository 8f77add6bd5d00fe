"""Joins a trust with the conditions that narrow it: who may use it, on whose behalf, and which workload exactly.

Conditions are told by their last part in lower case, whatever stands before it: ``aws:SourceAccount`` and
``token.actions.githubusercontent.com:sub`` both are. A condition that any value meets narrows nothing. Nor does one
whose key has an operator before it (``StringNotEquals:aws:SourceAccount``): connectors leave that there where the
condition only excludes, or holds as well where the key is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rules.joins.claim_expressions import pins_somebody
from storage.inventory import Trust

MASKED = "****"
"""What stands for an external id, which connectors do not show."""

_WHO = frozenset(
    {
        "attribute_condition",
        "attributecondition",
        "externalid",
        "principalaccount",
        "principalarn",
        "principalorgid",
        "principalorgpaths",
        "principalservicename",
        "sourceaccount",
        "sourcearn",
        "sourceip",
        "sourceorgid",
        "sourceorgpaths",
        "sourcevpc",
        "sourcevpce",
        "userid",
    }
)
_ON_WHOSE_BEHALF = frozenset({"sourceaccount", "sourcearn", "sourceorgid", "sourceorgpaths"})
_AUDIENCE = frozenset({"aud", "audience", "audiences", "allowedaudiences", "allowed_audiences"})
_SUBJECT = frozenset(
    {
        "sub",
        "subject",
        "google.subject",
        "attribute_condition",
        "attributecondition",
        "job_workflow_ref",
        "namespace_path",
        "project_path",
        "repository",
        "repository_id",
        "repository_owner",
        "repository_owner_id",
    }
)
_EXPRESSIONS = frozenset({"attribute_condition", "attributecondition"})
_OPERATOR = re.compile(
    r"(?:deny)?(?:fora(?:ll|ny)values:)?(?:string|arn|numeric|date|bool|binary|ipaddress|notipaddress|null)[a-z]*:",
    re.IGNORECASE,
)
_EVERYBODY = re.compile(r"[*?]*|true", re.IGNORECASE)
_ANYWHERE = re.compile(r"[\d.]+/[0-7]|[\da-f:]+/(?:\d|1[0-5])", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{(?!aws:Resource(?:Account|OrgID|OrgPaths)\})", re.IGNORECASE)
"""A policy variable that the one who comes fills in himself; those of the resource are the owner's."""
_WILDCARD = re.compile(r"[*?]")
_LABEL = re.compile(r"system:serviceaccount:|[a-z_]+:", re.IGNORECASE)
_NAMED_PART = re.compile(r"[^:/][:/]")


def narrowed(trust: Trust) -> bool:
    """Say whether a condition limits who may use it: an external id, an organisation, a source, a pool's expression."""
    return _demands(trust, _WHO, _is_anybody)


def on_whose_behalf(trust: Trust) -> bool:
    """Say whether a condition limits on whose behalf a service may use it."""
    return _demands(trust, _ON_WHOSE_BEHALF, _is_anybody)


def names_audience(trust: Trust) -> bool:
    """Say whether it asks for whom a token was made. A pool's principal set has the pool's own, and needs none."""
    return _is_pool(trust) or _demands(trust, _AUDIENCE, _is_wide)


def names_subject(trust: Trust) -> bool:
    """Say whether it asks at all whose token it is."""
    return _is_pool(trust) or any(_claim(key) in _SUBJECT and values for key, values in trust.conditions.items())


def wide_subjects(trust: Trust) -> tuple[str, ...]:
    """Return those of the subjects it allows that pin down nobody, if no other claim does: `*`, `repo:*`, `repo:acme*`.

    A pattern is narrow when what stands before its first wildcard names an organisation, namespace or project whole.
    """
    if _is_pool(trust):
        return (trust.principal,) if trust.principal.endswith("/*") else ()
    claims = [(_claim(key), values) for key, values in trust.conditions.items() if _claim(key) in _SUBJECT and values]
    wide = [tuple(value for value in values if _pins_nobody(claim, value)) for claim, values in claims]
    # Conditions hold together: one narrow claim is enough.
    return () if any(not values for values in wide) else tuple(sorted({value for values in wide for value in values}))


def _is_pool(trust: Trust) -> bool:
    return trust.principal.startswith(("principal://", "principalSet://"))


def _demands(trust: Trust, claims: frozenset[str], is_open: Callable[[str], bool]) -> bool:
    return any(
        (claim := _claim(key)) in claims
        and values
        and not any(not pins_somebody(value, _is_wide) if claim in _EXPRESSIONS else is_open(value) for value in values)
        for key, values in trust.conditions.items()
    )


def _is_anybody(value: str) -> bool:
    """Say whether a value lets in more than it names: `*`, `o-*`, `arn:aws:iam::*:root`. `o-acme/*` names one whole."""
    if value == MASKED:
        return False
    if _EVERYBODY.fullmatch(value) or _ANYWHERE.fullmatch(value) or _VARIABLE.search(value):
        return True
    if (wildcard := _WILDCARD.search(value)) is None:
        return False
    if not value.startswith("arn:"):
        return _NAMED_PART.search(value[: wildcard.start()]) is None
    fields = value.split(":", 5)
    if len(fields) < 6 or _WILDCARD.search(fields[4]):
        return True
    # A bucket's name tells no account, and is one of a kind all the same.
    return not fields[4] and (not fields[5] or fields[5][0] in "*?")


def _claim(key: str) -> str:
    """The last part of a condition's key, without what it is an attribute of; none where an operator stands before."""
    if key.count(":") > 1 or _OPERATOR.match(key):
        return ""
    last = key.rsplit(":", 1)[-1].casefold()
    return last.removeprefix("assertion.").removeprefix("attribute.")


def _pins_nobody(claim: str, value: str) -> bool:
    return not pins_somebody(value, _is_wide) if claim in _EXPRESSIONS else _is_wide(value)


def _is_wide(value: str) -> bool:
    if _EVERYBODY.fullmatch(value) or _VARIABLE.search(value):
        return True
    if (wildcard := _WILDCARD.search(value)) is None:
        return False
    pinned = value[: wildcard.start()]
    label = _LABEL.match(pinned)
    return _NAMED_PART.search(pinned, label.end() if label else 0) is None
