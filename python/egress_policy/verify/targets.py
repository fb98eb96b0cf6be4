"""What some pods may reach and others not: databases and the API server, of a model or of the policies themselves."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from egress_policy.cluster.answers import UnusableError, text
from egress_policy.cluster.items import items
from egress_policy.cluster.server import NoAnswerError, Server
from egress_policy.verify import layers
from egress_policy.verify.layers import Policy
from egress_policy.verify.options import Place, UsageError

Labels = Mapping[str, str]
POSTGRES_PORT = 5432
# The API server has this name in every cluster; its service listens on 443.
API_NAME, API_PORT = "kubernetes.default.svc", 443
_API, _ENDPOINT_PORT = "API server", 6443
_NAMESPACE_NAME = "kubernetes.io/metadata.name"
_RUNNING = {"fieldSelector": "status.phase=Running"}


@dataclass(frozen=True, slots=True)
class Target:
    """Something to connect to, and the labels of the pods that may.

    Without a `host` it is the pods with `labels` in `namespace`; `unknown` says why there is none.
    """

    name: str
    layer: str
    allowed: Labels
    port: int
    host: str = ""
    namespace: str = ""
    labels: Labels | None = None
    unknown: str = ""

    @property
    def place(self) -> Place:
        return Place(self.host, self.port)


def of_model(spec: Mapping[str, Any], namespace: str) -> list[Target]:
    """The databases and the API server of a model's `spec`, defaults filled in, as seen from one of its namespaces."""
    api = spec.get("kubeAPI")
    return [*(_database(entry, namespace) for entry in spec["databases"]), *([_api(api)] if api else [])]


def _api(api: Mapping[str, Any]) -> Target:
    """At its service, or where only that is allowed at its one endpoint."""
    endpoint = _only(api["endpoints"]) if not api["service"] else ""
    if endpoint:
        return Target(_API, layers.API, api["from"], _ENDPOINT_PORT, endpoint)
    return Target(_API, layers.API, api["from"], API_PORT, _only(api["service"]) or API_NAME)


def _database(entry: Mapping[str, Any], namespace: str) -> Target:
    port = entry["port"] if isinstance(entry["port"], dict) else {"port": entry["port"]}
    labels = entry["labels"] or None
    host = "" if labels else _only(entry["cidrs"])
    where = entry["namespace"] or namespace
    unknown = "" if (port.get("protocol") or "TCP") == "TCP" else f"only TCP is tried, this is {port['protocol']}"
    return Target(entry["name"], layers.DATABASE, entry["from"], int(port["port"]), host, where, labels, unknown)


def usual() -> list[Target]:
    """Where neither a model nor a cluster says whose labels: those of the examples."""
    return [
        Target("database", layers.DATABASE, {"tier": "backend"}, POSTGRES_PORT),
        Target(_API, layers.API, {"app.kubernetes.io/component": "controller"}, API_PORT, API_NAME),
    ]


def of_policies(policies: Iterable[Policy], namespace: str) -> list[Target]:
    """The same of the policies that a namespace has, by their names. What cannot be read off them is left out."""
    there = list(policies)
    found = [
        target
        for layer in (layers.DATABASE, layers.API)
        for policy in layers.of_layer(layer, there)
        for target in _unique(_of_policy(policy, layer, namespace))
    ]
    return [one for one in found if one.layer == layers.DATABASE or one.port == API_PORT]


def _unique(targets: Iterable[Target]) -> Iterator[Target]:
    for number, target in enumerate(targets):
        yield replace(target, name=f"{target.name} {number + 1}") if number else target


def _of_policy(policy: Policy, layer: str, namespace: str) -> Iterator[Target]:
    spec = policy.get("spec") or {}
    selector = spec.get("podSelector") or {}
    unknown = "its podSelector has matchExpressions" if selector.get("matchExpressions") else ""
    for rule in spec.get("egress") or ():
        for port in rule.get("ports") or ():
            number = port.get("port")
            if port.get("protocol", "TCP") != "TCP" or not isinstance(number, int):
                continue
            for peer in rule.get("to") or ():
                target = Target(layers.name(policy), layer, selector.get("matchLabels") or {}, number, unknown=unknown)
                yield _to(peer, target, namespace)


def _to(peer: Mapping[str, Any], target: Target, namespace: str) -> Target:
    """The target with where it is, as far as the peer says so."""
    block = (peer.get("ipBlock") or {}).get("cidr", "")
    if block:
        api = API_NAME if target.layer == layers.API else ""
        return replace(target, host=_only([block]) or api)
    pods, namespaces = peer.get("podSelector"), peer.get("namespaceSelector")
    within = namespace if namespaces is None else (namespaces.get("matchLabels") or {}).get(_NAMESPACE_NAME, "")
    labels = None if pods is None or pods.get("matchExpressions") else pods.get("matchLabels")
    return replace(target, namespace=within, labels=labels) if labels and within else target


def _only(blocks: Sequence[str]) -> str:
    """The address, if the blocks are no more than one."""
    with contextlib.suppress(ValueError):
        [block] = [ipaddress.ip_network(one) for one in blocks]
        if block.num_addresses == 1:
            return str(block.network_address)
    return ""


def addressed(targets: Sequence[Target], databases: Mapping[str, Place]) -> list[Target]:
    """With the addresses that the user gave. Raises UsageError for a name that there is not."""
    names = [one.name for one in targets if one.layer == layers.DATABASE]
    chosen = {_named(name, names): where for name, where in databases.items()}
    return [
        replace(one, host=chosen[one.name].host, port=chosen[one.name].port or one.port) if one.name in chosen else one
        for one in targets
    ]


def _named(name: str, names: Sequence[str]) -> str:
    known = ", ".join(names) or "none"
    if not name and len(names) == 1:
        return names[0]
    if not name:
        raise UsageError(f"--database HOST: which one? Say NAME=HOST; there are: {known}")
    if name not in names:
        raise UsageError(f"--database {name}=…: there is no such database; there are: {known}")
    return name


def located(server: Server, targets: Iterable[Target]) -> list[Target]:
    """With the address of a pod, where labels say which pods are meant. Needs `list` on pods in their namespace."""
    return [_located(server, one) if not one.host and not one.unknown else one for one in targets]


def _located(server: Server, target: Target) -> Target:
    hint = f"name its address with --database '{target.name}=HOST'"
    if target.labels is None:
        return replace(target, unknown=f"its address is not known: {hint}")
    path = f"/api/v1/namespaces/{target.namespace}/pods"
    selector = ",".join(f"{key}={value}" for key, value in target.labels.items())
    try:
        pods = items(server, path, "Pod", labelSelector=selector, **_RUNNING)
    except (UnusableError, NoAnswerError) as error:
        return replace(target, unknown=f"its pods cannot be listed ({error}): {hint}")
    addresses = [_only([text(pod.get("status"), "podIP")]) for pod in pods if _ready(pod)]
    host = next(filter(None, addresses), "")
    none = f"no pod of it is ready in namespace {target.namespace}: start it, or {hint}"
    return replace(target, host=host, unknown="" if host else none)


def _ready(pod: Mapping[str, Any]) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(text(one, "type") == "Ready" and text(one, "status") == "True" for one in conditions)
