"""Who asks: an App with a token that can only read, or whoever a token belongs to; and what happens without either."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.base import TargetError
from storage.inventory import CoverageStatus, GapReason
from tests.connectors.github.conftest import KEY, TOKEN, GitHub
from tests.connectors.github.hub import APP, refusal
from tests.connectors.github.worlds import ORG


def test_app_asks_for_read_rights_alone_whatever_it_was_given(github: GitHub) -> None:
    github.hub.app_permissions = {**github.hub.app_permissions, "contents": "write", "secrets": "write"}
    assert [] == github.collect().gaps
    (given,) = [one for one in github.hub.tokens.values() if one is not None]
    assert {"read"} == set(given.values())
    assert "contents" not in given


def test_token_of_an_app_is_renewed_before_it_ends(github: GitHub) -> None:
    github.hub.repository("shop")
    github.hub.slot(f"{ORG}/actions/secrets", "ONE")
    github.hub.faults["list the Actions secrets of the organization", 1] = [lambda: refusal(429, retry_after="3595")]
    assert [] == github.collect().gaps
    assert 2 == github.hub.methods["POST"]


def test_token_that_is_not_accepted_any_more_is_renewed_once(github: GitHub) -> None:
    github.hub.faults["list the Actions secrets of the organization", 1] = [lambda: refusal(401)]
    assert [] == github.collect().gaps
    assert 2 == github.hub.methods["POST"]


def test_key_of_an_app_may_lie_in_a_file(github: GitHub, tmp_path: Path) -> None:
    key = tmp_path / "app.pem"
    key.write_text(github.hub.app_key_pem)
    assert [] == github.collect(app_key_variable=None, app_key_file=str(key)).gaps


def test_key_in_one_line_is_read(github: GitHub) -> None:
    assert [] == github.collect(environment={KEY: github.hub.app_key_pem.replace("\n", "\\n")}).gaps


@pytest.mark.parametrize("content", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_said_without_it(github: GitHub, content: str) -> None:
    with pytest.raises(TargetError) as refused:
        github.collect(environment={KEY: content})
    assert content == "" or content not in str(refused.value)
    assert refused.value.__cause__ is None


def test_missing_key_file_is_said(github: GitHub, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="cannot be read"):
        github.collect(app_key_variable=None, app_key_file=str(tmp_path / "none"))


def test_app_that_is_not_installed_is_a_gap_and_no_empty_organization(github: GitHub) -> None:
    found = github.collect(app_id=APP + "1")
    assert {CoverageStatus.DENIED} == {one.status for one in [found.coverage("organization")]}
    assert any("the GitHub App was not let in" in gap.detail for gap in found.gaps)
    assert [] == github.hub.asked


def test_suspended_app_is_a_gap(github: GitHub) -> None:
    github.hub.app_suspended = "2026-01-01T00:00:00Z"
    found = github.collect()
    assert any("suspended" in gap.detail for gap in found.gaps)


def test_variable_without_a_token_is_a_gap(github: GitHub) -> None:
    found = github.collect(app=False, environment={})
    assert any(TOKEN in gap.detail for gap in found.gaps)
    assert not github.hub.methods


def test_token_that_is_refused_is_a_gap(github: GitHub) -> None:
    github.hub.tokens.clear()
    found = github.collect(app=False)
    assert GapReason.DENIED in {gap.reason for gap in found.gaps}
    assert any("renew the login" in gap.detail for gap in found.gaps)
