from __future__ import annotations

import pytest

from connectors.pipelines.base import Unreadable
from connectors.pipelines.groovy_tokens import tokens
from connectors.pipelines.jenkinsfile import Jenkinsfile
from storage.inventory import PipelineSignal, ReferenceKind


def asked(text: str) -> list[tuple[str, str | None]]:
    return [(one.kind.value, one.name) for one in Jenkinsfile().read(text, "Jenkinsfile").references]


def texts(text: str) -> list[str]:
    return [one.text for one in tokens(text) if one.kind == "text"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 'it\\'s'", ["it's"]),
        ('x = "a\\"b"', ['a"b']),
        ("x = '''a\n'b'\n'''", ["a\n'b'\n"]),
        ('x = """a\n"b"\n"""', ['a\n"b"\n']),
        ("x = /a\\/b 'c'/", ["a/b 'c'"]),
        ("x = $/a/b 'c' $$d/$", ["a/b 'c' $d"]),
        ("x = a / b; y = c / 'd'", ["d"]),
        ("// 'a'\n/* 'b' */ 'c'", ["c"]),
        ("'http://a' // 'b'", ["http://a"]),
        ('"${f("x")}" + \'y\'', ["\0", "y"]),
        ("#!/usr/bin/env 'a'\n'b'", ["b"]),
    ],
)
def test_texts_and_comments_are_told_apart(text: str, expected: list[str]) -> None:
    assert expected == texts(text)


def test_a_token_knows_its_line_behind_long_texts_and_comments() -> None:
    assert 6 == tokens("'''\n\n'''\n/*\n*/\nend")[-1].line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("X = credentials('a')", [("stored_credential", "a")]),
        ('X = credentials("a-${B}")', [("any_secret", None)]),
        ("def B = 'b'\nX = credentials(\"a-${B}\")", [("stored_credential", "a-b")]),
        ("def B = 'b'\nB = 'c'\nX = credentials(B)", [("any_secret", None)]),
        ("git credentialsId: 'a', url: 'b'", [("stored_credential", "a")]),
        ("git(url: 'b',\n credentialsId:\n  'a')", [("stored_credential", "a")]),
        ("sshagent(['a', 'b']) { }", [("stored_credential", "a"), ("stored_credential", "b")]),
        ("sshagent([id]) { }", [("any_secret", None)]),
        ("docker.withRegistry(url, 'a') { }", [("stored_credential", "a")]),
        ('docker.withRegistry("x(${y})") { }', []),
        ("withCredentials(bindings) { }", [("any_secret", None)]),
        ("x(credentialsId: a ? 'b' : 'c')", [("stored_credential", "b"), ("stored_credential", "c")]),
        ("x(credentialsId: '')", []),
        ("x(credentialsId: null)", []),
        ("echo \"${credentials('a')}\"", [("stored_credential", "a")]),
        ("def credentials = load()", []),
        ("kubernetesDeploy(configs: 'a', kubeconfigId: 'b')", [("stored_credential", "b")]),
        ('withAWS(role: "r-${x}") { }', [("federation", None)]),
        ("withVault(vaultSecrets: [[path: 'a/b', secretValues: []]]) { }", [("vault", "a/b")]),
        ("azureKeyVault(secrets: [[name: 'a', envVariable: 'B']]) { }", [("vault", "a")]),
    ],
)
def test_what_is_asked_for(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert expected == asked(text)


def test_what_a_stage_asks_for_is_told_with_the_stage() -> None:
    text = "stage('A') {\n  stage(\"B ${x}\") {\n    x(credentialsId: 'b')\n  }\n}\nx(credentialsId: 'c')"

    assert [("b", "A", 3), ("c", None, 6)] == [
        (one.name, one.job, one.line) for one in Jenkinsfile().read(text, "Jenkinsfile").references
    ]


def test_other_files_and_libraries_are_told() -> None:
    found = Jenkinsfile().read("@Library('a') _\nload 'ci/b.groovy'\nload path", "Jenkinsfile")

    assert ("ci/b.groovy",) == found.includes
    assert 2 == len(found.undetermined)


def test_a_shells_variables_count_where_their_names_promise_a_secret() -> None:
    found = Jenkinsfile().read(
        "sh 'a $AWS_SECRET_ACCESS_KEY $PLAIN'\nsh \"b $GROOVY_TOKEN \\$SHELL_TOKEN\"", "Jenkinsfile"
    )

    assert ["AWS_SECRET_ACCESS_KEY", "SHELL_TOKEN"] == [one.name for one in found.references]
    assert [PipelineSignal.STATIC_CLOUD_KEY] == [one.signal for one in found.facts]


def test_calls_within_calls_without_end_are_refused() -> None:
    with pytest.raises(Unreadable):
        Jenkinsfile().read("withCredentials(" * 50_000, "Jenkinsfile")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Jenkinsfile", True),
        ("ci/Jenkinsfile.release", True),
        ("release.jenkinsfile", True),
        ("vars/deploy.groovy", True),
        ("jenkins/steps/a.groovy", True),
        ("src/Main.groovy", False),
        ("docs/Jenkinsfile.md", False),
    ],
)
def test_a_jenkinsfile_is_known_by_its_path(path: str, expected: bool) -> None:  # noqa: FBT001  # a parameter of the test
    assert expected == Jenkinsfile().recognises(path)


def test_a_credential_that_the_one_who_starts_chooses_may_be_any() -> None:
    found = Jenkinsfile().read("parameters { credentials(name: 'A', defaultValue: 'b') }", "Jenkinsfile")

    assert {ReferenceKind.ANY_SECRET, ReferenceKind.STORED_CREDENTIAL} == {one.kind for one in found.references}
