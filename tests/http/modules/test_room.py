# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ivschat_room: identity, options, waits."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import pytest
from ansible_collections.aws_ivs.chat.plugins.module_utils import _identity, _write

from tests.support.environment import ARN, UNKNOWN_LOGGING, UNKNOWN_ROOM
from tests.support.harness import failure_message, start_module, warnings_of
from tests.support.service import create_logging_configuration, operations


@pytest.fixture
def apply_room(apply):
    """apply_room(**options): `apply` for ivschat_room."""
    return partial(apply, "ivschat_room")


@pytest.fixture
def existing_rooms(room_info):
    """existing_rooms(): name and ARN of all rooms, sorted."""
    return lambda: sorted((room["name"], room["arn"]) for room in room_info())


@pytest.fixture
def logging_arns(chat, bucket):
    """ARNs of three logging configurations, by their names a, b and c."""
    return {name: create_logging_configuration(chat, name) for name in "abc"}


@pytest.fixture
def duplicates(chat, settled_duplicates):
    """Two rooms of one name."""
    return [chat.create_room(name="lobby") for _number in range(2)]


class TestIdentity:
    def test_none_of_that_name(self, apply_room, existing_rooms):
        room = apply_room(name="lobby")["room"]
        assert existing_rooms() == [("lobby", room["arn"])]
        assert {key: room[key] for key in room if key not in ("arn", "id", "create_time", "update_time")} == {
            "name": "lobby",
            "maximum_message_length": 500,
            "maximum_message_rate_per_second": 10,
            "message_review_handler": None,
            "logging_configuration_identifiers": [],
            "tags": {},
        }
        assert room["arn"] == f"{ARN}:room/{room['id']}"
        assert datetime.fromisoformat(room["create_time"]).tzinfo

    def test_one_of_that_name(self, apply_room, room, existing_rooms):
        others = [room(name=name)["room"] for name in ("Lobby", "lobby2", "lob")]
        mine = room(name="lobby")["room"]
        assert apply_room(name="lobby", maximum_message_length=7)["room"]["arn"] == mine["arn"]
        assert apply_room(name="lobby", state="absent")["room"] is None
        assert [arn for _name, arn in existing_rooms()] == [
            other["arn"] for other in sorted(others, key=lambda other: other["name"])
        ]

    def test_the_empty_name_identifies_nothing_and_takes_a_name_away(self, apply_room, room, chat, existing_rooms):
        lobby = room(name="lobby")["room"]
        nameless = chat.create_room()["arn"]
        for state in ("present", "absent"):  # by nothing, nothing is identified
            assert "identifies nothing" in failure_message(room(name="", maximum_message_length=7, state=state))
        assert apply_room(arn=nameless, name="", maximum_message_length=7)["room"]["arn"] == nameless
        deleted = apply_room(arn=nameless, state="absent")
        assert deleted["diff"]["after_header"] == f"room {nameless} (deleted)"
        assert existing_rooms() == [("lobby", lobby["arn"])]
        assert apply_room(arn=lobby["arn"], name="")["room"]["name"] == ""

    @pytest.mark.parametrize("check", [False, True])
    @pytest.mark.parametrize("state", ["present", "absent"])
    def test_many_of_that_name(self, room, duplicates, emulator, state, check):
        emulator.forget_calls()
        message = failure_message(room(name="lobby", state=state, maximum_message_length=7, check=check))
        assert message.startswith("name: 2 rooms are named 'lobby', so nothing was changed")
        for duplicate in duplicates:
            assert f"{duplicate['arn']} (created {duplicate['createTime'].isoformat()})" in message
        assert emulator.writes() == []

    def test_one_of_many_by_its_arn(self, apply_room, duplicates, existing_rooms):
        first, second = (duplicate["arn"] for duplicate in duplicates)
        apply_room(arn=second, maximum_message_length=7)
        apply_room(arn=first, state="absent")
        assert existing_rooms() == [("lobby", second)]

    def test_rename(self, apply_room, room, existing_rooms):
        arn = room(name="lobby")["room"]["arn"]
        result = apply_room(arn=arn, name="hall")
        assert result["room"]["arn"] == arn and existing_rooms() == [("hall", arn)]
        assert (result["diff"]["before_header"], result["diff"]["after_header"]) == (
            "room lobby",
            "room hall (renamed)",
        )
        assert apply_room(arn=arn, name="")["room"]["name"] == ""
        assert apply_room(arn=arn)["changed"] is False

    def test_rename_to_a_name_that_another_has(self, apply_room, room, existing_rooms):
        first, second = room(name="lobby")["room"], room(name="hall")["room"]
        apply_room(arn=second["arn"], name="lobby")
        assert existing_rooms() == sorted([("lobby", first["arn"]), ("lobby", second["arn"])])

    def test_unknown_arn_present(self, room, calls):
        message = failure_message(room(arn=UNKNOWN_ROOM, name="lobby"))
        assert message == (
            f"arn: there is no room {UNKNOWN_ROOM}, and an ARN cannot be created; specify only name to create one"
        )
        assert calls() == ["GetRoom"]

    def test_unknown_arn_absent(self, apply_room):
        result = apply_room(arn=UNKNOWN_ROOM, state="absent")
        assert result["changed"] is False and result["room"] is None


class TestFields:
    EVERYTHING = {"maximum_message_length": 200, "maximum_message_rate_per_second": 5, "tags": {"Stream": "main"}}

    @pytest.fixture
    def declared(self, function, logging_arns):
        """Every field, as a task declares it."""
        handler = {"uri": function(), "fallback_result": "DENY"}
        identifiers = [logging_arns["b"], logging_arns["a"]]
        options = {"message_review_handler": handler, "logging_configuration_identifiers": identifiers}
        return {"name": "lobby", **self.EVERYTHING, **options}

    @pytest.fixture
    def full(self, room, declared):
        """A room with every field set."""
        return room(**declared)["room"]

    def test_create(self, apply_room, declared, emulator):
        room = apply_room(**declared)["room"]
        identifiers = sorted(declared["logging_configuration_identifiers"])
        assert {key: room[key] for key in declared} == {**declared, "logging_configuration_identifiers": identifiers}
        (call,) = emulator.calls("CreateRoom")
        assert set(call["parameters"]) == {
            "name",
            "maximumMessageLength",
            "maximumMessageRatePerSecond",
            "messageReviewHandler",
            "loggingConfigurationIdentifiers",
            "tags",
        }

    def test_unset_is_left_alone(self, apply_room, full):
        result = apply_room(name="lobby")
        assert result["changed"] is False and result["room"] == full

    @pytest.mark.parametrize(
        ("options", "sent"),
        [
            ({"maximum_message_length": 201}, {"maximumMessageLength": 201}),
            ({"maximum_message_rate_per_second": 6}, {"maximumMessageRatePerSecond": 6}),
            ({"message_review_handler": {"uri": ""}}, {"messageReviewHandler": {"uri": ""}}),
            ({"logging_configuration_identifiers": []}, {"loggingConfigurationIdentifiers": []}),
            ({**EVERYTHING, "maximum_message_rate_per_second": 7}, {"maximumMessageRatePerSecond": 7}),
        ],
    )
    def test_only_what_differs_is_sent(self, apply_room, full, emulator, options, sent):
        emulator.forget_calls()
        result = apply_room(name="lobby", **options)
        (call,) = emulator.writes()
        assert call["operation"] == "UpdateRoom"
        assert call["parameters"] == {"identifier": full["arn"], **sent}
        kept = set(full) - set(options) - {"update_time"}
        assert {key: full[key] for key in kept} == {key: result["room"][key] for key in kept}
        user_fields = {key: full[key] for key in full if key not in ("arn", "id", "create_time", "update_time")}
        assert result["diff"]["before"] == user_fields
        assert result["diff"]["after"] == {key: result["room"][key] for key in user_fields}

    def test_no_diff_unless_asked_for(self, room):
        assert "diff" not in room(name="lobby")
        assert "diff" not in room(name="lobby", maximum_message_length=7, check=True)

    def test_absent(self, apply_room, full, existing_rooms):
        result = apply_room(name="lobby", state="absent")
        assert result["changed"] and result["room"] is None and existing_rooms() == []
        assert result["diff"]["before"]["tags"] == {"Stream": "main"} and result["diff"]["after"] == {}
        assert apply_room(name="lobby", state="absent")["changed"] is False


class TestHandler:
    def test_life(self, apply_room, function, emulator):
        first, second = function(), function("review-2")
        declare = partial(apply_room, name="lobby")

        def shown(**handler):
            return declare(message_review_handler=handler)["room"]["message_review_handler"]

        assert shown(uri=first) == {"uri": first, "fallback_result": "ALLOW"}
        assert shown(fallback_result="DENY") == {"uri": first, "fallback_result": "DENY"}
        assert shown(uri=second) == {"uri": second, "fallback_result": "DENY"}
        assert shown() == {"uri": second, "fallback_result": "DENY"}
        assert shown(uri="", fallback_result="ALLOW") is None
        # The service shows what was removed as a handler with an empty uri: that is none, and not a change.
        emulator.forget_calls()
        assert shown(uri="") is None and emulator.writes() == []

    def test_the_empty_uri_of_a_room_that_never_had_one(self, apply_room):
        assert apply_room(name="lobby", message_review_handler={"uri": ""})["room"]["message_review_handler"] is None

    @pytest.mark.parametrize("check", [False, True])
    def test_fallback_alone_has_no_effect_and_a_warning_says_so(self, room, check):
        room(name="lobby")
        result = room(name="lobby", message_review_handler={"fallback_result": "DENY"}, check=check)
        assert result["changed"] is False and result["room"]["message_review_handler"] is None
        assert "message_review_handler.fallback_result has no effect" in str(result["warnings"])

    @pytest.mark.parametrize("check", [False, True])
    def test_of_a_room_that_is_deleted_the_fallback_does_not_matter(self, room, check):
        room(name="lobby")
        result = room(name="lobby", message_review_handler={"fallback_result": "DENY"}, state="absent", check=check)
        assert result["changed"] and warnings_of(result) == []

    def test_an_empty_uri_says_that_the_fallback_is_not_wanted(self, room):
        """As a variable gives it that turns the handler on and off."""
        options = {"name": "lobby", "message_review_handler": {"uri": "", "fallback_result": "DENY"}}
        assert room(**options)["room"]["message_review_handler"] is None
        again = room(**options)
        assert again["changed"] is False and "warnings" not in again

    def test_permission_that_is_still_spreading(self, room, function, emulator, calls):
        uri = function()
        message = "Request member: uri failed to satisfy the constraints: invalid lambda permission"
        fault = {"operation": "CreateRoom", "error": "ValidationException", "message": message}
        emulator.request("POST", "ivschat/faults", fault)
        assert room(name="lobby", message_review_handler={"uri": uri})["changed"]
        assert calls() == ["ListRooms", "CreateRoom", "CreateRoom"]


class TestLoggingConfigurations:
    OPTION = "logging_configuration_identifiers"

    def test_names_and_arns(self, apply_room, logging_arns):
        def shown(*identifiers):
            return apply_room(name="lobby", logging_configuration_identifiers=identifiers)["room"][self.OPTION]

        assert shown("c", logging_arns["a"], "b") == sorted(logging_arns.values())
        assert apply_room(name="lobby", logging_configuration_identifiers=["b", "a", "c"])["changed"] is False
        assert shown("b") == [logging_arns["b"]]
        assert shown(logging_arns["a"], "c") == sorted([logging_arns["a"], logging_arns["c"]])
        assert shown() == []

    @pytest.mark.parametrize("existing", [False, True])
    def test_unknown_name(self, room, logging_arns, emulator, existing):
        if existing:
            room(name="lobby")
        emulator.forget_calls()
        message = failure_message(room(name="lobby", logging_configuration_identifiers=["a", "nope"]))
        assert message == f"{self.OPTION}: no logging configuration is named 'nope'"
        assert emulator.writes() == []

    @pytest.mark.parametrize("check", [False, True])
    def test_ambiguous_name(self, room, logging_arns, chat, emulator, check):
        duplicate = create_logging_configuration(chat, "a")
        emulator.forget_calls()
        message = failure_message(room(name="lobby", logging_configuration_identifiers=["a"], check=check))
        assert message.startswith(
            f"{self.OPTION}: 2 logging configurations are named 'a'; specify the ARN of one of them"
        )
        assert duplicate in message and logging_arns["a"] in message and "(created 20" in message
        assert emulator.writes() == []

    def test_one_that_is_being_deleted_has_no_name(self, apply_room, room, logging_arns, chat, emulator):
        duplicate = create_logging_configuration(chat, "a")
        emulator.set(transitions={"reads": 20})
        chat.delete_logging_configuration(identifier=duplicate)
        assert apply_room(name="lobby", logging_configuration_identifiers=["a"])["room"][self.OPTION] == [
            logging_arns["a"]
        ]
        chat.delete_logging_configuration(identifier=logging_arns["b"])
        assert "no logging configuration is named 'b'" in failure_message(
            room(name="hall", logging_configuration_identifiers=["b"])
        )

    @pytest.mark.parametrize("check", [False, True])
    def test_one_by_its_name_and_its_arn(self, room, logging_arns, emulator, check):
        emulator.forget_calls()
        message = failure_message(
            room(name="lobby", logging_configuration_identifiers=["a", logging_arns["a"]], check=check)
        )
        assert (
            message
            == f"{self.OPTION}: two entries identify {logging_arns['a']}: specify each logging configuration once"
        )
        assert emulator.writes() == []

    def test_unknown_arn(self, room, existing_rooms):
        message = failure_message(room(name="lobby", logging_configuration_identifiers=[UNKNOWN_LOGGING]))
        assert "ResourceNotFoundException" in message and existing_rooms() == []

    def test_no_names_no_list(self, room, logging_arns, calls):
        calls()
        assert room(name="lobby", logging_configuration_identifiers=list(logging_arns.values()))["changed"]
        assert calls() == ["ListRooms", "CreateRoom"]

    def test_not_resolved_for_absent(self, room, calls):
        room(name="lobby")
        calls()
        assert room(name="lobby", state="absent", logging_configuration_identifiers=["nope"])["changed"]
        assert calls() == ["ListRooms", "GetRoom", "DeleteRoom"]


class TestTags:
    @pytest.mark.parametrize(
        ("options", "tags", "writes"),
        [
            ({}, {"CamelKey": "1", "snake_key": "2"}, []),
            ({"tags": {}}, {}, ["UntagResource"]),
            ({"tags": {}, "purge_tags": False}, {"CamelKey": "1", "snake_key": "2"}, []),
            ({"tags": {"CamelKey": "1"}}, {"CamelKey": "1"}, ["UntagResource"]),
            ({"tags": {"CamelKey": "3"}, "purge_tags": False}, {"CamelKey": "3", "snake_key": "2"}, ["TagResource"]),
            ({"tags": {"camelKey": ""}}, {"camelKey": ""}, ["TagResource", "UntagResource"]),
            ({"resource_tags": {"n": 1, "yes": True}}, {"n": "1", "yes": "True"}, ["TagResource", "UntagResource"]),
            ({"tags": {"😀": "ä ö"}, "purge_tags": True}, {"😀": "ä ö"}, ["TagResource", "UntagResource"]),
        ],
    )
    def test_change(self, apply_room, room, emulator, options, tags, writes):
        room(name="lobby", tags={"CamelKey": "1", "snake_key": "2"})
        emulator.forget_calls()
        assert apply_room(name="lobby", **options)["room"]["tags"] == tags
        assert operations(emulator.writes()) == writes

    def test_create(self, apply_room, emulator):
        assert apply_room(name="lobby", tags={"CamelKey": "1"})["room"]["tags"] == {"CamelKey": "1"}
        assert operations(emulator.writes()) == ["CreateRoom"]

    @pytest.mark.parametrize("check", [False, True])
    def test_too_many_with_those_that_are_kept(self, room, emulator, check):
        room(name="lobby", tags={f"k{number}": "v" for number in range(50)})
        emulator.forget_calls()
        message = failure_message(room(name="lobby", tags={"one": "more"}, purge_tags=False, check=check))
        assert message == ("tags: the room would have 51 tags, including those that it keeps: the maximum is 50")
        assert emulator.writes() == []

    def test_the_last_one_is_replaced(self, apply_room, room, emulator):
        tags = {f"k{number}": "v" for number in range(50)}
        room(name="lobby", tags=tags)
        emulator.forget_calls()
        tags["new"] = tags.pop("k0")
        assert apply_room(name="lobby", tags=tags)["room"]["tags"] == tags
        assert operations(emulator.writes()) == ["UntagResource", "TagResource"]


class TestReadsThatDisagree:
    """List shows a room that Get does not find: created or deleted just now, and nobody can tell which."""

    @pytest.mark.parametrize("options", [{}, {"state": "absent"}])
    def test_it_is_looked_at_again(self, room, existing_rooms, emulator, options):
        emulator.set(lag={"get": {"reads": 2}})
        created = room(name="lobby")["room"]["arn"]
        assert room(name="lobby", **options)["changed"] is bool(options)
        emulator.set(lag={})
        assert existing_rooms() == ([] if options else [("lobby", created)])

    def test_a_list_that_lags_a_deletion_is_waited_for(self, room, chat, emulator):
        deleted = room(name="lobby")["room"]["arn"]
        emulator.set(lag={"list": {"reads": 2}})
        chat.delete_room(identifier=deleted)
        created = room(name="lobby")
        assert created["changed"] and created["room"]["arn"] != deleted
        assert operations(emulator.writes()) == ["CreateRoom", "DeleteRoom", "CreateRoom"]

    @pytest.mark.parametrize("check", [False, True])
    @pytest.mark.parametrize("options", [{}, {"maximum_message_length": 7}])
    def test_no_second_one_is_created(self, room, emulator, monkeypatch, options, check):
        monkeypatch.setattr(_identity, "LOOK_AGAIN", 0.3)
        emulator.set(lag={"get": {"seconds": 60}})
        created = room(name="lobby")["room"]["arn"]
        emulator.forget_calls()
        message = failure_message(room(name="lobby", check=check, **options))
        assert message.startswith("List shows 1 room(s) that Get does not find, such as ")
        assert created in message and emulator.writes() == []

    def test_it_is_deleted_by_its_arn(self, room, emulator, monkeypatch):
        monkeypatch.setattr(_identity, "LOOK_AGAIN", 0.3)
        emulator.set(lag={"get": {"seconds": 60}})
        created = room(name="lobby")["room"]["arn"]
        emulator.forget_calls()
        for check in (True, False):
            assert (room(name="lobby", state="absent", check=check)["changed"], emulator.writes()[:-1]) == (True, [])
        (delete,) = emulator.writes()
        assert (delete["operation"], delete["parameters"]["identifier"]) == ("DeleteRoom", created)

    def test_nor_after_a_create_whose_outcome_is_unknown(self, room, emulator, monkeypatch):
        monkeypatch.setattr(_write, "LOOK_BEFORE_REPEAT", 0.3)
        emulator.set(lag={"get": {"seconds": 60}})
        emulator.fault("CreateRoom", "InternalServerException", when="after")
        assert "List shows 1 room(s)" in failure_message(room(name="lobby"))
        assert operations(emulator.writes()) == ["CreateRoom"]


class TestWait:
    """A read that lags shows what was before the write; `wait` ends when the next run would see the write."""

    LAG = {"get": {"reads": 2}, "list": {"reads": 1}}

    def test_create(self, room, existing_rooms, emulator):
        emulator.set(lag=self.LAG)
        arn = room(name="lobby", wait=True)["room"]["arn"]
        again = room(name="lobby", wait=True)
        assert again["changed"] is False and again["room"]["arn"] == arn
        assert room(arn=arn, wait=True)["changed"] is False

    def test_update(self, room, emulator):
        arn = room(name="lobby")["room"]["arn"]
        emulator.set(lag=self.LAG)
        assert room(arn=arn, maximum_message_length=7, tags={"k": "v"}, wait=True)["changed"]
        again = room(arn=arn, maximum_message_length=7, tags={"k": "v"}, wait=True)
        assert again["changed"] is False and again["room"]["maximum_message_length"] == 7

    def test_delete(self, room, emulator):
        arn = room(name="lobby")["room"]["arn"]
        emulator.set(lag=self.LAG)
        assert room(name="lobby", state="absent", wait=True)["changed"]
        assert room(name="lobby", state="absent", wait=True)["changed"] is False
        assert room(arn=arn, state="absent", wait=True)["changed"] is False

    @pytest.mark.parametrize(
        ("options", "lag", "seen"),
        [
            ({"name": "hall"}, {"list": {"seconds": 60}}, "waiting until List shows the room"),
            ({"name": "hall"}, {"get": {"seconds": 60}}, "last seen: not found"),
            (
                {"name": "lobby", "maximum_message_length": 7},
                {"get": {"seconds": 60}},
                "last seen: maximum_message_length 500",
            ),
            ({"name": "lobby", "state": "absent"}, {"get": {"seconds": 60}}, "last seen: still there"),
        ],
    )
    def test_timeout(self, room, emulator, options, lag, seen):
        room(name="lobby")
        emulator.set(lag=lag)
        message = failure_message(room(**options, wait=True, wait_timeout=1))
        assert message.startswith("Timed out after 1 s waiting until") and seen in message and "last seen" in message

    @pytest.mark.parametrize("options", [{"maximum_message_length": 7}, {"tags": {"mine": "1"}, "purge_tags": False}])
    def test_what_others_change_meanwhile_is_not_waited_for(self, room, emulator, chat, options):
        arn = room(name="lobby")["room"]["arn"]
        emulator.hold("GetRoom", skip=1)
        running = start_module(emulator.url, "ivschat_room", name="lobby", wait_timeout=5, **options)
        emulator.wait_held(30)
        chat.tag_resource(resourceArn=arn, tags={"CreatedBy": "somebody"})
        emulator.release()
        result = running.result()
        assert result.get("changed"), result
        assert result["room"]["tags"] == {"CreatedBy": "somebody", **options.get("tags", {})}

    def test_no_wait(self, room, emulator, calls):
        emulator.set(lag=self.LAG)
        assert room(name="lobby", wait=False)["changed"]
        assert calls() == ["ListRooms", "CreateRoom"]
