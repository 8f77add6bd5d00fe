from __future__ import annotations

import random
import string

import pytest

from connectors.pipelines.hard_coded import hard_coded_in, is_value, is_value_of, secret_like
from connectors.pipelines.shell_words import commands


def a_value() -> str:
    return "".join(random.choices(string.ascii_letters + string.digits, k=18)) + "7x"


def told(script: str) -> list[str]:
    return [proof for command in commands(script) for proof in hard_coded_in(command)]


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("DB_PASSWORD", True),
        ("apiKey", True),
        ("client-secret", True),
        ("SSH_PRIVATE_KEY", True),
        ("TOKEN", True),
        ("TOKEN_URL", False),
        ("SECRET_NAME", False),
        ("PASSWORD_MIN_LENGTH", False),
        ("CACHE_KEY", False),
        ("KEY", False),
        ("PWD", False),
        ("COMPASS", False),
    ],
)
def test_a_name_promises_a_secret(name: str, *, is_secret: bool) -> None:
    assert is_secret == secret_like(name)


@pytest.mark.parametrize(
    "text",
    ["", "abc", "changeme", "test-token", "your_token_here", "postgres", "$X", "<token>", "/etc/token", "true", "12"],
)
def test_a_stand_in_is_no_value(text: str) -> None:
    assert not is_value(text)


def test_a_setting_holds_a_value() -> None:
    assert is_value_of("API_TOKEN", a_value())
    assert is_value_of("DB_PASSWORD", "correcthorse")
    assert not is_value_of("API_TOKEN", "deploy-bot")
    assert not is_value_of("API_TOKEN", f"words and {a_value()}")
    assert not is_value_of("REGION", a_value())


@pytest.mark.parametrize(
    ("script", "proof"),
    [
        ("docker login -u ci -p {}", "docker -p"),
        ("docker login --username=ci --password={} example.org", "docker --password"),
        ("curl -u ci:{} https://example.org", "curl -u"),
        ("curl -H 'Authorization: Bearer {}' https://example.org", "Authorization"),
        ('curl --header "PRIVATE-TOKEN: {}" https://example.org', "PRIVATE-TOKEN"),
        ("git clone https://ci:{}@example.org/a.git", "password in an address"),
        ("export API_TOKEN={}", "API_TOKEN"),
        ("PGPASSWORD={} psql", ""),
        ("az login --service-principal -u app -p {}", "az -p"),
        ("sshpass -p {} ssh ci@example.org", "sshpass -p"),
    ],
)
def test_a_command_holds_a_value(script: str, proof: str) -> None:
    value = a_value()

    found = told(script.format(value))

    assert ([proof] if proof else []) == found
    assert value not in repr(found)


@pytest.mark.parametrize(
    "script",
    [
        "docker login -u ci -p $TOKEN",
        'docker login -u ci -p "${TOKEN}"',
        "docker login -u ci -p ${{ secrets.A }}",
        "docker login -u ci -p $(TOKEN)",
        "docker run -p 80808080:80808080 app",
        "curl -u $USER:$TOKEN https://example.org",
        "curl -H 'Authorization: Bearer <token>' https://example.org",
        "git clone https://example.org/a.git",
        "git clone https://ci:$TOKEN@example.org/a.git",
        "export API_TOKEN=$OTHER",
        "export PASSWORD_FILE=/run/secrets/password",
    ],
)
def test_a_command_that_holds_none(script: str) -> None:
    assert [] == told(script)
