"""The policies of a model: what each layer is made into, and that the audit finds all layers in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from egress_policy import model
from egress_policy.audit import Request, audit
from tests.unit.model.models import ALL, document, with_spec, written

if TYPE_CHECKING:
    from pathlib import Path

_DNS_PORTS = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]


def _made(folder: Path, *documents: Any) -> list[dict[str, Any]]:
    return [policy for one in model.read(written(folder, *documents)) for policy in model.policies(one)]


def _spec(folder: Path, name: str, spec: Any) -> Any:
    (found,) = [one for one in _made(folder, document(spec)) if one["metadata"]["name"] == name]
    return found["spec"]


def test_the_six_are_in_order_and_further_groups_follow_theirs(tmp_path: Path) -> None:
    assert [one["metadata"]["name"] for one in _made(tmp_path, document(ALL))] == [
        "default-deny-egress", "allow-dns", "allow-https", "allow-https-mail", "allow-database",
        "allow-database-ledger", "allow-internal-services", "allow-kube-api",
    ]  # fmt: skip


def test_the_first_denies_everything(tmp_path: Path) -> None:
    expected = {"podSelector": {}, "policyTypes": ["Egress"], "egress": []}
    assert _spec(tmp_path, "default-deny-egress", {"namespaces": ["shop"]}) == expected


@pytest.mark.parametrize(
    ("dns", "peers", "ports"),
    [
        pytest.param(
            None,
            [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
                }
            ],
            _DNS_PORTS,
            id="the cluster's",
        ),
        pytest.param(
            {"preset": "openshift"},
            [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "openshift-dns"}},
                    "podSelector": {"matchLabels": {"dns.operator.openshift.io/daemonset-dns": "default"}},
                }
            ],
            [{"protocol": "UDP", "port": 5353}, {"protocol": "TCP", "port": 5353}],
            id="OpenShift's",
        ),
        pytest.param(
            {"cidrs": ["10.0.0.10/32"]}, [{"ipBlock": {"cidr": "10.0.0.10/32"}}], _DNS_PORTS, id="an address of its own"
        ),
        pytest.param(
            {"namespace": "shop", "labels": {"app": "dns"}, "ports": [5300]},
            [{"podSelector": {"matchLabels": {"app": "dns"}}}],
            [{"protocol": "UDP", "port": 5300}, {"protocol": "TCP", "port": 5300}],
            id="pods of the own namespace",
        ),
    ],
)
def test_dns_is(dns: Any, peers: Any, ports: Any, tmp_path: Path) -> None:
    expected = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": peers, "ports": ports}]}
    assert _spec(tmp_path, "allow-dns", {"namespaces": ["shop"], "dns": dns}) == expected


def test_databases_are_for_the_backend_only(tmp_path: Path) -> None:
    assert _spec(tmp_path, "allow-database", ALL) == {
        "podSelector": {"matchLabels": {"tier": "backend"}},
        "policyTypes": ["Egress"],
        "egress": [
            {
                "to": [
                    {
                        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "data"}},
                        "podSelector": {"matchLabels": {"app": "orders-db"}},
                    }
                ],
                "ports": [{"protocol": "TCP", "port": 5432}],
            },
            {
                "to": [{"podSelector": {"matchLabels": {"app": "cache"}}}],
                "ports": [{"protocol": "TCP", "port": 6379}],
            },
        ],
    }


def test_ports_keep_their_protocol_and_end(tmp_path: Path) -> None:
    entry = {"name": "a", "cidrs": ["8.8.8.0/24"], "ports": [443.0, {"protocol": "SCTP", "port": 1, "endPort": 9}]}
    made = _spec(tmp_path, "allow-https", {"namespaces": ["shop"], "https": [entry]})
    assert json.dumps(made["egress"][0]["ports"]) == json.dumps(
        [{"protocol": "TCP", "port": 443}, {"protocol": "SCTP", "port": 1, "endPort": 9}]
    )


def test_each_namespace_has_its_own(tmp_path: Path) -> None:
    made = _made(tmp_path, document({"namespaces": ["a", "b"]}))
    assert [(one["metadata"]["namespace"], one["metadata"]["name"]) for one in made] == [
        ("a", "default-deny-egress"), ("a", "allow-dns"), ("b", "default-deny-egress"), ("b", "allow-dns"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"namespaces": ["shop"]}, id="the least"),
        pytest.param(ALL, id="all layers"),
        pytest.param({**ALL, "namespaces": ["shop", "data"]}, id="the namespace of the database as well"),
        pytest.param({**ALL, "dns": {"preset": "node-local"}}, id="a node-local DNS"),
        pytest.param({**ALL, "dns": {"preset": "openshift"}}, id="OpenShift"),
        pytest.param({**ALL, "https": [*ALL["https"], {"name": "x", "cidrs": ["151.101.2.0/25"]}]}, id="overlapping"),
    ],
)
@pytest.mark.parametrize("settings", ["the model", "the shape"])
def test_the_audit_finds_every_layer_in_what_is_generated(spec: Any, settings: str, tmp_path: Path) -> None:
    one = document(spec)
    file = tmp_path / "policies.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": _made(tmp_path, one)}))
    # By its shape a port that nobody knows is outside.
    given = [one] if settings == "the model" else []
    report = audit(Request((str(file),), settings={"profile": "strict", "models": given}))
    said = [finding.message for finding in report.findings if finding.rule != "outside-model"]
    assert said == []
    if given:
        assert report.status == "pass"
        assert {word for one in report.namespaces for word in (one.layers or {}).values()} <= {"present", "absent"}
    else:
        assert all(one.layers and one.layers["allow-dns"] == "present" for one in report.namespaces)


def test_a_model_approves_its_destinations_for_its_pods_only(tmp_path: Path) -> None:
    one = with_spec(https=[{"name": "a", "cidrs": ["8.8.8.0/24"], "from": {"app": "w"}}])
    made = _made(tmp_path, one)
    made[2]["spec"]["podSelector"] = {}
    file = tmp_path / "policies.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": made}))
    report = audit(Request((str(file),), settings={"profile": "strict", "models": [one]}))
    assert sorted({finding.rule for finding in report.findings}) == ["allow-https", "unapproved-destination"]
