#!/usr/bin/python
# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivschat_logging_configuration_info
version_added: 1.0.0
short_description: Gather information about Amazon IVS Chat logging configurations
description:
  - Returns logging configurations of Amazon Interactive Video Service (IVS) Chat, either all logging configurations or
    those that match all specified filters.
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  arns:
    description:
      - Return only the logging configurations with these ARNs. ARNs that do not exist are ignored.
      - V([]) returns no logging configurations. V(null) is the same as omitting the option, and returns all that match
        the other filters. A template that might find no ARN must therefore return V([]).
      - In check mode, V((known after apply\)) is accepted with a warning, because the resource does not exist yet.
    type: list
    elements: str
    aliases: [arn]
  name:
    description: Return only logging configurations with exactly this name. More than one can have it.
    type: str
  tags:
    description: Return only logging configurations that have all these tags.
    type: dict
extends_documentation_fragment:
  - aws_ivs.chat.attributes
  - aws_ivs.chat.attributes.info
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - aws_ivs.chat.requirements
seealso:
  - module: aws_ivs.chat.ivschat_logging_configuration
"""

EXAMPLES = r"""
- name: List all logging configurations
  aws_ivs.chat.ivschat_logging_configuration_info:
    region: us-east-1
  register: all_of_them

- name: List the logging configurations with one name
  aws_ivs.chat.ivschat_logging_configuration_info:
    name: chat-archive
    region: us-east-1
"""

RETURN = r"""
logging_configurations:
  description:
    - The logging configurations, each as returned by M(aws_ivs.chat.ivschat_logging_configuration).
    - Empty if no logging configuration matches.
  returned: success
  type: list
  elements: dict
  contains:
    arn:
      description: The ARN of the logging configuration.
      returned: always
      type: str
      sample: arn:aws:ivschat:us-east-1:123456789012:logging-configuration/ZyXwVu654321
    id:
      description: The ID, which is the last part of the ARN.
      returned: always
      type: str
      sample: ZyXwVu654321
    name:
      description: The name. V("") if the logging configuration has none.
      returned: always
      type: str
      sample: chat-archive
    create_time:
      description: The time when the logging configuration was created, in ISO 8601 format.
      returned: always
      type: str
      sample: "2026-01-31T12:00:00.123000+00:00"
    update_time:
      description: The time of the last change to the logging configuration, in ISO 8601 format.
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
"""

from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._api import (
    get_logging_configuration,
    list_logging_configurations,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import (
    IvsChatModule,
    run_module,
    warn_if_unknown,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import (
    LOGGING_CONFIGURATION,
    has_tags,
    is_known_arn,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._validation import validate_filters


def logging_configuration_info(module: IvsChatModule, client: Any) -> None:
    params = module.params
    warn_if_unknown(module, "arns", params["arns"] or [], LOGGING_CONFIGURATION, "result of this task")
    if params["arns"] is None:
        found = list_logging_configurations(client, params["name"])
    else:
        found = [get_logging_configuration(client, arn) for arn in dict.fromkeys(params["arns"]) if is_known_arn(arn)]
    matching = [
        configuration
        for configuration in found
        if configuration and params["name"] in (None, configuration["name"]) and has_tags(configuration, params["tags"])
    ]
    module.exit_json(changed=False, logging_configurations=matching)


def main() -> None:
    module = IvsChatModule(
        argument_spec={
            "arns": {"type": "list", "elements": "str", "aliases": ["arn"]},
            "name": {},
            "tags": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    errors = validate_filters(LOGGING_CONFIGURATION, module.params, module.region)
    run_module(module, errors, logging_configuration_info)


if __name__ == "__main__":
    main()
