# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics of connections, requests and deliveries. Those of failures are tested with what fails."""

from __future__ import annotations

from typing import Any

from emulator.tests.chat import Chat
from emulator.tests.metrics import metrics
from ivschat_emulator import Emulator


def test_requests_and_deliveries(chat: Chat, emulator: Emulator, ivschat: Any) -> None:
    with Chat(emulator, ivschat) as elsewhere:
        ann, bob, eve = chat.join("ann"), chat.join("bob", capabilities=()), elsewhere.join("eve")
        assert bob.refused("SEND_MESSAGE") == 403  # A request, but nothing is delivered.
        for client in (ann, ann, eve):
            client.ask("SEND_MESSAGE", Content="x")
        eve.ask("DELETE_MESSAGE", Id="a" * 12)
        chat.mark()
        ivschat.disconnect_user(roomIdentifier=chat.room, userId="nobody")
        ivschat.delete_message(roomIdentifier=elsewhere.room, id="a" * 12)
    counted = metrics(emulator)
    requests = {"SendMessage": 4, "SendEvent": 1, "DisconnectUser": 1, "DeleteMessage": 2}
    deliveries = {"SendMessage": 2 * 2 + 1, "SendEvent": 2, "DisconnectUser": 2, "DeleteMessage": 1 + 1}
    assert {name[-1]: count for name, count in counted.items() if name[:2] == ("Requests", "Action")} == requests
    assert {name[-1]: count for name, count in counted.items() if name[:2] == ("Deliveries", "Action")} == deliveries
    assert counted[("MessagingRequests",)] == sum(requests.values())
    assert counted[("MessagingDeliveries",)] == sum(deliveries.values())


def test_deliveries_to_nobody(chat: Chat, emulator: Emulator) -> None:
    chat.mark()
    assert ("Requests", "Action", "SendEvent") in metrics(emulator)
    assert ("Deliveries", "Action", "SendEvent") not in metrics(emulator)


def test_concurrent_connections(chat: Chat, emulator: Emulator, ivschat: Any) -> None:
    with Chat(emulator, ivschat) as elsewhere:
        clients = [chat.join("ann"), chat.join("bob"), elsewhere.join("eve")]
        for client in clients:
            client.websocket.close()
    chat.join().ask("SEND_MESSAGE", Content="x")
    assert metrics(emulator, "Maximum")[("ConcurrentChatConnections",)] == 3
