"""One exposure out of several sightings: the same record whatever their order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.inventory import (
    Carrier,
    CommitPoint,
    Confidence,
    CoverageStatus,
    CredentialType,
    Facet,
    Owner,
    OwnerRole,
    OwnerSource,
    SecretExposure,
    Severity,
    Validity,
)
from storage.merging import Sighting, merge
from tests.storage.builders import COMPLETE, PARTIAL, a_scope, a_tag, an_exposure, an_occurrence

MOMENTS = st.integers(0, 5).map(lambda day: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=day))
POINTS = st.builds(
    CommitPoint,
    oid=st.sampled_from("abc"),
    author_name=st.just("Ada"),
    author_email=st.just("ada@example.com"),
    time=MOMENTS,
    committer_time=MOMENTS,
)
OWNERS = st.builds(
    Owner,
    name=st.sampled_from(["Ada", "Bo"]),
    role=st.sampled_from(OwnerRole),
    source=st.sampled_from(OwnerSource),
    confidence=st.sampled_from(Confidence),
    email=st.none() | st.just("ada@example.com"),
    last_activity_time=st.none() | MOMENTS,
)
EXPOSURES = st.builds(
    SecretExposure,
    scope_uid=st.sampled_from(["a#refs", "b#refs", "b#worktree"]),
    fingerprint=st.sampled_from([a_tag(1), a_tag(1, "k2")]),
    aliases=st.sets(st.sampled_from([a_tag(1), a_tag(1, "k3")])).map(lambda tags: tuple(sorted(tags))),
    detector=st.sampled_from(["one", "two"]),
    name=st.just("token"),
    vendor=st.just("v"),
    type=st.sampled_from(CredentialType),
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    checksum=st.just(an_exposure().checksum),
    preview=st.just("****"),
    validity=st.sampled_from(Validity),
    public_identifiers=st.dictionaries(st.sampled_from(["account", "host"]), st.sampled_from("xy")),
    expiration_time=st.none() | MOMENTS,
    at_head=st.none() | st.booleans(),
    in_history=st.none() | st.booleans(),
    first_commit=st.none() | POINTS,
    last_commit=st.none() | POINTS,
    removed_commit=st.none() | POINTS,
    refs=st.lists(st.sampled_from([f"refs/heads/{number}" for number in range(30)]), max_size=25).map(tuple),
    refs_total=st.integers(0, 40),
    occurrences=st.lists(
        st.builds(an_occurrence, path=st.none() | st.sampled_from("ab"), line=st.none() | st.integers(1, 3)), max_size=3
    ).map(tuple),
    owners=st.lists(OWNERS, max_size=3).map(tuple),
    observed=st.frozensets(st.sampled_from(Facet)),
)
SIGHTINGS = st.builds(
    Sighting,
    exposure=EXPOSURES,
    carrier=st.none() | st.sampled_from(Carrier),
    status=st.sampled_from(CoverageStatus),
    present=st.booleans(),
    last_run=st.integers(1, 3),
)


@given(
    st.lists(SIGHTINGS, min_size=1, max_size=4).flatmap(lambda seen: st.tuples(st.just(seen), st.permutations(seen)))
)
def test_order_does_not_matter(pair: tuple[list[Sighting], list[Sighting]]) -> None:
    one, other = (msgspec.json.encode(merge("u", sightings), order="deterministic") for sightings in pair)
    assert one == other


@given(st.lists(SIGHTINGS, min_size=1, max_size=4))
def test_what_the_merged_exposure_says_follows_from_the_sightings(sightings: list[Sighting]) -> None:
    merged = merge("u", sightings)
    seen = [sighting.exposure for sighting in sightings]
    assert merged.present == any(sighting.present for sighting in sightings)
    assert merged.confidence.rank == max(exposure.confidence.rank for exposure in seen)
    assert {merged.fingerprint, *merged.aliases} == {tag for item in seen for tag in (item.fingerprint, *item.aliases)}
    points = [exposure.first_commit.committer_time for exposure in seen if exposure.first_commit]
    assert (merged.first_commit.committer_time if merged.first_commit else None) == min(points, default=None)
    assert merged.at_head is not True or any(item.present and item.exposure.at_head for item in sightings)
    assert len(merged.refs) <= 20
    assert merged.refs_total >= len(merged.refs)
    assert (merged.uid, merged.scope_uid) == ("u", "")


@pytest.mark.parametrize(
    ("sightings", "at_head"),
    [
        pytest.param([(Carrier.REFS, COMPLETE, True, False)], False, id="in history only"),
        pytest.param([(Carrier.REFS, PARTIAL, True, False)], None, id="the branch was not read whole"),
        pytest.param([(Carrier.REFS, PARTIAL, True, True)], True, id="not seen this time: the last word counts"),
        pytest.param([(Carrier.REFS, COMPLETE, False, True)], False, id="gone from a scope read whole"),
        pytest.param([(Carrier.REFS, PARTIAL, False, True)], None, id="gone once, and unread since"),
        pytest.param([(Carrier.REFS, COMPLETE, True, None)], None, id="the scope itself cannot say"),
        pytest.param([(Carrier.WORKTREE, PARTIAL, True, None)], None, id="a work tree says nothing of heads"),
        pytest.param(
            [(Carrier.REFS, COMPLETE, True, False), (Carrier.WORKTREE, PARTIAL, True, None)],
            False,
            id="a work tree does not contradict its branch",
        ),
        pytest.param(
            [(Carrier.REFS, PARTIAL, True, False), (Carrier.REFS, COMPLETE, True, True)], True, id="one true is true"
        ),
    ],
)
def test_at_head(
    sightings: list[tuple[Carrier, CoverageStatus, bool, bool | None]],
    at_head: bool | None,  # noqa: FBT001 - a table's column
) -> None:
    seen = [
        Sighting(exposure=an_exposure(at_head=told), carrier=carrier, status=status, present=present, last_run=1)
        for carrier, status, present, told in sightings
    ]
    assert merge("u", seen).at_head is at_head


def test_the_surest_word_on_what_a_value_is_counts() -> None:
    sure = an_exposure(detector="b", confidence=Confidence.HIGH, severity=Severity.LOW, remediation="")
    grave = an_exposure(scope=a_scope("till"), detector="a", confidence=Confidence.LOW, remediation="Revoke it.")
    merged = merge("u", [_seen(grave), _seen(sure)])
    assert (merged.detector, merged.severity, merged.remediation) == ("b", Severity.LOW, "Revoke it.")


def test_an_owner_claimed_twice_is_one_owner() -> None:
    def owner(confidence: Confidence, role: OwnerRole = OwnerRole.CANDIDATE, **fields: object) -> Owner:
        source = OwnerSource.RECENT_COMMITTER
        return Owner(name="Ada", role=role, source=source, confidence=confidence, **fields)  # type: ignore[arg-type]

    accountable = owner(Confidence.LOW, OwnerRole.ACCOUNTABLE)
    newest = owner(Confidence.LOW, last_activity_time=datetime(2026, 1, 1, tzinfo=UTC))
    merged = merge("u", [_seen(an_exposure(owners=(owner(Confidence.LOW), newest, accountable)))])
    assert merged.owners == (accountable, newest)


def _seen(exposure: SecretExposure) -> Sighting:
    return Sighting(exposure=exposure, carrier=Carrier.REFS, status=COMPLETE, present=True, last_run=1)


def test_identifiers_of_different_records_are_not_mixed() -> None:
    told = [
        ("a", {"host": "a.corp.net", "user": "anna"}),
        ("b", {"host": "b.corp.net", "port": "5432"}),
        ("c", {"host": "a.corp.net", "database": "shop"}),
    ]
    seen = [
        Sighting(
            exposure=an_exposure(scope_uid=scope, public_identifiers=facts),
            carrier=Carrier.REFS,
            status=COMPLETE,
            present=True,
            last_run=1,
        )
        for scope, facts in told
    ]
    assert merge("u", seen).public_identifiers == {"host": "a.corp.net", "user": "anna", "database": "shop"}
