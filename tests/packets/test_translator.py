"""The translator by itself: policies in, rules for the router out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.packets.translator import ESTABLISHED, Cluster, Pod, RefusedError, matches, translate

WEB = Pod("shop", {"app": "web"}, ("10.0.0.1", "fd00::1"))
API = Pod("shop", {"app": "api"}, ("10.0.0.2",), {"http": ("TCP", 8080), "dns": ("UDP", 53)})
DATABASE = Pod("data", {"app": "db"}, ("10.0.0.3",), {"http": ("TCP", 80)})
NODE = Pod("data", {"app": "db"}, ("192.168.0.1",), host_network=True)
PODS = (WEB, API, DATABASE, NODE)
NAMESPACES = {"shop": {"team": "shop"}, "data": {"team": "data"}}
FOR_WEB = {"matchLabels": {"app": "web"}}
DROP = "-A FORWARD -m set --match-set c0isolatedv4 src -j DROP"
TO_WEB = "-A FORWARD -m set --match-set c0p0srcv4 src -j c0p0"


def policy(*egress: Any, **spec: Any) -> dict[str, Any]:
    return {
        "kind": "NetworkPolicy",
        "metadata": {"name": "p", "namespace": "shop"},
        "spec": {"podSelector": FOR_WEB, "policyTypes": ["Egress"], "egress": list(egress), **spec},
    }


def lines(*policies: Any, family: int = 4, first: tuple[str, ...] = ()) -> list[str]:
    """The rules without what is always there."""
    written = translate([Cluster(policies, PODS, NAMESPACES)]).iptables(family, first).splitlines()
    assert written[:2] == ["*filter", ":FORWARD ACCEPT [0:0]"]
    assert written[-1] == "COMMIT"
    return [line for line in written[2:-1] if line != ESTABLISHED and not line.startswith(":")]


def accepted(*egress: Any, family: int = 4) -> list[str]:
    """What the chain of a policy for the web pod accepts, without the words that are the same in every rule."""
    chosen = lines(policy(*egress), family=family)
    assert len(chosen) >= 2
    assert all(line.endswith(" -j ACCEPT") for line in chosen[2:])
    return [line.removeprefix("-A c0p0").removesuffix("-j ACCEPT").strip() for line in chosen[2:]]


def sets(*policies: Any) -> list[str]:
    return translate([Cluster(policies, PODS, NAMESPACES)]).ipset().splitlines()


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        pytest.param([], [], id="without policies everything is forwarded"),
        pytest.param([policy()], [TO_WEB, DROP], id="without rules nothing is"),
        pytest.param(
            [policy({})], [TO_WEB, DROP, "-A c0p0 -j ACCEPT"], id="a rule that says nothing lets out every protocol"
        ),
        pytest.param([policy(None)], [TO_WEB, DROP, "-A c0p0 -j ACCEPT"], id="a rule that is null says nothing"),
        pytest.param([policy({}, policyTypes=["Ingress"])], [], id="a policy for ingress does not isolate egress"),
        pytest.param([policy(policyTypes=None)], [], id="without policyTypes and rules it is one for ingress"),
        pytest.param([policy(policyTypes=[])], [], id="with empty policyTypes and no rules as well"),
        pytest.param(
            [policy({}, policyTypes=None)],
            [TO_WEB, DROP, "-A c0p0 -j ACCEPT"],
            id="without policyTypes a rule makes it one for egress",
        ),
        pytest.param(
            [policy(podSelector={"matchLabels": {"app": "nobody"}})], [], id="a policy that selects nobody does nothing"
        ),
        pytest.param(
            [policy(podSelector={"matchLabels": {"app": "db"}})], [], id="pods of another namespace are not selected"
        ),
        pytest.param(
            [policy(), policy({})],
            [TO_WEB, TO_WEB.replace("p0", "p1"), DROP, "-A c0p1 -j ACCEPT"],
            id="policies add up: each is asked before anything is dropped",
        ),
        pytest.param(
            [{"metadata": None, "spec": None}], [], id="a policy of nulls is one for ingress in the default namespace"
        ),
    ],
)
def test_a_policy_isolates(policies: list[Any], expected: list[str]) -> None:
    assert lines(*policies) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param({"to": None, "ports": None}, [""], id="nulls are everything"),
        pytest.param({"to": [], "ports": []}, [""], id="empty lists are everything"),
        pytest.param({"ports": [{"port": 443}]}, ["-p tcp -m tcp --dport 443"], id="a port is one of TCP"),
        pytest.param({"ports": [{"port": 53, "protocol": "UDP"}]}, ["-p udp -m udp --dport 53"], id="or of UDP"),
        pytest.param({"ports": [{"port": 9, "protocol": "SCTP"}]}, ["-p sctp -m sctp --dport 9"], id="or of SCTP"),
        pytest.param({"ports": [{}]}, ["-p tcp"], id="a port that says nothing is all of TCP"),
        pytest.param({"ports": [None]}, ["-p tcp"], id="a port that is null as well"),
        pytest.param({"ports": [{"protocol": "SCTP"}]}, ["-p sctp"], id="a protocol is all of its ports"),
        pytest.param({"ports": [{"port": 1, "endPort": 9}]}, ["-p tcp -m tcp --dport 1:9"], id="a range of ports"),
        pytest.param({"ports": [{"port": 9, "endPort": 9}]}, ["-p tcp -m tcp --dport 9"], id="a range of one port"),
        pytest.param(
            {"ports": [{"port": "http"}]},
            ["-d 10.0.0.2 -p tcp -m tcp --dport 8080", "-d 10.0.0.3 -p tcp -m tcp --dport 80"],
            id="a named port is what each pod calls so",
        ),
        pytest.param(
            {"to": [{"podSelector": {}}], "ports": [{"port": "http"}]},
            ["-d 10.0.0.2 -p tcp -m tcp --dport 8080"],
            id="a named port of the pods that a peer selects",
        ),
        pytest.param(
            {"to": [{"ipBlock": {"cidr": "10.0.0.0/30", "except": ["10.0.0.2/32"]}}], "ports": [{"port": "http"}]},
            ["-d 10.0.0.3 -p tcp -m tcp --dport 80"],
            id="a named port of the pods within a block",
        ),
        pytest.param({"ports": [{"port": "dns"}]}, [], id="a named port of another protocol is none"),
        pytest.param({"ports": [{"port": "nothing"}]}, [], id="a named port that no pod has is none"),
        pytest.param({"to": [{"ipBlock": {"cidr": "8.8.8.8/32"}}]}, ["-d 8.8.8.8/32"], id="a block"),
        pytest.param({"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}, ["-d 0.0.0.0/0"], id="a block of everything"),
        pytest.param({"to": [{"ipBlock": {"cidr": "::/0"}}]}, [], id="a block of the other family"),
        pytest.param({"to": [{"ipBlock": {"cidr": "8.8.8.8/8"}}]}, ["-d 8.0.0.0/8"], id="host bits are cut"),
        pytest.param({"to": [{"ipBlock": {"cidr": "010.1.0.0/016"}}]}, ["-d 10.1.0.0/16"], id="zeros mean nothing"),
        pytest.param({"to": [{"ipBlock": {"cidr": "::ffff:8.0.0.0/104"}}]}, ["-d 8.0.0.0/8"], id="v4-mapped is IPv4"),
        pytest.param(
            {"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}], "ports": [{"port": 1}]},
            ["-d 10.0.0.0/8 -m set ! --match-set c0p0r0t0excv4 dst -p tcp -m tcp --dport 1"],
            id="a block with an exception",
        ),
        pytest.param(
            {"to": [{"podSelector": {}}]},
            ["-m set --match-set c0p0r0t0dstv4 dst"],
            id="a pod selector is about the policy's own namespace",
        ),
        pytest.param({"to": [{"podSelector": {"matchLabels": {"app": "db"}}}]}, [], id="which has none of these pods"),
        pytest.param(
            {"to": [{"namespaceSelector": {"matchLabels": {"team": "x"}}}]}, [], id="a namespace that is not there"
        ),
        pytest.param(
            {"to": [{"ipBlock": {"cidr": "8.0.0.0/8"}}, {"podSelector": {}}], "ports": [{"port": 1}, {"port": 2}]},
            [
                "-d 8.0.0.0/8 -p tcp -m tcp --dport 1",
                "-d 8.0.0.0/8 -p tcp -m tcp --dport 2",
                "-m set --match-set c0p0r0t1dstv4 dst -p tcp -m tcp --dport 1",
                "-m set --match-set c0p0r0t1dstv4 dst -p tcp -m tcp --dport 2",
            ],
            id="each peer with each port",
        ),
    ],
)
def test_a_rule_lets_out(rule: Any, expected: list[str]) -> None:
    assert accepted(rule) == expected


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        pytest.param({"podSelector": {}}, ["10.0.0.1", "10.0.0.2"], id="all pods of the policy's namespace"),
        pytest.param({"namespaceSelector": {}}, ["10.0.0.1", "10.0.0.2", "10.0.0.3"], id="all pods of all namespaces"),
        pytest.param(
            {"namespaceSelector": {"matchLabels": {"team": "data"}}}, ["10.0.0.3"], id="not those on the node's network"
        ),
        pytest.param(
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "data"}}},
            ["10.0.0.3"],
            id="a namespace by the label that the API server sets",
        ),
        pytest.param(
            {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "web"}}},
            ["10.0.0.1"],
            id="both selectors have to match",
        ),
        pytest.param(
            {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["shop"]}]}},
            ["10.0.0.3"],
            id="a namespace by an expression",
        ),
    ],
)
def test_a_peer_is(peer: Any, expected: list[str]) -> None:
    written = sets(policy({"to": [peer]}))
    assert [line.split()[2] for line in written if line.startswith("add c0p0r0t0dstv4 ")] == expected


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"to": [{}]}, id="a peer that says nothing"),
        pytest.param({"to": [None]}, id="a peer that is null"),
        pytest.param({"to": [{"ipBlock": {"cidr": "8.0.0.0/8"}, "podSelector": {}}]}, id="a block of pods"),
        pytest.param({"to": [{"ipBlock": {}}]}, id="a block without cidr"),
        pytest.param({"to": [{"ipBlock": {"cidr": "8.0.0.0"}}]}, id="a cidr without length"),
        pytest.param({"to": [{"ipBlock": {"cidr": "8.0.0.0/33"}}]}, id="a cidr that is too long"),
        pytest.param({"to": [{"ipBlock": {"cidr": "8.0.0.0/8", "except": ["9.0.0.0/16"]}}]}, id="an exception outside"),
        pytest.param({"to": [{"ipBlock": {"cidr": "8.0.0.0/8", "except": ["8.0.0.0/8"]}}]}, id="an exception of all"),
        pytest.param({"to": [{"ipBlock": {"cidr": "8.0.0.0/8", "except": ["::/16"]}}]}, id="an exception of IPv6"),
        pytest.param({"ports": [{"port": 9, "endPort": 8}]}, id="a range that ends before it starts"),
        pytest.param({"ports": [{"port": "http", "endPort": 8}]}, id="a range from a name"),
        pytest.param({"ports": [{"endPort": 8}]}, id="a range from nothing"),
        pytest.param({"ports": [{"protocol": "ICMP"}]}, id="a protocol that has no ports"),
        pytest.param(
            {"to": [{"podSelector": {"matchExpressions": [{"key": "a", "operator": "Like"}]}}]}, id="an operator"
        ),
    ],
)
def test_what_the_api_server_refuses_is_refused(rule: Any) -> None:
    with pytest.raises(RefusedError):
        translate([Cluster([policy(rule)], PODS, NAMESPACES)])


def test_a_policy_is_refused_even_if_it_selects_nobody() -> None:
    with pytest.raises(RefusedError):
        translate([Cluster([policy({"to": [{}]})], [])])


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ({"operator": "In", "values": ["web", "api"]}, {"web"}),
        ({"operator": "NotIn", "values": ["web"]}, {"db", "none"}),
        ({"operator": "Exists"}, {"web", "db"}),
        ({"operator": "DoesNotExist"}, {"none"}),
        ({"operator": "In", "values": None}, set()),
    ],
)
def test_an_expression_matches(requirement: dict[str, Any], expected: set[str]) -> None:
    labels = {"web": {"app": "web"}, "db": {"app": "db"}, "none": {}}
    selector = {"matchExpressions": [{"key": "app", **requirement}]}
    assert {name for name, its in labels.items() if matches(selector, its)} == expected


def test_all_requirements_of_a_selector_have_to_be_met() -> None:
    selector = {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "Exists"}]}
    assert matches(selector, {"app": "web", "tier": ""})
    assert not matches(selector, {"app": "web"})
    assert not matches(selector, {"tier": ""})


def test_both_families_have_their_own_rules() -> None:
    both = policy({"to": [{"ipBlock": {"cidr": "2001:db8::/32", "except": ["2001:db8:1::/48"]}}]})
    assert lines(both) == [TO_WEB, DROP]
    assert lines(both, family=6) == [
        "-A FORWARD -m set --match-set c0p0srcv6 src -j c0p0",
        "-A FORWARD -m set --match-set c0isolatedv6 src -j DROP",
        "-A c0p0 -d 2001:db8::/32 -m set ! --match-set c0p0r0t0excv6 dst -j ACCEPT",
    ]
    assert sets(both) == [
        "create c0p0srcv4 hash:net family inet",
        "add c0p0srcv4 10.0.0.1",
        "create c0p0srcv6 hash:net family inet6",
        "add c0p0srcv6 fd00::1",
        "create c0p0r0t0excv6 hash:net family inet6",
        "add c0p0r0t0excv6 2001:db8:1::/48",
        "create c0isolatedv4 hash:net family inet",
        "add c0isolatedv4 10.0.0.1",
        "create c0isolatedv6 hash:net family inet6",
        "add c0isolatedv6 fd00::1",
    ]


def test_clusters_are_beside_each_other() -> None:
    other = Pod("shop", {"app": "web"}, ("10.9.0.1",))
    written = translate([Cluster([policy()], [WEB]), Cluster([policy()], [other])], "g7").ipset().splitlines()
    assert [line for line in written if line.startswith("add") and "v4" in line] == [
        "add g7c0p0srcv4 10.0.0.1",
        "add g7c0isolatedv4 10.0.0.1",
        "add g7c1p0srcv4 10.9.0.1",
        "add g7c1isolatedv4 10.9.0.1",
    ]


def test_what_comes_first_comes_before_established_traffic() -> None:
    written = translate([Cluster([policy()], PODS)]).iptables(4, ["-A FORWARD -p 253 -j ACCEPT"]).splitlines()
    assert written[3:5] == ["-A FORWARD -p 253 -j ACCEPT", ESTABLISHED]
    assert written[2] == ":c0p0 - [0:0]"
