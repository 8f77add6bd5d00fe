"""Every call that this connector can make, and the permission each one needs.

`client.py` makes no other calls: none that answers with a secret stands here. The published role
(`deploy/permissions/google_cloud.yaml`) grants what is in this list and nothing else. A test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.base import Permission
from storage.inventory import Facet, Record


class Method(Record, frozen=True, kw_only=True):
    """One method of one API: where it is, what it needs, what comes in pages."""

    name: str
    """As Google's discovery documents call it: `secretmanager.projects.secrets.list`."""
    permission: str
    """The permission it needs."""
    url: str | None = None
    """Its address, with `{parent}` for what it is asked about; `None` for what goes over gRPC."""
    items: str = ""
    """Name of the list in the answer, for what comes in pages."""
    post: bool = False
    """Whether the question is posted. It is a read all the same."""
    parameters: Mapping[str, str] = {}
    """What is always asked with it."""
    drop: frozenset[str] = frozenset()
    """Fields of the answer, at any depth, that are taken away on receipt: they hold values or are not needed."""
    facets: frozenset[Facet] = frozenset()
    """The questions that stay open without it; none when without it the things themselves are not seen."""
    optional: bool = False
    """True for what is only called when the target asks for it."""

    @property
    def service(self) -> str:
        """The API, as it is switched on: `secretmanager.googleapis.com`."""
        return f"{self.name.split('.', 1)[0]}.googleapis.com"


_PRIVILEGES = frozenset({Facet.PRIVILEGES, Facet.TRUST})

LIST_ACCOUNTS = Method(
    name="iam.projects.serviceAccounts.list", permission="iam.serviceAccounts.list", items="accounts"
)
LIST_KEYS = Method(
    name="iam.projects.serviceAccounts.keys.list", permission="iam.serviceAccountKeys.list", items="keys"
)
ACCOUNT_POLICY = Method(
    name="iam.projects.serviceAccounts.getIamPolicy",
    permission="iam.serviceAccounts.getIamPolicy",
    facets=frozenset({Facet.TRUST}),
)
LIST_ROLES = Method(
    name="iam.roles.list", permission="iam.roles.list", items="roles", facets=frozenset({Facet.PRIVILEGES})
)

METHODS: tuple[Method, ...] = (LIST_ACCOUNTS, LIST_KEYS, ACCOUNT_POLICY, LIST_ROLES)
"""All there is."""

PERMISSIONS: tuple[Permission, ...] = tuple(
    {
        method.permission: Permission(action=method.permission, facets=method.facets, optional=method.optional)
        for method in METHODS
    }.values()
)
"""What `doctor` asks for, and what the published role grants."""
