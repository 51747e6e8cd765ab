# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until the eventually consistent service shows what was written. Private to this collection."""

from __future__ import annotations

import time
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._api import OPERATIONS, list_by_name
from ._plan import Plan, not_yet_visible
from ._polling import NotReady, wait_until
from ._resources import Kind, Resource, is_changing, is_deleting, is_failed

# How long (s) a state from before a deletion may still be shown after it.
OLD_STATE_LASTS = 6.0


def check_not_failed(kind: Kind, resource: Resource) -> None:
    """Raise AnsibleAWSError for a logging configuration in a *_FAILED state: to wait longer is no use."""
    if is_failed(resource):
        repair = "" if resource["state"] == "DELETE_FAILED" else " with state=present to repair it"
        raise AnsibleAWSError(
            message=f"The {kind.title} {resource['arn']} is in state {resource['state']}; run the task again{repair}"
        )


def wait_applied(
    client: Any, kind: Kind, arn: str, timeout: float, plan: Plan | None = None, since: str = ""
) -> Resource:
    """Wait until Get finds the resource with what the plan wrote, and ACTIVE if it has states; return it.

    `since` is the update time that a repair returned: what Get shows from an earlier second is out of date.
    Raises AnsibleAWSError at once for a *_FAILED state, and after `timeout` seconds.
    """

    def look() -> Resource:
        resource = OPERATIONS[kind].get(client, arn)
        if resource is None:
            raise NotReady("not found")
        if is_older(resource, since):
            raise NotReady(f"the values of {resource['update_time']}, before the change")
        check_not_failed(kind, resource)
        if resource.get("state", "ACTIVE") != "ACTIVE":
            raise NotReady(f"state {resource['state']}")
        if plan and (differing := not_yet_visible(plan, resource)):
            raise NotReady(", ".join(f"{name} {value!r}" for name, value in differing.items()))
        return resource

    return wait_until(f"Get shows the {kind.title} {arn}{' as written' if plan else ''}", look, timeout)


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
    """Wait until List shows the ARN under this name; return all of this name that are not being deleted."""

    def look() -> list[Resource]:
        listed = [resource for resource in list_by_name(client, kind, name) if not is_deleting(resource)]
        if arn not in (resource["arn"] for resource in listed):
            raise NotReady(f"{len(listed)} of that name, but not this one")
        return listed

    return wait_until(f"List shows the {kind.title} {arn} by its name {name!r}", look, timeout)


def wait_list_shows(client: Any, kind: Kind, name: str, arn: str, plan: Plan, timeout: float) -> None:
    """Wait until List shows the ARN, stable, with what the plan wrote; after a deletion, until it no longer does."""

    def look() -> None:
        listed = next((resource for resource in list_by_name(client, kind, name) if resource["arn"] == arn), None)
        if plan.after is None:
            if listed is not None:
                raise NotReady("still listed")
        elif listed is None:
            raise NotReady("not listed")
        elif listed.get("state", "ACTIVE") != "ACTIVE" or not_yet_visible(plan, listed, kind.get_only):
            raise NotReady("old values")

    wait_until(f"List agrees about the {kind.title} {arn}", look, timeout)
