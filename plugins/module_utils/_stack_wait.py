# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a stack as a whole, by lists, until they show what was written. Private to this collection."""

from __future__ import annotations

import time
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._api import OPERATIONS, list_by_name, list_rooms_until
from ._plan import not_yet_visible, overwritten_tags
from ._polling import NotReady, wait_until
from ._resources import LOGGING_CONFIGURATION, ROOM, Kind, Resource, is_changing, is_deleting, is_failed
from ._stack import Owner
from ._stack_outcome import AppliedChange
from ._waits import LONGEST_LAG, OLD_STATE_LASTS, has_failed_again, is_newer, is_older, show_fields

Seen = dict[str, Resource]  # what lists have shown, by ARN


def wait_written(
    client: Any, kind: Kind, written: list[AppliedChange], owner: Owner, pages: int, timeout: float
) -> tuple[Seen, dict[str, AnsibleAWSError]]:
    """Wait until lists show everything that was written, or that it is lost to somebody else.

    After a create the whole list is read, to find duplicates; after updates only as much of its `pages` as needed.
    Returns what was seen, and why what is lost is lost, both by ARN. Raises AnsibleAWSError after `timeout` seconds.
    """
    whole = kind is LOGGING_CONFIGURATION or any(change.planned.plan.before is None for change in written)
    seen: Seen = {}
    lost: dict[str, AnsibleAWSError] = {}
    start = time.monotonic()

    def waited_for(change: AppliedChange) -> bool:
        return change.arn not in lost and not _is_visible(change, seen.get(change.arn))

    def look() -> None:
        pending = [change for change in written if waited_for(change)]
        if whole:
            seen.clear()
            seen.update((resource["arn"], resource) for resource in OPERATIONS[kind].list(client))
        else:
            seen.update(_read_rooms(client, pending, pages))
        for change in pending:
            if error := _lost(client, change, seen.get(change.arn), owner, time.monotonic() - start):
                lost[change.arn] = error
        if lacking := [change for change in pending if waited_for(change)]:
            first = lacking[0].planned.name
            raise NotReady(f"{len(lacking)} of {len(written)} not as written, the first is {first!r}")

    wait_until(f"the list shows the {kind.title}s as written", look, timeout)
    return seen, lost


def _read_rooms(client: Any, pending: list[AppliedChange], pages: int) -> Seen:
    """Return what the list shows of these rooms, read from its front only as far as needed.

    The service lists rooms by their last update, newest first, but tags do not count as one: rooms of which only the
    tags were written are read by their name when that saves calls.
    """
    by_name = [change for change in pending if not change.plan.fields]
    if len(by_name) >= pages:
        by_name = []
    seen = {
        room["arn"]: room for change in by_name for room in list_by_name(client, ROOM, (change.resource or {})["name"])
    }
    missing = {change.arn: change for change in pending if change not in by_name}

    def all_seen(room: Resource) -> bool:
        change = missing.get(room["arn"])
        if change and (_is_visible(change, room) or is_deleting(room)):
            del missing[room["arn"]]
        return not missing

    if missing:
        seen.update((room["arn"], room) for room in list_rooms_until(client, all_seen))
    return seen


def _is_visible(change: AppliedChange, listed: Resource | None) -> bool:
    """Whether a list entry is stable and has what was written; a failed state counts only if it is newer than that."""
    if listed is None or is_changing(listed):
        return False
    before = change.plan.before
    if before and is_failed(before) and is_older(listed, (change.resource or {})["update_time"]):
        return False
    return not not_yet_visible(change.plan, listed, change.planned.kind.get_only)


def _lost(
    client: Any, change: AppliedChange, listed: Resource | None, owner: Owner, waited: float
) -> AnsibleAWSError | None:
    """Return the error for a written resource that somebody else has taken over, deleted, or changed; None otherwise.

    `waited` (s): neither a list nor Get need show at once what was just created, or only the newest tags.
    """
    kind = change.planned.kind
    if listed is None:
        may_lag = change.planned.plan.before is None and waited < LONGEST_LAG
        if may_lag or OPERATIONS[kind].get(client, change.arn):
            return None
        return AnsibleAWSError(message=f"Somebody else deleted {change.arn} after this task had written it")
    if owner.is_foreign(listed):
        stack = listed["tags"][owner.tag]
        return AnsibleAWSError(message=f"{listed['arn']} has become a member of the stack {stack!r} in the meantime")
    if is_deleting(listed):
        return AnsibleAWSError(message=f"{listed['arn']} is being deleted by somebody else")
    if _overwritten(change, listed, waited) and (current := OPERATIONS[kind].get(client, change.arn)):
        if fields := _overwritten(change, current, waited):
            return AnsibleAWSError(
                message=f"Somebody else changed {change.arn} after this task had written it: it now has "
                f"{show_fields(fields)}"
            )
    return None


def _overwritten(change: AppliedChange, shown: Resource, waited: float) -> Resource:
    """Return what was written and has somebody else's value: fields of a later update, tags as they never were."""
    foreign = overwritten_tags(change.plan, shown) and waited >= OLD_STATE_LASTS
    tags = {"tags": shown["tags"]} if foreign else {}
    if not is_newer(shown, change.resource or {}):
        return tags
    differing = not_yet_visible(change.plan, shown, change.planned.kind.get_only)
    return {**{name: value for name, value in differing.items() if name in change.plan.fields}, **tags}


def wait_all_unlisted(client: Any, kind: Kind, deleted: dict[str, Resource], timeout: float) -> list[Resource]:
    """Wait until the list no longer shows these, by ARN, except those that end as DELETE_FAILED; return the list."""
    start = time.monotonic()

    def look() -> list[Resource]:
        listed = OPERATIONS[kind].list(client)
        shown = [resource for resource in listed if resource["arn"] in deleted]
        remaining = [resource for resource in shown if not has_failed_again(resource, deleted[resource["arn"]], start)]
        if remaining:
            raise NotReady(f"{len(remaining)} of {len(deleted)} still listed, the first is {remaining[0]['arn']}")
        return listed

    return wait_until(f"the list no longer shows the {kind.title}s that were deleted", look, timeout)


def failed_state_error(resource: Resource) -> AnsibleAWSError:
    """Return the error for a logging configuration that ended in a *_FAILED state."""
    return AnsibleAWSError(message=f"{resource['arn']} ended in state {resource['state']}; run the task again")
