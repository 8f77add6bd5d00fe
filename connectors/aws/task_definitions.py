"""Settings of containers in ECS: the newest revision of each task definition, and those that something runs.

A deployment adds a revision and leaves the former ones; what neither is the newest nor runs is named as left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from connectors.aws.call import Call
from connectors.aws.reading import Part, Reading
from connectors.aws.refusals import CallFailed, Trouble
from connectors.aws.tags import plain_tags
from connectors.aws.workload_calls import (
    DESCRIBE_SERVICES,
    DESCRIBE_TASK_DEFINITION,
    DESCRIBE_TASKS,
    LIST_CLUSTERS,
    LIST_SERVICES,
    LIST_TASK_DEFINITIONS,
    LIST_TASKS,
)
from connectors.aws.workload_values import Settings, Workload, WorkloadValues, looked_through, so_far
from storage.inventory import Carrier, Observation

_SERVICES_AT_ONCE = 10
_TASKS_AT_ONCE = 100
_IN_USE = "Which older revisions of task definitions are in use is not known, and some were not read"


def read_task_definitions(reading: Reading) -> Iterator[Observation]:
    """Yield the families of task definitions of one region, and the values in their containers' variables.

    What a container takes from a secret store (`secrets`) is a reference, and holds no value.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
    """

    def listing(values: WorkloadValues) -> Iterator[Observation]:
        active, broken = so_far(_arns(reading, LIST_TASK_DEFINITIONS, "taskDefinitionArns", status="ACTIVE"))
        if broken is not None and not active:
            raise broken
        newest = {family: max(revisions, key=_revision) for family, revisions in _by_family(active)}
        used, all_used = _in_use(reading)
        wanted = {*newest.values(), *used}
        older = len(set(active) - wanted)
        if older and all_used:
            detail = "An older revision of a task definition, which no service and no running task uses."
            reading.left_out("unused_revision", detail, older)
        families = [(family, list(revisions)) for family, revisions in _by_family(sorted(wanted))]
        yield from reading.each(
            families,
            "Some task definitions were not described",
            lambda family: _family(reading, values, family[0], family[1], whole=broken is None and all_used),
        )
        if broken is not None:
            raise broken

    yield from looked_through(reading, "task definitions", listing)


def _family(
    reading: Reading, values: WorkloadValues, family: str, revisions: Sequence[str], *, whole: bool
) -> Iterator[Observation]:
    workload = Workload(kind="ecs-task-definition", uid=family, name=family.rpartition("/")[2], location=family)
    settings: list[Settings] = []
    tags: list[Mapping[str, Any]] = []

    def told() -> Mapping[str, str]:
        return plain_tags([{"Key": tag.get("key"), "Value": tag.get("value")} for tag in tags])

    try:
        for revision in sorted(revisions, key=_revision, reverse=True):
            definition, given = _definition(reading, revision)
            tags += given
            settings += _settings(definition)
    except CallFailed:
        yield from values.look_through(workload, settings, told, complete=False)
        raise
    reading.expected += 1
    reading.fetched += 1
    yield from values.look_through(workload, settings, told, complete=whole)


def _definition(reading: Reading, revision: str) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
    """Return a revision and its tags.

    Raises:
        CallFailed: when there is no answer, or one that is about no revision.
    """
    answer = reading.call(DESCRIBE_TASK_DEFINITION, taskDefinition=revision, include=["TAGS"])
    told = answer.get("taskDefinition") or {}
    if not told.get("taskDefinitionArn"):
        raise CallFailed(DESCRIBE_TASK_DEFINITION, Trouble.MALFORMED)
    return told, answer.get("tags") or ()


def _settings(told: Mapping[str, Any]) -> Iterator[Settings]:
    for container in told.get("containerDefinitions") or ():
        name, given = str(container.get("name") or ""), container.get("environment") or ()
        log = container.get("logConfiguration") or {}
        yield Settings(
            group=name,
            variables=[(str(one.get("name") or ""), str(one.get("value") or "")) for one in given],
            references=[str(one.get("name")) for one in container.get("secrets") or ()],
        )
        yield Settings(
            group=f"{name}/log-options",
            variables=sorted((log.get("options") or {}).items()),
            references=[str(one.get("name")) for one in log.get("secretOptions") or ()],
        )
        yield Settings(group=f"{name}/labels", variables=sorted((container.get("dockerLabels") or {}).items()))
        yield from _commands(name, container)


def _commands(name: str, container: Mapping[str, Any]) -> Iterator[Settings]:
    """Yield what a container is started and watched with, a word a line: passwords are given as words of commands."""
    watch = container.get("healthCheck") or {}
    for group, words in (
        ("entry-point", container.get("entryPoint")),
        ("command", container.get("command")),
        ("health-check", watch.get("command")),
    ):
        if words:
            script = "\n".join(map(str, words)).encode("utf-8", "surrogatepass")
            yield Settings(group=f"{name}/{group}", script=script)


def _in_use(reading: Reading) -> tuple[set[str], bool]:
    """Return the revisions that services and running tasks use, and whether those are all; if not, that is a gap."""
    used: set[str] = set()
    try:
        for cluster in list(_arns(reading, LIST_CLUSTERS, "clusterArns")):
            used |= _of_services(reading, cluster)
            used |= _of_tasks(reading, cluster)
    except CallFailed as failed:
        reading.missed(failed, _IN_USE)
        return used, False
    return used, True


def _of_services(reading: Reading, cluster: str) -> set[str]:
    used: set[str] = set()
    arns = list(_arns(reading, LIST_SERVICES, "serviceArns", cluster=cluster))
    for part in _parts(arns, _SERVICES_AT_ONCE):
        for told in _described(reading, DESCRIBE_SERVICES, "services", cluster=cluster, services=part):
            # A service that something else deploys says in its task sets what it runs, one that changes in deployments.
            for one in (told, *(told.get("deployments") or ()), *(told.get("taskSets") or ())):
                used |= {str(one["taskDefinition"])} if one.get("taskDefinition") else set()
    return used


def _of_tasks(reading: Reading, cluster: str) -> set[str]:
    used: set[str] = set()
    for part in _parts(list(_arns(reading, LIST_TASKS, "taskArns", cluster=cluster)), _TASKS_AT_ONCE):
        told = _described(reading, DESCRIBE_TASKS, "tasks", cluster=cluster, tasks=part)
        used |= {str(one["taskDefinitionArn"]) for one in told}
    return used


def _described(reading: Reading, call: Call, items: str, **parameters: Any) -> list[Mapping[str, Any]]:
    """Return what is described; what ended meanwhile is no failure, any other one is.

    Raises:
        CallFailed: when there is no answer, or none for some of them.
    """
    answer = reading.call(call, **parameters)
    if any(one.get("reason") != "MISSING" for one in answer.get("failures") or ()):
        raise CallFailed(call, Trouble.FAILED)
    described: list[Mapping[str, Any]] = answer[items]
    return described


def _arns(reading: Reading, call: Call, items: str, **parameters: Any) -> Iterator[str]:
    for page in reading.pages(call, **parameters):
        yield from page[items]


def _parts(arns: Sequence[str], size: int) -> Iterator[list[str]]:
    for at in range(0, len(arns), size):
        yield list(arns[at : at + size])


def _by_family(arns: Sequence[str]) -> Iterator[tuple[str, Iterator[str]]]:
    """Group revisions by the ARN of their family, which ends before the last colon."""
    return groupby(sorted(arns, key=_family_of), _family_of)


def _family_of(arn: str) -> str:
    return arn.rpartition(":")[0]


def _revision(arn: str) -> int:
    number = arn.rpartition(":")[2]
    return int(number) if number.isdecimal() else 0


TASK_DEFINITIONS = Part(
    api="ecs-task-definitions",
    what="task definitions",
    read=read_task_definitions,
    regional=True,
    wanted=lambda target: target.workloads,
    carrier=Carrier.WORKLOAD,
)
"""Variables of containers."""
