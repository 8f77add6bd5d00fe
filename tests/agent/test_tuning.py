"""Detection as an operator changes it: own formats, formats switched off, the allow-list; by real sweeps."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path
from typing import Any

import pytest

from agent.beginning import TEMPLATE
from agent.configuration import Configuration, load
from agent.errors import ConfigurationFault, Ending
from storage.inventory import Allowance, Policy
from tests.agent.test_configuration import AS_OF, loaded
from tests.agent.workshop import Workshop, a_token, of_kind

OWN = """
detection:
  formats:
    - id: acme-token
      name: Acme token
      vendor: acme
      type: access_token
      expression: 'acme_[a-z]{24}'
      literals: [acme_]
      preview: acme_
      severity: critical
"""
FILE = """
[[format]]
id = "acme-token"
name = "Acme token"
vendor = "acme"
type = "access_token"
expression = 'acme_[a-z]{24}'
literals = ["acme_"]
preview = "acme_"
"""
ALLOW = """
detection:
  allow_list:
    - path: tests/**
      reason: made up for the tests
      expires: 2027-01-31
    - path: old/**
      detector: gitlab-*
      reason: nobody knows
      expires: 2026-03-01
"""
WHEN = "2024-03-04T10:00:00+00:00"


def an_acme_token(seed: int) -> str:
    return "acme_" + "".join(random.Random(seed).choices(string.ascii_lowercase, k=24))


@pytest.fixture
def workshop(tmp_path: Path, quick: None) -> Workshop:
    return Workshop(tmp_path)


def configured(workshop: Workshop, text: str) -> list[str]:
    path = workshop.directory / "tuning.yaml"
    path.write_text(text)
    return ["--config", str(path)]


def by_detector(records: list[Any]) -> dict[str, Any]:
    return {record["detector"]: record for record in of_kind(records, "exposure")}


def statuses(records: list[Any]) -> dict[str, set[tuple[str, str | None]]]:
    """Status and close reason of the findings about each exposure, by its detector."""
    detectors = {record["uid"]: record["detector"] for record in of_kind(records, "exposure")}
    found: dict[str, set[tuple[str, str | None]]] = {}
    for finding in of_kind(records, "finding"):
        if finding["subject_uid"] in detectors:
            found.setdefault(detectors[finding["subject_uid"]], set()).add((finding["status"], finding["close_reason"]))
    return found


# --- own formats ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["in nhi-agent.yaml", "in a file"])
def test_an_own_format_is_found_by_a_sweep(workshop: Workshop, form: str) -> None:
    token = an_acme_token(1)
    workshop.commit({"a.txt": f"say {token}\n"}, "add", WHEN)
    (workshop.directory / "formats.toml").write_text(FILE)
    text = OWN if form == "in nhi-agent.yaml" else "detection: {format_files: [formats.toml]}\n"

    assert "acme-token" not in by_detector(workshop.sweep())
    records = workshop.sweep(arguments=configured(workshop, text))

    found = by_detector(records)["acme-token"]
    assert ("acme", "acme_****", "high", True) == (
        found["vendor"], found["preview"], found["confidence"], found["at_head"],
    )  # fmt: skip
    assert ["acme-token"] == records[0]["own_formats"]
    assert token not in json.dumps(records)


@pytest.mark.parametrize("matcher", ["hyperscan", "re2"])
def test_every_matcher_finds_an_own_format(workshop: Workshop, matcher: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NHI_AGENT_MATCHER", matcher)
    workshop.commit({"a.txt": f"say {an_acme_token(2)}\n"}, "add", WHEN)

    assert {"acme-token"} == by_detector(workshop.sweep(arguments=configured(workshop, OWN))).keys()


def test_an_own_format_that_is_withdrawn_is_not_cleaned(workshop: Workshop) -> None:
    workshop.commit({"a.txt": f"say {an_acme_token(3)}\n"}, "add", WHEN)
    workshop.sweep(arguments=configured(workshop, OWN))

    records = workshop.sweep()

    assert {("resolved", "rule_changed")} == statuses(records)["acme-token"]


# --- formats switched off ---------------------------------------------------------------------------------------------


def test_a_disabled_format_is_said_and_what_it_found_is_not_cleaned(workshop: Workshop) -> None:
    workshop.commit({"a.txt": f"say {a_token(4)}\n"}, "add", WHEN)
    before = workshop.sweep()
    off = (
        "detection: {disabled_formats: "
        "{gitlab-personal-access-token: too noisy here, detect-secrets-gitlab-token: the same}}\n"
    )

    records = workshop.sweep(arguments=configured(workshop, off))
    table = workshop.nhi_agent("export", "-f", "table", "--store", workshop.store_url).stdout
    again = workshop.sweep()

    assert "new" in {status for status, _ in statuses(before)["gitlab-personal-access-token"]}
    assert {("resolved", "policy_changed")} == statuses(records)["gitlab-personal-access-token"]
    assert "too noisy here" == records[0]["disabled_formats"]["gitlab-personal-access-token"]
    assert "the format gitlab-personal-access-token was not looked for, as configured: too noisy here" in " ".join(
        table.split()
    )
    assert "not looked for" in table
    assert {"reopened"} == {status for status, _ in statuses(again)["gitlab-personal-access-token"]}


# --- the allow-list ---------------------------------------------------------------------------------------------------


def test_what_is_allowed_is_shown_and_is_no_exit_code(workshop: Workshop) -> None:
    workshop.commit({"tests/a.txt": f"say {a_token(5)}\n"}, "add", WHEN)
    assert {"new"} == {status for status, _ in statuses(workshop.sweep())["gitlab-personal-access-token"]}

    arguments = [*configured(workshop, ALLOW), "--as-of", "2026-02-01"]
    records = workshop.sweep(arguments=arguments, expect=(0,))
    table = workshop.nhi_agent("sweep", str(workshop.repository), "--store", workshop.store_url, *arguments)

    (place,) = by_detector(records)["gitlab-personal-access-token"]["occurrences"]
    assert {
        "source": "allow_list",
        "reason": "allowed until 2027-01-31: made up for the tests",
        "expiration_time": "2027-01-31T00:00:00Z",
    } == place["suppressed"]
    assert {("excepted", "excepted")} == statuses(records)["gitlab-personal-access-token"]
    assert Ending.CLEAN == table.returncode
    assert "allowed, excepted" in " ".join(table.stdout.split())
    assert "" == table.stderr


def test_from_its_day_on_an_entry_no_longer_applies_and_every_output_says_so(workshop: Workshop) -> None:
    workshop.commit({"tests/a.txt": f"say {a_token(6)}\n"}, "add", WHEN)
    allowed = configured(workshop, ALLOW)
    workshop.sweep(arguments=[*allowed, "--as-of", "2027-01-30"])

    out = workshop.directory / "out"
    answer = workshop.nhi_agent(
        "sweep", str(workshop.repository), "--store", workshop.store_url, *allowed, "--as-of", "2027-01-31",
        "-f", "table", "-o", f"{out}.txt", "-f", "jsonl", "-o", f"{out}.jsonl", "-f", "sarif", "-o", f"{out}.sarif",
    )  # fmt: skip

    sentence = (
        "entry 1 of the allow-list (path tests/**) expired on 2027-01-31 and no longer applies: made up for the tests"
    )
    records = [json.loads(line) for line in Path(f"{out}.jsonl").read_text().splitlines()]
    assert Ending.FINDINGS == answer.returncode, answer.stderr
    assert f"nhi-agent: warning: {allowed[1]}:4:7: {sentence}" in answer.stderr
    assert [sentence] == records[0]["expired_allowances"][:1]
    assert 2 == len(records[0]["expired_allowances"])
    assert sentence in " ".join(Path(f"{out}.txt").read_text().split())
    (run,) = json.loads(Path(f"{out}.sarif").read_text())["runs"]
    (invocation,) = run["invocations"]
    assert ("warning", sentence) in {
        (each["level"], each["message"]["text"]) for each in invocation["toolExecutionNotifications"]
    }
    assert None is by_detector(records)["gitlab-personal-access-token"]["occurrences"][0]["suppressed"]


def test_an_excepted_finding_opens_again_with_the_day(workshop: Workshop) -> None:
    workshop.commit({"tests/a.txt": f"say {a_token(7)}\n"}, "add", WHEN)
    workshop.sweep()
    allowed = configured(workshop, ALLOW)
    excepted = workshop.sweep(arguments=[*allowed, "--as-of", "2027-01-30"])
    opened = workshop.sweep(arguments=[*allowed, "--as-of", "2027-01-31"])

    assert {"excepted"} == {status for status, _ in statuses(excepted)["gitlab-personal-access-token"]}
    assert {"reopened"} == {status for status, _ in statuses(opened)["gitlab-personal-access-token"]}
    verified = workshop.nhi_agent("db", "verify", "--store", workshop.store_url)
    assert "is sound" in verified.stdout


def test_a_value_is_allowed_by_the_fingerprint_that_an_output_shows(workshop: Workshop) -> None:
    workshop.commit({"a.txt": f"say {a_token(8)}\n", "b.txt": f"say {a_token(9)}\n"}, "add", WHEN)
    first, second = of_kind(workshop.sweep(), "exposure")
    text = f"""
detection:
  allow_list:
    - {{fingerprint: '{first["fingerprint"]}', reason: revoked, expires: 2127-01-31}}
    - {{fingerprint: 'v1:00000000:{"0" * 64}', reason: of another key, expires: 2127-01-31}}
"""
    output = workshop.directory / "allowed.jsonl"

    answer = workshop.nhi_agent(
        "sweep", str(workshop.repository), "--store", workshop.store_url, *configured(workshop, text),
        "-f", "jsonl", "-o", str(output),
    )  # fmt: skip

    exposures = of_kind([json.loads(line) for line in output.read_text().splitlines()], "exposure")
    marked = {each["uid"]: [place["suppressed"] is not None for place in each["occurrences"]] for each in exposures}
    assert all(marked[first["uid"]])
    assert not any(marked[second["uid"]])
    assert "entry 2 of the allow-list" in answer.stderr
    assert "covers nothing: the key file does not hold the key 00000000" in answer.stderr


def test_findings_show_tells_who_allows_it_and_why(workshop: Workshop) -> None:
    workshop.commit({"tests/a.txt": f"say {a_token(10)}\n"}, "add", WHEN)
    workshop.sweep()
    records = workshop.sweep(arguments=[*configured(workshop, ALLOW), "--as-of", "2026-02-01"])
    (exposure,) = of_kind(records, "exposure")

    shown = workshop.nhi_agent("findings", "show", exposure["uid"][:12], "--store", workshop.store_url)

    assert "suppressed (allow list: allowed until 2027-01-31: made up for the tests)" in " ".join(shown.stdout.split())


# --- what is wrong ----------------------------------------------------------------------------------------------------


def entry(text: str) -> str:
    """A configuration with one format, some of its lines replaced by others."""
    return f"detection:\n  formats:\n    - {text}\n"


SOUND = "{id: acme-token, name: Acme, vendor: acme, type: password, expression: 'acme_[a-z]{9}', literals: [acme_]"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        pytest.param(entry(SOUND + ", colour: red}"), "3:", "unknown key 'detection.formats.0.colour'", id="a field"),
        pytest.param(
            entry(SOUND.replace("name: Acme, ", "") + "}"), "3:7", "'detection.formats.0.name' is missing", id="no name"
        ),
        pytest.param(entry(SOUND.replace("password", "secret") + "}"), "3:", "'access_key'", id="no such type"),
        pytest.param(
            entry(SOUND.replace("acme_[a-z]{9}", "(?<=x)acme_") + "}"), "3:", "are not linear", id="look-around"
        ),
        pytest.param(
            entry(SOUND.replace("acme_[a-z]{9}", r"acme_(a)\1") + "}"), "3:", "are not linear", id="a back-reference"
        ),
        pytest.param(
            entry(SOUND.replace("acme_[a-z]{9}", "acme_(?>a)") + "}"), "3:", "google-re2, the judge", id="for re only"
        ),
        pytest.param(
            entry(SOUND.replace("acme_[a-z]{9}", "(acme_)?") + "}"), "3:", "matches nothing at all", id="nothing"
        ),
        pytest.param(entry(SOUND.replace("[acme_]", "[]") + "}"), "3:", "no literals; name some", id="no literals"),
        pytest.param(
            entry(SOUND.replace("acme-token", "github-oauth-token") + "}"), "3:8", "belongs to a format",
            id="a taken id",
        ),
        pytest.param(
            entry(SOUND + "}\n    - " + SOUND + "}"), "4:8", "'acme-token': the id 'acme-token' belongs",
            id="an id twice",
        ),
        pytest.param("detection:\n  format_files: [nope.toml]\n", "2:18", "nope.toml cannot be read", id="no file"),
        pytest.param("detection:\n  disabled_formats: [x]\n", "2:3", "mapping of keys to values", id="no mapping"),
        pytest.param(
            "detection:\n  disabled_formats:\n    github-oauth-tokn: noise\n", "3:5",
            "there is no format 'github-oauth-tokn' (did you mean 'github-oauth-token'?)", id="a misspelt format",
        ),
        pytest.param("detection:\n  disabled_formats:\n    jwt: ' '\n", "2:3", "is empty; say why", id="no reason"),
        pytest.param(
            OWN + "  disabled_formats: {acme-token: why}\n", "12:22", "is your own: take it out", id="an own one",
        ),
        pytest.param(
            "detection:\n  allow_list:\n    - {path: a, reason: b}\n", "3:7", "0.expires' is missing", id="no day",
        ),
        pytest.param(
            "detection:\n  allow_list:\n    - {path: a, expires: 2027-01-31}\n", "3:7", "reason' is missing",
            id="no why",
        ),
        pytest.param(
            "detection:\n  allow_list:\n    - {reason: b, expires: 2027-01-31}\n", "3:7", "allows everything", id="all"
        ),
        pytest.param(
            "detection:\n  allow_list:\n    - {path: '**', detector: '*', reason: b, expires: 2027-01-31}\n", "3:7",
            "allows everything", id="all, in stars",
        ),
        pytest.param(
            "detection:\n  allow_list:\n    - {path: '!a', reason: b, expires: 2027-01-31}\n", "3:8",
            "not a path pattern; write one as in .gitignore", id="no pattern",
        ),
        pytest.param(
            "detection:\n  allow_list:\n    - {detector: github-tokn*, reason: b, expires: 2027-01-31}\n", "3:8",
            "there is no format 'github-tokn*'", id="a glob that no format fits",
        ),
        pytest.param(
            "detection:\n  allow_list:\n    - {fingerprint: pw9182, reason: b, expires: 2027-01-31}\n", "3:8",
            "is no fingerprint; write v1:KEY:DIGEST", id="a value",
        ),
        pytest.param(
            "detection:\n  allow_list:\n    - {value: pw9182, reason: b, expires: 2027-01-31}\n", "3:8",
            "unknown key 'detection.allow_list.0.value'", id="a value by its name",
        ),
        pytest.param(
            "detection:\n  allow_list:\n    - {path: a, reason: b, expires: soon}\n", "3:", "date", id="no such day"
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text: str, place: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault) as fault:
        loaded(text, tmp_path).policy(as_of=AS_OF)

    message = str(fault.value)
    assert message.startswith(f"{tmp_path}/nhi-agent.yaml:{place}"), message
    assert words in message, message
    assert "pw9182" not in message
    assert 1 == len(message.splitlines())


def test_a_fault_in_a_file_of_formats_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text("# mine\n" + FILE + FILE.replace("'acme_[", "'(?=x)acme_["))

    with pytest.raises(ConfigurationFault) as fault:
        loaded("detection: {format_files: [acme.toml]}\n", tmp_path).policy(as_of=AS_OF)

    not_linear, taken = str(fault.value).splitlines()
    assert not_linear.startswith(f"{tmp_path}/acme.toml:12: format 'acme-token': look-around")
    assert taken.startswith(f"{tmp_path}/acme.toml:12: format 'acme-token': the id 'acme-token' belongs to a format")


def test_a_file_that_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text("[[format]]\nid = \n")

    with pytest.raises(ConfigurationFault, match=r"nhi-agent.yaml:1:28: .*acme\.toml: not valid TOML: .*line 2"):
        loaded("detection: {format_files: [acme.toml]}\n", tmp_path).policy(as_of=AS_OF)


def test_every_fault_of_the_section_is_told_at_once(tmp_path: Path) -> None:
    text = OWN.replace("acme_[a-z]", "(?=x)acme_[a-z]") + (
        "  disabled_formats: {no-such-format: noise}\n  allow_list: [{path: '!', reason: b, expires: 2027-01-31}]\n"
    )

    with pytest.raises(ConfigurationFault) as fault:
        loaded(text, tmp_path).policy(as_of=AS_OF)

    assert ["8", "12", "13"] == [line.split(":")[1] for line in str(fault.value).splitlines()]


def test_a_fault_ends_a_sweep_before_anything_is_written(workshop: Workshop) -> None:
    answer = workshop.nhi_agent(
        "sweep", str(workshop.repository), "--store", workshop.store_url,
        *configured(workshop, OWN.replace("acme_[a-z]", "(?=x)acme_[a-z]")),
    )  # fmt: skip

    assert Ending.CONFIGURATION == answer.returncode
    (line,) = answer.stderr.splitlines()
    assert "tuning.yaml:8:7: format 'acme-token': look-around" in line
    assert not workshop.store.exists()


# --- what a run records -----------------------------------------------------------------------------------------------


def policy(text: str, folder: Path) -> Policy:
    return loaded(text, folder).policy(as_of=AS_OF)


def test_the_digest_of_the_policy_covers_the_tuning(tmp_path: Path) -> None:
    texts = [
        "",
        OWN,
        OWN.replace("{24}", "{25}"),
        ALLOW,
        ALLOW.replace("2027-01-31", "2027-02-01"),
        ALLOW.replace("made up", "invented"),
        "detection: {disabled_formats: {github-oauth-token: noise}}\n",
        "detection: {disabled_formats: {github-oauth-token: noisy}}\n",
    ]

    digests = [policy(text, tmp_path).digest() for text in texts]

    assert len(texts) == len(set(digests))
    assert digests == [policy(text, tmp_path).digest() for text in texts]


def test_the_policy_holds_the_allow_list_as_it_stands(tmp_path: Path) -> None:
    first, second = policy(ALLOW, tmp_path).allow_list

    assert (
        Allowance(
            path="tests/**", reason="made up for the tests", expiration_time=AS_OF.replace(year=2027, month=1, day=31)
        )
        == first
    )
    assert (second.path, second.detector, second.holds(AS_OF)) == ("old/**", "gitlab-*", False)


def test_config_show_tells_the_section_with_its_lines(tmp_path: Path) -> None:
    shown = {key: (text, place) for key, text, place in loaded(OWN + ALLOW.split("detection:")[1], tmp_path).listing()}

    assert '"acme-token"' == shown["detection.formats.0.id"][0]
    assert shown["detection.formats.0.expression"][1].endswith("nhi-agent.yaml:8:7")
    assert '"2027-01-31"' == shown["detection.allow_list.0.expires"][0]
    assert ("[]", "default") == shown["detection.format_files"]


def test_the_commented_example_of_init_is_sound(tmp_path: Path) -> None:
    lines = TEMPLATE[TEMPLATE.index("# detection:") :].partition("\n\n")[0].splitlines()
    (tmp_path / "formats").mkdir()
    (tmp_path / "formats" / "acme.toml").write_text(FILE)

    configuration = loaded("\n".join(line.removeprefix("# ") for line in lines), tmp_path)

    tuning = configuration.tuning
    assert (2, 1, 1) == (len(tuning.formats), len(tuning.disabled), len(tuning.allow_list))


def test_a_list_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = [
        {"path": "tests/**", "reason": "x", "expires": "2027-01-31"},
        {"path": "!", "reason": "x", "expires": "2027-01-31"},
    ]
    monkeypatch.setenv("NHI_AGENT_DETECTION__ALLOW_LIST", json.dumps(allowed))

    with pytest.raises(ConfigurationFault, match=r"^NHI_AGENT_DETECTION__ALLOW_LIST: not a path pattern"):
        load(None, discover=False).policy(as_of=AS_OF)


def test_the_configuration_of_a_scanned_repository_changes_nothing(workshop: Workshop) -> None:
    workshop.commit({"nhi-agent.yaml": ALLOW.replace("tests/**", "'*'"), "a.txt": f"say {a_token(11)}\n"}, "add", WHEN)

    (exposure,) = of_kind(workshop.sweep(), "exposure")

    assert [None] == [place["suppressed"] for place in exposure["occurrences"]]


def test_the_doctor_says_what_is_tuned(workshop: Workshop) -> None:
    said = workshop.nhi_agent("doctor", "--store", workshop.store_url, *configured(workshop, OWN))
    bad = workshop.nhi_agent(
        "doctor", "--store", workshop.store_url, *configured(workshop, OWN.replace("acme_[", "(?=x)acme_["))
    )

    assert "1 own formats, 0 disabled, 0 allowances" in said.stdout
    assert Ending.CONFIGURATION == bad.returncode
    assert "FAULT    configuration" in bad.stdout


def test_a_configuration_without_the_section_reads_no_formats(tmp_path: Path) -> None:
    configuration: Configuration = loaded("jobs: 1\n", tmp_path)

    assert ((), {}, ()) == (
        configuration.tuning.formats, configuration.tuning.disabled, configuration.tuning.allow_list,
    )  # fmt: skip
