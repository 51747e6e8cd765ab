# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is identified by nothing: an empty value from a template never chooses somebody else's resource."""

from __future__ import annotations

from typing import Any

import pytest

from ivschat_emulator import Emulator
from tests.support.harness import NULL, Run, failure_message
from tests.support.service import API_DESTINATION

DECLARED = {
    "ivschat_room": {},
    "ivschat_logging_configuration": {"destination_configuration": {"s3": {"bucket_name": "chat-logs"}}},
}
MESSAGING: dict[str, dict[str, Any]] = {
    "ivschat_event": {"event_name": "x"},
    "ivschat_message": {"id": "AbCdEf123456", "state": "absent"},
    "ivschat_user": {"user_id": "u", "state": "disconnected"},
    "ivschat_chat_token": {"user_id": "u"},
}
EMPTY = [
    {"arn": NULL},
    {"name": NULL},
    {"name": ""},
    {"arn": NULL, "name": NULL},
    {"arn": NULL, "name": ""},
    {"arn": ""},
]


@pytest.fixture
def nameless(chat: Any, bucket: Any, emulator: Emulator) -> list[str]:
    """The ARNs of somebody's room and logging configuration without a name."""
    created = chat.create_room(), chat.create_logging_configuration(destinationConfiguration=API_DESTINATION)
    emulator.forget_calls()
    return [resource["arn"] for resource in created]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("empty", EMPTY, ids=str)
@pytest.mark.parametrize("module", DECLARED)
def test_nothing_identifies_nothing(
    module: str, empty: dict[str, Any], state: str, check: bool, nameless: list[str], run: Run, emulator: Emulator
) -> None:
    message = failure_message(run(module, check=check, state=state, **empty, **DECLARED[module]))
    assert message.startswith(("arn: null, name: ", "arn: ''")) and "must" in message
    assert emulator.calls() == []


@pytest.mark.parametrize("module", DECLARED)
def test_a_nameless_resource_is_managed_by_its_arn(module: str, nameless: list[str], run: Run) -> None:
    arn = nameless[module != "ivschat_room"]
    key = module.removeprefix("ivschat_")
    assert run(module, arn=arn, name=NULL)["changed"] is False
    named = run(module, arn=arn, name="lobby")
    assert (named["changed"], named[key]["name"]) == (True, "lobby")
    unnamed = run(module, arn=arn, name="")
    assert (unnamed["changed"], unnamed[key]["name"]) == (True, "")


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(
    "empty",
    [{"room_arn": NULL}, {"room_name": NULL}, {"room_arn": ""}, {"room_name": ""}],
    ids=str,
)
@pytest.mark.parametrize("module", MESSAGING)
def test_no_room(module: str, empty: dict[str, Any], check: bool, run: Run, emulator: Emulator) -> None:
    message = failure_message(run(module, check=check, **empty, **MESSAGING[module]))
    assert next(iter(empty)) in message and ("must be" in message or "required, with a value" in message)
    assert emulator.calls() == []


@pytest.mark.parametrize("rooms", [NULL, [None], [""], ["lobby", None]], ids=str)
@pytest.mark.parametrize("module", ["ivschat_event", "ivschat_message", "ivschat_user"])
def test_no_rooms(module: str, rooms: Any, run: Run, emulator: Emulator) -> None:
    message = failure_message(run(module, rooms=rooms, **MESSAGING[module]))
    assert "rooms" in message and ("must be" in message or "required, with a value" in message)
    assert emulator.calls() == []


def test_an_empty_reference_is_refused(run: Run, emulator: Emulator) -> None:
    for option in ({"logging_configuration_identifiers": [None]}, {"logging_configuration_identifiers": [""]}):
        message = failure_message(run("ivschat_room", name="lobby", **option))
        assert message.startswith("logging_configuration_identifiers[0]: '' is not valid")
    assert emulator.calls() == []
