from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.base import kind_of
from rules.judgement import judge
from rules.registry import RULES, rule
from storage.inventory import (
    Carrier,
    Checksum,
    CloseReason,
    CommitPoint,
    Confidence,
    Context,
    CoverageStatus,
    CredentialState,
    CredentialType,
    Facet,
    Gap,
    GapReason,
    IdentityState,
    Outcome,
    OwnerAssignment,
    OwnerSource,
    Place,
    Policy,
    Record,
    SafeguardKind,
    SafeguardState,
    Severity,
    SlotUse,
    StoredSecretState,
    Subject,
    SubjectKind,
    Suppression,
    SuppressionSource,
    Validity,
)
from tests.rules.builders import (
    AS_OF,
    CREDENTIAL_STATES,
    DAYS,
    LISTED,
    OWNERS,
    PEOPLE,
    SAFEGUARD_STATES,
    SLOT_STATES,
    TIMES,
    WORDS,
    a_client_secret,
    a_context,
    a_coverage_state,
    a_credential_state,
    a_pipeline_state,
    a_resource_state,
    a_safeguard_state,
    a_slot_state,
    an_exposure,
    an_identity_state,
    an_occurrence,
    days_ago,
    maybe,
)

R = TypeVar("R", bound=Record)
PATHS = maybe(WORDS | st.sampled_from(["deploy/prod/a.env", "test/a.env", "app/settings.py"]))
OCCURRENCES = st.builds(
    an_occurrence,
    repository=st.sampled_from(["example.com/shop", "example.com/other"]),
    carrier=st.sampled_from(Carrier),
    place=st.sampled_from(Place),
    path=PATHS,
    line=maybe(st.integers(1, 99)),
    commit=maybe(st.just("ab12")),
    at_head=maybe(st.booleans()),
    suppressed=maybe(
        st.builds(Suppression, source=st.sampled_from(SuppressionSource), reason=WORDS, expiration_time=maybe(TIMES))
    ),
)
COMMITS = st.builds(
    CommitPoint, oid=st.just("ab12"), author_name=WORDS, author_email=PEOPLE, time=TIMES, committer_time=TIMES
)
EXPOSURES = st.builds(
    an_exposure,
    type=st.sampled_from(CredentialType),
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    checksum=st.sampled_from(Checksum),
    validity=st.sampled_from(Validity),
    created_time=maybe(TIMES),
    expiration_time=maybe(TIMES),
    present=st.booleans(),
    at_head=maybe(st.booleans()),
    in_history=maybe(st.booleans()),
    first_commit=maybe(COMMITS),
    occurrences=st.lists(OCCURRENCES, max_size=4).map(tuple),
    owners=st.lists(OWNERS, max_size=4).map(tuple),
    observed=st.frozensets(st.sampled_from(Facet)),
)
STATES = st.builds(
    a_resource_state,
    kind=st.sampled_from(["repository", "directory", "account", "lambda-function"]),
    scope_uid=maybe(st.just("aws:account:example#lambda-functions")),
    complete=st.booleans(),
    standing=st.integers(0, 3),
    standing_at_head=st.integers(0, 3),
    highest_severity=maybe(st.sampled_from(Severity)),
    highest_confidence=maybe(st.sampled_from(Confidence)),
    examples=st.lists(WORDS, max_size=2).map(tuple),
)
GAPS = st.builds(
    Gap, scope_uid=WORDS, reason=st.sampled_from(GapReason), detail=WORDS, locator=maybe(WORDS), count=st.integers(1, 9)
)
COVERAGES = st.builds(
    lambda gaps, **read: a_coverage_state(*gaps, **read),
    st.lists(GAPS, max_size=3),
    status=st.sampled_from(CoverageStatus),
    expected=st.integers(0, 3),
    fetched=st.integers(0, 3),
)
ASSIGNMENTS = st.builds(
    OwnerAssignment,
    owner=WORDS,
    email=maybe(PEOPLE),
    repository=st.sampled_from(["*", "example.com/*", "[", "other"]),
    path=st.sampled_from(["**", "*.env", "/app/", "deploy/**/a.env"]),
    detector=st.sampled_from(["*", "example-*", "none"]),
    identity=st.sampled_from(["*", "deploy", "arn:*"]),
    stored_secret=st.sampled_from(["*", "shop/*"]),
    left=st.booleans(),
)
POLICIES = st.builds(
    Policy,
    default_rotation_days=DAYS,
    inactive_days=DAYS,
    unused_days=DAYS,
    expiring_days=DAYS,
    audit_log_days=DAYS,
    accountable_sources=st.frozensets(st.sampled_from(OwnerSource)),
    admitted_suppressions=st.frozensets(st.sampled_from(SuppressionSource)),
    disabled_rules=st.frozensets(st.sampled_from([rule.code for rule in RULES])),
    severities=st.dictionaries(st.sampled_from([rule.code for rule in RULES]), st.sampled_from(Severity)),
    owners=st.lists(ASSIGNMENTS, max_size=4).map(tuple),
    left=st.frozensets(PEOPLE),
    disabled_formats=st.dictionaries(st.sampled_from(["example-token", "other"]), WORDS),
)
SUBJECTS = st.lists(st.one_of(EXPOSURES, STATES, COVERAGES, LISTED), max_size=4)
CONTEXTS = st.builds(
    Context,
    as_of=st.just(AS_OF) | TIMES,
    policy=POLICIES,
    detectors=st.frozensets(st.sampled_from(["example-token", "other"])),
)


@given(subjects=SUBJECTS, context=CONTEXTS)
def test_each_subject_meets_each_rule_of_its_kind_once_and_none_raises(
    subjects: list[Subject], context: Context
) -> None:
    expected = [
        (kind_of(subject), rule.code)
        for subject in subjects
        for rule in RULES
        if kind_of(subject) in rule.subject_kinds
    ]

    assessments = list(judge(subjects, context))

    assert expected == [(assessment.subject_kind, assessment.rule) for assessment in assessments]


@given(subjects=SUBJECTS, context=CONTEXTS)
def test_an_assessment_is_consistent_in_itself(subjects: list[Subject], context: Context) -> None:
    for assessment in judge(subjects, context):
        judged_by = rule(assessment.rule)
        assert (assessment.missing is not None) == (assessment.outcome is Outcome.NOT_ASSESSED)
        assert assessment.missing is None or assessment.missing in judged_by.needs
        if assessment.outcome in {Outcome.NOT_SATISFIED, Outcome.NOT_ASSESSED}:
            assert assessment.close_reason is None
        assert assessment.severity is context.policy.severities.get(assessment.rule, assessment.severity)
        assert assessment.message.endswith(".")


WITHOUT: dict[Facet, dict[str, object]] = {
    Facet.OWNER: {"owners": ()},
    Facet.ROTATION: {
        "last_rotated_time": None,
        "newest_version_time": None,
        "rotation_enabled": None,
        "rotation_days": None,
        "next_rotation_time": None,
    },
    Facet.LAST_USE: {"last_used_time": None, "last_use_tracked_since": None},
    Facet.EXPIRATION: {"expiration_time": None},
    Facet.VAULT: {"vaulted": None},
    Facet.PRIVILEGES: {"privileges": ()},
    Facet.TRUST: {"trusts": ()},
    Facet.ENCRYPTION: {"encrypted": None},
    Facet.PROVENANCE: {},
    Facet.STATUS: {"enabled": None, "attributes": {}},
    Facet.CREDENTIALS: {},
    Facet.REFERENCES: {},
}
"""What a source that could not answer a question leaves out."""


def denied(subject: Subject, facet: Facet) -> Subject:
    """The same subject, as seen by somebody to whom the answer to one question was denied."""

    def blind(thing: R) -> R:
        fields = {name: value for name, value in WITHOUT[facet].items() if hasattr(thing, name)}
        observed = {"observed": thing.observed - {facet}} if hasattr(thing, "observed") else {}
        return msgspec.structs.replace(thing, **fields, **observed)

    match subject:
        case IdentityState(identity=identity, credentials=credentials):
            seen = () if facet is Facet.CREDENTIALS else tuple(blind(one) for one in credentials)
            return msgspec.structs.replace(subject, identity=blind(identity), credentials=seen)
        case CredentialState(credential=credential, identity=holder):
            return msgspec.structs.replace(subject, credential=blind(credential), identity=holder and blind(holder))
        case StoredSecretState(stored_secret=slot):
            unsearched = facet is Facet.REFERENCES and subject.use is not None
            use = SlotUse() if unsearched else subject.use
            return msgspec.structs.replace(subject, stored_secret=blind(slot), use=use)
        case SafeguardState(safeguard=safeguard):
            return msgspec.structs.replace(subject, safeguard=blind(safeguard))
        case _:
            raise AssertionError(subject)


@given(subject=LISTED)
def test_a_question_that_was_denied_lets_no_rule_pass(subject: Subject) -> None:
    """Denied is not empty: what was a fault, or could not be told, is not clean for want of an answer."""
    before = {said.rule: said for said in judge([subject], a_context())}

    for facet in Facet:
        for said in judge([denied(subject, facet)], a_context()):
            if said.outcome is Outcome.SATISFIED:
                assert before[said.rule].outcome in {Outcome.SATISFIED, Outcome.NOT_APPLICABLE}, (facet, said.rule)


def believable(subject: Subject) -> Subject:
    """The same subject, without times after the moment of judgement: what lies in the future is news on its day."""

    def past(thing: R) -> R:
        times = {name: getattr(thing, name) for name in thing.__struct_fields__ if name.endswith("_time")}
        return msgspec.structs.replace(
            thing, **{name: None for name, time in times.items() if time is not None and time > AS_OF}
        )

    parts = {name: getattr(subject, name) for name in subject.__struct_fields__}
    return msgspec.structs.replace(
        subject, **{name: past(part) for name, part in parts.items() if isinstance(part, Record)}
    )


@given(seen=st.one_of(CREDENTIAL_STATES, SLOT_STATES, SAFEGUARD_STATES), later=st.integers(0, 10**9))
def test_what_a_rule_writes_does_not_change_with_the_day(seen: Subject, later: int) -> None:
    """A message with an age in it makes a tracker open a new ticket every day."""
    subject = believable(seen)
    context = a_context()
    then = msgspec.structs.replace(context, as_of=AS_OF + timedelta(seconds=later))

    for now, afterwards in zip(judge([subject], context), judge([subject], then), strict=True):
        if now.outcome is afterwards.outcome is Outcome.NOT_SATISFIED:
            assert now.message == afterwards.message


@given(exposure=EXPOSURES, context=CONTEXTS)
def test_the_same_subject_is_judged_the_same_twice(exposure: Subject, context: Context) -> None:
    assert list(judge([exposure], context)) == list(judge([exposure], context))


def test_subjects_stream() -> None:
    taken = Counter[str]()

    def subjects() -> Iterator[Subject]:
        for number in range(1_000_000):
            taken["subjects"] += 1
            yield an_exposure(uid=str(number))

    assessments = judge(subjects(), a_context())
    next(assessments)

    assert 1 == taken["subjects"]


def test_a_disabled_rule_applies_to_nothing_and_closes_what_it_found() -> None:
    subjects: list[Subject] = [an_exposure(), a_resource_state()]

    assessments = judge(subjects, a_context(disabled_rules=frozenset({"missing-owner"})))

    by_rule = {assessment.rule: assessment for assessment in assessments}
    assert by_rule["missing-owner"].outcome is Outcome.NOT_APPLICABLE
    assert by_rule["missing-owner"].close_reason is CloseReason.POLICY_CHANGED
    assert by_rule["missing-owner"].subject_kind is SubjectKind.EXPOSURE
    assert CloseReason.POLICY_CHANGED not in {by_rule[code].close_reason for code in by_rule if code != "missing-owner"}


def test_messages_hold_no_figure_but_the_policys() -> None:
    """A message that changes from run to run makes a tracker open a new ticket."""
    subjects: list[Subject] = [
        an_exposure(uid="7", occurrences=(an_occurrence(line=77),)),
        a_resource_state(standing=7, standing_at_head=7),
        a_coverage_state(expected=77, fetched=7),
        *(an_identity_state(last_used_time=days_ago(age), created_time=days_ago(777)) for age in (77, 777)),
        *(a_credential_state(created_time=days_ago(age), last_used_time=days_ago(age)) for age in (77, 777)),
        *(a_credential_state(a_client_secret(expiration_time=days_ago(age))) for age in (-777, -7, 7)),
        *(a_slot_state(last_rotated_time=days_ago(age), last_used_time=days_ago(age)) for age in (77, 777)),
        a_slot_state(rotation_enabled=True, rotation_days=7),
        *(a_safeguard_state(SafeguardKind.AUDIT_LOG_RETENTION, attributes={"days": age}) for age in ("77", "777")),
    ]

    for assessment in judge(subjects, Context(as_of=AS_OF, policy=Policy())):
        figures = set(re.findall(r"\d+", assessment.message))
        assert figures <= {"30", "90", "180", "365"}


def test_kinds_are_told_apart() -> None:
    listed = (an_identity_state(), a_credential_state(), a_slot_state(), a_safeguard_state(SafeguardKind.AUDIT_LOG))

    files = (a_pipeline_state(),)

    kinds = [kind_of(subject) for subject in (an_exposure(), a_resource_state(), a_coverage_state(), *listed, *files)]

    assert list(SubjectKind) == kinds


def test_owners_are_settled_before_the_rules_judge() -> None:
    context = a_context(owners=(OwnerAssignment(owner="platform"),))

    assessments = list(judge([an_exposure()], context))

    assert {"platform"} == {assessment.owner for assessment in assessments}
    assert Outcome.SATISFIED in {said.outcome for said in assessments if said.rule == "missing-owner"}


def test_owners_of_what_a_provider_lists_are_settled_too() -> None:
    context = a_context(
        owners=(
            OwnerAssignment(owner="builders", identity="deploy"),
            OwnerAssignment(owner="keepers", stored_secret="shop/*"),
        )
    )

    assessments = list(judge([an_identity_state(), a_credential_state(), a_slot_state()], context))

    owners = {(assessment.subject_kind, assessment.owner) for assessment in assessments}
    assert {
        (SubjectKind.IDENTITY, "builders"),
        (SubjectKind.CREDENTIAL, "builders"),
        (SubjectKind.STORED_SECRET, "keepers"),
    } == owners


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        pytest.param(a_context(disabled_formats={"example-token": "noise"}), CloseReason.POLICY_CHANGED, id="disabled"),
        pytest.param(
            msgspec.structs.replace(a_context(), detectors=frozenset({"other"})),
            CloseReason.RULE_CHANGED,
            id="withdrawn",
        ),
    ],
)
def test_what_is_not_looked_for_any_more_is_not_called_clean(context: Context, reason: CloseReason) -> None:
    gone = an_exposure(detector="example-token", present=False, at_head=False)
    left_head = an_exposure(detector="example-token", at_head=False)

    for assessment in judge([gone], context):
        assert (Outcome.NOT_APPLICABLE, reason) == (assessment.outcome, assessment.close_reason)
        assert "not looked for any more" in assessment.message
    told = {assessment.rule: assessment for assessment in judge([left_head], context)}
    assert reason is told["exposed-secret-at-head"].close_reason
    assert Outcome.NOT_SATISFIED is told["exposed-secret-in-history"].outcome
    assert not {CloseReason.PLACE_CLEANED} & {assessment.close_reason for assessment in told.values()}


def test_what_stands_is_judged_whatever_format_found_it() -> None:
    context = a_context(disabled_formats={"example-token": "noise"})

    told = {said.rule: said.outcome for said in judge([an_exposure(detector="example-token")], context)}

    assert Outcome.NOT_SATISFIED is told["exposed-secret-at-head"]


def test_what_is_looked_for_and_gone_is_clean() -> None:
    context = msgspec.structs.replace(a_context(), detectors=frozenset({"example-token"}))

    told = {said.rule: said for said in judge([an_exposure(detector="example-token", at_head=False)], context)}

    assert CloseReason.PLACE_CLEANED is told["exposed-secret-at-head"].close_reason
