# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CONTRIBUTING's map shows every file of plugins/ and every folder, and the floors of module_utils are as it says."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MAP = re.findall(
    r"^\| `([^`]+)` \| \S",
    (ROOT / "CONTRIBUTING.md").read_text().partition("\n## Where things are\n")[2].partition("\n## ")[0],
    re.MULTILINE,
)
UTILS = ROOT / "plugins" / "module_utils"
FLOORS = [Path(row).stem for row in MAP if row.startswith("plugins/module_utils/_")]
# Folders whose content the row of a folder above describes.
DESCRIBED_ABOVE = re.compile(r"(roles/\w+|tests/(unit|integration|bench|demo|http/documents)|docs|changelogs)/.+")


def files():
    """The files of the checkout that git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return [name for name in listed if (ROOT / name).exists()]


def test_every_row_exists():
    assert [row for row in MAP if not (ROOT / row).exists()] == []


def test_every_file_of_plugins_is_shown():
    plugins = {name for name in files() if re.fullmatch(r"plugins/\w+/\w+\.py", name)}
    assert {row for row in MAP if row.startswith("plugins/") and row.endswith(".py")} == plugins


def test_every_folder_is_shown():
    folders = {f"{parent}/" for name in files() for parent in Path(name).parents if str(parent) != "."}
    parts = {"plugins/", "roles/", "tests/", ".ci/"}
    hidden = {folder for folder in folders if folder.startswith(".")}
    shown = {folder for folder in folders - parts - hidden if not DESCRIBED_ABOVE.fullmatch(folder)}
    assert {row for row in MAP if row.endswith("/")} == shown


def imports(name):
    """The files of module_utils that a file of module_utils imports, anywhere in it."""
    tree = ast.parse((UTILS / f"{name}.py").read_text())
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {node.module for node in found if node.level} | {
        node.module.rpartition(".")[2] for node in found if node.module and "aws_ivs.chat" in node.module
    }


@pytest.mark.parametrize("name", FLOORS)
def test_imports_only_downwards(name):
    assert imports(name) <= set(FLOORS[: FLOORS.index(name)])


@pytest.mark.parametrize(
    "name", ["_resources", "_plan", "_validation", "_stack_validation", "_messaging_validation", "_stack"]
)
def test_pure_files_do_without_boto(name):
    below, todo = set(), {name}
    while todo:
        below |= todo
        todo = {imported for each in todo for imported in imports(each)} - below
    assert [
        each for each in below if re.search(r"^\s*(from|import) boto", (UTILS / f"{each}.py").read_text(), re.M)
    ] == []


def test_only_one_file_knows_check_mode():
    knowing = [path.name for path in (ROOT / "plugins").rglob("*.py") if "module.check_mode" in path.read_text()]
    assert knowing == ["_module.py"]
