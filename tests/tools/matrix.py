# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the integration targets, or ansible-test sanity, with the pairs of versions in tests/versions.toml.

Each pair gets an environment with ansible-core and boto3 and nothing else, and a copy of amazon.aws from the wheel of
an `ansible` release: PyPI has the collection nowhere else. The emulator runs in the environment of this script.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.tools.in_tree import CACHE, ROOT, run_in_tree
from tests.tools.versions import Pair, belongs, interpreter, pairs, requirement

PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")


class NotRun(Exception):
    """Why a pair was not tested."""


@dataclass(frozen=True)
class Environment:
    """A pair, set up: the interpreters of the controller and of the modules, and the directory of amazon.aws."""

    python: Path
    target: Path
    amazon_aws: Path


def set_up(pair: Pair) -> Environment:
    """Install what a pair asks for.

    Raises NotRun if an interpreter is missing or a package cannot be installed.
    """
    sdk = [requirement(package, pair.boto3) for package in ("boto3", "botocore")]
    core = requirement("ansible-core", pair.core)
    if not pair.target:
        python = target = virtual_environment(pair.name, pair.python, [core, *sdk])
    else:
        python = virtual_environment(pair.name, pair.python, [core, "boto3"])
        # Without packaging, which ansible-core brings, amazon.aws warns in each task that it cannot compare versions.
        target = virtual_environment(f"{pair.name}-target", pair.target, [*sdk, "packaging"])
    return Environment(python, target, amazon_aws(pair.ansible))


def virtual_environment(name: str, version: str, packages: list[str]) -> Path:
    """The interpreter of an environment with these packages, which is kept for the next run."""
    directory = ROOT / ".venv" / f"matrix-{name}"
    stamp, python = directory / ".installed", directory / "bin" / f"python{version}"
    installed = "\n".join([version, *packages])
    if not stamp.exists() or stamp.read_text() != installed:
        found = interpreter(version)
        if not found:
            raise NotRun(f"no working python{version} with ensurepip")
        _run(found, "-m", "venv", "--clear", str(directory))
        _run(str(python), *PIP, "install", *packages)
        stamp.write_text(installed)
    return python


def amazon_aws(ansible: str) -> Path:
    """The directory of the amazon.aws that a release of `ansible` has, taken out of its wheel."""
    directory = CACHE / "amazon.aws" / ansible
    collection = directory / "ansible_collections" / "amazon" / "aws"
    if not (collection / "MANIFEST.json").exists():
        # The wheel is for any Python; the release says for which Pythons its ansible-core is.
        arguments = ["--no-deps", "--only-binary=:all:", "--python-version=3.13", "--dest", str(directory)]
        _run(sys.executable, *PIP, "download", *arguments, requirement("ansible", ansible))
        for wheel in directory.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                # The manifest, which tells that all is there, comes last.
                members = [name for name in archive.namelist() if name.startswith("ansible_collections/amazon/aws/")]
                for name in sorted(members, key=lambda name: name.endswith("/MANIFEST.json")):
                    archive.extract(name, directory)
            wheel.unlink()
    return collection


def _run(*command: str) -> None:
    finished = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if finished.returncode:
        raise NotRun(f"{' '.join(command)} failed:\n{finished.stdout}")


def versions(environment: Environment) -> dict[str, str]:
    """The versions that an environment really has."""
    manifest = json.loads((environment.amazon_aws / "MANIFEST.json").read_text())
    script = "import boto3, platform; print(platform.python_version(), boto3.__version__)"
    python, boto3 = _output(environment.target, script).split()
    return {
        "ansible-core": _output(environment.python, "from ansible.release import __version__; print(__version__)"),
        "amazon.aws": manifest["collection_info"]["version"],
        "Python": _output(environment.python, "import platform; print(platform.python_version())"),
        "modules on Python": python,
        "boto3": boto3,
    }


def _output(python: Path, script: str) -> str:
    return subprocess.run([python, "-c", script], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def test(pair: Pair, check: str, names: list[str]) -> str:
    """Test one pair and return the outcome, which begins with `passed` or `failed`.

    Raises NotRun if the pair cannot be set up.
    """
    environment = set_up(pair)
    found = versions(environment)
    wanted = (pair.core, pair.amazon_aws, pair.python, pair.target or pair.python, pair.boto3)
    wrong = [name for name, version in zip(found, wanted, strict=True) if not belongs(found[name], version)]
    described = ", ".join(f"{name} {version}" for name, version in found.items())
    print(f"=== {pair.name}: {described}", flush=True)
    if wrong:
        return f"failed  tests/versions.toml asks for another {' and '.join(wrong)} than {described}"
    command = ["ansible-test", check, f"--python={pair.python}", *names]
    if check == "integration" and pair.target:
        controller = f"--controller=origin:python={pair.python}@{environment.python}"
        command[2:3] = [controller, f"--target=controller:python={pair.target}@{environment.target}"]
    cloud = "emulator" if check == "integration" else None
    code = run_in_tree(
        command, environment.python, environment.amazon_aws, name=f"matrix-{pair.name}-{check}", cloud=cloud
    )
    return f"{'failed' if code else 'passed'}  {described}"


def main() -> int:
    known = {pair.name: pair for pair in pairs()}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", default="", metavar="PAIR,...", help="which pairs, without this all")
    parser.add_argument("--check", choices=["integration", "sanity"], default="integration")
    parser.add_argument("names", nargs="*", help="which integration targets, or files for sanity; without this all")
    args = parser.parse_args()
    chosen = [name for name in args.pairs.split(",") if name] or list(known)
    for name in chosen:
        if name not in known:
            parser.error(f"pair: {name!r} is not in tests/versions.toml, which lists {', '.join(known)}")

    outcomes = {}
    for name in chosen:
        start = time.monotonic()
        try:
            outcome = test(known[name], args.check, args.names)
        except NotRun as reason:
            outcome = f"not run {reason}"
        outcomes[f"{name:14}{time.monotonic() - start:5.0f} s"] = outcome
    print(f"=== {args.check}")
    for name, outcome in outcomes.items():
        print(f"{name}  {outcome}")
    counts = {
        kind: sum(each.startswith(kind) for each in outcomes.values()) for kind in ("passed", "failed", "not run")
    }
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()))
    # A pair that was not run has not passed.
    return int(counts["passed"] < len(outcomes))


if __name__ == "__main__":
    # As Ctrl-C does: end the command and the emulator, then this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
