#!/usr/bin/python
# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivschat_message
version_added: 1.0.0
short_description: Delete messages from Amazon IVS Chat rooms
description:
  - Tells the clients of a room of Amazon Interactive Video Service (IVS) Chat to delete a message from view and from
    their history.
  - Messages cannot be read from the service. The task succeeds even if the message never existed or was already
    deleted.
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  id:
    description: The ID of the message, 12 letters and digits. Clients receive it, and message logs contain it.
    type: str
    required: true
  state:
    description: V(absent) deletes the message. Only clients can send messages.
    type: str
    choices: [absent]
    default: absent
  reason:
    description: The reason for the deletion, 1 to 256 characters. Clients can display it.
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
  - module: aws_ivs.chat.ivschat_user
  - module: aws_ivs.chat.ivschat_event
"""

EXAMPLES = r"""
- name: Delete a message
  aws_ivs.chat.ivschat_message:
    room_name: lobby
    id: AbCdEf123456
    state: absent
    reason: Spam
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
    operation_id:
      description: The ID that the service assigned to the deletion. V(null) in check mode, or if the deletion failed.
      returned: always
      type: str
      sample: DeLeTe123456
    error:
      description: The error message, or V(null) if there was no error.
      returned: always
      type: str
      sample:
"""

from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging import SOME_ROOMS, call_for_rooms
from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging_api import delete_message
from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging_validation import validate_messaging
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import IvsChatModule, run_module


def delete_from_rooms(module: IvsChatModule, client: Any) -> None:
    hint = "the message may have been deleted; deleting it again does no harm"
    call_for_rooms(module, client, delete_message, hint, "operation_id")


def main() -> None:
    module = IvsChatModule(
        argument_spec={
            **SOME_ROOMS,
            "id": {"required": True},
            "state": {"choices": ["absent"], "default": "absent"},
            "reason": {},
        },
        required_one_of=[tuple(SOME_ROOMS)],
        mutually_exclusive=[tuple(SOME_ROOMS)],
        supports_check_mode=True,
    )
    run_module(module, validate_messaging(module.params, module.region), delete_from_rooms)


if __name__ == "__main__":
    main()
