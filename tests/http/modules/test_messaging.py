# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ivschat_chat_token, ivschat_event, ivschat_message, ivschat_user."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import partial

import pytest

from tests.support.environment import REGION, UNKNOWN_ROOM
from tests.support.harness import failure_message

MESSAGE = "abcdefGHI123"

# By module: the options it needs at least, the operation, and its parameters besides the room.
WRITERS = {
    "ivschat_event": ({"event_name": "notice"}, "SendEvent", {"eventName": "notice"}),
    "ivschat_message": ({"id": MESSAGE}, "DeleteMessage", {"id": MESSAGE}),
    "ivschat_user": ({"user_id": "ada"}, "DisconnectUser", {"userId": "ada"}),
}
MODULES = {**{name: options for name, (options, *_rest) in WRITERS.items()}, "ivschat_chat_token": {"user_id": "ada"}}
# Keys of a result besides room, arn and error.
ANSWERS = {"ivschat_event": "id", "ivschat_message": "operation_id", "ivschat_user": None}

writers = pytest.mark.parametrize("module", WRITERS)
modules = pytest.mark.parametrize("module", MODULES)
in_both_modes = pytest.mark.parametrize("check", [True, False])


class TestToken:
    WISHES = {
        "capabilities": ["SEND_MESSAGE", "DELETE_MESSAGE"],
        "session_duration": 180,
        "attributes": {"name": "Ada ✓", "level": 7, "vip": True},
    }

    @pytest.fixture
    def token(self, run):
        return partial(run, "ivschat_chat_token", user_id="ada")

    def test_by_name(self, token, room_arns, emulator, calls):
        calls()
        created = token(room_name="lobby", **self.WISHES)
        assert calls() == ["ListRooms", "CreateChatToken"]
        assert created["changed"] is True and created["room_arn"] == room_arns["lobby"]
        purpose = emulator.verify_token(created["token"])
        assert purpose["roomArn"] == room_arns["lobby"] and purpose["userId"] == "ada"
        assert purpose["capabilities"] == self.WISHES["capabilities"]
        assert purpose["attributes"] == {"name": "Ada ✓", "level": "7", "vip": "True"}
        start, end = (datetime.fromisoformat(created[f"{kind}_expiration_time"]) for kind in ("token", "session"))
        assert start.tzinfo and end - start == timedelta(minutes=179)
        assert created["token_expiration_time"] in created["msg"] and created["token"] not in created["msg"]

    def test_by_arn_with_what_the_service_takes(self, token, room_arns, calls, emulator):
        calls()
        created = token(room_arn=room_arns["hall"])
        assert emulator.calls()[0]["parameters"] == {"roomIdentifier": room_arns["hall"], "userId": "ada"}
        assert calls() == ["CreateChatToken"]
        assert emulator.verify_token(created["token"])["capabilities"] == []
        assert token(room_arn=room_arns["hall"])["token"] != created["token"]

    @pytest.mark.parametrize(("by", "looks"), [("room_name", "ListRooms"), ("room_arn", "GetRoom")])
    def test_check_mode_creates_none_and_says_so(self, token, room_arns, calls, by, looks):
        room = {by: "lobby" if by == "room_name" else room_arns["lobby"]}
        calls()
        predicted = token(**room, **self.WISHES, check=True)
        assert calls() == [looks]
        assert [predicted[key] for key in ("token", "token_expiration_time", "session_expiration_time")] == [None] * 3
        assert "Check mode creates no token" in predicted["msg"]
        real = token(**room, **self.WISHES)
        assert set(predicted) == set(real) and predicted["changed"] is real["changed"]

    def test_a_token_whose_outcome_is_unknown_is_created_again(self, token, room_arns, emulator):
        emulator.fault("CreateChatToken", "ConnectionReset", when="after")
        assert emulator.verify_token(token(room_arn=room_arns["lobby"])["token"])

    def test_no_such_room(self, token, sent, clock):
        assert "ResourceNotFoundException" in failure_message(token(room_arn=UNKNOWN_ROOM))
        assert len(sent()) == 5 and sum(clock.pauses) < 5, "it may have been created moments ago"

    def test_a_room_created_moments_ago(self, token, chat, emulator, clock):
        emulator.set(lag={"write": {"reads": 3}})
        assert emulator.verify_token(token(room_arn=chat.create_room(name="new")["arn"])["token"])


class TestRooms:
    @writers
    @pytest.mark.parametrize("by", ["room_name", "room_arn"])
    def test_one_room(self, run, room_arns, sent, module, by):
        options, operation, parameters = WRITERS[module]
        room = "lobby" if by == "room_name" else room_arns["lobby"]
        result = run(module, **{by: room}, **options)
        assert sent() == [(operation, {"roomIdentifier": room_arns["lobby"], **parameters})]
        (entry,) = result["rooms"]
        answer = ANSWERS[module]
        assert result["changed"] is True and entry["error"] is None
        assert (entry["room"], entry["arn"]) == (room, room_arns["lobby"])
        assert set(entry) == {"room", "arn", "error", *filter(None, [answer])}
        assert not answer or re.fullmatch("[a-zA-Z0-9]{12}", entry[answer])

    @writers
    def test_many_rooms_with_one_listing(self, run, room_arns, calls, sent, module):
        options, operation, _parameters = WRITERS[module]
        calls()
        given = ["stage", room_arns["hall"], "lobby"]
        result = run(module, rooms=given, **options)
        assert [entry["room"] for entry in result["rooms"]] == given
        assert [entry["arn"] for entry in result["rooms"]] == [room_arns[name] for name in ("stage", "hall", "lobby")]
        assert [parameters["roomIdentifier"] for _operation, parameters in sent()] == [
            entry["arn"] for entry in result["rooms"]
        ]
        assert calls() == ["ListRooms", *[operation] * 3]

    @writers
    def test_no_rooms(self, run, room_arns, calls, module):
        calls()
        result = run(module, rooms=[], **MODULES[module])
        assert (result["changed"], result["rooms"], calls()) == (False, [], [])

    def test_many_pages(self, run, room_arns, emulator, sent):
        emulator.set(page_size=1)
        run("ivschat_event", rooms=["lobby", "hall"], event_name="notice")
        assert len(sent()) == 2

    @writers
    def test_check_mode_looks_and_writes_nothing(self, run, room_arns, calls, sent, module):
        given = {"rooms": ["lobby", room_arns["hall"]], **MODULES[module]}
        calls()
        predicted = run(module, check=True, **given)
        assert calls() == ["ListRooms", "GetRoom"]
        real = run(module, **given)
        assert set(predicted) == set(real) and predicted["changed"] is real["changed"] is True
        answer = ANSWERS[module]
        assert predicted["rooms"] == [{**entry, **({answer: None} if answer else {})} for entry in real["rooms"]]

    @writers
    def test_a_second_run_acts_again(self, run, room_arns, sent, module):
        assert [run(module, room_name="lobby", **MODULES[module])["changed"] for _run in range(2)] == [True, True]
        assert len(sent()) == 2

    def test_options_that_need_not_be_given(self, run, room_arns, sent):
        run("ivschat_event", room_name="lobby", event_name="e", attributes={"n": 1, "t": False, "": "✓"})
        run("ivschat_message", room_name="lobby", id=MESSAGE, state="absent", reason="Spam ✓")
        run("ivschat_user", room_name="lobby", user_id="ü", state="disconnected", reason="r" * 256)
        room = {"roomIdentifier": room_arns["lobby"]}
        assert sent() == [
            ("SendEvent", {**room, "eventName": "e", "attributes": {"n": "1", "t": "False", "": "✓"}}),
            ("DeleteMessage", {**room, "id": MESSAGE, "reason": "Spam ✓"}),
            ("DisconnectUser", {**room, "userId": "ü", "reason": "r" * 256}),
        ]

    def test_paced(self, run, chat, emulator, monkeypatch, sent):
        """The emulator counts as the service does; at a fifth of the real quota the test is short."""
        monkeypatch.setattr("ansible_collections.aws_ivs.chat.plugins.module_utils._messaging.MESSAGING_QUOTA", 20)
        arns = [chat.create_room()["arn"] for _number in range(50)]
        emulator.set(quotas={"SendEvent": 20})
        assert len(run("ivschat_event", rooms=arns, event_name="e")["rooms"]) == 50
        assert {call["error"] for call in emulator.calls("SendEvent")} == {None}

    def test_the_quota_is_that_of_the_service(self):
        from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import MESSAGING_QUOTA

        from ivschat_emulator.settings import REAL_QUOTAS

        assert {REAL_QUOTAS[operation] for _options, operation, _rest in WRITERS.values()} == {MESSAGING_QUOTA}


class TestIdentity:
    """Nothing is written anywhere when a name is unknown or ambiguous."""

    @modules
    def test_unknown_name(self, run, room_arns, calls, module):
        calls()
        message = failure_message(run(module, room_name="Lobby", **MODULES[module]))
        assert message == "room_name: no room is named 'Lobby'"
        assert calls() == ["ListRooms"]

    @modules
    @in_both_modes
    @pytest.mark.usefixtures("settled_duplicates")
    def test_ambiguous_name(self, run, room_arns, chat, calls, module, check):
        duplicate = chat.create_room(name="lobby")
        calls()
        message = failure_message(run(module, room_name="lobby", check=check, **MODULES[module]))
        assert message.startswith("room_name: 2 rooms are named 'lobby'; specify the ARN of one of them: ")
        assert (
            room_arns["lobby"] in message
            and f"{duplicate['arn']} (created {duplicate['createTime'].isoformat()})" in message
        )
        assert calls() == ["ListRooms"]

    @writers
    @pytest.mark.usefixtures("settled_duplicates")
    def test_all_bad_names_are_reported_at_once(self, run, room_arns, chat, calls, module):
        chat.create_room(name="hall")
        calls()
        message = failure_message(run(module, rooms=["lobby", "nope", "hall", "none"], **MODULES[module]))
        for part in ("no room is named 'nope'", "2 rooms are named 'hall'", "no room is named 'none'"):
            assert f"rooms: {part}" in message
        assert calls() == ["ListRooms"]

    @writers
    def test_one_room_twice(self, run, room_arns, calls, module):
        calls()
        message = failure_message(run(module, rooms=["lobby", room_arns["lobby"]], **MODULES[module]))
        assert message == f"rooms: two entries identify {room_arns['lobby']}: specify each room once"
        assert calls() == ["ListRooms"]

    @in_both_modes
    @pytest.mark.parametrize(
        ("module", "rooms_given"),
        [(module, given) for module in MODULES for given in ([], ["room_arn", "room_name"])]
        + [(module, ["room_name", "rooms"]) for module in WRITERS],
    )
    def test_exactly_one_way(self, run, calls, module, rooms_given, check):
        given = {"room_arn": UNKNOWN_ROOM, "room_name": "lobby", "rooms": ["lobby"]}
        options = {name: given[name] for name in rooms_given}
        message = failure_message(run(module, check=check, **options, **MODULES[module]))
        assert ("mutually exclusive" if rooms_given else "one of the following is required") in message
        assert calls() == []


@in_both_modes
@pytest.mark.parametrize(
    ("module", "bad", "said"),
    [
        ("ivschat_chat_token", {"user_id": ""}, "user_id: '' is not valid: it must be 1 to 128 characters"),
        ("ivschat_chat_token", {"session_duration": 181}, "session_duration: 181 is not valid"),
        ("ivschat_chat_token", {"session_duration": 0}, "session_duration: 0 is not valid"),
        ("ivschat_chat_token", {"capabilities": ["READ"]}, "capabilities"),
        ("ivschat_chat_token", {"attributes": {"a": "ü" * 512}}, "attributes: 1025 bytes are too many"),
        ("ivschat_chat_token", {"room_arn": "AbCdEf123456"}, "room_arn: 'AbCdEf123456' is not valid"),
        ("ivschat_event", {"event_name": "e" * 101}, "(101 characters) is not valid: it must be 1 to 100 characters"),
        ("ivschat_event", {"attributes": {"a": None}}, "attributes['a']: null is not valid: it must be a string"),
        ("ivschat_event", {"attributes": {"a": {"b": 1}}}, "attributes['a']: dict is not valid"),
        ("ivschat_event", {"rooms": ["lobby", "lobby"]}, "rooms[1]: 'lobby' is a duplicate"),
        ("ivschat_event", {"rooms": ["a b"]}, "rooms[0]: 'a b' is not valid: it must be the ARN or the name of a room"),
        ("ivschat_message", {"id": "short"}, "id: 'short' is not valid: it must be the ID of a message"),
        ("ivschat_message", {"reason": ""}, "reason: '' is not valid: it must be 1 to 256 characters"),
        ("ivschat_message", {"state": "present"}, "state"),
        ("ivschat_user", {"user_id": "u" * 129}, "(129 characters) is not valid: it must be 1 to 128 characters"),
        ("ivschat_user", {"state": "connected"}, "state"),
        ("ivschat_user", {"room_arn": UNKNOWN_ROOM.replace(REGION, "eu-west-1")}, "is in region eu-west-1"),
        ("ivschat_user", {"room_name": "a b"}, "room_name: 'a b' is not valid"),
        ("ivschat_user", {"region": "us-east-2"}, "region: 'us-east-2' does not offer Amazon IVS Chat"),
    ],
)
def test_bad_input_is_refused_before_any_call(run, emulator, module, bad, said, check):
    room = {} if any(option.startswith("room") for option in bad) else {"room_name": "lobby"}
    assert said in failure_message(run(module, check=check, **{**MODULES[module], **room, **bad}))
    assert emulator.calls() == []


class TestFailures:
    OUTCOME_UNKNOWN = [("InternalServerException", "after"), ("Http503", "before"), ("ConnectionReset", "after")]

    def test_throttling_is_waited_for(self, run, room_arns, emulator):
        for operation in ("SendEvent", "DeleteMessage", "DisconnectUser", "CreateChatToken"):
            emulator.fault(operation, "ThrottlingException", count=2)
        for module, options in MODULES.items():
            assert not run(module, room_name="lobby", **options).get("failed")
        effects = [call["effect"] for call in emulator.writes() if call["operation"] != "CreateRoom"]
        assert effects == [False, False, True] * 4

    @pytest.mark.parametrize(("error", "when"), OUTCOME_UNKNOWN)
    def test_an_event_whose_outcome_is_unknown_is_not_sent_again(self, run, room_arns, emulator, error, when):
        emulator.fault("SendEvent", error, when=when)
        result = run("ivschat_event", rooms=["lobby", "hall"], event_name="e")
        assert result["failed"] and result["changed"] is True
        assert [call["parameters"]["roomIdentifier"] for call in emulator.calls("SendEvent")] == [
            room_arns["lobby"],
            room_arns["hall"],
        ]
        first, second = result["rooms"]
        assert first["error"].endswith("; the event may have been sent, so it was not sent again")
        assert first["id"] is None and second["id"] and second["error"] is None
        assert result["msg"] == f"1 of 2 rooms failed: lobby: {first['error']}"

    @pytest.mark.parametrize("module", ["ivschat_message", "ivschat_user"])
    @pytest.mark.parametrize(("error", "when"), OUTCOME_UNKNOWN)
    def test_what_does_no_harm_twice_is_done_again(self, run, room_arns, emulator, module, error, when):
        options, operation, _parameters = WRITERS[module]
        emulator.fault(operation, error, when=when)
        assert run(module, room_name="lobby", **options)["rooms"][0]["error"] is None
        assert len(emulator.calls(operation)) == 2

    @pytest.mark.parametrize("module", ["ivschat_message", "ivschat_user"])
    def test_outcome_unknown_to_the_end(self, run, room_arns, emulator, module):
        options, operation, _parameters = WRITERS[module]
        emulator.fault(operation, "InternalServerException", count=4)
        result = run(module, room_name="lobby", **options)
        assert result["failed"] and result["changed"] is True
        assert "InternalServerException" in result["msg"] and result["msg"].endswith("again does no harm")

    @writers
    def test_a_read_that_fails_in_check_mode_has_sent_nothing(self, run, room_arns, emulator, module):
        options, operation, _parameters = WRITERS[module]
        emulator.fault("GetRoom", "InternalServerException", count=4)
        result = run(module, room_arn=room_arns["lobby"], check=True, **options)
        assert result["failed"] and result["changed"] is False
        assert result["rooms"][0]["error"].startswith("Failed to get room: GetRoom failed with InternalServerExc")
        assert not any(hint in result["msg"] for hint in ("may have been sent", "no harm"))
        assert emulator.calls(operation) == []

    @writers
    def test_one_room_of_three_fails(self, run, room_arns, emulator, module):
        options, operation, _parameters = WRITERS[module]
        emulator.fault(operation, "PendingVerification", skip=1)
        result = run(module, rooms=["lobby", "hall", "stage"], **options)
        assert result["failed"] and result["changed"] is True and "exception" not in result
        errors = [entry["error"] for entry in result["rooms"]]
        assert errors[0] is errors[2] is None and "PendingVerification" in errors[1] and "request id" in errors[1]
        assert result["msg"] == f"1 of 3 rooms failed: hall: {errors[1]}"
        assert [call["effect"] for call in emulator.calls(operation)] == [True, False, True]

    @writers
    def test_an_arn_of_no_room(self, run, room_arns, emulator, module, clock):
        options, operation, _parameters = WRITERS[module]
        result = run(module, rooms=["lobby", UNKNOWN_ROOM, "hall"], **options)
        assert result["failed"] and result["changed"] is True
        assert [entry["error"] is None for entry in result["rooms"]] == [True, False, True]
        assert "ResourceNotFoundException" in result["msg"]
        assert len(emulator.calls(operation)) == 7, "it may have been created moments ago"

    @writers
    def test_rooms_created_moments_ago(self, run, chat, emulator, module, clock):
        emulator.set(lag={"write": {"reads": 3}})
        rooms = [chat.create_room(name=name)["arn"] for name in ("lobby", "hall")]
        result = run(module, rooms=[rooms[0], "hall"], **WRITERS[module][0])
        assert result["changed"] and not result.get("failed"), result

    @writers
    def test_all_rooms_fail(self, run, room_arns, emulator, module):
        options, operation, _parameters = WRITERS[module]
        emulator.fault(operation, "PendingVerification", count=2)
        message = failure_message(run(module, rooms=["lobby", "hall"], **options))
        assert message.startswith("2 of 2 rooms failed: lobby: ")

    @modules
    def test_the_listing_fails(self, run, room_arns, emulator, module):
        emulator.fault("ListRooms", "PendingVerification")
        message = failure_message(run(module, room_name="lobby", **MODULES[module]))
        assert message.startswith("Failed to list rooms: ListRooms failed with PendingVerification")

    @writers
    def test_without_any_answer_the_other_rooms_are_not_tried(self, run, room_arns, module):
        given = [room_arns["lobby"], room_arns["hall"]]
        result = run(module, rooms=given, access_key=None, secret_key=None, **MODULES[module])
        assert "credentials" in failure_message(result)
        assert result["rooms"][1]["error"] == f"not tried, because there was no response for {given[0]}"
