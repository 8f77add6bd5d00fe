"""Each way to write text inside text: the secret is found, at the place of what stands for it in the file."""

from __future__ import annotations

import base64
import gzip
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.inventory import Confidence, SuppressionSource
from tests.connectors.detection.decoding.encoded import (
    FINGERPRINTER,
    LINE,
    PASSWORD,
    TOKEN,
    a_token,
    base64_of,
    escaped,
    holders,
    notebook_of,
    quoted_printable,
    scan,
)

BLOCK = b"# what the service needs to start, and nobody else should read\nUSER=service\n" + LINE
B64 = base64_of(LINE)


def found_in(content: bytes, secret: bytes = TOKEN) -> tuple[int, tuple[str, ...], bytes]:
    """Return line, way and encoded text of the one detection there must be of a secret."""
    (one,) = holders(scan(content), secret)
    return one.line, one.decoding, content[one.offset : one.offset + one.length]


@pytest.mark.parametrize(
    ("content", "line", "encoded"),
    [
        pytest.param(b"first\nx = '" + B64 + b"'\n", 2, B64.rstrip(b"="), id="a literal"),
        pytest.param(b"first\nX=" + B64.rstrip(b"=") + b"\n", 2, B64.rstrip(b"="), id="without padding"),
        pytest.param(b"first:\n  x: " + B64 + b"\n", 2, B64.rstrip(b"="), id="a YAML value"),
        pytest.param(b"<x>" + B64 + b"</x>", 1, B64.rstrip(b"="), id="an element"),
        pytest.param(b"echo " + B64 + b" | base64 -d", 1, B64.rstrip(b"="), id="a command"),
        pytest.param(b"u(data:text/plain;base64," + B64 + b")", 1, B64.rstrip(b"="), id="a data URL"),
        pytest.param(B64, 1, B64.rstrip(b"="), id="nothing else"),
        pytest.param(b"a b c " + base64_of(LINE + b"."), 1, base64_of(LINE + b".").rstrip(b"="), id="behind a word"),
        pytest.param(b"K=" + base64_of(TOKEN), 1, base64_of(TOKEN).rstrip(b"="), id="a bare token"),
    ],
)
def test_base64(content: bytes, line: int, encoded: bytes) -> None:
    assert found_in(content) == (line, ("base64",), encoded)


def test_base64_of_the_url_alphabet() -> None:
    encoded = base64.urlsafe_b64encode(b"a=1 " + LINE + b"???>>>~~~")
    assert b"_" in encoded
    assert found_in(b"x = '" + encoded + b"'") == (1, ("base64",), encoded.rstrip(b"="))


@pytest.mark.parametrize(
    ("before", "indent", "line_end"),
    [
        pytest.param(b"first\n", b"", b"\n", id="lines"),
        pytest.param(b"first\n", b"", b"\r\n", id="lines of Windows"),
        pytest.param(b"first:\n  x: |\n", b"    ", b"\n", id="a YAML block"),
        pytest.param(b"<a>\n<b>\n", b"\t", b"\n", id="an element's lines"),
        pytest.param(b'{"x": "', b"", rb"\n", id="escaped line ends"),
        pytest.param(b'x = """\n', b"    ", b"\n", id="a text of several lines"),
    ],
)
@pytest.mark.parametrize("width", [40, 43, 48, 50, 56, 57, 60, 64, 70, 76])
def test_wrapped_base64(before: bytes, indent: bytes, line_end: bytes, width: int) -> None:
    encoded = base64_of(BLOCK)
    lines = [encoded[start : start + width] for start in range(0, len(encoded), width)]
    content = before + line_end.join(indent + line for line in lines) + line_end + b'last"}\n'
    line, way, text = found_in(content)
    assert way == ("base64",)
    assert text.startswith(encoded[:16])
    assert line == 1 + content[: content.index(encoded[:16])].count(b"\n")


def test_a_word_behind_wrapped_base64_is_no_part_of_it() -> None:
    assert found_in(base64_of(BLOCK + b"..")[:-4] + b"\ndone\n")[1] == ("base64",)


def test_several_values_one_a_line() -> None:
    tokens = [a_token(number) for number in range(4)]
    content = b"\n".join(base64_of(b"t=" + token) for token in tokens) + b"\n"
    assert [found_in(content, token)[0] for token in tokens] == [1, 2, 3, 4]


@pytest.mark.parametrize("width", [*range(40, 60), 62, 70, 72, 100])
@pytest.mark.parametrize("before", [b"", b"x", b"some words before it, and a few more of them\n"])
def test_a_token_over_two_lines(width: int, before: bytes) -> None:
    encoded = base64_of(before + LINE)
    content = b"\n".join(encoded[start : start + width] for start in range(0, len(encoded), width)) + b"\n"
    assert found_in(b"first\n" + content)[:2] == (2, ("base64",))


@pytest.mark.parametrize("prefix", [b"", b"a ", b"t=", b"key=", b"a=:", b"tk "])
@pytest.mark.parametrize("count", [2, 3, 9])
def test_short_values_one_a_line_are_not_put_together(prefix: bytes, count: int) -> None:
    tokens = [a_token(number) for number in range(count)]
    for strip in (b"", b"="):
        lines = [base64_of(prefix + token).rstrip(strip or None) for token in tokens]
        content = b"\n".join(lines) + b"\n"
        assert [found_in(content, token)[0] for token in tokens] == [*range(1, count + 1)]
        assert [one.decoding for one in scan(content) if one.tags] == [("base64",)] * count


def test_two_values_of_two_lengths() -> None:
    content = base64_of(TOKEN + b" !") + b"\n" + base64_of(b"pw=" + PASSWORD[:9]) + b"\n"
    assert found_in(content)[0] == 1
    wrapped = base64_of(b"a text of some words " + TOKEN)
    (one,) = holders(scan(wrapped[:56] + b"\n" + wrapped[56:] + b"\n"))
    assert one.line == 1


def test_a_command_of_powershell() -> None:
    encoded = base64_of(f"$t = '{TOKEN.decode()}'".encode("utf-16-le"))
    content = b"powershell -EncodedCommand " + encoded + b"\n"
    assert found_in(content) == (1, ("base64", "utf-16-le"), encoded.rstrip(b"="))


@pytest.mark.parametrize("digits", [LINE.hex().encode(), LINE.hex().upper().encode()])
@pytest.mark.parametrize(("before", "after"), [(b'"', b'"'), (b"0x", b";"), (b"\n", b"\n"), (b"k: ", b""), (b"", b"")])
def test_hex(digits: bytes, before: bytes, after: bytes) -> None:
    assert found_in(before + digits + after) == (1 + before.count(b"\n"), ("hex",), digits)


def test_wrapped_hex() -> None:
    digits = BLOCK.hex().encode()
    content = b"first\n" + b"\n".join(digits[start : start + 60] for start in range(0, len(digits), 60)) + b"\n"
    assert found_in(content)[:2] == (2, ("hex",))


@pytest.mark.parametrize("form", ["%%%02x", "%%%02X"])
def test_percent(form: str) -> None:
    encoded = escaped(TOKEN, form)
    assert found_in(b"first\nGET /?t=" + encoded + b"&u=1 HTTP/1.1\n") == (2, ("percent",), encoded)


def test_one_percent_escape_hides_a_token() -> None:
    encoded = b"ghp%5F" + TOKEN[4:]
    assert found_in(b"u = https%3A%2F%2Fx.net%2F%3Ft%3D" + encoded + b"%26a%3D1") == (1, ("percent",), encoded)


@pytest.mark.parametrize("form", ["\\x%02x", "\\u%04x", "\\u{%x}", "\\U%08x", "\\%03o"])
def test_character_escapes(form: str) -> None:
    encoded = escaped(TOKEN, form)
    assert found_in(b"first\nt = '" + encoded + b"'\n") == (2, ("escapes",), encoded)


@pytest.mark.parametrize("escape", [b"\\u005f", b"\\x5F", b"\\137"])
def test_one_escape_hides_a_token(escape: bytes) -> None:
    encoded = b"ghp" + escape + TOKEN[4:]
    assert found_in(b'{"t": "' + encoded + b'"}') == (1, ("escapes",), encoded)


def test_escaped_slashes_of_json() -> None:
    content = b'{"url": "postgres:\\/\\/svc:' + PASSWORD.replace(b"#", b"") + b'@db.corp.net\\/x"}'
    (one,) = scan(content)
    assert one.decoding == ("escapes",)
    assert one.public_identifiers["host"] == "db.corp.net"


@pytest.mark.parametrize("form", ["&#%d;", "&#x%x;", "&#X%X;"])
def test_html_entities(form: str) -> None:
    encoded = escaped(TOKEN, form)
    assert found_in(b"<p>first</p>\n<p>" + encoded + b"</p>\n") == (2, ("html-entities",), encoded)


def test_json_in_an_attribute() -> None:
    content = b'<div data-x="{&quot;password&quot;:&quot;' + PASSWORD + b'&quot;}">'
    assert found_in(content, PASSWORD) == (1, ("html-entities",), PASSWORD)


def test_quoted_printable_with_its_header() -> None:
    body = quoted_printable(b"the token that you asked for =\xc3\xa4= is " + TOKEN + b", good luck\n")
    line, way, text = found_in(b"Content-Transfer-Encoding: quoted-printable\n\n" + body)
    assert (line, way) == (3, ("quoted-printable",))
    assert text.replace(b"=\n", b"") == TOKEN


def test_quoted_printable_by_its_cut_lines() -> None:
    body = b"first\n" + quoted_printable(b"Hello, the token that you asked for this morning is " + TOKEN + b" now\n")
    assert b"=\n" in body
    line, way, text = found_in(body)
    assert (line, way, text.replace(b"=\n", b"")) == (2, ("quoted-printable",), TOKEN)


@pytest.mark.parametrize(
    "joint",
    [
        b'" + "', b'"+"', b'" . "', b'"."', b'" & "', b'" || "', b'" .. "', b'" "', b'"\n    "', b'" +\n    "',
        b'"\n    + "',
        b'" \\\n    "', b'" .\r\n "', b'"\n . "',
    ],
)  # fmt: skip
@pytest.mark.parametrize("cuts", [(4,), (12, 20), (3, 9, 31)])
def test_joined_literals(joint: bytes, cuts: tuple[int, ...]) -> None:
    edges = [0, *cuts, len(TOKEN)]
    encoded = joint.join(TOKEN[low:high] for low, high in itertools.pairwise(edges))
    assert found_in(b'first\nt = f("' + encoded + b'")\n') == (2, ("joined-literals",), encoded)


def test_a_joined_password_is_not_told_in_parts() -> None:
    content = b"password = '" + PASSWORD[:7] + b"' + '" + PASSWORD[7:] + b"'\n"
    (one,) = scan(content)
    assert one.tags == FINGERPRINTER.tags(PASSWORD)


def test_a_notebook() -> None:
    content = notebook_of("import os", f'api_password = "{PASSWORD.decode()}"', f'print("{TOKEN.decode()}")')
    line, way, _ = found_in(content)
    assert way == ()
    assert content.splitlines()[line - 1].count(TOKEN) == 1
    line, _, text = found_in(content, PASSWORD)
    assert (content.splitlines()[line - 1].count(PASSWORD), text) == (1, PASSWORD)


def test_a_token_that_a_notebook_joins() -> None:
    content = notebook_of("import os", f"t = '{TOKEN[:9].decode()}' + \\", f"    '{TOKEN[9:].decode()}'")
    line, way, _ = found_in(content)
    assert way == ("notebook", "joined-literals")
    assert TOKEN[:9] in content.splitlines()[line - 1]


def manifest(**data: bytes) -> bytes:
    lines = b"".join(b"  " + name.encode() + b": " + base64_of(value) + b"\n" for name, value in data.items())
    return b"apiVersion: v1\ndata:\n" + lines + b"kind: Secret\nmetadata:\n  name: x\n"


def test_a_kubernetes_secret_gives_values_their_names() -> None:
    content = b"a: 1\n---\n" + manifest(user=b"admin", password=PASSWORD, token=TOKEN)
    assert found_in(content, PASSWORD) == (6, ("base64",), base64_of(PASSWORD))
    assert found_in(content) == (7, ("base64",), base64_of(TOKEN))
    (named,) = holders(scan(content), PASSWORD)
    assert named.confidence is Confidence.MEDIUM


def test_the_access_key_of_a_kubernetes_secret_meets_its_secret() -> None:
    from connectors.detection.shapes import samples

    key, secret = samples("{aws-key-id:AKIA}", 2, 1)[0], samples("{base64:40}", 2, 1)[0]
    (one,) = scan(manifest(AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret))
    assert one.tags == FINGERPRINTER.tags(secret)
    assert one.public_identifiers["access_key_id"] == key.decode()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(
            json.dumps({"kind": "Secret", "data": {"password": base64_of(PASSWORD).decode()}}).encode(),
            id="JSON on one line",
        ),
        pytest.param(
            b"kind: Secret\nmetadata:\n  annotations:\n    last-applied: |\n      "
            + json.dumps({"data": {"password": base64_of(PASSWORD).decode()}, "kind": "Secret"}).encode()
            + b"\n",
            id="JSON in an annotation",
        ),
        pytest.param(
            b"kind: Secret\ndata:\n  password: |\n    "
            + base64_of(PASSWORD)[:12] + b"\n    " + base64_of(PASSWORD)[12:] + b"\n",
            id="a block",
        ),
        pytest.param(
            b'kind: "Secret"\ndata:\n    "password": \'' + base64_of(PASSWORD) + b"'  # rotated\n", id="quoted"
        ),
        pytest.param(
            b"kind: List\nitems:\n- data:\n    password: " + base64_of(PASSWORD) + b"\n  kind: Secret\n",
            id="an item of a list",
        ),
    ],
)  # fmt: skip
def test_kubernetes_secrets_of_every_form(content: bytes) -> None:
    assert found_in(content, PASSWORD)[1] == ("base64",)


def test_other_kinds_of_manifest_are_not_decoded() -> None:
    content = manifest(password=PASSWORD)
    for kind in (b"ConfigMap", b"SecretStore", b"SecretProviderClass"):
        assert holders(scan(content.replace(b"Secret", kind)), PASSWORD) == []


def test_a_registry_login_tells_user_and_host() -> None:
    login = base64_of(b"robot:" + PASSWORD)
    content = json.dumps({"auths": {"https://ghcr.io/v2/": {"auth": login.decode()}}}, indent=1).encode()
    assert found_in(content, PASSWORD) == (4, ("base64",), login)
    (one,) = holders(scan(content), PASSWORD)
    assert one.detector == "docker-config-auth"
    assert {"user": "robot", "host": "ghcr.io"}.items() <= one.public_identifiers.items()


def test_a_registry_login_with_a_known_token() -> None:
    content = json.dumps({"auths": {"ghcr.io": {"auth": base64_of(b"robot:" + TOKEN).decode()}}}).encode()
    (one,) = scan(content)
    assert (one.detector, one.decoding) == ("github-personal-access-token", ("base64",))


def test_a_basic_authorization_header() -> None:
    login = base64_of(b"robot:" + PASSWORD)
    assert found_in(b"GET / HTTP/1.1\nAuthorization: Basic " + login + b"\n", PASSWORD) == (2, ("base64",), login)
    assert len(scan(b"Authorization: Basic " + login)) == 1


def test_a_registry_login_within_a_kubernetes_secret() -> None:
    login = json.dumps({"auths": {"ghcr.io": {"auth": base64_of(b"robot:" + TOKEN).decode()}}}).encode()
    content = b"kind: Secret\ntype: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: " + base64_of(login)
    assert found_in(content)[:2] == (4, ("base64", "base64"))


def test_a_comment_beside_the_encoded_text_counts() -> None:
    (one,) = scan(b"x = '" + B64 + b"'  # gitleaks:allow\n")
    assert one.suppressed is not None
    assert one.suppressed.source is SuppressionSource.INLINE_COMMENT


def test_what_stands_undecoded_is_told_once() -> None:
    for content in (
        b"see https://x.net/?t=" + TOKEN + b"&next=%2Fhome%2Fuser",
        b't = "' + TOKEN + b'\\u0026abcdef"',
        b"t = '" + TOKEN + b"' + 'abc1'",
        b"<a title='&#65;&#66;'>" + TOKEN + b"</a>",
        LINE + b"x = '" + B64 + b"'\n",
    ):
        (one,) = holders(scan(content))
        assert one.decoding == ()


def test_a_value_of_a_known_format_is_not_taken_for_encoded_text() -> None:
    from connectors.detection.shapes import samples

    token = samples("{jwt}", 3, 1)[0]
    (one,) = scan(b"t = '" + token + b"'")
    assert (one.detector, one.decoding) == ("json-web-token", ())


def test_compressed_text_in_base64() -> None:
    encoded = base64_of(gzip.compress(LINE, mtime=0))
    assert found_in(b"x: '" + encoded + b"'") == (1, ("base64", "gzip"), encoded.rstrip(b"="))


# Offsets go back through any mixture of escapes to the very characters.

FORMS = ["%s", "\\x%02x", "\\u%04x", "\\%03o"]


@given(st.lists(st.sampled_from(FORMS[1:]), min_size=len(TOKEN), max_size=len(TOKEN)), st.text("ab \n\"'", max_size=40))
def test_any_mixture_of_escapes_has_its_place(forms: list[str], before: str) -> None:
    encoded = b"".join((form % byte).encode() for form, byte in zip(forms, TOKEN, strict=True))
    content = before.encode() + b"\nt = '" + encoded + b"'\n"
    (one,) = holders(scan(content))
    assert content[one.offset : one.offset + one.length] == encoded
    assert one.line == 1 + content[: one.offset].count(b"\n")
