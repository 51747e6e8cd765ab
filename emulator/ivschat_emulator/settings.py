# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings of the emulated service: latency, quotas, lag, transitions, limits."""

from __future__ import annotations

import copy
from typing import Any

from .service_model import OPERATIONS


def _rate(operation: str) -> int:
    """Calls per second that the service allows (Chat User Guide, service quotas)."""
    if operation == "CreateChatToken":
        return 200
    if operation in ("SendEvent", "DeleteMessage", "DisconnectUser"):
        return 100
    if "LoggingConfiguration" in operation:
        return 3
    return 5 if "Room" in operation else 10


REAL_QUOTAS = {operation: _rate(operation) for operation in OPERATIONS}

# By case, the codes that the documents leave open, and first the one by default; None: no refusal.
REFUSALS: dict[str, tuple[str | None, ...]] = {
    "unknown_logging_configuration": ("ResourceNotFoundException", "ValidationException"),
    "unknown_destination": ("ResourceNotFoundException", "ValidationException"),
    "logging_configuration_in_use": ("ConflictException", "ValidationException", None),
}

DEFAULTS: dict[str, Any] = {
    "latency": 0,
    "quotas": None,
    "quotas_counted": "bucket",
    "transitions": None,
    "failing_transitions": [],
    "refuse_update_of_failed": False,
    "lag": {},
    "page_size": 50,
    "repeat_next_token": False,
    "times": {},
    # Chat User Guide, service quotas; 50,000 rooms is a guess.
    "limits": {"rooms": 50000, "logging_configurations": 10},
    "expired_access_keys": [],
    "token_lifetime": 60,
    "session_minute": 60,
    # Chat User Guide, service quotas.
    "messaging_limits": {
        "connections": 50000,
        "requests_per_connection": 10,
        "SendMessage": 1000,
        "DeleteMessage": 100,
        "DisconnectUser": 100,
    },
    "client_backlog": 1048576,
    "delete_room_disconnects": False,
    "log_intervals": {"s3": 300, "cloudWatchLogs": 10, "firehose": 10},
    "review_timeout": 0.2,
    # The rest decides what is not known of the service (README.md, guessed).
    "unset_members": {
        "name": "as_written",
        "messageReviewHandler": "as_written",
        "loggingConfigurationIdentifiers": "absent",
    },
    "refusals": {case: codes[0] for case, codes in REFUSALS.items()},
    "tags_set_update_time": False,
    "logging_configurations_by": "updateTime",
    "tag_characters": "any",
    "fallback_content": "original",
}


def is_number(value: Any, smallest: float, integer: bool = False) -> bool:
    """Whether a JSON value is a number (not a boolean) of at least `smallest`."""
    return isinstance(value, int if integer else (int, float)) and not isinstance(value, bool) and value >= smallest


def _period(value: Any) -> bool:
    """{"reads": N} or {"seconds": S}."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    return is_number(value.get("reads"), 0, integer=True) or is_number(value.get("seconds"), 0)


def _map_of(value: Any, keys: Any, good: Any) -> bool:
    return isinstance(value, dict) and all(key in keys and good(item) for key, item in value.items())


def _shown_time(value: Any) -> bool:
    """{"offset": S, "unit": S}."""
    if not _map_of(value, ("offset", "unit"), lambda seconds: is_number(seconds, float("-inf"))):
        return False
    return is_number(value.get("unit", 1), 0.001) and abs(value.get("offset", 0)) <= 3600


def _list_of(value: Any, good: Any) -> bool:
    return isinstance(value, list) and all(good(item) for item in value)


_RULES: dict[str, tuple[str, Any]] = {
    "latency": ("a number of seconds, 0 or more", lambda v: is_number(v, 0)),
    "quotas": (
        'null, "real" or {Operation: calls per second, more than 0}',
        lambda v: v in (None, "real") or _map_of(v, OPERATIONS, lambda tps: is_number(tps, 0) and tps > 0),
    ),
    "quotas_counted": ("bucket or window", lambda v: v in ("bucket", "window")),
    "transitions": ('null, {"reads": N} or {"seconds": S}', lambda v: v is None or _period(v)),
    "failing_transitions": (
        "a list of CREATE, UPDATE, DELETE",
        lambda v: _list_of(v, lambda item: item in ("CREATE", "UPDATE", "DELETE")),
    ),
    "refuse_update_of_failed": ("true or false", lambda v: isinstance(v, bool)),
    "lag": (
        '{"get": period, "list": period, "write": period}, each {"reads": N} or {"seconds": S}',
        lambda v: _map_of(v, ("get", "list", "write"), _period),
    ),
    "page_size": ("an integer from 1 to 50", lambda v: is_number(v, 1, integer=True) and v <= 50),
    "repeat_next_token": ("true or false", lambda v: isinstance(v, bool)),
    "times": (
        '{"write": shown, "get": shown, "list": shown}, each {"offset": seconds up to an hour, "unit": 0.001 or more}',
        lambda v: _map_of(v, ("write", "get", "list"), _shown_time),
    ),
    "unset_members": (
        f"as_written, absent or empty for {', '.join(DEFAULTS['unset_members'])}",
        lambda v: _map_of(v, DEFAULTS["unset_members"], lambda how: how in ("as_written", "absent", "empty")),
    ),
    "refusals": (
        f"an error code by case: {REFUSALS}",
        lambda v: isinstance(v, dict) and all(code in REFUSALS.get(case, ()) for case, code in v.items()),
    ),
    "tags_set_update_time": ("true or false", lambda v: isinstance(v, bool)),
    "logging_configurations_by": ("updateTime or arn", lambda v: v in ("updateTime", "arn")),
    "tag_characters": ("any or documented", lambda v: v in ("any", "documented")),
    "fallback_content": ("original or returned", lambda v: v in ("original", "returned")),
    "limits": (
        '{"rooms": N, "logging_configurations": N}',
        lambda v: _map_of(v, DEFAULTS["limits"], lambda n: is_number(n, 0, integer=True)),
    ),
    "expired_access_keys": ("a list of access key ids", lambda v: _list_of(v, lambda item: isinstance(item, str))),
    "token_lifetime": ("a number of seconds, 0 or more", lambda v: is_number(v, 0)),
    "session_minute": ("a number of seconds, 0 or more", lambda v: is_number(v, 0)),
    "messaging_limits": (
        '{"connections": N, "requests_per_connection": N, "SendMessage": N, "DeleteMessage": N, "DisconnectUser": N}, '
        "each null or a number greater than 0",
        lambda v: _map_of(v, DEFAULTS["messaging_limits"], lambda n: n is None or (is_number(n, 0) and n > 0)),
    ),
    "client_backlog": ("a number of bytes, 0 or more", lambda v: is_number(v, 0, integer=True)),
    "delete_room_disconnects": ("true or false", lambda v: isinstance(v, bool)),
    "log_intervals": (
        '{"s3": S, "cloudWatchLogs": S, "firehose": S} in seconds',
        lambda v: _map_of(v, DEFAULTS["log_intervals"], lambda seconds: is_number(seconds, 0)),
    ),
    "review_timeout": ("a number of seconds greater than 0", lambda v: is_number(v, 0) and v > 0),
}


# Maps in which entries that are not given keep their values.
_MERGED = ("limits", "messaging_limits", "log_intervals", "unset_members", "refusals")


class Settings(dict[str, Any]):
    """The settings in force, by the keys of DEFAULTS."""

    def __init__(self) -> None:
        super().__init__()
        self.restore()

    def restore(self) -> None:
        """Back to the defaults."""
        self.update(copy.deepcopy(DEFAULTS))

    def change(self, changes: Any) -> None:
        """Apply `changes`; ValueError, and none of them applies, when a key is unknown or a value not allowed."""
        if not isinstance(changes, dict):
            raise ValueError("settings must be an object")
        for key, value in changes.items():
            if key not in _RULES:
                raise ValueError(f"unknown setting {key}; must be one of {', '.join(_RULES)}")
            rule, good = _RULES[key]
            if not good(value):
                raise ValueError(f"{key}: {value!r} is not {rule}")
        maps = {key: {**self[key], **changes[key]} for key in _MERGED if key in changes}
        self.update(copy.deepcopy({**changes, **maps}))

    def tps(self, operation: str) -> float | None:
        """The quota of an operation in calls per second, for each account and region; None: no limit."""
        quotas = REAL_QUOTAS if self["quotas"] == "real" else self["quotas"] or {}
        return quotas.get(operation)


SETTINGS = Settings()
