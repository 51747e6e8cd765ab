#!/usr/bin/python
# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivschat_room
version_added: 1.0.0
short_description: Manage Amazon IVS Chat rooms
description:
  - Creates, updates, renames, and deletes rooms of Amazon Interactive Video Service (IVS) Chat.
  - Options you omit are left unchanged. V(""), V([]), and O(tags={}) are values, not omissions.
  - After a room is deleted, its clients can no longer send messages, but they might stay connected until they need a
    new token. To end their connections at once, disconnect the users with M(aws_ivs.chat.ivschat_user) before you
    delete the room.
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  maximum_message_length:
    description:
      - The maximum length of a message, in characters (Unicode code points), from 1 to 500.
      - The service default for new rooms is 500.
    type: int
  maximum_message_rate_per_second:
    description:
      - The maximum number of messages per second that all clients together can send to the room, from 1 to 100.
      - The service default for new rooms is 10.
    type: int
  message_review_handler:
    description:
      - The review handler, a Lambda function that reviews messages before they reach the room.
      - Suboptions you omit are left unchanged.
    type: dict
    suboptions:
      uri:
        description:
          - The ARN of the function. The function must be in the same account and region as the room, and must allow the
            principal C(ivschat.amazonaws.com) to invoke it.
          - V("") removes the review handler.
        type: str
      fallback_result:
        description:
          - The action for a message if the function fails or does not respond in time.
          - If omitted, a new review handler uses V(ALLOW).
          - Without a review handler, and without O(message_review_handler.uri), it has no effect, and the task warns.
        type: str
        choices: [ALLOW, DENY]
  logging_configuration_identifiers:
    description:
      - The logging configurations of the room, at most 3, each specified by ARN or by name.
      - The list replaces the current list. V([]) detaches all logging configurations. The order does not matter.
      - If no logging configuration has the ARN or the name, the task fails. In check mode, it only warns, and the
        predicted room contains the ARN or the name. If several logging configurations have the name, the task always
        fails.
    type: list
    elements: str
extends_documentation_fragment:
  - aws_ivs.chat.declaration
  - aws_ivs.chat.attributes
  - aws_ivs.chat.attributes.declared
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - aws_ivs.chat.requirements
seealso:
  - module: aws_ivs.chat.ivschat_room_info
  - module: aws_ivs.chat.ivschat_logging_configuration
  - module: aws_ivs.chat.ivschat_user
  - name: Amazon IVS Chat API reference, CreateRoom
    description: The fields of a room, and their limits.
    link: https://docs.aws.amazon.com/ivs/latest/ChatAPIReference/API_CreateRoom.html
"""

EXAMPLES = r"""
- name: Create a room with slow mode and logging
  aws_ivs.chat.ivschat_room:
    name: lobby
    maximum_message_length: 200
    maximum_message_rate_per_second: 5
    logging_configuration_identifiers:
      - chat-archive
    tags:
      stream: main
    region: us-east-1

- name: Review messages, and deny them if the review fails
  aws_ivs.chat.ivschat_room:
    name: lobby
    message_review_handler:
      uri: arn:aws:lambda:us-east-1:123456789012:function:review
      fallback_result: DENY
    region: us-east-1

- name: Remove the review handler and all logging configurations
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
    - The room after the task. In check mode, the predicted room with the same keys.
    - V(null) with O(state=absent).
  returned: success
  type: dict
  contains:
    arn:
      description: The ARN. V((known after apply\)) if check mode predicts a create.
      returned: always
      type: str
      sample: arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456
    id:
      description: The ID, which is the last part of the ARN. V((known after apply\)) if check mode predicts a create.
      returned: always
      type: str
      sample: AbCdEf123456
    name:
      description: The name. V("") if the room has none.
      returned: always
      type: str
      sample: lobby
    create_time:
      description: The time when the room was created, in ISO 8601 format. V(null) if check mode predicts a create.
      returned: always
      type: str
      sample: "2026-01-31T12:00:00.123000+00:00"
    update_time:
      description: The time of the last change to the room, in ISO 8601 format. V(null) if check mode predicts a create;
        a predicted update leaves it as it is.
      returned: always
      type: str
      sample: "2026-01-31T12:00:00.123000+00:00"
    maximum_message_length:
      description: The maximum length of a message, in characters.
      returned: always
      type: int
      sample: 500
    maximum_message_rate_per_second:
      description: The maximum number of messages per second that all clients together can send.
      returned: always
      type: int
      sample: 10
    message_review_handler:
      description: The review handler. V(null) if there is none.
      returned: always
      type: dict
      contains:
        uri:
          description: The ARN of the Lambda function.
          returned: always
          type: str
          sample: arn:aws:lambda:us-east-1:123456789012:function:review
        fallback_result:
          description: The action for a message if the function fails, V(ALLOW) or V(DENY).
          returned: always
          type: str
          sample: ALLOW
    logging_configuration_identifiers:
      description: The ARNs of the logging configurations, sorted. In check mode, the name of one that does not exist
        yet.
      returned: always
      type: list
      elements: str
      sample: ["arn:aws:ivschat:us-east-1:123456789012:logging-configuration/ZyXwVu654321"]
    tags:
      description: The tags of the room.
      returned: always
      type: dict
      sample: {"stream": "main"}
writes:
  description: The API operations that the service accepted before the task failed.
  returned: when the task fails after a write
  type: list
  elements: str
  sample: [UpdateRoom]
  version_added: 2.0.0
"""

from functools import partial
from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._converge import converge, resource_argument_spec
from ansible_collections.aws_ivs.chat.plugins.module_utils._identity import find, missing_arns, resolve_arns
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import (
    IvsChatModule,
    refuse_unless_check_mode,
    run_module,
    write_unless_check_mode,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import (
    IDENTIFIERS,
    LOGGING_CONFIGURATION,
    NO_HANDLER,
    ROOM,
    Resource,
    attached_arns,
    given_options,
    lacks_handler,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._validation import validate_identity, validate_resource


def manage_room(module: IvsChatModule, client: Any) -> None:
    params = module.params
    given = given_options(ROOM, params)
    if given.get(IDENTIFIERS) and params["state"] == "present":
        refuse = partial(refuse_unless_check_mode, module)
        given[IDENTIFIERS] = resolve_arns(client, LOGGING_CONFIGURATION, given[IDENTIFIERS], IDENTIFIERS, refuse)
    found = find(client, ROOM, params["arn"], params["name"], absent=params["state"] == "absent")
    if params["state"] == "present":
        if lacks_handler(given, found.before):
            module.warn(NO_HANDLER)
        write_unless_check_mode(module, lambda: warn_of_missing(module, client, found.before), lambda: None)
    converge(module, client, ROOM, given, found)


def warn_of_missing(module: IvsChatModule, client: Any, before: Resource | None) -> None:
    """Warn of ARNs that no logging configuration has: in a real run, the service refuses to attach these."""
    given = attached_arns(before, module.params[IDENTIFIERS] or [])
    if missing := missing_arns(client, LOGGING_CONFIGURATION, given):
        messages = [f"{IDENTIFIERS}: there is no logging configuration {arn}" for arn in missing]
        refuse_unless_check_mode(module, "; ".join(messages))


def main() -> None:
    module = IvsChatModule(
        argument_spec=resource_argument_spec(ROOM),
        required_one_of=[("arn", "name")],
        supports_check_mode=True,
    )
    errors = validate_identity(module.params, "arn", "name") + validate_resource(ROOM, module.params, module.region)
    run_module(module, errors, manage_room)


if __name__ == "__main__":
    main()
