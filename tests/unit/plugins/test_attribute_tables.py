# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attribute tables of the guide for users of Terraform and CloudFormation have a row for each field of the API."""

from __future__ import annotations

import re
from pathlib import Path

import botocore.session
import pytest
from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import LOGGING_CONFIGURATION, ROOM

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "docsite" / "rst" / "coming_from_terraform.rst").read_text()
MODEL = botocore.session.Session().get_service_model("ivschat")
TABLES = {
    "aws_ivschat_room": (ROOM, "CreateRoom"),
    "aws_ivschat_logging_configuration": (LOGGING_CONFIGURATION, "CreateLoggingConfiguration"),
}


def rows(resource):
    """The rows below the header: Terraform, CloudFormation, this collection, difference."""
    _before, found, table = GUIDE.partition(f"   * - ``{resource}``\n")
    assert found
    cells = re.split(r"\n   [* ] -", re.split(r"\n\n", table)[0])
    return [[cell.strip(" `") for cell in cells[start : start + 4]] for start in range(3, len(cells), 4)]


def paths(shape):
    """The paths of all members that have no members themselves."""
    for name, member in shape.members.items():
        below = list(paths(member)) if member.type_name == "structure" else [""]
        yield from (f"{name}.{path}".rstrip(".") for path in below)


def snake(path):
    return ".".join(next(iter(camel_dict_to_snake_dict({part: None}))) for part in path.split("."))


def aliases(kind, path):
    """The aliases of an option of the main module, and of the options that contain it; the option must exist."""
    first, *rest = path.split(".")
    argument = next(field.argument for field in kind.fields if field.name == first)
    found = [*argument.get("aliases", [])]
    for part in rest:
        argument = argument["options"][part]
        found += argument.get("aliases", [])
    return found


@pytest.mark.parametrize("resource", TABLES)
def test_every_field_has_a_row_with_its_three_names(resource):
    kind, operation = TABLES[resource]
    fields = list(paths(MODEL.operation_model(operation).input_shape))
    expected = {
        (
            snake(path).replace("cloud_watch_logs", "cloudwatch_logs"),  # as the provider spells it
            ".".join(part[0].upper() + part[1:] for part in path.split(".")),
            snake(path),
        )
        for path in fields
    }
    assert {tuple(row[:3]) for row in rows(resource)} == expected
    assert len(rows(resource)) == len(fields)


@pytest.mark.parametrize("resource", TABLES)
def test_the_differences_name_what_the_option_has_of_its_own(resource):
    kind, _operation = TABLES[resource]
    differences = {row[2]: row[3] for row in rows(resource)}
    for path, difference in differences.items():
        if path != "tags":
            assert [alias for alias in aliases(kind, path) if alias not in difference] == []
    for field in kind.fields:
        difference = differences.get(field.name, "")
        assert field.stack_name in difference
        assert ("Required in a stack" in difference) is (field.required_in_stack and field.name in differences)


def test_the_message_rate_is_the_one_that_the_module_accepts():
    name = "maximum_message_rate_per_second"
    limit = next(field for field in ROOM.fields if field.name == name).limits[name]
    (difference,) = [row[3] for row in rows("aws_ivschat_room") if row[2] == name]
    assert difference.startswith(f"{limit.minimum} to {limit.maximum}. ")
