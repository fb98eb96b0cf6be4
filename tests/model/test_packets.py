"""The packet model on NetworkPolicies whose meaning is plain, and on order, deny, pass and tiers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.model.addresses import block
from tests.model.allowances import Allowance, Anything, Block, Isolation, Pod, Rules, Selector, Subject
from tests.model.networkpolicy import all_rules, isolates, rules_of
from tests.model.packets import Packet, Target, allowed
from tests.model.width import reach

WEB = Pod("shop", {"app": "web"})
OUT = Target("93.184.215.14")
OUT_BY_IPV6 = Target("2600::1")


def policy(egress: Any = None, **spec: Any) -> dict[str, Any]:
    return {"kind": "NetworkPolicy", "metadata": {"name": "p", "namespace": "shop"}, "spec": {"egress": egress, **spec}}


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (policy(), False),
        (policy([]), False),
        (policy([], policyTypes=[]), False),
        (policy([{}]), True),
        (policy([None], policyTypes=None), True),
        (policy([{}], policyTypes=["Ingress"]), False),
        (policy([], policyTypes=["Egress"]), True),
        ({"metadata": None, "spec": None}, False),
    ],
)
def test_policy_types_default_as_in_the_api(manifest: dict[str, Any], *, expected: bool) -> None:
    assert isolates(manifest) is expected


def packet(port: int | str = 443, protocol: str = "TCP", target: Target = OUT, source: Pod = WEB) -> Packet:
    return Packet(source, target, protocol, port)


@pytest.mark.parametrize(
    ("rule", "port", "protocol", "expected"),
    [
        ({}, 1, "SCTP", True),
        (None, 1, "UDP", True),
        ({"to": None, "ports": [None]}, 9, "TCP", True),
        ({"to": None, "ports": [None]}, 9, "UDP", False),
        ({"to": [], "ports": [{"protocol": "UDP"}]}, 9, "UDP", True),
        ({"ports": [{"port": 443}]}, 443, "TCP", True),
        ({"ports": [{"port": 443}]}, 444, "TCP", False),
        ({"ports": [{"port": 443, "endPort": 445}]}, 445, "TCP", True),
        ({"ports": [{"port": 443, "endPort": 445}]}, 446, "TCP", False),
        ({"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["93.184.0.0/16"]}}]}, 1, "TCP", False),
        ({"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": None}}]}, 1, "TCP", True),
        ({"to": [{"ipBlock": {"cidr": "::/0"}, "podSelector": None}]}, 1, "TCP", True),
        ({"to": [{"podSelector": {}}]}, 1, "TCP", False),
    ],
)
def test_one_rule(rule: Any, port: int, protocol: str, *, expected: bool) -> None:
    assert allowed(packet(port, protocol), rules_of(policy([rule]))) is expected


def test_nothing_refuses_a_pod_that_no_policy_selects() -> None:
    other = Pod("shop", {"app": "db"})
    rules = rules_of(policy([], policyTypes=["Egress"], podSelector={"matchLabels": {"app": "web"}}))
    assert allowed(packet(source=other), rules)
    assert not allowed(packet(), rules)
    assert allowed(packet(source=Pod("shop", {"app": "web"}, host_network=True)), rules)
    assert allowed(packet(source=Pod("other", {"app": "web"})), rules)


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ({"podSelector": {}}, {"near"}),
        ({"namespaceSelector": {}}, {"near", "far"}),
        ({"namespaceSelector": None, "podSelector": None, "ipBlock": {"cidr": "10.0.0.0/8"}}, set()),
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "far"}}}, {"far"}),
        ({"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}}, {"near"}),
        (
            {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["b"]}]}},
            {"near", "far"},
        ),
        ({"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": None}}}, set()),
    ],
)
def test_peers_by_label(peer: Any, expected: set[str]) -> None:
    pods = {"near": Pod("shop", {"app": "db"}), "far": Pod("far", {"app": "db"})}
    namespaces = {"shop": {}, "far": {"team": "a"}}
    rules = rules_of(policy([{"to": [peer]}]))
    assert {n for n, pod in pods.items() if allowed(packet(target=Target(pod=pod)), rules, namespaces)} == expected


def test_a_named_port_is_resolved_by_the_destination() -> None:
    rules = rules_of(policy([{"ports": [{"port": "web"}]}]))
    target = Target(pod=Pod("shop", {}), named_ports={"web": ("TCP", 8080)})
    assert allowed(packet(8080, target=target), rules)
    assert not allowed(packet(8080, "UDP", target=target), rules)
    assert not allowed(packet(8080), rules)


def test_a_named_port_is_among_all_numbers() -> None:
    both = [{"port": 32768, "endPort": 65535}, {"port": 1, "endPort": 32767}]
    assert allowed(packet("web"), rules_of(policy([{"ports": both}])))
    assert allowed(packet("web"), rules_of(policy([{}])))
    assert not allowed(packet("web"), rules_of(policy([{"ports": both[:1]}])))


EVERYONE = Subject("shop", Selector())


def entry(action: Any, order: float, destination: str | None = None, tier: int = 1) -> Allowance:
    destinations = (Anything(),) if destination is None else (Block(block(destination)),)
    return Allowance(EVERYONE, action, tier, order, destinations)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([entry("deny", 1), entry("allow", 2)], False),
        ([entry("deny", 2), entry("allow", 1)], True),
        ([entry("deny", 1), entry("allow", 1)], False),
        ([entry("pass", 1), entry("deny", 2), entry("allow", 1, tier=2)], True),
        ([entry("allow", 1, "2600::/16"), entry("deny", 2)], True),
        ([entry("deny", 1, "2600::/16"), entry("allow", 2)], False),
        ([entry("deny", 1, "2a00::1/128"), entry("allow", 2)], True),
        ([entry("pass", 1, "2600::/12"), entry("allow", 2), entry("deny", 1, tier=2)], False),
    ],
)
def test_the_first_match_decides_and_pass_leaves_the_tier(entries: list[Allowance], *, expected: bool) -> None:
    rules = Rules(tuple(entries), (Isolation(EVERYONE, 9),))
    assert allowed(packet(target=OUT_BY_IPV6), rules) is expected
    assert any("2600::1" in s.addresses for s in reach(rules)) is expected


def test_an_ipv4_address_is_reached_by_what_stands_for_it_as_well() -> None:
    closed = (Isolation(EVERYONE, 9),)
    native = entry("deny", 1, "0.0.0.0/0")
    assert allowed(packet(), Rules((native, entry("allow", 2)), closed))
    assert not allowed(packet(), Rules((native, entry("deny", 1, "::/0"), entry("allow", 2)), closed))
    assert allowed(packet(), Rules((entry("deny", 1, "::/0"), entry("allow", 2)), closed))


def test_policies_add_up() -> None:
    rules = all_rules([policy([], policyTypes=["Egress"]), policy([{"to": [{"ipBlock": {"cidr": "93.0.0.0/8"}}]}])])
    assert allowed(packet(), rules)
    assert not allowed(packet(target=Target("94.0.0.1")), rules)
