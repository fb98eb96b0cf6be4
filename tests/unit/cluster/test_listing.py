"""What is read of a cluster, and what is said of what cannot be read."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from egress_policy.audit import Request, audit
from egress_policy.cluster import ClusterError, ConfigurationError, listing, server
from egress_policy.engine import embedded
from egress_policy.report import Location, Report
from tests.unit.cluster.api import Answer, Api, Served, known, status
from tests.unit.cluster.conftest import BANK, SHOP

Audited = Callable[..., Report]
ROOT = Path(__file__).resolve().parents[3]
PODS = "/api/v1/pods"
POLICIES = "/apis/networking.k8s.io/v1/networkpolicies"
OPEN = "/apis/networking.k8s.io/v1/namespaces/bank/networkpolicies/open"


def _pod(name: str, namespace: str = "shop", **more: Any) -> str:
    pod: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, **more.pop("metadata", {})},
        "spec": {"containers": [{"name": "a", "image": "a"}]},
        **more,
    }
    return json.dumps(pod)


def _said(report: Report) -> list[tuple[str, str]]:
    return [(one.file, one.message) for one in report.errors]


def _workloads(report: Report, namespace: str = "shop") -> list[tuple[str, str]]:
    [found] = [one for one in report.namespaces if one.name == namespace]
    return [(one.kind, one.name) for one in found.workloads]


def test_a_cluster_is_judged_like_its_manifests(api: Api, audited: Audited, tmp_path: Path) -> None:
    live = audited()
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "all.yaml").write_text(f"{SHOP}---\n{BANK}")
    files = audit(Request((str(tmp_path / "k8s"),)))
    assert live.counts == files.counts
    assert (live.status, live.summary) == (files.status, files.summary)
    assert [(one.rule, one.message, one.path, one.resource, one.remediation) for one in live.findings] == [
        (one.rule, one.message, one.path, one.resource, one.remediation) for one in files.findings
    ]
    assert live.namespaces == files.namespaces
    assert live.cluster is not None
    assert (live.cluster.server, live.cluster.namespace) == (api.url, "")
    assert "cluster" not in files.to_json()


def test_a_file_is_the_path_that_kubectl_takes(audited: Audited) -> None:
    report = audited()
    [finding] = report.findings
    assert finding.location == Location(OPEN, 1)
    assert finding.excerpt is None
    assert {one.name: one.location.file for one in report.policies}["open"] == OPEN


def test_an_offender_is_quoted_as_kubectl_shows_it(audited: Audited) -> None:
    [finding] = audited(excerpts=True).findings
    assert finding.excerpt is not None
    quoted = finding.excerpt
    assert quoted.lines[:3] == ("spec:", "  egress:", "    - {}")
    assert quoted.marked == quoted.first + 2
    assert finding.location.line == 1


def test_every_kind_is_asked_for_that_the_cluster_serves(api: Api, audited: Audited) -> None:
    audited()
    assert sorted(path for path, _ in api.requests) == sorted(
        [
            "/apis", "/apis/cilium.io/v2", "/apis/networking.istio.io/v1",
            "/api/v1/namespaces", PODS, "/api/v1/replicationcontrollers",
            "/apis/apps/v1/daemonsets", "/apis/apps/v1/deployments", "/apis/apps/v1/replicasets",
            "/apis/apps/v1/statefulsets", "/apis/batch/v1/cronjobs", "/apis/batch/v1/jobs", POLICIES,
            "/apis/cilium.io/v2/ciliumcidrgroups", "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies",
            "/apis/cilium.io/v2/ciliumegressgatewaypolicies",
            "/apis/cilium.io/v2/ciliumnetworkpolicies",
            "/apis/networking.istio.io/v1/serviceentries", "/apis/networking.istio.io/v1/sidecars",
        ]
    )  # fmt: skip


def test_what_others_may_open_is_told(api: Api, audited: Audited) -> None:
    api.holds(
        "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: c, namespace: shop}}",
        "{apiVersion: cilium.io/v2, kind: CiliumClusterwideNetworkPolicy, metadata: {name: w}}",
    )
    told = [(one.location.file, one.resource.namespace) for one in audited().findings if one.rule == "invalid-resource"]
    assert told == [
        ("/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies/w", ""),
        ("/apis/cilium.io/v2/namespaces/shop/ciliumnetworkpolicies/c", "shop"),
    ]


def test_a_kind_is_read_in_the_version_that_has_it(api: Api, audited: Audited) -> None:
    group = "policy.networking.k8s.io"
    api.kinds += [
        Served(group, "v1alpha2", "ClusterNetworkPolicy", "clusternetworkpolicies", namespaced=False),
        Served(group, "v1alpha1", "AdminNetworkPolicy", "adminnetworkpolicies", namespaced=False),
    ]
    versions = [{"version": "v1alpha1"}, {"version": "v1alpha2"}, {"version": "../../version"}]
    groups = [{"name": group, "versions": versions, "preferredVersion": {"version": "v1alpha2"}}]
    api.answers("/apis", Answer(body=json.dumps({"groups": groups}).encode()))
    assert audited().errors == ()
    asked = [path for path, _ in api.requests if group in path]
    assert asked == [
        f"/apis/{group}/v1alpha2",
        f"/apis/{group}/v1alpha1",
        f"/apis/{group}/v1alpha2/clusternetworkpolicies",
        f"/apis/{group}/v1alpha1/adminnetworkpolicies",
    ]


def test_what_calico_serves_under_two_names_is_read_once(api: Api, audited: Audited) -> None:
    for group, version in {"projectcalico.org": "v3", "crd.projectcalico.org": "v1"}.items():
        api.kinds.append(Served(group, version, "NetworkPolicy", "networkpolicies", namespaced=True))
        api.holds(
            f"{{apiVersion: {group}/{version}, kind: NetworkPolicy, metadata: {{name: p, namespace: shop}}, "
            "spec: {egress: [{action: Allow}]}}"
        )
    opened = [one.resource for one in audited().findings if one.rule == "open-egress" and one.resource.name == "p"]
    assert [one.api_version for one in opened] == ["projectcalico.org/v3"]


def test_lists_come_page_by_page(api: Api, audited: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    api.holds(*(_pod(f"p{i}") for i in range(7)))
    at_once = audited()
    monkeypatch.setattr(listing, "PAGE", 3)
    api.requests.clear()
    assert audited() == at_once
    asked = [parameters for path, parameters in api.requests if path == PODS]
    assert [(one["limit"], one.get("continue")) for one in asked] == [("3", None), ("3", "3"), ("3", "6")]


def test_a_place_that_the_server_forgot_is_looked_for_once(
    api: Api, audited: Audited, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    api.holds(*(_pod(f"p{i}") for i in range(5)))
    forgotten = [status(410, "The provided continue parameter is too old")]
    api.badly[PODS] = lambda parameters: forgotten.pop() if forgotten and "continue" in parameters else None
    report = audited()
    assert report.errors == ()
    assert len(_workloads(report)) == 6
    api.badly[PODS] = lambda parameters: status(410, "too old") if parameters.get("continue") == "4" else None
    again = audited()
    assert _said(again) == [(PODS, "cannot be listed: 410 Gone: too old")]
    assert len(_workloads(again)) == 5


_BROKEN = json.dumps({"kind": "PodList", "items": [{}]})[:-4].encode()
_WRONG = [
    pytest.param(
        status(403, 'pods is forbidden: User "me" cannot list it'),
        'cannot be listed: 403 Forbidden: pods is forbidden: User "me" cannot list it',
        id="forbidden",
    ),
    pytest.param(status(404, "not found"), "cannot be listed: 404 Not Found: not found", id="not served"),
    pytest.param(Answer(500, b"<html>"), "cannot be listed: 500 Internal Server Error", id="an error that is no JSON"),
    pytest.param(
        Answer(302, headers={"Location": "/api/v1/other"}), "cannot be listed: 302 Found", id="sent elsewhere"
    ),
    pytest.param(Answer(body=_BROKEN), "cannot be listed: the answer is no JSON object", id="cut JSON"),
    pytest.param(Answer(body=_BROKEN, length=500), "cannot be listed: the answer broke off", id="cut short"),
    pytest.param(
        Answer(body=b"no such data", headers={"Content-Encoding": "gzip"}),
        "cannot be listed: the answer broke off",
        id="no gzip",
    ),
    pytest.param(Answer(body=b"[]"), "cannot be listed: the answer is no JSON object", id="a bare list"),
    pytest.param(Answer(body=b"\xff"), "cannot be listed: the answer is no JSON object", id="no UTF-8"),
    pytest.param(Answer(pause=1.0), "cannot be listed: it took too long", id="no answer in time"),
    *(
        pytest.param(
            Answer(body=json.dumps(body).encode()), "cannot be listed: the answer is no list of Pod objects", id=name
        )
        for name, body in {
            "an error that is a success": {"kind": "Status", "status": "Failure"},
            "no items": {"kind": "PodList", "metadata": {}},
            "items that are no list": {"kind": "PodList", "items": {}},
            "a list of something else": {"kind": "ServiceList", "items": []},
        }.items()
    ),
    *(
        pytest.param(Answer(body=json.dumps({"kind": "PodList", "items": [item]}).encode()), f"item 1 {said}", id=name)
        for name, item, said in [
            ("an item that is no object", 7, "is no object"),
            ("an item without a name", {"metadata": {"namespace": "shop"}}, "has no name"),
            ("an item without metadata", {}, "has no name"),
            ("an item without a namespace", {"metadata": {"name": "a"}}, "is in no namespace"),
            (
                "an item of another kind",
                {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "shop"}},
                "says it is v1 Secret",
            ),
        ]
    ),
    pytest.param(
        Answer(body=json.dumps({"kind": "PodList", "items": [1, 2, 3]}).encode()),
        "item 1 is no object, and 2 more are left out as well",
        id="several",
    ),
    pytest.param(
        Answer(body=json.dumps({"kind": "PodList", "items": [], "metadata": {"continue": "x"}}).encode()),
        "cannot be listed: its pages go round in a circle",
        id="pages without end",
    ),
]


@pytest.mark.parametrize(("answer", "expected"), _WRONG)
def test_a_list_that_cannot_be_read_is_an_error_and_the_rest_is_judged(
    api: Api, audited: Audited, monkeypatch: pytest.MonkeyPatch, answer: Answer, expected: str
) -> None:
    monkeypatch.setattr(server, "_SILENCE", 0.3)
    api.answers(PODS, answer)
    report = audited()
    assert _said(report) == [(PODS, expected)]
    assert report.status == "error"
    assert [one.rule for one in report.findings] == ["open-egress"]
    assert report.counts["workloads"] == 1


def test_items_of_a_list_that_are_wrong_do_not_hide_the_others(api: Api, audited: Audited) -> None:
    right = json.loads(_pod("right"))
    api.answers(PODS, Answer(body=json.dumps({"kind": "PodList", "items": [None, right]}).encode()))
    report = audited()
    assert _said(report) == [(PODS, "item 1 is no object")]
    assert ("Pod", "right") in _workloads(report)


def test_what_breaks_off_later_is_judged_as_far_as_it_came(
    api: Api, audited: Audited, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    api.holds(*(_pod(f"p{i}") for i in range(5)))
    api.badly[PODS] = lambda parameters: Answer(500) if parameters.get("continue") == "4" else None
    report = audited()
    assert _said(report) == [(PODS, "cannot be listed: 500 Internal Server Error")]
    assert len(_workloads(report)) == 5


def test_an_empty_list_that_go_writes_as_null_is_empty(api: Api, audited: Audited) -> None:
    api.answers(PODS, Answer(body=b'{"kind": "PodList", "items": null}'))
    assert audited().errors == ()


def test_what_passes_is_asked_for_again(api: Api, audited: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    empty = Answer(body=b'{"kind": "PodList", "items": []}')
    api.answers(PODS, Answer(429, headers={"Retry-After": "3600"}), Answer(503), empty)
    assert audited().errors == ()
    assert [one for one in waited if one] == [5.0, 2.0]  # the server in this process sleeps for no time as well
    api.answers(PODS, Answer(503))
    assert _said(audited()) == [(PODS, "cannot be listed: 503 Service Unavailable")]


def test_pages_that_are_too_large_are_asked_for_in_smaller_ones(
    api: Api, audited: Audited, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.holds(*(_pod(f"p{i}", metadata={"labels": {"a": "x" * 900}}) for i in range(30)))
    monkeypatch.setattr(server, "_MOST_BYTES", 40_000)
    report = audited()
    assert report.errors == ()
    assert len(_workloads(report)) == 31
    limits = [parameters["limit"] for path, parameters in api.requests if path == PODS]
    assert limits[:3] == ["500", "50", "5"]
    monkeypatch.setattr(server, "_MOST_BYTES", 1_000)
    assert (PODS, "cannot be listed: the answer is larger than 0 MB") in _said(audited())


@pytest.mark.parametrize(
    ("path", "answer", "expected"),
    [
        pytest.param(
            "/apis", status(403, "no"),
            "it is not known which policies other than NetworkPolicies there are: 403 Forbidden: no", id="groups",
        ),
        pytest.param(
            "/apis", Answer(body=b"{}"),
            "it is not known which policies other than NetworkPolicies there are: the answer is no list of API groups",
            id="no groups",
        ),
        pytest.param(
            "/apis/cilium.io/v2", Answer(404), "it is not known which kinds there are: 404 Not Found", id="kinds"
        ),
        pytest.param(
            "/apis/cilium.io/v2", Answer(body=b'{"resources": 1}'),
            "it is not known which kinds there are: the answer is no list of resources", id="no kinds",
        ),
    ],
)  # fmt: skip
def test_what_is_not_known_of_the_cluster_is_an_error(
    api: Api, audited: Audited, path: str, answer: Answer, expected: str
) -> None:
    api.answers(path, answer)
    assert _said(audited()) == [(path, expected)]


def test_a_kind_of_others_that_has_gone_meanwhile_is_no_error(api: Api, audited: Audited) -> None:
    api.answers("/apis/cilium.io/v2/ciliumnetworkpolicies", status(404))
    assert audited().errors == ()


def test_names_and_messages_are_shown_harmlessly(api: Api, audited: Audited) -> None:
    name = "a/../b?c\n\x1b[2J"
    body = {"kind": "NetworkPolicyList", "items": [{"metadata": {"name": name, "namespace": "b/a"}, "spec": {}}]}
    api.answers(POLICIES, Answer(body=json.dumps(body).encode()))
    api.answers(PODS, status(403, "\x1b[2J" + "x" * 9999))
    report = audited()
    path = "/apis/networking.k8s.io/v1/namespaces/b%2Fa/networkpolicies/a%2F..%2Fb%3Fc%0A%1B%5B2J"
    assert path in {one.location.file for one in report.findings}
    [(_, message)] = _said(report)
    assert len(message) < 400


_DEPLOYED = """\
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-5d4f
  namespace: shop
  labels: {app: web, pod-template-hash: 5d4f}
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: u, controller: true}]
spec:
  replicas: 1
  template:
    metadata: {labels: {app: web, pod-template-hash: 5d4f}}
    spec: {containers: [{name: web, image: web}]}
status: {replicas: 1}
---
apiVersion: v1
kind: Pod
metadata:
  name: web-5d4f-x2x
  namespace: shop
  generateName: web-5d4f-
  labels: {app: web, pod-template-hash: 5d4f, istio.io/rev: default}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-5d4f, uid: v, controller: true}]
spec: {containers: [{name: web, image: web}, {name: istio-proxy, image: istio}], nodeName: node-1}
status: {phase: Running, podIP: 10.0.0.9}
"""
_OLD = (
    _DEPLOYED.partition("---")[0]
    .replace("5d4f", "0ld")
    .replace("replicas: 1", "replicas: 0")
    .replace("app: web", "app: old")
)
_JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: shop}
spec:
  template:
    metadata: {labels: {job-name: migrate}}
    spec: {containers: [{name: a, image: a}]}
status: {conditions: [{type: %s, status: "%s"}]}
"""
_RUNS = [
    pytest.param([_DEPLOYED], [], id="what a Deployment made is judged by its template"),
    pytest.param([_OLD], [], id="a revision that is kept for a rollback"),
    pytest.param([_OLD.replace("spec:\n  replicas: 0", "spec:\n  replicas: 2")], ["web-0ld"], id="one that still runs"),
    pytest.param(
        [_OLD.replace("controller: true", "controller: false")], ["web-0ld"], id="a ReplicaSet of its own, at rest"
    ),
    pytest.param([_JOB % ("Complete", "True")], [], id="a Job that is complete"),
    pytest.param([_JOB % ("Failed", "True")], [], id="a Job that has failed"),
    pytest.param([_JOB % ("Complete", "False")], ["migrate"], id="a Job that is not complete"),
    pytest.param([_JOB % ("Suspended", "True")], ["migrate"], id="a Job that will go on"),
    pytest.param([_JOB.replace("conditions: [{type: %s, status: \"%s\"}]", "conditions: 1")], ["migrate"], id="or odd"),
    pytest.param([_pod("p", status={"phase": "Succeeded"})], [], id="a Pod that has ended"),
    pytest.param([_pod("p", status={"phase": "Failed"})], [], id="a Pod that was evicted"),
    pytest.param([_pod("p", status={"phase": "Unknown"})], ["p"], id="a Pod on a node that is silent"),
    pytest.param([_pod("p", status={"phase": "Pending"})], ["p"], id="a Pod that waits"),
    pytest.param(
        [
            _pod("p", metadata={
                "annotations": {"kubernetes.io/config.mirror": "x"},
                "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "node-1", "controller": True}],
            })
        ],
        ["p"], id="a static Pod",
    ),
    pytest.param(
        [
            _pod("p", metadata={
                "ownerReferences": [{"apiVersion": "a/v1", "kind": "Rollout", "name": "r", "controller": True}]
            })
        ],
        ["p"], id="a Pod of a kind that is not known",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("manifests", "expected"), _RUNS)
def test_what_can_send_packets_is_judged(api: Api, audited: Audited, manifests: list[str], expected: list[str]) -> None:
    api.holds(*manifests)
    report = audited()
    assert [name for _, name in _workloads(report) if name != "web"] == expected
    assert report.errors == ()


def test_what_a_plugin_made_of_a_network_policy_is_not_told_again(api: Api, audited: Audited) -> None:
    group = "networking.k8s.aws"
    api.kinds.append(Served(group, "v1alpha1", "PolicyEndpoint", "policyendpoints", namespaced=True))
    owner = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, name: app-egress, controller: true}"
    for name, owners in {"made": f"[{owner}]", "by-hand": "[]"}.items():
        metadata = f"{{name: {name}, namespace: shop, ownerReferences: {owners}}}"
        api.holds(f"{{apiVersion: {group}/v1alpha1, kind: PolicyEndpoint, metadata: {metadata}}}")
    told = [one.resource.name for one in audited().findings if one.rule == "not-evaluated"]
    assert told == ["by-hand"]


def test_host_network_is_seen(api: Api, audited: Audited) -> None:
    api.holds(_pod("agent", spec={"hostNetwork": True, "containers": [{"name": "a"}]}))
    assert [one.resource.name for one in audited().findings if one.rule == "host-network"] == ["agent"]


def test_what_is_kept_of_an_object_is_what_can_be_judged(api: Api, kubeconfig: Path) -> None:
    api.holds(_DEPLOYED)
    found = {
        (one.kind, one.name): json.loads(one.text)
        for reading in listing.read(server.connect(server.Access(str(kubeconfig))))
        for one in reading.documents
    }
    pod = found["Pod", "web-5d4f-x2x"]
    assert list(pod) == ["apiVersion", "kind", "metadata", "spec"]
    assert pod["spec"] == {"containers": []}
    assert set(pod["metadata"]) == {"name", "namespace", "generateName", "labels", "ownerReferences", "uid"}
    assert found["NetworkPolicy", "app-egress"]["spec"] == list(yaml.safe_load_all(SHOP))[1]["spec"]


def test_one_namespace_is_read_and_nothing_is_said_of_others(api: Api, audited: Audited) -> None:
    api.holds("{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: c, namespace: shop}}")
    report = audited(namespace="shop")
    assert [one.name for one in report.namespaces] == ["shop"]
    assert {one.resource.namespace for one in report.findings} == {"shop"}
    assert report.to_json()["cluster"] == {"server": api.url, "namespace": "shop"}
    assert report.counts["application_namespaces"] == 1
    paths = [path for path, _ in api.requests if not path.startswith("/apis/") or path.count("/") > 3]
    assert all("/namespaces/shop" in path for path in paths if path != "/apis")


def test_labels_of_the_one_namespace_are_known(api: Api, audited: Audited) -> None:
    api.holds(
        SHOP.split("---\n")[1]
        .replace("app-egress", "others")
        .replace("[{ipBlock: {cidr: 10.1.0.0/16}}]", "[{namespaceSelector: {matchExpressions: [%s]}}]")
        % "{key: team, operator: NotIn, values: [shop]}"
    )
    assert [one.rule for one in audited(namespace="shop").findings] == []


def test_an_empty_namespace_is_skipped_and_one_that_is_not_there_is_bad_usage(api: Api, audited: Audited) -> None:
    api.holds("{apiVersion: v1, kind: Namespace, metadata: {name: empty}}")
    report = audited(namespace="empty")
    assert report.status == "skip"
    assert report.summary.startswith("Not applicable: no workloads that policies govern")
    with pytest.raises(ConfigurationError, match=r"has no namespace hsop$"):
        audited(namespace="hsop")


def test_objects_of_another_namespace_are_refused(api: Api, audited: Audited) -> None:
    path = "/api/v1/namespaces/shop/pods"
    api.answers(path, Answer(body=json.dumps({"kind": "PodList", "items": [json.loads(_pod("p", "bank"))]}).encode()))
    report = audited(namespace="shop")
    assert _said(report) == [(path, "item 1 is in namespace 'bank'")]
    assert [one.name for one in report.namespaces] == ["shop"]


def _granted(file: str, namespace: str = "") -> Callable[[str, str, str, str], bool]:
    """Whether the role of a file of examples/ allows a request. A Role does so only in its own namespace."""
    documents = list(yaml.safe_load_all((ROOT / "examples" / "cluster" / file).read_text()))
    [role] = [one for one in documents if one["kind"] in ("Role", "ClusterRole")]
    granted = {
        (verb, group, resource)
        for rule in role["rules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    return lambda verb, group, resource, where: (
        (verb, group, resource) in granted and (not namespace or where == namespace)
    )


@pytest.mark.parametrize(
    ("file", "namespace"), [("rbac.yaml", ""), ("rbac.yaml", "shop"), ("role.yaml", "shop")],
)  # fmt: skip
def test_the_roles_of_the_examples_are_enough(api: Api, audited: Audited, file: str, namespace: str) -> None:
    api.kinds = list(_everything())
    api.allowed = _granted(file, "shop" if file == "role.yaml" else "")
    report = audited(namespace=namespace)
    assert report.errors == ()
    assert report.status == ("pass" if namespace else "fail")


def test_the_roles_of_the_examples_allow_nothing_else(api: Api, audited: Audited) -> None:
    used: set[tuple[str, str, str]] = set()
    api.kinds = list(_everything())
    api.allowed = lambda verb, group, resource, _: not used.add((verb, group, resource))  # type: ignore[func-returns-value]
    audited(namespace="shop")
    _same(used, "role.yaml")
    audited()
    _same(used, "rbac.yaml")


def _same(used: set[tuple[str, str, str]], file: str) -> None:
    allows = _granted(file)
    everything = {
        (verb, kind.group, kind.resource)
        for verb in ("get", "list", "watch", "create", "update", "patch", "delete", "*")
        for kind in _everything()
    }
    # What Calico's API server serves is read there; where it is not installed, as it is stored.
    stored = {one for one in everything if one[0] == "list" and one[1] == "crd.projectcalico.org"}
    assert {one for one in everything if allows(*one, "")} - stored == used


def _everything() -> list[Served]:
    return known(*embedded.metadata()["kinds"])


def test_a_cluster_that_answers_nobody(api: Api, audited: Audited) -> None:
    api.authorization = "Bearer another"
    with pytest.raises(ClusterError, match=r"does not accept the credentials \(401\): log in again"):
        audited()
    api.close()
    with pytest.raises(ClusterError, match=r"does not answer: .*Connection refused; see that it is up"):
        audited()


def test_progress_is_told(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 1)
    told: list[tuple[str, int]] = []
    list(listing.read(server.connect(server.Access(str(kubeconfig))), told=lambda *one: told.append(one)))
    assert [one for one in told if one[0] == "networkpolicies"] == [("networkpolicies", 1), ("networkpolicies", 2)]
