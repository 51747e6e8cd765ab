#!/usr/bin/python
# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivschat_logging_configuration
version_added: 1.0.0
short_description: Manage Amazon IVS Chat logging configurations
description:
  - Creates, updates, renames, and deletes logging configurations of Amazon Interactive Video Service (IVS) Chat. They
    store the messages of rooms in Amazon S3, in Amazon CloudWatch Logs, or through Amazon Data Firehose.
  - Options you omit are left unchanged.
  - A logging configuration in a C(*_FAILED) state is repaired with an update. If the service refuses the update and no
    room uses the logging configuration, it is deleted and created again, which gives it a new ARN.
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  destination_configuration:
    description:
      - The destination where messages are stored. It must already exist in the same account and region.
      - Specify exactly one of the suboptions. Required to create a logging configuration.
      - Changes are made in place, including a change to another type of destination.
    type: dict
    suboptions:
      s3:
        description: Store messages in an S3 bucket.
        type: dict
        suboptions:
          bucket_name:
            description: The name of the bucket, 3 to 63 characters.
            type: str
            required: true
      cloud_watch_logs:
        description: Store messages in CloudWatch Logs.
        type: dict
        aliases: [cloudwatch_logs]
        suboptions:
          log_group_name:
            description: The name (not the ARN) of the log group, 1 to 512 characters.
            type: str
            required: true
      firehose:
        description: Store messages through a Data Firehose delivery stream.
        type: dict
        suboptions:
          delivery_stream_name:
            description: The name (not the ARN) of the delivery stream, 1 to 64 characters.
            type: str
            required: true
  force:
    description:
      - With O(state=absent), detach the logging configuration from all rooms that use it before deleting it.
      - With V(false), the task fails if rooms use the logging configuration, and the error names the rooms.
    type: bool
    default: false
extends_documentation_fragment:
  - aws_ivs.chat.declaration
  - aws_ivs.chat.attributes
  - aws_ivs.chat.attributes.declared
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - aws_ivs.chat.requirements
seealso:
  - module: aws_ivs.chat.ivschat_logging_configuration_info
  - module: aws_ivs.chat.ivschat_room
  - name: Amazon IVS Chat user guide, logging
    description: Describes the stored data, the destinations, and the required permissions.
    link: https://docs.aws.amazon.com/ivs/latest/ChatUserGuide/chat-logging.html
"""

EXAMPLES = r"""
- name: Create a logging configuration that stores messages in an S3 bucket
  aws_ivs.chat.ivschat_logging_configuration:
    name: chat-archive
    destination_configuration:
      s3:
        bucket_name: example-chat-archive
    tags:
      keep: 90-days
    region: us-east-1

- name: Change the destination to CloudWatch Logs
  aws_ivs.chat.ivschat_logging_configuration:
    name: chat-archive
    destination_configuration:
      cloud_watch_logs:
        log_group_name: /aws/vendedlogs/chat
    region: us-east-1

- name: Delete the logging configuration, even if rooms use it
  aws_ivs.chat.ivschat_logging_configuration:
    name: chat-archive
    state: absent
    force: true
    region: us-east-1
"""

RETURN = r"""
logging_configuration:
  description:
    - The logging configuration after the task. In check mode, the predicted logging configuration with the same keys.
    - V(null) with O(state=absent).
  returned: success
  type: dict
  contains:
    arn:
      description: The ARN. V((known after apply\)) if check mode predicts a create.
      returned: always
      type: str
      sample: arn:aws:ivschat:us-east-1:123456789012:logging-configuration/ZyXwVu654321
    id:
      description: The ID, which is the last part of the ARN. V((known after apply\)) if check mode predicts a create.
      returned: always
      type: str
      sample: ZyXwVu654321
    name:
      description: The name. V("") if the logging configuration has none.
      returned: always
      type: str
      sample: chat-archive
    create_time:
      description: The time when the logging configuration was created, in ISO 8601 format. V(null) if check mode
        predicts a create.
      returned: always
      type: str
      sample: "2026-01-31T12:00:00.123000+00:00"
    update_time:
      description: The time of the last change to the logging configuration, in ISO 8601 format. V(null) if check mode
        predicts a create.
      returned: always
      type: str
      sample: "2026-01-31T12:00:00.123000+00:00"
    destination_configuration:
      description: The destination where messages are stored, a dictionary with a single key.
      returned: always
      type: dict
      sample: {"s3": {"bucket_name": "example-chat-archive"}}
    state:
      description: The state in the API. V(ACTIVE) means that the logging configuration is ready to log.
      returned: always
      type: str
      sample: ACTIVE
    tags:
      description: The tags of the logging configuration.
      returned: always
      type: dict
      sample: {"keep": "90-days"}
detached_rooms:
  description: The ARNs of the rooms from which O(force) detached the logging configuration.
  returned: success, or when the task fails after a write
  type: list
  elements: str
  sample: []
writes:
  description: The API operations that the service accepted before the task failed.
  returned: when the task fails after a write
  type: list
  elements: str
  sample: [UpdateLoggingConfiguration]
  version_added: 2.0.0
"""

from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._api import list_rooms
from ansible_collections.aws_ivs.chat.plugins.module_utils._converge import converge, resource_argument_spec
from ansible_collections.aws_ivs.chat.plugins.module_utils._identity import find
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import (
    IvsChatModule,
    refuse_unless_check_mode,
    run_module,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._polling import poll
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import (
    DESTINATIONS,
    LOGGING_CONFIGURATION,
    Resource,
    describe,
    given_options,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._validation import validate_identity, validate_resource
from ansible_collections.aws_ivs.chat.plugins.module_utils._waits import LIST_AGREES
from ansible_collections.aws_ivs.chat.plugins.module_utils._write import confirm_users, detach


def manage_logging_configuration(module: IvsChatModule, client: Any) -> None:
    params = module.params
    given = given_options(LOGGING_CONFIGURATION, params)
    absent = params["state"] == "absent"
    found = find(client, LOGGING_CONFIGURATION, params["arn"], params["name"], absent)
    before, rooms, detached = found.before, [], []
    if absent and before:
        rooms = rooms_to_detach(module, client, before)
    elif not absent and params["arn"] is None and before is None:
        require_destination(module, given)

    def detach_again() -> None:
        already = len(detached)
        for _now in poll(LIST_AGREES):
            detach(client, before, rooms_to_detach(module, client, before), detached)
            if len(detached) > already:
                break

    converge(
        module,
        client,
        LOGGING_CONFIGURATION,
        given,
        found,
        before_write=lambda: detach(client, before, rooms, detached),
        on_conflict=detach_again if absent else None,  # a room that uses it may have been missing in the list
        predicted=lambda: {"detached_rooms": [room["arn"] for room in confirm_users(client, before, rooms)]},
        actual={"detached_rooms": detached},
    )


def rooms_to_detach(module: IvsChatModule, client: Any, before: Resource) -> list[Resource]:
    rooms = list_rooms(client, logging_configuration_identifier=before["arn"])
    if module.params["force"]:
        return rooms
    if using := confirm_users(client, before, rooms):
        refuse_unless_check_mode(
            module,
            f"The logging configuration {before['arn']} was not deleted, because {len(using)} room(s) use it; set "
            f"force to detach it from them: {describe(using)}",
        )
    return []


def require_destination(module: IvsChatModule, given: Resource) -> None:
    if "destination_configuration" not in given:
        refuse_unless_check_mode(
            module,
            f"destination_configuration: one of {', '.join(DESTINATIONS)} is required to create the logging "
            f"configuration {module.params['name']!r}, which does not exist yet",
        )


def main() -> None:
    module = IvsChatModule(
        argument_spec={**resource_argument_spec(LOGGING_CONFIGURATION), "force": {"type": "bool", "default": False}},
        required_one_of=[("arn", "name")],
        supports_check_mode=True,
    )
    errors = validate_identity(module.params, "arn", "name")
    errors += validate_resource(LOGGING_CONFIGURATION, module.params, module.region)
    run_module(module, errors, manage_logging_configuration)


if __name__ == "__main__":
    main()
