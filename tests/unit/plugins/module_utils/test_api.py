# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no emulator shows: pages that shift while they are read."""

from __future__ import annotations

from ansible_collections.aws_ivs.chat.plugins.module_utils._api import _pages


def test_an_entry_that_moves_onto_the_next_page_is_listed_once():
    # ListRooms sorts by the last change: a room that changes between two pages moves all before it down by one.
    pages = {"": (["c", "b"], "next"), "next": (["b", "a"], "last"), "last": ([], None)}

    def list_rooms(nextToken: str = "") -> dict[str, object]:  # noqa: N803
        arns, token = pages[nextToken]
        return {"rooms": [{"arn": arn} for arn in arns], **({"nextToken": token} if token else {})}

    assert [entry["arn"] for entry in _pages(list_rooms, "rooms")] == ["c", "b", "a"]
