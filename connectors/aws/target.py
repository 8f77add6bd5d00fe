"""What is to be read of AWS, and as whom: plain fields, no secret among them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.base import Target, TargetError

HOME_REGIONS: Mapping[str, str] = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""By partition: the region whose endpoints answer for what has no region, such as IAM."""

HISTORY_DAYS = 90
"""For so many days CloudTrail answers `LookupEvents`."""

_ACCOUNT = re.compile(r"\d{12}")
_ROLE = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/[\w+=,.@/-]{1,512}")

_ARCHIVE = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9_!.*'()/-]{0,512}?))?/?")
_ENDPOINT = re.compile(r"https://[^/@]+(?:/|$)|http://(?:127\.0\.0\.1|localhost|\[::1\])(?:[:/]|$)")


class AwsTarget(Target, frozen=True, kw_only=True):
    """One account, or all accounts of an organisation.

    The login is what the SDK finds for itself: the role of the workload, a web identity, a profile. No key stands here.
    """

    account: str | None = None
    """Number of the account that must answer; `None` for the one that the login belongs to."""
    role_arn: str | None = None
    """Role to assume before anything is read."""
    external_id_variable: str | None = None
    """Environment variable that holds the external id which the role, and those of the members, ask for."""
    profile: str | None = None
    """Profile of the SDK's own configuration to log in with."""
    regions: tuple[str, ...] = ()
    """Regions to read; empty for all that are enabled in the account."""
    partition: str = "aws"
    """`aws`, `aws-cn` or `aws-us-gov`."""
    own_accounts: tuple[str, ...] = ()
    """Numbers of the accounts that belong to the organisation: any other is an outsider."""
    organization: bool = False
    """Whether to read every account that the organisation lists, each through `member_role`."""
    member_role: str = "nhi-agent"
    """Name of the role that is assumed in the other accounts of the organisation, path included."""
    included_accounts: tuple[str, ...] = ()
    """The accounts of the organisation that are read; empty for all. One that is in neither list is told as such."""
    excluded_accounts: Mapping[str, str] = {}
    """Accounts of the organisation that are not read, each with the reason."""
    key_ids: bool = True
    """Whether each user is asked for the ids of its access keys, certificates and SSH keys: one or two calls a user.

    Without, keys are told by the credential report alone, which knows no ids and no SSH keys.
    """
    history: bool = False
    """Whether CloudTrail is asked what happened to what is listed, and who made it: two calls a second."""
    history_days: int = HISTORY_DAYS
    """How many days back it is asked, 90 at most: so long it remembers."""
    archive: str | None = None
    """Where a trail keeps its files, `s3://BUCKET/PREFIX`: what comes before `AWSLogs`, or with it."""
    archive_days: int = 365
    """How many days back the archive is read."""
    archive_files: int = 20_000
    """How many files of it at most are read of one account in one run, the newest."""
    workloads: bool = False
    """Whether the settings of functions, containers, builds, machines and stacks are read and searched for values."""
    endpoint_url: str | None = None
    """Another address for every service, such as that of a test server."""

    @property
    def place(self) -> str | None:
        """See `Target.place`: the account that it names, if it names one."""
        return named_account(self)

    @property
    def needs(self) -> Mapping[str, str]:
        """See `Target.needs`."""
        return {self.external_id_variable: "the external id of the role"} if self.external_id_variable else {}

    @property
    def home_region(self) -> str:
        """The region asked for what is the same in all of them."""
        return HOME_REGIONS[self.partition]


def checked(target: AwsTarget) -> AwsTarget:
    """Return the target, if what it says can be meant.

    Raises:
        TargetError: when an account, role or partition is none.
    """
    if target.partition not in HOME_REGIONS:
        raise TargetError(f"partition: name one of {', '.join(HOME_REGIONS)}")
    numbers = (*target.own_accounts, *target.included_accounts, *target.excluded_accounts)
    if target.account is not None:
        numbers += (target.account,)
    for number in numbers:
        if not _ACCOUNT.fullmatch(number):
            raise TargetError("an AWS account is named by its twelve digits; put them in quotes")
    if not 1 <= target.history_days <= HISTORY_DAYS:
        raise TargetError(f"history_days: CloudTrail remembers {HISTORY_DAYS} days, so 1 to {HISTORY_DAYS}")
    if target.archive is not None:
        archive_place(target.archive)
    if target.archive_days < 1 or target.archive_files < 1:
        raise TargetError("archive_days and archive_files: 1 at least")
    if target.endpoint_url is not None and not _ENDPOINT.match(target.endpoint_url):
        raise TargetError("endpoint_url: only https addresses, or one of this machine")
    if target.role_arn is not None:
        role = _ROLE.fullmatch(target.role_arn)
        if role is None:
            raise TargetError("role_arn: write the whole ARN, arn:aws:iam::ACCOUNT:role/NAME")
        if target.account not in (None, role["account"]):
            raise TargetError(f"the role is one of account {role['account']}, and the target names {target.account}")
    return target


def named_account(target: AwsTarget) -> str | None:
    """Return the number of the account that the target itself names, by number or by role."""
    role = _ROLE.fullmatch(target.role_arn or "")
    return target.account or (role["account"] if role else None)


def member_role_arn(target: AwsTarget, account: str) -> str:
    """Return the ARN of the role that is assumed in a member account."""
    return f"arn:{target.partition}:iam::{account}:role/{target.member_role.lstrip('/')}"


def account_uid(account: str) -> str:
    """Name of an account as a resource."""
    return f"aws:account:{account}"


def archive_place(archive: str) -> tuple[str, str]:
    """Return bucket and prefix of an archive, the prefix without slashes at its ends.

    Raises:
        TargetError: when it is no address of a bucket.
    """
    place = _ARCHIVE.fullmatch(archive)
    if place is None:
        raise TargetError("archive: write s3://BUCKET, or s3://BUCKET/PREFIX with what comes before AWSLogs")
    return place[1], (place[2] or "").strip("/")
