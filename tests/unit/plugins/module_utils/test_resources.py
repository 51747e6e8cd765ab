# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Normal forms of what the service answers, and back."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import (
    LOGGING_CONFIGURATION,
    ROOM,
    given_options,
    normalise,
    normalise_handler,
    to_api,
)

REGION = "us-east-1"
ROOM_ARN = f"arn:aws:ivschat:{REGION}:123456789012:room/AbCdEf123456"
LOGGING_ARN = f"arn:aws:ivschat:{REGION}:123456789012:logging-configuration/ZyXwVu654321"
FUNCTION = f"arn:aws:lambda:{REGION}:123456789012:function:review"
URI = "message_review_handler.uri"
BUCKET = "destination_configuration.s3.bucket_name"
LOG_GROUP = "destination_configuration.cloud_watch_logs.log_group_name"
STREAM = "destination_configuration.firehose.delivery_stream_name"
IDENTIFIERS = "logging_configuration_identifiers"

# What CreateRoom answers when only a name was given (facts, section 4.1).
BARE_ROOM = {
    "arn": ROOM_ARN,
    "id": "AbCdEf123456",
    "name": "lobby",
    "createTime": datetime(2026, 1, 31, 12, 0, 0, 123000, tzinfo=timezone.utc),
    "updateTime": datetime(2026, 1, 31, 12, 0, 1, tzinfo=timezone.utc),
    "maximumMessageLength": 500,
    "maximumMessageRatePerSecond": 10,
    "tags": {},
    "ResponseMetadata": {"HTTPStatusCode": 200},
}
NORMAL_ROOM = {
    **dict.fromkeys(ROOM.create_defaults),
    "arn": ROOM_ARN,
    "id": "AbCdEf123456",
    "name": "lobby",
    "create_time": "2026-01-31T12:00:00.123000+00:00",
    "update_time": "2026-01-31T12:00:01+00:00",
    "maximum_message_length": 500,
    "maximum_message_rate_per_second": 10,
    "message_review_handler": None,
    "logging_configuration_identifiers": [],
    "tags": {},
}


def without(answer, *keys):
    return {key: value for key, value in answer.items() if key not in keys}


class TestNormalise:
    @pytest.mark.parametrize(
        ("answer", "changes"),
        [
            (BARE_ROOM, {}),
            (without(BARE_ROOM, "name"), {"name": ""}),
            ({**BARE_ROOM, "name": None}, {"name": ""}),
            (without(BARE_ROOM, "tags"), {}),
            ({**BARE_ROOM, "tags": None}, {}),
            ({**BARE_ROOM, "messageReviewHandler": {}}, {}),
            ({**BARE_ROOM, "messageReviewHandler": {"uri": ""}}, {}),
            ({**BARE_ROOM, "messageReviewHandler": {"uri": "", "fallbackResult": "DENY"}}, {}),
            ({**BARE_ROOM, "messageReviewHandler": {"fallbackResult": "DENY"}}, {}),
            (
                {**BARE_ROOM, "messageReviewHandler": {"uri": FUNCTION}},
                {"message_review_handler": {"uri": FUNCTION, "fallback_result": "ALLOW"}},
            ),
            (
                {**BARE_ROOM, "messageReviewHandler": {"uri": FUNCTION, "fallbackResult": "DENY"}},
                {"message_review_handler": {"uri": FUNCTION, "fallback_result": "DENY"}},
            ),
            ({**BARE_ROOM, "loggingConfigurationIdentifiers": []}, {}),
            ({**BARE_ROOM, "loggingConfigurationIdentifiers": ["b", "a"]}, {IDENTIFIERS: ["a", "b"]}),
            (
                without(BARE_ROOM, "maximumMessageLength", "maximumMessageRatePerSecond"),
                {"maximum_message_length": None, "maximum_message_rate_per_second": None},
            ),
            (
                {**BARE_ROOM, "tags": {"CamelKey": "1", "snake_key": "2"}},
                {"tags": {"CamelKey": "1", "snake_key": "2"}},
            ),
        ],
    )
    def test_room(self, answer, changes):
        assert normalise(ROOM, answer) == {**NORMAL_ROOM, **changes}

    def test_new_field_of_the_service_is_shown(self):
        assert normalise(ROOM, {**BARE_ROOM, "slowModeSeconds": 3}) == {**NORMAL_ROOM, "slow_mode_seconds": 3}

    @pytest.mark.parametrize(
        ("sent", "shown"),
        [
            ({"s3": {"bucketName": "logs"}}, {"s3": {"bucket_name": "logs"}}),
            ({"cloudWatchLogs": {"logGroupName": "/l"}}, {"cloud_watch_logs": {"log_group_name": "/l"}}),
            ({"firehose": {"deliveryStreamName": "s"}}, {"firehose": {"delivery_stream_name": "s"}}),
        ],
    )
    def test_logging_configuration(self, sent, shown):
        answer = {"arn": LOGGING_ARN, "id": "ZyXwVu654321", "destinationConfiguration": sent, "state": "CREATING"}
        assert normalise(LOGGING_CONFIGURATION, answer) == {
            "arn": LOGGING_ARN,
            "id": "ZyXwVu654321",
            "name": "",
            "create_time": None,
            "update_time": None,
            "destination_configuration": shown,
            "state": "CREATING",
            "tags": {},
        }
        assert to_api(LOGGING_CONFIGURATION, {"destination_configuration": shown}) == {"destinationConfiguration": sent}

    def test_room_to_api(self):
        fields = without(NORMAL_ROOM, "arn", "id", "create_time", "update_time", "tags")
        assert to_api(ROOM, fields) == {
            "name": "lobby",
            "maximumMessageLength": 500,
            "maximumMessageRatePerSecond": 10,
            "messageReviewHandler": {"uri": ""},
            "loggingConfigurationIdentifiers": [],
        }
        handler = {"uri": FUNCTION, "fallback_result": "DENY"}
        assert to_api(ROOM, {"message_review_handler": handler}) == {
            "messageReviewHandler": {"uri": FUNCTION, "fallbackResult": "DENY"}
        }

    @pytest.mark.parametrize("handler", [None, {}, {"uri": ""}, {"uri": None, "fallback_result": "DENY"}])
    def test_no_handler(self, handler):
        assert normalise_handler(handler) is None


class TestGivenOptions:
    def test_none_alone_is_not_set(self):
        assert given_options(ROOM, dict.fromkeys(ROOM.field_names)) == {}
        assert given_options(ROOM, {"arn": ROOM_ARN, "tags": {"a": "b"}}) == {}
        empty = {"name": "", "message_review_handler": {}, IDENTIFIERS: []}
        assert given_options(ROOM, {**empty, "maximum_message_length": None}) == empty

    def test_destination_loses_its_unset_members(self):
        destination = {"s3": {"bucket_name": "logs"}, "cloud_watch_logs": None, "firehose": None}
        params = {"name": None, "destination_configuration": destination}
        assert given_options(LOGGING_CONFIGURATION, params) == {
            "destination_configuration": {"s3": {"bucket_name": "logs"}}
        }
