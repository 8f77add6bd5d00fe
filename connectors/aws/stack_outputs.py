"""Outputs and parameters of CloudFormation stacks: shown to whoever may describe a stack, unless they are `NoEcho`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.aws.reading import Part, Reading
from connectors.aws.tags import plain_tags
from connectors.aws.workload_calls import DESCRIBE_STACKS
from connectors.aws.workload_values import Settings, Workload, WorkloadValues, looked_through
from storage.inventory import Carrier, Observation


def read_stacks(reading: Reading) -> Iterator[Observation]:
    """Yield the stacks of one region, and the values in their outputs and parameters.

    AWS answers `****` for a `NoEcho` parameter, which holds no value then. A parameter that takes its value from
    Systems Manager has it resolved beside it.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Parameter.html
    """

    def listing(values: WorkloadValues) -> Iterator[Observation]:
        for told in reading.listed(DESCRIBE_STACKS):
            yield from _stack(values, told)

    yield from looked_through(reading, "stacks", listing)


def _stack(values: WorkloadValues, told: Mapping[str, Any]) -> Iterator[Observation]:
    uid = str(told["StackId"])
    workload = Workload(kind="cloudformation-stack", uid=uid, name=told["StackName"], location=uid)
    yield from values.look_through(workload, _settings(told), lambda: plain_tags(told.get("Tags")))


def _settings(told: Mapping[str, Any]) -> Iterator[Settings]:
    outputs = [(one.get("OutputKey"), one.get("OutputValue")) for one in told.get("Outputs") or ()]
    parameters = [
        (one.get("ParameterKey"), one.get(field))
        for one in told.get("Parameters") or ()
        for field in ("ParameterValue", "ResolvedValue")
    ]
    for group, given in (("outputs", outputs), ("parameters", parameters)):
        yield Settings(group=group, variables=[(str(name), value) for name, value in given if value])


STACKS = Part(
    api="cloudformation-stacks",
    what="stacks",
    read=read_stacks,
    regional=True,
    wanted=lambda target: target.workloads,
    carrier=Carrier.WORKLOAD,
)
"""Outputs and parameters of stacks."""
