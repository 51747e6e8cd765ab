# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""No module returns a value under a name that Ansible keeps for itself, such as skipped: Ansible would act on it."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import yaml

from tests.support.environment import ROOT

MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("ivschat_*.py"))

# What Ansible reads from, or writes to, the result of a task (ansible-core: common return values, task executor). Of
# these, modules return `changed`, `diff`, and `msg` as Ansible defines them.
KEPT = {
    *("ansible_facts", "ansible_job_id", "attempts", "backup_file", "censored", "changed", "changed_when_result"),
    *("deprecations", "diff", "exception", "failed", "failed_when_result", "false_condition", "finished", "invocation"),
    *("item", "rc", "results", "results_file", "retries", "skip_reason", "skipped", "skipped_reason", "started"),
    *("stderr", "stderr_lines", "stdout", "stdout_lines", "unreachable", "warnings"),
}
# What a result may have beside the documented values.
SHARED = {"changed", "diff", "failed", "msg", "warnings", "deprecations", "exception", "invocation"}


def returned(module: str) -> dict[str, Any]:
    path = f"ansible_collections.aws_ivs.chat.plugins.modules.{module}"
    return dict(yaml.safe_load(importlib.import_module(path).RETURN))


@pytest.mark.parametrize("module", MODULES)
def test_documented_keys(module: str) -> None:
    assert returned(module)
    assert set(returned(module)) & KEPT == set()
    assert not [key for key in returned(module) if key.startswith("_ansible_") or hasattr({}, key)]


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("ivschat_stack", {"name": "conference", "rooms": [{"name": "lobby"}], "wait": False}),
        ("ivschat_stack", {"name": "conference", "rooms": [{"name": "twice"}]}),  # refused
        ("ivschat_stack_info", {}),
        ("ivschat_room", {"name": "lobby", "wait": False}),
        ("ivschat_room", {"name": "twice"}),  # refused
        ("ivschat_room_info", {}),
        ("ivschat_logging_configuration", {"name": "archive", "state": "absent"}),
        ("ivschat_logging_configuration_info", {}),
        ("ivschat_chat_token", {"room_name": "once", "user_id": "anna"}),
        ("ivschat_event", {"room_name": "once", "event_name": "start"}),
        ("ivschat_message", {"room_name": "once", "id": "AbCdEf123456"}),
        ("ivschat_user", {"room_name": "once", "user_id": "anna"}),
    ],
)
def test_keys_of_a_result_are_the_documented_ones(run, chat, module: str, options: dict[str, Any]) -> None:
    for name in ("once", "twice", "twice"):
        chat.create_room(name=name, tags={"ivschat-stack": "conference"} if name == "twice" else {})
    result = run(module, diff=True, **options)
    undocumented = set(result) - set(returned(module)) - SHARED
    assert undocumented - {"error", "response_metadata"} == set(), result


def test_every_module_is_run() -> None:
    (mark,) = test_keys_of_a_result_are_the_documented_ones.pytestmark
    assert {case[0] for case in mark.args[1]} == set(MODULES)
