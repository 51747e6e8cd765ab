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
    """The outcome. `lost`: deliveries that did not come; `out_of_order`: clients that saw another order than the first;
    `delays`: milliseconds from sending to receiving, for each delivery."""

    clients: int
    sent: int
    lost: int
    out_of_order: int
    seconds: float
    delays: list[float]


async def _receive(client: ClientConnection, number: int, quiet: float) -> tuple[list[str], list[float]]:
    """Contents and delays of `number` messages, or of as many as come with pauses shorter than `quiet` seconds."""
    contents, delays = [], []
    try:
        while len(contents) < number:
            frame = json.loads(await asyncio.wait_for(client.recv(), quiet))
            contents.append(frame["Content"])
            delays.append((time.monotonic() - float(frame["Attributes"]["sent"])) * 1000)
    except asyncio.TimeoutError:
        pass
    return contents, delays


async def _send(clients: list[ClientConnection], number: int, rate: float) -> None:
    start = time.monotonic()
    for count in range(number):
        await asyncio.sleep(max(0, start + count / rate - time.monotonic()))
        request = {
            "Action": "SEND_MESSAGE",
            "Content": f"message {count}",
            "Attributes": {"sent": str(time.monotonic())},
        }
        await clients[count % len(clients)].send(json.dumps(request))


async def _talk(url: str, tokens: list[str], senders: int, number: int, rate: float) -> Load:
    connecting = [connect(url, subprotocols=[Subprotocol(token)], open_timeout=60) for token in tokens]
    clients = await asyncio.gather(*connecting)
    start = time.monotonic()
    receiving = [asyncio.create_task(_receive(client, number, quiet=10)) for client in clients]
    await _send(clients[:senders], number, rate)
    received = await asyncio.gather(*receiving)
    seconds = time.monotonic() - start
    await asyncio.gather(*(client.close() for client in clients))
    return Load(
        clients=len(clients),
        sent=number,
        lost=sum(number - len(contents) for contents, _delays in received),
        out_of_order=sum(contents != received[0][0] for contents, _delays in received),
        seconds=seconds,
        delays=[delay for _contents, delays in received for delay in delays],
    )


def run(emulator: Emulator, clients: int, senders: int, rate: int, seconds: int) -> Load:
    """Let `senders` of `clients` in one room send `rate` messages per second together, for `seconds`."""
    ivschat = emulator.client("ivschat")
    room = ivschat.create_room(maximumMessageRatePerSecond=100)["arn"]
    tokens = [
        ivschat.create_chat_token(roomIdentifier=room, userId=f"user{number}", capabilities=["SEND_MESSAGE"])["token"]
        for number in range(clients)
    ]
    load = asyncio.run(_talk(emulator.websocket_url, tokens, senders, rate * seconds, rate))
    ivschat.delete_room(identifier=room)
    return load


def _row(load: Load) -> list[Any]:
    percentiles = statistics.quantiles(load.delays, n=100)
    return [
        load.clients,
        load.sent,
        f"{len(load.delays) / load.seconds:.0f}",
        load.lost,
        load.out_of_order,
        f"{percentiles[49]:.0f} ms",
        f"{percentiles[98]:.0f} ms",
    ]


def main() -> None:
    """Print a table for the README."""
    titles = ["Clients", "Messages", "Deliveries per second", "Lost", "Clients with another order", "Median", "99 %"]
    rows = [titles, ["---"] * len(titles)]
    with Emulator.start() as emulator:
        for clients, rate in ((50, 20), (200, 20), (200, 100)):
            emulator.reset()
            rows.append(_row(run(emulator, clients, senders=20, rate=rate, seconds=10)))
    sys.stdout.writelines("| " + " | ".join(map(str, row)) + " |\n" for row in rows)


if __name__ == "__main__":
    main()
