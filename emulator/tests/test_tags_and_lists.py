# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from emulator.tests.helpers import listed, plain, refused
from ivschat_emulator import Emulator


@pytest.fixture(params=["room", "logging configuration"])
def resource(request: Any, ivschat: Any, bucket: dict[str, Any]) -> tuple[str, Any]:
    """ARN and Get operation of a resource of each kind, with one tag."""
    if request.param == "room":
        return ivschat.create_room(tags={"a": "1"})["arn"], ivschat.get_room
    created = ivschat.create_logging_configuration(destinationConfiguration=bucket, tags={"a": "1"})
    return created["arn"], ivschat.get_logging_configuration


class TestTags:
    def test_tags(self, ivschat: Any, resource: tuple[str, Any]) -> None:
        arn, get = resource
        before = get(identifier=arn)
        response = ivschat.tag_resource(resourceArn=arn, tags={"b c": "2", "e&f": "", "A": "1"})
        assert response["ResponseMetadata"]["HTTPHeaders"]["content-length"] == "0"
        wanted = {"a": "1", "b c": "2", "e&f": "", "A": "1"}
        assert plain(ivschat.list_tags_for_resource(resourceArn=arn)) == {"tags": wanted}
        ivschat.tag_resource(resourceArn=arn, tags={"a": "new"})
        ivschat.untag_resource(resourceArn=arn, tagKeys=["b c", "e&f", "not there"])
        after = get(identifier=arn)
        assert after["tags"] == {"a": "new", "A": "1"}
        assert after["updateTime"] == before["updateTime"]
        ivschat.untag_resource(resourceArn=arn, tagKeys=[])
        ivschat.untag_resource(resourceArn=arn, tagKeys=["a", "A"])
        assert get(identifier=arn)["tags"] == {}

    def test_fifty_in_all(self, ivschat: Any, resource: tuple[str, Any]) -> None:
        arn, get = resource
        ivschat.tag_resource(resourceArn=arn, tags={f"k{number}": "" for number in range(49)})
        ivschat.tag_resource(resourceArn=arn, tags={"a": "changed"})
        error = refused(ivschat.tag_resource, resourceArn=arn, tags={"one-more": ""})
        assert (error["code"], error["fieldList"][0]["name"]) == ("ValidationException", "tags")
        assert len(get(identifier=arn)["tags"]) == 50

    def test_reserved_keys(self, ivschat: Any, resource: tuple[str, Any], bucket: dict[str, Any]) -> None:
        for call, parameters in (
            (ivschat.tag_resource, {"resourceArn": resource[0]}),
            (ivschat.create_room, {}),
            (ivschat.create_logging_configuration, {"destinationConfiguration": bucket}),
        ):
            for key in ("aws:x", "AWS:x"):
                assert refused(call, tags={key: "1"}, **parameters)["code"] == "ValidationException"
            error = refused(ivschat.untag_resource, resourceArn=resource[0], tagKeys=["aws:x"])
            assert error["code"] == "ValidationException"


class TestLists:
    def test_newest_update_first(self, ivschat: Any, bucket: dict[str, Any]) -> None:
        rooms = [ivschat.create_room()["arn"] for _each in range(3)]
        ivschat.update_room(identifier=rooms[1], name="new")
        assert [room["arn"] for room in listed(ivschat.list_rooms)] == [rooms[1], rooms[2], rooms[0]]
        create = ivschat.create_logging_configuration
        configurations = [create(destinationConfiguration=bucket)["arn"] for _each in range(3)]
        ivschat.update_logging_configuration(identifier=configurations[0], name="new")
        assert [item["arn"] for item in listed(ivschat.list_logging_configurations)] == [
            configurations[0],
            configurations[2],
            configurations[1],
        ]

    def test_pages(self, ivschat: Any, emulator: Emulator) -> None:
        arns = [ivschat.create_room(name="a" if number % 2 else "b")["arn"] for number in range(7)]
        newest_first = arns[::-1]
        assert "nextToken" not in ivschat.list_rooms(maxResults=7)
        first = ivschat.list_rooms(maxResults=3)
        assert [room["arn"] for room in first["rooms"]] == newest_first[:3]
        second = ivschat.list_rooms(maxResults=1, nextToken=first["nextToken"])
        assert [room["arn"] for room in second["rooms"]] == newest_first[3:4]
        assert [room["arn"] for room in listed(ivschat.list_rooms, maxResults=2)] == newest_first
        assert len(listed(ivschat.list_rooms, maxResults=1, name="a")) == 3
        assert len(ivschat.list_rooms(nextToken="")["rooms"]) == 7
        emulator.set(page_size=2)
        assert len(ivschat.list_rooms()["rooms"]) == 2
        assert [room["arn"] for room in listed(ivschat.list_rooms)] == newest_first

    def test_fifty_a_page(self, ivschat: Any) -> None:
        for _each in range(51):
            ivschat.create_room()
        assert len(ivschat.list_rooms()["rooms"]) == 50
        assert len(listed(ivschat.list_rooms)) == 51

    def test_token_belongs_to_its_call(self, ivschat: Any, bucket: dict[str, Any]) -> None:
        for _each in range(2):
            ivschat.create_room(name="a")
            ivschat.create_logging_configuration(destinationConfiguration=bucket)
        token = ivschat.list_rooms(maxResults=1)["nextToken"]
        for call, parameters in (
            (ivschat.list_rooms, {"name": "a", "nextToken": token}),
            (ivschat.list_logging_configurations, {"nextToken": token}),
            (ivschat.list_rooms, {"nextToken": "garbage"}),
            (ivschat.list_rooms, {"nextToken": token[:-4]}),
            (ivschat.list_rooms, {"nextToken": "\u00e9" * 10}),
            (ivschat.list_rooms, {"nextToken": "w6k="}),  # Not ASCII when it is decoded.
            (ivschat.list_rooms, {"nextToken": "\ud83d"}),
        ):
            error = refused(call, **parameters)
            assert (error["code"], error["fieldList"][0]["name"]) == ("ValidationException", "nextToken")

    def test_filters_are_exact(self, ivschat: Any, bucket: dict[str, Any], handler: str) -> None:
        logs = ivschat.create_logging_configuration(destinationConfiguration=bucket)["arn"]
        arns = {
            "name": ivschat.create_room(name="Lobby")["arn"],
            "longer": ivschat.create_room(name="Lobby2")["arn"],
            "handler": ivschat.create_room(messageReviewHandler={"uri": handler})["arn"],
            "logs": ivschat.create_room(loggingConfigurationIdentifiers=[logs])["arn"],
        }
        for filters, wanted in (
            ({"name": "Lobby"}, ["name"]),
            ({"name": "lobby"}, []),
            ({"name": "Lob"}, []),
            ({"messageReviewHandlerUri": handler}, ["handler"]),
            ({"messageReviewHandlerUri": handler + "2"}, []),
            ({"loggingConfigurationIdentifier": logs}, ["logs"]),
            ({"loggingConfigurationIdentifier": logs, "name": "Lobby"}, []),
        ):
            assert [room["arn"] for room in listed(ivschat.list_rooms, **filters)] == [arns[key] for key in wanted]
