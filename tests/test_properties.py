"""Random manifests: the policy, in every engine, says what the packet model says, and its witnesses really get out."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.engines import NAMES, Engines, Name, Verdict, verdict
from tests.kubernetes import validated
from tests.model import mutations, strategies
from tests.model.allowances import Allowance, Isolation, Pod, Rules, Selector, Subject
from tests.model.packets import Packet, Target, allowed
from tests.model.verdict import KINDS, Cluster
from tests.model.width import METADATA, Limits
from tests.settings import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

ANY_CLUSTER = st.one_of(strategies.clusters(), strategies.together())
PARAMETERS: list[dict[str, Any]] = [
    {},
    {"profile": "strict"},
    {"openAddressShare": 0.5, "openPortShare": 0.9999},
    {"openAddressShare": 0.001, "openPortShare": 0.0001},
    {"openAddressShare": 1, "openPortShare": 1, "systemNamespaces": []},
    {"internalBlocks": ["8.0.0.0/8", "64.0.0.0/2", "2600::/12"], "systemNamespaces": ["kube-*", "sh?p"]},
    {"internalBlocks": ["0.0.0.0/1", "203.0.113.0/24"], "systemNamespaces": ["y"]},
]
#: OPA takes some milliseconds a question, the embedded engine less than one; both see the same kinds of examples.
EXAMPLES = {"wasm": 700, "opa": 200}


@pytest.fixture(scope="module")
def engines(tool: Callable[[str], Path]) -> Iterator[Engines]:
    started = Engines(tool("opa"))
    yield started
    started.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("parameters", PARAMETERS, ids=json.dumps)
def test_the_policy_agrees_with_the_model(engines: Engines, name: Name, parameters: dict[str, Any]) -> None:
    engine = engines.get(name, parameters)
    share = 3 if not parameters else 9

    @examples(EXAMPLES[name] // share)
    @given(ANY_CLUSTER)
    def agrees(manifests: list[dict[str, Any]]) -> None:
        found, model = verdict(engine, manifests), Cluster(manifests, parameters)
        assert found.expected(KINDS) == model.findings()
        assert found.workloads == model.states()
        for kind in {finding.rule for finding in model.findings()}:
            event(kind)
        check_witnesses(found, model)

    agrees()


def check_witnesses(found: Verdict, model: Cluster) -> None:
    """Each witness is a packet that the model lets out, to a public address."""
    for finding in found.findings:
        if finding["rule"] in ("open-egress", "open-egress-combined", "no-egress-policy", "uncovered-workload"):
            assert "witness" in finding, finding
        if "witness" in finding:
            check_witness(finding, model)


def check_witness(finding: Mapping[str, Any], model: Cluster) -> None:
    """Public, or a metadata service, and let out: from the workload that it names, or else by the rule at fault."""
    witness = finding["witness"]
    address = str(ipaddress.ip_address(witness["to"]))
    target = Target(address)
    if finding["rule"] == "metadata-endpoint":
        assert (address in METADATA, witness["port"], witness["protocol"]) == (True, 80, "TCP")
    else:
        assert address in model.limits.space.everywhere, f"{address} is not public"
    place = finding["resource"]["namespace"]
    senders = [w for w in model.workloads if w.namespace == place and witness["from"].endswith(f"{w.kind}/{w.name}")]
    if senders:
        packets = [Packet(pod, target, witness["protocol"], witness["port"]) for w in senders for pod in w.pods]
        assert any(allowed(packet, model.rules) for packet in packets), f"nothing lets {witness} out"
    else:
        path, name = finding["path"], finding["resource"]["name"]
        here = [a for a in model.rules.allowances if a.subject.namespace == place]
        at_fault = [a for a in here if a.source.policy == name and f"{path}.".startswith(f"{a.source.path}.")]
        mine = here if path == "spec.egress" else at_fault
        assert any(lets_out(a, target, witness) for a in mine), f"no rule lets {witness} out"


def lets_out(allowance: Allowance, target: Target, witness: Mapping[str, Any]) -> bool:
    """Whether the rule by itself holds the packet, whoever sends it."""
    anybody = Pod(allowance.subject.namespace, {})
    alone = replace(allowance, subject=Subject(anybody.namespace, Selector()))
    rules = Rules((alone,), (Isolation(alone.subject, alone.tier),))
    return allowed(Packet(anybody, target, witness["protocol"], witness["port"]), rules)


@pytest.mark.parametrize("name", NAMES)
def test_restricted_rules_are_those_without_a_finding(engines: Engines, name: Name) -> None:
    engine = engines.get(name, {})

    @examples(EXAMPLES[name] // 7)
    @given(strategies.clusters())
    def adds_up(manifests: list[dict[str, Any]]) -> None:
        model, found = Cluster(manifests), verdict(engine, manifests)
        named = {n["name"]: (n["egress_rules"], n["restricted_rules"]) for n in found.namespaces}
        assert {n: counts for n, counts in named.items() if counts != (0, 0)} == model.counts()

    adds_up()


@given(st.lists(strategies.policies("p", ["shop"]), min_size=40, max_size=40))
@examples(4)
def test_kubernetes_accepts_what_the_model_was_tried_on(
    tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory, policies: list[dict[str, Any]]
) -> None:
    answers = validated(tool("kubernetes"), tmp_path_factory.mktemp("validate"), policies)
    assert answers == ["ok"] * len(policies)


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_is_invalid_where_kubernetes_refuses_it(
    engines: Engines, name: Name, tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    engine = engines.get(name, {})

    @examples(EXAMPLES[name] // 20)
    @given(st.lists(mutations.mutated(strategies.policies("p", ["shop"])), min_size=25, max_size=25))
    def agrees(policies: list[dict[str, Any]]) -> None:
        answers = validated(tool("kubernetes"), tmp_path_factory.mktemp("validate"), policies)
        ours = [refused(engine, policy) for policy in policies]
        theirs = [answer != "ok" for answer in answers]
        wrong = [
            f"{json.dumps(policy)}\nours {our}\nKubernetes {answer}"
            for policy, our, their, answer in zip(policies, ours, theirs, answers, strict=True)
            if bool(our) != their
        ]
        assert wrong == []

    agrees()


def refused(engine: Any, policy: dict[str, Any]) -> list[str]:
    """The paths of what is wrong with one policy; what only clusters before 1.36 took is refused as well."""
    kinds = ("invalid-resource", "ambiguous-cidr", "not-evaluated")
    return [f["path"] or f["rule"] for f in verdict(engine, [policy]).findings if f["rule"] in kinds]


def test_the_limits_default_to_those_of_the_design() -> None:
    assert Limits() == Limits.of({})
