# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the control interface can set: how slow, how late and how limited the emulated service is."""

from __future__ import annotations

import copy
from typing import Any

from .model_checks import OPERATIONS


def _rate(operation: str) -> int:
    """Calls a second that the service allows (Chat User Guide, service quotas; facts page section 5)."""
    if operation == "CreateChatToken":
        return 200
    if operation in ("SendEvent", "DeleteMessage", "DisconnectUser"):
        return 100
    if "LoggingConfiguration" in operation:
        return 3
    return 5 if "Room" in operation else 10


REAL_QUOTAS = {operation: _rate(operation) for operation in OPERATIONS}

DEFAULTS: dict[str, Any] = {
    "latency": 0,
    "quotas": None,
    "transitions": None,
    "failing_transitions": [],
    "refuse_update_of_failed": False,
    "lag": {},
    "page_size": 50,
    # Chat User Guide, service quotas. 50,000 rooms is a guess (facts page section 5).
    "limits": {"rooms": 50000, "logging_configurations": 10},
    "expired_access_keys": [],
}


def _number(value: Any, smallest: float, whole: bool = False) -> bool:
    return isinstance(value, int if whole else (int, float)) and not isinstance(value, bool) and value >= smallest


def _period(value: Any) -> bool:
    """{"reads": N} or {"seconds": S}."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    return _number(value.get("reads"), 0, whole=True) or _number(value.get("seconds"), 0)


def _map_of(value: Any, keys: Any, good: Any) -> bool:
    return isinstance(value, dict) and all(key in keys and good(item) for key, item in value.items())


def _list_of(value: Any, good: Any) -> bool:
    return isinstance(value, list) and all(good(item) for item in value)


_RULES: dict[str, tuple[str, Any]] = {
    "latency": ("seconds, 0 or more", lambda v: _number(v, 0)),
    "quotas": (
        'null, "real" or {Operation: calls a second, more than 0}',
        lambda v: v in (None, "real") or _map_of(v, OPERATIONS, lambda tps: _number(tps, 0) and tps > 0),
    ),
    "transitions": ('null, {"reads": N} or {"seconds": S}', lambda v: v is None or _period(v)),
    "failing_transitions": (
        "a list of CREATE, UPDATE, DELETE",
        lambda v: _list_of(v, lambda item: item in ("CREATE", "UPDATE", "DELETE")),
    ),
    "refuse_update_of_failed": ("true or false", lambda v: isinstance(v, bool)),
    "lag": (
        '{"get": period, "list": period}, each {"reads": N} or {"seconds": S}',
        lambda v: _map_of(v, ("get", "list"), _period),
    ),
    "page_size": ("a whole number, 1 to 50", lambda v: _number(v, 1, whole=True) and v <= 50),
    "limits": (
        '{"rooms": N, "logging_configurations": N}',
        lambda v: _map_of(v, DEFAULTS["limits"], lambda n: _number(n, 0, whole=True)),
    ),
    "expired_access_keys": ("a list of access key ids", lambda v: _list_of(v, lambda item: isinstance(item, str))),
}


class Settings(dict[str, Any]):
    """The settings in force, by the keys of DEFAULTS."""

    def __init__(self) -> None:
        super().__init__()
        self.restore()

    def restore(self) -> None:
        """Back to the defaults."""
        self.update(copy.deepcopy(DEFAULTS))

    def change(self, changes: Any) -> None:
        """Take over `changes`; nothing of them when a key is unknown or a value is bad (ValueError)."""
        if not isinstance(changes, dict):
            raise ValueError("settings must be an object")
        for key, value in changes.items():
            if key not in _RULES:
                raise ValueError(f"unknown setting {key}; there are {', '.join(_RULES)}")
            rule, good = _RULES[key]
            if not good(value):
                raise ValueError(f"{key} must be {rule}")
        limits = {**self["limits"], **changes.get("limits", {})}
        self.update(copy.deepcopy(changes), limits=limits)

    def tps(self, operation: str) -> float | None:
        """Calls a second that are allowed of an operation, for each account and region; None: no limit."""
        quotas = REAL_QUOTAS if self["quotas"] == "real" else self["quotas"] or {}
        return quotas.get(operation)


SETTINGS = Settings()
