# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main path of the modules that manage one resource: one plan, one guarded write, one exit. Private."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._identity import Found
from ._module import (
    SHARED_OPTIONS,
    IvsChatModule,
    refuse_unless_check_mode,
    warn_if_unknown,
    write_unless_check_mode,
)
from ._plan import Declaration, diff, predict
from ._resources import KNOWN_AFTER_APPLY, Kind, Resource, text_tags
from ._waits import wait_deleted
from ._write import WaitOptions, WriteResult, write_plan


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
    **returns: Any,
) -> None:
    """Bring a resource to the declared state and exit.

    `before_write` is called first when something must be written; `returns` is added to the result.
    Raises AnsibleAWSError.
    """
    arn = module.params["arn"]
    warn_if_unknown(module, "arn", [arn], kind, "prediction for this task")
    declaration = _declaration(module, kind, given, found)
    plan = declaration.plan(found.before)

    def write() -> WriteResult:
        options = WaitOptions(module.params["wait"], module.params["wait_timeout"], module.params["arn"] is None)
        for deleting in found.deleting if plan.changed or (options.wait and plan.after is None) else ():
            wait_deleted(client, kind, deleting, options.timeout)
        if before_write and plan.changed:
            before_write()
        return write_plan(client, plan, declaration, options)

    predicted = WriteResult(predict(plan, arn), plan.changed, plan)
    written = write_unless_check_mode(module, lambda: predicted, write)
    result = {"changed": written.changed, kind.name: written.resource, **returns}
    if module._diff:
        result["diff"] = diff(written.plan, written.changed)
    module.exit_json(**result)


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
    return Declaration(kind, given, tags, params["purge_tags"])
