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
from ._module import IvsChatModule, format_error, refuse_unless_check_mode, write_unless_check_mode
from ._pacing import limit_rate
from ._resources import KNOWN_AFTER_APPLY, MESSAGING_QUOTA, QUOTAS, ROOM, is_arn, is_known_arn
from ._retries import error_code, outcome_unknown

ONE_ROOM: dict[str, Any] = {"room_arn": {}, "room_name": {}}
SOME_ROOMS: dict[str, Any] = {**ONE_ROOM, "rooms": {"type": "list", "elements": "str"}}


class Target(NamedTuple):
    """One of the rooms that a task identifies: as the user specified it, and its ARN, if that is known already."""

    room: str
    arn: str


def find_targets(client: Any, params: dict[str, Any], refuse: Callable[[str], None]) -> list[Target]:
    """Find the rooms that a task identifies, with at most one listing, in the order in which they were specified.

    Calls `refuse` with a message for a name that no room has. Raises AnsibleAWSError for a name that several rooms
    have, and for a room that is specified twice.
    """
    option = next(name for name in SOME_ROOMS if params.get(name) is not None)
    rooms = params[option] if option == "rooms" else [params[option]]
    arns = resolve_arns(client, ROOM, rooms, option, refuse)
    return [Target(room, arn if is_arn(arn) else KNOWN_AFTER_APPLY) for room, arn in zip(rooms, arns, strict=True)]


def predict_call(module: IvsChatModule, client: Any, target: Target, *members: str) -> dict[str, Any]:
    """Return the members of a call that check mode does not make: None. The room must exist, or be created earlier."""
    if is_known_arn(target.room) and get_room(client, target.arn) is None:
        refuse_unless_check_mode(module, f"there is no room {target.arn}")
    return dict.fromkeys(members)


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
    targets = find_targets(client, module.params, partial(refuse_unless_check_mode, module))
    limit_rate(client, lambda operation: QUOTAS["room"] if operation == "GetRoom" else MESSAGING_QUOTA)
    results: list[dict[str, Any]] = []
    changed, not_tried = False, ""
    sent: list[Target] = []

    def send(target: Target) -> dict[str, Any]:
        sent.append(target)
        return call(client, target.arn, module.params)

    for target in targets:
        result = {**target._asdict(), **dict.fromkeys(members), "error": not_tried or None}
        results.append(result)
        if not_tried:
            continue
        try:
            result.update(
                write_unless_check_mode(
                    module,
                    partial(predict_call, module, client, target),
                    partial(send, target),
                )
            )
            changed = True
        except AnsibleAWSError as error:
            unknown = target in sent and outcome_unknown(error.exception)
            changed = changed or unknown
            result["error"] = format_error(error.exception, error.message)
            if unknown:
                result["error"] += f"; {outcome_unknown_hint}"
            elif error.exception is not None and error_code(error) is None:
                not_tried = f"not tried, because there was no response for {target.room}"
    failed = [result for result in results if result["error"]]
    if failed:
        summary = "; ".join(f"{result['room']}: {result['error']}" for result in failed)
        module.fail_json(msg=f"{len(failed)} of {len(targets)} rooms failed: {summary}", changed=changed, rooms=results)
    module.exit_json(changed=changed, rooms=results)
