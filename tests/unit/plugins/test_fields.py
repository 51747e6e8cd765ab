# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The field table reaches everything: documentation, return values, stack, export, role, and info modules."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import yaml
from ansible_collections.aws_ivs.chat.plugins.module_utils._converge import resource_argument_spec
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import KINDS, LOGGING_CONFIGURATION, ROOM
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack import Owner, entry_argument_spec
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_export import export

ROOT = Path(__file__).parents[3]
FIELDS = [(kind, field) for kind in KINDS for field in kind.fields]
VALUES = {  # of fields whose value has a structure of its own
    "message_review_handler": {"uri": "arn:aws:lambda:us-east-1:123456789012:function:a", "fallback_result": "DENY"},
    "logging_configuration_identifiers": ["arn:aws:ivschat:us-east-1:123456789012:logging-configuration/AbCdEf123456"],
    "destination_configuration": {"s3": {"bucket_name": "logs"}},
}

each_field = pytest.mark.parametrize(
    ("kind", "field"), FIELDS, ids=[f"{kind.name}-{field.name}" for kind, field in FIELDS]
)


def documented(module, block):
    path = f"ansible_collections.aws_ivs.chat.plugins.modules.{module}"
    return yaml.safe_load(getattr(importlib.import_module(path), block))


def options_of(module):
    """The options that a module documents, with those of the fragment that the modules of one resource share."""
    own = documented(module, "DOCUMENTATION")
    fragment = importlib.import_module("ansible_collections.aws_ivs.chat.plugins.doc_fragments.declaration")
    shared = yaml.safe_load(fragment.ModuleDocFragment.DOCUMENTATION)["options"]
    return {**(shared if "aws_ivs.chat.declaration" in own["extends_documentation_fragment"] else {}), **own["options"]}


@each_field
def test_module(kind, field):
    assert resource_argument_spec(kind)[field.name] == field.argument
    option = options_of(f"ivschat_{kind.name}")[field.name]
    assert option["type"] == field.argument.get("type", "str")
    returned = documented(f"ivschat_{kind.name}", "RETURN")[kind.name]["contains"]
    assert returned[field.name]["type"] == option["type"]


@each_field
def test_info_module(kind, field):
    returned = documented(f"ivschat_{kind.name}_info", "RETURN")[kind.plural]["contains"]
    assert returned[field.name]["type"] == field.argument.get("type", "str")


@each_field
def test_stack_entry(kind, field):
    name = field.stack_name or field.name
    assert name in entry_argument_spec(kind)
    option = documented("ivschat_stack", "DOCUMENTATION")["options"][kind.plural]["suboptions"][name]
    assert option["type"] == field.argument.get("type", "str")
    assert option.get("required", False) is field.required_in_stack


@each_field
def test_export(kind, field):
    value = VALUES.get(field.name, "x" if field.create_default == "" else 7)
    resource = {**kind.create_defaults, "arn": "arn:x", "name": "x", "create_time": "2026", field.name: value}
    listed = {**{each: [] for each in KINDS}, kind: [resource]}
    declaration, _left_out = export(listed, listed, Owner("ivschat-stack", ""))
    assert declaration[kind.plural][0][field.stack_name or field.name] == value


@pytest.mark.parametrize("field", ROOM.fields, ids=[field.name for field in ROOM.fields])
def test_role(field):
    option = options_of_role_rooms()[field.stack_name or field.name]
    assert option["type"] == field.argument.get("type", "str")


def options_of_role_rooms():
    specs = yaml.safe_load((ROOT / "roles" / "live_chat" / "meta" / "argument_specs.yml").read_text())
    return specs["argument_specs"]["main"]["options"]["live_chat_rooms"]["options"]


def test_rooms_of_the_role_have_the_options_of_a_stack():
    assert set(options_of_role_rooms()) == set(entry_argument_spec(ROOM))


def test_nothing_else_is_documented():
    shared = {"state", "arn", "tags", "purge_tags", "wait", "wait_timeout"}
    for kind, more in ((ROOM, set()), (LOGGING_CONFIGURATION, {"force"})):
        assert set(options_of(f"ivschat_{kind.name}")) - shared - more == set(kind.field_names)
        suboptions = documented("ivschat_stack", "DOCUMENTATION")["options"][kind.plural]["suboptions"]
        assert set(suboptions) == set(entry_argument_spec(kind))
