"""Every verb, as a person or a job meets it: what it prints where, how it ends, what it leaves alone when it fails."""

from __future__ import annotations

import json
import os
import random
import shutil
import stat
import string
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from agent.errors import Ending
from tests.agent.command import ALL_AS_PROCESSES, NHI_AGENT, as_text, nhi_agent


def a_token(seed: int) -> str:
    """Make up a value in the form of a GitLab personal access token."""
    return "glpat-" + "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=20))


TOKEN = a_token(20)


class Desk:
    """A home, a repository in it, and the program at hand."""

    def __init__(self, home: Path, cache: Path) -> None:
        self.home = home
        self.cache = cache
        self.repository = home / "shop"
        self.state = home / "state" / "nhi-agent"

    def __call__(
        self,
        *arguments: str | Path,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        process: bool = ALL_AS_PROCESSES,
    ) -> subprocess.CompletedProcess[str]:
        """Run the program as a person does."""
        environment = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CACHE_HOME": str(self.cache),
            "LC_ALL": "C.UTF-8",
            "LOGNAME": "ada",
            **(environment or {}),
        }
        answer = nhi_agent(
            *arguments, directory=self.home, environment=environment, stdin=stdin.encode(), process=process
        )
        return as_text(answer)

    def findings(self, *arguments: str) -> list[dict[str, Any]]:
        """What the store holds."""
        answer = self("findings", "list", "-f", "jsonl", *arguments)
        assert 0 == answer.returncode, answer.stderr
        return [json.loads(line) for line in answer.stdout.splitlines()]


def one_sentence(answer: subprocess.CompletedProcess[str], ending: int) -> str:
    """The one line on stderr of a program that refused."""
    assert ending == answer.returncode, answer.stderr
    (line,) = answer.stderr.splitlines()
    assert line.startswith("nhi-agent: ")
    assert not answer.stdout
    return line.removeprefix("nhi-agent: ")


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if ".git" not in path.parts)


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True)


def a_repository(folder: Path) -> None:
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    # By this the repository is the same one, wherever a test copies it to.
    git(folder, "remote", "add", "origin", "https://git.example.com/team/shop.git")
    (folder / "settings.py").write_text(f'gitlab_token = "{TOKEN}"\n')
    git(folder, "add", ".")
    git(folder, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-q", "-m", "settings")


@pytest.fixture
def desk(tmp_path: Path, compiled: Path) -> Desk:
    a_repository(tmp_path / "shop")
    return Desk(tmp_path, compiled.parent)


@pytest.fixture(scope="module")
def swept_once(tmp_path_factory: pytest.TempPathFactory, compiled: Path) -> Path:
    """A home after one sweep, made once: tests work on copies of it."""
    home = tmp_path_factory.mktemp("swept")
    a_repository(home / "shop")
    answer = Desk(home, compiled.parent)("sweep", "shop")
    assert Ending.FINDINGS == answer.returncode, answer.stderr
    return home


@pytest.fixture
def swept(swept_once: Path, tmp_path: Path, compiled: Path) -> Desk:
    shutil.copytree(swept_once, tmp_path / "home", symlinks=True)
    return Desk(tmp_path / "home", compiled.parent)


# --- the program itself -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "ending"),
    [
        ("--version", Ending.CLEAN),
        ("sweep --help", Ending.CLEAN),
        ("findings list", Ending.CLEAN),
        ("export -f csv", Ending.CLEAN),
        ("rules list", Ending.CLEAN),
        ("patterns list", Ending.CLEAN),
        ("doctor", Ending.CLEAN),
        ("config show --origin", Ending.CLEAN),
        ("schema jsonl", Ending.CLEAN),
        ("db verify", Ending.CLEAN),
        ("key show", Ending.CLEAN),
        ("swep", Ending.USAGE),
        ("run -c nope.yaml", Ending.CONFIGURATION),
        ("db info --store mysql://h/d", Ending.STORE),
        ("findings triage", Ending.INTERRUPTED),
    ],
)
def test_the_installed_program_says_and_ends_as_what_other_tests_see_of_it(
    swept: Desk, arguments: str, ending: int
) -> None:
    installed = swept(*arguments.split(), stdin="f\n", process=True)
    here = swept(*arguments.split(), stdin="f\n", process=False)

    assert ending == installed.returncode, installed.stderr
    assert (installed.returncode, installed.stdout, installed.stderr) == (here.returncode, here.stdout, here.stderr)


# --- sweep ------------------------------------------------------------------------------------------------------------


def test_a_sweep_tells_what_it_found_and_ends_with_one(desk: Desk) -> None:
    answer = desk("sweep", "shop", process=True)

    assert Ending.FINDINGS == answer.returncode
    for part in ("complete", "CRITICAL", "settings.py:1", "Ada", "HEAD", "findings show"):
        assert part in answer.stdout
    assert "" == answer.stderr
    assert TOKEN not in answer.stdout
    assert 0o600 == stat.S_IMODE((desk.state / "key").stat().st_mode)
    assert 0o600 == stat.S_IMODE((desk.state / "store.db").stat().st_mode)


def test_outputs_are_paired_with_formats_and_private(desk: Desk, tmp_path: Path) -> None:
    answer = desk(
        "sweep", "shop", "-f", "jsonl", "-o", "a.jsonl", "-f", "sarif", "-o", "b.sarif", "-f", "csv", "-o", "-"
    )

    assert Ending.FINDINGS == answer.returncode, answer.stderr
    records = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    schema = json.loads(desk("schema", "jsonl").stdout)
    for record in records:
        jsonschema.Draft202012Validator(schema).validate(record)
    assert {"run", "coverage", "resource", "exposure", "finding"} <= {record["kind"] for record in records}
    assert "2.1.0" == json.loads((tmp_path / "b.sarif").read_text())["version"]
    assert answer.stdout.startswith('"reference","title","status"')
    assert 0o600 == stat.S_IMODE((tmp_path / "a.jsonl").stat().st_mode)
    for text in (answer.stdout, (tmp_path / "a.jsonl").read_text(), (tmp_path / "b.sarif").read_text()):
        assert TOKEN not in text


@pytest.mark.parametrize(
    ("arguments", "ending"),
    [
        (["--fail-on", "none"], 0),
        (["--fail-on", "new"], 1),
        (["--fail-on", "critical"], 1),
        (["--exit-code", "42"], 42),
        (["--exit-code", "0"], 0),
    ],
)
def test_the_threshold_decides_the_exit_code(swept: Desk, arguments: list[str], ending: int) -> None:
    if "new" in arguments:
        shutil.rmtree(swept.state)

    assert ending == swept("sweep", "shop", *arguments).returncode


def test_what_was_known_before_is_not_new(swept: Desk) -> None:
    assert 0 == swept("sweep", "shop", "--fail-on", "new").returncode


def test_what_a_person_opened_again_is_not_new(swept: Desk) -> None:
    uid = swept.findings()[0]["uid"]
    assert 0 == swept("findings", "accept", uid, "--reason", "a test", "--expires", "2127-01-01").returncode
    assert 0 == swept("findings", "withdraw", uid).returncode

    assert "reopened" in {finding["status"] for finding in swept.findings()}
    assert 0 == swept("sweep", "shop", "--fail-on", "new").returncode


def test_a_clean_repository_ends_with_zero(desk: Desk) -> None:
    git(desk.home, "init", "-q", "clean")

    answer = desk("sweep", "clean")

    assert 0 == answer.returncode, answer.stdout + answer.stderr
    assert "No secrets found in what was read." in answer.stdout


def test_an_empty_folder_is_refused(desk: Desk) -> None:
    (desk.home / "empty").mkdir()

    assert "the folder is empty; check the path or the mount" in one_sentence(desk("sweep", "empty"), Ending.USAGE)


def test_a_broken_repository_is_a_gap_and_ends_with_three(desk: Desk) -> None:
    for path in (desk.repository / ".git" / "objects").glob("??/*"):
        path.chmod(0o600)
        path.write_bytes(b"broken")

    answer = desk("sweep", "shop", process=True)

    assert Ending.INCOMPLETE == answer.returncode, answer.stdout + answer.stderr
    assert answer.stdout.index("INCOMPLETE") < answer.stdout.index("Not looked at")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["sweep", "nowhere"], "there is nothing at nowhere", id="no such path"),
        pytest.param(["sweep", "shop/settings.py"], "is no folder", id="a file"),
        pytest.param(["sweep", ""], "an empty path", id="an empty path"),
        pytest.param(["sweep", "x\x1b[31m"], "\\x1b[31m", id="a path that paints"),
        pytest.param(["sweep", "https://ada:pw9182@example.com/x"], "carries credentials", id="a password in a URL"),
        pytest.param(["sweep", "https://tok9182@example.com/x"], "carries credentials", id="a token in a URL"),
        pytest.param(["sweep", "shop", "--since", "main", "--staged"], "exclude each other", id="two modes"),
        pytest.param(["sweep", "shop", "--since", "--upload-pack=x"], "--since needs", id="an option for a name"),
        pytest.param(["sweep", "shop", "-o", "a", "-o", "b"], "2 --output for 1 --format", id="too many outputs"),
        pytest.param(["sweep", "shop", "-f", "csv", "-f", "sarif"], "only one format", id="two on stdout"),
        pytest.param(["sweep", "shop", "-f", "csv", "-f", "sarif", "-o", "x", "-o", "x"], "same file", id="twice"),
        pytest.param(["sweep", "--fail-on", "often"], "'often' is not one of", id="no such threshold"),
        pytest.param(["sweep", "--bogus"], "No such option", id="no such option"),
        pytest.param(["swep"], "No such command", id="no such verb"),
        pytest.param(["run", "--shard", "3/2"], "i/N", id="no such shard"),
        pytest.param(["rules", "explain", "no-rule"], "there is no rule 'no-rule'; there are", id="no such rule"),
    ],
)
def test_wrong_usage_is_one_sentence_and_writes_nothing(desk: Desk, arguments: list[str], words: str) -> None:
    before = everything_in(desk.home)

    sentence = one_sentence(desk(*arguments), Ending.USAGE)

    assert words in sentence
    assert "9182" not in sentence
    assert before == everything_in(desk.home)


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        pytest.param(["-c", "nope.yaml"], {}, "nope.yaml cannot be read", id="no such file"),
        pytest.param(["-c", "bad.yaml"], {}, "bad.yaml:2:1: unknown key 'jbos'", id="an unknown key"),
        pytest.param([], {"NHI_AGENT_JOBS": "x"}, "NHI_AGENT_JOBS: 'jobs'", id="a wrong variable"),
        pytest.param(["--owners", "bad.yaml"], {}, "bad.yaml:1:1: the file must be a list", id="wrong owners"),
        pytest.param(["--store", "postgresql://a:pw9182@h/d"], {}, "carries a password", id="a password as argument"),
        pytest.param(["--store", "postgresql://h/d"], {}, "needs a key file of its own", id="no key for a server"),
        pytest.param([], {"NHI_AGENT_KEY_FILE": "open.key"}, "open to others (mode 0644)", id="a key for all to read"),
        pytest.param([], {"NHI_AGENT_KEY_FILE": "bad.yaml"}, "is not a key file", id="a key that is none"),
        pytest.param(["-o", "no/such/out"], {}, "no/such first, or name another", id="no folder for output"),
        pytest.param(["-o", "shop"], {}, "is a folder; name a file in it", id="a folder as output"),
    ],
)
def test_wrong_configuration_is_one_sentence_and_writes_nothing(
    desk: Desk, arguments: list[str], environment: dict[str, str], words: str
) -> None:
    (desk.home / "bad.yaml").write_text("jobs: 2\njbos: 3\n")
    (desk.home / "bad.yaml").chmod(0o600)
    (desk.home / "open.key").write_text("ab" * 32)
    (desk.home / "open.key").chmod(0o644)
    before = everything_in(desk.home)

    sentence = one_sentence(desk("sweep", "shop", *arguments, environment=environment), Ending.CONFIGURATION)

    assert words in sentence
    assert "9182" not in sentence
    assert before == everything_in(desk.home)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("nonsense", "not a URL", id="no URL"),
        pytest.param("mysql://h/d", "cannot be kept in 'mysql'", id="another database"),
        pytest.param("sqlite:///{home}/shop/settings.py", "is not a database", id="a file that is none"),
        pytest.param("sqlite:////proc/nope/store.db", "no such folder", id="no such folder"),
    ],
)
def test_a_wrong_store_is_one_sentence_and_writes_nothing(desk: Desk, url: str, words: str) -> None:
    before = everything_in(desk.home)

    sentence = one_sentence(desk("sweep", "shop", "--store", url.format(home=desk.home)), Ending.STORE)

    assert words in sentence
    assert before == everything_in(desk.home)


def test_a_newer_store_is_refused_and_left_alone(swept: Desk) -> None:
    import sqlite3

    with sqlite3.connect(swept.state / "store.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = (swept.state / "store.db").read_bytes()

    sentence = one_sentence(swept("sweep", "shop"), Ending.STORE)

    assert "newer than this program knows" in sentence
    assert before == (swept.state / "store.db").read_bytes()


@pytest.mark.parametrize("missing", [True, False], ids=["no key", "another key"])
def test_a_store_without_its_key_is_refused_and_left_alone(swept: Desk, missing: bool) -> None:  # noqa: FBT001
    runs = swept("db", "info").stdout
    (swept.state / "key").unlink()
    if not missing:
        assert 0 == swept("key", "create").returncode
    before = everything_in(swept.home)

    sentence = one_sentence(swept("sweep", "shop"), Ending.CONFIGURATION)

    assert "written under key" in sentence
    assert runs == swept("db", "info").stdout
    assert [name for name in before if "store.db-" not in name] == [
        name for name in everything_in(swept.home) if "store.db-" not in name
    ]


def test_the_configuration_of_the_working_folder_is_not_obeyed_by_a_sweep(desk: Desk) -> None:
    (desk.home / "nhi-agent.yaml").write_text("store: mysql://example.com/x\n")

    assert Ending.FINDINGS == desk("sweep", "shop").returncode


def test_a_reader_that_goes_away_is_no_error(swept: Desk) -> None:
    process = subprocess.Popen(
        [NHI_AGENT, "export", "-f", "jsonl", "--run", "1"],
        env={**os.environ, "XDG_STATE_HOME": str(swept.home / "state")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()

    complaint = process.stderr.read()
    process.stderr.close()

    assert b"" == complaint
    assert process.wait(60) in {0, 141}


# --- run --------------------------------------------------------------------------------------------------------------


def test_a_run_takes_everything_from_its_file(desk: Desk) -> None:
    (desk.home / "conf").mkdir()
    (desk.home / "conf" / "nhi-agent.yaml").write_text(
        f"store: sqlite:///{desk.home}/conf/s.db\nrepositories: [{{name: shop, location: ../shop}}]\n"
        "outputs: [{format: jsonl, path: out.jsonl}]\npolicy: {name: Keys, owner: Grace}\n"
    )

    answer = desk("run", "-c", "conf/nhi-agent.yaml", process=True)

    assert 0 == answer.returncode, answer.stderr
    assert "" == answer.stdout
    assert "1 secret," in answer.stderr
    records = [json.loads(line) for line in (desk.home / "conf" / "out.jsonl").read_text().splitlines()]
    assert ("run", "Grace") == (records[0]["run_kind"], records[0]["policy_owner"])
    assert ["shop"] == [record["name"] for record in records if record["kind"] == "resource"]
    assert Ending.FINDINGS == desk("run", "-c", "conf/nhi-agent.yaml", "--fail-on", "high").returncode


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("jobs: 1\n", "no repositories are configured"),
        (
            "policy: {rules: {no-rule: {enabled: false}}}\nrepositories: [{name: a, location: shop}]\n",
            "no rule 'no-rule'",
        ),
    ],
)
def test_a_run_without_what_it_needs_is_one_sentence(desk: Desk, text: str, words: str) -> None:
    (desk.home / "nhi-agent.yaml").write_text(text)

    assert words in one_sentence(desk("run"), Ending.CONFIGURATION)
    assert not desk.state.exists()


def test_a_repository_that_is_gone_is_a_gap_of_the_run(desk: Desk) -> None:
    (desk.home / "nhi-agent.yaml").write_text(
        "repositories: [{name: shop, location: shop}, {name: lost, location: nowhere}]\n"
    )

    answer = desk("run")

    assert Ending.INCOMPLETE == answer.returncode
    assert "Not looked at" in answer.stdout
    assert "settings.py:1" in answer.stdout


def test_a_repository_without_its_token_is_a_gap_and_the_others_are_swept(desk: Desk) -> None:
    (desk.home / "nhi-agent.yaml").write_text(
        "repositories: [{name: closed, url: 'https://h/x', token_env: NOPE}, {name: shop, location: shop}]\n"
        "outputs: [{format: jsonl, path: out.jsonl}]\n"
    )

    answer = desk("run", "-v")

    assert Ending.INCOMPLETE == answer.returncode, answer.stderr
    assert "not looked at: closed: the variable NOPE with its access token is not set" in answer.stderr
    assert "target:" not in answer.stderr + desk("findings", "list").stdout
    for step in ("run 1 begun", "shop: begun", "shop: ended", "run 1 promoted", "wrote jsonl to"):
        assert step in answer.stderr
    records = [json.loads(line) for line in (desk.home / "out.jsonl").read_text().splitlines()]
    assert [record for record in records if record["kind"] == "exposure"]


def test_no_folder_is_made_for_a_store_that_was_named(desk: Desk) -> None:
    before = everything_in(desk.home)

    sentence = one_sentence(desk("sweep", "shop", "--store", f"sqlite:///{desk.home}/nope/x.db"), Ending.STORE)

    assert "no such folder" in sentence
    assert before == everything_in(desk.home)


def test_shards_share_the_repositories_out() -> None:
    from agent.shards import in_shard

    names = [f"team/service-{at}" for at in range(200)]
    parts = [[name for name in names if in_shard(name, (part, 4))] for part in range(1, 5)]

    assert sorted(names) == sorted(name for part in parts for name in part)
    assert all(20 < len(part) < 80 for part in parts)


# --- findings ---------------------------------------------------------------------------------------------------------


def uid_of(desk: Desk, rule: str) -> str:
    (uid,) = (finding["uid"] for finding in desk.findings("--rule", rule))
    return str(uid)


def test_findings_are_listed_and_shown(swept: Desk) -> None:
    listed = swept("findings", "list").stdout
    shown = swept("findings", "show", uid_of(swept, "exposed-secret-at-head")[:8]).stdout

    assert "exposed-secret-at-head" in listed
    assert "1 secret" in listed
    assert "CRITICAL" in listed
    for part in (
        "A secret stands at HEAD",
        "settings.py:1, at HEAD",
        "NHI2:2025",
        "Ada <ada@example.com>",
        "new, run 1",
    ):
        assert part in shown
    assert TOKEN not in listed + shown


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["--rule", "missing-owner"], 1),
        (["--status", "resolved"], 0),
        (["--severity", "critical"], 3),
    ],
)
def test_findings_are_filtered(swept: Desk, arguments: list[str], count: int) -> None:
    assert count == len(swept.findings(*arguments))


@pytest.mark.parametrize("arguments", [("--rule", "missing-ovner"), ("--repository", "nowhere")])
def test_a_name_that_does_not_exist_is_no_good_news(swept: Desk, arguments: tuple[str, str]) -> None:
    answer = swept("findings", "list", *arguments)
    assert Ending.USAGE == answer.returncode
    assert arguments[1] in answer.stderr


def test_a_list_may_end_early_and_says_so(swept: Desk) -> None:
    whole = swept.findings()

    listed = swept("findings", "list", "--each", "--limit", "1").stdout
    lines = swept("findings", "list", "-f", "jsonl", "--limit", "1")

    beyond = f"{len(whole) - 1} more: a higher --limit shows them."
    assert beyond in listed
    assert 1 == len(lines.stdout.splitlines())
    assert beyond in lines.stderr
    assert "more:" not in swept("findings", "list", "--limit", "1").stdout


def test_days_of_exposure_and_the_last_commit_are_shown(swept: Desk) -> None:
    shown = swept("findings", "show", uid_of(swept, "exposed-secret-at-head")).stdout

    assert "0 days since then" in shown
    assert "last commit" in shown


def test_what_weighs_less_for_not_being_committed_says_so(desk: Desk) -> None:
    (desk.home / "plain").mkdir()
    (desk.home / "plain" / "a.env").write_text(f"TOKEN={a_token(21)}\n")
    desk("sweep", "plain")

    assert "one severity less" in desk("findings", "show", uid_of(desk, "unvaulted-secret")).stdout


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["--rule", "missing-owner"], "0 of 1 decided."),
        (["--repository", "git.example.com/team/shop"], "0 of 1 decided."),
        (["--severity", "critical", "--rule", "missing-owner"], "0 of 0 decided."),
    ],
)
def test_triage_takes_the_filters_of_the_list(swept: Desk, arguments: list[str], left: str) -> None:
    answer = swept("findings", "triage", *arguments, stdin="s\n")

    assert left in answer.stdout
    assert "exposed-secret-at-head" not in answer.stdout or "--repository" in arguments


def test_triage_leaves_out_what_the_list_leaves_out(desk: Desk) -> None:
    (desk.repository / "tests").mkdir()
    (desk.repository / "settings.py").rename(desk.repository / "tests" / "settings.py")
    shutil.rmtree(desk.repository / ".git")
    desk("sweep", "shop")

    answer = desk("findings", "triage", stdin="s\n", environment={"NHI_AGENT_CONFIDENCE": "high"})

    assert "0 of 0 decided." in answer.stdout
    assert "1 more of lower confidence: --confidence low shows them." in answer.stdout
    assert "0 of 1 decided." in desk("findings", "triage", stdin="s\n").stdout


@pytest.mark.parametrize("group", ["config", "db", "findings", "key", "patterns", "rules", "schema"])
def test_no_sentence_of_a_help_page_is_cut(desk: Desk, group: str) -> None:
    shown = desk(group, "--help", environment={"COLUMNS": "80"}).stdout

    assert not [line for line in shown.splitlines()[1:] if line.endswith("...")]


def test_an_accepted_risk_is_recorded_with_both_names(swept: Desk) -> None:
    uid = uid_of(swept, "exposed-secret-at-head")

    answer = swept(
        "findings", "accept", uid[:10], "--reason", "a demo", "--expires", "2126-01-01", "--requester", "ada",
        "--approver", "grace",
    )  # fmt: skip

    assert 0 == answer.returncode, answer.stderr
    assert "excepted until 2126-01-01, approved by grace" in answer.stdout
    assert "asked by ada, approved by grace: a demo" in swept("findings", "show", uid).stdout
    (subject,) = {finding["subject_uid"] for finding in swept.findings("--status", "excepted")}
    assert not [finding for finding in swept.findings() if finding["subject_uid"] == subject]


@pytest.mark.parametrize("approver", [[], ["--approver", "ADA"]], ids=["nobody", "the same person"])
def test_what_one_person_accepts_is_self_accepted(swept: Desk, approver: list[str]) -> None:
    uid = uid_of(swept, "exposed-secret-at-head")

    answer = swept(
        "findings", "accept", uid, "--reason", "x", "--expires", "2126-01-01", "--requester", "ada", *approver
    )

    assert "self-accepted, which does not count as approved" in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["zzzz", "--reason", "x", "--expires", "2126-01-01"], "no finding whose uid begins"),
        (["", "--reason", "x", "--expires", "2126-01-01"], "no finding"),
        (["{uid}", "--reason", " ", "--expires", "2126-01-01"], "--reason is empty"),
        (["{uid}", "--reason", "x", "--expires", "2001-01-01"], "lies in the past"),
        (["{uid}", "--reason", "x", "--expires", "soon"], "must be a date"),
        (["{uid}", "--reason", "x"], "Missing option '--expires'"),
    ],
)
def test_a_decision_that_makes_no_sense_changes_nothing(swept: Desk, arguments: list[str], words: str) -> None:
    uid = uid_of(swept, "exposed-secret-at-head")
    before = swept.findings()

    sentence = one_sentence(swept("findings", "accept", *(part.format(uid=uid) for part in arguments)), Ending.USAGE)

    assert words in sentence
    assert before == swept.findings()


@pytest.mark.parametrize(
    ("keys", "status"),
    [("x\nt\nq\n", "open"), ("f\nnot one\nq\n", "excepted"), ("a\na demo\nq\n", "excepted")],
    ids=["triaged", "a false positive", "accepted"],
)
def test_triage_decides_about_all_findings_of_a_secret(swept: Desk, keys: str, status: str) -> None:
    subject = subject_of(swept)

    answer = swept("findings", "triage", "--requester", "ada", "--approver", "grace", stdin=keys)

    assert 0 == answer.returncode, answer.stderr
    assert "1 of " in answer.stdout
    assert " decided." in answer.stdout
    everything = swept.findings("--status", "new", "--status", "open", "--status", "excepted")
    assert {status} == {finding["status"] for finding in everything if finding["subject_uid"] == subject}
    assert TOKEN not in answer.stdout


def test_triage_decides_nothing_when_the_input_ends(swept: Desk) -> None:
    answer = swept("findings", "triage", stdin="")
    interrupted = swept("findings", "triage", stdin="f\n")

    assert "0 of " in answer.stdout
    assert Ending.INTERRUPTED == interrupted.returncode
    assert {"new"} == {finding["status"] for finding in swept.findings()}


def subject_of(desk: Desk) -> str:
    """The uid of the one secret."""
    (subject,) = (finding["subject_uid"] for finding in desk.findings("--rule", "exposed-secret-at-head"))
    return str(subject)


@pytest.mark.parametrize("kind", ["a finding", "a secret", "out of the CSV"])
def test_a_secret_is_settled_by_one_decision_whatever_names_it(swept: Desk, kind: str) -> None:
    uid, subject = uid_of(swept, "exposed-secret-at-head"), subject_of(swept)
    reference = {"a finding": uid[:10], "a secret": subject[:12], "out of the CSV": f"NHI-{uid[:12]}"}[kind]
    count = sum(finding["subject_uid"] == subject for finding in swept.findings())
    assert count > 1

    answer = swept("findings", "accept", reference, "--reason", "x", "--expires", "2126-01-01", "--requester", "ada")

    assert f"{count} findings of GitLab" in answer.stdout, answer.stderr
    assert not [finding for finding in swept.findings() if finding["subject_uid"] == subject]
    shown = swept("findings", "show", reference).stdout
    assert "status        excepted\n" in "".join(f"{line.rstrip()}\n" for line in shown.splitlines())
    assert "also" in shown
    again = swept("sweep", "shop")
    assert " excepted " in again.stdout
    left = {finding["severity"] for finding in swept.findings()}
    assert again.returncode == (1 if left & {"high", "critical"} else 0)


def test_one_rule_of_a_secret_can_be_accepted_alone(swept: Desk) -> None:
    before, subject = len(swept.findings()), subject_of(swept)

    answer = swept("findings", "accept", subject, "--rule", "missing-owner", "--reason", "x", "--expires", "2126-01-01")

    assert "1 finding of" in answer.stdout, answer.stderr
    assert before - 1 == len(swept.findings())


@pytest.mark.parametrize("width", [40, 80, 100, 115, 130, 150, 200])
@pytest.mark.parametrize("each", [False, True], ids=["one row a secret", "each finding"])
def test_the_list_cuts_no_reference_and_breaks_no_word(swept: Desk, width: int, *, each: bool) -> None:
    arguments = ["--each"] if each else []
    listed = swept("findings", "list", *arguments, environment={"COLUMNS": str(width)}).stdout
    found = swept.findings()

    lines = listed.splitlines()
    subjects = {finding["subject_uid"] for finding in found}
    references = {finding["uid"][:10] for finding in found} & set(listed.replace("\n", " ").split())
    assert all(len(line.rstrip()) <= width for line in lines)
    assert len(references) == (len(found) if each else len(subjects))
    assert "1 secret" in lines[0]
    if width >= 80:
        assert "exposed-secret-at-head" in listed


def test_the_list_takes_any_repository_that_holds_the_value(swept: Desk) -> None:
    shutil.copytree(swept.repository, swept.home / "copy", symlinks=True)
    git(swept.home / "copy", "remote", "set-url", "origin", "https://git.example.com/team/copy.git")
    assert Ending.FINDINGS == swept("sweep", "shop", "copy").returncode

    for name in ("shop", "copy"):
        found = swept.findings("--repository", f"git.example.com/team/{name}", "--rule", "exposed-secret-at-head")
        assert 1 == len(found)


# --- export -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["jsonl", "sarif", "csv", "table"])
def test_a_run_is_exported_twice_with_the_same_bytes(swept: Desk, form: str) -> None:
    once = swept("export", "-f", form, "--run", "1")
    again = swept("export", "-f", form)

    assert (0, "") == (once.returncode, once.stderr)
    assert once.stdout == again.stdout
    assert once.stdout


def test_assessments_come_on_request(swept: Desk) -> None:
    kinds = [json.loads(line)["kind"] for line in swept("export", "-f", "jsonl", "--assessments").stdout.splitlines()]

    assert "assessment" in kinds


def test_a_run_that_never_was_cannot_be_exported(swept: Desk) -> None:
    assert "There is no run 99." in one_sentence(swept("export", "--run", "99"), Ending.USAGE)


def test_without_a_store_there_is_nothing_to_export(desk: Desk) -> None:
    assert "There is no store" in one_sentence(desk("export"), Ending.STORE)
    assert not desk.state.exists()


# --- the small verbs --------------------------------------------------------------------------------------------------


def test_the_rules_are_listed_and_explained(desk: Desk) -> None:
    rows = json.loads(desk("rules", "list", "-f", "json").stdout)
    page = desk("rules", "explain", "missing-owner").stdout

    assert "missing-owner" in {row["code"] for row in rows}
    own = {"coverage-gap", "undeclared-scope"}
    assert all("NHI2:2025" in row["control_ids"] for row in rows if row["code"] not in own)
    assert "missing-owner" in desk("rules", "list").stdout
    for part in ("Why it matters", "Violation", "Remediation", "PR.AA-03"):
        assert part in page


def test_the_doctor_looks_at_everything_and_writes_nothing(desk: Desk) -> None:
    answer = desk("doctor")

    assert 0 == answer.returncode, answer.stdout
    for name in ("python", "git", "matcher", "configuration", "key", "store", "limits"):
        assert f" {name} " in answer.stdout
    assert not desk.state.exists()


def test_the_doctor_reports_a_key_for_all_to_read(swept: Desk) -> None:
    (swept.state / "key").chmod(0o644)

    answer = swept("doctor")

    assert Ending.CONFIGURATION == answer.returncode
    assert "FAULT    key" in answer.stdout


def test_init_writes_a_file_that_config_show_reads(desk: Desk) -> None:
    assert 0 == desk("init", process=True).returncode

    shown = desk("config", "show", "--origin").stdout

    assert 'repositories.0.name: "example"  # nhi-agent.yaml:' in shown
    assert 'matcher: "auto"  # default' in shown
    assert "exists already; nothing was written" in one_sentence(desk("init"), Ending.USAGE)


def test_no_password_is_shown_by_config_show(desk: Desk) -> None:
    shown = desk("config", "show", environment={"NHI_AGENT_STORE": "postgresql://ada:pw9182@h/d"}).stdout

    assert "pw9182" not in shown
    assert "h/d" in shown


def test_the_store_is_verified_and_described(swept: Desk) -> None:
    assert "is sound" in swept("db", "verify").stdout
    assert "last run   1 of" in swept("db", "info").stdout
    assert 0 == swept("db", "upgrade").returncode


def test_a_log_that_does_not_tell_the_state_is_found(swept: Desk) -> None:
    import sqlite3

    with sqlite3.connect(swept.state / "store.db") as connection:
        connection.execute("UPDATE findings SET status = 'resolved' WHERE rule = 'missing-owner'")
    connection.close()

    answer = swept("db", "verify")

    assert Ending.STORE == answer.returncode
    assert "its log ends with new" in answer.stderr


def test_keys_are_shown_by_their_ids_only(swept: Desk) -> None:
    material = json.loads((swept.state / "key").read_text())["keys"][0]

    shown = swept("key", "show").stdout

    assert material["kid"] in shown
    assert material["key"] not in shown


def test_a_rotated_key_recognises_what_was_known(swept: Desk) -> None:
    before = {finding["uid"] for finding in swept.findings()}

    rotated = swept("key", "rotate")
    again = swept("sweep", "shop", "--fail-on", "new")

    assert (0, "") == (rotated.returncode, rotated.stderr)
    assert 0 == again.returncode, again.stdout + again.stderr
    assert before == {finding["uid"] for finding in swept.findings()}
    assert 2 == swept("db", "info").stdout.count("(")


def test_a_key_is_created_once(desk: Desk) -> None:
    made = desk("key", "create", "mine.key")

    assert 0 == made.returncode, made.stderr
    assert 0o600 == stat.S_IMODE((desk.home / "mine.key").stat().st_mode)
    assert "exists already" in one_sentence(desk("key", "create", "mine.key"), Ending.CONFIGURATION)


@pytest.mark.parametrize("group", [[], ["findings"], ["db"], ["key"], ["rules"], ["patterns"], ["config"]])
def test_a_group_alone_shows_its_help(desk: Desk, group: list[str]) -> None:
    answer = desk(*group)

    assert Ending.USAGE == answer.returncode
    assert desk(*group, "--help").stdout.strip() == answer.stderr.strip()


def test_choices_are_told_on_one_line(desk: Desk) -> None:
    assert "Choose from: config, jsonl" in one_sentence(desk("schema"), Ending.USAGE)


@pytest.mark.parametrize("missing", [True, False], ids=["no key", "another key"])
def test_the_doctor_tells_once_of_a_store_without_its_key(swept: Desk, missing: bool) -> None:  # noqa: FBT001
    (swept.state / "key").unlink()
    if not missing:
        assert 0 == swept("key", "create").returncode

    answer = swept("doctor")

    assert Ending.CONFIGURATION == answer.returncode
    assert 1 == answer.stdout.count("FAULT")
    assert 1 == answer.stdout.count("written under key")


def test_help_of_every_verb(desk: Desk) -> None:
    from agent.cli import COMMANDS

    shown = desk("--help").stdout

    for verb in COMMANDS:
        assert f"  {verb} " in shown
        assert 0 == desk(verb, "--help").returncode
