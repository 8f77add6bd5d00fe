"""The one way to AWS: logs in, asks what is in the list of calls and nothing else, counts, and gives up in time.

Only this file knows boto3 and botocore, and loads them when a client is built. Every request of every service passes
four hooks: one refuses what is not listed, one counts and keeps the deadline, one refuses answers that are not of AWS,
one takes values out of answers before anybody sees them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

from connectors.aws.call import Call
from connectors.aws.permissions import ALLOWED, ASSUME_ROLE, LOGINS
from connectors.aws.refusals import CallFailed, Trouble, policy_of, trouble_of
from connectors.aws.target import AwsTarget
from connectors.base import TargetError
from storage.inventory import Record

_VALUES = frozenset(
    {
        "ClientSecret",
        "PrivateKey",
        "SecretAccessKey",
        "SecretBinary",
        "SecretString",
        "ServiceCredentialSecret",
        "ServicePassword",
        "clientSecret",
        "privateKey",
        "secretAccessKey",
    }
)
"""Fields that hold values wherever they stand; no answer keeps them, whatever its call says."""

_FINAL = frozenset({Trouble.EXPIRED, Trouble.OUT_OF_TIME})
_SESSION_NAME = "nhi-agent"
_AT_ONCE = 1 << 20
"""Bytes read of a stream at a time."""


class ForbiddenCall(Exception):
    """A call that is not in the list: a fault in this program, refused before anything is sent."""


class Patience(Record, frozen=True, kw_only=True):
    """How long to wait for one answer, and how often to ask again."""

    attempts: int = 6
    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    poll_seconds: float = 1.0
    """How much longer to wait each time for what AWS prepares in the background."""
    pace_seconds: float = 0.5
    """Between two questions to what answers only so often."""


class Timed(Protocol):
    """What a client must know of a session."""

    @property
    def deadline(self) -> float:
        """Moment on the monotonic clock at which it must have stopped."""
        ...


class _OutOfTime(Exception):
    """The deadline passed between two attempts."""


class _NotOfAws(Exception):
    """An answer that says it succeeded and is not what the service sends."""


class AwsClient:
    """Speaks for one login: that of the workload, or a role that it assumes."""

    def __init__(
        self,
        target: AwsTarget,
        *,
        session: Timed,
        patience: Patience,
        role_arn: str | None = None,
        source: AwsClient | None = None,
    ) -> None:
        """Prepare the login; nothing is sent yet.

        Raises:
            TargetError: when the target's profile or variable does not exist.
        """
        self.target = target
        self._lent = session
        self.patience = patience
        self.calls = 0
        """Requests sent so far, repeated ones among them."""
        self._ended: Trouble | None = None
        self._clients: dict[tuple[str, str], Any] = {}
        self._session = self._logged_in(None if source else target.profile)
        if source is not None and role_arn is not None:
            self._assume(role_arn, source)

    @property
    def deadline(self) -> float:
        """Moment on the monotonic clock from which on nothing more is asked."""
        return self._lent.deadline

    def assuming(self, role_arn: str) -> AwsClient:
        """Return a client that acts as a role which this one's login may assume."""
        return AwsClient(self.target, session=self._lent, patience=self.patience, role_arn=role_arn, source=self)

    def call(self, call: Call, *, region: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Make one call and return its answer, without values.

        Raises:
            CallFailed: when there is no answer.
        """
        if self._ended is not None:
            raise CallFailed(call, self._ended)
        if time.monotonic() >= self.deadline:
            self._ended = Trouble.OUT_OF_TIME
            raise CallFailed(call, Trouble.OUT_OF_TIME)
        where = region or self.target.home_region
        try:
            answer: dict[str, Any] = self._asked(call, where, parameters)
            _refuse_incomplete(call, answer)
        except CallFailed as failed:
            if failed.trouble in _FINAL or (failed.trouble is Trouble.LOGIN_REFUSED and region is None):
                self._ended = failed.trouble
            raise
        return answer

    def pages(self, call: Call, *, region: str | None = None, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Yield the pages of a listing. A page may be empty and still not be the last.

        Raises:
            CallFailed: when a page has no answer, or names a page that was read before.
        """
        seen: set[str] = set()
        answered, asked = call.token
        while True:
            page = self.call(call, region=region, **parameters)
            token = page.get(answered)
            more = page.get(call.more) if call.more else token
            yield page
            if not more:
                return
            if not isinstance(token, str) or not token or token in seen:
                raise CallFailed(call, Trouble.MALFORMED)
            seen.add(token)
            parameters[asked] = token

    def content(self, call: Call, most_bytes: int, *, region: str | None = None, **parameters: Any) -> bytes | None:
        """Make one call that answers with a stream, and return all of it; `None` where that is more than so many bytes.

        Raises:
            CallFailed: when there is no answer, or it breaks off.
        """
        from botocore.exceptions import BotoCoreError, ReadTimeoutError

        body = self.call(call, region=region, **parameters)["Body"]
        read = bytearray()
        try:
            while part := body.read(_AT_ONCE):
                read += part
                if len(read) > most_bytes:
                    return None
        except ReadTimeoutError:
            raise CallFailed(call, Trouble.TIMED_OUT) from None
        except BotoCoreError:
            raise CallFailed(call, Trouble.MALFORMED) from None
        finally:
            body.close()
        return bytes(read)

    def leave(self, region: str) -> None:
        """Let go of what was kept to ask in a region: an account has dozens, each with a dozen services."""
        if region != self.target.home_region:
            for key in [key for key in self._clients if key[1] == region]:
                self._clients.pop(key).close()

    def lacks(self, failed: CallFailed, region: str) -> bool:
        """Whether a call failed because its service does not exist in a region: both its address and the SDK say so."""
        if failed.code != "EndpointConnectionError":
            return False
        offered = self._session.get_available_regions(failed.call.service, partition_name=self.target.partition)
        return bool(offered) and region not in offered

    def _asked(self, call: Call, region: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        from botocore import exceptions, xform_name
        from botocore.parsers import ResponseParserError

        logins = (
            exceptions.NoCredentialsError,
            exceptions.PartialCredentialsError,
            exceptions.CredentialRetrievalError,
            exceptions.TokenRetrievalError,
            exceptions.NoAuthTokenError,
            exceptions.SSOError,
        )
        try:
            answer: dict[str, Any] = getattr(self._service(call.service, region), xform_name(call.operation))(
                **parameters
            )
        except exceptions.ClientError as refused:
            raise _refused(call, refused.operation_name, refused.response) from None
        except _OutOfTime:
            raise CallFailed(call, Trouble.OUT_OF_TIME) from None
        except (exceptions.ReadTimeoutError, exceptions.ConnectTimeoutError):
            raise CallFailed(call, Trouble.TIMED_OUT) from None
        except (
            ResponseParserError,
            exceptions.ResponseStreamingError,
            exceptions.IncompleteReadError,
            _NotOfAws,
            RecursionError,
        ):
            raise CallFailed(call, Trouble.MALFORMED) from None
        except (*logins, RuntimeError):
            # The last is what botocore raises for a login that had run out when it came: a clock goes wrong.
            raise CallFailed(call, Trouble.EXPIRED) from None
        except exceptions.BotoCoreError as failed:
            raise CallFailed(call, Trouble.FAILED, code=type(failed).__name__) from None
        return answer

    def _service(self, service: str, region: str) -> Any:
        known = self._clients.get((service, region))
        if known is None:
            known = self._session.client(
                service, region_name=region, endpoint_url=self.target.endpoint_url, config=self._settings()
            )
            self._clients[service, region] = known
        return known

    def _settings(self) -> Any:
        from botocore.config import Config

        return Config(
            # Adaptive: whoever is told to slow down does so for the calls after that, too.
            retries={
                "mode": "adaptive" if self.patience.attempts > 1 else "standard",
                "total_max_attempts": self.patience.attempts,
            },
            connect_timeout=self.patience.connect_seconds,
            read_timeout=self.patience.read_seconds,
            user_agent_appid="nhi-agent",
            parameter_validation=True,
        )

    def _logged_in(self, profile: str | None) -> Any:
        import boto3
        import botocore.session
        from botocore.exceptions import ProfileNotFound

        for loud in ("boto3", "botocore", "urllib3"):
            # They write whole answers into the log, before any hook has seen them; what failed is told by a gap.
            logging.getLogger(loud).setLevel(logging.CRITICAL)
        core = botocore.session.Session(profile=profile)
        try:
            # The descriptions of the services weigh more than all else: every account uses the same.
            core.register_component("data_loader", _loader(core.get_config_variable("data_path")))
        except ProfileNotFound:
            raise TargetError(f"the profile {profile!r} is not in the configuration of the AWS SDK") from None
        core.register_component("response_parser_factory", _careful_parsers())
        core.register("before-parameter-build", _refuse_unlisted)
        core.register("before-parameter-build", self._refuse_unasked)
        core.register("before-send", self._count)
        core.register("before-parse", _refuse_foreign)
        core.register("after-call", _take_values_out)
        return boto3.session.Session(botocore_session=core, region_name=self.target.home_region)

    def _assume(self, role_arn: str, source: AwsClient) -> None:
        """Log in as a role; the login is renewed by itself, so that a long run does not outlive it."""
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

        def sts(*_: Any, **__: Any) -> Any:
            return source._service("sts", self.target.home_region)

        def fetch() -> Any:
            before = source.calls
            try:
                return fetcher.fetch_credentials()
            finally:
                self.calls += source.calls - before

        extra = {"RoleSessionName": _SESSION_NAME, **external_id(self.target)}
        fetcher = AssumeRoleCredentialFetcher(sts, _Frozen(source), role_arn, extra_args=extra)
        self._session._session._credentials = DeferredRefreshableCredentials(  # noqa: SLF001 - botocore has no other way
            refresh_using=fetch, method="assume-role"
        )

    def _refuse_unasked(self, model: Any, **_: Any) -> None:
        """Refuse what answers with values, unless the operator asked for it."""
        call = ALLOWED.get((model.service_model.service_name, model.name))
        if call is not None and call.reads_values and not self.target.workloads:
            raise ForbiddenCall(f"{call.known_as} answers with values, and the target does not ask for workloads")

    def _count(self, **_: Any) -> None:
        if time.monotonic() >= self.deadline:
            raise _OutOfTime
        self.calls += 1


@lru_cache(maxsize=4)
def _loader(path: str | None) -> Any:
    from botocore.loaders import create_loader

    return create_loader(path)


def _careful_parsers() -> Any:
    """Return what makes botocore's parsers, which stumble over answers that lack their outermost part."""
    from botocore.parsers import ResponseParserFactory

    class Careful(ResponseParserFactory):  # type: ignore[misc]
        def create_parser(self, protocol_name: str) -> Any:
            parser = super().create_parser(protocol_name)
            parse = parser.parse

            def parsed(*given: Any, **named: Any) -> Any:
                try:
                    return parse(*given, **named)
                except (KeyError, ValueError, TypeError, AttributeError):
                    raise _NotOfAws from None

            parser.parse = parsed
            return parser

    return Careful()


class _Frozen:
    """Stands for the source's login where botocore asks for it; the source's own client signs the call."""

    def __init__(self, source: AwsClient) -> None:
        self._source = source

    def get_frozen_credentials(self) -> Any:
        """Return the login as it is now.

        Raises:
            CredentialRetrievalError: when there is none.
        """
        from botocore.exceptions import NoCredentialsError

        login = self._source._session.get_credentials()  # noqa: SLF001 - of the same module
        if login is None:
            raise NoCredentialsError
        return login.get_frozen_credentials()


def external_id(target: AwsTarget) -> dict[str, str]:
    """Return the external id as the parameter that AssumeRole takes; empty where the target names no variable.

    Raises:
        TargetError: when the variable is not set.
    """
    if target.external_id_variable is None:
        return {}
    given = os.environ.get(target.external_id_variable)
    if not given:
        raise TargetError(
            f"the environment variable {target.external_id_variable} is not set; it holds the external id"
        )
    return {"ExternalId": given}


def _refused(call: Call, operation: str, response: Mapping[str, Any]) -> CallFailed:
    error = response.get("Error", {})
    code, message = str(error.get("Code", "")), str(error.get("Message", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    asked = ASSUME_ROLE if operation == ASSUME_ROLE.operation else call
    return CallFailed(asked, trouble_of(code, status), code=code, status=status, by_policy=policy_of(message))


def _refuse_unlisted(params: Any, model: Any, **_: Any) -> None:
    """Refuse what is not in the list, and what is in it with a parameter that would bring values."""
    asked = (model.service_model.service_name, model.name)
    if asked in LOGINS:
        return
    call = ALLOWED.get(asked)
    if call is None:
        raise ForbiddenCall(f"{asked[0]}:{asked[1]} is not in the list of calls")
    if any(name in params for name in call.refused):
        raise ForbiddenCall(f"{call.known_as} may not be asked for values")


def _refuse_foreign(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
    """Refuse what says 200 and is no answer of AWS: a portal's page would else read as an empty list."""
    if response_dict["status_code"] >= 300 or operation_model.has_streaming_output:
        # What comes as a stream is looked at by whoever reads it.
        return
    body = response_dict["body"]
    protocol = operation_model.service_model.resolved_protocol
    if protocol in ("json", "rest-json"):
        try:
            whole = isinstance(json.loads(body or b"0"), dict)
        except ValueError:
            whole = False
    elif protocol in ("query", "ec2"):
        whole = re.search(rb"<%sResponse[\s>/]" % operation_model.name.encode(), body[:2048]) is not None
    else:
        whole = not re.match(rb"\s*<(?:!doctype\s+)?html", body[:2048], re.IGNORECASE)
    if not whole:
        raise _NotOfAws


def _refuse_incomplete(call: Call, answer: Mapping[str, Any]) -> None:
    """Refuse an answer whose items lack what they are known by."""
    if call.items and not any(isinstance(answer.get(name), list) for name in call.items):
        raise CallFailed(call, Trouble.MALFORMED)
    for name, needed in call.items.items():
        for item in answer.get(name) or ():
            if not all(isinstance(item.get(field), str) and item[field] for field in needed):
                raise CallFailed(call, Trouble.MALFORMED)


def _take_values_out(parsed: Any, model: Any, **_: Any) -> None:
    """Take out of an answer what holds values, and give its times in UTC, wherever this machine stands."""
    asked = (model.service_model.service_name, model.name)
    if asked in LOGINS or asked not in ALLOWED:
        return
    names, digested = _VALUES | set(ALLOWED[asked].dropped), set(ALLOWED[asked].digested)
    kept = ALLOWED[asked].kept
    waiting = [parsed]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            for name in names & part.keys():
                del part[name]
            for name in digested & part.keys():
                part[name] = _digest(part[name])
        elif not isinstance(part, list):
            continue
        for place, inner in list(part.items() if isinstance(part, dict) else enumerate(part)):
            if place in kept:
                continue
            if isinstance(inner, datetime):
                part[place] = inner.astimezone(UTC)
            else:
                waiting.append(inner)


def _digest(value: object) -> str | None:
    """Return what a thing is known by whose name is its value: too little of a digest to tell anything of it.

    It has no key: a key that is rotated would make another thing of it, and the former would seem to be revoked. Such
    a value is long and random, so that nobody can find it by trying.
    """
    if not isinstance(value, str) or not value:
        return None
    return hashlib.sha256(b"nhi-agent name by value\0" + value.encode()).hexdigest()[:16]
