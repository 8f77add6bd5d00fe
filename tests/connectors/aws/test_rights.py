"""What doctor says of a login: whose it is, what it lacks, what it should not have."""

from __future__ import annotations

import pytest

from connectors.aws.connector import AwsConnector, AwsTarget
from connectors.aws.permissions import PERMISSIONS
from connectors.aws.rights import READING_VALUES, principal
from connectors.aws.workload_calls import WORKLOAD_CALLS
from connectors.base import Check, Mark, TargetError
from tests.connectors.aws.front import Answer, Question, error, iam
from tests.connectors.aws.workshop import ACCOUNT, QUICK, Aws

OF_WORKLOADS = {str(call.action) for call in WORKLOAD_CALLS}
NEEDED = {permission.action for permission in PERMISSIONS} - OF_WORKLOADS


def allowing(aws: Aws, *actions: str) -> None:
    """Let AWS say that these, of all that it is asked about, are allowed."""

    def answer(question: Question) -> Answer:
        asked = [value for key, value in question.items() if key.startswith("ActionNames.")]
        told = "".join(
            f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>*</EvalResourceName>"
            f"<EvalDecision>{'allowed' if action in actions else 'implicitDeny'}</EvalDecision></member>"
            for action in asked
        )
        return iam("SimulatePrincipalPolicy", f"<EvaluationResults>{told}</EvaluationResults>")

    aws.front.answers["SimulatePrincipalPolicy"] = answer


def checks(aws: Aws, account: str | None = None, *, workloads: bool = False) -> list[Check]:
    target = AwsTarget(endpoint_url=aws.front.address, account=account, workloads=workloads)
    return list(AwsConnector(QUICK).checks(target))


def test_a_login_with_the_published_policy_is_fine(aws: Aws) -> None:
    allowing(aws, *NEEDED)

    assert [Mark.FINE, Mark.FINE] == [check.mark for check in checks(aws)]
    assert ACCOUNT in checks(aws)[0].detail


def test_a_right_that_holds_on_api_keys_alone_is_not_called_missing(aws: Aws) -> None:
    allowing(aws, *NEEDED - {"apigateway:GET", "cloudtrail:LookupEvents"})

    assert [Mark.FINE, Mark.FINE] == [check.mark for check in checks(aws)]


def test_what_is_missing_and_what_is_too_much_is_named(aws: Aws) -> None:
    allowing(aws, *NEEDED - {"iam:ListAccessKeys"}, READING_VALUES[0])

    _, missing, excess = checks(aws)

    assert (Mark.WARNING, True) == (missing.mark, "Missing: iam:ListAccessKeys." in missing.detail)
    assert (Mark.WARNING, True) == (excess.mark, f"Too many: {READING_VALUES[0]}." in excess.detail)


def test_settings_of_workloads_are_too_much_for_who_does_not_ask_for_them(aws: Aws) -> None:
    allowing(aws, *NEEDED, *OF_WORKLOADS)

    _, excess = checks(aws)

    assert (Mark.WARNING, True) == (excess.mark, "lambda:ListFunctions" in excess.detail)
    assert [Mark.FINE, Mark.FINE] == [check.mark for check in checks(aws, workloads=True)]


def test_who_asks_for_workloads_is_told_which_rights_are_missing(aws: Aws) -> None:
    allowing(aws, *NEEDED, *OF_WORKLOADS - {"ecs:ListTasks"})

    _, missing = checks(aws, workloads=True)

    assert (Mark.WARNING, True) == (missing.mark, "Missing: ecs:ListTasks." in missing.detail)


def test_who_may_not_ask_is_told_so(aws: Aws) -> None:
    allowing(aws)
    aws.front.spoil("SimulatePrincipalPolicy", error("AccessDenied", 403))

    _, rights = checks(aws)

    assert (Mark.WARNING, True) == (rights.mark, "iam:SimulatePrincipalPolicy was denied" in rights.detail)


def test_a_login_that_is_not_the_one_meant_is_a_fault(aws: Aws) -> None:
    assert [Mark.FAULT] == [check.mark for check in checks(aws, account="210987654321")]


def test_a_target_that_cannot_be_meant_is_refused(aws: Aws) -> None:
    with pytest.raises(TargetError):
        checks(aws, account="12")


def test_a_login_that_ran_out_is_a_fault(aws: Aws) -> None:
    aws.front.spoil("GetCallerIdentity", error("ExpiredToken", 403))

    assert [Mark.FAULT] == [check.mark for check in checks(aws)]


def test_the_session_of_a_role_has_the_rights_of_the_role() -> None:
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/nhi-agent/run"

    assert f"arn:aws:iam::{ACCOUNT}:role/nhi-agent" == principal(session)
    assert f"arn:aws:iam::{ACCOUNT}:user/ada" == principal(f"arn:aws:iam::{ACCOUNT}:user/ada")
