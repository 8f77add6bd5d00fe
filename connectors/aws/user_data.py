"""Start scripts of machines: user data of EC2 instances, and of the launch templates that make them.

User data may be compressed, or a mail of several parts; the detector reads it in layers, as it does files.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from connectors.aws.reading import Part, Reading
from connectors.aws.refusals import CallFailed, Trouble
from connectors.aws.tags import plain_tags
from connectors.aws.workload_calls import (
    DESCRIBE_INSTANCES,
    LAUNCH_TEMPLATE_VERSIONS,
    LAUNCH_TEMPLATES,
    USER_DATA,
)
from connectors.aws.workload_values import Settings, Workload, WorkloadValues, looked_through, so_far
from storage.inventory import Carrier, Facet, GapReason, Observation

_GROUP = "user-data"
_ENDED = frozenset({"shutting-down", "terminated"})
_DAMAGED = "The user data of some {what} is no base64, and was not looked through."


def read_instances(reading: Reading) -> Iterator[Observation]:
    """Yield the instances of one region, and the values in their user data: one call an instance.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceAttribute.html
    """

    def listing(values: WorkloadValues) -> Iterator[Observation]:
        told, broken = so_far(_instances(reading))
        running = [one for one in told if (one.get("State") or {}).get("Name") not in _ENDED]
        if len(running) < len(told):
            detail = "An instance that was terminated has no user data any more."
            reading.left_out("terminated_instance", detail, len(told) - len(running))
        yield from reading.each(
            running, "The user data of some instances was not read", lambda one: _instance(reading, values, one)
        )
        if broken is not None:
            raise broken

    yield from looked_through(reading, "instances", listing)


def _instances(reading: Reading) -> Iterator[Mapping[str, Any]]:
    for page in reading.pages(DESCRIBE_INSTANCES, MaxResults=1000):
        for reservation in page["Reservations"]:
            for instance in reservation.get("Instances") or ():
                if not instance.get("InstanceId"):
                    raise CallFailed(DESCRIBE_INSTANCES, Trouble.MALFORMED)
                yield instance


def _user_data(reading: Reading, uid: str) -> object:
    """Return the user data of an instance, `None` where it has none.

    Raises:
        CallFailed: when there is no answer, or one that is not about this instance.
    """
    answer = reading.call(USER_DATA, InstanceId=uid, Attribute="userData")
    if answer.get("InstanceId") != uid:
        raise CallFailed(USER_DATA, Trouble.MALFORMED)
    return (answer.get("UserData") or {}).get("Value")


def _instance(reading: Reading, values: WorkloadValues, told: Mapping[str, Any]) -> Iterator[Observation]:
    uid = str(told["InstanceId"])
    account, region = reading.account, reading.scope.region
    workload = Workload(
        kind="ec2-instance",
        uid=uid,
        name=uid,
        location=f"arn:{account.target.partition}:ec2:{region}:{account.number}:instance/{uid}",
    )
    tags = plain_tags(told.get("Tags"))
    try:
        given = _user_data(reading, uid)
    except CallFailed as failed:
        if not failed.gone:
            yield from values.look_through(workload, (), lambda: tags, complete=False)
        raise
    reading.expected += 1
    reading.fetched += 1
    script = _decoded(reading, given, "instances")
    settings = [Settings(group=_GROUP, script=script)] if script else []
    yield from values.look_through(workload, settings, lambda: tags, complete=script is not None)


def read_templates(reading: Reading) -> Iterator[Observation]:
    """Yield the launch templates of one region, and the values in the user data of their default and newest versions.

    Without an id all templates are described at once.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplateVersions.html
    """

    def listing(values: WorkloadValues) -> Iterator[Observation]:
        told, broken = so_far(reading.listed(LAUNCH_TEMPLATE_VERSIONS, Versions=["$Latest", "$Default"]))
        for uid, versions in groupby(sorted(told, key=_template), _template):
            yield from _launch_template(reading, values, uid, list(versions), both=broken is None)
        if broken is not None:
            raise broken

    yield from looked_through(reading, "launch templates", listing)


def _launch_template(
    reading: Reading, values: WorkloadValues, uid: str, versions: list[Mapping[str, Any]], *, both: bool
) -> Iterator[Observation]:
    # The newest version is most often the default one, and then told twice.
    told = {one.get("VersionNumber"): (one.get("LaunchTemplateData") or {}).get("UserData") for one in versions}
    scripts = [_decoded(reading, given, "launch templates") for given in told.values()]
    account, region = reading.account, reading.scope.region
    workload = Workload(
        kind="launch-template",
        uid=uid,
        name=str(versions[0].get("LaunchTemplateName") or uid),
        location=f"arn:{account.target.partition}:ec2:{region}:{account.number}:launch-template/{uid}",
    )
    settings = [Settings(group=_GROUP, script=script) for script in scripts if script]
    whole = both and None not in scripts
    yield from values.look_through(workload, settings, lambda: _tags(reading, uid), complete=whole)


def _template(told: Mapping[str, Any]) -> str:
    return str(told["LaunchTemplateId"])


def _tags(reading: Reading, uid: str) -> Mapping[str, str] | None:
    try:
        told = reading.call(LAUNCH_TEMPLATES, LaunchTemplateIds=[uid])["LaunchTemplates"]
    except CallFailed as failed:
        reading.missed(failed, "The owners of some launch templates are not known", facet=Facet.OWNER)
        return None
    return plain_tags([tag for one in told for tag in one.get("Tags") or ()])


def _decoded(reading: Reading, given: object, what: str) -> bytes | None:
    """Return user data as bytes, empty where there is none; `None` for what cannot be read, which is a gap."""
    if not given:
        return b""
    try:
        return base64.b64decode(str(given), validate=True)
    except (binascii.Error, ValueError):
        reading.gap(GapReason.MALFORMED, _DAMAGED.format(what=what))
        return None


INSTANCES = Part(
    api="ec2-instances",
    what="instances",
    read=read_instances,
    regional=True,
    wanted=lambda target: target.workloads,
    carrier=Carrier.WORKLOAD,
)
"""User data of instances."""
TEMPLATES = Part(
    api="ec2-launch-templates",
    what="launch templates",
    read=read_templates,
    regional=True,
    wanted=lambda target: target.workloads,
    carrier=Carrier.WORKLOAD,
)
"""User data of launch templates."""
