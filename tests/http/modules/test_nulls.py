# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""An option that is null is one that is not set, whatever its type."""

from __future__ import annotations

from functools import partial

import pytest

from tests.support.environment import ACCOUNT, REGION
from tests.support.harness import NULL, failure_message, warnings_of
from tests.support.service import create_logging_configuration
from tests.support.stacks import logging_entry

DENYING = {"uri": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:review", "fallback_result": "DENY"}
SAME = {**DENYING, "fallback_result": None}  # as a template writes it that finds no fallback result


@pytest.fixture
def reviewed(room, function):
    """A room whose messages are denied when their review fails."""
    function("review")
    return room(name="lobby", message_review_handler=DENYING)["room"]


@pytest.mark.parametrize("handler", [SAME, dict.fromkeys(SAME)], ids=["uri", "nothing"])
def test_a_room_keeps_its_fallback_result(room, reviewed, handler):
    result = room(name="lobby", message_review_handler=handler)
    assert (result["changed"], result["room"], warnings_of(result)) == (False, reviewed, [])


@pytest.mark.parametrize(
    "options",
    [
        {"rooms": [{"name": "lobby", "message_review_handler": SAME}]},
        {"rooms": [{"name": "lobby"}], "room_defaults": {"message_review_handler": SAME}},
        {
            "rooms": [{"name": "lobby", "message_review_handler": SAME}],
            "room_defaults": {"message_review_handler": {"fallback_result": "DENY"}},
        },
    ],
    ids=["room", "defaults", "room and defaults"],
)
def test_a_stack_keeps_the_fallback_result_of_a_room(stack, reviewed, options):
    result = stack(adopt=True, **options)
    assert [change["action"] for change in result["plan"]] == ["adopt"]
    assert result["rooms"][0]["message_review_handler"] == reviewed["message_review_handler"]


def test_a_token_without_capabilities(run, room, emulator):
    room(name="lobby")
    run("ivschat_chat_token", room_name="lobby", user_id="ada", capabilities=NULL)
    (call,) = emulator.calls("CreateChatToken")
    assert "capabilities" not in call["parameters"]


def test_a_stack_in_which_everything_is_null(stack, run, bucket):
    """Options and suboptions that need no value, as the argument spec has them."""
    declare = partial(stack, tags=NULL, room_defaults=NULL)
    entry = {**logging_entry("archive"), "previous_name": None, "tags": None}
    nothing = dict.fromkeys(
        (
            *("previous_name", "maximum_message_length", "maximum_message_rate_per_second", "message_review_handler"),
            *("logging_configurations", "tags"),
        )
    )
    result = declare(logging_configurations=[entry], rooms=[{"name": "lobby", **nothing}])
    assert result["summary"]["created"] == 2 and warnings_of(result) == []


@pytest.mark.parametrize("option", ["arns", "arn"])
def test_the_arns_of_an_info_module(room_info, logging_info, chat, bucket, option):
    room, configuration = chat.create_room()["arn"], create_logging_configuration(chat, "archive")
    for ask, arn in ((room_info, room), (logging_info, configuration)):
        assert [resource["arn"] for resource in ask(**{option: NULL})] == [arn], "null is no filter"
        assert ask(**{option: []}) == [], "an empty list is one that nothing passes"


@pytest.mark.parametrize(
    ("module", "options", "said"),
    [
        ("ivschat_room", {"name": "lobby", "state": NULL}, "state"),
        (
            "ivschat_room",
            {"name": "lobby", "message_review_handler": {"fallback_result": ""}},
            "value of fallback_result must be one of: ALLOW, DENY, got: ",
        ),
        (
            "ivschat_chat_token",
            {"room_name": "lobby", "user_id": "ada", "capabilities": [None]},
            "capabilities",
        ),
    ],
)
def test_what_is_no_choice_is_refused(run, calls, module, options, said):
    assert said in failure_message(run(module, **options))  # ansible-core's, in other words in each version
    assert calls() == []
