# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's table of API operations is complete, and names modules that exist."""

from __future__ import annotations

import re
from pathlib import Path

import botocore.session
import pytest
from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict

ROOT = Path(__file__).parents[3]
OPERATIONS = sorted(botocore.session.Session().get_service_model("ivschat").operation_names)
MODULES = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
# Where an operation is called, not what may only be named.
CALLED = set(
    re.findall(
        r"\bclient\.(\w+)", "".join(path.read_text() for path in (ROOT / "plugins" / "module_utils").glob("*.py"))
    )
)


def section():
    return (ROOT / "README.md").read_text().partition("\n## API operations\n")[2].partition("\n## ")[0]


ROWS = re.findall(r"^\| ([A-Z]\w+) \| (.+) \|$", section(), re.MULTILINE)
TABLE = {name: set(re.findall(r"`(\w+)`", used_by)) for name, used_by in ROWS if name != "Operation"}


def test_every_operation_stands_there_once():
    assert [name for name, _used_by in ROWS if name != "Operation"] == OPERATIONS
    assert f"{len(OPERATIONS)} operations" in section()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_who_uses_it(operation):
    modules = TABLE[operation]
    assert modules <= MODULES
    method = next(iter(camel_dict_to_snake_dict({operation: None})))
    assert bool(modules) is (method in CALLED), "it is called if and only if a module uses it"


def test_every_module_uses_something():
    assert set().union(*TABLE.values()) == MODULES
