"""The whole of detection: what goes in as text comes out as places and facts, and never as a value."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.batch import Batch, Detection, Window
from connectors.detection.catalogue import Catalogue, OwnFormat, shipped_catalogue
from connectors.detection.detect_secrets_adapter import OFF_BY_DEFAULT, load_plugins, plugin_identifiers
from connectors.detection.detector import Detector, detectors
from connectors.detection.shapes import samples
from connectors.detection.suppressions import Baselines
from connectors.fingerprint import KeyedFingerprinter
from storage.inventory import Checksum, Confidence, CredentialType, SuppressionSource
from tests.compiled import compiled_patterns

FINGERPRINTER = KeyedFingerprinter([("0badcafe", b"k" * 32)])
FAMILIES = (
    "aws-access-key-id",
    "aws-secret-access-key",
    "github-",
    "jwt",
    "json-web-token",
    "private-key",
    "google-",
    "npm",
    "stripe-live",
)


@cache
def catalogue() -> Catalogue:
    """Some formats of each kind: enough for the engine, and quick to compile."""
    return Catalogue(
        tuple(entry for entry in shipped_catalogue().formats if any(name in entry.id for name in FAMILIES))
    )


@cache
def detector(matcher: str = "hyperscan") -> Detector:
    return Detector(catalogue(), FINGERPRINTER, matcher=matcher, cache_directory=compiled_patterns())


def scan(text: bytes, one: Detector | None = None) -> list[Detection]:
    return list((one or detector()).detect(Batch(text, [Window("object", 0, len(text))])))


def scan_apart(texts: Sequence[bytes], one: Detector | None = None) -> list[list[Detection]]:
    """Scan several objects in one buffer, with nothing between them."""
    windows, position = [], 0
    for number, text in enumerate(texts):
        windows.append(Window(str(number), position, position + len(text)))
        position += len(text)
    found: list[list[Detection]] = [[] for _ in texts]
    for detection in (one or detector()).detect(Batch(b"".join(texts), windows)):
        found[int(detection.key)].append(msgspec.structs.replace(detection, key="object"))
    return found


def a_token() -> bytes:
    return samples("{github:ghp_}", 4, 1)[0]


def test_a_token_is_found_with_its_place_and_fingerprint() -> None:
    text = "erste Zeile äöü\nschlüssel = '".encode() + a_token() + b"'\n"
    (found,) = scan(text)
    assert text[found.offset : found.offset + found.length] == a_token()
    assert (found.line, found.column) == (2, 14)
    assert found.tags == FINGERPRINTER.tags(a_token())
    assert (found.checksum, found.confidence) == (Checksum.VALID, Confidence.HIGH)
    assert found.preview == "ghp_****"


def test_a_token_whose_checksum_fails_is_never_sure() -> None:
    wrong = a_token()[:-1] + (b"a" if a_token()[-1:] != b"a" else b"b")
    (found,) = scan(b"key: " + wrong)
    assert (found.checksum, found.confidence) == (Checksum.INVALID, Confidence.LOW)


@pytest.mark.parametrize(
    "body",
    [b"x" * 36, b"0123456789" * 3 + b"012345", b"your_token_here_your_token_here_1234"[:36], b"EXAMPLE" * 5 + b"a"],
)
def test_placeholders_are_dropped(body: bytes) -> None:
    assert scan(b"token = ghp_" + body) == []


def test_no_part_of_a_value_comes_out() -> None:
    shapes = [
        "{github:ghp_}",
        "{jwt}",
        "{pem:ec}",
        "password = '{alnum:20}!'",
        "postgres://app:{alnum:20}@db.internal/x",
        "npm_{alnum:36}",
    ]
    for shape in shapes:
        (text,) = samples(shape, 9, 1)
        for found in scan(b"line\n" + text + b"\n"):
            out = msgspec.json.encode(found)
            value = (b"line\n" + text)[found.offset : found.offset + found.length]
            body = value[len(found.preview) - 4 :].split(b"-----END")[0]
            assert not any(body[start : start + 8] in out for start in range(len(body) - 8))


def test_a_lone_access_key_id_is_a_reference() -> None:
    identifier = samples("{aws-key-id:AKIA}", 2, 1)[0]
    (found,) = scan(b"id = " + identifier + b"\n")
    assert found.reference
    assert found.tags == ()
    assert found.public_identifiers["access_key_id"] == identifier.decode()
    assert len(found.public_identifiers["account_id"]) == 12


@pytest.mark.parametrize(
    "layout",
    [
        "[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n",
        "export AWS_SECRET_ACCESS_KEY={secret}\nexport AWS_ACCESS_KEY_ID={id}\n",
        "Access key ID,Secret access key\n{id},{secret}\n",
        'boto3.client("s3", "{id}", "{secret}")\n',
    ],
)
def test_an_access_key_id_with_its_secret_is_one_exposure(layout: str) -> None:
    identifier, secret = samples("{aws-key-id:AKIA}", 2, 1)[0], samples("{base64:40}", 2, 1)[0]
    (found,) = scan(layout.format(id=identifier.decode(), secret=secret.decode()).encode())
    assert not found.reference
    assert found.detector == "aws-secret-access-key"
    assert found.tags == FINGERPRINTER.tags(secret)
    assert found.public_identifiers["access_key_id"] == identifier.decode()
    assert "account_id" in found.public_identifiers


def test_a_password_in_a_url_is_the_value_and_the_rest_are_facts() -> None:
    (found,) = scan(b'url = "amqp://svc:pa%3As' + samples("{alnum:14}", 1, 1)[0] + b'@queue.corp.net:5671/v"')
    assert found.public_identifiers["host"] == "queue.corp.net"
    assert found.public_identifiers["user"] == "svc"
    assert found.tags == FINGERPRINTER.tags(b"pa:s" + samples("{alnum:14}", 1, 1)[0])


@pytest.mark.parametrize(
    "url",
    [
        "https://user:password@host/x",
        "redis://:${PASSWORD}@cache:6379",
        "https://u:{{ pw }}@h.net",
        "http://a:b@c",
        "mongodb://user:<pw>@h.net/d",
    ],
)
def test_urls_of_documentation_are_left_alone(url: str) -> None:
    assert scan(f'see "{url}" there\n'.encode()) == []


def test_one_key_in_another_wrapping_is_the_same_key() -> None:
    plain = samples("{pem:rsa-pkcs8}", 6, 1)[0]
    (one,), (other,) = scan(plain), scan(b'key = "' + plain.replace(b"\n", rb"\n") + b'"')
    assert one.tags == other.tags
    assert one.public_identifiers["ssh_fingerprint"].startswith("SHA256:")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_text_in_other_encodings_is_read(encoding: str) -> None:
    text = f"first\nsecond äöü {a_token().decode()}\n"
    (found,) = scan(text.encode(encoding))
    assert found.tags == FINGERPRINTER.tags(a_token())
    assert (found.line, found.column) == (2, 12)
    assert found.decoding[0].startswith(encoding[:6])


def test_binary_content_is_searched_for_formats_but_not_for_telling_names() -> None:
    rest = b"\0\1\2\3" * 30
    told = b'password = "%b"' % (b"kD8!" + b"sfLw92xQ")
    (found,) = scan(rest + a_token() + rest + told + rest)
    assert found.decoding == ()
    (found,) = scan(rest + b"\xff\xfe\xfd" + a_token().decode().encode("utf-16-le") + b"\xff" + rest)
    assert found.decoding == ("utf-16-le",)


def test_comments_and_baselines_are_shown() -> None:
    (found,) = scan(b"t = '" + a_token() + b"'  # gitleaks:allow\n")
    assert found.suppressed is not None
    assert found.suppressed.source is SuppressionSource.INLINE_COMMENT
    listed = {hashlib.sha1(a_token()).hexdigest(): ("a.py",)}
    one = Detector(catalogue(), FINGERPRINTER, matcher="re", baselines=Baselines(secrets_baseline=listed))
    (found,) = scan(b"t = '" + a_token() + b"'\n", one)
    assert found.baseline_paths == ("a.py",)
    assert found.baseline_source is SuppressionSource.DETECT_SECRETS_BASELINE


@pytest.mark.parametrize("before", [b"a", b"0", b"_", b"Z"])
def test_a_value_cut_out_of_something_longer_is_none(before: bytes) -> None:
    assert scan(b"x = " + before + a_token()) == []
    assert scan(b"x = " + a_token() + before) == []


@pytest.mark.parametrize("before", [b"\\n", b"%3D", b"\\t", b"\\u0022", b"-", b"/", "ä".encode()])
def test_what_stands_beside_a_value_in_escaped_text_does_not_hide_it(before: bytes) -> None:
    assert len(scan(b"x=" + before + a_token())) == 1


def test_a_long_line_is_searched_through_and_through() -> None:
    filler = b"var a=1;" * 40_000
    text = filler + b'"' + a_token() + b'";' + filler + b"'" + samples("{github:gho_}", 4, 1)[0] + b"'"
    found = scan(text)
    assert [text[one.offset : one.offset + one.length][:4] for one in found] == [b"ghp_", b"gho_"]


def test_windows_say_where_in_the_object_they_lie() -> None:
    text = b"noise\nx = " + a_token() + b"\n"
    (found,) = detector().detect(Batch(bytearray(text), [Window("object", 6, len(text), 1000, 40)]))
    assert (found.offset, found.line, found.column) == (1004, 40, 5)
    (again,) = detector().detect(Batch(memoryview(text), [Window("object", 6, len(text), 1000, 40)]))
    assert again == found


def test_a_flood_is_capped_and_said() -> None:
    told: list[str] = []
    one = Detector(catalogue(), FINGERPRINTER, matcher="re", plugins=False, on_cap=told.append)
    chance = random.Random(1)
    lines = [b"k=npm_" + bytes(chance.choices(b"abcdefghijklmnopqrstuvwxyz0123456789", k=36)) for _ in range(12_000)]
    found = scan(b"\n".join(lines), one)
    # A word of the rules that read two lines, met by chance, takes a few of the 10,000 pieces.
    assert 9_900 <= len(found) <= 10_000
    assert told == ["object"]
    assert one.capped_keys == {"object"}


# What an object holds is a matter of the object alone.

PIECES = st.sampled_from(
    [
        *(
            sample
            for shape in (
                "{github:ghp_}",
                "{aws-key-id:AKIA}",
                "{jwt}",
                "{pem:ec}",
                "{base64:40}",
                "{npm:npm_}",
                "{hex:40}",
            )
            for sample in samples(shape, 3, 2)
        ),
        *samples("password = '{alnum:12}#{digit:2}'", 3, 2),
        *samples("api_key: {hex:32}", 3, 2),
        *samples("https://u:{alnum:16}@h.corp.net/", 3, 2),
        b"aws_secret_access_key",
        b"secret",
        b" = ",
        b": ",
        b'"',
        b"'",
        b"\n",
        b"\n",
        b" ",
        b",",
        b"\0",
        b"ghp_",
        b"-----BEGIN",
        b"token",
        b"\n--password ",
        b" --token ",
        b"identified by",
        b"bearer ",
        b"\t",
        b"\\n",
        b"<apiToken>\n",
        b"</apiToken>",
        b"- name: DB_PASSWORD\n",
        b"  value: ",
        b'variable "api_token" {\n  default = "',
        b"a",
        b"\xff\xfe",
        b"# gitleaks:allow",
        b"x" * 9000,
        "ä".encode(),
    ]
)
TEXTS = st.lists(st.lists(PIECES, max_size=10).map(b"".join), min_size=1, max_size=4)


@given(TEXTS)
def test_neighbours_in_a_batch_change_nothing(texts: list[bytes]) -> None:
    assert scan_apart(texts) == [scan(text) for text in texts]


@given(TEXTS, st.lists(PIECES, min_size=1, max_size=3).map(b"".join))
def test_what_lies_between_two_windows_changes_nothing(texts: list[bytes], noise: bytes) -> None:
    windows, content = [], noise
    for number, text in enumerate(texts):
        windows.append(Window(str(number), len(content), len(content) + len(text)))
        content += text + noise
    found: list[list[Detection]] = [[] for _ in texts]
    for detection in detector().detect(Batch(content, windows)):
        found[int(detection.key)].append(msgspec.structs.replace(detection, key="object"))
    assert found == [scan(text) for text in texts]


@pytest.mark.parametrize("matcher", ["hyperscan", "re2", "re"])
def test_an_option_may_begin_its_line(matcher: str) -> None:
    value = samples("{alnum:20}", 4, 1)[0]
    for text in (b"--password " + value, b"run \\\n--token " + value + b"\n"):
        assert [one.length for one in scan(text, detector(matcher))] == [20]


def test_a_long_value_is_found_in_a_long_line() -> None:
    token = samples("{jwt}", 4, 1)[0]
    head, claims, signature = token.split(b".")
    long = b".".join([head, claims, signature + samples("{alnum:7000}", 1, 1)[0]])
    line = b"x=1;" * 3000 + b'"' + long + b'"' + b";y=2" * 9000
    assert [one.length for one in scan(line)] == [len(long)]


@given(TEXTS)
def test_every_matcher_finds_the_same(texts: list[bytes]) -> None:
    expected = scan_apart(texts)
    for matcher in ("re2", "re"):
        assert scan_apart(texts, detector(matcher)) == expected


@given(st.lists(st.binary(max_size=200), max_size=4), st.binary(max_size=20))
def test_any_bytes_can_be_scanned(texts: list[bytes], seam: bytes) -> None:
    for found in scan_apart([text + seam for text in texts]):
        assert isinstance(found, Iterable)


@given(st.lists(PIECES, max_size=12).map(b"".join))
def test_detections_come_in_order_and_claim_no_byte_twice(text: bytes) -> None:
    plain = [found for found in scan(text) if not found.decoding]
    for one, next_one in pairwise(plain):
        assert one.offset + one.length <= next_one.offset
    for found in plain:
        assert found.line == 1 + text.count(b"\n", 0, found.offset)


# --- formats of an operator's own, and formats switched off -----------------------------------------------------------


def own_format(**changes: Any) -> OwnFormat:
    given = {
        "id": "acme-token",
        "name": "Acme token",
        "vendor": "acme",
        "type": CredentialType.ACCESS_TOKEN,
        "expression": "acme_[a-z]{24}",
        "literals": ("acme_",),
        "preview": "acme_",
    }
    return OwnFormat(**{**given, **changes})


OWN = (
    own_format(),
    own_format(id="acme-worded", expression="[0-9a-f]{16}", literals=(), reason="none", keywords=("acme",)),
    own_format(id="acme-free", expression="[a-c]{2}-(?P<value>(?:x|xx|y+)+)-z", literals=(), reason="none"),
    own_format(id="acme-spread", expression=r"acme \{\n[a-z]{12}\n\}", literals=("acme {",)),
    own_format(id="acme-loose", expression="[a-z]{4}=[A-Z]{12}", literals=("zork", "acme"), ignore_case=True),
)


@cache
def tuned_detector(matcher: str) -> Detector:
    return Detector(catalogue().tuned(OWN, ()), FINGERPRINTER, matcher=matcher, plugins=False)


def test_an_own_format_is_found_like_any_other() -> None:
    (value,) = samples("acme_{lower:24}", 1, 1)
    (found,) = scan(b"key: " + value + b"\n", tuned_detector("hyperscan"))

    assert (found.detector, found.vendor, found.preview) == ("acme-token", "acme", "acme_****")
    assert found.tags == FINGERPRINTER.tags(value)
    assert scan(b"key: " + value + b"\n", tuned_detector("re2")) == [found]


PIECES = st.sampled_from(
    [
        b"acme_", b"acme ", b"acme", b"ACME=", b"zork=", b"acne=", b"{\n", b"\n}", b"\n", b" ", b"ab-", b"-z", b"x",
        b"xx", b"yy", b"qwertzuiopas", b"dfghjklyxcvb", b"QWERTZUIOPAS", b"0123456789abcdef", b"fedcba9876543210",
        b"\x00", b"\xff", b"_",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map(b"".join))
def test_every_matcher_finds_the_same_of_own_formats(text: bytes) -> None:
    found = [scan(text, tuned_detector(matcher)) for matcher in ("hyperscan", "re2", "re")]

    assert found[0] == found[1] == found[2]


def test_no_text_makes_an_own_format_slow() -> None:
    """Its expression would take `re` longer than the age of the world."""
    for matcher in ("hyperscan", "re2"):
        begun = time.process_time()
        assert scan(b"aa-" + b"x" * 5000 + b"\n", tuned_detector(matcher)) == []
        assert time.process_time() - begun < 5


@pytest.mark.parametrize("matcher", ["hyperscan", "re2"])
def test_a_disabled_format_is_not_looked_for_and_claims_nothing(matcher: str) -> None:
    text = b'api_token = "' + a_token() + b'"\n'
    disabled = {"github-personal-access-token", "detect-secrets-github-token"}

    one = Detector(catalogue().tuned((), disabled), FINGERPRINTER, matcher=matcher, cache_directory=compiled_patterns())

    assert {hit.detector for hit in scan(text, one)} == {"generic-secret-assignment"}
    only = detectors(catalogue()) - {"aws-access-key-id"}
    other = Detector(catalogue().tuned((), only), FINGERPRINTER, matcher=matcher, cache_directory=compiled_patterns())
    assert scan(text, other) == []


def test_a_disabled_secret_is_not_paired_with_its_id() -> None:
    (key,) = samples("{aws-key-id:AKIA}", 1, 1)
    (secret,) = samples("{base64:40}", 1, 1)
    text = key + b"," + secret + b"\n"
    one = Detector(catalogue().tuned((), {"aws-secret-access-key"}), FINGERPRINTER, plugins=False)

    assert {hit.detector for hit in scan(text)} == {"aws-secret-access-key"}
    assert {hit.detector for hit in scan(text, one)} == {"aws-access-key-id"}


def test_every_detector_is_known_by_its_id() -> None:
    known = detectors(shipped_catalogue())

    assert {plugin.format.id for plugin in load_plugins(OFF_BY_DEFAULT)} == plugin_identifiers()
    assert plugin_identifiers() | {"generic-secret-assignment", "url-credentials"} <= known
    assert detectors(shipped_catalogue().tuned(OWN, {"generic-secret-assignment"})) == (
        known - {"generic-secret-assignment"} | {entry.id for entry in OWN}
    )
