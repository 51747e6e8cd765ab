# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ivschat_room: identity, options, waits."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import pytest
from ansible_collections.aws_ivs.chat.plugins.module_utils import _identity, _write

from .conftest import ACCOUNT, REGION, refusal
from .harness import finish, start_module

UNKNOWN = f"arn:aws:ivschat:{REGION}:{ACCOUNT}:room/AbCdEf123456"
UNKNOWN_LOGGING = f"arn:aws:ivschat:{REGION}:{ACCOUNT}:logging-configuration/AbCdEf123456"


@pytest.fixture
def apply(apply):
    return partial(apply, "ivschat_room")


@pytest.fixture
def rooms(run):
    """rooms(): name and ARN of all rooms, sorted."""
    return lambda: sorted((room["name"], room["arn"]) for room in run("ivschat_room_info")["rooms"])


@pytest.fixture
def logs(clients, bucket):
    """ARNs of three logging configurations, by their names a, b and c."""
    create, destination = clients().create_logging_configuration, {"s3": {"bucketName": "chat-logs"}}
    return {name: create(name=name, destinationConfiguration=destination)["arn"] for name in "abc"}


@pytest.fixture
def twins(clients, settled_twins):
    """Two rooms of one name."""
    return [clients().create_room(name="lobby") for _each in range(2)]


class TestIdentity:
    def test_none_of_that_name(self, apply, rooms):
        room = apply(name="lobby")["room"]
        assert rooms() == [("lobby", room["arn"])]
        assert {key: room[key] for key in room if key not in ("arn", "id", "create_time", "update_time")} == {
            "name": "lobby",
            "maximum_message_length": 500,
            "maximum_message_rate_per_second": 10,
            "message_review_handler": None,
            "logging_configuration_identifiers": [],
            "tags": {},
        }
        assert room["arn"] == f"arn:aws:ivschat:{REGION}:{ACCOUNT}:room/{room['id']}"
        assert datetime.fromisoformat(room["create_time"]).tzinfo

    def test_one_of_that_name(self, apply, room, rooms):
        others = [room(name=name)["room"] for name in ("Lobby", "lobby2", "lob")]
        mine = room(name="lobby")["room"]
        assert apply(name="lobby", maximum_message_length=7)["room"]["arn"] == mine["arn"]
        assert apply(name="lobby", state="absent")["room"] is None
        assert [arn for _name, arn in rooms()] == [each["arn"] for each in sorted(others, key=lambda o: o["name"])]

    def test_the_empty_name_identifies_nothing_and_takes_a_name_away(self, apply, room, clients, rooms):
        named = room(name="lobby")["room"]
        nameless = clients().create_room()["arn"]
        for state in ("present", "absent"):  # by nothing, nothing is identified
            assert "identifies nothing" in refusal(room(name="", maximum_message_length=7, state=state))
        assert apply(arn=nameless, name="", maximum_message_length=7)["room"]["arn"] == nameless
        apply(arn=nameless, state="absent")
        assert rooms() == [("lobby", named["arn"])]
        assert apply(arn=named["arn"], name="")["room"]["name"] == ""

    @pytest.mark.parametrize("check", [False, True])
    @pytest.mark.parametrize("state", ["present", "absent"])
    def test_many_of_that_name(self, room, twins, emulator, state, check):
        emulator.forget_calls()
        message = refusal(room(name="lobby", state=state, maximum_message_length=7, check=check))
        assert message.startswith("name: 2 rooms are named 'lobby', so nothing was changed")
        for twin in twins:
            assert f"{twin['arn']} (created {twin['createTime'].isoformat()})" in message
        assert emulator.writes() == []

    def test_one_of_many_by_its_arn(self, apply, twins, rooms):
        first, second = (twin["arn"] for twin in twins)
        apply(arn=second, maximum_message_length=7)
        apply(arn=first, state="absent")
        assert rooms() == [("lobby", second)]

    def test_rename(self, apply, room, rooms):
        arn = room(name="lobby")["room"]["arn"]
        result = apply(arn=arn, name="hall")
        assert result["room"]["arn"] == arn and rooms() == [("hall", arn)]
        assert (result["diff"]["before_header"], result["diff"]["after_header"]) == ("room lobby", "room hall")
        assert apply(arn=arn, name="")["room"]["name"] == ""
        assert apply(arn=arn)["changed"] is False

    def test_rename_to_a_name_that_another_has(self, apply, room, rooms):
        first, second = room(name="lobby")["room"], room(name="hall")["room"]
        apply(arn=second["arn"], name="lobby")
        assert rooms() == sorted([("lobby", first["arn"]), ("lobby", second["arn"])])

    def test_unknown_arn_present(self, room, calls):
        message = refusal(room(arn=UNKNOWN, name="lobby"))
        assert message == (
            f"arn: there is no room {UNKNOWN}, and an ARN cannot be created; specify only name to create one"
        )
        assert calls() == ["GetRoom"]

    def test_unknown_arn_absent(self, apply):
        result = apply(arn=UNKNOWN, state="absent")
        assert result["changed"] is False and result["room"] is None


class TestFields:
    EVERYTHING = {"maximum_message_length": 200, "maximum_message_rate_per_second": 5, "tags": {"Stream": "main"}}

    @pytest.fixture
    def declared(self, function, logs):
        """Every field, as a task declares it."""
        handler = {"uri": function(), "fallback_result": "DENY"}
        identifiers = [logs["b"], logs["a"]]
        options = {"message_review_handler": handler, "logging_configuration_identifiers": identifiers}
        return {"name": "lobby", **self.EVERYTHING, **options}

    @pytest.fixture
    def full(self, room, declared):
        """A room with every field set."""
        return room(**declared)["room"]

    def test_create(self, apply, declared, emulator):
        room = apply(**declared)["room"]
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

    def test_unset_is_left_alone(self, apply, full):
        result = apply(name="lobby")
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
    def test_only_what_differs_is_sent(self, apply, full, emulator, options, sent):
        emulator.forget_calls()
        result = apply(name="lobby", **options)
        (call,) = emulator.writes()
        assert call["operation"] == "UpdateRoom"
        assert call["parameters"] == {"identifier": full["arn"], **sent}
        kept = set(full) - set(options) - {"update_time"}
        assert {key: full[key] for key in kept} == {key: result["room"][key] for key in kept}
        settable = {key: full[key] for key in full if key not in ("arn", "id", "create_time", "update_time")}
        assert result["diff"]["before"] == settable
        assert result["diff"]["after"] == {key: result["room"][key] for key in settable}

    def test_no_diff_unless_asked_for(self, room):
        assert "diff" not in room(name="lobby")
        assert "diff" not in room(name="lobby", maximum_message_length=7, check=True)

    def test_absent(self, apply, full, rooms):
        result = apply(name="lobby", state="absent")
        assert result["changed"] and result["room"] is None and rooms() == []
        assert result["diff"]["before"]["tags"] == {"Stream": "main"} and result["diff"]["after"] == {}
        assert apply(name="lobby", state="absent")["changed"] is False


class TestHandler:
    def test_life(self, apply, function, emulator):
        first, second = function(), function("review-2")
        declare = partial(apply, name="lobby")

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

    def test_the_empty_uri_of_a_room_that_never_had_one(self, apply):
        assert apply(name="lobby", message_review_handler={"uri": ""})["room"]["message_review_handler"] is None

    @pytest.mark.parametrize("check", [False, True])
    def test_fallback_alone_has_no_effect_and_is_told(self, room, check):
        room(name="lobby")
        result = room(name="lobby", message_review_handler={"fallback_result": "DENY"}, check=check)
        assert result["changed"] is False and result["room"]["message_review_handler"] is None
        assert "message_review_handler.fallback_result has no effect" in str(result["warnings"])

    def test_permission_that_is_still_spreading(self, room, function, emulator, calls):
        uri = function()
        message = "Request member: uri failed to satisfy the constraints: invalid lambda permission"
        fault = {"operation": "CreateRoom", "error": "ValidationException", "message": message}
        emulator.request("POST", "ivschat/faults", fault)
        assert room(name="lobby", message_review_handler={"uri": uri})["changed"]
        assert calls() == ["ListRooms", "CreateRoom", "CreateRoom"]


class TestLoggingConfigurations:
    OPTION = "logging_configuration_identifiers"

    def test_names_and_arns(self, apply, logs):
        def shown(*identifiers):
            return apply(name="lobby", logging_configuration_identifiers=identifiers)["room"][self.OPTION]

        assert shown("c", logs["a"], "b") == sorted(logs.values())
        assert apply(name="lobby", logging_configuration_identifiers=["b", "a", "c"])["changed"] is False
        assert shown("b") == [logs["b"]]
        assert shown(logs["a"], "c") == sorted([logs["a"], logs["c"]])
        assert shown() == []

    @pytest.mark.parametrize("existing", [False, True])
    def test_unknown_name(self, room, logs, emulator, existing):
        if existing:
            room(name="lobby")
        emulator.forget_calls()
        message = refusal(room(name="lobby", logging_configuration_identifiers=["a", "nope"]))
        assert message == f"{self.OPTION}: no logging configuration is named 'nope'"
        assert emulator.writes() == []

    @pytest.mark.parametrize("check", [False, True])
    def test_ambiguous_name(self, room, logs, clients, emulator, check):
        destination = clients().get_logging_configuration(identifier=logs["a"])["destinationConfiguration"]
        twin = clients().create_logging_configuration(name="a", destinationConfiguration=destination)["arn"]
        emulator.forget_calls()
        message = refusal(room(name="lobby", logging_configuration_identifiers=["a"], check=check))
        assert message.startswith(
            f"{self.OPTION}: 2 logging configurations are named 'a'; specify the ARN of one of them"
        )
        assert twin in message and logs["a"] in message and "(created 20" in message
        assert emulator.writes() == []

    def test_one_that_is_being_deleted_has_no_name(self, apply, room, logs, clients, emulator):
        destination = clients().get_logging_configuration(identifier=logs["a"])["destinationConfiguration"]
        twin = clients().create_logging_configuration(name="a", destinationConfiguration=destination)["arn"]
        emulator.set(transitions={"reads": 20})
        clients().delete_logging_configuration(identifier=twin)
        assert apply(name="lobby", logging_configuration_identifiers=["a"])["room"][self.OPTION] == [logs["a"]]
        clients().delete_logging_configuration(identifier=logs["b"])
        assert "no logging configuration is named 'b'" in refusal(
            room(name="hall", logging_configuration_identifiers=["b"])
        )

    @pytest.mark.parametrize("check", [False, True])
    def test_one_by_its_name_and_its_arn(self, room, logs, emulator, check):
        emulator.forget_calls()
        message = refusal(room(name="lobby", logging_configuration_identifiers=["a", logs["a"]], check=check))
        assert message == f"{self.OPTION}: two entries identify {logs['a']}: specify each logging configuration once"
        assert emulator.writes() == []

    def test_unknown_arn(self, room, rooms):
        message = refusal(room(name="lobby", logging_configuration_identifiers=[UNKNOWN_LOGGING]))
        assert "ResourceNotFoundException" in message and rooms() == []

    def test_no_names_no_list(self, room, logs, calls):
        calls()
        assert room(name="lobby", logging_configuration_identifiers=list(logs.values()))["changed"]
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
    def test_change(self, apply, room, emulator, options, tags, writes):
        room(name="lobby", tags={"CamelKey": "1", "snake_key": "2"})
        emulator.forget_calls()
        assert apply(name="lobby", **options)["room"]["tags"] == tags
        assert [call["operation"] for call in emulator.writes()] == writes

    def test_create(self, apply, emulator):
        assert apply(name="lobby", tags={"CamelKey": "1"})["room"]["tags"] == {"CamelKey": "1"}
        assert [call["operation"] for call in emulator.writes()] == ["CreateRoom"]

    @pytest.mark.parametrize("check", [False, True])
    def test_too_many_with_those_that_are_kept(self, room, emulator, check):
        room(name="lobby", tags={f"k{number}": "v" for number in range(50)})
        emulator.forget_calls()
        message = refusal(room(name="lobby", tags={"one": "more"}, purge_tags=False, check=check))
        assert message == ("tags: the room would have 51 tags, including those that it keeps: the maximum is 50")
        assert emulator.writes() == []

    def test_the_last_one_is_replaced(self, apply, room, emulator):
        tags = {f"k{number}": "v" for number in range(50)}
        room(name="lobby", tags=tags)
        emulator.forget_calls()
        tags["new"] = tags.pop("k0")
        assert apply(name="lobby", tags=tags)["room"]["tags"] == tags
        assert [call["operation"] for call in emulator.writes()] == ["UntagResource", "TagResource"]


class TestReadsThatDisagree:
    """List shows a room that Get does not find: made or deleted just now, and nobody can tell which."""

    @pytest.mark.parametrize("options", [{}, {"state": "absent"}])
    def test_it_is_looked_at_again(self, room, rooms, emulator, options):
        emulator.set(lag={"get": {"reads": 2}})
        made = room(name="lobby")["room"]["arn"]
        assert room(name="lobby", **options)["changed"] is bool(options)
        emulator.set(lag={})
        assert rooms() == ([] if options else [("lobby", made)])

    def test_a_list_that_lags_a_deletion_is_waited_for(self, room, clients, emulator):
        gone = room(name="lobby")["room"]["arn"]
        emulator.set(lag={"list": {"reads": 2}})
        clients().delete_room(identifier=gone)
        made = room(name="lobby")
        assert made["changed"] and made["room"]["arn"] != gone
        assert [call["operation"] for call in emulator.writes()] == ["CreateRoom", "DeleteRoom", "CreateRoom"]

    @pytest.mark.parametrize("check", [False, True])
    @pytest.mark.parametrize("options", [{}, {"maximum_message_length": 7}])
    def test_no_second_one_is_made(self, room, emulator, monkeypatch, options, check):
        monkeypatch.setattr(_identity, "LOOK_AGAIN", 0.3)
        emulator.set(lag={"get": {"seconds": 60}})
        made = room(name="lobby")["room"]["arn"]
        emulator.forget_calls()
        message = refusal(room(name="lobby", check=check, **options))
        assert message.startswith("List shows 1 room(s) that Get does not find, such as ")
        assert made in message and emulator.writes() == []

    def test_it_is_deleted_by_its_arn(self, room, emulator, monkeypatch):
        monkeypatch.setattr(_identity, "LOOK_AGAIN", 0.3)
        emulator.set(lag={"get": {"seconds": 60}})
        made = room(name="lobby")["room"]["arn"]
        emulator.forget_calls()
        for check in (True, False):
            assert (room(name="lobby", state="absent", check=check)["changed"], emulator.writes()[:-1]) == (True, [])
        (delete,) = emulator.writes()
        assert (delete["operation"], delete["parameters"]["identifier"]) == ("DeleteRoom", made)

    def test_nor_after_a_create_that_ended_unclear(self, room, emulator, monkeypatch):
        monkeypatch.setattr(_write, "LOOK_BEFORE_REPEAT", 0.3)
        emulator.set(lag={"get": {"seconds": 60}})
        emulator.fault("CreateRoom", "InternalServerException", when="after")
        assert "List shows 1 room(s)" in refusal(room(name="lobby"))
        assert [call["operation"] for call in emulator.writes()] == ["CreateRoom"]


class TestWait:
    """A read that lags shows what was before the write; `wait` ends when the next run would see the write."""

    LAG = {"get": {"reads": 2}, "list": {"reads": 1}}

    def test_create(self, room, rooms, emulator):
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
        message = refusal(room(**options, wait=True, wait_timeout=1))
        assert message.startswith("Timed out after 1 s waiting until") and seen in message and "last seen" in message

    @pytest.mark.parametrize("options", [{"maximum_message_length": 7}, {"tags": {"mine": "1"}, "purge_tags": False}])
    def test_what_others_change_meanwhile_is_not_waited_for(self, room, emulator, clients, options):
        arn = room(name="lobby")["room"]["arn"]
        emulator.hold("GetRoom", skip=1)
        running = start_module(emulator.url, "ivschat_room", name="lobby", wait_timeout=5, **options)
        emulator.wait_held(30)
        clients().tag_resource(resourceArn=arn, tags={"CreatedBy": "somebody"})
        emulator.release()
        result = finish(running)
        assert result.get("changed"), result
        assert result["room"]["tags"] == {"CreatedBy": "somebody", **options.get("tags", {})}

    def test_no_wait(self, room, emulator, calls):
        emulator.set(lag=self.LAG)
        assert room(name="lobby", wait=False)["changed"]
        assert calls() == ["ListRooms", "CreateRoom"]
