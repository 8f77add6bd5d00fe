"""Values whose telling name stands on a line above, or in a field beside it."""

from __future__ import annotations

import random
import string

import pytest

from connectors.detection.batch import Batch, Detection, Window
from connectors.detection.catalogue import Catalogue
from connectors.detection.detector import Detector
from connectors.fingerprint import KeyedFingerprinter

MATCHERS = ("hyperscan", "re2", "re")


def found(text: str, matcher: str = "hyperscan") -> list[tuple[str, bytes]]:
    content = text.encode()
    detector = Detector(Catalogue(()), KeyedFingerprinter([("0badcafe", b"k" * 32)]), matcher=matcher, plugins=False)
    hits: list[Detection] = list(detector.detect(Batch(content, [Window("object", 0, len(content))])))
    return [(hit.detector, content[hit.offset : hit.offset + hit.length]) for hit in hits]


def a_value() -> str:
    return "".join(random.Random(5).choices(string.ascii_letters + string.digits, k=24)) + "7"


@pytest.mark.parametrize("matcher", MATCHERS)
@pytest.mark.parametrize(
    ("form", "identifier"),
    [
        ("<apiToken>\n    {}\n</apiToken>\n", "generic-secret-element"),
        ("<app:clientSecret>\r\n\t{}\r\n\t</app:clientSecret>", "generic-secret-element"),
        ("env:\n  - name: DB_PASSWORD\n    value: {}\n", "generic-secret-field"),
        ("env:\n  - name: DB_PASSWORD\n    value: '{}'  # old\n", "generic-secret-field"),
        ('{"name": "API_TOKEN", "value": "{}"}', "generic-secret-field"),
        ('{\n "ParameterKey": "DbPassword",\n "ParameterValue": "{}"\n}', "generic-secret-field"),
        ('variable "db_password" {\n  type = string\n  default = "{}"\n}\n', "terraform-variable-default"),
    ],
)
def test_a_value_is_found_below_or_beside_its_name(form: str, identifier: str, matcher: str) -> None:
    assert found(form.replace("{}", a_value()), matcher) == [(identifier, a_value().encode())]


@pytest.mark.parametrize(
    "text",
    [
        "<apiToken>\n    {}\n</other>\n",
        "<apiToken>\n    {} and more\n</apiToken>\n",
        "<build>\n    {}\n</build>\n",
        "- name: REGION\n  value: {}\n",
        "- name: DB_PASSWORD\n  value: ${{}}\n",
        "- name: DB_PASSWORD\n  description: a\n  value: {}\n",
        'variable "region" {\n  default = "{}"\n}\n',
        'variable "db_password" {\n  type = string\n}\nlocals {\n  default = "{}"\n}\n',
    ],
)
def test_what_stands_elsewhere_or_under_another_name_is_none(text: str) -> None:
    assert found(text.replace("{}", a_value())) == []


def test_a_word_is_none() -> None:
    assert found("- name: PASSWORD_POLICY\n  value: strict\n") == []
    assert found("<passwordPolicy>\n  strict\n</passwordPolicy>\n") == []
