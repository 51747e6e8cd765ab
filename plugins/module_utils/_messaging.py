# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tokens, events, messages and users: the calls, their limits, and doing one thing in several rooms. Private."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ansible.module_utils.common.text.converters import to_text
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.transformation import boto3_resource_to_ansible_dict

from ._api import Errors, error_code, get_room, hold_back, is_unclear, refuse_strange, retried, throttled
from ._identity import arns_of
from ._module import ChatModule, explain, unless_check_mode
from ._resources import (
    NAME,
    ROOM,
    Limit,
    arn_fault,
    identifier_fault,
    is_arn,
    limit_fault,
    repetition_faults,
    text_tags,
)
from ._stack import QUOTAS

# By the options' names; the tests compare every rule with botocore's service model.
LIMITS = {
    "user_id": Limit(1, 128, "1 to 128 characters"),
    "session_duration": Limit(1, 180, "a whole number of minutes from 1 to 180"),
    "event_name": Limit(1, 100, "1 to 100 characters"),
    "id": Limit(12, 12, "the ID of a message, 12 letters and digits", r"[a-zA-Z0-9]+"),
    "reason": Limit(1, 256, "1 to 256 characters"),
}
CAPABILITIES = ["SEND_MESSAGE", "DISCONNECT_USER", "DELETE_MESSAGE"]
# "The maximum length of this field is 1 KB total" (API reference): keys and values, in UTF-8.
MAXIMUM_ATTRIBUTES = 1024
# Of each of the operations that write to rooms (Chat User Guide, service quotas).
CALLS_PER_SECOND = 100

TARGET: dict[str, Any] = {"room_arn": {}, "room_name": {}}
TARGETS: dict[str, Any] = {**TARGET, "rooms": {"type": "list", "elements": "str"}}


@Errors.common_error_handler("create chat token")
def create_chat_token(client: Any, arn: str, params: dict[str, Any]) -> dict[str, Any]:
    """CreateChatToken by the options of its module: the token and its two times, ISO 8601.

    Repeated when it ended unclear: a token that nobody got to see is of no use, and of no harm.
    """
    answer = retried(client.create_chat_token)(
        roomIdentifier=arn,
        userId=params["user_id"],
        **given(
            capabilities=params["capabilities"],
            sessionDurationInMinutes=params["session_duration"],
            attributes=attributes(params),
        ),
    )
    return _shown(answer, *TOKEN)


@Errors.common_error_handler("send event")
def send_event(client: Any, arn: str, params: dict[str, Any]) -> dict[str, Any]:
    """SendEvent by the options of its module: the event's id. Not repeated when it ended unclear."""
    answer = throttled(client.send_event)(
        roomIdentifier=arn, eventName=params["event_name"], **given(attributes=attributes(params))
    )
    return _shown(answer, "id")


@Errors.common_error_handler("delete message")
def delete_message(client: Any, arn: str, params: dict[str, Any]) -> dict[str, Any]:
    """DeleteMessage by the options of its module: the operation's id. Doing it twice is as good as once."""
    answer = retried(client.delete_message)(roomIdentifier=arn, id=params["id"], **given(reason=params["reason"]))
    return {"operation_id": answer.get("id")}


@Errors.common_error_handler("disconnect user")
def disconnect_user(client: Any, arn: str, params: dict[str, Any]) -> dict[str, Any]:
    """DisconnectUser by the options of its module; the service answers nothing. Doing it twice is as good as once."""
    retried(client.disconnect_user)(roomIdentifier=arn, userId=params["user_id"], **given(reason=params["reason"]))
    return {}


TOKEN = ("token", "token_expiration_time", "session_expiration_time")


def given(**parameters: Any) -> dict[str, Any]:
    """Return the parameters that are set."""
    return {name: value for name, value in parameters.items() if value is not None}


def attributes(params: dict[str, Any]) -> dict[str, str] | None:
    """Return the option `attributes` as text, as tags are (true becomes "True"); None when it is not set."""
    return None if params["attributes"] is None else text_tags(params["attributes"])


def _shown(answer: dict[str, Any], *members: str) -> dict[str, Any]:
    refuse_strange(answer, *members[:1])
    shown = boto3_resource_to_ansible_dict(answer, transform_tags=False, force_tags=False)
    return {member: shown.get(member) for member in members}


# Validation, as in _resources: before the first call, in check mode too.


def faults(params: dict[str, Any], region: str | None) -> list[str]:
    """Check every option of a messaging module; return all faults."""
    found = []
    if params.get("room_arn") is not None:
        found += arn_fault("room_arn", params["room_arn"], ROOM, region)
    if params.get("room_name") == "":
        found.append("room_name: '' is not valid, it must be the name of a room")
    found += limit_fault("room_name", params.get("room_name"), NAME)
    rooms = params.get("rooms") or []
    for position, room in enumerate(rooms):
        found += identifier_fault(f"rooms[{position}]", room, region, ROOM)
    found += repetition_faults(rooms, "rooms")
    for option, limit in LIMITS.items():
        found += limit_fault(option, params.get(option), limit)
    return found + attribute_faults(params.get("attributes"))


def attribute_faults(given: dict[Any, Any] | None) -> list[str]:
    """Check attributes: a map of texts of at most 1 KB in all."""
    found = [
        f"attributes[{to_text(key)[:64]!r}]: {'null' if value is None else type(value).__name__} is not valid, it must "
        "be a text (the filter to_json makes one of lists and dictionaries)"
        for key, value in (given or {}).items()
        if value is None or isinstance(value, (dict, list))
    ]
    if found:
        return found
    size = sum(len(text.encode("utf-8", "surrogatepass")) for pair in text_tags(given or {}).items() for text in pair)
    if size > MAXIMUM_ATTRIBUTES:
        return [f"attributes: {size} bytes are too many, keys and values must have at most {MAXIMUM_ATTRIBUTES} in all"]
    return []


class Target(NamedTuple):
    """One of the rooms that a task means: as the user gave it, and its ARN."""

    room: str
    arn: str


def targets(client: Any, params: dict[str, Any]) -> list[Target]:
    """Find the rooms that a task means, with at most one listing, in the order in which they were given.

    Raises AnsibleAWSError for a name that no room has or that several have, and for a room that is meant twice.
    """
    option = next(name for name in TARGETS if params.get(name) is not None)
    rooms = params[option] if option == "rooms" else [params[option]]
    return [Target(*pair) for pair in zip(rooms, arns_of(client, ROOM, rooms, option), strict=True)]


def foretell(client: Any, target: Target) -> None:
    """Raise AnsibleAWSError when the real run would: a room that is given by its ARN may not exist."""
    if is_arn(target.room) and get_room(client, target.arn) is None:
        raise AnsibleAWSError(message=f"there is no room {target.arn}")


def in_each_room(
    module: ChatModule,
    client: Any,
    call: Callable[[Any, str, dict[str, Any]], dict[str, Any]],
    unclear: str,
    *members: str,
) -> None:
    """Make one call for each room, at the service's pace, and exit with a result for each.

    `members` are what the call answers (None in check mode), `unclear` is what a user must know when a call ended
    unclear. Fails, after all rooms, when some failed. Raises AnsibleAWSError before the first call only.
    """
    rooms = targets(client, module.params)
    hold_back(client, lambda operation: QUOTAS["room"] if operation == "GetRoom" else CALLS_PER_SECOND)

    def write(target: Target) -> dict[str, Any]:
        return call(client, target.arn, module.params)

    def predict(target: Target) -> dict[str, Any]:
        foretell(client, target)
        return {}

    act = unless_check_mode(module, lambda: write, predict)
    results: list[dict[str, Any]] = []
    changed, unanswered = False, ""
    for target in rooms:
        result = {**target._asdict(), **dict.fromkeys(members), "error": unanswered or None}
        results.append(result)
        if unanswered:
            continue
        try:
            result.update(act(target))
            changed = True
        except AnsibleAWSError as error:
            maybe = is_unclear(error.exception)
            changed = changed or maybe
            result["error"] = explain(error.exception, error.message) + (f"; {unclear}" if maybe else "")
            if error.exception is not None and not maybe and error_code(error) is None:
                unanswered = f"not tried, because there was no answer for {target.room}"
    failed = [result for result in results if result["error"]]
    if failed:
        told = "; ".join(f"{result['room']}: {result['error']}" for result in failed)
        module.fail_json(msg=f"{len(failed)} of {len(rooms)} rooms failed: {told}", changed=changed, results=results)
    module.exit_json(changed=changed, results=results)
