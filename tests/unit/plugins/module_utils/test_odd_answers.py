# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of other types, outcomes of failed calls, and the length of messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.aws_ivs.chat.plugins.module_utils import _api, _messaging_api, _module, _retries
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import (
    LOGGING_CONFIGURATION,
    ROOM,
    Kind,
    normalise,
)
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

ARN = "arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456"


def error(code: str, status: int = 400, message: str = "m", **members: Any) -> ClientError:
    metadata = {"HTTPStatusCode": status, "RequestId": "0123456789abcdef"}
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata, **members}
    return ClientError(response, "DeleteRoom")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_retries, "BACKOFF", {"delay": 0.0, "backoff": 1, "max_delay": 0})


@pytest.mark.parametrize(
    ("kind", "member", "value"),
    [
        (ROOM, "arn", 5),
        (ROOM, "createTime", {}),
        (ROOM, "name", []),
        (ROOM, "maximumMessageLength", "many"),
        (ROOM, "loggingConfigurationIdentifiers", [None]),
        (ROOM, "loggingConfigurationIdentifiers", ["arn", 5]),
        (ROOM, "loggingConfigurationIdentifiers", "arn"),
        (ROOM, "messageReviewHandler", "arn"),
        (ROOM, "messageReviewHandler", {"uri": 5}),
        (ROOM, "tags", ["k"]),
        (ROOM, "tags", {"k": None}),
        (LOGGING_CONFIGURATION, "state", 5),
        (LOGGING_CONFIGURATION, "destinationConfiguration", {"s3": {"bucketName": 5}}),
        (LOGGING_CONFIGURATION, "destinationConfiguration", {"s3": "logs"}),
    ],
)
def test_members_of_other_types(kind: Kind, member: str, value: Any) -> None:
    with pytest.raises(ValueError):
        normalise(kind, {"arn": ARN, member: value})


def test_members_that_are_not_known_yet_are_no_error() -> None:
    normalise(ROOM, {"arn": ARN, "new": object, "messageReviewHandler": {"uri": "u", "new": 5}})
    normalise(LOGGING_CONFIGURATION, {"arn": ARN, "destinationConfiguration": {"SDK_UNKNOWN_MEMBER": {"name": "x"}}})


@pytest.mark.parametrize(
    ("failure", "unknown"),
    [
        (EndpointConnectionError(endpoint_url="u"), False),
        (ConnectionClosedError(endpoint_url="u"), True),
        (ReadTimeoutError(endpoint_url="u"), True),
        (_retries.UnexpectedResponse(), True),
        (error("InternalServerException", 500), True),
        (error("ValidationException", 400), False),
        (ValueError(), False),
        (None, False),
    ],
)
def test_outcome_unknown(failure: BaseException | None, unknown: bool) -> None:
    assert _retries.outcome_unknown(failure) is unknown


def failing(*failures: Exception) -> tuple[Any, list[dict[str, Any]]]:
    """A client of which each operation fails like this, once for each failure, and its calls."""
    calls: list[dict[str, Any]] = []
    left: Iterator[Exception] = iter(failures)

    class Client:
        def __getattr__(self, name: str) -> Callable[..., Any]:
            def call(**parameters: Any) -> Any:
                calls.append(parameters)
                for failure in left:
                    raise failure
                return {}

            return call

    return Client(), calls


GONE = error("ResourceNotFoundException", 404)


@pytest.mark.parametrize("delete", [_api.delete_room, _api.delete_logging_configuration])
@pytest.mark.parametrize(
    ("failures", "deleted"),
    [
        ([], True),
        ([GONE], False),
        ([error("ThrottlingException", 429), GONE], False),
        ([error("SlowDown", 503), GONE], False),
        ([error("InternalServerException", 500), GONE], True),
        ([ReadTimeoutError(endpoint_url="u"), error("ThrottlingException", 429), GONE], True),
    ],
)
def test_a_delete_whose_first_attempt_did_it(
    delete: Callable[[Any, str], bool], failures: list[Exception], deleted: bool
) -> None:
    client, calls = failing(*failures)
    assert delete(client, ARN) is deleted and len(calls) == max(1, len(failures))


@pytest.mark.parametrize("failure", [error("InternalServerException", 500), ReadTimeoutError(endpoint_url="u")])
@pytest.mark.parametrize(
    "write",
    [
        lambda client: _api.create_room(client, {"name": "lobby"}, {}),
        lambda client: _api.create_logging_configuration(client, {"name": "archive"}, {}),
        lambda client: _messaging_api.send_event(client, ARN, {"event_name": "goal", "attributes": None}),
    ],
    ids=["CreateRoom", "CreateLoggingConfiguration", "SendEvent"],
)
def test_creates_and_events_are_not_repeated_blindly(write: Callable[[Any], Any], failure: Exception) -> None:
    client, calls = failing(failure, failure)
    with pytest.raises(AnsibleAWSError) as raised:
        write(client)
    assert raised.value.exception is failure and len(calls) == 1


@pytest.mark.parametrize(("text", "line"), [("a\n b\r\n\tc", "a b c"), ("\x1b[1mbold\x00", "[1mbold"), ("é ☃", "é ☃")])
def test_one_line(text: str, line: str) -> None:
    assert _module.one_line(text) == line


@pytest.mark.parametrize("length", [0, 1990, 2000, 2001, 5000])
def test_messages_are_cut_off(length: int) -> None:
    assert _module.one_line("x" * length) == ("x" * length if length <= 2000 else "x" * 1997 + "...")
    fields = [{"name": "name", "message": "x" * length}] * 3
    message = _module.format_error(error("ValidationException", message="x\n" * length, fieldList=fields), "Failed")
    assert len(message) <= 2000 and message.isprintable()
    assert message.startswith("Failed: DeleteRoom failed with ValidationException: ")
    assert message.endswith(" (request id 0123456789abcdef)")
