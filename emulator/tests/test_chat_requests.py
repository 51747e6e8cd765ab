# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests of chat clients, and the frames that they receive."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from emulator.tests.chat import ALL, Chat, burst
from emulator.tests.helpers import refused
from ivschat_emulator import Emulator

SMILE = "\U0001f600"


class TestFrames:
    def test_message(self, chat: Chat) -> None:
        ann = chat.join("ann", attributes={"colour": "red"})
        bob = chat.join("bob", capabilities=())
        request_id = ann.say(f"h\u00e9llo {SMILE}", Attributes={"reply": "to"})
        frame = ann.receive()
        assert list(frame) == ["Type", "Id", "RequestId", "Attributes", "Content", "SendTime", "Sender"]
        assert re.fullmatch(r"[a-zA-Z0-9]{12}", frame["Id"])
        assert frame["RequestId"] == request_id
        assert (frame["Type"], frame["Content"], frame["Attributes"]) == (
            "MESSAGE",
            f"h\u00e9llo {SMILE}",
            {"reply": "to"},
        )
        assert frame["Sender"] == {"UserId": "ann", "Attributes": {"colour": "red"}}
        assert bob.receive() == frame

    def test_message_without_optional_members(self, chat: Chat) -> None:
        ann = chat.join()
        ann.websocket.send('{"Action": "SEND_MESSAGE", "Content": "x", "Attributes": null}')
        frame = ann.receive()
        assert (frame["RequestId"], frame["Attributes"], frame["Sender"]["Attributes"]) == ("", None, {})

    def test_times(self, chat: Chat) -> None:
        ann = chat.join()
        before = time.time()
        times = [ann.ask("SEND_MESSAGE", Content=str(number))["SendTime"] for number in range(5)]
        for text in times:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z", text)
        assert times[0][:16] in {time.strftime("%Y-%m-%dT%H:%M", time.gmtime(at)) for at in (before, time.time())}
        assert len(set(times)) == 5

    def test_delete_message(self, chat: Chat) -> None:
        ann, bob = chat.join("ann"), chat.join("bob")
        frame = ann.ask("DELETE_MESSAGE", Id="M2YcHkgffEvU", Reason="spam")
        assert list(frame) == ["Type", "Id", "RequestId", "EventName", "Attributes", "SendTime"]
        assert (frame["Type"], frame["EventName"]) == ("EVENT", "aws:DELETE_MESSAGE")
        assert frame["Attributes"] == {"MessageID": "M2YcHkgffEvU", "MessageId": "M2YcHkgffEvU", "Reason": "spam"}
        assert len(frame["Id"]) == 12
        assert bob.receive() == frame
        assert "Reason" not in ann.ask("DELETE_MESSAGE", Id="M2YcHkgffEvU")["Attributes"]

    def test_disconnect_user(self, chat: Chat, emulator: Emulator) -> None:
        moderator, others = chat.join("moderator"), [chat.join("ann") for _connection in range(2)]
        frame = moderator.ask("DISCONNECT_USER", UserId="ann", Reason="rude")
        assert (frame["Type"], frame["EventName"]) == ("EVENT", "aws:DISCONNECT_USER")
        assert frame["Attributes"] == {"Reason": "rude", "UserId": "ann"}
        for ann in others:
            assert ann.receive() == frame
            assert ann.close_code() == 1000
        mark = chat.mark()
        assert moderator.receive()["Id"] == mark

    def test_moderators_can_disconnect_themselves(self, chat: Chat) -> None:
        ann = chat.join("ann")
        assert ann.ask("DISCONNECT_USER", UserId="ann")["Attributes"] == {"UserId": "ann"}
        assert ann.close_code() == 1000

    def test_rooms_are_separate(self, chat: Chat, emulator: Emulator, ivschat: Any) -> None:
        ann = chat.join("ann")
        with Chat(emulator, ivschat) as elsewhere:
            other = elsewhere.join("ann")
            other.ask("SEND_MESSAGE", Content="elsewhere")
            other.ask("DISCONNECT_USER", UserId="ann")
        mark = chat.mark()
        assert ann.receive()["Id"] == mark

    def test_message_in_fragments(self, chat: Chat) -> None:
        ann = chat.join()
        text = json.dumps({"Action": "SEND_MESSAGE", "Content": f"in parts {SMILE}"}, ensure_ascii=False)
        ann.websocket.send([text[:10], text[10:11], text[11:]])
        assert ann.receive()["Content"] == f"in parts {SMILE}"

    def test_ping(self, chat: Chat) -> None:
        assert chat.join().websocket.ping().wait(20)


class TestControlPlane:
    def test_send_event(self, chat: Chat, ivschat: Any) -> None:
        ann = chat.join(capabilities=())
        sent = ivschat.send_event(roomIdentifier=chat.room, eventName="notice", attributes={"text": "hi"})
        frame = ann.receive()
        assert list(frame) == ["Type", "Id", "RequestId", "EventName", "Attributes", "SendTime"]
        assert (frame["Type"], frame["Id"], frame["RequestId"]) == ("EVENT", sent["id"], "")
        assert (frame["EventName"], frame["Attributes"]) == ("notice", {"text": "hi"})
        ivschat.send_event(roomIdentifier=chat.room, eventName="bare")
        assert ann.receive()["Attributes"] is None

    def test_delete_message(self, chat: Chat, ivschat: Any) -> None:
        ann = chat.join()
        deleted = ivschat.delete_message(roomIdentifier=chat.room, id="M2YcHkgffEvU", reason="spam")
        frame = ann.receive()
        assert (frame["Id"], frame["EventName"], frame["RequestId"]) == (deleted["id"], "aws:DELETE_MESSAGE", "")
        assert frame["Attributes"] == {"MessageID": "M2YcHkgffEvU", "MessageId": "M2YcHkgffEvU", "Reason": "spam"}

    def test_disconnect_user(self, chat: Chat, ivschat: Any) -> None:
        ann, bob = chat.join("ann"), chat.join("bob")
        ivschat.disconnect_user(roomIdentifier=chat.room, userId="ann", reason="rude")
        for client in (ann, bob):
            frame = client.receive()
            assert (frame["EventName"], frame["RequestId"]) == ("aws:DISCONNECT_USER", "")
            assert frame["Attributes"] == {"Reason": "rude", "UserId": "ann"}
        assert ann.close_code() == 1000
        assert bob.ask("SEND_MESSAGE", Content="still here")["Type"] == "MESSAGE"

    def test_refused_calls_reach_nobody(self, chat: Chat, ivschat: Any, emulator: Emulator) -> None:
        ann = chat.join()
        refused(ivschat.send_event, roomIdentifier=chat.room, eventName="x" * 101)
        emulator.fault("SendEvent", "InternalServerException")
        refused(ivschat.send_event, roomIdentifier=chat.room, eventName="lost")
        emulator.fault("SendEvent", "InternalServerException", when="after")
        refused(ivschat.send_event, roomIdentifier=chat.room, eventName="sent")
        assert ann.receive()["EventName"] == "sent"


class TestErrors:
    @pytest.mark.parametrize("action", ALL)
    def test_capabilities(self, chat: Chat, action: str) -> None:
        members = {"Content": "x", "Id": "M2YcHkgffEvU", "UserId": "nobody"}
        others = tuple(name for name in ALL if name != action)
        without, only = chat.join("ann", capabilities=others), chat.join("bob", capabilities=(action,))
        assert without.refused(action, **members) == 403
        frame = only.ask(action, **members)
        assert frame["Type"] in ("MESSAGE", "EVENT")
        assert without.receive() == frame  # The connection stays open.

    @pytest.mark.parametrize(
        "sent",
        [
            "",
            "nonsense",
            "[]",
            "null",
            '"SEND_MESSAGE"',
            "{}",
            '{"Action": "SEND"}',
            '{"Action": 1}',
            '{"Action": ["SEND_MESSAGE"]}',
            '{"Action": "SEND_MESSAGE"}',
            '{"Action": "SEND_MESSAGE", "Content": 1}',
            '{"Action": "SEND_MESSAGE", "Content": "\\ud83d"}',
            '{"Action": "SEND_MESSAGE", "Content": "x", "RequestId": 1}',
            '{"Action": "SEND_MESSAGE", "Content": "x", "Attributes": []}',
            '{"Action": "SEND_MESSAGE", "Content": "x", "Attributes": {"a": 1}}',
            '{"Action": "DELETE_MESSAGE"}',
            '{"Action": "DISCONNECT_USER"}',
            "[" * 30000,
            '{"Action": "SEND_MESSAGE", "Content": "x", "more": ' + "[" * 30000 + "]" * 30000 + "}",
            '{"Action": "SEND_MESSAGE", "Content": "x", "more": ' + "[" * 9000 + "]" * 9000 + "}",
            '{"Action": "SEND_MESSAGE", "Content": "x", "more": ' + "[" * 900 + "]" * 900 + "}",
            b'{"Action": "SEND_MESSAGE", "Content": "x"}',
        ],
    )
    def test_malformed(self, chat: Chat, sent: str | bytes) -> None:
        ann = chat.join()
        ann.websocket.send(sent)
        frame = ann.receive()
        assert (frame["Type"], frame["ErrorCode"], frame["RequestId"]) == ("ERROR", 400, "")
        assert len(frame["Id"]) == 12
        assert ann.ask("SEND_MESSAGE", Content="still here")["Type"] == "MESSAGE"

    @pytest.mark.parametrize(
        ("action", "inside", "outside"),
        [
            ("SEND_MESSAGE", {"Content": "x"}, {"Content": ""}),
            ("SEND_MESSAGE", {"Content": SMILE * 500}, {"Content": SMILE * 501}),
            ("DELETE_MESSAGE", {"Id": "a" * 12}, {"Id": "a" * 11}),
            ("DELETE_MESSAGE", {"Id": "a" * 12}, {"Id": "a" * 13}),
            ("DELETE_MESSAGE", {"Id": "a" * 12}, {"Id": "a" * 11 + "-"}),
            ("DELETE_MESSAGE", {"Id": "a" * 12, "Reason": "r"}, {"Id": "a" * 12, "Reason": ""}),
            ("DELETE_MESSAGE", {"Id": "a" * 12, "Reason": "r" * 256}, {"Id": "a" * 12, "Reason": "r" * 257}),
            ("DISCONNECT_USER", {"UserId": "u"}, {"UserId": ""}),
            ("DISCONNECT_USER", {"UserId": "u" * 128}, {"UserId": "u" * 129}),
            ("DISCONNECT_USER", {"UserId": "u", "Reason": "r" * 256}, {"UserId": "u", "Reason": "r" * 257}),
        ],
    )
    def test_lengths(self, chat: Chat, action: str, inside: dict[str, str], outside: dict[str, str]) -> None:
        ann = chat.join()
        assert ann.ask(action, **inside)["Type"] in ("MESSAGE", "EVENT")
        assert ann.refused(action, **outside) == 400

    def test_attributes_of_one_kilobyte(self, chat: Chat) -> None:
        ann = chat.join()
        frame = ann.ask("SEND_MESSAGE", Content="x", Attributes={"k\u00e9y": "\u00e9" * 510})  # 4 + 1020 bytes
        assert frame["Type"] == "MESSAGE"
        assert ann.refused("SEND_MESSAGE", Content="x", Attributes={"key": "v" * 1021, "": "x"}) == 413

    def test_a_frame_that_is_too_large(self, chat: Chat) -> None:
        ann, bob = chat.join("ann"), chat.join("bob")
        assert ann.refused("SEND_MESSAGE", Content="x" * 60000) == 400
        ann.say("x" * 70000)
        assert ann.close_code() == 1009
        assert bob.ask("SEND_MESSAGE", Content="still here")["Type"] == "MESSAGE"

    def test_text_that_is_not_utf_8(self, chat: Chat) -> None:
        ann = chat.join()
        ann.websocket.send(b"\xff", text=True)
        assert ann.close_code() == 1007

    def test_deleted_room(self, chat: Chat, ivschat: Any) -> None:
        ann = chat.join()
        ivschat.delete_room(identifier=chat.room)
        assert ann.refused("SEND_MESSAGE", Content="x") == 404
        assert ann.refused("DELETE_MESSAGE", Id="a" * 12) == 404
        assert ann.refused("DISCONNECT_USER", UserId="ann") == 404

    def test_the_length_of_the_room(self, chat: Chat, ivschat: Any) -> None:
        ann = chat.join()
        assert ann.ask("SEND_MESSAGE", Content="x" * 21)["Type"] == "MESSAGE"
        ivschat.update_room(identifier=chat.room, maximumMessageLength=20)
        assert ann.ask("SEND_MESSAGE", Content=SMILE * 20)["Content"] == SMILE * 20
        frame = ann.ask("SEND_MESSAGE", Content=SMILE * 21)
        assert (frame["ErrorCode"], frame["ErrorMessage"]) == (400, "Messages must be less than 20 chars")


class TestRates:
    def test_requests_of_a_connection(self, chat: Chat, ivschat: Any) -> None:
        ivschat.update_room(identifier=chat.room, maximumMessageRatePerSecond=100)
        accepted, seconds = burst([chat.join()], 15, "SEND_MESSAGE", Content="x")
        assert 10 <= accepted <= 10 + seconds * 10  # A busy machine is slow enough for some more.
        assert chat.join().ask("SEND_MESSAGE", Content="x")["Type"] == "MESSAGE"

    def test_refused_requests_count_for_the_connection(self, chat: Chat, emulator: Emulator) -> None:
        emulator.set(messaging_limits={"requests_per_connection": 0.001})
        ann = chat.join(capabilities=())
        assert ann.refused("SEND_MESSAGE", Content="x") == 403
        assert ann.refused("SEND_MESSAGE", Content="x") == 429

    def test_messages_of_a_room(self, chat: Chat, emulator: Emulator, ivschat: Any) -> None:
        emulator.set(messaging_limits={"requests_per_connection": None})
        accepted, seconds = burst([chat.join()], 15, "SEND_MESSAGE", Content="x")
        assert 10 <= accepted <= 10 + seconds * 10
        ivschat.update_room(identifier=chat.room, maximumMessageRatePerSecond=1)
        accepted, seconds = burst([chat.join("bob")], 5, "SEND_MESSAGE", Content="x")
        assert accepted <= 1 + seconds
        with Chat(emulator, ivschat) as elsewhere:
            assert elsewhere.join().ask("SEND_MESSAGE", Content="x")["Type"] == "MESSAGE"

    def test_only_messages_count_for_the_room(self, chat: Chat, ivschat: Any) -> None:
        ivschat.update_room(identifier=chat.room, maximumMessageRatePerSecond=1)
        ann = chat.join()
        assert ann.refused("SEND_MESSAGE", Content="") == 400
        assert ann.ask("DELETE_MESSAGE", Id="a" * 12)["Type"] == "EVENT"
        assert ann.ask("SEND_MESSAGE", Content="x")["Type"] == "MESSAGE"

    @pytest.mark.parametrize("action", ALL)
    def test_requests_of_an_account(self, chat: Chat, emulator: Emulator, ivschat: Any, action: str) -> None:
        operation = {"SEND_MESSAGE": "SendMessage", "DELETE_MESSAGE": "DeleteMessage"}.get(action, "DisconnectUser")
        emulator.set(messaging_limits={operation: 0.001})
        members = {"Content": "x", "Id": "a" * 12, "UserId": "nobody"}
        assert chat.join().ask(action, **members)["Type"] in ("MESSAGE", "EVENT")
        with Chat(emulator, ivschat) as elsewhere:
            ann = elsewhere.join()
            assert ann.refused(action, **members) == 429
            emulator.set(messaging_limits={operation: None})
            assert ann.ask(action, **members)["Type"] in ("MESSAGE", "EVENT")

    @pytest.mark.parametrize("counted", ["bucket", "window"])
    @pytest.mark.parametrize("quotas", [None, {"DeleteMessage": 0.001}])
    def test_http_and_websocket_count_together(
        self, chat: Chat, emulator: Emulator, ivschat: Any, quotas: dict[str, float] | None, counted: str
    ) -> None:
        emulator.set(messaging_limits={"DeleteMessage": 0.001}, quotas=quotas, quotas_counted=counted)
        ann = chat.join()
        ivschat.delete_message(roomIdentifier=chat.room, id="a" * 12)
        assert ann.receive()["EventName"] == "aws:DELETE_MESSAGE"
        assert ann.refused("DELETE_MESSAGE", Id="a" * 12) == 429

    @pytest.mark.parametrize("counted", ["bucket", "window"])
    def test_a_message_over_http_quota(self, chat: Chat, emulator: Emulator, ivschat: Any, counted: str) -> None:
        limits = {"DeleteMessage": 0.001}
        emulator.set(messaging_limits=limits, quotas=limits, quotas_counted=counted)
        chat.join().ask("DELETE_MESSAGE", Id="a" * 12)
        assert refused(ivschat.delete_message, roomIdentifier=chat.room, id="a" * 12)["code"] == "ThrottlingException"

    @pytest.mark.parametrize("method", ["POST", "DELETE"])
    def test_settings_forget_what_was_counted(self, chat: Chat, emulator: Emulator, method: str) -> None:
        ann = chat.join()
        burst([ann], 15, "SEND_MESSAGE", Content="x")
        emulator.request(method, "ivschat/settings", {} if method == "POST" else None)
        assert burst([ann], 10, "SEND_MESSAGE", Content="x")[0] == 10
