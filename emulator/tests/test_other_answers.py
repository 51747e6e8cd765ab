# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings by which the emulator answers in the other way where the documents leave it open."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from emulator.tests.helpers import listed, refused
from ivschat_emulator import Emulator

EMPTY_HANDLER = {"uri": "", "fallbackResult": "ALLOW"}
UNKNOWN = "arn:aws:ivschat:us-east-1:123456789012:logging-configuration/none"
Times = tuple[datetime, datetime]


def times(shown: dict[str, Any]) -> Times:
    return shown["createTime"], shown["updateTime"]


def moved(moments: Times, seconds: float) -> Times:
    return moments[0] + timedelta(seconds=seconds), moments[1] + timedelta(seconds=seconds)


class TestTimes:
    def test_whole_seconds_in_lists_only(self, ivschat: Any, emulator: Emulator, bucket: dict[str, Any]) -> None:
        emulator.set(times={"list": {"unit": 1}})
        rooms = [ivschat.create_room() for _each in range(5)]
        configuration = ivschat.create_logging_configuration(destinationConfiguration=bucket)
        assert times(ivschat.get_room(identifier=rooms[0]["arn"])) == times(rooms[0])
        for shown, created in (
            *zip(listed(ivschat.list_rooms, maxResults=2), rooms[::-1], strict=True),  # Still in order.
            *zip(listed(ivschat.list_logging_configurations), [configuration], strict=True),
        ):
            assert shown["arn"] == created["arn"]
            assert times(shown) == tuple(moment.replace(microsecond=0) for moment in times(created))
        assert any(moment.microsecond for room in rooms for moment in times(room))

    def test_each_view_shows_other_times(self, ivschat: Any, emulator: Emulator, bucket: dict[str, Any]) -> None:
        emulator.set(times={"write": {"offset": 0.004}, "list": {"offset": -2}})
        create = ivschat.create_logging_configuration
        for created, get, update, lists in (
            (ivschat.create_room(), ivschat.get_room, ivschat.update_room, ivschat.list_rooms),
            (
                create(destinationConfiguration=bucket),
                ivschat.get_logging_configuration,
                ivschat.update_logging_configuration,
                ivschat.list_logging_configurations,
            ),
        ):
            arn = created["arn"]
            assert times(created) == moved(times(get(identifier=arn)), 0.004)
            updated = update(identifier=arn)
            true = times(get(identifier=arn))
            assert times(updated) == moved(true, 0.004)
            assert times(listed(lists)[0]) == moved(true, -2)

    def test_offset_and_unit_round_to_the_nearest(self, ivschat: Any, emulator: Emulator) -> None:
        true = ivschat.create_room()["createTime"]
        emulator.set(times={"get": {"offset": 0.05, "unit": 0.1}})
        shown = ivschat.get_room(identifier=listed(ivschat.list_rooms)[0]["arn"])["createTime"]
        assert shown.microsecond % 100_000 == 0 and abs(shown - true) <= timedelta(seconds=0.05)

    def test_token_times_stay(self, ivschat: Any, emulator: Emulator) -> None:
        arn = ivschat.create_room()["arn"]
        emulator.set(times={"write": {"offset": 3600}})
        token = ivschat.create_chat_token(roomIdentifier=arn, userId="u")
        created = ivschat.get_room(identifier=arn)["createTime"]
        assert token["tokenExpirationTime"] - created < timedelta(minutes=10)


class TestUnsetMembers:
    @pytest.mark.parametrize(
        ("how", "never_set", "emptied"),
        [
            ("as_written", {}, {"name": "", "messageReviewHandler": EMPTY_HANDLER}),
            ("absent", {}, {}),
            ("empty", *[{"name": "", "messageReviewHandler": EMPTY_HANDLER}] * 2),
        ],
    )
    @pytest.mark.parametrize("of_list", ["absent", "empty", "as_written"])
    def test_room(self, ivschat: Any, emulator: Emulator, how: str, never_set: Any, emptied: Any, of_list: str) -> None:
        emulator.set(
            unset_members={"name": how, "messageReviewHandler": how, "loggingConfigurationIdentifiers": of_list}
        )
        names = ("name", "messageReviewHandler", "loggingConfigurationIdentifiers")

        def views(response: dict[str, Any]) -> list[dict[str, Any]]:
            arn = response["arn"]
            shown = [response, ivschat.get_room(identifier=arn), listed(ivschat.list_rooms)[0]]
            return [{name: item[name] for name in names if name in item} for item in shown]

        no_list = {"loggingConfigurationIdentifiers": []}
        created = ivschat.create_room()
        assert views(created) == [{**never_set, **(no_list if of_list == "empty" else {})}] * 3
        emptying = {"name": "", "messageReviewHandler": {"uri": ""}, "loggingConfigurationIdentifiers": []}
        updated = ivschat.update_room(identifier=created["arn"], **emptying)
        assert views(updated) == [{**emptied, **({} if of_list == "absent" else no_list)}] * 3

    def test_values_stay(self, ivschat: Any, emulator: Emulator, bucket: dict[str, Any], handler: str) -> None:
        logs = ivschat.create_logging_configuration(name="logs", destinationConfiguration=bucket)["arn"]
        wanted = {
            "name": "lobby",
            "messageReviewHandler": {"uri": handler, "fallbackResult": "DENY"},
            "loggingConfigurationIdentifiers": [logs],
        }
        arn = ivschat.create_room(**wanted)["arn"]
        for how in ("absent", "empty"):
            emulator.set(unset_members=dict.fromkeys(wanted, how))
            shown = ivschat.get_room(identifier=arn)
            assert {name: shown[name] for name in wanted} == wanted

    def test_logging_configuration(self, ivschat: Any, emulator: Emulator, bucket: dict[str, Any]) -> None:
        created = ivschat.create_logging_configuration(destinationConfiguration=bucket)
        assert "name" not in created
        emulator.set(unset_members={"name": "empty"})
        assert ivschat.get_logging_configuration(identifier=created["arn"])["name"] == ""
        assert listed(ivschat.list_logging_configurations)[0]["name"] == ""


class TestRefusals:
    @pytest.mark.parametrize(("code", "status"), [("ResourceNotFoundException", 404), ("ValidationException", 400)])
    def test_unknown(self, ivschat: Any, emulator: Emulator, bucket: dict[str, Any], code: str, status: int) -> None:
        emulator.set(refusals={"unknown_logging_configuration": code, "unknown_destination": code})
        arn = ivschat.create_room()["arn"]
        logs = ivschat.create_logging_configuration(destinationConfiguration=bucket)["arn"]
        for call, parameters in (
            (ivschat.create_room, {"loggingConfigurationIdentifiers": [UNKNOWN]}),
            (ivschat.update_room, {"identifier": arn, "loggingConfigurationIdentifiers": [UNKNOWN]}),
            (ivschat.create_logging_configuration, {"destinationConfiguration": {"s3": {"bucketName": "none"}}}),
            (
                ivschat.update_logging_configuration,
                {"identifier": logs, "destinationConfiguration": {"firehose": {"deliveryStreamName": "none"}}},
            ),
        ):
            error = refused(call, **parameters)
            assert (error["code"], error["status"]) == (code, status)
        for call in (ivschat.get_logging_configuration, ivschat.delete_logging_configuration):
            assert refused(call, identifier=UNKNOWN)["status"] == 404

    @pytest.mark.parametrize("code", ["ConflictException", "ValidationException", None])
    def test_in_use(self, ivschat: Any, emulator: Emulator, bucket: dict[str, Any], code: str | None) -> None:
        emulator.set(refusals={"logging_configuration_in_use": code})
        logs = ivschat.create_logging_configuration(destinationConfiguration=bucket)["arn"]
        arn = ivschat.create_room(loggingConfigurationIdentifiers=[logs])["arn"]
        if code:
            assert refused(ivschat.delete_logging_configuration, identifier=logs)["code"] == code
        else:
            ivschat.delete_logging_configuration(identifier=logs)
        assert len(listed(ivschat.list_logging_configurations)) == (code is not None)
        assert ivschat.get_room(identifier=arn)["loggingConfigurationIdentifiers"] == [logs]


def test_tags_set_update_time(ivschat: Any, emulator: Emulator) -> None:
    emulator.set(tags_set_update_time=True)
    arn, other = (ivschat.create_room(tags={"a": "1"})["arn"] for _each in "12")
    seen = [ivschat.get_room(identifier=arn)]
    ivschat.tag_resource(resourceArn=arn, tags={"b": "2"})
    seen.append(ivschat.get_room(identifier=arn))
    assert [room["arn"] for room in listed(ivschat.list_rooms)] == [arn, other]
    ivschat.untag_resource(resourceArn=arn, tagKeys=["a"])
    seen.append(ivschat.get_room(identifier=arn))
    assert seen[0]["updateTime"] < seen[1]["updateTime"] < seen[2]["updateTime"]
    assert seen[2]["tags"] == {"b": "2"}


@pytest.mark.parametrize("bad", ["!", "a&b", "#", "\U0001f600", "a\tb", "(", "*"])
def test_tag_characters(ivschat: Any, emulator: Emulator, bucket: dict[str, Any], bad: str) -> None:
    arn = ivschat.create_room(tags={bad: bad})["arn"]
    emulator.set(tag_characters="documented")
    ivschat.tag_resource(
        resourceArn=arn, tags={"Gr\u00f6\u00dfe 1_.:/=+-@": "\u65e5\u672c \u0663_.:/=+-@", "empty": ""}
    )
    create = ivschat.create_logging_configuration
    for call, parameters in (
        (ivschat.create_room, {"tags": {bad: "x"}}),
        (create, {"tags": {"x": bad}, "destinationConfiguration": bucket}),
        (ivschat.tag_resource, {"tags": {"x": bad}, "resourceArn": arn}),
        (ivschat.untag_resource, {"tagKeys": [bad], "resourceArn": arn}),
    ):
        error = refused(call, **parameters)
        assert (error["code"], error["status"]) == ("ValidationException", 400)
        assert error["fieldList"][0]["name"] in parameters
    assert len(ivschat.get_room(identifier=arn)["tags"]) == 3


def test_logging_configurations_by_arn(ivschat: Any, emulator: Emulator, bucket: dict[str, Any]) -> None:
    create = ivschat.create_logging_configuration
    arns = [create(destinationConfiguration=bucket)["arn"] for _each in range(8)]
    rooms = [ivschat.create_room()["arn"] for _each in range(8)]
    emulator.set(logging_configurations_by="arn")
    found = [item["arn"] for item in listed(ivschat.list_logging_configurations, maxResults=3)]
    assert found == sorted(arns, reverse=True)
    assert [room["arn"] for room in listed(ivschat.list_rooms, maxResults=3)] == rooms[::-1]


@pytest.mark.parametrize("operation", ["list_rooms", "list_logging_configurations"])
def test_next_token_repeats(ivschat: Any, emulator: Emulator, bucket: dict[str, Any], operation: str) -> None:
    emulator.set(repeat_next_token=True, page_size=2)
    for _each in range(3):
        ivschat.create_room()
        ivschat.create_logging_configuration(destinationConfiguration=bucket)
    call = getattr(ivschat, operation)
    token = call()["nextToken"]
    assert [call(nextToken=token)["nextToken"] for _each in "12"] == [token, token]
    emulator.set(page_size=50)
    assert "nextToken" not in call()
