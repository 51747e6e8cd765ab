#!/usr/bin/python
# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivschat_logging_configuration_info
version_added: 1.0.0
short_description: Gather information about Amazon IVS Chat logging configurations
description:
  - Returns logging configurations of Amazon Interactive Video Service (IVS) Chat, all of them or those that match every
    given filter.
author:
  - Contributors to the aws_ivs.chat collection (@ansible-collections)
options:
  arns:
    description:
      - Only these logging configurations. An ARN that does not exist gives no entry.
    type: list
    elements: str
  name:
    description: Only logging configurations of exactly this name. There can be several.
    type: str
  tags:
    description: Only logging configurations that have all these tags.
    type: dict
extends_documentation_fragment:
  - aws_ivs.chat.attributes
  - aws_ivs.chat.attributes.info
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
seealso:
  - module: aws_ivs.chat.ivschat_logging_configuration
"""

EXAMPLES = r"""
- name: All logging configurations
  aws_ivs.chat.ivschat_logging_configuration_info:
    region: us-east-1
  register: all_of_them

- name: Those of one name
  aws_ivs.chat.ivschat_logging_configuration_info:
    name: chat-archive
    region: us-east-1
"""

RETURN = r"""
logging_configurations:
  description:
    - The logging configurations, each as M(aws_ivs.chat.ivschat_logging_configuration) returns it.
    - Empty when there are none.
  returned: success
  type: list
  elements: dict
  contains:
    arn:
      description: The ARN.
      returned: always
      type: str
      sample: arn:aws:ivschat:us-east-1:123456789012:logging-configuration/ZyXwVu654321
    id:
      description: The ID, the last part of the ARN.
      returned: always
      type: str
      sample: ZyXwVu654321
    name:
      description: The name, V("") when it has none.
      returned: always
      type: str
      sample: chat-archive
    create_time:
      description: When it was created, ISO 8601.
      returned: always
      type: str
      sample: "2026-01-31T12:00:00.123000+00:00"
    update_time:
      description: When it was last changed, ISO 8601.
      returned: always
      type: str
      sample: "2026-01-31T12:00:00.123000+00:00"
    destination_configuration:
      description: Where messages are stored, with one key.
      returned: always
      type: dict
      sample: {"s3": {"bucket_name": "example-chat-archive"}}
    state:
      description: V(ACTIVE) when it is ready to log, or another state of the API.
      returned: always
      type: str
      sample: ACTIVE
    tags:
      description: The tags.
      returned: always
      type: dict
      sample: {"keep": "90-days"}
"""

from typing import Any

from ansible_collections.aws_ivs.chat.plugins.module_utils._api import (
    get_logging_configuration,
    list_logging_configurations,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import IvsChatModule, run_module
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import LOGGING_CONFIGURATION, has_tags
from ansible_collections.aws_ivs.chat.plugins.module_utils._validation import validate_filters


def logging_configuration_info(module: IvsChatModule, client: Any) -> None:
    params = module.params
    if params["arns"] is None:
        found = list_logging_configurations(client, params["name"])
    else:
        found = [get_logging_configuration(client, arn) for arn in dict.fromkeys(params["arns"])]
    matching = [
        configuration
        for configuration in found
        if configuration and params["name"] in (None, configuration["name"]) and has_tags(configuration, params["tags"])
    ]
    module.exit_json(changed=False, logging_configurations=matching)


def main() -> None:
    module = IvsChatModule(
        argument_spec={"arns": {"type": "list", "elements": "str"}, "name": {}, "tags": {"type": "dict"}},
        supports_check_mode=True,
    )
    errors = validate_filters(LOGGING_CONFIGURATION, module.params, module.region)
    run_module(module, errors, logging_configuration_info)


if __name__ == "__main__":
    main()
