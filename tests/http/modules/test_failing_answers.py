# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers with any body, and throttling with any code: one clean message, with the error code and request ID."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from ivschat_emulator import Emulator
from tests.support.answers import PAGE, Answer, AnswerServer
from tests.support.clock import Clock
from tests.support.environment import UNKNOWN_ROOM
from tests.support.harness import Run, failure_message

VALIDATION = {"reason": "FIELD_VALIDATION_FAILED", "message": "Not valid"}


def error(body: Any, status: int = 400, code: str | None = "ValidationException") -> Answer:
    headers = {"x-amzn-requestid": "0123456789abcdef", **({"x-amzn-errortype": code} if code else {})}
    return Answer(status, body if isinstance(body, bytes) else json.dumps(body).encode(), headers)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"message": None}, "no message"),
        ({"message": 7}, "no message"),
        ({}, "no message"),
        (b"", "no message"),
        (None, "no message"),
        ([], "no message"),
        (5, "no message"),
        ("Sorry", "Sorry"),
        ({**VALIDATION, "fieldList": [None]}, "Not valid"),
        ({**VALIDATION, "fieldList": [5, {}, {"name": "name", "message": None}]}, "Not valid [None: None; name: None]"),
        ({**VALIDATION, "fieldList": 5, "limit": "many"}, "Not valid"),
        ({"__type": 5, "message": "Not valid"}, "Not valid"),
        ({"__type": None, "code": [], "message": "Not valid"}, "Not valid"),
        ({"message": "one\nline\r\n and\x00another\x1b[31m"}, "one line and another [31m"),
        (b'{"message": "cut o', '{"message": "cut o'),
        (b'{"message": "\xff"}', "\N{REPLACEMENT CHARACTER}"),
        (b"[" * 100_000, "[[["),
        (PAGE, "<html>"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bodies_of_errors(run: Run, answers: AnswerServer, body: Any, shown: str) -> None:
    answers.next("GetRoom", error(body))
    result = run("ivschat_room", endpoint_url=answers.url, arn=UNKNOWN_ROOM)
    message = failure_message(result)
    assert message.startswith(f"Failed to get room: GetRoom failed with ValidationException: {shown}".rstrip())
    assert message.endswith(" (request id 0123456789abcdef)")
    assert len(message) <= 2000 and len(json.dumps(result)) < 10_000
    assert result["error"]["code"] == "ValidationException"


@pytest.mark.parametrize("body", [b"null", b"", PAGE, b'{"__type": 5}'], ids=["null", "empty", "page", "number"])
def test_errors_without_a_code(run: Run, answers: AnswerServer, body: bytes) -> None:
    """The HTTP status stands for it."""
    answers.next("GetRoom", error(body, 404, None))
    message = failure_message(run("ivschat_room", endpoint_url=answers.url, arn=UNKNOWN_ROOM))
    assert "GetRoom failed with 404: " in message and message.endswith(" (request id 0123456789abcdef)")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottledException", 429),
        ("RequestThrottledException", 429),
        ("LimitExceededException", 429),
        ("TooManyRequestsException", 429),
        ("NeverHeardOf", 429),
        (None, 429),
        ("SlowDown", 503),
    ],
)
@pytest.mark.parametrize("body", [b"null", b'{"message": null}', b"<html></html>"])
def test_throttling_with_any_code_and_body(
    run: Run, answers: AnswerServer, code: str | None, status: int, body: bytes
) -> None:
    """A create too is repeated at once: it had no effect."""
    answers.rooms.clear()
    answers.next("CreateRoom", error(body, status, code))
    result = run("ivschat_room", endpoint_url=answers.url, name="lobby", wait=False)
    assert result.get("changed") is True
    assert [operation for operation in answers.calls if operation != "GetRoom"] == [
        "ListRooms",
        "CreateRoom",
        "CreateRoom",
    ]


@pytest.mark.parametrize("code", ["ServiceQuotaExceededException", "LimitExceededException"])
def test_a_quota_is_not_throttling(run: Run, answers: AnswerServer, code: str) -> None:
    answers.rooms.clear()
    answers.next("CreateRoom", error({"message": "Too many rooms", "limit": 10}, 402, code))
    assert f"CreateRoom failed with {code}" in failure_message(
        run("ivschat_room", endpoint_url=answers.url, name="lobby")
    )
    assert answers.calls == ["ListRooms", "CreateRoom"]


@pytest.mark.parametrize("body", [b"null", b"<html></html>", b"{}", b'{"arn": "arn:aws', b'{"arn": 5}'])
def test_a_create_with_an_unreadable_answer_is_looked_for(run: Run, answers: AnswerServer, body: bytes) -> None:
    """It may have taken effect, so it is not repeated before the name was looked up."""
    answers.rooms.clear()
    answers.next("CreateRoom", Answer(200, body))
    result = run("ivschat_room", endpoint_url=answers.url, name="lobby", wait=False)
    assert result.get("changed") is True and result["room"]["arn"] == UNKNOWN_ROOM
    assert answers.calls == ["ListRooms", "CreateRoom", "ListRooms", "GetRoom"]


def test_a_page_token_that_repeats(run: Run, answers: AnswerServer) -> None:
    answers.always("ListRooms", Answer(200, b'{"rooms": [], "nextToken": "again"}'))
    assert "nextToken" in failure_message(run("ivschat_room_info", endpoint_url=answers.url))
    assert answers.calls == ["ListRooms"] * 2


@pytest.mark.parametrize("token", [0, 5, [], {}, False])
def test_a_page_token_of_another_type(run: Run, answers: AnswerServer, token: Any) -> None:
    """The list is not known to end there."""
    answers.always("ListRooms", Answer(200, json.dumps({"rooms": [], "nextToken": token}).encode()))
    assert failure_message(run("ivschat_room_info", endpoint_url=answers.url)).startswith(
        "The response does not come from"
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:notaport",
        "http://localhost:0",
        "http://localhost:65536",
        "localhost:5000",
        "ftp://localhost",
        "http://",
        "http:///path",
        "http://local host",
        "http://[::1",
        "/",
    ],
)
@pytest.mark.parametrize("module", ["ivschat_room", "ivschat_stack", "ivschat_room_info"])
def test_bad_endpoint_url(run: Run, module: str, url: str) -> None:
    options = {} if module.endswith("_info") else {"name": "lobby"}
    message = failure_message(run(module, endpoint_url=url, **options))
    assert message.startswith(f"endpoint_url: {url!r} is not valid: it must be an http or https URL")


@pytest.mark.parametrize("url", ["http://localhost:{port}", "http://127.0.0.1:{port}/", "HTTP://LOCALHOST:{port}"])
def test_good_endpoint_url(run: Run, answers: AnswerServer, url: str) -> None:
    port = answers.url.rpartition(":")[2]
    assert run("ivschat_room", endpoint_url=url.format(port=port), arn=UNKNOWN_ROOM)["changed"] is False


@pytest.mark.parametrize(
    ("state", "operation", "skip", "failed"), [("absent", "ListRooms", 1, None), ("present", "GetRoom", 0, True)]
)
def test_wait_timeout_limits_the_retries_of_the_look_at_lists(
    state: str, operation: str, skip: int, failed: bool | None, run: Run, emulator: Emulator, clock: Clock, chat: Any
) -> None:
    """After a deletion, and after a create while another resource has the name."""
    chat.create_room(name="lobby" if state == "absent" else "other")
    emulator.intervene("CreateRoom", "CreateRoom", "before", name="lobby")
    emulator.fault(operation, "ThrottlingException", count=1000, skip=skip)
    result = run("ivschat_room", name="lobby", state=state, wait_timeout=1)
    assert result.get("failed") is failed and result["changed"] is True, result
    assert sum(clock.pauses) <= 10


def test_wait_timeout_limits_the_retries(run: Run, answers: AnswerServer) -> None:
    answers.rooms.clear()
    answers.always("GetRoom", error({"message": "No"}, 429, "ThrottlingException"))
    started = time.monotonic()
    result = run("ivschat_room", endpoint_url=answers.url, name="lobby", wait_timeout=1)
    assert result["failed"] and result["msg"].startswith("Timed out after 1 s waiting until")
    assert "GetRoom failed with ThrottlingException: No (request id " in result["msg"]
    assert time.monotonic() - started < 20, "without the limit, it is a minute"


def test_many_errors_are_one_message(run: Run, answers: AnswerServer) -> None:
    rooms = [{"name": f"not valid {number}"} for number in range(1000)]
    message = failure_message(run("ivschat_stack", endpoint_url=answers.url, name="conference", rooms=rooms))
    assert len(message) == 2000 and message.endswith("...") and "rooms[0].name: 'not valid 0'" in message


@pytest.mark.parametrize("rate", [1e-300, 0.0, -1.0, 0.0009, float("inf"), float("nan"), 1e300])
@pytest.mark.parametrize("module", ["ivschat_stack", "ivschat_stack_info"])
def test_bad_rate(run: Run, answers: AnswerServer, module: str, rate: float) -> None:
    message = failure_message(run(module, endpoint_url=answers.url, name="conference", calls_per_second={"room": rate}))
    assert message.startswith(f"calls_per_second.room: {rate} is not valid: it must be a number from 0.001 to 1000000")
    assert answers.calls == []
