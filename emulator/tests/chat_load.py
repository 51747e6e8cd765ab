# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""A load of chat messages: how many reach whom, in which order, and how late. `make chat-load` prints the figures."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from ivschat_emulator import Emulator


@dataclass(frozen=True)
class Load:
    """The outcome. `refused`: messages that got an ERROR frame; `lost`: deliveries of the others that did not come;
    `out_of_order`: clients that saw another order than the first; `delays`: milliseconds, for each delivery."""

    clients: int
    sent: int
    refused: int
    lost: int
    out_of_order: int
    seconds: float
    delays: list[float]


@dataclass
class _Received:
    """What one client receives."""

    contents: list[str]
    delays: list[float]
    errors: int = 0


async def _receive(client: ClientConnection, number: int, quiet: float) -> _Received:
    """All frames until `number` messages have come, or nothing for `quiet` seconds."""
    received = _Received([], [])
    try:
        while len(received.contents) < number:
            frame = json.loads(await asyncio.wait_for(client.recv(), quiet))
            if frame["Type"] == "ERROR":
                received.errors += 1
            else:
                received.contents.append(frame["Content"])
                received.delays.append((time.monotonic() - float(frame["Attributes"]["sent"])) * 1000)
    except asyncio.TimeoutError:
        pass
    return received


async def _send(clients: list[ClientConnection], number: int, rate: float) -> None:
    """Send in turns; time that was lost is not made up for, because that would exceed the rate."""
    due = time.monotonic()
    for count in range(number):
        await asyncio.sleep(max(0, due - time.monotonic()))
        due = max(due, time.monotonic()) + 1 / rate
        attributes = {"sent": str(time.monotonic())}
        request = {"Action": "SEND_MESSAGE", "Content": f"message {count}", "Attributes": attributes}
        await clients[count % len(clients)].send(json.dumps(request))


async def _talk(url: str, tokens: list[str], senders: int, number: int, rate: float, quiet: float) -> Load:
    connecting = [connect(url, subprotocols=[Subprotocol(token)], open_timeout=60) for token in tokens]
    clients = await asyncio.gather(*connecting)
    start = time.monotonic()
    receiving = [asyncio.create_task(_receive(client, number, quiet)) for client in clients]
    await _send(clients[:senders], number, rate)
    sending = time.monotonic() - start
    received = await asyncio.gather(*receiving)
    await asyncio.gather(*(client.close() for client in clients))
    refused = sum(client.errors for client in received)
    return Load(
        clients=len(clients),
        sent=number,
        refused=refused,
        lost=sum(number - refused - len(client.contents) for client in received),
        out_of_order=sum(client.contents != received[0].contents for client in received),
        seconds=sending,
        delays=[delay for client in received for delay in client.delays],
    )


def run(emulator: Emulator, clients: int, senders: int, rate: int, seconds: int) -> Load:
    """Let `senders` of `clients` in one room send `rate` messages per second together, for `seconds`."""
    ivschat = emulator.client("ivschat")
    room = ivschat.create_room(maximumMessageRatePerSecond=100)["arn"]
    tokens = [
        ivschat.create_chat_token(roomIdentifier=room, userId=f"user{number}", capabilities=["SEND_MESSAGE"])["token"]
        for number in range(clients)
    ]
    load = asyncio.run(_talk(emulator.websocket_url, tokens, senders, rate * seconds, rate, quiet=10))
    ivschat.delete_room(identifier=room)
    return load


def _row(load: Load) -> list[Any]:
    percentiles = statistics.quantiles(load.delays, n=100)
    return [
        load.clients,
        load.sent,
        load.refused,
        f"{len(load.delays) / load.seconds:.0f}",
        load.lost,
        load.out_of_order,
        f"{percentiles[49]:.0f} ms",
        f"{percentiles[98]:.0f} ms",
    ]


def main() -> None:
    """Print a table for the README."""
    titles = [
        "Clients",
        "Messages",
        "Refused",
        "Deliveries per second",
        "Lost",
        "Clients that saw a different order",
        "Median",
        "99 %",
    ]
    rows = [titles, ["---"] * len(titles)]
    with Emulator.start() as emulator:
        for clients, rate in ((50, 20), (200, 20), (200, 100)):
            emulator.reset()
            rows.append(_row(run(emulator, clients, senders=20, rate=rate, seconds=10)))
    sys.stdout.writelines("| " + " | ".join(map(str, row)) + " |\n" for row in rows)


if __name__ == "__main__":
    main()
