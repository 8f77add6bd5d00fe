"""Users and roles with what they may do and who may act as them: one call for a thousand of them.

The policies come in the same answer, but for those that AWS manages: of these only the ones in use are read, once a run
for all accounts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from connectors.aws.permissions import ACCOUNT_AUTHORIZATION, GET_POLICY_VERSION, LIST_POLICIES
from connectors.aws.policy_documents import Statement, statements
from connectors.aws.privileges import Grant, privileges
from connectors.aws.reading import NAME, Part, Reading
from connectors.aws.refusals import CallFailed
from connectors.aws.tags import environment, owners, plain_tags
from connectors.aws.trusts import trusts
from connectors.aws.users import user_uid
from storage.inventory import Facet, GapReason, Identity, IdentityKind, Observation

_WANTED = ["User", "Role", "Group", "LocalManagedPolicy"]
_USE_KEPT_DAYS = 400
"""So long AWS remembers when a role was last used."""
_OF_AWS = ":iam::aws:policy/"
_WHAT = "What some policies managed by AWS allow is not known"


def read_identities(reading: Reading) -> Iterator[Observation]:
    """Yield the users and roles of the account.

    A policy may come after those who have it, so nothing is judged before all pages are there; of a listing that broke
    off, what came is told all the same.

    Raises:
        CallFailed: when the listing broke off.
    """
    account = reading.account
    held = _Held(reading)
    broken: CallFailed | None = None
    try:
        for page in reading.pages(ACCOUNT_AUTHORIZATION, Filter=_WANTED, MaxItems=1000):
            held.keep(page)
        account.users_complete = True
    except CallFailed as failed:
        broken = failed
    held.read_policies_of_aws()
    for user in held.users:
        yield held.user(user)
    for role in held.roles:
        yield held.role(role)
    held.say_what_is_open(broken=broken is not None)
    if broken is not None:
        raise broken


class _Held:
    """What the pages told, until all of it can be judged together."""

    def __init__(self, reading: Reading) -> None:
        self.users: list[Mapping[str, Any]] = []
        self.roles: list[Mapping[str, Any]] = []
        self._reading = reading
        self._groups: dict[str, Mapping[str, Any]] = {}
        self._documents: dict[str, tuple[Statement, ...] | None] = {}
        """By ARN: the policies read so far; `None` for one whose document is none."""
        self._malformed: set[str] = set()
        self._absent: set[str] = set()
        """Groups, and policies of the account's own, that somebody has and no page told."""
        self._untrusted = 0

    def keep(self, page: Mapping[str, Any]) -> None:
        """Take in one page."""
        account, reading = self._reading.account, self._reading
        for user in page.get("UserDetailList") or ():
            account.has_user(user["UserName"], user_uid(user["UserId"]), user.get("CreateDate"))
            self.users.append(user)
        self.roles += page.get("RoleDetailList") or ()
        for group in page.get("GroupDetailList") or ():
            self._groups[group["GroupName"]] = group
        for policy in page.get("Policies") or ():
            chosen = policy.get("DefaultVersionId")
            for version in policy.get("PolicyVersionList") or ():
                if version.get("IsDefaultVersion") or version.get("VersionId") == chosen:
                    self._documents[policy["Arn"]] = statements(version.get("Document"))
        reading.expected = reading.fetched = len(self.users) + len(self.roles)

    def read_policies_of_aws(self) -> None:
        """Read the policies that AWS manages, as far as they are in use by what is not AWS's own."""
        wanted = {arn for arn in self._attached_everywhere() if _OF_AWS in arn and arn not in self._documents}
        if not wanted:
            return
        reading = self._reading
        try:
            versions = _versions(reading)
        except CallFailed as failed:
            reading.missed(failed, _WHAT, facet=Facet.PRIVILEGES, count=len(wanted))
            return
        for _ in reading.each(sorted(wanted & versions.keys()), _WHAT, self._read(versions), facet=Facet.PRIVILEGES):
            pass
        lost = len(wanted - versions.keys())
        if lost:
            detail = f"{_WHAT}: {LIST_POLICIES.known_as} does not list them."
            reading.gap(GapReason.FAILED, detail, facet=Facet.PRIVILEGES, count=lost)

    def _read(self, versions: Mapping[str, str]) -> Callable[[str], Iterator[Observation]]:
        reading, known = self._reading, self._reading.account.documents

        def ask(arn: str) -> Iterator[Observation]:
            version = (arn, versions[arn])
            if version not in known:
                answer = reading.call(GET_POLICY_VERSION, PolicyArn=arn, VersionId=versions[arn])
                known[version] = statements((answer.get("PolicyVersion") or {}).get("Document"))
            self._documents[arn] = known[version]
            yield from ()

        return ask

    def _attached_everywhere(self) -> Iterator[str]:
        for holder in (*self.users, *self._groups.values(), *self.roles):
            if not _is_of_aws(holder):
                yield from (policy["PolicyArn"] for policy in holder.get("AttachedManagedPolicies") or ())
                yield from _boundary_arn(holder)

    def user(self, user: Mapping[str, Any]) -> Identity:
        """Return a user, with what its groups grant."""
        grants, known = self._grants(user, "UserPolicyList", "")
        for name in user.get("GroupList") or ():
            group = self._groups.get(name)
            if group is None:
                known = False
                self._absent.add(name)
            else:
                more, all_known = self._grants(group, "GroupPolicyList", f"{name}/")
                grants, known = grants + more, known and all_known
        return self._identity(
            user,
            uid=user_uid(user["UserId"]),
            kind=IdentityKind.IAM_USER,
            name=user["UserName"],
            grants=grants,
            known=known,
            # Nobody acts as a user from outside, and none can be disabled: only what it proves itself with can.
            observed={Facet.OWNER, Facet.TRUST, Facet.STATUS},
            enabled=True,
        )

    def role(self, role: Mapping[str, Any]) -> Identity:
        """Return a role, with who may act as it."""
        account = self._reading.account
        account.roles[f"aws:role:{role['RoleId']}"] = role["RoleName"]
        if role.get("CreateDate") is not None:
            account.roles_made[f"aws:role:{role['RoleId']}"] = role["CreateDate"]
        grants, known = self._grants(role, "RolePolicyList", "")
        let_in = trusts(role.get("AssumeRolePolicyDocument"), account.own_accounts, account.number)
        self._untrusted += let_in is None
        # A role has no credentials of its own, and cannot be disabled.
        observed = {Facet.OWNER, Facet.LAST_USE, Facet.STATUS, Facet.CREDENTIALS}
        observed |= {Facet.TRUST} if let_in is not None else set()
        of_aws = _is_of_aws(role)
        since = account.began_time - timedelta(days=_USE_KEPT_DAYS)
        created = role.get("CreateDate")
        attributes = {"instance_profile": "true"} if role.get("InstanceProfileList") else {}
        if of_aws:
            self._reading.left_out(
                "policies_of_service_linked_roles", "What a role that AWS made for a service may do is not read."
            )
        return self._identity(
            role,
            uid=f"aws:role:{role['RoleId']}",
            kind=IdentityKind.IAM_ROLE,
            name=role["RoleName"],
            grants=grants,
            known=known and not of_aws,
            observed=observed,
            trusts=let_in or (),
            enabled=True,
            last_used_time=(role.get("RoleLastUsed") or {}).get("LastUsedDate"),
            # By the day, so that two runs on one day say the same.
            last_use_tracked_since=since.replace(hour=0, minute=0, second=0, microsecond=0)
            if created is not None and created < since
            else None,
            provider_managed=of_aws or _is_of_identity_center(role),
            attributes=attributes,
        )

    def _identity(
        self,
        thing: Mapping[str, Any],
        *,
        grants: list[Grant],
        known: bool,
        observed: set[Facet],
        **more: Any,
    ) -> Identity:
        tags = plain_tags(thing.get("Tags"))
        boundary, bounded = self._boundary(thing)
        found = privileges(grants, boundary)
        if bounded and boundary is None:
            # Nobody knows what the boundary lets through, so that nothing is claimed.
            found, known = (), False
        return Identity(
            scope_uid=self._reading.uid,
            provider=NAME,
            resource_uid=self._reading.account.uid,
            aliases=(thing["Arn"],),
            created_time=thing.get("CreateDate"),
            environment=environment(tags),
            owners=owners(tags),
            privileges=found,
            observed=frozenset(observed | ({Facet.PRIVILEGES} if known else set())),
            **more,
        )

    def _grants(self, holder: Mapping[str, Any], inline: str, prefix: str) -> tuple[list[Grant], bool]:
        """Return the policies that somebody has, and whether all of them could be read."""
        found: list[Grant] = []
        known = True
        for policy in holder.get(inline) or ():
            parsed = statements(policy.get("PolicyDocument"))
            if parsed is None:
                known = False
                self._malformed.add(f"{holder['Arn']} {policy.get('PolicyName')}")
            else:
                found.append(Grant(name=f"{prefix}{policy['PolicyName']}", statements=parsed))
        for policy in holder.get("AttachedManagedPolicies") or ():
            managed = self._document(policy["PolicyArn"])
            if managed is None:
                known = False
            else:
                found.append(Grant(name=f"{prefix}{policy['PolicyName']}", statements=managed))
        return found, known

    def _document(self, arn: str) -> tuple[Statement, ...] | None:
        if arn in self._documents and self._documents[arn] is None:
            self._malformed.add(arn)
        elif arn not in self._documents and _OF_AWS not in arn:
            self._absent.add(arn)
        return self._documents.get(arn)

    def _boundary(self, holder: Mapping[str, Any]) -> tuple[tuple[Statement, ...] | None, bool]:
        arns = list(_boundary_arn(holder))
        return (self._document(arns[0]), True) if arns else (None, False)

    def say_what_is_open(self, *, broken: bool) -> None:
        """Record what could not be understood and, unless the listing broke off anyhow, what no page told."""
        unread = "is not known, because its document is not one that this version reads."
        open_questions = (
            (len(self._malformed), GapReason.MALFORMED, Facet.PRIVILEGES, f"What a policy allows {unread}"),
            (self._untrusted, GapReason.MALFORMED, Facet.TRUST, f"Who may act as a role {unread}"),
            (
                0 if broken else len(self._absent),
                GapReason.FAILED,
                Facet.PRIVILEGES,
                "Somebody has a policy or group that the account does not list; run again.",
            ),
        )
        for count, reason, facet, detail in open_questions:
            if count:
                self._reading.gap(reason, detail, facet=facet, count=count)


def _versions(reading: Reading) -> dict[str, str]:
    """Return the version in force of every policy of AWS that is attached to somebody."""
    return {
        policy["Arn"]: policy["DefaultVersionId"]
        for page in reading.pages(LIST_POLICIES, Scope="AWS", OnlyAttached=True, MaxItems=1000)
        for policy in page.get("Policies") or ()
    }


def _boundary_arn(holder: Mapping[str, Any]) -> Iterator[str]:
    arn = (holder.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
    if arn:
        yield arn


def _is_of_aws(holder: Mapping[str, Any]) -> bool:
    """Say whether AWS made this role for a service of its own: a service-linked role."""
    return str(holder.get("Path", "")).startswith("/aws-service-role/")


def _is_of_identity_center(role: Mapping[str, Any]) -> bool:
    """Say whether IAM Identity Center made this role, and keeps it."""
    return str(role.get("Path", "")).startswith("/aws-reserved/") or role["RoleName"].startswith("AWSReservedSSO_")


IDENTITIES = Part(api="iam", what="users and roles", read=read_identities)
