# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run a module of the collection against an emulator: its own main(), real boto3, real HTTP."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import subprocess
import sys
from typing import Any

from ansible.module_utils.common import warnings
from ansible.module_utils.testing import patch_module_args

COLLECTION = "ansible_collections.aws_ivs.chat.plugins.modules"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CREDENTIALS = {
    "access_key": "AKIAEMULATORTESTS0001",
    "secret_key": "not-a-secret-but-long-enough-to-be-blanked-0001",
    "region": "us-east-1",
}

# An option that the task sets to null; None is an option that it leaves out.
NULL = "<null>"


def module_arguments(url: str, options: dict[str, Any], check: bool, diff: bool) -> dict[str, Any]:
    """Return a task's arguments as Ansible hands them to a module; an option of None is left out, and NULL is null."""
    given = {**CREDENTIALS, "endpoint_url": url, **options}
    return {
        **{key: None if value == NULL else value for key, value in given.items() if value is not None},
        "_ansible_check_mode": check,
        "_ansible_diff": diff,
        "_ansible_remote_tmp": "/tmp",
    }


def run_module(
    url: str, module_name: str, /, check: bool = False, diff: bool = False, **options: Any
) -> dict[str, Any]:
    """Run a module in this process and return its result; `failed` is true in it when it failed.

    `check` and `diff` are the task's modes, everything else is an option.

    Like a module's own process, it sees no AWS settings of the person who runs the tests, and has no warnings yet.
    """
    warnings._global_warnings.clear()
    output = io.StringIO()
    module = importlib.import_module(f"{COLLECTION}.{module_name}")
    settings = {key: os.environ.pop(key) for key in list(os.environ) if key.startswith("AWS_")}
    os.environ.update({"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull})
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    try:
        with patch_module_args(module_arguments(url, options, check, diff)), contextlib.redirect_stdout(output):
            with contextlib.suppress(SystemExit):
                module.main()
    finally:
        os.environ.update(settings)
    lines = output.getvalue().strip().splitlines()
    assert len(lines) == 1, f"a module prints one line of JSON, not {output.getvalue()!r}"
    return json.loads(lines[0])


def start_module(url: str, module_name: str, /, **options: Any) -> subprocess.Popen[str]:
    """Start a module in a process of its own; its result is the one line that it prints (see `finish`)."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.modules.harness", url, module_name, json.dumps(options)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], timeout: float = 120) -> dict[str, Any]:
    """Wait for a started module and return its result."""
    output, errors = process.communicate(timeout=timeout)
    assert output.strip(), f"the module printed no result: {errors}"
    return json.loads(output)


if __name__ == "__main__":
    print(json.dumps(run_module(sys.argv[1], sys.argv[2], **json.loads(sys.argv[3]))))  # noqa: T201
