"""YAML of a stranger, as a tree of plain nodes that know their lines.

The tree is made of PyYAML's events, so that no tag builds anything. Anchors are followed within limits: a text that
grows without end when its aliases are followed is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from connectors.pipelines.base import Unreadable
from storage.inventory import Record

_CHARACTERS = 1 << 20
_DEPTH = 64
_NODES = 100_000


class Scalar(Record, frozen=True, kw_only=True):
    """A single value, as text: in YAML `on`, `012` and `1.0` are what the file says, not what a type makes of it."""

    text: str
    line: int
    """Line where it begins, from 1."""
    plain: bool = True
    """Whether it stands without quotes and is no block."""
    block: bool = False
    """Whether it is a block (`|` or `>`): its first line of text is then the one after `line`."""


class Sequence(Record, frozen=True, kw_only=True):
    """A list."""

    items: tuple[Node, ...]
    line: int


class Mapping(Record, frozen=True, kw_only=True):
    """Keys and values in their order. A key that is no scalar has no name, and is left out."""

    pairs: tuple[tuple[Scalar, Node], ...]
    line: int

    def get(self, key: str) -> Node | None:
        """Return the value of a key; of a key that stands twice, the last one counts, as most parsers have it."""
        return next((value for name, value in reversed(self.pairs) if name.text == key), None)

    def key(self, key: str) -> Scalar | None:
        """Return a key itself, for its line."""
        return next((name for name, _ in reversed(self.pairs) if name.text == key), None)


Node = Scalar | Sequence | Mapping


def documents(text: str) -> tuple[Node, ...]:
    """Return the documents of a text; an empty one is left out.

    Raises:
        Unreadable: when it is no YAML, or over a limit of size, depth or number of nodes.
    """
    if len(text) > _CHARACTERS:
        raise Unreadable(f"it is longer than {_CHARACTERS:,} characters")
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = []
    try:
        events = yaml.parse(text, Loader=loader)
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                node = _Document(events).read()
                if node is not None:
                    found.append(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable(f"it is no YAML{f' at line {mark.line + 1}' if mark else ''}") from None
    except (yaml.YAMLError, RecursionError):
        raise Unreadable("it is no YAML") from None
    return tuple(found)


def mapping(node: Node | None) -> Mapping:
    """Return a node as a mapping; an empty one for anything else."""
    return node if isinstance(node, Mapping) else Mapping(pairs=(), line=node.line if node else 0)


def items(node: Node | None) -> tuple[Node, ...]:
    """Return a node's items; a single value counts as a list of one, since most dialects take both."""
    if node is None:
        return ()
    return node.items if isinstance(node, Sequence) else (node,)


def text_of(node: Node | None) -> str | None:
    """Return a scalar's text, `None` for anything else."""
    return node.text if isinstance(node, Scalar) else None


def scalars(node: Node | None) -> Iterator[Scalar]:
    """Yield every scalar value under a node, keys left out, in the file's order."""
    match node:
        case Scalar():
            yield node
        case Sequence():
            for item in node.items:
                yield from scalars(item)
        case Mapping():
            for _, value in node.pairs:
                yield from scalars(value)
        case None:
            return


class _Document:
    """Builds one document, and counts: what an alias stands for counts again, so that its growth is known."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._nodes = 0
        self._anchors: dict[str, tuple[Node, int]] = {}

    def read(self) -> Node | None:
        """Read up to the end of the document; `None` for an empty one."""
        event = next(self._events)
        if isinstance(event, yaml.DocumentEndEvent) or (
            isinstance(event, yaml.ScalarEvent) and event.value == "" and event.anchor is None
        ):
            return None
        return self._node(event, 0)

    def _node(self, event: yaml.Event, depth: int) -> Node:
        self._count(1)
        if depth > _DEPTH:
            raise Unreadable(f"it is nested more than {_DEPTH} deep")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before, line = self._nodes, _line(event)
        if isinstance(event, yaml.SequenceStartEvent):
            node: Node = Sequence(items=tuple(self._until(yaml.SequenceEndEvent, depth + 1)), line=line)
        elif isinstance(event, yaml.MappingStartEvent):
            children = list(self._until(yaml.MappingEndEvent, depth + 1))
            node = Mapping(pairs=_pairs(children), line=line)
        elif isinstance(event, yaml.ScalarEvent):
            style = event.style
            node = Scalar(text=event.value, line=line, plain=style in {None, ""}, block=style in {"|", ">"})
        else:
            raise Unreadable("it is no YAML")
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, self._nodes - before + 1)
        return node

    def _until(self, end: type[yaml.Event], depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield self._node(event, depth)

    def _alias(self, event: yaml.AliasEvent) -> Node:
        """Return what an alias stands for; one that names what is still being built would hold itself."""
        if event.anchor not in self._anchors:
            raise Unreadable(f"an alias at line {_line(event)} names nothing that stands before it")
        node, size = self._anchors[event.anchor]
        self._count(size)
        return node

    def _count(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > _NODES:
            raise Unreadable(f"its lists and aliases grow to more than {_NODES:,} nodes")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 0


def _pairs(children: list[Node]) -> tuple[tuple[Scalar, Node], ...]:
    """Return keys with values; what is merged in by `<<` comes first, so that the mapping's own keys count."""
    merged: list[tuple[Scalar, Node]] = []
    own: list[tuple[Scalar, Node]] = []
    for key, value in zip(children[::2], children[1::2], strict=False):
        if not isinstance(key, Scalar):
            continue
        if key.text == "<<" and key.plain:
            merged.extend(pair for one in items(value) if isinstance(one, Mapping) for pair in one.pairs)
        else:
            own.append((key, value))
    return (*merged, *own)
