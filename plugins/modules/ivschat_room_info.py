#!/usr/bin/python
# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivschat_room_info
version_added: 1.0.0
short_description: Gather information about Amazon IVS Chat rooms
description:
  - Returns rooms of Amazon Interactive Video Service (IVS) Chat, either all rooms or those that match all specified
    filters.
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  arns:
    description:
      - Return only the rooms with these ARNs. ARNs that do not exist are ignored.
      - V([]) returns no rooms. V(null) is the same as omitting the option, and returns all rooms that match the other
        filters. A template that might find no ARN must therefore return V([]).
      - In check mode, V((known after apply\)) is accepted with a warning, because the resource does not exist yet.
    type: list
    elements: str
    aliases: [arn]
  name:
    description: Return only rooms with exactly this name. More than one room can have it.
    type: str
  message_review_handler_uri:
    description: Return only rooms whose review handler is the Lambda function with this ARN.
    type: str
  logging_configuration_identifier:
    description:
      - Return only rooms that use this logging configuration, specified by ARN or by name.
      - If it does not exist, no room is returned. If more than one logging configuration has the name, the task fails.
    type: str
  tags:
    description: Return only rooms that have all these tags.
    type: dict
  include_details:
    description:
      - Read each room with a GetRoom call. V(false) saves these calls, and RV(rooms[].maximum_message_length) and
        RV(rooms[].maximum_message_rate_per_second) are V(null).
    type: bool
    default: true
extends_documentation_fragment:
  - aws_ivs.chat.attributes
  - aws_ivs.chat.attributes.info
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - aws_ivs.chat.requirements
seealso:
  - module: aws_ivs.chat.ivschat_room
"""

EXAMPLES = r"""
- name: List all rooms of a stream
  aws_ivs.chat.ivschat_room_info:
    tags:
      stream: main
    region: us-east-1
  register: main_stream

- name: List the rooms that use a logging configuration, without details
  aws_ivs.chat.ivschat_room_info:
    logging_configuration_identifier: chat-archive
    include_details: false
    region: us-east-1
"""

RETURN = r"""
rooms:
  description: The rooms, each as returned by M(aws_ivs.chat.ivschat_room). Empty if no room matches.
  returned: success
  type: list
  elements: dict
  contains:
    arn:
      description: The ARN of the room.
      returned: always
      type: str
      sample: arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456
    id:
      description: The ID, which is the last part of the ARN.
      returned: always
      type: str
      sample: AbCdEf123456
    name:
      description: The name. V("") if the room has none.
      returned: always
      type: str
      sample: lobby
    create_time:
      description: The time when the room was created, in ISO 8601 format.
      returned: always
      type: str
      sample: "2026-01-31T12:00:00.123000+00:00"
    update_time:
      description: The time of the last change to the room, in ISO 8601 format.
      returned: always
      type: str
      sample: "2026-01-31T12:00:00.123000+00:00"
    maximum_message_length:
      description: The maximum length of a message, in characters. V(null) with O(include_details=false).
      returned: always
      type: int
      sample: 500
    maximum_message_rate_per_second:
      description: The maximum number of messages per second that all clients together can send. V(null) with
        O(include_details=false).
      returned: always
      type: int
      sample: 10
    message_review_handler:
      description: The review handler. V(null) if there is none.
      returned: always
      type: dict
      sample: {"uri": "arn:aws:lambda:us-east-1:123456789012:function:review", "fallback_result": "ALLOW"}
    logging_configuration_identifiers:
      description: The ARNs of the logging configurations, sorted.
      returned: always
      type: list
      elements: str
      sample: []
    tags:
      description: The tags of the room.
      returned: always
      type: dict
      sample: {"stream": "main"}
"""

from collections.abc import Iterable
from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._api import get_room, list_rooms
from ansible_collections.aws_ivs.chat.plugins.module_utils._identity import get_each, resolve_arns
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import IvsChatModule, run_module, warn_if_unknown
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import (
    IDENTIFIERS,
    LOGGING_CONFIGURATION,
    ROOM,
    Resource,
    has_tags,
    is_known_arn,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._validation import (
    validate_filters,
    validate_handler_uri,
    validate_identifier,
)

IDENTIFIER = "logging_configuration_identifier"


def room_info(module: IvsChatModule, client: Any) -> None:
    params = module.params
    warn_if_unknown(module, "arns", params["arns"] or [], ROOM, "result of this task")
    warn_if_unknown(module, IDENTIFIER, [params[IDENTIFIER]], LOGGING_CONFIGURATION, "result of this task")
    arns = [arn for arn in params["arns"] if is_known_arn(arn)] if params["arns"] is not None else None
    filters = {"name": params["name"], "message_review_handler_uri": params["message_review_handler_uri"]}
    if params[IDENTIFIER] is not None and arns != []:
        (filters[IDENTIFIER],) = resolve_arns(
            client, LOGGING_CONFIGURATION, [params[IDENTIFIER]], IDENTIFIER, refuse=lambda _unknown_name: None
        )
    if arns == [] or (IDENTIFIER in filters and not is_known_arn(filters[IDENTIFIER])):
        module.exit_json(changed=False, rooms=[])
    if arns and params["include_details"]:
        rooms = [get_room(client, arn) for arn in dict.fromkeys(arns)]
    else:
        rooms = [room for room in list_rooms(client, **filters) if arns is None or room["arn"] in arns]
    rooms = matching(rooms, filters, params["tags"])
    if params["include_details"] and not arns:
        rooms = matching(get_each(client, ROOM, (room["arn"] for room in rooms)).values(), filters, params["tags"])
    module.exit_json(changed=False, rooms=rooms)


def matching(rooms: Iterable[Resource | None], filters: dict[str, Any], tags: dict[str, Any] | None) -> list[Resource]:
    return [room for room in rooms if room and matches(room, filters) and has_tags(room, tags)]


def matches(room: Resource, filters: dict[str, Any]) -> bool:
    """Compare again what the service has filtered: an empty name or uri is no filter to it, but is one here."""
    uri = (room["message_review_handler"] or {}).get("uri", "")
    identifier = filters.get(IDENTIFIER)
    return (
        filters["name"] in (None, room["name"])
        and filters["message_review_handler_uri"] in (None, uri)
        and (identifier is None or identifier in room[IDENTIFIERS])
    )


def main() -> None:
    module = IvsChatModule(
        argument_spec={
            "arns": {"type": "list", "elements": "str", "aliases": ["arn"]},
            "name": {},
            "message_review_handler_uri": {},
            IDENTIFIER: {},
            "tags": {"type": "dict"},
            "include_details": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    params, region = module.params, module.region
    errors = validate_filters(ROOM, params, region)
    errors += validate_handler_uri("message_review_handler_uri", params["message_review_handler_uri"], region)
    if params[IDENTIFIER] is not None:
        errors += validate_identifier(IDENTIFIER, params[IDENTIFIER], region)
    run_module(module, errors, room_info)


if __name__ == "__main__":
    main()
