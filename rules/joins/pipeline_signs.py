"""Joins the signs in a pipeline file with what a sentence says of them: which stand there, and where."""

from __future__ import annotations

from collections.abc import Sequence

from storage.inventory import Pipeline, PipelineFact, PipelineReference, PipelineSignal, ReferenceKind

_SHOWN = 3


def signs(pipeline: Pipeline, *signals: PipelineSignal) -> tuple[PipelineFact, ...]:
    """Return the facts of these kinds, by line."""
    return tuple(sorted((one for one in pipeline.facts if one.signal in signals), key=lambda one: one.line))


def asked(pipeline: Pipeline, *kinds: ReferenceKind) -> tuple[PipelineReference, ...]:
    """Return the references of these kinds, by line."""
    return tuple(sorted((one for one in pipeline.references if one.kind in kinds), key=lambda one: one.line))


def where(found: Sequence[PipelineFact | PipelineReference]) -> str:
    """Say where the signs stand, and what tells them: `line 12 (AWS_ACCESS_KEY_ID) and line 30`."""
    shown = [f"line {one.line}{f' ({proof})' if (proof := _proof(one)) else ''}" for one in found[:_SHOWN]]
    more = [f"{len(found) - _SHOWN:,} more"] if len(found) > _SHOWN else []
    told = list(dict.fromkeys([*shown, *more]))
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"


def _proof(one: PipelineFact | PipelineReference) -> str | None:
    return one.proof if isinstance(one, PipelineFact) else one.name
