# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the emulator with a sample chat until Ctrl-C, to look at on its page (`make chat`)."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import suppress
from typing import Any

from ivschat_emulator import Emulator
from tests.support.service import create_function

BUCKET, LOG_GROUP, STREAM, FUNCTION = "sample-chat-archive", "/aws/vendedlogs/sample-chat", "sample-chat", "review"
REVIEW = """\
def handler(event, context):
    if "spam" in event["Content"]:
        return {"ReviewResult": "DENY", "Content": "", "Attributes": {"Reason": "Spam is not allowed"}}
    return {"ReviewResult": "ALLOW", "Content": event["Content"]}
"""


def create_sample_chat(emulator: Emulator) -> dict[str, str]:
    """Create three rooms, a review function that denies spam, and a destination of each kind; ARNs of rooms by name."""
    ivschat = emulator.client("ivschat")
    emulator.client("s3").create_bucket(Bucket=BUCKET)
    emulator.client("logs").create_log_group(logGroupName=LOG_GROUP)
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = emulator.client("iam").create_role(RoleName="sample-chat", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    emulator.client("firehose").create_delivery_stream(
        DeliveryStreamName=STREAM,
        ExtendedS3DestinationConfiguration={
            "RoleARN": role,
            "BucketARN": f"arn:aws:s3:::{BUCKET}",
            "Prefix": "firehose/",
        },
    )
    function = create_function(emulator.client, role, FUNCTION, REVIEW)
    destinations = {
        "archive": {"s3": {"bucketName": BUCKET}},
        "watch": {"cloudWatchLogs": {"logGroupName": LOG_GROUP}},
        "analysis": {"firehose": {"deliveryStreamName": STREAM}},
    }
    logging = [
        ivschat.create_logging_configuration(name=name, destinationConfiguration=destination)["arn"]
        for name, destination in destinations.items()
    ]
    reviewed = {"messageReviewHandler": {"uri": function, "fallbackResult": "DENY"}, "tags": {"stream": "main"}}
    rooms: dict[str, dict[str, Any]] = {
        "backstage": {"maximumMessageRatePerSecond": 50},
        "questions": {"maximumMessageLength": 200, "loggingConfigurationIdentifiers": logging[:1], **reviewed},
        "lobby": {"loggingConfigurationIdentifiers": logging, **reviewed},
    }
    return {name: str(ivschat.create_room(name=name, **settings)["arn"]) for name, settings in rooms.items()}


def main() -> None:
    """Run until Ctrl-C; the argument is the port."""
    with suppress(KeyboardInterrupt), Emulator.start(int(sys.argv[1])) as emulator:
        create_sample_chat(emulator)
        print(f"Open {emulator.url}/chat in a browser. Press Ctrl-C to end.", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
