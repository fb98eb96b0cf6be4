"""The policies that a model generates let out what the model's words say, and nothing else: with real packets."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from egress_policy import model
from tests.packets.exchange import Exchange
from tests.packets.frames import Packet
from tests.packets.translator import Cluster, Pod
from tests.packets.words import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.packets.namespaces import Lab, Node

PODS: Mapping[str, Pod] = {
    name: Pod(namespace, labels, (f"10.1.0.{number}", f"fd00:1::{number}"))
    for number, (name, namespace, labels) in enumerate(
        [
            ("frontend", "shop", {"app": "frontend", "tier": "web"}),
            ("backend", "shop", {"app": "backend", "tier": "backend"}),
            ("controller", "shop", {"app": "controller", "app.kubernetes.io/component": "controller"}),
            ("cache", "shop", {"app": "cache"}),
            ("frontend of the other namespace", "shop-test", {"app": "frontend", "tier": "web"}),
            ("cache of the other namespace", "shop-test", {"app": "cache"}),
            ("frontend of somebody else", "tools", {"app": "frontend", "tier": "web"}),
            ("database", "data", {"app": "orders-db"}),
            ("neighbour of the database", "data", {"app": "ledger-db"}),
            ("dns", "kube-system", {"k8s-app": "kube-dns"}),
            ("neighbour of the dns", "kube-system", {"k8s-app": "metrics"}),
            ("auth", "identity", {"app": "auth"}),
            # Has all the labels that matter, in a namespace that does not.
            ("impostor", "elsewhere", {"app": "orders-db", "k8s-app": "kube-dns", "tier": "backend"}),
        ],
        start=1,
    )
}
OUTSIDE: Mapping[str, list[str]] = {
    "api server": ["10.96.0.1", "172.18.0.2"],
    "node-local dns": ["169.254.20.10"],
    "data centre": ["192.168.50.10", "192.168.50.11"],
}
INTERNET = [
    # Before, at both ends of, and after a block of a payment service; and who has nothing to do with it.
    *("151.101.1.255", "151.101.2.0", "151.101.2.255", "151.101.3.0", "8.8.8.8", "93.184.215.14"),
    *("2001:db8:4:ffff:ffff:ffff:ffff:ffff", "2001:db8:5::", "2001:db8:6::", "2606:4700::1111"),
]
SENDERS = ("frontend", "backend", "controller", "frontend of the other namespace", "frontend of somebody else")
PORTS = (53, 80, 443, 444, 4444, 5353, 5432, 5433, 6379, 6443, 8000, 8080, 8081)
PROTOCOLS = ("TCP", "UDP", "SCTP")

ALL_SIX: dict[str, Any] = {
    "namespaces": ["shop"],
    "dns": {"preset": "kube-dns"},
    "https": [
        {"name": "payments", "cidrs": ["151.101.2.0/24"], "from": {"app": "frontend"}},
        {"name": "telemetry", "cidrs": ["8.8.8.8/32"], "ports": [{"protocol": "UDP", "port": 4444}, 443]},
    ],
    "databases": [
        {"name": "orders", "engine": "postgresql", "port": 5433, "namespace": "data", "labels": {"app": "orders-db"},
         "from": {"tier": "backend"}},
        {"name": "cache", "engine": "redis", "labels": {"app": "cache"}, "from": {"tier": "web"}},
    ],
    "services": [{"name": "auth", "namespace": "identity", "labels": {"app": "auth"}, "ports": [8080]}],
    "kubeAPI": {
        "service": ["10.96.0.1/32"],
        "endpoints": ["172.18.0.2/32"],
        "from": {"app.kubernetes.io/component": "controller"},
    },
}  # fmt: skip
MODELS = [
    pytest.param(ALL_SIX, id="all six layers"),
    pytest.param({"namespaces": ["shop"]}, id="nothing but names are resolved without a further layer"),
    pytest.param({**ALL_SIX, "namespaces": ["shop", "shop-test"]}, id="two namespaces, each with its own cache"),
    pytest.param({**ALL_SIX, "dns": {"preset": "node-local"}}, id="names are resolved on the node"),
    pytest.param({**ALL_SIX, "dns": {"preset": "openshift"}}, id="a resolver that is not there"),
    pytest.param(
        {"namespaces": ["shop"], "dns": {"namespace": "identity", "labels": {"app": "auth"}, "ports": [5353]}},
        id="a resolver of one's own",
    ),
    pytest.param(
        {
            "namespaces": ["shop"],
            "https": [
                {"name": "v6", "cidrs": ["2001:db8:5::/48"], "ports": [{"port": 443, "endPort": 8000}]},
                {"name": "half", "cidrs": ["151.101.2.128/25"], "ports": [{"protocol": "SCTP", "port": 80}]},
            ],
        },
        id="IPv6, a range of ports, and SCTP",
    ),
    pytest.param(
        {
            "namespaces": ["shop"],
            "databases": [
                {"name": "ledger", "engine": "postgresql", "cidrs": ["192.168.50.10/32"], "from": {"app": "backend"}},
                {"name": "sessions", "engine": "mysql", "port": 6379, "cidrs": ["192.168.50.0/24"],
                 "from": {"tier": "backend"}},
            ],
        },
        id="databases outside of the cluster",
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def exchange(lab: Lab) -> Iterator[Exchange]:
    """A node for each pod, one for the internet, and servers on all of them."""
    nodes = {name: lab.add(name, *pod.addresses) for name, pod in PODS.items()}
    nodes |= {name: lab.add(name, *addresses) for name, addresses in OUTSIDE.items()}
    nodes["internet"] = lab.add("internet", "0.0.0.0/0", "::/0")
    places: dict[str, Node] = {address: nodes[name] for name, pod in PODS.items() for address in pod.addresses}
    places |= {address: nodes[name] for name, addresses in OUTSIDE.items() for address in addresses}
    places |= dict.fromkeys(INTERNET, nodes["internet"])
    started = Exchange(lab, {a: node for a, node in places.items() if _family(a) in lab.families}, PORTS)
    yield started
    started.close()


def _family(address: str) -> int:
    return 6 if ":" in address else 4


def matrix(lab: Lab, sender: str) -> list[list[Packet]]:
    """Every packet that a pod can send to anybody but itself, family by family."""
    places = [*(a for pod in PODS.values() for a in pod.addresses), *itertools.chain(*OUTSIDE.values()), *INTERNET]
    return [
        [
            Packet(source, to, port, protocol)
            for to, port, protocol in itertools.product(places, PORTS, PROTOCOLS)
            if _family(to) == _family(source) and to not in PODS[sender].addresses
        ]
        for source in PODS[sender].addresses
        if _family(source) in lab.families
    ]


def policies(spec: Mapping[str, Any], folder: Path) -> list[dict[str, Any]]:
    """The policies that the package generates for a model."""
    document = {
        "apiVersion": "egress-policy.dev/v1",
        "kind": "EgressModel",
        "metadata": {"name": "shop"},
        "spec": spec,
    }
    file = folder / "model.yaml"
    file.write_text(json.dumps(document))
    (one,) = model.read(str(file))
    return model.policies(one)


@pytest.mark.parametrize("spec", MODELS)
def test_exactly_what_the_model_says_arrives(
    lab: Lab, exchange: Exchange, tmp_path: Path, spec: dict[str, Any]
) -> None:
    lab.enforce([Cluster(policies(spec, tmp_path), list(PODS.values()))])
    check(lab, exchange, spec)


def check(lab: Lab, exchange: Exchange, spec: Mapping[str, Any], senders: tuple[str, ...] = SENDERS) -> None:
    """Send everything, compare what arrived with the words, and what was answered with what arrived."""
    world = World(list(PODS.values()))
    for sender in senders:
        for packets in matrix(lab, sender):
            outcome = exchange.try_all(lab.nodes[sender], packets)
            assert sorted(outcome.arrived) == sorted(world.allowed(spec, packets)), sender
            answerable = [packet for packet in outcome.arrived if packet.protocol != "SCTP"]
            assert sorted(outcome.answered) == sorted(answerable), sender


def test_everything_arrives_without_policies(lab: Lab, exchange: Exchange) -> None:
    lab.enforce([Cluster([], list(PODS.values()))])
    check(lab, exchange, {"namespaces": []})


@pytest.mark.parametrize(
    ("policy", "changed"),
    [
        # A block of DNS that no packet goes to: without its layer no name is resolved.
        pytest.param("allow-dns", {"dns": {"cidrs": ["192.0.2.53/32"]}}, id="names"),
        pytest.param("allow-https", {"https": ALL_SIX["https"][1:]}, id="payments"),
        pytest.param("allow-https-telemetry", {"https": ALL_SIX["https"][:1]}, id="telemetry"),
        pytest.param("allow-database", {"databases": ALL_SIX["databases"][1:]}, id="the database of orders"),
        pytest.param("allow-database-cache", {"databases": ALL_SIX["databases"][:1]}, id="the cache"),
        pytest.param("allow-internal-services", {"services": []}, id="the shared service"),
        pytest.param("allow-kube-api", {"kubeAPI": None}, id="the API server"),
    ],
)
def test_without_a_policy_exactly_what_it_was_for_stops(
    lab: Lab, exchange: Exchange, tmp_path: Path, policy: str, changed: dict[str, Any]
) -> None:
    every = policies(ALL_SIX, tmp_path)
    kept = [one for one in every if one["metadata"]["name"] != policy]
    assert len(kept) == len(every) - 1
    lab.enforce([Cluster(kept, list(PODS.values()))])
    check(lab, exchange, {**ALL_SIX, **changed}, ("frontend", "backend", "controller"))


def test_without_default_deny_a_pod_that_another_policy_selects_stays_isolated(
    lab: Lab, exchange: Exchange, tmp_path: Path
) -> None:
    lab.enforce([Cluster(policies(ALL_SIX, tmp_path)[1:], list(PODS.values()))])
    check(lab, exchange, ALL_SIX)


def test_the_words_let_out_something_of_each_layer(lab: Lab) -> None:
    world, every = World(list(PODS.values())), [p for s in SENDERS[:3] for some in matrix(lab, s) for p in some]
    shown = {(packet.to, packet.port, packet.protocol) for packet in world.allowed(ALL_SIX, every)}
    assert {way for way in shown if ":" not in way[0]} == {
        ("10.1.0.10", 53, "TCP"),
        ("10.1.0.10", 53, "UDP"),
        ("151.101.2.0", 443, "TCP"),
        ("151.101.2.255", 443, "TCP"),
        ("8.8.8.8", 443, "TCP"),
        ("8.8.8.8", 4444, "UDP"),
        ("10.1.0.8", 5433, "TCP"),
        ("10.1.0.4", 6379, "TCP"),
        ("10.1.0.12", 8080, "TCP"),
        ("10.96.0.1", 443, "TCP"),
        ("172.18.0.2", 6443, "TCP"),
    }
