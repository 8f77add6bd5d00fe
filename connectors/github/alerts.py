"""Open alerts of secret scanning: how many a repository has, and of which kind. No value is asked for.

They are told as part of the safeguard that finds them. What they hold, git's connector finds by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from connectors.github.answers import Alert
from connectors.github.estate import Estate
from connectors.github.permissions import ALERTS
from connectors.github.place import Place
from connectors.github.reading import PROVIDER, Reading
from connectors.github.repositories import safeguard_uid
from storage.inventory import Observation, Safeguard, SafeguardKind


def read_alerts(reading: Reading, estate: Estate, _: Place) -> Iterator[Observation]:
    """Yield the numbers of each repository that is read and has any, and note those of the whole organization."""
    numbers: dict[int, Counter[str]] = {one.id: Counter() for one in estate.repositories}
    before, total = reading.missing, 0
    for told in reading.listed(ALERTS, Alert):
        total += 1
        counted = numbers.get(told.repository.id)
        if counted is not None:
            counted["open_alerts"] += 1
            counted["live"] += told.validity == "active"
            counted["publicly_leaked"] += bool(told.publicly_leaked)
            counted["bypassed"] += bool(told.push_protection_bypassed)
    if reading.missing == before:
        estate.attributes["open_secret_alerts"] = str(total)
    for repository in estate.repositories:
        counted = numbers[repository.id]
        if counted["open_alerts"]:
            yield Safeguard(
                uid=safeguard_uid(estate, repository.id, SafeguardKind.SECRET_SCANNING),
                scope_uid=reading.uid,
                kind=SafeguardKind.SECRET_SCANNING,
                name=f"secret scanning of {estate.repository_name(repository)}",
                provider=PROVIDER,
                resource_uid=estate.repository_uid(repository.id),
                # It has found something; whether it still looks, the list of repositories tells.
                enabled=None,
                attributes={name: str(number) for name, number in sorted(counted.items()) if number},
            )
