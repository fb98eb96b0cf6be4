"""Policy reports: what `kubectl apply` takes, for the namespaces that were looked at and no others."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from egress_policy.audit import Request, audit
from egress_policy.formats import open_reports, policy_report
from egress_policy.output import Target
from egress_policy.report import Cluster, Namespace, Problem, Report, Waived, Witness
from tests.unit.formats.reports import DANGLING, OPEN, hostile, report, shown

Json = dict[str, Any]
Render = Callable[[Report, Target], None]
_CRDS = Path(__file__).resolve().parents[2] / "fixtures" / "report-crds.yaml"
_UNREADABLE = Problem("k8s/b.yaml", 3, "it is no YAML")
_WIDE = dataclasses.replace(
    OPEN, resource=dataclasses.replace(OPEN.resource, namespace="", kind="CiliumClusterwideNetworkPolicy")
)
_LONG = dataclasses.replace(OPEN, message="<&>" * 9_999, path="p" * 9_999, remediation="r" * 9_999)
_SKIPPED = report(status="skip", findings=(), namespaces=(Namespace("kube-system", "skip", 0, 0, ()),))
_REPORTS = {
    "a failing report": report(moment=1_790_000_000_123_456_789),
    "one with an error": report(status="error", errors=(_UNREADABLE,)),
    "a passing one": report(status="pass", findings=(), namespaces=(Namespace("bank", "pass", 1, 1, ()),)),
    "one that is skipped": _SKIPPED,
    "something cluster-wide": report(findings=(_WIDE, DANGLING)),
    "nothing to judge": report(status="skip", findings=(), namespaces=(), policies=()),
    "one namespace of a cluster": report(cluster=Cluster("https://10.0.0.1", "shop")),
    "one that an attacker wrote": hostile(),
    "one with long names": report(findings=(_LONG,) * 300),
}
_FORMATS = {"policy-report": policy_report.render, "open-reports": open_reports.render}


def _written(given: Report, render: Render = policy_report.render) -> list[Json]:
    return list(yaml.safe_load_all(shown(render, given)))


def _schemas() -> dict[tuple[str, str], Json]:
    """Of each kind, closed: what a schema does not know, the API server drops without a word."""
    found = {}
    for crd in yaml.safe_load_all(_CRDS.read_text()):
        [version] = crd["spec"]["versions"]
        key = (f"{crd['spec']['group']}/{version['name']}", crd["spec"]["names"]["kind"])
        found[key] = _closed(version["schema"]["openAPIV3Schema"])
    return found


def _closed(schema: Json) -> Json:
    inner = {name: _closed(one) for name, one in schema.get("properties", {}).items()}
    closed = {**schema, "properties": inner, "additionalProperties": False} if inner else schema
    return {**closed, "items": _closed(closed["items"])} if "items" in closed else closed


@pytest.mark.parametrize("format_name", _FORMATS)
@pytest.mark.parametrize("name", _REPORTS)
def test_reports_fit_the_schemas_of_their_projects(name: str, format_name: str) -> None:
    schemas = _schemas()
    written = _written(_REPORTS[name], _FORMATS[format_name])
    assert written
    for one in written:
        jsonschema.Draft202012Validator(schemas[one["apiVersion"], one["kind"]]).validate(one)
        assert one["summary"] == {
            outcome: Counter(result["result"] for result in one["results"])[outcome] for outcome in one["summary"]
        }


@pytest.mark.parametrize("name", _REPORTS)
def test_names_are_valid_and_every_object_is_there_once(name: str) -> None:
    written = _written(_REPORTS[name])
    keys = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in written]
    assert len(set(keys)) == len(keys)
    for kind, namespace, one in keys:
        assert re.fullmatch(r"egress-restricted(-[1-9][0-9]*)?", one)
        assert (kind == "PolicyReport") == (namespace is not None)
        assert namespace is None or re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", namespace)


def _told(written: list[Json]) -> dict[tuple[str, str], list[tuple[str, str | None]]]:
    return {
        (one["kind"], one["metadata"].get("namespace", "")): [
            (result["result"], result.get("rule")) for result in one["results"]
        ]
        for one in written
    }


def test_each_namespace_has_its_own_results_and_the_cluster_the_verdict() -> None:
    given = report(status="error", errors=(_UNREADABLE,), findings=(_WIDE, OPEN, DANGLING))
    assert _told(_written(given)) == {
        ("PolicyReport", "bank"): [("pass", None)],
        ("PolicyReport", "shop"): [("fail", "open-egress"), ("warn", "dangling-policy")],
        ("ClusterPolicyReport", ""): [("error", None), ("error", "unreadable"), ("fail", "open-egress")],
    }
    assert _told(_written(_SKIPPED)) == {
        ("PolicyReport", "kube-system"): [("skip", None)],
        ("ClusterPolicyReport", ""): [("skip", None)],
    }


def test_a_namespace_that_passes_may_have_warnings() -> None:
    given = report(status="pass", findings=(DANGLING,), namespaces=(Namespace("shop", "pass", 1, 1, ()),))
    assert _told(_written(given))["PolicyReport", "shop"] == [("pass", None), ("warn", "dangling-policy")]


def test_an_audit_of_one_namespace_says_nothing_of_the_cluster() -> None:
    cluster = Cluster("https://10.0.0.1", "shop")
    only = (Namespace("shop", "fail", 1, 0, ()),)
    given = report(status="error", errors=(_UNREADABLE,), cluster=cluster, namespaces=only)
    assert _told(_written(given)) == {
        ("PolicyReport", "shop"): [
            ("error", None), ("error", "unreadable"), ("fail", "open-egress"), ("warn", "dangling-policy"),
        ],
    }  # fmt: skip
    empty = report(status="skip", findings=(), namespaces=(), cluster=cluster)
    assert _told(_written(empty)) == {("PolicyReport", "shop"): [("skip", None)]}


def test_a_result_says_everything_that_the_audit_says() -> None:
    bank, shop, cluster = _written(report(moment=1_790_000_000_123_456_789))
    assert shop["results"][0] == {
        "policy": "egress-restricted",
        "rule": "open-egress",
        "category": "Network Egress",
        "severity": "medium",
        "result": "fail",
        "scored": True,
        "source": "egress-policy",
        "message": OPEN.message,
        "timestamp": {"seconds": 1_790_000_000, "nanos": 123_456_789},
        "resources": [
            {
                "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop",
                "name": "app-egress",
            }
        ],
        "properties": {
            "file": "k8s/shop.yaml",
            "line": "9",
            "path": "spec.egress[0]",
            "witness": "a packet from Deployment shop/web to 93.184.215.14:4444/TCP would get out",
            "remediation": OPEN.remediation,
        },
    }  # fmt: skip
    assert cluster["results"][0]["message"] == report().summary
    assert bank["results"][0]["properties"] == {"egressRules": "1", "restrictedRules": "1", "profile": "baseline"}
    assert shop["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "egress-policy"}
    assert shop["scope"] == {"apiVersion": "v1", "kind": "Namespace", "name": "shop"}


def test_open_reports_name_their_source() -> None:
    written = _written(report(), open_reports.render)
    assert [one["kind"] for one in written] == ["Report", "Report", "ClusterReport"]
    assert {one["source"] for one in written} == {"egress-policy"}


def test_what_is_waived_says_by_whom_why_and_until_when() -> None:
    given = dataclasses.replace(DANGLING, waived=Waived(owner="team-a", reason="moves soon", expires="2027-01-31"))
    result = _written(report(findings=(given,)))[-2]["results"][0]
    assert {name: text for name, text in result["properties"].items() if name.startswith("waived")} == {
        "waivedOwner": "team-a",
        "waivedReason": "moves soon",
        "waivedExpires": "2027-01-31",
    }


def test_many_findings_make_several_objects_that_kubectl_can_annotate() -> None:
    many = tuple(dataclasses.replace(OPEN, path=f"spec.egress[{i}]", message="<" * 500) for i in range(500))
    written = [one for one in _written(report(findings=many)) if one["metadata"].get("namespace") == "shop"]
    assert [one["metadata"]["name"] for one in written[:3]] == [
        "egress-restricted", "egress-restricted-2", "egress-restricted-3",
    ]  # fmt: skip
    assert sum(one["summary"]["fail"] for one in written) == 500
    for one in written:
        as_go_writes_it = json.dumps(one).replace("<", "\\u003c")
        assert len(as_go_writes_it) < 200_000
    paths = [result["properties"]["path"] for one in written for result in one["results"]]
    assert paths == [one.path for one in many]


def test_long_texts_are_cut_and_a_remedy_is_whole_or_absent() -> None:
    result = _written(report(findings=(_LONG,)))[-2]["results"][0]
    assert len(result["message"]) == len(result["properties"]["path"]) == 1_001
    assert "remediation" not in result["properties"]


def test_what_a_manifest_names_is_harmless_and_goes_where_a_report_can_lie() -> None:
    [only] = _written(hostile())
    assert only["kind"] == "ClusterPolicyReport"
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", shown(policy_report.render, hostile()))
    texts = [text for result in only["results"] for text in (result.get("message", ""), *result["properties"].values())]
    assert not any(re.search(r"[\x00-\x09\x0b-\x1f]", text) for text in texts)


def test_reports_are_the_same_for_the_same_moment(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: []}\n")

    def run(now: str | None) -> str:
        settings = {"now": now} if now else {}
        return shown(policy_report.render, audit(Request((str(tmp_path),), settings=settings)))

    assert run("2026-12-31T23:59:59Z") == run("2026-12-31T23:59:59Z")
    assert "seconds: 1798761599\n" in run("2026-12-31T23:59:59.5Z")
    assert "seconds: 1798675200\n" in run("2026-12-31")
    [seconds, *others] = re.findall(r"seconds: (\d+)", run(None))
    assert int(seconds) > 1_790_000_000
    assert set(others) == {seconds}


def test_a_witness_without_port_is_a_text_as_well() -> None:
    given = dataclasses.replace(OPEN, witness=Witness("Deployment shop/web", "2001:db8::1", None, "ICMP"))
    result = _written(report(findings=(given,)))[-2]["results"][0]
    assert result["properties"]["witness"] == "a packet from Deployment shop/web to [2001:db8::1]/ICMP would get out"
