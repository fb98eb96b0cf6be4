"""NetworkPolicy to allowances, from a manifest as the API server's decoder leaves it.

Null is absent, a null list element is the element's zero value, an empty list is an absent one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from tests.model.addresses import block, blocks
from tests.model.allowances import (
    Allowance,
    Anything,
    Block,
    Destination,
    Isolation,
    Pods,
    Requirement,
    Rules,
    Selector,
    Source,
    Subject,
)
from tests.model.ports import ALL, Ports

#: Where NetworkPolicies stand among the tiers: after the admin tier, before the baseline tier.
TIER = 50

Manifest: TypeAlias = Mapping[str, Any]


def struct(value: Any) -> Manifest:
    """A struct field or element: null is the zero value."""
    return {} if value is None else value


def items(value: Any) -> list[Any]:
    """A slice field: null is empty."""
    return [] if value is None else list(value)


def isolates(policy: Manifest) -> bool:
    """Whether egress is among the policyTypes, given or defaulted."""
    spec = struct(policy.get("spec"))
    types = items(spec.get("policyTypes"))
    return "Egress" in types if types else bool(items(spec.get("egress")))


def namespace_of(manifest: Manifest, default: str = "default") -> str:
    """The namespace that an object lands in."""
    return struct(manifest.get("metadata")).get("namespace") or default


def name_of(manifest: Manifest) -> str:
    """The name, empty if there is none."""
    return struct(manifest.get("metadata")).get("name") or ""


def selector(written: Any) -> Selector:
    """A label selector in one form: labels become requirements."""
    parts = struct(written)
    labels = struct(parts.get("matchLabels")).items()
    plain = [Requirement(key, "In", frozenset({value or ""})) for key, value in labels]
    return Selector(frozenset([*plain, *map(_requirement, items(parts.get("matchExpressions")))]))


def _requirement(written: Any) -> Requirement:
    parts = struct(written)
    values = frozenset(value or "" for value in items(parts.get("values")))
    return Requirement(parts.get("key") or "", parts["operator"], values)


def subject_of(policy: Manifest, default: str = "default") -> Subject:
    """The pods that a policy selects."""
    return Subject(namespace_of(policy, default), selector(struct(policy.get("spec")).get("podSelector")))


def rules_of(policy: Manifest, default: str = "default") -> Rules:
    """What one policy does to egress."""
    if not isolates(policy):
        return Rules()
    subject = subject_of(policy, default)
    egress = items(struct(policy.get("spec")).get("egress"))
    allowances = tuple(_allowance(subject, policy, index, struct(rule)) for index, rule in enumerate(egress))
    return Rules(allowances, (Isolation(subject, TIER, name_of(policy)),))


def all_rules(policies: Iterable[Manifest], default: str = "default") -> Rules:
    """What some policies do together."""
    return sum((rules_of(policy, default) for policy in policies), Rules())


def _allowance(subject: Subject, policy: Manifest, index: int, rule: Manifest) -> Allowance:
    peers, ports = items(rule.get("to")), items(rule.get("ports"))
    destinations = tuple(_destination(struct(p), subject.namespace) for p in peers) or (Anything(),)
    source = Source(name_of(policy), f"spec.egress[{index}]", rule)
    return Allowance(subject, "allow", TIER, 0, destinations, tuple(_ports(struct(p)) for p in ports) or ALL, source)


def _destination(peer: Manifest, namespace: str) -> Destination:
    if peer.get("ipBlock") is not None:
        written = peer["ipBlock"]
        return Block(block(written["cidr"]) - blocks(items(written.get("except"))), written["cidr"])
    pods = selector(peer.get("podSelector"))
    if peer.get("namespaceSelector") is None:
        return Pods(namespace, pods)
    return Pods(selector(peer["namespaceSelector"]), pods)


def _ports(written: Manifest) -> Ports:
    protocol, port, end = written.get("protocol"), written.get("port"), written.get("endPort")
    protocol = "TCP" if protocol is None else protocol
    if port is None:
        return Ports(protocol)
    if isinstance(port, str):
        return Ports(protocol, name=port)
    return Ports(protocol, port, port if end is None else end)
