"""One project while it is being read: what its parts tell each other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from connectors.google_cloud.client import GoogleClient
from connectors.google_cloud.target import uid_of
from storage.inventory import Record


class Account(Record, frozen=True, kw_only=True):
    """A service account as it was listed, before it is known what else there is to say of it."""

    uid: str
    """Made of the unique id: an account that was deleted and made again under the same e-mail is another one."""
    unique_id: str
    email: str
    name: str
    """`projects/PROJECT/serviceAccounts/UNIQUE_ID`, by which it is asked about: not by what a namesake shares."""
    enabled: bool | None
    managed: str | None
    """What Google made it for; `None` for one that the customer made."""


class Uses(Record, frozen=True, kw_only=True):
    """When something last authenticated, as far as Google keeps count."""

    times: Mapping[str, datetime] = {}
    """By unique id, e-mail or key id."""
    since: Mapping[str, datetime] = {}
    """By the same: before this moment no count was kept."""
    tracked_since: datetime | None = None
    """The same for those without an entry; `None` when no answer told."""
    known: bool = False
    """Whether all of it was read."""

    def of(self, *names: str) -> tuple[datetime | None, datetime | None]:
        """Return when something was last used and since when that is counted, by any of its names."""
        used = max((self.times[name] for name in names if name in self.times), default=None)
        since = next((self.since[name] for name in names if name in self.since), None)
        return used, since or (self.tracked_since if self.known else None)


class Project:
    """What is known of one project so far. Its parts fill it in as they are read, in their order."""

    def __init__(self, number: str, project_id: str, client: GoogleClient) -> None:
        """Begin with nothing but the names."""
        self.number = number
        self.project_id = project_id
        """The number again, where the id is not known: Google takes either."""
        self.name = f"projects/{project_id}"
        """As it is asked about."""
        self.uid = uid_of(f"projects/{number}")
        self.client = client
        self.labels: Mapping[str, str] | None = None
        """Its labels; `None` when the project itself was not looked up."""
        self.ancestors: tuple[str, ...] | None = None
        """Its folders and organisation, the nearest first; `None` when that is not known."""
        self.path: tuple[str, ...] = ()
        """The folders it was found in, the nearest first, up to the folder or organisation that was named."""
        self.accounts: dict[str, Account] = {}
        """By unique id."""
        self._by_email: dict[str, Account] = {}
        self.keys_unlisted: set[str] = set()
        """Unique ids of accounts of which some credentials could not be listed."""
        self.all_credentials_listed = True
        """Whether what is listed for the whole project (API keys, HMAC keys) was listed to its end."""
        self.account_uses = Uses()
        self.key_uses = Uses()

    def account_of(self, name: str) -> Account | None:
        """Return the account with a unique id or an e-mail."""
        return self.accounts.get(name) or self._by_email.get(name)

    def add(self, account: Account) -> None:
        """Take in an account that was listed."""
        self.accounts[account.unique_id] = account
        self._by_email[account.email] = account
