# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until the eventually consistent service shows what was written. Private to this collection."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._api import OPERATIONS, list_by_name
from ._plan import Plan, not_yet_visible, overwritten_tags
from ._polling import NotReady, poll, wait_until
from ._resources import Kind, Resource, is_changing, is_deleting, is_failed
from ._retries import DeadlinePassed, deadline

# How long (s) a state from before a write may still be shown after it.
OLD_STATE_LASTS = 6.0
# How long (s) a new resource may be shown by neither List nor Get; after that somebody else has deleted it. Other tools
# wait up to 24 s for reads to follow writes; there is no published measurement.
LONGEST_LAG = 30.0
# How long (s) a deletion waits for lists.
LIST_AGREES = 10.0


def check_not_failed(kind: Kind, resource: Resource) -> None:
    """Raise AnsibleAWSError for a logging configuration in a *_FAILED state: to wait longer is no use."""
    if is_failed(resource):
        repair = "" if resource["state"] == "DELETE_FAILED" else " with state=present to repair it"
        raise AnsibleAWSError(
            message=f"The {kind.title} {resource['arn']} is in state {resource['state']}; run the task again{repair}"
        )


def wait_applied(client: Any, kind: Kind, written: Resource, timeout: float, plan: Plan | None = None) -> Resource:
    """Wait until Get finds a written resource, with what the plan wrote, and ACTIVE if it has states; return it.

    `written` is the resource as the write returned it. Raises AnsibleAWSError at once for a *_FAILED state, and as soon
    as a second look confirms that somebody else has deleted the resource or overwritten a field; after `timeout`
    seconds in any case. Tags set no time of an update, so that of others is recognized by a value that was never there
    before, and only when no older state can show any more.
    """
    arn, start = written["arn"], time.monotonic()
    repaired = plan is not None and plan.before is not None and is_failed(plan.before)
    suspicions: list[str] = []  # a single look may be one that lags

    def look() -> Resource:
        resource = OPERATIONS[kind].get(client, arn)
        if resource is None:
            if "gone" in suspicions and not _is_listed(client, kind, written):
                raise _deleted_error(kind, arn)
            suspicions.append("gone")
            raise NotReady("not found")
        if repaired and is_older(resource, written["update_time"]):
            raise NotReady(f"the values of {resource['update_time']}, before the change")
        if is_deleting(resource):
            raise _deleted_error(kind, arn)
        check_not_failed(kind, resource)
        if resource.get("state", "ACTIVE") != "ACTIVE":
            raise NotReady(f"state {resource['state']}")
        if plan and (differing := not_yet_visible(plan, resource)):
            newer = differing.keys() & plan.fields.keys() and is_newer(resource, written)
            if newer or (overwritten_tags(plan, resource) and time.monotonic() - start >= OLD_STATE_LASTS):
                if "overwritten" in suspicions:
                    raise _overwritten_error(kind, arn, differing)
                suspicions.append("overwritten")
            raise NotReady(show_fields(differing))
        return resource

    return wait_until(f"Get shows the {kind.title} {arn}{' as written' if plan else ''}", look, timeout)


def _deleted_error(kind: Kind, arn: str) -> AnsibleAWSError:
    return AnsibleAWSError(message=f"Somebody else deleted the {kind.title} {arn} after this task had written it")


def _overwritten_error(kind: Kind, arn: str, differing: Resource) -> AnsibleAWSError:
    return AnsibleAWSError(
        message=f"Somebody else changed the {kind.title} {arn} after this task had written it: it now has "
        f"{show_fields(differing)}"
    )


def show_fields(fields: Resource) -> str:
    """Return fields with their values, for a message."""
    return ", ".join(f"{name} {value!r}" for name, value in fields.items())


def _is_listed(client: Any, kind: Kind, resource: Resource) -> bool:
    """Whether a list still shows a resource that Get does not find: then it may be Get that lags."""
    return any(listed["arn"] == resource["arn"] for listed in list_by_name(client, kind, resource["name"]))


def is_newer(resource: Resource, written: Resource) -> bool:
    """Whether a resource was changed after the write that returned `written`; whole seconds are compared as such."""
    shown, ours = (str(each["update_time"] or "") for each in (resource, written))
    precise = "." in shown and "." in ours
    return shown > ours if precise else is_older(written, shown)


def is_older(resource: Resource, since: str) -> bool:
    """Whether a resource was last changed in an earlier second than `since`; the service may round its times."""
    seconds = len("2026-01-31T12:00:00")
    return (resource["update_time"] or "")[:seconds] < since[:seconds]


def wait_stable(client: Any, kind: Kind, before: Resource, timeout: float) -> None:
    """Wait while a logging configuration is CREATING or UPDATING: the service refuses other changes meanwhile."""

    def look() -> None:
        resource = OPERATIONS[kind].get(client, before["arn"])
        if resource is not None and is_changing(resource):
            raise NotReady(f"state {resource['state']}")

    if is_changing(before):
        wait_until(f"the {kind.title} {before['arn']} accepts a change", look, timeout)


def wait_deleted(client: Any, kind: Kind, before: Resource, timeout: float) -> None:
    """Wait until Get no longer finds the resource; DELETE_FAILED ends the wait at once as AnsibleAWSError."""
    start = time.monotonic()

    def look() -> None:
        resource = OPERATIONS[kind].get(client, before["arn"])
        if resource is None:
            return
        if has_failed_again(resource, before, start):
            check_not_failed(kind, resource)
        raise NotReady(f"state {resource['state']}" if "state" in resource else "still there")

    wait_until(f"the {kind.title} {before['arn']} is deleted", look, timeout)


def has_failed_again(resource: Resource, before: Resource, start: float) -> bool:
    """Whether a deletion that began at `start` ended as DELETE_FAILED; its state from before may show for a while."""
    if resource.get("state") != "DELETE_FAILED":
        return False
    return before.get("state") != "DELETE_FAILED" or time.monotonic() - start >= OLD_STATE_LASTS


def wait_listed(client: Any, kind: Kind, name: str, arn: str, timeout: float) -> list[Resource]:
    """Wait until List shows a created resource under this name; return all of this name that are not being deleted.

    Raises AnsibleAWSError before `timeout` is over when somebody else has renamed the resource, or when neither List
    nor Get shows it for longer than any lag lasts.
    """
    start = time.monotonic()

    def look() -> list[Resource]:
        listed = [resource for resource in list_by_name(client, kind, name) if not is_deleting(resource)]
        if arn in (resource["arn"] for resource in listed):
            return listed
        if (waited := time.monotonic() - start) >= OLD_STATE_LASTS:
            resource = OPERATIONS[kind].get(client, arn)
            if resource is not None and resource["name"] != name:
                raise AnsibleAWSError(
                    message=f"Somebody else renamed the {kind.title} {arn} to {resource['name']!r} after this task had "
                    "created it"
                )
            if resource is None and waited >= LONGEST_LAG:
                raise _deleted_error(kind, arn)
        raise NotReady(f"{len(listed)} of that name, but not this one")

    return wait_until(f"List shows the {kind.title} {arn} by its name {name!r}", look, timeout)


def wait_list_shows(client: Any, kind: Kind, written: Resource, plan: Plan, timeout: float) -> None:
    """Wait until List shows an updated resource, stable, with what the plan wrote.

    Get has shown that before. Raises AnsibleAWSError at once when somebody else has deleted the resource or overwritten
    what was written.
    """
    name, arn = written["name"], written["arn"]

    def look() -> None:
        listed = next((resource for resource in list_by_name(client, kind, name) if resource["arn"] == arn), None)
        if listed and listed.get("state", "ACTIVE") == "ACTIVE" and not not_yet_visible(plan, listed, kind.get_only):
            return
        current = OPERATIONS[kind].get(client, arn)  # which has shown what was written: what differs now is newer
        if current is None or is_deleting(current):
            raise _deleted_error(kind, arn)
        if differing := not_yet_visible(plan, current):
            raise _overwritten_error(kind, arn, differing)
        raise NotReady("old values" if listed else "not listed")

    wait_until(f"List agrees about the {kind.title} {arn}", look, timeout)


def wait_unlisted(client: Any, kind: Kind, deleted: Resource, timeout: float) -> bool:
    """Give List time to stop showing a deleted resource: the next task that looks by name need not look again.

    Get decides what exists (see _identity), so a list that shows it for longer, or that cannot be read, is no failure.
    Returns whether the list no longer shows it.
    """
    seconds = min(timeout, LIST_AGREES)
    with contextlib.suppress(DeadlinePassed, AnsibleAWSError), deadline(seconds):
        for _now in poll(seconds):
            if all(listed["arn"] != deleted["arn"] for listed in list_by_name(client, kind, deleted["name"])):
                return True
    return False
