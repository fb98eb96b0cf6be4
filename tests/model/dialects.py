"""The dialects to allowances, written from their specifications, apart from the policy: manifests that are well formed.

What one kind of policy says to one pod is a list of allowances in the order in which that kind asks them. A tier is a
number here: admin policies come before NetworkPolicies (`networkpolicy.TIER`), baseline ones behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from tests.model.addresses import EVERY, block, blocks
from tests.model.allowances import (
    NAME_LABEL,
    Allowance,
    Anything,
    Block,
    Destination,
    Isolation,
    Labels,
    Pod,
    Rules,
    Selector,
    Source,
)
from tests.model.networkpolicy import TIER, Manifest, items, name_of, selector, struct
from tests.model.ports import ALL, PROTOCOLS, Ports

FIREWALL, ADMIN, BASELINE = 0.0, 10.0, 90.0
Action = Literal["allow", "deny", "pass"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Pods by the labels of their namespaces and their own."""

    namespaces: Mapping[str, Labels]
    namespace_selector: Selector
    pods: Selector
    namespace: str = ""

    def selects(self, pod: Pod) -> bool:
        """Whether the pod is one of them; host-network pods never are."""
        labels = {**self.namespaces.get(pod.namespace, {}), NAME_LABEL: pod.namespace}
        inside = self.namespace_selector.matches(labels) and self.namespace in ("", pod.namespace)
        return not pod.host_network and inside and self.pods.matches(pod.labels)


def allowance(
    subject: Chosen, action: Action, place: tuple[float, float], to: Sequence[Destination], ports: Sequence[Ports],
    source: Source,
) -> Allowance:  # fmt: skip
    """One entry; of no ports there are none."""
    tier, order = place
    return Allowance(subject, action, tier, order, tuple(to), tuple(ports), source)


def _source(policy: Manifest, path: str) -> Source:
    return Source(f"{policy['kind']}/{struct(policy['metadata']).get('namespace', '')}/{name_of(policy)}", path, policy)


# --- policy.networking.k8s.io -----------------------------------------------------------------------------------


def cluster_network_policy(policy: Manifest, namespaces: Mapping[str, Labels]) -> Rules:
    """ClusterNetworkPolicy v1alpha2, AdminNetworkPolicy and BaselineAdminNetworkPolicy v1alpha1."""
    spec = policy["spec"]
    subject = _admin_subject(spec["subject"], namespaces)
    tier = BASELINE if "Baseline" in (policy["kind"] + spec.get("tier", "")) else ADMIN
    actions: dict[str, Action] = {"Accept": "allow", "Allow": "allow", "Deny": "deny", "Pass": "pass"}
    found = []
    for index, rule in enumerate(items(spec.get("egress"))):
        to = [Block(block(text), text) for peer in rule["to"] for text in items(peer.get("networks"))]
        ports = [p for entry in (*items(rule.get("ports")), *items(rule.get("protocols"))) for p in _admin_ports(entry)]
        order = spec.get("priority", 0) * 1000 + index
        source = _source(policy, f"spec.egress[{index}]")
        found.append(allowance(subject, actions[rule["action"]], (tier, order), to, ports or ALL, source))
    return Rules(tuple(found))


def _admin_subject(written: Manifest, namespaces: Mapping[str, Labels]) -> Chosen:
    if "pods" in written:
        pods = written["pods"]
        return Chosen(namespaces, selector(pods.get("namespaceSelector")), selector(pods.get("podSelector")))
    return Chosen(namespaces, selector(written["namespaces"]), Selector())


def _admin_ports(entry: Manifest) -> Iterator[Ports]:
    if "portNumber" in entry:
        yield Ports(entry["portNumber"]["protocol"], entry["portNumber"]["port"], entry["portNumber"]["port"])
    elif "portRange" in entry:
        yield Ports(entry["portRange"]["protocol"], entry["portRange"]["start"], entry["portRange"]["end"])
    else:
        ((protocol, written),) = entry.items()
        port = struct(written.get("destinationPort"))
        ends = port.get("range") or {"start": port.get("number", 1), "end": port.get("number", 65535)}
        yield Ports(protocol.upper(), ends["start"], ends["end"])


# --- Cilium -----------------------------------------------------------------------------------------------------


def cilium(policy: Manifest, namespaces: Mapping[str, Labels]) -> Rules:
    """CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy: all denials, then all that is allowed."""
    spec, home = policy["spec"], struct(policy["metadata"]).get("namespace", "")
    subject = Chosen(namespaces, Selector(), selector(spec["endpointSelector"]), home)
    found = []
    actions: dict[str, Action] = {"egressDeny": "deny", "egress": "allow"}
    for field, action in actions.items():
        for index, rule in enumerate(items(spec.get(field))):
            to = list(_cilium_peers(rule))
            ports = [p for entry in items(rule.get("toPorts")) for one in entry["ports"] for p in _cilium_ports(one)]
            source = _source(policy, f"spec.{field}[{index}]")
            found.append(allowance(subject, action, (TIER, 0), to, ports or ALL, source))
    written = struct(spec.get("enableDefaultDeny")).get("egress")
    isolated = bool(found) if written is None else written
    return Rules(tuple(found), (Isolation(subject, TIER),) if isolated else ())


def _cilium_peers(rule: Manifest) -> Iterator[Destination]:
    fields = ("toCIDR", "toCIDRSet", "toEntities", "toEndpoints")
    if items(rule.get("toPorts")) and not any(field in rule for field in fields):
        yield Anything()
    for text in items(rule.get("toCIDR")):
        yield Block(block(text), text)
    for one in items(rule.get("toCIDRSet")):
        yield Block(block(one["cidr"]) - blocks(items(one.get("except"))), one["cidr"])
    for name in items(rule.get("toEntities")):
        if name in ("world", "all"):
            yield Block(EVERY, name)
        elif name.startswith("world-ipv"):
            yield Block(block("0.0.0.0/0" if name.endswith("4") else "::/0"), name)


def _cilium_ports(written: Manifest) -> Iterator[Ports]:
    protocol = written.get("protocol", "ANY")
    for one in PROTOCOLS if protocol == "ANY" else (protocol,):
        first = int(written["port"])
        yield Ports(one, first, written.get("endPort", first)) if first else Ports(one)


# --- Calico -----------------------------------------------------------------------------------------------------


def calico(policies: Iterable[Manifest], tiers: Mapping[str, Manifest], namespaces: Mapping[str, Labels]) -> Rules:
    """NetworkPolicy and GlobalNetworkPolicy: the first rule of the first policy of the first tier that matches."""

    def order(policy: Manifest) -> tuple[float, str]:
        given = policy["spec"].get("order")
        return (float("inf") if given is None else float(given)), name_of(policy)

    ranked = sorted(policies, key=order)
    before = sum(order(policy)[0] < 1000 for policy in ranked)
    found = [
        _calico(policy, (number - before) * 1000 + (number >= before), tiers, namespaces)
        for number, policy in enumerate(ranked)
    ]
    return sum(found, Rules())


def _calico(policy: Manifest, place: float, tiers: Mapping[str, Manifest], namespaces: Mapping[str, Labels]) -> Rules:
    spec, home = policy["spec"], struct(policy["metadata"]).get("namespace", "")
    subject = Chosen(namespaces, _equals(spec.get("namespaceSelector")), _equals(spec.get("selector")), home)
    tier = TIER + (tiers[spec["tier"]]["spec"]["order"] - 1e6) / 1e6 if "tier" in spec else TIER
    passes = "tier" in spec and tiers[spec["tier"]]["spec"].get("defaultAction") == "Pass"
    rules = items(spec.get("egress")) if "Egress" in spec["types"] else []
    found = [
        allowance(
            subject, rule["action"].lower(), (tier, place + index),
            list(_calico_peers(struct(rule.get("destination")))),
            list(_calico_ports(rule)), _source(policy, f"spec.egress[{index}]"),
        )
        for index, rule in enumerate(rules)
        if rule["action"] != "Log"
    ]  # fmt: skip
    closed = "Egress" in spec["types"] and not passes
    return Rules(tuple(found), (Isolation(subject, tier),) if closed else ())


def _equals(text: str | None) -> Selector:
    """A selector that is empty, `all()` or `key == 'value'`."""
    if text is None or text in ("", "all()"):
        return Selector()
    key, _, value = text.partition(" == ")
    return selector({"matchLabels": {key: value.strip("'")}})


def _calico_peers(destination: Manifest) -> Iterator[Destination]:
    holes = blocks(items(destination.get("notNets")))
    if "nets" in destination:
        yield from (Block(block(text) - holes, text) for text in destination["nets"])
    elif "notNets" in destination:
        yield Block(EVERY - holes)
    elif "selector" not in destination:
        yield Anything()


def _calico_ports(rule: Manifest) -> Iterator[Ports]:
    ports = items(struct(rule.get("destination")).get("ports"))
    for protocol in (rule["protocol"],) if "protocol" in rule else PROTOCOLS:
        for port in ports:
            first, _, last = str(port).partition(":")
            yield Ports(protocol, int(first), int(last or first))
        if not ports:
            yield Ports(protocol)


# --- Antrea -----------------------------------------------------------------------------------------------------

_ANTREA = {"emergency": 50, "securityops": 100, "networkops": 150, "platform": 200, "application": 250}


def antrea(policy: Manifest, namespaces: Mapping[str, Labels]) -> Rules:
    """NetworkPolicy and ClusterNetworkPolicy of crd.antrea.io; a pass goes on to NetworkPolicies."""
    spec, home = policy["spec"], struct(policy["metadata"]).get("namespace", "")
    name = spec.get("tier", "application").lower()
    tier = BASELINE if name == "baseline" else ADMIN
    actions: dict[str, Action] = {"Allow": "allow", "Drop": "deny", "Reject": "deny", "Pass": "pass"}
    found = []
    for applied in spec["appliedTo"]:
        subject = Chosen(
            namespaces, selector(applied.get("namespaceSelector")), selector(applied.get("podSelector")), home
        )
        for index, rule in enumerate(items(spec.get("egress"))):
            ports = [
                Ports(one.get("protocol", "TCP"), one["port"], one.get("endPort", one["port"]))
                if "port" in one
                else Ports(one.get("protocol", "TCP"))
                for one in items(rule.get("ports"))
            ]
            order = _ANTREA.get(name, 0) * 1e9 + spec["priority"] * 1e6 + index
            to: list[Destination] = [
                Block(block(peer["ipBlock"]["cidr"]) - blocks(items(peer["ipBlock"].get("except"))))
                for peer in items(rule.get("to"))
                if "ipBlock" in peer
            ]
            everywhere = [] if items(rule.get("to")) else [Anything()]
            source = _source(policy, f"spec.egress[{index}]")
            place = tier, order
            found.append(allowance(subject, actions[rule["action"]], place, [*to, *everywhere], ports or ALL, source))
    return Rules(tuple(found))


# --- OpenShift --------------------------------------------------------------------------------------------------


def openshift(policy: Manifest, namespaces: Mapping[str, Labels]) -> Rules:
    """EgressFirewall: what it allows goes on to whoever else decides."""
    subject = Chosen(namespaces, Selector(), Selector(), policy["metadata"]["namespace"])
    found = []
    for index, rule in enumerate(policy["spec"]["egress"]):
        ports = [Ports(one["protocol"], one["port"], one["port"]) for one in items(rule.get("ports"))]
        to = [Block(block(rule["to"]["cidrSelector"]), rule["to"]["cidrSelector"])]
        action: Action = "pass" if rule["type"] == "Allow" else "deny"
        source = _source(policy, f"spec.egress[{index}]")
        found.append(allowance(subject, action, (FIREWALL, index), to, ports or ALL, source))
    return Rules(tuple(found))


# --- Firewalls of clouds ----------------------------------------------------------------------------------------

EVERYBODY = Chosen({}, Selector(), Selector())
#: What is behind all rules of a firewall: denied by an implied rule, or allowed by one.
_LAST = 1e9


def security_group(group: Manifest) -> Rules:
    """Of `aws ec2 describe-security-groups`: what no rule allows is denied."""
    found = []
    for index, rule in enumerate(group["IpPermissionsEgress"]):
        texts = [one["CidrIp"] for one in rule["IpRanges"]] + [one["CidrIpv6"] for one in rule["Ipv6Ranges"]]
        to = [Block(block(text), text) for text in texts]
        found.append(
            _of_firewall("allow", 0, to, list(_aws_ports(rule["IpProtocol"], rule, "FromPort", "ToPort")), index)
        )
    return _closed(found)


def network_acl(acl: Manifest) -> Rules:
    """Of `aws ec2 describe-network-acls`: the first entry by number decides, and behind all is a denial."""
    found = []
    for index, entry in enumerate(acl["Entries"]):
        if entry["Egress"]:
            to = [Block(block(entry.get("CidrBlock") or entry["Ipv6CidrBlock"]))]
            ports = list(_aws_ports(entry["Protocol"], struct(entry.get("PortRange")), "From", "To"))
            found.append(_of_firewall(entry["RuleAction"], entry["RuleNumber"], to, ports, index))
    return _closed(found)


def _aws_ports(protocol: str, ends: Manifest, first: str, last: str) -> Iterator[Ports]:
    if protocol == "-1":
        yield from ALL
    else:
        names = {"6": "TCP", "17": "UDP", "132": "SCTP"}
        yield Ports(names.get(protocol, protocol.upper()), ends.get(first, 1), ends.get(last, 65535))


def google_network(rules: Sequence[Manifest]) -> Rules:
    """Of `gcloud compute firewall-rules list`: by priority, a denial first; IPv4 is allowed where nobody speaks."""
    found = []
    for index, rule in enumerate(rules):
        action: Action = "deny" if "denied" in rule else "allow"
        texts = rule.get("destinationRanges") or ["0.0.0.0/0"]
        ports = [p for one in rule["denied" if action == "deny" else "allowed"] for p in _google_ports(one)]
        to = [Block(block(text), text) for text in texts]
        found.append(_of_firewall(action, rule["priority"], to, ports, index))
    found.append(_of_firewall("allow", _LAST, [Block(block("0.0.0.0/0"))], ALL, -1))
    return _closed(found)


def _google_ports(written: Manifest) -> Iterator[Ports]:
    for protocol in PROTOCOLS if written["IPProtocol"] == "all" else (written["IPProtocol"].upper(),):
        for text in items(written.get("ports")):
            first, _, last = text.partition("-")
            yield Ports(protocol, int(first), int(last or first))
        if not items(written.get("ports")):
            yield Ports(protocol)


def network_security_group(group: Manifest) -> Rules:
    """Of `az network nsg list`: by priority, and behind all AllowInternetOutBound."""
    found = []
    for index, rule in enumerate(group["securityRules"]):
        prefix = rule["destinationAddressPrefix"]
        to = [Block(EVERY if prefix in ("*", "Internet") else block(prefix), prefix)]
        found.append(_of_firewall(rule["access"].lower(), rule["priority"], to, list(_azure_ports(rule)), index))
    found.append(_of_firewall("allow", _LAST, [Block(EVERY)], ALL, -1))
    return _closed(found)


def _azure_ports(rule: Manifest) -> Iterator[Ports]:
    text = rule["destinationPortRange"]
    first, _, last = text.partition("-")
    for protocol in PROTOCOLS if rule["protocol"] == "*" else (rule["protocol"].upper(),):
        yield Ports(protocol) if text == "*" else Ports(protocol, int(first), int(last or first))


def _of_firewall(action: Any, order: float, to: Sequence[Destination], ports: Sequence[Ports], index: int) -> Allowance:
    return allowance(EVERYBODY, action, (FIREWALL, order), to, ports, Source("", str(index)))


def _closed(found: Sequence[Allowance]) -> Rules:
    return Rules(tuple(found), (Isolation(EVERYBODY, FIREWALL),))


def unasked(rules: Rules) -> Rules:
    """What a firewall lets out though no rule of its own says so: rules deny as well, the implied allowance is left."""
    written = (replace(a, action="deny") if a.order < _LAST else a for a in rules.allowances)
    return Rules(tuple(written), rules.isolations)


# --- A cluster --------------------------------------------------------------------------------------------------

Translator = Callable[[Manifest, Mapping[str, Labels]], Rules]
_BY_GROUP: dict[str, Translator] = {
    "policy.networking.k8s.io": cluster_network_policy,
    "cilium.io": cilium,
    "crd.antrea.io": antrea,
    "k8s.ovn.org": openshift,
}


def rules_of_all(manifests: Sequence[Manifest], namespaces: Mapping[str, Labels]) -> Rules:
    """What all policies but NetworkPolicies come to."""
    groups = {id(one): one["apiVersion"].rpartition("/")[0] for one in manifests}
    tiers = {name_of(one): one for one in manifests if one["kind"] == "Tier" and groups[id(one)] == "projectcalico.org"}
    by_calico = [m for m in manifests if groups[id(m)] == "projectcalico.org" and m["kind"].endswith("NetworkPolicy")]
    others = [_BY_GROUP[groups[id(m)]](m, namespaces) for m in manifests if groups[id(m)] in _BY_GROUP]
    return sum(others, calico(by_calico, tiers, namespaces))
