"""NetworkPolicies to iptables and ipset: what a router's FORWARD chain has to do so that pods send only what they may.

Pure: policies, pods and namespaces in, text out for `ipset restore`, `iptables-restore` and `ip6tables-restore`. It is
a reading of the API's words of its own: it shares nothing with policy/, and with tests/model only how a CIDR is read.
Each policy that isolates egress has a chain, entered by the addresses of the pods that it selects; what no chain has
accepted is dropped for pods that some policy isolates. All else is forwarded. Ingress is none of its business.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.model.addresses import Addresses, block

Manifest: TypeAlias = Mapping[str, Any]
Labels: TypeAlias = Mapping[str, str]
NAME_LABEL = "kubernetes.io/metadata.name"
FAMILIES = (4, 6)
PROTOCOLS = ("TCP", "UDP", "SCTP")
# "RELATED" are ICMP errors about what was let out.
ESTABLISHED = "-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"


class RefusedError(ValueError):
    """A policy that the API server refuses: no cluster would enforce it."""


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod with at most one address of each family. `ports` are its named ports: protocol and number."""

    namespace: str
    labels: Labels
    addresses: tuple[str, ...]
    ports: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    host_network: bool = False

    def address(self, family: int) -> str | None:
        """Its address of this family, if it has one."""
        return next((a for a in self.addresses if ipaddress.ip_address(a).version == family), None)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Policies, the pods that there are, and the labels of namespaces. `default` is where objects without one go."""

    policies: Sequence[Manifest]
    pods: Sequence[Pod]
    namespaces: Mapping[str, Labels] = field(default_factory=dict)
    default: str = "default"

    def namespace(self, policy: Manifest) -> str:
        """The namespace of a policy."""
        return struct(policy.get("metadata")).get("namespace") or self.default

    def selected(self, namespaces: Manifest | str, pods: Any) -> list[Pod]:
        """The pods that a selector matches, in one namespace or in those that a selector matches."""
        return [
            pod
            for pod in self.pods
            # On the node's network a pod is not told from the node.
            if not pod.host_network and self._inside(pod, namespaces) and matches(pods, pod.labels)
        ]

    def _inside(self, pod: Pod, namespaces: Manifest | str) -> bool:
        if isinstance(namespaces, str):
            return pod.namespace == namespaces
        return matches(namespaces, {**self.namespaces.get(pod.namespace, {}), NAME_LABEL: pod.namespace})


@dataclass(frozen=True, slots=True)
class Set:
    """A hash:net set of ipset, of one family."""

    name: str
    family: int
    members: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """For `ipset restore`."""
        yield f"create {self.name} hash:net family {'inet' if self.family == 4 else 'inet6'}"
        yield from (f"add {self.name} {member}" for member in self.members)


@dataclass(frozen=True, slots=True)
class Rules:
    """Sets, and for each family the chains and rules that use them."""

    sets: tuple[Set, ...] = ()
    chains: tuple[tuple[int, str], ...] = ()
    jumps: tuple[tuple[int, str], ...] = ()
    rules: tuple[tuple[int, str], ...] = ()
    drops: tuple[tuple[int, str], ...] = ()

    def __add__(self, other: Rules) -> Rules:
        return Rules(
            self.sets + other.sets,
            self.chains + other.chains,
            self.jumps + other.jumps,
            self.rules + other.rules,
            self.drops + other.drops,
        )

    def ipset(self) -> str:
        """For `ipset restore`, before the rules."""
        return "".join(f"{line}\n" for one in self.sets for line in one.lines())

    def iptables(self, family: int, first: Sequence[str] = ()) -> str:
        """For `iptables-restore` or `ip6tables-restore`, which swap all rules at once; `first` come first."""
        chains = [f":{name} - [0:0]" for name in _of(self.chains, family)]
        rules = [*first, ESTABLISHED, *_of(self.jumps, family), *_of(self.drops, family), *_of(self.rules, family)]
        return "\n".join(["*filter", ":FORWARD ACCEPT [0:0]", *chains, *rules, "COMMIT", ""])


def _of(lines: Iterable[tuple[int, str]], family: int) -> list[str]:
    return [line for mine, line in lines if mine == family]


def translate(clusters: Iterable[Cluster], prefix: str = "") -> Rules:
    """The rules for clusters that have no address in common; `prefix` begins the names of all sets and chains.

    Raises RefusedError for a policy that the API server refuses.
    """
    return sum((_cluster(cluster, f"{prefix}c{number}") for number, cluster in enumerate(clusters)), Rules())


def _cluster(cluster: Cluster, name: str) -> Rules:
    isolating = [policy for policy in cluster.policies if isolates(policy)]
    result, isolated = Rules(), list[Pod]()
    for number, policy in enumerate(isolating):
        pods = cluster.selected(cluster.namespace(policy), struct(policy.get("spec")).get("podSelector"))
        isolated += pods
        for family in FAMILIES:
            result += _policy(cluster, policy, _Names(f"{name}p{number}", family), pods)
    return sum((_dropped(isolated, _Names(name, family)) for family in FAMILIES), result)


def isolates(policy: Manifest) -> bool:
    """Whether a policy is about egress. Without policyTypes it is if it has an egress rule."""
    spec = struct(policy.get("spec"))
    types = items(spec.get("policyTypes"))
    return "Egress" in types if types else bool(items(spec.get("egress")))


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of what belongs together, of one family; ipset admits 31 characters, iptables 28."""

    base: str
    family: int

    def set(self, part: str) -> str:
        return f"{self.base}{part}v{self.family}"

    def deeper(self, part: str) -> _Names:
        return _Names(self.base + part, self.family)


def _dropped(pods: Iterable[Pod], names: _Names) -> Rules:
    """Whatever else the isolated pods send."""
    if not (members := _addresses(pods, names.family)):
        return Rules()
    isolated = Set(names.set("isolated"), names.family, members)
    return Rules((isolated,), drops=((names.family, f"-A FORWARD -m set --match-set {isolated.name} src -j DROP"),))


def _policy(cluster: Cluster, policy: Manifest, names: _Names, pods: Iterable[Pod]) -> Rules:
    """The chain of one policy, and the way there for the pods that it selects."""
    family, chain = names.family, names.base
    source = Set(names.set("src"), family, _addresses(pods, family))
    jump = f"-A FORWARD -m set --match-set {source.name} src -j {chain}"
    result = Rules((source,), ((family, chain),), ((family, jump),))
    for number, rule in enumerate(items(struct(policy.get("spec")).get("egress"))):
        result += _rule(cluster, policy, struct(rule), names.deeper(f"r{number}"), chain)
    # Only now: a policy is refused whether it selects pods or not.
    return result if source.members else Rules()


def _rule(cluster: Cluster, policy: Manifest, rule: Manifest, names: _Names, chain: str) -> Rules:
    """One egress rule: each destination with each port."""
    result, entries = Rules(), [struct(port) for port in items(rule.get("ports"))]
    for destination in _destinations(cluster, policy, rule, names):
        result += Rules(destination.sets)
        for match in _ports(entries, destination, names.family):
            words = ["-A", chain, *match, "-j", "ACCEPT"]
            result += Rules(rules=((names.family, " ".join(words)),))
    return result


@dataclass(frozen=True, slots=True)
class _Destination:
    """Where a rule lets packets go: how iptables tells, the sets for that, and the pods that are there."""

    match: tuple[str, ...]
    sets: tuple[Set, ...]
    pods: tuple[Pod, ...]


def _destinations(cluster: Cluster, policy: Manifest, rule: Manifest, names: _Names) -> Iterator[_Destination]:
    """Those of this family; no peers are every destination."""
    peers = items(rule.get("to"))
    if not peers:
        yield _Destination((), (), tuple(cluster.selected({}, {})))
    for number, peer in enumerate(map(struct, peers)):
        yield from _peer(cluster, cluster.namespace(policy), peer, names.deeper(f"t{number}"))


def _peer(cluster: Cluster, own: str, peer: Manifest, names: _Names) -> Iterator[_Destination]:
    """A block, or pods; without namespaceSelector those of the policy's own namespace."""
    written, namespaces, pods = (peer.get(name) for name in ("ipBlock", "namespaceSelector", "podSelector"))
    if (written is None) == (namespaces is None and pods is None):
        raise RefusedError(f"neither a block nor pods, or both: {peer}")
    if written is not None:
        yield from _block(cluster, written, names)
    else:
        yield from _pods(cluster.selected(own if namespaces is None else namespaces, pods), names)


def _pods(pods: list[Pod], names: _Names) -> Iterator[_Destination]:
    if members := _addresses(pods, names.family):
        chosen = Set(names.set("dst"), names.family, members)
        yield _Destination(("-m", "set", "--match-set", chosen.name, "dst"), (chosen,), tuple(pods))


def _block(cluster: Cluster, written: Manifest, names: _Names) -> Iterator[_Destination]:
    """An ipBlock of this family, without what it excepts."""
    cidr, excepted = network(written.get("cidr")), [network(one) for one in items(written.get("except"))]
    if any(one.version != cidr.version or one == cidr or not _within(one, cidr) for one in excepted):
        raise RefusedError(f"an exception that does not lie inside its block: {written}")
    if cidr.version != names.family:
        return
    pods = cluster.selected({}, {})
    inside = tuple(pod for pod in pods if _holds(cidr, pod) and not any(_holds(one, pod) for one in excepted))
    match = ("-d", str(cidr))
    if not excepted:
        yield _Destination(match, (), inside)
        return
    # Two equal exceptions are one.
    left_out = Set(names.set("exc"), names.family, tuple(dict.fromkeys(map(str, excepted))))
    yield _Destination((*match, "-m", "set", "!", "--match-set", left_out.name, "dst"), (left_out,), inside)


Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def network(cidr: Any) -> Network:
    """A CIDR as the API server reads it: without host bits and leading zeros, v4-mapped as IPv4."""
    try:
        read: Addresses = block(str(cidr))
    except ValueError as error:
        raise RefusedError(str(error)) from None
    ((low, high),) = read.v4 or read.v6
    kind, bits = (ipaddress.IPv4Network, 32) if read.v4 else (ipaddress.IPv6Network, 128)
    return kind((low, bits + 1 - (high - low + 1).bit_length()))


def _within(one: Network, other: Network) -> bool:
    return int(other[0]) <= int(one[0]) and int(one[-1]) <= int(other[-1])


def _holds(cidr: Network, pod: Pod) -> bool:
    address = pod.address(cidr.version)
    return address is not None and ipaddress.ip_address(address) in cidr


def _ports(entries: list[Manifest], destination: _Destination, family: int) -> Iterator[tuple[str, ...]]:
    """How iptables tells each port at a destination; no ports are all of every protocol."""
    if not entries:
        yield destination.match
    for entry in entries:
        protocol, port, end = entry.get("protocol") or "TCP", entry.get("port"), entry.get("endPort")
        if protocol not in PROTOCOLS or (end is not None and (not isinstance(port, int) or end < port)):
            raise RefusedError(f"no port: {entry}")
        wire = ("-p", protocol.lower())
        if isinstance(port, str):
            # A name means what the pod at the other end means by it.
            yield from (
                ("-d", address, *wire, *_number(protocol, number))
                for address, number in _named(destination.pods, protocol, port, family)
            )
        elif port is None:
            yield (*destination.match, *wire)
        else:
            yield (*destination.match, *wire, *_number(protocol, port, end))


def _number(protocol: str, port: int, end: int | None = None) -> tuple[str, ...]:
    return "-m", protocol.lower(), "--dport", str(port) if end in (None, port) else f"{port}:{end}"


def _named(pods: Iterable[Pod], protocol: str, name: str, family: int) -> Iterator[tuple[str, int]]:
    for pod in pods:
        address, (mine, number) = pod.address(family), pod.ports.get(name, ("", 0))
        if address is not None and mine == protocol:
            yield address, number


def _addresses(pods: Iterable[Pod], family: int) -> tuple[str, ...]:
    """Each address once, in the order of the pods."""
    return tuple(dict.fromkeys(address for pod in pods if (address := pod.address(family)) is not None))


def matches(selector: Any, labels: Labels) -> bool:
    """Whether labels meet every requirement of a selector; an empty one is met by all."""
    written = struct(selector)
    plain = all(labels.get(key) == (value or "") for key, value in struct(written.get("matchLabels")).items())
    return plain and all(_meets(struct(one), labels) for one in items(written.get("matchExpressions")))


def _meets(requirement: Manifest, labels: Labels) -> bool:
    key, values = requirement.get("key") or "", [value or "" for value in items(requirement.get("values"))]
    match requirement.get("operator"):
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case operator:
            raise RefusedError(f"no operator: {operator}")


def struct(value: Any) -> Manifest:
    """A struct field or element: null is the zero value."""
    return {} if value is None else value


def items(value: Any) -> list[Any]:
    """A slice field: null is empty."""
    return [] if value is None else list(value)
