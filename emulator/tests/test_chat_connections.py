# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""How chat connections begin, go on and end: tokens, sessions, the control interface, slow clients, many clients."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from websockets.exceptions import InvalidHandshake, InvalidStatus

from emulator.tests import chat_load
from emulator.tests.chat import TIMEOUT, Chat, ChatClient
from emulator.tests.helpers import listed
from emulator.tests.wire import ACCOUNT, REGION
from ivschat_emulator import Emulator
from ivschat_emulator.connections import Handshake
from ivschat_emulator.messaging import Messaging
from ivschat_emulator.moto_bridge import carry_out
from ivschat_emulator.rates import Rates


def handshake_status(chat: Chat, *tokens: str) -> int:
    """The HTTP status with which a handshake is refused."""
    with pytest.raises(InvalidStatus) as caught:
        chat.connect(*tokens)
    return caught.value.response.status_code


def accepted_at_once(chat: Chat, tokens: list[str]) -> int:
    """How many of the handshakes with these tokens, all at the same time, are accepted."""

    def attempt(token: str) -> bool:
        try:
            chat.connect(token)
        except InvalidStatus:
            return False
        return True

    with ThreadPoolExecutor(len(tokens)) as threads:
        return sum(threads.map(attempt, tokens))


def key_of_another_account(clients: Callable[..., Any]) -> str:
    """An access key ID of a role in another account."""
    role = "arn:aws:iam::222222222222:role/chat"
    assumed = clients("sts").assume_role(RoleArn=role, RoleSessionName="chat")
    return str(assumed["Credentials"]["AccessKeyId"])


def wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class TestTokens:
    def test_the_token_is_the_subprotocol(self, chat: Chat) -> None:
        token = chat.token()
        for path in ("", "/any/path?with=query", "/moto-api/reset"):
            token = chat.token()
            client = chat.connect(token, path=path)
            assert client.websocket.subprotocol == token
            assert client.ask("SEND_MESSAGE", Content="x")["Type"] == "MESSAGE"

    def test_a_token_connects_once(self, chat: Chat, emulator: Emulator) -> None:
        token = chat.token()
        assert emulator.verify_token(token)
        chat.connect(token)
        assert emulator.verify_token(token) is None
        assert handshake_status(chat, token) == 403

    def test_one_token_and_many_who_try_it(self, chat: Chat) -> None:
        assert accepted_at_once(chat, [chat.token()] * 8) == 1

    def test_missing_and_unknown_tokens(self, chat: Chat, ivschat: Any) -> None:
        assert handshake_status(chat) == 401
        assert handshake_status(chat, "unknown") == 403
        token = chat.token()
        ivschat.delete_room(identifier=chat.room)
        assert handshake_status(chat, token) == 403

    def test_a_token_expires(self, chat: Chat, emulator: Emulator, ivschat: Any) -> None:
        emulator.set(token_lifetime=0)
        made = ivschat.create_chat_token(roomIdentifier=chat.room, userId="ann")
        assert (made["sessionExpirationTime"] - made["tokenExpirationTime"]).total_seconds() == 3600
        assert handshake_status(chat, made["token"]) == 403

    def test_not_a_handshake(self, emulator: Emulator) -> None:
        port = int(emulator.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 400 ")
            # The connection can be used again.
            client.sendall(b"GET /moto-api/ivschat/faults HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 200 ")

    def test_a_frame_that_comes_with_the_handshake(self, chat: Chat, emulator: Emulator) -> None:
        port = int(emulator.url.rpartition(":")[2])
        head = (
            "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: {chat.token()}\r\n\r\n"
        )
        early = text_frame('{"Action": "SEND_MESSAGE", "Content": "early"}')
        bob = chat.join("bob")
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(head.encode() + early)
            assert bob.receive()["Content"] == "early"

    def test_connections_of_an_account(self, chat: Chat, emulator: Emulator) -> None:
        emulator.set(messaging_limits={"connections": 1})
        ann = chat.join("ann")
        token = chat.token("bob")
        assert handshake_status(chat, token) == 429
        ann.websocket.close()
        wait_until(lambda: not emulator.connections())
        chat.connect(token)

    def test_connections_are_counted_by_account_and_region(
        self, chat: Chat, emulator: Emulator, clients: Callable[..., Any]
    ) -> None:
        emulator.set(messaging_limits={"connections": 1})
        chat.join()
        with Chat(emulator, clients(region="eu-west-1")) as elsewhere:
            elsewhere.join()
            assert handshake_status(elsewhere, elsewhere.token()) == 429
        with Chat(emulator, emulator.client("ivschat", aws_access_key_id=key_of_another_account(clients))) as other:
            assert other.room.split(":")[4] != chat.room.split(":")[4]
            other.join()

    def test_handshakes_at_the_same_time(self, chat: Chat, emulator: Emulator) -> None:
        emulator.set(messaging_limits={"connections": 2}, latency=0.2)
        assert accepted_at_once(chat, [chat.token() for _number in range(16)]) == 2

    @pytest.mark.parametrize("error", ["Http503", "ConnectionReset"])
    def test_a_handshake_whose_response_is_lost_leaves_no_connection(
        self, chat: Chat, emulator: Emulator, error: str
    ) -> None:
        emulator.set(messaging_limits={"connections": 1})
        emulator.fault("Connect", error, when="after")
        with pytest.raises((InvalidHandshake, OSError, EOFError)):
            chat.join()
        chat.join()

    def test_a_handshake_that_waits_for_its_response_counts(self, chat: Chat, emulator: Emulator) -> None:
        emulator.set(messaging_limits={"connections": 1})
        emulator.hold("Connect", when="after")
        with ThreadPoolExecutor() as threads:
            joining = threads.submit(chat.join)
            emulator.wait_held()
            assert emulator.connections() == []
            assert handshake_status(chat, chat.token("bob")) == 429
            chat.mark()
            emulator.release()
            assert joining.result(TIMEOUT).ask("SEND_MESSAGE", Content="x")["Type"] == "MESSAGE"


class TestSessions:
    def test_the_end_of_a_session(self, chat: Chat, emulator: Emulator) -> None:
        emulator.set(session_minute=0.2)
        short = chat.join("ann", sessionDurationInMinutes=1)
        long = chat.join("bob", sessionDurationInMinutes=180)
        frame = short.receive()
        assert (frame["Type"], frame["ErrorCode"], frame["RequestId"]) == ("ERROR", 401, "")
        assert short.close_code() == 1000
        assert long.ask("SEND_MESSAGE", Content="x")["Type"] == "MESSAGE"

    def test_times(self, chat: Chat, emulator: Emulator, ivschat: Any) -> None:
        emulator.set(token_lifetime=5, session_minute=2)
        made = ivschat.create_chat_token(roomIdentifier=chat.room, userId="u", sessionDurationInMinutes=100)
        assert (made["sessionExpirationTime"] - made["tokenExpirationTime"]).total_seconds() == 195

    def test_requests_that_come_with_the_last_one(self, chat: Chat, emulator: Emulator) -> None:
        """Both are in one TCP segment."""
        client, bob = slow_client(emulator, chat.token("ann")), chat.join("bob")
        client.sendall(
            text_frame('{"Action": "DISCONNECT_USER", "UserId": "ann"}')
            + text_frame('{"Action": "SEND_MESSAGE", "Content": "late"}')
        )
        assert bob.receive()["EventName"] == "aws:DISCONNECT_USER"
        wait_until(lambda: len(emulator.connections()) == 1)
        mark = chat.mark()
        assert bob.receive()["Id"] == mark
        client.close()

    def test_requests_that_come_with_the_close_frame(self, chat: Chat, emulator: Emulator) -> None:
        client, bob = slow_client(emulator, chat.token("ann")), chat.join("bob")
        close = bytes([0x88, 0x82, 0, 0, 0, 0]) + (1000).to_bytes(2, "big")
        client.sendall(text_frame('{"Action": "SEND_MESSAGE", "Content": "bye"}') + close)
        assert bob.receive()["Content"] == "bye"
        client.close()


class TestControl:
    def test_connections(self, chat: Chat, emulator: Emulator) -> None:
        ann, bob = chat.join("ann", attributes={"a": "b"}, capabilities=("SEND_MESSAGE",)), chat.join("bob")
        shown = emulator.connections()
        assert [each["userId"] for each in shown] == ["ann", "bob"]
        assert list(shown[0]) == [
            "id",
            "roomArn",
            "userId",
            "attributes",
            "capabilities",
            "ip",
            "connectTime",
            "sessionExpirationTime",
        ]
        assert (shown[0]["roomArn"], shown[0]["ip"]) == (chat.room, "127.0.0.1")
        assert (shown[0]["attributes"], shown[0]["capabilities"]) == ({"a": "b"}, ["SEND_MESSAGE"])
        ann.websocket.close()
        wait_until(lambda: len(emulator.connections()) == 1)
        assert emulator.connections(userId="ann") == []
        assert emulator.connections(userId="bob", roomArn=chat.room) == shown[1:]
        bob.websocket.socket.shutdown(socket.SHUT_RDWR)  # Without a closing handshake.
        wait_until(lambda: not emulator.connections())

    def test_cut(self, chat: Chat, emulator: Emulator, ivschat: Any) -> None:
        ann, bob, eve = chat.join("ann"), chat.join("bob"), chat.join("eve")
        assert emulator.cut_connections(userId="ann") == 1
        assert ann.close_code() is None
        assert emulator.cut_connections(id=emulator.connections(userId="bob")[0]["id"], close_code=4000) == 1
        assert bob.close_code() == 4000
        assert emulator.cut_connections(roomArn="another") == 0
        assert eve.ask("SEND_MESSAGE", Content="x")["Type"] == "MESSAGE"
        assert emulator.cut_connections() == 1

    @pytest.mark.parametrize("query", ["closeCode=1005", "closeCode=x", "user=ann"])
    def test_bad_cut(self, emulator: Emulator, query: str) -> None:
        with pytest.raises(ValueError, match=query.partition("=")[0]):
            emulator.request("DELETE", f"ivschat/connections?{query}")

    def test_call_log(self, chat: Chat, emulator: Emulator) -> None:
        token = chat.token()
        chat.connect(token, path="/path")
        assert handshake_status(chat, token) == 403
        calls = emulator.calls("Connect")
        assert [(call["status"], call["error"], call["write"]) for call in calls] == [
            (101, None, False),
            (403, "Http403", False),
        ]
        assert calls[0]["parameters"] == {"path": "/path"}
        assert (calls[0]["account"], calls[0]["region"]) == tuple(chat.room.split(":")[4:2:-1])
        assert token not in json.dumps(emulator.calls(service=None))

    @pytest.mark.parametrize("when", ["before", "after"])
    @pytest.mark.parametrize("error", ["Http503", "InternalServerException", "ConnectionReset"])
    def test_faults(self, chat: Chat, emulator: Emulator, when: str, error: str) -> None:
        emulator.fault("Connect", error, when=when)
        token = chat.token()
        with pytest.raises((InvalidHandshake, OSError, EOFError)) as caught:
            chat.connect(token)
        if isinstance(caught.value, InvalidStatus):
            assert caught.value.response.status_code == {"Http503": 503, "InternalServerException": 500}[error]
        else:
            assert error == "ConnectionReset"
        assert emulator.calls("Connect")[-1]["fault"] == f"{error} {when}"
        assert emulator.connections() == []
        assert (emulator.verify_token(token) is None) == (when == "after")
        assert chat.join().ask("SEND_MESSAGE", Content="x")["Type"] == "MESSAGE"

    def test_timeout(self, chat: Chat, emulator: Emulator) -> None:
        emulator.fault("Connect", "Timeout")
        with pytest.raises(TimeoutError):
            chat.connect(chat.token(), open_timeout=0.2)
        chat.join()

    def test_hold(self, chat: Chat, emulator: Emulator) -> None:
        emulator.hold("Connect")
        with ThreadPoolExecutor() as threads:
            joining = threads.submit(chat.join)
            emulator.wait_held()
            assert emulator.connections() == []
            emulator.release()
            assert joining.result(TIMEOUT).ask("SEND_MESSAGE", Content="x")["Type"] == "MESSAGE"


class TestEnds:
    @pytest.mark.parametrize("how", ["DisconnectUser", "close code", "cut"])
    def test_an_end_during_the_handshake(self, chat: Chat, emulator: Emulator, ivschat: Any, how: str) -> None:
        """The connection is accepted, and its response held back."""
        emulator.hold("Connect", when="after")
        with ThreadPoolExecutor() as threads:
            joining = threads.submit(chat.join, "ann")
            emulator.wait_held()
            if how == "DisconnectUser":
                ivschat.disconnect_user(roomIdentifier=chat.room, userId="ann")
            else:
                assert emulator.cut_connections(close_code=None if how == "cut" else 4000) == 1
            emulator.release()
            if how == "cut":
                with pytest.raises((InvalidHandshake, OSError, EOFError)):
                    joining.result(TIMEOUT)
            else:
                assert joining.result(TIMEOUT).close_code() == {"DisconnectUser": 1000}.get(how, 4000)
        wait_until(lambda: not emulator.connections())

    def test_a_reset_during_the_handshake(self) -> None:
        """The connection is accepted, and not open yet; over HTTP there is no way to stop there."""
        messaging = Messaging(Rates(), run_functions=False)
        room = carry_out(ACCOUNT, REGION, "CreateRoom", {})[1]["arn"]
        made = carry_out(ACCOUNT, REGION, "CreateChatToken", {"roomIdentifier": room, "userId": "ann"})[1]
        environ = {"REQUEST_METHOD": "GET", "RAW_URI": "/", "SERVER_PROTOCOL": "HTTP/1.1"}
        environ |= {"HTTP_UPGRADE": "websocket", "HTTP_CONNECTION": "Upgrade", "HTTP_SEC_WEBSOCKET_VERSION": "13"}
        environ |= {"HTTP_SEC_WEBSOCKET_KEY": "MDEyMzQ1Njc4OWFiY2RlZg=="}
        environ |= {"HTTP_SEC_WEBSOCKET_PROTOCOL": made["token"]}
        response, connection = messaging.accept(Handshake(environ))
        assert (response[0], messaging.connections({})) == (101, [connection])
        assert connection
        messaging.reset()
        assert messaging.connections({}) == []
        here, there = socket.socketpair()
        with here, there:
            early = text_frame("{}") + bytes([0x88, 0x82, 0, 0, 0, 0]) + (1001).to_bytes(2, "big")
            messaging.serve(connection, here, early)
            head, _blank, sent = there.recv(65536).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101 ")
            assert sent == bytes([0x88, 2]) + (1001).to_bytes(2, "big")  # No answer to the request.
        carry_out(ACCOUNT, REGION, "DeleteRoom", {"identifier": room})

    def test_reset(self, chat: Chat, emulator: Emulator) -> None:
        clients = [chat.join(f"user{number}") for number in range(3)]
        token = chat.token()
        emulator.reset()
        assert [client.close_code() for client in clients] == [1001] * 3
        assert handshake_status(chat, token) == 403
        wait_until(lambda: not emulator.connections())

    def test_stop(self) -> None:
        with Emulator.start() as other, Chat(other, other.client("ivschat")) as elsewhere:
            ann = elsewhere.join()
            assert other.stop() == 0
            assert ann.close_code() == 1001

    def test_stop_with_a_client_that_does_not_answer(self) -> None:
        with Emulator.start() as other, Chat(other, other.client("ivschat")) as elsewhere:
            client = slow_client(other, elsewhere.token())
            assert other.stop() == 0
            client.close()

    @pytest.mark.parametrize("disconnects", [False, True])
    def test_room_deletion(self, chat: Chat, emulator: Emulator, ivschat: Any, disconnects: bool) -> None:
        emulator.set(delete_room_disconnects=disconnects)
        ann = chat.join()
        ivschat.delete_room(identifier=chat.room)
        if disconnects:
            assert ann.close_code() == 1000
        else:
            assert ann.refused("SEND_MESSAGE", Content="x") == 404


def text_frame(text: str) -> bytes:
    """A frame of a client, with a mask of zeros."""
    assert len(text) < 126
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode()


def slow_client(emulator: Emulator, token: str) -> socket.socket:
    """A client that has connected and reads nothing more."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", int(emulator.url.rpartition(":")[2])))
    head = (
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: {token}\r\n\r\n"
    )
    client.sendall(head.encode())
    assert client.recv(12) == b"HTTP/1.1 101"
    return client


class TestManyClients:
    @pytest.fixture(autouse=True)
    def unlimited(self, emulator: Emulator) -> None:
        emulator.set(messaging_limits={"requests_per_connection": None, "SendMessage": None})

    def talk_until(self, client: ChatClient, condition: Callable[[], bool]) -> int:
        """Send large events over WebSocket until the condition is met; how many."""
        reason, sent = "\U0001f600" * 256, 0
        while not condition():
            for _each in range(100):
                client.ask("DELETE_MESSAGE", Id="a" * 12, Reason=reason)
            sent += 100
            assert sent < 30000
        return sent

    def test_a_client_that_does_not_read_is_cut(self, chat: Chat, emulator: Emulator) -> None:
        emulator.set(client_backlog=100_000, messaging_limits={"DeleteMessage": None})
        client = slow_client(emulator, chat.token("slow"))
        ann, bob = chat.join("ann"), chat.join("bob", capabilities=())
        received = []
        reader = threading.Thread(target=lambda: received.extend(iter(lambda: bob.receive()["EventName"], "mark")))
        reader.start()
        sent = self.talk_until(ann, lambda: not emulator.connections(userId="slow"))
        chat.mark()
        reader.join(TIMEOUT)
        assert received == ["aws:DELETE_MESSAGE"] * sent
        client.close()

    def test_a_client_that_reads_late_loses_nothing(self, chat: Chat, emulator: Emulator) -> None:
        emulator.set(client_backlog=100_000_000, messaging_limits={"DeleteMessage": None})
        late = chat.connect(chat.token("late"), max_queue=1)
        ann = chat.join("ann")
        ids = [ann.ask("DELETE_MESSAGE", Id="a" * 12, Reason="\U0001f600" * 256)["Id"] for _each in range(4000)]
        assert [late.receive()["Id"] for _each in ids] == ids

    def test_a_client_that_is_gone(self, chat: Chat, emulator: Emulator) -> None:
        client = slow_client(emulator, chat.token("gone"))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        wait_until(lambda: not emulator.connections())
        assert chat.join().ask("SEND_MESSAGE", Content="x")["Type"] == "MESSAGE"

    def test_nothing_is_lost_and_all_see_one_order(self, emulator: Emulator, ivschat: Any) -> None:
        load = chat_load.run(emulator, clients=40, senders=4, rate=50, seconds=2)
        assert (load.sent, load.refused, load.lost, load.out_of_order) == (100, 0, 0, 0)
        assert listed(ivschat.list_rooms) == []
