"""What is told beside a secret: the identifiers of its record, of no other one, and nothing that is secret itself."""

from __future__ import annotations

import random
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection import companions as module
from connectors.detection.batch import Batch, Detection, Window
from connectors.detection.catalogue import Catalogue, shipped_catalogue
from connectors.detection.companions import NEAR_BYTES, Claims
from connectors.detection.detector import Detector
from connectors.detection.shapes import samples
from connectors.fingerprint import KeyedFingerprinter
from storage.inventory import Confidence
from tests.compiled import compiled_patterns

FINGERPRINTER = KeyedFingerprinter([("0badcafe", b"k" * 32)])
FAMILIES = (
    "github-personal",
    "google-oauth",
    "twilio",
    "algolia",
    "cloudflare-api",
    "netrc",
    "pgpass",
    "docker-login",
    "curl-user",
    "connection-string",
)
TENANT = "2f1c7a3e-91b4-4d0e-8a55-c3b7e0d91f24"
CLIENT = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"
HEX = samples("{hex:32}", 9, 1)[0].decode()
SECRET, OTHER, TOKEN, KEY = (
    samples(shape, seed, 1)[0].decode()
    for shape, seed in (("{alnum:20}", 3), ("{alnum:20}", 31), ("{github:ghp_}", 4), ("{hex:32}", 10))
)
WHOLE = {"host": "db.corp.net", "port": "5432", "user": "shop_app", "database": "shop"}
LOGIN = {"host": "db.corp.net", "user": "shop_app"}
USER = {"user": "shop_app"}
APPLICATION = {"tenant_id": TENANT, "client_id": CLIENT}


@cache
def detector(matcher: str = "hyperscan", minimum: Confidence = Confidence.LOW) -> Detector:
    entries = [entry for entry in shipped_catalogue().formats if any(name in entry.id for name in FAMILIES)]
    return Detector(
        Catalogue(tuple(entries)),
        FINGERPRINTER,
        matcher=matcher,
        minimum_confidence=minimum,
        cache_directory=compiled_patterns(),
    )


def scan(text: str | bytes, one: Detector | None = None) -> list[Detection]:
    content = text.encode() if isinstance(text, str) else text
    return list((one or detector()).detect(Batch(content, [Window("object", 0, len(content))])))


def told(text: str, secret: str = SECRET) -> dict[str, str]:
    """Return what is told beside a secret, which is found exactly once."""
    (found,) = (one for one in scan(text) if text.encode()[one.offset : one.offset + one.length] == secret.encode())
    assert found.tags == FINGERPRINTER.tags(secret.encode())
    return dict(found.public_identifiers)


# --- forms ------------------------------------------------------------------------------------------------------------

FORMS = {
    "environment file": (
        f"DB_HOST=db.corp.net\nDB_PORT=5432\nDB_USER=shop_app\nDB_PASSWORD={SECRET}\nDB_NAME=shop\n",
        WHOLE,
    ),
    "exported variables": (f"export DB_USER=shop_app\nexport DB_PASSWORD='{SECRET}'\n", USER),
    "Azure variables": (
        f"AZURE_TENANT_ID={TENANT}\nAZURE_CLIENT_ID={CLIENT}\nAZURE_CLIENT_SECRET={SECRET}\n",
        APPLICATION,
    ),
    "YAML map": (
        (
            f"database:\n  host: db.corp.net\n  port: 5432\n  username: shop_app\n  password: {SECRET}\n"
            "cache:\n  database: other\n"
        ),
        {**LOGIN, "port": "5432"},
    ),
    "flat YAML": (f"db_user: shop_app\ndb_password: '{SECRET}'\n", USER),
    "JSON on one line": (
        (
            '{"x": {"tenant": "corp"}, "db": {"host": "db.corp.net", "port": 5432, "user": "shop_app", '
            f'"password": "{SECRET}", "database": "shop"}}}}'
        ),
        WHOLE,
    ),
    "JSON settings": (
        (
            f'{{\n  "AzureAd": {{\n    "TenantId": "{TENANT}",\n    "ClientId": "{CLIENT}",\n'
            f'    "ClientSecret": "{SECRET}"\n  }}\n}}\n'
        ),
        APPLICATION,
    ),
    "JSON in a string": (f'{{"a": "{{\\"user\\": \\"shop_app\\", \\"password\\": \\"{SECRET}\\"}}"}}', USER),
    "INI": (f"[client]\nhost = db.corp.net\nuser = shop_app\npassword = {SECRET}\n\n[other]\nport = 1\n", LOGIN),
    "TOML": (f'[database]\nhost = "db.corp.net"\nuser = "shop_app"\npassword = "{SECRET}"\n[x]\nport = 1\n', LOGIN),
    "properties": (f"spring.datasource.username=shop_app\nspring.datasource.password={SECRET}\nserver.port=80\n", USER),
    "XML elements": (
        (
            "<servers><server>\n  <host>db.corp.net</host>\n  <username>shop_app</username>\n"
            f"  <password>{SECRET}</password>\n</server></servers>\n"
        ),
        LOGIN,
    ),
    "XML on one line": (
        (
            f"<a><server><username>shop_app</username><password>{SECRET}</password></server>"
            "<server><username>other</username><email>a@corp.net</email></server></a>"
        ),
        USER,
    ),
    "XML attributes": (f'<source host="db.corp.net" user="shop_app" password="{SECRET}"/>\n', LOGIN),
    "XML properties": (f'<entry key="db.user">shop_app</entry>\n<entry key="db.password">{SECRET}</entry>\n', USER),
    "HCL": (
        (
            f'provider "azurerm" {{\n  tenant_id       = "{TENANT}"\n  client_id       = "{CLIENT}"\n'
            f'  client_secret   = "{SECRET}"\n}}\n'
        ),
        APPLICATION,
    ),
    "Python call": (
        f'connect(host="db.corp.net", user="shop_app", password="{SECRET}", dbname="shop", port=5432)\n',
        WHOLE,
    ),
    "Python call on lines": (
        f'connect(\n    host="db.corp.net",\n    user="shop_app",\n    password="{SECRET}",\n)\n',
        LOGIN,
    ),
    "Django": (
        (
            'EMAIL_HOST = "smtp.corp.net"\nEMAIL_PORT = 587\nEMAIL_HOST_USER = "mailer@corp.net"\n'
            f'EMAIL_HOST_PASSWORD = "{SECRET}"\n'
        ),
        {"host": "smtp.corp.net", "port": "587", "user": "mailer@corp.net"},
    ),
    "PHP constants": (
        (
            "define('DB_NAME', 'shop');\ndefine('DB_USER', 'shop_app');\n"
            f"define('DB_PASSWORD', '{SECRET}');\ndefine('DB_HOST', 'db.corp.net');\n"
        ),
        {**LOGIN, "database": "shop"},
    ),
    "PHP array": (f"$config['db_user'] = 'shop_app';\n$config['db_password'] = '{SECRET}';\n", USER),
    "Java setters": (f'source.setUsername("shop_app"); source.setPassword("{SECRET}");\n', USER),
    "JavaScript object": (
        f"new Pool({{\n  host: 'db.corp.net',\n  user: 'shop_app',\n  password: '{SECRET}',\n  port: 5432,\n}});\n",
        {**LOGIN, "port": "5432"},
    ),
    "Go struct": (f'Config{{\n\tHost: "db.corp.net",\n\tUser: "shop_app",\n\tPassword: "{SECRET}",\n}}\n', LOGIN),
    "Dockerfile": (f"ENV DB_USER=shop_app DB_PASSWORD={SECRET}\n", USER),
    "Compose": (f"    environment:\n      - DB_USER=shop_app\n      - DB_PASSWORD={SECRET}\n", USER),
    "netrc": (f"machine db.corp.net\n  login shop_app\n  password {SECRET}\n", LOGIN),
    "pgpass": (f"db.corp.net:5432:shop:shop_app:{SECRET}\n", WHOLE),
    "docker login": (f"docker login -u shop_app -p {SECRET} db.corp.net\n", LOGIN),
    "a command on lines": (f"tool login \\\n  --username shop_app \\\n  --password {SECRET}\n", USER),
    "curl": (f"curl -u shop_app:{SECRET} https://db.corp.net/v1\n", LOGIN),
    "psql": (f"PGPASSWORD={SECRET} psql -h db.corp.net -U shop_app shop\n", LOGIN),
    "a command as a list": (f'command: ["tool", "--username", "shop_app", "--password", "{SECRET}"]\n', USER),
    "ADO connection string": (
        f'c = "Server=tcp:db.corp.net,1433;Initial Catalog=shop;User ID=shop_app;Password={SECRET};"\n',
        {**LOGIN, "database": "shop"},
    ),
    "libpq connection string": (f"DSN=host=db.corp.net port=5432 dbname=shop user=shop_app password={SECRET}\n", WHOLE),
}


@pytest.mark.parametrize(("text", "expected"), FORMS.values(), ids=FORMS.keys())
def test_a_secret_is_told_with_the_identifiers_of_its_record(text: str, expected: dict[str, str]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(("text", "expected"), FORMS.values(), ids=FORMS.keys())
def test_line_ends_and_what_stands_farther_away_do_not_matter(text: str, expected: dict[str, str]) -> None:
    filler = "# a line of no importance\n\n" * 100
    assert told(text.replace("\n", "\r\n")) == expected
    assert told(f"{filler}{text}\n{filler}") == expected


@pytest.mark.parametrize("matcher", ["re2", "re"])
def test_the_matcher_does_not_matter(matcher: str) -> None:
    for text, expected in FORMS.values():
        assert expected in [one.public_identifiers for one in scan(text, detector(matcher))]


VENDORS = {
    "Twilio": (f"TWILIO_ACCOUNT_SID=AC{HEX}\nTWILIO_AUTH_TOKEN={KEY}\n", KEY, {"account_id": f"AC{HEX}"}),
    "Algolia": (f"ALGOLIA_APP_ID=B1G2GM9NG0\nALGOLIA_API_KEY={KEY}\n", KEY, {"client_id": "B1G2GM9NG0"}),
    "Cloudflare": (
        f"CLOUDFLARE_EMAIL=ops@corp.net\nCLOUDFLARE_ACCOUNT_ID={HEX}\nCLOUDFLARE_API_TOKEN={SECRET * 2}\n",
        SECRET * 2,
        {"email": "ops@corp.net", "account_id": HEX},
    ),
    "GitHub App in Kubernetes": (
        f'- name: GITHUB_APP_ID\n  value: "12345"\n- name: GITHUB_TOKEN\n  value: {TOKEN}\n',
        TOKEN,
        {"client_id": "12345"},
    ),
    "GitHub App in a task of ECS": (
        f'[{{"name": "GITHUB_APP_ID", "value": "12345"}}, {{"name": "GITHUB_TOKEN", "value": "{TOKEN}"}}]',
        TOKEN,
        {"client_id": "12345"},
    ),
    "Azure login": (
        f"az login --service-principal -u {CLIENT} --password {SECRET} --tenant {TENANT}\n",
        SECRET,
        APPLICATION,
    ),
}


@pytest.mark.parametrize(("text", "secret", "expected"), VENDORS.values(), ids=VENDORS.keys())
def test_the_ids_of_vendors_are_told(text: str, secret: str, expected: dict[str, str]) -> None:
    assert told(text, secret) == expected


def test_a_lone_identifier_is_told_as_before() -> None:
    (found,) = scan(f"TWILIO_ACCOUNT_SID=AC{HEX}\nTWILIO_USER=shop_app\n")
    assert found.reference
    assert not found.public_identifiers


# --- what belongs to another record -----------------------------------------------------------------------------------

APART = {
    "blank line": f"DB_USER=shop_app\n\nDB_PASSWORD={SECRET}\n",
    "another prefix": f"REDIS_USER=shop_app\nDB_PASSWORD={SECRET}\n",
    "another heading": f"[one]\nuser = shop_app\n[two]\npassword = {SECRET}\n",
    "another map": f"one:\n  user: shop_app\ntwo:\n  password: {SECRET}\n",
    "outer map": f"user: shop_app\ntwo:\n  password: {SECRET}\n",
    "inner map": f"one:\n  password: {SECRET}\n  two:\n    user: shop_app\n",
    "another object": f'[{{"user": "shop_app"}}, {{"password": "{SECRET}"}}]',
    "another call": f'one(user="shop_app"); two(password="{SECRET}")',
    "another item": f"- user: shop_app\n- password: {SECRET}\n",
    "another element": f"<a><b><user>shop_app</user></b><c><password>{SECRET}</password></c></a>",
    "a comment": f"# DB_USER=shop_app\nDB_PASSWORD={SECRET}\n",
    "too many lines": "DB_USER=shop_app\n" + "X=1\n" * 9 + f"DB_PASSWORD={SECRET}\n",
    "too many bytes": f"DB_USER=shop_app\nX={'word ' * (NEAR_BYTES // 5)}\nDB_PASSWORD={SECRET}\n",
    "another command": f"one --user shop_app && two --password {SECRET}\n",
    "another line of commands": f"one --user shop_app\ntwo --password {SECRET}\n",
    "a variable": f'connect(user=shop_app, password="{SECRET}")\n',
    "an object's variable": f"({{\n  user: shop_app,\n  password: '{SECRET}'\n}})\n",
    "a call": f'DB_USER = getenv("x")\nDB_PASSWORD = "{SECRET}"\n',
    "a program's own place": f"HOST=0.0.0.0\nPORT=8080\nSECRET_TOKEN={SECRET}\n",
    "root's password": f"MYSQL_USER=shop_app\nMYSQL_ROOT_PASSWORD={SECRET}\n",
}


@pytest.mark.parametrize("text", APART.values(), ids=APART.keys())
def test_nothing_is_taken_from_elsewhere(text: str) -> None:
    assert told(text) == {}


TWO_RECORDS = {
    "list": f"- user: anna\n  password: {SECRET}\n- user: berta\n  password: {OTHER}\n",
    "list, the secret first": f"- password: {SECRET}\n  user: anna\n- password: {OTHER}\n  user: berta\n",
    "flat": f"user=anna\npassword={SECRET}\nuser=berta\npassword={OTHER}\n",
    "lines": f"x: user=anna password={SECRET}\ny: user=berta password={OTHER}\n",
    "objects": f'[{{"user":"anna","password":"{SECRET}"}},{{"user":"berta","password":"{OTHER}"}}]',
    "maps": f"a:\n  user: anna\n  password: {SECRET}\nb:\n  user: berta\n  password: {OTHER}\n",
    "prefixes": f"A_USER=anna\nB_USER=berta\nA_PASSWORD={SECRET}\nB_PASSWORD={OTHER}\n",
}


@pytest.mark.parametrize("text", TWO_RECORDS.values(), ids=TWO_RECORDS.keys())
def test_each_record_has_its_own(text: str) -> None:
    assert (told(text), told(text, OTHER)) == ({"user": "anna"}, {"user": "berta"})


def test_a_record_without_an_identifier_is_given_no_neighbours() -> None:
    staging = f"staging:\n  db_user: anna\n  db_password: {SECRET}\nproduction:\n  db_password: {OTHER}\n"
    assert told(staging, OTHER) == {}


@pytest.mark.parametrize("secret", [SECRET, OTHER])
def test_what_two_records_could_own_is_given_to_neither(secret: str) -> None:
    assert told(f"password={SECRET}\nuser=anna\npassword={OTHER}\n", secret) == {}


def test_the_nearest_one_counts() -> None:
    assert told(f"DB_HOST=far.corp.net\nDB_HOST=near.corp.net\nDB_PASSWORD={SECRET}\n") == {"host": "near.corp.net"}


# --- what is secret ---------------------------------------------------------------------------------------------------

NAMES = (
    "client_id", "app_id", "application_id", "consumer_id", "tenant_id", "subscription_id", "account_id", "account_sid",
    "account", "project_id", "project", "organization", "email", "user", "username", "user_id", "login", "host",
    "hostname", "server", "endpoint", "port", "database", "dbname", "db",
)  # fmt: skip
TOKENS = (
    "{hex:32}", "{hex:40}", "{alnum:16}", "{alnum:24}", "{alnum:40}", "{lower:20}", "{base64:40}", "{base64url:43}",
    "{HEX:32}", "{base32:32}", "{base58:51}", "{jwt}", "{github:ghp_}", "sk_live_{alnum:24}",
    "SG.{alnum:22}.{alnum:43}", "xoxb-{digit:11}-{digit:11}-{alnum:24}", "{alnum:20}.corp.net", "{hex:32}@corp.net",
    "app:{alnum:16}",
    "https://{alnum:24}@corp.net/", "db.corp.net/{alnum:24}", "${{DB_{upper:6}}}", "<your-{lower:5}>",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_token_is_told_as_an_identifier(name: str) -> None:
    for number, shape in enumerate(TOKENS):
        token = samples(shape, number, 1)[0].decode()
        secret = samples("{alnum:24}", number + 100, 1)[0].decode()
        for text in (
            f'{{"{name}": "{token}", "password": "{secret}"}}',
            f"MAIL_{name.upper()}={token}\nMAIL_PASSWORD={secret}\n",
            f"tool --{name.replace('_', '-')} {token} --password {secret}\n",
        ):
            facts = [fact for one in scan(text) for fact in one.public_identifiers.values()]
            assert not [fact for fact in facts if fact in token and fact not in {"db.corp.net", "corp.net"}], text


@pytest.mark.parametrize("name", ["user", "username", "login", "host", "email", "account", "organization", "database"])
def test_a_uuid_is_told_where_the_name_says_id_alone(name: str) -> None:
    assert told(f'{{"{name}": "{CLIENT}", "password": "{SECRET}"}}') == {}


def test_a_password_that_is_also_a_user_is_told_nowhere() -> None:
    both = "kv7p" + "bx4q"
    text = f"A_USER={both}\nA_PASSWORD={SECRET}\n\nB_PASSWORD={both}\n"
    assert both not in repr(scan(text))
    assert told(text) == {}


def test_what_is_below_the_asked_confidence_is_no_identifier_either() -> None:
    text = f"MAIL_HOST=a.billow-77x.net\nMAIL_PASSWORD={SECRET}\n\npassword = 'billow-77x'\n"
    assert Confidence.LOW in {one.confidence for one in scan(text)}
    for minimum in Confidence:
        assert not [one.public_identifiers for one in scan(text, detector(minimum=minimum)) if one.public_identifiers]


PIECES = st.sampled_from(
    [
        *("DB_USER=", "DB_PASSWORD=", "DB_HOST=", "user: ", "password: ", '"user": "', '"password": "', "--user "),
        *("--" + "password ", "https://", "curl -u ", "machine ", " login "),
        *("\n", "\n\n", '", ', "{", "}", "  ", "- ", ":", "@", ".", ";", '"'),
        *("anna", "shop_app", "db.corp.net", "5432", "kv7pbx4q", "tr0ub4dor", "hunter22", CLIENT, OTHER, TOKEN),
        SECRET,
        SECRET[:10],
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=60).map("".join))
def test_no_detected_value_is_ever_told(text: str) -> None:
    found = scan(text)
    content = text.encode()
    values = [content[one.offset : one.offset + one.length].decode() for one in found if not one.reference]
    facts = [fact for one in found for name, fact in one.public_identifiers.items() if name != "scheme"]
    assert not [(value, fact) for value in values for fact in facts if value in fact]


@given(st.lists(PIECES, max_size=40).map("".join), st.lists(PIECES, max_size=40).map("".join))
def test_neighbours_in_a_batch_do_not_matter(one: str, other: str) -> None:
    parts, windows, position = [other.encode(), one.encode(), other.encode()], [], 0
    for number, part in enumerate(parts):
        windows.append(Window(str(number), position, position + len(part)))
        position += len(part)
    together = detector().detect(Batch(b"".join(parts), windows))
    middle = [(found.offset, dict(found.public_identifiers)) for found in together if found.key == "1"]
    assert sorted(middle, key=str) == sorted(
        ((found.offset, dict(found.public_identifiers)) for found in scan(one)), key=str
    )


# --- work -------------------------------------------------------------------------------------------------------------


class _Counted(bytes):
    """A buffer that counts how much of it is read."""

    read = 0

    def __getitem__(self, index: Any) -> Any:
        part = super().__getitem__(index)
        _Counted.read += len(part) if isinstance(part, bytes) else 1
        return part


def test_the_work_for_a_secret_is_bounded_by_what_is_near() -> None:
    record = b"A_USER=anna\nA_PASSWORD=" + SECRET.encode() + b"\n"
    costs = []
    for count in (100, 200, 400):
        buffer = _Counted(record * count)
        window = Window("object", 0, len(buffer))
        claims = Claims([], [])
        _Counted.read = 0
        for number in range(count):
            end = (number + 1) * len(record) - 1
            assert len(module.companions(buffer, window, end - len(SECRET), end, claims)) <= 1
        costs.append(_Counted.read)
    assert all(after <= 2.1 * before for before, after in pairwise(costs))
    assert costs[-1] <= 400 * 2 * NEAR_BYTES


def test_many_values_do_not_make_a_look_longer() -> None:
    """What is looked up goes by the text's length: values with other beginnings are never compared."""
    maker = random.Random(5)
    values = {maker.randbytes(maker.randint(1, 60)) for _ in range(20_000)}
    claims = Claims([], values)
    assert claims.stand_in(b"shop" + next(iter(values)) + b"app")
    assert not Claims([], (value for value in values if len(value) > 11)).stand_in(b"db.corp.net")


@given(st.lists(st.binary(min_size=1, max_size=8), max_size=20), st.binary(max_size=24))
def test_a_value_is_seen_wherever_it_stands_in_a_text(values: list[bytes], text: bytes) -> None:
    assert Claims([], values).stand_in(text) == any(value.lower() in text.lower() for value in values)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 6)), max_size=8), st.integers(0, 50), st.integers(1, 10))
def test_a_place_is_claimed_that_overlaps(gaps: list[tuple[int, int]], start: int, length: int) -> None:
    spans, at = [], 0
    for gap, size in gaps:
        spans.append((at + gap, at + gap + size))
        at += gap + size
    overlaps = any(low < start + length and start < high for low, high in spans)
    assert Claims(spans, []).touch(start, start + length) == overlaps
