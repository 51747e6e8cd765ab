# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    # How the modules that make many calls hold them back.
    DOCUMENTATION = r"""
options:
  calls_per_second:
    description:
      - How often each operation may be called a second. The defaults are the service's quotas, which it does not raise.
      - Lower them when other programs use the same account and region at the same time.
    type: dict
    suboptions:
      room:
        description: Each of the operations on rooms.
        type: float
        default: 5
      logging_configuration:
        description: Each of the operations on logging configurations.
        type: float
        default: 3
      tag:
        description: TagResource and UntagResource, each.
        type: float
        default: 10
"""
