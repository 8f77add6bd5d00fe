"""What `doctor` finds of a login: what it lacks, what it has too much, and how long a run would take."""

from __future__ import annotations

from connectors.base import Check, Mark
from tests.connectors.github.conftest import GitHub


def of(checks: list[Check], name: str) -> dict[Mark, str]:
    return {one.mark: one.detail for one in checks if one.name == name}


def test_app_with_the_published_permissions_is_fine(github: GitHub) -> None:
    github.hub.repository("shop")
    checks = github.checks()
    assert [Mark.FINE] * 2 == [one.mark for one in checks]


def test_app_that_lacks_a_permission_is_told_which(github: GitHub) -> None:
    del github.hub.app_permissions["secrets"]
    assert "lacks secrets:" in of(github.checks(), "permissions")[Mark.FAULT]


def test_app_that_may_write_is_told_so(github: GitHub) -> None:
    github.hub.app_permissions |= {"secrets": "write", "contents": "read"}
    told = of(github.checks(), "permissions")
    assert "contents:read, secrets:write" in told[Mark.WARNING]
    assert Mark.FINE not in told


def test_token_is_told_that_an_app_reads_more(github: GitHub) -> None:
    assert "GitHub App" in of(github.checks(app=False), "login")[Mark.WARNING]


def test_app_that_is_not_let_in_is_a_fault(github: GitHub) -> None:
    github.hub.app_suspended = "2026-01-01T00:00:00Z"
    assert "suspended" in " ".join(one.detail for one in github.checks() if one.mark is Mark.FAULT)


def test_repositories_that_are_not_seen_are_a_fault(github: GitHub) -> None:
    github.hub.things["/orgs/acme"]["total_private_repos"] = 3
    assert "does not see all" in of(github.checks(), "repositories")[Mark.FAULT]


def test_more_calls_than_an_hour_has_are_told(github: GitHub) -> None:
    github.hub.checked = False
    for number in range(400):
        github.hub.repository(f"r{number}")
    assert "about 1 hours" in of(github.checks(), "calls")[Mark.WARNING]
