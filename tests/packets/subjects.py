"""A case of tests/cases as a cluster: its report and policies, its pods with addresses of their own, what to send."""

from __future__ import annotations

import ipaddress
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from egress_policy import reader
from egress_policy.audit import Request, audit
from tests.model.addresses import Intervals, public, size
from tests.model.workloads import workloads_of
from tests.packets.frames import Packet
from tests.packets.translator import Cluster, Pod, items, network, struct

if TYPE_CHECKING:
    from pathlib import Path

    from egress_policy.report import Report, Witness
    from tests.cases import Case
    from tests.model.allowances import Pod as Unplaced

Manifest = Mapping[str, Any]
PROTOCOLS = ("TCP", "UDP", "SCTP")
#: IPv6 addresses that stand for IPv4 ones where a network translates (RFC 6052): `::/0` holds all of IPv4 by them.
NAT64 = int(ipaddress.IPv6Address("64:ff9b::"))
#: IPv6 addresses that are IPv4 ones where a program reads them (RFC 4291, 2.5.5.2); on no wire are there any.
MAPPED = ipaddress.ip_network("::ffff:0:0/96")
#: What the controllers of these kinds write on the pods that they make.
CONTROLLERS = {
    **dict.fromkeys(("Deployment", "ReplicaSet"), ("pod-template-hash",)),
    "DaemonSet": ("controller-revision-hash", "pod-template-generation"),
    "StatefulSet": ("controller-revision-hash", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"),
    **dict.fromkeys(
        ("Job", "CronJob"),
        ("job-name", "batch.kubernetes.io/job-name", "controller-uid", "batch.kubernetes.io/controller-uid"),
    ),
}
#: How many public addresses are tried from each pod, and how many at the edges of blocks.
ADDRESSES, EDGES = 20, 12
#: Where all pods are.
PODS = ("10.251.0.0/16", "fd00:2::/32")
#: What no router forwards, wherever it comes from, and what is not outside.
_NOWHERE = [
    ipaddress.ip_network(block)
    for block in ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/96", "ff00::/8", "fe80::/10", *PODS)
]


@dataclass(slots=True)
class Places:
    """Hands out addresses: no two pods of all cases have the same."""

    taken: int = 0

    def next(self) -> tuple[str, ...]:
        """An address of each family."""
        self.taken += 1
        return f"10.251.{self.taken >> 8}.{self.taken & 255}", f"fd00:2::{self.taken:x}"


@dataclass(frozen=True, slots=True)
class Subject:
    """A case, what the audit says of it, and its pods by workload: `Kind/namespace/name`."""

    case: Case
    report: Report
    cluster: Cluster
    pods: Mapping[str, Sequence[Pod]]
    # Those that no workload is there for: what a policy selects, as a witness names them.
    imagined: dict[str, Pod] = field(default_factory=dict)

    @classmethod
    def of(cls, case: Case, folder: Path, places: Places) -> Subject:
        """Audit a case; it is written below the folder."""
        case.write(folder)
        report = audit(Request((str(folder),), (), case.settings, case.namespace))
        read = [json.loads(one.text) for reading in reader.read([str(folder)]) for one in reading.documents]
        default = case.namespace or "default"
        pods = _pods(read, default, places)
        imagined = dict(_imagined(read, default, places))
        cluster = Cluster(
            [one for one in read if _is_policy(one)],
            [*(pod for some in pods.values() for pod in some), *imagined.values()],
            {one["metadata"]["name"]: struct(one["metadata"].get("labels")) for one in read if _is_namespace(one)},
            default,
        )
        return cls(case, report, cluster, pods, imagined)

    def policies(self, namespace: str) -> list[Manifest]:
        """The policies of a namespace."""
        return [policy for policy in self.cluster.policies if self.cluster.namespace(policy) == namespace]

    def witnesses(self) -> list[tuple[Witness, list[Packet]]]:
        """Each witness, and the packets one of which has to arrive."""
        found = (finding.witness for finding in self.report.findings)
        return [(witness, list(self._sent(witness))) for witness in found if witness is not None]

    def _sent(self, witness: Witness) -> Iterator[Packet]:
        namespace, kind, *name = witness.source.split("/")
        senders = self.pods.get("/".join((kind, namespace, *name)), ()) if name else [self.imagined[witness.source]]
        assert senders, witness
        for pod in senders:
            for source, to in forms(pod, witness.to):
                yield Packet(source, to, witness.port or 0, witness.protocol)

    def tried(self, pod: Pod) -> list[Trial]:
        """What is sent from a pod of a workload besides: to public addresses, and to the edges of blocks."""
        chance = random.Random(f"{self.case.case} {pod.labels}")  # noqa: S311 (the same every time is what is wanted)
        policies = self.policies(pod.namespace)
        ports = list(_ports(policies, chance))
        space = public(self.case.settings.get("internalBlocks") or ()).counted.v4
        addresses = [(_chosen(space, chance), True) for _ in range(ADDRESSES)]
        addresses += [
            (edge, False) for edge in sorted(_edges(policies), key=str)[:: max(1, len(_edges(policies)) // EDGES)]
        ]
        return [
            Trial(address, sampled, [Packet(source, to, *port) for source, to in forms(pod, address) for port in ports])
            for address, sampled in addresses
        ]


@dataclass(frozen=True, slots=True)
class Trial:
    """Packets to one address, as it is and translated, on ports of which each stands for those treated like it.

    `sampled` tells a public address drawn by chance from one at the edge of a block.
    """

    address: str
    sampled: bool
    packets: Sequence[Packet]


def forms(pod: Pod, address: str) -> Iterator[tuple[str, str]]:
    """Source and destination: an IPv4 address may be reached by IPv6 as well."""
    parsed = ipaddress.ip_address(address)
    v4, v6 = pod.addresses
    if parsed.version == 6:
        yield v6, str(parsed)
        return
    yield v4, address
    yield v6, str(ipaddress.IPv6Address(NAT64 + int(parsed)))


def _is_policy(manifest: Manifest) -> bool:
    return manifest.get("kind") == "NetworkPolicy" and manifest.get("apiVersion") == "networking.k8s.io/v1"


def _is_namespace(manifest: Manifest) -> bool:
    return manifest.get("kind") == "Namespace" and manifest.get("apiVersion") == "v1"


def _pods(manifests: Iterable[Manifest], default: str, places: Places) -> dict[str, list[Pod]]:
    """The pods of each workload. One at a time, so that no owner hides what it is the controller of."""
    found: dict[str, list[Pod]] = {}
    for manifest in manifests:
        for workload in workloads_of([manifest], default):
            mine = found.setdefault(f"{workload.kind}/{workload.namespace}/{_name(manifest)}", [])
            made = dict.fromkeys(CONTROLLERS.get(workload.kind, ()), "7d4b9c")
            mine += [_placed(pod, made, places) for pod in workload.pods]
    return found


def _name(manifest: Manifest) -> str:
    """The name, or what the server makes one from."""
    metadata = struct(manifest.get("metadata"))
    return metadata.get("name") or metadata.get("generateName") or ""


def _placed(pod: Unplaced, made: Mapping[str, str], places: Places) -> Pod:
    return Pod(pod.namespace, {**pod.labels, **made}, places.next(), host_network=pod.host_network)


def _imagined(manifests: Iterable[Manifest], default: str, places: Places) -> Iterator[tuple[str, Pod]]:
    """A pod that each policy selects, by the name that a witness has for it."""
    for manifest in filter(_is_policy, manifests):
        namespace = struct(manifest.get("metadata")).get("namespace") or default
        labels = _satisfying(struct(struct(manifest.get("spec")).get("podSelector")))
        name = f"{namespace}/pods of NetworkPolicy {_name(manifest)}"
        yield name, Pod(namespace, labels, places.next())


def _satisfying(selector: Manifest) -> dict[str, str]:
    """Labels that a selector matches, if there are any."""
    labels = {key: value or "" for key, value in struct(selector.get("matchLabels")).items()}
    for one in map(struct, items(selector.get("matchExpressions"))):
        if one["operator"] in ("In", "Exists"):
            labels.setdefault(one["key"], next(iter(items(one.get("values"))), ""))
    return labels


def _rules(policies: Iterable[Manifest]) -> Iterator[Manifest]:
    for policy in policies:
        yield from map(struct, items(struct(policy.get("spec")).get("egress")))


def blocks(policies: Iterable[Manifest]) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """All blocks that policies name, exceptions among them."""
    for rule in _rules(policies):
        for peer in map(struct, items(rule.get("to"))):
            if peer.get("ipBlock") is not None:
                yield from map(network, [peer["ipBlock"].get("cidr"), *items(peer["ipBlock"].get("except"))])


def names_ports(policies: Iterable[Manifest]) -> bool:
    """Whether a port is given by name: no pod here has any, while the audit counts it as one."""
    return any(
        isinstance(struct(port).get("port"), str) for rule in _rules(policies) for port in items(rule.get("ports"))
    )


def names_mapped(policies: Iterable[Manifest]) -> bool:
    """Whether a block has IPv4 addresses in the form that no packet has, which the audit counts as what they mean."""
    return any(block.version == 6 and block.overlaps(MAPPED) for block in blocks(policies))


def _ports(policies: Iterable[Manifest], chance: random.Random) -> Iterator[tuple[int, str]]:
    """A port of each range that all rules treat alike."""
    every = [struct(port) for rule in _rules(policies) for port in items(rule.get("ports"))]
    for protocol in PROTOCOLS:
        mine = [p for p in every if (p.get("protocol") or "TCP") == protocol and isinstance(p.get("port"), int)]
        ends = {(p.get("endPort") or p["port"]) + 1 for p in mine}
        starts = sorted({1, *(p["port"] for p in mine), *ends} - {65536})
        for start, end in zip(starts, [*starts[1:], 65536], strict=True):
            yield chance.randrange(start, end), protocol


def _chosen(space: Intervals, chance: random.Random) -> str:
    """One of the addresses, each as likely as any other."""
    number = chance.randrange(size(space))
    for low, high in space:
        if number <= high - low:
            return str(ipaddress.IPv4Address(low + number))
        number -= high - low + 1
    raise AssertionError("more addresses than there are")


def _edges(policies: Iterable[Manifest]) -> set[str]:
    """The addresses at both ends of each block, on both sides of each end."""
    found: set[str] = set()
    for block in blocks(policies):
        kind = ipaddress.IPv4Address if block.version == 4 else ipaddress.IPv6Address
        first, last, limit = int(block[0]), int(block[-1]), 1 << block.max_prefixlen
        near = [kind(number) for number in (first - 1, first, last, last + 1) if 0 <= number < limit]
        found |= {str(one) for one in near if not any(one in nowhere for nowhere in _NOWHERE)}
    return found
