"""Webhooks: whether what they send is signed and encrypted. Where they post to, and their secret, is never kept.

An application of OAuth sees only those it made itself, without a word: read them with a GitHub App or an owner's token.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.github.answers import Hook, moment
from connectors.github.estate import Estate
from connectors.github.permissions import ORGANIZATION_HOOKS, REPOSITORY_HOOKS
from connectors.github.place import Place
from connectors.github.reading import PROVIDER, Reading
from storage.inventory import Facet, Observation, Safeguard, SafeguardKind, StoredSecret

_SECURE = frozenset({"0", 0, "false"})
_INACTIVE = "A webhook that is switched off: it sends nothing."


def read_webhooks(reading: Reading, estate: Estate, place: Place) -> Iterator[Observation]:
    """Yield how each webhook is delivered, and its secret as a slot where it has one."""
    operation = ORGANIZATION_HOOKS if place.repository is None else REPOSITORY_HOOKS
    for told in reading.listed(operation, Hook, **place.where):
        if told.config.secret:
            yield _secret(reading, estate, place, told)
        if not told.active:
            reading.left_out("inactive_webhook", _INACTIVE)
            continue
        unsure = told.config.insecure_ssl is None
        checked = None if unsure else told.config.insecure_ssl in _SECURE
        for kind, word, enabled in (
            (SafeguardKind.WEBHOOK_SIGNATURE, "signature", told.config.secret),
            (SafeguardKind.WEBHOOK_ENCRYPTION, "certificate check", checked),
        ):
            yield Safeguard(
                uid=estate.made_uid("safeguard", place.number, f"webhook-{told.id}", kind),
                scope_uid=reading.uid,
                kind=kind,
                name=f"{word} of webhook {told.id} of {place.name}",
                provider=PROVIDER,
                resource_uid=place.uid,
                enabled=enabled,
                attributes={"webhook": str(told.id), "events": str(len(told.events))},
            )


def _secret(reading: Reading, estate: Estate, place: Place, told: Hook) -> StoredSecret:
    return StoredSecret(
        uid=estate.made_uid("secret", place.number, "webhook", told.id),
        scope_uid=reading.uid,
        kind="webhook secret",
        name=f"webhook {told.id}",
        provider=PROVIDER,
        resource_uid=place.uid,
        aliases=(f"{place.name}/webhook {told.id}",),
        vaulted=True,
        encrypted=True,
        enabled=told.active,
        created_time=moment(told.created_at),
        # A change of its settings counts as well: a late one proves nothing of the secret.
        updated_time=moment(told.updated_at),
        attributes=place.attributes,
        observed=frozenset({Facet.VAULT, Facet.ENCRYPTION}),
    )
