# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written down twice is the same twice: limits and regions in botocore, the version in galaxy.yml."""

from __future__ import annotations

import re
from pathlib import Path

import botocore.session
import pytest
import yaml
from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict, snake_dict_to_camel_dict
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import VERSION
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import (
    ARN_LENGTH,
    DESTINATIONS,
    KINDS,
    LOGGING_CONFIGURATION,
    MAXIMUM_LOGGING_CONFIGURATIONS,
    MAXIMUM_TAGS,
    REGIONS,
    ROOM,
    TAG_KEY,
    TAG_VALUE,
)

# Every limit of a field, by its path.
LIMITS = {path: limit for kind in KINDS for field in kind.fields for path, limit in field.limits.items()}
SESSION = botocore.session.Session()
MODEL = SESSION.get_service_model("ivschat")


def members(operation):
    return MODEL.operation_model(operation).input_shape.members


def snake(names):
    return set(camel_dict_to_snake_dict(dict.fromkeys(names)))


def shape_of(kind, path):
    """The model's shape of an option of a main module."""
    create = {ROOM: "CreateRoom", LOGGING_CONFIGURATION: "CreateLoggingConfiguration"}[kind]
    first, *rest = (next(iter(snake_dict_to_camel_dict({part: None}))) for part in path.split("."))
    shape = members(create)[first]
    for part in rest:
        shape = shape.members[part]
    return shape


def pattern_of(shape):
    """The model's pattern, without anchors; in that of a Lambda ARN botocore has mangled the source's `^$|^...+$`."""
    mangled = "$|^arn:aws:lambda:[a-z0-9-]+:[0-9]{12}:function:.+.*"
    pattern = shape.metadata.get("pattern")
    return "|arn:aws:lambda:[a-z0-9-]+:[0-9]{12}:function:.+" if pattern == mangled else pattern


@pytest.mark.parametrize(
    ("kind", "option"),
    [(LOGGING_CONFIGURATION if "destination" in option else ROOM, option) for option in LIMITS]
    + [(LOGGING_CONFIGURATION, "name")],
)
def test_limit(kind, option):
    limit, shape = LIMITS[option], shape_of(kind, option)
    found = {"min": limit.minimum, "max": limit.maximum, "pattern": limit.pattern}
    assert found == {key: shape.metadata.get(key) for key in ("min", "max")} | {"pattern": pattern_of(shape)}
    numbers = {int(number) for number in re.findall(r"\b[0-9]+\b", limit.rule)}
    assert numbers <= {limit.minimum, limit.maximum} and (limit.maximum in numbers or not numbers), "what users read"


@pytest.mark.parametrize(("limit", "member"), [(TAG_KEY, "key"), (TAG_VALUE, "value")])
def test_tag_limit(limit, member):
    shape = getattr(members("CreateRoom")["tags"], member)
    assert {"min": limit.minimum, "max": limit.maximum} == shape.metadata
    assert str(limit.maximum) in limit.rule


def test_counts():
    assert members("CreateRoom")["loggingConfigurationIdentifiers"].metadata["max"] == MAXIMUM_LOGGING_CONFIGURATIONS
    for operation in ("CreateRoom", "CreateLoggingConfiguration", "TagResource"):
        assert members(operation)["tags"].metadata["max"] == MAXIMUM_TAGS


@pytest.mark.parametrize(("kind", "operation"), [(ROOM, "GetRoom"), (LOGGING_CONFIGURATION, "GetLoggingConfiguration")])
def test_arn(kind, operation):
    # ResourceArn is left alone: its pattern in the model can match no ARN at all.
    metadata = members(operation)["identifier"].metadata
    assert metadata["max"] == ARN_LENGTH
    assert metadata["pattern"] == f"arn:aws:ivschat:[a-z0-9-]+:[0-9]+:{kind.arn_type}/[a-zA-Z0-9-]+"


@pytest.mark.parametrize(("kind", "name"), [(ROOM, "Room"), (LOGGING_CONFIGURATION, "LoggingConfiguration")])
def test_fields(kind, name):
    assert snake(members(f"Create{name}")) == {*kind.field_names, "tags"}
    assert snake(members(f"Update{name}")) == {*kind.field_names, "identifier"}
    shown = snake(MODEL.operation_model(f"Get{name}").output_shape.members)
    assert shown == set(kind.create_defaults)


def test_destinations():
    union = members("CreateLoggingConfiguration")["destinationConfiguration"].members
    assert {
        next(iter(snake([kind]))): next(iter(snake(shape.members))) for kind, shape in union.items()
    } == DESTINATIONS
    assert all(f"destination_configuration.{kind}.{name}" in LIMITS for kind, name in DESTINATIONS.items())


def test_states():
    states = set(MODEL.shape_for("LoggingConfigurationState").enum)
    assert states == {"ACTIVE"} | {
        state for verb in ("CREAT", "UPDAT", "DELET") for state in (f"{verb}ING", f"{verb}E_FAILED")
    }


def test_regions():
    assert list(REGIONS) == sorted(SESSION.get_available_regions("ivschat"))


def test_version():
    galaxy = yaml.safe_load((Path(__file__).parents[4] / "galaxy.yml").read_text())
    assert VERSION == galaxy["version"]
