# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input is refused in one message that names the option, the value and the rule, before any call."""

from __future__ import annotations

import pytest

from tests.support.environment import ACCOUNT, REGION, UNKNOWN_LOGGING, UNKNOWN_ROOM
from tests.support.harness import failure_message

ROOM, LOGGING = "ivschat_room", "ivschat_logging_configuration"
ROOMS, LOGGINGS = ROOM + "_info", LOGGING + "_info"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:review"
S3, FIREHOSE = {"s3": {"bucket_name": "logs"}}, {"firehose": {"delivery_stream_name": "stream"}}
ARN_RULE = "it must be the ARN of a room, arn:aws:ivschat:<region>:<account>:room/<id>"
LOGGING_RULE = "it must be the ARN of a logging configuration, arn:aws:ivschat:<region>:<account>:logging-configuration"
IDENTIFIERS = "logging_configuration_identifiers"


def elsewhere(arn):
    return arn.replace(REGION, "eu-west-1")


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(
    ("module", "options", "parts"),
    [
        (ROOM, {"maximum_message_rate_per_second": 101}, ["101", "1 to 100"]),
        (ROOM, {"maximum_message_rate_per_second": 0}, ["0", "1 to 100"]),
        (ROOM, {"maximum_message_length": 0}, ["0", "1 to 500"]),
        (ROOM, {"maximum_message_length": 501}, ["501", "1 to 500"]),
        (ROOM, {"maximum_message_length": "many"}, ["'many'", "int"]),
        (ROOM, {"maximum_message_length": True}, ["True", "1 to 500"]),
        (ROOM, {"name": "a b"}, ["'a b'", "letters, digits, hyphens, and underscores"]),
        (ROOM, {"name": "n" * 129}, ["129 characters", "at most 128"]),
        (ROOM, {"arn": "AbCdEf123456"}, ["'AbCdEf123456'", ARN_RULE]),
        (ROOM, {"arn": UNKNOWN_LOGGING}, [UNKNOWN_LOGGING, ARN_RULE]),
        (ROOM, {"arn": UNKNOWN_ROOM.replace("arn:aws:", "arn:aws-us-gov:")}, ["arn:aws-us-gov:", ARN_RULE]),
        (
            ROOM,
            {"arn": elsewhere(UNKNOWN_ROOM)},
            [elsewhere(UNKNOWN_ROOM), "is in region eu-west-1", f"task, {REGION}"],
        ),
        (ROOM, {"message_review_handler": {"uri": "review"}}, ["uri", "'review'", "the ARN of a Lambda function"]),
        (ROOM, {"message_review_handler": {"uri": elsewhere(FUNCTION)}}, ["uri", elsewhere(FUNCTION), "room's region"]),
        (ROOM, {"message_review_handler": {"fallback_result": "MAYBE"}}, ["fallback_result", "MAYBE", "ALLOW, DENY"]),
        (ROOM, {IDENTIFIERS: ["a", "b", "c", "d"]}, ["4 entries", "the maximum is 3"]),
        (ROOM, {IDENTIFIERS: ["a", "b", "a"]}, [f"{IDENTIFIERS}[2]", "'a'", "specify each entry once"]),
        (ROOM, {IDENTIFIERS: ["a b"]}, [f"{IDENTIFIERS}[0]", "'a b'", "the ARN or the name"]),
        (ROOM, {IDENTIFIERS: [UNKNOWN_ROOM]}, [f"{IDENTIFIERS}[0]", UNKNOWN_ROOM, LOGGING_RULE]),
        (ROOM, {IDENTIFIERS: [elsewhere(UNKNOWN_LOGGING)]}, [f"{IDENTIFIERS}[0]", "is in region eu-west-1", REGION]),
        (ROOM, {"tags": {"k": None}}, ["tags['k']", "null", "must be a string"]),
        (ROOM, {"tags": {"k": ["v"]}}, ["tags['k']", "['v']", "must be a string"]),
        (ROOM, {"tags": {"aws:k": "v"}}, ["tags['aws:k']", 'must not start with "aws:"']),
        (ROOM, {"tags": {f"k{number}": "v" for number in range(51)}}, ["51 tags", "the maximum is 50"]),
        (ROOM, {"tags": {"k" * 129: "v"}}, ["129 characters", "1 to 128"]),
        (ROOM, {"tags": {"k": "😀" * 257}}, ["tags['k']", "257 characters", "at most 256"]),
        (ROOM, {"name": None}, ["arn, name"]),
        (ROOM, {"maximum_message_length": 0, "state": "absent"}, ["0", "1 to 500"]),
        (LOGGING, {"destination_configuration": {**S3, **FIREHOSE}}, ["s3 and firehose given", "exactly one of"]),
        (
            LOGGING,
            {"destination_configuration": {}},
            ["no destination given", "exactly one of s3, cloud_watch_logs, firehose"],
        ),
        (LOGGING, {"destination_configuration": {"s3": {}}}, ["bucket_name"]),
        (LOGGING, {"destination_configuration": {"s3": {"bucket_name": "No"}}}, ["s3.bucket_name", "'No'", "3 to 63"]),
        (
            LOGGING,
            {"destination_configuration": {"cloudwatch_logs": {"log_group_name": "arn:aws:logs:x"}}},
            ["cloud_watch_logs.log_group_name", "'arn:aws:logs:x'", "the name (not the ARN)"],
        ),
        (
            LOGGING,
            {"destination_configuration": {"firehose": {"delivery_stream_name": "s" * 65}}},
            ["firehose.delivery_stream_name", "65 characters", "1 to 64"],
        ),
        (LOGGING, {"arn": UNKNOWN_ROOM}, [UNKNOWN_ROOM, LOGGING_RULE]),
        (LOGGING, {"arn": "ZyXwVu654321"}, ["'ZyXwVu654321'", LOGGING_RULE]),
        (LOGGING, {"arn": elsewhere(UNKNOWN_LOGGING), "state": "absent"}, ["is in region eu-west-1", REGION]),
        (LOGGING, {"name": "a.b"}, ["'a.b'", "at most 128 letters"]),
        (LOGGING, {"tags": {"k": None}}, ["tags['k']", "null"]),
        (LOGGING, {"name": None}, ["arn, name"]),
        (ROOMS, {"arns": [UNKNOWN_ROOM, "AbCdEf123456"]}, ["arns[1]", "'AbCdEf123456'", ARN_RULE]),
        (ROOMS, {"arns": [elsewhere(UNKNOWN_ROOM)]}, ["arns[0]", "is in region eu-west-1"]),
        (ROOMS, {"name": "a b"}, ["'a b'", "at most 128"]),
        (ROOMS, {"message_review_handler_uri": "review"}, ["'review'", "the ARN of a Lambda function"]),
        (ROOMS, {"logging_configuration_identifier": ""}, ["''", "the ARN or the name of a logging configuration"]),
        (ROOMS, {"logging_configuration_identifier": UNKNOWN_ROOM}, [UNKNOWN_ROOM, LOGGING_RULE]),
        (ROOMS, {"tags": {"k": None}}, ["tags['k']", "null"]),
        (LOGGINGS, {"arns": [UNKNOWN_ROOM]}, ["arns[0]", UNKNOWN_ROOM, LOGGING_RULE]),
        (LOGGINGS, {"name": "a b"}, ["'a b'", "at most 128"]),
    ],
)
def test_refused_before_any_call(run, emulator, module, options, parts, check):
    identity = {} if module.endswith("_info") else {"name": "lobby"}
    message = failure_message(run(module, check=check, **{**identity, **options}))
    (option, *_more) = options
    for part in [option if options[option] is not None else "one of", *parts]:
        assert part in message
    assert emulator.calls(service=None) == []


def test_all_errors_at_once(run, emulator):
    message = failure_message(run(ROOM, name="a b", maximum_message_length=0, tags={"k": None}, region="eu-north-1"))
    assert [error.split(": ")[0] for error in message.split("; ")] == [
        "region",
        "name",
        "maximum_message_length",
        "tags['k']",
    ]
    assert emulator.calls(service=None) == []


def test_one_string_for_a_list_is_a_list_of_one(room, bucket, logging):
    arn = logging(name="archive", destination_configuration=bucket)["logging_configuration"]["arn"]
    created = room(name="lobby", logging_configuration_identifiers="archive")
    assert created["room"][IDENTIFIERS] == [arn]
