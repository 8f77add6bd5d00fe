"""What an author hears of his formats: that they are sound, or what is wrong, by the format's id and the shape."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.detection.catalogue import OwnFormat, shipped_catalogue
from connectors.detection.examples import complaints
from connectors.detection.trial import Trial
from storage.inventory import Confidence, CredentialType

SHIPPED = shipped_catalogue()


def an_entry(**changes: Any) -> OwnFormat:
    given = {
        "id": "acme-token",
        "name": "Acme token",
        "vendor": "acme",
        "type": CredentialType.ACCESS_TOKEN,
        "expression": "acme_[a-z0-9]{24}",
        "literals": ("acme_",),
        "remediation": "Revoke it in the settings.",
        "positive": ("acme_{hex:24}",),
        "negative": ("acme_{hex:20}", "acme_{hex:30}"),
    }
    return OwnFormat(**{**given, **changes})


def told(*entries: OwnFormat) -> list[tuple[str, bool, str]]:
    catalogue = SHIPPED.tuned(entries, ())
    return [
        (complaint.entry.id, complaint.grave, complaint.sentence)
        for complaint in complaints(entries, catalogue, Trial(catalogue, matcher="re2"))
    ]


def test_of_a_sound_format_nothing_is_said() -> None:
    assert [] == told(an_entry())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"positive": ()}, "no positive shape", id="no example"),
        pytest.param({"positive": ("acme_{nope:3}",)}, "no block is called 'nope'", id="no such shape"),
        pytest.param({"positive": ("acme-{hex:24}",)}, "the expression does not match it", id="no match"),
        pytest.param(
            {"expression": "(?:acme|acne)_[a-z0-9]{24}", "positive": ("acne_{hex:24}",)},
            "none of the literals ['acme_'] stands in what the expression matches",
            id="a literal that is not necessary",
        ),
        pytest.param({"positive": ("acme_{choice:" + "a" * 24 + "}",)}, "refused as placeholder", id="a placeholder"),
        pytest.param({"minimum_entropy": 5.0}, "refused as entropy", id="too little entropy"),
        pytest.param({"keywords": ("zork",)}, "refused as keyword missing", id="no keyword"),
        pytest.param({"positive": ("x{alnum:1}acme_{hex:24}",)}, "refused as cut out", id="cut out"),
        pytest.param({"negative": ("acme_{hex:24}",)}, "the negative shape 'acme_{hex:24}' is found", id="found"),
        pytest.param(
            {"expression": "ghp_[A-Za-z0-9]{36}", "literals": ("ghp_",), "positive": ("{github:ghp_}",)},
            "github-personal-access-token claims the same bytes",
            id="a fight",
        ),
        pytest.param(
            {
                "expression": "ghp_[A-Za-z0-9]{36}", "literals": ("ghp_",), "positive": ("{github:ghp_}",),
                "priority": 50,
            },
            "refused as overlaid by github-personal-access-token",
            id="overlaid",
        ),
        pytest.param({"checksum": "base58check"}, "is found with confidence low, not high", id="a wrong checksum"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_the_shape(changes: dict[str, Any], words: str) -> None:
    ((code, grave, sentence),) = told(an_entry(**{"negative": ("acme_{hex:20}",), **changes}))

    assert ("acme-token", True) == (code, grave)
    assert words in sentence


def test_a_format_that_yields_on_purpose_is_sound_where_it_is_alone() -> None:
    higher = an_entry(id="acme-higher", priority=120, expression="acme_[a-f0-9]{24}")

    assert ["acme-token"] == [code for code, _, _ in told(higher, an_entry(confidence=Confidence.MEDIUM))]


def test_advice_is_no_fault() -> None:
    said = told(an_entry(negative=(), remediation=""))

    assert [False, False] == [grave for _, grave, _ in said]
