# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For any current state and any options: check mode predicts the run, and a second run has nothing to do. Over HTTP.

The pure part of this, on many more cases, is tests/unit/plugins/module_utils/test_properties.py.
"""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_letters
from typing import Any

import botocore.session
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivschat_emulator import Emulator
from tests.support.environment import ACCOUNT, REGION
from tests.support.harness import Run
from tests.support.service import (
    create_logging_configuration,
    holdings,
    list_logging_configurations,
    list_rooms,
)

NAMES = st.text(ascii_letters + "-_", max_size=6)
TAGS = st.dictionaries(st.sampled_from(["a", "A", "team"]), st.sampled_from(["", "1", "😀"]))
LOGGING = ["one", "two", "three"]
FUNCTIONS = [f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}" for name in ("first", "second")]
BUCKETS = st.sampled_from([{"s3": {"bucket_name": name}} for name in ("bucket-1", "bucket-2")])
HANDLERS = st.fixed_dictionaries(
    {}, optional={"uri": st.sampled_from(["", *FUNCTIONS]), "fallback_result": st.sampled_from(["ALLOW", "DENY"])}
)
OPTIONS = {
    "room": st.fixed_dictionaries(
        {},
        optional={
            "maximum_message_length": st.integers(1, 500),
            "maximum_message_rate_per_second": st.integers(1, 100),
            "message_review_handler": HANDLERS,
            "logging_configuration_identifiers": st.lists(st.sampled_from(LOGGING), max_size=3, unique=True),
            "tags": TAGS,
            "purge_tags": st.booleans(),
        },
    ),
    "logging_configuration": st.fixed_dictionaries(
        {}, optional={"destination_configuration": BUCKETS, "tags": TAGS, "purge_tags": st.booleans()}
    ),
}
# The state before, as a declaration too, or none; then how the task finds the resource.
BEFORE = {
    "room": st.none() | OPTIONS["room"],
    "logging_configuration": st.none()
    | OPTIONS["logging_configuration"].map(lambda options: {"destination_configuration": BUCKETS_FIRST, **options}),
}
BUCKETS_FIRST = {"s3": {"bucket_name": "bucket-1"}}
IDENTITIES = st.sampled_from(["by name", "by ARN", "rename"])
CASES = {"room": 120, "logging_configuration": 100}


def few(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@pytest.fixture
def logging_arns(shared_clients: None, clients: Callable[..., Any], function: Callable[..., str]) -> dict[str, str]:
    """Logging configurations that options can name, their ARNs by name; buckets and functions too."""
    for bucket in ("bucket-1", "bucket-2"):
        clients("s3").create_bucket(Bucket=bucket)
    assert [function("first"), function("second")] == FUNCTIONS
    destination = {"s3": {"bucketName": "bucket-1"}}
    return {
        name: create_logging_configuration(clients(), name, destinationConfiguration=destination) for name in LOGGING
    }


def delete_others(client: Any, kept: dict[str, str]) -> None:
    """Delete what the last case has left behind."""
    for room in list_rooms(client):
        client.delete_room(identifier=room["arn"])
    for configuration in list_logging_configurations(client):
        if configuration["arn"] not in kept.values():
            client.delete_logging_configuration(identifier=configuration["arn"])


@pytest.mark.parametrize("kind", list(CASES))
def test_any_declaration(
    kind: str, logging_arns: dict[str, str], run: Run, apply: Run, emulator: Emulator, chat: Any
) -> None:
    def held() -> list[dict[str, Any]]:
        everything = holdings(chat)["rooms" if kind == "room" else "logging"]
        return [resource for resource in everything if resource["name"] not in LOGGING]

    @few(CASES[kind])
    @given(before=BEFORE[kind], options=OPTIONS[kind], identity=IDENTITIES)
    def check(before: dict[str, Any] | None, options: dict[str, Any], identity: str) -> None:
        delete_others(chat, logging_arns)
        emulator.forget_calls()
        identified, was, name = {"name": "it"}, None, "it"
        if before is not None:
            was = run(f"ivschat_{kind}", name="it", wait=False, **before)[kind]
            if identity != "by name":
                identified = {"arn": was["arn"]}
            if identity == "rename":
                identified["name"] = name = "other"
        elif kind == "logging_configuration":
            options = {"destination_configuration": BUCKETS_FIRST, **options}
        result = apply(f"ivschat_{kind}", **identified, **options)[kind]
        (left,) = held()
        assert left["name"] == result["name"] == name
        assert left["tags"] == result["tags"]
        if was is None:
            return
        assert result["arn"] == was["arn"]
        for option in set(was) - {"update_time"} - set(options) - set(identified):
            assert result[option] == was[option], "an option that is not set changes nothing"

    check()


# Values that the service's model refuses, derived from its limits.

MODEL = botocore.session.Session().get_service_model("ivschat")


def members(operation: str) -> Any:
    return MODEL.operation_model(operation).input_shape.members


def beyond(shape: Any) -> st.SearchStrategy[Any]:
    """Values outside a shape's size or pattern."""
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max")
    if shape.type_name == "integer":
        return st.integers(low - 1000, low - 1) | st.integers(high + 1, high + 1000)
    sizes = st.integers(high + 1, high + 20) | (st.integers(1, low - 1) if low > 1 else st.nothing())
    # None of the patterns knows these characters, and the one of a Lambda ARN begins otherwise.
    wrong = st.builds(lambda start, bad: start + bad, st.sampled_from(["", "abc", "a-b"]), st.sampled_from(" !é😀\n"))
    return sizes.map(lambda size: "a" * size) | wrong


ROOM, CONFIGURATION = members("CreateRoom"), members("CreateLoggingConfiguration")
DESTINATION = CONFIGURATION["destinationConfiguration"].members
REFUSED = st.one_of(
    *(
        beyond(ROOM[wire]).map(lambda value, option=option: ("room", option, value))
        for wire, option in (
            ("name", "name"),
            ("maximumMessageLength", "maximum_message_length"),
            ("maximumMessageRatePerSecond", "maximum_message_rate_per_second"),
        )
    ),
    beyond(CONFIGURATION["name"]).map(lambda value: ("logging_configuration", "name", value)),
    beyond(ROOM["messageReviewHandler"].members["uri"]).map(
        lambda value: ("room", "message_review_handler", {"uri": value})
    ),
    st.text(ascii_letters, min_size=1)
    .filter(lambda text: text not in ROOM["messageReviewHandler"].members["fallbackResult"].enum)
    .map(lambda value: ("room", "message_review_handler", {"fallback_result": value})),
    st.integers(ROOM["loggingConfigurationIdentifiers"].metadata["max"] + 1, 9).map(
        lambda count: ("room", "logging_configuration_identifiers", [f"entry-{number}" for number in range(count)])
    ),
    st.sampled_from(["room", "logging_configuration"]).flatmap(
        lambda kind: st.one_of(
            st.integers(ROOM["tags"].metadata["max"] + 1, 60).map(lambda count: {f"k{at}": "" for at in range(count)}),
            st.integers(ROOM["tags"].key.metadata["max"] + 1, 200).map(lambda size: {"k" * size: ""}),
            st.integers(ROOM["tags"].value.metadata["max"] + 1, 300).map(lambda size: {"k": "😀" * size}),
        ).map(lambda tags: (kind, "tags", tags))
    ),
    *(
        beyond(DESTINATION[wire].members[name]).map(
            lambda value, outer=outer, inner=inner: (
                "logging_configuration",
                "destination_configuration",
                {outer: {inner: value}},
            )
        )
        for wire, name, outer, inner in (
            ("s3", "bucketName", "s3", "bucket_name"),
            ("cloudWatchLogs", "logGroupName", "cloud_watch_logs", "log_group_name"),
            ("firehose", "deliveryStreamName", "firehose", "delivery_stream_name"),
        )
    ),
)


def test_any_value_that_the_model_refuses(shared_clients: None, run: Run, emulator: Emulator) -> None:
    @few(150)
    @given(REFUSED)
    def check(case: tuple[str, str, Any]) -> None:
        kind, option, value = case
        options = {"name": "it", option: value}
        predicted, result = (run(f"ivschat_{kind}", check=check_mode, **options) for check_mode in (True, False))
        assert predicted["failed"] and result["failed"] and predicted["msg"] == result["msg"]
        assert option.partition(".")[0] in result["msg"]
        assert emulator.calls(service=None) == []

    check()
