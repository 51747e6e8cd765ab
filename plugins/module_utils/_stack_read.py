# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading everything that a stack is planned from, at the pace that the service allows. Private to this collection."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from ._api import OPERATIONS
from ._identity import LOOK_AGAIN, get_each, inconsistent_read_error, renamed_error, still_existing
from ._pacing import limit_rate
from ._polling import poll
from ._progress import Progress
from ._resources import KINDS, ROOM
from ._stack import Entry, Listed, Match, Matching, calls_per_second_of, duplicates
from ._stack_plan import StackPlan


def limit_stack_rate(client: Any, rates: dict[str, float]) -> None:
    """Delay the client's calls so that no operation of a group exceeds its calls per second (above 0)."""
    limit_rate(client, lambda operation: calls_per_second_of(operation, rates))


def list_all(client: Any) -> Listed:
    """Return all rooms and logging configurations: one pass over each list.

    Rooms first: after many pages, the next ListRooms has to wait for its turn, and the rest is done meanwhile.
    """
    return {kind: OPERATIONS[kind].list(client) for kind in reversed(KINDS)}


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


def match_with_details(client: Any, matching: Matching, progress: Progress) -> Matching:
    """Return the matches with all fields that their entries declare.

    Raises AnsibleAWSError when Get does not find one: to treat it as absent would create a duplicate when Get lags.
    """
    matches = matching.matches
    incomplete = [match.before["arn"] for match in matches if match.before and match.entry.needs_details]
    rooms = get_each(client, ROOM, incomplete, partial(progress.watch, what="rooms read"))
    if missing := [arn for arn, room in rooms.items() if room is None]:
        raise inconsistent_read_error(ROOM, missing)
    for match in matches:
        room = rooms.get(match.before["arn"]) if match.before else None
        if room and match.before and room["name"] != match.before["name"]:
            error = renamed_error(ROOM, room, match.before["name"])
            error.message = f"{match.entry.path}.{error.message}"
            raise error

    def with_details(match: Match) -> Match:
        return replace(match, before=rooms.get(match.before["arn"], match.before)) if match.before else match

    return replace(matching, matches=[with_details(match) for match in matches])


def read_users_again(client: Any, listed: Listed, plan: StackPlan) -> Listed:
    """Return what is listed, with the rooms that keep a logging configuration from its deletion as Get shows them.

    A list may lag: a room may have been detached or deleted a moment ago.
    """
    planned = {change.arn for change in plan.changes}
    users = {room["arn"] for use in plan.in_use for room in use.rooms} - planned - {None}
    current = {arn: OPERATIONS[ROOM].get(client, arn) for arn in sorted(users)}
    rooms = [current.get(room["arn"], room) for room in listed[ROOM]]
    return {**listed, ROOM: [room for room in rooms if room is not None]}
