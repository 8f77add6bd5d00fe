"""Variables of Lambda functions, all published versions among them: aliases in production point at those."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from connectors.aws.reading import Part, Reading
from connectors.aws.refusals import CallFailed
from connectors.aws.tags import plain_tags
from connectors.aws.workload_calls import LIST_FUNCTION_TAGS, LIST_FUNCTIONS
from connectors.aws.workload_values import Settings, Workload, WorkloadValues, looked_through, so_far
from storage.inventory import Carrier, Facet, GapReason, Observation

_DENIED = (
    "The variables of some functions are encrypted with a key of your own that this login may not use: they were not "
    "looked through. Let the key's policy allow it for Lambda alone (kms:ViaService), or accept it."
)
_UNDECRYPTED = "The variables of some functions could not be decrypted by AWS, and were not looked through."


def read_functions(reading: Reading) -> Iterator[Observation]:
    """Yield the functions of one region, and the values in their variables.

    AWS decrypts variables for whoever lists them, but for those under a key of the customer's own that the login may
    not use: these come with an error in their place.
    https://docs.aws.amazon.com/lambda/latest/api/API_EnvironmentResponse.html
    """

    def listing(values: WorkloadValues) -> Iterator[Observation]:
        told, broken = so_far(reading.listed(LIST_FUNCTIONS, FunctionVersion="ALL", MaxItems=50))
        for arn, versions in groupby(sorted(told, key=_arn), _arn):
            yield from _function(reading, values, arn, list(versions), all_versions=broken is None)
        if broken is not None:
            raise broken

    yield from looked_through(reading, "functions", listing)


def _function(
    reading: Reading, values: WorkloadValues, arn: str, versions: list[Mapping[str, Any]], *, all_versions: bool
) -> Iterator[Observation]:
    closed = [error for one in versions if (error := (one.get("Environment") or {}).get("Error"))]
    for error in closed:
        denied = "AccessDenied" in str(error.get("ErrorCode"))
        reading.gap(
            GapReason.DENIED if denied else GapReason.FAILED,
            _DENIED if denied else _UNDECRYPTED,
            permission="kms:Decrypt" if denied else None,
        )
    settings = [Settings(variables=_variables(one)) for one in versions]
    workload = Workload(kind="lambda-function", uid=arn, name=versions[0]["FunctionName"], location=arn)
    yield from values.look_through(
        workload, settings, lambda: _tags(reading, arn), complete=all_versions and not closed
    )


def _variables(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    variables = (told.get("Environment") or {}).get("Variables") or {}
    return [(str(name), str(value)) for name, value in sorted(variables.items())]


def _arn(told: Mapping[str, Any]) -> str:
    """The ARN of the function itself, which ends with its name: what follows is a version."""
    return ":".join(str(told["FunctionArn"]).split(":")[:7])


def _tags(reading: Reading, arn: str) -> Mapping[str, str] | None:
    try:
        told = reading.call(LIST_FUNCTION_TAGS, Resource=arn).get("Tags") or {}
    except CallFailed as failed:
        reading.missed(failed, "The owners of some functions are not known", facet=Facet.OWNER)
        return None
    return plain_tags([{"Key": key, "Value": value} for key, value in told.items()])


FUNCTIONS = Part(
    api="lambda-functions",
    what="functions",
    read=read_functions,
    regional=True,
    wanted=lambda target: target.workloads,
    carrier=Carrier.WORKLOAD,
)
"""Variables of functions."""
