# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Deciding: from what is there and what the user set to what is wanted and what must be written. Pure; private."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.tagging import compare_aws_tags

from ._resources import MAXIMUM_TAGS, Kind, normal_handler

Resource = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """One resource before and after, and what has to be sent to get from the one to the other."""

    kind: Kind
    before: Resource | None
    after: Resource | None
    fields: Resource = field(default_factory=dict)  # to create or update with
    tags: dict[str, str] = field(default_factory=dict)  # to create with or to set
    untag: list[str] = field(default_factory=list)  # keys to remove

    @property
    def changed(self) -> bool:
        """Whether anything has to be written."""
        if self.before is None or self.after is None:
            return self.before is not self.after
        return bool(self.fields or self.tags or self.untag)


def plan_absent(kind: Kind, before: Resource | None) -> Plan:
    """Plan that the resource does not exist."""
    return Plan(kind, before, None)


def plan_present(
    kind: Kind, before: Resource | None, given: Resource, tags: dict[str, str] | None = None, purge_tags: bool = True
) -> Plan:
    """Plan that the resource exists with the given fields (those the user set; others stay as they are) and tags.

    A logging configuration in a *_FAILED state is never unchanged: an update with its whole destination repairs it.
    Raises AnsibleAWSError when the tags that are kept and the new ones are more than the service allows.
    """
    current = before or {**dict.fromkeys(kind.assigned), **kind.created, "tags": {}}
    after = {**current, **{name: value for name, value in given.items() if not holds(current[name], value)}}
    if "message_review_handler" in given:
        after["message_review_handler"] = _merged_handler(
            current["message_review_handler"], given["message_review_handler"]
        )
    if "logging_configuration_identifiers" in given:
        after["logging_configuration_identifiers"] = sorted(given["logging_configuration_identifiers"])
    to_set, to_unset = compare_aws_tags(current["tags"], tags, purge_tags) if tags is not None else ({}, [])
    kept = {key: value for key, value in current["tags"].items() if key not in to_unset}
    after["tags"] = {**kept, **to_set}
    own = sum(not key.startswith("aws:") for key in after["tags"])
    if own > MAXIMUM_TAGS:
        raise AnsibleAWSError(
            message=f"tags: with the tags that are kept the {kind.title} would have {own} tags, "
            f"there must be at most {MAXIMUM_TAGS}"
        )
    if before is None:
        fields = {name: after[name] for name in given if after[name] is not None}
        return Plan(kind, None, after, fields, to_set)
    fields = {name: after[name] for name in kind.fields if after[name] != before[name]}
    if is_failed(before):
        fields = {**fields, "destination_configuration": after["destination_configuration"]}
        after["state"] = "ACTIVE"
    return Plan(kind, before, after, fields, to_set, to_unset)


def holds(current: Any, wanted: Any) -> bool:
    """Whether a value is the wanted one; of a dict only what is wanted counts, the service may have added to it."""
    if isinstance(current, dict) and isinstance(wanted, dict):
        return all(key in current and holds(current[key], value) for key, value in wanted.items())
    return bool(current == wanted)


def unshown(plan: Plan, resource: Resource, unread: Collection[str] = ()) -> Resource:
    """Return what a resource does not show (yet) of what a plan wrote, as it shows it; the `unread` fields aside.

    Only what was written is compared: others may change the rest meanwhile.
    """
    differing = {
        name: resource[name]
        for name, value in plan.fields.items()
        if name not in unread and not holds(resource[name], value)
    }
    tags = resource["tags"]
    if not plan.tags.items() <= tags.items() or tags.keys() & set(plan.untag):
        differing["tags"] = tags
    return differing


def _merged_handler(current: Resource | None, given: Resource) -> Resource | None:
    """Overlay the parts of a handler that the user set on the current ones."""
    parts = {part: value for part, value in given.items() if value is not None}
    return normal_handler({**(current or {}), **parts})


def is_failed(resource: Resource) -> bool:
    """Whether a logging configuration is in one of the *_FAILED states."""
    return (resource.get("state") or "").endswith("_FAILED")


def is_deleting(resource: Resource) -> bool:
    """Whether a logging configuration is on its way out, and so counts as gone."""
    return resource.get("state") == "DELETING"


def is_changing(resource: Resource) -> bool:
    """Whether a logging configuration is in the middle of a create or an update."""
    return resource.get("state") in ("CREATING", "UPDATING")


def age_order(resource: Resource) -> tuple[str, str]:
    """Key that sorts resources of one name from the oldest on."""
    return (resource["create_time"] or "", resource["arn"])


def settable(kind: Kind, resource: Resource | None) -> Resource:
    """Return what a user can set of a resource, for a diff."""
    return {name: resource[name] for name in (*kind.fields, "tags")} if resource else {}


def diff(plan: Plan, changed: bool) -> dict[str, Any]:
    """Return the difference as Ansible shows it; both sides are empty when nothing changed."""
    before, after = (settable(plan.kind, side) if changed else {} for side in (plan.before, plan.after))
    return {
        "before": before,
        "after": after,
        "before_header": _header(plan.kind, plan.before, plan.after),
        "after_header": _header(plan.kind, plan.after, plan.before),
    }


def _header(kind: Kind, side: Resource | None, other: Resource | None) -> str:
    """Name a side of a difference the same way in check mode and after the real run (so no ARN of a create)."""
    resource = side or other or {}
    label = resource.get("name") or (resource.get("arn") if side and other else "") or ""
    state = f" (state {side['state']})" if side and is_failed(side) else ""
    return f"{kind.title} {label}".rstrip() + state
