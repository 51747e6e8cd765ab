# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first steps in emulator/README.md work, word for word except for the port."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sdk.conftest import PROGRAMS
from tests.support.environment import ROOT
from tests.support.service import free_port

README = ROOT / "emulator" / "README.md"
PACKAGE = Path(__file__).with_name("package.json")
TIMEOUT = 120  # seconds


@pytest.fixture(autouse=True)
def emulator() -> None:
    """No server but that of the README."""


@pytest.fixture
def port() -> str:
    """A free port: the README's may be in use."""
    return str(free_port())


@contextmanager
def started(commands: str, directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Start lines of the shell, with pip, python, node, and npm of .venv/sdk. At the end, Ctrl-C ends them."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_", "PYTHON"))}
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen(
        ["bash", "-ec", commands],
        cwd=directory,
        env={**inherited, "PATH": path, "npm_config_prefer_offline": "true"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)


def run(commands: str, directory: Path) -> list[str]:
    """Run lines of the shell, which must succeed; the lines that they print."""
    with started(commands, directory) as process:
        output, _nothing = process.communicate(timeout=TIMEOUT)
    print(output)  # noqa: T201
    assert process.returncode == 0
    return output.splitlines()


def test_the_official_client(port: str, tmp_path: Path) -> None:
    sections = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", README.read_text(), re.DOTALL | re.MULTILINE))
    first = sections["Install and start"]
    text = sections["Point the official client at it"].replace("5000", port)
    install, start = re.findall(r"```sh\n(.*?)```", first, re.DOTALL)[0].splitlines()
    for name, code in re.findall(r"^`([\w.]+)` .*\n\n```\w+\n((?s:.*?))```", text, re.MULTILINE):
        (tmp_path / name).write_text(code)
    [commands] = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    [promised] = re.findall(r"prints `(.*?)`", text)
    # With an exact version here, npm does not install the newest.
    shutil.copy(PACKAGE, tmp_path)

    run(install, ROOT)
    with started(start.replace("5000", port), tmp_path) as server:
        assert server.stdout and server.stdout.readline() == f"http://127.0.0.1:{port}\n"
        assert run(commands, tmp_path)[-1] == promised
    client = json.loads((tmp_path / "node_modules" / "amazon-ivs-chat-messaging" / "package.json").read_text())
    assert json.loads(PACKAGE.read_text())["dependencies"] == {client["name"]: client["version"]}
