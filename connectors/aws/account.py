"""One account while it is being read: who speaks for it, and what its parts tell each other."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.aws.client import AwsClient
from connectors.aws.credential_report import Report
from connectors.aws.policy_documents import Statement
from connectors.aws.refusals import CallFailed
from connectors.aws.session import Lent
from connectors.aws.target import AwsTarget, account_uid
from storage.inventory import Safeguard


class Account:
    """What is known of one account so far. Its parts fill it in as they are read, in their order."""

    def __init__(
        self,
        number: str,
        client: AwsClient,
        *,
        own_accounts: frozenset[str] | None,
        documents: dict[tuple[str, str], tuple[Statement, ...] | None],
        lent: Lent,
    ) -> None:
        """Begin with nothing but a login."""
        self.number = number
        self.uid = account_uid(number)
        self.client = client
        self.own_accounts = own_accounts
        """Numbers of the organisation's accounts; `None` when nobody told which those are."""
        self.lent = lent
        """The worker's detector, for settings of workloads."""
        self.documents = documents
        """By ARN and version: policies that AWS manages. They are the same in every account, so read once a run."""
        self.began_time = datetime.now(UTC)
        """AWS keeps some facts for a number of days only, counted back from here."""
        self.attributes: dict[str, str] = {}
        """Plain facts about the account itself."""
        self.open = False
        """Whether the login turned out to be one of this account: nothing is read before."""
        self.organisation: dict[str, dict[str, str]] = {}
        """By number: every account that its organisation lists, with its state and what the target says of it."""
        self.organisation_complete = False
        """Whether those are all of them."""
        self.regions: tuple[str, ...] = ()
        """The regions that are read."""
        self.closed_regions: set[str] = set()
        """Those of them in which every service refused to answer."""
        self.analysed_regions: set[str] = set()
        """Regions in which an analyzer of the organisation looks at all of its accounts."""
        self.trails: dict[str, Safeguard] = {}
        """By ARN: the trails that were told so far."""
        self.unknown_trails: set[str] = set()
        """Regions that are open, and did not tell their trails."""
        self.ended: dict[str, CallFailed] = {}
        """By uid of a scope: the failure that ended its reading."""
        self.users: dict[str, str] = {}
        """By name: the uids of its users."""
        self.users_made: dict[str, datetime] = {}
        """By name: when each user was made, which tells one from a former one of that name."""
        self.roles: dict[str, str] = {}
        """By uid: the names of its roles."""
        self.roles_made: dict[str, datetime] = {}
        """By uid: when each role was made."""
        self.secrets: dict[tuple[str, str], tuple[str, datetime | None]] = {}
        """By region and name: the uid of each secret of Secrets Manager, and when it was made."""
        self.keys: dict[str, str] = {}
        """By id of an access key: the name of the user who has it."""
        self.users_complete = False
        """Whether those are all of them."""
        self.users_refused: CallFailed | None = None
        """What prevented their listing, where the authorization details did not tell them."""
        self.report: Report | CallFailed | None = None
        """The credential report, or what prevented it; asked for by `report_of`."""
        self.with_other_credentials: set[str] = set()
        """Uids of users with something to act with of whose use AWS keeps no record."""
        self.read_whole: set[str] = set()
        """What was listed to the end, by the api of its scope."""

    def has_user(self, name: str, uid: str, made: datetime | None) -> None:
        """Note a user."""
        self.users[name] = uid
        if made is not None:
            self.users_made[name] = made

    def has_other_credential(self, user: str) -> None:
        """Note that a user has something to act with of whose use AWS keeps no record."""
        self.with_other_credentials.add(self.users.get(user, user))

    @property
    def other_credentials_known(self) -> bool:
        """Whether it is known of every user if it has such a thing."""
        return self.read_whole >= {"iam-ssh-public-keys", "iam-service-specific-credentials"}

    @property
    def all_credentials_known(self) -> bool:
        """Whether all that its users prove themselves with is listed, but for what the credential report tells."""
        return self.other_credentials_known and self.read_whole >= {"iam-access-keys", "iam-signing-certificates"}

    @property
    def target(self) -> AwsTarget:
        """What was asked for."""
        return self.client.target
