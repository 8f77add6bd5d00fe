"""What is said when there is no login to Google Cloud."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from google.auth.exceptions import TransportError

from connectors.base import TargetError
from connectors.google_cloud.client import GoogleClient
from connectors.google_cloud.target import GoogleCloudTarget
from connectors.registry import CONNECTORS
from tests.connectors.google_cloud.fake import PROJECT, FakeLogin, Iam, read
from tests.connectors.google_cloud.world import World

TARGET = GoogleCloudTarget(projects=(PROJECT,), asset_inventory=False)


def connect() -> None:
    GoogleClient(TARGET, deadline=time.monotonic() + 5)


def test_a_file_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nothing.json"))

    with pytest.raises(TargetError, match="no login to Google Cloud was found"):
        connect()


def test_a_federation_that_gives_no_token_is_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    token, configuration = tmp_path / "token", tmp_path / "federation.json"
    token.write_text("made-up")
    pool = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x"
    configuration.write_text(
        json.dumps(
            {
                "type": "external_account",
                "audience": pool,
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "token_url": "https://sts.googleapis.com/v1/token",
                "credential_source": {"file": str(token)},
            }
        )
    )
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(configuration))
    # Nobody listens there: nothing leaves this machine.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    with pytest.raises(TargetError, match="no token for Google Cloud could be had"):
        connect()


class BlinkingLogin(FakeLogin):
    """A login whose token has run out, and whose token service is out of reach for some attempts."""

    def __init__(self, out_of_reach: int) -> None:
        super().__init__()
        self.valid = False
        self._left = out_of_reach

    def refresh(self, request: Any) -> None:
        self._left -= 1
        if self._left >= 0:
            unreached: Any = TransportError
            raise unreached("out of reach")
        super().refresh(request)


@pytest.mark.parametrize(("out_of_reach", "gaps"), [(2, 0), (3, 1)])
def test_a_token_service_that_is_out_of_reach_is_asked_again(
    out_of_reach: int, gaps: int, iam: Iam, world: World
) -> None:
    seen = read(TARGET, iam, world, login=BlinkingLogin(out_of_reach))

    assert gaps == len(seen.gaps)


def test_the_quota_project_of_a_login_is_told(iam: Iam, world: World) -> None:
    login = FakeLogin()
    login.quota_project_id = "acme-audit"

    read(TARGET, iam, world, login=login)

    assert {"acme-audit"} == world.quota_projects


def test_a_worker_gets_what_the_login_needs_and_nothing_of_others() -> None:
    given = {name.encode(): b"x" for name in ("GOOGLE_APPLICATION_CREDENTIALS", "HOME", "AWS_SESSION_TOKEN", "TOKEN")}

    told = CONNECTORS["google-cloud"].environment(TARGET, given)

    assert [b"GOOGLE_APPLICATION_CREDENTIALS", b"HOME"] == [name for name, _ in told]
