# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the options are, a task succeeds or is refused in one clean message, before any call that writes.

Nulls, empty values, and other types, at the top and in nested options.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.answers import AnswerServer
from tests.support.clock import Clock
from tests.support.environment import UNKNOWN_LOGGING, UNKNOWN_ROOM
from tests.support.harness import NULL, Run, failure_message

ODD = st.sampled_from(
    [
        *(None, "", " ", "lobby", "a b", "arn:", UNKNOWN_ROOM, UNKNOWN_LOGGING, "absent", "x" * 3000, "a\nb"),
        *(0, -1, 10**30, 1.5, 1e-300, 1e300, float("nan"), float("inf"), True, False),
        *([], [None], [""], [{}], [[]], [0], ["lobby", "lobby"], ["lobby", None], [UNKNOWN_ROOM]),
        *({}, {"": ""}, {"k": None}, {"k": []}, {"k": {}}, {"k": "v"}, {"aws:k": "v"}),
        *({"uri": None}, {"uri": ""}, {"uri": []}, {"fallback_result": "DENY"}, {"uri": {}, "fallback_result": None}),
        *({"s3": None}, {"s3": {}}, {"s3": []}, {"s3": {"bucket_name": None}}, {"s3": {"bucket_name": []}}),
        *({"room": None}, {"room": "x"}, {"room": 1e-300}, {"tag": []}),
        *([{"name": None}], [{"name": "lobby"}], [{"name": []}], [{"name": "lobby", "tags": None}]),
        *([{"name": "lobby", "logging_configurations": [None]}], [{"name": "lobby", "message_review_handler": []}]),
        *([{"name": "archive", "destination_configuration": None}], [{"name": "", "destination_configuration": {}}]),
    ]
)
RESOURCE = ("state", "arn", "name", "tags", "purge_tags", "wait", "wait_timeout")
CONVERSATION = ("room_arn", "room_name", "rooms")
OPTIONS = {
    "ivschat_room": (
        *RESOURCE,
        "maximum_message_length",
        "maximum_message_rate_per_second",
        "message_review_handler",
        "logging_configuration_identifiers",
    ),
    "ivschat_logging_configuration": (*RESOURCE, "destination_configuration", "force"),
    "ivschat_room_info": (
        *("arns", "name", "message_review_handler_uri", "logging_configuration_identifier", "tags"),
        "include_details",
    ),
    "ivschat_logging_configuration_info": ("arns", "name", "tags"),
    "ivschat_chat_token": ("room_arn", "room_name", "user_id", "capabilities", "session_duration", "attributes"),
    "ivschat_event": (*CONVERSATION, "event_name", "attributes"),
    "ivschat_message": (*CONVERSATION, "id", "reason"),
    "ivschat_user": (*CONVERSATION, "user_id", "reason"),
    "ivschat_stack": (
        *("state", "name", "rooms", "logging_configurations", "tags", "prune", "adopt", "ownership_tag"),
        *("release", "room_defaults", "resource_tags"),
        *("calls_per_second", "continue_on_error", "wait", "wait_timeout"),
    ),
    "ivschat_stack_info": ("name", "ownership_tag", "tags", "name_pattern", "include_details", "calls_per_second"),
}
VALID: dict[str, dict[str, Any]] = {
    "ivschat_room": {"name": "lobby"},
    "ivschat_logging_configuration": {"name": "archive"},
    "ivschat_chat_token": {"room_arn": UNKNOWN_ROOM, "user_id": "ada"},
    "ivschat_event": {"room_arn": UNKNOWN_ROOM, "event_name": "goal"},
    "ivschat_message": {"room_arn": UNKNOWN_ROOM, "id": "AbCdEf123456"},
    "ivschat_user": {"room_arn": UNKNOWN_ROOM, "user_id": "ada"},
    "ivschat_stack": {"name": "conference"},
}
# Of amazon.aws's own options.
COMMON = ("region", "endpoint_url", "aws_config")


@pytest.mark.parametrize(
    ("module", "options", "shown"),
    [
        (
            "ivschat_stack",
            {"rooms": [{"name": "lobby", "message_review_handler": 0}]},
            "rooms[0].message_review_handler: 0",
        ),
        ("ivschat_stack", {"calls_per_second": 0}, "calls_per_second: 0"),
        ("ivschat_room", {"message_review_handler": 1.5}, "message_review_handler: 1.5"),
        ("ivschat_logging_configuration", {"destination_configuration": 0}, "destination_configuration: 0"),
        (
            "ivschat_logging_configuration",
            {"destination_configuration": {"cloudwatch_logs": 5}},
            "destination_configuration.cloud_watch_logs: 5",
        ),
    ],
)
def test_no_dictionary(run: Run, answers: AnswerServer, module: str, options: dict[str, Any], shown: str) -> None:
    answers.reset()
    message = failure_message(run(module, endpoint_url=answers.url, **VALID[module], **options))
    assert message == f"{shown} is not valid: it must be a dictionary" and answers.calls == []


@pytest.mark.parametrize(
    ("module", "options", "part"),
    [
        ("ivschat_stack", {"rooms": [None]}, "'rooms'"),
        ("ivschat_stack", {"rooms": [{"name": "lobby"}, None]}, "'rooms'"),
        ("ivschat_stack", {"rooms": 5}, "'rooms'"),
        ("ivschat_stack", {"logging_configurations": [None]}, "'logging_configurations'"),
        ("ivschat_stack", {"rooms": [{}]}, "name"),
        ("ivschat_stack", {"logging_configurations": [{}]}, "name"),
        ("ivschat_event", {"room_arn": None, "rooms": [None]}, "rooms"),
        ("ivschat_event", {"room_arn": None, "rooms": [{}]}, "rooms[0]"),
        ("ivschat_room_info", {"arns": [None]}, "arns"),
        ("ivschat_room", {"logging_configuration_identifiers": [{}]}, "logging_configuration_identifiers[0]"),
    ],
)
def test_odd_entries(run: Run, answers: AnswerServer, module: str, options: dict[str, Any], part: str) -> None:
    answers.reset()
    assert part in failure_message(run(module, endpoint_url=answers.url, **{**VALID.get(module, {}), **options}))
    assert answers.calls == []


@pytest.mark.parametrize("module", OPTIONS)
def test_any_input(
    run: Run, answers: AnswerServer, clock: Clock, shared_clients: None, client_cache: dict[str, Any], module: str
) -> None:
    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.dictionaries(st.sampled_from([*OPTIONS[module], *COMMON]), ODD, min_size=1, max_size=3))
    def check(options: dict[str, Any]) -> None:
        answers.reset()
        client_cache.clear()
        clock.pauses.clear()
        bounded = {"wait_timeout": 3} if "wait_timeout" in OPTIONS[module] else {}
        base = {"endpoint_url": answers.url, **VALID.get(module, {}), **bounded}
        nulls = {name: NULL if value is None else value for name, value in options.items()}
        result = run(module, **{**base, **nulls})
        assert "exception" not in result and len(json.dumps(result)) < 50_000, result
        if result.get("failed"):
            message = result["msg"]
            assert isinstance(message, str) and message and "Traceback" not in message
            assert "does not come from" not in message, message
            assert " is not valid" not in message or answers.calls == []
            # ansible-core repeats a value of another type as it is.
            assert "\n" not in message or message.startswith(("argument ", "value of "))

    check()
