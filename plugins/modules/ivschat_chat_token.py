#!/usr/bin/python
# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivschat_chat_token
version_added: 1.0.0
short_description: Create a token for a user of an Amazon IVS Chat room
description:
  - Creates a token with which a client can connect to a room of Amazon Interactive Video Service (IVS) Chat as a user.
    The token must be used within one minute, before RV(token_expiration_time).
  - A token is a secret. Set C(no_log) to V(true) on the task and on every task that uses its result, as the examples
    do. Otherwise, Ansible shows the token with C(-v), in callbacks, and in failures, as it does for every result.
  - Nothing in the account changes, but each run creates another token, so RV(ignore:changed) is V(true), as with
    M(amazon.aws.sts_assume_role).
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  user_id:
    description:
      - The ID of the user, 1 to 128 characters. Clients receive it with each message, and
        M(aws_ivs.chat.ivschat_user) uses it to disconnect the user.
    type: str
    required: true
  capabilities:
    description: The actions that the user can perform in addition to reading messages. If omitted, the user can only
      read.
    type: list
    elements: str
    choices: [SEND_MESSAGE, DISCONNECT_USER, DELETE_MESSAGE]
  session_duration:
    description:
      - The duration of a connection that is made with the token, in minutes, from 1 to 180.
      - If omitted, the service uses 60.
    type: int
  attributes:
    description:
      - Attributes that other clients receive with each message of the user, as a dictionary of strings. Numbers and
        booleans are converted to strings, as in tags.
      - The keys and values together can have at most 1024 bytes in UTF-8.
    type: dict
extends_documentation_fragment:
  - aws_ivs.chat.attributes
  - aws_ivs.chat.messaging
  - aws_ivs.chat.messaging.attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - aws_ivs.chat.requirements
notes:
  - Exactly one of O(room_arn) and O(room_name) is required.
  - In check mode, the module looks up the room and creates no token. RV(token), RV(token_expiration_time), and
    RV(session_expiration_time) are then V(null).
    A room that does not exist is a warning, because an earlier task of the playbook might create it.
seealso:
  - plugin: aws_ivs.chat.chat_token
    plugin_type: lookup
  - module: aws_ivs.chat.ivschat_user
"""

EXAMPLES = r"""
- name: Create a token for a viewer who can send messages
  aws_ivs.chat.ivschat_chat_token:
    room_name: lobby
    user_id: viewer-4711
    capabilities: [SEND_MESSAGE]
    session_duration: 120
    attributes:
      name: Ada
      color: teal
    region: us-east-1
  register: chat
  no_log: true

- name: Pass the token to the application
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
  description: The time until which the token can be used to connect, in ISO 8601 format. V(null) in check mode.
  returned: success
  type: str
  sample: "2026-01-31T12:01:00.123000+00:00"
session_expiration_time:
  description: The latest time at which a connection made with the token ends, in ISO 8601 format. V(null) in check
    mode.
  returned: success
  type: str
  sample: "2026-01-31T13:00:00.123000+00:00"
room_arn:
  description: The ARN of the room. V((known after apply\)) if the room does not exist yet in check mode.
  returned: success
  type: str
  sample: arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456
msg:
  description: The time until which the token can be used, or, in check mode, a note that no token was created.
  returned: success
  type: str
  sample: The token can be used to connect until 2026-01-31T12:01:00.123000+00:00
"""

from functools import partial
from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging import ONE_ROOM, find_targets, predict_call
from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging_api import TOKEN_MEMBERS, create_chat_token
from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging_validation import validate_messaging
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import (
    IvsChatModule,
    refuse_unless_check_mode,
    run_module,
    write_unless_check_mode,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import CAPABILITIES


def create_token(module: IvsChatModule, client: Any) -> None:
    (target,) = find_targets(client, module.params, partial(refuse_unless_check_mode, module))

    def predict() -> dict[str, Any]:
        msg = "Check mode creates no token, so the token and its times are null"
        return {**predict_call(module, client, target, *TOKEN_MEMBERS), "msg": msg}

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
