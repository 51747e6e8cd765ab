# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook and the tests of the guide on testing playbooks, run with pytest as a reader runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

from ivschat_emulator import Emulator
from tests.support.environment import ROOT, ansible_environment

GUIDE = ROOT / "docs" / "docsite" / "rst" / "testing_your_playbooks.rst"


def save(name: str, directory: Path) -> None:
    """Save the block that has this caption."""
    pattern = rf"^\.\. code-block:: \w+\n   :caption: {re.escape(name)}\n\n((?:   .*\n|\n)+)"
    (block,) = re.findall(pattern, GUIDE.read_text(), re.MULTILINE)
    (directory / name).write_text(textwrap.dedent(block))


def test_the_example_passes(tmp_path: Path) -> None:
    for name in ("site.yml", "test_chat.py"):
        save(name, tmp_path)
    beside = Path(sys.executable).parent  # ansible-playbook
    environment = ansible_environment(tmp_path, PATH=f"{beside}{os.pathsep}{os.environ['PATH']}")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "test_chat.py"]
    finished = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert " 4 passed" in finished.stdout


def test_the_emulator_takes_every_setting_and_fault(emulator: Emulator) -> None:
    calls = re.findall(r"^   \* - ``((?:set|fault)\(.+\))``$", GUIDE.read_text(), re.MULTILINE)
    assert len(calls) > 5
    for call in calls:
        eval(f"emulator.{call}", {"emulator": emulator})
