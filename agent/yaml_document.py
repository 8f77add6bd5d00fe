"""YAML with a memory: every value is known by its line and column, so that an error can point at it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from agent.errors import ConfigurationFault
from agent.terminal import escaped

Path_ = tuple[str | int, ...]
_SIZE_LIMIT = 1 << 20
_DEPTH_LIMIT = 32
_NODE_LIMIT = 200_000
_QUOTED = re.compile(r" ?(?:'[^']{2,}'|\"[^\"]{2,}\")")
"""What the parser written in Python quotes of the file; a single sign tells nothing, and helps."""


class Document:
    """The content of a YAML file, and where each part of it stands."""

    def __init__(self, content: Any, places: dict[Path_, tuple[int, int]], *, name: str, folder: Path) -> None:
        self.content = content
        self.name = name
        self.folder = folder
        self._places = places

    def place(self, path: Path_, *, exact: bool = False) -> str | None:
        """``file:line:column`` of a part; unless `exact`, of the nearest part around it."""
        for length in range(len(path), -1, -1):
            found = self._places.get(path[:length])
            if found and (length == len(path) or not exact):
                return f"{self.name}:{found[0]}:{found[1]}" if self.name else None
            if exact:
                break
        return None


def read(path: Path) -> Document:
    """Read a file. Every fault is a `ConfigurationFault` with file, line and column."""
    try:
        with path.open("rb") as file:
            content = file.read(_SIZE_LIMIT + 1)
    except OSError as error:
        raise ConfigurationFault(f"{escaped(str(path))} cannot be read: {error.strerror}.") from error
    if len(content) > _SIZE_LIMIT:
        raise ConfigurationFault(f"{escaped(str(path))} is larger than {_SIZE_LIMIT} bytes; is it the right file?")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationFault(f"{escaped(str(path))}:{line}:1: the file is not UTF-8.") from None
    return parse(text, name=escaped(str(path)), folder=path.absolute().parent)


def parse(text: str, *, name: str, folder: Path) -> Document:
    """Parse a text; an empty one is an empty mapping."""
    # The safe loader builds plain values only; the C parser under it, where built, is a matter of speed.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        node = loader.get_single_node()
        builder = _Builder(loader, name)
        content = builder.build(node, ()) if node is not None else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise ConfigurationFault(f"{where}: not valid YAML: {_problem(error)}.") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigurationFault(f"{name}:{line}:1: a character that YAML does not allow.") from None
    finally:
        loader.dispose()
    return Document(content, builder.places if node is not None else {}, name=name, folder=folder)


def _problem(error: yaml.MarkedYAMLError) -> str:
    """What is wrong, without a word of the file: a password that begins with a sign of YAML's would be quoted."""
    if isinstance(error, yaml.constructor.ConstructorError):
        return "tags and merged keys are not allowed; put a value that begins with '!' in quotes"
    return escaped(_QUOTED.sub("", error.problem or "unreadable").strip())


class _Builder:
    """Turns nodes into values, noting places; refuses repeated keys, and depth or size that only an attack has."""

    def __init__(self, loader: Any, name: str) -> None:
        self.places: dict[Path_, tuple[int, int]] = {}
        self._loader = loader
        self._name = name
        self._nodes = 0

    def build(self, node: Any, path: Path_) -> Any:
        self._nodes += 1
        if self._nodes > _NODE_LIMIT or len(path) > _DEPTH_LIMIT:
            raise self._fault(node, "too large or too deep")
        self.places.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, at)) for at, item in enumerate(node.value)]
        try:
            return self._loader.construct_object(node)
        except (ValueError, KeyError, AttributeError):
            # Which of them, depends on the type that a tag asks for.
            raise self._fault(node, "no such date, number or truth value") from None

    def _pairs(self, node: Any, path: Path_) -> Iterator[tuple[str, Any]]:
        seen: set[str] = set()
        for key_node, value_node in node.value:
            key = self._loader.construct_object(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                raise self._fault(key_node, "a key must be a text; put it in quotes")
            if key in seen:
                raise self._fault(key_node, f"the key '{escaped(key)}' stands here twice")
            seen.add(key)
            self.places[*path, key] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            yield key, self.build(value_node, (*path, key))

    def _fault(self, node: Any, what: str) -> ConfigurationFault:
        mark = node.start_mark
        return ConfigurationFault(f"{self._name}:{mark.line + 1}:{mark.column + 1}: {what}.")
