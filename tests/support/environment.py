# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where tests, demo and benchmarks run: paths, account, and the environment variables of a program of Ansible."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"

REGION, ACCOUNT = "us-east-1", "123456789012"
ARN = f"arn:aws:ivschat:{REGION}:{ACCOUNT}"
# Valid, and not in use.
UNKNOWN_ROOM, UNKNOWN_LOGGING = f"{ARN}:room/AbCdEf123456", f"{ARN}:logging-configuration/ZyXwVu654321"

# Long keys: Ansible blanks a secret wherever it occurs in a result, and a short one occurs everywhere.
ACCESS_KEY, SECRET_KEY = "AKIAEMULATORTESTS0001", "not-a-secret-but-long-enough-to-be-blanked-0001"
# The same as options of a task.
CREDENTIALS = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "region": REGION}


def aws_settings(url: str, access_key: str = ACCESS_KEY, secret_key: str = SECRET_KEY) -> dict[str, str]:
    """Return the environment variables that lead a task of amazon.aws or of this collection to an emulator."""
    keys = {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret_key}
    return {"AWS_URL": url, "AWS_REGION": REGION, **keys}


def ansible_environment(home: Path, **settings: str) -> dict[str, str]:
    """Return what a program of Ansible sees: this collection, a home of its own, no settings of the person at work."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_"))}
    return {
        **inherited,
        "HOME": str(home),
        "ANSIBLE_HOME": str(home / "ansible"),
        "ANSIBLE_REMOTE_TEMP": str(home / "ansible" / "tmp"),
        "ANSIBLE_COLLECTIONS_PATH": str(CACHE / "collections"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "AWS_EC2_METADATA_DISABLED": "true",
        **settings,
    }
