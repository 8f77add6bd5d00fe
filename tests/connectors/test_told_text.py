"""Free text of a provider is told where it reads as words, and nowhere else."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
import pytest

from connectors.aws import tags as aws
from connectors.azure import tags as azure
from connectors.azure.answers import Application, KeyCredential, PasswordCredential, User
from connectors.google_cloud import labels as google
from connectors.told_text import told_name

NAMES = ("Payments API (prod) 2024", "team-ci", "sre@example.com", "svc_build-eu-west-1", "José Müller", "OAuth2 Proxy")


@pytest.mark.parametrize("name", NAMES)
def test_names_are_told(name: str) -> None:
    assert name == told_name(name)


@pytest.mark.parametrize("form", ["{}", "ghp_{}", "https://hooks.slack.com/services/T0/B0/{}", "team {}"])
def test_random_values_never_reach_an_observation(form: str) -> None:
    for _ in range(20):
        value = form.format(secrets.token_hex(10))
        listed = aws.plain_tags([{"Key": "owner", "Value": value}, {"Key": "env", "Value": value}])
        labels = google.plain_labels({"labels": {"owner": value, "env": value}})
        given = {"owner": value, "env": value}
        told = (aws.owners(listed), google.owners(labels), azure.owners_by(given))
        assert ((), (), ()) == told
        assert (None,) * 3 == (aws.environment(listed), google.environment(labels), azure.environment_by(given))
        one = "00000000-0000-4000-8000-000000000000"
        entry: dict[str, Any] = {"id": one, "appId": one, "keyId": one, "displayName": value}
        entry |= {"passwordCredentials": [], "keyCredentials": []}
        kinds: tuple[Any, ...] = (Application, KeyCredential, PasswordCredential, User)
        for kind in kinds:
            assert msgspec.convert(entry, kind).display_name is None
