# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole playbooks, run with ansible-playbook: previewed on an empty account, applied, repeated, and taken down."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.environment import UNKNOWN_LOGGING
from tests.support.harness import KNOWN_AFTER_APPLY
from tests.support.playbooks import changed_tasks, on_localhost
from tests.support.service import create_logging_configuration

MESSAGE = "abcdefGHI123"
LOOKUP = "{{ lookup('aws_ivs.chat.chat_token', 'ada', room_arn=lobby.room.arn) }}"
LOOPED = "{{ created.results | map(attribute='room.arn') | list }}"


def task(module, register=None, loop=None, **options):
    keywords = {"register": register, "loop": loop, "ignore_errors": options.pop("ignore_errors", None)}
    return {f"aws_ivs.chat.{module}": options, **{key: value for key, value in keywords.items() if value is not None}}


def live_chat(apply=None, **variables):
    return {
        "ansible.builtin.include_role": {"name": "aws_ivs.chat.live_chat", **({"apply": apply} if apply else {})},
        "vars": {f"live_chat_{name}": value for name, value in variables.items()},
    }


# What is registered, saved by the playbook itself.
SAVED = ("archive", "lobby", "created", "found", "announced", "event", "message", "user", "token", "looked_up", "stack")

SITE = on_localhost(
    task(
        "ivschat_logging_configuration",
        name="archive",
        destination_configuration={"s3": {"bucket_name": "chat-logs"}},
        register="archive",
    ),
    task("ivschat_room", name="lobby", logging_configuration_identifiers=["archive"], register="lobby"),
    task(
        "ivschat_room",
        name="{{ item }}",
        logging_configuration_identifiers=["{{ archive.logging_configuration.arn }}"],
        loop=["hall", "stage"],
        register="created",
    ),
    task("ivschat_room_info", arns=LOOPED, register="found"),
    task("ivschat_event", rooms=LOOPED, event_name="start", register="announced"),
    task("ivschat_event", room_name="lobby", event_name="start", register="event"),
    task("ivschat_message", room_arn="{{ lobby.room.arn }}", id=MESSAGE, register="message"),
    task("ivschat_user", rooms=["lobby", "{{ created.results[0].room.arn }}"], user_id="troll", register="user"),
    task("ivschat_chat_token", room_name="lobby", user_id="ada", register="token"),
    {"ansible.builtin.set_fact": {"looked_up": LOOKUP}},
    task(
        "ivschat_stack",
        name="conference",
        logging_configurations=[
            {"name": "watch", "destination_configuration": {"s3": {"bucket_name": "chat-logs"}}},
        ],
        rooms=[
            {"name": "talks", "logging_configurations": ["watch"]},
            {"name": "questions", "logging_configurations": ["{{ archive.logging_configuration.arn }}", "watch"]},
        ],
        calls_per_second={"room": 1000, "logging_configuration": 1000, "tag": 1000},
        register="stack",
    ),
    {
        "ansible.builtin.copy": {
            "content": "{{ {" + ", ".join(f"'{name}': {name}" for name in SAVED) + "} | to_json }}",
            "dest": "saved.json",
        },
        "check_mode": False,
        "changed_when": False,
        "diff": False,
    },
)

TEARDOWN = on_localhost(
    task("ivschat_stack", name="conference", state="absent"),
    task("ivschat_room", name="{{ item }}", state="absent", loop=["lobby", "hall", "stage"]),
    task("ivschat_logging_configuration", name="archive", state="absent", register="archive"),
)

WOULD_FAIL = "Outside check mode, this task fails unless an earlier task changes this:"


@pytest.fixture
def ansible(playbook):
    """ansible(playbook, *arguments): runs a playbook, which must succeed, and returns its output as one line."""
    return lambda book, *arguments: " ".join(playbook(book, arguments=arguments).stdout.split())


@pytest.fixture
def saved(tmp_path):
    return lambda: json.loads((tmp_path / "saved.json").read_text())


@pytest.mark.usefixtures("bucket")
def test_a_chat_from_nothing_and_back(ansible, saved, emulator, chat):
    # Before there is anything.
    output = ansible(SITE, "--check", "--diff")
    assert changed_tasks(output) == 9 and emulator.writes() == []
    predicted = saved()
    assert predicted["archive"]["logging_configuration"]["arn"] == KNOWN_AFTER_APPLY
    assert predicted["lobby"]["room"]["logging_configuration_identifiers"] == ["archive"]
    assert [result["room"]["arn"] for result in predicted["created"]["results"]] == [KNOWN_AFTER_APPLY] * 2
    for result in predicted["created"]["results"]:
        assert result["room"]["logging_configuration_identifiers"] == [KNOWN_AFTER_APPLY]
    assert [room["arn"] for room in predicted["announced"]["rooms"]] == [KNOWN_AFTER_APPLY] * 2
    assert predicted["token"]["token"] is None and predicted["looked_up"] == KNOWN_AFTER_APPLY
    for message in ("no logging configuration is named 'archive'", "room_name: no room is named 'lobby'"):
        assert message in output
    assert WOULD_FAIL in output and f'+ "{KNOWN_AFTER_APPLY}"' in output

    # For real: the same keys, the same tasks change something, and no warnings.
    emulator.forget_calls()
    output = ansible(SITE, "--diff")
    assert changed_tasks(output) == 9 and "[WARNING]" not in output
    real = saved()
    for name, result in real.items():
        assert isinstance(result, str) or set(result) - {"warnings"} == set(predicted[name]) - {"warnings"}, name
    assert real["archive"]["diff"] == predicted["archive"]["diff"]
    arn = real["archive"]["logging_configuration"]["arn"]
    for after, before in zip(real["created"]["results"], predicted["created"]["results"], strict=True):
        assert after["room"]["logging_configuration_identifiers"] == [arn]
        known = json.loads(json.dumps(before["diff"]).replace(KNOWN_AFTER_APPLY, arn))
        assert after["diff"] == known, "but for the ARN, which was not known"
    assert len(real["found"]["rooms"]) == 2 and emulator.verify_token(real["looked_up"])["userId"] == "ada"
    assert sum(call["operation"] == "SendEvent" for call in emulator.writes()) == 3

    # Once more, in check mode: of what is declared nothing changes, and nothing is written.
    emulator.forget_calls()
    output = ansible(SITE, "--check", "--diff")
    again = saved()
    assert emulator.writes() == [] and "[WARNING]" not in output
    declared = ("archive", "lobby", "created", "stack")
    assert [again[name]["changed"] for name in declared] == [False] * len(declared)
    assert changed_tasks(output) == 5, "events, a message, a user, and a token"
    assert again["archive"]["logging_configuration"] == real["archive"]["logging_configuration"]

    # And down.
    output = ansible(TEARDOWN, "--check", "--diff")
    assert changed_tasks(output) == 3 and emulator.writes() == []
    assert WOULD_FAIL in output and re.search(r"was not deleted, because \d room\(s\) use it", output)
    output = ansible(TEARDOWN, "--diff")
    assert changed_tasks(output) == 3 and "[WARNING]" not in output
    assert chat.list_rooms()["rooms"] == chat.list_logging_configurations()["loggingConfigurations"] == []
    assert changed_tasks(ansible(TEARDOWN, "--check")) == 0


def test_nulls_from_templates_choose_no_room(ansible, chat, emulator):
    """Neither of the nameless rooms, whether the template yields null or an empty string."""
    for _number in range(2):
        chat.create_room()
    emulator.forget_calls()
    nothing = "{{ [] | first | default(none) }}"
    messaging = {
        "ivschat_event": {"event_name": "start"},
        "ivschat_message": {"id": MESSAGE},
        "ivschat_user": {"user_id": "ada"},
        "ivschat_chat_token": {"user_id": "ada"},
    }
    tasks = []
    for module, options in messaging.items():
        for given in ({"room_arn": nothing}, {"room_name": nothing}, {"rooms": [nothing]}):
            if module == "ivschat_chat_token" and "rooms" in given:
                continue
            tasks += [
                task(module, **given, **options, register="result", ignore_errors=True),
                {
                    "ansible.builtin.assert": {
                        "that": [
                            "result is failed",
                            "'exactly one of them' in result.msg or 'is not valid' in result.msg",
                        ]
                    }
                },
            ]
    for arguments in ("room_arn=nothing", "room_name=nothing"):
        lookup = "{{ lookup('aws_ivs.chat.chat_token', 'ada', " + arguments + ") }}"
        tasks += [
            {"ansible.builtin.set_fact": {"token": lookup}, "register": "result", "ignore_errors": True},
            {
                "ansible.builtin.assert": {
                    "that": ["result is failed", "'room_' in result.msg and 'is not valid' in result.msg"]
                }
            },
        ]
    ansible(on_localhost(*tasks, vars={"nothing": nothing}))
    assert emulator.calls() == []


def test_the_role_live_chat_takes_null_for_what_a_room_omits(ansible, chat, function):
    uri = function("review")
    room = {"name": "lobby", "previous_name": None, "message_review_handler": {"uri": None, "fallback_result": None}}
    role = live_chat(name="main", review_function=uri, review_fallback="DENY", rooms=[room])
    ansible(on_localhost(role))
    (created,) = chat.list_rooms()["rooms"]
    assert created["messageReviewHandler"] == {"uri": uri, "fallbackResult": "DENY"}


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("unset", [{}, {"tags": None}], ids=["omitted", "null"])
def test_the_role_live_chat_leaves_unchanged_what_is_not_set(ansible, chat, unset):
    """Tags and logging configurations of a room that it takes over, until a variable says what they are to be."""
    archive = create_logging_configuration(chat, "by-hand")
    arn = chat.create_room(name="lobby", tags={"billing": "team-7"}, loggingConfigurationIdentifiers=[archive])["arn"]
    declared = {"name": "main", "rooms": [{"name": "lobby"}]}

    def now():
        room = chat.get_room(identifier=arn)
        return room["tags"], room.get("loggingConfigurationIdentifiers", [])

    ansible(on_localhost(live_chat(**declared, **unset, adopt=True)))
    assert now() == ({"billing": "team-7", "ivschat-stack": "main"}, [archive])
    assert changed_tasks(ansible(on_localhost(live_chat(**declared, **unset)))) == 0
    ansible(on_localhost(live_chat(**declared, tags={})))
    assert now() == ({"ivschat-stack": "main"}, [archive])
    ansible(on_localhost(live_chat(**declared, **unset, prune=True)))
    assert now() == ({"ivschat-stack": "main"}, [])


@pytest.mark.parametrize(
    ("room", "reason"),
    [
        ({"name": "taken"}, "'taken' is a member of another stack"),
        ({"name": "new", "logging_configurations": [UNKNOWN_LOGGING]}, "there is no logging configuration arn"),
    ],
    ids=["taken", "unknown ARN"],
)
def test_the_role_live_chat_makes_nothing_if_its_stack_is_refused(ansible, chat, clients, room, reason):
    chat.create_room(name="taken", tags={"ivschat-stack": "other"})
    role = live_chat(name="main", log_group="/chat/logs", rooms=[room])
    refused = {
        "block": [role, {"ansible.builtin.fail": {"msg": "was accepted"}}],
        "rescue": [{"ansible.builtin.assert": {"that": "ansible_failed_result.msg is search(reason)"}}],
        "vars": {"reason": reason},
    }
    ansible(on_localhost(refused))
    assert clients("logs").describe_log_groups()["logGroups"] == []
    assert chat.list_logging_configurations()["loggingConfigurations"] == []


def test_the_role_live_chat_leaves_tags_of_its_destinations_unchanged(ansible, clients):
    tags = {"billing": "team-7", "ivschat-stack": "main"}
    clients("s3").create_bucket(Bucket="chat-logs")
    tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
    clients("s3").put_bucket_tagging(Bucket="chat-logs", Tagging={"TagSet": tag_set})
    clients("logs").create_log_group(logGroupName="/chat/logs", tags=tags)
    declared = {"name": "main", "bucket": "chat-logs", "log_group": "/chat/logs"}

    def now():
        (group,) = clients("logs").describe_log_groups()["logGroups"]
        tag_set = clients("s3").get_bucket_tagging(Bucket="chat-logs")["TagSet"]
        return (
            {tag["Key"]: tag["Value"] for tag in tag_set},
            clients("logs").list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"],
        )

    ansible(on_localhost(live_chat(**declared)))
    assert now() == (tags, tags)
    ansible(on_localhost(live_chat(**declared, tags={})))
    assert now() == ({"ivschat-stack": "main"}, {"ivschat-stack": "main"})


def test_the_role_live_chat_takes_null_for_a_retention_that_is_not_set(ansible, clients):
    declared = {"name": "main", "log_group": "/chat/logs"}

    def retention():
        (group,) = clients("logs").describe_log_groups()["logGroups"]
        return group.get("retentionInDays")

    ansible(on_localhost(live_chat(**declared, log_retention=None)))
    assert retention() is None
    ansible(on_localhost(live_chat(**declared, log_retention="7")))
    assert retention() == 7
    assert changed_tasks(ansible(on_localhost(live_chat(**declared, log_retention=None)))) == 0
    assert retention() == 7
    for value in (0, 1096):
        reason = f"live_chat_log_retention: {value} is not valid: it must be one of 1, 3, .*3653$"
        refused = {
            "block": [live_chat(**declared, log_retention=value), {"ansible.builtin.fail": {"msg": "was accepted"}}],
            "rescue": [{"ansible.builtin.assert": {"that": "ansible_failed_result.msg is match(reason)"}}],
            "vars": {"reason": reason},
        }
        ansible(on_localhost(refused))


def test_the_role_live_chat_removes_the_permission_of_a_function_that_chats_shared(ansible, chat, clients, function):
    """Each chat removes its own, whichever goes first, but not while others rely on it."""
    uri = function("review", allowed=False)

    def statements():
        try:
            policy = json.loads(clients("lambda").get_policy(FunctionName="review")["Policy"])
        except clients("lambda").exceptions.ResourceNotFoundException:
            return []
        return sorted(statement["Sid"] for statement in policy["Statement"])

    def run(name, **variables):
        ansible(on_localhost(live_chat(name=name, review_function=uri, rooms=[{"name": name}], **variables)))

    run("one")
    run("two")
    assert statements() == ["live-chat-one", "live-chat-two"]
    run("one", state="absent", apply={"check_mode": True})
    assert statements() == ["live-chat-one", "live-chat-two"]
    run("one", state="absent")
    assert statements() == ["live-chat-two"]
    foreign = chat.create_room(name="foreign", tags={"ivschat-stack": "x"}, messageReviewHandler={"uri": uri})["arn"]
    run("two", state="absent")
    assert statements() == ["live-chat-two"], "the room of somebody else's has no other"
    chat.delete_room(identifier=foreign)
    run("two", state="absent")
    assert statements() == []


@pytest.mark.usefixtures("bucket")
def test_the_role_announce_previews_before_its_rooms_exist(ansible, emulator):
    role = {
        "ansible.builtin.include_role": {"name": "aws_ivs.chat.announce"},
        "vars": {"announce_text": "Hello", "announce_tags": {"stream": "main"}},
    }
    rooms = [task("ivschat_room", name="lobby", tags={"stream": "main"}), role]
    assert changed_tasks(ansible(on_localhost(*rooms), "--check")) == 1 and emulator.writes() == []
    # Check mode of the role alone, which the variable ansible_check_mode does not show.
    applied = {"name": "aws_ivs.chat.announce", "apply": {"check_mode": True}}
    ansible(on_localhost({**role, "ansible.builtin.include_role": applied}))
    assert emulator.writes() == []
    assert changed_tasks(ansible(on_localhost(*rooms))) == 2
    assert changed_tasks(ansible(on_localhost(*rooms), "--check")) == 1
