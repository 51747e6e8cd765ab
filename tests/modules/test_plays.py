# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole playbooks, run with ansible-playbook: previewed on an empty account, applied, repeated, and taken down."""

from __future__ import annotations

import json
import re

import pytest

from .conftest import KNOWN_AFTER_APPLY, REGION
from .harness import CREDENTIALS
from .playbooks import on_localhost, play

MESSAGE = "abcdefGHI123"
LOOKUP = "{{ lookup('aws_ivs.chat.chat_token', 'ada', room_arn=lobby.room.arn) }}"
LOOPED = "{{ made.results | map(attribute='room.arn') | list }}"


def task(module, register=None, loop=None, **options):
    keywords = {"register": register, "loop": loop, "ignore_errors": options.pop("ignore_errors", None)}
    return {f"aws_ivs.chat.{module}": options, **{key: value for key, value in keywords.items() if value is not None}}


# What is registered, saved by the playbook itself.
SAVED = ("archive", "lobby", "made", "found", "announced", "event", "message", "user", "token", "looked_up", "stack")

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
        register="made",
    ),
    task("ivschat_room_info", arns=LOOPED, register="found"),
    task("ivschat_event", rooms=LOOPED, event_name="start", register="announced"),
    task("ivschat_event", room_name="lobby", event_name="start", register="event"),
    task("ivschat_message", room_arn="{{ lobby.room.arn }}", id=MESSAGE, register="message"),
    task("ivschat_user", rooms=["lobby", "{{ made.results[0].room.arn }}"], user_id="troll", register="user"),
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
def ansible(emulator, tmp_path):
    """ansible(playbook, *arguments): runs a playbook, which must succeed, and returns its output as one line."""
    keys = {"AWS_ACCESS_KEY_ID": CREDENTIALS["access_key"], "AWS_SECRET_ACCESS_KEY": CREDENTIALS["secret_key"]}

    def run(book, *arguments):
        done = play(tmp_path, book, arguments=arguments, AWS_URL=emulator.url, AWS_REGION=REGION, **keys)
        assert done.returncode == 0 and "Traceback" not in done.stdout, done.stdout
        return " ".join(done.stdout.split())

    return run


@pytest.fixture
def saved(tmp_path):
    return lambda: json.loads((tmp_path / "saved.json").read_text())


def changed(output):
    """The number of tasks that changed something, as the play's recap says."""
    return int(re.search(r"ok=\d+ changed=(\d+) unreachable=0 failed=0", output)[1])


@pytest.mark.usefixtures("bucket")
def test_a_chat_from_nothing_and_back(ansible, saved, emulator, clients):
    # Before there is anything.
    output = ansible(SITE, "--check", "--diff")
    assert changed(output) == 9 and emulator.writes() == []
    foretold = saved()
    assert foretold["archive"]["logging_configuration"]["arn"] == KNOWN_AFTER_APPLY
    assert foretold["lobby"]["room"]["logging_configuration_identifiers"] == ["archive"]
    assert [each["room"]["arn"] for each in foretold["made"]["results"]] == [KNOWN_AFTER_APPLY] * 2
    for each in foretold["made"]["results"]:
        assert each["room"]["logging_configuration_identifiers"] == [KNOWN_AFTER_APPLY]
    assert [each["arn"] for each in foretold["announced"]["rooms"]] == [KNOWN_AFTER_APPLY] * 2
    assert foretold["token"]["token"] is None and foretold["looked_up"] == KNOWN_AFTER_APPLY
    for said in ("no logging configuration is named 'archive'", "room_name: no room is named 'lobby'"):
        assert said in output
    assert WOULD_FAIL in output and f'+ "{KNOWN_AFTER_APPLY}"' in output

    # For real: the same keys, the same tasks change something, and no warnings.
    emulator.forget_calls()
    output = ansible(SITE, "--diff")
    assert changed(output) == 9 and "[WARNING]" not in output
    real = saved()
    for name, result in real.items():
        assert isinstance(result, str) or set(result) - {"warnings"} == set(foretold[name]) - {"warnings"}, name
    assert real["archive"]["diff"] == foretold["archive"]["diff"]
    arn = real["archive"]["logging_configuration"]["arn"]
    for each, before in zip(real["made"]["results"], foretold["made"]["results"], strict=True):
        assert each["room"]["logging_configuration_identifiers"] == [arn]
        known = json.loads(json.dumps(before["diff"]).replace(KNOWN_AFTER_APPLY, arn))
        assert each["diff"] == known, "but for the ARN, which was not known"
    assert len(real["found"]["rooms"]) == 2 and emulator.verify_token(real["looked_up"])["userId"] == "ada"
    assert sum(call["operation"] == "SendEvent" for call in emulator.writes()) == 3

    # Once more, in check mode: of what is declared nothing changes, and nothing is written.
    emulator.forget_calls()
    output = ansible(SITE, "--check", "--diff")
    again = saved()
    assert emulator.writes() == [] and "[WARNING]" not in output
    declared = ("archive", "lobby", "made", "stack")
    assert [again[name]["changed"] for name in declared] == [False] * len(declared)
    assert changed(output) == 5, "events, a message, a user, and a token"
    assert again["archive"]["logging_configuration"] == real["archive"]["logging_configuration"]

    # And down.
    output = ansible(TEARDOWN, "--check", "--diff")
    assert changed(output) == 3 and emulator.writes() == []
    assert WOULD_FAIL in output and re.search(r"was not deleted, because \d room\(s\) use it", output)
    output = ansible(TEARDOWN, "--diff")
    assert changed(output) == 3 and "[WARNING]" not in output
    assert clients().list_rooms()["rooms"] == clients().list_logging_configurations()["loggingConfigurations"] == []
    assert changed(ansible(TEARDOWN, "--check")) == 0


def test_nulls_from_templates_choose_no_room(ansible, clients, emulator):
    """Neither of the nameless rooms, whether the template yields null or an empty string."""
    for _each in range(2):
        clients().create_room()
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
                task(module, **given, **options, register="it", ignore_errors=True),
                {
                    "ansible.builtin.assert": {
                        "that": ["it is failed", "'exactly one of them' in it.msg or 'is not valid' in it.msg"]
                    }
                },
            ]
    for arguments in ("room_arn=nothing", "room_name=nothing"):
        lookup = "{{ lookup('aws_ivs.chat.chat_token', 'ada', " + arguments + ") }}"
        tasks += [
            {"ansible.builtin.set_fact": {"token": lookup}, "register": "it", "ignore_errors": True},
            {"ansible.builtin.assert": {"that": ["it is failed", "'room_' in it.msg and 'is not valid' in it.msg"]}},
        ]
    ansible(on_localhost(*tasks, vars={"nothing": nothing}))
    assert emulator.calls() == []


@pytest.mark.usefixtures("bucket")
def test_the_role_announce_previews_before_its_rooms_exist(ansible, emulator):
    role = {
        "ansible.builtin.include_role": {"name": "aws_ivs.chat.announce"},
        "vars": {"announce_text": "Hello", "announce_tags": {"stream": "main"}},
    }
    rooms = [task("ivschat_room", name="lobby", tags={"stream": "main"}), role]
    assert changed(ansible(on_localhost(*rooms), "--check")) == 1 and emulator.writes() == []
    assert changed(ansible(on_localhost(*rooms))) == 2
    assert changed(ansible(on_localhost(*rooms), "--check")) == 1
