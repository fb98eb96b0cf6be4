"""Policies of a model, and what an attacker or an honest team makes of them, against what the model's words let out.

No packet leaves that the words do not let out, unless the audit in profile strict fails; and policies that say the same
in other words pass. The words are those of `tests.packets.words`, the network is that of `tests.model`: neither is the
policy's.
"""

from __future__ import annotations

import copy
import ipaddress
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import event, given

from tests.engines import NAMES, Engines, Name, verdict
from tests.model.allowances import Pod
from tests.model.networkpolicy import all_rules
from tests.model.packets import Packet, Target, allowed
from tests.model.strategies import workload
from tests.packets.test_model import policies
from tests.packets.words import Way, ways
from tests.settings import examples

Json = dict[str, Any]
SPEC: Json = {
    "namespaces": ["shop"],
    "https": [
        {"name": "payments", "cidrs": ["151.101.2.0/24"], "from": {"app": "frontend"}},
        {
            "name": "telemetry",
            "cidrs": ["8.8.8.8/32", "2001:db8:5::/48"],
            "ports": [443, {"protocol": "UDP", "port": 4444}],
        },
    ],
    "databases": [
        {
            "name": "orders",
            "engine": "postgresql",
            "namespace": "data",
            "labels": {"app": "orders-db"},
            "from": {"tier": "backend"},
        },
        {"name": "cache", "engine": "redis", "labels": {"app": "cache"}, "from": {"tier": "backend"}},
        {"name": "ledger", "engine": "mysql", "cidrs": ["10.9.0.0/30"], "from": {"app": "ledger"}},
    ],
    "services": [
        {"name": "auth", "namespace": "identity", "labels": {"app": "auth"}, "ports": [8080]},
        {
            "name": "tokens",
            "namespace": "identity",
            "labels": {"app": "tokens"},
            "ports": [{"port": 8080, "endPort": 8085}],
        },
    ],
    "kubeAPI": {"service": ["10.96.0.1/32"], "endpoints": ["172.18.0.2/31"], "from": {"role": "controller"}},
}
PARAMETERS: Json = {
    "profile": "strict",
    "now": "2026-11-27",
    "models": [{"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": SPEC}],
}
LABELS = [
    {"app": "frontend"},
    {"app": "frontend", "tier": "backend"},
    {"tier": "backend"},
    {"app": "ledger"},
    {"role": "controller"},
    {"app": "web", "tier": "web"},
    {"app": "cache", "tier": "backend"},
    {},
]
THERE = [
    Pod("kube-system", {"k8s-app": "kube-dns"}),
    Pod("kube-system", {"k8s-app": "metrics"}),
    Pod("shop", {"k8s-app": "kube-dns"}),
    Pod("data", {"app": "orders-db"}),
    Pod("data", {"app": "ledger-db"}),
    Pod("shop", {"app": "orders-db"}),
    Pod("shop", {"app": "cache"}),
    Pod("data", {"app": "cache"}),
    Pod("identity", {"app": "auth"}),
    Pod("identity", {"app": "tokens"}),
    Pod("identity", {"app": "admin"}),
    Pod("other", {"app": "auth", "k8s-app": "kube-dns"}),
    Pod("identity", {}),
]
OUTSIDE = [
    *("151.101.1.255", "151.101.2.0", "151.101.2.200", "151.101.3.0", "8.8.8.8", "8.8.8.9", "9.9.9.9", "1.1.1.1"),
    *(
        "10.9.0.0",
        "10.9.0.3",
        "10.9.0.4",
        "10.96.0.1",
        "10.96.0.2",
        "172.18.0.1",
        "172.18.0.2",
        "172.18.0.3",
        "172.18.0.4",
    ),
    *("2001:db8:5::", "2001:db8:5:ffff::1", "2001:db8:6::", "169.254.20.10", "169.254.169.254"),
]
PORTS = (1, 53, 54, 80, 443, 444, 3306, 4444, 5353, 5432, 5433, 6379, 6443, 8079, 8080, 8081, 8085, 8086, 65535)
GRID = [
    (target, protocol, port)
    for target in [*(Target(pod=pod) for pod in THERE), *(Target(address=address) for address in OUTSIDE)]
    for protocol, port in itertools.product(("TCP", "UDP", "SCTP"), PORTS)
]
WAYS = list(ways(SPEC))
CIDRS = (
    "151.101.2.0/24",
    "151.101.2.0/23",
    "151.101.2.128/25",
    "8.8.8.8/31",
    "9.9.9.0/24",
    "10.9.0.0/29",
    "10.9.0.2/31",
    "10.96.0.0/31",
    "172.18.0.0/30",
    "172.18.0.2/32",
    "2001:db8:4::/47",
    "::ffff:10.96.0.1/128",
    "10.0.0.0/8",
    "0.0.0.0/0",
    "169.254.20.10/32",
    "64:ff9b::808:808/128",
)
WORDS = (
    "frontend",
    "backend",
    "ledger",
    "controller",
    "web",
    "orders-db",
    "cache",
    "auth",
    "tokens",
    "admin",
    "kube-dns",
    "identity",
    "data",
    "kube-system",
    "shop",
    "",
)
KEYS = ("app", "tier", "role", "k8s-app", "kubernetes.io/metadata.name", "track")


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> list[Json]:
    """The policies of the model."""
    return policies(SPEC, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def engines(tool: Callable[[str], Path]) -> Iterator[Engines]:
    started = Engines(tool("opa"))
    yield started
    started.close()


def _goes(way: Way, source: Pod, target: Target, protocol: str, port: int) -> bool:
    if not _has(source.labels, way.who) or not any(
        name == protocol and low <= port <= high for name, low, high in way.ports
    ):
        return False
    if target.address is not None:
        address = ipaddress.ip_address(target.address)
        return any(address in ipaddress.ip_network(cidr) for cidr in way.cidrs)
    pod = target.pod
    assert pod is not None
    return pod.namespace == (way.namespace or source.namespace) and bool(way.labels) and _has(pod.labels, way.labels)


def _has(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in wanted.items())


def _escape(written: Sequence[Json], pods: Sequence[Pod]) -> str:
    """A packet that the policies let out and the words do not; empty if there is none."""
    rules = all_rules(written)
    for source in pods:
        for target, protocol, port in GRID:
            if allowed(Packet(source, target, protocol, port), rules) and not any(
                _goes(way, source, target, protocol, port) for way in WAYS
            ):
                return f"{source} to {target} {protocol} {port}"
    return ""


# What an attacker does to a policy. Each draws where, changes it in place, and may leave it as it was.


def _some(draw: st.DrawFn, values: Sequence[Any]) -> Any:
    return draw(st.sampled_from(values))


def _selector(draw: st.DrawFn) -> Json:
    label = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(WORDS), max_size=2)
    values = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True)
    listed = st.builds(
        lambda key, operator, some: {
            "key": key,
            "operator": operator,
            **({"values": some} if operator[-2:] == "In" else {}),
        },
        st.sampled_from(KEYS),
        st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
        values,
    )
    made: Json = {}
    if draw(st.booleans()):
        made["matchLabels"] = draw(label)
    if draw(st.booleans()):
        made["matchExpressions"] = draw(st.lists(listed, max_size=2))
    return made


def _rule_of(draw: st.DrawFn, written: list[Json]) -> Json | None:
    rules = [rule for policy in written for rule in policy["spec"].get("egress") or []]
    return _some(draw, rules) if rules else None


def _peers(draw: st.DrawFn, written: list[Json]) -> None:
    rule = _rule_of(draw, written)
    if rule is None or not rule.get("to"):
        return
    peer = _some(draw, rule["to"])
    change = _some(draw, ["namespace", "pods", "block", "except", "no namespace", "no pods"])
    if change == "block":
        peer.clear()
        peer["ipBlock"] = {"cidr": _some(draw, CIDRS)}
    elif change == "except" and "ipBlock" in peer:
        peer["ipBlock"] = {"cidr": "10.0.0.0/8", "except": ["10.128.0.0/9"]}
    elif "ipBlock" not in peer and change in ("namespace", "pods"):
        peer["namespaceSelector" if change == "namespace" else "podSelector"] = _selector(draw)
    elif "podSelector" in peer and change == "no namespace":
        peer.pop("namespaceSelector", None)
    elif "namespaceSelector" in peer and change == "no pods":
        peer.pop("podSelector", None)


def _ports(draw: st.DrawFn, written: list[Json]) -> None:
    rule = _rule_of(draw, written)
    if rule is None or not rule.get("ports"):
        return
    port = _some(draw, rule["ports"])
    change = _some(draw, ["number", "end", "protocol", "none", "one more"])
    if change == "number":
        port["port"] = _some(draw, PORTS)
        port.pop("endPort", None)
    elif change == "end":
        port["endPort"] = min(65535, port["port"] + _some(draw, [0, 1, 5, 1000])) if "port" in port else None
    elif change == "protocol":
        port["protocol"] = _some(draw, ["TCP", "UDP", "SCTP", None])
    elif change == "none":
        rule["ports"] = _some(draw, [None, []])
    else:
        rule["ports"].append({"port": _some(draw, PORTS)})


def _who(draw: st.DrawFn, written: list[Json]) -> None:
    _some(draw, written)["spec"]["podSelector"] = _selector(draw)


def _types(draw: st.DrawFn, written: list[Json]) -> None:
    _some(draw, written)["spec"]["policyTypes"] = _some(draw, [None, [], ["Ingress"], ["Ingress", "Egress"]])


def _rules(draw: st.DrawFn, written: list[Json]) -> None:
    """A rule of one policy in another, a rule of everything, everything of a rule."""
    policy, rule = _some(draw, written), _rule_of(draw, written)
    change = _some(draw, ["in another", "everything", "no peers", "none"])
    if change == "in another" and rule is not None:
        policy["spec"]["egress"] = [*(policy["spec"].get("egress") or []), copy.deepcopy(rule)]
    elif change == "everything":
        policy["spec"]["egress"] = [*(policy["spec"].get("egress") or []), {}]
    elif change == "no peers" and rule is not None:
        rule["to"] = _some(draw, [None, []])
    elif change == "none":
        policy["spec"]["egress"] = _some(draw, [None, []])


def _whole(draw: st.DrawFn, written: list[Json]) -> None:
    policy = _some(draw, written)
    if draw(st.booleans()) and len(written) > 1:
        written.remove(policy)
    else:
        policy["metadata"]["name"] = _some(draw, ["allow-dns", "default-deny-egress", "x", policy["metadata"]["name"]])


CHANGES = (_peers, _ports, _who, _types, _rules, _whole, _peers, _ports)


@st.composite
def attacks(draw: st.DrawFn, written: list[Json]) -> list[Json]:
    """The policies after up to three changes."""
    made = copy.deepcopy(written)
    for _ in range(draw(st.integers(1, 3))):
        _some(draw, CHANGES)(draw, made)
    return made


# What an honest team writes in place of a policy. Each says the same.


def _selectors(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield from (one for key, one in value.items() if key.endswith("Selector"))
        for inner in value.values():
            yield from _selectors(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _selectors(inner)


def _as_expressions(draw: st.DrawFn, written: list[Json]) -> None:
    for one in _selectors(written):
        if one.get("matchLabels") and draw(st.booleans()):
            labels = one.pop("matchLabels")
            one["matchExpressions"] = [
                {"key": key, "operator": "In", "values": [value]} for key, value in labels.items()
            ]


def _as_halves(draw: st.DrawFn, written: list[Json]) -> None:
    for rule in _every_rule(written):
        for peer in list(rule["to"]):
            network = ipaddress.ip_network(peer["ipBlock"]["cidr"]) if "ipBlock" in peer else None
            if network is not None and network.prefixlen < network.max_prefixlen and draw(st.booleans()):
                rule["to"].remove(peer)
                rule["to"] += [{"ipBlock": {"cidr": str(half)}} for half in network.subnets()]


def _as_ranges(draw: st.DrawFn, written: list[Json]) -> None:
    for rule in _every_rule(written):
        for port in list(rule["ports"]):
            end = port.get("endPort", port["port"])
            if end > port["port"] and draw(st.booleans()):
                rule["ports"].remove(port)
                rule["ports"] += [
                    {**port, "port": number, "endPort": number} for number in range(port["port"], end + 1)
                ]
            elif draw(st.booleans()):
                port["endPort"] = end


def _as_rules(draw: st.DrawFn, written: list[Json]) -> None:
    for policy in written:
        if draw(st.booleans()):
            policy["spec"]["egress"] = [
                {"to": [peer], "ports": [port]}
                for rule in policy["spec"]["egress"]
                for peer, port in itertools.product(rule["to"], rule["ports"])
            ]


def _as_defaults(draw: st.DrawFn, written: list[Json]) -> None:
    for rule in _every_rule(written):
        for port in rule["ports"]:
            if port["protocol"] == "TCP" and draw(st.booleans()):
                port["protocol"] = None
    for policy in written:
        if policy["spec"]["egress"] and draw(st.booleans()):
            del policy["spec"]["policyTypes"]


def _as_one_policy(draw: st.DrawFn, written: list[Json]) -> None:
    """Those of the same pods together, but for the one that denies."""
    if not draw(st.booleans()):
        return
    groups: dict[str, Json] = {}
    for policy in list(written[1:]):
        first = groups.setdefault(json.dumps(policy["spec"]["podSelector"]), policy)
        if first is not policy:
            first["spec"]["egress"] += policy["spec"]["egress"]
            written.remove(policy)


def _as_many(draw: st.DrawFn, written: list[Json]) -> None:
    for index, policy in enumerate(list(written)):
        if draw(st.booleans()):
            more = copy.deepcopy(policy)
            more["metadata"]["name"] = f"again-{index}"
            written.append(more)


def _every_rule(written: list[Json]) -> list[Json]:
    return [rule for policy in written for rule in policy["spec"]["egress"]]


WORDINGS = (_as_one_policy, _as_halves, _as_ranges, _as_rules, _as_many, _as_expressions, _as_defaults)


@st.composite
def rewordings(draw: st.DrawFn, written: list[Json]) -> list[Json]:
    """The policies in other words."""
    made = copy.deepcopy(written)
    for reword in WORDINGS:
        reword(draw, made)
    return list(draw(st.permutations(made)))


PODS = st.lists(st.sampled_from(LABELS), min_size=1, max_size=4, unique_by=json.dumps)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_model_does_not_let_out_fails(name: Name, engines: Engines, generated: list[Json]) -> None:
    engine = engines.get(name, PARAMETERS)

    @examples({"wasm": 1200, "opa": 150}[name])
    @given(attacks(generated), PODS)
    def agrees(written: list[Json], labels: list[Json]) -> None:
        pods = [Pod("shop", one) for one in labels]
        manifests = [workload("Deployment", f"w{i}", "shop", one) for i, one in enumerate(labels)]
        failed = any(one["level"] == "fail" for one in verdict(engine, [*written, *manifests]).findings)
        event("failed" if failed else "passed")
        if not failed:
            assert _escape(written, pods) == ""

    agrees()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_in_other_words_passes(name: Name, engines: Engines, generated: list[Json]) -> None:
    engine = engines.get(name, PARAMETERS)

    @examples({"wasm": 300, "opa": 60}[name])
    @given(rewordings(generated), PODS)
    def agrees(written: list[Json], labels: list[Json]) -> None:
        manifests = [workload("Deployment", f"w{i}", "shop", one) for i, one in enumerate(labels)]
        found = verdict(engine, [*written, *manifests]).findings
        assert [f"{one['rule']}: {one['message']}" for one in found if one["level"] == "fail"] == []

    agrees()
