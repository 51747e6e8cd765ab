# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writing a plan, so that one declaration makes exactly one resource whatever fails. Private to this collection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._api import (
    CALLS,
    Resource,
    error_code,
    get_room,
    is_unclear,
    list_rooms,
    named,
    tag_resource,
    untag_resource,
    update_room,
)
from ._identity import complete, existing, lags
from ._plan import Plan, age_order, is_changing, is_deleting, is_failed
from ._resources import LOGGING_CONFIGURATION, MAXIMUM_TAGS
from ._waits import pauses, wait_at_rest, wait_gone, wait_list_shows, wait_listed, wait_settled

# How often a create that ended unclear is tried, and how long (s) the list is looked at before the next try.
CREATE_TRIES = 3
LOOK_BEFORE_REPEAT = 8.0


@dataclass(frozen=True)
class Waiting:
    """Whether and how long (s) to wait, and whether the next run will look by name (else by ARN)."""

    wait: bool
    timeout: float
    by_name: bool


@dataclass(frozen=True)
class Written:
    """The resource after a write (None: gone), and whether the write changed anything."""

    resource: Resource | None
    changed: bool
    plan: Plan  # the one that was carried out in the end
    created: str | None = None  # the ARN, when this very write created it


Replan = Callable[["Resource | None"], Plan]


def write(client: Any, plan: Plan, replan: Replan, waiting: Waiting) -> Written:
    """Carry out a plan; `replan` plans the same declaration for another current state.

    Raises AnsibleAWSError. What was written until then stays, and the next run goes on from there.
    """
    before, after = plan.before, plan.after
    if after is None:
        return _delete(client, plan, waiting)
    if before is None:
        return _create(client, plan, after, replan, waiting)
    if plan.changed:
        return _update(client, plan, before, after, replan, waiting)
    if waiting.wait and is_changing(before):
        return Written(wait_settled(client, plan.kind, before["arn"], waiting.timeout), False, plan)
    return Written(before, False, plan)


def _delete(client: Any, plan: Plan, waiting: Waiting) -> Written:
    if plan.before is None:
        return Written(None, False, plan)
    wait_at_rest(client, plan.kind, plan.before, waiting.timeout)
    deleted = CALLS[plan.kind].delete(client, plan.before["arn"])
    if waiting.wait:
        wait_gone(client, plan.kind, plan.before, waiting.timeout)
        if waiting.by_name:
            wait_list_shows(client, plan.kind, plan.before["name"], plan.before["arn"], plan, waiting.timeout)
    return Written(None, deleted, plan)


def _update(client: Any, plan: Plan, before: Resource, after: Resource, replan: Replan, waiting: Waiting) -> Written:
    kind, arn = plan.kind, before["arn"]
    result = before
    if plan.fields:
        wait_at_rest(client, kind, before, waiting.timeout)
        try:
            result = CALLS[kind].update(client, arn, plan.fields)
        except AnsibleAWSError as error:
            if not _must_replace(error, before, after):
                raise
            return _replace(client, plan, before, after, replan, waiting)
    write_tags(client, plan, before)
    if not waiting.wait:
        return Written({**result, "tags": after["tags"]}, True, plan)
    since = result["update_time"] if is_failed(before) else ""
    settled = wait_settled(client, kind, arn, waiting.timeout, plan, since)
    if waiting.by_name and kind is LOGGING_CONFIGURATION:  # read from the list, so the list must agree
        wait_list_shows(client, kind, after["name"], arn, plan, waiting.timeout)
    return Written(settled, True, plan)


def write_tags(client: Any, plan: Plan, before: Resource) -> None:
    """Set and remove the tags of a plan, in the order that never makes more than the service allows."""
    arn = before["arn"]
    crowded = len(before["tags"].keys() | plan.tags.keys()) > MAXIMUM_TAGS
    if plan.untag and crowded:
        untag_resource(client, arn, plan.untag)
    if plan.tags:
        tag_resource(client, arn, plan.tags)
    if plan.untag and not crowded:
        untag_resource(client, arn, plan.untag)


def _must_replace(error: AnsibleAWSError, before: Resource, after: Resource) -> bool:
    """Whether the service refuses to update a *_FAILED logging configuration at all.

    A new destination that is not valid is the user's to mend: what exists must not be lost for it.
    """
    if not is_failed(before):
        return False
    same = before["destination_configuration"] == after["destination_configuration"]
    return error_code(error) == "ConflictException" or (error_code(error) == "ValidationException" and same)


def _replace(client: Any, plan: Plan, before: Resource, after: Resource, replan: Replan, waiting: Waiting) -> Written:
    """Delete and create again: the last way to repair a *_FAILED logging configuration. Refused while rooms use it."""
    if users := list_rooms(client, logging_configuration_identifier=before["arn"]):
        raise AnsibleAWSError(
            message=f"The {plan.kind.title} {before['arn']} is in state {before['state']} and the service refuses to "
            f"update it; it cannot be made anew while rooms use it: {', '.join(room['arn'] for room in users)}"
        )
    CALLS[plan.kind].delete(client, before["arn"])
    wait_gone(client, plan.kind, before, waiting.timeout)
    fields = {name: after[name] for name in plan.kind.fields}
    tags = {key: value for key, value in after["tags"].items() if not key.startswith("aws:")}
    anew = _create(client, Plan(plan.kind, None, after, fields, tags), after, replan, waiting)
    return replace(anew, plan=plan)  # the difference is the one that was planned, from the failed state


def _create(client: Any, plan: Plan, after: Resource, replan: Replan, waiting: Waiting) -> Written:
    """Create; with `wait` make sure that the next run will find this one, and that it is the only one of its name.

    When another run created the name earlier (by create time and ARN), the resource that this call created, and no
    other, is deleted again and the older one is managed.
    """
    kind, name = plan.kind, after["name"]
    created, mine = _create_once(client, plan, name)
    arn = created["arn"]
    if waiting.wait:
        listed = wait_listed(client, kind, name, arn, waiting.timeout)
        older = [each for each in listed if each["arn"] != arn and age_order(each) < age_order(created)]
        if mine and older and (others := existing(client, kind, older)):
            _delete(client, Plan(kind, created, None), waiting)
            return write(client, replan(others[0]), replan, waiting)
    if not mine:
        found = write(client, replan(created), replan, waiting)
        return Written(found.resource, True, plan)
    if waiting.wait:
        created = wait_settled(client, kind, arn, waiting.timeout)
    return Written(created, True, plan, arn)


def _create_once(client: Any, plan: Plan, name: str) -> tuple[Resource, bool]:
    """Create, looking by name before every repetition of a try that ended unclear.

    Returns the resource, and whether the service said that it is the one that this call created.
    """
    failure = AnsibleAWSError()
    matches: list[Resource] = []
    for _try in range(CREATE_TRIES):
        try:
            return CALLS[plan.kind].create(client, plan.fields, plan.tags), True
        except AnsibleAWSError as error:
            if not is_unclear(error.exception):
                raise
            failure = error
        for _now in pauses(LOOK_BEFORE_REPEAT):
            matches = [each for each in named(client, plan.kind, name) if not is_deleting(each)]
            found = complete(client, plan.kind, min(matches, key=age_order)) if matches else None
            if found is not None:
                return found, False
        if matches:
            raise lags(plan.kind, [each["arn"] for each in matches])
    raise failure


def detach(client: Any, logging_configuration: Resource, rooms: list[Resource]) -> None:
    """Take a logging configuration off the rooms that use it; a room that has gone meanwhile is passed over.

    `rooms` come from a list, which may lag: what else a room uses is read again, so that nothing else is taken off it.
    """
    for listed in rooms:
        room = get_room(client, listed["arn"])
        if room is None or logging_configuration["arn"] not in room["logging_configuration_identifiers"]:
            continue
        left = [arn for arn in room["logging_configuration_identifiers"] if arn != logging_configuration["arn"]]
        try:
            update_room(client, room["arn"], {"logging_configuration_identifiers": left})
        except AnsibleAWSError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
