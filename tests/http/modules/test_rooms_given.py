# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messaging modules: a template that yields null, or nothing, chooses no room."""

from __future__ import annotations

import pytest

from tests.support.harness import NULL, failure_message

MODULES = {
    "ivschat_chat_token": {"user_id": "ada"},
    "ivschat_event": {"event_name": "notice"},
    "ivschat_message": {"id": "abcdefGHI123"},
    "ivschat_user": {"user_id": "ada"},
}
ENTRY = "rooms[{}]: {!r} is not valid: it must be the ARN or the name of a room"


@pytest.fixture(autouse=True)
def nameless(chat):
    """Somebody's rooms without a name, and one that is named like a null that became text."""
    return [chat.create_room(**given)["arn"] for given in ({}, {}, {"name": "None"})]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"room_arn": NULL}, "exactly one of them is required, with a value that is not null"),
        ({"room_name": NULL}, "exactly one of them is required, with a value that is not null"),
        ({"room_arn": ""}, "room_arn: '' is not valid: it must be the ARN of a room"),
        ({"room_name": ""}, "room_name: '' is not valid: it must be the name of a room"),
        ({"room_arn": NULL, "room_name": "lobby"}, "parameters are mutually exclusive: room_arn|room_name"),
    ],
)
def test_one_room(run, calls, check, module, given, message):
    calls()
    assert message in failure_message(run(module, check=check, **given, **MODULES[module]))
    assert calls() == []


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("module", [module for module in MODULES if module != "ivschat_chat_token"])
@pytest.mark.parametrize(
    ("rooms", "message"),
    [
        (NULL, "room_arn, room_name, rooms: exactly one of them is required, with a value that is not null"),
        ([None], ENTRY.format(0, "")),
        (["lobby", {}], ENTRY.format(1, "{}")),
        ([[]], ENTRY.format(0, "[]")),
        (["lobby", ""], ENTRY.format(1, "")),
    ],
)
def test_rooms(run, calls, check, module, rooms, message):
    calls()
    assert failure_message(run(module, check=check, rooms=rooms, **MODULES[module])) == message
    assert calls() == []
