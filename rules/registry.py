"""All rules, one line each. The order is the order in which they judge a subject and in which they are listed."""

from __future__ import annotations

from typing import Any

from rules.base import Rule
from rules.coverage_gap import CoverageGap
from rules.exposed_secret_at_head import ExposedSecretAtHead
from rules.exposed_secret_in_history import ExposedSecretInHistory
from rules.inactive_owner import InactiveOwner
from rules.missing_owner import MissingOwner
from rules.reused_secret import ReusedSecret
from rules.rotation_not_evidenced import RotationNotEvidenced
from rules.undeclared_scope import UndeclaredScope
from rules.unvaulted_secret import UnvaultedSecret

RULES: tuple[Rule[Any], ...] = (
    UnvaultedSecret(),
    ExposedSecretAtHead(),
    ExposedSecretInHistory(),
    RotationNotEvidenced(),
    MissingOwner(),
    InactiveOwner(),
    ReusedSecret(),
    CoverageGap(),
    UndeclaredScope(),
)

_BY_CODE = {rule.code: rule for rule in RULES}


def rule(code: str) -> Rule[Any]:
    """Return the rule of that code.

    Raises:
        LookupError: no rule is called so; the message names those that exist.
    """
    try:
        return _BY_CODE[code]
    except KeyError as error:
        raise LookupError(f"no rule is called {code!r}; there are: {', '.join(sorted(_BY_CODE))}") from error
