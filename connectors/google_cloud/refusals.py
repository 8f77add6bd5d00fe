"""What went wrong with a call, in words of ours: why, for want of which permission, and whether to go on.

Nothing of a provider's own message is passed on: it may quote anything.
"""

from __future__ import annotations

import re
from enum import StrEnum

from connectors.google_cloud.permissions import Method
from storage.inventory import GapReason


class Trouble(StrEnum):
    """What kind of thing went wrong, before it is known what that costs."""

    DENIED = "denied"
    DISABLED = "disabled"
    """The API is not switched on."""
    GONE = "gone"
    """What was asked about is not there, or not for this login."""
    EXPIRED = "expired"
    """The login ran out, or could not be had at all."""
    RATE_LIMITED = "rate_limited"
    TIMED_OUT = "timed_out"
    MALFORMED = "malformed"
    OUT_OF_TIME = "out_of_time"
    """The session's deadline has passed: the call was not made."""
    LIMIT = "limit"
    """The answer is larger than what is read."""
    FAILED = "failed"


_REASONS = {
    Trouble.DENIED: GapReason.DENIED,
    Trouble.DISABLED: GapReason.DENIED,
    Trouble.GONE: GapReason.DENIED,
    Trouble.EXPIRED: GapReason.FAILED,
    Trouble.RATE_LIMITED: GapReason.RATE_LIMITED,
    Trouble.TIMED_OUT: GapReason.TIMED_OUT,
    Trouble.MALFORMED: GapReason.MALFORMED,
    Trouble.OUT_OF_TIME: GapReason.TIMED_OUT,
    Trouble.LIMIT: GapReason.LIMIT,
    Trouble.FAILED: GapReason.FAILED,
}
_SENTENCES = {
    Trouble.DENIED: "{call} was denied: grant {permission}, as deploy/permissions/google_cloud.yaml does",
    Trouble.DISABLED: "{call} was refused because {service} is not switched on: enable it in the project of the login",
    Trouble.GONE: "{call} found nothing there for this login",
    Trouble.EXPIRED: "{call} found no valid login: it ran out or could not be had; renew it and run again",
    Trouble.RATE_LIMITED: "{call} was refused for too many calls, also when repeated; run again later",
    Trouble.TIMED_OUT: "{call} had no answer in time; run again",
    Trouble.MALFORMED: "{call} had an answer that cannot be read: damaged, cut off, or not from Google; run again",
    Trouble.OUT_OF_TIME: "{call} was not made, because the time for this target was over; give it more time",
    Trouble.LIMIT: "{call} had an answer larger than is read",
    Trouble.FAILED: "{call} failed; run again",
}
_PLAIN = re.compile(r"[A-Za-z0-9_. ]{1,64}")


class CallFailed(Exception):
    """A call without an answer. Always turned into a gap."""

    def __init__(self, method: Method, trouble: Trouble, *, code: str = "") -> None:
        super().__init__(method.name)
        self.method = method
        self.trouble = trouble
        self.code = code if _PLAIN.fullmatch(code) else ""

    @property
    def reason(self) -> GapReason:
        """Why, in the vocabulary's closed word."""
        return _REASONS[self.trouble]

    @property
    def denied(self) -> bool:
        """Whether access was refused, so that reading again without a change brings nothing."""
        return self.reason is GapReason.DENIED

    @property
    def permission(self) -> str | None:
        """The permission that would open it; `None` where none would."""
        return self.method.permission if self.trouble in (Trouble.DENIED, Trouble.GONE) else None

    @property
    def sentence(self) -> str:
        """What happened and what to do, without its full stop."""
        method = self.method
        said = _SENTENCES[self.trouble].format(call=method.name, permission=method.permission, service=method.service)
        return f"{said} ({self.code})" if self.trouble is Trouble.FAILED and self.code else said
