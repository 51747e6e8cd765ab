# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The _info modules: every filter, and the same values as the main modules."""

from __future__ import annotations

from functools import partial

import pytest

from .conftest import ACCOUNT, REGION, refusal

ARN = f"arn:aws:ivschat:{REGION}:{ACCOUNT}"
ROOM, LOGGING = f"{ARN}:room/AbCdEf123456", f"{ARN}:logging-configuration/AbCdEf123456"
WIRE = {"s3": {"bucketName": "chat-logs"}}


@pytest.fixture
def rooms(run):
    """rooms(**options): the rooms that ivschat_room_info returns."""

    def ask(**options):
        result = run("ivschat_room_info", **options)
        assert result["changed"] is False, result
        return result["rooms"]

    return ask


@pytest.fixture
def logs(run):
    """logs(**options): the logging configurations that ivschat_logging_configuration_info returns."""

    def ask(**options):
        result = run("ivschat_logging_configuration_info", **options)
        assert result["changed"] is False, result
        return result["logging_configurations"]

    return ask


def test_nothing_there(rooms, logs):
    assert rooms() == [] and logs() == []
    assert rooms(name="lobby", tags={"k": "v"}) == [] and logs(name="archive", tags={"k": "v"}) == []
    assert rooms(arns=[ROOM]) == [] and logs(arns=[LOGGING]) == []


@pytest.mark.parametrize("module", ["ivschat_room_info", "ivschat_logging_configuration_info"])
def test_check_mode_is_no_different(run, room, logging, bucket, module):
    room(name="lobby")
    logging(name="archive", destination_configuration=bucket)
    result = run(module)
    assert result == run(module, check=True) and any(
        result[key] for key in ("rooms", "logging_configurations") if key in result
    )


class TestRooms:
    @pytest.fixture
    def estate(self, clients, bucket, function, room):
        """Rooms by a nick name, as ivschat_room returns them; with the function and the logging configuration."""
        create = clients().create_logging_configuration
        archive = create(name="archive", destinationConfiguration=WIRE)["arn"]
        uri = function()
        twin = clients().create_room(name="lobby", tags={"Stream": "main"})["arn"]
        made = {
            "full": room(
                name="lobby",
                maximum_message_length=7,
                maximum_message_rate_per_second=3,
                message_review_handler={"uri": uri, "fallback_result": "DENY"},
                logging_configuration_identifiers=[archive],
                tags={"Stream": "main", "n": 1},
                arn=twin,
            ),
            "logged": room(name="hall", logging_configuration_identifiers=[archive], tags={"Stream": "side"}),
            "bare": room(arn=clients().create_room()["arn"]),
            "twin": room(arn=clients().create_room(name="lobby")["arn"]),
        }
        return {nick: result["room"] for nick, result in made.items()}, uri, archive

    # The estate takes longer to make than a question to ask, so one test asks them all.
    FILTERS = [
        ({}, ["full", "logged", "bare", "twin"]),
        ({"name": "lobby"}, ["full", "twin"]),
        ({"name": "Lobby"}, []),
        ({"name": ""}, ["bare"]),
        ({"message_review_handler_uri": "URI"}, ["full"]),
        ({"message_review_handler_uri": ""}, ["logged", "bare", "twin"]),
        ({"logging_configuration_identifier": "ARCHIVE"}, ["full", "logged"]),
        ({"logging_configuration_identifier": "archive"}, ["full", "logged"]),
        ({"logging_configuration_identifier": LOGGING}, []),
        ({"tags": {"Stream": "main"}}, ["full"]),
        ({"tags": {"n": 1}}, ["full"]),
        ({"tags": {"stream": "main"}}, []),
        ({"tags": {}}, ["full", "logged", "bare", "twin"]),
        ({"name": "lobby", "message_review_handler_uri": ""}, ["twin"]),
        ({"name": "lobby", "tags": {"Stream": "side"}}, []),
        ({"logging_configuration_identifier": "archive", "name": "hall"}, ["logged"]),
        ({"arns": []}, []),
        ({"arns": [ROOM, "twin", "bare", "twin"]}, ["twin", "bare"]),
        ({"arns": ["full", "logged"], "name": "hall"}, ["logged"]),
        ({"arns": ["full", "twin"], "message_review_handler_uri": "URI"}, ["full"]),
        ({"arns": ["full", "twin"], "tags": {"Stream": "main"}}, ["full"]),
    ]

    def test_filters(self, rooms, estate, emulator):
        made, uri, archive = estate
        meant = {"URI": uri, "ARCHIVE": archive, **{nick: room["arn"] for nick, room in made.items()}}
        unknown = dict.fromkeys(("maximum_message_length", "maximum_message_rate_per_second"))

        def in_order(found):
            return sorted(found, key=lambda each: each["arn"])

        for declared, expected in self.FILTERS:
            options = {
                key: [meant.get(each, each) for each in value] if key == "arns" else meant.get(str(value), value)
                for key, value in declared.items()
            }
            whole = [made[nick] for nick in expected]
            assert in_order(rooms(**options)) == in_order(whole), declared
            emulator.forget_calls()
            bare = rooms(**options, include_details=False)
            assert in_order(bare) == in_order({**each, **unknown} for each in whole), declared
            assert emulator.calls("GetRoom") == []

    def test_filters_of_the_service_are_used(self, rooms, estate, emulator):
        _made, uri, archive = estate
        emulator.forget_calls()
        filters = {"name": "lobby", "message_review_handler_uri": uri, "logging_configuration_identifier": archive}
        rooms(**filters)
        sent = {"name": "lobby", "messageReviewHandlerUri": uri, "loggingConfigurationIdentifier": archive}
        assert [call["parameters"] for call in emulator.calls("ListRooms")] == [sent]
        assert len(emulator.calls("GetRoom")) == 1, "for the one that matches"

    def test_unknown_name_of_a_logging_configuration(self, run):
        message = refusal(run("ivschat_room_info", logging_configuration_identifier="nope"))
        assert message == "logging_configuration_identifier: no logging configuration is named 'nope'"

    def test_one_that_goes_while_we_look(self, run, estate, emulator, monkeypatch):
        monkeypatch.setattr("ansible_collections.aws_ivs.chat.plugins.modules.ivschat_room_info.LOOK_AGAIN", 0)
        emulator.fault("GetRoom", "ResourceNotFoundException")
        assert len(run("ivschat_room_info")["rooms"]) == 3

    @pytest.mark.parametrize("size", [1, 2, 3])
    def test_pages(self, rooms, clients, emulator, size):
        made = {clients().create_room(name="lobby")["arn"] for _each in range(4)}
        emulator.set(page_size=size)
        emulator.forget_calls()
        assert {each["arn"] for each in rooms(name="lobby", include_details=False)} == made
        pages = emulator.calls("ListRooms")
        assert len(pages) == -(-4 // size) + 1 and all(call["parameters"]["name"] == "lobby" for call in pages)


class TestLoggingConfigurations:
    @pytest.fixture
    def estate(self, clients, destinations, logging):
        made = {
            "bucket": logging(
                name="archive", destination_configuration=destinations["s3"], tags={"Keep": "90", "n": 1}
            ),
            "group": logging(name="live", destination_configuration=destinations["cloud_watch_logs"]),
        }
        nameless = clients().create_logging_configuration(destinationConfiguration=WIRE)["arn"]
        firehose = destinations["firehose"]
        made["stream"] = logging(arn=nameless, destination_configuration=firehose, tags={"Keep": "1"})
        twin = clients().create_logging_configuration(name="archive", destinationConfiguration=WIRE)["arn"]
        made["twin"] = logging(arn=twin)
        return {nick: result["logging_configuration"] for nick, result in made.items()}

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({}, ["bucket", "group", "stream", "twin"]),
            ({"name": "archive"}, ["bucket", "twin"]),
            ({"name": "arch"}, []),
            ({"name": ""}, ["stream"]),
            ({"tags": {"Keep": 90}}, ["bucket"]),
            ({"tags": {"keep": "90"}}, []),
            ({"name": "archive", "tags": {"n": "1"}}, ["bucket"]),
            ({"arns": []}, []),
            ({"arns": [LOGGING, "twin", "group", "twin"]}, ["twin", "group"]),
            ({"arns": ["twin", "group"], "name": "archive"}, ["twin"]),
        ],
    )
    def test_filters(self, logs, estate, options, expected):
        if "arns" in options:
            arns = [estate[nick]["arn"] if nick in estate else nick for nick in options["arns"]]
            options = {**options, "arns": arns}
        found = sorted(logs(**options), key=lambda each: each["arn"])
        assert found == sorted((estate[nick] for nick in expected), key=lambda each: each["arn"])

    def test_pages(self, logs, estate, emulator):
        emulator.set(page_size=1)
        emulator.forget_calls()
        assert len(logs()) == 4 and len(emulator.calls("ListLoggingConfigurations")) == 4 + 1

    def test_state_is_shown(self, logs, bucket, logging, emulator):
        emulator.set(transitions={"reads": 9})
        logging(name="archive", destination_configuration=bucket)
        assert [each["state"] for each in logs()] == ["CREATING"]


@pytest.mark.parametrize("size", [1, 2])
def test_main_modules_read_all_pages(room, logging, bucket, clients, emulator, size):
    make_logging = partial(clients().create_logging_configuration, destinationConfiguration=WIRE)
    oldest, first = make_logging(name="oldest")["arn"], clients().create_room(name="lobby")["arn"]
    for number in range(3):
        clients().create_room(name=f"other-{number}")
        make_logging(name=f"other-{number}")
    emulator.set(page_size=size)
    assert logging(name="oldest")["logging_configuration"]["arn"] == oldest
    result = room(name="lobby", logging_configuration_identifiers=["oldest"])["room"]
    assert (result["arn"], result["logging_configuration_identifiers"]) == (first, [oldest])
    for _each in range(3):
        room(arn=clients().create_room()["arn"], logging_configuration_identifiers=[oldest])
    assert "4 room(s) use it" in refusal(logging(arn=oldest, state="absent"))
