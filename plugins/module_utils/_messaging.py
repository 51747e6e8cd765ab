# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens, events, messages, and users: the rooms that a task identifies, and one call for each of them. Private."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._api import get_room
from ._identity import resolve_arns
from ._module import IvsChatModule, format_error, write_unless_check_mode
from ._resources import MESSAGING_QUOTA, QUOTAS, ROOM, is_arn
from ._retries import error_code, limit_rate, outcome_unknown

ONE_ROOM: dict[str, Any] = {"room_arn": {}, "room_name": {}}
SOME_ROOMS: dict[str, Any] = {**ONE_ROOM, "rooms": {"type": "list", "elements": "str"}}


class Target(NamedTuple):
    """One of the rooms that a task identifies: as the user specified it, and its ARN."""

    room: str
    arn: str


def find_targets(client: Any, params: dict[str, Any]) -> list[Target]:
    """Find the rooms that a task identifies, with at most one listing, in the order in which they were specified.

    Raises AnsibleAWSError for a name that no room or several rooms have, and for a room that is specified twice.
    """
    option = next(name for name in SOME_ROOMS if params.get(name) is not None)
    rooms = params[option] if option == "rooms" else [params[option]]
    return [Target(*pair) for pair in zip(rooms, resolve_arns(client, ROOM, rooms, option), strict=True)]


def check_room_exists(client: Any, target: Target) -> None:
    """Raise AnsibleAWSError when the real run would: a room that is specified by its ARN may not exist."""
    if is_arn(target.room) and get_room(client, target.arn) is None:
        raise AnsibleAWSError(message=f"there is no room {target.arn}")


def _predict(client: Any, target: Target) -> dict[str, Any]:
    check_room_exists(client, target)
    return {}


def call_for_rooms(
    module: IvsChatModule,
    client: Any,
    call: Callable[[Any, str, dict[str, Any]], dict[str, Any]],
    outcome_unknown_hint: str,
    *members: str,
) -> None:
    """Make one call for each room, at the pace of the service's quota, and exit with a result for each.

    `members` are what the call returns (None in check mode); the hint tells a user what to expect after a call whose
    outcome is unknown. Fails, after all rooms, when some failed. Raises AnsibleAWSError before the first call only.
    """
    targets = find_targets(client, module.params)
    limit_rate(client, lambda operation: QUOTAS["room"] if operation == "GetRoom" else MESSAGING_QUOTA)
    results: list[dict[str, Any]] = []
    changed, not_tried = False, ""
    for target in targets:
        result = {**target._asdict(), **dict.fromkeys(members), "error": not_tried or None}
        results.append(result)
        if not_tried:
            continue
        try:
            result.update(
                write_unless_check_mode(
                    module, partial(_predict, client, target), partial(call, client, target.arn, module.params)
                )
            )
            changed = True
        except AnsibleAWSError as error:
            unknown = outcome_unknown(error.exception)
            changed = changed or unknown
            result["error"] = format_error(error.exception, error.message)
            if unknown:
                result["error"] += f"; {outcome_unknown_hint}"
            elif error.exception is not None and error_code(error) is None:
                not_tried = f"not tried, because there was no response for {target.room}"
    failed = [result for result in results if result["error"]]
    if failed:
        summary = "; ".join(f"{result['room']}: {result['error']}" for result in failed)
        module.fail_json(
            msg=f"{len(failed)} of {len(targets)} rooms failed: {summary}", changed=changed, rooms=results
        )
    module.exit_json(changed=changed, rooms=results)
