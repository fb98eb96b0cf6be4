"""Which pods try what, of a model and of the policies that are there."""

from __future__ import annotations

from typing import Any

import pytest

from egress_policy.verify import plan, targets
from egress_policy.verify.options import Place, UsageError, Wanted
from egress_policy.verify.plan import PlanError, planned
from egress_policy.verify.targets import Target

BACKEND, WORKER = {"tier": "backend"}, {"tier": "worker"}
ORDERS = Target("orders", "allow-database", BACKEND, 5432, "10.0.0.1")
STOCK = Target("stock", "allow-database", WORKER, 3306, "10.0.0.2")
API = Target("API server", "allow-kube-api", {"role": "controller"}, 443, "10.96.0.1")


def _expected(*found: Target) -> dict[str, list[str]]:
    """Of each pod, what should answer."""
    made = planned(Wanted("shop"), found)
    return {one.name: [probe.container for probe in one.probes if probe.expected == "answers"] for one in made.subjects}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param([], {"plain": ["dns"]}, id="nothing but DNS without targets"),
        pytest.param([ORDERS], {"plain": ["dns"], "backend": ["dns", "to-1"]}, id="a database"),
        pytest.param(
            [ORDERS, STOCK, API],
            {
                "plain": ["dns"],
                "backend": ["dns", "to-1"],
                "backend of stock": ["dns", "to-2"],
                "controller": ["dns", "to-3"],
            },
            id="each only from its own pods",
        ),
        pytest.param(
            [ORDERS, Target("wide", "allow-database", {**BACKEND, "app": "a"}, 1, "10.0.0.3")],
            {"plain": ["dns"], "backend": ["dns", "to-1"], "backend of wide": ["dns", "to-1", "to-2"]},
            id="more labels reach what fewer do",
        ),
        pytest.param(
            [ORDERS, Target("same", "allow-database", WORKER, 5432, "10.0.0.1")],
            {"plain": ["dns"], "backend": ["dns", "to-1"], "backend of same": ["dns", "to-1"]},
            id="one place that two kinds of pods may reach",
        ),
        pytest.param([Target("all", "allow-database", {}, 1, "a")], {"plain": ["dns", "to-1"]}, id="every pod may"),
        pytest.param(
            [Target("own", "allow-database", {"app.kubernetes.io/managed-by": "egress-policy"}, 1, "a")],
            {"plain": ["dns", "to-1"], "backend": ["dns", "to-1"]},
            id="the label of the probe pods themselves",
        ),
        pytest.param(
            [Target("a", "allow-database", BACKEND, 1), Target("b", "allow-database", WORKER, 1)],
            {"plain": ["dns"], "backend": ["dns", "to-1"], "backend of b": ["dns", "to-2"]},
            id="two whose addresses are not known are not one",
        ),
    ],
)
def test_what_should_answer_whom(found: list[Target], expected: dict[str, list[str]]) -> None:
    assert _expected(*found) == expected


def test_labels_under_test_win_over_ours() -> None:
    helm = {"app.kubernetes.io/managed-by": "Helm"}
    made = planned(Wanted("shop"), [Target("a", "allow-database", helm, 1, "a")])
    assert [one.labels for one in made.subjects] == [{"app.kubernetes.io/managed-by": "egress-policy"}, helm]


@pytest.mark.parametrize(
    ("outside", "blocks", "refused"),
    [
        pytest.param("1.1.1.1", ["1.1.1.0/24"], True, id="inside of what is allowed"),
        pytest.param("1.1.1.1", ["1.1.2.0/24"], False, id="outside of it"),
        pytest.param("1.1.1.1", ["::/0"], False, id="of the other family"),
        pytest.param("1.1.1.1", ["nonsense", "1.1.1.1/24"], True, id="a block with host bits"),
        pytest.param("example.com", ["0.0.0.0/0"], False, id="a name is not looked up"),
        pytest.param("2606:4700::1", ["2606:4700::/32"], True, id="IPv6"),
    ],
)
def test_the_outside_lies_in_nothing_that_is_allowed(outside: str, blocks: list[str], refused: bool) -> None:
    wanted = Wanted("shop", outside=Place(outside, 443))
    if refused:
        with pytest.raises(UsageError, match=r"which allow-https allows: name another address"):
            planned(wanted, [], blocks)
    else:
        planned(wanted, [], blocks)


def test_no_more_is_probed_than_a_cluster_should_be_asked_for() -> None:
    one_each = [Target(f"d{number}", "allow-database", {"a": str(number)}, 1, f"h{number}") for number in range(21)]
    with pytest.raises(PlanError, match="22 sets of labels"):
        planned(Wanted("shop"), one_each)
    with pytest.raises(PlanError, match="30 databases"):
        planned(Wanted("shop"), [Target(str(one), "allow-database", BACKEND, 1, str(one)) for one in range(30)])


def _policy(name: str, selector: Any, *rules: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"podSelector": selector, "egress": list(rules)}}


def _rule(peer: Any, *ports: Any) -> dict[str, Any]:
    return {"to": [peer], "ports": list(ports)}


POSTGRES = {"protocol": "TCP", "port": 5432}
SELECTS = {"matchLabels": BACKEND}
FAR = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "data"}}}
DATABASE = Target("allow-database", "allow-database", BACKEND, 5432)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param([_rule({"ipBlock": {"cidr": "10.0.0.1/32"}}, POSTGRES)], ["10.0.0.1"], id="one address"),
        pytest.param([_rule({"ipBlock": {"cidr": "10.0.0.0/24"}}, POSTGRES)], [""], id="a block is no address"),
        pytest.param([_rule({"ipBlock": {"cidr": "10.0.0.1/24"}}, POSTGRES)], [""], id="nor is one with host bits"),
        pytest.param([_rule({"podSelector": {"matchLabels": {"app": "db"}}}, POSTGRES)], ["shop app=db"], id="near"),
        pytest.param(
            [_rule({**FAR, "podSelector": {"matchLabels": {"app": "db"}}}, POSTGRES)], ["data app=db"], id="far"
        ),
        pytest.param([_rule({"namespaceSelector": {}, "podSelector": SELECTS}, POSTGRES)], [""], id="anywhere"),
        pytest.param([_rule({"podSelector": {}}, POSTGRES)], [""], id="every pod is none in particular"),
        pytest.param([_rule(FAR, POSTGRES)], [""], id="a whole namespace"),
        pytest.param([_rule({"ipBlock": {"cidr": "10.0.0.1/32"}}, {"protocol": "UDP", "port": 1})], [], id="UDP"),
        pytest.param([_rule({"ipBlock": {"cidr": "10.0.0.1/32"}}, {"port": "pg"})], [], id="a named port"),
        pytest.param([{}], [], id="a rule for everything"),
    ],
)
def test_what_a_policy_that_is_there_says_of_databases(rules: list[Any], expected: list[str]) -> None:
    found = targets.of_policies([_policy("allow-database", SELECTS, *rules)], "shop")
    shown = [one.host or (f"{one.namespace} app={one.labels['app']}" if one.labels else "") for one in found]
    assert shown == expected


def test_policies_that_select_by_expressions_cannot_be_tried() -> None:
    rule = _rule({"ipBlock": {"cidr": "10.0.0.1/32"}}, POSTGRES)
    [found] = targets.of_policies([_policy("allow-database", {"matchExpressions": [{"key": "a"}]}, rule)], "shop")
    assert found.unknown == "its podSelector has matchExpressions"


def test_the_api_server_is_asked_at_its_service() -> None:
    rules = [
        _rule({"ipBlock": {"cidr": "10.96.0.1/32"}}, {"port": 443}),
        _rule({"ipBlock": {"cidr": "172.18.0.2/32"}}, {"port": 6443}),
    ]
    [found] = targets.of_policies([_policy("allow-kube-api", SELECTS, *rules)], "shop")
    assert (found.host, found.port) == ("10.96.0.1", 443)


@pytest.mark.parametrize(
    ("api", "expected"),
    [
        ({"service": ["10.96.0.1/32"], "endpoints": ["172.18.0.2/32"]}, ("10.96.0.1", 443)),
        ({"service": ["10.96.0.0/12"], "endpoints": ["172.18.0.2/32"]}, ("kubernetes.default.svc", 443)),
        ({"service": [], "endpoints": ["172.18.0.2/32"]}, ("172.18.0.2", 6443)),
        ({"service": [], "endpoints": ["172.18.0.2/32", "172.18.0.3/32"]}, ("kubernetes.default.svc", 443)),
    ],
)
def test_the_api_server_of_a_model(api: dict[str, Any], expected: tuple[str, int]) -> None:
    [found] = targets.of_model({"databases": [], "kubeAPI": {**api, "from": BACKEND}}, "shop")
    assert (found.host, found.port) == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"labels": {"app": "db"}, "namespace": "data"}, ("", 5432, "data", "")),
        ({"labels": {"app": "db"}}, ("", 5432, "shop", "")),
        ({"cidrs": ["10.0.0.1/32"]}, ("10.0.0.1", 5432, "shop", "")),
        ({"cidrs": ["10.0.0.0/24"], "port": 5433.0}, ("", 5433, "shop", "")),
        ({"port": {"protocol": "UDP", "port": 1}}, ("", 1, "shop", "only TCP is tried, this is UDP")),
    ],
)
def test_a_database_of_a_model(changed: dict[str, Any], expected: tuple[str, int, str, str]) -> None:
    entry = {"name": "a", "from": BACKEND, "port": 5432, "namespace": None, "labels": {}, "cidrs": [], **changed}
    [found] = targets.of_model({"databases": [entry]}, "shop")
    assert (found.host, found.port, found.namespace, found.unknown) == expected


@pytest.mark.parametrize(
    ("names", "given", "expected"),
    [
        pytest.param(["a"], {"": Place("h")}, "h:1", id="the only one needs no name"),
        pytest.param(["a", "b"], {"b": Place("h", 2)}, "h:2", id="one of two, at another port"),
    ],
)
def test_an_address_by_name(names: list[str], given: dict[str, Place], expected: str) -> None:
    found = [Target(name, "allow-database", BACKEND, 1) for name in names]
    assert str(targets.addressed([*found, API], given)[len(names) - 1].place) == expected


@pytest.mark.parametrize(
    ("names", "given", "said"),
    [
        pytest.param(["a", "b"], "", "which one.* there are: a, b", id="without a name of two"),
        pytest.param([], "", "there are: none", id="there is none"),
        pytest.param(["a"], "c", "no such database; there are: a", id="another name"),
        pytest.param(["a"], "API server", "no such database", id="the API server is none"),
    ],
)
def test_no_address_by_name(names: list[str], given: str, said: str) -> None:
    found = [Target(name, "allow-database", BACKEND, 1) for name in names]
    with pytest.raises(UsageError, match=said):
        targets.addressed([*found, API], {given: Place("h")})


def test_the_blocks_of_https() -> None:
    rule = {"to": [{"ipBlock": {"cidr": "1.0.0.0/8"}}, {"podSelector": {}}]}
    found = [_policy("allow-https", {}, rule), _policy("allow-https-b", {}, rule, {}), _policy("other", {}, rule)]
    assert list(plan.blocks(found)) == ["1.0.0.0/8", "1.0.0.0/8"]
