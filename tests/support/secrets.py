# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets, tasks of all modules to hand them to, and the check that they are nowhere in an output."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

SECRETS = {
    "secret_key": "Wj4+/sEcReTkEyNeVeRsHoWn0123456789abcdEF",
    "session_token": "FwoGZXIvSeSsIoN//ToKeNnEvErShOwN0123456789+==",
}

TASKS: dict[str, list[dict[str, Any]]] = {
    "ivschat_room": [
        {"name": "lobby", "maximum_message_length": 7, "tags": {"a": "b"}},
        {"name": "lobby", "maximum_message_length": 8},
        {"name": "lobby", "logging_configuration_identifiers": ["nope"]},
        {"name": "not valid"},
    ],
    "ivschat_logging_configuration": [
        {"name": "archive", "destination_configuration": {"s3": {"bucket_name": "chat-logs"}}},
        {"name": "other", "destination_configuration": {"s3": {"bucket_name": "no-such-bucket"}}},
    ],
    "ivschat_room_info": [{}],
    "ivschat_logging_configuration_info": [{}],
    "ivschat_stack": [{"name": "chat", "rooms": [{"name": "stage"}]}],
    "ivschat_stack_info": [{}],
    "ivschat_event": [{"room_name": "lobby", "event_name": "e", "attributes": {"text": "hello"}}],
    "ivschat_message": [{"room_name": "lobby", "id": "abcdefGHI123"}],
    "ivschat_user": [{"rooms": ["lobby", "nope"], "user_id": "ada"}],
}


def assert_nowhere(secrets: Iterable[str], *outputs: str) -> None:
    secrets = list(secrets)
    for output in outputs:
        for secret in secrets:
            # As it is, and as JSON or a URL would quote it.
            assert secret not in output and json.dumps(secret)[1:-1] not in output
            assert secret.replace("/", "%2F").replace("+", "%2B").replace("=", "%3D") not in output
