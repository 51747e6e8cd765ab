# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes of somebody else's between two calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.tests.chat import Chat
from emulator.tests.helpers import listed, refused
from ivschat_emulator import Emulator


def names(rooms: list[dict[str, Any]]) -> list[str]:
    return [room["name"] for room in rooms]


@pytest.mark.parametrize(
    ("page", "read"),
    [(1, ["d", "c", "b"]), (2, ["d", "c", "b", "a"]), (3, ["d", "c", "b", "a"])],
)
def test_a_room_slips_to_the_front_after_a_page(ivschat: Any, emulator: Emulator, page: int, read: list[str]) -> None:
    for name in "abcd":
        ivschat.create_room(name=name)
    emulator.intervene("ListRooms", "UpdateRoom", skip=page - 1, identifier="a")
    assert names(listed(ivschat.list_rooms, maxResults=2)) == read
    assert names(listed(ivschat.list_rooms)) == (["a", "d", "c", "b"] if page < 3 else ["d", "c", "b", "a"])


@pytest.mark.parametrize(("when", "seen"), [("before", "new"), ("after", "old")])
def test_before_and_after(ivschat: Any, emulator: Emulator, when: str, seen: str) -> None:
    arn = ivschat.create_room(name="old")["arn"]
    emulator.intervene("GetRoom", "UpdateRoom", when=when, identifier=arn, name="new")
    assert ivschat.get_room(identifier=arn)["name"] == seen
    assert ivschat.get_room(identifier=arn)["name"] == "new"


def test_every_kind_of_change(ivschat: Any, emulator: Emulator, bucket: dict[str, Any]) -> None:
    logs = ivschat.create_logging_configuration(name="logs", destinationConfiguration=bucket)["arn"]
    room = ivschat.create_room(name="lobby", tags={"a": "1"})["arn"]
    for action, parameters in (
        ("TagResource", {"resourceArn": "lobby", "tags": {"b": "2"}}),
        ("TagResource", {"resourceArn": "logs", "tags": {"c": "3"}}),
        ("UntagResource", {"resourceArn": "lobby", "tagKeys": ["a"]}),
        ("CreateRoom", {"name": "second"}),
        ("UpdateLoggingConfiguration", {"identifier": "logs", "name": "renamed"}),
        ("DeleteRoom", {"identifier": "second"}),
    ):
        emulator.intervene("GetRoom", action, **parameters)
    calls = len(emulator.calls())
    ivschat.get_room(identifier=room)
    assert len(emulator.calls()) == calls + 1  # Actions are no calls.
    assert ivschat.get_room(identifier=room)["tags"] == {"b": "2"}
    shown = ivschat.get_logging_configuration(identifier=logs)
    assert (shown["name"], shown["tags"]) == ("renamed", {"c": "3"})
    assert names(listed(ivschat.list_rooms)) == ["lobby"]


def test_results_count_and_skip(ivschat: Any, emulator: Emulator) -> None:
    emulator.intervene("ListRooms", "CreateRoom", count=2, skip=1, name="same-name")
    assert [len(ivschat.list_rooms()["rooms"]) for _each in range(5)] == [0, 0, 1, 2, 2]
    [shown] = emulator.interventions()
    duplicates = listed(ivschat.list_rooms, name="same-name")
    assert [result["arn"] for result in shown["results"]] == [room["arn"] for room in duplicates[::-1]]
    assert shown["results"][0]["createTime"] < shown["results"][1]["createTime"]


def test_each_counts_calls_on_its_own(ivschat: Any, emulator: Emulator) -> None:
    emulator.intervene("ListRooms", "CreateRoom", skip=1, name="a")
    emulator.intervene("ListRooms", "CreateRoom", name="b")
    emulator.intervene("*", "CreateRoom", name="c", when="before")
    assert [names(ivschat.list_rooms()["rooms"]) for _each in "123"] == [["c"], ["b", "c"], ["a", "b", "c"]]


def test_a_name_means_the_resource_updated_last(ivschat: Any, emulator: Emulator) -> None:
    first, second = (ivschat.create_room(name="same-name")["arn"] for _each in "12")
    ivschat.update_room(identifier=first)
    emulator.intervene("GetRoom", "DeleteRoom", identifier="same-name")
    ivschat.get_room(identifier=second)
    assert [room["arn"] for room in listed(ivschat.list_rooms)] == [second]


@pytest.mark.parametrize(("when", "left"), [("before", ["a"]), ("after", ["a", "mine"])])
def test_beside_a_call_that_fails(ivschat: Any, emulator: Emulator, when: str, left: list[str]) -> None:
    emulator.fault("CreateRoom", "InternalServerException", when=when)
    emulator.intervene("CreateRoom", "CreateRoom", name="a")
    assert refused(ivschat.create_room, name="mine")["code"] == "InternalServerException"
    assert names(listed(ivschat.list_rooms)) == left


def test_in_the_region_of_the_call(ivschat: Any, emulator: Emulator, clients: Callable[..., Any]) -> None:
    emulator.intervene("ListRooms", "CreateRoom", name="far")
    elsewhere = clients(region="eu-west-1")
    elsewhere.list_rooms()
    assert (listed(ivschat.list_rooms), names(listed(elsewhere.list_rooms))) == ([], ["far"])


@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("DeleteRoom", {"identifier": "nobody"}),
        ("CreateRoom", {"name": "a b"}),
        ("DeleteRoom", {}),
        ("UpdateRoom", {"identifier": "arn:aws:ivschat:us-east-1:123456789012:room/none"}),
    ],
)
def test_a_refused_action_is_no_secret(
    ivschat: Any, emulator: Emulator, action: str, parameters: dict[str, Any]
) -> None:
    emulator.intervene("ListRooms", action, **parameters)
    assert refused(ivschat.list_rooms)["code"] == "EmulatorError"
    emulator.forget_calls()


def test_reset_and_delete(ivschat: Any, emulator: Emulator) -> None:
    for forget in (emulator.reset, lambda: emulator.request("DELETE", "ivschat/interventions")):
        emulator.intervene("ListRooms", "CreateRoom")
        forget()
        assert emulator.interventions() == []
        ivschat.list_rooms()
        assert listed(ivschat.list_rooms) == []


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"operation": "ListRums"}, "operation"),
        ({"action": "*"}, "action"),
        ({"action": None}, "action"),
        ({"parameters": {"Name": "a"}}, "parameters"),
        ({"parameters": []}, "parameters"),
        ({"when": "during"}, "when"),
        ({"count": 0}, "count"),
        ({"skip": -1}, "skip"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_intervention(emulator: Emulator, bad: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        emulator.request("POST", "ivschat/interventions", {"operation": "ListRooms", "action": "CreateRoom", **bad})
    assert emulator.interventions() == []


def test_clients_receive_what_an_intervention_sends(ivschat: Any, emulator: Emulator) -> None:
    with Chat(emulator, ivschat, name="lobby") as lobby:
        ann = lobby.join()
        emulator.intervene("GetRoom", "SendEvent", roomIdentifier="lobby", eventName="meanwhile")
        ivschat.get_room(identifier=lobby.room)
        assert ann.receive()["EventName"] == "meanwhile"


def test_handshakes_have_no_interventions(ivschat: Any, emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="Connect"):
        emulator.intervene("Connect", "CreateRoom")
    with Chat(emulator, ivschat) as lobby:
        emulator.intervene("*", "CreateRoom", skip=1)
        lobby.join()  # A call, and the handshake.
        assert len(ivschat.list_rooms()["rooms"]) == 1
        assert len(ivschat.list_rooms()["rooms"]) == 2
