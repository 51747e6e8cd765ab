# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which failed calls are repeated, how often, and after which pauses. Private to this collection.

Retries are counted here alone; botocore's own are switched off (see _module.create_client), because it would repeat a
create blindly. Each cause has its own count in one call, so a call is made at most 1 + their sum times, not their
product. Quota (402), pending verification (403), and other refusals are not repeated.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

try:
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConnectionError,
        EndpointConnectionError,
        HTTPClientError,
    )
except ImportError:  # reported by AnsibleAWSModule
    BotoCoreError = ClientError = ConnectionError = type("NoBotocore", (Exception,), {})
    EndpointConnectionError = HTTPClientError = ClientError

from ansible_collections.amazon.aws.plugins.module_utils.cloud import BackoffIterator
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

Call = Callable[..., Any]

# Of the AWS services, as botocore knows them (botocore.retries.standard); so is HTTP 429 with any other code.
THROTTLING_CODES = (
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
)
LAMBDA_PERMISSION = "invalid lambda permission"
NOT_FOUND = "ResourceNotFoundException"

# How often a call is repeated for each cause. 8 forks that share a quota of 5 calls per second are throttled in 6 of
# 10 attempts (measured, tests/http/reliability/storm.py): with 30 attempts, about a minute, one call in a million is
# given up; with 12 it was one in 500.
MAX_RETRIES = {
    "throttled": 29,
    "outcome_unknown": 3,  # 5xx, throttling aside, or no (complete) answer
    "ConflictException": 11,  # another change is in progress: about 18 s
    NOT_FOUND: 4,  # of a write or a message: what it names may have been created moments ago; about 4 s
    LAMBDA_PERMISSION: 17,  # propagates slowly: about 30 s
}
# The pauses before that, in seconds: random, so that runs that were throttled together do not come back together,
# below a bound that grows from `delay` to `max_delay`.
BACKOFF: dict[str, Any] = {"delay": 0.5, "backoff": 2, "max_delay": 4}

# When the wait that makes the calls ends, by time.monotonic().
_DEADLINE: ContextVar[float] = ContextVar("deadline", default=math.inf)

# At what length (in characters) a text of an error response is cut off: a proxy may return a whole page.
MAXIMUM_TEXT_LENGTH = 1000


class UnexpectedResponse(Exception):
    """A response that is not one of the service, or not a whole one; the call may have taken effect."""


class DeadlinePassed(Exception):
    """A failed call is not repeated, because the next attempt would come after the deadline; its cause is the error."""


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Let no call in this context be repeated later than `seconds` from now: it raises DeadlinePassed instead.

    A call that has been sent is not interrupted.
    """
    token = _DEADLINE.set(min(_DEADLINE.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def _status(error: ClientError) -> int:
    """Return the HTTP status of an error response."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_throttled(error: BaseException | None) -> bool:
    """Whether the call was throttled, and so had no effect: HTTP 429, or a throttling code; never a quota (402)."""
    return isinstance(error, ClientError) and is_throttling(_status(error), error.response["Error"]["Code"])


def is_throttling(status: int, code: str | None) -> bool:
    """Whether a response with this HTTP status and error code is throttling."""
    return status != 402 and (status == 429 or code in THROTTLING_CODES)


def outcome_unknown(error: BaseException | None) -> bool:
    """Whether the failed call may have taken effect: 5xx, or no (complete) answer.

    Not when it was throttled (503 SlowDown), and not when the connection was refused.
    """
    if isinstance(error, ClientError):
        return _status(error) >= 500 and not is_throttled(error)
    no_answer = isinstance(error, (ConnectionError, HTTPClientError, UnexpectedResponse))
    return no_answer and not isinstance(error, EndpointConnectionError)


def lacks_lambda_permission(error: BaseException | None) -> bool:
    """Whether the service may not (yet) invoke the review handler; the code is shared, so the message must be read."""
    return (
        isinstance(error, ClientError)
        and error.response["Error"]["Code"] == "ValidationException"
        and LAMBDA_PERMISSION in str(error.response["Error"].get("Message"))
    )


def error_code(error: AnsibleAWSError) -> str | None:
    """Return the API's error code, or None when the failure was not an answer of the service."""
    return error.exception.response["Error"]["Code"] if isinstance(error.exception, ClientError) else None


def _cause(error: BaseException) -> str:
    """Return the cause for which a failed call may be repeated: a key of MAX_RETRIES, or another error code."""
    if is_throttled(error):
        return "throttled"
    if not isinstance(error, ClientError) or outcome_unknown(error):
        return "outcome_unknown"
    return LAMBDA_PERMISSION if lacks_lambda_permission(error) else str(error.response["Error"]["Code"])


def retry_idempotent(call: Call, *causes: str) -> Call:
    """Return a call that is repeated when it was throttled, its outcome is unknown, or for more of MAX_RETRIES."""
    return retry_non_idempotent(call, "outcome_unknown", *causes)


def retry_non_idempotent(call: Call, *causes: str) -> Call:
    """Return a call that is repeated when it was throttled, or for more causes of MAX_RETRIES.

    These must say that the call had no effect. In the context of a `deadline`, the call raises DeadlinePassed when
    there is no time for the next attempt.
    """

    def repeated(*arguments: Any, **parameters: Any) -> Any:
        left = {cause: MAX_RETRIES[cause] for cause in ("throttled", *causes)}
        for pause in BackoffIterator(**BACKOFF, jitter=True):
            try:
                return call(*arguments, **parameters)
            except (ClientError, ConnectionError, HTTPClientError) as error:
                cause = _cause(error)
                if not left.get(cause):
                    raise
                left[cause] -= 1
                if time.monotonic() + pause > _DEADLINE.get():
                    raise DeadlinePassed from error
            except BotoCoreError:  # such as missing credentials: not about an answer
                raise
            except Exception as error:  # botocore's parser raises many types for an answer of another form
                raise unexpected_response() from error
            time.sleep(pause)

    return repeated


def require_members(answer: Any, *members: str) -> None:
    """Raise AnsibleAWSError for an answer without what the service always returns: a proxy's, or a wrong port's."""
    if not isinstance(answer, dict) or any(answer.get(member) is None for member in members):
        raise unexpected_response()


def require_strings(answer: Any, *members: str) -> None:
    """Raise AnsibleAWSError when one of these members is missing or is not a string; botocore does not check that."""
    require_members(answer, *members)
    if not all(isinstance(answer[member], str) for member in members):
        raise unexpected_response()


def unexpected_response() -> AnsibleAWSError:
    """Return the error for an answer that is not one of the service."""
    return AnsibleAWSError(
        message="The response does not come from Amazon IVS Chat; check endpoint_url, and any proxy on the way",
        exception=UnexpectedResponse(),
    )


def clean_error_responses(client: Any) -> None:
    """Make an error response with any body readable: null, other types, a page of HTML, cut off.

    botocore's parser fails for some of them, so the error code and request ID in the header would be lost, and for
    others it returns members of other types. botocore before 1.35 does not have this event: there such a response is an
    unexpected one (see `unexpected_response`).
    """
    client.meta.events.register("before-parse.ivschat", _clean_error_response, unique_id="aws_ivs.chat")


def _clean_error_response(response_dict: dict[str, Any], **_context: Any) -> None:
    if response_dict["status_code"] >= 300:
        response_dict["body"] = json.dumps(_error_members(response_dict["body"])).encode()


def _error_members(body: bytes) -> dict[str, Any]:
    """Return the members of an error response that are of their type (API reference, common errors)."""
    text = body.decode("utf-8", "replace")
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        members = text
    if not isinstance(members, dict):
        return {"message": _cut(members)} if isinstance(members, str) else {}
    strings = ("__type", "code", "Code", "message", "Message", "reason", "resourceId", "resourceType")
    cleaned: dict[str, Any] = {name: _cut(members[name]) for name in strings if isinstance(members.get(name), str)}
    if isinstance(members.get("limit"), int) and not isinstance(members["limit"], bool):
        cleaned["limit"] = members["limit"]
    if isinstance(members.get("fieldList"), list):
        fields = [field for field in members["fieldList"] if isinstance(field, dict)]
        cleaned["fieldList"] = [
            {name: _cut(str(field.get(name))) for name in ("name", "message")} for field in fields[:10]
        ]
    return cleaned


def _cut(text: str) -> str:
    return text if len(text) <= MAXIMUM_TEXT_LENGTH else f"{text[:MAXIMUM_TEXT_LENGTH]}..."


def record_writes(client: Any) -> list[str]:
    """Return a list to which this client adds the operation of each write that the service has accepted."""
    accepted: list[str] = []

    def record(http_response: Any, model: Any, **_context: Any) -> None:
        if http_response.status_code < 300 and not model.name.startswith(("Get", "List")):
            accepted.append(model.name)

    client.meta.events.register("after-call.ivschat", record)
    return accepted


def record_unanswered(client: Any) -> list[str]:
    """Return a list of the operations of the last calls in a row that got no answer: each answer empties it."""
    unanswered: list[str] = []

    def record(exception: BaseException, event_name: str, **_context: Any) -> None:
        if isinstance(exception, (ConnectionError, HTTPClientError)):
            unanswered.append(event_name.rpartition(".")[2])

    client.meta.events.register("after-call-error.ivschat", record)
    client.meta.events.register("after-call.ivschat", lambda **_context: unanswered.clear())
    return unanswered
