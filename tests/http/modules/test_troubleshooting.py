# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every message that docs/docsite/rst/troubleshooting.rst quotes is one that a module prints."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._identity import LOOK_AGAIN
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import SHARED_OPTIONS
from ansible_collections.aws_ivs.chat.plugins.module_utils._polling import LONGEST_PAUSE
from ansible_collections.aws_ivs.chat.plugins.module_utils._retries import MAX_RETRIES
from ansible_collections.aws_ivs.chat.plugins.module_utils._write import CREATE_ATTEMPTS, LOOK_BEFORE_REPEAT

from ivschat_emulator import Emulator
from tests.support.answers import Answer, AnswerServer
from tests.support.environment import ROOT, UNKNOWN_ROOM
from tests.support.harness import KNOWN_AFTER_APPLY, Run, warnings_of
from tests.support.iam import keys_of_new_user, policy
from tests.support.service import create_logging_configuration
from tests.support.stacks import MEMBER, UNLIMITED, logging_entry

GUIDE = ROOT / "docs" / "docsite" / "rst" / "troubleshooting.rst"
OTHER_STACK = {"ivschat-stack": "congress"}
BUCKET = {"s3": {"bucket_name": "chat-logs"}}
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:review"


def without_values(message: str) -> str:
    """Return a message with what differs from run to run left out, in one line."""
    for pattern, name in (
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
        (r"\b(room|logging-configuration)/\w{12}\b", r"\1/ID"),
        (r"Resource: \w{12} ", "Resource: ID "),
        (r"\d{4}-\d\d-\d\dT[\d:.+]+\d", "TIME"),
        (r"127\.0\.0\.1:\d+", "ADDRESS"),
        (r"user/\w+", "USER"),
        (r"\(as known to botocore [\d.]+\)", "(as known to botocore VERSION)"),
        (r"\s+", " "),
    ):
        message = re.sub(pattern, name, message)
    return message.strip()


def quotes() -> list[str]:
    """Return the messages that the guide quotes: its blocks of text."""
    found = re.findall(r"^\.\. code-block:: text\n\n((?:   .*\n|\n)+)", GUIDE.read_text(), re.MULTILINE)
    return [without_values(block) for block in found]


@dataclass(frozen=True)
class Lab:
    """What a scenario works with."""

    run: Run
    emulator: Emulator
    chat: Any
    clients: Callable[..., Any]
    answers: AnswerServer

    def room(self, **options: Any) -> dict[str, Any]:
        return self.run("ivschat_room", **{"name": "lobby", "wait": False, **options})

    def logging(self, **options: Any) -> dict[str, Any]:
        given = {"name": "archive", "destination_configuration": BUCKET, "wait": False, **options}
        return self.run("ivschat_logging_configuration", **given)

    def stack(self, **options: Any) -> dict[str, Any]:
        return self.run("ivschat_stack", name="conference", calls_per_second=UNLIMITED, **options)

    def fault(self, operation: str, error: str, message: str, count: int = 99) -> None:
        """Make calls fail as AWS lets them fail, with its message."""
        fault = {"operation": operation, "error": error, "message": message, "count": count}
        self.emulator.request("POST", "ivschat/faults", fault)

    def attached(self, **tags: str) -> str:
        """Create a logging configuration `archive` that the room `lobby` uses; its ARN."""
        arn = create_logging_configuration(self.chat, "archive", tags=tags)
        self.chat.create_room(name="lobby", loggingConfigurationIdentifiers=[arn], tags=tags)
        return arn


def access_denied(lab: Lab) -> Any:
    lab.chat.create_room(name="lobby")
    return lab.room(maximum_message_length=7, **keys_of_new_user(lab.emulator, policy("read_only")))


def access_denied_to_tag(lab: Lab) -> Any:
    create = {"Effect": "Allow", "Action": ["ivschat:ListRooms", "ivschat:CreateRoom"], "Resource": "*"}
    keys = keys_of_new_user(lab.emulator, {"Version": "2012-10-17", "Statement": [create]})
    return lab.room(tags={"stream": "main"}, **keys)


def expired_token(lab: Lab) -> Any:
    lab.emulator.set(expired_access_keys=["AKIAEMULATORTESTS0001"])
    return lab.room()


def unknown_key(lab: Lab) -> Any:
    lab.emulator.enforce_iam()
    return lab.room(access_key="AKIAUNKNOWN0000000001")


def no_credentials(lab: Lab) -> Any:
    return lab.room(access_key=None, secret_key=None)


def pending_verification(lab: Lab) -> Any:
    lab.fault("CreateRoom", "PendingVerification", "Your account is pending verification")
    return lab.room()


def throttled(lab: Lab) -> Any:
    body = json.dumps({"message": "Rate exceeded", "limit": 5})
    headers = {"x-amzn-ErrorType": "ThrottlingException", "x-amzn-RequestId": "0f6c5c1e-5b0c-4c5e-9d0f-1f2e3d4c5b6a"}
    lab.emulator.respond("CreateRoom", status=429, body=body, headers=headers, count=99)
    return lab.room()


def quota(lab: Lab) -> Any:
    for number in range(10):
        create_logging_configuration(lab.chat, f"archive-{number}")
    return lab.logging()


def quota_of_stack(lab: Lab) -> Any:
    for number in range(9):
        create_logging_configuration(lab.chat, f"other-{number}")
    lab.attached(**MEMBER)
    rooms = [{"name": "lobby", "logging_configurations": ["archive-2"]}]
    return lab.stack(logging_configurations=[logging_entry("archive-2")], rooms=rooms, prune=True)


def in_transition(lab: Lab) -> Any:
    arn = create_logging_configuration(lab.chat, "archive")
    state = f"Resource: {arn.rpartition('/')[2]} is in state UPDATING"
    lab.fault("UpdateLoggingConfiguration", "ConflictException", state)
    return lab.logging(arn=arn, name="chat-archive")


def in_use(lab: Lab) -> Any:
    lab.attached()
    return lab.logging(state="absent", destination_configuration=None)


def in_use_by_stack(lab: Lab) -> Any:
    arn = create_logging_configuration(lab.chat, "archive", tags=MEMBER)
    lab.chat.create_room(name="lobby", loggingConfigurationIdentifiers=[arn])
    return lab.stack(state="absent")


def bad_value(lab: Lab) -> Any:
    return lab.room(maximum_message_rate_per_second=200)


def two_errors(lab: Lab) -> Any:
    return lab.room(name="the lobby", tags={"aws:stream": "main"})


def arn_of_other_region(lab: Lab) -> Any:
    return lab.room(name=None, arn=UNKNOWN_ROOM.replace("us-east-1", "eu-west-1"))


def bare_id(lab: Lab) -> Any:
    return lab.room(name=None, arn="AbCdEf123456")


def unknown_after_apply(lab: Lab) -> Any:
    return lab.room(name=None, arn=KNOWN_AFTER_APPLY)


def nothing_identified(lab: Lab) -> Any:
    return lab.room(name="")


def no_permission(lab: Lab) -> Any:
    return lab.room(message_review_handler={"uri": FUNCTION})


def no_destination(lab: Lab) -> Any:
    return lab.logging(destination_configuration={"s3": {"bucket_name": "example-chat-archive"}})


def destination_required(lab: Lab) -> Any:
    return lab.logging(destination_configuration=None)


def no_room(lab: Lab) -> Any:
    return lab.room(name=None, arn=UNKNOWN_ROOM)


def no_room_of_name(lab: Lab) -> Any:
    return lab.run("ivschat_event", room_name="lobby", event_name="announcement")


def no_logging_configuration(lab: Lab) -> Any:
    return lab.room(logging_configuration_identifiers=["archive"])


def only_in_check_mode(lab: Lab) -> Any:
    return lab.room(logging_configuration_identifiers=["archive"], check=True)


def two_rooms(lab: Lab) -> Any:
    for _number in range(2):
        lab.chat.create_room(name="lobby")
    return lab.room()


def get_lags(lab: Lab) -> Any:
    lab.chat.create_room(name="lobby")
    lab.emulator.fault("GetRoom", "ResourceNotFoundException", count=99)
    return lab.room()


def list_shows_an_old_name(lab: Lab) -> Any:
    arn = lab.chat.create_room(name="lobby")["arn"]
    lab.emulator.set(lag={"list": {"seconds": 60}})
    lab.chat.update_room(identifier=arn, name="foyer")
    return lab.room()


def wait_timeout(lab: Lab) -> Any:
    lab.chat.create_room(name="lobby", maximumMessageRatePerSecond=20)
    lab.emulator.set(lag={"get": {"reads": 99}})
    return lab.room(maximum_message_rate_per_second=50, wait=True, wait_timeout=5)


def deleted_by_others(lab: Lab) -> Any:
    lab.chat.create_room(name="lobby")
    lab.emulator.intervene("UpdateRoom", "DeleteRoom", identifier="lobby")
    return lab.room(maximum_message_length=7, wait=True)


def failed_state(lab: Lab) -> Any:
    lab.emulator.set(failing_transitions=["CREATE"], transitions={"reads": 1})
    return lab.logging(wait=True)


def wrong_region(lab: Lab) -> Any:
    return lab.room(region="eu-west-2")


def nobody_listens(lab: Lab) -> Any:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return lab.room(endpoint_url=f"http://127.0.0.1:{bound.getsockname()[1]}")


def other_server(lab: Lab) -> Any:
    lab.answers.always("*", Answer(200, b"<html>Welcome</html>"))
    return lab.room(endpoint_url=lab.answers.url)


def bad_endpoint(lab: Lab) -> Any:
    return lab.room(endpoint_url="127.0.0.1:5000")


def service_error(lab: Lab) -> Any:
    lab.fault("ListRooms", "InternalServerException", "Internal error")
    return lab.room()


def event_may_have_been_sent(lab: Lab) -> Any:
    lab.chat.create_room(name="lobby")
    lab.fault("SendEvent", "InternalServerException", "Internal error", count=1)
    return lab.run("ivschat_event", room_name="lobby", event_name="announcement")


def stack_without_owner(lab: Lab) -> Any:
    lab.chat.create_room(name="lobby")
    return lab.stack(rooms=[{"name": "lobby"}])


def stack_of_others(lab: Lab) -> Any:
    lab.chat.create_room(name="lobby", tags=OTHER_STACK)
    return lab.stack(rooms=[{"name": "lobby"}])


def stack_undeclared(lab: Lab) -> Any:
    lab.chat.create_room(name="lobby", tags=MEMBER)
    return lab.stack(rooms=[])


def stack_renamed(lab: Lab) -> Any:
    lab.chat.create_room(name="lobby", tags=MEMBER)
    return lab.stack(rooms=[{"name": "foyer"}], prune=True)


def stack_tag(lab: Lab) -> Any:
    return lab.stack(rooms=[{"name": "lobby", "tags": MEMBER}])


def stack_half_done(lab: Lab) -> Any:
    lab.chat.create_room(name="lobby", tags=MEMBER)
    keys = keys_of_new_user(lab.emulator, policy("read_only"))
    return lab.stack(rooms=[{"name": "foyer"}], prune=True, **keys)


def member_changed(lab: Lab) -> Any:
    lab.chat.create_room(name="lobby", tags=MEMBER)
    return lab.room(maximum_message_length=7)


SCENARIOS = [value for value in list(globals().values()) if getattr(value, "__annotations__", {}).get("lab") == "Lab"]


def test_quotes(run, emulator, chat, clients, answers, clock, shared_clients):
    """The guide quotes what the scenarios make the modules print, all of it and nothing else."""
    lab = Lab(run, emulator, chat, clients, answers)
    printed = []
    for scenario in SCENARIOS:
        emulator.reset()
        clients("s3").create_bucket(Bucket="chat-logs")
        result = scenario(lab)
        printed += [str(result["msg"])] if result.get("failed") else warnings_of(result)
    messages, quoted = set(map(without_values, printed)), set(quotes())
    assert len(messages) == len(SCENARIOS)
    assert (messages - quoted, quoted - messages) == (set(), set())


def test_numbers():
    """What the collection has tried is what it does."""
    text = " ".join(GUIDE.read_text().split())
    for cause, often in MAX_RETRIES.items():
        assert re.search(rf"up to {often} times", text, re.IGNORECASE), cause
    assert f"A create is sent at most {CREATE_ATTEMPTS} times" in text
    assert f"looks up the name for {LOOK_BEFORE_REPEAT:g} seconds" in text
    assert text.count(f"looked again for {LOOK_AGAIN:g} seconds") == 2
    assert f"growing pauses of up to {LONGEST_PAUSE:g} seconds" in text
    assert f"The default is {SHARED_OPTIONS['wait_timeout']['default']} seconds" in text
