from __future__ import annotations

from typing import Any

import pytest

from rules.joins.owner_precedence import (
    path_pattern,
    resolve,
    resolve_resource,
    settled,
    settled_subject,
    who_answers,
)
from storage.inventory import (
    CredentialState,
    Owner,
    OwnerAssignment,
    OwnerRole,
    OwnerSource,
    Policy,
    SafeguardKind,
    Subject,
)
from tests.rules.builders import (
    a_coverage_state,
    a_credential,
    a_credential_state,
    a_resource_state,
    a_safeguard_state,
    a_setting,
    a_slot_state,
    an_author,
    an_exposure,
    an_identity,
    an_identity_state,
    an_occurrence,
    an_owner,
    days_ago,
)


def names(owners: tuple[Owner, ...]) -> list[str]:
    return [owner.name for owner in owners]


def assigned(*lines: OwnerAssignment, path: str | None = "app/settings.py") -> list[str]:
    exposure = an_exposure(occurrences=(an_occurrence(path=path),))
    return names(resolve(exposure, Policy(owners=lines)))


def a_line(owner: str, **fields: Any) -> OwnerAssignment:
    return OwnerAssignment(owner=owner, **fields)


EVERYTHING = a_line("all")


@pytest.mark.parametrize(
    ("line", "matches"),
    [
        pytest.param(EVERYTHING, True, id="everything"),
        pytest.param(a_line("x", repository="example.com/*"), True, id="glob over repositories"),
        pytest.param(a_line("x", repository="example.org/*"), False, id="another repository"),
        pytest.param(a_line("x", repository="Example.com/shop"), False, id="names differ by case"),
        pytest.param(a_line("x", path="app/"), True, id="folder"),
        pytest.param(a_line("x", path="*.py"), True, id="file name anywhere"),
        pytest.param(a_line("x", path="/settings.py"), False, id="anchored at the root"),
        pytest.param(a_line("x", path="!app/"), False, id="a negation names nobody"),
        pytest.param(a_line("x", detector="example-*"), True, id="glob over detectors"),
        pytest.param(a_line("x", detector="other-*"), False, id="another detector"),
        pytest.param(a_line("x", repository="example.org/*", path="app/"), False, id="each of the three must match"),
    ],
)
def test_a_line_matches_repository_path_and_detector(line: OwnerAssignment, matches: bool) -> None:  # noqa: FBT001
    assert matches == bool(assigned(line))


@pytest.mark.parametrize(
    ("line", "identity", "slot", "value"),
    [
        pytest.param(EVERYTHING, True, True, True, id="everything"),
        pytest.param(a_line("x", repository="example"), True, True, False, id="the account"),
        pytest.param(a_line("x", repository="aws:account:*"), True, True, False, id="the account by its uid"),
        pytest.param(a_line("x", repository="other"), False, False, False, id="another account"),
        pytest.param(a_line("x", identity="deploy"), True, False, False, id="an identity's name"),
        pytest.param(a_line("x", identity="aws:user:*"), True, False, False, id="its uid"),
        pytest.param(a_line("x", identity="arn:*:user/deploy"), True, False, False, id="its alias"),
        pytest.param(a_line("x", identity="other"), False, False, False, id="another identity"),
        pytest.param(a_line("x", repository="other", identity="deploy"), False, False, False, id="its name elsewhere"),
        pytest.param(a_line("x", stored_secret="shop/*"), False, True, False, id="a stored secret"),
        pytest.param(a_line("x", stored_secret="deploy"), False, False, False, id="another stored secret"),
        pytest.param(a_line("x", path="*.py"), False, False, True, id="a path is about values"),
        pytest.param(a_line("x", detector="example-*"), False, False, True, id="a format is about values"),
    ],
)
def test_a_line_that_narrows_down_one_sort_of_things_says_nothing_of_others(
    line: OwnerAssignment,
    identity: bool,  # noqa: FBT001
    slot: bool,  # noqa: FBT001
    value: bool,  # noqa: FBT001
) -> None:
    policy = Policy(owners=(line,))

    assert identity == bool(resolve(an_identity(), policy))
    assert slot == bool(resolve(a_slot_state().stored_secret, policy))
    assert value == bool(assigned(line))
    assert (line == EVERYTHING) == bool(resolve_resource(("example.com/shop",), policy))


@pytest.mark.parametrize(
    ("repository", "matched"),
    [("github.com/acme/shop", True), ("github.com/acme", True), ("7", True), ("github.com/acme/web", False)],
)
def test_what_is_named_by_a_number_is_known_by_the_names_of_its_home(repository: str, *, matched: bool) -> None:
    told = {"repository": "github.com/acme/shop", "organization": "github.com/acme", "group": "github.com/acme/web"}
    key = an_identity(resource_uid="github:repository:7", attributes=told)
    slot = a_slot_state(resource_uid="github:repository:7", attributes=told).stored_secret
    policy = Policy(owners=(a_line("x", repository=repository),))

    assert [matched, matched] == [bool(resolve(one, policy)) for one in (key, slot)]


def test_the_special_line_wins_for_identities_too() -> None:
    special = a_line("special", identity="deploy")

    assert ["special"] == names(resolve(an_identity(), Policy(owners=(EVERYTHING, special))))
    assert ["all"] == names(resolve(an_identity(), Policy(owners=(special, EVERYTHING))))


def test_claims_of_tags_count_by_policy_and_those_of_a_log_never_do() -> None:
    tag = an_owner(name="Tessa", source=OwnerSource.TAG)
    maker = an_author(name="Mo", source=OwnerSource.AUDIT_LOG)
    identity = an_identity(owners=(maker, tag))

    assert ["Tessa", "Mo"] == names(resolve(identity, Policy()))
    assert who_answers(resolve(identity, Policy(accountable_sources=frozenset()))) is None
    counted = frozenset({OwnerSource.AUDIT_LOG})
    assert who_answers(resolve(identity, Policy(accountable_sources=counted))) is None


def test_subjects_are_settled_with_whose_they_are() -> None:
    policy = Policy(owners=(EVERYTHING,))
    subjects: list[Subject] = [an_exposure(), an_identity_state(), a_credential_state(), a_slot_state()]

    for subject in subjects:
        once = settled_subject(subject, policy)
        assert once == settled_subject(once, policy)
        assert subject != once
    unowned: list[Subject] = [
        a_resource_state(),
        a_coverage_state(),
        a_safeguard_state(SafeguardKind.AUDIT_LOG),
        CredentialState(credential=a_credential(), present=True),
    ]
    assert unowned == [settled_subject(subject, policy) for subject in unowned]


def test_a_workload_is_named_by_its_account_and_its_path() -> None:
    lines = (
        a_line("team-platform", repository="123456789012"),
        a_line("team-pay", repository="123456789012", path="*/lambda-function/pay/**"),
    )
    value, other = (
        an_exposure(occurrences=(a_setting(path=f"eu-west-1/lambda-function/{name}/KEY"),)) for name in ("pay", "mail")
    )

    assert ["team-pay"] == names(resolve(value, Policy(owners=lines)))
    assert ["team-platform"] == names(resolve(other, Policy(owners=lines)))


def test_the_last_matching_line_wins() -> None:
    assert ["special"] == assigned(EVERYTHING, a_line("special", path="app/"), a_line("other", path="docs/"))
    assert ["all"] == assigned(a_line("special", path="app/"), EVERYTHING)


def test_lines_with_the_same_patterns_name_several_people() -> None:
    assert ["one", "two"] == assigned(EVERYTHING, a_line("one", path="app/"), a_line("two", path="app/"))


@pytest.mark.parametrize("pattern", ["*", "app/", "*.py"])
def test_what_has_no_path_is_covered_by_every_path_only(pattern: str) -> None:
    assert ["all"] == assigned(EVERYTHING, a_line("special", path=pattern), path=None)


def test_a_value_in_several_places_collects_the_owners_of_each_once() -> None:
    places = (
        an_occurrence(path="a/x"),
        an_occurrence(path="b/x"),
        an_occurrence(path="a/y"),
        an_occurrence(path="a/x"),
    )
    policy = Policy(owners=(a_line("A", path="a/"), a_line("B", path="b/")))

    assert ["A", "B"] == names(resolve(an_exposure(occurrences=places), policy))


def test_owners_file_then_codeowners_then_candidates() -> None:
    committer = an_author(name="Rolf", source=OwnerSource.RECENT_COMMITTER)
    exposure = an_exposure(owners=(committer, an_author(), an_owner()))

    owners = resolve(exposure, Policy(owners=(a_line("platform", locator="owners.yaml:4"),)))

    assert ["platform", "Olga", "Ada", "Rolf"] == names(owners)
    assert ("owners.yaml:4", None) == (owners[0].locator, owners[0].left)


def test_a_source_the_policy_does_not_count_makes_a_candidate() -> None:
    policy = Policy(accountable_sources=frozenset({OwnerSource.CODEOWNERS}), owners=(EVERYTHING,))

    owners = resolve(an_exposure(owners=(an_owner(),)), policy)

    assert [("Olga", OwnerRole.ACCOUNTABLE), ("all", OwnerRole.CANDIDATE)] == [(o.name, o.role) for o in owners]


def test_a_candidate_of_a_counted_source_stays_a_candidate() -> None:
    exposure = an_exposure(owners=(an_owner(role=OwnerRole.CANDIDATE),))

    assert [OwnerRole.CANDIDATE] == [owner.role for owner in resolve(exposure, Policy())]


def test_who_has_left_stands_behind_who_has_not() -> None:
    exposure = an_exposure(owners=(an_owner(),))

    owners = resolve(exposure, Policy(owners=(OwnerAssignment(owner="Otto", left=True),)))

    assert [("Olga", None), ("Otto", True)] == [(owner.name, owner.left) for owner in owners]


def test_the_list_of_leavers_takes_addresses_and_names_in_any_case() -> None:
    exposure = an_exposure(owners=(an_owner(), an_owner(name="@Team", email=None), an_author(left=False)))

    owners = resolve(exposure, Policy(left=frozenset({"OLGA@example.com", "@team"})))

    assert {"Olga": True, "@Team": True, "Ada": False} == {owner.name: owner.left for owner in owners}


def test_the_newest_activity_of_a_person_counts_for_all_claims_on_them() -> None:
    author = an_author(last_activity_time=days_ago(9))
    committer = an_author(source=OwnerSource.RECENT_COMMITTER, last_activity_time=days_ago(2))
    policy = Policy(owners=(a_line("Ada", email="Ada@Example.com"), a_line("Bob")))

    owners = resolve(an_exposure(owners=(author, committer)), policy)

    assert [days_ago(2), None, days_ago(9), days_ago(2)] == [owner.last_activity_time for owner in owners]


@pytest.mark.parametrize(
    ("owners", "answer"),
    [
        pytest.param((), None, id="nobody"),
        pytest.param((an_author(),), None, id="a candidate does not answer"),
        pytest.param((an_owner(left=True),), None, id="who has left does not answer"),
        pytest.param((an_owner(left=True), an_owner(name="Team")), "Team", id="the first who has not left"),
    ],
)
def test_who_answers(owners: tuple[Owner, ...], answer: str | None) -> None:
    owner = who_answers(owners)

    assert answer == (owner.name if owner else None)


def test_a_whole_resource_has_the_owner_of_the_lines_about_all_of_it() -> None:
    policy = Policy(owners=(EVERYTHING, a_line("shop", repository="shop"), a_line("part", path="app/")))

    assert ["shop"] == names(resolve_resource(("example.com/shop", "shop"), policy))
    assert ["all"] == names(resolve_resource(("other",), policy))
    assert [] == names(resolve_resource(("other",), Policy()))


def test_a_pattern_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match=r"the path pattern '!' of the owners cannot be read"):
        path_pattern("!")


def test_what_is_settled_stays_so() -> None:
    policy = Policy(owners=(a_line("Ada", email="ada@example.com"),), left=frozenset({"olga@example.com"}))
    exposure = an_exposure(owners=(an_author(last_activity_time=days_ago(9)), an_owner()))

    once = settled(exposure, policy)

    assert once.owners == resolve(exposure, policy)
    assert once == settled(once, policy)
