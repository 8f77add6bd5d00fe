"""What values say about themselves, and that nothing of the secret is said."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.identifiers import IDENTIFIERS, aws_account
from connectors.detection.shapes import samples


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
    file = b'{"type": "service_account", "project_id": "p-1", "private_key_id": "0a1b", "private_key": "' + key
    file += b'", "client_email": "svc@p-1.iam.gserviceaccount.com"}'
    facts = IDENTIFIERS["google-service-account"](key, file)
    assert facts.public["client_email"] == "svc@p-1.iam.gserviceaccount.com"
    assert facts.public["private_key_id"] == "0a1b"
    assert facts.public["project_id"] == "p-1"
    assert facts.canonical == IDENTIFIERS["private-key"](key.replace(rb"\n", b"\n"), b"").canonical


def test_a_token_says_who_issued_it_for_whom_and_until_when() -> None:
    def segment(content: object) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=")

    claims = {"iss": "https://i.example", "sub": "robot", "aud": ["a", "b"], "iat": 1_600_000_000, "exp": 1_600_003_600}
    token = b".".join([segment({"alg": "RS256", "kid": "k1"}), segment(claims), b"c2ln"])
    facts = IDENTIFIERS["jwt"](token, b"")
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

    assert dict(IDENTIFIERS["jwt"](token, b"").public) == {"alg": "HS256", "aud": "https://api.corp.net"}
    assert "user" not in IDENTIFIERS["url"](address, address).public
