# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Eight forks against the real quotas: no task fails. How long it takes is measured by storm.py."""

from __future__ import annotations

from typing import Any

from ivschat_emulator import Emulator
from tests.http.reliability.storm import DECLARATIONS, storms
from tests.support.service import holdings

ROOMS = 16


def test_no_task_fails(emulator: Emulator, chat: Any) -> None:
    created, retagged = storms(emulator, ROOMS, *DECLARATIONS[:2])
    for storm in (created, retagged):
        assert storm.failures == [] and storm.throttled, "there was a storm, and all came through"
        assert [result["changed"] for result in storm.results] == [True] * ROOMS
    emulator.set(quotas=None)
    rooms = holdings(chat)["rooms"]
    assert [(room["name"], room["tags"]) for room in rooms] == sorted(
        (f"room-{number}", {"team": "audio"}) for number in range(ROOMS)
    )
