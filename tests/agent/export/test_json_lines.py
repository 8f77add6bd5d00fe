"""The canonical records: a schema that holds, the same bytes twice, and no byte outside ASCII."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import jsonschema
import msgspec
import pytest

from agent.export.base import RunReport
from agent.export.json_lines import KINDS, JsonLines, schema
from storage.inventory import (
    Assessment,
    Confidence,
    Joined,
    Link,
    LinkKind,
    Outcome,
    Owner,
    PrivilegeLevel,
    SecretReference,
    Severity,
    SubjectKind,
    Validity,
)
from storage.records import ShortLived
from tests.builders import (
    ACCOUNT,
    AS_OF,
    REPOSITORY,
    a_commit,
    a_finding,
    a_gap,
    a_pipeline_state,
    a_report,
    a_secret_exposure,
    an_account_report,
    an_event,
    an_exception,
    an_occurrence,
    an_owner,
    logged,
)

VALIDATOR = jsonschema.Draft202012Validator(schema())


def written(report: RunReport) -> bytes:
    stream = io.BytesIO()
    JsonLines().write(report, stream)
    return stream.getvalue()


def lines(report: RunReport) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(report).splitlines()]


def a_full_report() -> RunReport:
    reference = SecretReference(
        uid="r1", scope_uid=f"{REPOSITORY}#refs", detector="aws-access-key-id", name="AWS access key id", vendor="aws",
        public_identifiers={"access_key_id": "example"}, occurrences=(an_occurrence(),),
    )  # fmt: skip
    assessment = Assessment(
        rule="missing-owner", subject_kind=SubjectKind.EXPOSURE, subject_uid="e1", outcome=Outcome.SATISFIED,
        severity=Severity.LOW, confidence=Confidence.HIGH, message="Somebody answers for it.",
    )  # fmt: skip
    account = an_account_report()
    joined = Joined(
        validity=Validity.LIVE, reason="it is listed and works", credential_uid="aws:access-key:1",
        identity_uid="aws:user:1", resource_uid="aws:account:123456789012", privilege=PrivilegeLevel.ADMIN,
    )  # fmt: skip
    link = Link(
        kind=LinkKind.EXPOSURE_CREDENTIAL, source_uid="e1", target_uid="aws:access-key:1", confidence=Confidence.HIGH,
        proof="access key id key-of-robot",
    )  # fmt: skip
    return a_report(
        gaps=(a_gap(),), references=(reference,), assessments=(assessment,), exceptions=(an_exception(),),
        links=(link,),
        exposures=(
            a_secret_exposure(validity=Validity.LIVE, joined=joined),
            a_secret_exposure(uid="e2", first_commit=None, owners=(), occurrences=()),
        ),
        identities=account.identities, credentials=account.credentials, stored_secrets=account.stored_secrets,
        safeguards=account.safeguards, pipelines=(a_pipeline_state(),), events=(an_event(),),
    )  # fmt: skip


def test_every_line_is_valid_by_the_printed_schema() -> None:
    report = a_full_report()

    assert set(KINDS) == {line["kind"] for line in lines(report)}
    for line in lines(report):
        VALIDATOR.validate(line)


def test_what_providers_list_has_lines_of_its_own() -> None:
    by_kind = {line["kind"]: line for line in lines(an_account_report())}

    assert ("IAM user", "deploy-robot") == (by_kind["identity"]["identity_kind"], by_kind["identity"]["name"])
    assert ("access key", True) == (by_kind["credential"]["credential_kind"], by_kind["credential"]["present"])
    assert "billing/database" == by_kind["stored_secret"]["name"]
    assert "audit_log" == by_kind["safeguard"]["safeguard_kind"]
    assert "123456789012" == by_kind["finding"]["repository"]


def test_an_account_says_since_when_its_logs_give_evidence_and_what_they_tell() -> None:
    report = logged(
        an_account_report(),
        {"us-east-1": AS_OF - timedelta(days=90), "eu-west-1": AS_OF - timedelta(days=9), "sa-east-1": None},
        events=(an_event(), an_event(uid="aws:event:2", time=AS_OF - timedelta(days=200))),
        short_lived=(ShortLived(resource_uid=ACCOUNT, kind=SubjectKind.CREDENTIAL, count=2),),
    )

    by_kind: dict[str, list[dict[str, Any]]] = {}
    for line in lines(report):
        VALIDATOR.validate(line)
        by_kind.setdefault(line["kind"], []).append(line)

    (account,) = by_kind["resource"]
    nine_days_ago = (AS_OF - timedelta(days=9)).isoformat().replace("+00:00", "Z")
    assert [("CloudTrail", nine_days_ago, ["sa-east-1"])] == [
        (one["source"], one["since_time"], one["not_read"]) for one in account["evidence"]
    ]
    assert {"credential": 2} == account["made_and_deleted"]
    assert ["aws:event:2", "aws:event:1"] == [one["uid"] for one in by_kind["event"]]
    assert ("created", "iam:CreateAccessKey") == (by_kind["event"][0]["event_kind"], by_kind["event"][0]["action"])


def test_whether_a_value_is_live_stands_in_its_line_and_in_those_of_its_findings() -> None:
    by_kind = {line["kind"]: line for line in reversed(lines(a_full_report()))}

    assert ("live", "admin") == (by_kind["exposure"]["validity"], by_kind["exposure"]["joined"]["privilege"])
    assert ("exposure_credential", "e1") == (by_kind["link"]["link_kind"], by_kind["link"]["source_uid"])
    assert "live" == by_kind["finding"]["validity"]


def test_the_schema_refuses_what_is_no_record() -> None:
    good = lines(a_report())

    assert not VALIDATOR.is_valid({"kind": "exposure", "schema_version": "1.0"})
    assert not VALIDATOR.is_valid({**good[0], "kind": "gap"})
    assert not VALIDATOR.is_valid({**good[0], "schema_version": "2.0"})


def test_the_run_comes_first_and_then_what_was_not_seen() -> None:
    kinds = [line["kind"] for line in lines(a_full_report())]

    assert list(KINDS) == list(dict.fromkeys(kinds))


def test_keys_are_sorted_and_bytes_are_ascii() -> None:
    content = written(a_report(exposures=(a_secret_exposure(occurrences=(an_occurrence(path="日\u202e\x1b.py"),)),)))

    content.decode("ascii")
    for line in content.splitlines():
        assert list(json.loads(line)) == sorted(json.loads(line))


def test_a_lone_surrogate_does_not_break_a_line() -> None:
    report = a_report(findings=(a_finding(message="\udcff"),))

    assert "\udcff" == next(line["message"] for line in lines(report) if line["kind"] == "finding")


def test_the_order_of_the_store_does_not_show() -> None:
    exposures = tuple(a_secret_exposure(uid=f"e{at}") for at in range(5))
    findings = tuple(a_finding(subject_uid=f"e{at}") for at in range(5))
    gaps = (a_gap(), a_gap(detail="another"))

    one = written(a_report(exposures=exposures, findings=findings, gaps=gaps))
    other = written(a_report(exposures=exposures[::-1], findings=findings[::-1], gaps=gaps[::-1]))

    assert one == other


def test_ages_come_from_the_moment_of_the_run() -> None:
    report = a_report(exposures=(a_secret_exposure(first_commit=a_commit(time=AS_OF - timedelta(days=41, hours=5))),))

    assert [41] == [line["days_exposed"] for line in lines(report) if line["kind"] == "exposure"]


def test_a_commit_from_the_future_has_no_negative_age() -> None:
    report = a_report(exposures=(a_secret_exposure(first_commit=a_commit(time=AS_OF + timedelta(days=9))),))

    assert [0] == [line["days_exposed"] for line in lines(report) if line["kind"] == "exposure"]


@pytest.mark.parametrize(
    ("owner", "active"),
    [
        pytest.param(an_owner(), None, id="nobody knows"),
        pytest.param(an_owner(last_activity_time=AS_OF - timedelta(days=10)), True, id="a commit ten days ago"),
        pytest.param(an_owner(last_activity_time=AS_OF - timedelta(days=400)), False, id="a commit long ago"),
        pytest.param(an_owner(left=True, last_activity_time=AS_OF), False, id="has left"),
    ],
)
def test_whether_an_owner_is_active(owner: Owner, active: object) -> None:
    report = a_report(exposures=(a_secret_exposure(owners=(owner,)),))

    assert [[active]] == [
        [each["active"] for each in line["owners"]] for line in lines(report) if line["kind"] == "exposure"
    ]


def test_a_finding_carries_its_controls() -> None:
    finding = next(line for line in lines(a_report()) if line["kind"] == "finding")

    assert ["NHI2:2025", "PR.AA-03", "CC6.1"] == finding["control_ids"]
    assert "payments" == finding["repository"]


def test_a_self_accepted_exception_does_not_count_as_approved() -> None:
    report = a_report(exceptions=(an_exception(approver="Ada", requester="ada"),))

    assert [False] == [line["approved"] for line in lines(report) if line["kind"] == "exception"]


def test_every_field_of_the_vocabulary_is_written() -> None:
    exposure = next(line for line in lines(a_report()) if line["kind"] == "exposure")

    assert {field.encode_name for field in msgspec.structs.fields(a_secret_exposure())} <= set(exposure)
