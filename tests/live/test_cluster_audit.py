"""`egress audit --cluster` against a real API server, as somebody with the rights of examples/cluster and no others."""

from __future__ import annotations

import io
import itertools
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from egress_policy import formats
from egress_policy.audit import Request, audit
from egress_policy.cluster import Access, listing
from egress_policy.output import Target
from tests import cases
from tests.kubernetes import documents
from tests.live.client import RefusedError
from tests.live.controlplane import ControlPlane, User
from tests.live.processes import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from egress_policy.report import Namespace, Report
    from tests.live.client import Client, Object

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "cluster"
CRDS = ROOT / "tests" / "fixtures" / "report-crds.yaml"
AUDITOR = User("system:serviceaccount:egress-audit:egress-audit", "system:serviceaccounts")
GUEST = User("system:serviceaccount:egress-audit:guest", "system:serviceaccounts")
#: What the API server may take as it is written. The others are about files.
CASES = [
    case
    for case in cases.load()
    if not (case.settings or case.files or case.namespace or case.expect.errors)
    and not any(line.split()[0] in ("invalid-resource", "duplicate-key") for line in case.expect.findings)
][::3]
ENOUGH = 60
MADE = "shop-made"
CILIUM = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ciliumnetworkpolicies.cilium.io}
spec:
  group: cilium.io
  names: {kind: CiliumNetworkPolicy, plural: ciliumnetworkpolicies}
  scope: Namespaced
  versions:
    - name: v2
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


@pytest.fixture(scope="module")
def plane(tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane of its own: what other tests leave behind would be audited as well."""
    with ControlPlane(tool("etcd"), tool("kube-apiserver"), tmp_path_factory.mktemp("cluster")) as started:
        admin = started.client()
        admin.create(_namespace("egress-audit"))
        for manifest in _objects(EXAMPLES / "rbac.yaml"):
            admin.apply(manifest)
        yield started


@pytest.fixture(scope="module")
def admin(plane: ControlPlane) -> Client:
    return plane.client()


@pytest.fixture(scope="module")
def manifests(admin: Client, tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    """The manifests of many cases, each in namespaces of its own, which are in the cluster now."""
    folder = tmp_path_factory.mktemp("read")
    created: list[Object] = []
    count = 0
    for number, case in enumerate(CASES):
        found = documents(tool("kubernetes"), folder, case.manifests or "")
        wanted = [_completed(one, f"c{number}-") for one in found if one.get("kind") != "Namespace"]
        named = {one["metadata"]["name"]: one for one in found if one.get("kind") == "Namespace"}
        if wanted and _accepted(admin, wanted):
            places = sorted({one["metadata"]["namespace"] for one in wanted})
            namespaces = [_namespace(place, named.get(place.partition("-")[2])) for place in places]
            created += [*namespaces, *wanted]
            for one in (*namespaces, *wanted):
                admin.create(one)
            count += 1
    assert count > ENOUGH
    return created


def _accepted(admin: Client, wanted: list[Object]) -> bool:
    """Whether the API server takes all of a case. A dry run needs a namespace that exists."""
    try:
        names = {(one["kind"], one["metadata"]["namespace"], one["metadata"]["name"]) for one in wanted}
        for one in wanted:
            admin.create({**one, "metadata": {**one["metadata"], "namespace": "default"}}, dry_run=True)
    except (RefusedError, KeyError):
        return False
    # With items it would be a list for kubectl, which never sends it.
    return len(names) == len(wanted) and not any("items" in one for one in wanted)


def _completed(thing: Object, prefix: str) -> Object:
    """In a namespace of its own, and with the selector that the API server wants."""
    metadata = {**(thing.get("metadata") or {})}
    metadata["namespace"] = prefix + (metadata.get("namespace") or "default")
    if thing.get("apiVersion") != "apps/v1":
        return {**thing, "metadata": metadata}
    labels = thing["spec"].get("template", {}).get("metadata", {}).get("labels", {})
    return {**thing, "metadata": metadata, "spec": {"selector": {"matchLabels": labels}, **thing["spec"]}}


def _namespace(name: str, written: Object | None = None) -> Object:
    labels = (written or {}).get("metadata", {}).get("labels") or {}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def _objects(file: Path) -> Iterable[Object]:
    found: Iterable[Object] = yaml.safe_load_all(file.read_text())
    return found


def _audited(plane: ControlPlane, user: User = AUDITOR, **options: Any) -> Report:
    return audit(Request(cluster=Access(str(plane.kubeconfig(user))), **options))


def _told(report: Report) -> list[tuple[Any, ...]]:
    return sorted(
        (one.rule, one.level, one.message, one.path, str(one.resource), str(one.witness)) for one in report.findings
    )


def _counted(report: Report) -> list[Namespace]:
    """Whatever order workloads were read in; a file may also name a namespace for what nobody asks a cluster for."""
    return [
        replace(one, workloads=tuple(sorted(one.workloads, key=lambda each: (each.kind, each.name))))
        for one in report.namespaces
        if one.workloads or one.status != "skip"
    ]


def test_a_cluster_is_judged_like_its_manifests(
    plane: ControlPlane, manifests: list[Object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "all.json").write_text("\n".join(json.dumps(one) for one in manifests))
    files = audit(Request((str(tmp_path),)))
    monkeypatch.setattr(listing, "PAGE", 7)
    live = _audited(plane)
    assert live.errors == ()
    assert len(live.findings) > ENOUGH
    assert _told(live) == _told(files)
    assert live.counts == files.counts
    assert _counted(live) == _counted(files)
    assert (live.status, live.summary) == (files.status, files.summary)


def test_the_path_of_a_finding_leads_to_its_object(plane: ControlPlane, admin: Client, manifests: list[Object]) -> None:
    assert manifests
    for finding in _audited(plane).findings[::20]:
        found = admin.ask("GET", finding.location.file)
        assert (found["kind"], found["metadata"]["name"]) == (finding.resource.kind, finding.resource.name)


def test_the_auditor_may_do_nothing_else(plane: ControlPlane) -> None:
    auditor = plane.client(AUDITOR)
    for api_version, kind in (("v1", "Secret"), ("v1", "ConfigMap"), ("v1", "ServiceAccount")):
        with pytest.raises(RefusedError, match="cannot list resource"):
            auditor.list(api_version, kind)
    with pytest.raises(RefusedError, match="cannot create resource"):
        auditor.create(_namespace("new"), dry_run=True)
    with pytest.raises(RefusedError, match="cannot get resource"):
        auditor.ask("GET", "/api/v1/namespaces/default/pods/any")


def test_a_namespace_needs_no_more_than_its_role(plane: ControlPlane, admin: Client, manifests: list[Object]) -> None:
    name = manifests[0]["metadata"]["name"]
    role, binding = _objects(EXAMPLES / "role.yaml")
    binding["subjects"][0]["name"] = "guest"
    for one in (role, binding):
        admin.apply({**one, "metadata": {**one["metadata"], "namespace": name}})
    until("the grant is known", lambda: not _audited(plane, GUEST, namespace=name).errors)
    whole, only = _audited(plane), _audited(plane, GUEST, namespace=name)
    assert only.namespaces == tuple(one for one in whole.namespaces if one.name == name)
    assert _told(only) == [one for one in _told(whole) if f"namespace='{name}'" in one[4]]
    assert _audited(plane, namespace=name) == only
    other = _audited(plane, GUEST, namespace="default")
    assert other.status == "error"
    assert all("403 Forbidden" in error.message for error in other.errors)
    assert {error.file for error in _audited(plane, GUEST).errors} >= {"/api/v1/pods", "/api/v1/namespaces"}


def test_what_controllers_made_and_what_has_ended(plane: ControlPlane, admin: Client) -> None:
    """There are no controllers here: these objects are like theirs."""
    admin.create(_namespace(MADE))
    labels = {"app": "web", "pod-template-hash": "5d4f"}
    admin.create(_workload("apps/v1", "Deployment", "web", {"app": "web"}))
    replica_set = _workload("apps/v1", "ReplicaSet", "web-5d4f", labels, owner=("apps/v1", "Deployment", "web"))
    admin.create(replica_set)
    admin.create(_pod("web-5d4f-x", labels, owner=("apps/v1", "ReplicaSet", "web-5d4f")))
    old = _workload("apps/v1", "ReplicaSet", "web-0ld", {"app": "0ld"}, owner=("apps/v1", "Deployment", "web"))
    admin.create({**old, "spec": {**old["spec"], "replicas": 0}})
    admin.create(_pod("done", {"app": "done"}))
    admin.create(_pod("runs", {"app": "runs"}))
    _ended(admin, _pod("done", {}), "pods", phase="Succeeded")
    [found] = [one for one in _audited(plane).namespaces if one.name == MADE]
    assert [(one.kind, one.name) for one in found.workloads] == [("Pod", "runs"), ("Deployment", "web")]


def test_a_job_that_has_ended(plane: ControlPlane, admin: Client) -> None:
    name = "shop-job"
    admin.create(_namespace(name))
    spec = {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a"}]}}}
    ended, runs = (
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": job, "namespace": name}, "spec": spec}
        for job in ("ended", "runs")
    )
    admin.create(ended)
    admin.create(runs)
    times = {"startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:01:00Z", "succeeded": 1}
    conditions = [{"type": kind, "status": "True"} for kind in ("SuccessCriteriaMet", "Complete")]
    _ended(admin, ended, "jobs", **times, conditions=conditions)
    [found] = [one for one in _audited(plane).namespaces if one.name == name]
    assert [(one.kind, one.name) for one in found.workloads] == [("Job", "runs")]


def _ended(admin: Client, thing: Object, resource: str, **status: Any) -> None:
    """As its controller would say it."""
    found = {**admin.get(thing), "status": status}
    base = f"/apis/{thing['apiVersion']}" if "/" in thing["apiVersion"] else f"/api/{thing['apiVersion']}"
    named = thing["metadata"]
    admin.ask("PUT", f"{base}/namespaces/{named['namespace']}/{resource}/{named['name']}/status", found)


def _workload(
    api_version: str, kind: str, name: str, labels: dict[str, str], owner: tuple[str, str, str] | None = None
) -> Object:
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": api_version, "kind": kind, "metadata": _metadata(name, {}, owner), "spec": spec}


def _pod(name: str, labels: dict[str, str], owner: tuple[str, str, str] | None = None) -> Object:
    spec = {"containers": [{"name": "a", "image": "a"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": _metadata(name, labels, owner), "spec": spec}


def _metadata(name: str, labels: dict[str, str], owner: tuple[str, str, str] | None) -> Object:
    found: Object = {"name": name, "namespace": MADE, "labels": labels}
    if owner:
        reference = dict(zip(("apiVersion", "kind", "name"), owner, strict=True))
        found["ownerReferences"] = [{**reference, "uid": f"uid-of-{owner[2]}", "controller": True}]
    return found


def test_what_others_may_open_is_found_as_soon_as_it_is_served(plane: ControlPlane, admin: Client) -> None:
    name = "shop-cilium"
    admin.create(_namespace(name))
    admin.create(yaml.safe_load(CILIUM))
    until("the kind is served", lambda: admin.serves("cilium.io/v2", "CiliumNetworkPolicy"))
    policy = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "c", "namespace": name},
        "spec": {"endpointSelector": {}, "egress": [{"toEntities": ["world"]}]},
    }
    until("it takes objects", lambda: admin.apply(policy))
    report = _audited(plane)
    assert report.errors == ()
    assert [one.location.file for one in report.findings if one.resource.name == "c" and one.rule == "open-egress"] == [
        f"/apis/cilium.io/v2/namespaces/{name}/ciliumnetworkpolicies/c"
    ]


@pytest.mark.parametrize(
    ("name", "version", "kinds"),
    [
        ("policy-report", "wgpolicyk8s.io/v1alpha2", ("PolicyReport", "ClusterPolicyReport")),
        ("open-reports", "openreports.io/v1alpha1", ("Report", "ClusterReport")),
    ],
)
def test_policy_reports_are_taken_as_they_are(
    plane: ControlPlane, admin: Client, manifests: list[Object], name: str, version: str, kinds: tuple[str, str]
) -> None:
    assert manifests
    for crd in _objects(CRDS):
        admin.apply(crd)
    until("they are served", lambda: all(admin.serves(version, kind) for kind in kinds))
    written = _reports(_audited(plane), name)
    until("it takes objects", lambda: _applied(admin, written[0]))
    for one in written:
        kept = admin.apply(one)
        for field in ("summary", "results", "scope", "source"):
            assert kept.get(field) == one.get(field)
    assert {one["kind"] for one in written} == set(kinds)
    found = list(itertools.chain.from_iterable(admin.list(version, kind) for kind in kinds))
    assert len(found) == len(written)


def _applied(admin: Client, one: Object) -> bool:
    try:
        return bool(admin.apply(one))
    except RefusedError:
        return False


def _reports(report: Report, name: str) -> list[Object]:
    stream = io.BytesIO()
    formats.load(name).render(report, Target(stream))
    return list(yaml.safe_load_all(stream.getvalue()))


def _command(kubeconfig: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "egress_policy", "audit", "--cluster", "--kubeconfig", str(kubeconfig)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_command_says_what_it_read_and_answers_with_the_verdict(
    plane: ControlPlane, manifests: list[Object]
) -> None:
    run = _command(plane.kubeconfig(AUDITOR))
    assert (run.returncode, run.stderr) == (1, "")
    assert run.stdout.splitlines()[2] == f"cluster {plane.url}"
    assert manifests[0]["metadata"]["name"] in run.stdout


def test_nobody_without_credentials_is_answered(plane: ControlPlane, tmp_path: Path) -> None:
    config = json.loads(plane.kubeconfig(AUDITOR).read_text())
    config["users"][0]["user"] = {"token": "expired"}
    (tmp_path / "config").write_text(json.dumps(config))
    run = _command(tmp_path / "config")
    assert (run.returncode, run.stdout) == (3, "")
    assert "does not accept the credentials (401)" in run.stderr
