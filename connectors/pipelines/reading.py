"""Gathers what one file says while a dialect walks through it, so that every dialect says it in the same way."""

from __future__ import annotations

import re

from connectors.pipelines.base import PipelineReading
from storage.inventory import PipelineFact, PipelineReference, PipelineSignal, ReferenceKind

_MOST_SAID = 50_000
_LONGEST = 200
_NAME = re.compile(r"[\w.:/@${}()\[\] '*+#,|&=!<>-]{1,256}", re.ASCII)


def told(name: str | None) -> str | None:
    """Return a name as the file has it; `None` for what is too long or too strange to be one."""
    shown = (name or "").strip()
    return shown if _NAME.fullmatch(shown) else None


def shown(name: str | None) -> str | None:
    """Return the name of a job or an environment, which may be of any script: on one line, and cut where it is long."""
    if name is None or (len(name) <= _LONGEST and name.isprintable()):
        return name
    return "".join(one for one in name[:_LONGEST] if one.isprintable()) + "..."


class Gathering:
    """What was found so far."""

    def __init__(self) -> None:
        self._references: list[PipelineReference] = []
        self._facts: dict[tuple[PipelineSignal, str | None, str], PipelineFact] = {}
        self._doubts: dict[str, None] = {}
        self._includes: dict[str, None] = {}

    def refer(
        self,
        kind: ReferenceKind,
        name: str | None,
        line: int,
        *,
        job: str | None = None,
        environment: str | None = None,
        defined: bool | None = None,
    ) -> None:
        """Note that something is asked for. After very many, only that there are more."""
        if len(self._references) >= _MOST_SAID:
            self.doubt(f"it asks for more than {_MOST_SAID:,} things: what comes after these is not told")
            return
        self._references.append(
            PipelineReference(
                kind=kind,
                name=told(name),
                line=line,
                job=shown(job),
                environment=shown(environment),
                defined=defined,
            )
        )

    def prove(
        self, signal: PipelineSignal, line: int, *, job: str | None = None, proof: str = "", of: str = ""
    ) -> None:
        """Note a sign, once for each job and for each thing it is `of`: a cloud, a vault, a registry."""
        fact = PipelineFact(signal=signal, line=line, job=shown(job), proof=told(proof) or "")
        self._facts.setdefault((signal, job, of), fact)

    def proved(self, signal: PipelineSignal, job: str | None, of: str) -> bool:
        """Say whether a sign was noted, of the job or of the whole file."""
        return (signal, job, of) in self._facts or (signal, None, of) in self._facts

    def doubt(self, sentence: str) -> None:
        """Note what cannot be told."""
        self._doubts[shown(sentence) or ""] = None

    def take_in(self, path: str | None, line: int) -> None:
        """Note a further file of the same repository."""
        shown = told(path)
        if shown is None or "$" in shown:
            self.doubt(f"the file taken in at line {line} is only known when the pipeline runs")
        else:
            self._includes[shown] = None

    def add(self, other: Gathering) -> None:
        """Take over what another has gathered."""
        self._references += other._references
        self._facts = {**other._facts, **self._facts}
        self._doubts |= other._doubts
        self._includes |= other._includes

    def reading(self) -> PipelineReading:
        """Return all of it, by line."""
        return PipelineReading(
            references=tuple(sorted(self._references, key=lambda one: one.line)),
            facts=tuple(sorted(self._facts.values(), key=lambda one: one.line)),
            undetermined=tuple(self._doubts),
            includes=tuple(self._includes),
        )
