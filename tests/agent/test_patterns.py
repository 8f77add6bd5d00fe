"""``nhi-agent patterns``: the list, the page of a format, the trial of a text, the check of a file of formats."""

from __future__ import annotations

import json
import os
import random
import re
import string
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Ending
from agent.pattern_trials import TEXT_BYTES, WHY
from connectors.detection.catalogue import PATTERNS, Format, shipped_catalogue
from connectors.detection.confirmation import Refusal
from connectors.detection.shapes import samples
from tests.agent.command import nhi_agent

CONFIGURATION = """
detection:
  formats:
    - id: acme-key
      name: Acme key
      vendor: acme
      type: api_key
      expression: '[0-9a-f]{24}'
      reason: hexadecimal digits only
      keywords: [acme]
      positive: ['acme: {hex:24}']
  disabled_formats:
    github-oauth-token: we issue none
"""
FILE = """
[[format]]
id = "acme-token"
name = "Acme token"
vendor = "acme"
type = "access_token"
expression = 'acme_[0-9a-f]{24}'
literals = ["acme_"]
preview = "acme_"
remediation = "Revoke it in the settings."
positive = ['acme_{hex:24}']
negative = ['acme_{hex:10}']
"""


def run(*arguments: str | Path, folder: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    return nhi_agent("patterns", *arguments, directory=folder, environment=environment, stdin=stdin)


def said(answer: subprocess.CompletedProcess[bytes], ending: int = 0) -> str:
    assert ending == answer.returncode, answer.stderr.decode()
    return answer.stdout.decode()


def one_sentence(answer: subprocess.CompletedProcess[bytes], ending: int) -> str:
    assert ending == answer.returncode, answer.stderr.decode()
    (line,) = answer.stderr.decode().splitlines()
    return line.removeprefix("nhi-agent: ")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "c.yaml").write_text(CONFIGURATION)
    return tmp_path


# --- list -------------------------------------------------------------------------------------------------------------


def test_the_list_holds_every_format_with_its_vendor_and_family(desk: Path) -> None:
    rows: list[dict[str, Any]] = json.loads(said(run("list", "-f", "json", folder=desk)))

    ids = [row["id"] for row in rows]
    assert sorted(set(ids)) == ids
    assert {entry.id for entry in shipped_catalogue().formats} < set(ids)
    assert {"generic-secret-assignment", "url-credentials", "detect-secrets-keyword"} < set(ids)
    assert {"engine", "detect_secrets"} | {path.stem for path in PATTERNS.glob("*.toml")} == {
        row["family"] for row in rows
    }
    assert not any(row["own"] or row["disabled"] for row in rows)


def test_the_list_shows_what_is_own_and_what_is_disabled(desk: Path) -> None:
    rows = {row["id"]: row for row in json.loads(said(run("list", "-f", "json", "-c", "c.yaml", folder=desk)))}

    assert (True, "own") == (rows["acme-key"]["own"], rows["acme-key"]["family"])
    assert "we issue none" == rows["github-oauth-token"]["disabled"]
    table = said(run("list", "-c", "c.yaml", "--vendor", "github", folder=desk))
    assert "GitHub OAuth access token (disabled: we issue none)" in table


@pytest.mark.parametrize(
    ("arguments", "vendors", "families"),
    [
        (["--vendor", "stripe"], {"stripe"}, None),
        (["--family", "payments"], None, {"payments"}),
        (["--vendor", "github", "--family", "code_hosts"], {"github"}, {"code_hosts"}),
    ],
)
def test_the_list_is_filtered(
    desk: Path, arguments: list[str], vendors: set[str] | None, families: set[str] | None
) -> None:
    rows = json.loads(said(run("list", "-f", "json", *arguments, folder=desk)))

    assert rows
    assert vendors in (None, {row["vendor"] for row in rows})
    assert families in (None, {row["family"] for row in rows})


def test_the_table_has_a_line_a_format(desk: Path) -> None:
    lines = said(run("list", "--vendor", "stripe", folder=desk)).splitlines()

    assert ["id", "vendor", "family", "severity", "confidence", "what"] == lines[0].split()
    assert f"{len(lines) - 2} formats; `nhi-agent patterns explain ID` tells all of one." == lines[-1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["list", "--vendor", "githb"], "no format is of the vendor 'githb'; did you mean github"),
        (["list", "--family", "own"], "no format is of the family 'own'"),
        (["explain", "github-personal-access-tokn"], "did you mean 'github-personal-access-token'?"),
        (["explain", "\x1b[31m"], "there is no format '\\x1b[31m'"),
        (["test", "nowhere.txt"], "nowhere.txt cannot be read: No such file"),
    ],
)
def test_what_is_not_there_is_one_sentence(desk: Path, arguments: list[str], words: str) -> None:
    assert words in one_sentence(run(*arguments, folder=desk), Ending.USAGE)


@pytest.mark.parametrize("verb", [["list"], ["explain", "acme-key"], ["test"]], ids=lambda verb: verb[0])
def test_a_wrong_configuration_is_told_with_its_line(desk: Path, verb: list[str]) -> None:
    (desk / "c.yaml").write_text(CONFIGURATION.replace("[0-9a-f]{24}", "(?=x)y"))

    sentence = one_sentence(run(*verb, "-c", "c.yaml", folder=desk), Ending.CONFIGURATION)

    assert sentence.startswith("c.yaml:8:7: format 'acme-key': look-around")


def test_the_configuration_of_the_working_folder_is_not_obeyed(desk: Path) -> None:
    (desk / "nhi-agent.yaml").write_text(CONFIGURATION)

    assert "acme-key" not in said(run("list", folder=desk))


# --- explain ----------------------------------------------------------------------------------------------------------


def test_a_page_tells_all_of_a_format(desk: Path) -> None:
    page = said(run("explain", "github-personal-access-token", folder=desk))

    for part in (
        "github-personal-access-token (critical, confidence high)", "GitHub personal access token (classic)",
        "github (family code_hosts)", "access_token", "ghp_[A-Za-z0-9]{36}", "one of: ghp_", "CRC-32",
        "ghp_" + "*" * 36 + " (40 characters)", "{github:ghp_}", "https://docs.github.com/",
    ):  # fmt: skip
        assert part in page


def test_a_page_of_an_own_format_says_what_it_waits_for(desk: Path) -> None:
    page = said(run("explain", "acme-key", "-c", "c.yaml", folder=desk))

    assert "nothing: hexadecimal digits only" in page
    assert "one of these, at most 80 bytes before it: acme" in page
    assert "acme: " + "*" * 24 + " (24 characters)" in page
    assert "we issue none" in said(run("explain", "github-oauth-token", "-c", "c.yaml", folder=desk))


def test_no_page_shows_a_token() -> None:
    from agent.patterns import Listed, _page

    shipped = shipped_catalogue()
    for entry in shipped.formats:
        page = dict(_page(Listed(format=entry, family="x", disabled=None)))
        for shape in entry.positive:
            (text,) = samples(shape, 1, 1)
            for start, end, _ in entry.spans(text, len(text)):
                value = text[start:end].removeprefix(entry.preview.encode())
                assert len(value) < 4 or value not in page["looks like"].encode()


# --- test -------------------------------------------------------------------------------------------------------------


def a_text() -> tuple[str, list[str]]:
    """Lines that are reported or dropped for a reason each, and the values in them."""
    chance = random.Random(7)
    token, other = samples("{github:ghp_}", 1, 1)[0].decode(), samples("{github:ghp_}", 2, 1)[0].decode()
    digits, password = samples("{hex:24}", 3, 1)[0].decode(), "".join(chance.choices(string.ascii_letters, k=14)) + "7!"
    lines = [
        f"good: {token}",
        f"wrong: {other[:-1]}{'a' if other[-1] != 'a' else 'b'}",
        f"longer: {token}abc",
        f"alone: {digits}",
        f"acme: {digits}",
        f"api_password = '{password}'",
        f"ghp_{'x' * 36}",
    ]
    return "\n".join(lines) + "\n", [token, other[:-1], digits, password]


def test_a_text_is_told_line_by_line_and_no_value_is_shown(desk: Path) -> None:
    text, values = a_text()
    (desk / "sample.env").write_text(text)

    told = said(run("test", "sample.env", "-c", "c.yaml", folder=desk))

    for line in (
        "sample.env:1:7: reported: github-personal-access-token, ghp_****: confidence high; its checksum is valid",
        "sample.env:2:8: reported: github-personal-access-token, ghp_****: confidence low; its checksum is invalid",
        "sample.env:3:9: dropped: github-personal-access-token, ghp_****: cut out of something longer",
        "sample.env:4:8: dropped: acme-key, ****: keyword missing",
        "sample.env:5:7: reported: acme-key, ****: confidence high",
        "sample.env:6:17: reported: generic-secret-assignment, ****: confidence medium",
        "sample.env:7:1: dropped: github-personal-access-token, ghp_****: placeholder",
    ):
        assert line in told
    assert re.search(r"^4 reported, \d+ dropped\.$", told, re.MULTILINE)
    for value in values:
        assert value not in told


def test_standard_input_is_told_as_json(desk: Path) -> None:
    text, values = a_text()

    answer = said(run("test", "-f", "json", "-c", "c.yaml", folder=desk, stdin=text.encode()))

    rows = json.loads(answer)
    dropped = {(row["line"], row["formats"][0]): row["reason"] for row in rows if row["reason"]}
    assert "keyword_missing" == dropped[4, "acme-key"]
    assert "placeholder" == dropped[7, "github-personal-access-token"]
    reported = {row["line"]: row["confidence"] for row in rows if row["reason"] is None}
    assert ("high", "low") == (reported[1], reported[2])
    for value in values:
        assert value not in answer


def test_a_disabled_format_reports_nothing(desk: Path) -> None:
    (token,) = samples("{github:gho_}", 1, 1)

    plain = said(run("test", folder=desk, stdin=token))
    tuned = said(run("test", "-c", "c.yaml", folder=desk, stdin=token))

    assert "reported: github-oauth-token" in plain
    assert "reported: github-oauth-token" not in tuned


def test_of_a_text_without_anything_nothing_is_told(desk: Path) -> None:
    assert "0 reported, 0 dropped.\n" == said(run("test", folder=desk, stdin=b"nothing here\n"))


def test_a_text_that_paints_and_bytes_that_are_no_text_are_told(desk: Path) -> None:
    (token,) = samples("{github:ghp_}", 1, 1)
    (desk / "a\x1b[31m.txt").write_bytes(b"\xff\x1b[31m " + token + b"\n")

    told = said(run("test", "a\x1b[31m.txt", folder=desk))

    assert "a\\x1b[31m.txt:1:8: reported: github-personal-access-token" in told
    assert "\x1b" not in told


def test_a_text_that_is_too_large_is_refused(desk: Path) -> None:
    answer = run("test", folder=desk, stdin=b"x" * (TEXT_BYTES + 1))

    assert "test a piece of it, or sweep the folder" in one_sentence(answer, Ending.USAGE)


def test_what_was_not_looked_at_is_said(desk: Path) -> None:
    answer = run("test", folder=desk, stdin=b"".join((b"password=", b"x1y2z3w4v5", b"\n")) * 11_000)

    assert Ending.INCOMPLETE == answer.returncode
    assert b"not looked at" in answer.stderr


def test_every_reason_has_its_words() -> None:
    assert set(Refusal) == WHY.keys()


# --- check ------------------------------------------------------------------------------------------------------------


def check(desk: Path, text: str) -> subprocess.CompletedProcess[bytes]:
    (desk / "acme.toml").write_text(text)
    return run("check", "acme.toml", folder=desk)


def test_a_sound_file_ends_with_zero(desk: Path) -> None:
    assert "1 format, 0 faults.\n" == said(check(desk, FILE))


def test_advice_is_no_fault(desk: Path) -> None:
    told = said(check(desk, FILE.replace('remediation = "Revoke it in the settings."\n', "")))

    assert "advice  acme.toml:2: format 'acme-token': it does not say in `remediation`" in told
    assert "1 format, 0 faults." in told


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param('vendor = "acme"\n', "", "the field 'vendor' is missing", id="a field missing"),
        pytest.param("preview", "prewiew", "no field 'prewiew' (did you mean 'preview'?)", id="a field misspelt"),
        pytest.param('"access_token"', '"token"', "the field 'type' is wrong", id="no such type"),
        pytest.param("'acme_[0-9a-f]{24}'", "'(?!x)acme_'", "not linear", id="look-around"),
        pytest.param("'acme_[0-9a-f]{24}'", "'acme_(?>a)'", "google-re2, the judge of linear time", id="atomic"),
        pytest.param('"acme-token"', '"github-oauth-token"', "belongs to a format of the product", id="a taken id"),
        pytest.param('["acme_"]', "[]", "no literals", id="no literals"),
        pytest.param('["acme_"]', '["acme_0"]', "is not found in a line of its own", id="a literal that may lack"),
        pytest.param("['acme_{hex:24}']", "['acme_{hex:23}']", "the expression does not match it", id="no match"),
        pytest.param("['acme_{hex:10}']", "['acme_{hex:24}']", "the negative shape", id="a counterexample is found"),
        pytest.param("acme_", "sk_live_", "stripe-live-secret-key claims the same bytes", id="a fight"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_line_and_id_and_ends_with_one(desk: Path, old: str, new: str, words: str) -> None:
    told = said(check(desk, FILE.replace(old, new)), Ending.FINDINGS)

    assert re.search(r"^fault   acme\.toml:2: format '[a-z-]+': .*" + re.escape(words), told, re.MULTILINE), told
    assert "1 format, 1 fault.\n" in told


def test_every_faulty_format_is_told(desk: Path) -> None:
    text = FILE + FILE.replace("acme-token", "acme-two").replace("acme_", "zork_") + '\n[[format]]\nid = "Three"\n'

    told = said(check(desk, text.replace("zork_[", "(?=x)zork_[")), Ending.FINDINGS)

    assert "acme.toml:14: format 'acme-two': look-around" in told
    assert "acme.toml:26: format 'Three': the field 'name' is missing" in told
    assert "3 formats, 2 faults." in told


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[[format]\n", "acme.toml: not valid TOML: "),
        (b"title = 'x'\n", "acme.toml: only [[format]] entries may stand here, found ['title']"),
        (b"# nothing\n", "acme.toml holds no [[format]] entry"),
        (b"\xff\n", "acme.toml:1: not valid TOML: the file is not UTF-8"),
        (b"#" * (1 << 21), "acme.toml: larger than"),
        (None, "acme.toml cannot be read: No such file"),
    ],
)
def test_what_is_no_file_of_formats_ends_with_four(desk: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (desk / "acme.toml").write_bytes(content)

    assert words in one_sentence(run("check", "acme.toml", folder=desk), Ending.CONFIGURATION)


def test_an_expression_that_would_go_back_and_forth_for_ever_is_checked_at_once(desk: Path) -> None:
    text = FILE.replace("acme_[0-9a-f]{24}", "acme_(?:[0-9a-f]|[0-9a-f][0-9a-f]|[a-f0-9]+)+z").replace(
        "['acme_{hex:24}']", "['acme_{hex:60}']"
    )

    assert "the expression does not match it" in said(check(desk, text), Ending.FINDINGS)


@pytest.mark.parametrize("family", ["cloud", "package_registries", "saas"])
def test_the_products_own_files_are_sound(desk: Path, family: str) -> None:
    told = said(run("check", PATTERNS / f"{family}.toml", folder=desk))

    assert "0 faults." in told


def test_the_formats_of_the_guide_are_sound_and_every_field_stands_in_it(house: Path, desk: Path) -> None:
    guide = (house / "docs" / "detection.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)

    assert "1 format, 0 faults.\n" == said(check(desk, example))
    for field in Format.__struct_fields__:
        assert f"`{field}`" in guide
    for refusal in Refusal:
        assert f"`{refusal}`" in guide
