# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module shares: its start, its client, its errors, and the one place that knows check mode. Private."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

try:
    import boto3
    import botocore.config
    from botocore.exceptions import ClientError
except ImportError:  # reported by AnsibleAWSModule
    ClientError = type("NoBotocore", (Exception,), {})

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict
from ansible.module_utils.common.warnings import warn
from ansible_collections.amazon.aws.plugins.module_utils.common import set_collection_info
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ._resources import KNOWN_AFTER_APPLY, REGIONS, Kind
from ._retries import clean_error_responses, lacks_lambda_permission
from ._validation import UnknownArnError, validate_dictionaries, validate_endpoint_url

T = TypeVar("T")

VERSION = "1.0.0"  # the collection's, for the user agent; a test compares it with galaxy.yml


# Options of every module that declares resources.
SHARED_OPTIONS: dict[str, Any] = {
    "state": {"choices": ["present", "absent"], "default": "present"},
    "tags": {"type": "dict", "aliases": ["resource_tags"]},
    "purge_tags": {"type": "bool", "default": True},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 300},
}


# Makes any option one that ansible-core takes as it is.
_RAW: dict[str, Any] = {"type": "raw", "options": None, "elements": None, "choices": None, "required": False}


class _ChoicesOrNull(list[Any]):
    """Choices that null is one of: "not set", as it is for an option without choices. ansible-core refuses it."""

    def __contains__(self, value: object) -> bool:
        return value is None or super().__contains__(value)


def _take_null(argument_spec: dict[str, Any]) -> dict[str, Any]:
    """Return an argument spec in which null is "not set" for every option, and suboption, that has no default."""
    spec = {}
    for name, option in argument_spec.items():
        spec[name] = dict(option)
        if option.get("options"):
            spec[name]["options"] = _take_null(option["options"])
        if option.get("choices") and option.get("default") is None:
            spec[name]["choices"] = _ChoicesOrNull(option["choices"])
    return spec


class IvsChatModule(AnsibleAWSModule):
    """An AnsibleAWSModule whose failures are one message with the error code and request ID, without a traceback."""

    def __init__(self, argument_spec: dict[str, Any], **arguments: Any) -> None:
        failure: Exception
        try:
            super().__init__(argument_spec=_take_null(argument_spec), **arguments)
        except (OverflowError, TypeError) as error:  # ansible-core's, of a number in place of a dictionary, of infinity
            failure = error
        else:
            return
        # Outside the handler, so that ansible-core does not add the chain of exceptions to the message.
        super().__init__(argument_spec={name: {**option, **_RAW} for name, option in argument_spec.items()})
        errors = validate_dictionaries(argument_spec, self.params)
        self.fail_json(msg="; ".join(errors) or f"An option is not valid: {failure}")

    def fail_json(self, msg: str, **details: Any) -> None:
        super().fail_json(msg=one_line(msg), **details)

    def fail_json_aws(self, exception: BaseException, msg: str | None = None, **details: Any) -> None:
        self.fail_json(msg=format_error(exception, msg), **_response_of(exception), **details)

    def warn(self, warning: str, **details: Any) -> None:
        """Warn as AnsibleModule does. AnsibleAWSModule also copies warnings into the result, which is deprecated."""
        warn(warning, **details)

    def fail_json_aws_error(self, exception: AnsibleAWSError) -> None:
        # amazon.aws leaves out the details. `writes`: the operations that the service accepted before the failure.
        details = dict(exception.kwargs)
        message = str(exception.message or "")
        if exception.exception:
            message = format_error(exception.exception, exception.message)
        if writes := details.get("writes"):
            end = one_line(f"; before that, the service accepted {', '.join(writes)}", 500)
            message = one_line(message, MAXIMUM_MESSAGE_LENGTH - len(end)) + end
        self.fail_json(msg=message, **{**_response_of(exception.exception), **details})


def run_module(module: IvsChatModule, validation_errors: list[str], body: Callable[[IvsChatModule, Any], None]) -> None:
    """Refuse bad input before the first call, then run the module's body with a client; fail with one message."""
    errors = validate_endpoint_url(module.params["endpoint_url"]) + validate_region(module)
    errors += input_errors(validation_errors, module.check_mode)
    if errors:
        module.fail_json(msg="; ".join(errors))
    failure: AnsibleAWSError
    try:
        body(module, create_client(module))
    except AnsibleAWSError as error:
        failure = error
    # Outside the handler, so that ansible-core does not add the chain of exceptions to the message.
    module.fail_json_aws_error(failure)


# Check mode: in a module, these functions alone know of it. (A lookup reads it from its variables.)


def write_unless_check_mode(module: IvsChatModule, predict: Callable[[], T], write: Callable[[], T]) -> T:
    """Return what `predict` returns in check mode, else what `write` returns."""
    if module.check_mode:
        return predict()
    return write()


def refuse_unless_check_mode(module: IvsChatModule, message: str) -> None:
    """Refuse a task because of a resource that an earlier task may create, change, or remove.

    Raises AnsibleAWSError. In check mode, where the earlier task wrote nothing, it is a warning instead.
    """
    if not module.check_mode:
        raise AnsibleAWSError(message=message)
    module.warn(f"Outside check mode, this task fails unless an earlier task changes this: {message}")


def input_errors(validation_errors: list[str], check_mode: bool) -> list[str]:
    """Return the errors for which input is refused: in check mode, an ARN may be one that an earlier task creates."""
    return [error for error in validation_errors if not (check_mode and isinstance(error, UnknownArnError))]


def warn_if_unknown(module: IvsChatModule, option: str, arns: Iterable[str | None], kind: Kind, inexact: str) -> None:
    """Warn that something is not exact, if one of the ARNs of an option is that of a resource not created yet."""
    if KNOWN_AFTER_APPLY in arns:
        module.warn(f"{option}: the {kind.title} does not exist yet, so the {inexact} is not exact")


def validate_region(module: IvsChatModule) -> list[str]:
    """Validate that the region offers the service: without this, a wrong region is only a failing name lookup."""
    region = module.region
    if not region or region in REGIONS:
        return []
    known = boto3.session.Session().get_available_regions("ivschat")
    if region in known:
        return []
    return [
        f"region: {region!r} does not offer Amazon IVS Chat: it must be one of {', '.join(sorted({*known, *REGIONS}))} "
        f"(as known to botocore {botocore.__version__})"
    ]


def create_client(module: IvsChatModule) -> Any:
    """Return the one client of this run, without botocore's own retries (see _retries)."""
    # This process lives for one task. What botocore reads while it makes a client stays to the end, and the garbage
    # collector would go through it again and again: a twelfth of the time of a small task (make bench).
    gc.set_threshold(50_000)
    set_collection_info("aws_ivs.chat", VERSION)
    if (module.params.get("aws_config") or {}).pop("retries", None) is not None:
        module.warn("aws_config.retries is ignored: this collection counts its own retries, so that creates are safe")
    try:
        client = module.client("ivschat", config=botocore.config.Config(retries={"total_max_attempts": 1}))
    except (TypeError, ValueError) as error:  # botocore's, of an option or value that it does not know
        raise AnsibleAWSError(message=f"aws_config: {error}") from error
    clean_error_responses(client)
    return client


# Errors as a user reads them.

MAXIMUM_MESSAGE_LENGTH = 2000  # in characters


def one_line(text: str, maximum: int = MAXIMUM_MESSAGE_LENGTH) -> str:
    """Return a text as one line of printable characters, cut off at a maximum length."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= maximum else f"{line[: maximum - 3]}..."


def _response_of(exception: BaseException | None) -> dict[str, Any]:
    """Return the response of a failed call as the modules return it; {} when there was none."""
    return camel_dict_to_snake_dict(exception.response) if isinstance(exception, ClientError) else {}


def format_error(exception: BaseException | None, action: str | None = None) -> str:
    """Return an error as one line: the action that failed, the operation, the code, the message, the request ID."""
    response, text = {}, str(exception or "")
    if isinstance(exception, ClientError):  # its own text also counts botocore's retries, which are off
        response, error = exception.response, exception.response["Error"]
        text = f"{exception.operation_name} failed with {error['Code']}: {error.get('Message') or 'no message'}"
    text = one_line(": ".join(part for part in (action, text) if part) + _hint(exception, response))
    request_id = response.get("ResponseMetadata", {}).get("RequestId")
    end = one_line(f" (request id {request_id})", 200) if request_id else ""
    return f"{one_line(text, MAXIMUM_MESSAGE_LENGTH - len(end) - 1)} {end}" if end else text


def _hint(exception: BaseException | None, response: dict[str, Any]) -> str:
    """Return what the error's own members, or this collection, know beyond the message."""
    fields = [f"{each.get('name')}: {each.get('message')}" for each in response.get("fieldList") or [] if each]
    hint = f" [{'; '.join(fields)}]" if fields else ""
    if "limit" in response:
        hint += f" [limit {response['limit']}]"
    if lacks_lambda_permission(exception):
        hint += (
            " - the function of message_review_handler.uri needs a resource policy that grants lambda:InvokeFunction "
            "to the principal ivschat.amazonaws.com"
        )
    return hint
