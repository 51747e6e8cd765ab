# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chat logging: what waits to be written, and how each destination stores it (Chat User Guide, chat logging)."""

from __future__ import annotations

import gzip
import hashlib
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Protocol

from .frames import LOG_VERSION, Frame, log_record, to_json
from .guesses import guess
from .service_model import short_id
from .settings import SETTINGS

NOT_FOUND, FAILED = "LogDestinationResourceNotFoundErrors", "LogDestinationErrors"


class Destinations(Protocol):
    """The services that logs are written to, in one account and region. LookupError: there is no such destination."""

    def put_object(self, bucket: str, key: str, content: bytes) -> None:
        """Store an S3 object."""

    def put_log_events(self, group: str, stream: str, events: list[tuple[int, str]]) -> None:
        """Add events (milliseconds since 1970, message) in order of time to a log stream, created if need be."""

    def put_records(self, stream: str, records: list[bytes]) -> None:
        """Send records to a Firehose delivery stream."""

    def put_metric(self, name: str, count: int = 1, **dimension: str) -> None:
        """Count in namespace AWS/IVSChat."""


@dataclass
class _Batch:
    """Records of one room for one configuration; `kind` and `name` are of the destination when they were sent."""

    room_arn: str
    configuration_arn: str
    kind: str
    name: str
    since: float = field(default_factory=time.monotonic)
    records: list[tuple[int, str]] = field(default_factory=list)

    def is_due(self) -> bool:
        return time.monotonic() >= self.since + SETTINGS["log_intervals"][self.kind]


def s3_key(room_arn: str, sent: int, content: str) -> str:
    """The key of the object with records of a room, the first of them `sent` (nanoseconds since 1970)."""
    region, account = room_arn.split(":")[3:5]
    room = f"room_{short_id(room_arn)}"
    moment = datetime.fromtimestamp(sent // 10**9, timezone.utc)
    digest = hashlib.sha256(content.encode()).hexdigest()[:8]
    folder = f"AWSLogs/{account}/IVSChatLogs/{LOG_VERSION}/{region}/{room}/{moment:%Y/%m/%d/%H}"
    return f"{folder}/{account}_IVSChatLogs_{LOG_VERSION}_{region}_{room}_{moment:%Y%m%dT%H%MZ}_{digest}.log.gz"


def log_stream(room_arn: str) -> str:
    """The log stream of a room."""
    return f"aws/IVSChatLogs/{LOG_VERSION}/room_{short_id(room_arn)}"


def write(batch: _Batch, destinations: Destinations) -> None:
    """Write a batch to its destination."""
    if batch.kind == "s3":
        lines = "".join(f"{record}\n" for _sent, record in batch.records)
        key = s3_key(batch.room_arn, batch.records[0][0], batch.configuration_arn + lines)
        destinations.put_object(batch.name, key, gzip.compress(lines.encode()))
    elif batch.kind == "cloudWatchLogs":
        events = [(sent // 10**6, record) for sent, record in batch.records]
        destinations.put_log_events(batch.name, log_stream(batch.room_arn), events)
    else:
        destinations.put_records(
            batch.name, [(record + guess("firehose_end")).encode() for _sent, record in batch.records]
        )


class MessageLogs:
    """The records that wait, and the thread that writes them when their interval is over."""

    def __init__(self, destinations_of: Callable[[str], Destinations]) -> None:
        self._destinations_of = destinations_of  # By ARN.
        self._waiting: dict[tuple[str, ...], _Batch] = {}
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        threading.Thread(target=self._run, daemon=True).start()

    def append(self, room_arn: str, configurations: list[dict[str, Any]], frame: Frame, sent: int) -> None:
        """Keep a frame for each logging configuration of its room, to be written at the end of the interval."""
        record = to_json(log_record(frame, sent))
        for configuration in configurations:
            if configuration["state"] != "ACTIVE":
                self._count(configuration["arn"], guess("not_active"))
                continue
            [(kind, named)] = configuration["destinationConfiguration"].items()
            [name] = named.values()
            key = (room_arn, configuration["arn"], kind, name)
            with self._changed:
                if key not in self._waiting:
                    self._waiting[key] = _Batch(*key)
                    self._changed.notify()
                self._waiting[key].records.append((sent, record))

    def flush(self) -> int:
        """Write all that waits; the number of records that were written."""
        return self._write(lambda batch: True)

    def discard(self) -> None:
        """Forget what waits; no write is under way afterwards."""
        with self._writing, self._changed:
            self._waiting.clear()

    def reschedule(self) -> None:
        """Look at the intervals anew."""
        with self._changed:
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                intervals = SETTINGS["log_intervals"]
                due = [batch.since + intervals[batch.kind] for batch in self._waiting.values()]
                self._changed.wait(max(0.0, min(due) - time.monotonic()) if due else None)
            self._write(_Batch.is_due)

    def _write(self, chosen: Callable[[_Batch], bool]) -> int:
        with self._writing:
            with self._changed:
                batches = {key: batch for key, batch in self._waiting.items() if chosen(batch)}
                for key in batches:
                    del self._waiting[key]
            return sum(self._write_batch(batch) for batch in batches.values())

    def _write_batch(self, batch: _Batch) -> int:
        try:
            write(batch, self._destinations_of(batch.configuration_arn))
        except LookupError:
            self._count(batch.configuration_arn, NOT_FOUND)
            self._count(batch.configuration_arn, FAILED)  # It counts all errors.
        except Exception:  # A destination that fails must not keep the records of the others.
            traceback.print_exc(file=sys.stderr)
            self._count(batch.configuration_arn, FAILED)
        else:
            return len(batch.records)
        return 0

    def _count(self, configuration_arn: str, metric: str) -> None:
        self._destinations_of(configuration_arn).put_metric(metric, LoggingConfiguration=configuration_arn)
