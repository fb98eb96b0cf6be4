"""A model to its NetworkPolicies: default deny, and one for each layer that it declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from egress_policy.engine import embedded
from egress_policy.model.reading import Model

Json = dict[str, Any]
# The label that the API server gives every namespace.
_NAME = "kubernetes.io/metadata.name"


def policies(model: Model) -> list[Json]:
    """The NetworkPolicies of a model, those of a namespace together, in the order in which they are applied."""
    return [policy for namespace in model.namespaces for policy in _of_namespace(model.spec, namespace)]


def layer_of(policy: Mapping[str, Any]) -> str:
    """The layer of one of these policies: it has its name, or begins with it."""
    name = policy["metadata"]["name"]
    layers: list[str] = embedded.metadata()["model"]["layers"]
    return next(layer for layer in layers if f"{name}-".startswith(f"{layer}-"))


def entries_of(spec: Json, policy: Mapping[str, Any]) -> list[Json]:
    """What one of these policies allows: its rules, as the `entries` of its layer for the pods that it selects."""
    chosen = policy["spec"]["podSelector"].get("matchLabels", {})
    return [entry for entry in entries(spec, layer_of(policy)) if entry["from"] == chosen]


def grouped(listed: Sequence[Json]) -> list[tuple[Json, list[Json]]]:
    """Entries by the pods that they are for, `from`, in the order written: a policy selects pods only once."""
    groups: list[tuple[Json, list[Json]]] = []
    for entry in listed:
        same = next((members for chosen, members in groups if chosen == entry["from"]), None)
        if same is None:
            groups.append((entry["from"], [entry]))
        else:
            same.append(entry)
    return groups


def name_of(layer: str, index: int, members: Sequence[Json]) -> str:
    """The first policy of a layer has its name, each further one that of its first entry as well."""
    return f"{layer}-{members[0]['name']}" if index else layer


def _of_namespace(spec: Json, namespace: str) -> Iterator[Json]:
    deny, *layers = embedded.metadata()["model"]["layers"]
    yield _policy(spec, namespace, deny, {}, [])
    for layer in layers:
        for index, (chosen, members) in enumerate(grouped(entries(spec, layer))):
            rules = [_rule(entry, namespace) for entry in members]
            yield _policy(spec, namespace, name_of(layer, index, members), chosen, rules)


def entries(spec: Json, layer: str) -> list[Json]:
    """What a layer of a model's `spec` allows, in the order written, each {"name", "from", "ports", and where}."""
    made: Mapping[str, Any] = {
        "default-deny-egress": list,
        "allow-dns": lambda: [{"name": "dns", "from": {}, **spec["dns"], "ports": _dns_ports(spec["dns"]["ports"])}],
        "allow-https": lambda: spec["https"],
        "allow-database": lambda: [{**entry, "ports": [entry["port"]]} for entry in spec["databases"]],
        "allow-internal-services": lambda: spec["services"],
        "allow-kube-api": lambda: list(_api(spec.get("kubeAPI"))),
    }
    found: list[Json] = made[layer]()
    return found


def _dns_ports(numbers: Sequence[int]) -> list[Json]:
    return [{"protocol": protocol, "port": number} for number in numbers for protocol in ("UDP", "TCP")]


def _api(api: Json | None) -> Iterator[Json]:
    for name, port in embedded.metadata()["model"]["api_ports"].items():
        if api and api[name]:
            yield {"name": name, "from": api["from"], "cidrs": api[name], "ports": [port]}


def _policy(spec: Json, namespace: str, name: str, chosen: Json, rules: Sequence[Json]) -> Json:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace, "labels": spec["labels"]},
        "spec": {
            "podSelector": {"matchLabels": chosen} if chosen else {},
            "policyTypes": ["Egress"],
            "egress": list(rules),
        },
    }


def _rule(entry: Json, namespace: str) -> Json:
    return {"to": list(_peers(entry, namespace)), "ports": [_port(port) for port in entry["ports"]]}


def _peers(entry: Json, namespace: str) -> Iterator[Json]:
    if entry.get("labels"):
        peer: Json = {"podSelector": {"matchLabels": entry["labels"]}}
        if entry.get("namespace") not in (None, namespace):
            peer = {"namespaceSelector": {"matchLabels": {_NAME: entry["namespace"]}}, **peer}
        yield peer
    for text in entry.get("cidrs", ()):
        yield {"ipBlock": {"cidr": text}}


def _port(port: float | Json) -> Json:
    if not isinstance(port, dict):
        return {"protocol": "TCP", "port": int(port)}
    end = port.get("endPort")
    first = {"protocol": port.get("protocol") or "TCP", "port": int(port["port"])}
    return first | ({"endPort": int(end)} if end else {})
