# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""The WSGI layer around moto: faults, holds, interventions, quotas, latency, the log of calls, set over HTTP by tests.

/moto-api/ivschat/{settings,faults,holds,interventions,calls,verify-token,connections,flush-logs}; settings.py, Fault,
Hold and Intervention describe the keys, README.md all of it. /moto-api/reset resets all of this with the state.
"""

from __future__ import annotations

import contextlib
import http
import io
import json
import re
import select
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qs

from botocore.model import OperationModel

from . import moto_bridge
from .connections import Connection, Handshake
from .messaging import CONNECT, Messaging
from .page import page
from .rates import Rates
from .service_model import (
    OPERATIONS,
    Response,
    ServiceError,
    error_response,
    is_error_code,
    is_write,
    read_json,
    read_parameters,
    route,
)
from .settings import SETTINGS, is_number

PREFIX = "/moto-api/ivschat/"
TIMEOUT_SECONDS = 70
# Faults that are not an error code of the service.
TRANSPORT_FAULTS = ("Http503", "ConnectionReset", "Timeout")
_HEADER_TEXT = re.compile(r"[ -~]*")


@dataclass
class Call:
    """One call in the log. `effect`: it was a write and took effect, even when the caller received an error."""

    service: str
    operation: str | None
    parameters: dict[str, Any] | None
    account: str = ""
    region: str = ""
    access_key_id: str = ""
    number: int = 0
    time: float = field(default_factory=time.time)
    status: int | None = None
    error: str | None = None
    fault: str | None = None
    write: bool = False
    effect: bool = False


@dataclass
class Fault:
    """`count` calls of `operation` fail, after `skip` that pass; "after" lets the call take effect first.

    They get an `error`, or a `response` as it stands: {"status": code, "headers": {name: value}, "body": text}.
    Only the first fault that matches a call applies, so faults apply in the order in which they were set.
    """

    operation: str
    error: str | None = None
    response: dict[str, Any] | None = None
    when: str = "before"
    count: int = 1
    skip: int = 0
    message: str = "An error that a test asked for"

    def validate(self) -> None:
        """ValueError when a member is not allowed."""
        _validate_match(self)
        if (self.error is None) == (self.response is None):
            raise ValueError("a fault has either an error or a response")
        if self.response is not None:
            _validate_response(self.response)
        elif not (self.error in TRANSPORT_FAULTS or (isinstance(self.error, str) and is_error_code(self.error))):
            others = ", ".join(TRANSPORT_FAULTS)
            raise ValueError(f"error: {self.error!r} is neither an error code of the service nor one of {others}")
        _validate_count(self)
        if not isinstance(self.message, str):
            raise ValueError(f"message: {self.message!r} is not a string")


@dataclass
class Hold:
    """The next call of `operation`, after `skip` that pass, waits before its effect or before its response."""

    operation: str
    when: str = "before"
    skip: int = 0
    reached: bool = False
    drop: bool = False
    released: threading.Event = field(default_factory=threading.Event)

    def validate(self) -> None:
        """ValueError when a member is not allowed."""
        _validate_match(self)


@dataclass
class Intervention:
    """A change of somebody else's beside `count` calls of `operation`, after `skip` that pass.

    `action` is the operation carried out, with `parameters`; it does not count as a call. A name in place of an
    ARN in `identifier`, `roomIdentifier` and `resourceArn` means the resource of this name that was updated last.
    Each intervention counts calls on its own.
    """

    operation: str
    action: str
    parameters: dict[str, Any] = field(default_factory=dict)
    when: str = "after"
    count: int = 1
    skip: int = 0
    results: list[dict[str, Any]] = field(default_factory=list)

    def validate(self) -> None:
        """ValueError when a member is not allowed."""
        _validate_match(self)
        _validate_count(self)
        if self.action not in OPERATIONS:
            raise ValueError(f"action: {self.action!r} is not an operation of the service")
        members = OPERATIONS[self.action].input_shape.members
        if not isinstance(self.parameters, dict) or not self.parameters.keys() <= members.keys():
            raise ValueError(f"parameters: {self.parameters!r} has not just members of {', '.join(members)}")


def _validate_count(planned: Fault | Intervention) -> None:
    if not is_number(planned.count, 1, integer=True):
        raise ValueError(f"count: {planned.count!r} is not an integer greater than 0")


def _validate_response(response: Any) -> None:
    """ValueError when this is no response that HTTP allows; that the service would never send it is the point."""
    if not isinstance(response, dict) or not response.keys() <= {"status", "headers", "body"}:
        raise ValueError(f"response: {response!r} has not just the members status, headers, body")
    status, headers, body = _raw_response(response)
    if not is_number(status, 200, integer=True) or status not in list(http.HTTPStatus):
        raise ValueError(f"response.status: {status!r} is not an HTTP status from 200")
    for name, value in headers:
        if not (isinstance(value, str) and _HEADER_TEXT.fullmatch(name) and _HEADER_TEXT.fullmatch(value)):
            raise ValueError(f"response.headers: {name!r}: {value!r} is not printable ASCII")
    if body and status in (204, 304):
        raise ValueError(f"response.body: a response with status {status} has none")


def _raw_response(response: dict[str, Any]) -> Response:
    """The HTTP response that a fault describes; lone surrogates in its body stand for bytes that are not UTF-8."""
    headers = response.get("headers", {"Content-Type": "application/json"})
    body = response.get("body", "")
    if not (isinstance(headers, dict) and isinstance(body, str)):
        raise ValueError(f"response: {response!r}: headers is not an object, or body not a string")
    return response.get("status", 200), list(headers.items()), body.encode(errors="surrogateescape")


def _validate_match(planned: Fault | Hold | Intervention) -> None:
    """ValueError when the members that say which calls are meant are not allowed."""
    others = ("*",) if isinstance(planned, Intervention) else ("*", CONNECT)
    if planned.operation not in (*others, *OPERATIONS):
        allowed = " nor ".join(("an operation of the service", *others))
        raise ValueError(f"operation: {planned.operation!r} is neither {allowed}")
    if planned.when not in ("before", "after"):
        raise ValueError(f"when: {planned.when!r} is neither before nor after")
    if not is_number(planned.skip, 0, integer=True):
        raise ValueError(f"skip: {planned.skip!r} is not an integer of 0 or greater")


class Control:
    """The WSGI application in front of moto."""

    def __init__(self, application: Callable[..., Iterable[bytes]], run_functions: bool = False) -> None:
        """`run_functions`: whether the code of message review functions may run in this place."""
        self._application = application
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._faults_cleared = threading.Event()
        self._holds: list[Hold] = []
        self._interventions: list[Intervention] = []
        self._calls: list[Call] = []
        self._rates = Rates()
        self._messaging = Messaging(self._rates, run_functions)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        """Respond to a request in one piece; raise Unanswered to end its connection without a response."""
        body = _read_body(environ)
        path = environ["PATH_INFO"]
        call: Call | None = None
        moto_bridge.sign_in_header(environ)
        if path.startswith("/moto-api") or _service(environ) == "ivschat":
            environ["CONTENT_TYPE"] = "application/json"  # By curl's default, moto would read the body as a form.
        try:
            if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
                call = self._record(Call(service="ivschat", operation=CONNECT, parameters={"path": path}))
                response = self._connect(environ, call)
            elif path.startswith(PREFIX):
                response = self._control(environ, path[len(PREFIX) :], body)
            elif path == "/moto-api/reset" and environ["REQUEST_METHOD"] == "POST":
                with moto_bridge.LOCK:
                    self._messaging.reset()
                    response = self._moto(environ)
                    self._reset()
            elif path.startswith("/moto-api"):
                response = self._moto(environ)
            elif shown := page(environ):
                response = shown
            else:
                call = self._log(environ, body)
                response = self._ivschat(environ, call) if call.service == "ivschat" else self._moto(environ)
        except moto_bridge.Unanswered:
            if call:
                call.error = call.error or "ConnectionReset"
            raise
        except Exception:  # An emulator that breaks must not look like a service that fails.
            traceback.print_exc(file=sys.stderr)
            response = error_response(
                ServiceError("EmulatorError", "The emulator failed; its standard error output says why")
            )
        status, headers, content = response
        if call:
            call.status, call.error = status, call.error or _error_code(response)
        if environ["REQUEST_METHOD"] != "HEAD":
            # A fault may announce a longer body than it sends; moto's own headers are about another connection.
            hop_by_hop = () if call and call.fault else ("content-length", "transfer-encoding", "connection")
            headers = [(name, value) for name, value in headers if name.lower() not in hop_by_hop]
            if status not in (204, 304) and "content-length" not in [name.lower() for name, _value in headers]:
                headers.append(("Content-Length", str(len(content))))
        start_response(f"{status} {http.HTTPStatus(status).phrase}", headers)
        return [content]

    def _moto(self, environ: dict[str, Any]) -> Response:
        started: list[Any] = []
        chunks = self._application(environ, lambda *args: started.extend(args[:2]))
        content = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        return int(started[0].split()[0]), started[1], content

    def stop(self) -> None:
        """End what goes on outside of requests: connections of clients, processes of functions."""
        self._messaging.stop()

    # The call log

    def _log(self, environ: dict[str, Any], body: bytes) -> Call:
        access_key_id, region, _service_name = moto_bridge.credential_scope(environ.get("HTTP_AUTHORIZATION", ""))
        service = _service(environ)
        operation, parameters = _operation_of_another_service(environ, body), None
        if service == "ivschat":
            operation = None
            if routed := _routed(environ):
                operation = routed[0].name
                with contextlib.suppress(ValueError):
                    parameters = read_parameters(*routed, environ["QUERY_STRING"], body)
        account = moto_bridge.account_of(environ)
        write = service == "ivschat" and operation is not None and is_write(operation)
        return self._record(Call(service, operation, parameters, account, region, access_key_id, write=write))

    def _record(self, call: Call) -> Call:
        with self._lock:
            call.number = len(self._calls) + 1
            self._calls.append(call)
        return call

    # A call of the service

    def _ivschat(self, environ: dict[str, Any], call: Call) -> Response:
        operation = call.operation
        if not call.access_key_id:
            return error_response(_missing_credentials(environ))
        if not moto_bridge.has_region(call.region):  # There is no such host.
            raise moto_bridge.Unanswered
        if operation is None:
            return self._moto(environ)
        if SETTINGS["latency"]:
            time.sleep(SETTINGS["latency"])
        if refusal := self._refusal(call, operation):
            return error_response(refusal, call.parameters)
        return self._with_faults(environ, call, operation, lambda: self._moto_and_clients(environ, call, operation))

    def _moto_and_clients(self, environ: dict[str, Any], call: Call, operation: str) -> Response:
        response = self._moto(environ)
        if response[0] < 300:
            self._messaging.after_call(operation, call.parameters or {}, json.loads(response[2] or b"{}"))
        return response

    def _connect(self, environ: dict[str, Any], call: Call) -> Response:
        """The handshake of a chat client; when it succeeds, `environ` gets what serves the connection."""
        accepted: list[Connection] = []

        def accept() -> Response:
            response, connection = self._messaging.accept(Handshake(environ))
            if connection:
                accepted.append(connection)
                call.region, call.account = connection.room_arn.split(":")[3:5]
            return response

        if SETTINGS["latency"]:
            time.sleep(SETTINGS["latency"])
        response: Response | None = None
        try:
            response = self._with_faults(environ, call, CONNECT, accept)
        finally:
            for connection in accepted:
                if response and response[0] == 101:
                    environ[moto_bridge.WEBSOCKET] = partial(self._messaging.serve, connection)
                else:  # An error that a test asked for has taken its place.
                    self._messaging.forget(connection)
        return response

    def _with_faults(
        self, environ: dict[str, Any], call: Call, operation: str, carry_out: Callable[[], Response]
    ) -> Response:
        """Carry out a call, with the hold and the fault that it meets."""
        with self._lock:
            cleared = self._faults_cleared
            hold, fault = _take(self._holds, operation), _take(self._faults, operation)
            due = [item for item in self._interventions if operation != CONNECT and _is_due(item, operation)]
            if fault:
                fault.count -= 1
                if not fault.count:
                    self._faults.remove(fault)
                call.fault = f"{fault.error or 'response'} {fault.when}"
        if hold and hold.when == "before":
            _wait_until_released(hold)
        self._intervene(due, "before", call)
        response: Response | None = None
        if not (fault and fault.when == "before"):
            response = carry_out()
            call.effect = call.write and response[0] < 300
        self._intervene(due, "after", call)
        if hold and hold.when == "after":
            _wait_until_released(hold)
        if fault:
            return _fail(environ, call, fault, cleared)
        assert response
        return response

    def _intervene(self, due: list[Intervention], when: str, call: Call) -> None:
        """Carry out the changes; RuntimeError when the service refuses one, for the test must not miss that."""
        for item in due:
            if item.when == when:
                try:
                    parameters, result = moto_bridge.carry_out(call.account, call.region, item.action, item.parameters)
                except ServiceError as error:
                    raise RuntimeError(f"the intervention {item} was refused: {error.code}: {error}") from error
                self._messaging.after_call(item.action, parameters, result)
                item.results.append(result)

    def _refusal(self, call: Call, operation: str) -> ServiceError | None:
        """The error for expired credentials or a call beyond its quota; the service checks these first."""
        if call.access_key_id in SETTINGS["expired_access_keys"]:
            return ServiceError("ExpiredTokenException", "The security token included in the request is expired")
        tps = SETTINGS.tps(operation)
        if self._rates.take((call.account, call.region, operation), tps):
            return None
        return ServiceError("ThrottlingException", "Rate exceeded", limit=int(tps or 0))

    # The control interface

    def _reset(self) -> None:
        with self._lock:
            SETTINGS.restore()
            self._calls.clear()
            self._interventions.clear()
        self._rates.clear()
        self._clear_faults()
        self._release_holds(drop=True)
        moto_bridge.restore_auth()

    def _clear_faults(self) -> None:
        with self._lock:
            self._faults.clear()
            self._faults_cleared.set()
            self._faults_cleared = threading.Event()

    def _release_holds(self, drop: bool) -> None:
        with self._lock:
            holds, self._holds = self._holds, []
        for hold in holds:
            hold.drop = drop
            hold.released.set()

    def _control(self, environ: dict[str, Any], name: str, body: bytes) -> Response:
        method = environ["REQUEST_METHOD"]
        try:
            sent = read_json(body or b"{}") if method == "POST" else None
            status, shown = self._control_call(method, name, sent, parse_qs(environ["QUERY_STRING"]))
        except (ValueError, TypeError) as error:
            status, shown = 400, {"message": str(error)}
        content = json.dumps(shown, default=lambda moment: moment.isoformat()).encode()
        return status, [("Content-Type", "application/json")], content

    def _control_call(self, method: str, name: str, sent: Any, query: dict[str, list[str]]) -> tuple[int, Any]:
        match method, name:
            case "POST" | "DELETE", "settings":
                with moto_bridge.LOCK:
                    if method == "POST":
                        SETTINGS.change(sent)
                    else:
                        SETTINGS.restore()
                self._rates.clear()
                self._messaging.settings_changed()
            case "POST", "faults":
                fault = Fault(**sent)
                fault.validate()
                with self._lock:
                    self._faults.append(fault)
            case "DELETE", "faults":
                self._clear_faults()
            case "POST", "holds":
                hold = Hold(**{**sent, "reached": False})
                hold.validate()
                with self._lock:
                    self._holds.append(hold)
            case "DELETE", "holds":
                self._release_holds(drop=query.get("drop") == ["true"])
            case "POST", "interventions":
                intervention = Intervention(**{**sent, "results": []})
                intervention.validate()
                with self._lock:
                    self._interventions.append(intervention)
            case "DELETE", "interventions":
                with self._lock:
                    self._interventions.clear()
            case "DELETE", "calls":
                with self._lock:
                    self._calls.clear()
            case "POST", "verify-token":
                claims = moto_bridge.verify_token(sent["token"])
                return (200, claims) if claims else (404, {"message": "not a valid token"})
            case "DELETE", "connections":
                return 200, {"cut": self._messaging.cut(*_chosen_connections(query))}
            case "POST", "flush-logs":
                return 200, {"records": self._messaging.flush_logs()}
            case "GET", "settings" | "faults" | "holds" | "interventions" | "calls" | "connections":
                pass
            case _:
                return 404, {"message": f"no {method} {name}"}
        return 200, self._state(name)

    def _state(self, name: str) -> dict[str, Any]:
        if name == "connections":
            connections = [connection for connection in self._messaging.connections({}) if connection.is_open]
            return {"connections": [connection.describe() for connection in connections]}
        with self._lock:
            if name == "settings":
                return dict(SETTINGS)
            if name == "faults":
                return {"faults": [asdict(fault) for fault in self._faults]}
            if name == "interventions":
                return {"interventions": [asdict(intervention) for intervention in self._interventions]}
            if name == "holds":
                shown = ("operation", "when", "reached")
                return {"holds": [{key: getattr(hold, key) for key in shown} for hold in self._holds]}
            return {"calls": [asdict(call) for call in self._calls]}


# Parameters of the control interface that choose connections, and their attributes.
_CONNECTION_FILTERS = {"id": "id", "roomArn": "room_arn", "userId": "user_id"}


def _chosen_connections(query: dict[str, list[str]]) -> tuple[dict[str, str], int | None]:
    """The filters of a query, and the close code if it has one; ValueError when a parameter is not allowed."""
    parameters = {name: values[-1] for name, values in query.items()}
    code = parameters.pop("closeCode", None)
    if code is not None and not re.fullmatch(r"1000|1001|1011|[34]\d{3}", code):
        raise ValueError(f"closeCode: {code!r} is not 1000, 1001, 1011 or 3000 to 4999")
    if unknown := sorted(set(parameters) - set(_CONNECTION_FILTERS)):
        raise ValueError(f"{unknown[0]}: must be one of closeCode, {', '.join(_CONNECTION_FILTERS)}")
    wanted = {_CONNECTION_FILTERS[name]: value for name, value in parameters.items()}
    return wanted, None if code is None else int(code)


def _read_body(environ: dict[str, Any]) -> bytes:
    """The whole body, put back for the application; bytes left unread would be read as the next request."""
    source = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body = source.read()
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    else:
        body = source.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
    return bytes(body)


def _routed(environ: dict[str, Any]) -> tuple[OperationModel, dict[str, str]] | None:
    return route(environ["REQUEST_METHOD"], environ["RAW_URI"].partition("?")[0])


def _service(environ: dict[str, Any]) -> str:
    """The service that a request is for, by its signature; without one, by its path if that is one of IVS Chat."""
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    if service := moto_bridge.credential_scope(authorization)[2]:
        return service
    routed = _routed(environ) if "X-Amz-Credential=" not in environ["QUERY_STRING"] else None
    # Other services have /tags/{arn} too.
    is_ivschat = routed and routed[1].get("resourceArn", "arn:aws:ivschat:").startswith("arn:aws:ivschat:")
    return "ivschat" if is_ivschat else ""


def _missing_credentials(environ: dict[str, Any]) -> ServiceError:
    """The error for a call that is not signed, or not in the way that the service reads."""
    if "HTTP_AUTHORIZATION" in environ:
        return ServiceError("IncompleteSignatureException", "Authorization header requires 'Credential' parameter.")
    return ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token")


def _operation_of_another_service(environ: dict[str, Any], body: bytes) -> str | None:
    """The operation of another service where a header or the form names it; the REST services do not."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return str(target).rpartition(".")[2]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(body.decode(errors="replace")).get("Action", [None])[0]
    return None


def _error_code(response: Response) -> str | None:
    headers = {name.lower(): value for name, value in response[1]}
    return headers.get("x-amzn-errortype") or (f"Http{response[0]}" if response[0] >= 400 else None)


_Planned = TypeVar("_Planned", Fault, Hold)


def _take(planned: list[_Planned], operation: str) -> _Planned | None:
    """The fault or hold that this call meets; one that is still to be skipped keeps those behind it waiting."""
    for item in planned:
        if item.operation in ("*", operation) and not getattr(item, "reached", False):
            if item.skip:
                item.skip -= 1
                return None
            if isinstance(item, Hold):
                item.reached = True
            return item
    return None


def _is_due(intervention: Intervention, operation: str) -> bool:
    """Count this call; whether the intervention belongs to it."""
    if intervention.operation not in ("*", operation) or not intervention.count:
        return False
    if intervention.skip:
        intervention.skip -= 1
        return False
    intervention.count -= 1
    return True


def _wait_until_released(hold: Hold) -> None:
    hold.released.wait()
    if hold.drop:
        raise moto_bridge.Unanswered


def _fail(environ: dict[str, Any], call: Call, fault: Fault, cleared: threading.Event) -> Response:
    if fault.response is not None:
        return _raw_response(fault.response)
    if fault.error is None or fault.error == "Http503":
        return 503, [], b""
    connection: socket.socket = environ["werkzeug.socket"]
    if fault.error in TRANSPORT_FAULTS:
        call.error = fault.error
    if fault.error == "ConnectionReset":
        # Without lingering, closing the socket resets the connection.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise moto_bridge.Unanswered
    if fault.error == "Timeout":
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline and not cleared.wait(0.05) and not _is_closed(connection):
            pass
        raise moto_bridge.Unanswered
    return error_response(ServiceError(fault.error, fault.message), call.parameters)


def _is_closed(connection: socket.socket) -> bool:
    readable, _writable, _failed = select.select([connection], [], [], 0)
    try:
        return bool(readable) and not connection.recv(1, socket.MSG_PEEK)
    except ConnectionError:
        return True
