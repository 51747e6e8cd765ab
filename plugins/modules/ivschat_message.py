#!/usr/bin/python
# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivschat_message
version_added: 1.0.0
short_description: Delete messages from Amazon IVS Chat rooms
description:
  - Tells the clients of a room of Amazon Interactive Video Service (IVS) Chat to delete a message from view and from
    their history.
  - Messages cannot be read from the service. A message that never was, or that was deleted before, is not an error.
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  id:
    description: The ID of the message, 12 letters and digits. Clients and message logs show it.
    type: str
    required: true
  state:
    description: V(absent) deletes the message. Clients alone can write messages.
    type: str
    choices: [absent]
    default: absent
  reason:
    description: Why, 1 to 256 characters. Clients can show it.
    type: str
extends_documentation_fragment:
  - aws_ivs.chat.attributes
  - aws_ivs.chat.messaging
  - aws_ivs.chat.messaging.rooms
  - aws_ivs.chat.messaging.attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
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
results:
  description:
    - What came of each room, in the order in which they were given. Empty when O(rooms) is.
    - Also returned when the task fails, once the rooms have been found.
  returned: when the rooms were found
  type: list
  elements: dict
  contains:
    room:
      description: The room as it was given, a name or an ARN.
      returned: always
      type: str
      sample: lobby
    arn:
      description: The ARN of the room.
      returned: always
      type: str
      sample: arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456
    operation_id:
      description: The ID that the service gave the deletion, V(null) in check mode or when it failed.
      returned: always
      type: str
      sample: DeLeTe123456
    error:
      description: What went wrong, V(null) when nothing did.
      returned: always
      type: str
      sample:
"""

from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._api import delete_message
from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging import SOME_ROOMS, call_for_rooms
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import IvsChatModule, run_module
from ansible_collections.aws_ivs.chat.plugins.module_utils._validation import validate_messaging


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
