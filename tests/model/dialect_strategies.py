"""Random policies of the dialects, of one kind at a time, and what they are about: well formed, and drawn to the edges.

Each strategy gives the manifests of a namespace `shop`: its Namespace, a few workloads, the policies, and often
NetworkPolicies beside them.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.model import strategies
from tests.model.strategies import Json, workload

HOME = "shop"
LABELS = {"team": "a"}
#: Halves that make a whole, blocks inside each other, and what stands for IPv4 in IPv6.
BLOCKS = [
    *("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "64.0.0.0/2", "8.0.0.0/8", "8.8.8.8/32", "9.0.0.0/8", "10.0.0.0/8"),
    *("::/0", "2000::/3", "2600::/12", "fd00::/8", "64:ff9b::/96", "64:ff9b::8.0.0.0/104", "::/1", "8000::/1"),
]
PORTS = [(443, 443), (53, 53), (1, 65535), (1, 32768), (32769, 65535), (80, 443), (1, 1), (65535, 65535)]
cidrs = st.one_of(st.sampled_from(BLOCKS), st.sampled_from(BLOCKS), strategies.blocks)
cidr_lists = st.one_of(st.just(["0.0.0.0/0", "::/0"]), st.lists(cidrs, min_size=1, max_size=3))
protocols = st.sampled_from(["TCP", "TCP", "UDP", "SCTP"])
ports = st.sampled_from(PORTS)
pod_labels = st.sampled_from([{}, {}, {"app": "web"}, {"app": "db"}, {"tier": "x"}])
namespace_labels = st.sampled_from([{}, {}, LABELS, {"team": "b"}])


def kept(thing: dict[str, Any]) -> dict[str, Any]:
    """Without what was drawn as left out."""
    return {key: value for key, value in thing.items() if value is not ...}


def _policy(api_version: str, kind: str, name: str, spec: dict[str, Any], namespace: str = "") -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


@st.composite
def surroundings(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The Namespace and its workloads; sometimes NetworkPolicies."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOME, "labels": LABELS}}
    found = [namespace, workload("Deployment", "web", HOME, {"app": "web"})]
    if draw(st.booleans()):
        found.append(workload("Deployment", "db", HOME, {"app": "db"}))
    if draw(st.booleans()):
        found.append(draw(strategies.policies("beside", [HOME])))
    return found


# --- policy.networking.k8s.io -----------------------------------------------------------------------------------


@st.composite
def admin_rules(draw: st.DrawFn, actions: list[str], *, modern: bool) -> dict[str, Any]:
    """One rule; `modern` as v1alpha2 writes ports."""
    field = "protocols" if modern else "ports"
    entries = draw(st.one_of(st.just(...), st.lists(admin_ports(modern=modern), min_size=1, max_size=2)))
    return kept({"action": draw(st.sampled_from(actions)), "to": [{"networks": draw(cidr_lists)}], field: entries})


@st.composite
def admin_ports(draw: st.DrawFn, *, modern: bool) -> dict[str, Any]:
    """A number, a range, or in v1alpha2 a whole protocol."""
    protocol, (first, last) = draw(protocols), draw(ports)
    if modern:
        number = {"number": first} if first == last else {"range": {"start": first, "end": last}}
        return {protocol.lower(): draw(st.sampled_from([{}, {"destinationPort": number}]))}
    if first == last:
        return {"portNumber": {"protocol": protocol, "port": first}}
    return {"portRange": {"protocol": protocol, "start": first, "end": last}}


@st.composite
def cluster_network_policies(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Of both versions, each with a priority of its own."""
    found = draw(surroundings())
    modern = draw(st.booleans())
    for priority in draw(st.permutations(range(draw(st.integers(1, 3))))):
        subject = draw(
            st.one_of(
                st.builds(lambda labels: {"namespaces": {"matchLabels": labels}}, namespace_labels),
                st.builds(
                    lambda of, pods: {
                        "pods": {"namespaceSelector": {"matchLabels": of}, "podSelector": {"matchLabels": pods}}
                    },
                    namespace_labels, pod_labels,
                ),
            )
        )  # fmt: skip
        actions = ["Accept", "Deny", "Pass"] if modern else ["Allow", "Deny", "Pass"]
        rules = draw(st.lists(admin_rules(actions, modern=modern), max_size=4))
        spec = {"priority": priority, "subject": subject, "egress": rules}
        if modern:
            spec["tier"] = draw(st.sampled_from(["Admin", "Admin", "Baseline"]))
            found.append(_policy("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", f"p{priority}", spec))
        else:
            found.append(_policy("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", f"p{priority}", spec))
    if not modern and draw(st.booleans()):
        rules = draw(st.lists(admin_rules(["Allow", "Deny"], modern=False), max_size=3))
        spec = {"subject": {"namespaces": {}}, "egress": rules}
        found.append(_policy("policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy", "default", spec))
    return found


# --- Cilium -----------------------------------------------------------------------------------------------------


def _cilium_ports() -> Json:
    one = st.builds(
        lambda ends, protocol: kept({
            "port": "0" if ends == (1, 65535) else str(ends[0]),
            "endPort": ends[1] if ends[0] != ends[1] and ends != (1, 65535) else ...,
            "protocol": protocol,
        }),
        ports, st.sampled_from([..., "ANY", "TCP", "UDP", "SCTP"]),
    )  # fmt: skip
    return st.lists(
        st.builds(lambda listed: {"ports": listed}, st.lists(one, min_size=1, max_size=2)), min_size=1, max_size=2
    )


@st.composite
def cilium_rules(draw: st.DrawFn) -> dict[str, Any]:
    """One rule with one kind of peers, or none at all."""
    sets = st.builds(lambda b: {"cidr": b["cidr"], "except": b.get("except") or []}, strategies.ip_blocks())
    peers = draw(
        st.one_of(
            st.builds(lambda listed: {"toCIDR": listed}, cidr_lists),
            st.builds(lambda listed: {"toCIDRSet": listed}, st.lists(sets, min_size=1, max_size=2)),
            st.builds(
                lambda name: {"toEntities": [name]},
                st.sampled_from(["world", "all", "cluster", "world-ipv4", "world-ipv6", "kube-apiserver"]),
            ),
            st.just({}),
        )
    )
    return {**peers, **kept({"toPorts": draw(st.one_of(st.just(...), _cilium_ports()))})}


@st.composite
def cilium_policies(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Of both scopes."""
    found = draw(surroundings())
    for number in range(draw(st.integers(1, 3))):
        spec = kept(
            {
                "endpointSelector": {"matchLabels": draw(pod_labels)},
                "egress": draw(st.one_of(st.just(...), st.lists(cilium_rules(), max_size=3))),
                "egressDeny": draw(st.one_of(st.just(...), st.lists(cilium_rules(), max_size=2))),
                "enableDefaultDeny": draw(st.sampled_from([..., ..., {"egress": True}, {"egress": False}, {}])),
            }
        )
        if draw(st.booleans()):
            found.append(_policy("cilium.io/v2", "CiliumNetworkPolicy", f"p{number}", spec, HOME))
        else:
            found.append(_policy("cilium.io/v2", "CiliumClusterwideNetworkPolicy", f"p{number}", spec))
    return found


# --- Calico -----------------------------------------------------------------------------------------------------


@st.composite
def calico_rules(draw: st.DrawFn) -> dict[str, Any]:
    """One rule; ports only with a protocol."""
    protocol = draw(st.sampled_from([..., "TCP", "UDP", "SCTP"]))
    listed = st.lists(ports, min_size=1, max_size=2).map(
        lambda found: [first if first == last else f"{first}:{last}" for first, last in found]
    )
    action = draw(st.sampled_from(["Allow", "Allow", "Deny", "Pass", "Log"]))
    destination = kept(
        {
            "nets": draw(st.one_of(st.just(...), cidr_lists, cidr_lists)),
            # Of what is not in some blocks only a rule that allows is told.
            "notNets": draw(st.one_of(st.just(...), cidr_lists)) if action == "Allow" else ...,
            "ports": ... if protocol is ... else draw(st.one_of(st.just(...), listed)),
        }
    )
    return kept({"action": action, "protocol": protocol, "destination": destination or ...})


def _equals(labels: dict[str, str], everybody: str) -> str:
    return " ".join(f"{key} == '{value}'" for key, value in labels.items()) or everybody


@st.composite
def calico_policies(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Of both scopes, in the tier default and in others, which are there."""
    found = draw(surroundings())
    tiers = {"first": draw(st.sampled_from([100, 200])), "last": draw(st.sampled_from([2000000, 3000000]))}
    for name, place in tiers.items():
        spec = kept({"order": place, "defaultAction": draw(st.sampled_from([..., "Deny", "Pass"]))})
        found.append(_policy("projectcalico.org/v3", "Tier", name, spec))
    orders = draw(st.lists(st.sampled_from([1.0, 2, 999, 1001, 5000, 1000.5]), min_size=1, max_size=4, unique=True))
    for number, order in enumerate(orders):
        everywhere = draw(st.booleans())
        tier = draw(st.sampled_from([..., ..., *tiers]))
        spec = kept(
            {
                "order": draw(st.sampled_from([order, order, order, ...])) if number == 0 else order,
                "tier": tier,
                "types": draw(st.sampled_from([["Egress"], ["Egress"], ["Ingress"], ["Ingress", "Egress"]])),
                "selector": _equals(draw(pod_labels), draw(st.sampled_from(["all()", ""]))),
                "namespaceSelector": _equals(draw(namespace_labels), "") or ... if everywhere else ...,
                "egress": draw(st.lists(calico_rules(), max_size=4)),
            }
        )
        # Names in a tier begin with its name.
        name = f"{'default' if tier is ... else tier}.p{number}"
        kind, home = ("GlobalNetworkPolicy", "") if everywhere else ("NetworkPolicy", HOME)
        found.append(_policy("projectcalico.org/v3", kind, name, spec, home))
    return found


# --- Antrea -----------------------------------------------------------------------------------------------------


@st.composite
def antrea_rules(draw: st.DrawFn) -> dict[str, Any]:
    """One rule to blocks, or to everybody."""
    peers = st.lists(
        st.builds(lambda b: {"ipBlock": {k: v for k, v in b.items() if v}}, strategies.ip_blocks()),
        min_size=1,
        max_size=2,
    )
    one = st.builds(
        lambda ends, protocol: kept({
            "protocol": protocol, "port": ends[0], "endPort": ends[1] if ends[0] != ends[1] else ...
        }),
        ports, st.sampled_from([..., "TCP", "UDP", "SCTP"]),
    )  # fmt: skip
    return kept(
        {
            "action": draw(st.sampled_from(["Allow", "Allow", "Drop", "Reject", "Pass"])),
            "to": draw(st.one_of(peers, peers, st.just(...))),
            "ports": draw(st.one_of(st.just(...), st.lists(one, min_size=1, max_size=2))),
        }
    )


@st.composite
def antrea_policies(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Of both scopes, in the tiers that are always there."""
    found = draw(surroundings())
    for priority in draw(st.permutations(range(1, draw(st.integers(2, 4))))):
        everywhere = draw(st.booleans())
        applied = {"podSelector": {"matchLabels": draw(pod_labels)}}
        if everywhere:
            applied["namespaceSelector"] = {"matchLabels": draw(namespace_labels)}
        spec = kept(
            {
                "tier": draw(st.sampled_from([..., "application", "emergency", "SecurityOps", "platform", "baseline"])),
                "priority": priority,
                "appliedTo": [applied],
                "egress": draw(st.lists(antrea_rules(), max_size=4)),
            }
        )
        kind, home = ("ClusterNetworkPolicy", "") if everywhere else ("NetworkPolicy", HOME)
        found.append(_policy("crd.antrea.io/v1beta1", kind, f"p{priority}", spec, home))
    return found


# --- OpenShift --------------------------------------------------------------------------------------------------


@st.composite
def egress_firewalls(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The one of a namespace."""
    one = st.builds(lambda ends, protocol: {"protocol": protocol, "port": ends[0]}, ports, protocols)
    rules = st.builds(
        lambda kind, text, listed: kept({"type": kind, "to": {"cidrSelector": text}, "ports": listed}),
        st.sampled_from(["Allow", "Deny", "Deny"]), cidrs,
        st.one_of(st.just(...), st.lists(one, min_size=1, max_size=2)),
    )  # fmt: skip
    spec = {"egress": draw(st.lists(rules, min_size=1, max_size=5))}
    return [*draw(surroundings()), _policy("k8s.ovn.org/v1", "EgressFirewall", "default", spec, HOME)]


# --- Firewalls of clouds ----------------------------------------------------------------------------------------


@st.composite
def security_groups(draw: st.DrawFn) -> dict[str, Any]:
    """A group as `aws ec2 describe-security-groups` has it."""
    rules = []
    for _ in range(draw(st.integers(0, 4))):
        texts = draw(st.lists(cidrs, min_size=1, max_size=3))
        protocol, (first, last) = draw(st.sampled_from(["-1", "tcp", "udp"])), draw(ports)
        ends = {} if protocol == "-1" else {"FromPort": first, "ToPort": last}
        v4 = [{"CidrIp": text} for text in texts if ":" not in text]
        v6 = [{"CidrIpv6": text} for text in texts if ":" in text]
        rules.append({"IpProtocol": protocol, **ends, "IpRanges": v4, "Ipv6Ranges": v6})
    return {"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "nodes", "IpPermissionsEgress": rules}]}


@st.composite
def network_acls(draw: st.DrawFn) -> dict[str, Any]:
    """An ACL as `aws ec2 describe-network-acls` has it, in any order."""
    entries = []
    for number in draw(st.lists(st.integers(1, 32766), max_size=5, unique=True)):
        text, (first, last), protocol = draw(cidrs), draw(ports), draw(st.sampled_from(["-1", "6", "17"]))
        ends = {} if protocol == "-1" else {"PortRange": {"From": first, "To": last}}
        entries.append(
            {
                "Egress": draw(st.sampled_from([True, True, True, False])),
                "RuleNumber": number,
                "Protocol": protocol,
                "RuleAction": draw(st.sampled_from(["allow", "deny"])),
                "CidrBlock" if ":" not in text else "Ipv6CidrBlock": text,
                **ends,
            }
        )
    return {"NetworkAcls": [{"NetworkAclId": "acl-1", "Entries": entries}]}


@st.composite
def google_rules(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The rules of one network as `gcloud compute firewall-rules list` has them."""
    found = []
    for number in range(draw(st.integers(1, 5))):
        texts = [
            f"{first}" if first == last else f"{first}-{last}" for first, last in draw(st.lists(ports, max_size=2))
        ]
        protocol = draw(st.sampled_from(["all", "tcp", "udp", "sctp"]))
        entry = {"IPProtocol": protocol, **({"ports": texts} if texts and protocol != "all" else {})}
        found.append(
            kept(
                {
                    "kind": "compute#firewall",
                    "name": f"r{number}",
                    "network": "https://www.googleapis.com/compute/v1/projects/p/global/networks/default",
                    "direction": "EGRESS",
                    "priority": draw(st.sampled_from([0, 100, 1000, 65534])),
                    draw(st.sampled_from(["allowed", "denied"])): [entry],
                    "destinationRanges": draw(st.one_of(st.just(...), cidr_lists)),
                }
            )
        )
    return found


@st.composite
def azure_groups(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A group as `az network nsg list` has it."""
    rules = []
    for priority in draw(st.lists(st.integers(100, 4096), max_size=5, unique=True)):
        first, last = draw(ports)
        span = draw(st.sampled_from(["*", f"{first}" if first == last else f"{first}-{last}"]))
        rules.append(
            {
                "name": f"r{priority}",
                "priority": priority,
                "direction": "Outbound",
                "access": draw(st.sampled_from(["Allow", "Deny"])),
                "protocol": draw(st.sampled_from(["*", "Tcp", "Udp"])),
                "sourceAddressPrefix": "*",
                "sourcePortRange": "*",
                "destinationAddressPrefix": draw(st.one_of(st.sampled_from(["*", "Internet"]), cidrs)),
                "destinationPortRange": span,
            }
        )
    group = {"type": "Microsoft.Network/networkSecurityGroups", "name": "aks", "securityRules": rules}
    return [{**group, "defaultSecurityRules": []}]
