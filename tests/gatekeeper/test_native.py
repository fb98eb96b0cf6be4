"""The rules in CEL through `gator test`: they refuse what the embedded engine has a finding for, and nothing else."""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress_policy.gatekeeper import native, rules
from egress_policy.gatekeeper.constraints import Settings, without_parameters
from egress_policy.gatekeeper.native import Native, NativeError
from egress_policy.gatekeeper.templates import template
from tests import cases
from tests.engines import POLICY
from tests.gatekeeper import clusters
from tests.gatekeeper.native import RULES, findings, networks
from tests.model import mutations, strategies
from tests.settings import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

Json = dict[str, Any]
# What is said of an object: the rule, its namespace, and the message.
Said = dict[tuple[str, str], str]
CASES = cases.load()
SHARES = ("openAddressShare", "openPortShare")
OTHERS = ("internalBlocks", "approvedDestinations", "models")
HTTPS = [{"protocol": "TCP", "port": 443}]


@pytest.fixture(scope="module")
def ours(found: rules.Found) -> list[rules.Rule]:
    return [rule for rule in found.rules if rule.name in RULES]


@pytest.fixture(scope="module")
def gator(tool: Callable[[str], Path]) -> Path:
    return tool("gator")


def forms(chosen: Iterable[rules.Rule], parameters: Json) -> list[Native]:
    return native.find_all(POLICY, chosen, Settings({"profile": "strict", **parameters}))


def refused(program: Path, made: Sequence[Native], policies: Iterable[Json], folder: Path) -> Said:
    """What gator says where templates hold nothing but CEL; an error of CEL refuses as well."""
    settings = Settings({"profile": "strict"})
    objects = [
        *(template(form.rule, "1.0.0", settings.kinds, native.code(form)) for form in made),
        *(one for form in made for one in without_parameters(form.rule, settings)),
        *policies,
    ]
    folder.mkdir(exist_ok=True)
    return {_place(one): one["msg"] for one in clusters.gator(program, objects, folder)}


def _place(result: Json) -> tuple[str, str]:
    return result["constraint"]["metadata"]["name"], result["violatingObject"]["metadata"]["namespace"]


def judged(policies: Sequence[Json], parameters: Json) -> Said:
    """The first finding of each rule about each policy, as the embedded engine has them."""
    first: Said = {}
    for one in findings(policies, parameters):
        first.setdefault((one["rule"], one["resource"]["namespace"]), f"{one['message']} ({one['path']})")
    return first


def test_every_policy_of_the_cases_is_judged_alike(gator: Path, ours: list[rules.Rule], tmp_path: Path) -> None:
    """With the shares of each case; its other parameters are left out here, and refused below. So are messages."""
    groups: dict[str, list[Json]] = {}
    for case, policy in clusters.policies(CASES, tmp_path):
        shares = {name: case.parameters[name] for name in SHARES if case.parameters.get(name) is not None}
        groups.setdefault(json.dumps(shares), []).append(policy)
    for number, (written, policies) in enumerate(groups.items()):
        parameters = json.loads(written)
        said = refused(gator, forms(ours, parameters), policies, tmp_path / f"run{number}")
        assert said == judged(policies, parameters)
    judged_in_all = sum(map(len, groups.values()))
    assert judged_in_all > sum(case.table not in cases.DIALECTS for case in CASES) * 0.8


@pytest.mark.parametrize("case", [case for case in CASES if set(case.parameters) - set(SHARES)], ids=str)
def test_what_cel_knows_nothing_of_is_refused_when_it_is_made(case: cases.Case, ours: list[rules.Rule]) -> None:
    waived = {one["rule"] for one in case.parameters.get("waivers") or []}
    for rule in ours:
        settings = Settings(case.settings)
        if rule.name in waived or any(case.parameters.get(name) for name in OTHERS):
            with pytest.raises(NativeError, match=f"{rule.name} in CEL knows no"):
                native.find(POLICY, rule, settings)
        else:
            assert native.find(POLICY, rule, settings) is not None


def blocks(*cidrs: Any, ports: Any = None, without: Any = None) -> Json:
    peers = [{"ipBlock": {"cidr": cidr, **({"except": without} if without is not None else {})}} for cidr in cidrs]
    return {"to": peers, **({"ports": ports} if ports is not None else {})}


def ranges(*pairs: tuple[int, int], protocol: str = "TCP") -> list[Json]:
    return [{"protocol": protocol, "port": low, "endPort": high} for low, high in pairs]


OPEN, ANY, NOTHING = {"open-egress"}, {"any-destination"}, set[str]()
ATTEMPTS: dict[str, tuple[list[Any], set[str]]] = {
    "two halves of IPv6": ([blocks("::/1", "8000::/1")], OPEN),
    "the half of IPv6 with nothing in it": ([blocks("8000::/1", "4000::/2")], NOTHING),
    "a quarter of IPv6 in blocks of the registries": ([blocks("2400::/12", "2600::/12", "2800::/12")], OPEN),
    "less than a quarter of IPv6": ([blocks("2400::/12", "2600::/12")], NOTHING),
    "three blocks of IPv6 less an address": (
        [{"to": [*blocks("2400::/12", without=["2400::/128"])["to"], *blocks("2600::/12", "2800::/12")["to"]]}],
        OPEN,
    ),
    "the quarter as /2 without private networks": ([blocks("64.0.0.0/2", without=["100.64.0.0/10"])], OPEN),
    "halves on halves of the ports": (
        [blocks("0.0.0.0/1", "128.0.0.0/1", ports=ranges((1, 20000), (10000, 32767)))],
        ANY,
    ),
    "the same with one port more": ([blocks("0.0.0.0/0", ports=ranges((1, 20000), (10000, 32768)))], OPEN),
    "the same with a named port": (
        [blocks("0.0.0.0/0", ports=[*ranges((1, 32767)), {"protocol": "TCP", "port": "http"}])],
        OPEN,
    ),
    "named ports that are named twice": (
        [blocks("0.0.0.0/0", ports=[*ranges((1, 32766)), *[{"protocol": "TCP", "port": "http"}] * 2])],
        ANY,
    ),
    "half of the ports in two protocols": (
        [blocks("0.0.0.0/0", ports=[*ranges((1, 30000)), *ranges((30001, 65535 - 3000), protocol="UDP")])],
        ANY,
    ),
    "an exception of all, beside the same without": (
        [blocks("0.0.0.0/0", without=["0.0.0.0/1", "128.0.0.0/1"]), blocks("0.0.0.0/0", without=["128.0.0.0/1"])],
        OPEN,
    ),
    "exceptions that leave nothing": ([blocks("0.0.0.0/0", without=["0.0.0.0/1", "128.0.0.0/1"])], NOTHING),
    "an exception that another peer fills": (
        [{"to": [*blocks("0.0.0.0/0", without=["0.0.0.0/1", "128.0.0.0/1"])["to"], *blocks("0.0.0.0/1")["to"]]}],
        OPEN,
    ),
    "the same block four times": ([blocks(*["0.0.0.0/5"] * 8)], NOTHING),
    "v4-mapped halves": ([blocks("::ffff:0.0.0.0/97", "::ffff:128.0.0.0/97")], OPEN),
    "translated with an exception of all": (
        [blocks("64:ff9b::/96", without=["64:ff9b::/97", "64:ff9b::8000:0/97"])],
        NOTHING,
    ),
    "translated inside a greater block": ([blocks("64:ff9b::/64")], OPEN),
    "all of IPv6 but the registries": ([blocks("::/0", without=["2000::/3"])], OPEN),
    "all of IPv6 but the registries and IPv4": (
        [blocks("::/0", without=["2000::/3", "64:ff9b::/96", "::ffff:0:0/95"])],
        NOTHING,
    ),
    "leading zeros and bits of hosts": ([blocks("064.000.000.001/02")], OPEN),
    "texts that are no blocks": (
        [blocks("0.0.0.0/33", "0.0.0.0/", "::/129", ":::/0", "", None, 5, "0x0.0.0.0/0")],
        NOTHING,
    ),
    "null where a list is expected": ([{"to": None, "ports": None}], OPEN),
    "a rule that is null": ([None], OPEN),
    "a list where an object is expected": ([[], "all", 5, {"to": {"ipBlock": {"cidr": "0.0.0.0/0"}}}], NOTHING),
    "a port that is null": ([blocks("0.0.0.0/0", ports=[None])], OPEN),
    "ports that are no list": ([blocks("0.0.0.0/0", ports={"port": 80})], NOTHING),
    "a range that ends before it starts": ([blocks("0.0.0.0/0", ports=ranges((65535, 1)))], NOTHING),
    "ports beyond all ports": ([blocks("0.0.0.0/0", ports=ranges((-5, 70000)))], OPEN),
    "five hundred networks": ([blocks(*networks(500), ports=HTTPS)] * 3, NOTHING),
    "five hundred networks of IPv6": ([blocks(*(f"2600:{n:x}::/32" for n in range(500)), "fd00::/8")], NOTHING),
    "a hundred exceptions": ([blocks("0.0.0.0/0", without=networks(100))], OPEN),
    "two hundred ports to everywhere": ([{"ports": [{"port": number} for number in range(1, 400, 2)]}], ANY),
    "every second range": ([blocks("0.0.0.0/0", ports=ranges(*((n, n + 400) for n in range(1, 65000, 801))))], OPEN),
    "an honest rule before an open one": ([blocks("151.101.2.0/24", ports=HTTPS), {}], OPEN),
    "an open rule, and a narrower one to everywhere": ([{}, {"ports": HTTPS}], OPEN | ANY),
}


def policy(name: str, egress: Any, **spec: Any) -> Json:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "app", "namespace": name},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": egress, **spec},
    }


def test_what_was_tried_against_it(gator: Path, ours: list[rules.Rule], tmp_path: Path) -> None:
    policies = [policy(name, egress) for name, (egress, _) in ATTEMPTS.items()]
    said = refused(gator, forms(ours, {}), policies, tmp_path)
    assert said == judged(policies, {})
    assert {name: {rule for rule, place in said if place == name} for name in ATTEMPTS} == {
        name: expected for name, (_, expected) in ATTEMPTS.items()
    }


TYPES: dict[str, Json] = {
    "no policyTypes": {"policyTypes": None},
    "an empty list of policyTypes": {"policyTypes": []},
    "both policyTypes": {"policyTypes": ["Ingress", "Egress"]},
    "policyTypes that are a text": {"policyTypes": "Ingress"},
    "only ingress": {"policyTypes": ["Ingress"]},
}


def test_who_isolates_egress(gator: Path, ours: list[rules.Rule], tmp_path: Path) -> None:
    policies = [policy(name, [{}], **spec) for name, spec in TYPES.items()]
    said = refused(gator, forms(ours, {}), policies, tmp_path)
    assert said == judged(policies, {})
    assert {place for _, place in said} == set(TYPES) - {"only ingress"}


def test_what_costs_too_much_is_refused(gator: Path, ours: list[rules.Rule], tmp_path: Path) -> None:
    """Known differences, on the safe side: two hundred networks beside a block that takes a closer look."""
    policies = [
        policy("networks", [blocks(*networks(200), "64:ff9b::a00:0/104")]),
        policy("edges", [{"ports": ranges(*((n, n + 249) for n in range(1, 64000, 400)))}]),
    ]
    assert judged(policies, {}).keys() == {("open-egress", "edges")}
    said = refused(gator, forms(ours, {}), policies, tmp_path)
    assert said.keys() == {("open-egress", "networks"), ("open-egress", "edges"), ("any-destination", "edges")}
    assert "cost" in said["open-egress", "networks"]


# A quarter of the 8,445,439 units of 2^96 public addresses, as two blocks of 2^20 units and one of each of these sizes.
QUARTER = (19, 20, 22, 23, 24, 26, 27, 28, 29, 30, 31, 32, 33, 34)


def quarter_of_ipv6(without: list[str]) -> Json:
    place, found = int(ipaddress.ip_address("2800::")), []
    for length in QUARTER:
        found.append(str(ipaddress.ip_network((place, length))))
        place += 1 << 128 - length
    first = blocks("2400::/12", without=without)["to"]
    return {"to": [*first, *blocks("2600::/12", *found)["to"]]}


def test_exceptions_of_less_than_a_64_are_not_taken_off(gator: Path, ours: list[rules.Rule], tmp_path: Path) -> None:
    """What is left is rounded up to 2^64 addresses: of a quarter less one address CEL says that it is one."""
    policies = [
        policy("quarter", [quarter_of_ipv6([])]),
        policy("less-2-to-the-64", [quarter_of_ipv6(["2400::/64"])]),
        policy("less-one", [quarter_of_ipv6(["2400::/128"])]),
    ]
    assert judged(policies, {}).keys() == {("open-egress", "quarter")}
    said = refused(gator, forms(ours, {}), policies, tmp_path)
    assert said.keys() == {("open-egress", "quarter"), ("open-egress", "less-one")}


def test_any_policies_are_judged_alike(gator: Path, ours: list[rules.Rule], tmp_path: Path) -> None:
    made = forms(ours, {})
    one = strategies.policies("app", ["shop"])

    @examples(3)
    @given(st.lists(st.one_of(one, mutations.mutated(one)), min_size=60, max_size=60))
    def agree(written: list[Json]) -> None:
        policies = [decodable(thing, f"n{number}") for number, thing in enumerate(written)]
        assert refused(gator, made, policies, tmp_path) == judged(policies, {})

    agree()


def decodable(thing: Json, namespace: str) -> Json:
    """The policy with a head that gator can read."""
    return {**thing, **policy(namespace, []), "spec": thing.get("spec")}


@pytest.mark.parametrize("parameters", [{"openAddressShare": 0.5}, {"openAdressShare": 0.5}], ids=json.dumps)
def test_a_constraint_takes_no_parameters(
    gator: Path, ours: list[rules.Rule], parameters: Json, tmp_path: Path
) -> None:
    settings = Settings()
    form = forms(ours, {})[1]
    (constraint,) = without_parameters(form.rule, settings)
    constraint["spec"]["parameters"] = parameters
    objects = [template(form.rule, "1.0.0", settings.kinds, native.code(form)), constraint, policy("shop", [{}])]
    with pytest.raises(AssertionError, match=r"spec.parameters: Too many"):
        clusters.gator(gator, objects, tmp_path)
