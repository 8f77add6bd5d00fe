from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from rules.base import Rule, called, holder_weight, kind_of, locator, main_occurrence, weight
from rules.coverage_gap import CoverageGap
from rules.exposed_secret_at_head import ExposedSecretAtHead
from rules.inactive_owner import InactiveOwner
from rules.missing_owner import MissingOwner
from rules.registry import RULES
from rules.reused_secret import ReusedSecret
from rules.rotation_not_evidenced import RotationNotEvidenced
from rules.rotation_overdue import RotationOverdue
from rules.unvaulted_secret import UnvaultedSecret
from rules.weak_audit_log import WeakAuditLog
from storage.inventory import (
    Assessment,
    Carrier,
    Checksum,
    CloseReason,
    Confidence,
    CredentialState,
    CredentialType,
    Facet,
    Identity,
    IdentityKind,
    IdentityState,
    Outcome,
    OwnerAssignment,
    Place,
    PrivilegeLevel,
    SafeguardKind,
    SafeguardState,
    SecretExposure,
    Severity,
    SlotUse,
    StoredSecretState,
    Subject,
    Suppression,
    SuppressionSource,
    Validity,
)
from tests.rules.builders import (
    AS_OF,
    a_commit,
    a_context,
    a_coverage_state,
    a_credential,
    a_credential_state,
    a_join,
    a_pipeline_state,
    a_privilege,
    a_resource_state,
    a_safeguard_state,
    a_slot_state,
    an_exposure,
    an_identity,
    an_identity_state,
    an_occurrence,
    an_owner,
    days_ago,
)

INLINE = Suppression(source=SuppressionSource.INLINE_COMMENT, reason="test fixture")
ALLOWED = Suppression(source=SuppressionSource.ALLOW_LIST, reason="known", expiration_time=AS_OF + timedelta(seconds=1))
EXPIRED = Suppression(source=SuppressionSource.ALLOW_LIST, reason="known", expiration_time=AS_OF)
ADMITTED = {"admitted_suppressions": frozenset({SuppressionSource.INLINE_COMMENT})}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_page_has_its_parts_in_order(rule: Rule[Any]) -> None:
    parts = ("**Why it matters.**", "**Violation.**", "**Remediation.**")

    places = [rule.page.find(part) for part in parts]

    assert places[0] > 0
    assert sorted(places) == places


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        pytest.param({}, Severity.HIGH, id="the format's own"),
        pytest.param({"at_head": False}, Severity.HIGH, id="only in history, the same"),
        pytest.param({"severity": Severity.CRITICAL}, Severity.CRITICAL, id="a critical format"),
        pytest.param({"in_history": False}, Severity.MEDIUM, id="work tree only, one step less"),
        pytest.param({"in_history": False, "severity": Severity.INFORMATIONAL}, Severity.INFORMATIONAL, id="no less"),
        pytest.param({"checksum": Checksum.INVALID}, Severity.LOW, id="fails its checksum"),
        pytest.param(
            {"checksum": Checksum.INVALID, "severity": Severity.INFORMATIONAL},
            Severity.INFORMATIONAL,
            id="a checksum raises nothing",
        ),
        pytest.param({"validity": Validity.LIVE}, Severity.CRITICAL, id="live, one step more"),
        pytest.param({"validity": Validity.LIVE, "severity": Severity.CRITICAL}, Severity.CRITICAL, id="no more"),
        pytest.param(
            {"validity": Validity.LIVE, "severity": Severity.LOW, "joined": a_join(privilege=PrivilegeLevel.ADMIN)},
            Severity.CRITICAL,
            id="live, and may do everything",
        ),
        pytest.param(
            {"validity": Validity.LIVE, "severity": Severity.LOW, "joined": a_join(privilege=PrivilegeLevel.WILDCARD)},
            Severity.MEDIUM,
            id="live, and may not",
        ),
        pytest.param(
            {"joined": a_join(validity=Validity.UNKNOWN, unconfirmed=True)},
            Severity.CRITICAL,
            id="live when it could last be asked",
        ),
        pytest.param({"joined": a_join(validity=Validity.UNKNOWN)}, Severity.HIGH, id="unknown"),
        pytest.param({"validity": Validity.REVOKED}, Severity.INFORMATIONAL, id="revoked"),
        pytest.param({"expiration_time": days_ago(1)}, Severity.INFORMATIONAL, id="expired"),
    ],
)
def test_weight(fields: dict[str, Any], severity: Severity) -> None:
    assert severity is weight(an_exposure(**fields), AS_OF)


def test_a_finding_weighs_no_more_than_its_rule() -> None:
    exposure = an_exposure(severity=Severity.CRITICAL)

    assert Severity.MEDIUM is MissingOwner().assess(exposure, a_context()).severity
    assert Severity.CRITICAL is ExposedSecretAtHead().assess(exposure, a_context()).severity


def test_the_policy_has_the_last_word_on_severity() -> None:
    context = a_context(severities={"missing-owner": Severity.LOW})

    assert Severity.LOW is MissingOwner().assess(an_exposure(), context).severity
    assert Severity.HIGH is ExposedSecretAtHead().assess(an_exposure(), context).severity


def test_no_rule_is_surer_than_its_subject() -> None:
    exposure = an_exposure(confidence=Confidence.LOW)

    assert Confidence.LOW is ExposedSecretAtHead().assess(exposure, a_context()).confidence


def suppressed(*wishes: Suppression | None) -> SecretExposure:
    return an_exposure(occurrences=tuple(an_occurrence(suppressed=wish) for wish in wishes))


@pytest.mark.parametrize(
    ("exposure", "policy", "outcome"),
    [
        pytest.param(suppressed(INLINE), ADMITTED, Outcome.EXCEPTED, id="admitted everywhere"),
        pytest.param(suppressed(INLINE), {}, Outcome.NOT_SATISFIED, id="not admitted"),
        pytest.param(suppressed(INLINE, None), ADMITTED, Outcome.NOT_SATISFIED, id="not suppressed everywhere"),
        pytest.param(
            suppressed(INLINE, Suppression(source=SuppressionSource.BASELINE, reason="old")),
            ADMITTED,
            Outcome.NOT_SATISFIED,
            id="one source is not admitted",
        ),
        pytest.param(suppressed(), ADMITTED, Outcome.NOT_SATISFIED, id="no place, no suppression"),
        pytest.param(suppressed(ALLOWED), {}, Outcome.EXCEPTED, id="the operator's own list needs no admission"),
        pytest.param(suppressed(ALLOWED, INLINE), {}, Outcome.NOT_SATISFIED, id="allowed at one place only"),
        pytest.param(suppressed(ALLOWED, INLINE), ADMITTED, Outcome.EXCEPTED, id="allowed here, admitted there"),
        pytest.param(suppressed(EXPIRED), {}, Outcome.NOT_SATISFIED, id="allowed when it was seen, expired since"),
    ],
)
def test_a_suppression_counts_only_where_the_policy_admits_its_source(
    exposure: SecretExposure, policy: dict[str, Any], outcome: Outcome
) -> None:
    assert outcome is ExposedSecretAtHead().assess(exposure, a_context(**policy)).outcome


def test_an_excepted_value_says_so() -> None:
    assessment = ExposedSecretAtHead().assess(suppressed(INLINE), a_context(**ADMITTED))

    assert CloseReason.EXCEPTED is assessment.close_reason
    assert assessment.message.startswith("Example token stands at HEAD or on the default branch. Suppressed")


def test_the_place_to_look_at_first() -> None:
    gone: dict[str, Any] = {"at_head": False}
    message: dict[str, Any] = {**gone, "place": Place.COMMIT_MESSAGE, "path": None}
    places = [
        an_occurrence(path="b"),
        an_occurrence(path="b", line=9),
        an_occurrence(path=".env", carrier=Carrier.WORKTREE, place=Place.UNTRACKED, at_head=None),
        an_occurrence(path="z", last_commit="2" * 40, **gone),
        an_occurrence(path="a", last_commit="1" * 40, **gone),
        an_occurrence(line=1, last_commit="1" * 40, **message),
        an_occurrence(path="a", carrier=Carrier.LOCAL, **gone),
        an_occurrence(path="COMMIT_EDITMSG", carrier=Carrier.METADATA, place=Place.GIT_CONFIG, at_head=None),
        an_occurrence(path="logs/HEAD", carrier=Carrier.LOCAL, place=Place.REFLOG, at_head=None),
        an_occurrence(path="a", suppressed=INLINE),
    ]

    for first in range(len(places)):
        exposure = an_exposure(last_commit=a_commit(oid="2" * 40), occurrences=tuple(reversed(places[first:])))
        assert places[first] == main_occurrence(exposure)
    assert main_occurrence(an_exposure(occurrences=())) is None


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        pytest.param({}, "app/settings.py:3", id="file and line"),
        pytest.param({"line": None}, "app/settings.py", id="file alone"),
        pytest.param({"path": None, "place": Place.NOTE, "commit": "ab12"}, "note@ab12", id="a place in a commit"),
        pytest.param({"path": None, "place": Place.GIT_CONFIG}, "git_config", id="a place alone"),
    ],
)
def test_locator(fields: dict[str, Any], text: str) -> None:
    assert text == locator(an_occurrence(**fields))


def test_an_assessment_tells_place_and_owner() -> None:
    assessment = ExposedSecretAtHead().assess(an_exposure(owners=(an_owner(),)), a_context())

    assert ("exposure-1", None, "app/settings.py:3", "Olga") == (
        assessment.subject_uid,
        assessment.resource_uid,
        assessment.locator,
        assessment.owner,
    )


def test_an_assessment_without_a_place_tells_none() -> None:
    assessment = ExposedSecretAtHead().assess(an_exposure(occurrences=()), a_context())

    assert (None, None) == (assessment.locator, assessment.owner)


def test_a_resource_and_its_scopes_have_the_owner_of_the_owners_file() -> None:
    context = a_context(owners=(OwnerAssignment(owner="platform", repository="example.com/shop"),))

    assert "platform" == UnvaultedSecret().assess(a_resource_state(), context).owner
    assert "platform" == CoverageGap().assess(a_coverage_state(), context).owner


UNKNOWN_KEY = a_credential(created_time=None, last_used_time=None, enabled=None, observed=frozenset())
UNKNOWN_IDENTITY = an_identity_state(
    created_time=None, last_used_time=None, enabled=None, privileges=(), observed=frozenset()
)
UNKNOWN_SLOT = a_slot_state(
    created_time=None,
    last_used_time=None,
    last_rotated_time=None,
    vaulted=None,
    encrypted=None,
    enabled=None,
    observed=frozenset(),
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_what_a_rule_needs_is_what_it_lacks_before_subjects_that_nothing_is_known_of(rule: Rule[Any]) -> None:
    nothing: dict[str, Any] = {"observed": frozenset(), "at_head": None, "in_history": None, "first_commit": None}
    subjects: list[Subject] = [
        an_exposure(**nothing, occurrences=()),
        an_exposure(**nothing, present=False),
        a_resource_state(complete=False),
        a_coverage_state(),
        *(UNKNOWN_IDENTITY, replace(UNKNOWN_IDENTITY, credentials=(UNKNOWN_KEY, UNKNOWN_KEY))),
        replace(UNKNOWN_IDENTITY, identity=an_identity(trusts=(), observed=frozenset({Facet.PRIVILEGES}))),
        replace(UNKNOWN_IDENTITY, identity=an_identity(kind=IdentityKind.ACCOUNT_ROOT, observed=frozenset())),
        *(
            replace(UNKNOWN_IDENTITY, identity=replace(UNKNOWN_IDENTITY.identity, kind=kind))
            for kind in (IdentityKind.DEPLOY_KEY, IdentityKind.CI_RUNNER)
        ),
        a_credential_state(UNKNOWN_KEY),
        a_credential_state(replace(UNKNOWN_KEY, type=CredentialType.CERTIFICATE)),
        *(
            replace(UNKNOWN_SLOT, stored_secret=replace(UNKNOWN_SLOT.stored_secret, **known))
            for known in ({}, {"vaulted": True}, {"attributes": {"organization": "github.com/acme"}})
        ),
        *(a_safeguard_state(kind, enabled=None) for kind in SafeguardKind),
        a_pipeline_state(read=False, undetermined=("it is no YAML",)),
        a_slot_state(use=SlotUse()),
    ]

    said = [rule.assess(subject, a_context()) for subject in subjects if kind_of(subject) in rule.subject_kinds]

    assert rule.needs == {assessment.missing for assessment in said} - {None}


def test_a_rule_cannot_lack_what_it_does_not_declare() -> None:
    with pytest.raises(ValueError, match="the rule coverage-gap cannot lack owner"):
        CoverageGap().not_assessed(a_coverage_state(), a_context(), "Nobody knows.", missing=Facet.OWNER)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_what_was_deleted_and_what_its_provider_looks_after_is_no_fault(rule: Rule[Any]) -> None:
    """A log that is gone is one all the same: safeguards are not among them."""
    faulty: dict[str, Any] = {"created_time": None, "last_used_time": None, "owners": (an_owner(left=True),)}
    gone: list[tuple[Subject, CloseReason]] = [
        (a_credential_state(present=False, last_used_time=None), CloseReason.REVOKED_PROVED),
        (an_identity_state(present=False, **faulty), CloseReason.REVOKED_PROVED),
        (a_slot_state(present=False, **faulty), CloseReason.PLACE_CLEANED),
    ]
    kept: list[Subject] = [
        a_credential_state(provider_managed=True),
        an_identity_state(provider_managed=True, **faulty),
        a_slot_state(provider_managed=True, **faulty),
    ]

    for subject, reason in gone:
        if kind_of(subject) in rule.subject_kinds:
            said = rule.assess(subject, a_context())
            assert (Outcome.SATISFIED, reason) == (said.outcome, said.close_reason)
    for other in kept:
        if kind_of(other) in rule.subject_kinds:
            assert Outcome.NOT_APPLICABLE is rule.assess(other, a_context()).outcome


@pytest.mark.parametrize(
    ("holder", "enabled", "severity"),
    [
        pytest.param(an_identity(privileges=(a_privilege(PrivilegeLevel.ADMIN),)), True, Severity.HIGH, id="admin"),
        pytest.param(
            an_identity(privileges=(a_privilege(), a_privilege(PrivilegeLevel.ESCALATION))),
            True,
            Severity.HIGH,
            id="may become one",
        ),
        pytest.param(an_identity(kind=IdentityKind.ACCOUNT_ROOT, privileges=()), True, Severity.HIGH, id="root"),
        pytest.param(an_identity(observed=frozenset()), True, Severity.HIGH, id="not looked at"),
        pytest.param(None, None, Severity.HIGH, id="nobody knows whose"),
        pytest.param(
            an_identity(privileges=(a_privilege(PrivilegeLevel.WILDCARD),)), True, Severity.MEDIUM, id="a whole service"
        ),
        pytest.param(an_identity(), True, Severity.MEDIUM, id="limited"),
        pytest.param(an_identity(privileges=()), True, Severity.MEDIUM, id="nothing at all"),
        pytest.param(an_identity(), False, Severity.LOW, id="limited and disabled"),
    ],
)
def test_a_fault_weighs_as_much_as_its_holder_may_do(
    holder: Identity | None,
    enabled: bool | None,  # noqa: FBT001
    severity: Severity,
) -> None:
    assert severity is holder_weight(Severity.HIGH, holder, enabled=enabled)


def test_a_key_weighs_what_its_identity_may_do() -> None:
    strong = an_identity(privileges=(a_privilege(PrivilegeLevel.ADMIN),))
    old: dict[str, Any] = {"created_time": days_ago(400)}

    assert Severity.HIGH is RotationOverdue().assess(a_credential_state(identity=strong, **old), a_context()).severity
    assert Severity.MEDIUM is RotationOverdue().assess(a_credential_state(**old), a_context()).severity


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        pytest.param(an_identity_state(), "IAM user deploy", id="identity"),
        pytest.param(a_credential_state(), "Access key AKIAEXAMPLE of IAM user deploy", id="credential"),
        pytest.param(
            CredentialState(credential=a_credential(public_identifier=None, name="ci"), present=True),
            "Access key ci",
            id="credential of nobody known",
        ),
        pytest.param(a_slot_state(), "Secret shop/database", id="stored secret"),
        pytest.param(a_safeguard_state(SafeguardKind.AUDIT_LOG), "Trail main", id="safeguard"),
    ],
)
def test_how_what_a_provider_lists_is_called(
    subject: IdentityState | CredentialState | StoredSecretState | SafeguardState, text: str
) -> None:
    assert text == called(subject)


def test_what_is_listed_tells_its_account_and_its_owner() -> None:
    context = a_context(owners=(OwnerAssignment(owner="platform", repository="example"),))
    owned = an_identity_state(owners=(an_owner(),))

    assert ("aws:account:example", "deploy", "Olga") == told(MissingOwner().assess(owned, context))
    key = a_credential_state(identity=owned.identity)
    assert ("aws:account:example", "AKIAEXAMPLE", "Olga") == told(RotationOverdue().assess(key, context))
    unheld = CredentialState(credential=a_credential(), present=True)
    assert ("aws:account:example", "AKIAEXAMPLE", "platform") == told(RotationOverdue().assess(unheld, context))
    log = a_safeguard_state(SafeguardKind.AUDIT_LOG)
    assert ("aws:account:example", "Trail main", "platform") == told(WeakAuditLog().assess(log, context))


def told(assessment: Assessment) -> tuple[str | None, str | None, str | None]:
    return assessment.resource_uid, assessment.locator, assessment.owner


GONE = an_exposure(present=False, at_head=False, in_history=False, first_commit=None, owners=(an_owner(left=True),))
ENDED_WITH_THE_VALUE = [MissingOwner(), InactiveOwner(), ReusedSecret(), RotationNotEvidenced()]


@pytest.mark.parametrize("rule", ENDED_WITH_THE_VALUE, ids=lambda rule: rule.code)
def test_of_a_value_that_is_gone_and_was_never_committed_nothing_is_demanded(rule: Rule[Any]) -> None:
    gone = rule.assess(GONE, a_context())
    perhaps_leaked = rule.assess(replace(GONE, in_history=None), a_context())

    assert (Outcome.NOT_APPLICABLE, CloseReason.PLACE_CLEANED) == (gone.outcome, gone.close_reason)
    assert (Outcome.NOT_ASSESSED, Facet.PROVENANCE) == (perhaps_leaked.outcome, perhaps_leaked.missing)


def test_a_value_that_was_committed_is_judged_though_it_is_gone() -> None:
    assert Outcome.NOT_SATISFIED is MissingOwner().assess(replace(GONE, in_history=True), a_context()).outcome
