#!/usr/bin/python
# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivschat_event
version_added: 1.0.0
short_description: Send an event to Amazon IVS Chat rooms
description:
  - Sends an event to all clients that are connected to one or more rooms of Amazon Interactive Video Service (IVS)
    Chat. The clients decide what an event means.
  - If the outcome of a call is unknown (no response, or a service error), the event is not sent again, because clients
    might receive it twice. The error says so.
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  event_name:
    description: The name of the event, 1 to 100 characters.
    type: str
    required: true
  attributes:
    description:
      - The attributes of the event, as a dictionary of strings. Numbers and booleans are converted to strings, as in
        tags.
      - The keys and values together can have at most 1024 bytes in UTF-8.
    type: dict
extends_documentation_fragment:
  - aws_ivs.chat.attributes
  - aws_ivs.chat.messaging
  - aws_ivs.chat.messaging.rooms
  - aws_ivs.chat.messaging.attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - aws_ivs.chat.requirements
seealso:
  - name: Role aws_ivs.chat.announce
    description: Sends an announcement to rooms specified by name, ARN, or tag.
    link: https://github.com/ansible-collections/aws_ivs.chat/blob/main/roles/announce/README.md
  - module: aws_ivs.chat.ivschat_message
  - module: aws_ivs.chat.ivschat_user
"""

EXAMPLES = r"""
- name: Send an announcement to one room
  aws_ivs.chat.ivschat_event:
    room_name: lobby
    event_name: announcement
    attributes:
      text: The stream starts in five minutes.
    region: us-east-1

- name: Send an event to rooms specified by name and by ARN
  aws_ivs.chat.ivschat_event:
    rooms:
      - lobby
      - arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456
    event_name: close
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
    id:
      description: The ID that the service assigned to the event. V(null) in check mode, or if the event was not sent.
      returned: always
      type: str
      sample: EvEnT1234567
    error:
      description: The error message, or V(null) if there was no error.
      returned: always
      type: str
      sample:
"""

from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging import SOME_ROOMS, call_for_rooms
from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging_api import send_event
from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging_validation import validate_messaging
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import IvsChatModule, run_module


def send_to_rooms(module: IvsChatModule, client: Any) -> None:
    hint = "the event may have been sent, so it was not sent again"
    call_for_rooms(module, client, send_event, hint, "id")


def main() -> None:
    module = IvsChatModule(
        argument_spec={
            **SOME_ROOMS,
            "event_name": {"required": True},
            "attributes": {"type": "dict"},
        },
        required_one_of=[tuple(SOME_ROOMS)],
        mutually_exclusive=[tuple(SOME_ROOMS)],
        supports_check_mode=True,
    )
    run_module(module, validate_messaging(module.params, module.region), send_to_rooms)


if __name__ == "__main__":
    main()
