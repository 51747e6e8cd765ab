#!/usr/bin/python
# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivschat_event
version_added: 1.0.0
short_description: Send an event to Amazon IVS Chat rooms
description:
  - Sends an event to everybody who is connected to a room of Amazon Interactive Video Service (IVS) Chat, or to
    several rooms. What an event means is up to the clients.
  - An event whose sending ended unclear (no answer, or a failure of the service) is not sent again, because clients
    would see it twice. The error says so.
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  event_name:
    description: The name of the event, 1 to 100 characters.
    type: str
    required: true
  attributes:
    description:
      - What the event tells, as a map of texts. Numbers and truth values become texts, as in tags.
      - Keys and values may have 1024 bytes in all, in UTF-8.
    type: dict
extends_documentation_fragment:
  - aws_ivs.chat.attributes
  - aws_ivs.chat.messaging
  - aws_ivs.chat.messaging.rooms
  - aws_ivs.chat.messaging.attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
seealso:
  - name: Role aws_ivs.chat.announce
    description: Sends an announcement to rooms by name, ARN or tag.
    link: https://github.com/ansible-collections/aws_ivs.chat/blob/main/roles/announce/README.md
  - module: aws_ivs.chat.ivschat_message
  - module: aws_ivs.chat.ivschat_user
"""

EXAMPLES = r"""
- name: Tell one room
  aws_ivs.chat.ivschat_event:
    room_name: lobby
    event_name: announcement
    attributes:
      text: The stream starts in five minutes.
    region: us-east-1

- name: Tell several rooms, by name and by ARN
  aws_ivs.chat.ivschat_event:
    rooms:
      - lobby
      - arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456
    event_name: close
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
    id:
      description: The ID that the service gave the event, V(null) in check mode or when it was not sent.
      returned: always
      type: str
      sample: EvEnT1234567
    error:
      description: What went wrong, V(null) when nothing did.
      returned: always
      type: str
      sample:
"""

from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._api import send_event
from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging import SOME_ROOMS, call_for_rooms
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import IvsChatModule, run_module
from ansible_collections.aws_ivs.chat.plugins.module_utils._validation import validate_messaging


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
