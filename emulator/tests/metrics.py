# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics of the service, as CloudWatch shows them."""

from __future__ import annotations

import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone
from xml.etree import ElementTree

from emulator.tests.wire import REGION, SCOPE
from ivschat_emulator import Emulator


def metrics(emulator: Emulator, statistic: str = "Sum") -> dict[tuple[str, ...], float]:
    """A statistic of each metric in AWS/IVSChat, by its name and the name and value of its dimension, if any."""
    now, found = datetime.now(timezone.utc), {}
    for metric in query(emulator, "ListMetrics").iterfind(".//{*}Metrics/{*}member"):
        name = metric.findtext("{*}MetricName", "")
        dimension = {tag: metric.findtext(f".//{{*}}Dimensions/{{*}}member/{{*}}{tag}") for tag in ("Name", "Value")}
        named = {f"Dimensions.member.1.{tag}": text for tag, text in dimension.items() if text}
        statistics = query(
            emulator,
            "GetMetricStatistics",
            **{
                "MetricName": name,
                **named,
                "StartTime": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
                "EndTime": f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
                "Period": "7200",
                "Statistics.member.1": statistic,
                "Unit": "Count",
            },
        )
        found[(name, *named.values())] = float(statistics.findtext(f".//{{*}}{statistic}", ""))
    return found


def failures(emulator: Emulator) -> dict[tuple[str, ...], float]:
    """The sums of the metrics that count errors."""
    return {metric: count for metric, count in metrics(emulator).items() if "Error" in metric[0]}


def query(emulator: Emulator, action: str, **parameters: str) -> ElementTree.Element:
    """A call of CloudWatch in the protocol that all versions of moto know; new versions of boto3 use another."""
    form = {"Action": action, "Version": "2010-08-01", "Namespace": "AWS/IVSChat", **parameters}
    headers = {
        "Authorization": SCOPE.replace("/ivschat/", "/monitoring/"),
        "Host": f"monitoring.{REGION}.amazonaws.com",
    }
    request = urllib.request.Request(emulator.url, urllib.parse.urlencode(form).encode(), headers)
    with urllib.request.urlopen(request) as response:
        return ElementTree.fromstring(response.read())
