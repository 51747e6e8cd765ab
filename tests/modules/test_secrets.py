# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secret keys, session tokens and chat tokens are nowhere in what Ansible prints at its most talkative, nor in logs.

With ANSIBLE_DEBUG ansible-core itself prints the options of all tasks, and what modules answer: "Debug output can also
include secret information despite no_log settings" (its documentation of DEFAULT_DEBUG). So this is tested with
credentials from the environment, where it must not show them either.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .harness import run_module
from .playbooks import environment, on_localhost, play

KEY, EXPIRED = "AKIAEMULATORSECRETS1", "AKIAEMULATORSECRETS2"
SECRETS = {
    "secret_key": "Wj4+/sEcReTkEyNeVeRsHoWn0123456789abcdEF",
    "session_token": "FwoGZXIvSeSsIoN//ToKeNnEvErShOwN0123456789+==",
}
REGION = "us-east-1"
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


def assert_nowhere(secrets, *outputs):
    for output in outputs:
        for secret in secrets:
            # As it is, and as it would stand in a text that JSON or a URL has quoted.
            assert secret not in output and json.dumps(secret)[1:-1] not in output
            assert secret.replace("/", "%2F").replace("+", "%2B").replace("=", "%3D") not in output


@pytest.fixture
def log(emulator):
    """log(): all that the emulator has kept of the calls."""
    return lambda: json.dumps(emulator.calls(service=None))


TASKS = {
    "ivschat_room": [
        {"name": "lobby", "maximum_message_length": 7, "tags": {"a": "b"}},
        {"name": "lobby", "maximum_message_length": 8},
        {"name": "lobby", "logging_configuration_identifiers": ["nope"]},
        {"name": "not valid"},
    ],
    "ivschat_logging_configuration": [
        {"name": "archive", "destination_configuration": {"s3": {"bucket_name": "chat-logs"}}},
        {"name": "other", "destination_configuration": {"s3": {"bucket_name": "no-such-bucket"}}},
    ],
    "ivschat_room_info": [{}],
    "ivschat_logging_configuration_info": [{}],
    "ivschat_stack": [{"name": "chat", "rooms": [{"name": "stage"}]}],
    "ivschat_stack_info": [{}],
    "ivschat_event": [{"room_name": "lobby", "event_name": "e", "attributes": {"text": "hello"}}],
    "ivschat_message": [{"room_name": "lobby", "id": "abcdefGHI123"}],
    "ivschat_user": [{"rooms": ["lobby", "nope"], "user_id": "ada"}],
}


@pytest.mark.parametrize("how", ["options", "environment"])
def test_credentials(emulator, bucket, log, tmp_path, how):
    """All modules, succeeding and failing, in check mode and not, with differences, and with keys that have expired."""
    emulator.set(expired_access_keys=[EXPIRED])
    tasks = [
        {f"aws_ivs.chat.{module}": each, "ignore_errors": True} for module, given in TASKS.items() for each in given
    ]

    first_of_each = [{f"aws_ivs.chat.{module}": given[0], "ignore_errors": True} for module, given in TASKS.items()]

    def talk(key, *plays):
        options, settings = given_as(how, emulator.url, key)
        defaults = {"group/aws_ivs.chat.aws": options}
        book = [
            each for some, check in plays for each in on_localhost(*some, check_mode=check, module_defaults=defaults)
        ]
        done = play(tmp_path, book, arguments=("-vvvv", "--diff"), **settings, **TALKATIVE)
        assert done.returncode == 0, done.stdout[-2000:]
        return done.stdout

    output = talk(KEY, (first_of_each, True), (tasks, False))
    assert '"maximum_message_length": 7' in output and "+++ after" in output, "it shows differences"
    for said in ("no logging configuration is named 'nope'", "'not valid' is not valid", '"invocation"'):
        assert said in output
    refused = talk(EXPIRED, (tasks[:1], False))
    assert "ExpiredTokenException" in refused and KEY in log() and EXPIRED in log()
    assert_nowhere(SECRETS.values(), output, refused, log())


def test_credentials_of_an_ad_hoc_command(emulator, log, tmp_path):
    """They stand on the command line of ansible itself, and nowhere else."""
    options = {"name": "lobby", "access_key": KEY, **SECRETS, "region": REGION, "endpoint_url": emulator.url}
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible"), "localhost", "-vvvv", "--diff"]
        + ["-m", "aws_ivs.chat.ivschat_room", "-a", json.dumps(options)],
        cwd=tmp_path,
        env=environment(tmp_path, **TALKATIVE),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert "CHANGED" in done.stdout, done.stdout
    assert_nowhere(SECRETS.values(), done.stdout, log())


def test_chat_tokens(emulator, clients, log, tmp_path):
    """With no_log, as the documentation says: the module, the lookup, a task that uses the result, one that fails."""
    clients().create_room(name="lobby")
    _options, settings = given_as("environment", emulator.url)
    del settings["ANSIBLE_DEBUG"]
    make = {"room_name": "lobby", "user_id": "ada", "attributes": {"name": "Ada"}}
    lookup = "{{ lookup('aws_ivs.chat.chat_token', 'bob', room_name='lobby') }}"
    secret = {"no_log": True}
    book = on_localhost(
        {"aws_ivs.chat.ivschat_chat_token": make, "register": "chat", **secret},
        {"ansible.builtin.copy": {"content": "{{ chat.token }}", "dest": "module"}, **secret},
        {"ansible.builtin.copy": {"content": lookup, "dest": "lookup"}, **secret},
        {"ansible.builtin.copy": {"content": lookup, "dest": "no/such/place"}, "ignore_errors": True, **secret},
        {"aws_ivs.chat.ivschat_chat_token": {**make, "room_name": "nope"}, "ignore_errors": True, **secret},
        {"aws_ivs.chat.ivschat_chat_token": make, "check_mode": True},
    )
    done = play(tmp_path, book, arguments=("-vvvv", "--diff"), **settings, **TALKATIVE)
    assert done.returncode == 0, done.stdout[-2000:]
    made = [(tmp_path / name).read_text() for name in ("module", "lookup")]
    assert [emulator.verify_token(token)["userId"] for token in made] == ["ada", "bob"]
    assert "Check mode creates no token" in done.stdout
    assert_nowhere([*made, *SECRETS.values()], done.stdout, log())


@pytest.mark.parametrize("module", TASKS)
def test_results(emulator, bucket, log, module):
    """What a module hands to Ansible holds no secret of its options, not even one that Ansible has blanked."""
    options = {"access_key": KEY, **SECRETS, "region": REGION, "debug_botocore_endpoint_logs": True}
    for given in TASKS[module]:
        result = run_module(emulator.url, module, diff=True, **options, **given)
        result.pop("invocation", None)
        assert_nowhere(SECRETS.values(), json.dumps(result), log())
        assert "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" not in json.dumps(result) and "********" not in json.dumps(result)
