# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the current state and a declaration to a plan: the state after it, and what to send. Pure; private."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.tagging import compare_aws_tags

from ._resources import KNOWN_AFTER_APPLY, MAXIMUM_TAGS, Kind, Resource, holds, is_failed, user_fields


@dataclass(frozen=True)
class Plan:
    """One resource before and after, and what must be sent to get from the one to the other."""

    kind: Kind
    before: Resource | None
    after: Resource | None
    fields: Resource = field(default_factory=dict)  # to create or update with
    tags: dict[str, str] = field(default_factory=dict)  # to create with or to set
    untag: list[str] = field(default_factory=list)  # keys to remove

    @property
    def changed(self) -> bool:
        """Whether anything must be written."""
        if self.before is None or self.after is None:
            return self.before is not self.after
        return bool(self.fields or self.tags or self.untag)


@dataclass(frozen=True)
class WriteResult:
    """The resource after a write (None: there is none), and whether the write changed anything."""

    resource: Resource | None
    changed: bool
    plan: Plan  # the one that was carried out in the end
    created: str | None = None  # the ARN, when this very write created it


@dataclass(frozen=True)
class Declaration:
    """What a task, or an entry of a stack, declares about one resource."""

    kind: Kind
    given: Resource = field(default_factory=dict)  # the fields that the user set; others are left unchanged
    tags: dict[str, str] | None = None  # None: left unchanged
    purge_tags: bool = True
    present: bool = True
    kept_tags: tuple[str, ...] = ()  # keys that purge_tags does not remove

    def plan(self, before: Resource | None) -> Plan:
        """Plan the way from a current state (None: there is no such resource) to the declared one.

        A logging configuration in a *_FAILED state is never unchanged: an update with its whole destination repairs
        it. Raises AnsibleAWSError when the tags that are kept and the new ones are more than the service allows.
        """
        return _plan_present(self, before) if self.present else Plan(self.kind, before, None)


def _plan_present(declaration: Declaration, before: Resource | None) -> Plan:
    kind, given = declaration.kind, declaration.given
    current = before or kind.create_defaults
    after = {
        **current,
        **{each.name: each.merge(current[each.name], given[each.name]) for each in kind.fields if each.name in given},
    }
    to_set, to_unset = (
        compare_aws_tags(current["tags"], declaration.tags, declaration.purge_tags)
        if declaration.tags is not None
        else ({}, [])
    )
    to_unset = [key for key in to_unset if key not in declaration.kept_tags]
    kept = {key: value for key, value in current["tags"].items() if key not in to_unset}
    after["tags"] = {**kept, **to_set}
    _check_number_of_tags(kind, after["tags"])
    if before is None:
        fields = {name: after[name] for name in given if after[name] is not None}
        return Plan(kind, None, after, fields, to_set)
    fields = {name: after[name] for name in kind.field_names if after[name] != before[name]}
    if is_failed(before):
        fields = {**fields, "destination_configuration": after["destination_configuration"]}
        after["state"] = "ACTIVE"
    return Plan(kind, before, after, fields, to_set, to_unset)


def _check_number_of_tags(kind: Kind, tags: dict[str, str]) -> None:
    own = sum(not key.startswith("aws:") for key in tags)
    if own > MAXIMUM_TAGS:
        raise AnsibleAWSError(
            message=f"tags: the {kind.title} would have {own} tags, including those that it keeps: the maximum is "
            f"{MAXIMUM_TAGS}"
        )


def predict(plan: Plan, arn: str | None = None) -> Resource | None:
    """Return the resource after a plan that is not carried out; a create shows that its ARN and ID are not known.

    `arn` is the ARN that the user specified for a resource that does not exist yet.
    """
    if plan.before is not None or plan.after is None:
        return plan.after
    arn = arn or KNOWN_AFTER_APPLY
    return {**plan.after, "arn": arn, "id": arn.rpartition("/")[2]}


def not_yet_visible(plan: Plan, resource: Resource, ignored: Collection[str] = ()) -> Resource:
    """Return what a resource does not (yet) show of what a plan wrote, as it shows it; the `ignored` fields aside.

    Only what was written is compared: others may change the rest in the meantime.
    """
    differing = {
        name: resource[name]
        for name, value in plan.fields.items()
        if name not in ignored and not holds(resource[name], value)
    }
    tags = resource["tags"]
    if not plan.tags.items() <= tags.items() or tags.keys() & set(plan.untag):
        differing["tags"] = tags
    return differing


def overwritten_tags(plan: Plan, resource: Resource) -> bool:
    """Whether a tag that a plan wrote has a value that is neither the one before nor the one after: somebody else's."""
    before, tags = (plan.before or {}).get("tags", {}), resource["tags"]
    return any(tags.get(key) not in (before.get(key), plan.tags.get(key)) for key in (*plan.tags, *plan.untag))


def diff(plan: Plan, changed: bool) -> dict[str, Any]:
    """Return the difference as Ansible shows it; both sides are empty when nothing changed."""
    before, after = (user_fields(plan.kind, side) if changed else {} for side in (plan.before, plan.after))
    state = f"state {plan.before['state']}" if plan.before and is_failed(plan.before) else ""
    return {
        "before": before,
        "after": after,
        "before_header": _header(plan, plan.before or plan.after, state if plan.before else "does not exist"),
        "after_header": _header(plan, plan.after or plan.before, _outcome(plan) if changed else "unchanged"),
    }


def _header(plan: Plan, side: Resource | None, note: str) -> str:
    """Name the resource of a difference, the same in check mode and after the real run: no ARN of a create."""
    label = (side or {}).get("name") or (plan.before or {}).get("arn")
    return " ".join(filter(None, (plan.kind.title, label, f"({note})" if note else "")))


def _outcome(plan: Plan) -> str:
    """Return in a word what a plan that changes something does to its resource."""
    before, after = plan.before, plan.after
    if before is None or after is None:
        return "deleted" if before else "created"
    if is_failed(before):
        return "repaired"
    return "renamed" if before["name"] != after["name"] else "updated"
