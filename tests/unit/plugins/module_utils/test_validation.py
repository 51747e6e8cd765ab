# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each limit just inside and just outside, and what a user reads."""

from __future__ import annotations

import pytest
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import (
    LOGGING_CONFIGURATION,
    ROOM,
    TAG_KEY,
    has_tags,
    is_arn,
    text_tags,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._validation import (
    validate_arn,
    validate_filters,
    validate_handler_uri,
    validate_identifiers,
    validate_limit,
    validate_resource,
    validate_tags,
)
from ansible_collections.aws_ivs.chat.tests.unit.plugins.module_utils.test_service_model import LIMITS

REGION = "us-east-1"
ROOM_ARN = f"arn:aws:ivschat:{REGION}:123456789012:room/AbCdEf123456"
LOGGING_ARN = f"arn:aws:ivschat:{REGION}:123456789012:logging-configuration/ZyXwVu654321"
FUNCTION = f"arn:aws:lambda:{REGION}:123456789012:function:review"
URI = "message_review_handler.uri"
BUCKET = "destination_configuration.s3.bucket_name"
LOG_GROUP = "destination_configuration.cloud_watch_logs.log_group_name"
STREAM = "destination_configuration.firehose.delivery_stream_name"
IDENTIFIERS = "logging_configuration_identifiers"


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
    assert validate_limit(option, None, limit) == []
    assert [value for value in good if validate_limit(option, value, limit)] == []
    for value in bad:
        (error,) = validate_limit(option, value, limit)
        shown = repr(value) if isinstance(value, int) or len(value) <= 64 else f"({len(value)} characters)"
        assert error.startswith(f"{option}: ") and shown in error and error.endswith(f"must be {limit.rule}")


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
        assert validate_arn("arn", arn, kind, region) == []

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
        (error,) = validate_arn("arn", arn, ROOM, REGION)
        assert error == (
            f"arn: {arn!r} is not valid: it must be the ARN of a room, arn:aws:ivschat:<region>:<account>:room/<id>"
        )

    def test_kind_is_named(self):
        (error,) = validate_arn("arn", ROOM_ARN, LOGGING_CONFIGURATION, REGION)
        assert "the ARN of a logging configuration, arn:aws:ivschat:<region>:<account>:logging-configuration/" in error

    def test_region(self):
        (error,) = validate_arn("arn", ROOM_ARN, ROOM, "eu-west-1")
        assert error == (f"arn: {ROOM_ARN!r} is in region us-east-1: it must be in the region of this task, eu-west-1")

    @pytest.mark.parametrize(("text", "expected"), [(LOGGING_ARN, True), ("arn", False), ("arn-1", False), ("", False)])
    def test_is_arn(self, text, expected):
        assert is_arn(text) is expected


class TestHandler:
    @pytest.mark.parametrize(
        ("uri", "region"), [(None, REGION), ("", REGION), (FUNCTION, REGION), (FUNCTION, None), (FUNCTION, "")]
    )
    def test_good(self, uri, region):
        assert validate_handler_uri("uri", uri, region) == []

    def test_function_of_another_region(self):
        assert validate_handler_uri("uri", FUNCTION, "eu-west-1") == [
            f"uri: {FUNCTION!r} is in region us-east-1: it must be in the room's region, eu-west-1"
        ]

    def test_one_error_at_a_time(self):
        assert len(validate_handler_uri("uri", "review", "eu-west-1")) == 1


class TestIdentifiers:
    @pytest.mark.parametrize("identifiers", [None, [], ["archive"], [LOGGING_ARN, "a", "b"]])
    def test_good(self, identifiers):
        assert validate_identifiers(IDENTIFIERS, identifiers, REGION) == []

    @pytest.mark.parametrize(
        ("identifiers", "expected"),
        [
            (["a", "b", "c", "d"], [f"{IDENTIFIERS}: 4 entries are too many: the maximum is 3"]),
            (["a", "a"], [f"{IDENTIFIERS}[1]: 'a' is a duplicate: specify each entry once"]),
            (
                ["a", "b c", ""],
                [
                    f"{IDENTIFIERS}[1]: 'b c' is not valid: it must be the ARN or the name of a logging configuration",
                    f"{IDENTIFIERS}[2]: '' is not valid: it must be the ARN or the name of a logging configuration",
                ],
            ),
            (
                [ROOM_ARN],
                [
                    f"{IDENTIFIERS}[0]: {ROOM_ARN!r} is not valid: it must be the ARN of a logging configuration, "
                    "arn:aws:ivschat:<region>:<account>:logging-configuration/<id>"
                ],
            ),
            (
                [LOGGING_ARN.replace(REGION, "eu-west-1")],
                [
                    f"{IDENTIFIERS}[0]: {LOGGING_ARN.replace(REGION, 'eu-west-1')!r} is in region eu-west-1: "
                    "it must be in the region of this task, us-east-1"
                ],
            ),
        ],
    )
    def test_bad(self, identifiers, expected):
        assert validate_identifiers(IDENTIFIERS, identifiers, REGION) == expected


class TestDestination:
    def validate(self, destination, place=""):
        return validate_resource(LOGGING_CONFIGURATION, {"destination_configuration": destination}, REGION, place)

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
        assert self.validate(destination) == []

    @pytest.mark.parametrize(
        ("destination", "found"),
        [
            ({}, "no destination"),
            ({"s3": None, "firehose": None}, "no destination"),
            ({"s3": {"bucket_name": "logs"}, "firehose": {"delivery_stream_name": "s"}}, "s3 and firehose"),
        ],
    )
    def test_exactly_one(self, destination, found):
        assert self.validate(destination) == [
            f"destination_configuration: {found} given: specify exactly one of s3, cloud_watch_logs, firehose"
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
        (error,) = self.validate(destination, "x.")
        assert error.startswith(start)


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
        assert validate_tags(tags) == []

    @pytest.mark.parametrize(
        ("tags", "expected"),
        [
            (
                {f"k{number}": "v" for number in range(51)},
                "p.tags: 51 tags are too many: the maximum is 50",
            ),
            ({"": "v"}, f"p.tags['']: the key has 0 characters: it must have {TAG_KEY.rule}"),
            (
                {"k" * 129: "v"},
                f"p.tags[{'k' * 64!r}]: the key has 129 characters: it must have 1 to 128 characters",
            ),
            ({"k": "v" * 257}, "p.tags['k']: the value has 257 characters: it must have at most 256 characters"),
            ({"k": None}, "p.tags['k']: null is not valid: it must be a string (use \"\" for an empty value)"),
            ({"k": ["v"]}, "p.tags['k']: ['v'] is not valid: it must be a string (use \"\" for an empty value)"),
            ({"k": {}}, "p.tags['k']: {} is not valid: it must be a string (use \"\" for an empty value)"),
            (
                {"AWS:x": "v"},
                "p.tags['AWS:x']: the key is not valid: it must not start with \"aws:\", which is reserved for AWS",
            ),
        ],
    )
    def test_bad(self, tags, expected):
        assert validate_tags(tags, "p.") == [expected]

    def test_filter_may_name_tags_of_aws(self):
        assert validate_tags({"aws:cloudformation:stack-name": "x"}, as_filter=True) == []
        assert len(validate_tags({"k": None}, as_filter=True)) == 1

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


def test_all_errors_of_a_room_are_reported_at_once():
    params = {
        "arn": "AbCdEf123456",
        "name": "a b",
        "maximum_message_length": 0,
        "maximum_message_rate_per_second": 101,
        "message_review_handler": {"uri": "review", "fallback_result": None},
        IDENTIFIERS: ["a", "b", "c", "d"],
        "tags": {"k": None},
    }
    found = validate_resource(ROOM, params, REGION, "rooms[3].")
    assert [error.split(": ", maxsplit=1)[0] for error in found] == [
        "rooms[3].arn",
        "rooms[3].name",
        "rooms[3].maximum_message_length",
        "rooms[3].maximum_message_rate_per_second",
        "rooms[3].message_review_handler.uri",
        f"rooms[3].{IDENTIFIERS}",
        "rooms[3].tags['k']",
    ]
    assert validate_resource(ROOM, dict.fromkeys(params), REGION) == []


def test_filters():
    good = {"name": "", "arns": [ROOM_ARN], "tags": {"aws:x": "y"}}
    assert validate_filters(ROOM, good, REGION) == validate_filters(ROOM, dict.fromkeys(good), REGION) == []
    bad = {"name": "a b", "arns": [ROOM_ARN, "AbCdEf123456"], "tags": {"k": None}}
    assert [error.split(": ")[0] for error in validate_filters(ROOM, bad, REGION)] == ["name", "arns[1]", "tags['k']"]
