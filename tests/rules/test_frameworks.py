from __future__ import annotations

import re
from typing import Any

import pytest

from rules.base import Rule
from rules.frameworks import ANCHORS, CONTROLS, POLICY_CONTROLS, Control, Framework, control, control_ids
from rules.registry import RULES, rule

SHAPES = {
    Framework.OWASP_NHI: r"NHI([1-9]|10):2025",
    Framework.NIST_CSF: r"(GV|ID|PR|DE|RS|RC)\.[A-Z]{2}-\d\d",
    Framework.AICPA_TSC: r"CC\d\.\d",
    Framework.NIST_800_53: r"[A-Z]{2}-\d{1,2}(\(\d{1,2}\))?",
}
OWN_OPERATION = frozenset({"coverage-gap", "undeclared-scope"})
ABOUT_IDENTITIES = [rule for rule in RULES if rule.code not in OWN_OPERATION]


def code(rule: Rule[Any]) -> str:
    return rule.code


@pytest.mark.parametrize("item", CONTROLS, ids=lambda item: item.reference)
def test_a_control_has_its_publishers_id_and_one_line_of_ours(item: Control) -> None:
    assert re.fullmatch(SHAPES[item.framework], item.reference)
    assert re.fullmatch(r"[A-Z][^\n]{20,110}\.", item.paraphrase)


def test_no_control_stands_twice() -> None:
    references = [item.reference for item in CONTROLS]

    assert len(set(references)) == len(references)


def test_all_ten_of_owasp_are_known() -> None:
    known = {item.reference for item in CONTROLS if item.framework is Framework.OWASP_NHI}

    assert {f"NHI{number}:2025" for number in range(1, 11)} == known


@pytest.mark.parametrize("name", ["NHI2:2025", "NHI-02", "nhi-02", "NHI2"])
def test_aliases_are_understood_and_the_official_id_is_written(name: str) -> None:
    assert "NHI2:2025" == control(name).reference


def test_an_unknown_control_is_refused_with_a_sentence() -> None:
    with pytest.raises(LookupError, match="no control is called 'NHI-11'"):
        control("NHI-11")


@pytest.mark.parametrize("rule", ABOUT_IDENTITIES, ids=code)
def test_every_rule_about_identities_carries_the_anchors_and_precise_ids(rule: Rule[Any]) -> None:
    ids = control_ids(rule)

    assert {"NHI2:2025", "PR.AA-03"} <= set(ids)
    assert len(set(ids)) == len(ids)
    assert {item.framework for item in rule.frameworks} == set(Framework)


@pytest.mark.parametrize("rule", ABOUT_IDENTITIES, ids=code)
def test_the_primary_id_is_a_precise_one_of_owasp(rule: Rule[Any]) -> None:
    primaries = {
        "unvaulted-secret": "NHI2:2025",
        "exposed-secret-at-head": "NHI2:2025",
        "exposed-secret-in-history": "NHI2:2025",
        "exposed-secret-in-workload": "NHI2:2025",
        "rotation-not-evidenced": "NHI7:2025",
        "missing-owner": "NHI1:2025",
        "inactive-owner": "NHI1:2025",
        "reused-secret": "NHI9:2025",
        "rotation-overdue": "NHI7:2025",
        "rotation-not-operating": "NHI7:2025",
        "no-expiration": "NHI7:2025",
        "expired-still-present": "NHI1:2025",
        "expiring-soon": "NHI7:2025",
        "stale-credential": "NHI1:2025",
        "stale-secret": "NHI1:2025",
        "unused-identity": "NHI1:2025",
        "disabled-but-present": "NHI1:2025",
        "two-active-keys": "NHI7:2025",
        "static-key-where-keyless-exists": "NHI6:2025",
        "root-access-key": "NHI5:2025",
        "admin-privileges": "NHI5:2025",
        "privilege-escalation": "NHI5:2025",
        "broad-trust": "NHI5:2025",
        "loose-federation": "NHI6:2025",
        "confused-deputy": "NHI5:2025",
        "human-use": "NHI10:2025",
        "environment-isolation": "NHI8:2025",
        "unvaulted-parameter": "NHI2:2025",
        "organization-wide-secret": "NHI5:2025",
        "writable-deploy-key": "NHI5:2025",
        "self-hosted-runner-on-public-repository": "NHI6:2025",
        "orphan-secret-slot": "NHI1:2025",
        "undefined-secret-reference": "NHI1:2025",
        "hard-coded-pipeline-secret": "NHI2:2025",
        "static-key-reaches-vault": "NHI4:2025",
        "untrusted-trigger-reaches-secrets": "NHI6:2025",
        "secrets-handed-over-whole": "NHI5:2025",
        "excessive-pipeline-permissions": "NHI5:2025",
        "persisted-pipeline-credentials": "NHI2:2025",
        "safeguard-off": "NHI4:2025",
        # No item of OWASP's speaks of logs: these two carry its anchor alone.
        "weak-audit-log": "PR.PS-04",
        "audit-log-retention": "PR.PS-04",
    }

    assert primaries[rule.code] == control_ids(rule)[0]


@pytest.mark.parametrize("rule", ABOUT_IDENTITIES, ids=code)
def test_the_csf_anchor_stands_behind_the_precise_ids(rule: Rule[Any]) -> None:
    csf = [item.reference for item in rule.frameworks if item.framework is Framework.NIST_CSF]

    assert csf[0] in {"PR.AA-01", "PR.AA-02", "PR.AA-04", "PR.AA-05", "PR.PS-04"}
    assert "PR.AA-03" == csf[-1]


def test_a_coverage_gap_has_no_anchor_and_no_id_of_owasp() -> None:
    gap = rule("coverage-gap")

    assert not set(gap.frameworks) & set(ANCHORS)
    assert Framework.OWASP_NHI not in {item.framework for item in gap.frameworks}
    assert "GV.OV-03" == control_ids(gap)[0]


def test_thresholds_are_evidence_of_the_policy_and_not_of_a_finding() -> None:
    assert ["GV.RM-01"] == [item.reference for item in POLICY_CONTROLS]
    assert not any(set(POLICY_CONTROLS) & set(rule.frameworks) for rule in RULES)
