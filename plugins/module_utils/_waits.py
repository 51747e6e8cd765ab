# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waiting until the eventually consistent service shows what was written. Private to this collection."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._api import CALLS, Resource, named
from ._plan import Plan, is_changing, is_deleting, is_failed, unshown
from ._resources import Kind

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0
# How long (s) a state from before a deletion may still be shown after it.
OLD_STATE_LASTS = 6.0

T = TypeVar("T")


class Unmet(Exception):
    """Not yet: the text says what was seen instead."""


def pauses(seconds: float) -> Iterator[None]:
    """Yield at once and then after growing pauses, the last time when `seconds` are over."""
    deadline = time.monotonic() + seconds
    pause = FIRST_PAUSE
    yield
    while (left := deadline - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * 1.6, LONGEST_PAUSE)
        yield


def wait_until(goal: str, look: Callable[[], T], timeout: float) -> T:
    """Call `look` with growing pauses until it no longer raises Unmet, and return what it returned.

    Raises AnsibleAWSError, which says what was seen last, after `timeout` seconds.
    """
    seen = ""
    for _now in pauses(timeout):
        try:
            return look()
        except Unmet as not_yet:
            seen = str(not_yet)
    raise AnsibleAWSError(message=f"Timed out after {timeout:g} s waiting until {goal}; seen last: {seen}")


def refuse_failed(kind: Kind, resource: Resource) -> None:
    """Raise AnsibleAWSError for a logging configuration that ended in a *_FAILED state: waiting longer is no use."""
    if is_failed(resource):
        repair = "" if resource["state"] == "DELETE_FAILED" else " with state=present to repair it"
        raise AnsibleAWSError(
            message=f"The {kind.title} {resource['arn']} is in state {resource['state']}; run the task again{repair}"
        )


def wait_settled(
    client: Any, kind: Kind, arn: str, timeout: float, plan: Plan | None = None, since: str = ""
) -> Resource:
    """Wait until Get finds the resource with what the plan wrote, and ACTIVE if it has states; return it.

    `since` is the update time that a repair answered: what Get shows from an earlier second, is an old picture.
    Raises AnsibleAWSError at once for a *_FAILED state, and after `timeout` seconds.
    """

    def look() -> Resource:
        resource = CALLS[kind].get(client, arn)
        if resource is None:
            raise Unmet("not found")
        if is_older(resource, since):
            raise Unmet(f"the values of {resource['update_time']}, before the change")
        refuse_failed(kind, resource)
        if resource.get("state", "ACTIVE") != "ACTIVE":
            raise Unmet(f"state {resource['state']}")
        if plan and (differing := unshown(plan, resource)):
            raise Unmet(", ".join(f"{name} {value!r}" for name, value in differing.items()))
        return resource

    return wait_until(f"Get shows the {kind.title} {arn}{' as it was written' if plan else ''}", look, timeout)


def is_older(resource: Resource, since: str) -> bool:
    """Whether a resource was last changed in an earlier second than `since`; the service may round its times."""
    seconds = len("2026-01-31T12:00:00")
    return (resource["update_time"] or "")[:seconds] < since[:seconds]


def wait_at_rest(client: Any, kind: Kind, before: Resource, timeout: float) -> None:
    """Wait while a logging configuration is CREATING or UPDATING: the service refuses other changes meanwhile."""

    def look() -> None:
        resource = CALLS[kind].get(client, before["arn"])
        if resource is not None and is_changing(resource):
            raise Unmet(f"state {resource['state']}")

    if is_changing(before):
        wait_until(f"the {kind.title} {before['arn']} accepts a change", look, timeout)


def wait_gone(client: Any, kind: Kind, before: Resource, timeout: float) -> None:
    """Wait until Get does not find the resource any more; DELETE_FAILED ends the wait at once as AnsibleAWSError."""
    start = time.monotonic()

    def look() -> None:
        resource = CALLS[kind].get(client, before["arn"])
        if resource is None:
            return
        if has_failed_again(resource, before, start):
            refuse_failed(kind, resource)
        raise Unmet(f"state {resource['state']}" if "state" in resource else "still there")

    wait_until(f"the {kind.title} {before['arn']} is gone", look, timeout)


def has_failed_again(resource: Resource, before: Resource, start: float) -> bool:
    """Whether a deletion that began at `start` ended as DELETE_FAILED; its state from before may show for a while."""
    if resource.get("state") != "DELETE_FAILED":
        return False
    return before.get("state") != "DELETE_FAILED" or time.monotonic() - start >= OLD_STATE_LASTS


def wait_listed(client: Any, kind: Kind, name: str, arn: str, timeout: float) -> list[Resource]:
    """Wait until List shows the ARN under this name; return all of this name that are not being deleted."""

    def look() -> list[Resource]:
        found = [resource for resource in named(client, kind, name) if not is_deleting(resource)]
        if arn not in (resource["arn"] for resource in found):
            raise Unmet(f"{len(found)} of that name, not this one")
        return found

    return wait_until(f"List shows the {kind.title} {arn} by its name {name!r}", look, timeout)


def wait_list_shows(client: Any, kind: Kind, name: str, arn: str, plan: Plan, timeout: float) -> None:
    """Wait until List shows the ARN, at rest, with what the plan wrote; after a deletion, until it shows it no more."""

    def look() -> None:
        found = next((resource for resource in named(client, kind, name) if resource["arn"] == arn), None)
        if plan.after is None:
            if found is not None:
                raise Unmet("still listed")
        elif found is None:
            raise Unmet("not listed")
        elif found.get("state", "ACTIVE") != "ACTIVE" or unshown(plan, found, kind.unlisted):
            raise Unmet("old values")

    wait_until(f"List agrees about the {kind.title} {arn}", look, timeout)
