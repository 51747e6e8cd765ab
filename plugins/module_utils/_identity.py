# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finding the one resource that a declaration means: an ARN is unique, a name is not. Private to this collection."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any, NamedTuple

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._api import CALLS, Resource, list_logging_configurations, list_rooms, named
from ._plan import age_order, is_deleting
from ._resources import LOGGING_CONFIGURATION, ROOM, Kind, is_arn
from ._waits import pauses

# Runs that create one name at once remove their twins within seconds, and List and Get agree within seconds. What is
# not clear is looked at again for LOOK_AGAIN, of twins only those younger than YOUNG; both in seconds.
YOUNG = 60.0
LOOK_AGAIN = 6.0


class Found(NamedTuple):
    """What a declaration means: the resource (None: there is none), and ones of its name that are on their way out."""

    before: Resource | None
    deleting: list[Resource]


def find(client: Any, kind: Kind, arn: str | None, name: str | None) -> Found:
    """Find a resource by its ARN or, without one, by its name.

    Raises AnsibleAWSError when several have the name; it lists their ARNs and create times. Also when List shows one
    that Get does not find: if it is Get that lags, to take it for absent would make a second one.
    """
    if arn is not None:
        resource = CALLS[kind].get(client, arn)
        if resource is not None and is_deleting(resource):
            return Found(None, [resource])
        return Found(resource, [])
    matches: list[Resource] = []
    shown: list[Resource] = []
    for _now in pauses(LOOK_AGAIN):
        listed = named(client, kind, name or "")
        shown = [resource for resource in listed if not is_deleting(resource)]
        deleting = [resource for resource in listed if is_deleting(resource)]
        if not shown:
            return Found(None, deleting)
        matches = existing(client, kind, shown) if len(shown) > 1 else shown
        if len(matches) == 1 and (found := complete(client, kind, matches[0])):
            return Found(found, deleting)
        if len(matches) > 1 and not any(is_young(resource) for resource in matches):
            break
    if len(matches) <= 1:
        raise lags(kind, [resource["arn"] for resource in shown])
    raise AnsibleAWSError(
        message=f"name: {len(matches)} {kind.title}s are named {name!r}, so nothing was changed; say which one is "
        f"meant with arn: {describe(matches)}"
    )


def lags(kind: Kind, arns: list[str]) -> AnsibleAWSError:
    """Return what to say of resources that List shows and Get does not find, or not yet."""
    return AnsibleAWSError(
        message=f"List shows {len(arns)} {kind.title}(s) that Get does not find, so nothing was changed, the first is "
        f"{arns[0]}; it has been made or deleted just now: run the task again in a moment"
    )


def complete(client: Any, kind: Kind, listed: Resource) -> Resource | None:
    """Return a listed resource with all its fields; None when it has gone meanwhile (a list may lag)."""
    if kind is ROOM and listed["maximum_message_length"] is None:
        return CALLS[kind].get(client, listed["arn"])
    return listed


def existing(client: Any, kind: Kind, listed: Iterable[Resource]) -> list[Resource]:
    """Return those of the listed resources that Get finds and that are not on their way out, oldest first."""
    found = [CALLS[kind].get(client, resource["arn"]) for resource in listed]
    return sorted((each for each in found if each is not None and not is_deleting(each)), key=age_order)


def describe(resources: Iterable[Resource]) -> str:
    """Return ARNs with create times, oldest first, for a message."""
    return ", ".join(f"{each['arn']} (created {each['create_time']})" for each in sorted(resources, key=age_order))


def is_young(resource: Resource) -> bool:
    """Whether a resource may still be the twin of a race that is about to be removed."""
    age = datetime.now(timezone.utc) - datetime.fromisoformat(resource["create_time"])
    return abs(age.total_seconds()) < YOUNG


def logging_configuration_arns(client: Any, identifiers: list[str], option: str) -> list[str]:
    """Resolve names of logging configurations to ARNs (see `arns_of`), sorted."""
    return sorted(arns_of(client, LOGGING_CONFIGURATION, identifiers, option))


def arns_of(client: Any, kind: Kind, identifiers: list[str], option: str) -> list[str]:
    """Resolve names to ARNs, with one listing for all of them; ARNs stay as they are.

    Raises AnsibleAWSError for names that none or several have, and for one resource that is meant twice.
    """
    names = [each for each in identifiers if not is_arn(each)]
    by_name: dict[str, list[Resource]] = {}
    for _now in pauses(LOOK_AGAIN if names else 0):
        by_name = _by_name(client, kind, names)
        if not any(is_young(each) for matches in by_name.values() if len(matches) > 1 for each in matches):
            break
    faults = [_fault(kind, name, matches, option) for name, matches in by_name.items() if len(matches) != 1]
    if faults:
        raise AnsibleAWSError(message="; ".join(faults))
    arns = [each if is_arn(each) else by_name[each][0]["arn"] for each in identifiers]
    twice = sorted({arn for arn in arns if arns.count(arn) > 1})
    if twice:
        raise AnsibleAWSError(message=f"{option}: {twice[0]} is meant twice, each entry must be given once")
    return arns


def _by_name(client: Any, kind: Kind, names: list[str]) -> dict[str, list[Resource]]:
    """Return the resources of each name, with one listing for all of them."""
    listed: list[Resource] = []
    if names and kind is ROOM:
        listed = list_rooms(client, name=names[0] if len(names) == 1 else None)
    elif names:
        listed = list_logging_configurations(client)
    return {name: [each for each in listed if each["name"] == name and not is_deleting(each)] for name in names}


def _fault(kind: Kind, name: str, matches: list[Resource], option: str) -> str:
    if not matches:
        return f"{option}: no {kind.title} is named {name!r}"
    return (
        f"{option}: {len(matches)} {kind.title}s are named {name!r}; give the ARN of the one that is meant: "
        f"{describe(matches)}"
    )
