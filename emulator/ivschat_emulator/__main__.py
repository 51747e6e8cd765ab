# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command `ivschat-emulator [--host HOST] [--port PORT]`: prints its URL as the first line when it is ready."""

from __future__ import annotations

import argparse
import ipaddress
import os
import signal
import sys
import threading

from . import moto_bridge
from .control import Control


def main() -> None:
    """Serve until SIGTERM or SIGINT; exit status 0."""
    parser = argparse.ArgumentParser(prog="ivschat-emulator", description="An emulator of Amazon IVS Chat")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop too when the standard input ends")
    arguments = parser.parse_args()
    # Who can reach the emulator can upload functions, so their code runs only where nobody else can.
    run_functions = _is_loopback(arguments.host)
    if not run_functions:
        print(f"{arguments.host} is not a loopback address: message review functions do not run", file=sys.stderr)
    control = Control(moto_bridge.application(), run_functions)
    server = moto_bridge.make_server(arguments.host, arguments.port, control)

    def stop(*_: object) -> None:
        # shutdown() waits for serve_forever to end, which runs in the thread that signals interrupt.
        threading.Thread(target=server.shutdown, daemon=True).start()

    def stop_at_end_of_input() -> None:
        while os.read(0, 4096):
            pass
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if arguments.until_stdin_closes:
        threading.Thread(target=stop_at_end_of_input, daemon=True).start()
    print(f"http://{arguments.host}:{server.port}", flush=True)
    server.serve_forever(poll_interval=0.1)
    control.stop()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


if __name__ == "__main__":
    main()
