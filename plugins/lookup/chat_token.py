# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: chat_token
version_added: 1.0.0
short_description: Create tokens for users of an Amazon IVS Chat room
description:
  - Creates a token for each user ID. With its token, a client can connect to a room of Amazon Interactive Video
    Service (IVS) Chat. The token must be used within one minute.
  - Every evaluation creates new tokens. A variable that contains the lookup is evaluated each time it is used. To
    create a token only once, use M(aws_ivs.chat.ivschat_chat_token) or C(set_fact).
  - With C(--check), no call is made, and V((known after apply\)) stands for each token. A lookup does not see the
    keyword C(check_mode) of a task.
  - A token is a secret. Set C(no_log) to V(true) on the tasks that use it.
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  _terms:
    description: The IDs of the users, each of 1 to 128 characters. If there are none, the lookup makes no call and
      returns an empty list.
    required: true
  room_arn:
    description:
      - The ARN of the room. Exactly one of O(room_arn) and O(room_name) is required.
      - With C(--check), V((known after apply\)) stands for the ARN of a room that an earlier task creates.
    type: str
  room_name:
    description: The exact name of the room. The lookup fails if no room or more than one room has the name.
    type: str
  capabilities:
    description: The actions that the users can perform in addition to reading messages. If omitted, they can only read.
    type: list
    elements: str
    choices: [SEND_MESSAGE, DISCONNECT_USER, DELETE_MESSAGE]
  session_duration:
    description: The duration of a connection in minutes, from 1 to 180. If omitted, the service uses 60.
    type: int
  attributes:
    description:
      - Attributes that other clients receive with each message of the users, as a dictionary of strings.
      - The keys and values together can have at most 1024 bytes in UTF-8.
    type: dict
extends_documentation_fragment:
  - amazon.aws.common.plugins
  - amazon.aws.region.plugins
  - aws_ivs.chat.requirements
seealso:
  - module: aws_ivs.chat.ivschat_chat_token
"""

EXAMPLES = r"""
- name: Render a page that connects its visitor to the chat
  ansible.builtin.template:
    src: chat.html.j2
    dest: /srv/www/chat.html
    mode: "0600"
  vars:
    chat_token: >-
      {{ lookup('aws_ivs.chat.chat_token', 'viewer-4711', room_name='lobby', capabilities=['SEND_MESSAGE'],
         region='us-east-1') }}
  no_log: true
"""

RETURN = r"""
_raw:
  description: The tokens, one for each user. V((known after apply\)) with C(--check).
  type: list
  elements: str
"""

try:
    import botocore.config
except ImportError:
    pass  # reported by AWSLookupBase

from ansible.errors import AnsibleLookupError
from ansible_collections.amazon.aws.plugins.module_utils.common import set_collection_info
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.plugin_utils.lookup import AWSLookupBase
from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging import find_targets
from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging_api import create_chat_token
from ansible_collections.aws_ivs.chat.plugins.module_utils._messaging_validation import validate_messaging
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import (
    VERSION,
    format_error,
    input_errors,
    validate_region,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import KNOWN_AFTER_APPLY
from ansible_collections.aws_ivs.chat.plugins.module_utils._retries import clean_error_responses
from ansible_collections.aws_ivs.chat.plugins.module_utils._validation import validate_endpoint_url

OPTIONS = ("room_arn", "room_name", "capabilities", "session_duration", "attributes")


def _refuse(message):
    raise AnsibleAWSError(message=message)


class LookupModule(AWSLookupBase):
    def run(self, terms, variables=None, **kwargs):
        """Return a token for each user ID; AnsibleLookupError, with one message, for bad input and failed calls."""
        super().run(terms, variables, **kwargs)
        options = {name: self.get_option(name) for name in OPTIONS}
        errors = validate_endpoint_url(self.get_option("endpoint_url")) + validate_region(self)
        errors += validate_messaging(options, self.region)
        errors += [error for term in terms for error in validate_messaging({"user_id": str(term)}, self.region)]
        errors += [
            f"user_id: {term!r} is not valid: it must be the ID of a user (to specify a list of them, use *users)"
            for term in terms
            if not isinstance(term, (str, int)) or isinstance(term, bool)
        ]
        errors += [
            f"{name}: null is not valid: omit it, or specify a room"
            for name in ("room_arn", "room_name")
            if name in kwargs and kwargs[name] is None
        ]
        check_mode = bool((variables or {}).get("ansible_check_mode"))
        if errors := input_errors(errors, check_mode):
            raise AnsibleLookupError("; ".join(dict.fromkeys(errors)))
        if check_mode:
            return [KNOWN_AFTER_APPLY for _term in terms]
        if not terms:
            return []
        set_collection_info("aws_ivs.chat", VERSION)
        client = self.client("ivschat", config=botocore.config.Config(retries={"total_max_attempts": 1}))
        clean_error_responses(client)
        try:
            (target,) = find_targets(client, options, _refuse)
            return [create_chat_token(client, target.arn, {**options, "user_id": str(term)})["token"] for term in terms]
        except AnsibleAWSError as error:
            message = format_error(error.exception, error.message)
        raise AnsibleLookupError(message)  # outside the handler, so that the chain of exceptions is not added
