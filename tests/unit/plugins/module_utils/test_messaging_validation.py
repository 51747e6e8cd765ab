# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of tokens, events, messages and users: as in botocore's model, and each just inside and just outside."""

from __future__ import annotations

import re

import botocore.session
import pytest
from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging_api import _text_attributes
from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging_validation import (
    validate_attributes,
    validate_messaging,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import (
    CAPABILITIES,
    MAXIMUM_ATTRIBUTES_BYTES,
    MESSAGING_LIMITS,
)

MODEL = botocore.session.Session().get_service_model("ivschat")
REGION = "us-east-1"
ARN = f"arn:aws:ivschat:{REGION}:123456789012:room/AbCdEf123456"
MEMBERS = {
    "user_id": [("CreateChatToken", "userId"), ("DisconnectUser", "userId")],
    "session_duration": [("CreateChatToken", "sessionDurationInMinutes")],
    "event_name": [("SendEvent", "eventName")],
    "id": [("DeleteMessage", "id")],
    "reason": [("DeleteMessage", "reason"), ("DisconnectUser", "reason")],
}


def member(operation, name):
    return MODEL.operation_model(operation).input_shape.members[name]


@pytest.mark.parametrize("option", MESSAGING_LIMITS)
def test_limit(option):
    limit = MESSAGING_LIMITS[option]
    found = {"min": limit.minimum, "max": limit.maximum, "pattern": limit.pattern}
    for operation, name in MEMBERS[option]:
        assert found == {key: member(operation, name).metadata.get(key) for key in found}
    numbers = {int(number) for number in re.findall(r"\b[0-9]+\b", limit.rule)}
    assert {limit.minimum, limit.maximum} == numbers, "what users read"


def test_every_member_is_an_option():
    known = {pair for pairs in MEMBERS.values() for pair in pairs}
    for operation in ("CreateChatToken", "SendEvent", "DeleteMessage", "DisconnectUser"):
        others = {"roomIdentifier", "capabilities", "attributes"}
        names = set(MODEL.operation_model(operation).input_shape.members) - others
        assert {(operation, name) for name in names} <= known


def test_capabilities():
    assert member("CreateChatToken", "capabilities").member.enum == CAPABILITIES


@pytest.mark.parametrize("operation", ["CreateChatToken", "SendEvent"])
def test_one_kilobyte(operation):
    assert "1 KB total" in member(operation, "attributes").documentation
    assert MAXIMUM_ATTRIBUTES_BYTES == 1024


@pytest.mark.parametrize(
    ("option", "good", "bad"),
    [
        ("user_id", ["u", "ü" * 128, "a b\n"], ["", "ü" * 129]),
        ("session_duration", [1, 180], [0, 181, -1]),
        ("event_name", ["e", "\U0001f600" * 100], ["", "e" * 101]),
        ("id", ["AbCdEf123456"], ["", "AbCdEf12345", "AbCdEf1234567", "AbCdEf12345-", "AbCdEf12345\n"]),
        ("reason", ["r", "r" * 256], ["", "r" * 257]),
        (
            "room_arn",
            [ARN],
            ["", "AbCdEf123456", ARN.replace("room", "logging-configuration"), ARN.replace("us-", "eu-")],
        ),
        ("room_name", ["lobby"], ["", "a b", "n" * 129]),
        ("rooms", [["lobby", ARN], []], [["a b"], [""], [ARN[:-1] + "!"], ["lobby", "lobby"]]),
    ],
)
def test_inside_and_outside(option, good, bad):
    assert [validate_messaging({option: value}, REGION) for value in good] == [[]] * len(good)
    identifies_rooms = option in ("room_arn", "room_name", "rooms")  # nothing is identified by nothing
    assert bool(validate_messaging({option: None}, REGION)) is identifies_rooms
    for value in bad:
        (error,) = validate_messaging({option: value}, REGION)
        assert error.startswith((f"{option}: ", f"{option}["))


def test_all_errors_at_once():
    assert (
        len(validate_messaging({"user_id": "", "reason": "", "room_name": "a b", "attributes": {"a": None}}, REGION))
        == 4
    )


@pytest.mark.parametrize("good", [None, {}, {"kéy": "é" * 510}, {"k": "v" * 1023}, {"": ""}, {1: True, "x": 2.5}])
def test_good_attributes(good):
    assert validate_attributes(good) == []


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"kéyx": "é" * 510}, "attributes: 1025 bytes are too many: the maximum for all keys and values is 1024"),
        ({"a": "v" * 512, "b": "v" * 511}, "attributes: 1025 bytes are too many"),
        ({"a": None}, "attributes['a']: null is not valid: it must be a string"),
        ({"a": [1]}, "attributes['a']: list is not valid"),
        ({"a": {"b": "c"}}, "attributes['a']: dict is not valid"),
    ],
)
def test_bad_attributes(bad, message):
    (error,) = validate_attributes(bad)
    assert error.startswith(message)


def test_attributes_become_strings():
    assert _text_attributes({"attributes": {1: True, "b": 2.5}}) == {"1": "True", "b": "2.5"}
    assert _text_attributes({"attributes": {}}) == {}
    assert _text_attributes({"attributes": None}) is None
