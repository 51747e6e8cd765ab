# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chat logging: what each destination holds, when, and what becomes of records that cannot be written."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from emulator.tests.chat import TIMEOUT, Chat
from emulator.tests.destinations import GROUP, STREAM, Destinations
from emulator.tests.metrics import failures, metrics
from emulator.tests.wire import ACCOUNT, REGION
from ivschat_emulator import Emulator


@pytest.fixture
def destinations(clients: Callable[..., Any]) -> Destinations:
    return Destinations(clients)


@pytest.fixture
def configurations(destinations: Destinations, ivschat: Any) -> dict[str, str]:
    """The ARN of a logging configuration for each kind of destination."""
    named = {
        "s3": {"bucketName": "chat-logs"},
        "cloudWatchLogs": {"logGroupName": GROUP},
        "firehose": {"deliveryStreamName": STREAM},
    }
    create = ivschat.create_logging_configuration
    return {kind: create(destinationConfiguration={kind: name})["arn"] for kind, name in named.items()}


def attach(ivschat: Any, chat: Chat, *arns: str) -> None:
    ivschat.update_room(identifier=chat.room, loggingConfigurationIdentifiers=list(arns))


class TestLayouts:
    def test_s3(
        self, chat: Chat, ivschat: Any, emulator: Emulator, destinations: Destinations, configurations: dict[str, str]
    ) -> None:
        attach(ivschat, chat, configurations["s3"])
        ann = chat.join()
        before = datetime.now(timezone.utc)
        said = [ann.ask("SEND_MESSAGE", Content=f"\u00fcber {number}") for number in range(3)]
        assert destinations.keys() == []
        assert emulator.flush_logs() == 3
        [key] = destinations.keys()
        room = f"room_{chat.room.rpartition('/')[2]}"
        layout = (
            rf"AWSLogs/{ACCOUNT}/IVSChatLogs/1\.0/{REGION}/{room}/(\d{{4}}/\d\d/\d\d/\d\d)/"
            rf"{ACCOUNT}_IVSChatLogs_1\.0_{REGION}_{room}_(\d{{8}}T\d{{4}})Z_[0-9a-f]{{8}}\.log\.gz"
        )
        match = re.fullmatch(layout, key)
        assert match
        minutes = {f"{at:%Y%m%dT%H%M}" for at in (before, datetime.now(timezone.utc))}
        assert match[2] in minutes
        assert match[1] == f"{datetime.strptime(match[2], '%Y%m%dT%H%M'):%Y/%m/%d/%H}"
        lines = gzip.decompress(destinations.content(key)).decode()
        assert lines.endswith("}\n")
        records = [json.loads(line) for line in lines.splitlines()]
        assert [record["payload"] for record in records] == said
        for record in records:
            assert list(record) == ["event_timestamp", "type", "payload", "version"]
            assert (record["type"], record["version"]) == ("MESSAGE", "1.0")
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["event_timestamp"])
            sent = record["payload"]["SendTime"].rstrip("Z").partition(".")
            assert record["event_timestamp"] == f"{sent[0]}.{sent[2]:0<3.3}Z"
        assert list(records[0]["payload"]) == list(said[0])

    def test_cloud_watch_logs(
        self,
        chat: Chat,
        ivschat: Any,
        emulator: Emulator,
        clients: Callable[..., Any],
        destinations: Destinations,
        configurations: dict[str, str],
    ) -> None:
        attach(ivschat, chat, configurations["cloudWatchLogs"])
        ann = chat.join()
        said = [ann.ask("SEND_MESSAGE", Content=f"m{number}") for number in range(3)]
        assert emulator.flush_logs() == 3
        [stream] = clients("logs").describe_log_streams(logGroupName=GROUP)["logStreams"]
        assert stream["logStreamName"] == f"aws/IVSChatLogs/1.0/room_{chat.room.rpartition('/')[2]}"
        assert [record["payload"] for record in destinations.cloud_watch(chat.room)] == said
        events = clients("logs").get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"])["events"]
        for event in events:
            moment = datetime.strptime(json.loads(event["message"])["event_timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z")
            assert event["timestamp"] == round(moment.timestamp() * 1000)
        said.append(ann.ask("SEND_MESSAGE", Content="once more"))
        assert emulator.flush_logs() == 1
        assert [record["payload"] for record in destinations.cloud_watch(chat.room)] == said

    def test_firehose(
        self, chat: Chat, ivschat: Any, emulator: Emulator, destinations: Destinations, configurations: dict[str, str]
    ) -> None:
        attach(ivschat, chat, configurations["firehose"])
        ann = chat.join()
        said = [ann.ask("SEND_MESSAGE", Content=f"m{number}") for number in range(3)]
        assert emulator.flush_logs() == 3
        content = destinations.firehose()
        assert content.endswith(b"}\n")
        assert [json.loads(line)["payload"] for line in content.splitlines()] == said


class TestWhatIsLogged:
    @pytest.fixture(autouse=True)
    def attached(self, chat: Chat, ivschat: Any, configurations: dict[str, str]) -> None:
        attach(ivschat, chat, *configurations.values())

    def test_messages_and_events(self, chat: Chat, emulator: Emulator, destinations: Destinations) -> None:
        ann = chat.join()
        frames = [
            ann.ask("SEND_MESSAGE", Content="x", Attributes={"a": "b"}),
            ann.ask("DELETE_MESSAGE", Id="a" * 12),
            ann.ask("DISCONNECT_USER", UserId="nobody"),
        ]
        chat.mark()
        frames.append(ann.receive())
        assert ann.refused("SEND_MESSAGE", Content="") == 400
        assert emulator.flush_logs() == 12
        for records in (
            destinations.s3(chat.room),
            destinations.cloud_watch(chat.room),
            [json.loads(line) for line in destinations.firehose().splitlines()],
        ):
            assert [record["payload"] for record in records] == frames
            assert [record["type"] for record in records] == ["MESSAGE", "EVENT", "EVENT", "EVENT"]
        assert emulator.flush_logs() == 0

    def test_a_room_without_clients(
        self, chat: Chat, ivschat: Any, emulator: Emulator, destinations: Destinations
    ) -> None:
        sent = ivschat.delete_message(roomIdentifier=chat.room, id="a" * 12)["id"]
        emulator.flush_logs()
        assert [record["payload"]["Id"] for record in destinations.s3(chat.room)] == [sent]

    def test_detached(
        self,
        chat: Chat,
        ivschat: Any,
        emulator: Emulator,
        destinations: Destinations,
        configurations: dict[str, str],
    ) -> None:
        ann = chat.join()
        ann.ask("SEND_MESSAGE", Content="to all")
        attach(ivschat, chat, configurations["s3"])
        ann.ask("SEND_MESSAGE", Content="to the bucket")
        attach(ivschat, chat)
        ann.ask("SEND_MESSAGE", Content="to nobody")
        emulator.flush_logs()
        stored = [record["payload"]["Content"] for record in destinations.s3(chat.room)]
        assert stored == ["to all", "to the bucket"]
        assert [record["payload"]["Content"] for record in destinations.cloud_watch(chat.room)] == ["to all"]
        assert len(destinations.firehose().splitlines()) == 1

    def test_a_file_for_each_room_and_interval(
        self,
        chat: Chat,
        ivschat: Any,
        emulator: Emulator,
        destinations: Destinations,
        configurations: dict[str, str],
    ) -> None:
        with Chat(emulator, ivschat) as elsewhere:
            attach(ivschat, elsewhere, configurations["s3"])
            clients = chat.join(), elsewhere.join()
            for number in range(2):
                for client in clients:
                    client.ask("SEND_MESSAGE", Content=f"m{number}")
                emulator.flush_logs()
            assert len(set(destinations.keys())) == 4
            for room in (chat.room, elsewhere.room):
                contents = {record["payload"]["Content"] for record in destinations.s3(room)}
                assert contents == {"m0", "m1"}

    def test_intervals(self, chat: Chat, emulator: Emulator, destinations: Destinations) -> None:
        ann = chat.join()
        ann.ask("SEND_MESSAGE", Content="x")
        assert destinations.cloud_watch(chat.room) == []
        emulator.set(log_intervals={"cloudWatchLogs": 0.05})
        deadline = time.monotonic() + TIMEOUT
        while not destinations.cloud_watch(chat.room):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert destinations.keys() == []
        assert emulator.flush_logs() == 2  # S3 and Firehose.

    def test_reset_forgets(self, chat: Chat, emulator: Emulator, clients: Callable[..., Any]) -> None:
        chat.join().ask("SEND_MESSAGE", Content="x")
        emulator.reset()
        assert emulator.flush_logs() == 0
        assert metrics(emulator) == {}


class TestFailures:
    def test_destinations_that_are_gone(
        self,
        chat: Chat,
        ivschat: Any,
        emulator: Emulator,
        clients: Callable[..., Any],
        destinations: Destinations,
        configurations: dict[str, str],
    ) -> None:
        attach(ivschat, chat, *configurations.values())
        ann = chat.join()
        ann.ask("SEND_MESSAGE", Content="one")
        clients("logs").delete_log_group(logGroupName=GROUP)
        clients("firehose").delete_delivery_stream(DeliveryStreamName=STREAM)
        assert emulator.flush_logs() == 1
        assert [record["payload"]["Content"] for record in destinations.s3(chat.room)] == ["one"]
        # The second counts all errors of a destination.
        names = "LogDestinationResourceNotFoundErrors", "LogDestinationErrors"

        def expected(kind: str, count: int) -> dict[tuple[str, ...], float]:
            return {(name, "LoggingConfiguration", configurations[kind]): count for name in names}

        assert failures(emulator) == {**expected("cloudWatchLogs", 1), **expected("firehose", 1)}
        ann.ask("SEND_MESSAGE", Content="two")
        clients("s3").delete_object(Bucket="chat-logs", Key=destinations.keys()[0])
        clients("s3").delete_bucket(Bucket="chat-logs")
        assert emulator.flush_logs() == 0
        assert failures(emulator) == {**expected("s3", 1), **expected("cloudWatchLogs", 2), **expected("firehose", 2)}
        assert ann.ask("SEND_MESSAGE", Content="three")["Type"] == "MESSAGE"

    def test_a_configuration_that_is_not_active(
        self,
        chat: Chat,
        ivschat: Any,
        emulator: Emulator,
        clients: Callable[..., Any],
        destinations: Destinations,
        configurations: dict[str, str],
    ) -> None:
        attach(ivschat, chat, *configurations.values())
        emulator.set(failing_transitions=["UPDATE"])
        ivschat.update_logging_configuration(identifier=configurations["s3"], name="failed")
        ann = chat.join()
        ann.ask("SEND_MESSAGE", Content="one")
        assert emulator.flush_logs() == 2
        assert [record["payload"]["Content"] for record in destinations.cloud_watch(chat.room)] == ["one"]
        assert destinations.keys() == []
        assert failures(emulator) == {("LogDestinationErrors", "LoggingConfiguration", configurations["s3"]): 1}
        ivschat.update_logging_configuration(identifier=configurations["s3"], name="mended")
        ann.ask("SEND_MESSAGE", Content="two")
        emulator.flush_logs()
        assert [record["payload"]["Content"] for record in destinations.s3(chat.room)] == ["two"]

    def test_another_destination_takes_over(
        self,
        chat: Chat,
        ivschat: Any,
        emulator: Emulator,
        destinations: Destinations,
        configurations: dict[str, str],
    ) -> None:
        attach(ivschat, chat, configurations["s3"])
        ann = chat.join()
        ann.ask("SEND_MESSAGE", Content="one")
        ivschat.update_logging_configuration(
            identifier=configurations["s3"], destinationConfiguration={"cloudWatchLogs": {"logGroupName": GROUP}}
        )
        ann.ask("SEND_MESSAGE", Content="two")
        assert emulator.flush_logs() == 2
        assert [record["payload"]["Content"] for record in destinations.s3(chat.room)] == ["one"]
        assert [record["payload"]["Content"] for record in destinations.cloud_watch(chat.room)] == ["two"]
