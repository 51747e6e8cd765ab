# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many calls a run of a stack makes, and how long these take at the allowed rate. Pure; private."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ._pacing import next_turn
from ._resources import KINDS, LOGGING_CONFIGURATION, ROOM, Kind
from ._stack import Listed, Matching, calls_per_second_of
from ._stack_plan import PlannedChange, StackPlan

PAGE = 50  # entries of a page of a list (API reference, maxResults)

# The words of the operations' names.
WORDS = {ROOM: ("Room", "Rooms"), LOGGING_CONFIGURATION: ("LoggingConfiguration", "LoggingConfigurations")}


def list_pages(entries: int) -> int:
    """Return the number of pages of a list."""
    return max(1, -(-entries // PAGE))


def estimate(
    plan: StackPlan, matching: Matching, listed: Listed, wait: bool, rates: dict[str, float]
) -> dict[str, Any]:
    """Return the number of calls of a whole run in which nothing fails, and the seconds under the rate limit.

    The time of the calls themselves is left out: it depends on the distance to the service.
    """
    operations = list(_operations(plan, matching, listed, wait))
    return {"calls": len(operations), "seconds": round(paced_seconds(operations, rates), 1)}


def paced_seconds(operations: Iterable[str], rates: dict[str, float]) -> float:
    """Return when the last of these calls begins, counted from the first, when each takes no time by itself."""
    full: dict[str, float] = {}
    now = 0.0
    for operation in operations:
        now = next_turn(full, operation, calls_per_second_of(operation, rates), now)
    return now


def _operations(plan: StackPlan, matching: Matching, listed: Listed, wait: bool) -> Iterator[str]:
    for kind in reversed(KINDS):
        yield from _listing(kind, len(listed[kind]))
    for match in matching.matches:
        if match.before and match.entry.needs_details:
            yield "GetRoom"
    entries = {kind: len(listed[kind]) for kind in KINDS}
    for kind in KINDS:
        declared = [change for change in plan.changes if change.entry is not None and change.kind is kind]
        several = list_pages(len(listed[kind])) > 1
        for change in declared:
            yield from _writes(change, look_first=several and kind is ROOM)
        created = sum(change.action == "create" for change in declared)
        entries[kind] += created
        used = kind is LOGGING_CONFIGURATION and any(
            change.entry and change.entry.references for change in plan.changes
        )
        changed = [change for change in declared if change.action != "none"]
        if changed and (wait or used):
            yield from _listing(kind, entries[kind] if created else 1)
    removals = [change for change in plan.changes if change.entry is None]
    for change in removals:
        yield from _writes(change, look_first=False)
    for kind in (ROOM, LOGGING_CONFIGURATION):
        deleted = sum(change.kind is kind and change.action == "delete" for change in removals)
        if wait and any(change.kind is kind for change in removals):
            yield from _listing(kind, entries[kind] - deleted)


def _listing(kind: Kind, entries: int) -> Iterator[str]:
    """Yield the calls that read a list to its end: its front is read again if it has several pages."""
    pages = list_pages(entries)
    yield from [f"List{WORDS[kind][1]}"] * (pages + (pages > 1))


def _writes(change: PlannedChange, look_first: bool) -> Iterator[str]:
    word, plan = WORDS[change.kind][0], change.plan
    if change.action == "create":
        if look_first:
            yield "ListRooms"
        yield f"Create{word}"
    elif change.action == "delete":
        yield f"Delete{word}"
    else:
        if plan.fields:
            yield f"Update{word}"
        if plan.tags:
            yield "TagResource"
        if plan.untag:
            yield "UntagResource"
