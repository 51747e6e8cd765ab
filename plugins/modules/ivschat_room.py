#!/usr/bin/python
# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivschat_room
version_added: 1.0.0
short_description: Manage Amazon IVS Chat rooms
description:
  - Creates, changes and deletes rooms of Amazon Interactive Video Service (IVS) Chat.
  - An option that is not set is left as it is. V("") and V([]) are values that can be set.
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  maximum_message_length:
    description:
      - How many characters (Unicode code points) a message can have, 1 to 500.
      - The service creates rooms with 500.
    type: int
  maximum_message_rate_per_second:
    description:
      - How many messages per second clients can send to the room in all, 1 to 100.
      - The service creates rooms with 10.
    type: int
  message_review_handler:
    description:
      - The Lambda function that reviews messages before they reach the room.
      - A part that is not given keeps its value.
    type: dict
    suboptions:
      uri:
        description:
          - The ARN of the function, which must be of the same account and region as the room, and must allow the
            principal C(ivschat.amazonaws.com) to invoke it.
          - V("") removes the handler.
        type: str
      fallback_result:
        description:
          - What happens to a message when the function does not answer in time or fails.
          - A new handler gets V(ALLOW) when this is not given.
        type: str
        choices: [ALLOW, DENY]
  logging_configuration_identifiers:
    description:
      - The logging configurations of the room, at most 3, each by its ARN or by its name.
      - The list replaces the current one, V([]) detaches all. Its order does not matter.
    type: list
    elements: str
extends_documentation_fragment:
  - aws_ivs.chat.declaration
  - aws_ivs.chat.attributes
  - aws_ivs.chat.attributes.declared
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
seealso:
  - module: aws_ivs.chat.ivschat_room_info
  - module: aws_ivs.chat.ivschat_logging_configuration
  - name: Amazon IVS Chat API reference, CreateRoom
    description: The fields of a room and their limits.
    link: https://docs.aws.amazon.com/ivs/latest/ChatAPIReference/API_CreateRoom.html
"""

EXAMPLES = r"""
- name: A room with slow chat and logging
  aws_ivs.chat.ivschat_room:
    name: lobby
    maximum_message_length: 200
    maximum_message_rate_per_second: 5
    logging_configuration_identifiers:
      - chat-archive
    tags:
      stream: main
    region: us-east-1

- name: Messages are reviewed, and held back when the review fails
  aws_ivs.chat.ivschat_room:
    name: lobby
    message_review_handler:
      uri: arn:aws:lambda:us-east-1:123456789012:function:review
      fallback_result: DENY
    region: us-east-1

- name: No review and no logging any more
  aws_ivs.chat.ivschat_room:
    name: lobby
    message_review_handler:
      uri: ""
    logging_configuration_identifiers: []
    region: us-east-1

- name: Rename a room
  aws_ivs.chat.ivschat_room:
    arn: arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456
    name: main-hall
    region: us-east-1

- name: Delete a room
  aws_ivs.chat.ivschat_room:
    name: main-hall
    state: absent
    region: us-east-1
"""

RETURN = r"""
room:
  description:
    - The room as it is after the task, with the same keys in check mode.
    - V(null) with O(state=absent).
  returned: success
  type: dict
  contains:
    arn:
      description: The ARN, V(null) when check mode predicts a create.
      returned: always
      type: str
      sample: arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456
    id:
      description: The ID, the last part of the ARN, V(null) when check mode predicts a create.
      returned: always
      type: str
      sample: AbCdEf123456
    name:
      description: The name, V("") when the room has none.
      returned: always
      type: str
      sample: lobby
    create_time:
      description: When the room was created, ISO 8601. V(null) when check mode predicts a create.
      returned: always
      type: str
      sample: "2026-01-31T12:00:00.123000+00:00"
    update_time:
      description: When the room was last changed, ISO 8601. V(null) when check mode predicts a create.
      returned: always
      type: str
      sample: "2026-01-31T12:00:00.123000+00:00"
    maximum_message_length:
      description: How many characters a message can have.
      returned: always
      type: int
      sample: 500
    maximum_message_rate_per_second:
      description: How many messages per second clients can send.
      returned: always
      type: int
      sample: 10
    message_review_handler:
      description: The handler that reviews messages, V(null) when there is none.
      returned: always
      type: dict
      contains:
        uri:
          description: The ARN of the Lambda function.
          returned: always
          type: str
          sample: arn:aws:lambda:us-east-1:123456789012:function:review
        fallback_result:
          description: V(ALLOW) or V(DENY).
          returned: always
          type: str
          sample: ALLOW
    logging_configuration_identifiers:
      description: The ARNs of the logging configurations, sorted.
      returned: always
      type: list
      elements: str
      sample: ["arn:aws:ivschat:us-east-1:123456789012:logging-configuration/ZyXwVu654321"]
    tags:
      description: The tags.
      returned: always
      type: dict
      sample: {"stream": "main"}
"""

from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._converge import converge, resource_argument_spec
from ansible_collections.aws_ivs.chat.plugins.module_utils._identity import find, resolve_arns
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import IvsChatModule, run_module
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import (
    IDENTIFIERS,
    LOGGING_CONFIGURATION,
    ROOM,
    given_options,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._validation import validate_resource


def manage_room(module: IvsChatModule, client: Any) -> None:
    params = module.params
    given = given_options(ROOM, params)
    if given.get(IDENTIFIERS) and params["state"] == "present":
        given[IDENTIFIERS] = resolve_arns(client, LOGGING_CONFIGURATION, given[IDENTIFIERS], IDENTIFIERS)
    found = find(client, ROOM, params["arn"], params["name"])
    handler = given.get("message_review_handler", {})
    has_uri = handler.get("uri") is not None or (found.before or {}).get("message_review_handler")
    if handler.get("fallback_result") and not has_uri:
        module.warn("message_review_handler.fallback_result has no effect: the room has no handler, and no uri is set")
    converge(module, client, ROOM, given, found)


def main() -> None:
    module = IvsChatModule(
        argument_spec=resource_argument_spec(ROOM),
        required_one_of=[("arn", "name")],
        supports_check_mode=True,
    )
    run_module(module, validate_resource(ROOM, module.params, module.region), manage_room)


if __name__ == "__main__":
    main()
