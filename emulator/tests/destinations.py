# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Destinations of chat logs for tests."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

from emulator.tests.wire import ACCOUNT

GROUP, STREAM = "/chat/lobby", "chat"


class Destinations:
    """A destination of each kind, and what it holds."""

    def __init__(self, clients: Callable[..., Any]) -> None:
        self._s3, self._logs, self._firehose = clients("s3"), clients("logs"), clients("firehose")
        for bucket in ("chat-logs", "firehose"):
            self._s3.create_bucket(Bucket=bucket)
        self._logs.create_log_group(logGroupName=GROUP)
        s3 = {"BucketARN": "arn:aws:s3:::firehose", "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/firehose"}
        self._firehose.create_delivery_stream(DeliveryStreamName=STREAM, ExtendedS3DestinationConfiguration=s3)

    def keys(self, bucket: str = "chat-logs") -> list[str]:
        """The keys of a bucket."""
        return [item["Key"] for item in self._s3.list_objects_v2(Bucket=bucket).get("Contents", [])]

    def content(self, key: str, bucket: str = "chat-logs") -> bytes:
        """The content of an object."""
        return bytes(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    def s3(self, room: str) -> list[dict[str, Any]]:
        """The records of a room in the bucket, oldest file first."""
        keys = sorted(key for key in self.keys() if room.rpartition("/")[2] in key)
        return [json.loads(line) for key in keys for line in gzip.decompress(self.content(key)).splitlines()]

    def cloud_watch(self, room: str) -> list[dict[str, Any]]:
        """The records of a room in the log group."""
        name = f"aws/IVSChatLogs/1.0/room_{room.rpartition('/')[2]}"
        streams = self._logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
        if name not in [stream["logStreamName"] for stream in streams]:
            return []
        events = self._logs.get_log_events(logGroupName=GROUP, logStreamName=name, startFromHead=True)["events"]
        return [json.loads(event["message"]) for event in events]

    def firehose(self) -> bytes:
        """What the delivery stream has written."""
        return b"".join(self.content(key, "firehose") for key in self.keys("firehose"))
