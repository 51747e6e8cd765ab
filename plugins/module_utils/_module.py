# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every module shares: its start, the one place that knows check mode, its one exit, its errors. Private."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

try:
    import boto3
    import botocore.config
    from botocore.exceptions import ClientError
except ImportError:  # reported by AnsibleAWSModule
    ClientError = type("NoBotocore", (Exception,), {})

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict
from ansible_collections.amazon.aws.plugins.module_utils.common import set_collection_info
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ._api import Resource, lacks_lambda_permission
from ._identity import Found
from ._plan import Plan, diff, plan_absent, plan_present
from ._resources import DESTINATIONS, REGIONS, Kind, text_tags
from ._waits import wait_gone
from ._write import Waiting, Written, write

T = TypeVar("T")

VERSION = "1.0.0"  # the collection's, for the user agent; a test compares it with galaxy.yml

DECLARATION = {
    "state": {"choices": ["present", "absent"], "default": "present"},
    "arn": {},
    "name": {},
    "tags": {"type": "dict", "aliases": ["resource_tags"]},
    "purge_tags": {"type": "bool", "default": True},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 300},
}
HANDLER = {"type": "dict", "options": {"uri": {}, "fallback_result": {"choices": ["ALLOW", "DENY"]}}}
DESTINATION: dict[str, Any] = {
    "type": "dict",
    "options": {member: {"type": "dict", "options": {key: {"required": True}}} for member, key in DESTINATIONS.items()},
}
DESTINATION["options"]["cloud_watch_logs"]["aliases"] = ["cloudwatch_logs"]


class ChatModule(AnsibleAWSModule):
    """An AnsibleAWSModule whose failures are one message with the error code and request id, without a traceback."""

    def fail_json_aws(self, exception: BaseException, msg: str | None = None, **details: Any) -> None:
        response = exception.response if isinstance(exception, ClientError) else {}
        self.fail_json(msg=explain(exception, msg), **camel_dict_to_snake_dict(response), **details)


def explain(exception: BaseException | None, doing: str | None = None) -> str:
    """Return an error as one line: what was being done, the operation, the code, the message and the request id."""
    response, text = {}, str(exception or "")
    if isinstance(exception, ClientError):  # its own text also counts botocore's retries, which are off
        response, error = exception.response, exception.response["Error"]
        text = f"{exception.operation_name} ended with {error['Code']}: {error.get('Message') or 'no message'}"
    text = " ".join(": ".join(part for part in (doing, text) if part).split()) + _hint(exception, response)
    request_id = response.get("ResponseMetadata", {}).get("RequestId")
    return text + (f" (request id {request_id})" if request_id else "")


def _hint(exception: BaseException | None, response: dict[str, Any]) -> str:
    """Return what the error's own fields, or this collection, know beyond the message."""
    fields = [f"{each.get('name')}: {each.get('message')}" for each in response.get("fieldList") or []]
    hint = f" [{'; '.join(fields)}]" if fields else ""
    if "limit" in response:
        hint += f" [limit {response['limit']}]"
    if lacks_lambda_permission(exception):
        hint += (
            " - the function of message_review_handler.uri needs a resource policy that grants lambda:InvokeFunction "
            "to the principal ivschat.amazonaws.com"
        )
    return hint


def run(module: ChatModule, faults: list[str], body: Callable[[ChatModule, Any], None]) -> None:
    """Refuse bad input before the first call, then run the module's body with a client; fail with one message."""
    faults = region_faults(module) + faults
    if faults:
        module.fail_json(msg="; ".join(faults))
    failure: AnsibleAWSError
    try:
        body(module, client(module))
    except AnsibleAWSError as error:
        failure = error
    # Outside the handler, so that ansible-core does not add the chain of exceptions to the message.
    module.fail_json_aws_error(failure)


def region_faults(module: ChatModule) -> list[str]:
    """Check that the region offers the service: without this, a wrong region is only a failing name look-up."""
    region = module.region
    if not region or region in REGIONS:
        return []
    known = boto3.session.Session().get_available_regions("ivschat")
    if region in known:
        return []
    return [
        f"region: {region!r} does not offer Amazon IVS Chat, it must be one of {', '.join(sorted({*known, *REGIONS}))} "
        f"(as botocore {botocore.__version__} knows them)"
    ]


def client(module: ChatModule) -> Any:
    """Return the one client of this run, without botocore's own retries (see _api)."""
    # This process lives for one task. What botocore reads while it makes a client stays to the end, and the garbage
    # collector would go through it again and again: a twelfth of the time of a small task (make bench).
    gc.set_threshold(50_000)
    set_collection_info("aws_ivs.chat", VERSION)
    if (module.params.get("aws_config") or {}).pop("retries", None) is not None:
        module.warn("aws_config.retries is not used: this collection counts its own retries, so that a create is safe")
    try:
        return module.client("ivschat", config=botocore.config.Config(retries={"total_max_attempts": 1}))
    except (TypeError, ValueError) as error:  # botocore's, of an option or value that it does not know
        raise AnsibleAWSError(message=f"aws_config: {error}") from error


def converge(
    module: ChatModule,
    client: Any,
    kind: Kind,
    given: Resource,
    found: Found,
    before_write: Callable[[], None] | None = None,
    **returns: Any,
) -> None:
    """Bring a resource to the declared state and exit: one comparison, one guarded write, one exit.

    `before_write` is called first when something has to be written; `returns` is added to the result.
    Raises AnsibleAWSError.
    """
    params = module.params
    by_name = params["arn"] is None
    replan: Callable[[Resource | None], Plan]
    if params["state"] == "absent":
        replan = partial(plan_absent, kind)
    else:
        tags = text_tags(params["tags"]) if params["tags"] is not None else None
        replan = partial(plan_present, kind, given=given, tags=tags, purge_tags=params["purge_tags"])
        if found.before is None and not by_name:
            raise AnsibleAWSError(
                message=f"arn: there is no {kind.title} {params['arn']}, and an ARN cannot be created; "
                "declare it by name alone"
            )
    plan = replan(found.before)

    def apply() -> Written:
        waiting = Waiting(params["wait"], params["wait_timeout"], by_name)
        for leaving in found.deleting if plan.changed or (waiting.wait and plan.after is None) else ():
            wait_gone(client, kind, leaving, waiting.timeout)
        if before_write and plan.changed:
            before_write()
        return write(client, plan, replan, waiting)

    written = unless_check_mode(module, apply, Written(plan.after, plan.changed, plan))
    result = {"changed": written.changed, kind.name: written.resource, **returns}
    if module._diff:
        result["diff"] = diff(written.plan, written.changed)
    module.exit_json(**result)


def unless_check_mode(module: ChatModule, apply: Callable[[], T], prediction: T) -> T:
    """Return what `apply` returns, or in check mode the prediction: the one place that knows check mode."""
    return prediction if module.check_mode else apply()
