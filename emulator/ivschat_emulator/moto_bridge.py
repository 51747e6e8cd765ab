# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that touches moto's internals: the backend, what it reads of other services, IAM, the server."""

from __future__ import annotations

import re
import sys
import threading
import types
from base64 import b64encode
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import parse_qs, unquote

import moto.backend_index
from botocore.awsrequest import AWSRequest
from botocore.exceptions import EndpointConnectionError
from moto import settings as moto_settings
from moto.backends import get_backend
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import AccessDeniedError, InvalidClientTokenIdError, SignatureDoesNotMatchError
from moto.core.responses import (  # type: ignore[attr-defined]  # The first, which only older versions define there.
    ActionAuthenticatorMixin,
    ActionContext,
    ActionResult,
    BaseResponse,
)
from moto.core.serialize import RestJSONSerializer, TimestampSerializer
from moto.core.utils import get_service_model
from moto.firehose import models as firehose_models
from moto.iam.access_control import IAMRequest
from moto.iam.models import get_account_id_from
from moto.moto_server import werkzeug_app
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from . import service_model
from .review import Function
from .service import IvsChat, dependent_actions

# The application leaves here what serves the connection of a request that it accepts as a WebSocket.
WEBSOCKET = "ivschat.websocket"
LOCK = threading.RLock()  # Around all state of the service.
_URL = r"https?://ivschat\.(.+)\.amazonaws\.com"
_DEFAULT_AUTH_COUNT = moto_settings.INITIAL_NO_AUTH_ACTION_COUNT
# moto's codes are not those of the service.
_AUTH_CODES: dict[type[Any], str] = {
    AccessDeniedError: "AccessDeniedException",
    SignatureDoesNotMatchError: "InvalidSignatureException",
    InvalidClientTokenIdError: "UnrecognizedClientException",
}


class _OtherServices:
    """moto's S3, Logs, Firehose, Lambda and CloudWatch in one account and region."""

    def __init__(self, account: str, region: str) -> None:
        self._account, self._region = account, region

    def _backend(self, service: str, region: str = "") -> Any:
        return get_backend(service)[self._account][region or self._region]  # type: ignore[call-overload]

    def has_bucket(self, name: str) -> bool:
        bucket = self._backend("s3", "aws").buckets.get(name)
        return bucket is not None and bucket.region_name == self._region

    def has_log_group(self, name: str) -> bool:
        return name in self._backend("logs").groups

    def has_delivery_stream(self, name: str) -> bool:
        return name in self._backend("firehose").delivery_streams

    def lambda_policy(self, function_arn: str) -> list[dict[str, Any]]:
        function, qualifier = self._lambda_function(function_arn)
        # A permission given to a version or an alias is for that one only. (moto distorts the middle of their ARNs.)
        return [
            statement
            for statement in (function.policy.statements if function else [])
            if (statement["Resource"].endswith(f":{qualifier}") if qualifier else statement["Resource"] == function_arn)
        ]

    def _lambda_function(self, function_arn: str) -> tuple[Any, str]:
        """moto's function, None when there is none, and the qualifier in the ARN."""
        name, _colon, qualifier = function_arn.partition(":function:")[2].partition(":")
        try:
            return self._backend("lambda").get_function(name, qualifier or None), qualifier
        except Exception as error:
            if getattr(error, "code", None) != 404:
                raise
            return None, qualifier

    def review_function(self, function_arn: str) -> Function | None:
        """What is needed to run a Lambda function; None when there is none, or it is an image."""
        function, _qualifier = self._lambda_function(function_arn)
        if function is None or not (function.code_bytes and function.handler and function.run_time):
            return None
        environment = tuple(sorted({**function.environment_vars, "AWS_REGION": self._region}.items()))
        version = repr((function.code_sha_256, function.handler, function.run_time, environment))
        return Function(function_arn, function.run_time, function.handler, function.code_bytes, environment, version)

    # message_logs.Destinations

    def put_object(self, bucket: str, key: str, content: bytes) -> None:
        if not self.has_bucket(bucket):
            raise LookupError(bucket)
        self._backend("s3", "aws").put_object(bucket, key, content)

    def put_log_events(self, group: str, stream: str, events: list[tuple[int, str]]) -> None:
        if not self.has_log_group(group):
            raise LookupError(group)
        self._backend("logs").ensure_log_stream(group, stream)
        self._backend("logs").put_log_events(
            group, stream, [{"timestamp": moment, "message": message} for moment, message in events]
        )

    def put_records(self, stream: str, records: list[bytes]) -> None:
        if not self.has_delivery_stream(stream):
            raise LookupError(stream)
        # Some versions of moto decode the data there, others where they read the request.
        encode = b64encode if hasattr(firehose_models, "b64decode") else bytes
        self._backend("firehose").put_record_batch(stream, [{"Data": encode(record)} for record in records])

    def put_metric(self, name: str, count: int = 1, **dimension: str) -> None:
        dimensions = [{"Name": key, "Value": value} for key, value in dimension.items()]
        datum = {"MetricName": name, "Dimensions": dimensions, "Value": count, "Unit": "Count"}
        datum["Dimensions.member"] = dimensions  # As some versions of moto call it.
        self._backend("cloudwatch").put_metric_data("AWS/IVSChat", [datum])


class IvsChatBackend(BaseBackend):
    """moto's view of the service in one account and region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.others = _OtherServices(account_id, region_name)
        self.service = IvsChat(account_id, region_name, self.others)

    @property
    def _url_module(self) -> Any:
        return types.SimpleNamespace(
            url_bases=[_URL],
            url_paths={r"{0}/(?P<path>[\s\S]*)$": IvsChatResponse.dispatch},  # A path may hold a line end.
        )


class _Milliseconds(TimestampSerializer):
    def _timestamp_iso8601(self, value: Any) -> str:
        return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"


class _Serializer(RestJSONSerializer):
    """Output members by the model; times in milliseconds, as the service writes them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timestamp_serializer = _Milliseconds(self.DEFAULT_TIMESTAMP_FORMAT)


class _Authorization(IAMRequest):
    """moto's IAM check, then the actions that the operation also needs."""

    dependent: list[tuple[str, str]] = []
    raw_path = ""

    def check_action_permitted(self, resource: str) -> None:
        super().check_action_permitted(resource)
        for self._action, needed_resource in self.dependent:  # noqa: B020 (it is not self that changes)
            super().check_action_permitted(needed_resource)

    def _create_aws_request(self) -> Any:
        # Where there is no body, moto signs the parsed query string; some versions also decode the path.
        self._data, self._path = {}, self.raw_path
        if not (sent := re.search(r"[?&]X-Amz-Date=(\w+)", self.raw_path)):
            return super()._create_aws_request()
        # A presigned URL, which moto knows for S3 only.
        signed = self._headers["Authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
        headers = {name: value for name, value in self._headers.items() if name.lower() in signed}
        path, _mark, query = self.raw_path.partition("?")
        signed_query = "&".join(part for part in query.split("&") if not part.startswith("X-Amz-Signature="))
        request = AWSRequest(method=self._method, url=f"{path}?{signed_query}", data=self._body, headers=headers)
        request.context["timestamp"] = sent[1]
        return request


class IvsChatResponse(BaseResponse):
    """Carries one request from moto's dispatcher to the service and its response back."""

    use_raw_body = True

    def __init__(self) -> None:
        super().__init__(service_name="ivschat")
        self._operation = self._query = ""

    def setup_class(
        self, request: Any, full_url: str | None = None, headers: Any = None, use_raw_body: bool | None = None
    ) -> None:
        """As moto's, which in some versions decodes the body and the query."""
        super().setup_class(request, full_url, headers, use_raw_body=True)
        _path, _mark, raw_query = getattr(request, "environ", {}).get("RAW_URI", "").partition("?")
        self._query = raw_query or self.parsed_url.query

    def call_action(self) -> Any:
        """Authorise, check, carry out, serialise."""
        parameters: dict[str, Any] = {}
        try:
            status, headers, body = self._respond(parameters)
        except service_model.ServiceError as error:
            status, headers, body = service_model.error_response(error, parameters)
        return status, dict(headers), body

    def _respond(self, parameters: dict[str, Any]) -> service_model.Response:
        routed = service_model.route(self.method, self.raw_path)
        if routed is None:
            raise service_model.ServiceError("ValidationException", "Unknown operation", reason="UNKNOWN_OPERATION")
        operation, labels = routed
        self._operation = operation.name
        try:
            parameters |= service_model.read_parameters(operation, labels, self._query, self.raw_body)
        except ValueError:
            raise service_model.ServiceError("ValidationException", "The request body is not a JSON object") from None
        # self.region is not used: moto looks for a region in the whole URL first, tag keys included.
        scope = credential_scope(self.headers.get("Authorization") or unquote(self._query))
        region = scope[1] or self.default_region
        if not has_region(region):  # There is no such host. (The server has not let such a call come this far.)
            raise EndpointConnectionError(endpoint_url=self.uri)
        self._authorize(parameters, region)
        service_model.validate(operation, parameters)
        with LOCK:
            result = BACKENDS[self.current_account][region].service.call(operation.name, parameters)
        model = get_service_model("ivschat")
        context = ActionContext(model, model.operation_model(operation.name), _Serializer, self)
        _status, headers, body = ActionResult(result).execute_result(context)
        if not (operation.output_shape and operation.output_shape.members):
            body = ""  # Not even "{}" (AWS CLI examples).
        status = operation.http.get("responseCode", 200)  # Some versions of moto always return 200.
        return status, [*headers.items(), service_model.request_id_header()], str(body).encode()

    def _authorize(self, parameters: dict[str, Any], region: str) -> None:
        dependent = dependent_actions(self._operation, parameters, self.current_account, region)
        raw_path = f"{self.raw_path}?{self._query}" if self._query else self.raw_path
        check = type("Authorization", (_Authorization,), {"dependent": dependent, "raw_path": raw_path})
        try:
            self._authenticate_and_authorize_action(check, service_model.resource_of(parameters) or "*")
        except (AccessDeniedError, SignatureDoesNotMatchError, InvalidClientTokenIdError) as error:
            raise service_model.ServiceError(_AUTH_CODES[type(error)], str(error.message)) from None

    def _get_action(self) -> str:
        return self._operation


class Unanswered(Exception):
    """The connection of a request is to end without a response."""


BACKENDS: BackendDict[Any] = BackendDict(IvsChatBackend, "ivschat")


def credential_scope(authorization: str) -> tuple[str, str, str]:
    """Access key id, region and service of a request by its Authorization header; empty where there is none."""
    match = re.search(r"Credential=([^/,]+)/\d+/([^/,]+)/([^/,]+)/aws4_request", authorization)
    return (match[1], match[2], match[3]) if match else ("", "", "")


def sign_in_header(environ: dict[str, Any]) -> None:
    """Give a request with a presigned URL of this service the headers that say the same, for moto."""
    query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    credential = query.get("X-Amz-Credential", "")
    if "HTTP_AUTHORIZATION" in environ or credential.split("/")[3:] != ["ivschat", "aws4_request"]:
        return
    members = {
        "Credential": credential,
        "SignedHeaders": query.get("X-Amz-SignedHeaders", ""),
        "Signature": query.get("X-Amz-Signature", ""),
    }
    environ["HTTP_AUTHORIZATION"] = "AWS4-HMAC-SHA256 " + ", ".join(map("=".join, members.items()))
    if token := query.get("X-Amz-Security-Token"):
        environ["HTTP_X_AMZ_SECURITY_TOKEN"] = token


def account_of(environ: dict[str, Any]) -> str:
    """The account that a request acts in, as moto sees it."""
    access_key = credential_scope(environ.get("HTTP_AUTHORIZATION", ""))[0]
    return str(environ.get("HTTP_X_MOTO_ACCOUNT_ID") or get_account_id_from(access_key))


def has_region(region: str) -> bool:
    """Whether the service exists in a region, by botocore's list of endpoints."""
    return region in BACKENDS["123456789012"].regions


def carry_out(
    account: str, region: str, operation: str, parameters: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Carry out an operation without a request; a resource can be named in place of its ARN.

    Returns the parameters with ARNs, and the output. ServiceError: refused.
    """
    with LOCK:
        service = BACKENDS[account][region].service
        parameters = {**parameters, **service.arns_for_names(operation, parameters)}
        model = service_model.OPERATIONS[operation]
        parameters = service_model.known_members(model.input_shape, parameters)
        service_model.validate(model, parameters)
        return parameters, service.call(operation, parameters)


def verify_token(token: str) -> dict[str, Any] | None:
    """What a chat token of any account and region was created for; None when it is not valid."""
    return _first_service(lambda service: service.verify_token(token))


def use_token(token: str) -> dict[str, Any] | None:
    """What a chat token of any account and region was created for, once; None when it is not valid."""
    return _first_service(lambda service: service.use_token(token))


def _first_service(ask: Callable[[IvsChat], dict[str, Any] | None]) -> dict[str, Any] | None:
    with LOCK:
        answers = (ask(backend.service) for _account, _region, backend in BACKENDS.iter_backends())  # type: ignore
        return next(filter(None, answers), None)


def service_of(arn: str) -> IvsChat:
    """The service in the account and region of an ARN."""
    region, account = arn.split(":")[3:5]
    return BACKENDS[account][region].service


def others_of(arn: str) -> _OtherServices:
    """The other services in the account and region of an ARN."""
    region, account = arn.split(":")[3:5]
    return BACKENDS[account][region].others


def restore_auth() -> None:
    """Undo /moto-api/reset-auth, which moto's own reset leaves alone."""
    moto_settings.INITIAL_NO_AUTH_ACTION_COUNT = _DEFAULT_AUTH_COUNT
    ActionAuthenticatorMixin.request_count = 0


def add_to_moto() -> None:
    """Make IVS Chat one of moto's services, in this process and until it ends; again and again changes nothing."""
    # moto finds a service by its URL, and its backends as an attribute of the module moto.<service>.
    module = types.ModuleType("moto.ivschat")
    module.ivschat_backends = BACKENDS  # type: ignore[attr-defined]
    sys.modules["moto.ivschat"] = module
    patterns = moto.backend_index.backend_url_patterns
    if "ivschat" not in dict(patterns):
        patterns.append(("ivschat", re.compile(_URL)))


def application() -> Callable[..., Any]:
    """moto's WSGI application with this service added to it."""
    add_to_moto()
    return werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)


# moto's own, where the version has one: it keeps S3 metadata keys with underscores.
_HttpHandler: Any = getattr(werkzeug_app, "MotoRequestHandler", WSGIRequestHandler)


class _RequestHandler(_HttpHandler):
    """Serves an application that reads and responds in one piece; keeps connections open.

    (werkzeug closes each connection, because it cannot know what an application left unread.)
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        started: list[Any] = []
        environ = self.make_environ()
        try:
            body = b"".join(self.server.app(environ, cast(Any, lambda *args: started.extend(args))))
        except Unanswered:
            self.close_connection = True
            return
        if serve := environ.get(WEBSOCKET):
            self.close_connection = True
            self.connection.setblocking(False)  # So that peek() returns what has been read beyond the request.
            try:
                early = self.rfile.peek()
            except OSError:  # The client is gone.
                early = b""
            serve(self.connection, early)
            return
        status, headers = started
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        announced = {name.lower(): value for name, value in headers}.get("content-length", str(len(body)))
        if announced != str(len(body)) and self.command != "HEAD":  # Cut off, as a fault asked for.
            self.close_connection = True

    def log(self, *args: Any) -> None:
        """No access log."""


def make_server(host: str, port: int, app: Callable[..., Any]) -> Any:
    """A threaded HTTP server; `port` 0 takes a free port, which is then the server's `.port`."""
    return ThreadedWSGIServer(host, port, app, handler=_RequestHandler)
