# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declarations and results of stacks, for the stack `conference`."""

from __future__ import annotations

from typing import Any

# calls_per_second: as many as the emulator answers.
UNLIMITED = {"room": 1000, "logging_configuration": 1000, "tag": 1000}
MEMBER = {"ivschat-stack": "conference"}
# A summary in which nothing happened.
NONE = {"created": 0, "updated": 0, "deleted": 0, "adopted": 0, "released": 0, "unchanged": 0}


def logging_entry(name: str, bucket: str = "chat-logs", **options: Any) -> dict[str, Any]:
    """Return a logging configuration as a stack declares it."""
    return {"name": name, "destination_configuration": {"s3": {"bucket_name": bucket}}, **options}


def planned(result: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the actions of a plan with the names of the resources."""
    return [(line["action"], line["name"]) for line in result["plan"]]
