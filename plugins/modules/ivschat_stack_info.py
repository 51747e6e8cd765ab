#!/usr/bin/python
# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivschat_stack_info
version_added: 1.0.0
short_description: Export Amazon IVS Chat rooms and logging configurations as a declaration
description:
  - Returns existing resources as a declaration that M(aws_ivs.chat.ivschat_stack) accepts, either for one stack or for
    all resources that match the filters.
  - Applying the declaration with O(aws_ivs.chat.ivschat_stack#module:adopt=true) changes only the ownership tag, and
    repairs logging configurations in a C(*_FAILED) state.
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  name:
    description:
      - Export only the members of this stack.
      - If omitted, members of stacks are not exported, because no other stack can take them over. They are listed in
        RV(left_out).
    type: str
  ownership_tag:
    description: The key of the tag that marks the members of stacks.
    type: str
    default: ivschat-stack
  tags:
    description: Export only resources that have all these tags.
    type: dict
  name_pattern:
    description: Export only resources whose names match this shell pattern. C(*) matches any characters, C(?) matches
      any single character.
    type: str
  include_details:
    description:
      - Read each room with a GetRoom call. V(false) saves these calls and leaves the message length and message rate
        out of the declaration.
      - A declaration that includes them requires the same calls in each run of M(aws_ivs.chat.ivschat_stack).
    type: bool
    default: true
extends_documentation_fragment:
  - aws_ivs.chat.attributes
  - aws_ivs.chat.attributes.info
  - aws_ivs.chat.pacing
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - aws_ivs.chat.requirements
seealso:
  - module: aws_ivs.chat.ivschat_stack
"""

EXAMPLES = r"""
- name: Export all rooms and logging configurations of a conference
  aws_ivs.chat.ivschat_stack_info:
    name_pattern: conference-*
    region: us-east-1
  register: existing

- name: Take over the exported resources
  aws_ivs.chat.ivschat_stack:
    name: conference
    logging_configurations: "{{ existing.stack.logging_configurations }}"
    rooms: "{{ existing.stack.rooms }}"
    adopt: true
    region: us-east-1
"""

RETURN = r"""
stack:
  description: The declaration to pass to M(aws_ivs.chat.ivschat_stack).
  returned: success
  type: dict
  contains:
    logging_configurations:
      description: The value for O(aws_ivs.chat.ivschat_stack#module:logging_configurations), oldest first.
      returned: always
      type: list
      elements: dict
      sample: []
    rooms:
      description:
        - The value for O(aws_ivs.chat.ivschat_stack#module:rooms), oldest first.
        - A logging configuration that is part of the declaration appears by its name, any other by its ARN.
      returned: always
      type: list
      elements: dict
      sample: [{"name": "keynote", "logging_configurations": [], "tags": {}}]
left_out:
  description:
    - The matching resources that the declaration does not contain, each with RV(ignore:arn) and RV(ignore:reason).
      These are resources that have no name, share their name with another resource, are members of a stack (if O(name)
      is omitted), have so many tags that the ownership tag cannot be added, or are deleted while the module runs.
  returned: success
  type: list
  elements: dict
  sample: []
"""

from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._identity import get_each
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import IvsChatModule, run_module
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import ROOM, Resource, has_tags
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack import (
    CALLS_PER_SECOND,
    OWNERSHIP_TAG,
    Owner,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_export import export
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_read import limit_stack_rate, list_all
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_validation import (
    validate_calls_per_second,
    validate_owner,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._validation import validate_tags

GONE = "List shows it and Get does not find it, because it was deleted or created moments ago"


def stack_info(module: IvsChatModule, client: Any) -> None:
    params = module.params
    owner = Owner(params["ownership_tag"], params["name"] or "")
    limit_stack_rate(client, params["calls_per_second"])
    listed = list_all(client)
    chosen = {
        kind: [resource for resource in resources if is_chosen(resource, params, owner)]
        for kind, resources in listed.items()
    }
    missing: list[str] = []
    if params["include_details"]:
        rooms = get_each(client, ROOM, (room["arn"] for room in chosen[ROOM]))
        chosen[ROOM] = [room for room in rooms.values() if room]
        missing = [arn for arn, room in rooms.items() if room is None]
    stack, left_out = export(chosen, listed, owner)
    left_out += [{"arn": arn, "reason": GONE} for arn in missing]
    module.exit_json(changed=False, stack=stack, left_out=left_out)


def is_chosen(resource: Resource, params: dict[str, Any], owner: Owner) -> bool:
    return (
        (params["name"] is None or owner.owns(resource))
        and (params["name_pattern"] is None or fnmatchcase(resource["name"], params["name_pattern"]))
        and has_tags(resource, params["tags"])
    )


def main() -> None:
    module = IvsChatModule(
        argument_spec={
            "name": {},
            "ownership_tag": OWNERSHIP_TAG,
            "tags": {"type": "dict"},
            "name_pattern": {},
            "include_details": {"type": "bool", "default": True},
            "calls_per_second": CALLS_PER_SECOND,
        },
        supports_check_mode=True,
    )
    params = module.params
    errors = validate_owner(params["name"], params["ownership_tag"]) + validate_tags(params["tags"], as_filter=True)
    run_module(module, errors + validate_calls_per_second(params["calls_per_second"]), stack_info)


if __name__ == "__main__":
    main()
