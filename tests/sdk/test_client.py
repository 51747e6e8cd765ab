# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the official chat client sees. Each test compares all of it, in order."""

from __future__ import annotations

import time
from functools import partial

import pytest

from tests.sdk.conftest import ALL, CONNECTED

FOUR_ATTEMPTS = [["token"]] * 4
GONE = ["disconnect", "serverDisconnect"]
LEFT = ["disconnect", "clientDisconnect"]


def test_messages(join, lobby):
    ann, bob = join("ann", attributes={"name": "Änne"}), join("bob", capabilities=())
    greeting = ann.call("sendMessage", "hello \U0001f600", {"mood": "good"})
    plain = ann.call("sendMessage", "bye")
    assert ann.leave() == [["message", greeting], ["message", plain], LEFT]
    assert bob.until("message") + bob.until("message") + bob.leave() == [
        ["message", greeting],
        ["message", plain],
        LEFT,
    ]
    assert (greeting["content"], greeting["attributes"]) == ("hello \U0001f600", {"mood": "good"})
    assert greeting["sender"] == {"userId": "ann", "attributes": {"name": "Änne"}}
    assert "attributes" not in plain and plain["sendTime"] > greeting["sendTime"]


def test_deleted_messages(join, module):
    ann, bob = join("ann"), join("bob", capabilities=())
    first, second = ann.call("sendMessage", "first"), ann.call("sendMessage", "second")
    by_client = ann.call("deleteMessage", first["id"], "off topic")
    operation = module("ivschat_message", id=second["id"])["rooms"][0]["operation_id"]
    seen = bob.until("messageDelete") + bob.until("messageDelete")
    assert seen[:3] == [["message", first], ["message", second], ["messageDelete", by_client]]
    assert (by_client["messageId"], by_client["reason"]) == (first["id"], "off topic")
    by_module = seen[3][1]
    assert (by_module["messageId"], by_module["id"]) == (second["id"], operation) and "reason" not in by_module
    assert ann.until("messageDelete") + ann.until("messageDelete") == seen
    assert ann.leave() == bob.leave() == [LEFT]


def test_disconnected_users(join, module):
    ann, bob, eve = join("ann"), join("bob", capabilities=()), join("eve", capabilities=())
    by_client = ann.call("disconnectUser", "bob", "rude")
    assert (by_client["userId"], by_client["reason"]) == ("bob", "rude")
    assert bob.until("disconnect") == [["userDisconnect", by_client], GONE]
    module("ivschat_user", user_id="eve")
    seen = eve.until("disconnect")
    assert [line[0] for line in seen] == ["userDisconnect", "userDisconnect", "disconnect"] and seen[2] == GONE
    assert seen[1][1]["userId"] == "eve" and "reason" not in seen[1][1]
    herself = ann.call("disconnectUser", "ann")
    assert ann.until("disconnect") == [*seen[:2], ["userDisconnect", herself], GONE]


def test_events_of_the_control_plane(join, module):
    ann, bob = join("ann"), join("bob", capabilities=())
    sent = module("ivschat_event", event_name="goal", attributes={"team": "red"})["rooms"][0]
    [[_name, event]] = ann.until("event")
    assert (event["id"], event["eventName"], event["attributes"]) == (sent["id"], "goal", {"team": "red"})
    assert bob.until("event") == [["event", event]]
    module("ivschat_event", event_name="end")
    [[_name, end]] = ann.until("event")
    assert end["eventName"] == "end" and "attributes" not in end
    assert bob.until("event") + bob.leave() == [["event", end], LEFT]


class TestRefusals:
    """The connection stays open, and nobody else sees anything of it."""

    @pytest.mark.parametrize(
        ("method", "values"),
        [("sendMessage", ["x"]), ("deleteMessage", ["a" * 12]), ("disconnectUser", ["bob"])],
    )
    def test_without_the_capability(self, join, method, values):
        others = {"sendMessage": ALL[1:], "deleteMessage": (ALL[0], ALL[2]), "disconnectUser": ALL[:2]}
        ann = join("ann", capabilities=others[method])
        code, message = ann.refused(method, *values)
        assert code == 403 and "capability" in message
        assert ann.leave() == [LEFT]

    def test_too_long(self, join, module):
        module("ivschat_room", maximum_message_length=20)
        ann, bob = join("ann"), join("bob", capabilities=())
        assert ann.refused("sendMessage", "x" * 21)[0] == 400
        assert ann.refused("sendMessage", "x", {"name": "x" * 1024})[0] == 413
        sent = ann.call("sendMessage", "x" * 20)
        assert ann.leave() == [["message", sent], LEFT] and bob.until("message") == [["message", sent]]

    def test_malformed(self, join):
        ann = join("ann")
        assert ann.refused("sendMessage", "")[0] == ann.refused("deleteMessage", "no id")[0] == 400
        assert ann.leave() == [LEFT]

    def test_too_fast(self, join, module):
        module("ivschat_room", maximum_message_rate_per_second=1)
        ann, bob = join("ann"), join("bob", capabilities=())
        outcomes = [ann.outcome(number) for number in [ann.start("sendMessage", text) for text in "abc"]]
        sent = outcomes[0][1]
        assert [result for result, _value in outcomes] == ["resolved", "rejected", "rejected"]
        assert [error["errorCode"] for _result, error in outcomes[1:]] == [429, 429]
        assert ann.leave() == bob.until("message") + [LEFT] == [["message", sent], LEFT]

    def test_denied_by_review(self, join, module, function, emulator):
        code = (
            "def handler(event, context):\n"
            "    result = 'DENY' if 'damn' in event['Content'] else 'ALLOW'\n"
            "    return {'ReviewResult': result, 'Content': event['Content'].upper(), 'Attributes': {'Reason': 'rude'}}"
        )
        arn = function(code=code)
        emulator.set(review_timeout=20)  # The function's process starts slowly on a busy machine.
        module("ivschat_room", message_review_handler={"uri": arn, "fallback_result": "DENY"})
        ann, bob = join("ann"), join("bob", capabilities=())
        assert ann.refused("sendMessage", "damn") == (406, "rude")
        sent = ann.call("sendMessage", "well")
        assert (sent["content"], sent["attributes"]) == ("WELL", {"Reason": "rude"})
        assert ann.leave() == bob.until("message") + [LEFT] == [["message", sent], LEFT]


class TestTokens:
    def test_a_used_token(self, user, new_token):
        """The client asks its token provider again."""
        first, second = new_token("ann"), new_token("ann")
        tokens = [first, first, second]

        def connect():
            client = user("ann")
            client.new_token = lambda: tokens.pop(0)
            client.start("connect")
            return client.until("connect")

        assert connect() == CONNECTED
        assert connect() == [["connecting"], ["token"], ["token"], ["connect"]]

    def test_an_expired_token(self, user, emulator):
        emulator.set(token_lifetime=0)
        ann = user("ann")
        ann.start("connect")
        assert ann.until("disconnect") == [["connecting"], *FOUR_ATTEMPTS, ["disconnect", "socketError"]]
        emulator.set(token_lifetime=60)
        ann.start("connect")
        assert ann.until("connect") == CONNECTED

    def test_no_token(self, user, chat, lobby):
        """The application has none for its client, here because the room is gone."""
        chat.delete_room(identifier=lobby)
        ann = user("ann")
        ann.start("connect")
        assert ann.until("disconnect") == [["connecting"], *FOUR_ATTEMPTS, ["disconnect", "fetchTokenError"]]

    def test_a_second_connection_before_the_token_expires(self, user, join, new_token, emulator):
        """No message is lost or seen twice when the client moves to it."""
        emulator.set(token_lifetime=31)  # The client moves 30 seconds before the end.
        bob, ann = join("bob"), user("ann")
        ann.new_token = partial(new_token, "ann")
        ann.start("connect")
        assert ann.until("connect") == CONNECTED
        emulator.set(token_lifetime=60)
        sent = []
        while len(emulator.calls("Connect")) < 3 or len(emulator.connections(userId="ann")) == 2:
            sent.append(["message", bob.call("sendMessage", "hello")])
            ann.read()
            time.sleep(0.1)
        sent.append(["message", ann.call("sendMessage", "moved")])
        seen = ann.leave()
        assert seen.count(["token"]) == 1
        assert [line for line in seen if line != ["token"]] == [*sent, LEFT]


class TestEnds:
    def test_the_end_of_a_session(self, join, emulator):
        """The client starts another one with a new token."""
        emulator.set(session_minute=1)
        ann = join("ann", session_duration=1)
        emulator.set(session_minute=60)
        assert ann.until("connect") == CONNECTED
        sent = ann.call("sendMessage", "back")
        assert ann.leave() == [["message", sent], LEFT]

    def test_a_broken_connection(self, join, emulator):
        ann = join("ann")
        assert emulator.cut_connections(userId="ann") == 1
        assert ann.until("connect") == CONNECTED
        sent = ann.call("sendMessage", "back")
        assert ann.leave() == [["message", sent], LEFT]

    def test_a_deleted_room(self, join, module):
        """Its connections stay open until the session ends; there is no token for another one."""
        ann = join("ann")
        module("ivschat_room", state="absent")
        assert ann.refused("sendMessage", "x")[0] == ann.refused("disconnectUser", "bob")[0] == 404
        assert ann.leave() == [LEFT]

    def test_a_deleted_room_that_disconnects(self, join, module, emulator):
        emulator.set(delete_room_disconnects=True)
        ann = join("ann")
        module("ivschat_room", state="absent")
        assert ann.until("disconnect") == [GONE]

    def test_the_session_ends_after_the_room(self, join, module, emulator):
        emulator.set(session_minute=2)
        ann = join("ann", session_duration=1)
        module("ivschat_room", state="absent")
        assert ann.until("disconnect") == [["connecting"], *FOUR_ATTEMPTS, ["disconnect", "fetchTokenError"]]
