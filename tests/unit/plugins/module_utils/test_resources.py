# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Normal forms, and each limit just inside and just outside."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import (
    LIMITS,
    LOGGING_CONFIGURATION,
    ROOM,
    TAG_KEY,
    arn_fault,
    faults,
    filter_faults,
    given_options,
    handler_faults,
    has_tags,
    identifier_faults,
    is_arn,
    limit_fault,
    normal_handler,
    normalise,
    request,
    tag_faults,
    text_tags,
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
        assert request({"destination_configuration": shown}) == {"destinationConfiguration": sent}

    def test_request_of_a_room(self):
        fields = without(NORMAL_ROOM, "arn", "id", "create_time", "update_time", "tags")
        assert request(fields) == {
            "name": "lobby",
            "maximumMessageLength": 500,
            "maximumMessageRatePerSecond": 10,
            "messageReviewHandler": {"uri": ""},
            "loggingConfigurationIdentifiers": [],
        }
        handler = {"uri": FUNCTION, "fallback_result": "DENY"}
        assert request({"message_review_handler": handler}) == {
            "messageReviewHandler": {"uri": FUNCTION, "fallbackResult": "DENY"}
        }

    @pytest.mark.parametrize("handler", [None, {}, {"uri": ""}, {"uri": None, "fallback_result": "DENY"}])
    def test_no_handler(self, handler):
        assert normal_handler(handler) is None


class TestGivenOptions:
    def test_none_alone_is_not_set(self):
        assert given_options(ROOM, dict.fromkeys(ROOM.fields)) == {}
        assert given_options(ROOM, {"arn": ROOM_ARN, "tags": {"a": "b"}}) == {}
        empty = {"name": "", "message_review_handler": {}, IDENTIFIERS: []}
        assert given_options(ROOM, {**empty, "maximum_message_length": None}) == empty

    def test_destination_loses_its_unset_members(self):
        destination = {"s3": {"bucket_name": "logs"}, "cloud_watch_logs": None, "firehose": None}
        params = {"name": None, "destination_configuration": destination}
        assert given_options(LOGGING_CONFIGURATION, params) == {
            "destination_configuration": {"s3": {"bucket_name": "logs"}}
        }


@pytest.mark.parametrize(
    ("option", "good", "bad"),
    [
        ("name", ["", "a", "a-B_9", "n" * 128], ["n" * 129, "a b", "a\n", "ä", "a.b", "😀"]),
        ("maximum_message_length", [1, 500], [0, 501, -1]),
        ("maximum_message_rate_per_second", [1, 100], [0, 101, -1]),
        (
            URI,
            ["", FUNCTION, FUNCTION + ":1", FUNCTION + "f" * (170 - len(FUNCTION))],
            [
                FUNCTION + "f" * (171 - len(FUNCTION)),
                "review",
                FUNCTION.replace("arn:aws:", "arn:aws-us-gov:"),
                FUNCTION.replace("123456789012", "12345678901"),
                FUNCTION.removesuffix("review"),
                FUNCTION + "\n",
                " ",
            ],
        ),
        (BUCKET, ["abc", "a.b-9", "b" * 63], ["", "ab", "b" * 64, "Abc", "a_c", "abc\n"]),
        (LOG_GROUP, ["l", "/aws/a.b-c_d#1", "l" * 512], ["", "l" * 513, "a b", "a:b", "l\n"]),
        (STREAM, ["s", "a.b-c_D9", "s" * 64], ["", "s" * 65, "a/b", "a b", "s\n"]),
    ],
)
def test_limits(option, good, bad):
    limit = LIMITS[option]
    assert limit_fault(option, None, limit) == []
    assert [value for value in good if limit_fault(option, value, limit)] == []
    for value in bad:
        (fault,) = limit_fault(option, value, limit)
        shown = repr(value) if isinstance(value, int) or len(value) <= 64 else f"({len(value)} characters)"
        assert fault.startswith(f"{option}: ") and shown in fault and fault.endswith(f"must be {limit.rule}")


class TestArns:
    @pytest.mark.parametrize(
        ("arn", "kind", "region"),
        [
            (ROOM_ARN, ROOM, REGION),
            (ROOM_ARN, ROOM, None),
            (LOGGING_ARN, LOGGING_CONFIGURATION, REGION),
            (ROOM_ARN + "x" * (128 - len(ROOM_ARN)), ROOM, REGION),
        ],
    )
    def test_good(self, arn, kind, region):
        assert arn_fault("arn", arn, kind, region) == []

    @pytest.mark.parametrize(
        "arn",
        [
            "",
            "AbCdEf123456",
            LOGGING_ARN,
            ROOM_ARN.replace("arn:aws:", "arn:aws-us-gov:"),
            ROOM_ARN.replace(":room/", ":Room/"),
            ROOM_ARN.removesuffix("AbCdEf123456"),
            ROOM_ARN + "/x",
            ROOM_ARN + "\n",
            ROOM_ARN + "x" * (129 - len(ROOM_ARN)),
        ],
    )
    def test_bad(self, arn):
        (fault,) = arn_fault("arn", arn, ROOM, REGION)
        assert fault == (
            f"arn: {arn!r} is not valid, it must be the ARN of a room, arn:aws:ivschat:<region>:<account>:room/<id>"
        )

    def test_kind_is_named(self):
        (fault,) = arn_fault("arn", ROOM_ARN, LOGGING_CONFIGURATION, REGION)
        assert "the ARN of a logging configuration, arn:aws:ivschat:<region>:<account>:logging-configuration/" in fault

    def test_region(self):
        (fault,) = arn_fault("arn", ROOM_ARN, ROOM, "eu-west-1")
        assert fault == (
            f"arn: {ROOM_ARN!r} lies in region us-east-1, it must lie in the region of this task, eu-west-1"
        )

    @pytest.mark.parametrize(("text", "expected"), [(LOGGING_ARN, True), ("arn", False), ("arn-1", False), ("", False)])
    def test_is_arn(self, text, expected):
        assert is_arn(text) is expected


class TestHandler:
    @pytest.mark.parametrize(
        ("uri", "region"), [(None, REGION), ("", REGION), (FUNCTION, REGION), (FUNCTION, None), (FUNCTION, "")]
    )
    def test_good(self, uri, region):
        assert handler_faults("uri", uri, region) == []

    def test_function_of_another_region(self):
        assert handler_faults("uri", FUNCTION, "eu-west-1") == [
            f"uri: {FUNCTION!r} lies in region us-east-1, it must lie in the room's region, eu-west-1"
        ]

    def test_one_fault_at_a_time(self):
        assert len(handler_faults("uri", "review", "eu-west-1")) == 1


class TestIdentifiers:
    @pytest.mark.parametrize("identifiers", [None, [], ["archive"], [LOGGING_ARN, "a", "b"]])
    def test_good(self, identifiers):
        assert identifier_faults(identifiers, REGION, IDENTIFIERS) == []

    @pytest.mark.parametrize(
        ("identifiers", "expected"),
        [
            (["a", "b", "c", "d"], [f"{IDENTIFIERS}: 4 entries are too many, there must be at most 3"]),
            (["a", "a"], [f"{IDENTIFIERS}[1]: 'a' is there twice, each entry must be given once"]),
            (
                ["a", "b c", ""],
                [
                    f"{IDENTIFIERS}[1]: 'b c' is not valid, it must be the ARN or the name of a logging configuration",
                    f"{IDENTIFIERS}[2]: '' is not valid, it must be the ARN or the name of a logging configuration",
                ],
            ),
            (
                [ROOM_ARN],
                [
                    f"{IDENTIFIERS}[0]: {ROOM_ARN!r} is not valid, it must be the ARN of a logging configuration, "
                    "arn:aws:ivschat:<region>:<account>:logging-configuration/<id>"
                ],
            ),
            (
                [LOGGING_ARN.replace(REGION, "eu-west-1")],
                [
                    f"{IDENTIFIERS}[0]: {LOGGING_ARN.replace(REGION, 'eu-west-1')!r} lies in region eu-west-1, "
                    "it must lie in the region of this task, us-east-1"
                ],
            ),
        ],
    )
    def test_bad(self, identifiers, expected):
        assert identifier_faults(identifiers, REGION, IDENTIFIERS) == expected


class TestDestination:
    def faults(self, destination, place=""):
        return faults(LOGGING_CONFIGURATION, {"destination_configuration": destination}, REGION, place)

    @pytest.mark.parametrize(
        "destination",
        [
            None,
            {"s3": {"bucket_name": "logs"}, "cloud_watch_logs": None},
            {"cloud_watch_logs": {"log_group_name": "/l"}},
            {"firehose": {"delivery_stream_name": "s"}},
        ],
    )
    def test_good(self, destination):
        assert self.faults(destination) == []

    @pytest.mark.parametrize(
        ("destination", "found"),
        [
            ({}, "none"),
            ({"s3": None, "firehose": None}, "none"),
            ({"s3": {"bucket_name": "logs"}, "firehose": {"delivery_stream_name": "s"}}, "s3 and firehose"),
        ],
    )
    def test_exactly_one(self, destination, found):
        assert self.faults(destination) == [
            f"destination_configuration: {found} given, it must have exactly one of s3, cloud_watch_logs, firehose"
        ]

    @pytest.mark.parametrize(
        ("destination", "start"),
        [
            ({"s3": {"bucket_name": "No"}}, f"x.{BUCKET}: 'No' is not valid"),
            ({"cloud_watch_logs": {"log_group_name": ""}}, f"x.{LOG_GROUP}: '' is not valid"),
            ({"firehose": {"delivery_stream_name": "a b"}}, f"x.{STREAM}: 'a b' is not valid"),
        ],
    )
    def test_name(self, destination, start):
        (fault,) = self.faults(destination, "x.")
        assert fault.startswith(start)


class TestTags:
    @pytest.mark.parametrize(
        "tags",
        [
            None,
            {},
            {f"k{number}": "v" for number in range(50)},
            {"k" * 128: "v" * 256},
            {"😀" * 128: "😀" * 256},
            {"k": ""},
            {"n": 1, 2: True, "f": 1.5},
            {"xaws:": "v", "aws": "v"},
        ],
    )
    def test_good(self, tags):
        assert tag_faults(tags) == []

    @pytest.mark.parametrize(
        ("tags", "expected"),
        [
            (
                {f"k{number}": "v" for number in range(51)},
                "p.tags: 51 tags are too many, there must be at most 50",
            ),
            ({"": "v"}, f"p.tags['']: the key has 0 characters, it must have {TAG_KEY.rule}"),
            (
                {"k" * 129: "v"},
                f"p.tags[{'k' * 64!r}]: the key has 129 characters, it must have 1 to 128 characters",
            ),
            ({"k": "v" * 257}, "p.tags['k']: the value has 257 characters, it must have at most 256 characters"),
            ({"k": None}, "p.tags['k']: null is not valid, it must be a text (use \"\" for an empty value)"),
            ({"k": ["v"]}, "p.tags['k']: ['v'] is not valid, it must be a text (use \"\" for an empty value)"),
            ({"k": {}}, "p.tags['k']: {} is not valid, it must be a text (use \"\" for an empty value)"),
            (
                {"AWS:x": "v"},
                "p.tags['AWS:x']: the key is not valid, it must not start with \"aws:\", which AWS keeps for itself",
            ),
        ],
    )
    def test_bad(self, tags, expected):
        assert tag_faults(tags, "p.") == [expected]

    def test_filter_may_name_tags_of_aws(self):
        assert tag_faults({"aws:cloudformation:stack-name": "x"}, as_filter=True) == []
        assert len(tag_faults({"k": None}, as_filter=True)) == 1

    def test_text(self):
        assert text_tags({"n": 1, 2: True, "ä": "ö"}) == {"n": "1", "2": "True", "ä": "ö"}

    @pytest.mark.parametrize(
        ("tags", "expected"),
        [
            (None, True),
            ({}, True),
            ({"a": "1"}, True),
            ({"a": 1}, True),
            ({"a": "1", "b": ""}, True),
            ({"a": "2"}, False),
            ({"A": "1"}, False),
            ({"a": "1", "c": "3"}, False),
        ],
    )
    def test_filter(self, tags, expected):
        assert has_tags({"tags": {"a": "1", "b": ""}}, tags) is expected


def test_all_faults_of_a_room_are_told_at_once():
    params = {
        "arn": "AbCdEf123456",
        "name": "a b",
        "maximum_message_length": 0,
        "maximum_message_rate_per_second": 101,
        "message_review_handler": {"uri": "review", "fallback_result": None},
        IDENTIFIERS: ["a", "b", "c", "d"],
        "tags": {"k": None},
    }
    found = faults(ROOM, params, REGION, "rooms[3].")
    assert [fault.split(": ")[0] for fault in found] == [
        "rooms[3].arn",
        "rooms[3].name",
        "rooms[3].maximum_message_length",
        "rooms[3].maximum_message_rate_per_second",
        "rooms[3].message_review_handler.uri",
        f"rooms[3].{IDENTIFIERS}",
        "rooms[3].tags['k']",
    ]
    assert faults(ROOM, dict.fromkeys(params), REGION) == []


def test_filters():
    good = {"name": "", "arns": [ROOM_ARN], "tags": {"aws:x": "y"}}
    assert filter_faults(ROOM, good, REGION) == filter_faults(ROOM, dict.fromkeys(good), REGION) == []
    bad = {"name": "a b", "arns": [ROOM_ARN, "AbCdEf123456"], "tags": {"k": None}}
    assert [fault.split(": ")[0] for fault in filter_faults(ROOM, bad, REGION)] == ["name", "arns[1]", "tags['k']"]
