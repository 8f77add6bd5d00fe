"""What to do about a refusal, in words of ours. Nothing of GitHub's own message is passed on: it may quote anything."""

from __future__ import annotations

from connectors.github.permissions import Operation
from connectors.transport import SINGLE_SIGN_ON, Refusal
from storage.inventory import GapReason


def lacks_permission(refusal: Refusal) -> bool:
    """Say whether a right would help. GitHub answers 404 where somebody may not even know that a thing is there."""
    return refusal.reason is GapReason.DENIED and refusal.status in {403, 404} and SINGLE_SIGN_ON not in refusal.codes


def advice(refusal: Refusal, operation: Operation) -> str:
    """Return what to do, behind "could not …: …;"."""
    match refusal.reason:
        case GapReason.DENIED if SINGLE_SIGN_ON in refusal.codes:
            return "authorize the token for the organization's single sign-on"
        case GapReason.DENIED if refusal.status == 401:
            return "renew the login"
        case GapReason.DENIED if operation.permission and refusal.status is not None:
            plan = ", unless the organization's plan is without it" if refusal.status == 404 else ""
            return f"grant {operation.right}, as deploy/permissions/github.json does{plan}"
        case GapReason.UNSUPPORTED:
            return "read it with a token of an organization owner, or exclude the part with a reason"
        case GapReason.RATE_LIMITED:
            return "run again in an hour, or give the target more time to wait in"
        case GapReason.FAILED | GapReason.TIMED_OUT | GapReason.MALFORMED:
            return "run again"
        case GapReason.STOPPED:
            return "give this target more time"
        case _:
            return "nothing of it was read"
