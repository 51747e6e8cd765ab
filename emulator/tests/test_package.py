# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""What users of the package rely on: the command, the README, a light import."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ivschat_emulator.control import TRANSPORT_FAULTS, Call, Fault, Intervention
from ivschat_emulator.guesses import GUESSES
from ivschat_emulator.settings import DEFAULTS

README = (Path(__file__).parents[1] / "README.md").read_text()
COMMAND = Path(sys.executable).with_name("ivschat-emulator")


@pytest.fixture(autouse=True)
def emulator() -> None:
    """No server but those that the tests start."""


def table(heading: str) -> list[str]:
    """The first column of the first table below a heading."""
    section = README.partition(f"\n{heading}\n")[2]
    rows = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert rows, heading
    return [row.split("|")[1].strip().strip("`") for row in rows[0].splitlines()[2:]]


def test_the_readme_names_every_setting() -> None:
    assert table("### Settings") == list(DEFAULTS)


def test_the_readme_names_every_member_of_a_fault() -> None:
    assert table("### Faults") == [field.name for field in dataclasses.fields(Fault)]
    assert [error for error in TRANSPORT_FAULTS if f"`{error}`" not in README] == []


def test_the_readme_names_every_member_of_an_intervention() -> None:
    assert table("### Interventions") == [field.name for field in dataclasses.fields(Intervention)]


def test_the_readme_names_every_member_of_a_call() -> None:
    section = README.partition("### The call log")[2].partition("\n## ")[0]
    named = re.findall(r"`(\w+)`", section)
    assert [field.name for field in dataclasses.fields(Call) if field.name not in named] == []


def test_the_readme_has_the_table_of_guesses() -> None:
    """Word for word: the table in the code is the one place of these guesses."""
    rows = [(guess.behavior, "" if guess.value is None else f"`{guess.value!r}`") for guess in GUESSES.values()]
    section = README.partition("### Guesses of messaging\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| (.*) \| (.*?) ?\|$", section, re.MULTILINE) == [("Behavior", "Value"), *rows]


def test_every_guess_is_used() -> None:
    """A value that the code does not read would be a claim without effect."""
    code = "".join(file.read_text() for file in (Path(__file__).parents[1] / "ivschat_emulator").glob("*.py"))
    unused = [name for name, guess in GUESSES.items() if guess.value is not None and f'guess("{name}")' not in code]
    assert [name for name in unused if f'_refused("{name}"' not in code] == []


PYTHON_CODE = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


# What connects to a server that has been started before is run by tests/sdk.
@pytest.mark.parametrize("code", [code for code in PYTHON_CODE if "127.0.0.1:5000" not in code])
def test_the_code_of_the_readme_runs(code: str) -> None:
    exec(compile(code, "README.md", "exec"), {})


def test_the_environment_of_the_readme_is_enough() -> None:
    """boto3 and version 1 of the AWS CLI read another variable than the other SDKs."""
    exports = "\n".join(re.findall(r"^export AWS_.*", README, re.MULTILINE))
    create = "import boto3; print(boto3.client('ivschat').meta.endpoint_url)"
    command = ["sh", "-ec", f'{exports}\nexec "{sys.executable}" -c "{create}"']
    finished = subprocess.run(command, env={"PATH": os.defpath}, check=True, stdout=subprocess.PIPE, text=True)
    assert finished.stdout == "http://127.0.0.1:5000\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_command(number: signal.Signals) -> None:
    with subprocess.Popen([COMMAND], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            first = process.stdout.readline()
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+\n", first)
            process.send_signal(number)
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()


def test_the_package_imports_without_moto() -> None:
    check = "import sys, ivschat_emulator; sys.exit('moto' in sys.modules or 'botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
