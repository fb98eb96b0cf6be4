"""The width calculator on the edges that DESIGN.md draws."""

from __future__ import annotations

from typing import Any

import pytest

from tests.model.networkpolicy import all_rules, rules_of
from tests.model.packets import Packet, Target, allowed
from tests.model.verdict import Cluster, Expected, combined_kind
from tests.model.width import Limits, metadata_block, reach, rule_kind, width

LIMITS = Limits()


def policy(*egress: Any, name: str = "p", **spec: Any) -> dict[str, Any]:
    return {
        "kind": "NetworkPolicy",
        "apiVersion": "networking.k8s.io/v1",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"egress": list(egress), "policyTypes": ["Egress"], **spec},
    }


def to(*cidrs: str, without: list[str] | None = None, ports: Any = None) -> dict[str, Any]:
    return {"to": [{"ipBlock": {"cidr": cidr, "except": without}} for cidr in cidrs], "ports": ports}


LOW, HIGH = {"port": 1, "endPort": 32767}, {"port": 32768, "endPort": 65535}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, "open-egress"),
        ({"ports": [LOW]}, "any-destination"),
        ({"ports": [LOW, {"port": 40000}]}, "open-egress"),
        ({"ports": [HIGH]}, "open-egress"),
        ({"ports": [{"port": 53}]}, "any-destination"),
        ({"ports": [{"port": "dns"}]}, "any-destination"),
        ({"ports": [{"protocol": "SCTP"}]}, "open-egress"),
        (to("0.0.0.0/0"), "open-egress"),
        (to("0.0.0.0/0", ports=[{"port": 443}]), "any-destination"),
        (to("0.0.0.0/2"), "open-egress"),
        (to("64.0.0.0/2"), "open-egress"),
        (to("128.0.0.0/3"), "broad-destination"),
        (to("128.0.0.0/3", "64.0.0.0/3"), "open-egress"),
        (to("8.0.0.0/8"), "all-ports"),
        (to("8.0.0.0/8", "9.0.0.0/32"), "broad-destination"),
        (to("8.0.0.0/8", ports=[{"port": 443}]), None),
        (to("8.0.0.0/7", ports=[{"port": 443}]), "broad-destination"),
        (to("2000::/3"), "open-egress"),
        (to("64:ff9b::/96"), "open-egress"),
        (to("::ffff:0:0/96"), "open-egress"),
        (to("10.0.0.0/8"), "all-ports"),
        (to("10.0.0.0/8", ports=[LOW]), None),
        (to("10.0.0.0/8", ports=[HIGH]), "all-ports"),
        ({"to": [{"namespaceSelector": {}}]}, "all-pods"),
        ({"to": [{"namespaceSelector": {}, "podSelector": {}}]}, "all-pods"),
        ({"to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"a": "b"}}}]}, "all-ports"),
        ({"to": [{"podSelector": {}}]}, "all-ports"),
        ({"to": [{"podSelector": {}}], "ports": [{"port": 80}]}, None),
    ],
)
def test_one_rule(rule: Any, expected: str | None) -> None:
    (allowance,) = rules_of(policy(rule)).allowances
    assert rule_kind(allowance, LIMITS) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([to("0.0.0.0/3"), to("64.0.0.0/3")], "open-egress-combined"),
        ([to("0.0.0.0/3", ports=[LOW]), to("64.0.0.0/3", ports=[LOW])], None),
        ([{"ports": [LOW]}, {"ports": [HIGH]}], None),
        ([{"ports": [LOW]}, {"ports": [{"port": 40000}]}], "open-egress-combined"),
        ([to("8.0.0.0/8"), to("9.0.0.0/32")], "broad-destination-combined"),
        ([to("8.0.0.0/8"), to("8.0.0.0/9")], None),
        ([to("8.0.0.0/8", ports=[{"port": 1}]), to("9.0.0.0/8", ports=[{"port": 2}])], None),
        ([to("0.0.0.0/0"), to("8.0.0.0/8")], None),
    ],
)
def test_some_rules_together(rules: list[Any], expected: str | None) -> None:
    assert combined_kind(all_rules([policy(*rules)]), LIMITS) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (to("169.254.169.254/32"), 0),
        (to("10.0.0.0/8", "0.0.0.0/0"), 1),
        (to("0.0.0.0/0", ports=[{"port": 443}]), None),
        (to("169.254.0.0/16", ports=[{"port": 80, "protocol": "UDP"}]), None),
        (to("169.254.0.0/16", ports=[{"port": "http"}]), None),
        (to("169.254.169.254/31", without=["169.254.169.254/32"]), None),
        (to("fd00::/8"), 0),
        ({}, None),
    ],
)
def test_metadata_services(rule: Any, expected: int | None) -> None:
    (allowance,) = rules_of(policy(rule)).allowances
    assert metadata_block(allowance) == expected


def test_shares_are_cut_to_six_decimals() -> None:
    assert width(reach(rules_of(policy(to("8.0.0.0/8")))), LIMITS).share == 0.004531


def test_exceptions_that_another_rule_refills_count_in_full() -> None:
    holes = to("0.0.0.0/0", without=["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/2"])
    assert width(reach(rules_of(policy(holes))), LIMITS).share == 0
    refilled = [holes, to("0.0.0.0/1"), to("128.0.0.0/1")]
    assert width(reach(all_rules([policy(*refilled)])), LIMITS).share == 1


def test_reach_and_packets_agree() -> None:
    rules = rules_of(policy(to("0.0.0.0/1", without=["8.0.0.0/8"], ports=[LOW]), to("8.8.0.0/16")))
    (pod,) = Cluster([deployment("web"), policy()]).workloads[0].pods
    for part in reach(rules):
        for address in ("8.8.8.8", "8.7.0.1", "93.184.215.14", "200.1.1.1"):
            packet = Packet(pod, Target(address), part.segment.protocol, part.segment.port)
            assert allowed(packet, rules) is (address in part.addresses)


def deployment(name: str, **labels: str) -> dict[str, Any]:
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    return {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


def test_coverage_and_dangling_policies() -> None:
    selecting = policy(podSelector={"matchLabels": {"app": "web"}})
    web, db = deployment("web", app="web"), deployment("db", app="db")
    assert Cluster([web, db]).findings() == [Expected("no-egress-policy", "Deployment/shop/db")]
    assert Cluster([web, db, selecting]).findings() == [Expected("uncovered-workload", "Deployment/shop/db")]
    assert Cluster([db, selecting]).findings() == [
        Expected("dangling-policy", "NetworkPolicy/shop/p", "spec.podSelector"),
        Expected("no-egress-policy", "Deployment/shop/db"),
    ]
