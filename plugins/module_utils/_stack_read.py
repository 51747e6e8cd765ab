# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading everything that a stack is planned from, at the pace that the service allows. Private to this collection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ._api import OPERATIONS
from ._identity import LOOK_AGAIN, inconsistent_read_error, still_existing
from ._polling import poll
from ._resources import KINDS, ROOM, Resource
from ._retries import limit_rate
from ._stack import Entry, Listed, Match, duplicates


def limit_stack_rate(client: Any, room: float, logging_configuration: float, tag: float) -> None:
    """Delay the client's calls so that no operation of a group exceeds its calls per second (above 0)."""

    def calls_per_second(operation: str) -> float:
        return room if "Room" in operation else logging_configuration if "LoggingConf" in operation else tag

    limit_rate(client, calls_per_second)


def list_all(client: Any) -> Listed:
    """Return all rooms and logging configurations: one pass over each list."""
    return {kind: OPERATIONS[kind].list(client) for kind in KINDS}


def list_without_stale(client: Any, entries: list[Entry], adopt: bool) -> Listed:
    """Return the same without duplicates that Get does not find: a list may lag, and a race may be about to end.

    Where an entry still identifies more than one after a while, matching refuses it.
    """
    listed = list_all(client)
    for _now in poll(LOOK_AGAIN):
        undecided = False
        for kind, resources in duplicates(entries, listed, adopt):
            existing = still_existing(client, kind, resources)
            stale = {resource["arn"] for resource in resources} - {resource["arn"] for resource in existing}
            listed[kind] = [resource for resource in listed[kind] if resource["arn"] not in stale]
            undecided = undecided or len(existing) > 1
        if not undecided:
            break
    return listed


def get_rooms(client: Any, arns: Iterable[str]) -> dict[str, Resource]:
    """Return these listed rooms, by ARN, with length and rate, which lists omit.

    Raises AnsibleAWSError when Get does not find one: to treat it as absent would create a duplicate when Get lags.
    """
    found: dict[str, Resource | None] = dict.fromkeys(arns)
    for _now in poll(LOOK_AGAIN):
        found.update((arn, OPERATIONS[ROOM].get(client, arn)) for arn, room in found.items() if room is None)
        if all(found.values()):
            break
    if missing := [arn for arn, room in found.items() if room is None]:
        raise inconsistent_read_error(ROOM, missing)
    return {arn: room for arn, room in found.items() if room}


def match_with_details(client: Any, matches: list[Match]) -> list[Match]:
    """Return the matches with all fields that their entries declare."""
    incomplete = [match.before["arn"] for match in matches if match.before and match.entry.needs_details]
    rooms = get_rooms(client, incomplete)
    return [
        replace(match, before=rooms.get(match.before["arn"], match.before)) if match.before else match
        for match in matches
    ]
