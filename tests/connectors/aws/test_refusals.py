"""What a refusal tells of an answer: the provider's word for it, and nothing that a server may have echoed there."""

from __future__ import annotations

import secrets
import string

import pytest

from connectors.aws.permissions import GET_CALLER_IDENTITY
from connectors.aws.refusals import CallFailed, Trouble


@pytest.mark.parametrize(
    "code", ["AccessDenied", "ThrottlingException", "ExpiredToken", "InternalFailure", "OptInRequired", "503"]
)
def test_a_code_of_aws_is_told(code: str) -> None:
    assert code in CallFailed(GET_CALLER_IDENTITY, Trouble.FAILED, code=code).sentence


def test_what_is_echoed_in_its_place_is_not() -> None:
    for _ in range(200):
        echoed = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(20))
        assert echoed not in CallFailed(GET_CALLER_IDENTITY, Trouble.FAILED, code=echoed, status=400).sentence
