"""What values say about themselves, and that nothing of the secret is said."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.batch import Batch, Window
from connectors.detection.catalogue import Catalogue, shipped_catalogue
from connectors.detection.detector import Detector
from connectors.detection.identifiers import IDENTIFIERS, aws_account
from connectors.detection.shapes import samples
from connectors.fingerprint import KeyedFingerprinter


@given(st.integers(0, 999_999_999_999), st.integers(0, 127), st.binary(min_size=4, max_size=4))
def test_the_account_of_an_access_key_id(account: int, low: int, tail: bytes) -> None:
    head = (1 << 47) | (account << 7) | low  # the top bit is set in ids that name an account
    body = base64.b32encode(head.to_bytes(6, "big") + tail).decode()
    if body[0] not in "IJ":
        assert aws_account("AKIA" + body) == f"{account:012d}"


@pytest.mark.parametrize("text", ["AKIAI" + "A" * 15, "AKIAJ" + "A" * 15, "AKIA", "AKIA" + "1" * 16])
def test_ids_that_name_no_account(text: str) -> None:
    assert aws_account(text) is None


def test_a_google_key_file_names_account_key_and_project() -> None:
    key = samples("{pem-escaped:rsa-pkcs8}", 1, 1)[0]
    number = samples("{hex:40}", 1, 1)[0]
    file = b'{"type": "service_account", "project_id": "shop-prod-1a2b3", "private_key_id": "' + number
    file += b'", "private_key": "' + key + b'", "client_id": "104869857216543210987'
    file += b'", "client_email": "firebase-adminsdk-x1y2z@shop-prod-1a2b3.iam.gserviceaccount.com"}'
    facts = IDENTIFIERS["google-service-account"](key, file)
    assert facts.public["client_email"] == "firebase-adminsdk-x1y2z@shop-prod-1a2b3.iam.gserviceaccount.com"
    assert facts.public["private_key_id"] == number.decode()
    assert facts.public["project_id"] == "shop-prod-1a2b3"
    assert facts.public["client_id"] == "104869857216543210987"
    assert facts.canonical == IDENTIFIERS["private-key"](key.replace(rb"\n", b"\n"), b"").canonical


def token_of(kid: str = "k1", alg: str = "RS256", **claims: object) -> bytes:
    parts = ({"alg": alg, "kid": kid}, claims)
    return b".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts), b"c2lnbmF0dXJl" * 4]
    )


def test_a_token_says_who_issued_it_for_whom_and_until_when() -> None:
    claims: dict[str, Any] = {
        "iss": "https://i.example",
        "sub": "robot",
        "aud": ["a", "b"],
        "iat": 1_600_000_000,
        "exp": 1_600_003_600,
    }
    facts = IDENTIFIERS["jwt"](token_of(**claims), b"")
    assert facts.public == {"alg": "RS256", "kid": "k1", "iss": "https://i.example", "sub": "robot", "aud": "a b"}
    assert facts.created_time == datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)
    assert facts.expiration_time == datetime(2020, 9, 13, 13, 26, 40, tzinfo=UTC)


@pytest.mark.parametrize("moment", [True, -1, 10**30, float("inf"), "soon", None])
def test_a_claim_that_is_no_moment_says_nothing(moment: object) -> None:
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=")
    claims = base64.urlsafe_b64encode(json.dumps({"exp": moment}).encode()).rstrip(b"=")
    assert IDENTIFIERS["jwt"](header + b"." + claims + b".", b"").expiration_time is None


def test_a_url_is_split_and_its_password_stays_out() -> None:
    secret = b"p%40" + samples("{alnum:12}", 1, 1)[0]
    text = b"postgresql://app:" + secret + b"@db.internal:5432/orders?sslmode=require"
    for value in (text, secret):
        facts = IDENTIFIERS["url"](value, text)
        assert facts.canonical == secret.replace(b"%40", b"@")
        assert facts.public == {
            "scheme": "postgresql", "user": "app", "host": "db.internal", "port": "5432", "database": "orders",
        }  # fmt: skip


# --- the gate ---------------------------------------------------------------------------------------------------------

UUID = "2f1c7a3e-91b4-4d0e-8a55-c3b7e0d91f24"
ISSUERS = (
    "https://accounts.google.com", "accounts.google.com", "https://token.actions.githubusercontent.com",
    f"https://sts.windows.net/{UUID}/", f"https://login.microsoftonline.com/{UUID}/v2.0",
    "https://dev-482913.okta.com/oauth2/default", "https://acme.eu.auth0.com/", "https://id.corp.net:8443/realms/master",
    "https://kubernetes.default.svc.cluster.local", "kubernetes/serviceaccount", "https://gitlab.com", "supabase",
    "https://securetoken.google.com/acme-shop", "https://container.googleapis.com/v1/projects/acme/locations/europe",
)  # fmt: skip
SUBJECTS = (
    UUID, "ada@corp.net", "104869857216543210987", "system:serviceaccount:kube-system:metrics-reader", "shop-worker",
    "repo:octo-org/octo-repo:ref:refs/heads/main", "repo:octo-org/octo-repo:environment:prod", "github|583231",
    "project_path:acme/shop:ref_type:branch:ref:main", "deployer@acme-shop.iam.gserviceaccount.com",
    "123456789012-compute@developer.gserviceaccount.com",
)  # fmt: skip
AUDIENCES = ("sts.amazonaws.com", f"api://{UUID}", "https://kubernetes.default.svc", "https://api.corp.net/v1", "shop")
KIDS = ("k1", "signing-key-2", "2024-05-01", UUID)


@pytest.mark.parametrize(
    ("claim", "content"),
    [
        (claim, content)
        for claim, contents in (("iss", ISSUERS), ("sub", SUBJECTS), ("aud", AUDIENCES), ("kid", KIDS))
        for content in contents
    ],
)
def test_what_parties_of_tokens_are_called_is_told(claim: str, content: str) -> None:
    assert IDENTIFIERS["jwt"](token_of(**{claim: content}), b"").public[claim] == content


def test_a_key_of_google_is_told_by_its_id_and_no_other_hexadecimal_is() -> None:
    kid = samples("{hex:40}", 2, 1)[0].decode()
    assert IDENTIFIERS["jwt"](token_of(kid, iss="https://accounts.google.com"), b"").public["kid"] == kid
    assert "kid" not in IDENTIFIERS["jwt"](token_of(kid, iss="https://id.corp.net"), b"").public


@pytest.mark.parametrize("alg", ["none", "HS256", "EdDSA", "RSA-OAEP-256", "ECDH-ES+A128KW"])
def test_registered_algorithms_are_told(alg: str) -> None:
    assert IDENTIFIERS["jwt"](token_of(alg=alg), b"").public["alg"] == alg


@pytest.mark.parametrize("claim", ["iss", "aud"])
def test_a_login_in_the_url_of_a_party_is_left_out(claim: str) -> None:
    secret = samples("{alnum:20}", 7, 1)[0].decode()
    for login in (f"svc:{secret}", secret, f"svc:{secret}@x"):
        token = token_of(**{claim: f"https://{login}@id.corp.net/"})
        assert IDENTIFIERS["jwt"](token, b"").public[claim] == "https://id.corp.net/"


@pytest.mark.parametrize("user", ["postgres", "svc_deploy", "app", "x-access-token", "gitlab-ci-token", "CORP%5Cada"])
@pytest.mark.parametrize("database", ["orders", "shop_prod", "0", "dwh"])
def test_usual_users_and_databases_of_urls_are_told(user: str, database: str) -> None:
    text = f"redis://{user}:".encode() + samples("{alnum:20}", 7, 1)[0] + f"@cache.corp.net:6379/{database}".encode()
    facts = IDENTIFIERS["url"](text, text).public
    assert (facts["user"], facts["database"]) == (user.replace("%5C", "\\"), database)


@pytest.mark.parametrize(
    "scheme",
    ["postgresql+psycopg2", "mongodb+srv", "amqps", "rediss", "mssql+pyodbc", "git+https", "socks5h", "jdbc", "s3"],
)
def test_usual_schemes_are_told(scheme: str) -> None:
    text = f"{scheme}://app:".encode() + samples("{alnum:20}", 7, 1)[0] + b"@db.corp.net/x"
    assert IDENTIFIERS["url"](text, text).public["scheme"] == scheme


@pytest.mark.parametrize("user_first", [True, False])
def test_a_password_written_otherwise_in_its_user_is_not_told(*, user_first: bool) -> None:
    plain = "tango-foxtrot"
    written = "".join(f"%{ord(letter):02x}" if letter in "gx" else letter for letter in plain)
    user, password = (written, plain) if user_first else (plain, written)
    text = f"https://{user}:{password}@api.corp.net/v1".encode()
    assert "user" not in IDENTIFIERS["url"](text, text).public


def test_what_stands_in_connection_strings_of_azure_is_told() -> None:
    text = (
        b"Endpoint=sb://shop-prod.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;EntityPath=orders;"
        b"HostName=shop.azure-devices.net;AccountName=shopstorage"
    )
    assert IDENTIFIERS["azure-connection-string"](b"", text).public == {
        "endpoint": "sb://shop-prod.servicebus.windows.net/", "key_name": "RootManageSharedAccessKey",
        "entity": "orders", "host": "shop.azure-devices.net", "account": "shopstorage",
    }  # fmt: skip


def carriers(random: str) -> list[tuple[str, bytes, bytes]]:
    """Return by function a value and its surroundings in which something stands where an identifier belongs."""
    claims: list[dict[str, Any]] = [
        {claim: form.format(random)}
        for claim in ("iss", "sub", "aud", "kid", "alg")
        for form in (
            "{}", "https://{}@id.corp.net/", "https://id.corp.net/{}", "https://id.corp.net/?{}", "repo:org/name:{}",
            "system:serviceaccount:{}:x", "{}@corp.net", "a b {}", "deploy@{}.iam.gserviceaccount.com", "x|{}",
        )
    ]  # fmt: skip
    urls = [
        form.format(random).replace("SECRET", "Kq7%2Fw").encode()
        for form in (
            "https://{}:SECRET@api.corp.net/v1", "redis://u:SECRET@cache.corp.net/{}", "{}://u:SECRET@db.corp.net/x",
            "https://{}%40corp.net:SECRET@api.corp.net/", "https://CORP%5C{}:SECRET@api.corp.net/",
        )
    ]  # fmt: skip
    fields = ("client_email", "private_key_id", "project_id", "client_id")
    google = [f'"{field}": "{form}"'.format(random) for field in fields for form in ("{}", "{}@shop.net")]
    google.append(f'"client_email": "deploy@{random}.iam.gserviceaccount.com"')
    azure = [f"{field}={random}" for field in ("AccountName", "Endpoint", "SharedAccessKeyName", "EntityPath")]
    azure += [f"Endpoint=sb://{random}/", f"Endpoint=sb://shop.servicebus.windows.net/{random}"]
    return [
        *(("jwt", token_of(**one), b"") for one in claims),
        *(("url", one, one) for one in urls),
        *(("google-service-account", b"", one.encode()) for one in google),
        *(("azure-connection-string", b"", one.encode()) for one in azure),
    ]


@pytest.mark.parametrize("length", range(8, 41))
def test_nothing_random_is_told_wherever_an_identifier_belongs(length: int) -> None:
    for shape in ("alnum", "hex", "base64url", "HEX", "base32", "base58"):
        for random in samples(f"{{{shape}:{length}}}", 100 + length, 2):
            if not (random.isdigit() or random.isalpha()):
                for function, value, context in carriers(random.decode()):
                    told = IDENTIFIERS[function](value, context).public
                    assert random.decode().lower() not in " ".join(told.values()).lower() or (
                        length == 40 and set(told) == {"private_key_id"}
                    )


def test_a_value_that_was_detected_is_told_in_no_claim() -> None:
    word = "kv7pbx4q"  # a password that looks like a name
    token = token_of(sub=f"repo:corp/{word}", iss="https://id.corp.net", iat=1_600_000_000)
    text = f"password = '{word}'\ntoken = ".encode() + token + b"\n"
    one = Detector(
        Catalogue(tuple(entry for entry in shipped_catalogue().formats if "json-web-token" in entry.id)),
        KeyedFingerprinter([("0badcafe", b"k" * 32)]),
        plugins=False,
    )
    found = list(one.detect(Batch(text, [Window("object", 0, len(text))])))
    assert [dict(each.public_identifiers).get("iss") for each in found] == [None, "https://id.corp.net"]
    assert word not in repr([each.public_identifiers for each in found])


def test_an_openssh_key_that_is_encrypted_is_stated_as_such_with_its_fingerprint() -> None:
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    text = ed25519.Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"passphrase")
    )
    assert IDENTIFIERS["private-key"](text, b"").public == {"encrypted": "true"}


@given(st.sampled_from(sorted(IDENTIFIERS)), st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_get_an_answer(name: str, value: bytes, context: bytes) -> None:
    for key, content in IDENTIFIERS[name](value, context).public.items():
        assert key
        assert content


def test_no_login_in_an_issuer_and_no_password_in_a_user_is_told() -> None:
    password = samples("{alnum:14}", 7, 1)[0].decode()
    parts = ({"alg": "HS256"}, {"iss": f"https://svc:{password}@id.corp.net/", "aud": "https://api.corp.net"})
    token = b".".join([*(base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in parts), b"c2ln"])
    encoded = "".join(f"%{ord(character):02x}" for character in password)
    address = f"https://{encoded}:{password}@api.corp.net/".encode()

    assert dict(IDENTIFIERS["jwt"](token, b"").public) == {
        "alg": "HS256",
        "iss": "https://id.corp.net/",
        "aud": "https://api.corp.net",
    }
    assert "user" not in IDENTIFIERS["url"](address, address).public
