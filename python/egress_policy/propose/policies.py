"""What NetworkPolicies that are there already let out: taken over where it is narrow and a model can say it.

A rule that is open, or of which a model could only say more than it does, is left out with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from egress_policy.propose import blocks
from egress_policy.propose.drafts import EVERY, Draft, written
from egress_policy.propose.inventory import Inventory, Thing
from egress_policy.propose.mentions import ENGINES
from egress_policy.propose.objects import Labels, at, listing, mapping, port_number, selecting, text, valid_namespace
from egress_policy.propose.proposal import Dns, Evidence, Layer, Missing, Note, Port, Written
from egress_policy.propose.targets import Targets

_NAMESPACE = "kubernetes.io/metadata.name"
_DNS = frozenset({53, 5353})
_NODE_LOCAL = "169.254.20.10/32"
_MOST_PORTS = 32768
_ANYWHERE = "it has no `to`, which is every destination"
_NO_LABELS = "the policy selects all, or by matchExpressions, which a model cannot say"
_PROTOCOLS = frozenset({"TCP", "UDP", "SCTP"})
_NAMES = ("app.kubernetes.io/name", "app", "k8s-app", "name")


@dataclass(slots=True)
class Existing:
    """What the policies of a namespace give."""

    dns: Dns = field(default_factory=lambda: Dns({"preset": "kube-dns"}))
    drafts: list[Draft] = field(default_factory=list)
    left_out: list[Note] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Rule:
    """One egress rule; `pods` is whom its policy selects."""

    policy: Thing
    value: Mapping[str, Any]
    path: str
    pods: Labels | Missing

    def at(self, path: str = "") -> Evidence:
        title = f"NetworkPolicy {self.policy.document.name}"
        return Evidence(self.policy.document, f"{self.path}{path}", f"{title}, {self.path}{path}")


class _LeftOutError(Exception):
    """A rule, or a peer, that is not taken over."""


def read(namespace: str, found: Inventory, targets: Targets) -> Existing:
    """All policies of a namespace."""
    existing = Existing()
    taken: list[blocks.Network] = []
    for policy in found.all("NetworkPolicy"):
        if policy.namespace == namespace:
            for rule in _rules(policy):
                _take(rule, existing, targets, taken)
    return existing


def _rules(policy: Thing) -> Iterator[_Rule]:
    spec = mapping(policy.value.get("spec"))
    types = listing(spec.get("policyTypes"))
    if types and "Egress" not in types:
        return
    pods = _pods(spec.get("podSelector"))
    for index, value in enumerate(listing(spec.get("egress"))):
        yield _Rule(policy, mapping(value), f"spec.egress[{index}]", pods)


def _pods(selector: Any) -> Labels | Missing:
    """Whom a policy selects, if labels say it."""
    if mapping(selector).get("matchExpressions"):
        return Missing("labels of the pods; the policy selects them by matchExpressions, which a model cannot say")
    given = mapping(selector).get("matchLabels")
    if selector in (None, {}) or (isinstance(selector, dict) and given in (None, {})):
        return EVERY
    return selecting(given) or Missing("labels of the pods; the policy's podSelector is not valid")


def _take(rule: _Rule, existing: Existing, targets: Targets, taken: list[blocks.Network]) -> None:
    """Add what the rule lets out."""
    ports = _ports(rule.value.get("ports"))
    if not isinstance(ports, Missing) and all(one.number in _DNS and not one.end for one in ports):
        _take_dns(rule, ports, existing)
    elif not listing(rule.value.get("to")):
        existing.left_out.append(Note(rule.at(), f"is open: {_ANYWHERE}; name the destinations that are meant"))
    else:
        _take_blocks(rule, ports, existing, taken)
        for index, peer in enumerate(map(mapping, listing(rule.value.get("to")))):
            if "ipBlock" not in peer:
                _take_pods(rule, index, peer, ports, existing, targets)


def _take_pods(
    rule: _Rule,
    index: int,
    peer: Mapping[str, Any],
    ports: tuple[Port, ...] | Missing,
    existing: Existing,
    targets: Targets,
) -> None:
    try:
        existing.drafts += _selected(rule, index, peer, ports, targets)
    except _LeftOutError as error:
        existing.left_out.append(Note(rule.at(f".to[{index}]"), str(error)))


def _ports(given: Any) -> tuple[Port, ...] | Missing:
    """The ports of a rule; Missing where they are all of a protocol, or by name."""
    every: list[Port] = []
    for one in map(mapping, listing(given)):
        number, end = port_number(one.get("port")), port_number(one.get("endPort"))
        protocol = one.get("protocol") or "TCP"
        if protocol not in _PROTOCOLS:
            return Missing("ports; the policy names a protocol that does not exist")
        if number is None:
            named = text(one.get("port"))[:63]
            return Missing(f"the number of port {named}" if named else "ports; the policy allows all of a protocol")
        every.append(Port(number, end if end and end > number else 0, protocol))
    if sum(max(one.end - one.number, 0) + 1 for one in every) >= _MOST_PORTS:
        return Missing("ports; the policy allows half of all or more")
    return tuple(sorted(set(every))) or Missing("ports; the policy allows all")


def _take_dns(rule: _Rule, ports: tuple[Port, ...], existing: Existing) -> None:
    """DNS has a layer of its own: a preset, if the policy asks the resolver of one."""
    peers = [mapping(one) for one in listing(rule.value.get("to"))]
    presets = {_preset(one) for one in peers}
    if not peers:
        why = f"is open on the ports of DNS: {_ANYWHERE}; spec.dns lets the resolver of the cluster be asked"
        existing.left_out.append(Note(rule.at(), why))
    elif len(presets) == 1 and (preset := presets.pop()):
        existing.dns = Dns({"preset": preset}, (*existing.dns.evidence, rule.at()))
    else:
        numbers = ", ".join(str(one.number) for one in ports)
        why = f"asks resolvers of its own on port {numbers}; write them under spec.dns if they are meant"
        existing.left_out.append(Note(rule.at(), why))


def _preset(peer: Mapping[str, Any]) -> str | None:
    """The preset whose resolver this is."""
    if "ipBlock" in peer:
        return "node-local" if at(peer, "ipBlock", "cidr") == _NODE_LOCAL else None
    if _namespace(peer) == "openshift-dns":
        return "openshift"
    named = _namespace(peer) == "kube-system" or at(peer, "podSelector", "matchLabels", "k8s-app") == "kube-dns"
    return "kube-dns" if named else None


def _take_blocks(
    rule: _Rule, ports: tuple[Port, ...] | Missing, existing: Existing, taken: list[blocks.Network]
) -> None:
    """The blocks of a rule as one entry; none of them if together they are open, or become so with those before."""
    networks: list[blocks.Network] = []
    evidence: list[Evidence] = []
    for index, peer in enumerate(map(mapping, listing(rule.value.get("to")))):
        try:
            if "ipBlock" in peer:
                networks += blocks.read(at(peer, "ipBlock", "cidr"), listing(at(peer, "ipBlock", "except")))
                evidence.append(rule.at(f".to[{index}]"))
        except blocks.BlockError as error:
            existing.left_out.append(Note(rule.at(f".to[{index}]"), str(error)))
    if wide := blocks.too_wide(networks):
        existing.left_out.append(Note(rule.at(), f"is open: its blocks hold {wide}; write those that are meant"))
    elif wide := blocks.too_wide([*taken, *networks]):
        why = f"would be open with the rules before it: together they hold {wide}; write the blocks that are meant"
        existing.left_out.append(Note(rule.at(), why))
    elif networks:
        taken += networks
        fields: dict[str, Written] = {"cidrs": tuple(str(one) for one in networks)}
        existing.drafts += _drafts(rule, evidence, rule.policy.document.name, fields, ports, Layer.HTTPS)


def _selected(
    rule: _Rule, index: int, peer: Mapping[str, Any], ports: tuple[Port, ...] | Missing, targets: Targets
) -> Iterator[Draft]:
    """A peer that selects pods."""
    if not peer:
        raise _LeftOutError("selects nothing: a peer needs a podSelector, a namespaceSelector or an ipBlock")
    namespace = _namespace(peer) if "namespaceSelector" in peer else rule.policy.namespace
    labels = selecting(at(peer, "podSelector", "matchLabels"))
    expressed = bool(at(peer, "podSelector", "matchExpressions"))
    if namespace is None and labels is None and not expressed:
        raise _LeftOutError("is open: every pod of namespaces that it does not name; name the Services that are meant")
    fields: dict[str, Written] = {
        "namespace": namespace or Missing(f"the namespace of the pods; only a selector by {_NAMESPACE} names one"),
        "labels": labels if labels and not expressed else Missing(f"labels of the pods; {_NO_LABELS}"),
    }
    name = next((labels[key] for key in (*_NAMES, *sorted(labels)) if labels.get(key)), "") if labels else ""
    resolved = _numbered(rule, ports, namespace, labels, targets)
    name = name or namespace or rule.policy.document.name
    yield from _drafts(rule, [rule.at(f".to[{index}]")], name, fields, resolved, Layer.SERVICES)


def _numbered(
    rule: _Rule, ports: tuple[Port, ...] | Missing, namespace: str | None, labels: Labels | None, targets: Targets
) -> tuple[Port, ...] | Missing:
    """Ports by name, as the pods that are selected have them."""
    if not isinstance(ports, Missing) or not namespace or not labels:
        return ports
    every: set[Port] = set()
    for one in map(mapping, listing(rule.value.get("ports"))):
        protocol = text(one.get("protocol")) or "TCP"
        number = port_number(one.get("port"))
        name = text(one.get("port"))
        named = (Port(number, protocol=protocol),) if number else targets.named_ports(namespace, labels, name, protocol)
        if not named or one.get("endPort"):
            return ports
        every.update(named)
    return tuple(sorted(every)) or ports


def _drafts(
    rule: _Rule,
    evidence: list[Evidence],
    name: str,
    fields: dict[str, Written],
    ports: tuple[Port, ...] | Missing,
    layer: Layer,
) -> Iterator[Draft]:
    """One entry; or one for each port where all of them are those of databases."""
    engines = {port: engine for engine, port in ENGINES.items()}
    numbered = () if isinstance(ports, Missing) else ports
    if numbered and all(one.number in engines and not one.end and one.protocol == "TCP" for one in numbered):
        labels = rule.pods or Missing("labels of the pods that may; the policy allows every pod")
        for port in numbered:
            every = written(Layer.DATABASES, fields, (port,), engines[port.number], labels)
            yield Draft(Layer.DATABASES, name, every, tuple(evidence))
    else:
        yield Draft(layer, name, written(layer, fields, ports, None, rule.pods), tuple(evidence))


def _namespace(peer: Mapping[str, Any]) -> str | None:
    """The namespace that a peer names by the label that the API server sets."""
    selector = mapping(peer.get("namespaceSelector"))
    name = at(selector, "matchLabels", _NAMESPACE)
    only = len(mapping(selector.get("matchLabels"))) == 1 and not selector.get("matchExpressions")
    return name if only and isinstance(name, str) and valid_namespace(name) else None
