# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks what is built with the tools of those who receive it: python -m tests.tools.built ...

importer               imports the built collection as Galaxy does: no error, no warning
execution-environment  creates the build context of an execution environment, and reads what it would install
emulator               builds the package of the emulator in .cache/emulator-dist, and checks it as PyPI does
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.tools.in_tree import CACHE, ROOT, site_packages

TOOLS = ROOT / ".venv" / "tools" / "bin"
DEFINITION = ROOT / "tests" / "execution-environment" / "execution-environment.yml"


def archive() -> Path:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    return CACHE / "build" / "{namespace}-{name}-{version}.tar.gz".format(**galaxy)


def run(*command: str | Path, directory: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the tools' environment in a directory and print what it prints."""
    env = {**os.environ, "HOME": str(directory), "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}", **settings}
    finished = subprocess.run(
        [TOOLS / command[0], *command[1:]],
        cwd=directory,
        env=env,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    print(finished.stdout, end="", flush=True)
    return finished


def emptied(name: str) -> Path:
    directory = CACHE / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def importer(collection: Path) -> list[str]:
    """What Galaxy would complain about when it imports this archive."""
    directory = emptied("importer")
    amazon = directory / "ansible_collections" / "amazon"
    amazon.mkdir(parents=True)
    (amazon / "aws").symlink_to(site_packages("ansible_collections.amazon.aws"))
    finished = run(
        "python",
        "-m",
        "galaxy_importer.main",
        collection,
        directory=directory,
        # The importer sees no collections but the one it imports, and those that Python finds.
        PYTHONPATH=str(directory),
        GALAXY_IMPORTER_CHECK_REQUIRED_TAGS="true",
        GALAXY_IMPORTER_REQUIRE_V1_OR_GREATER="true",
    )
    return [
        *re.findall(r"^(?:ERROR|WARNING|CRITICAL).*", finished.stdout, re.MULTILINE),
        *([] if finished.returncode == 0 else [f"galaxy-importer ended with {finished.returncode}"]),
        # An import that skipped the documentation, the modules, or ansible-lint would be without a complaint, too.
        *(
            f"galaxy-importer did not print {line!r}"
            for line in (
                "Getting doc strings via ansible-doc",
                "Loading module ivschat_room",
                "...ansible-lint run complete",
            )
            if line not in finished.stdout
        ),
    ]


def execution_environment(collection: Path) -> list[str]:
    """What is wrong with the context of an execution environment, and with what the archive asks it to install."""
    directory = emptied("execution-environment")
    context, collections = directory / "context", directory / "collections"
    installed = run(
        "ansible-galaxy",
        *("collection", "install", "--no-deps", "--collections-path", collections, collection),
        directory=directory,
    )
    # Without a name, it depends on whether podman is installed.
    output = ("--output-filename", "Containerfile")
    created = run("ansible-builder", "create", *output, "--file", DEFINITION, "--context", context, directory=directory)
    pip, bindep = directory / "pip.txt", directory / "bindep.txt"
    read = run(
        "ansible-builder",
        *("introspect", collections, "--write-pip", pip, "--write-bindep", bindep),
        directory=directory,
    )
    if installed.returncode or created.returncode or read.returncode:
        return ["a command failed, see above"]
    wanted = {line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith("#")}
    found = {line.partition("#")[0].strip() for line in pip.read_text().splitlines()} - {""}
    return [
        *(f"the execution environment lacks {line}" for line in sorted(wanted - found)),
        *(f"the execution environment gets {line}, which requirements.txt lacks" for line in sorted(found - wanted)),
        *([f"the execution environment gets Debian or RPM packages: {bindep.read_text()}"] if bindep.exists() else []),
        *([] if (context / "Containerfile").exists() else ["ansible-builder created no Containerfile"]),
        *([] if "aws_ivs.chat" in (context / "_build" / "requirements.yml").read_text() else ["no collection in it"]),
    ]


def emulator() -> list[str]:
    """What is wrong with the package of the emulator: its files, its metadata, or its description on PyPI."""
    directory, source = emptied("emulator-dist"), ROOT / "emulator"
    built = run("python", "-m", "build", "--no-isolation", "--outdir", directory, source, directory=directory)
    if built.returncode:
        return ["the build failed, see above"]
    [sdist], [wheel] = directory.glob("*.tar.gz"), directory.glob("*.whl")
    checked = run("twine", "check", "--strict", sdist, wheel, directory=directory)
    with tarfile.open(sdist) as tar:
        in_sdist = {member.name.partition("/")[2] for member in tar if member.isfile()}
    with zipfile.ZipFile(wheel) as zipped:
        in_wheel = {name for name in zipped.namelist() if re.search(r"^ivschat_emulator/|/licenses/", name)}
    listed = subprocess.run(["git", "ls-files"], cwd=source, check=True, stdout=subprocess.PIPE, text=True).stdout
    tracked = set(listed.splitlines())
    code = {name for name in tracked if name.startswith("ivschat_emulator/")}
    license_file = f"{'-'.join(wheel.name.split('-')[:2])}.dist-info/licenses/COPYING"
    # Where PyPI shows the README, there are neither other files of the repository nor anchors of headings.
    links = re.findall(r"\]\((?!https://)([^)]*)\)", (source / "README.md").read_text())
    return [
        *([] if checked.returncode == 0 else ["twine refuses the package, see above"]),
        # hatchling adds two files.
        *(f"the sdist lacks or adds {name}" for name in sorted(in_sdist ^ (tracked | {"PKG-INFO", ".gitignore"}))),
        *(f"the wheel lacks or adds {name}" for name in sorted(in_wheel ^ (code | {license_file}))),
        *([] if (source / "COPYING").read_bytes() == (ROOT / "COPYING").read_bytes() else ["COPYING differs"]),
        *(f"emulator/README.md links to {link!r}, which PyPI does not have" for link in links),
    ]


ACTIONS: dict[str, Callable[[], list[str]]] = {
    "importer": lambda: importer(archive()),
    "execution-environment": lambda: execution_environment(archive()),
    "emulator": emulator,
}

if __name__ == "__main__":
    problems = ACTIONS[sys.argv[1]]()
    print("\n".join(problems) or f"{sys.argv[1]}: ok")
    sys.exit(bool(problems))
