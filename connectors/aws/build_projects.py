"""Variables of CodeBuild projects that are kept in plain text, their build scripts and where their sources lie.

What refers to a store holds no value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.aws.reading import Part, Reading
from connectors.aws.refusals import CallFailed, Trouble
from connectors.aws.tags import plain_tags
from connectors.aws.workload_calls import GET_PROJECTS, LIST_PROJECTS
from connectors.aws.workload_values import Settings, Workload, WorkloadValues, looked_through, so_far
from storage.inventory import Carrier, Observation

_AT_ONCE = 100
"""As many names as BatchGetProjects takes."""
_PLAIN = "PLAINTEXT"


def read_projects(reading: Reading) -> Iterator[Observation]:
    """Yield the build projects of one region, and the values in their variables.

    https://docs.aws.amazon.com/codebuild/latest/APIReference/API_EnvironmentVariable.html
    """

    def listing(values: WorkloadValues) -> Iterator[Observation]:
        names, broken = so_far(name for page in reading.pages(LIST_PROJECTS) for name in page["projects"])
        parts = [names[at : at + _AT_ONCE] for at in range(0, len(names), _AT_ONCE)]

        def ask(part: list[str]) -> Iterator[Observation]:
            try:
                projects = _projects(reading, part)
            except CallFailed:
                # One of them is counted with the failure.
                reading.expected += len(part) - 1
                raise
            for told in projects:
                reading.expected += 1
                reading.fetched += 1
                yield from _project(values, told)

        yield from reading.each(parts, "Some build projects were not described", ask)
        if broken is not None:
            raise broken

    yield from looked_through(reading, "build projects", listing)


def _projects(reading: Reading, names: list[str]) -> list[Mapping[str, Any]]:
    """Return what is told of projects. One that is neither told nor called unknown was left out of the answer.

    Raises:
        CallFailed: when there is no answer, or none for all of them.
    """
    answer = reading.call(GET_PROJECTS, names=names)
    projects: list[Mapping[str, Any]] = answer["projects"]
    if set(names) - {one["name"] for one in projects} - set(answer.get("projectsNotFound") or ()):
        raise CallFailed(GET_PROJECTS, Trouble.MALFORMED)
    return projects


def _project(values: WorkloadValues, told: Mapping[str, Any]) -> Iterator[Observation]:
    given = (told.get("environment") or {}).get("environmentVariables") or ()
    # Without a type it is plain text.
    plain = [(one["name"], str(one.get("value") or "")) for one in given if one.get("type", _PLAIN) == _PLAIN]
    tags = plain_tags([{"Key": tag.get("key"), "Value": tag.get("value")} for tag in told.get("tags") or ()])
    workload = Workload(kind="codebuild-project", uid=told["arn"], name=told["name"], location=told["arn"])
    kept = [one["name"] for one in given if one.get("type", _PLAIN) != _PLAIN]
    settings = [Settings(variables=plain, references=kept), *_sources(told)]
    yield from values.look_through(workload, settings, lambda: tags)


def _sources(told: Mapping[str, Any]) -> Iterator[Settings]:
    """Yield what is told of each source: its address, which may hold a password, and a script that is written there."""
    for source in (told.get("source") or {}, *(told.get("secondarySources") or ())):
        group = "/".join(filter(None, ("source", source.get("sourceIdentifier"))))
        if location := source.get("location"):
            yield Settings(group=group, variables=[("location", str(location))])
        if script := source.get("buildspec"):
            yield Settings(group=f"{group}/buildspec", script=str(script).encode("utf-8", "surrogatepass"))


PROJECTS = Part(
    api="codebuild-projects",
    what="build projects",
    read=read_projects,
    regional=True,
    wanted=lambda target: target.workloads,
    carrier=Carrier.WORKLOAD,
)
"""Variables of build projects."""
