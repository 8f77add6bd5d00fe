"""What is known of one tenant while it is read: lists first, then what belongs to them, then the observations."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.azure.answers import Application, DirectoryObject, ServicePrincipal, User, Vault
from connectors.azure.client import AzureClient
from connectors.azure.target import AzureTarget
from storage.inventory import Facet, Privilege, Trust

Holder = Application | ServicePrincipal


class Directory:
    """One tenant. What a part could not find out is not in here, and so no facet of it counts as observed."""

    def __init__(self, target: AzureTarget, client: AzureClient) -> None:
        """Begin with nothing."""
        self.target = target
        self.client = client
        self.began_time = datetime.now(UTC)
        """Logs are read so many days back from here."""
        self.applications: list[Application] = []
        self.lists_whole = False
        """Whether applications and service principals were listed to the last one."""
        self._by_app_id: dict[str, Application] = {}
        self._principals_by_app_id: dict[str, ServicePrincipal] = {}
        self.principals: list[ServicePrincipal] = []
        self.trusts: dict[str, tuple[Trust, ...]] = {}
        """By object id, of those whose federated credentials were told."""
        self.owners: dict[str, list[DirectoryObject]] = {}
        """By object id, of those whose owners were told to the last one."""
        self.accounts: dict[str, User | None] = {}
        """By object id, of those that were looked up; `None` for one that the directory no longer has."""

        self.subscriptions: list[str] = []
        """Ids of those that are read."""
        self.vaults: dict[str, list[Vault]] = {}
        """By subscription."""
        self.vaults_whole: dict[str, bool] = {}
        """By subscription: whether all its vaults were listed."""
        self.retention: dict[str, str | None] = {}
        """By workspace: for how many days it keeps logs, or `unlimited`; `None` where that was refused."""
        self.privileges: dict[str, dict[Privilege, None]] = {}
        """By object id of whoever holds them: service principals, groups and people."""
        self.groups: set[str] = set()
        """Object ids of groups that hold some."""
        self.unjudged: set[str] = set()
        """Object ids of those that hold a role whose definition was not told: how far that reaches is not known."""
        self.uses: dict[str, datetime] = {}
        """By application id, of applications that signed in."""
        self.credential_uses: dict[str, datetime] = {}
        """By key id, of credentials that were used."""
        self.unknown: set[Facet] = set()
        """What is not known of any service principal, because a call that tells of all was refused."""

    def application_of(self, principal: ServicePrincipal) -> Application | None:
        """Return the application that a service principal stands for, where it is registered in this tenant."""
        if not self._by_app_id:
            self._by_app_id = {one.app_id.lower(): one for one in self.applications}
        return self._by_app_id.get(principal.app_id.lower())

    def principal_of(self, application: Application) -> ServicePrincipal | None:
        """Return the service principal as which an application acts in this tenant, where it has one."""
        if not self._principals_by_app_id:
            self._principals_by_app_id = {one.app_id.lower(): one for one in self.principals}
        return self._principals_by_app_id.get(application.app_id.lower())

    def rights_of(self, principal: ServicePrincipal) -> tuple[Privilege, ...]:
        """Return what a service principal may do, the gravest first: in whichever order listed, the same record."""
        held = self.privileges.get(principal.id.lower(), ())
        return tuple(sorted(held, key=lambda one: (-one.level.rank, one.name, one.reach, one.proof, one.conditions)))

    def grant(self, holder: str, privilege: Privilege) -> None:
        """Note that somebody holds a privilege."""
        self.privileges.setdefault(holder.lower(), {})[privilege] = None

    @property
    def uid(self) -> str:
        """Name of the tenant as a resource."""
        return f"entra:tenant:{self.target.tenant}"

    @property
    def own_tenants(self) -> frozenset[str]:
        """The tenants that belong to the organisation."""
        return frozenset({self.target.tenant, *self.target.own_tenants})
