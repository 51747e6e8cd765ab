# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which failed calls are repeated, how often, and after which pauses; and the rate limiter. Private to this collection.

Retries are counted here alone; botocore's own are switched off (see _module.create_client), because it would repeat a
create blindly. Each cause has its own count in one call, so a call is made at most 1 + their sum times, not their
product. Quota (402), pending verification (403), and other refusals are not repeated.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

try:
    from botocore.exceptions import ClientError, ConnectionError, EndpointConnectionError, HTTPClientError
    from botocore.parsers import ResponseParserError
except ImportError:  # reported by AnsibleAWSModule
    ClientError = ConnectionError = EndpointConnectionError = HTTPClientError = type("NoBotocore", (Exception,), {})
    ResponseParserError = ClientError

from ansible_collections.amazon.aws.plugins.module_utils.cloud import BackoffIterator
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

Call = Callable[..., Any]

THROTTLING_CODES = ("ThrottlingException", "TooManyRequestsException", "Throttling", "RequestLimitExceeded", "429")
LAMBDA_PERMISSION = "invalid lambda permission"

# How often a call is repeated for each cause. 8 forks that share a quota of 5 calls per second are throttled in 6 of
# 10 attempts (measured, tests/http/reliability/storm.py): with 30 attempts, about a minute, one call in a million is
# given up; with 12 it was one in 500.
MAX_RETRIES = {
    "throttled": 29,
    "outcome_unknown": 3,  # 5xx, or no (complete) answer
    "ConflictException": 11,  # another change is in progress: about 18 s
    LAMBDA_PERMISSION: 17,  # propagates slowly (facts, section 4.1): about 30 s
}
# The pauses before that, in seconds: random, so that runs that were throttled together do not come back together,
# below a bound that grows from `delay` to `max_delay`.
BACKOFF: dict[str, Any] = {"delay": 0.5, "backoff": 2, "max_delay": 4}

# A little more than the second in which the service counts, because calls arrive after varying delays.
QUOTA_WINDOW = 1.02


def outcome_unknown(error: BaseException | None) -> bool:
    """Whether the failed call may have taken effect: 5xx, or no (complete) answer. A refused connection has not."""
    if isinstance(error, ClientError):
        return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
    return isinstance(error, (ConnectionError, HTTPClientError)) and not isinstance(error, EndpointConnectionError)


def lacks_lambda_permission(error: BaseException | None) -> bool:
    """Whether the service may not (yet) invoke the review handler; the code is shared, so the message must be read."""
    return (
        isinstance(error, ClientError)
        and error.response["Error"]["Code"] == "ValidationException"
        and LAMBDA_PERMISSION in error.response["Error"].get("Message", "")
    )


def error_code(error: AnsibleAWSError) -> str | None:
    """Return the API's error code, or None when the failure was not an answer of the service."""
    return error.exception.response["Error"]["Code"] if isinstance(error.exception, ClientError) else None


def _cause(error: BaseException) -> str:
    """Return the cause for which a failed call may be repeated: a key of MAX_RETRIES, or another error code."""
    if not isinstance(error, ClientError) or outcome_unknown(error):
        return "outcome_unknown"
    if lacks_lambda_permission(error):
        return LAMBDA_PERMISSION
    code = str(error.response["Error"]["Code"])
    return "throttled" if code in THROTTLING_CODES else code


def retry_idempotent(call: Call, *causes: str) -> Call:
    """Repeat a call that was throttled or whose outcome is unknown, or for further causes of MAX_RETRIES."""
    return retry_non_idempotent(call, "outcome_unknown", *causes)


def retry_non_idempotent(call: Call, *causes: str) -> Call:
    """Repeat a call that was throttled, or for further causes of MAX_RETRIES: those that say that it had no effect."""

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
            except (AttributeError, ResponseParserError, ValueError) as error:  # botocore's, of any other answer
                raise unexpected_response() from error
            time.sleep(pause)

    return repeated


def require_members(answer: Any, *members: str) -> None:
    """Raise AnsibleAWSError for an answer without what the service always returns: a proxy's, or a wrong port's."""
    if not all(member in answer for member in members):
        raise unexpected_response()


def unexpected_response() -> AnsibleAWSError:
    """Return the error for an answer that is not one of the service."""
    return AnsibleAWSError(
        message="The response does not come from Amazon IVS Chat; check endpoint_url, and any proxy on the way"
    )


def limit_rate(client: Any, calls_per_second: Callable[[str], float]) -> None:
    """Delay a client's calls so that no operation exceeds the rate that the function returns for it (above 0)."""
    sent: dict[str, deque[float]] = {}

    def wait_for_turn(model: Any, **_context: Any) -> None:
        limit = calls_per_second(model.name)
        # As many whole calls as fit in about a second; below one call per second it is one in a longer window.
        calls = max(1, int(limit))
        window = QUOTA_WINDOW * calls / limit
        times = sent.setdefault(model.name, deque(maxlen=calls))
        if len(times) == calls and (pause := times[0] + window - time.monotonic()) > 0:
            time.sleep(pause)
        times.append(time.monotonic())

    client.meta.events.register("before-call.ivschat", wait_for_turn)


def record_writes(client: Any) -> list[str]:
    """Return a list to which this client adds the operation of each write that the service has accepted."""
    accepted: list[str] = []

    def record(http_response: Any, model: Any, **_context: Any) -> None:
        if http_response.status_code < 300 and not model.name.startswith(("Get", "List")):
            accepted.append(model.name)

    client.meta.events.register("after-call.ivschat", record)
    return accepted
