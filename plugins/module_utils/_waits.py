# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waiting until the eventually consistent service shows what was written. Private to this collection."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._api import CALLS, Resource, named
from ._plan import is_changing, is_deleting, is_failed
from ._resources import Kind

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0

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
        raise AnsibleAWSError(
            message=f"The {kind.title} {resource['arn']} is in state {resource['state']}; run the task again with "
            "state=present to repair it"
        )


def wait_settled(
    client: Any, kind: Kind, arn: str, timeout: float, shows: Resource | None = None, since: str = ""
) -> Resource:
    """Wait until Get finds the resource with the values `shows`, and ACTIVE if it has states; return it.

    `since` is the update time that the write answered: what Get shows from before it, is an old picture.
    Raises AnsibleAWSError at once for a *_FAILED state, and after `timeout` seconds.
    """

    def look() -> Resource:
        resource = CALLS[kind].get(client, arn)
        if resource is None:
            raise Unmet("not found")
        if (resource["update_time"] or "") < since:
            raise Unmet(f"the values of {resource['update_time']}, before the change")
        refuse_failed(kind, resource)
        if resource.get("state", "ACTIVE") != "ACTIVE":
            raise Unmet(f"state {resource['state']}")
        differing = {name: resource[name] for name, value in (shows or {}).items() if resource[name] != value}
        if differing:
            raise Unmet(", ".join(f"{name} {value!r}" for name, value in differing.items()))
        return resource

    return wait_until(f"Get shows the {kind.title} {arn}{' as it was written' if shows else ''}", look, timeout)


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

    def look() -> None:
        resource = CALLS[kind].get(client, before["arn"])
        if resource is None:
            return
        if resource.get("state") == "DELETE_FAILED" and before.get("state") != "DELETE_FAILED":
            refuse_failed(kind, resource)
        raise Unmet(f"state {resource['state']}" if "state" in resource else "still there")

    wait_until(f"the {kind.title} {before['arn']} is gone", look, timeout)


def wait_listed(client: Any, kind: Kind, name: str, arn: str, timeout: float) -> list[Resource]:
    """Wait until List shows the ARN under this name; return all of this name that are not being deleted."""

    def look() -> list[Resource]:
        found = [resource for resource in named(client, kind, name) if not is_deleting(resource)]
        if arn not in (resource["arn"] for resource in found):
            raise Unmet(f"{len(found)} of that name, not this one")
        return found

    return wait_until(f"List shows the {kind.title} {arn} by its name {name!r}", look, timeout)


def wait_list_shows(client: Any, kind: Kind, name: str, arn: str, shows: Resource | None, timeout: float) -> None:
    """Wait until List shows the ARN with these values, or no longer under this name when `shows` is None."""

    def look() -> None:
        found = next((resource for resource in named(client, kind, name) if resource["arn"] == arn), None)
        if shows is None and found is not None:
            raise Unmet("still listed")
        if shows is not None and (found is None or any(found[field] != value for field, value in shows.items())):
            raise Unmet("old values" if found else "not listed")

    wait_until(f"List agrees about the {kind.title} {arn}", look, timeout)
