# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The people who talk in the demo: chat clients with a token of their own, and what they see."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from websockets.sync.client import connect
from websockets.typing import Subprotocol

from emulator.tests.chat import ChatClient
from ivschat_emulator import Emulator

Frame = dict[str, Any]


class Person:
    """Somebody in a room, until `connections` is closed. `seen`: the messages and events that came, in order."""

    def __init__(self, name: str, room: str, emulator: Emulator, connections: ExitStack) -> None:
        # As the backend of an application does it; the module ivschat_chat_token calls the same operation.
        token = emulator.client("ivschat").create_chat_token(
            roomIdentifier=room,
            userId=name.lower(),
            attributes={"displayName": name},
            capabilities=["SEND_MESSAGE"],
        )["token"]
        connection = connect(emulator.websocket_url, subprotocols=[Subprotocol(token)], proxy=None)
        self.client = ChatClient(connections.enter_context(connection))
        self.seen: list[Frame] = []

    def say(self, content: str, times: int = 1) -> list[Frame]:
        """Send a message, several times without a pause; what the service answers: messages, or errors."""
        for _time in range(times):
            self.client.say(content)
        return [self.receive() for _time in range(times)]

    def receive(self) -> Frame:
        """The next message, event, or error; TimeoutError if none comes."""
        frame = self.client.receive()
        if frame["Type"] != "ERROR":
            self.seen.append(frame)
        return frame


def describe(frame: Frame, messages: list[Frame]) -> str:
    """Return a frame as a line. `messages`: earlier ones, of which it may delete one."""
    if frame["Type"] == "MESSAGE":
        return f"{frame['Sender']['Attributes']['displayName']}: {frame['Content']}"
    if frame["Type"] == "ERROR":
        return f"{frame['ErrorCode']} {frame['ErrorMessage']}"
    name, attributes = frame["EventName"], frame["Attributes"]
    if name == "aws:DELETE_MESSAGE":
        contents = [message["Content"] for message in messages if message["Id"] == attributes["MessageId"]]
        return f'{name} "{"".join(contents)}" ({attributes["Reason"]})'
    if name == "aws:DISCONNECT_USER":
        return f"{name} {attributes['UserId']} ({attributes['Reason']})"
    return f"{name}: {attributes['text']}"
