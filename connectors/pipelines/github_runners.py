"""Whose machines the jobs of a GitHub workflow run on, as far as their labels tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from connectors.pipelines.github_expressions import (
    Context,
    Expression,
    Index,
    Literal,
    Operation,
    expressions_in,
    literals_in,
)
from connectors.pipelines.reading import Gathering
from connectors.pipelines.yaml_nodes import Mapping as Map
from connectors.pipelines.yaml_nodes import Node, Scalar, items, mapping, text_of
from storage.inventory import PipelineSignal

_HOSTED = re.compile(r"(?:ubuntu|windows|macos)-[\w.-]{1,60}")
_MOST_LABELS = 10_000


def tell_runner(gathered: Gathering, job: str, node: Map) -> None:
    """Say whether a job runs on a machine of one's own."""
    runs_on = node.get("runs-on")
    if runs_on is None:
        return
    if isinstance(runs_on, Map) and runs_on.get("labels") is None:
        gathered.doubt(f"whose machines the runner group at line {runs_on.line} has cannot be told")
        return
    asked = (one for part in items(mapping(runs_on).get("labels") or runs_on) for one in _labels(part, node))
    labels = list(islice(asked, _MOST_LABELS + 1))
    if len(labels) > _MOST_LABELS:
        labels.append(None)
    if any(label is not None and label.lower() == "self-hosted" for label in labels):
        gathered.prove(PipelineSignal.SELF_HOSTED_RUNNER, runs_on.line, job=job, proof="self-hosted")
    elif not all(label is not None and _HOSTED.fullmatch(label.lower()) for label in labels):
        gathered.doubt(f"whose machine the label at line {runs_on.line} means cannot be told")


def _labels(node: Node, job: Map) -> Iterator[str | None]:
    """Yield the labels that a text may stand for; `None` for one that cannot be told."""
    if not isinstance(node, Scalar):
        yield from (text_of(one) for one in items(node))
        return
    found = expressions_in(node.text)
    seen = set[Expression]()
    if not found:
        yield node.text.strip()
    for one in found:
        match one.expression:
            case None:
                yield None
            case expression if expression not in seen:
                seen.add(expression)
                yield from _possible(expression, job)
            case _:
                continue


def _possible(expression: Expression, job: Map) -> Iterator[str | None]:
    """Yield the texts that an expression may come to; `None` for one that cannot be told."""
    match expression:
        case Literal(text=text):
            yield text
        case Index(of=Context(name="matrix"), key=Literal(text=axis)):
            yield from _matrix(job, axis)
        case Operation(sign="||", parts=parts):
            for part in parts:
                yield from _possible(part, job)
        case Operation(sign="&&", parts=parts):
            yield from _possible(parts[-1], job)
        case _:
            yield "self-hosted" if any("self-hosted" in text for text in literals_in(expression)) else None


def _matrix(job: Map, axis: str) -> Iterator[str | None]:
    matrix = mapping(mapping(job.get("strategy")).get("matrix"))
    values = [*items(matrix.get(axis)), *(mapping(one).get(axis) for one in items(matrix.get("include")))]
    known = [value for value in values if value is not None]
    if not known:
        yield None
    for value in known:
        for one in items(value):
            text = text_of(one)
            yield None if text is None or "${{" in text else text.strip()
