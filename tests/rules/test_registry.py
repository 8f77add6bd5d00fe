from __future__ import annotations

import pytest

from rules.missing_owner import MissingOwner
from rules.registry import RULES, rule
from storage.inventory import SubjectKind


def test_a_rule_is_found_by_its_code() -> None:
    assert isinstance(rule("missing-owner"), MissingOwner)


def test_an_unknown_code_is_refused_with_those_that_exist() -> None:
    with pytest.raises(LookupError, match="no rule is called 'missing-owners'; there are: admin-privileges, "):
        rule("missing-owners")


def test_codes_and_titles_are_distinct() -> None:
    assert len(RULES) == len({rule.code for rule in RULES}) == len({rule.title for rule in RULES})


def test_every_kind_of_subject_has_a_rule() -> None:
    assert set(SubjectKind) == frozenset().union(*(rule.subject_kinds for rule in RULES))
