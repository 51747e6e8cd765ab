# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error that leaves a module is one clean line, with the API's error code and request id."""

from __future__ import annotations

import re
import socket

import pytest

from tests.support.answers import Answer
from tests.support.environment import UNKNOWN_ROOM
from tests.support.harness import failure_message
from tests.support.service import create_logging_configuration

ROOM, LOGGING = "ivschat_room", "ivschat_logging_configuration"
REQUEST_ID = re.compile(r" \(request id [0-9a-zA-Z-]{8,}\)$")


@pytest.fixture
def resources(chat, bucket):
    """A room and a logging configuration."""
    chat.create_room(name="lobby", tags={"old": "1"})
    create_logging_configuration(chat, "archive", tags={"old": "1"})


@pytest.mark.parametrize(
    ("module", "options", "operation"),
    [
        (ROOM, {"name": "lobby"}, "ListRooms"),
        (ROOM, {"name": "lobby"}, "GetRoom"),
        (ROOM, {"name": "new"}, "CreateRoom"),
        (ROOM, {"name": "lobby", "maximum_message_length": 7}, "UpdateRoom"),
        (ROOM, {"name": "lobby", "tags": {"k": "v"}}, "TagResource"),
        (ROOM, {"name": "lobby", "tags": {}}, "UntagResource"),
        (ROOM, {"name": "lobby", "state": "absent"}, "DeleteRoom"),
        (LOGGING, {"name": "archive"}, "ListLoggingConfigurations"),
        (LOGGING, {"name": "new", "destination_configuration": {"s3": {"bucket_name": "chat-logs"}}}, "Create"),
        (LOGGING, {"name": "archive", "destination_configuration": {"s3": {"bucket_name": "other"}}}, "Update"),
        (LOGGING, {"name": "archive", "state": "absent"}, "Delete"),
        ("ivschat_room_info", {}, "GetRoom"),
        ("ivschat_room_info", {}, "ListRooms"),
        ("ivschat_logging_configuration_info", {}, "ListLoggingConfigurations"),
    ],
)
def test_every_operation(run, resources, emulator, module, options, operation):
    operation += "LoggingConfiguration" if operation in ("Create", "Update", "Delete") else ""
    emulator.fault(operation, "AccessDeniedException")
    emulator.forget_calls()
    result = run(module, **options)
    message = failure_message(result)
    assert f"{operation} failed with AccessDeniedException: An error that a test asked for" in message
    assert REQUEST_ID.search(message)
    assert result["error"]["code"] == "AccessDeniedException"
    assert [call["error"] for call in emulator.calls(operation)] == ["AccessDeniedException"], "not repeated"


@pytest.mark.parametrize("code", ["ServiceQuotaExceededException", "PendingVerification", "ValidationException"])
def test_refusals_are_not_repeated(room, emulator, code):
    emulator.fault("CreateRoom", code, count=9)
    message = failure_message(room(name="lobby"))
    assert f"CreateRoom failed with {code}: " in message and REQUEST_ID.search(message)
    assert len(emulator.calls("CreateRoom")) == 1


def test_real_quota(room, emulator):
    emulator.set(limits={"rooms": 0})
    message = failure_message(room(name="lobby"))
    assert "ServiceQuotaExceededException" in message and "[limit 0]" in message


@pytest.mark.parametrize("code", ["ThrottlingException", "TooManyRequestsException"])
def test_throttling_is_waited_out(room, emulator, code):
    emulator.fault("CreateRoom", code)
    assert room(name="lobby")["changed"]
    assert [call["error"] for call in emulator.calls("CreateRoom")] == [code, None]


def test_expired_credentials(room, emulator):
    emulator.set(expired_access_keys=["AKIAEMULATORTESTS0001"])
    message = failure_message(room(name="lobby"))
    assert "ExpiredTokenException" in message and REQUEST_ID.search(message)


@pytest.mark.parametrize("check", [False, True])
def test_no_credentials(room, emulator, check):
    message = failure_message(room(name="lobby", access_key=None, secret_key=None, check=check))
    assert "credentials" in message.lower() and emulator.calls(service=None) == []


@pytest.mark.parametrize("check", [False, True])
def test_no_region(room, emulator, check):
    message = failure_message(room(name="lobby", region=None, check=check))
    assert "region" in message.lower() and emulator.calls(service=None) == []


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("region", ["eu-north-1", "us-gov-west-1", "nowhere"])
@pytest.mark.parametrize("module", [ROOM, LOGGING, "ivschat_room_info", "ivschat_logging_configuration_info"])
def test_region_without_the_service(run, emulator, module, region, check):
    message = failure_message(
        run(module, region=region, check=check, **({} if "info" in module else {"name": "lobby"}))
    )
    assert message.startswith(f"region: {region!r} does not offer Amazon IVS Chat: it must be one of ap-northeast-1, ")
    assert "us-west-2" in message and emulator.calls(service=None) == []


def test_regions_are_apart(room, room_info):
    room(name="lobby", region="eu-west-1")
    assert room_info() == []
    assert [found["name"] for found in room_info(region="eu-west-1")] == ["lobby"]


def test_nobody_listens(room):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        message = failure_message(room(name="lobby", endpoint_url=f"http://127.0.0.1:{closed.getsockname()[1]}"))
    assert "Could not connect to the endpoint URL" in message


@pytest.mark.parametrize(("config", "warned"), [(None, False), ({"retries": {"total_max_attempts": 5}}, True)])
def test_botocore_never_repeats_a_create(room, emulator, calls, config, warned):
    emulator.fault("CreateRoom", "InternalServerException", when="after")
    result = room(name="lobby", aws_config=config)
    assert result["changed"] and ("aws_config.retries is ignored" in str(result.get("warnings"))) is warned
    assert calls() == ["ListRooms", "CreateRoom", "ListRooms", "GetRoom"], "it looked, and found its own"


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"[]", b"{}", b'{"arn": "x", "createTime": "soon"}'])
@pytest.mark.parametrize(
    ("module", "options"),
    [
        (ROOM, {"name": "lobby"}),
        (ROOM, {"arn": UNKNOWN_ROOM}),
        (LOGGING, {"name": "archive"}),
        ("ivschat_chat_token", {"room_name": "lobby", "user_id": "ada"}),
        ("ivschat_stack", {"name": "conference"}),
        ("ivschat_room_info", {}),
    ],
)
def test_responses_of_another_server(run, answers, module, options, body, check):
    answers.always("*", Answer(200, body))
    message = failure_message(run(module, endpoint_url=answers.url, check=check, **options))
    assert message.startswith("The response does not come from Amazon IVS Chat; check endpoint_url")


def test_a_token_is_not_invented(run, answers):
    answers.always("*", Answer(200, b"{}"))
    result = run("ivschat_chat_token", endpoint_url=answers.url, room_arn=UNKNOWN_ROOM, user_id="ada")
    assert "does not come from Amazon IVS Chat" in failure_message(result)


def test_unknown_client_settings(room):
    assert failure_message(room(name="lobby", aws_config={"nope": 1})).startswith("aws_config: ")


def test_secrets_are_not_shown(room, emulator):
    emulator.fault("CreateRoom", "AccessDeniedException")
    for result in (room(name="lobby"), room(name="lobby", check=True), room(name="lobby")):
        assert "not-a-secret-but-long-enough" not in str(result)
