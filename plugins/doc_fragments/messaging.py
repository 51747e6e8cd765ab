# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # One room.
    DOCUMENTATION = r"""
options:
  room_arn:
    description:
      - The ARN of the room, which must be in the region of the task. A bare ID is not accepted.
      - In check mode, V((known after apply\)) stands for the ARN of a room that an earlier task creates.
    type: str
  room_name:
    description:
      - The exact name of the room.
      - If no room or more than one room has the name, the task fails and does nothing. If more than one room has it,
        the error lists their ARNs.
    type: str
"""

    # A list of rooms.
    ROOMS = r"""
options:
  rooms:
    description:
      - A list of rooms, each specified by name or ARN. All names are resolved with a single listing before the first
        action.
      - If no room or more than one room has a specified name, the task fails and does nothing in any room.
      - Outside check mode, an ARN is not looked up first. If its room does not exist, the module still acts in the
        other rooms. Then the task fails, and RV(rooms) shows which rooms failed.
      - The module limits its calls to the service quota of 100 per second.
    type: list
    elements: str
notes:
  - Exactly one of O(room_arn), O(room_name) and O(rooms) is required.
  - Rooms are handled independently. If the call for one room fails, the module still tries the others. Then the task
    fails and returns RV(rooms) for all rooms.
  - In check mode, the module looks up all rooms, including those specified by ARN, and writes nothing. A room that does
    not exist is a warning, because an earlier task of the playbook might create it.
"""

    # For modules whose effect cannot be read from the service.
    ATTRIBUTES = r"""
options: {}
attributes:
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: none
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second invocation indicates no
      change.
    support: none
    details: Messages, events, connections, and tokens cannot be read from the service, so every run acts and reports
      a change.
"""
