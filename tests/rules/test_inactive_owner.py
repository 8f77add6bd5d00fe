from __future__ import annotations

from typing import Any

import pytest

from rules.inactive_owner import InactiveOwner
from rules.joins.owner_precedence import settled
from storage.inventory import (
    CloseReason,
    Confidence,
    Facet,
    IdentityState,
    Outcome,
    OwnerAssignment,
    OwnerSource,
    SecretExposure,
    StoredSecretState,
    Validity,
)
from tests.rules.builders import a_context, a_slot_state, an_author, an_exposure, an_identity_state, an_owner, days_ago

NOT_ASKED = frozenset(Facet) - {Facet.OWNER}
MAKER = an_author(source=OwnerSource.AUDIT_LOG, left=True)


@pytest.mark.parametrize("left", [True, False, None])
def test_whoever_a_provider_says_made_a_thing_is_its_maker(*, left: bool | None) -> None:
    key = an_identity_state(owners=(an_author(source=OwnerSource.CREATOR, left=left),))
    expected = {True: Outcome.NOT_SATISFIED, False: Outcome.SATISFIED, None: Outcome.NOT_ASSESSED}[left]
    assert expected == InactiveOwner().assess(key, a_context()).outcome


QUIET = days_ago(181)
RECENT = days_ago(180)


@pytest.mark.parametrize(
    ("exposure", "policy", "outcome", "confidence"),
    [
        pytest.param(
            an_exposure(owners=(an_owner(left=True),)),
            {},
            Outcome.NOT_SATISFIED,
            Confidence.HIGH,
            id="found: owner left",
        ),
        pytest.param(
            an_exposure(),
            {"owners": (OwnerAssignment(owner="Otto", left=True),)},
            Outcome.NOT_SATISFIED,
            Confidence.HIGH,
            id="found: left, says the owners file",
        ),
        pytest.param(
            an_exposure(owners=(an_owner(left=True), an_owner(name="Team", email=None, last_activity_time=QUIET))),
            {},
            Outcome.NOT_SATISFIED,
            Confidence.LOW,
            id="found: who remains is quiet",
        ),
        pytest.param(
            an_exposure(owners=(an_author(),)),
            {"left": frozenset({"ada@example.com"})},
            Outcome.NOT_SATISFIED,
            Confidence.MEDIUM,
            id="found: no owner, author left",
        ),
        pytest.param(
            an_exposure(owners=(an_author(last_activity_time=QUIET),)),
            {},
            Outcome.NOT_SATISFIED,
            Confidence.LOW,
            id="found: no owner, author quiet",
        ),
        pytest.param(
            an_exposure(owners=(an_owner(last_activity_time=RECENT),)),
            {},
            Outcome.SATISFIED,
            Confidence.HIGH,
            id="clean: owner commits",
        ),
        pytest.param(
            an_exposure(owners=(an_owner(left=False, last_activity_time=QUIET),)),
            {},
            Outcome.SATISFIED,
            Confidence.HIGH,
            id="clean: quiet, but a directory knows the owner",
        ),
        pytest.param(
            an_exposure(owners=(an_owner(left=True), an_owner(name="Team", email=None, last_activity_time=RECENT))),
            {},
            Outcome.SATISFIED,
            Confidence.HIGH,
            id="clean: one left, another is active",
        ),
        pytest.param(
            an_exposure(owners=(an_author(last_activity_time=RECENT),)),
            {},
            Outcome.SATISFIED,
            Confidence.HIGH,
            id="clean: no owner, author commits",
        ),
        pytest.param(
            an_exposure(owners=(an_author(last_activity_time=RECENT),)),
            {"owners": (OwnerAssignment(owner="Ada L.", email="ADA@example.com"),)},
            Outcome.SATISFIED,
            Confidence.HIGH,
            id="clean: the owner in the owners file is the author who commits",
        ),
        pytest.param(
            an_exposure(owners=(an_owner(), an_owner(name="Team", email=None, last_activity_time=QUIET))),
            {},
            Outcome.NOT_ASSESSED,
            Confidence.HIGH,
            id="cannot say: nothing known of one owner",
        ),
        pytest.param(
            an_exposure(owners=(an_author(),)),
            {},
            Outcome.NOT_ASSESSED,
            Confidence.HIGH,
            id="cannot say: nothing known of the author",
        ),
        pytest.param(
            an_exposure(observed=NOT_ASKED), {}, Outcome.NOT_ASSESSED, Confidence.HIGH, id="cannot say: not looked at"
        ),
        pytest.param(an_exposure(), {}, Outcome.NOT_APPLICABLE, Confidence.HIGH, id="not applicable: nobody named"),
        pytest.param(
            an_exposure(owners=(an_author(source=OwnerSource.RECENT_COMMITTER),)),
            {},
            Outcome.NOT_APPLICABLE,
            Confidence.HIGH,
            id="not applicable: recent committers alone",
        ),
        pytest.param(
            an_exposure(owners=(an_owner(left=True),), validity=Validity.REVOKED),
            {},
            Outcome.NOT_APPLICABLE,
            Confidence.HIGH,
            id="not applicable: its end is proved",
        ),
    ],
)
def test_outcome(exposure: SecretExposure, policy: dict[str, Any], outcome: Outcome, confidence: Confidence) -> None:
    context = a_context(**policy)

    assessment = InactiveOwner().assess(settled(exposure, context.policy), context)

    assert (outcome, confidence) == (assessment.outcome, assessment.confidence)


@pytest.mark.parametrize(
    ("subject", "outcome", "confidence", "words"),
    [
        pytest.param(
            an_identity_state(owners=(an_owner(left=True),)),
            Outcome.NOT_SATISFIED,
            Confidence.HIGH,
            "IAM user deploy: owner Olga has left.",
            id="found: owner left",
        ),
        pytest.param(
            an_identity_state(owners=(MAKER,)),
            Outcome.NOT_SATISFIED,
            Confidence.MEDIUM,
            "IAM user deploy: creator Ada has left.",
            id="found: no owner, maker left",
        ),
        pytest.param(
            a_slot_state(owners=(an_owner(left=True),)),
            Outcome.NOT_SATISFIED,
            Confidence.HIGH,
            "Secret shop/database: owner Olga has left.",
            id="found: owner of a stored secret left",
        ),
        pytest.param(
            an_identity_state(owners=(an_owner(left=False),)),
            Outcome.SATISFIED,
            Confidence.HIGH,
            "is active",
            id="clean: the directory knows the owner",
        ),
        pytest.param(
            an_identity_state(owners=(an_owner(left=True),), present=False),
            Outcome.SATISFIED,
            Confidence.HIGH,
            "was deleted",
            id="clean: deleted",
        ),
        pytest.param(
            an_identity_state(owners=(an_owner(),)),
            Outcome.NOT_ASSESSED,
            Confidence.HIGH,
            "not known",
            id="cannot say: nothing known of the owner",
        ),
        pytest.param(
            a_slot_state(observed=NOT_ASKED),
            Outcome.NOT_ASSESSED,
            Confidence.HIGH,
            "not looked at",
            id="cannot say: not looked at",
        ),
        pytest.param(
            an_identity_state(), Outcome.NOT_APPLICABLE, Confidence.HIGH, "neither", id="not applicable: nobody named"
        ),
        pytest.param(
            a_slot_state(owners=(an_owner(left=True),), provider_managed=True),
            Outcome.NOT_APPLICABLE,
            Confidence.HIGH,
            "its provider",
            id="not applicable: its provider's",
        ),
    ],
)
def test_outcome_of_what_a_provider_lists(
    subject: IdentityState | StoredSecretState, outcome: Outcome, confidence: Confidence, words: str
) -> None:
    assessment = InactiveOwner().assess(subject, a_context())

    assert (outcome, confidence) == (assessment.outcome, assessment.confidence)
    assert words in assessment.message


def test_an_active_owner_closes_the_finding() -> None:
    exposure = an_exposure(owners=(an_owner(left=False),))

    assert CloseReason.CONTROL_MET is InactiveOwner().assess(exposure, a_context()).close_reason


def test_how_long_is_quiet_is_policy() -> None:
    exposure = an_exposure(owners=(an_owner(last_activity_time=RECENT),))

    assert Outcome.NOT_SATISFIED is InactiveOwner().assess(exposure, a_context(inactive_days=30)).outcome
