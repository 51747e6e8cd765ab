# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Frames of the messaging API as the service sends them, and records of chat logging. Pure functions.

Members, their order and the form of times are those of recorded frames (README.md).
"""

from __future__ import annotations

import json
import random
import string
import threading
import time
from datetime import datetime, timezone
from typing import Any

Frame = dict[str, Any]
LOG_VERSION = "1.0"


class _SendTimes:
    """Nanoseconds since 1970, strictly increasing in this process, so that times never contradict the order."""

    def __init__(self) -> None:
        self._last, self._lock = 0, threading.Lock()

    def __call__(self) -> int:
        with self._lock:
            self._last = max(time.time_ns(), self._last + 1)
            return self._last


send_time = _SendTimes()


def new_id() -> str:
    """An id of messages, events and errors: 12 letters and digits (botocore's model)."""
    return "".join(random.choices(string.ascii_letters + string.digits, k=12))


def format_nanoseconds(nanoseconds: int) -> str:
    """RFC 3339 in UTC with up to nine digits, trailing zeros left out."""
    seconds, fraction = divmod(nanoseconds, 10**9)
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    digits = f".{fraction:09d}".rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%dT%H:%M:%S}{digits}Z"


def format_milliseconds(nanoseconds: int) -> str:
    """RFC 3339 in UTC with three digits."""
    moment = datetime.fromtimestamp(nanoseconds // 10**9, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds // 10**6 % 1000:03d}Z"


def message(
    message_id: str,
    request_id: str,
    content: str,
    attributes: dict[str, str] | None,
    sender: dict[str, Any],
    sent: int,
) -> Frame:
    """A MESSAGE frame; `sent` in nanoseconds, `sender` with `UserId` and `Attributes`."""
    return {
        "Type": "MESSAGE",
        "Id": message_id,
        "RequestId": request_id,
        "Attributes": attributes,
        "Content": content,
        "SendTime": format_nanoseconds(sent),
        "Sender": sender,
    }


def event(event_id: str, request_id: str, name: str, attributes: dict[str, str] | None, sent: int) -> Frame:
    """An EVENT frame; `sent` in nanoseconds."""
    return {
        "Type": "EVENT",
        "Id": event_id,
        "RequestId": request_id,
        "EventName": name,
        "Attributes": attributes,
        "SendTime": format_nanoseconds(sent),
    }


def deletion(message_id: str, reason: str | None) -> tuple[str, dict[str, str]]:
    """Name and attributes of the event that deletes a message.

    `MessageId` is documented, the official client reads the deprecated `MessageID` only: both are there.
    """
    return "aws:DELETE_MESSAGE", {"MessageID": message_id, "MessageId": message_id, **_reason(reason)}


def disconnection(user_id: str, reason: str | None) -> tuple[str, dict[str, str]]:
    """Name and attributes of the event that disconnects a user."""
    return "aws:DISCONNECT_USER", {**_reason(reason), "UserId": user_id}


def _reason(reason: str | None) -> dict[str, str]:
    return {} if reason is None else {"Reason": reason}


def error(code: int, text: str, error_id: str, request_id: str) -> Frame:
    """An ERROR frame."""
    return {"ErrorCode": code, "ErrorMessage": text, "Id": error_id, "RequestId": request_id, "Type": "ERROR"}


def log_record(frame: Frame, sent: int) -> dict[str, Any]:
    """What chat logging stores of a frame."""
    return {
        "event_timestamp": format_milliseconds(sent),
        "type": frame["Type"],
        "payload": frame,
        "version": LOG_VERSION,
    }


def to_json(value: Any) -> str:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def is_unicode(value: Any) -> bool:
    """Whether no string in a JSON value has half of a surrogate pair, which JSON can write and UTF-8 cannot."""
    try:
        to_json(value).encode()
    except UnicodeEncodeError:
        return False
    return True
