# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rehearses a release: builds the archive of the next version from a copy of the checkout, and uses it as a user would.

The next version follows from the fragments of the changelog by semantic versioning; without fragments it is the version
in galaxy.yml. The checkout stays as it is. The archive is imported as Galaxy does, compared with the version, the
changelog, the action group, and the tag of the commit, and installed into an empty tree beside each of some pairs of
tests/versions.toml, where the first playbook of its README.md runs against the emulator.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tarfile
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from ivschat_emulator import Emulator
from tests.support.environment import aws_settings
from tests.support.playbooks import run_ansible
from tests.tools.built import emptied, importer
from tests.tools.check import contents
from tests.tools.in_tree import ROOT, lay_tree, site_packages
from tests.tools.matrix import Environment, NotRun, set_up
from tests.tools.versions import pairs

# The sections of a fragment (changelogs/config.yaml) that ask for another version than the next patch.
MAJOR = ("breaking_changes", "removed_features")
MINOR = ("major_changes", "minor_changes", "deprecated_features")
MODULE_FILE = "plugins/module_utils/_module.py"  # has the version for the user agent
COLLECTION = Path("ansible_collections") / "aws_ivs" / "chat"


def next_version(version: str, sections: set[str]) -> str:
    """The version after this one, for what the fragments' sections say (semver.org); the same without fragments."""
    if not sections:
        return version
    major, minor, patch = map(int, version.split("."))
    if sections & set(MAJOR):
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if sections & set(MINOR) else f"{major}.{minor}.{patch + 1}"


def fragment_sections() -> set[str]:
    """The sections that the fragments of the next release have."""
    fragments = (ROOT / "changelogs" / "fragments").glob("*.y*ml")
    return {section for path in fragments for section in yaml.safe_load(path.read_text())}


def build(version: str) -> Path:
    """Write the version and its changelog into a copy of the checkout, as README.md says, and build the archive."""
    source = lay_tree("release", site_packages("ansible_collections.amazon.aws"))
    for name, pattern in (
        ("galaxy.yml", r"(?m)^(version: )\S+$"),
        (MODULE_FILE, r'(?m)^(VERSION = ")[^"]+'),
    ):
        text, count = re.subn(pattern, rf"\g<1>{version}", (source / name).read_text())
        if count != 1:
            raise SystemExit(f"{name}: the version stands in {count} lines, not in one")
        (source / name).write_text(text)
    env = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(source.parents[2])}
    if fragment_sections():
        subprocess.run(["antsibull-changelog", "release", "--version", version], cwd=source, env=env, check=True)
    output = emptied("release")
    command = ["ansible-galaxy", "collection", "build", "--output-path", str(output)]
    subprocess.run(command, cwd=source, env=env, check=True, stdout=subprocess.DEVNULL)
    return next(output.glob("*.tar.gz"))


def stated_versions(archive: Path, version: str) -> list[str]:
    """Where the archive, or the tag of the commit, says another version."""
    with tarfile.open(archive) as members:

        def read(name: str) -> str:
            member = members.extractfile(name)
            assert member, f"{archive} has no {name}"
            return member.read().decode()

        stated: dict[str, Any] = {
            "MANIFEST.json": json.loads(read("MANIFEST.json"))["collection_info"]["version"],
            MODULE_FILE: re.findall(r'(?m)^VERSION = "(.+)"', read(MODULE_FILE))[0],
            "changelogs/changelog.yaml": max(
                yaml.safe_load(read("changelogs/changelog.yaml"))["releases"],
                key=lambda release: tuple(map(int, release.split("."))),
            ),
            "CHANGELOG.md": re.findall(r"(?m)^## v(.+)$", read("CHANGELOG.md"))[0].replace("\\", ""),
        }
    command = ["git", "describe", "--exact-match", "--tags", "HEAD"]
    if tag := subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True).stdout.strip():
        stated["the tag of the commit"] = tag.removeprefix("v")
    return [f"{where} says version {found}, not {version}" for where, found in stated.items() if found != version]


def use(archive: Path, environment: Environment, name: str) -> list[str]:
    """What goes wrong when somebody installs the archive into an empty tree and follows its README.md."""
    directory = emptied(f"release-{name}")
    collections = directory / "collections"
    amazon = collections / "ansible_collections" / "amazon"
    amazon.mkdir(parents=True)
    (amazon / "aws").symlink_to(environment.amazon_aws)
    with Emulator.start() as emulator:
        settings = {
            **aws_settings(emulator.url),
            "PATH": f"{environment.python.parent}{os.pathsep}{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_PYTHON_INTERPRETER": str(environment.target),
            "NO_COLOR": "1",
        }
        run = partial(
            run_ansible,
            home=directory,
            settings=settings,
            on_line=partial(print, end="", flush=True),
            python=environment.python,
        )
        run(
            "ansible-galaxy", "collection", "install", "--no-deps", "--collections-path", str(collections), str(archive)
        )
        installed = collections / COLLECTION
        playbook = directory / "quickstart.yml"
        readme = (installed / "README.md").read_text()
        playbook.write_text(re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)[0])
        modules = {path.stem for path in (installed / "plugins" / "modules").glob("*.py")}
        listed = run("ansible-doc", "--list", "aws_ivs.chat").stdout
        group = yaml.safe_load((installed / "meta" / "runtime.yml").read_text())["action_groups"]["aws"]
        problems = [f"ansible-doc does not list {module}" for module in sorted(modules) if module not in listed]
        problems += [f"{module} is not in the action group" for module in sorted(modules - set(map(str, group)))]
        for options, changed in ((["--check", "--diff"], 1), ([], 1), ([], 0)):
            output = run("ansible-playbook", str(playbook), *options).stdout
            if f"changed={changed}" not in output or "failed=0" not in output or "[WARNING]" in output:
                problems.append(f"the first playbook of README.md {' '.join(options)} did not report changed={changed}")
    return [f"{name}: {problem}" for problem in problems]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--pairs",
        default="",
        metavar="PAIR,...",
        help="which pairs, `suites` for those of .ci/run, without this the two ends",
    )
    names = parser.parse_args().pairs.split(",")
    chosen = [
        pair
        for pair in pairs()
        if pair.name in names or (pair.end and names == [""]) or (pair.suite and names == ["suites"])
    ]
    current = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    version = next_version(current, fragment_sections())
    archive = build(version)
    problems = contents(archive) + stated_versions(archive, version) + importer(archive)
    for pair in chosen:
        print(f"=== {pair.name}", flush=True)
        try:
            problems += use(archive, set_up(pair), pair.name)
        except NotRun as reason:
            problems.append(f"{pair.name}: not run: {reason}")
    outcome = f"release {version} (after {current}): ok with {', '.join(pair.name for pair in chosen)}"
    print("\n".join(problems) or outcome)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
