"""Random manifests that Kubernetes accepts, drawn to the edges.

Halves and quarters of everything, holes that others refill, port ranges that meet in the middle, nulls wherever a null
means something.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.model.addresses import NOT_PUBLIC_V4, public, size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.model.addresses import Intervals

Json = st.SearchStrategy[Any]

#: Blocks around the limits, and blocks that hold something special.
EDGES_V4 = [
    *("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2", "16.0.0.0/4"),
    *("8.0.0.0/8", "8.0.0.0/7", "9.0.0.0/32", "8.8.8.8/32", "9.0.0.0/8", "100.0.0.0/8", "93.184.0.0/16"),
    *("169.254.169.254/32", "169.254.0.0/16", "169.254.170.0/24", "168.63.129.16/32", "100.100.100.200/32"),
    *("255.255.255.255/32", "0.0.0.0/32", "192.168.0.0/16", "172.16.0.0/12", "203.0.113.0/24", "198.51.100.7/32"),
]
EDGES_V6 = [
    *("::/0", "::/1", "8000::/1", "2000::/3", "2000::/4", "3000::/4", "2400::/6", "2800::/5", "2600::/12", "2a00::/11"),
    *("2001:db8::/32", "2001:2000::/19", "2a00::/19", "2a00::/18", "2a00:2000::/128", "fd00::/8", "fd00:ec2::254/128"),
    *("fd20:ce::/64", "64:ff9b::/96", "64:ff9b::/97", "64:ff9b::8000:0/97", "64:ff9b::a9fe:a9fe/128", "64:ff9b::/64"),
    *("fe80::/10", "2002::/16", "3fff::/20", "::/8", "2606:4700::/32", "::/80", "::1/128"),
]
PORT_EDGES = [1, 2, 22, 53, 79, 80, 81, 443, 32766, 32767, 32768, 32769, 65534, 65535]
KEYS = ["app", "tier", "example.com/team"]
VALUES = ["web", "db", ""]
NAMESPACES = ["shop", "y", "kube-system"]


def absent(*values: Any) -> Json:
    """The marker of a key that is left out, or one of the values that mean the same."""
    return st.sampled_from([..., *values])


def written(parts: dict[str, Json]) -> Json:
    """A mapping whose keys drawn as `...` are left out."""
    return st.fixed_dictionaries(parts).map(lambda d: {k: v for k, v in d.items() if v is not ...})


def subnets(network: str, depth: int) -> list[str]:
    """All subnets of a block that are so much deeper."""
    return [str(n) for n in ipaddress.ip_network(network).subnets(prefixlen_diff=depth)]


def inside(draw: st.DrawFn, network: str) -> str:
    """A block strictly inside the network: a half, or deeper, at its edges or anywhere."""
    whole = ipaddress.ip_network(network)
    length = draw(st.sampled_from([1, 1, 2, 3, 8, 128]))
    new = min(whole.prefixlen + length, whole.max_prefixlen)
    count = 2 ** (new - whole.prefixlen)
    index = draw(st.one_of(st.sampled_from([0, count - 1]), st.integers(0, count - 1)))
    address = int(whole.network_address) + (index << (whole.max_prefixlen - new))
    kind = ipaddress.IPv4Address if whole.version == 4 else ipaddress.IPv6Address
    return f"{kind(address)}/{new}"


@st.composite
def anywhere(draw: st.DrawFn) -> str:
    """A random IPv4 block of any length."""
    length = draw(st.integers(0, 32))
    return str(ipaddress.ip_network((draw(st.integers(0, 2**32 - 1)), length), strict=False))


blocks_v4 = st.one_of(
    st.sampled_from(EDGES_V4),
    st.integers(1, 4).flatmap(lambda depth: st.sampled_from(subnets("0.0.0.0/0", depth))),
    anywhere(),
    st.sampled_from(NOT_PUBLIC_V4),
)
blocks = st.one_of(blocks_v4, blocks_v4, st.sampled_from(EDGES_V6))


@st.composite
def ip_blocks(draw: st.DrawFn) -> dict[str, Any]:
    """A block, sometimes with exceptions strictly inside it; some nested, some together the whole."""
    cidr = draw(blocks)
    whole = ipaddress.ip_network(cidr)
    result: dict[str, Any] = {"cidr": cidr}
    if whole.prefixlen == whole.max_prefixlen:
        return result
    form = draw(st.sampled_from(["none", "none", "null", "some", "some", "halves", "refill"]))
    if form == "null":
        result["except"] = draw(st.sampled_from([None, []]))
    elif form == "halves":
        result["except"] = subnets(cidr, 1)
    elif form != "none":
        result["except"] = [inside(draw, cidr) for _ in range(draw(st.integers(1, 3)))]
    return result


def _requirements() -> Json:
    with_values = st.fixed_dictionaries(
        {
            "key": st.sampled_from(KEYS),
            "operator": st.sampled_from(["In", "NotIn"]),
            "values": st.lists(st.sampled_from([*VALUES, None]), min_size=1, max_size=3),
        }
    )
    without = written(
        {
            "key": st.sampled_from(KEYS),
            "operator": st.sampled_from(["Exists", "DoesNotExist"]),
            "values": absent(None, []),
        }
    )
    return st.one_of(with_values, without)


def _match_labels() -> Json:
    return st.dictionaries(st.sampled_from(KEYS), st.sampled_from([*VALUES, None]), min_size=1, max_size=2)


#: A label selector that is there: empty in every way, by labels, by expressions, by both.
selectors = st.one_of(
    written({"matchLabels": absent(None, {}), "matchExpressions": absent(None, [])}),
    st.fixed_dictionaries({"matchLabels": _match_labels()}),
    st.fixed_dictionaries({"matchExpressions": st.lists(_requirements(), min_size=1, max_size=2)}),
    st.fixed_dictionaries(
        {"matchLabels": _match_labels(), "matchExpressions": st.lists(_requirements(), min_size=1, max_size=1)}
    ),
)
namespace_selectors = st.one_of(
    selectors,
    st.just({"matchLabels": {"kubernetes.io/metadata.name": "y"}}),
    st.just({"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]}),
)


def _peers() -> Json:
    by_block = written({"ipBlock": ip_blocks(), "podSelector": absent(None), "namespaceSelector": absent(None)})
    by_label = st.one_of(
        written({"podSelector": selectors, "namespaceSelector": absent(None), "ipBlock": absent(None)}),
        written({"namespaceSelector": namespace_selectors, "podSelector": absent(None)}),
        written({"namespaceSelector": namespace_selectors, "podSelector": selectors}),
    )
    return st.one_of(by_block, by_block, by_block, by_label)


def _port_ranges() -> Json:
    edges = st.one_of(st.sampled_from(PORT_EDGES), st.integers(1, 65535))
    protocols = st.sampled_from([..., None, "TCP", "TCP", "UDP", "SCTP"])
    ends = st.tuples(edges, edges).map(sorted)
    halves = st.sampled_from([[1, 32767], [1, 32768], [32768, 65535], [32769, 65535], [1, 65535], [80, 80]])
    ranged = st.tuples(st.one_of(ends, halves), protocols).map(
        lambda drawn: {"port": drawn[0][0], "endPort": drawn[0][1], "protocol": drawn[1]}
    )
    single = st.fixed_dictionaries({"port": edges, "protocol": protocols, "endPort": absent(None)})
    named = st.fixed_dictionaries({"port": st.sampled_from(["http", "dns-tcp"]), "protocol": protocols})
    bare = st.fixed_dictionaries({"protocol": protocols, "port": absent(None)})
    whole = st.one_of(ranged, ranged, single, named, bare).map(_kept)
    return st.one_of(whole, whole, whole, whole, st.none())


def _kept(drawn: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in drawn.items() if value is not ...}


def egress_rules(*, peers: Json | None = None, ports: Json | None = None) -> Json:
    """One egress rule, in every way to leave something out."""
    some_peers = st.lists(_peers(), min_size=1, max_size=4) if peers is None else peers
    some_ports = st.lists(_port_ranges(), min_size=1, max_size=3) if ports is None else ports
    rule = written(
        {
            "to": st.one_of(some_peers, some_peers, some_peers, absent(None, [])),
            "ports": st.one_of(some_ports, absent(None, [])),
        }
    )
    return st.one_of(rule, rule, rule, rule, rule, st.none())


@st.composite
def splits(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Everything, or nearly, cut in pieces that are dealt out to a few rules."""
    base = draw(
        st.sampled_from(
            ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "64.0.0.0/2", "2000::/3", "2600::/11", "64:ff9b::/96"]
        )
    )
    pieces = subnets(base, draw(st.integers(1, 5)))
    kept = draw(st.lists(st.sampled_from(pieces), unique=True, min_size=max(1, len(pieces) // 4), max_size=len(pieces)))
    ports = draw(st.lists(st.lists(_port_ranges(), max_size=2), min_size=1, max_size=3))
    return _deal(draw, kept, ports)


@st.composite
def refills(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A wide block full of holes, and rules that fill some of the holes again."""
    cidr = draw(st.sampled_from(["0.0.0.0/0", "0.0.0.0/1", "64.0.0.0/2", "::/0", "2000::/3", "8.0.0.0/7"]))
    holes = [inside(draw, cidr) for _ in range(draw(st.integers(1, 4)))]
    filled = draw(st.lists(st.sampled_from(holes), unique=True))
    ports = draw(st.lists(_port_ranges(), max_size=2))
    rules: list[dict[str, Any]] = [{"to": [{"ipBlock": {"cidr": cidr, "except": holes}}], "ports": ports}]
    for hole in filled:
        again = draw(st.sampled_from([[], ports]))
        rules.append({"to": [{"ipBlock": {"cidr": hole}}], "ports": again})
    return rules


def first(count: int, intervals: Intervals, start: int) -> list[str]:
    """Blocks that are exactly so many addresses of the intervals, going round from the one at `start`."""
    found: list[str] = []
    for low, high in [*intervals[start:], *intervals[:start]]:
        taken = min(count, high - low + 1)
        if taken:
            kind = ipaddress.IPv4Address if high < 2**32 else ipaddress.IPv6Address
            found += map(str, ipaddress.summarize_address_range(kind(low), kind(low + taken - 1)))
        count -= taken
    return found


@st.composite
def thresholds(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rules that together hold just enough, or one address or one port too few, to be open or broad."""
    counted = public().counted
    intervals = draw(st.sampled_from([counted.v4, counted.v4, counted.v6]))
    broad, quarter = (
        (2**24, -(-size(intervals) // 4)) if intervals is counted.v4 else (2**109, -(-size(intervals) // 4))
    )
    aim = draw(st.sampled_from([broad, quarter])) + draw(st.integers(-1, 1))
    pieces = first(aim, intervals, draw(st.integers(0, len(intervals) - 1)))
    last = draw(st.sampled_from([32767, 32768, 32769, 443, 65535]))
    cut = draw(st.integers(1, last))
    low, high = {"port": 1, "endPort": cut}, {"port": min(cut + 1, last), "endPort": last}
    if draw(st.booleans()):
        return _deal(draw, pieces, [[low, high]])
    return [*_deal(draw, pieces, [[low]]), *_deal(draw, pieces, [[high]])]


def _deal(draw: st.DrawFn, pieces: list[str], ports: list[list[Any]]) -> list[dict[str, Any]]:
    dealt: list[list[str]] = [[] for _ in range(draw(st.integers(1, 4)))]
    for index, piece in enumerate(pieces):
        dealt[index % len(dealt)].append(piece)
    return [
        {"to": [{"ipBlock": {"cidr": piece}} for piece in hand], "ports": ports[index % len(ports)]}
        for index, hand in enumerate(dealt)
        if hand
    ]


@st.composite
def together(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One namespace whose policies all select the same pods, and whose rules are wide only in sum."""
    rules = draw(st.one_of(thresholds(), splits(), refills()))
    rules += draw(st.lists(egress_rules(), max_size=1))
    spread: dict[str, list[Any]] = {}
    for rule in rules:
        spread.setdefault(draw(st.sampled_from("abc")), []).append(rule)
    manifests = [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": f"policy-{name}", "namespace": "shop"},
            "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": egress},
        }
        for name, egress in sorted(spread.items())
    ]
    return [*manifests, *draw(st.lists(st.just(workload("Deployment", "web", "shop", {"app": "web"})), max_size=1))]


@st.composite
def egress_lists(draw: st.DrawFn) -> list[Any]:
    """The rules of one policy."""
    form = draw(st.sampled_from(["few", "few", "splits", "refills"]))
    if form == "splits":
        return draw(splits())
    if form == "refills":
        return draw(refills())
    return draw(st.lists(egress_rules(), max_size=3))


@st.composite
def policies(draw: st.DrawFn, name: str, namespaces: list[str]) -> dict[str, Any]:
    """A NetworkPolicy that the API server accepts; now and then one that leaves egress alone."""
    types = draw(st.sampled_from([["Egress"], ["Egress"], ["Ingress", "Egress"], ["Ingress"], None, [], ...]))
    spec = {
        "podSelector": draw(st.one_of(st.sampled_from([..., None, {}, {}]), selectors)),
        "policyTypes": types,
        "egress": draw(st.one_of(egress_lists(), egress_lists(), egress_lists(), absent(None, []))),
    }
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": draw(st.sampled_from(namespaces))},
        "spec": _kept(spec),
    }


POD_SPEC = {"containers": [{"name": "app", "image": "example.com/app:1"}]}


def _template(labels: dict[str, str], *, host: bool) -> dict[str, Any]:
    return {"metadata": {"labels": labels}, "spec": {**POD_SPEC, **({"hostNetwork": True} if host else {})}}


def workload(kind: str, name: str, namespace: str, labels: dict[str, str], *, host: bool = False) -> dict[str, Any]:
    """A manifest of the kind with one pod template."""
    metadata = {"name": name, "namespace": namespace}
    template = _template(labels, host=host)
    selector = {"matchLabels": labels}
    if kind == "Pod":
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {**metadata, "labels": labels}, "spec": template["spec"]}
    if kind == "CronJob":
        spec: dict[str, Any] = {"schedule": "0 * * * *", "jobTemplate": {"spec": {"template": template}}}
        return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": spec}
    if kind == "Rollout":
        spec = {"selector": selector, "template": template}
        return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": metadata, "spec": spec}
    spec = {"selector": selector, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


@st.composite
def workloads(draw: st.DrawFn, name: str, namespaces: list[str]) -> dict[str, Any]:
    """A workload with labels that the policies' selectors may or may not want."""
    return workload(
        draw(st.sampled_from(["Deployment", "Deployment", "Pod", "CronJob", "Rollout"])),
        name,
        draw(st.sampled_from(namespaces)),
        draw(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=2)),
        host=draw(st.sampled_from([False] * 7 + [True])),
    )


def _unique(names: Iterable[str], part: str) -> list[str]:
    return [f"{part}-{name}" for name in names]


@st.composite
def namespaces(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A Namespace with labels that peers may or may not want."""
    labels = draw(st.one_of(absent(None), st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=2)))
    metadata = _kept({"name": name, "labels": labels})
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


@st.composite
def clusters(draw: st.DrawFn, *, min_policies: int = 0) -> list[dict[str, Any]]:
    """Policies and workloads of one to three namespaces, in any order."""
    places = draw(st.lists(st.sampled_from(NAMESPACES), min_size=1, max_size=3, unique=True))
    manifests = [
        *(draw(namespaces(n)) for n in places if draw(st.booleans())),
        *(draw(policies(n, places)) for n in _unique("abcd"[: draw(st.integers(min_policies, 4))], "policy")),
        *(draw(workloads(n, places)) for n in _unique("abc"[: draw(st.integers(0, 3))], "app")),
    ]
    return draw(st.permutations(manifests))
