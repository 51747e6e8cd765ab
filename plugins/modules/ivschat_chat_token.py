#!/usr/bin/python
# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivschat_chat_token
version_added: 1.0.0
short_description: Make a token for a user of an Amazon IVS Chat room
description:
  - Makes a token with which a client can connect to a room of Amazon Interactive Video Service (IVS) Chat as a user.
    It must be used within a minute, before RV(token_expiration_time).
  - A token is a secret. Set C(no_log) to V(true) on the task and on every task that uses its result, as the examples
    do. Without it Ansible shows the token with C(-v), in callbacks and in failures, as it does every result.
  - Nothing in the account changes, but each run makes another token, so RV(ignore:changed) is V(true), as with
    M(amazon.aws.sts_assume_role).
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  user_id:
    description:
      - The ID of the user, 1 to 128 characters. Clients see it with each message, and
        M(aws_ivs.chat.ivschat_user) disconnects by it.
    type: str
    required: true
  capabilities:
    description: What the user may do beside reading messages. When this is not set, the user may only read.
    type: list
    elements: str
    choices: [SEND_MESSAGE, DISCONNECT_USER, DELETE_MESSAGE]
  session_duration:
    description:
      - How long a connection lasts that is made with the token, in minutes, 1 to 180.
      - The service takes 60 when this is not set.
    type: int
  attributes:
    description:
      - What other clients see with each message of the user, as a map of texts. Numbers and truth values become texts,
        as in tags.
      - Keys and values may have 1024 bytes in all, in UTF-8.
    type: dict
extends_documentation_fragment:
  - aws_ivs.chat.attributes
  - aws_ivs.chat.messaging
  - aws_ivs.chat.messaging.attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
notes:
  - Exactly one of O(room_arn) and O(room_name) is required.
  - Check mode looks up the room and makes no token. RV(token) and its times are V(null) then.
seealso:
  - plugin: aws_ivs.chat.chat_token
    plugin_type: lookup
  - module: aws_ivs.chat.ivschat_user
"""

EXAMPLES = r"""
- name: A token for a viewer who may write
  aws_ivs.chat.ivschat_chat_token:
    room_name: lobby
    user_id: viewer-4711
    capabilities: [SEND_MESSAGE]
    session_duration: 120
    attributes:
      name: Ada
      colour: teal
    region: us-east-1
  register: chat
  no_log: true

- name: Hand it to the application
  ansible.builtin.uri:
    url: https://chat.example.com/sessions
    method: POST
    body_format: json
    body:
      token: "{{ chat.token }}"
  no_log: true
"""

RETURN = r"""
token:
  description: The token, a secret. V(null) in check mode.
  returned: success
  type: str
  sample: AQICAH...
token_expiration_time:
  description: Until when the token can be used to connect, ISO 8601. V(null) in check mode.
  returned: success
  type: str
  sample: "2026-01-31T12:01:00.123000+00:00"
session_expiration_time:
  description: Until when a connection made with the token lasts at most, ISO 8601. V(null) in check mode.
  returned: success
  type: str
  sample: "2026-01-31T13:00:00.123000+00:00"
room_arn:
  description: The ARN of the room.
  returned: success
  type: str
  sample: arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456
msg:
  description: Until when the token can be used, or that check mode made none.
  returned: success
  type: str
  sample: The token can be used to connect until 2026-01-31T12:01:00.123000+00:00
"""

from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._api import TOKEN_MEMBERS, create_chat_token
from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging import ONE_ROOM, check_room_exists, find_targets
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import (
    IvsChatModule,
    run_module,
    write_unless_check_mode,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import CAPABILITIES
from ansible_collections.aws_ivs.chat.plugins.module_utils._validation import validate_messaging


def create_token(module: IvsChatModule, client: Any) -> None:
    (target,) = find_targets(client, module.params)

    def predict() -> dict[str, Any]:
        check_room_exists(client, target)
        msg = "Check mode creates no token, so the token and its times are null"
        return {**dict.fromkeys(TOKEN_MEMBERS), "msg": msg}

    def write() -> dict[str, Any]:
        token = create_chat_token(client, target.arn, module.params)
        return {**token, "msg": f"The token can be used to connect until {token['token_expiration_time']}"}

    module.exit_json(changed=True, room_arn=target.arn, **write_unless_check_mode(module, predict, write))


def main() -> None:
    module = IvsChatModule(
        argument_spec={
            **ONE_ROOM,
            "user_id": {"required": True},
            "capabilities": {"type": "list", "elements": "str", "choices": CAPABILITIES},
            "session_duration": {"type": "int"},
            "attributes": {"type": "dict"},
        },
        required_one_of=[tuple(ONE_ROOM)],
        mutually_exclusive=[tuple(ONE_ROOM)],
        supports_check_mode=True,
    )
    run_module(module, validate_messaging(module.params, module.region), create_token)


if __name__ == "__main__":
    main()
