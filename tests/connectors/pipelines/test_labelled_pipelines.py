"""Every dialect against what a person says of the files in `corpus/`."""

from __future__ import annotations

import pytest

from connectors.pipelines.registry import dialect_of
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
        assert computed or str(one.name) in line, f"{one.name} is not on line {one.line}"


@pytest.mark.parametrize("case", [case for case in CASES if case.value in case.text], ids=named)
def test_no_value_comes_out(case: Case) -> None:
    dialect = dialect_of(case.path)
    assert dialect is not None

    assert case.value not in repr(dialect.read(case.text, case.path))


@pytest.mark.parametrize("dialect", PATHS)
def test_every_file_of_the_corpus_has_its_label(dialect: str) -> None:
    files = {str(path.relative_to(CORPUS / dialect)) for path in (CORPUS / dialect).rglob("*.yml")}

    assert files == {case.name for case in CASES if case.dialect == dialect}
