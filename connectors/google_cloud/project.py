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
    """Who looks after it, when it is not the customer: see `managed_by`."""


class Uses(Record, frozen=True, kw_only=True):
    """When something last authenticated, as far as Google keeps count."""

    times: Mapping[str, datetime] = {}
    """By unique id, e-mail or key id."""
    tracked_since: datetime | None = None
    """Before this moment no count was kept; `None` when no answer told."""
    known: bool = False
    """Whether all of it was read."""


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
        self.accounts: dict[str, Account] = {}
        """By unique id."""
        self.keys_unlisted: set[str] = set()
        """Unique ids of accounts of which some credentials could not be listed."""
        self.all_credentials_listed = True
        """Whether what is listed for the whole project (API keys, HMAC keys) was listed to its end."""
        self.account_uses = Uses()
        self.key_uses = Uses()

    def account_of(self, name: str) -> Account | None:
        """Return the account with a unique id or an e-mail."""
        known = self.accounts.get(name)
        return known or next((one for one in self.accounts.values() if one.email == name), None)
