"""Joins a trust with the conditions that narrow it: who may use it, on whose behalf, and which workload exactly.

Conditions are told by their last part in lower case, whatever stands before it: ``aws:SourceAccount`` and
``token.actions.githubusercontent.com:sub`` both are. A condition that any value meets narrows nothing.
"""

from __future__ import annotations

import re

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
_EVERYBODY = re.compile(r"[*?]*|true", re.IGNORECASE)
_ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})
_WILDCARD = re.compile(r"[*?]")
_LABEL = re.compile(r"system:serviceaccount:|[a-z_]+:", re.IGNORECASE)
_NAMED_PART = re.compile(r"[^:/][:/]")


def narrowed(trust: Trust) -> bool:
    """Say whether a condition limits who may use it: an external id, an organisation, a source, a pool's expression."""
    return _demands(trust, _WHO)


def on_whose_behalf(trust: Trust) -> bool:
    """Say whether a condition limits on whose behalf a service may use it."""
    return _demands(trust, _ON_WHOSE_BEHALF)


def names_audience(trust: Trust) -> bool:
    """Say whether it asks for whom a token was made. A pool's principal set has the pool's own, and needs none."""
    return _is_pool(trust) or _demands(trust, _AUDIENCE)


def names_subject(trust: Trust) -> bool:
    """Say whether it asks at all whose token it is."""
    return _is_pool(trust) or any(_claim(key) in _SUBJECT and values for key, values in trust.conditions.items())


def wide_subjects(trust: Trust) -> tuple[str, ...]:
    """Return those of the subjects it allows that pin down nobody, if no other claim does: `*`, `repo:*`, `repo:acme*`.

    A pattern is narrow when what stands before its first wildcard names an organisation, namespace or project whole.
    """
    if _is_pool(trust):
        return (trust.principal,) if trust.principal.endswith("/*") else ()
    claims = [values for key, values in trust.conditions.items() if _claim(key) in _SUBJECT and values]
    wide = [tuple(value for value in values if _is_wide(value)) for values in claims]
    # Conditions hold together: one narrow claim is enough.
    return () if any(not values for values in wide) else tuple(sorted({value for values in wide for value in values}))


def _is_pool(trust: Trust) -> bool:
    return trust.principal.startswith(("principal://", "principalSet://"))


def _demands(trust: Trust, claims: frozenset[str]) -> bool:
    return any(
        _claim(key) in claims and values and not any(_is_everybody(value) for value in values)
        for key, values in trust.conditions.items()
    )


def _is_everybody(value: str) -> bool:
    if value == MASKED:
        return False
    account = value.split(":")[4:5] if value.startswith("arn:") else []
    return _EVERYBODY.fullmatch(value) is not None or value in _ANYWHERE or any("*" in part for part in account)


def _claim(key: str) -> str:
    """The last part of a condition's key, without what it is an attribute of."""
    last = key.rsplit(":", 1)[-1].casefold()
    return last.removeprefix("assertion.").removeprefix("attribute.")


def _is_wide(value: str) -> bool:
    if _EVERYBODY.fullmatch(value):
        return True
    if (wildcard := _WILDCARD.search(value)) is None:
        return False
    pinned = value[: wildcard.start()]
    label = _LABEL.match(pinned)
    return _NAMED_PART.search(pinned, label.end() if label else 0) is None
