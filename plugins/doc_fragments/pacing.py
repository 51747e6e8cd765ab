# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # For modules that make many calls and limit their rate.
    DOCUMENTATION = r"""
options:
  calls_per_second:
    description:
      - The maximum number of calls per second for each API operation. The defaults are the service quotas, which cannot
        be raised. Valid values are from 0.001 to 1,000,000.
      - The calls of one second can be made at once. If the service throttles an operation nevertheless, its calls are
        spread evenly from then on.
      - Specify lower values if other programs use the same account and region at the same time.
    type: dict
    suboptions:
      room:
        description: Calls per second for each operation on rooms.
        type: float
        default: 5
      logging_configuration:
        description: Calls per second for each operation on logging configurations.
        type: float
        default: 3
      tag:
        description: Calls per second for TagResource, and for UntagResource.
        type: float
        default: 10
"""
