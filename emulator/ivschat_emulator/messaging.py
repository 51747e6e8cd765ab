# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messaging API: what clients in a room ask for, and what they receive (messaging API reference)."""

from __future__ import annotations

import re
import socket
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from . import frames, moto_bridge
from .connections import Connection, Handshake, close_all
from .frames import Frame
from .guesses import guess
from .message_logs import MessageLogs
from .rates import Rates
from .review import Functions, InvocationError, ResponseError, Verdict, content_of, read_response
from .service import attributes_size
from .service_model import Response, read_json
from .settings import SETTINGS

CONNECT = "Connect"  # The handshake's name where operations have theirs: in faults, holds and the call log.
# Actions of clients and the operations of the control plane that do the same; the names of capabilities are the same.
ACTIONS = {"SEND_MESSAGE": "SendMessage", "DELETE_MESSAGE": "DeleteMessage", "DISCONNECT_USER": "DisconnectUser"}


class RequestError(Exception):
    """A request is refused with an ERROR frame; `message_id`: the message it is about, when it has an id."""

    def __init__(self, code: int, text: str, message_id: str = "") -> None:
        super().__init__(text)
        self.code, self.text, self.message_id = code, text, message_id


def _invalid(why: str) -> RequestError:
    return RequestError(400, guess("text_400").format(why=why))


@dataclass(frozen=True)
class Request:
    """A request of a client: the action, its id (empty when it has none) and the other members."""

    action: str
    request_id: str
    members: dict[str, Any]

    def text(self, name: str, shortest: int, longest: int, pattern: str = "") -> str:
        """A required string member; RequestError when it is missing, of another type, or breaks a limit."""
        value = self.members.get(name)
        if not isinstance(value, str):
            raise _invalid(f"{name} must be a string")
        if not shortest <= len(value) <= longest:
            raise _invalid(f"{name} must have {shortest} to {longest} characters")
        if pattern and not re.fullmatch(pattern, value):
            raise _invalid(f"{name} must match {pattern}")
        return value

    def reason(self) -> str | None:
        """The optional member Reason."""
        return None if self.members.get("Reason") is None else self.text("Reason", 1, 256)

    def attributes(self) -> dict[str, str] | None:
        """The optional member Attributes."""
        value = self.members.get("Attributes")
        if value is None:
            return None
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise _invalid("Attributes must be a map of strings")
        if attributes_size(value) > guess("attributes"):
            text = guess("text_413").format(member="Attributes", limit=guess("attributes"))
            raise RequestError(413, text)
        return value


def parse(text: str | None) -> tuple[str, Callable[[], Request]]:
    """The id of a request, which even an ERROR frame needs, and what reads the rest or raises RequestError."""
    sent: Any = None
    try:
        sent = read_json(text) if text is not None else None
    except ValueError:
        pass
    is_readable = isinstance(sent, dict) and frames.is_unicode(sent)
    request_id = sent.get("RequestId") if is_readable else None

    def read() -> Request:
        if text is None:
            raise RequestError(guess("binary"), guess("text_400").format(why="not a text frame"))
        if not is_readable:
            raise _invalid("not a JSON object")
        if request_id is not None and not isinstance(request_id, str):
            raise _invalid("RequestId must be a string")
        if not isinstance(sent.get("Action"), str) or sent["Action"] not in ACTIONS:
            raise _invalid(f"Action must be one of {', '.join(ACTIONS)}")
        return Request(sent["Action"], request_id or "", sent)

    return request_id if isinstance(request_id, str) else "", read


class Messaging:
    """The rooms' connections, and what they share. `rates` are also those of the control plane."""

    def __init__(self, rates: Rates, run_functions: bool) -> None:
        self._rates = rates
        self._rooms: dict[str, dict[str, Connection]] = {}  # By ARN and id, guarded by moto_bridge.LOCK.
        self._logs = MessageLogs(moto_bridge.others_of)
        self._functions = Functions(run_functions)

    # Connections

    def accept(self, handshake: Handshake) -> tuple[Response, Connection | None]:
        """The response to a handshake, and the connection when it is accepted: to be passed to `serve` or `forget`."""
        if not handshake.is_valid:
            refusal = handshake.response
            return (refusal.status_code, list(refusal.headers.raw_items()), bytes(refusal.body or b"")), None
        if not handshake.token:
            return _refused("missing_token", "The chat token is missing"), None
        with moto_bridge.LOCK:
            claims = moto_bridge.verify_token(handshake.token)
            if claims is None:
                return _refused("bad_token", "The chat token is not valid"), None
            limit = SETTINGS["messaging_limits"]["connections"]
            if limit is not None and len(self._connections_beside(claims["roomArn"])) >= limit:
                return _refused("too_many_connections", "Too many connections"), None
            moto_bridge.use_token(handshake.token)
            connection = Connection(handshake, claims)
            self._rooms.setdefault(connection.room_arn, {})[connection.id] = connection
        return (101, [], b""), connection

    def serve(self, connection: Connection, connected_socket: socket.socket, early: bytes) -> None:
        """Complete a handshake, and serve the connection until it ends; `early`: what came with the handshake."""
        try:
            with moto_bridge.LOCK:  # Who has seen the handshake succeed sees the metric.
                others = [each for each in self._connections_beside(connection.room_arn) if each.is_open]
                moto_bridge.others_of(connection.room_arn).put_metric("ConcurrentChatConnections", len(others) + 1)
                if not connection.open(connected_socket):
                    return
            connection.read(early, partial(self._handle, connection), partial(self._end_session, connection))
        finally:
            self.forget(connection)

    def forget(self, connection: Connection) -> None:
        """Remove a connection that has ended, or whose handshake has failed after all."""
        with moto_bridge.LOCK:
            room = self._rooms.get(connection.room_arn, {})
            room.pop(connection.id, None)
            if not room:
                self._rooms.pop(connection.room_arn, None)
        self._rates.forget(connection.id)

    def _connections_beside(self, room_arn: str) -> list[Connection]:
        """The connections of the account and region of a room."""
        scope = room_arn.split(":")[3:5]
        return [each for arn, room in self._rooms.items() if arn.split(":")[3:5] == scope for each in room.values()]

    def _end_session(self, connection: Connection) -> None:
        _send(connection, frames.error(guess("session_end"), guess("text_401"), frames.new_id(), ""))
        connection.close(1000)

    def connections(self, wanted: dict[str, str]) -> list[Connection]:
        """The connections whose attributes (id, room_arn, user_id) have these values; those being accepted too."""
        with moto_bridge.LOCK:
            connected = [connection for room in self._rooms.values() for connection in room.values()]
        return [
            connection
            for connection in connected
            if all(getattr(connection, name) == value for name, value in wanted.items())
        ]

    def cut(self, wanted: dict[str, str], close_code: int | None) -> int:
        """End connections, chosen as by `connections`: with a close code, or as a network failure; their number."""
        chosen = self.connections(wanted)
        if close_code is not None:
            close_all(chosen, close_code)
        else:
            for connection in chosen:
                connection.cut()
        return len(chosen)

    # Requests

    def _handle(self, connection: Connection, text: str | None) -> None:
        """Carry out one request, or send an ERROR frame."""
        request_id, read = parse(text)
        try:
            self._carry_out(connection, read)
        except RequestError as error:
            code, message, error_id = error.code, error.text, error.message_id
        except Exception:  # An emulator that breaks must not look like a service that is silent.
            traceback.print_exc(file=sys.stderr)
            code, message, error_id = 500, guess("text_500"), ""
        else:
            return
        _send(connection, frames.error(code, message, error_id or frames.new_id(), request_id))

    def _carry_out(self, connection: Connection, read: Callable[[], Request]) -> None:
        self._count(connection.id, SETTINGS["messaging_limits"]["requests_per_connection"])
        request = read()
        operation = ACTIONS[request.action]
        _put_metrics(connection.room_arn, "MessagingRequests", "Requests", operation)
        if request.action not in connection.capabilities:
            raise RequestError(403, guess("text_403").format(capability=request.action))
        room = _room(connection.room_arn)
        if request.action == "SEND_MESSAGE":
            self._send_message(connection, request, room)
        elif request.action == "DELETE_MESSAGE":
            deletion = frames.deletion(request.text("Id", 12, 12, "[a-zA-Z0-9]+"), request.reason())
            self._count_operation(operation, connection.room_arn)
            self._publish_event(operation, connection.room_arn, frames.new_id(), request.request_id, *deletion)
        else:
            user_id, reason = request.text("UserId", 1, 128), request.reason()
            self._count_operation(operation, connection.room_arn)
            self._disconnect_user(connection.room_arn, user_id, reason, request.request_id)

    def _count(self, key: Any, rate: float | None) -> None:
        if not self._rates.take(key, rate):
            raise RequestError(429, guess("text_429"))

    def _count_operation(self, operation: str, room_arn: str) -> None:
        """Count a request for the rate of its account and region; calls over HTTP count for the same."""
        self._count(rate_key(room_arn, operation), SETTINGS["messaging_limits"][operation])

    def _send_message(self, connection: Connection, request: Request, room: dict[str, Any]) -> None:
        limit = room["maximumMessageLength"]
        content, attributes = request.members.get("Content"), request.attributes()
        if isinstance(content, str) and len(content) > limit:
            raise RequestError(400, guess("text_length").format(limit=limit))
        content = request.text("Content", 1, limit)
        self._count((room["arn"], "SendMessage"), room["maximumMessageRatePerSecond"])
        self._count_operation("SendMessage", room["arn"])
        message_id = frames.new_id()
        sender = {"UserId": connection.user_id, "Attributes": connection.attributes}
        if room.get("messageReviewHandler", {}).get("uri"):
            event = {
                "Content": content,
                "MessageId": message_id,
                "RoomArn": room["arn"],
                "Attributes": attributes or {},
                "Sender": {**sender, "Ip": connection.ip},
            }
            verdict = self._review(room, event)
            if not verdict.allowed:
                raise RequestError(406, verdict.reason or guess("text_406"), message_id)
            content = verdict.content
            attributes = attributes if verdict.attributes is None else verdict.attributes
        self._publish(
            "SendMessage",
            connection.room_arn,
            lambda sent: frames.message(message_id, request.request_id, content, attributes, sender, sent),
            connection,
        )

    def _review(self, room: dict[str, Any], event: dict[str, Any]) -> Verdict:
        handler, limit, content = room["messageReviewHandler"], room["maximumMessageLength"], event["Content"]
        others = moto_bridge.others_of(room["arn"])
        try:
            with moto_bridge.LOCK:
                is_permitted = moto_bridge.service_of(room["arn"]).may_invoke(handler["uri"], room["arn"])
                function = others.review_function(handler["uri"])
            if function is None or not is_permitted:
                raise InvocationError("the function does not exist, or its policy does not permit it")
            response = self._functions.invoke(function, event, SETTINGS["review_timeout"])
            return read_response(response, limit)
        except InvocationError:
            others.put_metric("InvocationErrors", Uri=handler["uri"])
        except ResponseError:
            others.put_metric("ResponseValidationErrors", Uri=handler["uri"])
            if SETTINGS["fallback_content"] == "returned":
                content = content_of(response, limit) or content
        return Verdict(handler["fallbackResult"] == "ALLOW", content)

    # What clients receive

    def _publish(
        self,
        operation: str,
        room_arn: str,
        frame_sent_at: Callable[[int], Frame],
        sender: Connection | None = None,
    ) -> None:
        """Send a frame to all clients of a room and log it. One at a time, so that all see the same order.

        Nothing is sent for a `sender` that has been disconnected during the review of its message.
        """
        with moto_bridge.LOCK:
            if sender and sender.is_ended_by_server:
                return
            room = _room(room_arn)
            sent = frames.send_time()
            frame = frame_sent_at(sent)
            configurations = moto_bridge.service_of(room_arn).logging_configurations_of(room)
            # Logged first: who has received a frame can flush it to its destinations.
            self._logs.append(room_arn, configurations, frame, sent)
            text = frames.to_json(frame).encode()
            connections = [each for each in self._rooms.get(room_arn, {}).values() if each.is_open]
            if connections:
                _put_metrics(room_arn, "MessagingDeliveries", "Deliveries", operation, len(connections))
            for connection in connections:
                connection.send(text)

    def _publish_event(
        self,
        operation: str,
        room_arn: str,
        event_id: str,
        request_id: str,
        name: str,
        attributes: dict[str, str] | None,
    ) -> None:
        self._publish(operation, room_arn, lambda sent: frames.event(event_id, request_id, name, attributes, sent))

    def _disconnect_user(self, room_arn: str, user_id: str, reason: str | None, request_id: str) -> None:
        disconnection = frames.disconnection(user_id, reason)
        with moto_bridge.LOCK:  # No message of the user comes after the event.
            self._publish_event("DisconnectUser", room_arn, frames.new_id(), request_id, *disconnection)
            close_all(self.connections({"room_arn": room_arn, "user_id": user_id}), guess("disconnected"))

    # The control plane

    def after_call(self, operation: str, parameters: dict[str, Any], output: dict[str, Any]) -> None:
        """What a successful call of the control plane does to clients."""
        room_arn = parameters.get("roomIdentifier", parameters.get("identifier", output.get("arn", "")))
        if operation in ("SendEvent", *ACTIONS.values()):
            _put_metrics(room_arn, "MessagingRequests", "Requests", operation)
        try:
            if operation == "SendEvent":
                attributes = parameters.get("attributes", guess("event_attributes"))
                self._publish_event(operation, room_arn, output["id"], "", parameters["eventName"], attributes)
            elif operation == "DeleteMessage":
                deletion = frames.deletion(parameters["id"], parameters.get("reason"))
                self._publish_event(operation, room_arn, output["id"], "", *deletion)
            elif operation == "DisconnectUser":
                self._disconnect_user(room_arn, parameters["userId"], parameters.get("reason"), "")
            elif operation == "DeleteRoom" and SETTINGS["delete_room_disconnects"]:
                close_all(self.connections({"room_arn": room_arn}), guess("disconnected"))
            elif operation in ("CreateRoom", "UpdateRoom"):
                self._warm_up(output)
        except RequestError:
            pass  # The room was deleted after the call.
        if operation in ACTIONS.values() and SETTINGS.tps(operation) is None:
            # With `quotas` the call has been counted, and perhaps refused.
            self._rates.take(rate_key(room_arn, operation), SETTINGS["messaging_limits"][operation])

    def _warm_up(self, room: dict[str, Any]) -> None:
        if uri := room.get("messageReviewHandler", {}).get("uri"):
            with moto_bridge.LOCK:
                function = moto_bridge.others_of(room["arn"]).review_function(uri)
            if function:
                self._functions.warm_up(function)

    def flush_logs(self) -> int:
        """Write all records that wait; the number of those written."""
        return self._logs.flush()

    def settings_changed(self) -> None:
        """Intervals may be shorter."""
        self._logs.reschedule()

    def reset(self) -> None:
        """End all connections and functions, and forget records that wait."""
        with moto_bridge.LOCK:
            close_all(self.connections({}), guess("shutdown"))
            self._rooms.clear()
        self._functions.stop()
        self._logs.discard()

    def stop(self) -> None:
        """As `reset`, and wait for the clients."""
        closing = close_all(self.connections({}), guess("shutdown"), timeout=1)
        self._functions.stop()
        closing.join()


def rate_key(arn: str, operation: str) -> tuple[str, str, str]:
    """The key of an operation's rate in the account and region of an ARN."""
    region, account = arn.split(":")[3:5]
    return account, region, operation


def _put_metrics(room_arn: str, total: str, by_action: str, operation: str, count: int = 1) -> None:
    """Add to a metric of all actions and to the one that has a dimension for the action."""
    others = moto_bridge.others_of(room_arn)
    others.put_metric(total, count)
    others.put_metric(by_action, count, Action=operation)


def _room(arn: str) -> dict[str, Any]:
    with moto_bridge.LOCK:
        room = moto_bridge.service_of(arn).room(arn)
    if room is None:
        raise RequestError(guess("deleted_room"), guess("text_404"))
    return room


def _refused(status: str, why: str) -> Response:
    return guess(status), [("Content-Type", "text/plain")], f"{why}\n".encode()


def _send(connection: Connection, *sent: Frame) -> None:
    for frame in sent:
        connection.send(frames.to_json(frame).encode())
