# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # Options that the modules for rooms and for logging configurations share.
    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) creates the resource if it does not exist, and otherwise updates it to match the options you set.
      - V(absent) deletes the resource.
    type: str
    choices: [present, absent]
    default: present
  arn:
    description:
      - The ARN of an existing resource in the region of the task. A bare ID is not accepted.
      - At least one of O(arn) and O(name) is required, with a value that is neither null nor empty.
      - If you specify both, the resource with this ARN is renamed to O(name), even if another resource has this name.
        The task then warns you. V("") removes the name.
      - If the ARN does not exist, the task fails with O(state=present), because an ARN cannot be created.
    type: str
  name:
    description:
      - The name of the resource, at most 128 letters, digits, hyphens, and underscores.
      - Without O(arn), the resource is looked up by this exact name. Names are not unique in Amazon IVS Chat. If more
        than one resource has the name, the task fails, changes nothing, and lists their ARNs. Specify O(arn) to choose
        one.
    type: str
  wait:
    description:
      - Wait until the service shows the change in the API calls from which the next run reads the resource.
      - After a create, the module also checks for duplicates. If another run created a resource with the same name
        slightly earlier, the module deletes the duplicate that this task created. O(wait=false) skips this check.
      - If somebody else overwrites or deletes what the task wrote, the task fails before O(wait_timeout) and says so.
        The exception is a tag that somebody else sets back to its old value, or removes again. The service reports no
        time for changes of tags, so the task then times out.
      - Even with V(false), the module waits until an earlier change or deletion that blocks this one has finished.
    type: bool
    default: true
  wait_timeout:
    description:
      - The maximum time of each wait, in seconds, including all retries of its API calls.
      - A task can wait more than once, so it can take longer in total.
    type: int
    default: 300
notes:
  - O(tags) never removes the tag C(ivschat-stack), which marks the members of a stack
    (M(aws_ivs.chat.ivschat_stack)). A task that changes a member of a stack warns that the next run of the stack
    might change it again. Members of a stack with another
    O(aws_ivs.chat.ivschat_stack#module:ownership_tag) are not recognized.
  - A task that fails after a write returns C(changed=true) and C(writes), the operations that the service accepted.
  - In check mode, V((known after apply\)) stands for the ARN and the ID that the service assigns when the resource is
    created. Options that take an ARN accept this value in check mode, so that a task can use the registered result of
    an earlier one. An error that an earlier task of the playbook might prevent is only a warning in check mode, for
    example if a logging configuration does not exist yet, or if rooms still use it.
  - This collection retries API calls itself and ignores C(retries) in O(aws_config). Retries by botocore would repeat
    a create blindly, and the service has no client token that would make this safe.
"""
