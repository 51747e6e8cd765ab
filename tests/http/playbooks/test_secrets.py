# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secret keys, session tokens and chat tokens are nowhere in what Ansible prints at its most talkative, nor in logs.

With ANSIBLE_DEBUG ansible-core itself prints the options of all tasks, and what modules answer: "Debug output can also
include secret information despite no_log settings" (its documentation of DEFAULT_DEBUG). So this is tested with
credentials from the environment, where it must not show them either.
"""

from __future__ import annotations

import json

import pytest

from tests.support.environment import REGION
from tests.support.playbooks import on_localhost, play, run_ansible
from tests.support.secrets import SECRETS, TASKS, assert_nowhere

KEY, EXPIRED = "AKIAEMULATORSECRETS1", "AKIAEMULATORSECRETS2"
# Newer versions of ansible-core show the options of a task in its result only when asked to.
TALKATIVE = dict.fromkeys(
    ("ANSIBLE_DEBUG_BOTOCORE_LOGS", "ANSIBLE_DISPLAY_ARGS_TO_STDOUT", "ANSIBLE_INJECT_INVOCATION"), "1"
)


def given_as(how, url, key=KEY):
    """The options of all tasks, and the environment, that hand over the credentials."""
    if how == "options":  # not written into the playbook, whose lines Ansible shows in errors
        secrets = {name: f"{{{{ lookup('env', 'OUR_{name}') }}}}" for name in SECRETS}
        options = {"access_key": key, **secrets, "region": REGION, "endpoint_url": url}
        settings = {f"OUR_{name}": secret for name, secret in SECRETS.items()}
        return {**options, "debug_botocore_endpoint_logs": True}, settings
    names = {"secret_key": "AWS_SECRET_ACCESS_KEY", "session_token": "AWS_SESSION_TOKEN"}
    secrets = {names[name]: secret for name, secret in SECRETS.items()}
    return {}, {"AWS_ACCESS_KEY_ID": key, **secrets, "AWS_REGION": REGION, "AWS_URL": url, "ANSIBLE_DEBUG": "1"}


@pytest.mark.parametrize("how", ["options", "environment"])
def test_credentials(emulator, bucket, log, tmp_path, how):
    """All modules, succeeding and failing, in check mode and not, with differences, and with keys that have expired."""
    emulator.set(expired_access_keys=[EXPIRED])
    tasks = [
        {f"aws_ivs.chat.{module}": options, "ignore_errors": True}
        for module, given in TASKS.items()
        for options in given
    ]

    first_tasks = [{f"aws_ivs.chat.{module}": given[0], "ignore_errors": True} for module, given in TASKS.items()]

    def talk(key, *plays):
        options, settings = given_as(how, emulator.url, key)
        defaults = {"group/aws_ivs.chat.aws": options}
        book = [
            entry for some, check in plays for entry in on_localhost(*some, check_mode=check, module_defaults=defaults)
        ]
        done = play(tmp_path, book, arguments=("-vvvv", "--diff"), **settings, **TALKATIVE)
        assert done.returncode == 0, done.stdout[-2000:]
        return done.stdout

    output = talk(KEY, (first_tasks, True), (tasks, False))
    assert '"maximum_message_length": 7' in output and "+++ after" in output, "it shows differences"
    for message in ("no logging configuration is named 'nope'", "'not valid' is not valid", '"invocation"'):
        assert message in output
    refused = talk(EXPIRED, (tasks[:1], False))
    assert "ExpiredTokenException" in refused and KEY in log() and EXPIRED in log()
    assert_nowhere(SECRETS.values(), output, refused, log())


def test_credentials_of_an_ad_hoc_command(emulator, log, tmp_path):
    """They stand on the command line of ansible itself, and nowhere else."""
    options = {"name": "lobby", "access_key": KEY, **SECRETS, "region": REGION, "endpoint_url": emulator.url}
    arguments = ["localhost", "-vvvv", "--diff", "-m", "aws_ivs.chat.ivschat_room", "-a", json.dumps(options)]
    done = run_ansible("ansible", *arguments, home=tmp_path, settings=TALKATIVE)
    assert "CHANGED" in done.stdout, done.stdout
    assert_nowhere(SECRETS.values(), done.stdout, log())


def test_chat_tokens(emulator, chat, log, tmp_path):
    """With no_log, as the documentation says: the module, the lookup, a task that uses the result, one that fails."""
    chat.create_room(name="lobby")
    _options, settings = given_as("environment", emulator.url)
    del settings["ANSIBLE_DEBUG"]
    make = {"room_name": "lobby", "user_id": "ada", "attributes": {"name": "Ada"}}
    lookup = "{{ lookup('aws_ivs.chat.chat_token', 'bob', room_name='lobby') }}"
    secret = {"no_log": True}
    book = on_localhost(
        {"aws_ivs.chat.ivschat_chat_token": make, "register": "chat", **secret},
        {"ansible.builtin.copy": {"content": "{{ chat.token }}", "dest": "module"}, **secret},
        {"ansible.builtin.copy": {"content": lookup, "dest": "lookup"}, **secret},
        {"ansible.builtin.copy": {"content": lookup, "dest": "no/such/path"}, "ignore_errors": True, **secret},
        {"aws_ivs.chat.ivschat_chat_token": {**make, "room_name": "nope"}, "ignore_errors": True, **secret},
        {"aws_ivs.chat.ivschat_chat_token": make, "check_mode": True},
    )
    done = play(tmp_path, book, arguments=("-vvvv", "--diff"), **settings, **TALKATIVE)
    assert done.returncode == 0, done.stdout[-2000:]
    created = [(tmp_path / name).read_text() for name in ("module", "lookup")]
    assert [emulator.verify_token(token)["userId"] for token in created] == ["ada", "bob"]
    assert "Check mode creates no token" in done.stdout
    assert_nowhere([*created, *SECRETS.values()], done.stdout, log())
