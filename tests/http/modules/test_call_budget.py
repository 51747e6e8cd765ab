# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of a task, exactly, when nothing fails and it does not wait."""

from __future__ import annotations

import pytest

from tests.support.service import create_logging_configuration

ROOM, LOGGING = "ivschat_room", "ivschat_logging_configuration"
OTHER = {"destination_configuration": {"s3": {"bucket_name": "chat-logs-2"}}}
RETAG = {"tags": {"new": "1"}}
LIST, GET = ["ListRooms"], ["GetRoom"]
LIST_LOGS, GET_LOGS = ["ListLoggingConfigurations"], ["GetLoggingConfiguration"]


@pytest.fixture
def arns(clients, chat, bucket):
    """ARNs of a room `lobby`, of `archive`, the logging configuration that it uses, and of `spare`; all have a tag."""
    clients("s3").create_bucket(Bucket="chat-logs-2")
    archive, spare = (create_logging_configuration(chat, name, tags={"old": "1"}) for name in ("archive", "spare"))
    room = chat.create_room(name="lobby", tags={"old": "1"}, loggingConfigurationIdentifiers=[archive])["arn"]
    return {"ROOM": room, "ARCHIVE": archive, "SPARE": spare}


@pytest.mark.parametrize(
    ("module", "options", "reads", "writes"),
    [
        (ROOM, {"arn": "ROOM"}, GET, []),
        (ROOM, {"arn": "ROOM", "name": "lobby", "maximum_message_length": 500, "tags": {"old": "1"}}, GET, []),
        (ROOM, {"name": "lobby"}, [*LIST, *GET], []),
        (ROOM, {"name": "lobby", "maximum_message_length": 500}, [*LIST, *GET], []),
        (ROOM, {"name": "new", **RETAG}, LIST, ["CreateRoom"]),
        (ROOM, {"name": "lobby", "maximum_message_length": 7}, [*LIST, *GET], ["UpdateRoom"]),
        (ROOM, {"arn": "ROOM", "name": "hall"}, [*GET, *LIST], ["UpdateRoom"]),  # whether the name is taken
        (
            ROOM,
            {"arn": "ROOM", "maximum_message_length": 7, **RETAG},
            GET,
            ["UpdateRoom", "TagResource", "UntagResource"],
        ),
        (ROOM, {"arn": "ROOM", **RETAG, "purge_tags": False}, GET, ["TagResource"]),
        (ROOM, {"arn": "ROOM", "tags": {}}, GET, ["UntagResource"]),
        (ROOM, {"name": "new", "state": "absent"}, LIST, []),
        (ROOM, {"arn": "ROOM", "state": "absent"}, GET, ["DeleteRoom"]),
        (ROOM, {"name": "lobby", "state": "absent"}, [*LIST, *GET], ["DeleteRoom"]),
        (
            ROOM,
            {"arn": "ROOM", "logging_configuration_identifiers": ["archive", "spare"]},
            [*LIST_LOGS, *GET],
            ["UpdateRoom"],
        ),
        (ROOM, {"name": "lobby", "logging_configuration_identifiers": ["archive"]}, [*LIST_LOGS, *LIST, *GET], []),
        (ROOM, {"arn": "ROOM", "logging_configuration_identifiers": ["ARCHIVE"]}, GET, []),
        (LOGGING, {"name": "archive"}, LIST_LOGS, []),
        (LOGGING, {"arn": "ARCHIVE"}, GET_LOGS, []),
        (LOGGING, {"name": "new", **OTHER, **RETAG}, LIST_LOGS, ["CreateLoggingConfiguration"]),
        (
            LOGGING,
            {"name": "archive", **OTHER, **RETAG},
            LIST_LOGS,
            ["UpdateLoggingConfiguration", "TagResource", "UntagResource"],
        ),
        (LOGGING, {"arn": "ARCHIVE", **RETAG, "purge_tags": False}, GET_LOGS, ["TagResource"]),
        (LOGGING, {"name": "new", "state": "absent"}, LIST_LOGS, []),
        (LOGGING, {"name": "spare", "state": "absent"}, [*LIST_LOGS, *GET_LOGS, *LIST], ["DeleteLoggingConfiguration"]),
        (LOGGING, {"arn": "SPARE", "state": "absent"}, [*GET_LOGS, *LIST], ["DeleteLoggingConfiguration"]),
        (
            LOGGING,
            {"name": "archive", "state": "absent", "force": True},
            [*LIST_LOGS, *GET_LOGS, *LIST, *GET],
            ["UpdateRoom", "DeleteLoggingConfiguration"],
        ),
        ("ivschat_room_info", {"arns": ["ROOM"]}, GET, []),
        ("ivschat_room_info", {}, [*LIST, *GET], []),
        ("ivschat_room_info", {"include_details": False}, LIST, []),
        ("ivschat_room_info", {"logging_configuration_identifier": "archive"}, [*LIST_LOGS, *LIST, *GET], []),
        ("ivschat_room_info", {"tags": {"no": "room"}}, LIST, []),
        ("ivschat_room_info", {"arns": []}, [], []),
        ("ivschat_logging_configuration_info", {}, LIST_LOGS, []),
        ("ivschat_logging_configuration_info", {"arns": ["SPARE", "ARCHIVE"]}, [*GET_LOGS, *GET_LOGS], []),
    ],
)
def test_calls(run, arns, calls, module, options, reads, writes):
    def with_arns(value):
        if isinstance(value, list):
            return [with_arns(entry) for entry in value]
        return arns.get(value, value) if isinstance(value, str) else value

    options = {key: with_arns(value) for key, value in options.items()}
    waits = {} if module.endswith("_info") else {"wait": False}
    calls()
    assert not run(module, check=True, **options, **waits).get("failed")
    assert calls() == reads
    assert run(module, **options, **waits)["changed"] is bool(writes)
    assert calls() == reads + writes
