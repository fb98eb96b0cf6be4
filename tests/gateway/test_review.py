"""The review of one policy: of all that is approved and of a bundle's index the same, and as the audit says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import requests
from hypothesis import event, given

from egress_policy.bundle import archive, definition
from egress_policy.bundle.build import build
from egress_policy.engine import NAMESPACES, REVIEW, REVIEW_INDEX, load, to_json
from tests import engines
from tests.settings import examples

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
NOW = "2026-11-27"


@pytest.fixture(scope="module")
def opa(tool: Callable[[str], Path]) -> Path:
    """The real OPA."""
    return tool("opa")


@pytest.fixture(scope="module")
def server(opa: Path) -> Iterator[str]:
    """An OPA with our policy, and whatever data it is given."""
    with engines.serving(opa, str(ROOT / "policy")) as url:
        yield url


def _put(url: str, path: str, value: Any) -> None:
    requests.put(f"{url}/v1/data/{path}", json=value, timeout=60).raise_for_status()


def _ask(url: str, question: Any) -> Any:
    return requests.post(f"{url}/v1/data/egress/review/decision", json={"input": question}, timeout=60).json()["result"]


_CIDRS = [
    "8.8.8.0/24", "8.8.8.128/25", "8.8.9.0/24", "8.8.8.0/23", "8.0.0.0/9", "8.128.0.0/9", "9.9.9.9/32", "0.0.0.0/1",
    "0.0.0.0/0", "10.0.0.0/8", "2a00:1::/32", "2a00:1:5::/48", "2a00::/12", "::/0", "64:ff9b::808:800/120",
]  # fmt: skip
_PORTS = [443, 80, 5432, {"protocol": "UDP", "port": 443}, {"port": 80, "endPort": 443}]
_LABELS: list[Json] = [{}, {"app": "a"}, {"app": "b"}, {"app": "a", "tier": "x"}]
_cidrs = st.lists(st.sampled_from(_CIDRS), min_size=1, max_size=3, unique=True)
_ports = st.lists(st.sampled_from(_PORTS), min_size=1, max_size=2, unique_by=str)
_expires = st.sampled_from([None, "2026-11-26", "2026-11-27"])


@st.composite
def _models(draw: st.DrawFn) -> list[Json]:
    return [
        {
            "apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": f"m{i}"},
            "spec": {
                "namespaces": names,
                "https": [
                    {"name": f"d{n}", "cidrs": draw(_cidrs), "ports": draw(_ports), "expires": draw(_expires),
                     "from": draw(st.sampled_from(_LABELS))}
                    for n in range(draw(st.integers(0, 4)))
                ],
                "databases": draw(st.sampled_from([
                    [], [{"name": "db", "engine": "postgresql", "cidrs": ["8.8.9.0/24"], "from": {"app": "a"}}],
                    [{"name": "db", "engine": "postgresql", "labels": {"app": "db"}, "from": {"app": "a"}}],
                ])),
            },
        }
        for i, names in enumerate(draw(st.sampled_from([[["shop"]], [["shop", "till"], ["cart"]]])))
    ]  # fmt: skip


@st.composite
def _approved(draw: st.DrawFn) -> list[Json]:
    return [
        {"name": f"a{n}", "cidrs": draw(_cidrs), "ports": draw(_ports), "podLabels": draw(st.sampled_from(_LABELS)),
         "namespaces": draw(st.sampled_from([["*"], ["shop"], ["c*"]])), "expires": draw(_expires),
         "open": draw(st.booleans())}
        for n in range(draw(st.integers(0, 3)))
    ]  # fmt: skip


@st.composite
def _parameters(draw: st.DrawFn) -> Json:
    found: Json = {"profile": draw(st.sampled_from(["baseline", "strict"])), "now": NOW}
    which = draw(st.sampled_from([(), ("models",), ("approvedDestinations",), ("models", "approvedDestinations")]))
    if "models" in which:
        found["models"] = draw(_models())
    if "approvedDestinations" in which:
        found["approvedDestinations"] = draw(_approved())
    if draw(st.booleans()):
        found["internalBlocks"] = ["8.128.0.0/16"]
    return found


_peers = st.one_of(
    st.sampled_from(_CIDRS).map(lambda cidr: {"ipBlock": {"cidr": cidr}}),
    st.just({"ipBlock": {"cidr": "8.8.8.0/23", "except": ["8.8.9.0/24"]}}),
    st.sampled_from([
        {"podSelector": {"matchLabels": {"app": "db"}}}, {"namespaceSelector": {}}, {"ipBlock": {"cidr": "x"}}, {},
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
         "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}},
    ]),
)  # fmt: skip


@st.composite
def _policies(draw: st.DrawFn) -> Json:
    rules = []
    for _ in range(draw(st.integers(0, 3))):
        rule: Json = {}
        if draw(st.integers(0, 9)):
            rule["to"] = draw(st.lists(_peers, min_size=1, max_size=3))
        if draw(st.integers(0, 5)):
            rule["ports"] = [port if isinstance(port, dict) else {"port": port} for port in draw(_ports)]
        rules.append(rule)
    spec = {
        "podSelector": {"matchLabels": draw(st.sampled_from(_LABELS))},
        "policyTypes": draw(st.sampled_from([["Egress"], ["Ingress", "Egress"], ["Ingress"]])),
        "egress": rules,
    }
    metadata = {"name": "p", "namespace": draw(st.sampled_from(["shop", "cart", "till", "elsewhere"]))}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


@st.composite
def _asked(draw: st.DrawFn) -> tuple[Json, list[Json]]:
    """Parameters and policies, among these some that stay inside what a model approves, or nearly so."""
    parameters = draw(_parameters())
    policies = draw(st.lists(_policies(), min_size=1, max_size=3))
    for model in parameters.get("models", []):
        for entry in model["spec"]["https"]:
            block = draw(st.sampled_from(entry["cidrs"] + _CIDRS))
            ports = [port if isinstance(port, dict) else {"port": port} for port in entry["ports"]]
            policies.append({
                "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                "metadata": {"name": "p", "namespace": model["spec"]["namespaces"][0]},
                "spec": {
                    "podSelector": {"matchLabels": draw(st.sampled_from([entry["from"], *_LABELS]))},
                    "policyTypes": ["Egress"],
                    "egress": [{"to": [{"ipBlock": {"cidr": block}}], "ports": ports}],
                },
            })  # fmt: skip
    return parameters, policies


# What an audit says of a namespace that has nothing but this policy, besides what it says of the policy.
_MISSING = ("has no policy that", "is reached by no rule", "Namespace '")


@given(_asked())
@examples(80)
def test_the_index_says_what_all_of_it_says(server: str, asked: tuple[Json, list[Json]]) -> None:
    parameters, policies = asked
    with load("wasm", parameters) as engine:
        if engine.ask("parameters", b"{}")["problems"]:
            return
        review = engine.ask(REVIEW_INDEX, b"{}")
        expected = [engine.ask(REVIEW, to_json({"object": policy})) for policy in policies]
        audited = [engine.ask(NAMESPACES, to_json(_shard(policy))) for policy in policies]
    _put(server, "egress/parameters", {})
    _put(server, "egress/approved", {"review": review})
    for policy, answer, (judged,) in zip(policies, expected, audited, strict=True):
        assert _ask(server, {"object": policy}) == answer
        said = [one for one in judged["findings"] if not one["message"].startswith(_MISSING)]
        assert [one for one in answer["findings"] if not one["message"].startswith(_MISSING)] == said
        event("allowed" if answer["allowed"] else "refused")


def _shard(policy: Json) -> Json:
    entry = {"object": policy, "source": {"file": "a", "line": 1, "folder": "", "order": 0, "duplicates": []}}
    shards = [{"namespace": policy["metadata"]["namespace"], "documents": [entry]}]
    return {"namespace": "", "namespaces": [], "shards": shards}


def test_our_bundle_answers_at_once_from_a_bundle_of_data(opa: Path, tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(json.dumps({
        "apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"},
        "spec": {"namespaces": ["shop"], "https": [{"name": "d", "cidrs": ["8.8.8.0/24"]}]},
    }))  # fmt: skip
    (tmp_path / "data.yaml").write_text(
        "apiVersion: egress-policy.dev/v1\nkind: BundleDefinition\nname: approved\nrevision: '1'\n"
        "models: [model.yaml]\n"
    )
    arguments: list[str] = []
    for name in ("egress-review", "egress-gateway", str(tmp_path / "data.yaml")):
        path = tmp_path / f"{Path(name).stem}.tar.gz"
        path.write_bytes(archive.pack(build(definition.read(name))))
        arguments += ["--bundle", str(path)]
    with engines.serving(opa, *arguments) as url:
        for cidr, allowed in (("8.8.8.0/25", True), ("8.8.9.0/24", False)):
            egress = [{"to": [{"ipBlock": {"cidr": cidr}}], "ports": [{"port": 443}]}]
            policy = {
                "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p"},
                "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": egress},
            }  # fmt: skip
            assert _ask(url, {"object": policy, "namespace": "shop"})["allowed"] is allowed
