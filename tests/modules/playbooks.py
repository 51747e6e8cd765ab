# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run playbooks with the ansible-playbook of this environment, as a person would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]

Finished = subprocess.CompletedProcess[str]


def environment(directory: Path, **settings: str) -> dict[str, str]:
    """What Ansible sees: this collection, a home of its own, and no settings of the person who runs the tests."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_"))}
    return {
        **inherited,
        "HOME": str(directory),
        "ANSIBLE_HOME": str(directory / "ansible"),
        "ANSIBLE_REMOTE_TEMP": str(directory / "ansible" / "tmp"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "AWS_EC2_METADATA_DISABLED": "true",
        **settings,
    }


def play(directory: Path, *books: str | list[Any], arguments: tuple[str, ...] = (), **settings: str) -> Finished:
    """Run playbooks (texts, or lists of plays) in a directory, one after the other, and return the finished process."""
    paths = []
    for number, book in enumerate(books):
        paths.append(directory / f"playbook{number}.yml")
        paths[-1].write_text(book if isinstance(book, str) else yaml.safe_dump(book))
    return subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), *map(str, paths), *arguments],
        cwd=directory,
        env=environment(directory, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def on_localhost(*tasks: Any, **keywords: Any) -> list[Any]:
    """A play on this machine."""
    return [{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks), **keywords}]
