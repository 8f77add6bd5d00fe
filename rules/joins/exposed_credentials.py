"""Joins an exposed value with the listed credential that it is, and with whose it is: is it live, and if not, why?

What counts is what the inventory says now, in whatever order its parts were read:

- **live**: the credential is listed and works, and its list held it at its newest reading;
- **revoked**: it is listed as disabled, its identity is, or it was deleted. Deleted means that a scope which once
  listed it was read whole and no longer holds it. One more proof counts: an AWS access key id names the account in
  which it was made. A whole list of that account's keys without it says that it is gone, where the list is younger
  than the commit, by the age that a credential report may have, and no older than the run that first held the value,
  and the account's root was then told to have no keys, which no list would hold;
- **rotated**: it ended in one of these ways, and its identity has a newer one of its kind that works;
- **expired**: it is listed, and its end has come;
- **unknown**: all else, with what stands in the way. That nobody listed it proves nothing, nor does a refused call:
  what could not be listed is as it was, and what was live then weighs as live (`Joined.unconfirmed`).

Where several credentials may be the value, it ended only when each of them did. What only stands beside it, as the
client id of a client secret, tells whose it is and ends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from rules.joins.ages import over
from rules.joins.shared_identifiers import (
    ACCESS_KEY,
    ENTRA_APPLICATION,
    GOOGLE_ACCOUNT,
    GOOGLE_EMAIL,
    GOOGLE_KEY,
    SSH_FINGERPRINT,
    STORAGE_ACCOUNT,
    aws_account,
    split,
)
from storage.inventory import (
    Confidence,
    CoverageStatus,
    Credential,
    CredentialType,
    Facet,
    GapReason,
    Identity,
    JoinCandidate,
    Joined,
    JoinedFacts,
    JoinSubject,
    Link,
    LinkKind,
    ListReading,
    PrivilegeLevel,
    Record,
    SecretReference,
    Validity,
)

AWS_KEYS, AWS_KEYS_WITHOUT_IDS = "iam-access-keys", "iam-reported-keys"
GOOGLE_KEYS = "iam.serviceAccountKeys"
"""The scopes that list keys, as their connectors call them."""

_REPORT_AGE = timedelta(hours=5)
"""By the credential report of AWS is told which users and whether the root have keys: it may be four hours old."""

_EXACT = frozenset({ACCESS_KEY, GOOGLE_KEY, SSH_FINGERPRINT})
"""What one credential alone is called by."""
_PROOFS = {
    ACCESS_KEY: "access key id",
    GOOGLE_KEY: "private key id",
    GOOGLE_ACCOUNT: "unique id of the service account",
    GOOGLE_EMAIL: "e-mail of the service account",
    ENTRA_APPLICATION: "client id beside it",
    STORAGE_ACCOUNT: "name of the storage account",
    SSH_FINGERPRINT: "SSH fingerprint",
}
_SURE = frozenset({ACCESS_KEY, GOOGLE_KEY, GOOGLE_ACCOUNT, SSH_FINGERPRINT})
_HARM = {Validity.LIVE: 0, Validity.UNKNOWN: 2, Validity.ROTATED: 3, Validity.REVOKED: 4, Validity.EXPIRED: 5}
_ENDED = frozenset({Validity.REVOKED, Validity.ROTATED, Validity.EXPIRED})
_STORAGE_KEYS = frozenset({"key1", "key2"})


class _Verdict(Record, frozen=True, kw_only=True):
    """What is concluded of one thing that the value may be."""

    validity: Validity
    reason: str
    candidate: JoinCandidate | None = None
    unconfirmed: bool = False


def join(subject: JoinSubject, as_of: datetime) -> JoinedFacts:
    """Return whether a value is live at a moment, why, and the edges that lead from it. A pure function."""
    if isinstance(subject.thing, SecretReference):
        nothing = Joined(validity=Validity.UNKNOWN, reason="a public identifier opens nothing by itself")
        return JoinedFacts(joined=nothing, links=tuple(_links(subject)))
    verdict = min(_verdicts(subject, as_of), key=lambda one: (_HARM[one.validity] - one.unconfirmed, one.reason))
    return JoinedFacts(joined=_joined(verdict, subject), links=tuple(_links(subject)))


def _joined(verdict: _Verdict, subject: JoinSubject) -> Joined:
    found = verdict.candidate
    identity = found.identity if found else None
    holder = found.credential or identity if found else None
    return Joined(
        validity=verdict.validity,
        reason=verdict.reason,
        credential_uid=found.credential.uid if found and found.credential else None,
        identity_uid=identity.uid if identity else None,
        resource_uid=holder.resource_uid if holder else next(iter(subject.accounts), None),
        created_time=found.credential.created_time if found and found.credential else None,
        privilege=_privilege(identity),
        unconfirmed=verdict.unconfirmed,
    )


def _verdicts(subject: JoinSubject, as_of: datetime) -> Iterator[_Verdict]:
    """Yield what is concluded, at least once: the least harmless of it counts."""
    listed = _by_sort(subject.candidates)
    exact = [one for sort in sorted(_EXACT) for one in listed.get(sort, ())]
    yield from (_of_one(one, subject.readings, as_of) for one in exact)
    found = {one.key for one in exact}
    missing = [split(told) for told in subject.keys if told not in found]
    told = [_of_absent(sort, identifier, subject, listed) for sort, identifier in missing]
    absent = [verdict for verdict in told if verdict is not None]
    yield from absent
    if not exact and not absent:
        yield _unknown("nothing that was read lists such a credential")


def _of_absent(
    sort: str, identifier: str, subject: JoinSubject, listed: Mapping[str, Sequence[JoinCandidate]]
) -> _Verdict | None:
    """Conclude from an identifier by which no one credential is listed; `None` where it says nothing more."""
    found = listed.get(sort, ())
    if sort == ACCESS_KEY:
        return _of_unlisted_access_key(identifier, subject)
    if sort == GOOGLE_KEY:
        return _of_unlisted_google_key(subject, [*listed.get(GOOGLE_ACCOUNT, ()), *listed.get(GOOGLE_EMAIL, ())])
    if sort == ENTRA_APPLICATION:
        return _of_application(identifier, found)
    return _of_storage_account(identifier, found, subject) if sort == STORAGE_ACCOUNT else None


# One credential that the value certainly is.


def _of_one(found: JoinCandidate, readings: Sequence[ListReading], as_of: datetime) -> _Verdict:
    credential, name = found.credential, _named(found)
    if credential is None:  # pragma: no cover - what is called so is a credential
        return _unknown(f"{name} is listed")
    ended = _end(found, credential, name, as_of)
    if ended is not None:
        newer = next((one for one in found.siblings if _replaces(one, credential, as_of)), None)
        if newer is None:
            return ended
        words = f"{ended.reason}, and {newer.kind} {_shown(newer)} was issued after it"
        return _Verdict(validity=Validity.ROTATED, reason=words, candidate=found)
    if credential.enabled is None:
        return _unknown(f"{name} is listed, and whether it works was not told", found)
    if not found.confirmed:
        why = _hindrance([one for one in readings if one.scope.uid in found.scope_uids])
        words = f"{name} worked when it was last listed; {why or 'it was not listed since'}"
        return _Verdict(validity=Validity.UNKNOWN, reason=words, candidate=found, unconfirmed=True)
    return _Verdict(validity=Validity.LIVE, reason=f"{name} is listed and works", candidate=found)


def _end(found: JoinCandidate, credential: Credential, name: str, as_of: datetime) -> _Verdict | None:
    """Say how a credential ended, by a proof; `None` when none says so."""
    holder = found.identity
    validity, words = Validity.REVOKED, None
    if not found.present:
        words = f"{name} was deleted"
    elif credential.enabled is False:
        words = f"{name} is listed as {(credential.status or 'disabled').lower()}"
    elif holder is not None and not found.identity_present:
        words = f"{name}: its identity was deleted"
    elif holder is not None and holder.enabled is False:
        words = f"{name}: its identity is disabled"
    elif over(credential.expiration_time, as_of):
        validity, words = Validity.EXPIRED, f"{name} has expired"
    return None if words is None else _Verdict(validity=validity, reason=words, candidate=found)


def _replaces(newer: Credential, older: Credential, as_of: datetime) -> bool:
    """Say whether a credential was issued in place of another one of its kind, and works."""
    if newer.uid == older.uid or (newer.type, newer.kind) != (older.type, older.kind) or newer.provider_managed:
        return False
    if newer.enabled is not True or over(newer.expiration_time, as_of):
        return False
    made, before = newer.created_time, older.created_time
    return made is not None and before is not None and before < made <= as_of


# Identifiers by which no credential is listed.


def _of_unlisted_access_key(access_key_id: str, subject: JoinSubject) -> _Verdict:
    account = aws_account(access_key_id)
    if account is None:
        return _unknown("its id tells no account, and no account that was read lists it")
    uid = f"aws:account:{account}"
    lists = {one.scope.api: one for one in subject.readings if one.scope.resource_uid == uid}
    if not lists:
        return _unknown(f"the AWS account {account}, which its id names, was not read")
    keys = lists.get(AWS_KEYS)
    if keys is None:
        how = "were listed without their ids" if AWS_KEYS_WITHOUT_IDS in lists else "were not listed"
        return _unknown(f"the access keys of the AWS account {account}, which its id names, {how}")
    doubt = _doubt_of_absence(keys, subject, uid)
    if doubt is None:
        words = (
            f"its id names the AWS account {account}, whose access keys were all listed, and it is none of them: "
            "it was deleted"
        )
        return _Verdict(validity=Validity.REVOKED, reason=words)
    return _unknown(f"it is not among the listed access keys of the AWS account {account}, which its id names; {doubt}")


def _doubt_of_absence(keys: ListReading, subject: JoinSubject, account_uid: str) -> str | None:
    """Say why it proves nothing that a key is missing in the list of its own account; `None` where it does."""
    if keys.whole_run is None:
        return _hindrance([keys]) or "that list was never read whole"
    if keys.whole_run < subject.first_run:
        return _hindrance([keys]) or "that list was read before the value was found, and proves nothing of it"
    first = None if isinstance(subject.thing, SecretReference) else subject.thing.first_commit
    if first is None or keys.whole_time is None or first.committer_time + _REPORT_AGE > keys.whole_time:
        return "that the key is older than that list, no commit says"
    root = next((one for one in subject.beside if one.identity.resource_uid == account_uid), None)
    if root is None or Facet.CREDENTIALS not in root.identity.observed:
        return "whether it is a key of the account's root, nobody told"
    if any(one.type is CredentialType.ACCESS_KEY for one in root.credentials):
        return "it may be a key of the account's root, which no list holds"
    return None


def _of_unlisted_google_key(subject: JoinSubject, accounts: Sequence[JoinCandidate]) -> _Verdict:
    """Conclude from a key file whose key no project lists; `accounts` are those it names, by unique id first."""
    if not accounts or accounts[0].identity is None:
        return _unknown("no project that was read holds its service account")
    found, identity = accounts[0], accounts[0].identity
    if not found.identity_present:
        words = f"the service account {identity.name} was deleted"
        if split(found.key)[0] == GOOGLE_ACCOUNT:
            return _Verdict(validity=Validity.REVOKED, reason=words, candidate=found)
        return _unknown(f"{words}, and that this was its key the file alone says", found)
    if Facet.CREDENTIALS in identity.observed and found.confirmed:
        words = "does not list it: it was deleted before anybody listed it, or never was its key"
        return _unknown(f"the service account {identity.name} {words}", found)
    keys = [one for one in subject.readings if one.scope.api == GOOGLE_KEYS]
    why = _hindrance([one for one in keys if one.scope.resource_uid == identity.resource_uid])
    return _unknown(
        f"the keys of the service account {identity.name} were not all listed{f'; {why}' if why else ''}", found
    )


def _of_application(client_id: str, found: Sequence[JoinCandidate]) -> _Verdict:
    """Conclude from the application whose id stands beside a client secret: whose it is, but never that it ended."""
    known = [one for one in found if one.identity is not None]
    there = [one for one in known if one.identity_present]
    first = max(there or known, key=lambda one: (_reach(one.identity), one.key), default=None)
    if first is None or first.identity is None:
        return _unknown(f"no tenant that was read knows the application {client_id}, whose id stands beside it")
    name = f"{first.identity.kind} {first.identity.name}"
    if not there:
        return _unknown(f"{name}, whose id stands beside it, was deleted; that it was its secret nothing proves", first)
    works = any(one.type is CredentialType.CLIENT_SECRET for holder in there for one in holder.siblings)
    words = "which of its client secrets it is, no id tells" if works else "no client secret of it is listed any more"
    return _unknown(f"{name}, whose id stands beside it, is listed; {words}", first)


def _of_storage_account(name: str, found: Sequence[JoinCandidate], subject: JoinSubject) -> _Verdict:
    """Conclude from the keys of the storage account that a connection string names: it is one of them, or a former."""
    if not found:
        return _unknown(f"no subscription that was read holds the storage account {name}")
    ends: list[_Verdict] = []
    for one in found:
        key = one.credential
        if key is None:
            continue
        replaced, seen = key.last_rotated_time, subject.first_time
        if not one.present:
            # It keeps its keys where it is moved to another subscription, and where it is restored.
            words = f"the storage account {name} is gone from the subscription that held it: deleted, or moved"
            return _unknown(words)
        if key.enabled is False:
            ends.append(_Verdict(validity=Validity.REVOKED, reason=f"the storage account {name} takes no keys"))
        elif replaced is not None and seen is not None and replaced > seen:
            words = f"both keys of the storage account {name} were replaced after it was found"
            ends.append(_Verdict(validity=Validity.ROTATED, reason=words))
    whole = {one.credential.name for one in found if one.credential} >= _STORAGE_KEYS
    if whole and len(ends) == len(found):
        return min(ends, key=lambda one: _HARM[one.validity])
    words = (
        f"the storage account {name} has a key that was not replaced since it was found; which key it is, no id tells"
    )
    return _unknown(words)


def _unknown(reason: str, found: JoinCandidate | None = None) -> _Verdict:
    return _Verdict(validity=Validity.UNKNOWN, reason=reason, candidate=found)


# Words and edges.


def _hindrance(readings: Sequence[ListReading]) -> str | None:
    """Say in half a sentence why a list was not read whole at its newest reading; `None` where it was."""
    unread = [one for one in readings if one.status is not CoverageStatus.COMPLETE]
    if not unread:
        return None
    gaps = [gap for one in unread for gap in one.gaps if gap.facet is None]
    denied = sorted({gap.permission for gap in gaps if gap.reason is GapReason.DENIED and gap.permission})
    if denied:
        return f"{', '.join(denied)} was denied"
    reasons = sorted({gap.reason.replace("_", " ") for gap in gaps})
    return f"the list was not read whole ({', '.join(reasons) or unread[0].status})"


def _links(subject: JoinSubject) -> Iterator[Link]:
    """Yield an edge to each listed credential that it is or may be; to identities where no credential is listed."""
    reference = isinstance(subject.thing, SecretReference)
    to_credential = LinkKind.REFERENCE_CREDENTIAL if reference else LinkKind.EXPOSURE_CREDENTIAL
    credentials = {one.credential.uid: one for one in subject.candidates if one.credential is not None}
    identities = {one.identity.uid: one for one in reversed(subject.candidates) if one.identity is not None}
    for uid, one in sorted(credentials.items()):
        yield _link(to_credential, subject, uid, one, alone=len(credentials) == 1)
    for uid, one in sorted(identities.items()) if not (credentials or reference) else ():
        yield _link(LinkKind.EXPOSURE_IDENTITY, subject, uid, one, alone=True)


def _link(kind: LinkKind, subject: JoinSubject, target_uid: str, found: JoinCandidate, *, alone: bool) -> Link:
    sort, identifier = split(found.key)
    return Link(
        kind=kind,
        source_uid=subject.thing.uid,
        target_uid=target_uid,
        confidence=Confidence.HIGH if alone and sort in _SURE else Confidence.MEDIUM,
        proof=f"{_PROOFS[sort]} {identifier}",
    )


def _by_sort(candidates: Iterable[JoinCandidate]) -> dict[str, list[JoinCandidate]]:
    found: dict[str, list[JoinCandidate]] = {}
    for one in candidates:
        found.setdefault(split(one.key)[0], []).append(one)
    return found


def _named(found: JoinCandidate) -> str:
    """What a person calls it: `access key AKIA… of IAM user deploy-robot`."""
    of = f" of {found.identity.kind} {found.identity.name}" if found.identity else ""
    return f"{found.credential.kind} {_shown(found.credential)}{of}" if found.credential else "it"


def _shown(credential: Credential) -> str:
    return credential.public_identifier or credential.name or credential.uid


def _reach(identity: Identity | None) -> int:
    level = _privilege(identity)
    return -1 if level is None else level.rank


def _privilege(identity: Identity | None) -> PrivilegeLevel | None:
    """Return how far the widest right reaches; that there is no wider one is known only where rights were all read."""
    if identity is None:
        return None
    widest = max((one.level for one in identity.privileges), key=lambda level: level.rank, default=None)
    if widest is not None and widest.rank >= PrivilegeLevel.ESCALATION.rank:
        return widest
    return (widest or PrivilegeLevel.LIMITED) if Facet.PRIVILEGES in identity.observed else None
