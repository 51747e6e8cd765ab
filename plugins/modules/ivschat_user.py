#!/usr/bin/python
# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivschat_user
version_added: 1.0.0
short_description: Disconnect users from Amazon IVS Chat rooms
description:
  - Ends all connections of a user to a room of Amazon Interactive Video Service (IVS) Chat.
  - A user can connect again with a token that is still valid. Do not issue new tokens to a user who must stay out.
  - Connections cannot be read from the service. The task succeeds even if the user is not connected.
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  user_id:
    description: The ID of the user, 1 to 128 characters, as specified when the user's tokens were created.
    type: str
    required: true
  state:
    description: V(disconnected) ends the connections. Only clients can connect.
    type: str
    choices: [disconnected]
    default: disconnected
  reason:
    description: The reason for the disconnection, 1 to 256 characters. The client can display it.
    type: str
extends_documentation_fragment:
  - aws_ivs.chat.attributes
  - aws_ivs.chat.messaging
  - aws_ivs.chat.messaging.rooms
  - aws_ivs.chat.messaging.attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - aws_ivs.chat.requirements
seealso:
  - module: aws_ivs.chat.ivschat_chat_token
  - module: aws_ivs.chat.ivschat_message
"""

EXAMPLES = r"""
- name: Disconnect a user from two rooms
  aws_ivs.chat.ivschat_user:
    rooms: [lobby, questions]
    user_id: troll-17
    state: disconnected
    reason: Insults
    region: us-east-1
"""

RETURN = r"""
rooms:
  description:
    - The result for each room, in the order in which the rooms are specified. Empty if O(rooms) is empty.
    - Also returned when the task fails because the call for one or more rooms failed.
  returned: when all names were resolved
  type: list
  elements: dict
  contains:
    room:
      description: The room as specified, a name or an ARN.
      returned: always
      type: str
      sample: lobby
    arn:
      description: The ARN of the room. V((known after apply\)) if the room does not exist yet in check mode.
      returned: always
      type: str
      sample: arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456
    error:
      description: The error message, or V(null) if there was no error.
      returned: always
      type: str
      sample:
"""

from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging import SOME_ROOMS, call_for_rooms
from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging_api import disconnect_user
from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging_validation import validate_messaging
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import IvsChatModule, run_module


def disconnect_from_rooms(module: IvsChatModule, client: Any) -> None:
    hint = "the user may have been disconnected; disconnecting the user again does no harm"
    call_for_rooms(module, client, disconnect_user, hint)


def main() -> None:
    module = IvsChatModule(
        argument_spec={
            **SOME_ROOMS,
            "user_id": {"required": True},
            "state": {"choices": ["disconnected"], "default": "disconnected"},
            "reason": {},
        },
        required_one_of=[tuple(SOME_ROOMS)],
        mutually_exclusive=[tuple(SOME_ROOMS)],
        supports_check_mode=True,
    )
    run_module(module, validate_messaging(module.params, module.region), disconnect_from_rooms)


if __name__ == "__main__":
    main()
