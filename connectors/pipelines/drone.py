"""Drone's pipelines, and Woodpecker's, which came of them.

A step sees only the secrets that it names: `from_secret`, or a list `secrets:` in older versions and in Woodpecker.
Variables that a file does not set come from the server alone, so none of them is a slot. Jobs have no token of their
own that a cloud would take.

Documentation: docs.drone.io/secret, /yaml/docker, /template; woodpecker-ci.org/docs/usage (secrets, workflow syntax).
"""

from __future__ import annotations

import re

from connectors.pipelines.base import PipelineReading, Unreadable
from connectors.pipelines.notes import EVERYWHERE, Notes, Where, text_line
from connectors.pipelines.yaml_nodes import Mapping, Node, Scalar, Sequence, documents, items, mapping, text_of
from storage.inventory import Facet, PipelineDialect, ReferenceKind

_FILES = re.compile(
    r"(?:.*/)?\.drone\.(?:ya?ml|jsonnet|star)\Z|(?:.*/)?\.woodpecker\.(?:ya?ml|star)\Z|\.(?:woodpecker|drone)/(?:[^/]+/)*[^/]+\.ya?ml\Z"
)
_PROGRAMS = (".jsonnet", ".star")
_NOT_STEPS = frozenset({"when", "depends_on", "trigger", "labels", "platform", "node", "node_selector", "volumes"})


class Drone:
    """Reads `.drone.yml` and Woodpecker's workflows."""

    dialect = PipelineDialect.DRONE
    provider = "drone"
    answers = frozenset({Facet.VAULT})

    def recognises(self, path: str) -> bool:
        """Say whether a path is Drone's or Woodpecker's."""
        return _FILES.match(path) is not None

    def read(self, text: str, path: str) -> PipelineReading:
        """Read one file.

        Raises:
            Unreadable: when it is a program that makes pipelines, no YAML, or no pipeline.
        """
        if path.endswith(_PROGRAMS):
            raise Unreadable("it is a program that makes pipelines while it runs")
        found = documents(text)
        if any(isinstance(one, Scalar) for one in found):
            raise Unreadable("it holds no pipeline")
        return _Reading(found).read()


class _Reading:
    """One file: the secrets that it declares itself, and what it says."""

    def __init__(self, found: tuple[Node, ...]) -> None:
        self._documents = [one for one in found if isinstance(one, Mapping)]
        self._notes = Notes("drone", keyless=False)
        self._declared = {
            name
            for one in self._documents
            if text_of(one.get("kind")) == "secret" and (name := text_of(one.get("name")))
        }

    def read(self) -> PipelineReading:
        for one in self._documents:
            match text_of(one.get("kind")):
                case "secret":
                    self._secret(one)
                case "template":
                    self._notes.cannot_tell("the pipeline comes of a template that the server holds")
                    self._values(one.get("data"), EVERYWHERE)
                case "signature":
                    pass
                case _:
                    self._pipeline(one)
        return self._notes.reading()

    def _secret(self, document: Mapping) -> None:
        """Read a secret that the file declares: encrypted in it, or at a path of a store outside."""
        get = mapping(document.get("get"))
        path = get.get("path")
        if isinstance(path, Scalar):
            name = text_of(get.get("name"))
            self._notes.vault("outside", path.line, "kind: secret, get")
            self._notes.ask(ReferenceKind.VAULT, f"{path.text}#{name}" if name else path.text, path.line)

    def _pipeline(self, document: Mapping) -> None:
        for item in items(document.get("image_pull_secrets")):
            if name := text_of(item):
                self._ask(name, item.line, EVERYWHERE)
        for block in ("steps", "pipeline", "services", "clone"):
            node = document.get(block)
            if isinstance(node, Mapping) and not self._is_step(node):
                for key, value in node.pairs:
                    self._step(mapping(value), Where(job=key.text))
                continue
            for item in items(node):
                if isinstance(item, Mapping):
                    self._step(item, Where(job=text_of(item.get("name"))))
        self._values(document.get("environment"), EVERYWHERE)

    def _is_step(self, node: Mapping) -> bool:
        """Whether a block is one step by itself, as `clone: {depth: 1}` is, and no mapping of steps."""
        return not any(isinstance(value, Mapping) for _, value in node.pairs) or node.get("image") is not None

    def _step(self, step: Mapping, at: Where) -> None:
        """Read a step: the secrets that it lists, its commands, and its settings however deep."""
        for key, value in step.pairs:
            if key.text == "secrets":
                for item in items(value):
                    self._listed(item, at)
            elif key.text in {"commands", "command", "entrypoint"}:
                for item in items(value):
                    if isinstance(item, Scalar):
                        self._notes.commands(item.text, text_line(item), at)
            elif key.text == "group" or key.text in _NOT_STEPS:
                continue
            else:
                self._values(value, at, key.text)

    def _listed(self, item: Node, at: Where) -> None:
        """Read one of `secrets:`, which is a name, or a name with that of its variable."""
        name = text_of(item) or text_of(mapping(item).get("source"))
        if name:
            self._ask(name, item.line, at)
        target = text_of(mapping(item).get("target"))
        if target:
            self._notes.named(target.upper(), item.line, at)
        elif name:
            self._notes.named(name.upper(), item.line, at)

    def _values(self, node: Node | None, at: Where, name: str = "") -> None:
        """Read values however deep: what comes from a secret, and what stands there itself."""
        stack: list[tuple[str, Node | None]] = [(name, node)]
        while stack:
            key, one = stack.pop()
            match one:
                case Mapping():
                    source = one.get("from_secret")
                    if isinstance(source, Scalar):
                        self._ask(source.text, source.line, at)
                        self._notes.named(key, source.line, at)
                        continue
                    stack.extend((inner.text, value) for inner, value in reversed(one.pairs))
                case Sequence():
                    stack.extend((key, item) for item in reversed(one.items))
                case Scalar():
                    self._value(key, one, at)
                case None:
                    pass

    def _value(self, key: str, scalar: Scalar, at: Where) -> None:
        name, equals, text = scalar.text.partition("=")
        if key in {"environment", "build_args", "build_args_from_env"} and equals:
            key, scalar = name.strip(), Scalar(text=text, line=scalar.line)
        self._notes.setting(key, scalar.text, scalar.line, at)

    def _ask(self, name: str, line: int, at: Where) -> None:
        if "${" in name:
            self._notes.ask(ReferenceKind.ANY_SECRET, None, line, at)
        else:
            self._notes.ask(ReferenceKind.SECRET, name, line, at, defined=True if name in self._declared else None)
