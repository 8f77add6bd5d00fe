"""What went wrong with a call, in words of ours: why, for want of which permission, and whether to go on.

Nothing of a provider's own message is passed on: it may quote anything.
"""

from __future__ import annotations

import re
from enum import StrEnum

from connectors.aws.call import Call
from connectors.told_text import told_name
from storage.inventory import GapReason


class Trouble(StrEnum):
    """What kind of thing went wrong, before it is known what that costs."""

    DENIED = "denied"
    LOGIN_REFUSED = "login_refused"
    """This place does not know the login: a region that is not enabled, or a key that is gone."""
    EXPIRED = "expired"
    """The login ran out, or could not be had at all."""
    RATE_LIMITED = "rate_limited"
    TIMED_OUT = "timed_out"
    MALFORMED = "malformed"
    DISABLED = "disabled"
    """The service is not switched on for the account."""
    OUT_OF_TIME = "out_of_time"
    """The session's deadline has passed: the call was not made."""
    FAILED = "failed"


BY_ORGANISATION = "a service control policy of the organisation"

_REASONS = {
    Trouble.DENIED: GapReason.DENIED,
    Trouble.LOGIN_REFUSED: GapReason.DENIED,
    Trouble.EXPIRED: GapReason.FAILED,
    Trouble.RATE_LIMITED: GapReason.RATE_LIMITED,
    Trouble.TIMED_OUT: GapReason.TIMED_OUT,
    Trouble.MALFORMED: GapReason.MALFORMED,
    Trouble.DISABLED: GapReason.DENIED,
    Trouble.OUT_OF_TIME: GapReason.TIMED_OUT,
    Trouble.FAILED: GapReason.FAILED,
}
_SENTENCES = {
    Trouble.DENIED: "{call} was denied: grant it, as deploy/permissions/aws.json does",
    Trouble.LOGIN_REFUSED: "{call} found the login unknown there: the region is not enabled, or the login is gone",
    Trouble.EXPIRED: "{call} found no valid login: it ran out or could not be had; renew it and run again",
    Trouble.RATE_LIMITED: "{call} was refused for too many calls, also when repeated; run again later",
    Trouble.TIMED_OUT: "{call} had no answer in time; run again",
    Trouble.MALFORMED: "{call} had an answer that cannot be read: damaged, cut off, or not from AWS; run again",
    Trouble.DISABLED: "{call} was refused because the service is not switched on for this account or region",
    Trouble.OUT_OF_TIME: "{call} was not made, because the time for this target was over; give it more time",
    Trouble.FAILED: "{call} failed; run again",
}
_CODES = {
    "AccessDenied": Trouble.DENIED,
    "AccessDeniedException": Trouble.DENIED,
    "AccountAccessDeniedException": Trouble.DENIED,
    "AuthorizationError": Trouble.DENIED,
    "AuthorizationErrorException": Trouble.DENIED,
    "ForbiddenException": Trouble.DENIED,
    "NotAuthorized": Trouble.DENIED,
    "NotAuthorizedException": Trouble.DENIED,
    "UnauthorizedException": Trouble.DENIED,
    "UnauthorizedOperation": Trouble.DENIED,
    "AWSOrganizationsNotInUseException": Trouble.DISABLED,
    "OptInRequired": Trouble.DISABLED,
    "RegionDisabledException": Trouble.DISABLED,
    "SubscriptionRequiredException": Trouble.DISABLED,
    "AuthFailure": Trouble.LOGIN_REFUSED,
    "InvalidClientTokenId": Trouble.LOGIN_REFUSED,
    "SignatureDoesNotMatch": Trouble.LOGIN_REFUSED,
    "UnrecognizedClientException": Trouble.LOGIN_REFUSED,
    "ExpiredToken": Trouble.EXPIRED,
    "ExpiredTokenException": Trouble.EXPIRED,
    "RequestExpired": Trouble.EXPIRED,
    "BandwidthLimitExceeded": Trouble.RATE_LIMITED,
    "LimitExceeded": Trouble.RATE_LIMITED,
    "LimitExceededException": Trouble.RATE_LIMITED,
    "PriorRequestNotComplete": Trouble.RATE_LIMITED,
    "RequestLimitExceeded": Trouble.RATE_LIMITED,
    "RequestThrottled": Trouble.RATE_LIMITED,
    "RequestThrottledException": Trouble.RATE_LIMITED,
    "SlowDown": Trouble.RATE_LIMITED,
    "ThrottledException": Trouble.RATE_LIMITED,
    "Throttling": Trouble.RATE_LIMITED,
    "ThrottlingException": Trouble.RATE_LIMITED,
    "TooManyRequestsException": Trouble.RATE_LIMITED,
    "TransactionInProgressException": Trouble.RATE_LIMITED,
}
_STATUSES = {
    401: Trouble.DENIED,
    403: Trouble.DENIED,
    408: Trouble.TIMED_OUT,
    429: Trouble.RATE_LIMITED,
    504: Trouble.TIMED_OUT,
}
_GONE = frozenset({"InvalidInstanceID.NotFound", "NotFoundException", "ResourceNotFoundException"})
_CODE = re.compile(r"\d{3}|[A-Z][A-Za-z]{2,49}(?:\.[A-Z][A-Za-z]{2,49})?")
"""How AWS writes its codes of errors: words, each with a capital. A server may echo there what it was sent."""


def _is_told(code: str) -> bool:
    """Whether a code may be shown: it has the form of one, and reads as words."""
    return _CODE.fullmatch(code) is not None and (code.isdecimal() or told_name(code.replace(".", " ")) is not None)


class CallFailed(Exception):
    """A call without an answer. Always turned into a gap."""

    def __init__(self, call: Call, trouble: Trouble, *, code: str = "", status: int = 0, by_policy: str = "") -> None:
        super().__init__(call.known_as)
        self.call = call
        self.trouble = trouble
        self.code = code
        """As the answer has it: to tell cases apart by, never to be shown."""
        self.told_code = code if _is_told(code) else ""
        self.status = status
        self.by_policy = by_policy

    @property
    def reason(self) -> GapReason:
        """Why, in the vocabulary's closed word."""
        return _REASONS[self.trouble]

    @property
    def denied(self) -> bool:
        """Whether access was refused, so that reading again without a change brings nothing."""
        return self.reason is GapReason.DENIED

    @property
    def of_region(self) -> bool:
        """Whether it may be the region that is closed, and not a right that is missing."""
        return self.trouble is Trouble.LOGIN_REFUSED or self.by_policy == BY_ORGANISATION

    @property
    def gone(self) -> bool:
        """Whether what was asked about does not exist any more: it was deleted since it was listed."""
        return self.code.startswith("NoSuchEntity") or self.code in _GONE

    @property
    def permission(self) -> str | None:
        """The permission that would open it; `None` where none would."""
        return self.call.action if self.trouble is Trouble.DENIED else None

    @property
    def sentence(self) -> str:
        """What happened and what to do, without its full stop."""
        said = _SENTENCES[self.trouble].format(call=self.call.known_as)
        if self.by_policy:
            said += f"; {self.by_policy} refuses it"
        if self.trouble is Trouble.FAILED and (self.told_code or self.status):
            said += f" ({self.told_code or 'HTTP'}{f' {self.status}' if self.status else ''})"
        return said


def trouble_of(code: str, status: int) -> Trouble:
    """Say what an error answer means, by its code and, where that tells nothing, its status."""
    plain = code.rsplit("#", 1)[-1].partition(":")[0]
    return _CODES.get(plain) or _CODES.get(plain.removesuffix("Exception")) or _STATUSES.get(status) or Trouble.FAILED


def policy_of(message: str) -> str:
    """Say which kind of policy an answer of denial names: a grant does not help against an explicit deny."""
    for mark, kind in (
        ("service control policy", BY_ORGANISATION),
        ("permissions boundary", "a permissions boundary"),
        ("session policy", "a session policy"),
        ("explicit deny", "an explicit deny"),
    ):
        if mark in message:
            return kind
    return ""
