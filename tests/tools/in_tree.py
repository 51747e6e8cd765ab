# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command inside a copy of the checkout that lies where Ansible's own tools want it.

ansible-test works only in a directory `ansible_collections/aws_ivs/chat`, with amazon.aws beside it in the same tree,
and keeps its environments below the home directory. All of that is made below .cache, the copy anew for each run from
the files that git would track; the virtual environment that runs this script gives the tools and amazon.aws.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from ivschat_emulator import Emulator

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
CLOUD_CONFIG = "tests/integration/cloud-config-aws.ini"


def site_packages(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec and spec.submodule_search_locations, f"{package} is not installed"
    return Path(next(iter(spec.submodule_search_locations)))


def lay_tree(name: str, amazon_aws: Path) -> Path:
    collections = CACHE / "tree" / name / "ansible_collections"
    shutil.rmtree(collections, ignore_errors=True)
    chat = collections / "aws_ivs" / "chat"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, chat / name
        if source.exists():  # git also lists what was deleted and not yet committed
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    # Without a repository of its own ansible-test would ask the checkout's, which ignores .cache.
    subprocess.run(["git", "-c", "init.defaultBranch=main", "init", "--quiet"], cwd=chat, check=True)
    (collections / "amazon").mkdir()
    (collections / "amazon" / "aws").symlink_to(amazon_aws)
    return chat


# Run by the interpreter that has ansible-test: the version of pip that ansible-test wants for this Python.
WANTED_PIP = """
import sys
from types import SimpleNamespace
from ansible_test._internal.python_requirements import get_venv_packages

print(get_venv_packages(SimpleNamespace(version="%d.%d" % sys.version_info[:2]))["pip"])
"""


def lay_home(python: Path) -> Path:
    home = CACHE / "home"
    # ansible-test fetches this script to put pip into an environment. Python brings a pip, so nothing is fetched.
    wanted = subprocess.run([python, "-c", WANTED_PIP], check=True, stdout=subprocess.PIPE, text=True).stdout
    pip = wanted.strip().replace(".", "_")
    script = home / ".ansible" / "test" / "cache" / f"get_pip_{pip}.py"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text("import ensurepip\n\nensurepip.bootstrap(upgrade=True, default_pip=True)\n")
    return home


def cloud_config(url: str) -> str:
    # Long keys: Ansible blanks a secret wherever it occurs in a result, and a short one occurs everywhere.
    return "\n".join(
        [
            "[default]",
            f"aws_access_key: AKIA{secrets.token_hex(8).upper()}",
            f"aws_secret_key: {secrets.token_hex(20)}",
            "aws_region: us-east-1",
            f"aws_endpoint_url: {url}",
            "",
        ]
    )


def run_in_tree(command: list[str], python: Path, amazon_aws: Path, *, name: str, cloud: str | None = None) -> int:
    """Run a command in a copy of the checkout and return its exit status.

    `python` is the interpreter of the environment whose programs the command finds first, `name` the directory of the
    copy below .cache/tree, `cloud` either `emulator` or the path of a cloud-config-aws.ini.
    """
    chat = lay_tree(name, amazon_aws)
    env = {
        **os.environ,
        "HOME": str(lay_home(python)),
        # Without this ansible-lint does not find this collection's modules in playbooks.
        "ANSIBLE_COLLECTIONS_PATH": str(chat.parents[2]),
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        # antsibull-docs copies what git tracks; without this it takes amazon.aws for ignored files of the checkout.
        "GIT_CEILING_DIRECTORIES": str(ROOT),
    }

    def run() -> int:
        return subprocess.run(command, cwd=chat, env=env, check=False).returncode

    if cloud == "emulator":
        with Emulator.start() as emulator:
            (chat / CLOUD_CONFIG).write_text(cloud_config(emulator.url))
            return run()
    if cloud:
        shutil.copy(cloud, chat / CLOUD_CONFIG)
    return run()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cloud", metavar="INI", help="'emulator', or a cloud-config-aws.ini of a real account")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    amazon_aws = site_packages("ansible_collections.amazon.aws")
    return run_in_tree(args.command, Path(sys.executable), amazon_aws, name=f"python{VERSION}", cloud=args.cloud)


if __name__ == "__main__":
    # As Ctrl-C does: end the command and the emulator, then this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
