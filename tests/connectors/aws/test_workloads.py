"""Settings of workloads: what is found, what is clean, what was not looked at, and that no value ever leaves."""

from __future__ import annotations

import base64
import gzip
import io
import json
import secrets
import string
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from connectors.aws import connector
from connectors.aws.build_projects import PROJECTS
from connectors.aws.client import ForbiddenCall
from connectors.aws.lambda_functions import FUNCTIONS
from connectors.aws.reading import Part
from connectors.aws.stack_outputs import STACKS
from connectors.aws.task_definitions import TASK_DEFINITIONS
from connectors.aws.user_data import INSTANCES, TEMPLATES
from connectors.aws.workload_calls import WORKLOAD_CALLS
from connectors.base import Limits
from connectors.detection.allow_list import AllowList
from storage.inventory import (
    Allowance,
    Carrier,
    Coverage,
    CoverageStatus,
    Facet,
    GapReason,
    Place,
    SecretExposure,
    SecretReference,
)
from tests.connectors.aws.front import Answer, Question, always, cut_off, error, html, plain, shortened
from tests.connectors.aws.test_listing import trust
from tests.connectors.aws.workshop import ACCOUNT, Aws, AwsSession, Fingerprints, Inventory

EAST = "us-east-1"
PARTS: dict[str, Part] = {
    "lambda-functions": FUNCTIONS,
    "ecs-task-definitions": TASK_DEFINITIONS,
    "codebuild-projects": PROJECTS,
    "ec2-instances": INSTANCES,
    "ec2-launch-templates": TEMPLATES,
    "cloudformation-stacks": STACKS,
}


def a_token() -> str:
    """A value in the form of a GitLab personal access token."""
    alphabet = string.ascii_letters + string.digits
    return "glpat-" + "".join(secrets.choice(alphabet) for _ in range(20))


@pytest.fixture(autouse=True)
def only_workloads(monkeypatch: pytest.MonkeyPatch) -> None:
    """All else has clients of its own, which take long to make."""
    monkeypatch.setattr(connector, "PARTS", tuple(PARTS.values()))


def only(monkeypatch: pytest.MonkeyPatch, *apis: str) -> None:
    monkeypatch.setattr(connector, "PARTS", tuple(PARTS[api] for api in apis))


def look(aws: Aws, session: AwsSession | None = None, **target: Any) -> Inventory:
    return aws.collect(session=session, **{"workloads": True, **target})


def exposure_of(seen: Inventory, value: str) -> SecretExposure:
    (tag,) = Fingerprints().tags(value.encode())
    (found,) = [one for one in seen.of(SecretExposure) if one.fingerprint == tag]
    return found


def places_of(seen: Inventory, value: str) -> list[str | None]:
    return [place.path for place in exposure_of(seen, value).occurrences]


def workloads(seen: Inventory) -> dict[str, bool | None]:
    """The workloads by name, each with whether all of it was looked through."""
    return {one.name: one.complete for one in seen.resources if one.scope_uid is not None}


def told(seen: Inventory) -> str:
    """Everything that leaves the connector."""
    return msgspec.json.encode(seen.all).decode()


# -- things to read ---------------------------------------------------------------------------------------------------


def a_function(aws: Aws, name: str = "pay", tags: dict[str, str] | None = None, **variables: str) -> None:
    role = "arn:aws:iam::123456789012:role/function"
    iam = aws.client("iam")
    if "function" not in {one["RoleName"] for one in iam.list_roles()["Roles"]}:
        iam.create_role(RoleName="function", AssumeRolePolicyDocument=trust(Service="lambda.amazonaws.com"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", "")
    aws.client("lambda").create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.12",
        Handler="main.run",
        Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": variables},
        Tags=tags or {},
    )


def a_revision(aws: Aws, family: str = "shop", tags: dict[str, str] | None = None, **variables: str) -> str:
    made = aws.client("ecs").register_task_definition(
        family=family,
        containerDefinitions=[
            {
                "name": "web",
                "image": "shop",
                "memory": 64,
                "environment": [{"name": name, "value": value} for name, value in variables.items()],
                "secrets": [{"name": "KEPT", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/kept"}],
            }
        ],
        tags=[{"key": key, "value": value} for key, value in (tags or {}).items()],
    )
    return str(made["taskDefinition"]["taskDefinitionArn"])


def a_project(aws: Aws, name: str, *variables: dict[str, str], tags: dict[str, str] | None = None) -> None:
    aws.client("codebuild").create_project(
        name=name,
        source={"type": "S3", "location": "bucket/source"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "build",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": list(variables),
        },
        serviceRole="arn:aws:iam::123456789012:role/build",
        tags=[{"key": key, "value": value} for key, value in (tags or {}).items()],
    )


def an_instance(aws: Aws, script: bytes = b"", tags: dict[str, str] | None = None) -> str:
    """One that was started with a script; its number is its id."""
    given = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
    made = aws.client("ec2").run_instances(
        ImageId="ami-12c6146b",
        MinCount=1,
        MaxCount=1,
        UserData=script,
        TagSpecifications=[{"ResourceType": "instance", "Tags": given}] if given else [],
    )
    return str(made["Instances"][0]["InstanceId"])


def a_stack(aws: Aws, name: str, template: dict[str, Any], **parameters: str) -> None:
    aws.client("cloudformation").create_stack(
        StackName=name,
        TemplateBody=json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, **template}),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Tags=[{"Key": "owner", "Value": "team-platform"}],
    )


def one_of_each(aws: Aws) -> dict[str, str]:
    """By api: a value in a workload of that kind."""
    values = {api: a_token() for api in PARTS}
    a_function(aws, "pay", TOKEN=values["lambda-functions"])
    a_revision(aws, "shop", TOKEN=values["ecs-task-definitions"])
    a_project(aws, "build", {"name": "TOKEN", "value": values["codebuild-projects"]})
    an_instance(aws, f"#!/bin/sh\nexport TOKEN={values['ec2-instances']}\n".encode())
    aws.client("ec2").create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={
            "UserData": base64.b64encode(f"TOKEN={values['ec2-launch-templates']}\n".encode()).decode()
        },
    )
    a_stack(aws, "network", {"Outputs": {"Token": {"Value": values["cloudformation-stacks"]}}})
    return values


# -- what is found ----------------------------------------------------------------------------------------------------


def test_nothing_of_a_workload_is_asked_unless_the_target_says_so(aws: Aws) -> None:
    a_function(aws, TOKEN=a_token())

    seen = look(aws, workloads=False)

    assert [] == [one for one in aws.front.asked if one in {call.operation for call in WORKLOAD_CALLS}]
    assert [] == seen.of(SecretExposure)
    assert {} == workloads(seen)


def test_a_call_that_reads_values_is_refused_unless_the_target_says_so(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "PARTS", (FUNCTIONS._replace(wanted=lambda _: True),))

    with pytest.raises(ForbiddenCall, match="lambda:ListFunctions"):
        look(aws, workloads=False)


def test_every_kind_of_workload_is_looked_through(aws: Aws) -> None:
    values = one_of_each(aws)

    seen = look(aws)

    assert [] == seen.gaps
    for api, value in values.items():
        scope, exposure = seen.scope(api, EAST), exposure_of(seen, value)
        assert Carrier.WORKLOAD is scope.carrier
        assert (scope.uid, False, False) == (exposure.scope_uid, exposure.at_head, exposure.in_history)
        assert CoverageStatus.COMPLETE is seen.coverage(api, EAST).status
        (place,) = exposure.occurrences
        holder = next(one for one in seen.resources if one.uid == place.resource_uid)
        assert (scope.uid, True) == (holder.scope_uid, holder.complete)
        assert f"{ACCOUNT}/{place.path}".startswith(f"{holder.name}/")
        assert (ACCOUNT, Place.WORKLOAD_SETTING) == (place.repository, place.place)
    assert 6 == len(workloads(seen))


def test_no_value_leaves(aws: Aws) -> None:
    values = one_of_each(aws)
    password = secrets.token_urlsafe(18)
    a_function(aws, "mail", SMTP_PASSWORD=password, SMTP_USER="mailer")

    everything = told(look(aws))

    assert [] == [value for value in (*values.values(), password) if value in everything]


def test_clean_workloads_are_told_and_nothing_is_found(aws: Aws) -> None:
    a_function(aws, "pay", STAGE="production", LOG_LEVEL="info")
    a_revision(aws, "shop", STAGE="production")
    a_project(aws, "build", {"name": "KEPT", "value": "/shop/kept", "type": "PARAMETER_STORE"})
    an_instance(aws, b"#!/bin/sh\nyum update -y\n")
    a_stack(aws, "network", {"Outputs": {"Vpc": {"Value": "vpc-1"}}})

    seen = look(aws)

    assert [] == [*seen.of(SecretExposure), *seen.gaps]
    assert {True} == set(workloads(seen).values())
    assert 5 == len(workloads(seen))


def test_the_name_of_a_variable_counts_and_its_record_is_told(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "lambda-functions")
    password = secrets.token_urlsafe(18)
    a_function(aws, DB_HOST="db.example.com", DB_USER="shop", DB_PASSWORD=password)

    exposure = exposure_of(look(aws), password)

    assert "generic-secret-assignment" == exposure.detector
    assert "shop" == exposure.public_identifiers["user"]
    assert f"{EAST}/lambda-function/pay/DB_PASSWORD" == exposure.occurrences[0].path
    assert exposure.occurrences[0].line is None


def test_a_variable_that_is_called_like_a_field_of_aws_is_read(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "lambda-functions")
    one, other = a_token(), a_token()
    a_function(aws, clientSecret=one, SecretAccessKey=other)

    seen = look(aws)

    assert places_of(seen, one)
    assert places_of(seen, other)


def test_one_value_in_several_workloads_is_one_exposure(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "lambda-functions")
    value = a_token()
    a_function(aws, "pay", TOKEN=value)
    a_function(aws, "mail", TOKEN=value)

    assert [f"{EAST}/lambda-function/{name}/TOKEN" for name in ("mail", "pay")] == places_of(look(aws), value)


def test_a_published_version_is_read_and_counted(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "lambda-functions")
    old, kept = a_token(), a_token()
    a_function(aws, OLD=old, KEPT=kept)
    client = aws.client("lambda")
    client.publish_version(FunctionName="pay")
    client.update_function_configuration(FunctionName="pay", Environment={"Variables": {"KEPT": kept}})

    seen = look(aws)

    assert [1] == [place.versions for place in exposure_of(seen, old).occurrences]
    assert [2] == [place.versions for place in exposure_of(seen, kept).occurrences]
    assert {f"{ACCOUNT}/{EAST}/lambda-function/pay": True} == workloads(seen)


def test_variables_that_aws_may_not_decrypt_are_not_clean(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "lambda-functions")
    arn = f"arn:aws:lambda:{EAST}:{ACCOUNT}:function:pay"
    closed = {"Error": {"ErrorCode": "AccessDeniedException", "Message": "key arn:aws:kms:… for user ada"}}
    aws.front.answers["ListFunctions"] = lambda _: plain(
        Functions=[
            {"FunctionName": "pay", "FunctionArn": f"{arn}:$LATEST", "Version": "$LATEST", "Environment": closed}
        ]
    )

    seen = look(aws)

    (gap,) = seen.gaps
    assert (GapReason.DENIED, "kms:Decrypt", None) == (gap.reason, gap.permission, gap.facet)
    assert CoverageStatus.PARTIAL is seen.coverage("lambda-functions", EAST).status
    assert {f"{ACCOUNT}/{EAST}/lambda-function/pay": False} == workloads(seen)
    assert "ada" not in told(seen)


def test_variables_that_aws_cannot_decrypt_are_not_clean_either(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "lambda-functions")
    arn = f"arn:aws:lambda:{EAST}:{ACCOUNT}:function:pay:3"
    closed = {"Error": {"ErrorCode": "KMSDisabledException", "Message": "the key is off"}}
    aws.front.answers["ListFunctions"] = lambda _: plain(
        Functions=[{"FunctionName": "pay", "FunctionArn": arn, "Version": "3", "Environment": closed}]
    )

    seen = look(aws)

    assert [(GapReason.FAILED, None)] == [(gap.reason, gap.permission) for gap in seen.gaps]
    assert [False] == list(workloads(seen).values())


def test_old_revisions_count_only_where_something_uses_them(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "ecs-task-definitions")
    unused, used, ran, newest = (a_token() for _ in range(4))
    a_revision(aws, TOKEN=unused)
    second = a_revision(aws, TOKEN=used)
    third = a_revision(aws, TOKEN=ran)
    a_revision(aws, TOKEN=newest)
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName="main")
    ecs.create_service(cluster="main", serviceName="web", taskDefinition=second, desiredCount=0)
    # One that was given up still runs where it was started.
    aws.front.answers["ListTasks"] = always(plain(taskArns=["arn:task"]))
    aws.front.answers["DescribeTasks"] = always(plain(tasks=[{"taskArn": "arn:task", "taskDefinitionArn": third}]))

    seen = look(aws)

    assert [] == seen.gaps
    path = f"{EAST}/ecs-task-definition/shop/web/TOKEN"
    assert [[path]] * 3 == [places_of(seen, value) for value in (used, ran, newest)]
    assert 3 == len(seen.of(SecretExposure))
    assert [("unused_revision", 1)] == [
        (one.reason, one.count) for one in seen.coverage("ecs-task-definitions", EAST).exclusions
    ]
    assert {f"{ACCOUNT}/{EAST}/ecs-task-definition/shop": True} == workloads(seen)


def test_what_refers_to_a_store_holds_no_value(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "ecs-task-definitions", "codebuild-projects")
    value = a_token()
    a_project(
        aws,
        "build",
        {"name": "KEPT", "value": value, "type": "SECRETS_MANAGER"},
        {"name": "TOKEN", "value": "/shop/token", "type": "PARAMETER_STORE"},
    )

    a_revision(aws, "shop", STAGE="live")

    seen = look(aws)

    assert [] == seen.of(SecretExposure)
    assert ["2", "1"] == [one.attributes["references"] for one in seen.resources if one.scope_uid is not None][::-1]


def test_a_build_script_and_the_address_of_a_source_are_read(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "codebuild-projects")
    script, address = a_token(), secrets.token_hex(12)
    source = {
        "type": "GITHUB_ENTERPRISE",
        "location": f"https://robot:{address}@git.example.com/shop.git",
        "buildspec": f"version: 0.2\nphases:\n  build:\n    commands:\n      - export TOKEN={script}\n",
    }
    project = {"name": "build", "arn": f"arn:aws:codebuild:{EAST}:{ACCOUNT}:project/build", "source": source}
    aws.front.answers["ListProjects"] = always(plain(projects=["build"]))
    aws.front.answers["BatchGetProjects"] = always(plain(projects=[project]))

    seen = look(aws)

    under = f"{EAST}/codebuild-project/build/source"
    assert [f"{under}/buildspec"] == places_of(seen, script)
    assert [f"{under}/location"] == places_of(seen, address)


def test_commands_log_options_and_labels_of_a_container_are_read(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "ecs-task-definitions")
    command, option, label, watch, started = values = [a_token() for _ in range(5)]
    aws.client("ecs").register_task_definition(
        family="shop",
        containerDefinitions=[
            {
                "name": "web",
                "image": "shop",
                "memory": 64,
                "entryPoint": ["serve", f"--token={started}"],
                "command": ["sh", "-c", f"serve --token {command}"],
                "healthCheck": {"command": ["CMD-SHELL", f"curl -H 'PRIVATE-TOKEN: {watch}' localhost"]},
                "logConfiguration": {"logDriver": "splunk", "options": {"clientSecret": option}},
                "dockerLabels": {"clientSecret": label},
            }
        ],
    )

    seen = look(aws)

    under = f"{EAST}/ecs-task-definition/shop/web"
    places = ("command", "log-options/clientSecret", "labels/clientSecret", "health-check", "entry-point")
    assert [[f"{under}/{place}"] for place in places] == [places_of(seen, value) for value in values]


def test_parameters_of_a_stack_are_read_also_what_they_were_resolved_to(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, "cloudformation-stacks")
    shown, resolved = a_token(), a_token()
    told_ = {"Shown": (shown, ""), "Stored": ("/shop/token", resolved), "Hidden": ("****", ""), "Empty": ("", "")}
    members = "".join(
        f"<member><ParameterKey>{key}</ParameterKey><ParameterValue>{value}</ParameterValue>"
        f"<ResolvedValue>{other}</ResolvedValue></member>"
        for key, (value, other) in told_.items()
    )
    stack = (
        f"<member><StackName>network</StackName><StackId>arn:aws:cloudformation:{EAST}:{ACCOUNT}:stack/network/0a"
        f"</StackId><Parameters>{members}</Parameters></member>"
    )
    body = f"<DescribeStacksResponse><DescribeStacksResult><Stacks>{stack}</Stacks></DescribeStacksResult>"
    aws.front.answers["DescribeStacks"] = always(Answer(200, "text/xml", f"{body}</DescribeStacksResponse>".encode()))

    seen = look(aws)

    under = f"{EAST}/cloudformation-stack/network/parameters"
    assert [f"{under}/Shown"] == places_of(seen, shown)
    assert [f"{under}/Stored"] == places_of(seen, resolved)
    assert 2 == len(seen.of(SecretExposure))


def test_a_public_identifier_alone_is_a_reference(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "lambda-functions")
    key = "AKIA" + "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))
    a_function(aws, KEY_ID=key)

    seen = look(aws)

    assert [] == seen.of(SecretExposure)
    (reference,) = seen.of(SecretReference)
    assert [Carrier.WORKLOAD] == [place.carrier for place in reference.occurrences]


# -- owners and wishes ------------------------------------------------------------------------------------------------


def test_tags_say_who_answers(aws: Aws) -> None:
    values = one_of_each(aws)
    tagged = {"owner": "team-shop"}
    more = {api: a_token() for api in list(PARTS)[:4]}
    a_function(aws, "mail", tags=tagged, TOKEN=more["lambda-functions"])
    a_revision(aws, "mail", tags=tagged, TOKEN=more["ecs-task-definitions"])
    a_project(aws, "deploy", {"name": "TOKEN", "value": more["codebuild-projects"]}, tags=tagged)
    an_instance(aws, f"TOKEN={more['ec2-instances']}".encode(), tags=tagged)

    seen = look(aws)

    for value in more.values():
        assert ["team-shop"] == [owner.name for owner in exposure_of(seen, value).owners]
    assert ["team-platform"] == [owner.name for owner in exposure_of(seen, values["cloudformation-stacks"]).owners]
    assert all(Facet.OWNER in one.observed for one in seen.of(SecretExposure))
    assert () == exposure_of(seen, values["lambda-functions"]).owners


def test_the_allow_list_knows_a_workload_by_its_account_and_path(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "lambda-functions")
    a_function(aws, "pay", TOKEN=a_token())
    a_function(aws, "mail", TOKEN=a_token())
    until = datetime.now(UTC) + timedelta(days=1)
    allowed = Allowance(reason="a sandbox", expiration_time=until, repository=ACCOUNT, path="*/lambda-function/pay/**")

    seen = look(aws, AwsSession(allow_list=AllowList([allowed])))

    suppressed = {
        str(place.path).split("/")[2]: place.suppressed is not None
        for one in seen.of(SecretExposure)
        for place in one.occurrences
    }
    assert {"pay": True, "mail": False} == suppressed


# -- hostile and odd --------------------------------------------------------------------------------------------------


def test_a_value_in_a_name_is_found_and_taken_out_of_every_name(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "ecs-task-definitions", "lambda-functions", "codebuild-projects", "ec2-launch-templates")
    variable, family, function, project, template = values = [a_token() for _ in range(5)]
    named: dict[str, Any] = {variable: "on"}
    a_revision(aws, family, **named)
    a_function(aws, function, STAGE="live")
    a_project(aws, project, {"name": "STAGE", "value": "live"})
    aws.client("ec2").create_launch_template(LaunchTemplateName=template, LaunchTemplateData={"UserData": "aGk="})

    seen = look(aws)

    assert [True] * 5 == ["****" in str(exposure_of(seen, value).occurrences[0].path) for value in values]
    assert [] == [value for value in values if value in told(seen)]
    assert 4 == len({one.uid for one in seen.resources if one.scope_uid})


def test_a_value_in_the_name_of_a_packed_file_is_taken_out_of_the_way_to_another(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, "ec2-instances")
    name, value = a_token(), a_token()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"etc/{name}.env", f"TOKEN={value}\n")
    an_instance(aws, packed.getvalue())

    seen = look(aws)

    assert ["zip:etc/****.env"] == list(exposure_of(seen, value).occurrences[0].decoding)
    assert exposure_of(seen, name).occurrences
    assert name not in told(seen)


@pytest.mark.parametrize(
    "pack",
    [
        pytest.param(lambda script: script, id="plain"),
        pytest.param(gzip.compress, id="gzip"),
        pytest.param(lambda script: b"\xff\xfe\x80 \xc3(\n" + script, id="no UTF-8"),
        pytest.param(
            lambda script: (
                b'Content-Type: multipart/mixed; boundary="=="\n\n--==\nContent-Type: text/x-shellscript\n'
                b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(script) + b"--==--\n"
            ),
            id="mail in base64",
        ),
    ],
)
def test_user_data_is_read_however_it_is_packed(pack: Any, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "ec2-instances")
    value = a_token()
    uid = an_instance(aws, pack(f"#!/bin/sh\necho start\nexport TOKEN={value}\n".encode()))

    assert [f"{EAST}/ec2-instance/{uid}/user-data"] == places_of(look(aws), value)


def test_user_data_that_is_no_base64_is_a_gap(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "ec2-instances")
    an_instance(aws, b"start")
    answer = (
        '<DescribeInstanceAttributeResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><instanceId>i-1</instanceId>'
        "<userData><value>%%%</value></userData></DescribeInstanceAttributeResponse>"
    )
    aws.front.answers["DescribeInstanceAttribute"] = always(Answer(200, "text/xml", answer.encode()))

    seen = look(aws)

    assert [GapReason.MALFORMED] == [gap.reason for gap in seen.gaps]
    assert [False] == list(workloads(seen).values())


def test_an_instance_that_was_terminated_is_left_out(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "ec2-instances")
    uid = an_instance(aws, f"TOKEN={a_token()}".encode())
    aws.client("ec2").terminate_instances(InstanceIds=[uid])

    seen = look(aws)

    assert ({}, []) == (workloads(seen), seen.gaps)
    assert ["terminated_instance"] == [one.reason for one in seen.coverage("ec2-instances", EAST).exclusions]


def test_settings_over_the_limit_are_a_gap_and_not_clean(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "lambda-functions")
    value = a_token()
    a_function(aws, "huge", TOKEN=a_token(), PADDING="x" * 4000)
    a_function(aws, "pay", TOKEN=value)

    seen = look(aws, AwsSession(limits=Limits(whole_object_bytes=1000)))

    assert [GapReason.LIMIT] == [gap.reason for gap in seen.gaps]
    assert {"huge": False, "pay": True} == {name.rpartition("/")[2]: whole for name, whole in workloads(seen).items()}
    assert places_of(seen, value)
    assert CoverageStatus.PARTIAL is seen.coverage("lambda-functions", EAST).status


def pages(*names: str, broken: bool = False) -> Any:
    """Functions, a page each."""

    def answer(question: Question) -> Answer:
        at = int(dict(part.split("=") for part in question["path"].partition("?")[2].split("&")).get("Marker", 0))
        if broken and at == len(names) - 1:
            return error("InternalFailure", 500)(plain())
        arn = f"arn:aws:lambda:{EAST}:{ACCOUNT}:function:{names[at]}"
        function = {"FunctionName": names[at], "FunctionArn": f"{arn}:$LATEST", "Version": "$LATEST"}
        told_ = {"Functions": [{**function, "Environment": {"Variables": {"TOKEN": TOKENS[at]}}}]}
        return plain(**told_, **({"NextMarker": str(at + 1)} if at + 1 < len(names) else {}))

    return answer


TOKENS = [a_token() for _ in range(3)]


def test_every_page_is_read(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "lambda-functions")
    aws.front.answers["ListFunctions"] = pages("a", "b", "c")
    aws.front.answers["ListTags"] = always(plain(Tags={}))

    assert 3 == len(look(aws).of(SecretExposure))


def test_what_came_before_a_page_that_fails_is_told(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "lambda-functions")
    aws.front.answers["ListFunctions"] = pages("a", "b", "c", broken=True)
    aws.front.answers["ListTags"] = always(plain(Tags={}))

    seen = look(aws)

    assert 2 == len(seen.of(SecretExposure))
    assert CoverageStatus.PARTIAL is seen.coverage("lambda-functions", EAST).status
    # Another version of each may stand on the page that failed.
    assert {False} == set(workloads(seen).values())


# -- denied and broken ------------------------------------------------------------------------------------------------

LISTINGS = {
    "ListFunctions": "lambda-functions",
    "ListTaskDefinitions": "ecs-task-definitions",
    "ListProjects": "codebuild-projects",
    "DescribeInstances": "ec2-instances",
    "DescribeLaunchTemplateVersions": "ec2-launch-templates",
    "DescribeStacks": "cloudformation-stacks",
}
"""Without these no workload is seen."""
CONTENTS = {
    "DescribeTaskDefinition": "ecs-task-definitions",
    "BatchGetProjects": "codebuild-projects",
    "DescribeInstanceAttribute": "ec2-instances",
}
"""Without these workloads are known, and their settings are not."""
IN_USE = {"ListClusters", "ListServices", "DescribeServices", "ListTasks", "DescribeTasks"}
"""Without these it is not known which revisions are in use."""
OWNING = {"ListTags": "lambda-functions", "DescribeLaunchTemplates": "ec2-launch-templates"}
"""Without these a question stays open."""
FAULTS = {
    "403": (error("AccessDeniedException", 403), GapReason.DENIED),
    "429": (error("TooManyRequestsException", 429), GapReason.RATE_LIMITED),
    "500": (error("InternalFailure", 500), GapReason.FAILED),
    "cut off": (cut_off, GapReason.MALFORMED),
    "shortened": (shortened, GapReason.MALFORMED),
    "html": (html, GapReason.MALFORMED),
}


def spoil(aws: Aws, operation: str, how: Any) -> None:
    aws.front.spoil(operation, how)


def action(operation: str) -> str:
    (call,) = [call for call in WORKLOAD_CALLS if call.operation == operation]
    return str(call.action)


def test_every_call_goes_wrong_somewhere() -> None:
    assert {call.operation for call in WORKLOAD_CALLS} == {*LISTINGS, *CONTENTS, *IN_USE, *OWNING}


@pytest.mark.parametrize(
    "fault", [pytest.param(fault, marks=[] if fault in {"403", "html"} else pytest.mark.full) for fault in FAULTS]
)
@pytest.mark.parametrize("operation", [*LISTINGS, *CONTENTS])
def test_settings_that_cannot_be_read_are_one_gap_and_nothing_is_called_clean(
    operation: str, fault: str, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = {**LISTINGS, **CONTENTS}[operation]
    only(monkeypatch, api)
    one_of_each(aws)
    how, reason = FAULTS[fault]
    spoil(aws, operation, how)

    seen = look(aws)

    (gap,) = seen.gaps
    denied = reason is GapReason.DENIED
    assert (reason, action(operation) if denied else None, None) == (gap.reason, gap.permission, gap.facet)
    expected = CoverageStatus.DENIED if denied else CoverageStatus.PARTIAL
    assert expected is seen.coverage(api, EAST).status
    assert [] == seen.of(SecretExposure)
    assert True not in workloads(seen).values()


@pytest.mark.parametrize("operation", sorted(IN_USE))
def test_revisions_of_which_nobody_knows_if_they_are_used_are_a_gap(
    operation: str, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, "ecs-task-definitions")
    value = a_token()
    newest = a_revision(aws, TOKEN=value)
    aws.client("ecs").create_cluster(clusterName="main")
    aws.client("ecs").create_service(cluster="main", serviceName="web", taskDefinition=newest, desiredCount=0)
    aws.front.answers["ListTasks"] = always(plain(taskArns=["arn:task"]))
    aws.front.answers["DescribeTasks"] = always(plain(tasks=[{"taskArn": "arn:task", "taskDefinitionArn": newest}]))
    spoil(aws, operation, error("AccessDeniedException", 403))

    seen = look(aws)

    (gap,) = seen.gaps
    assert (GapReason.DENIED, action(operation), None) == (gap.reason, gap.permission, gap.facet)
    assert CoverageStatus.PARTIAL is seen.coverage("ecs-task-definitions", EAST).status
    assert places_of(seen, value)
    assert [False] == list(workloads(seen).values())


@pytest.mark.parametrize("operation", sorted(OWNING))
def test_tags_that_are_denied_leave_the_owner_open(operation: str, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, OWNING[operation])
    values = one_of_each(aws)
    spoil(aws, operation, error("AccessDeniedException", 403))

    seen = look(aws)

    (gap,) = seen.gaps
    assert (GapReason.DENIED, action(operation), Facet.OWNER) == (gap.reason, gap.permission, gap.facet)
    assert CoverageStatus.COMPLETE is seen.coverage(OWNING[operation], EAST).status
    assert Facet.OWNER not in exposure_of(seen, values[OWNING[operation]]).observed


def test_one_instance_that_is_denied_costs_that_instance(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "ec2-instances")
    values = [a_token() for _ in range(3)]
    for value in values:
        an_instance(aws, f"TOKEN={value}".encode())
    aws.front.spoil("DescribeInstanceAttribute", error("UnauthorizedOperation", 403), at=2)

    seen = look(aws)

    assert 2 == len(seen.of(SecretExposure))
    assert [(GapReason.DENIED, 1)] == [(gap.reason, gap.count) for gap in seen.gaps]
    coverage: Coverage = seen.coverage("ec2-instances", EAST)
    assert (CoverageStatus.PARTIAL, 3, 2) == (coverage.status, coverage.expected, coverage.fetched)
    assert [False, True, True] == sorted(map(bool, workloads(seen).values()))


@pytest.mark.parametrize(
    ("operation", "answer"),
    [
        pytest.param("DescribeTaskDefinition", plain(), id="a task definition that is none"),
        pytest.param("BatchGetProjects", plain(projects=[]), id="fewer projects than were asked for"),
        pytest.param(
            "DescribeInstanceAttribute",
            Answer(200, "text/xml", b"<DescribeInstanceAttributeResponse></DescribeInstanceAttributeResponse>"),
            id="an attribute of no instance",
        ),
        pytest.param(
            "DescribeInstances",
            Answer(
                200,
                "text/xml",
                b"<DescribeInstancesResponse><reservationSet><item><instancesSet><item><imageId>a</imageId></item>"
                b"</instancesSet></item></reservationSet></DescribeInstancesResponse>",
            ),
            id="an instance without an id",
        ),
    ],
)
def test_an_answer_that_lacks_what_was_asked_for_is_a_gap(
    operation: str, answer: Answer, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, {**LISTINGS, **CONTENTS}[operation])
    one_of_each(aws)
    aws.front.answers[operation] = always(answer)

    seen = look(aws)

    assert [GapReason.MALFORMED] == [gap.reason for gap in seen.gaps]
    assert True not in workloads(seen).values()


@pytest.mark.parametrize(("reason", "gaps"), [("MISSING", 0), ("UNKNOWN", 1)])
def test_a_task_that_ended_meanwhile_is_no_gap_and_any_other_failure_is(
    reason: str, gaps: int, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, "ecs-task-definitions")
    a_revision(aws, STAGE="live")
    aws.client("ecs").create_cluster(clusterName="main")
    aws.front.answers["ListTasks"] = always(plain(taskArns=["arn:task"]))
    aws.front.answers["DescribeTasks"] = always(plain(tasks=[], failures=[{"arn": "arn:task", "reason": reason}]))

    assert gaps == len(look(aws).gaps)


def test_an_instance_that_ended_meanwhile_is_no_gap(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "ec2-instances")
    an_instance(aws, b"start")
    aws.front.spoil("DescribeInstanceAttribute", error("InvalidInstanceID.NotFound", 400))

    seen = look(aws)

    assert ({}, []) == (workloads(seen), seen.gaps)
