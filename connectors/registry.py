"""The connectors, one entry each: all that the agent knows of a provider, and nothing that loads its library.

An entry names the class that reads; it is loaded by whoever starts to read, so that a sweep of git pays for no cloud.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pkgutil import resolve_name
from typing import Any

from connectors.aws.target import AwsTarget
from connectors.azure.target import AzureTarget
from connectors.base import Connector, Limits, Target
from connectors.git.target import GitTarget
from connectors.github.target import GitHubTarget
from connectors.google_cloud.target import GoogleCloudTarget
from storage.inventory import Record


class Entry(Record, frozen=True, kw_only=True):
    """One connector, as the agent sees it before it is loaded."""

    name: str
    """As `Connector.name` and every `Scope.connector` call it."""
    target: type[Target]
    """What it reads. The module it stands in loads no provider's library."""
    connector: str
    """The class, as `module:Class`."""
    section: str
    """Key of nhi-agent.yaml under which its targets are listed."""
    variables: tuple[str, ...] = ()
    """Globs over the operator's environment: what every worker of it gets, beside `Target.needs`."""
    limits: Mapping[str, float] = {}
    """The `Limits` of its workers that differ from the usual ones, where the operator sets none."""

    def load(self) -> Connector[Any, Any]:
        """Build the connector."""
        connector: Connector[Any, Any] = resolve_name(self.connector)()
        return connector

    def limits_beside(self, given: Mapping[str, Any]) -> Limits:
        """The limits of its workers, where the operator gave some: these come first."""
        return Limits(**{**self.limits, **given})

    def environment(self, target: Target, given: Mapping[bytes, bytes]) -> tuple[tuple[bytes, bytes], ...]:
        """Pick what a worker over `target` gets of an environment: of everything else it shall know nothing."""
        needed = {os.fsencode(name) for name in target.needs}
        return tuple(
            (name, content)
            for name, content in sorted(given.items())
            if name in needed or any(fnmatchcase(name.decode("latin-1"), glob) for glob in self.variables)
        )


def registered(entries: Iterable[Entry]) -> Mapping[str, Entry]:
    """The entries by their names."""
    return {entry.name: entry for entry in entries}


_NETWORK = ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""What a worker that talks to a provider needs to get there; a proxy's address may hold a password."""

CONNECTORS = registered(
    (
        Entry(name="git", target=GitTarget, connector="connectors.git.connector:GitConnector", section="repositories"),
        Entry(
            name="aws",
            target=AwsTarget,
            connector="connectors.aws.connector:AwsConnector",
            section="aws",
            variables=("AWS_*", "HOME", *_NETWORK),
        ),
        Entry(
            name="google-cloud",
            target=GoogleCloudTarget,
            connector="connectors.google_cloud.connector:GoogleCloudConnector",
            section="google_cloud",
            variables=("CLOUDSDK_CONFIG", "GCE_METADATA_*", "GOOGLE_*", "HOME", *_NETWORK),
        ),
        Entry(
            name="azure",
            target=AzureTarget,
            connector="connectors.azure.connector:AzureConnector",
            section="azure",
            variables=("AZURE_*", "IDENTITY_*", "IMDS_*", "MSI_*", "HOME", *_NETWORK),
        ),
        Entry(
            name="github",
            target=GitHubTarget,
            connector="connectors.github.connector:GitHubConnector",
            section="github",
            variables=_NETWORK,
            # A dozen calls for each repository, and an hour's worth of calls is soon spent.
            limits={"wall_seconds": 21_600.0},
        ),
    )
)
"""All of them, in the order in which a run takes their targets."""
