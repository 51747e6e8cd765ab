# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of a Terraform refresh, with boto3: refresh.py FILE_OF_ARNS.

GetRoom and ListTagsForResource for every room, ten rooms at once.

Terraform reads each resource of its state again in every plan and apply, ten at once (`-parallelism=10`) unless told
otherwise. Its provider keeps no rate. It repeats a throttled call up to 25 times (`max_retries`), with the pauses of
the AWS SDK for Go v2: a random part of 1 s, then of 2 s, 4 s and so on, at most 20 s.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

PARALLELISM = 10
MAX_RETRIES = 25
MAX_PAUSE = 20.0  # seconds

client = boto3.client(
    "ivschat", config=Config(max_pool_connections=PARALLELISM, retries={"mode": "standard", "total_max_attempts": 1})
)


def call(operation: Callable[..., Any], **parameters: str) -> None:
    """One call, repeated while the service throttles it; ClientError for everything else."""
    for retry in range(MAX_RETRIES + 1):
        try:
            operation(**parameters)
            return
        except ClientError as error:
            if retry == MAX_RETRIES or error.response["Error"]["Code"] != "ThrottlingException":
                raise
        time.sleep(min(random.random() * 2**retry, MAX_PAUSE))


def refresh(arn: str) -> None:
    """What the provider reads of one room."""
    call(client.get_room, identifier=arn)
    call(client.list_tags_for_resource, resourceArn=arn)


arns = Path(sys.argv[1]).read_text().split()
with ThreadPoolExecutor(PARALLELISM) as pool:
    list(pool.map(refresh, arns))
