# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads tests/versions.toml, the one list of versions that the collection is tested with.

versions.py suites   prints the interpreters for the whole test suite, one a line
versions.py github ends|all
                     prints the matrices of the GitHub workflow, as lines of $GITHUB_OUTPUT
versions.py table    prints the table of README.md

It runs on any Python 3.11 or later, without an environment.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tomllib

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Pair:
    """One entry of the list; the list says what its fields mean."""

    name: str
    python: str
    core: str
    amazon_aws: str
    ansible: str
    boto3: str
    target: str = ""
    suite: bool = False
    end: bool = False


def pairs() -> list[Pair]:
    """The list. An unknown or missing field is a TypeError that names it."""
    return [Pair(**entry) for entry in tomllib.loads((ROOT / "tests" / "versions.toml").read_text())["pair"]]


def requirement(package: str, version: str) -> str:
    """What pip installs: `2.17.0` is that version, `2.17` the newest 2.17.x, and `newest` the newest of all."""
    if version == "newest":
        return package
    return f"{package}=={version}" if version.count(".") > 1 else f"{package}=={version}.*"


def belongs(version: str, wanted: str) -> bool:
    """Whether a version is the wanted one, or begins like it: 2.17.3 belongs to 2.17, 2.1.7 does not."""
    return wanted == "newest" or f"{version}.".startswith(f"{wanted}.")


def interpreter(version: str) -> str | None:
    """The path of a working Python of this minor version: from PATH, or else from pyenv, or None."""
    name = f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for candidate in (shutil.which(name), *map(str, sorted(pyenv.glob(f"{version}.*/bin/{name}")))):
        # pyenv has a name on PATH for each version that it holds; it works only for those that are chosen.
        check = f"import ensurepip, sys; sys.exit(sys.version_info[:2] != ({version.replace('.', ', ')}))"
        if candidate and subprocess.run([candidate, "-c", check], check=False, capture_output=True).returncode == 0:
            return candidate
    return None


def suites() -> Iterator[str]:
    for pair in pairs():
        if pair.suite:
            yield interpreter(pair.python) or f"python{pair.python}"


def github(choice: str) -> Iterator[str]:
    chosen = [pair for pair in pairs() if pair.end or choice == "all"]
    yield f"pairs={json.dumps([_job(pair) for pair in chosen])}"
    yield f"cores={json.dumps([_job(pair) for pair in pairs() if not pair.target])}"
    yield f"suites={json.dumps([pair.python for pair in pairs() if pair.suite])}"


def _job(pair: Pair) -> dict[str, str]:
    # actions/setup-python takes one version a line; the last becomes `python3`, which runs make and the emulator.
    return {"pair": pair.name, "pythons": "\n".join(_pythons(pair))}


def _pythons(pair: Pair) -> list[str]:
    newest = max((each.python for each in pairs()), key=lambda python: int(python.split(".")[1]))
    return [*dict.fromkeys(python for python in (pair.target, pair.python) if python not in ("", newest)), newest]


def table() -> Iterator[str]:
    yield "| ansible-core | `amazon.aws` | Python | boto3 and botocore |"
    yield "|---|---|---|---|"
    for pair in pairs():
        python = f"{pair.python}, modules on {pair.target}" if pair.target else pair.python
        yield f"| {pair.core} | {pair.amazon_aws} | {python} | {pair.boto3} |"


if __name__ == "__main__":
    commands: dict[str, Callable[..., Iterator[str]]] = {
        "suites": suites,
        "github": github,
        "table": table,
    }
    print("\n".join(commands[sys.argv[1]](*sys.argv[2:])))
