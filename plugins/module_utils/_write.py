# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing a plan, so that one declaration makes exactly one resource whatever fails. Private to this collection.

The plan that was shown is the one that is carried out. Where the service turns out to be in another state than the plan
assumed (another run created the name first), the declaration is planned again: each `declaration.plan(...)` here.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._api import OPERATIONS, get_room, list_by_name, list_rooms, tag_resource, untag_resource, update_room
from ._identity import LOOK_AGAIN, inconsistent_read_error, still_existing, with_details
from ._plan import Declaration, Plan, WriteResult
from ._polling import bounded, poll
from ._resources import (
    IDENTIFIERS,
    LOGGING_CONFIGURATION,
    MAXIMUM_TAGS,
    Kind,
    Resource,
    age_order,
    is_changing,
    is_deleting,
    is_failed,
    may_tie,
    older_than,
)
from ._retries import error_code, outcome_unknown
from ._waits import (
    OLD_STATE_LASTS,
    wait_applied,
    wait_deleted,
    wait_list_shows,
    wait_listed,
    wait_stable,
    wait_unlisted,
)

# How often a create whose outcome is unknown is tried, and how long (s) the list is looked at before the next attempt.
CREATE_ATTEMPTS = 3
LOOK_BEFORE_REPEAT = 8.0
# How long (s) after a create another one may still get the same create time, where lists show whole seconds: measured
# here only as a duration, since the clocks need not agree.
TIE_LASTS = 1.0


@dataclass(frozen=True)
class WriteOptions:
    """Whether and how long (s) to wait, and which resources of the declared name are not duplicates of it, by ARN."""

    wait: bool
    timeout: float
    others: frozenset[str] = frozenset()


def write_plan(client: Any, plan: Plan, declaration: Declaration, options: WriteOptions) -> WriteResult:
    """Carry out the plan of a declaration.

    Raises AnsibleAWSError. What was written until then stays, and the next run continues from there.
    """
    before, after = plan.before, plan.after
    if after is None:
        return _delete(client, plan, options)
    if before is None:
        return _create(client, plan, after, declaration, options)
    if plan.changed:
        return _update(client, plan, before, after, declaration, options)
    if options.wait and is_changing(before):
        return WriteResult(wait_applied(client, plan.kind, before, options.timeout), False, plan)
    return WriteResult(before, False, plan)


def _delete(client: Any, plan: Plan, options: WriteOptions) -> WriteResult:
    if plan.before is None:
        return WriteResult(None, False, plan)
    wait_stable(client, plan.kind, plan.before, options.timeout)
    deleted = delete_shown(client, plan.kind, plan.before["arn"])
    if options.wait:
        wait_deleted(client, plan.kind, plan.before, options.timeout)
        unlisted = not plan.before["name"] or wait_unlisted(client, plan.kind, plan.before, options.timeout)
        if not unlisted and not deleted and OPERATIONS[plan.kind].get(client, plan.before["arn"]):
            raise _not_deletable_error(plan.kind, plan.before["arn"])
    return WriteResult(None, deleted, plan)


def delete_shown(client: Any, kind: Kind, arn: str) -> bool:
    """Delete a resource that a read has shown, again as long as Get shows it although the deletion does not find it.

    Returns whether this deleted it. Raises AnsibleAWSError when Get shows it to the end.
    """
    for _now in poll(OLD_STATE_LASTS):
        if OPERATIONS[kind].delete(client, arn):
            return True
        shown = OPERATIONS[kind].get(client, arn)
        if shown is None or is_deleting(shown):
            return False
    raise _not_deletable_error(kind, arn)


def _not_deletable_error(kind: Kind, arn: str) -> AnsibleAWSError:
    return AnsibleAWSError(
        message=f"Get shows the {kind.title} {arn}, and the deletion does not find it, so it was not deleted. It was "
        "created moments ago: run the task again"
    )


def _update(
    client: Any, plan: Plan, before: Resource, after: Resource, declaration: Declaration, options: WriteOptions
) -> WriteResult:
    kind, arn = plan.kind, before["arn"]
    result = before
    if plan.fields:
        wait_stable(client, kind, before, options.timeout)
        try:
            result = OPERATIONS[kind].update(client, arn, plan.fields)
        except AnsibleAWSError as error:
            if not _must_replace(error, before, after):
                raise
            return _replace(client, plan, before, after, declaration, options)
    write_tags(client, plan, before)
    if not options.wait:
        return WriteResult({**result, "tags": after["tags"]}, True, plan)
    resource = wait_applied(client, kind, result, options.timeout, plan)
    # What the next task finds in a list alone, or by a new name, the list must show as well.
    if resource["name"] and (kind is LOGGING_CONFIGURATION or "name" in plan.fields):
        wait_list_shows(client, kind, resource, plan, options.timeout)
    return WriteResult(resource, True, plan)


def write_tags(client: Any, plan: Plan, before: Resource) -> None:
    """Set and remove the tags of a plan, in the order that never exceeds the maximum number of tags."""
    arn = before["arn"]
    untag_first = len(before["tags"].keys() | plan.tags.keys()) > MAXIMUM_TAGS
    if plan.untag and untag_first:
        untag_resource(client, arn, plan.untag)
    if plan.tags:
        tag_resource(client, arn, plan.tags)
    if plan.untag and not untag_first:
        untag_resource(client, arn, plan.untag)


def _must_replace(error: AnsibleAWSError, before: Resource, after: Resource) -> bool:
    """Whether the service refuses to update a *_FAILED logging configuration at all.

    A new destination that is not valid is for the user to correct: what exists must not be lost for it.
    """
    if not is_failed(before):
        return False
    same = before["destination_configuration"] == after["destination_configuration"]
    return error_code(error) == "ConflictException" or (error_code(error) == "ValidationException" and same)


# After a create that was to replace what has been deleted, by whether its outcome is unknown.
_ADVICE = {False: "run the task again", True: "look whether it exists all the same before you run the task again"}


def _replace(
    client: Any, plan: Plan, before: Resource, after: Resource, declaration: Declaration, options: WriteOptions
) -> WriteResult:
    """Delete and create again: the last resort to repair a *_FAILED logging configuration. Refused while in use.

    Another run may have repaired it in the meantime, so it is read again first: only one that is still failed is
    replaced, anything else is planned again.
    """
    kind, arn = plan.kind, before["arn"]
    # Others of this name were there before, so they are nobody's attempt to create the same one.
    namesakes = list_by_name(client, kind, after["name"]) if after["name"] else []
    options = replace(options, others=options.others.union(each["arn"] for each in namesakes))
    current = OPERATIONS[kind].get(client, arn)
    if current is not None and is_changing(current):
        wait_stable(client, kind, current, options.timeout)
        current = OPERATIONS[kind].get(client, arn)
    if current is None or is_deleting(current):
        raise _deleted_meanwhile_error(kind, arn)
    if not is_failed(current):
        return replace(write_plan(client, declaration.plan(current), declaration, options), changed=True)
    if users := confirm_users(client, current, list_rooms(client, logging_configuration_identifier=arn)):
        raise AnsibleAWSError(
            message=f"The {kind.title} {arn} is in state {before['state']} and the service refuses to "
            f"update it; it cannot be replaced while rooms use it: {', '.join(room['arn'] for room in users)}"
        )
    if not delete_shown(client, kind, arn):
        raise _deleted_meanwhile_error(kind, arn)
    wait_deleted(client, kind, before, options.timeout)
    fields = {name: after[name] for name in kind.field_names}
    tags = {key: value for key, value in after["tags"].items() if not key.startswith("aws:")}
    try:
        replacement = _create(client, Plan(kind, None, after, fields, tags), after, declaration, options)
    except AnsibleAWSError as error:
        error.message = (
            f"The {kind.title} {arn} was in state {before['state']} and is gone: it was deleted to be created anew, "
            f"which failed; {_ADVICE[outcome_unknown(error.exception)]}. {error.message or ''}".rstrip()
        )
        raise
    return replace(replacement, plan=plan)  # the difference is the one that was planned, from the failed state


def _deleted_meanwhile_error(kind: Kind, arn: str) -> AnsibleAWSError:
    return AnsibleAWSError(message=f"Somebody else deleted the {kind.title} {arn} meanwhile; run the task again")


def _create(client: Any, plan: Plan, after: Resource, declaration: Declaration, options: WriteOptions) -> WriteResult:
    """Create; with `wait`, make sure that the next run will find this one, and that it is the only one of its name.

    When another run created the name earlier, the resource that this call created, and no other, is deleted again and
    the one that stays is managed.
    """
    kind, name = plan.kind, after["name"]
    resource, created = _create_once(client, plan, name, options)
    if not created:
        if options.wait:
            wait_listed(client, kind, name, resource["arn"], options.timeout)
        result = write_plan(client, declaration.plan(resource), declaration, options)
        return WriteResult(result.resource, True, plan)
    if options.wait:
        if name and not stays(client, kind, name, resource["arn"], options):
            _delete(client, Plan(kind, resource, None), options)
            return manage_remaining(client, kind, name, declaration, options)
        resource = wait_applied(client, kind, resource, options.timeout)
    return WriteResult(resource, True, plan, resource["arn"])


def stays(client: Any, kind: Kind, name: str, arn: str, options: WriteOptions) -> bool:
    """Whether a resource that was just created stays, once those of its name are listed: the oldest does.

    The runs that created the younger ones remove them, which is waited for. One that stays all the same although the
    list shows the same second for both belongs to a run that has ended before it could see this one: it stays then.
    """
    listed = wait_listed(client, kind, name, arn, options.timeout)
    if may_tie(listed):
        time.sleep(TIE_LASTS)
        listed = wait_listed(client, kind, name, arn, options.timeout)
    remaining: list[Resource] = []
    with bounded(f"it is clear which {kind.title} named {name!r} remains", max(LOOK_AGAIN, options.timeout)):
        for _now in poll(LOOK_AGAIN):
            racing = [resource for resource in listed if resource["arn"] not in options.others]
            if still_existing(client, kind, older_than(arn, racing)):
                return False
            rivals = [resource for resource in racing if resource["arn"] != arn]
            if not rivals:
                return True
            # One that Get does not find may be one that it does not find yet.
            remaining = still_existing(client, kind, rivals)
            listed = wait_listed(client, kind, name, arn, options.timeout)
    times = {resource["arn"]: resource["create_time"] for resource in listed}
    return all(times.get(resource["arn"]) != times[arn] for resource in remaining)


def manage_remaining(
    client: Any, kind: Kind, name: str, declaration: Declaration, options: WriteOptions
) -> WriteResult:
    """Manage the one resource of a name that remains of several runs that created it at once; create if none does.

    Raises AnsibleAWSError when other runs delete again and again what they created.
    """
    for _attempt in range(CREATE_ATTEMPTS):
        remaining = _remaining(client, kind, name, options)
        if not remaining:
            return write_plan(client, declaration.plan(None), declaration, options)
        try:
            result = write_plan(client, declaration.plan(remaining[0]), declaration, options)
        except AnsibleAWSError:
            if still_existing(client, kind, remaining[:1]):
                raise
            continue
        if still_existing(client, kind, remaining[:1]):
            return result
    raise AnsibleAWSError(
        message=f"Other runs created and deleted {kind.title}s named {name!r} all the time; run the task again"
    )


def _remaining(client: Any, kind: Kind, name: str, options: WriteOptions) -> list[Resource]:
    """Return the existing resources of a name, oldest first, once all but one are gone, or after LOOK_AGAIN."""
    remaining: list[Resource] = []
    with bounded(f"one {kind.title} named {name!r} remains", max(LOOK_AGAIN, options.timeout)):
        for _now in poll(LOOK_AGAIN):
            remaining = still_existing(client, kind, _rivals(client, kind, name, options))
            if len(remaining) == 1:
                break
    return remaining


def _rivals(client: Any, kind: Kind, name: str, options: WriteOptions) -> list[Resource]:
    """Return the listed resources of a name that may be duplicates of what is declared."""
    listed = list_by_name(client, kind, name)
    return [each for each in listed if not is_deleting(each) and each["arn"] not in options.others]


def _create_once(client: Any, plan: Plan, name: str, options: WriteOptions) -> tuple[Resource, bool]:
    """Create, looking by name before every repetition of an attempt whose outcome is unknown.

    Returns the resource, and whether the service said that it is the one that this call created. What has no name
    cannot be looked for, so it is not created again.
    """
    failure = AnsibleAWSError()
    matches: list[Resource] = []
    for _attempt in range(CREATE_ATTEMPTS):
        try:
            return OPERATIONS[plan.kind].create(client, plan.fields, plan.tags), True
        except AnsibleAWSError as error:
            if not outcome_unknown(error.exception) or not name:
                raise
            failure = error
        for _now in poll(LOOK_BEFORE_REPEAT):
            matches = _rivals(client, plan.kind, name, options)
            resource = with_details(client, plan.kind, min(matches, key=age_order)) if matches else None
            if resource is not None:
                return resource, False
        if matches:
            raise inconsistent_read_error(plan.kind, [match["arn"] for match in matches])
    raise failure


def confirm_users(client: Any, logging_configuration: Resource, rooms: Iterable[Resource]) -> list[Resource]:
    """Return those of the listed rooms that use a logging configuration, as Get shows them: a list may lag."""
    found = [get_room(client, listed["arn"]) for listed in rooms]
    return [room for room in found if room and logging_configuration["arn"] in room[IDENTIFIERS]]


def detach(client: Any, logging_configuration: Resource, rooms: list[Resource], detached: list[str]) -> None:
    """Detach a logging configuration from the rooms that use it, and add the ARN of each to `detached`.

    `rooms` come from a list, which may lag: each is read again, so that no other logging configuration is detached, and
    one that no longer exists or no longer uses it is skipped.
    """
    for listed in rooms:
        for room in confirm_users(client, logging_configuration, [listed]):
            remaining = [arn for arn in room[IDENTIFIERS] if arn != logging_configuration["arn"]]
            try:
                update_room(client, room["arn"], {IDENTIFIERS: remaining})
            except AnsibleAWSError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
            else:
                detached.append(room["arn"])
