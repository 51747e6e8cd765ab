# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The review function of the demo: a Lambda function that denies messages with a certain word."""

from __future__ import annotations

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer as the Amazon IVS Chat User Guide asks of a message review handler."""
    if "casino" in event["Content"].lower():
        return {"ReviewResult": "DENY", "Content": event["Content"], "Attributes": {"Reason": "No advertising, please"}}
    return {"ReviewResult": "ALLOW", "Content": event["Content"]}
