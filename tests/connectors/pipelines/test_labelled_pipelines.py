"""Every dialect against what a person says of the files in `corpus/`."""

from __future__ import annotations

import re

import pytest

from connectors.pipelines.base import Dialect
from connectors.pipelines.registry import DIALECTS, dialect_of
from storage.inventory import Facet, PipelineSignal, ReferenceKind
from tests.connectors.pipelines.corpus_of_files import CORPUS, PATHS, Case, cases, references_of, signals_of

CASES = list(cases())


def named(case: Case) -> str:
    return f"{case.dialect}/{case.name}"


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_file_is_read_as_a_person_reads_it(case: Case) -> None:
    dialect = dialect_of(case.path)
    assert dialect is not None

    reading = dialect.read(case.text, case.path)

    assert case.dialect == dialect.dialect.value
    assert case.references == references_of(reading)
    assert case.signals == signals_of(reading)
    assert case.undetermined == bool(reading.undetermined)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_name_stands_on_its_line(case: Case) -> None:
    dialect = dialect_of(case.path)
    assert dialect is not None

    for one in dialect.read(case.text, case.path).references:
        line = case.text.splitlines()[one.line - 1]
        computed = one.name is None or one.kind.value in {"federation", "vault"} or "format(" in line
        assert computed or stands_on(str(one.name), line, case), f"{one.name} is not on line {one.line}"


def stands_on(name: str, line: str, case: Case) -> bool:
    """Say whether a line holds a name, or the part of it that a dialect puts together with another."""
    if case.dialect == "jenkins" and f"= '{name}'" in case.text:
        return any(given in line for given in re.findall(rf"(\w+) = '{re.escape(name)}'", case.text))
    if case.dialect == "circleci" and "/setup" in line:
        # An orb takes a variable of the usual name by itself.
        return True
    parts = re.split(r"[/.]", name) if case.dialect in {"tekton", "travis"} else [name]
    return name in line or any(part in line for part in parts) or (case.dialect == "travis" and "secure" in line)


@pytest.mark.parametrize("case", [case for case in CASES if case.value in case.text], ids=named)
def test_no_value_comes_out(case: Case) -> None:
    dialect = dialect_of(case.path)
    assert dialect is not None

    assert case.value not in repr(dialect.read(case.text, case.path))


@pytest.mark.parametrize("dialect", PATHS)
def test_every_file_of_the_corpus_has_its_label(dialect: str) -> None:
    files = {
        str(path.relative_to(CORPUS / dialect))
        for path in (CORPUS / dialect).rglob("*")
        if path.is_file() and path.suffix != ".toml"
    }

    assert files == {case.name for case in CASES if case.dialect == dialect}


SIGNS = {
    Facet.VAULT: PipelineSignal.HARD_CODED_VALUE,
    Facet.TRUST: PipelineSignal.UNTRUSTED_TRIGGER,
    Facet.CREDENTIALS: PipelineSignal.PERSISTED_CREDENTIALS,
    Facet.PRIVILEGES: ReferenceKind.ALL_SECRETS,
}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.dialect.value)
def test_a_dialect_answers_only_what_it_was_seen_to_find(dialect: Dialect) -> None:
    """Silence says that all is well only where the reader would have spoken."""
    readings = [dialect.read(case.text, case.path) for case in CASES if case.dialect == dialect.dialect.value]
    found: set[object] = {fact.signal for one in readings for fact in one.facts}
    found |= {asked.kind for one in readings for asked in one.references}

    assert dialect.answers <= {facet for facet, sign in SIGNS.items() if sign in found}
