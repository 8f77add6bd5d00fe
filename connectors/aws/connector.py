"""The AWS connector: which accounts are read, through which login, and in which order their parts are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from connectors.aws.account import Account
from connectors.aws.client import AwsClient, Patience
from connectors.aws.login import INCLUDED, LOGIN, ORGANISATION, account_resource
from connectors.aws.parts import PARTS
from connectors.aws.permissions import GET_CALLER_IDENTITY
from connectors.aws.policy_documents import Statement
from connectors.aws.reading import NAME, Part, read
from connectors.aws.refusals import CallFailed
from connectors.aws.regions import read_region
from connectors.aws.rights import checks
from connectors.aws.session import AwsSession, Lent
from connectors.aws.target import AwsTarget, checked, member_role_arn, named_account
from connectors.base import Check, Connector, TargetError
from storage.inventory import Observation

__all__ = ["NAME", "AwsConnector", "AwsTarget", "Patience"]


class AwsConnector(Connector[AwsTarget, AwsSession]):
    """Reads AWS accounts."""

    name = NAME

    def __init__(self, patience: Patience | None = None) -> None:
        """Be as patient with AWS as told."""
        self._patience = patience or Patience()

    def checks(self, target: AwsTarget) -> Iterable[Check]:
        """See `Connector.checks`: whose login it is, which rights are missing, which are too many."""
        return checks(target, self._patience)

    def collect(self, target: AwsTarget, session: AwsSession) -> Iterator[Observation]:
        """Read one account, or all accounts of its organisation.

        Yields:
            The accounts as resources, their scopes, identities and credentials, gaps, one coverage for each scope.

        Raises:
            TargetError: when what was named cannot be read at all.
        """
        checked(target)
        client = AwsClient(target, session=session, patience=self._patience)
        documents: dict[tuple[str, str], tuple[Statement, ...] | None] = {}
        # A member account is reached from where the list of accounts was read, so the first login is kept.
        first = client.assuming(target.role_arn) if target.role_arn else client
        told = frozenset(target.own_accounts) or None
        account = Account(_number(target, first), first, own_accounts=told, documents=documents, lent=Lent(session))
        yield account_resource(account)
        yield from read(account, LOGIN)
        if account.open and target.organization:
            yield from read(account, ORGANISATION)
            if account.organisation_complete:
                account.own_accounts = (told or frozenset()) | account.organisation.keys()
        yield from _parts(account, session)
        for number in sorted(account.organisation.keys() - {account.number}):
            if account.organisation[number]["declared"] == INCLUDED:
                yield from _member(number, account, session)


def _number(target: AwsTarget, client: AwsClient) -> str:
    """Return the account's number, by the target or else by the login.

    Raises:
        TargetError: when neither tells it.
    """
    named = named_account(target)
    if named is not None:
        return named
    try:
        return str(client.call(GET_CALLER_IDENTITY)["Account"])
    except CallFailed as failed:
        raise TargetError(f"{failed.sentence}; name the account, to have this recorded as a gap") from None


def _member(number: str, first: Account, session: AwsSession) -> Iterator[Observation]:
    client = first.client.assuming(member_role_arn(first.target, number))
    account = Account(number, client, own_accounts=first.own_accounts, documents=first.documents, lent=first.lent)
    account.attributes |= first.organisation[number]
    account.analysed_regions |= first.analysed_regions
    yield account_resource(account)
    yield from read(account, LOGIN)
    yield from _parts(account, session)


def _parts(account: Account, session: AwsSession) -> Iterator[Observation]:
    """Read what the account holds. Without a login of its own nothing is asked: the login's scope says so."""
    if not account.open:
        return
    for step, parts in enumerate(steps := _steps(account)):
        session.progress(f"account {account.number}", step, len(steps))
        if parts.region is None:
            yield from read(account, parts.parts[0])
        else:
            yield from read_region(account, parts.region, parts.parts)
            account.client.leave(parts.region)


class _Step(NamedTuple):
    parts: tuple[Part, ...]
    region: str | None


def _steps(account: Account) -> list[_Step]:
    """Return what is read one after the other: the parts in their order, those that stand together region by region."""
    steps: list[_Step] = []
    for regional, parts in groupby(PARTS, lambda part: part.regional):
        wanted = tuple(part for part in parts if part.wanted(account.target))
        if regional:
            steps += [_Step(wanted, region) for region in account.regions]
        else:
            steps += [_Step((part,), None) for part in wanted]
    return steps
