from __future__ import annotations

import pytest

from rules.joins.environments import environments
from storage.inventory import Policy


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        ((), set()),
        ((None, "app/settings.py"), set()),
        (("deploy/PROD/app.env",), {"production"}),
        (("config-staging.yml", "acme_test"), {"staging", "test"}),
        (("products", "latest"), set()),
    ],
)
def test_words_name_environments(texts: tuple[str | None, ...], names: set[str]) -> None:
    assert names == environments(texts, Policy())


def test_a_sign_may_be_a_whole_component() -> None:
    assert {"early"} == environments(("deploy/pre-prod/a",), Policy(environments={"early": ("pre-prod",)}))
