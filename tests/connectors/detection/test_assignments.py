"""Telling names: which of the values they are given count as secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.assigned_judgement import judge_assigned
from connectors.detection.assignments import assigned_values, named_aloud
from connectors.detection.shapes import samples
from storage.inventory import Confidence


def judged(line: bytes) -> list[tuple[bytes, Confidence]]:
    found = []
    for one in assigned_values(line):
        confidence = judge_assigned(line[one.start : one.end], one.name, quoted=one.quoted, alone=one.alone)
        if confidence is not None:
            found.append((line[one.start : one.end], confidence))
    aloud = [(line[one.start : one.end], Confidence.MEDIUM) for one in named_aloud(line)]
    return found + [one for one in aloud if one[0] not in {value for value, _ in found}]


RANDOM = samples("{upper:2}{alnum:18}{digit:2}", 1, 1)[0]


@pytest.mark.parametrize(
    "form",
    [
        'api_key = "{}"',
        "apiKey: '{}',",
        '"client_secret": "{}"',
        "API_TOKEN={}",
        "export SECRET_KEY={}",
        "auth-token: {}",
        "db.password={}",
        "<password>{}</password>",
        '<add key="ApiKey" value="{}" />',
        'const token: string = "{}";',
        "password => '{}'",
        'secret := "{}"',
        'TOKEN ?= "{}"',
        "TOKEN ::= {}",
        '$token .= "{}";',
        "--access-token={}",
        'set_password("{}")',
        '("password", "{}")',
        "Authorization: Bearer {}",
        r"\"token\": \"{}\"",
    ],
)
def test_forms_of_assignment(form: str) -> None:
    line = form.replace("{}", RANDOM.decode()).encode() + b"\n"
    assert [value for value, _ in judged(line)] == [RANDOM]


@pytest.mark.parametrize(
    "line",
    [
        'password = "password"',
        "password = os.environ['DB_PASSWORD']",
        'password = "${DB_PASSWORD}"',
        "password: {{ vault_password }}",
        'password = "<your password>"',
        "password = get_password(user)",
        "token = self.token_value1",
        'token_url = "https://h.example/t0ken/9Xk2"',
        'secret_name = "prod/db-1/credentials9"',
        'api_key = "YOUR_API_KEY_1"',
        'password = "changeme123"',
        'password = "********"',
        'token = "abcdefghijklmnop"',
        'secret = "123456789012345678"',
        "PASSWORD=$1a2b3c4d5e",
        'password_hash = "$2b$12$abcdefghijklmnopqrstuv"',
        'secret_key_file = "/run/secrets/key1"',
        'token = "550e8400-e29b-41d4-a716-446655440000"',
        'password = "Enter your new password 2"',
        'api_key_version = "1.2.3-beta4"',
        'password = "%(password1)s"',
        "tokenType=Bearer123",
        "if token == 'FSTRING_START':",
        "token: null",
    ],
)
def test_what_only_looks_like_a_secret(line: str) -> None:
    assert judged(line.encode() + b"\n") == []


def test_a_long_random_value_weighs_more_than_a_short_one() -> None:
    assert judged(b'api_key = "' + RANDOM + b'"')[0][1] is Confidence.MEDIUM
    short = b"wixom5" + b"Gredal"
    assert judged(b'api_key = "' + short + b'"')[0][1] is Confidence.LOW


UNSPELLED = samples("{lower:9}", 3, 400)
"""Small letters only: what nobody would say is random by its characters, but no language spells."""


@pytest.mark.parametrize("form", ["password: '{}'", "password={}", "  - DB_PASSWORD={}", '"pwd": "{}",', "pass: '{}'"])
def test_a_weak_password_counts_when_it_is_no_word(form: str) -> None:
    found = sum(bool(judged(form.replace("{}", word.decode()).encode())) for word in UNSPELLED)
    assert found >= 0.95 * len(UNSPELLED)


@pytest.mark.parametrize(
    "word", ["description", "controller", "parameters", "localhost", "configured", "postgres", "username", "undefined"]
)
@pytest.mark.parametrize("form", ["password: '{}'", "password={}", "pass: '{}'", "secret_key = '{}'"])
def test_a_word_is_no_password(form: str, word: str) -> None:
    assert judged(form.replace("{}", word).encode()) == []


@pytest.mark.parametrize(
    "form",
    [
        "login --password {} --verbose",
        "IDENTIFIED BY '{}';",
        "secret = Hidden('{}')",
        'environ.get("PASSWORD", "{}")',
        "vendor TOKEN {}",
    ],
)
def test_forms_without_a_sign(form: str) -> None:
    line = form.replace("{}", RANDOM.decode()).encode() + b"\n"
    assert [value for value, _ in judged(line)] == [RANDOM]


@pytest.mark.parametrize("name", ["cache_key", "KeyFingerprint", "authority", "keyboard", "seeded", "monkey"])
def test_a_weak_word_in_a_name_asks_for_more_than_a_strange_value(name: str) -> None:
    assert judged(f'{name} = "zqxvkjw"'.encode()) == []


def test_bytes_that_count_up_are_a_test_vector() -> None:
    vector = bytes(range(32)).hex().encode()
    other = samples("{hex:64}", 4, 1)[0]
    assert judged(b"Key = " + vector) == []
    assert judged(b"Key = " + other) != []


def test_a_uuid_counts_as_a_token_only() -> None:
    uuid = samples("{uuid}", 2, 1)[0]
    assert judged(b'api_token: "' + uuid + b'"') != []
    assert judged(b'client_request_token: "' + uuid + b'"') == []


@given(st.binary(max_size=300).map(lambda body: b"password=" + body))
def test_any_line_can_be_read(line: bytes) -> None:
    for one in assigned_values(line):
        assert 0 <= one.start < one.end <= len(line)
        judge_assigned(line[one.start : one.end], one.name, quoted=one.quoted, alone=one.alone)


@pytest.mark.parametrize(
    "name", ["acme SECRET ", "acmeTOKEN-", "acme-private-key-", "acme access token: ", "acme_KEY_"]
)
def test_a_value_behind_a_word_that_says_so_is_found_without_a_sign(name: str) -> None:
    value = samples("{hex:32}", 9, 1)[0]

    assert [(value, Confidence.MEDIUM)] == judged(name.encode() + value)


@pytest.mark.parametrize(
    "line",
    [
        b"aws waf update --lock-token {uuid:1}",
        b"aws list --next-token {uuid:1}",
        b"to-create-a-key-for-imported-key-material-1630603607560",
        b"private_key: ed25519.Ed25519PrivateKey, other",
        b"cache access /var/lib/{hex:32}",
        b"private constructor of TheClassWithAVeryLongName2Here",
    ],
)
def test_what_only_stands_behind_such_a_word_is_no_value(line: bytes) -> None:
    text = line.decode().replace("{uuid:1}", "{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}")

    assert judged(samples(text, 9, 1)[0]) == []


def test_digits_that_count_up_may_have_been_handed_out() -> None:
    """Nobody can tell an invented key from a real one by that; bytes that count up are a vector for tests."""
    invented = b"12345678" + b"90abcdef" + b"12345678" + b"90abcdef"

    assert [(invented, Confidence.MEDIUM)] == judged(b"acme_token = '" + invented + b"'")


def digits(count: int) -> str:
    return samples(f"{{digit:{count}}}", 11, 1)[0].decode()


def test_a_long_number_behind_a_telling_name_was_handed_out() -> None:
    assert judged(f'api_token = "{digits(18)}"'.encode()) == [(digits(18).encode(), Confidence.MEDIUM)]
    assert judged(f"API_TOKEN={digits(18)}\n".encode()) == [(digits(18).encode(), Confidence.MEDIUM)]
    for line in (f'key = "{digits(18)}"', f'token_id = "{digits(18)}"', f'token = "{digits(9)}"'):
        assert judged(line.encode()) == []
    assert judged(b'token = "123456789012345678"') == []
    assert judged(b'token = "111111111111111111"') == []


def test_a_token_of_three_parts_is_no_path_of_names() -> None:
    token = b".".join(samples("{alnum:30}", seed, 1)[0] for seed in (1, 2, 3)).replace(b"..", b".a.")
    token = b".".join(b"a" + part for part in token.split(b"."))
    assert judged(b'session_token = "' + token + b'"') == [(token, Confidence.MEDIUM)]
    assert judged(b'session_token = "application.settings.security.sessions.token2"') == []


def test_a_password_may_hold_a_few_letters_of_other_alphabets() -> None:
    value = samples("{alnum:12}", 3, 1)[0] + "§7".encode()
    assert [found for found, _ in judged(b"password: '" + value + b"'")] == [value]
    assert judged("password: 'Введите пароль 1'".encode()) == []


def test_the_alphabet_is_no_password() -> None:
    letters = b"AB1C2defGHijkLMNo3PqQRstUvwxyzaBCDEfghh4ijklMN5opqrStuVWxyzAbCDEfghIJ"
    assert judged(b'"passphrase": "' + letters + b'"') == []


@pytest.mark.parametrize("sign", "!@#$%&*")
def test_a_password_may_begin_with_a_sign_of_references(sign: str) -> None:
    value = sign + samples("{upper:2}{alnum:14}{digit:2}{lower:4}", 7, 1)[0].decode()
    for line in (f'password = "{value}"', f"password: '{value}'"):
        assert [found for found, _ in judged(line.encode())] == [value.encode()]


@pytest.mark.parametrize(
    "reference",
    ["$DB_PASSWORD", "${x1Q}", "%DB_PASS%", "%(name)s", "@Value(settings)", "*alias", "!Ref DbPassword", "#{secret}"],
)
def test_a_reference_with_its_shape_is_no_password(reference: str) -> None:
    assert judged(f'password = "{reference}"'.encode()) == []
    assert judged(f"password: {reference}".encode()) == []


def test_a_template_by_chance_does_not_hide_a_random_key() -> None:
    value = samples("{lower:24}{digit:4}", 5, 1)[0] + b"@ab@%s$" + samples("{lower:12}", 6, 1)[0]
    assert [found for found, _ in judged(b"SECRET_KEY = '" + value + b"'")] == [value]
