# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    # Options that the modules for rooms and for logging configurations share.
    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) creates the resource when there is none and brings it to the declared state.
      - V(absent) deletes it.
    type: str
    choices: [present, absent]
    default: present
  arn:
    description:
      - The ARN of an existing resource, in the region of the task. A bare ID is refused.
      - At least one of O(arn) and O(name) is required. With both, O(name) is a wanted value, so this is a rename.
      - An ARN that does not exist is an error with O(state=present), since an ARN cannot be created.
    type: str
  name:
    description:
      - The name, at most 128 letters, digits, hyphens and underscores.
      - Without O(arn) the resource is looked up by this name. Names are not unique to the service. When several
        resources have the name, the task fails, changes nothing, and lists their ARNs.
    type: str
  wait:
    description:
      - Whether to wait until the service shows what was written, in the way in which the next run will look for it.
      - After a create this also removes the twin that this very task has made, when another run has created the same
        name a moment earlier. With O(wait=false) that check is left out.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 300
notes:
  - This collection counts its own retries of API calls. C(retries) in O(aws_config) is not used, because it would
    repeat a create blindly, and the service has no client token that would make this safe.
"""
