# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the messaging side guesses: behaviors that AWS does not document and nobody has published a record of.

This table is the only place for them; README.md shows the same table. A client must not rely on any of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Guess:
    """One choice: `value` is what the code uses (None where the code itself is the choice)."""

    behavior: str
    value: Any = None


GUESSES: dict[str, Guess] = {
    # The handshake
    "missing_token": Guess("HTTP status of a handshake without a token", 401),
    "bad_token": Guess("HTTP status of a handshake with a token that is unknown, used or expired", 403),
    "too_many_connections": Guess("HTTP status of a handshake beyond the quota of connections", 429),
    "session_start": Guess("A session's duration starts when its token is created"),
    # Connections
    "session_end": Guess("At the end of a session: an ERROR frame, then close code 1000. Its `ErrorCode`", 401),
    "disconnected": Guess("Close code after DisconnectUser; the event comes first", 1000),
    "shutdown": Guess("Close code when the emulator stops or is reset", 1001),
    "frame_size": Guess("The largest frame or message of a client, in bytes; beyond it close code 1009", 65536),
    "ping": Guess("The service sends no pings and has no idle timeout"),
    "waiting": Guess(
        "Requests that wait when the service ends a connection are not carried out. A message in review is delivered "
        "at the end of a session, and dropped when its sender is disconnected"
    ),
    # Requests
    "order": Guess(
        "The order of checks: rate of the connection, form, capability, room, members, other rates, review; "
        "each request counts for the rate of the connection, refused ones do not count for the others"
    ),
    "unknown_members": Guess("Unknown members of a request are ignored; `null` is the same as an omitted member"),
    "binary": Guess("`ErrorCode` of a binary frame", 400),
    "content_length": Guess("`Content` may be as long as `maximumMessageLength`, not shorter only"),
    "attributes": Guess(
        "Bytes of a message's `Attributes`, keys and values in UTF-8; beyond them `ErrorCode` 413", 1024
    ),
    "members": Guess("`Id`, `UserId` and `Reason` have the limits of the HTTP operations; beyond them 400"),
    "rates": Guess("Rates are counted as `quotas_counted` says; beyond a rate the connection stays open"),
    "deleted_room": Guess("`ErrorCode` of requests in a room that was deleted", 404),
    "message_exists": Guess(
        "DeleteMessage does not check that the message exists, nor DisconnectUser that the user is connected"
    ),
    # Frames
    "event_attributes": Guess("`Attributes` of an event that has none are `null`"),
    "no_reason": Guess("`Attributes` of a deletion or disconnection without a reason have no `Reason`"),
    "event_id": Guess("`Id` of an event is the `id` that the HTTP operation returns"),
    # Error messages
    "text_400": Guess("`ErrorMessage` of 400 for a member or the form of a request", "Invalid request: {why}"),
    "text_length": Guess(
        "`ErrorMessage` of 400 for a message that is too long (a recorded text, its number changed)",
        "Messages must be less than {limit} chars",
    ),
    "text_401": Guess("`ErrorMessage` of 401", "The connection has expired"),
    "text_403": Guess("`ErrorMessage` of 403", "The chat token does not have the capability {capability}"),
    "text_404": Guess("`ErrorMessage` of 404", "The room does not exist"),
    "text_406": Guess("`ErrorMessage` of 406 without a reason of the handler", "The message was rejected"),
    "text_413": Guess("`ErrorMessage` of 413", "{member} must not exceed {limit} bytes"),
    "text_429": Guess("`ErrorMessage` of 429", "Request rate exceeded"),
    "text_500": Guess("`ErrorMessage` of 500", "The emulator failed; its standard error output says why"),
    # Logging
    "logged": Guess(
        "Messages and events are logged as clients receive them, including reviewed content and SendEvent. Refused "
        "requests are not logged"
    ),
    "log_file": Guess(
        "An S3 object holds the records of one room, one configuration and one interval; the time in "
        "its key is that of its first record"
    ),
    "log_stream": Guess("The log stream is created when the first records are written"),
    "firehose_end": Guess("Firehose records end with", "\n"),
    "not_active": Guess("Metric for records of a configuration that is not `ACTIVE`", "LogDestinationErrors"),
    "dimension": Guess("The dimension `LoggingConfiguration` is the ARN, `Uri` that of the function"),
    # Metrics
    "requests": Guess(
        "Metrics count requests of known actions, refused ones too unless the rate of the connection refuses them, and "
        "calls over HTTP; the dimension `Action` is the name of the operation"
    ),
    "concurrent": Guess("`ConcurrentChatConnections` gets the number of connections when one is made"),
    # Review
    "kept_attributes": Guess(
        "`Attributes` that are omitted or `null` in a handler's response leave those of the message"
        " unchanged; `{}` removes them"
    ),
    "fallback_content": Guess(
        "With the fallback `ALLOW` the message is delivered as it was sent: `fallback_content`. (The model says of "
        '`fallbackResult`: "If allowed, the message is delivered with returned content to all users", but what fails '
        "returns none, or none that is valid)"
    ),
    "error_id": Guess("`Id` of an ERROR frame after review is the `MessageId` that the handler saw"),
    "concurrency": Guess("Instances of one function at a time; beyond them invocations fail", 10),
}


def guess(name: str) -> Any:
    """The value of a guess."""
    return GUESSES[name].value
