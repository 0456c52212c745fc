"""Service Quotas: those of the settings that an account can have raised."""
from __future__ import annotations

from typing import Any

from .errors import AwsError
from .paging import BadToken, page
from .registry import Call, handles

# service: code, name, and the setting, or the value if nothing here depends on it
QUOTAS: dict[str, list[tuple[str, str, str | float]]] = {
    "vpc": [("L-F678F1CE", "VPCs per Region", 5.0),
            ("L-0EA8095F", "Inbound or outbound rules per security group", "rules_per_group"),
            ("L-E79EC296", "VPC security groups per Region", "security_groups")],
    "elasticloadbalancing": [
        ("L-53DA6B97", "Application Load Balancers per Region", 50.0),
        ("L-69A177A2", "Network Load Balancers per Region", "network_load_balancers"),
        ("L-B22855CB", "Target Groups per Region", "target_groups")],
}


@handles("servicequotas", "ListServiceQuotas")
def list_quotas(call: Call) -> dict[str, Any]:
    service = call.params["ServiceCode"]
    if service not in QUOTAS:
        raise AwsError("NoSuchResourceException", "The request failed because the specified"
                       " service does not exist.")
    rows = [{"ServiceCode": service, "QuotaCode": code, "QuotaName": name, "Unit": "None",
             "Adjustable": True, "GlobalQuota": False,
             "QuotaArn": call.arn("servicequotas", f"{service}/{code}"),
             "Value": float(getattr(call.world.settings, value) if isinstance(value, str)
                            else value)}
            for code, name, value in QUOTAS[service]]
    try:
        shown, token = page(call, rows, call.get("NextToken"), call.get("MaxResults"), 100)
    except BadToken:
        raise AwsError("InvalidPaginationTokenException", "Invalid NextToken") from None
    return {"Quotas": shown, **({"NextToken": token} if token else {})}
