#!/usr/bin/python
# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivschat_stack
version_added: 1.0.0
short_description: Manage a stack of Amazon IVS Chat rooms and logging configurations as one declaration
description:
  - Plans and applies all declared logging configurations and rooms in one task, with the fewest possible API calls.
  - A tag on each member records which stack it belongs to, so no state file is needed. Resources that are not members
    are never changed, unless O(adopt=true) makes them members.
  - The whole declaration is validated before the first API call. All validation errors are reported together, each with
    its path in the declaration.
  - Removals come last, and only after everything declared has been made. There is one exception. If a create meets the
    service quota, members that are to be deleted and that no room uses are deleted first, as many as needed.
  - If entries are refused, for example because a name is ambiguous, the task changes nothing, reports all refusals
    together, and returns the plan of the other entries.
  - If the task fails, it returns the changes that it completed, and the next run continues from there. After three
    calls in a row without an answer, the run stops, even with O(continue_on_error=true).
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  name:
    description: The name of the stack. It is the value of the tag O(ownership_tag) on each member.
    type: str
    required: true
  state:
    description:
      - V(present) creates and updates the declared resources.
      - V(absent) deletes all members of the stack, whether or not they are declared. With O(release=true), it removes
        them from the stack and does not delete them.
    type: str
    choices: [present, absent]
    default: present
  logging_configurations:
    description:
      - The logging configurations of the stack.
      - If omitted, the logging configurations of the stack are left unchanged, even with O(prune=true). V([]) declares
        that the stack has none.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name, which must be unique in the stack.
        type: str
        required: true
      previous_name:
        description:
          - The name that the logging configuration had before. If no member has the declared name and one has this
            name, that one is renamed in place. Afterwards, the option has no effect.
          - It must not be the name of another logging configuration of the stack.
        type: str
        version_added: 2.0.0
      destination_configuration:
        description: The destination where messages are stored. Specify exactly one of the suboptions.
        type: dict
        required: true
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
      tags:
        description: The tags of this logging configuration. They are added to O(tags) and override tags with the same
          key.
        type: dict
  rooms:
    description:
      - The rooms of the stack. Suboptions that you omit here and in O(room_defaults) are left unchanged.
      - If omitted, the rooms of the stack are left unchanged, even with O(prune=true). V([]) declares that the
        stack has none.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name, which must be unique in the stack.
        type: str
        required: true
      previous_name:
        description:
          - The name that the room had before. If no member has the declared name and one has this name, that one is
            renamed in place. Afterwards, the option has no effect.
          - It must not be the name of another room of the stack.
        type: str
        version_added: 2.0.0
      maximum_message_length:
        description:
          - The maximum length of a message, in characters (Unicode code points), from 1 to 500.
          - Lists do not include this field, so each run makes one GetRoom call for each room that declares it.
        type: int
      maximum_message_rate_per_second:
        description:
          - The maximum number of messages per second that all clients together can send to the room, from 1 to 100.
          - Lists do not include this field, so each run makes one GetRoom call for each room that declares it.
        type: int
      message_review_handler:
        description: The review handler, a Lambda function that reviews messages. Suboptions you omit are left
          unchanged.
        type: dict
        suboptions:
          uri:
            description: The ARN of the function, or V("") to remove the review handler.
            type: str
          fallback_result:
            description:
              - The action for a message if the function fails or does not respond in time.
              - Without a review handler, and without O(rooms[].message_review_handler.uri) or
                O(room_defaults.message_review_handler.uri), it has no effect, and the task warns.
            type: str
            choices: [ALLOW, DENY]
      logging_configurations:
        description:
          - The logging configurations of the room, at most 3, each specified by its name in this stack or by its ARN.
          - The list replaces the current list. V([]) detaches all logging configurations.
          - If no logging configuration has the ARN, the task fails. In check mode, it only warns.
        type: list
        elements: str
      tags:
        description: The tags of this room. They are added to O(tags) and O(room_defaults.tags) and override tags with
          the same key.
        type: dict
  room_defaults:
    description:
      - The values of suboptions that rooms omit. O(room_defaults.message_review_handler) is merged with that of the
        room, suboption by suboption, and O(room_defaults.tags) are added to those of the room. For all other
        suboptions, the value of the room replaces the default.
      - With O(room_defaults.maximum_message_length) or O(room_defaults.maximum_message_rate_per_second), each run makes
        one GetRoom call for each room.
    type: dict
    version_added: 2.0.0
    suboptions:
      maximum_message_length:
        description: The maximum length of a message, in characters (Unicode code points), from 1 to 500.
        type: int
      maximum_message_rate_per_second:
        description: The maximum number of messages per second that all clients together can send to the room, from 1 to
          100.
        type: int
      message_review_handler:
        description: The review handler, a Lambda function that reviews messages. To have no review handler in one room,
          set O(rooms[].message_review_handler.uri) to V("").
        type: dict
        suboptions:
          uri:
            description: The ARN of the function, or V("") to remove the review handler.
            type: str
          fallback_result:
            description:
              - The action for a message if the function fails or does not respond in time.
              - If it has no effect in any of the rooms, because they have no review handler, the task warns.
            type: str
            choices: [ALLOW, DENY]
      logging_configurations:
        description: The logging configurations, at most 3, each specified by its name in this stack or by its ARN.
        type: list
        elements: str
      tags:
        description: Tags of all rooms. They are added to O(tags) and override tags with the same key.
        type: dict
  tags:
    description:
      - The tags of all members. If neither O(tags) nor a member's own tags are set, the tags of that member are left
        unchanged, except for the ownership tag.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description:
      - Remove tags that are not declared from each member for which tags are declared.
      - With another O(ownership_tag), the tag C(ivschat-stack) is never removed, because it marks the members of
        another stack.
    type: bool
    default: true
  prune:
    description:
      - Delete members that are no longer declared.
      - Rooms are deleted only if O(rooms) is set, and logging configurations only if O(logging_configurations) is set.
      - A member that was renamed outside the stack is no longer declared under its name. The task warns if it deletes
        members and creates others. Specify O(rooms[].previous_name) to keep such a member.
      - Without O(prune) and O(release), undeclared members are left unchanged and named in a warning.
    type: bool
    default: false
  release:
    description:
      - Remove undeclared members from the stack, or all members with O(state=absent). Only the tag O(ownership_tag) is
        removed, and nothing is deleted.
      - As with O(prune), which must not be set at the same time, rooms are released only if O(rooms) is set, and
        logging configurations only if O(logging_configurations) is set.
      - To rename a stack, release its members and adopt them under the new name.
    type: bool
    default: false
    version_added: 2.0.0
  adopt:
    description:
      - If the stack has no member with a declared name, take over an existing resource that has this name and no owner.
        With V(false), the task fails in this case.
      - A member of another stack is never taken over. The task fails instead. Only the tag O(ownership_tag) makes a
        resource a member.
    type: bool
    default: false
  ownership_tag:
    description:
      - The key of the tag that marks the members of the stack.
      - M(aws_ivs.chat.ivschat_room) and M(aws_ivs.chat.ivschat_logging_configuration) never remove the default tag
        V(ivschat-stack) from a member. If you specify another tag here, a task of these modules that sets
        O(aws_ivs.chat.ivschat_room#module:tags) removes it, unless the task also specifies this tag or sets
        O(aws_ivs.chat.ivschat_room#module:purge_tags=false).
    type: str
    default: ivschat-stack
  continue_on_error:
    description:
      - Continue with the other resources if one fails. The task still fails at the end, and members that are no longer
        declared are kept.
    type: bool
    default: false
  wait:
    description:
      - Wait, for the stack as a whole, until lists show the changes. Lists do not include the message length and
        message rate, so the wait does not cover these.
      - The module always waits for logging configurations that rooms of the stack use, because rooms can use only
        active ones.
      - While waiting, the module also checks for duplicates. If another run created resources with the same names
        slightly earlier, the module deletes the duplicates that this run created. If the remaining resource is not a
        member of the stack, the task fails.
    type: bool
    default: true
  wait_timeout:
    description: The maximum time to wait for each kind of resource, in seconds.
    type: int
    default: 300
extends_documentation_fragment:
  - aws_ivs.chat.attributes
  - aws_ivs.chat.attributes.declared
  - aws_ivs.chat.pacing
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - aws_ivs.chat.requirements
notes:
  - A large stack takes minutes, because the service allows only a few calls per second. In check mode, RV(estimate)
    returns the expected duration. With a local connection, the task shows its progress every few seconds. With another
    connection, use C(async).
seealso:
  - module: aws_ivs.chat.ivschat_stack_info
  - module: aws_ivs.chat.ivschat_room
  - module: aws_ivs.chat.ivschat_logging_configuration
"""

EXAMPLES = r"""
- name: Create the rooms and the logging configuration of a conference
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

- name: Take over existing rooms
  aws_ivs.chat.ivschat_stack:
    name: meetup
    rooms:
      - name: welcome
      - name: workshop
    adopt: true
    region: us-east-1

- name: Create similar rooms, and rename one
  aws_ivs.chat.ivschat_stack:
    name: meetup
    room_defaults:
      maximum_message_length: 200
      message_review_handler:
        uri: arn:aws:lambda:us-east-1:123456789012:function:review
        fallback_result: DENY
    rooms:
      - name: welcome
        maximum_message_length: 500
      - name: lounge
        previous_name: workshop
      - name: staff
        message_review_handler:
          uri: ""
    region: us-east-1

# all_rooms is a variable with the complete list of rooms, for example from group_vars.
- name: Find out how long a large change takes
  aws_ivs.chat.ivschat_stack:
    name: conference
    rooms: "{{ all_rooms }}"
    prune: true
    region: us-east-1
  check_mode: true
  diff: true
  register: preview

- name: Make the change in the background, and wait for it
  aws_ivs.chat.ivschat_stack:
    name: conference
    rooms: "{{ all_rooms }}"
    prune: true
    region: us-east-1
  async: "{{ preview.estimate.seconds | int * 2 + 600 }}"
  poll: 10

- name: Remove all members from the stack without deleting them
  aws_ivs.chat.ivschat_stack:
    name: meetup
    state: absent
    release: true
    region: us-east-1

- name: Delete all members of the stack
  aws_ivs.chat.ivschat_stack:
    name: conference
    state: absent
    region: us-east-1
"""

RETURN = r"""
plan:
  description:
    - The planned changes, in the order in which they are made. The plan is the same in check mode.
    - If entries are refused, the plan of the others.
  returned: when the resources could be read
  type: list
  elements: dict
  contains:
    action:
      description: The planned action, V(create), V(update), V(delete), V(adopt), V(release), or V(none).
      returned: always
      type: str
      sample: update
    resource:
      description: The kind of the resource, V(room) or V(logging_configuration).
      returned: always
      type: str
      sample: room
    name:
      description: The name of the resource.
      returned: always
      type: str
      sample: keynote
    arn:
      description: The ARN of the resource. V(null) if it is to be created.
      returned: always
      type: str
      sample: arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456
    changes:
      description:
        - The fields that differ, each with RV(ignore:before) and RV(ignore:after). A logging configuration that is
          yet to be created appears by its name.
        - Includes the state if a logging configuration is repaired.
      returned: always
      type: dict
      sample: {"maximum_message_rate_per_second": {"before": 10, "after": 50}}
summary:
  description: The number of resources that were created, updated, deleted, adopted, released, and left unchanged. In
    check mode, the predicted numbers.
  returned: when no entry is refused
  type: dict
  sample: {"created": 1, "updated": 0, "deleted": 0, "adopted": 0, "released": 0, "unchanged": 2}
estimate:
  description:
    - The RV(ignore:calls) of the whole run, including those that read, and the RV(ignore:seconds) that they take at the
      allowed rate (O(calls_per_second)). The time of the calls themselves, and repeated ones, are not included.
  returned: when the resources could be read
  type: dict
  sample: {"calls": 325, "seconds": 61.2}
undeclared:
  description:
    - The members of the stack that are not declared, each with RV(ignore:resource), RV(ignore:name), and
      RV(ignore:arn). With O(state=absent), all members.
  returned: when the resources could be read
  type: list
  elements: dict
  sample: []
refusals:
  description:
    - Why entries are refused, one message for each.
    - In check mode, the task does not fail because of a refusal that an earlier task might prevent, such as a name that
      another stack has. It warns, and the plan omits the entry.
  returned: when the resources could be read
  type: list
  elements: str
  sample: ["rooms[1]: 'hallway' is a member of another stack: arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456
    of stack 'congress'"]
rooms:
  description:
    - The declared rooms after the task, each as returned by M(aws_ivs.chat.ivschat_room).
    - Lists do not include the message length and message rate. If a room declares neither, both are V(null), unless the
      room was created or a field other than its tags was updated.
    - In check mode, a logging configuration that is yet to be created appears in a room by its name.
  returned: when no entry is refused
  type: list
  elements: dict
  sample: []
logging_configurations:
  description:
    - The declared logging configurations after the task, each as returned by
      M(aws_ivs.chat.ivschat_logging_configuration).
  returned: when no entry is refused
  type: list
  elements: dict
  sample: []
failures:
  description:
    - The failed changes, each with RV(ignore:resource), RV(ignore:name), RV(ignore:arn) (V(null) if the resource was to
      be created), RV(ignore:action), and RV(ignore:msg).
    - All except RV(ignore:msg) are V(null) if a wait for more than one resource failed.
  returned: when no entry is refused
  type: list
  elements: dict
  sample: []
"""

from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._module import (
    SHARED_OPTIONS,
    IvsChatModule,
    format_error,
    refuse_unless_check_mode,
    run_module,
    write_unless_check_mode,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._progress import report_progress
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import KINDS, LOGGING_CONFIGURATION, ROOM
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack import (
    CALLS_PER_SECOND,
    OWNERSHIP_TAG,
    Listed,
    Matching,
    Owner,
    declared_entries,
    defaults_argument_spec,
    entry_argument_spec,
    match_entries,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_diff import stack_diff
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_estimate import estimate
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_outcome import Outcome, predicted
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_plan import (
    PlannedChange,
    StackPlan,
    count_actions,
    kinds_to_remove,
    plan_stack,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_read import (
    limit_stack_rate,
    list_without_stale,
    match_with_details,
    read_users_again,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_validation import validate_stack
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_write import StackOptions, write_stack
from ansible_collections.aws_ivs.chat.plugins.module_utils._write import WriteOptions

MAX_SHOWN_FAILURES = 5  # in the message; all are in the result
MAX_MESSAGE = 1800  # characters of refusals in the message; all are in the result


def manage_stack(module: IvsChatModule, client: Any) -> None:
    params = module.params
    owner = Owner(params["ownership_tag"], params["name"])
    limit_stack_rate(client, params["calls_per_second"])
    progress = report_progress()
    entries = [] if params["state"] == "absent" else declared_entries(params, owner)
    listed = list_without_stale(client, entries, params["adopt"])
    matching = match_with_details(client, match_entries(entries, listed, params["adopt"]), progress)
    plan = plan_stack(matching, listed, owner, params)
    if plan.in_use:
        listed = read_users_again(client, listed, plan)
        plan = plan_stack(matching, listed, owner, params)
    for warning in plan.warnings:
        module.warn(warning)
    planned = result_of_plan(params, plan, matching, listed)
    refusals = plan.refusals + preventable_refusals(plan)
    if plan.refusals or write_unless_check_mode(module, lambda: warn_of(module, plan), lambda: refusals):
        refuse(module, refusals, plan, planned, listed)
    options = StackOptions(
        waits=WriteOptions(params["wait"], params["wait_timeout"]),
        continue_on_error=params["continue_on_error"],
        removed=kinds_to_remove(params),
        absent=params["state"] == "absent",
    )
    outcome = write_unless_check_mode(
        module,
        lambda: predicted(plan.changes),
        lambda: write_stack(client, plan.changes, listed, owner, options, progress),
    )
    finish(module, plan, planned, listed, outcome)


def finish(module: IvsChatModule, plan: StackPlan, planned: dict[str, Any], listed: Listed, outcome: Outcome) -> None:
    """Exit with what came of the plan."""
    failures = failures_of(outcome)
    result = {
        "changed": outcome.changed,
        **planned,
        "summary": count_actions(change.action for change in outcome.applied),
        **{kind.plural: outcome.resources(kind) for kind in KINDS},
        "failures": failures,
    }
    if module._diff:
        result["diff"] = diff_of(module, plan, listed, outcome.differing(plan.changes))
    if failures:
        finished = f"{len(outcome.applied)} of {len(plan.changes)} changes finished, {len(failures)} failed"
        kept = f"; kept {outcome.kept} member(s) that are to be removed" if outcome.kept else ""
        module.fail_json(msg=f"{finished}: {summarize(failures)}{kept}", **result)
    module.exit_json(**result)


def refuse(
    module: IvsChatModule, refusals: list[str], plan: StackPlan, planned: dict[str, Any], listed: Listed
) -> None:
    """Fail with all refusals in one message, and with the plan beside them; nothing has been changed."""
    message = "; ".join(refusals)
    if len(message) > MAX_MESSAGE:
        message = f"{message[:MAX_MESSAGE]}...; {len(refusals)} refusals in all, see refusals"
    result = {**planned, "refusals": refusals}
    if module._diff:
        result["diff"] = diff_of(module, plan, listed, [each for each in plan.changes if each.action != "none"])
    module.fail_json(msg=message, **result)


def preventable_refusals(plan: StackPlan) -> list[str]:
    """Return what a real run is refused for, unless an earlier task prevents it."""
    return plan.taken + [use.message for use in plan.in_use]


def warn_of(module: IvsChatModule, plan: StackPlan) -> list[str]:
    """Warn of what a real run, or the service, would refuse; in check mode, an earlier task may still prevent it."""
    for message in preventable_refusals(plan) + plan.missing:
        refuse_unless_check_mode(module, message)
    return []


def result_of_plan(params: dict[str, Any], plan: StackPlan, matching: Matching, listed: Listed) -> dict[str, Any]:
    """Return what the module returns of its plan, whether it is carried out or not."""
    return {
        "plan": [change.to_result() for change in plan.changes],
        "undeclared": [
            {"resource": kind.name, "name": resource["name"], "arn": resource["arn"]}
            for kind, resource in plan.undeclared
        ],
        "estimate": estimate(plan, matching, listed, params["wait"], params["calls_per_second"]),
        "refusals": plan.refusals + preventable_refusals(plan) + plan.missing,
    }


def diff_of(module: IvsChatModule, plan: StackPlan, listed: Listed, shown: list[PlannedChange]) -> dict[str, str]:
    names = {resource["arn"]: resource["name"] for resource in listed[LOGGING_CONFIGURATION] if resource["name"]}
    return stack_diff(module.params["name"], plan.changes, shown, names)


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
            "room_defaults": {"type": "dict", "options": defaults_argument_spec(ROOM)},
            "prune": {"type": "bool", "default": False},
            "release": {"type": "bool", "default": False},
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
