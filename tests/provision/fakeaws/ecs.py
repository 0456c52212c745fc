"""ECS, read-only: clusters, services, tasks, container instances."""
from __future__ import annotations

from typing import Any, Callable, Optional

from .errors import AwsError
from .paging import BadToken, page
from .registry import Call, handles
from .world import Resource


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def _page(call: Call, out: str, arns: list[str], default: int) -> dict[str, Any]:
    size = call.get("maxResults")
    if size is not None and not 1 <= size <= 100:
        raise _invalid("maxResults must be between 1 and 100")
    try:
        shown, token = page(call, arns, call.get("nextToken"), size or default, 100)
    except BadToken:
        raise _invalid("Invalid token") from None
    return {out: shown, **({"nextToken": token} if token else {})}


def _cluster(call: Call) -> Resource:
    name = call.get("cluster", "default").rsplit("/", 1)[-1]
    found = call.find("clusters", name)
    if found is None:
        raise AwsError("ClusterNotFoundException", "Cluster not found.")
    return found


def _of_cluster(call: Call, table: str, cluster: Resource) -> list[Resource]:
    return [r for r in call.seen(table) if r.get("_cluster") == cluster["clusterName"]]


def _several(call: Call, param: str, most: int, out: str, arn_of: Callable[[str], str],
             find: Callable[[str], Optional[Resource]]) -> dict[str, Any]:
    """A Describe call: the resources found, and a failure for each missing one."""
    names = call.get(param, [])
    if not names:
        raise _invalid(f"{param} cannot be empty.")
    if len(names) > most:
        raise _invalid(f"{param} cannot have more than {most} elements.")
    found, failures = [], []
    for name in dict.fromkeys(names):
        resource = find(name)
        if resource is None:
            failures.append({"arn": name if name.startswith("arn:") else arn_of(name),
                             "reason": "MISSING"})
        else:
            found.append(resource)
    if "TAGS" not in call.get("include", []):
        found = [{k: v for k, v in r.items() if k != "tags"} for r in found]
    return {out: found, "failures": failures}


@handles("ecs", "ListClusters")
def list_clusters(call: Call) -> dict[str, Any]:
    return _page(call, "clusterArns", [c["clusterArn"] for c in call.seen("clusters")], 100)


@handles("ecs", "DescribeClusters")
def describe_clusters(call: Call) -> dict[str, Any]:
    if not call.get("clusters"):
        call.params["clusters"] = ["default"]
    return _several(call, "clusters", 100, "clusters", lambda n: call.arn("ecs", f"cluster/{n}"),
                    lambda n: call.find("clusters", n.rsplit("/", 1)[-1]))


@handles("ecs", "ListServices")
def list_services(call: Call) -> dict[str, Any]:
    services = _of_cluster(call, "services", _cluster(call))
    for param in ("launchType", "schedulingStrategy"):
        if call.get(param):
            services = [s for s in services if s.get(param) == call.params[param]]
    return _page(call, "serviceArns", [s["serviceArn"] for s in services], 10)


@handles("ecs", "DescribeServices")
def describe_services(call: Call) -> dict[str, Any]:
    cluster = _cluster(call)["clusterName"]
    return _several(call, "services", 10, "services",
                    lambda n: call.arn("ecs", f"service/{cluster}/{n}"),
                    lambda n: call.find("services", f"{cluster}/{n.rsplit('/', 1)[-1]}"))


@handles("ecs", "ListTasks")
def list_tasks(call: Call) -> dict[str, Any]:
    cluster = _cluster(call)
    tasks = _of_cluster(call, "tasks", cluster)
    status = call.get("desiredStatus", "RUNNING")
    tasks = [t for t in tasks if t["desiredStatus"] == status]
    service = call.get("serviceName")
    if service is not None:
        name = service.rsplit("/", 1)[-1]
        if call.find("services", f"{cluster['clusterName']}/{name}") is None:
            raise AwsError("ServiceNotFoundException", "Service not found.")
        if call.get("family") or call.get("startedBy"):
            raise _invalid("serviceName cannot be combined with family or startedBy")
        tasks = [t for t in tasks if t["group"] == f"service:{name}"]
    if call.get("family"):
        tasks = [t for t in tasks if f"/{call.params['family']}:" in t["taskDefinitionArn"]]
    if call.get("startedBy"):
        tasks = [t for t in tasks if t.get("startedBy") == call.params["startedBy"]]
    if call.get("launchType"):
        tasks = [t for t in tasks if t["launchType"] == call.params["launchType"]]
    if call.get("containerInstance"):
        wanted = call.params["containerInstance"].rsplit("/", 1)[-1]
        tasks = [t for t in tasks if t.get("containerInstanceArn", "").endswith("/" + wanted)]
    return _page(call, "taskArns", [t["taskArn"] for t in tasks], 100)


def _by_last(call: Call, table: str, cluster: Resource, member: str) -> dict[str, Resource]:
    return {r[member].rsplit("/", 1)[-1]: r for r in _of_cluster(call, table, cluster)}


@handles("ecs", "DescribeTasks")
def describe_tasks(call: Call) -> dict[str, Any]:
    cluster = _cluster(call)
    tasks = _by_last(call, "tasks", cluster, "taskArn")
    return _several(call, "tasks", 100, "tasks",
                    lambda n: call.arn("ecs", f"task/{cluster['clusterName']}/{n}"),
                    lambda n: tasks.get(n.rsplit("/", 1)[-1]))


@handles("ecs", "DescribeContainerInstances")
def describe_container_instances(call: Call) -> dict[str, Any]:
    cluster = _cluster(call)
    hosts = _by_last(call, "container_instances", cluster, "containerInstanceArn")
    return _several(call, "containerInstances", 100, "containerInstances",
                    lambda n: call.arn("ecs", f"container-instance/{cluster['clusterName']}/{n}"),
                    lambda n: hosts.get(n.rsplit("/", 1)[-1]))
