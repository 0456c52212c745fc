"""CloudWatch: the metrics of the world."""
from __future__ import annotations

import datetime
from typing import Any

from .errors import AwsError
from .registry import Call, handles


def _points(call: Call, stat: dict[str, Any], start: datetime.datetime,
            end: datetime.datetime) -> list[tuple[datetime.datetime, float]]:
    """One value per whole period, as set in the world."""
    metric = stat["Metric"]
    names = {d["Name"]: d["Value"] for d in metric.get("Dimensions", [])}
    rows = [m for m in call.table("metrics").values()
            if m["namespace"] == metric.get("Namespace") and m["name"] == metric.get("MetricName")
            and m["dimensions"] == names]
    period = datetime.timedelta(seconds=stat["Period"])
    points = []
    at = end - period
    while rows and at >= start and len(points) < 1440:
        points.append((at.replace(microsecond=0), float(rows[0]["value"])))
        at -= period
    return points


@handles("cloudwatch", "GetMetricData")
def get_metric_data(call: Call) -> dict[str, Any]:
    start, end = call.params["StartTime"], call.params["EndTime"]
    if start >= end:
        raise AwsError("ValidationError",
                       "The parameter StartTime must be less than the parameter EndTime.")
    queries = call.params["MetricDataQueries"]
    if len(queries) > 500:
        raise AwsError("ValidationError", "At most 500 metric data queries")
    ids = [q["Id"] for q in queries]
    if len(set(ids)) < len(ids):
        raise AwsError("ValidationError", "The Ids of the metric data queries must be unique")
    results = []
    for query in queries:
        if not query["Id"][:1].islower() or not query["Id"].replace("_", "").isalnum():
            raise AwsError("ValidationError", f"The value {query['Id']} for parameter Id is not"
                           " matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.")
        if "MetricStat" not in query:
            raise AwsError("ValidationError", "The fake knows no expressions")
        stat = query["MetricStat"]
        if stat["Period"] not in (1, 5, 10, 30) and stat["Period"] % 60:
            raise AwsError("ValidationError", "Period must be a multiple of 60")
        points = _points(call, stat, start, end)
        if call.get("ScanBy") == "TimestampAscending":
            points.reverse()
        results.append({"Id": query["Id"],
                        "Label": query.get("Label", stat["Metric"]["MetricName"]),
                        "Timestamps": [t for t, _ in points], "Values": [v for _, v in points],
                        "StatusCode": "Complete"})
    return {"MetricDataResults": results, "Messages": []}
