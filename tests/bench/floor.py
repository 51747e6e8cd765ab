# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fewest possible calls with plain boto3: floor.py present|absent|drift COUNT [CALLS_PER_SECOND].

It has no error handling, checks for duplicates, waits, or check mode. `drift` changes the tag of one room, as if
somebody had changed it manually.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import boto3

state, count = sys.argv[1], int(sys.argv[2])
per_second = float(sys.argv[3]) if len(sys.argv) > 3 else 0
client = boto3.client("ivschat")
sent: dict[str, list[float]] = {}


def call(operation: str, **parameters: Any) -> dict[str, Any]:
    """One call, as early as a quota of so many calls a second, with a burst of one second's, lets it through."""
    times = sent.setdefault(operation, [])
    if per_second and len(times) >= per_second:
        early = times[0] + (len(times) - per_second + 1) / per_second + 0.05
        time.sleep(max(0, early - time.monotonic()))
    times.append(time.monotonic())
    return getattr(client, operation)(**parameters)


rooms: dict[str, dict[str, Any]] = {}
token: dict[str, str] = {}
while True:
    page = call("list_rooms", maxResults=50, **token)
    rooms.update({room["name"]: room for room in page["rooms"]})
    if not page.get("nextToken"):
        break
    token = {"nextToken": page["nextToken"]}
for number in range(1, count + 1):
    name = f"bench-{number}"
    if state == "absent":
        if name in rooms:
            call("delete_room", identifier=rooms[name]["arn"])
    elif name not in rooms:
        call("create_room", name=name, tags={"team": "bench"})
    elif rooms[name]["tags"].get("team") != "bench":
        call("tag_resource", resourceArn=rooms[name]["arn"], tags={"team": "bench"})
if state == "drift":
    call("tag_resource", resourceArn=rooms["bench-1"]["arn"], tags={"team": "hand"})
