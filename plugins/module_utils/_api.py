# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Calls to the service, one function an operation: retried, read to the last page, normalised. Private.

Retries are counted here alone; botocore's own are switched off (see _module.client), because it would repeat a create
blindly. REPEATS says how often a call is repeated for each cause. Each cause has its own count in one call, so that a
call is made at most 1 + their sum times, not their product. A create is never repeated here when it ended unclear (see
_write). Quota (402), pending verification and other refusals are not repeated.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

try:
    from botocore.exceptions import ClientError, ConnectionError, EndpointConnectionError, HTTPClientError
    from botocore.parsers import ResponseParserError
except ImportError:  # reported by AnsibleAWSModule
    ClientError = ConnectionError = EndpointConnectionError = HTTPClientError = type("NoBotocore", (Exception,), {})
    ResponseParserError = ClientError

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from ._resources import LOGGING_CONFIGURATION, ROOM, Kind, normalise, request

Resource = dict[str, Any]

THROTTLING = ("ThrottlingException", "TooManyRequestsException", "Throttling", "RequestLimitExceeded", "429")
LAMBDA_PERMISSION = "invalid lambda permission"

# A little more than the second in which the service counts, since calls arrive after differing delays.
WINDOW = 1.02


def is_unclear(error: BaseException | None) -> bool:
    """Whether the failed call may have taken effect: 5xx, or no (whole) answer. A refused connection is clear."""
    if isinstance(error, ClientError):
        return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
    return isinstance(error, (ConnectionError, HTTPClientError)) and not isinstance(error, EndpointConnectionError)


def lacks_lambda_permission(error: BaseException | None) -> bool:
    """Whether the service may not (yet) call the review handler; its code is shared, so the text must be read."""
    return (
        isinstance(error, ClientError)
        and error.response["Error"]["Code"] == "ValidationException"
        and LAMBDA_PERMISSION in error.response["Error"].get("Message", "")
    )


# How often a call is repeated for each cause, and the pauses before that, in seconds: random ones, so that runs that
# were refused together do not come back together, below a bound that grows from `delay` to `max_delay`.
# 8 forks that share a quota of 5 calls a second are refused in 6 of 10 tries (measured, tests/reliability/storm.py):
# with 30 tries, about a minute, one call in a million is given up, with 12 it was one in 500.
REPEATS = {
    "throttled": 29,
    "unclear": 3,  # 5xx, or no (whole) answer
    "ConflictException": 11,  # another change is under way: about 18 s
    LAMBDA_PERMISSION: 17,  # spreads slowly (facts, section 4.1): about 30 s
}
PAUSES: dict[str, Any] = {"delay": 0.5, "backoff": 2, "max_delay": 4}

Call = Callable[..., Any]


class _Retry(AWSRetry):
    """AWSRetry for connection errors too, and with a count of its own for each cause to repeat a call."""

    base_class = (ClientError, ConnectionError, HTTPClientError)

    @staticmethod
    def status_code_from_exception(error: BaseException) -> str:
        if not isinstance(error, ClientError) or is_unclear(error):
            return "unclear"
        if lacks_lambda_permission(error):
            return LAMBDA_PERMISSION
        code = str(error.response["Error"]["Code"])
        return "throttled" if code in THROTTLING else code

    @staticmethod
    def found(response_code: str, catch_extra_error_codes: Any = None) -> bool:
        left: dict[str, int] = catch_extra_error_codes
        left[response_code] = left.get(response_code, 0) - 1
        return left[response_code] >= 0


def retried(call: Call, *causes: str) -> Call:
    """Repeat a call that was throttled or ended unclear, or for further causes; for calls that are safe to repeat."""
    return throttled(call, "unclear", *causes)


def throttled(call: Call, *causes: str) -> Call:
    """Repeat a call that was throttled, or for further causes; without "unclear", only when it had no effect."""

    def repeated(*arguments: Any, **parameters: Any) -> Any:
        left = {cause: REPEATS[cause] for cause in ("throttled", *causes)}
        tries = 1 + sum(left.values())
        try:
            return _Retry.jittered_backoff(tries, catch_extra_error_codes=left, **PAUSES)(call)(
                *arguments, **parameters
            )
        except (AttributeError, ResponseParserError, ValueError) as error:  # what botocore makes of other answers
            raise _strange() from error

    return repeated


def refuse_strange(answer: Any, *members: str) -> None:
    """Raise AnsibleAWSError for an answer without what the service always answers: a proxy's, or a wrong port's."""
    if not all(member in answer for member in members):
        raise _strange()


def _strange() -> AnsibleAWSError:
    return AnsibleAWSError(
        message="The answer is not one of Amazon IVS Chat; check endpoint_url, and proxies between here and there"
    )


def hold_back(client: Any, calls_per_second: Callable[[str], float]) -> None:
    """Hold back a client's calls, so that no operation is called more often than the function says (above 0)."""
    sent: dict[str, deque[float]] = {}

    def wait_for_turn(model: Any, **_context: Any) -> None:
        limit = calls_per_second(model.name)
        # As many whole calls as go into about a second; below one call a second it is one in a longer window.
        calls = max(1, int(limit))
        window = WINDOW * calls / limit
        times = sent.setdefault(model.name, deque(maxlen=calls))
        if len(times) == calls and (pause := times[0] + window - time.monotonic()) > 0:
            time.sleep(pause)
        times.append(time.monotonic())

    client.meta.events.register("before-call.ivschat", wait_for_turn)


def note_writes(client: Any) -> list[str]:
    """Return a list to which this client adds the operation of each write that the service has accepted."""
    accepted: list[str] = []

    def note(http_response: Any, model: Any, **_context: Any) -> None:
        if http_response.status_code < 300 and not model.name.startswith(("Get", "List")):
            accepted.append(model.name)

    client.meta.events.register("after-call.ivschat", note)
    return accepted


class Errors(AWSErrorHandler):
    @classmethod
    def _is_missing(cls) -> type[BaseException]:
        return is_boto3_error_code("ResourceNotFoundException")


def _pages(operation: Call, member: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """Yield all entries of a list operation, each once; botocore has no paginators for this service.

    Rooms are listed by their last change, so one that changes meanwhile can move others onto the next page again.
    """
    page = retried(operation)
    seen: set[str] = set()
    token: dict[str, str] = {}
    while True:
        answer = page(**parameters, **token)
        refuse_strange(answer, member)
        for entry in answer[member]:
            if entry["arn"] not in seen:
                seen.add(entry["arn"])
                yield entry
        if not answer.get("nextToken"):
            return
        token = {"nextToken": answer["nextToken"]}


def _resource(kind: Kind, answer: dict[str, Any]) -> Resource:
    refuse_strange(answer, "arn")
    return normalise(kind, answer)


@Errors.common_error_handler("list rooms")
def list_rooms(
    client: Any,
    name: str | None = None,
    message_review_handler_uri: str | None = None,
    logging_configuration_identifier: str | None = None,
) -> list[Resource]:
    """ListRooms with the service's filters; length and rate of its entries are None, the service leaves them out.

    A logging configuration that does not exist is used by no room.
    """
    filters = {
        "name": name,
        "messageReviewHandlerUri": message_review_handler_uri,
        "loggingConfigurationIdentifier": logging_configuration_identifier,
    }
    pages = _pages(client.list_rooms, "rooms", **{key: value for key, value in filters.items() if value})
    try:
        return [normalise(ROOM, room) for room in pages]
    except is_boto3_error_code("ResourceNotFoundException"):
        if logging_configuration_identifier is None:
            raise
        return []


@Errors.list_error_handler("get room")
def get_room(client: Any, arn: str) -> Resource | None:
    """GetRoom, or None when there is no such room."""
    return _resource(ROOM, retried(client.get_room)(identifier=arn))


@Errors.common_error_handler("create room")
def create_room(client: Any, fields: Resource, tags: dict[str, str]) -> Resource:
    """CreateRoom with its tags; not repeated when it ended unclear."""
    call = throttled(client.create_room, "ConflictException", LAMBDA_PERMISSION)
    return _resource(ROOM, call(**request(fields), **_tagged(tags)))


def _tagged(tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameter of a create: one with tags, even none, may ask for the right to tag as well."""
    return {"tags": tags} if tags else {}


@Errors.common_error_handler("update room")
def update_room(client: Any, arn: str, fields: Resource) -> Resource:
    """UpdateRoom with the fields that change; returns the whole room."""
    call = retried(client.update_room, "ConflictException", LAMBDA_PERMISSION)
    return _resource(ROOM, call(identifier=arn, **request(fields)))


@Errors.common_error_handler("delete room")
def delete_room(client: Any, arn: str) -> bool:
    """DeleteRoom; False when there was no such room."""
    return _deleted(client.delete_room, arn)


@Errors.common_error_handler("list logging configurations")
def list_logging_configurations(client: Any) -> list[Resource]:
    """ListLoggingConfigurations; its entries are complete, and the service has no filters."""
    pages = _pages(client.list_logging_configurations, "loggingConfigurations")
    return [normalise(LOGGING_CONFIGURATION, entry) for entry in pages]


@Errors.list_error_handler("get logging configuration")
def get_logging_configuration(client: Any, arn: str) -> Resource | None:
    """GetLoggingConfiguration, or None when there is no such logging configuration."""
    return _resource(LOGGING_CONFIGURATION, retried(client.get_logging_configuration)(identifier=arn))


@Errors.common_error_handler("create logging configuration")
def create_logging_configuration(client: Any, fields: Resource, tags: dict[str, str]) -> Resource:
    """CreateLoggingConfiguration with its tags; not repeated when it ended unclear."""
    call = throttled(client.create_logging_configuration, "ConflictException")
    return _resource(LOGGING_CONFIGURATION, call(**request(fields), **_tagged(tags)))


@Errors.common_error_handler("update logging configuration")
def update_logging_configuration(client: Any, arn: str, fields: Resource) -> Resource:
    """UpdateLoggingConfiguration with the fields that change; repeated while another change is under way (409)."""
    call = retried(client.update_logging_configuration, "ConflictException")
    return _resource(LOGGING_CONFIGURATION, call(identifier=arn, **request(fields)))


@Errors.common_error_handler("delete logging configuration")
def delete_logging_configuration(client: Any, arn: str) -> bool:
    """DeleteLoggingConfiguration, repeated while another change is under way (409); False when there was none."""
    return _deleted(client.delete_logging_configuration, arn, "ConflictException")


def _deleted(operation: Call, arn: str, *extra: str) -> bool:
    """Delete; True when this did it: also when a try that ended unclear did, and the next one found nothing."""
    unclear = False

    def attempt() -> None:
        nonlocal unclear
        try:
            operation(identifier=arn)
        except (ClientError, ConnectionError, HTTPClientError) as error:
            unclear = unclear or is_unclear(error)
            raise

    try:
        retried(attempt, *extra)()
    except is_boto3_error_code("ResourceNotFoundException"):
        return unclear
    return True


@Errors.common_error_handler("tag resource")
def tag_resource(client: Any, arn: str, tags: dict[str, str]) -> None:
    """TagResource: set these tags, leave others."""
    retried(client.tag_resource)(resourceArn=arn, tags=tags)


@Errors.common_error_handler("untag resource")
def untag_resource(client: Any, arn: str, tag_keys: list[str]) -> None:
    """UntagResource: remove these tags."""
    retried(client.untag_resource)(resourceArn=arn, tagKeys=tag_keys)


class Calls(NamedTuple):
    """The operations of one kind of resource."""

    get: Callable[[Any, str], Resource | None]
    create: Callable[[Any, Resource, dict[str, str]], Resource]
    update: Callable[[Any, str, Resource], Resource]
    delete: Callable[[Any, str], bool]


CALLS = {
    ROOM: Calls(get_room, create_room, update_room, delete_room),
    LOGGING_CONFIGURATION: Calls(
        get_logging_configuration,
        create_logging_configuration,
        update_logging_configuration,
        delete_logging_configuration,
    ),
}


def named(client: Any, kind: Kind, name: str) -> list[Resource]:
    """Return the resources of this exact name, as a list shows them; the comparison is made again here."""
    listed = list_rooms(client, name=name) if kind is ROOM else list_logging_configurations(client)
    return [resource for resource in listed if resource["name"] == name]


def error_code(error: AnsibleAWSError) -> str | None:
    """Return the API's error code, None when the failure was not an answer of the service."""
    return error.exception.response["Error"]["Code"] if isinstance(error.exception, ClientError) else None
