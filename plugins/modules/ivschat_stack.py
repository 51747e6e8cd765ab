#!/usr/bin/python
# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivschat_stack
version_added: 1.0.0
short_description: Manage a whole estate of Amazon IVS Chat rooms and logging configurations as one declaration
description:
  - Plans and makes all declared logging configurations and rooms in one task, with the fewest possible API calls.
  - A tag on every member says which stack it belongs to, so there is no state file. What is not a member is never
    touched.
  - The whole declaration is checked before the first call. All its faults are reported together, each with its place.
  - When something fails, what was finished is returned, and the next run goes on from there.
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  name:
    description: The name of the stack, which is the value of the O(ownership_tag) of its members.
    type: str
    required: true
  state:
    description:
      - V(present) makes what is declared.
      - V(absent) deletes all members of the stack, declared or not.
    type: str
    choices: [present, absent]
    default: present
  logging_configurations:
    description:
      - The logging configurations of the stack.
      - Not set, those of the stack are left as they are, also with O(prune=true). V([]) says that it has none.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name, which must be unique in the stack.
        type: str
        required: true
      destination_configuration:
        description: Where messages are stored, exactly one of the suboptions.
        type: dict
        required: true
        suboptions:
          s3:
            description: Store in an S3 bucket.
            type: dict
            suboptions:
              bucket_name:
                description: The bucket's name, 3 to 63 characters.
                type: str
                required: true
          cloud_watch_logs:
            description: Store in CloudWatch Logs.
            type: dict
            aliases: [cloudwatch_logs]
            suboptions:
              log_group_name:
                description: The name (not the ARN) of the log group, 1 to 512 characters.
                type: str
                required: true
          firehose:
            description: Store through a Data Firehose delivery stream.
            type: dict
            suboptions:
              delivery_stream_name:
                description: The name (not the ARN) of the delivery stream, 1 to 64 characters.
                type: str
                required: true
      tags:
        description: Tags of this one, which are added to those of the stack and win over them.
        type: dict
  rooms:
    description:
      - The rooms of the stack. An option that is not set is left as it is.
      - Not set, the rooms of the stack are left as they are, also with O(prune=true). V([]) says that it has none.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name, which must be unique in the stack.
        type: str
        required: true
      maximum_message_length:
        description:
          - How many characters (Unicode code points) a message can have, 1 to 500.
          - Lists do not show it, so that each run reads each room that declares it with a call of its own.
        type: int
      maximum_message_rate_per_second:
        description:
          - How many messages per second clients can send to the room in all, 1 to 100.
          - Lists do not show it, so that each run reads each room that declares it with a call of its own.
        type: int
      message_review_handler:
        description: The Lambda function that reviews messages. A part that is not given keeps its value.
        type: dict
        suboptions:
          uri:
            description: The ARN of the function, or V("") to remove the handler.
            type: str
          fallback_result:
            description: What happens to a message when the function does not answer in time or fails.
            type: str
            choices: [ALLOW, DENY]
      logging_configurations:
        description:
          - At most 3 logging configurations, each by its name in this stack, or by its ARN.
          - The list replaces the current one, V([]) detaches all.
        type: list
        elements: str
      tags:
        description: Tags of this room, which are added to those of the stack and win over them.
        type: dict
  tags:
    description:
      - Tags of all members. Where neither these nor a member's own tags are set, its tags are left as they are, the
        ownership tag aside.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description: Whether tags that are not declared are removed from a member, where tags are declared for it.
    type: bool
    default: true
  prune:
    description:
      - Whether members that are no longer declared are deleted.
      - Only of the kinds whose option is set, O(rooms) and O(logging_configurations).
    type: bool
    default: false
  adopt:
    description:
      - Whether to take over an existing resource of a declared name that has no owner. Otherwise it is refused.
      - A member of another stack is always refused. A tag with another key than O(ownership_tag) does not make one.
    type: bool
    default: false
  ownership_tag:
    description:
      - The key of the tag that marks the members.
      - A task of M(aws_ivs.chat.ivschat_room) with O(aws_ivs.chat.ivschat_room#module:tags) removes it from a member,
        unless it names it too or has O(aws_ivs.chat.ivschat_room#module:purge_tags=false).
    type: str
    default: ivschat-stack
  continue_on_error:
    description:
      - Whether to go on with the other resources when one fails. The task fails in the end in any case.
    type: bool
    default: false
  wait:
    description:
      - Whether to wait, for the stack as a whole, until lists show what was written. Lists leave length and rate out.
      - Logging configurations that rooms of the stack use are waited for in any case, since rooms can only use active
        ones.
      - This is also when twins are removed that this very run has made, when another run was quicker with their names.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait for one kind of resource, in seconds.
    type: int
    default: 300
extends_documentation_fragment:
  - aws_ivs.chat.attributes
  - aws_ivs.chat.attributes.declared
  - aws_ivs.chat.pacing
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
seealso:
  - module: aws_ivs.chat.ivschat_stack_info
  - module: aws_ivs.chat.ivschat_room
  - module: aws_ivs.chat.ivschat_logging_configuration
"""

EXAMPLES = r"""
- name: The chat of a conference
  aws_ivs.chat.ivschat_stack:
    name: conference
    logging_configurations:
      - name: archive
        destination_configuration:
          s3:
            bucket_name: example-chat-archive
    rooms:
      - name: keynote
        maximum_message_rate_per_second: 50
        logging_configurations: [archive]
      - name: hallway
        maximum_message_length: 200
    tags:
      event: conference-2026
    prune: true
    region: us-east-1

- name: Take over rooms that exist already
  aws_ivs.chat.ivschat_stack:
    name: conference
    rooms:
      - name: keynote
      - name: hallway
    adopt: true
    region: us-east-1

- name: Remove everything that belongs to it
  aws_ivs.chat.ivschat_stack:
    name: conference
    state: absent
    region: us-east-1
"""

RETURN = r"""
plan:
  description:
    - What was planned, in the order of the writes, the same in check mode.
  returned: when the plan could be made
  type: list
  elements: dict
  contains:
    action:
      description: V(create), V(update), V(delete), V(adopt) or V(none).
      returned: always
      type: str
      sample: update
    resource:
      description: V(room) or V(logging_configuration).
      returned: always
      type: str
      sample: room
    name:
      description: The name.
      returned: always
      type: str
      sample: keynote
    arn:
      description: The ARN, V(null) for what is to be created.
      returned: always
      type: str
      sample: arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456
    changes:
      description:
        - The fields that differ, each with RV(ignore:before) and RV(ignore:after). A logging configuration that is
          still to be created stands in them by its name.
        - The state is one of them where a logging configuration is repaired.
      returned: always
      type: dict
      sample: {"maximum_message_rate_per_second": {"before": 10, "after": 50}}
summary:
  description: How many resources were (in check mode would be) created, updated, deleted, adopted, left unchanged.
  returned: when the plan could be made
  type: dict
  sample: {"created": 1, "updated": 0, "deleted": 0, "adopted": 0, "unchanged": 2}
rooms:
  description:
    - The declared rooms as they are now, each as M(aws_ivs.chat.ivschat_room) returns it.
    - Length and rate are V(null) where they are not declared and the room was neither created nor updated with other
      fields than tags, since lists leave them out.
    - In check mode a logging configuration that is still to be created stands in them by its name.
  returned: when the plan could be made
  type: list
  elements: dict
  sample: []
logging_configurations:
  description:
    - The declared logging configurations as they are now, each as
      M(aws_ivs.chat.ivschat_logging_configuration) returns it.
  returned: when the plan could be made
  type: list
  elements: dict
  sample: []
failures:
  description:
    - What failed, each with RV(ignore:resource), RV(ignore:name), RV(ignore:arn) (V(null) for what was to be created),
      RV(ignore:action) and RV(ignore:msg).
    - All but RV(ignore:msg) are V(null) where it is the wait for many that failed.
  returned: when the plan could be made
  type: list
  elements: dict
  sample: []
"""

from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._module import (
    SHARED_OPTIONS,
    IvsChatModule,
    format_error,
    run_module,
    write_unless_check_mode,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import (
    KINDS,
    LOGGING_CONFIGURATION,
    is_deleting,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack import (
    CALLS_PER_SECOND,
    OWNERSHIP_TAG,
    Owner,
    count_actions,
    declared_entries,
    entry_argument_spec,
    kinds_to_prune,
    match_entries,
    plan_stack,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_read import (
    limit_stack_rate,
    list_without_stale,
    match_with_details,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_write import (
    Outcome,
    predicted,
    write_stack,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._validation import validate_stack
from ansible_collections.aws_ivs.chat.plugins.module_utils._write import WaitOptions

MAX_SHOWN_FAILURES = 5  # in the message; all are in the result


def manage_stack(module: IvsChatModule, client: Any) -> None:
    params = module.params
    owner = Owner(params["ownership_tag"], params["name"])
    limit_stack_rate(client, **params["calls_per_second"])
    entries = [] if params["state"] == "absent" else declared_entries(params, owner)
    listed = list_without_stale(client, entries, params["adopt"])
    matches = match_with_details(client, match_entries(entries, listed, params["adopt"]))
    prune = kinds_to_prune(params)
    changes = plan_stack(matches, listed, owner, prune)
    deleting = [resource for resource in listed[LOGGING_CONFIGURATION] if is_deleting(resource)]
    deleting_members = [resource for resource in deleting if owner.owns(resource) and LOGGING_CONFIGURATION in prune]
    options = WaitOptions(params["wait"], params["wait_timeout"], by_name=True)
    outcome = write_unless_check_mode(
        module,
        lambda: predicted(changes),
        lambda: write_stack(client, changes, deleting, deleting_members, owner, options, params["continue_on_error"]),
    )
    failures = failures_of(outcome)
    result = {
        "changed": outcome.changed,
        "plan": [change.to_result() for change in changes],
        "summary": count_actions(change.action for change in outcome.applied),
        **{kind.plural: outcome.resources(kind) for kind in KINDS},
        "failures": failures,
    }
    if module._diff:
        result["diff"] = [change.diff() for change in outcome.differing(changes)]
    if failures:
        finished = f"{len(outcome.applied)} of {len(changes)} changes finished, {len(failures)} failed"
        module.fail_json(msg=f"{finished}: {summarize(failures)}", **result)
    module.exit_json(**result)


def failures_of(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {
            "resource": change.kind.name if change else None,
            "name": change.name if change else None,
            "arn": change.arn if change else None,
            "action": change.action if change else None,
            "msg": format_error(error.exception, error.message),
        }
        for change, error in outcome.failed
    ]


def summarize(failures: list[dict[str, Any]]) -> str:
    shown = "; ".join(
        f"{failure['resource']} {failure['name'] or failure['arn']}: {failure['msg']}"
        if failure["resource"]
        else failure["msg"]
        for failure in failures[:MAX_SHOWN_FAILURES]
    )
    if len(failures) > MAX_SHOWN_FAILURES:
        shown += f"; and {len(failures) - MAX_SHOWN_FAILURES} more, see failures"
    return shown


def main() -> None:
    module = IvsChatModule(
        argument_spec={
            **SHARED_OPTIONS,
            "name": {"required": True},
            **{
                kind.plural: {"type": "list", "elements": "dict", "options": entry_argument_spec(kind)}
                for kind in KINDS
            },
            "prune": {"type": "bool", "default": False},
            "adopt": {"type": "bool", "default": False},
            "ownership_tag": OWNERSHIP_TAG,
            "continue_on_error": {"type": "bool", "default": False},
            "calls_per_second": CALLS_PER_SECOND,
        },
        supports_check_mode=True,
    )
    run_module(module, validate_stack(module.params, module.region), manage_stack)


if __name__ == "__main__":
    main()
