"""Who may act as a role, by its trust policy; pure. Any document has an answer; what is no policy is `None`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from connectors.aws.policy_documents import Condition, Statement, fits, statements
from storage.inventory import Trust, TrustKind

MASK = "****"

_BY_LOGIN, _BY_TOKEN, _BY_SAML = "sts:assumerole", "sts:assumerolewithwebidentity", "sts:assumerolewithsaml"
_WAYS = frozenset({_BY_LOGIN, _BY_TOKEN, _BY_SAML})
_ACCOUNT = re.compile(r"\d{12}")
_OF_ACCOUNT = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):.+", re.DOTALL)
_PROVIDER = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(oidc|saml)-provider/(.+)", re.DOTALL)
_EXTERNAL_ID = "sts:externalid"
_PATTERN = re.compile(r"\*|^\?+$|^$|\$\{")
_WHO = frozenset({"aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths"})
"""Keys that say who may come, whatever the principal says."""
_ROLES_ANYWHERE = "rolesanywhere.amazonaws.com"
_DEMANDS = re.compile(
    r"(?:foranyvalue:)?(?:(?:string|arn)(?:equals|like)|stringequalsignorecase|ipaddress|bool|numericequals|dateequals)",
    re.IGNORECASE,
)
"""Operators that admit nothing but the values named, and nothing where the key is missing."""
_FORBIDS = re.compile(
    r"(?:string|arn)(?:notequals|notlike)(?:ifexists)?|stringnotequalsignorecase(?:ifexists)?|notipaddress",
    re.IGNORECASE,
)
"""Operators by which a denial of all others comes to a demand."""


def trusts(document: object, own_accounts: Collection[str] | None, account: str) -> tuple[Trust, ...] | None:
    """Return everybody whom a trust policy lets in, in its order, each with what is demanded of him.

    Args:
        document: the trust policy.
        own_accounts: numbers of the organisation's accounts; `None` when nobody told.
        account: the account of the role, which is never an outsider.
    """
    parsed = statements(document)
    if parsed is None:
        return None
    denials = [one for one in parsed if not one.allow]
    found: list[Trust] = []
    for one in parsed:
        for kind, name in _let_in(one, denials) if one.allow else ():
            ways = _assumed(one) & _ways_of(kind, name)
            demanded = _demanded(one.conditions)
            if not ways or not _after(denials, kind, name, ways, demanded):
                continue
            trust = _trust(kind, name, demanded, own_accounts, account)
            if trust not in found:
                found.append(trust)
    return tuple(found)


def _assumed(statement: Statement) -> frozenset[str]:
    """Return the ways of becoming the role that a statement speaks of."""
    named = frozenset(way for way in _WAYS if any(fits(pattern, way) for pattern in statement.actions))
    return _WAYS - named if statement.other_actions else named


def _ways_of(kind: str, name: str) -> frozenset[str]:
    """Return the ways that are open to somebody of a kind: no user of AWS shows a token of somebody else's."""
    match kind:
        case "*":
            return _WAYS
        case "Federated":
            return frozenset({_BY_SAML if ":saml-provider/" in name else _BY_TOKEN})
        case _:
            return frozenset({_BY_LOGIN})


def _let_in(statement: Statement, denials: Iterable[Statement]) -> Iterable[tuple[str, str]]:
    """Return whom a statement lets in. All but some is anybody, and anybody is those whom a denial of others spares."""
    anybody = ("*", "*")
    if not statement.other_principals and anybody not in statement.principals:
        return statement.principals
    for denial in denials:
        if denial.other_principals and not denial.conditions and _assumed(denial) >= _assumed(statement):
            return denial.principals
    return (anybody,)


def _demanded(conditions: Iterable[Condition]) -> dict[str, tuple[str, ...]]:
    """Return what is demanded, by key. What excludes, or is waived where the key is missing, keeps its operator."""
    found: dict[str, tuple[str, ...]] = {}
    for condition in conditions:
        plain = _DEMANDS.fullmatch(condition.operator) is not None
        name = condition.key if plain else f"{condition.operator}:{condition.key}"
        found[name] = tuple(dict.fromkeys((*found.get(name, ()), *_shown(condition))))
    return found


def _shown(condition: Condition) -> tuple[str, ...]:
    """Return the values. An external id is masked; a pattern is none, for it admits what nobody has agreed on."""
    if condition.key.lower() != _EXTERNAL_ID:
        return condition.values
    return tuple("*" if _PATTERN.search(value) else MASK for value in condition.values)


def _after(
    denials: Iterable[Statement], kind: str, name: str, ways: frozenset[str], demanded: dict[str, tuple[str, ...]]
) -> bool:
    """Say whether somebody is still let in after the denials; add what they leave as a demand."""
    for denial in denials:
        if not _assumed(denial) >= ways:
            continue
        named = ("*", "*") in denial.principals or (kind, name) in denial.principals
        if named == denial.other_principals:
            continue
        if not denial.conditions:
            return False
        for condition in denial.conditions:
            # Of several conditions all must hold for the denial to do so: then none of them is a demand by itself.
            plain = len(denial.conditions) == 1 and _FORBIDS.fullmatch(condition.operator) is not None
            key = condition.key if plain else f"Deny{condition.operator}:{condition.key}"
            demanded[key] = tuple(dict.fromkeys((*demanded.get(key, ()), *_shown(condition))))
    return True


def _trust(
    kind: str,
    name: str,
    demanded: Mapping[str, tuple[str, ...]],
    own_accounts: Collection[str] | None,
    account: str,
) -> Trust:
    match kind:
        case "*":
            named = any(key.lower() in _WHO for key in demanded)
            return Trust(kind=TrustKind.ANYBODY, principal="*", external=None if named else True, conditions=demanded)
        case "Service" if name == _ROLES_ANYWHERE:
            return Trust(kind=TrustKind.CERTIFICATE, principal=name, conditions=demanded)
        case "Service":
            return Trust(kind=TrustKind.SERVICE, principal=name, external=False, conditions=demanded)
        case "Federated":
            provider = _PROVIDER.fullmatch(name)
            federated = TrustKind.SAML if provider is not None and provider[1] == "saml" else TrustKind.OIDC
            shown = provider[2] if provider is not None and federated is TrustKind.OIDC else name
            return Trust(kind=federated, principal=shown, conditions=demanded)
        case _:
            external = _is_external(name, own_accounts, account)
            return Trust(kind=TrustKind.ACCOUNT, principal=name, external=external, conditions=demanded)


def _is_external(name: str, own_accounts: Collection[str] | None, account: str) -> bool | None:
    of_account = _OF_ACCOUNT.fullmatch(name)
    number = of_account[1] if of_account else name if _ACCOUNT.fullmatch(name) else None
    if number is None:
        # The unique id of somebody who was deleted, or a canonical id: it does not say whose account that is.
        return None
    if number == account or (own_accounts is not None and number in own_accounts):
        return False
    return None if own_accounts is None else True
