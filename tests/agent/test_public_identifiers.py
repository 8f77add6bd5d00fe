"""What stands beside a secret reaches the store, the export and the screen with it; what is secret reaches none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.detection.shapes import samples
from tests.agent.workshop import Workshop, of_kind

TENANT = "2f1c7a3e-91b4-4d0e-8a55-c3b7e0d91f24"
CLIENT = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"
PASSWORD, CLIENT_SECRET, TOKEN = (samples("{alnum:24}", seed, 1)[0].decode() for seed in (3, 4, 6))
LOGIN = {"host": "db.corp.net", "port": "5432", "user": "shop_app", "database": "shop"}
SETTINGS = f"""\
DB_HOST=db.corp.net
DB_PORT=5432
DB_USER=shop_app
DB_PASSWORD={PASSWORD}
DB_NAME=shop

AZURE_TENANT_ID={TENANT}
AZURE_CLIENT_ID={CLIENT}
AZURE_CLIENT_SECRET={CLIENT_SECRET}

MAIL_USER={TOKEN}
MAIL_PASSWORD={TOKEN[::-1]}
"""
SECRETS = (PASSWORD, CLIENT_SECRET, TOKEN, TOKEN[::-1])


@pytest.fixture
def workshop(tmp_path: Path, quick: None) -> Workshop:
    """Give a repository whose settings name a database, an application and a mail account."""
    shop = Workshop(tmp_path)
    shop.commit({"shop.env": SETTINGS}, "settings", "2024-03-01T10:00:00+00:00")
    return shop


def identifiers(records: list[Any]) -> list[dict[str, str]]:
    return sorted((record["public_identifiers"] for record in of_kind(records, "exposure")), key=sorted)


def test_an_exposure_carries_the_identifiers_of_its_record(workshop: Workshop) -> None:
    records = workshop.sweep(expect=(1,))

    assert identifiers(records) == [{}, {"tenant_id": TENANT, "client_id": CLIENT}, LOGIN]
    assert not of_kind(records, "reference")


def test_a_finding_shows_them_and_no_value(workshop: Workshop) -> None:
    records = workshop.sweep(expect=(1,))
    shown = "".join(
        workshop.nhi_agent("findings", "show", finding["uid"], "--store", workshop.store_url).stdout
        for finding in of_kind(records, "finding")
    )

    for name, fact in (*LOGIN.items(), ("tenant_id", TENANT), ("client_id", CLIENT)):
        assert f"{name}: {fact}" in shown
    stored = b"".join(path.read_bytes() for path in workshop.store.parent.iterdir() if path.is_file())
    written = stored + (workshop.directory / "out.jsonl").read_bytes() + shown.encode()
    assert b"db.corp.net" in stored
    assert not [secret for secret in SECRETS if secret.encode() in written]


def test_what_changes_beside_a_value_leaves_it_the_same_exposure(workshop: Workshop) -> None:
    before = workshop.sweep(expect=(1,))
    moved = SETTINGS.replace("db.corp.net", "new.corp.net")
    workshop.commit({"shop.env": moved}, "move", "2024-03-05T10:00:00+00:00")
    after = workshop.sweep(expect=(1,))

    assert {one["uid"] for one in of_kind(before, "exposure")} == {one["uid"] for one in of_kind(after, "exposure")}
    assert set(workshop.statuses().values()) == {"new"}
