from __future__ import annotations

from typing import Any

import pytest

from rules.joins.owner_precedence import settled
from rules.judgement import judge
from rules.missing_owner import MissingOwner
from storage.inventory import (
    CloseReason,
    Facet,
    IdentityState,
    Outcome,
    OwnerAssignment,
    OwnerSource,
    SecretExposure,
    StoredSecretState,
    Validity,
)
from tests.rules.builders import a_context, a_slot_state, an_author, an_exposure, an_identity_state, an_owner

NOT_ASKED = frozenset(Facet) - {Facet.OWNER}
MAKER = an_author(source=OwnerSource.AUDIT_LOG)
TAGGED = an_owner(source=OwnerSource.TAG)


@pytest.mark.parametrize(
    ("exposure", "policy", "outcome"),
    [
        pytest.param(an_exposure(), {}, Outcome.NOT_SATISFIED, id="found: nobody"),
        pytest.param(an_exposure(owners=(an_author(),)), {}, Outcome.NOT_SATISFIED, id="found: a candidate alone"),
        pytest.param(an_exposure(owners=(an_owner(left=True),)), {}, Outcome.NOT_SATISFIED, id="found: owner has left"),
        pytest.param(
            an_exposure(owners=(an_owner(),)),
            {"left": frozenset({"Olga@example.com"})},
            Outcome.NOT_SATISFIED,
            id="found: owner is on the list of leavers",
        ),
        pytest.param(
            an_exposure(owners=(an_owner(),)),
            {"accountable_sources": frozenset({OwnerSource.OWNERS_FILE})},
            Outcome.NOT_SATISFIED,
            id="found: the policy does not count codeowners",
        ),
        pytest.param(an_exposure(owners=(an_owner(),)), {}, Outcome.SATISFIED, id="clean: codeowners names somebody"),
        pytest.param(
            an_exposure(owners=(an_owner(left=True), an_owner(name="Team", email=None))),
            {},
            Outcome.SATISFIED,
            id="clean: one left, one stayed",
        ),
        pytest.param(
            an_exposure(observed=NOT_ASKED),
            {"owners": (OwnerAssignment(owner="platform"),)},
            Outcome.SATISFIED,
            id="clean: the owners file names somebody",
        ),
        pytest.param(an_exposure(observed=NOT_ASKED), {}, Outcome.NOT_ASSESSED, id="cannot say: not looked at"),
        pytest.param(
            an_exposure(validity=Validity.REVOKED), {}, Outcome.NOT_APPLICABLE, id="not applicable: its end is proved"
        ),
    ],
)
def test_outcome(exposure: SecretExposure, policy: dict[str, Any], outcome: Outcome) -> None:
    context = a_context(**policy)

    assert outcome is MissingOwner().assess(settled(exposure, context.policy), context).outcome


@pytest.mark.parametrize(
    ("subject", "policy", "outcome"),
    [
        pytest.param(an_identity_state(), {}, Outcome.NOT_SATISFIED, id="found: nobody"),
        pytest.param(an_identity_state(owners=(MAKER,)), {}, Outcome.NOT_SATISFIED, id="found: its maker alone"),
        pytest.param(a_slot_state(), {}, Outcome.NOT_SATISFIED, id="found: a stored secret of nobody"),
        pytest.param(an_identity_state(owners=(TAGGED,)), {}, Outcome.SATISFIED, id="clean: a tag"),
        pytest.param(
            an_identity_state(owners=(TAGGED,)),
            {"accountable_sources": frozenset({OwnerSource.OWNERS_FILE})},
            Outcome.NOT_SATISFIED,
            id="found: the policy does not count tags",
        ),
        pytest.param(
            a_slot_state(observed=NOT_ASKED),
            {"owners": (OwnerAssignment(owner="shop", stored_secret="shop/*"),)},
            Outcome.SATISFIED,
            id="clean: the owners file names the stored secret",
        ),
        pytest.param(an_identity_state(present=False), {}, Outcome.SATISFIED, id="clean: deleted"),
        pytest.param(an_identity_state(observed=NOT_ASKED), {}, Outcome.NOT_ASSESSED, id="cannot say: not looked at"),
        pytest.param(
            an_identity_state(provider_managed=True), {}, Outcome.NOT_APPLICABLE, id="not applicable: its provider's"
        ),
        pytest.param(a_slot_state(encrypted=False), {}, Outcome.NOT_APPLICABLE, id="not applicable: configuration"),
    ],
)
def test_outcome_of_what_a_provider_lists(
    subject: IdentityState | StoredSecretState, policy: dict[str, Any], outcome: Outcome
) -> None:
    (assessment,) = [said for said in judge([subject], a_context(**policy)) if said.rule == "missing-owner"]

    assert outcome is assessment.outcome


def test_the_maker_of_an_identity_is_named() -> None:
    assessment = MissingOwner().assess(an_identity_state(owners=(MAKER,)), a_context())

    assert "Nobody accountable answers for IAM user deploy; candidate: audit log Ada." == assessment.message


def test_an_owner_closes_the_finding_and_is_named() -> None:
    assessment = MissingOwner().assess(an_exposure(owners=(an_owner(),)), a_context())

    assert (CloseReason.CONTROL_MET, "Olga") == (assessment.close_reason, assessment.owner)
    assert "Olga answers for Example token, by CODEOWNERS." == assessment.message


def test_whom_to_ask_is_named_but_not_who_worked_there_lately() -> None:
    gone = an_owner(left=True)
    committer = an_author(name="Rolf", source=OwnerSource.RECENT_COMMITTER)

    assessment = MissingOwner().assess(an_exposure(owners=(committer, an_author(), gone)), a_context())

    assert (
        "Nobody accountable answers for Example token; Olga has left; candidate: introducing author Ada."
        == assessment.message
    )
    assert assessment.owner is None


def test_a_proved_end_closes_the_finding() -> None:
    assessment = MissingOwner().assess(an_exposure(validity=Validity.REVOKED), a_context())

    assert CloseReason.REVOKED_PROVED is assessment.close_reason


def test_what_was_not_looked_at_is_named() -> None:
    assert Facet.OWNER is MissingOwner().assess(an_exposure(observed=NOT_ASKED), a_context()).missing
