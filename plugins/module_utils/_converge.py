# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main path of the modules that manage one resource: one plan, one guarded write, one exit. Private."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._api import list_by_name
from ._identity import Found
from ._module import (
    SHARED_OPTIONS,
    IvsChatModule,
    refuse_unless_check_mode,
    warn_if_unknown,
    write_unless_check_mode,
)
from ._plan import Declaration, Plan, WriteResult, diff, predict
from ._resources import KNOWN_AFTER_APPLY, STACK_TAG, Kind, Resource, describe, is_changing, is_deleting, text_tags
from ._retries import error_code, record_writes


def resource_argument_spec(kind: Kind) -> dict[str, Any]:
    """Return the argument spec of the module that manages one resource of this kind."""
    return {**SHARED_OPTIONS, "arn": {}, **{field.name: field.argument for field in kind.fields}}


def converge(
    module: IvsChatModule,
    client: Any,
    kind: Kind,
    given: Resource,
    found: Found,
    before_write: Callable[[], None] | None = None,
    on_conflict: Callable[[], None] | None = None,
    predicted: Callable[[], dict[str, Any]] = dict,
    actual: dict[str, Any] | None = None,
) -> None:
    """Bring a resource to the declared state and exit.

    Outside check mode, `before_write` is called first, and `on_conflict` when the service refuses the write because of
    another resource, before it is tried once more. What a module returns besides its resource is what `predicted`
    returns in check mode, and otherwise `actual`, as it is after the writes or at the failure.
    Raises AnsibleAWSError; after a write with `changed` and the accepted operations.
    """
    arn = module.params["arn"]
    warn_if_unknown(module, "arn", [arn], kind, "prediction for this task")
    declaration = _declaration(module, kind, given, found)
    plan = declaration.plan(found.before)
    _warn(module, client, plan)
    writes = record_writes(client)

    def without_writing() -> tuple[WriteResult, dict[str, Any]]:
        if found.unconfirmed and found.before:
            module.warn(
                f"Lists show the {kind.title} {found.before['arn']} and Get does not find it: if it has been deleted, "
                "there is nothing to do"
            )
        return WriteResult(predict(plan, arn), plan.changed, plan), predicted()

    def write() -> tuple[WriteResult, dict[str, Any]]:
        if _is_as_declared(plan):
            return WriteResult(plan.before, False, plan), actual or {}
        # Only now: Python compiles the code of a module anew in each task, so what a task does not need costs time.
        from ._write import WriteOptions, write_plan

        options = WriteOptions(module.params["wait"], module.params["wait_timeout"])
        creates = plan.before is None and plan.after is not None
        if before_write:
            before_write()
        if creates:
            _wait_deleting(client, kind, found, options.timeout)
        try:
            written = write_plan(client, plan, declaration, options)
        except AnsibleAWSError as error:
            if on_conflict is None or error_code(error) != "ConflictException":
                raise
            on_conflict()
            written = write_plan(client, plan, declaration, options)
        if plan.after is None and options.wait:
            _wait_deleting(client, kind, found, options.timeout)
        return written, actual or {}

    try:
        written, returns = write_unless_check_mode(module, without_writing, write)
    except AnsibleAWSError as error:
        if writes:
            error.kwargs.update({"changed": True, "writes": writes, **(actual or {})})
        raise
    result = {"changed": written.changed, kind.name: written.resource, **returns}
    if module._diff:
        result["diff"] = diff(written.plan, written.changed)
    module.exit_json(**result)


def _is_as_declared(plan: Plan) -> bool:
    """Whether there is nothing to write, and no change in progress to wait for."""
    return plan.before is not None and not plan.changed and not is_changing(plan.before)


def _wait_deleting(client: Any, kind: Kind, found: Found, timeout: float) -> None:
    """Wait for what is already being deleted: a create of its name waits for that, and `absent`; an update does not."""
    from ._waits import wait_deleted

    for deleting in found.deleting:
        wait_deleted(client, kind, deleting, timeout)


def _warn(module: IvsChatModule, client: Any, plan: Plan) -> None:
    """Warn of a change to a stack's member, and of a rename onto a name that another resource has."""
    before, after, title = plan.before, plan.after, plan.kind.title
    if before is None or not plan.changed:
        return
    if stack := before["tags"].get(STACK_TAG):
        module.warn(
            f"The {title} {before['arn']} is a member of the stack {stack!r} (tag {STACK_TAG}): the next run of that "
            "stack brings it back to what the stack declares"
        )
    if after is not None and after["name"] and after["name"] != before["name"]:
        others = [
            resource
            for resource in list_by_name(client, plan.kind, after["name"])
            if resource["arn"] != before["arn"] and not is_deleting(resource)
        ]
        if others:
            module.warn(
                f"name: {after['name']!r} is already the name of {describe(others)}; from now on, tasks need the ARN "
                f"to identify a {title} of this name"
            )


def _declaration(module: IvsChatModule, kind: Kind, given: Resource, found: Found) -> Declaration:
    params = module.params
    if params["state"] == "absent":
        return Declaration(kind, present=False)
    if found.before is None and params["arn"] not in (None, KNOWN_AFTER_APPLY):
        refuse_unless_check_mode(
            module,
            f"arn: there is no {kind.title} {params['arn']}, and an ARN cannot be created; specify only name to create "
            "one",
        )
    tags = text_tags(params["tags"]) if params["tags"] is not None else None
    return Declaration(kind, given, tags, params["purge_tags"], kept_tags=(STACK_TAG,))
