# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    # One room.
    DOCUMENTATION = r"""
options:
  room_arn:
    description: The ARN of the room, which must be in the region of the task. A bare ID is refused.
    type: str
  room_name:
    description:
      - The exact name of the room.
      - When no room or several rooms have the name, nothing is done; of several, the ARNs are listed.
    type: str
"""

    # Several rooms.
    ROOMS = r"""
options:
  rooms:
    description:
      - Several rooms, each by its name or its ARN. All names are looked up, with one listing, before anything is done.
      - When one of them cannot be found or is ambiguous, nothing is done in any.
      - The calls are held back to the 100 a second that the service allows.
    type: list
    elements: str
notes:
  - Exactly one of O(room_arn), O(room_name) and O(rooms) is required.
  - The rooms are independent. When one fails, the others are still tried, then the task fails and returns
    RV(results) for all of them.
  - Check mode looks up all rooms, those given by ARN too, and writes nothing.
"""

    # For modules that do something which the service does not let one look at.
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
    details: The service does not let one read messages, events, connections or tokens, so every run acts and says so.
"""
