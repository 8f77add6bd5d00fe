"""Installed GitHub Apps: what each may do, and whether it is suspended. Their keys are known to their makers alone."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.github.answers import Installation, moment
from connectors.github.estate import Estate
from connectors.github.permissions import INSTALLATIONS
from connectors.github.place import Place
from connectors.github.privileges import rights_of
from connectors.github.reading import PROVIDER, Reading
from storage.inventory import Facet, Identity, IdentityKind, Observation


def read_installations(reading: Reading, estate: Estate, place: Place) -> Iterator[Observation]:
    """Yield each installation as an identity. Who installed it, and when it was used, GitHub does not tell here."""
    for told in reading.listed(INSTALLATIONS, Installation):
        yield Identity(
            uid=estate.made_uid("installation", told.id),
            scope_uid=reading.uid,
            kind=IdentityKind.APPLICATION,
            name=told.app_slug,
            provider=PROVIDER,
            resource_uid=place.uid,
            aliases=(f"{PROVIDER}:app:{told.app_id}",),
            created_time=moment(told.created_at),
            enabled=told.suspended_at is None,
            privileges=rights_of(
                told.permissions, everywhere=told.repository_selection == "all", reach=estate.full_name
            ),
            attributes={
                **place.attributes,
                "app_id": str(told.app_id),
                "repository_selection": told.repository_selection,
            },
            observed=frozenset({Facet.PRIVILEGES, Facet.STATUS}),
        )
