"""What a model's words let out, packet by packet. No NetworkPolicy is made or read for it.

A third opinion besides `egress_policy.model.policies` and the kernel: the model as it is written, its defaults from the
documentation, and pods with their labels. Pods whose namespace the model does not name may send anything.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.packets.frames import Packet
    from tests.packets.translator import Pod

Json = Mapping[str, Any]
PRESETS: Mapping[str, Json] = {
    "kube-dns": {"namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}, "ports": [53]},
    "node-local": {
        "namespace": "kube-system",
        "labels": {"k8s-app": "kube-dns"},
        "cidrs": ["169.254.20.10/32"],
        "ports": [53],
    },
    "openshift": {
        "namespace": "openshift-dns",
        "labels": {"dns.operator.openshift.io/daemonset-dns": "default"},
        "ports": [5353],
    },
}
ENGINES = {"postgresql": 5432, "mysql": 3306, "redis": 6379}


@dataclass(frozen=True, slots=True)
class Way:
    """Which pods may go where: pods by namespace (empty: their own) and labels, or blocks; ports are inclusive."""

    who: Json
    namespace: str
    labels: Json
    cidrs: Sequence[str]
    ports: Sequence[tuple[str, int, int]]


@dataclass(frozen=True, slots=True)
class World:
    """All pods there are, by their addresses."""

    pods: Sequence[Pod]

    def at(self, address: str) -> Pod | None:
        """The pod that has the address."""
        return next((pod for pod in self.pods if address in pod.addresses), None)

    def allowed(self, spec: Json, packets: Iterable[Packet]) -> set[Packet]:
        """Those of the packets that the model lets out."""
        declared = list(ways(spec))
        return {packet for packet in packets if self._allowed(spec, declared, packet)}

    def _allowed(self, spec: Json, declared: Sequence[Way], packet: Packet) -> bool:
        source = self.at(packet.source)
        if source is None or source.namespace not in spec["namespaces"]:
            return True
        return any(self._goes(way, source, packet) for way in declared)

    def _goes(self, way: Way, source: Pod, packet: Packet) -> bool:
        if not _has(source, way.who) or not any(_holds(port, packet) for port in way.ports):
            return False
        address, there = ipaddress.ip_address(packet.to), self.at(packet.to)
        if any(address in ipaddress.ip_network(cidr) for cidr in way.cidrs):
            return True
        inside = there is not None and there.namespace == (way.namespace or source.namespace)
        return there is not None and inside and bool(way.labels) and _has(there, way.labels)


def _has(pod: Pod, labels: Json) -> bool:
    return all(pod.labels.get(key) == value for key, value in labels.items())


def _holds(port: tuple[str, int, int], packet: Packet) -> bool:
    protocol, first, last = port
    return packet.protocol == protocol and first <= packet.port <= last


def ways(spec: Json) -> Iterator[Way]:
    """What the layers of a model let out, one entry after the other."""
    dns = spec.get("dns") or {"preset": "kube-dns"}
    own = PRESETS[dns["preset"]] if "preset" in dns else {"ports": [53], **dns}
    yield _way(own, [{"protocol": protocol, "port": n} for protocol in ("UDP", "TCP") for n in own["ports"]])
    for entry in spec.get("https") or []:
        yield _way(entry, entry.get("ports") or [443])
    for entry in spec.get("databases") or []:
        yield _way(entry, [entry.get("port") or ENGINES[entry["engine"]]])
    for entry in spec.get("services") or []:
        yield _way(entry, entry["ports"])
    api = spec.get("kubeAPI") or {}
    yield _way({"from": api.get("from"), "cidrs": api.get("service")}, [443])
    yield _way({"from": api.get("from"), "cidrs": api.get("endpoints")}, [6443])


def _way(entry: Json, ports: Iterable[Any]) -> Way:
    numbers = [port if isinstance(port, Mapping) else {"port": port} for port in ports]
    return Way(
        entry.get("from") or {},
        entry.get("namespace") or "",
        entry.get("labels") or {},
        entry.get("cidrs") or (),
        [(one.get("protocol") or "TCP", one["port"], one.get("endPort") or one["port"]) for one in numbers],
    )
