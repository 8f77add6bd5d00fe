"""Travis CI's configuration: values encrypted in the file itself, variables from outside, deployments.

`secure:` holds a value that only Travis can open, encrypted for this one repository: a slot within the file, whose name
is within the encryption where it stands in `env`. What the file does not set comes from the repository's settings. Jobs
have no token of their own that a cloud would take.

Documentation: docs.travis-ci.com/user (encryption-keys, environment-variables, deployment-v2, hashicorp-vault,
build-config-imports).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from connectors.pipelines.base import PipelineReading, Unreadable
from connectors.pipelines.notes import EVERYWHERE, Notes, Where, text_line
from connectors.pipelines.shell_variables import template
from connectors.pipelines.yaml_nodes import Mapping, Node, Scalar, Sequence, documents, items, mapping, text_of
from storage.inventory import Facet, PipelineDialect, ReferenceKind

_FILES = re.compile(r"(?:.*/)?\.travis\.ya?ml\Z|\.travis/(?:[^/]+/)*[^/]+\.ya?ml\Z")
_OWN = re.compile(r"TRAVIS(?:_\w+)?\Z|CI\Z|CONTINUOUS_INTEGRATION\Z|CC\Z|CXX\Z|HAS_JOSH_K_SEAL_OF_APPROVAL\Z")
_THEIRS = re.compile(r"TRAVIS_(?:API_)?(?:ACCESS_)?TOKEN\Z")
"""Variables that begin as those of Travis do, and that people set."""
_PHASES = (
    "before_install", "install", "before_script", "script", "before_cache", "after_success", "after_failure",
    "before_deploy", "after_deploy", "after_script",
)  # fmt: skip
_READ_BY_ITSELF = frozenset({"env", "jobs", "matrix", "deploy", "vault", "import", "stages", *_PHASES})


class Travis:
    """Reads `.travis.yml`."""

    dialect = PipelineDialect.TRAVIS
    provider = "travis"
    answers = frozenset({Facet.VAULT})

    def recognises(self, path: str) -> bool:
        """Say whether a path is the one that Travis reads, or of a file that it may import."""
        return _FILES.match(path) is not None

    def read(self, text: str, path: str) -> PipelineReading:  # noqa: ARG002  # the seam has it
        """Read one file.

        Raises:
            Unreadable: when it is no YAML, or its root is no mapping.
        """
        found = documents(text)
        if not found:
            return PipelineReading()
        if not isinstance(found[0], Mapping):
            raise Unreadable("its root is no mapping")
        return _Reading(found[0]).read()


class _Reading:
    """One file and what it says."""

    def __init__(self, root: Mapping) -> None:
        self._root = root
        self._notes = Notes("travis", keyless=False, predefined=_is_predefined)
        self._known = {name for name, _ in _variables(root.get("env")) if name}

    def read(self) -> PipelineReading:
        self._job(self._root, EVERYWHERE, set())
        stage: str | None = None
        for block in ("jobs", "matrix"):
            for item in items(mapping(self._root.get(block)).get("include")):
                one = mapping(item)
                stage = text_of(one.get("stage")) or stage
                self._job(one, Where(job=text_of(one.get("name")) or stage), set())
        self._imports()
        self._vault(mapping(self._root.get("vault")))
        return self._notes.reading()

    def _job(self, body: Mapping, at: Where, known: set[str]) -> None:
        """Read a job, or the whole file as what all jobs share."""
        known |= self._known | self._environment(body.get("env"), at)
        for phase in _PHASES:
            for command in items(body.get(phase)):
                if isinstance(command, Scalar):
                    self._command(command, at, known)
        for one in items(body.get("deploy")):
            self._deploy(one, at, known)
        for key, value in body.pairs:
            if key.text not in _READ_BY_ITSELF:
                self._values(key.text, Mapping(pairs=((key, value),), line=key.line), at, known)

    def _environment(self, node: Node | None, at: Where) -> set[str]:
        """Read variables, and return those that the file names."""
        names: set[str] = set()
        for name, value in _variables(node):
            if name is None:
                self._notes.ask(ReferenceKind.SECRET, None, value.line, at, defined=True)
                continue
            if isinstance(value, Mapping):
                if value.get("secure") is not None:
                    self._notes.ask(ReferenceKind.SECRET, name, value.line, at, defined=True)
            elif isinstance(value, Scalar):
                self._outside(value, at, names | self._known)
                self._notes.setting(name, value.text, value.line, at)
            names.add(name)
        return names

    def _command(self, command: Scalar, at: Where, known: set[str]) -> None:
        line = text_line(command)
        found = self._notes.shell(command.text, line, known, at)
        known |= found.sets

    def _outside(self, scalar: Scalar, at: Where, known: set[str]) -> None:
        self._notes.variables(template(scalar.text, text_line(scalar), known), at)

    def _deploy(self, node: Node, at: Where, known: set[str]) -> None:
        """Read one deployment: its provider's secrets, its script, and where it goes by branch."""
        provider = text_of(mapping(node).get("provider")) or "deploy"
        for key, value in mapping(node).pairs:
            if key.text == "script":
                for command in items(value):
                    if isinstance(command, Scalar):
                        self._command(command, at, set(known))
            elif key.text != "on":
                self._values(key.text, Mapping(pairs=((key, value),), line=key.line), at, known, provider)

    def _values(self, name: str, node: Node, at: Where, known: set[str], provider: str = "") -> None:
        """Read settings however deep: encrypted, from a variable, or in clear."""
        stack: list[tuple[str, int, Node]] = [(name, node.line, node)]
        while stack:
            key, line, one = stack.pop()
            match one:
                case Mapping():
                    if isinstance(one.get("secure"), Scalar):
                        told = f"{provider}.{key}" if provider else key
                        self._notes.ask(ReferenceKind.SECRET, told, line, at, defined=True)
                        continue
                    stack.extend((inner.text, inner.line, value) for inner, value in reversed(one.pairs))
                case Sequence():
                    stack.extend((key, item.line, item) for item in reversed(one.items))
                case Scalar():
                    self._outside(one, at, known)
                    self._notes.setting(key, one.text, one.line, at)
                    if key in {"slack", "rooms"} and re.fullmatch(r"[\w-]+:[A-Za-z0-9]{16,64}(?:#\S+)?", one.text):
                        self._notes.hard_coded(one.line, key, at)

    def _imports(self) -> None:
        for item in items(self._root.get("import")):
            source = text_of(item) or text_of(mapping(item).get("source")) or ""
            if source.startswith("./"):
                self._notes.include(source.partition("@")[0].removeprefix("./"), item.line)
            elif source:
                self._notes.cannot_tell(f"line {item.line} takes in a configuration that another repository holds")

    def _vault(self, vault: Mapping) -> None:
        """Read which paths of HashiCorp's Vault are read, with the token that the file or the settings hold."""
        if not vault.pairs:
            return
        token = vault.get("token")
        self._notes.vault("hashicorp_vault", vault.line, "vault", keyless=None if token is None else False)
        if token is not None:
            self._values("token", token, EVERYWHERE, set(self._known), "vault")
        for item in items(vault.get("secrets")):
            paths = [key for key, _ in item.pairs] if isinstance(item, Mapping) else [item]
            for path in paths:
                if isinstance(path, Scalar) and path.text != "kv_api_ver":
                    self._notes.ask(ReferenceKind.VAULT, None if "$" in path.text else path.text, path.line)


def _is_predefined(name: str) -> bool:
    return _OWN.match(name) is not None and _THEIRS.match(name) is None


def _variables(node: Node | None) -> Iterator[tuple[str | None, Node]]:
    """Yield the variables of `env`: its own, `global`, `jobs`; the name is `None` where it is encrypted too."""
    match node:
        case Mapping():
            if isinstance(node.get("secure"), Scalar):
                yield None, node
                return
            for key, value in node.pairs:
                if key.text in {"global", "jobs", "matrix"}:
                    yield from _variables(value)
                else:
                    yield key.text, value
        case Sequence():
            for item in node.items:
                yield from _variables(item)
        case Scalar():
            for name, text in _assignments(node.text):
                yield name, Scalar(text=text, line=node.line, plain=node.plain)
        case None:
            return


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a line of `env` sets: `A=1 B="two words"`."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    for word in words:
        name, equals, value = word.partition("=")
        if equals and re.fullmatch(r"[A-Za-z_]\w*", name):
            yield name, value
