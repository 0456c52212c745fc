"""Classic Load Balancers, read-only."""
from __future__ import annotations

from typing import Any

from .elb_common import elb_page
from .errors import AwsError
from .registry import Call, handles


@handles("elb", "DescribeLoadBalancers")
def describe_balancers(call: Call) -> dict[str, Any]:
    items = call.seen("classic_balancers")
    for name in call.get("LoadBalancerNames", []):
        if name not in [b["LoadBalancerName"] for b in items]:
            raise AwsError("LoadBalancerNotFound", f"There is no ACTIVE Load Balancer named"
                           f" '{name}'")
    if call.get("LoadBalancerNames"):
        items = [b for b in items if b["LoadBalancerName"] in call.params["LoadBalancerNames"]]
    return elb_page(call, "LoadBalancerDescriptions", items)
