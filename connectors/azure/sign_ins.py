"""When applications and their credentials were used last.

Microsoft tells only of what signed in. Of what is not in its reports nothing is known: since when they are kept is not
said, and so a missing entry is no proof of "never".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connectors.azure.answers import CredentialSignInActivity, SignIn, SignInActivity, moment
from connectors.azure.directory import Directory
from connectors.azure.permissions import CREDENTIAL_SIGN_INS, SIGN_INS
from connectors.azure.reading import Reading
from connectors.azure.target import Cloud
from storage.inventory import Facet, GapReason, Observation


def read_sign_ins(reading: Reading, directory: Directory) -> Iterator[Observation]:
    """Find out when applications signed in, by themselves or in somebody's name, and with which credential."""
    yield from ()
    if directory.target.cloud != Cloud.PUBLIC:
        reading.gap(
            GapReason.UNSUPPORTED,
            "When applications were used last is not known: this cloud of Microsoft's has no reports on it.",
            facet=Facet.LAST_USE,
        )
        return
    for told in reading.listed(SIGN_INS, SignInActivity):
        used = _latest(told.application_authentication_client_sign_in_activity, told.delegated_client_sign_in_activity)
        _note(directory.uses, told.app_id, used)
    for one in reading.listed(CREDENTIAL_SIGN_INS, CredentialSignInActivity):
        _note(directory.credential_uses, one.key_id, _latest(one.sign_in_activity))


def _latest(*told: SignIn | None) -> datetime | None:
    moments = [moment(one.last_sign_in_date_time) for one in told if one is not None]
    return max((one for one in moments if one is not None), default=None)


def _note(uses: dict[str, datetime], key: str, used: datetime | None) -> None:
    """Keep the latest: a credential has an entry for each resource that it was used for."""
    if used is not None:
        uses[key.lower()] = max(used, uses.get(key.lower(), used))
