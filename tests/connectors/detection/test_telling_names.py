"""Names that describe a secret are told from names that hold one."""

from __future__ import annotations

import pytest

from connectors.detection.telling_names import describes


@pytest.mark.parametrize(
    "name",
    [
        b"token_url",
        b"PASSWORD_POLICY",
        b"secretName",
        b"key-id",
        b"token_expires_in",
        b"passwordSha256",
        b"tokenparams",
    ],
)
def test_a_name_that_describes(name: bytes) -> None:
    assert describes(name)


@pytest.mark.parametrize(
    "name", [b"", b"token", b"url_token", b"idp_secret", b"shared_key", b"password\n", b"token_url_"]
)
def test_a_name_that_does_not(name: bytes) -> None:
    assert not describes(name)
