"""The rules of the house that no linter knows: names, layout, packaging, what may be loaded when."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import packages_distributions, version
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

import storage.inventory

PACKAGES = ("agent", "connectors", "rules", "storage")
SIBLINGS = ("connectors", "rules", "storage")
HOUSE = Path(__file__).resolve().parent.parent
NOT_RULES = {"base", "frameworks", "judgement", "registry"}


def modules(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (HOUSE / package).rglob("*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(HOUSE))


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        match node:
            case ast.Import(names=names):
                found |= {name.name for name in names}
            case ast.ImportFrom(module=str(module), names=names):
                found |= {module} | {f"{module}.{name.name}" for name in names}
            case _:
                pass
    return found


# --- the guard --------------------------------------------------------------------------------------------------------


def start_with(*folders: Path, code: str = "import agent") -> subprocess.CompletedProcess[str]:
    """Run code in a new, bare Python that looks for packages in these folders before anywhere else."""
    places = [str(folder) for folder in folders]
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {places!r}\n{code}"],
        capture_output=True,
        text=True,
        check=False,
    )


def test_guard_lets_the_house_start() -> None:
    answer = start_with(HOUSE)

    assert (0, "") == (answer.returncode, answer.stderr)


@pytest.mark.parametrize("name", SIBLINGS)
def test_guard_refuses_a_foreign_package_and_does_not_run_it(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("print('foreign code ran')")

    answer = start_with(tmp_path, HOUSE)

    assert 1 == answer.returncode
    assert "foreign code ran" not in answer.stdout
    assert f"ImportError: nhi-agent refuses to start: its package '{name}'" in answer.stderr
    assert str(tmp_path / name) in answer.stderr


def test_guard_refuses_a_foreign_module(tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text("print('foreign code ran')")

    answer = start_with(tmp_path, HOUSE)

    assert 1 == answer.returncode
    assert "foreign code ran" not in answer.stdout
    assert "its package 'rules'" in answer.stderr


def test_guard_refuses_a_folder_without_init(tmp_path: Path) -> None:
    for package in ("agent", "connectors", "storage"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_bytes((HOUSE / package / "__init__.py").read_bytes())
    (tmp_path / "rules").mkdir()

    answer = start_with(tmp_path)

    assert 1 == answer.returncode
    assert "its package 'rules'" in answer.stderr


def test_guard_refuses_a_package_that_was_loaded_earlier(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "__init__.py").touch()

    answer = start_with(tmp_path, HOUSE, code=f"import rules; sys.path.remove({str(tmp_path)!r}); import agent")

    assert 1 == answer.returncode
    assert "refuses to start" in answer.stderr


@pytest.mark.parametrize("name", SIBLINGS)
def test_guard_says_when_a_package_is_missing(name: str, tmp_path: Path) -> None:
    for package in PACKAGES:
        if package != name:
            (tmp_path / package).mkdir()
            (tmp_path / package / "__init__.py").write_bytes((HOUSE / package / "__init__.py").read_bytes())

    answer = start_with(tmp_path)

    assert 1 == answer.returncode
    assert f"its package '{name}' should be in {tmp_path.resolve()}, but Python finds none" in answer.stderr


def test_there_is_no_second_way_in() -> None:
    """``python -m agent`` would run an ``agent/`` of the working folder: only the console script starts the program."""
    assert [] == [named(path) for path in modules(*PACKAGES) if path.name == "__main__.py"]


@pytest.mark.parametrize("name", PACKAGES)
def test_no_foreign_distribution_claims_a_name_of_ours(name: str) -> None:
    # Not ==: an editable install lists no packages.
    assert set(packages_distributions().get(name, ())) <= {"nhi-agent"}


# --- layout -----------------------------------------------------------------------------------------------------------


def test_no_file_has_a_name_that_tells_nothing() -> None:
    empty_words = {"common", "helpers", "manager", "misc", "tools", "util", "utils"}

    assert [] == [named(path) for path in modules(*PACKAGES) if path.stem in empty_words]


def test_storage_may_be_entered_without_its_database() -> None:
    """Connectors import ``storage.inventory``, and with it this file."""
    body = ast.parse((HOUSE / "storage" / "__init__.py").read_bytes()).body

    assert [] == [node for node in body if not isinstance(node, ast.Expr)]


@pytest.mark.parametrize("path", modules("connectors", "rules"), ids=named)
def test_connectors_and_rules_know_the_vocabulary_alone(path: Path) -> None:
    of_storage = {name for name in imports(path) if name.split(".")[0] == "storage"}

    assert of_storage <= {name for name in of_storage if f"{name}.".startswith("storage.inventory.")}


def test_the_vocabulary_imports_nothing_of_the_house() -> None:
    imported = {name.split(".")[0] for name in imports(HOUSE / "storage" / "inventory.py")}

    assert not imported & {*PACKAGES, "alembic", "pydantic", "sqlalchemy"}


@pytest.mark.parametrize("path", [path for path in modules(*PACKAGES) if path.stem != "__init__"], ids=named)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    if "migrations" in path.parts:
        pytest.skip("migrations are named by what they do")
    assert ast.get_docstring(ast.parse(path.read_bytes()))


DANGEROUS = re.compile(
    rb"shell\s*=\s*True|\bos\.system\(|\bos\.popen\(|\beval\(|(?<![.\w])exec\(|\bpickle\b|\byaml\.load\(|\bextractall\("
    rb"|\bverify\s*=\s*False"
)


@pytest.mark.parametrize("path", modules(*PACKAGES), ids=named)
def test_no_module_runs_what_it_reads(path: Path) -> None:
    """No shell, no evaluation, no unpickling, no unpacking to disk, no connection without verification."""
    assert [] == [line.decode() for line in path.read_bytes().splitlines() if DANGEROUS.search(line)]


# --- the vocabulary ---------------------------------------------------------------------------------------------------


def records(module: ModuleType) -> list[type[msgspec.Struct]]:
    return [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, msgspec.Struct) and thing.__module__ == module.__name__
        # The base of all has no fields.
        if thing.__struct_fields__
    ]


RECORDS = records(storage.inventory)


def test_there_is_a_vocabulary() -> None:
    assert RECORDS


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_a_record_is_frozen_and_built_by_names(record: type[msgspec.Struct]) -> None:
    assert record.__struct_config__.frozen
    with pytest.raises(TypeError, match="positional"):
        record(*["x" for _ in record.__struct_fields__])


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_no_field_can_hold_a_secret_or_breaks_the_naming(record: type[msgspec.Struct]) -> None:
    forbidden = {"id", "password", "raw", "raw_value", "secret", "value"}

    names = set(record.__struct_fields__)

    assert not names & forbidden
    assert [] == sorted(name for name in names if name.endswith("_at"))


def fields_without_a_line(source: str) -> list[str]:
    """Fields of classes that are not followed by a string that says what they are."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ClassDef):
            continue
        for field, after in zip(node.body, [*node.body[1:], None], strict=True):
            described = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and not described:
                found.append(f"{node.name}.{field.target.id}")
    return found


def test_every_field_of_the_vocabulary_says_what_it_is() -> None:
    assert [] == fields_without_a_line((HOUSE / "storage" / "inventory.py").read_text())


def may_be_none(hint: Any) -> bool:
    return get_origin(hint) in (Union, UnionType) and type(None) in get_args(hint)


def test_no_mutable_container_hides_in_a_record() -> None:
    mutable = {list, dict, set, bytearray}
    found = [
        f"{record.__name__}.{name}"
        for record in RECORDS
        for name, hint in get_type_hints(record).items()
        for part in (get_args(hint) if may_be_none(hint) else (hint,))
        if (get_origin(part) or part) in mutable
    ]

    assert [] == found


# --- rules ------------------------------------------------------------------------------------------------------------

RULE_FILES = [path for path in (HOUSE / "rules").glob("*.py") if path.stem not in NOT_RULES | {"__init__"}]
PARTS = ("Why it matters", "Violation", "Remediation")


def camel(stem: str) -> str:
    return "".join(word.capitalize() for word in stem.split("_"))


@pytest.mark.parametrize("path", RULE_FILES, ids=named)
def test_a_rule_is_one_word_in_three_spellings(path: Path) -> None:
    module = importlib.import_module(f"rules.{path.stem}")

    rule = getattr(module, camel(path.stem), None)

    assert rule is not None, f"{named(path)} holds no class {camel(path.stem)}"
    assert path.stem.replace("_", "-") == rule.code


@pytest.mark.parametrize("path", RULE_FILES, ids=named)
def test_a_rules_docstring_is_its_page(path: Path) -> None:
    rule = getattr(importlib.import_module(f"rules.{path.stem}"), camel(path.stem))
    page = rule.__doc__ or ""

    places = [page.find(part) for part in PARTS]

    assert -1 not in places, f"the page needs: {', '.join(PARTS)}"
    assert sorted(places) == places, f"the parts stand in this order: {', '.join(PARTS)}"


def test_every_rule_is_registered_once() -> None:
    registry = importlib.import_module("rules.registry")
    registered = [rule.code for rule in registry.RULES]

    assert sorted(path.stem.replace("_", "-") for path in RULE_FILES) == sorted(registered)


@pytest.mark.parametrize("path", RULE_FILES, ids=named)
def test_a_rule_has_its_test(path: Path) -> None:
    assert (HOUSE / "tests" / "rules" / f"test_{path.name}").is_file()


@pytest.mark.parametrize("path", RULE_FILES, ids=named)
def test_a_rules_name_holds_no_threshold(path: Path) -> None:
    assert not any(character.isdigit() for character in path.stem)


# --- what is loaded when ----------------------------------------------------------------------------------------------

HEAVY = (
    "azure", "boto3", "botocore", "detect_secrets", "git", "google", "httpx2", "hyperscan", "jsonschema", "pydantic",
    "rich", "sqlalchemy", "yaml",
)  # fmt: skip


def loaded_by(*arguments: str) -> set[str]:
    code = (
        "import json, sys\n"
        f"sys.argv = {['nhi-agent', *arguments]!r}\n"
        "from agent.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "print('\\n' + json.dumps(sorted(sys.modules)))\n"
    )
    answer = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, cwd=HOUSE)
    return {name.split(".")[0] for name in json.loads(answer.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("sweep", "--help"), ("patterns", "test", "--help")], ids=" ".join
)
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert set() == loaded_by(*arguments) & set(HEAVY)


def test_version_is_the_one_of_pyproject() -> None:
    answer = subprocess.run(
        [Path(sys.executable).with_name("nhi-agent"), "--version"], capture_output=True, text=True, check=True
    )

    assert version("nhi-agent") in answer.stdout
    assert f'version = "{version("nhi-agent")}"' in (HOUSE / "pyproject.toml").read_text()


@pytest.mark.parametrize("package", SIBLINGS)
def test_every_module_can_be_imported(package: str) -> None:
    top = importlib.import_module(package)

    for module in pkgutil.walk_packages(top.__path__, prefix=f"{package}."):
        # Importing alembic's environment runs migrations; alembic alone does that.
        if not module.name.startswith("storage.migrations"):
            importlib.import_module(module.name)


# --- locks and packaging ----------------------------------------------------------------------------------------------


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.\-]+)(?:\[[a-z,]+\])?==(\S+)", (HOUSE / lock).read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_no_host_and_no_path(lock: str) -> None:
    text = (HOUSE / lock).read_text()

    for mark in ("://", "--index", "--extra-index", "--find-links", "--trusted-host", "@ ", "file:", str(HOUSE)):
        assert mark not in text


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_pin_of_a_lock_has_its_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=[a-z])", (HOUSE / lock).read_text())

    assert [] == [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry]


def test_the_development_lock_contains_the_other() -> None:
    core, everything = pins("requirements.lock"), pins("requirements-dev.lock")

    assert core
    assert core.items() <= everything.items()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution and the wheel that was built from it."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, HOUSE], capture_output=True, check=True
    )
    return out


def files_of_the_project() -> set[str]:
    answer = subprocess.run(
        ["git", "-C", HOUSE, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PACKAGES],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name for name in answer.stdout.split("\0") if name and (HOUSE / name).exists()}


def test_the_wheel_holds_the_four_packages_and_nothing_else(built: Path) -> None:
    if not (HOUSE / ".git").exists():
        pytest.skip("not a checkout: there is nothing to compare with")
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        inside = {name for name in wheel.namelist() if ".dist-info/" not in name and not name.endswith("/")}

    assert files_of_the_project() == inside


def test_the_wheel_has_its_command_and_its_licence(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = {name.partition(".dist-info/")[2]: name for name in wheel.namelist()}
        commands = wheel.read(names["entry_points.txt"]).decode()

        assert "nhi-agent = agent.cli:main" in commands
        assert wheel.read(names["licenses/LICENSE"]) == (HOUSE / "LICENSE").read_bytes()


def test_the_source_distribution_can_be_tested(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {"Makefile", "requirements.lock", "requirements-dev.lock", "tests/conftest.py", "tests/package.sh"} <= names


# --- what the repository says about where it was made -----------------------------------------------------------------


def text_files() -> list[str]:
    answer = subprocess.run(
        ["git", "-C", HOUSE, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in answer.stdout.split("\0") if name and (HOUSE / name).is_file()]


def test_no_file_names_the_machine_it_was_written_on() -> None:
    here = str(HOUSE).encode()

    assert [] == [name for name in text_files() if here in (HOUSE / name).read_bytes()]


def test_readme_shows_the_real_help() -> None:
    """The help text in the README stands between two marks, and is the program's own."""
    match = re.search(r"<!-- help -->\n```text\n(.*?)```\n<!-- /help -->", (HOUSE / "README.md").read_text(), re.DOTALL)
    answer = subprocess.run(
        [Path(sys.executable).with_name("nhi-agent"), "--help"], capture_output=True, text=True, check=True
    )

    assert match is not None, "README.md needs the help text between <!-- help --> and <!-- /help -->"
    assert answer.stdout == match[1]
