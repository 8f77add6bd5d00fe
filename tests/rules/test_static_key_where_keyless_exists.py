from __future__ import annotations

import pytest

from rules.static_key_where_keyless_exists import StaticKeyWhereKeylessExists
from storage.inventory import (
    CloseReason,
    Confidence,
    CredentialState,
    CredentialType,
    IdentityKind,
    Outcome,
    PipelineSignal,
    PipelineState,
    Severity,
)
from tests.rules.builders import a_client_secret, a_context, a_credential_state, a_pipeline_state, a_sign, an_identity


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(a_credential_state(), Outcome.NOT_SATISFIED, None, id="found: an access key"),
        pytest.param(
            a_credential_state(provider="gcp", type=CredentialType.SERVICE_ACCOUNT_KEY),
            Outcome.NOT_SATISFIED,
            None,
            id="found: a service account key",
        ),
        pytest.param(a_credential_state(a_client_secret()), Outcome.NOT_SATISFIED, None, id="found: a client secret"),
        pytest.param(
            a_credential_state(enabled=False), Outcome.SATISFIED, CloseReason.REVOKED_PROVED, id="clean: disabled"
        ),
        pytest.param(
            a_credential_state(present=False), Outcome.SATISFIED, CloseReason.REVOKED_PROVED, id="clean: deleted"
        ),
        pytest.param(
            a_credential_state(enabled=None),
            Outcome.NOT_SATISFIED,
            None,
            id="cannot say: whether it works is not known, so it is taken to",
        ),
        pytest.param(
            a_credential_state(type=CredentialType.PASSWORD),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: nothing in its place",
        ),
        pytest.param(
            a_credential_state(identity=an_identity(kind=IdentityKind.ACCOUNT_ROOT)),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: root is to have none",
        ),
    ],
)
def test_outcome(subject: CredentialState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = StaticKeyWhereKeylessExists().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(
            a_pipeline_state(facts=(a_sign(PipelineSignal.STATIC_CLOUD_KEY),)),
            Outcome.NOT_SATISFIED,
            None,
            id="found: a cloud key",
        ),
        pytest.param(
            a_pipeline_state(
                facts=(a_sign(PipelineSignal.STATIC_PUBLISHING_TOKEN), a_sign(PipelineSignal.KEYLESS_CLOUD))
            ),
            Outcome.NOT_SATISFIED,
            None,
            id="found: a registry's token, beside a cloud without keys",
        ),
        pytest.param(
            a_pipeline_state(facts=(a_sign(PipelineSignal.KEYLESS_CLOUD),)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: by the job's own token",
        ),
        pytest.param(
            a_pipeline_state(undetermined=("it calls a workflow of another repository",)),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: what it calls",
        ),
        pytest.param(
            a_pipeline_state(read=False, undetermined=("it is no YAML",)), Outcome.NOT_ASSESSED, None, id="unreadable"
        ),
        pytest.param(a_pipeline_state(), Outcome.NOT_APPLICABLE, None, id="not applicable: no cloud"),
        pytest.param(
            a_pipeline_state(present=False),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="gone",
        ),
    ],
)
def test_outcome_of_a_pipeline(subject: PipelineState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = StaticKeyWhereKeylessExists().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)


def test_it_says_what_to_use_and_weighs_little() -> None:
    assessment = StaticKeyWhereKeylessExists().assess(a_credential_state(), a_context())

    assert "where a role taken by the workload itself or by OpenID Connect would do without" in assessment.message
    assert (Severity.LOW, Confidence.MEDIUM) == (assessment.severity, assessment.confidence)
