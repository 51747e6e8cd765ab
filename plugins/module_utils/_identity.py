# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding the one resource that a declaration identifies: an ARN is unique, a name is not. Private."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._api import OPERATIONS, list_by_name
from ._polling import poll
from ._resources import KNOWN_AFTER_APPLY, Kind, Resource, age_order, describe, is_arn, is_deleting

# Runs that create one name at once remove their duplicates within seconds, and List and Get agree within seconds, so
# what is ambiguous is looked at again for this long (s). Always: whether it is young cannot be said without a clock
# that agrees with the service's.
LOOK_AGAIN = 6.0


class Found(NamedTuple):
    """What a declaration identifies: the resource (None: there is none), and those of its name being deleted."""

    before: Resource | None
    deleting: list[Resource]
    unconfirmed: bool = False  # a list shows the resource, and Get does not find it


def find(client: Any, kind: Kind, arn: str | None, name: str | None, absent: bool = False) -> Found:
    """Find a resource by its ARN or, without one, by its name, which is not empty.

    One whose ARN is not known yet does not exist.

    Raises AnsibleAWSError when several resources have the name; it lists their ARNs and create times. Also when List
    shows one that Get shows under another name, or does not find: if it is Get that lags, to treat it as absent would
    create a second one. With `absent`, one that Get does not find is returned: to delete it by its ARN does no harm,
    whichever of the two is right.
    """
    if arn == KNOWN_AFTER_APPLY:
        return Found(None, [])
    if arn is not None:
        resource = OPERATIONS[kind].get(client, arn)
        if resource is not None and is_deleting(resource):
            return Found(None, [resource])
        return Found(resource, [])
    if not name:  # the validation refuses it first: nothing is identified by nothing
        raise AnsibleAWSError(message=f"name: a {kind.title} without a name is identified by its ARN only")
    candidates: list[Resource] = []
    listed: list[Resource] = []
    deleting: list[Resource] = []
    for _now in poll(LOOK_AGAIN):
        matches = list_by_name(client, kind, name)
        listed = [resource for resource in matches if not is_deleting(resource)]
        deleting = [resource for resource in matches if is_deleting(resource)]
        if not listed:
            return Found(None, deleting)
        # What a list shows in full is enough to change it, but not to choose one of several, nor to delete it.
        enough = len(listed) == 1 and not absent and not _lacks_details(kind, listed[0])
        candidates = listed if enough else _existing(client, kind, listed)
        if len(candidates) == 1 and candidates[0]["name"] == name:
            return Found(candidates[0], deleting)
    if absent and len(listed) == 1 and not candidates:
        return Found(listed[0], deleting, unconfirmed=True)
    if not candidates:
        raise inconsistent_read_error(kind, [resource["arn"] for resource in listed])
    if len(candidates) == 1:
        raise renamed_error(kind, candidates[0], name)
    raise AnsibleAWSError(
        message=f"name: {len(candidates)} {kind.title}s are named {name!r}, so nothing was changed; specify arn to "
        f"choose one: {describe(candidates)}"
    )


def inconsistent_read_error(kind: Kind, arns: list[str]) -> AnsibleAWSError:
    """Return the error for resources that List shows and Get does not find, or does not find yet."""
    return AnsibleAWSError(
        message=f"List shows {len(arns)} {kind.title}(s) that Get does not find, such as {arns[0]}, so nothing was "
        "changed. They were created or deleted moments ago: run the task again"
    )


def renamed_error(kind: Kind, shown: Resource, name: str) -> AnsibleAWSError:
    """Return the error for a resource that List shows by a name, and Get by another."""
    return AnsibleAWSError(
        message=f"name: List shows the {kind.title} {shown['arn']} as {name!r} and Get as {shown['name']!r}, so "
        "nothing was changed. It was renamed moments ago: run the task again"
    )


def with_details(client: Any, kind: Kind, listed: Resource) -> Resource | None:
    """Return a listed resource with all its fields; None when it no longer exists (a list may lag)."""
    return OPERATIONS[kind].get(client, listed["arn"]) if _lacks_details(kind, listed) else listed


def _lacks_details(kind: Kind, listed: Resource) -> bool:
    return any(listed[name] is None for name in kind.get_only)


def still_existing(client: Any, kind: Kind, listed: list[Resource]) -> list[Resource]:
    """Return those entries of one listing that Get finds under the same name and that are not being deleted.

    They are returned as Get shows them, oldest first by their times in the listing (see `age_order`).
    """
    names = {resource["arn"]: resource["name"] for resource in listed}
    return [resource for resource in _existing(client, kind, listed) if resource["name"] == names[resource["arn"]]]


def _existing(client: Any, kind: Kind, listed: list[Resource]) -> list[Resource]:
    found = [OPERATIONS[kind].get(client, resource["arn"]) for resource in sorted(listed, key=age_order)]
    return [resource for resource in found if resource and not is_deleting(resource)]


def resolve_arns(
    client: Any, kind: Kind, identifiers: list[str], option: str, refuse: Callable[[str], None]
) -> list[str]:
    """Resolve names to ARNs, with one listing for all of them, in the given order; ARNs stay as they are.

    Calls `refuse` with a message for names that no resource has; they stay names if it returns. Raises AnsibleAWSError
    for names that several resources have, and for two identifiers of one resource.
    """
    names = [identifier for identifier in identifiers if not is_arn(identifier)]
    by_name: dict[str, list[Resource]] = {}
    for _now in poll(LOOK_AGAIN if names else 0):
        by_name = _list_by_names(client, kind, names)
        if all(len(matches) <= 1 for matches in by_name.values()):
            break
    errors = [_unresolved(kind, name, matches, option) for name, matches in by_name.items() if len(matches) != 1]
    if any(len(matches) > 1 for matches in by_name.values()):
        raise AnsibleAWSError(message="; ".join(errors))
    if errors:
        refuse("; ".join(errors))
    known = {name: matches[0]["arn"] for name, matches in by_name.items() if matches}
    arns = [known.get(identifier, identifier) for identifier in identifiers]
    if repeated := sorted({arn for arn in arns if arns.count(arn) > 1} - {KNOWN_AFTER_APPLY}):
        raise AnsibleAWSError(message=f"{option}: two entries identify {repeated[0]}: specify each {kind.title} once")
    return arns


def get_each(
    client: Any, kind: Kind, arns: Iterable[str], watch: Callable[[list[str]], Iterable[str]] = iter
) -> dict[str, Resource | None]:
    """Return listed resources as Get shows them, by ARN; None for one that it does not find.

    What Get does not find at first is looked at again for a while: Get may lag. `watch` yields the ARNs of one pass.
    """
    found: dict[str, Resource | None] = dict.fromkeys(arns)
    for _now in poll(LOOK_AGAIN):
        for arn in watch([arn for arn, resource in found.items() if resource is None]):
            found[arn] = OPERATIONS[kind].get(client, arn)
        if all(found.values()):
            break
    return found


def missing_arns(client: Any, kind: Kind, arns: list[str]) -> list[str]:
    """Return those of the ARNs that nothing has, with one listing for all of them."""
    if not arns:
        return []
    listed = {resource["arn"] for resource in OPERATIONS[kind].list(client) if not is_deleting(resource)}
    return [arn for arn in arns if arn not in listed]


def _list_by_names(client: Any, kind: Kind, names: list[str]) -> dict[str, list[Resource]]:
    """Return the resources of each name, with one listing for all of them."""
    listed = OPERATIONS[kind].list(client, names[0] if len(names) == 1 else None) if names else []
    return {
        name: [resource for resource in listed if resource["name"] == name and not is_deleting(resource)]
        for name in names
    }


def _unresolved(kind: Kind, name: str, matches: list[Resource], option: str) -> str:
    if not matches:
        return f"{option}: no {kind.title} is named {name!r}"
    return (
        f"{option}: {len(matches)} {kind.title}s are named {name!r}; specify the ARN of one of them: "
        f"{describe(matches)}"
    )
