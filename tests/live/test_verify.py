"""`egress verify` against a real API server, as somebody with the rights of examples/verify and no others.

There is no kubelet: tests.live.kubelet says how the probes ended. What reaches what is the network's business.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from egress_policy import model as models
from egress_policy.cluster import Access, connect
from egress_policy.verify import probing
from egress_policy.verify.checking import Check, looked_up
from egress_policy.verify.options import Wanted
from tests.live.client import RefusedError
from tests.live.controlplane import ControlPlane, User
from tests.live.kubelet import NODE, Kubelet, ended
from tests.live.processes import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from egress_policy.verify.report import Verification
    from tests.live.client import Client, Object

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "verify"
VERIFIER = User("system:serviceaccount:egress-verify:egress-verify", "system:serviceaccounts")
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
BACKEND, CONTROLLER = {"tier": "backend"}, {"app.kubernetes.io/component": "controller"}
TIMED_OUT = "nc: 1.1.1.1 (1.1.1.1:443): Connection timed out\nsent 0, rcvd 0\n"
DATABASE, API = "203.0.113.7", "10.99.0.1"


def _policy(name: str, selector: dict[str, str] | None = None, *rules: Object) -> Object:
    pods = {"matchLabels": selector} if selector else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": {"podSelector": pods, "policyTypes": ["Egress"], "egress": list(rules)},
    }


def _rule(cidr: str, port: int) -> Object:
    return {"to": [{"ipBlock": {"cidr": cidr}}], "ports": [{"protocol": "TCP", "port": port}]}


POLICIES = [
    _policy("default-deny-egress"),
    _policy("allow-dns", None, {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}),
    _policy("allow-https", None, _rule("151.101.2.0/24", 443)),
    _policy("allow-database", BACKEND, _rule(f"{DATABASE}/32", 5432)),
    _policy("allow-internal-services", None, _rule("10.1.0.0/16", 8080)),
    _policy("allow-kube-api", CONTROLLER, _rule(f"{API}/32", 443), _rule("172.18.0.2/32", 6443)),
]


def _objects(file: Path) -> Iterable[Object]:
    found: Iterable[Object] = yaml.safe_load_all(file.read_text())
    return found


@pytest.fixture(scope="module")
def plane(tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane of its own: one test takes it away."""
    with ControlPlane(tool("etcd"), tool("kube-apiserver"), tmp_path_factory.mktemp("verify")) as started:
        started.client().create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}})
        yield started


@pytest.fixture(scope="module")
def admin(plane: ControlPlane) -> Client:
    return plane.client()


@pytest.fixture
def shop(admin: Client, request: pytest.FixtureRequest) -> str:
    """A namespace that admits only restricted pods, with the six policies, and the Role."""
    name = f"shop-{abs(hash(request.node.nodeid))}"
    admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": RESTRICTED}})
    for policy in POLICIES:
        admin.create({**policy, "metadata": {**policy["metadata"], "namespace": name}})
    for manifest in _objects(EXAMPLES / "role.yaml"):
        if manifest["kind"] != "ServiceAccount":
            admin.create({**manifest, "metadata": {**manifest["metadata"], "namespace": name}})
    return name


@pytest.fixture
def command(plane: ControlPlane, shop: str) -> list[str]:
    """The command, as somebody who has nothing but the Role, once that is known."""
    user = plane.client(VERIFIER)
    until("the grant is known", lambda: _may(user, f"/apis/networking.k8s.io/v1/namespaces/{shop}/networkpolicies"))
    kubeconfig = str(plane.kubeconfig(VERIFIER))
    return [sys.executable, "-m", "egress_policy", "verify", "-n", shop, "--kubeconfig", kubeconfig]


def _may(user: Client, path: str) -> bool:
    try:
        return bool(user.ask("GET", path))
    except RefusedError:
        return False


def _run(command: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120, check=False)


def _obeying(pod: Object, container: str) -> Object:
    """As in a cluster whose network does what the policies say."""
    labels = pod["metadata"]["labels"].items()
    [place] = [one["command"][-2:] for one in pod["spec"]["containers"] if one["name"] == container]
    reached = (
        container == "dns"
        or (place[0] == DATABASE and BACKEND.items() <= labels)
        or (place[0] == API and CONTROLLER.items() <= labels)
    )
    return ended(0) if reached else ended(1, TIMED_OUT)


def _pods(admin: Client, namespace: str) -> list[str]:
    return [one["metadata"]["name"] for one in admin.list("v1", "Pod", namespace)]


def test_everything_is_as_expected_and_nothing_stays(admin: Client, shop: str, command: list[str]) -> None:
    before = _everything(admin, shop)
    with Kubelet(admin, shop, _obeying) as kubelet:
        run = _run(command, "--format", "json")
    found = json.loads(run.stdout)
    assert (run.returncode, run.stderr, found["verdict"]) == (0, "", "as expected")
    assert [(one["pod"], one["expected"], one["got"]) for one in found["probes"]] == [
        ("plain", "answers", "answers"),
        ("plain", "no answer", "timed out"),
        ("plain", "no answer", "timed out"),
        ("plain", "no answer", "timed out"),
        ("backend", "answers", "answers"),
        ("backend", "no answer", "timed out"),
        ("backend", "answers", "answers"),
        ("backend", "no answer", "timed out"),
        ("controller", "answers", "answers"),
        ("controller", "no answer", "timed out"),
        ("controller", "no answer", "timed out"),
        ("controller", "answers", "answers"),
    ]
    assert {one["state"] for one in found["policies"]} == {"present"}
    assert len(kubelet.seen) == 3
    assert _everything(admin, shop) == before


def _everything(admin: Client, namespace: str) -> list[tuple[str, str, str]]:
    """All objects of a namespace, of the kinds that there are, with their versions."""
    kinds = [
        *(
            ("v1", kind)
            for kind in ("Pod", "Service", "ConfigMap", "Secret", "ServiceAccount", "PersistentVolumeClaim")
        ),
        *(("apps/v1", kind) for kind in ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet")),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("rbac.authorization.k8s.io/v1", "Role"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding"),
        ("batch/v1", "Job"),
    ]
    found = [one for api_version, kind in kinds for one in admin.list(api_version, kind, namespace)]
    return sorted((one["kind"], one["metadata"]["name"], one["metadata"]["resourceVersion"]) for one in found)


def test_the_pod_has_exactly_these_fields(admin: Client, shop: str, command: list[str]) -> None:
    with Kubelet(admin, shop, _obeying) as kubelet:
        _run(command)
    [pod] = [one for one in kubelet.seen.values() if "tier" in one["metadata"]["labels"]]
    uid = admin.get({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": shop}})["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "Namespace", "name": shop, "uid": uid}
    metadata, spec = pod["metadata"], pod["spec"]
    assert metadata["labels"] == {"app.kubernetes.io/managed-by": "egress-policy", "tier": "backend"}
    assert metadata["ownerReferences"] == [{**owner, "controller": True, "blockOwnerDeletion": False}]
    containers = spec.pop("containers")
    assert {key: value for key, value in spec.items() if key not in DEFAULTED} == {
        "restartPolicy": "Never",
        "activeDeadlineSeconds": 120,
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "readinessGates": [{"conditionType": "egress-policy.dev/probes-are-never-ready"}],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "runAsGroup": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    assert [one["name"] for one in containers] == ["dns", "outside", "to-1", "to-2"]
    assert containers[2] == {
        "name": "to-1",
        "image": "docker.io/library/busybox:1.37.0",
        "imagePullPolicy": "IfNotPresent",
        "command": [
            *("sh", "-c", 'sleep "$1"; shift; timeout "$@" >/dev/termination-log 2>&1; exit $?', "probe", "5", "20"),
            *("nc", "-zvv", "-w", "2", DATABASE, "5432"),
        ],
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"cpu": "100m", "memory": "32Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }


#: What the API server writes itself.
DEFAULTED = {"dnsPolicy", "schedulerName", "tolerations", "priority", "preemptionPolicy"}


@pytest.mark.parametrize(
    ("state", "code", "verdict", "said"),
    [
        pytest.param(ended(0, "1.1.1.1 (1.1.1.1:443) open\n"), 1, "not as expected", "open", id="the outside answers"),
        pytest.param(ended(1, "nc: Connection refused"), 3, "could not tell", "refused", id="somebody refuses"),
        pytest.param(ended(127, "nc: not found"), 3, "could not tell", "not found", id="no such program"),
        pytest.param(ended(137, "", "OOMKilled"), 3, "could not tell", "OOMKilled", id="the probe was killed"),
        pytest.param(
            {"waiting": {"reason": "ImagePullBackOff", "message": "no route to docker.io"}}, 3, "could not tell",
            "the pod cannot start: ImagePullBackOff: no route to docker.io", id="the image cannot be had",
        ),
    ],
)  # fmt: skip
def test_what_the_probe_of_the_outside_says_decides(
    admin: Client, shop: str, command: list[str], state: Object, code: int, verdict: str, said: str
) -> None:
    with Kubelet(admin, shop, lambda pod, name: state if name == "outside" else _obeying(pod, name)):
        run = _run(command, "--format", "json")
    found = json.loads(run.stdout)
    outside = [one for one in found["probes"] if one["probe"].startswith("outside")]
    assert (run.returncode, found["verdict"], {one["verdict"] for one in outside}) == (code, verdict, {verdict})
    assert all(said in one["said"] for one in outside)
    assert {one["verdict"] for one in found["probes"] if one not in outside} == {"as expected"}
    assert _pods(admin, shop) == []


def test_pods_that_never_run_are_removed_and_prove_nothing(admin: Client, shop: str, command: list[str]) -> None:
    run = _run(command, "--timeout", "30", "--format", "json")
    found = json.loads(run.stdout)
    assert (run.returncode, {one["verdict"] for one in found["probes"]}) == (3, {"could not tell"})
    assert "did not end in time" in found["probes"][0]["said"]
    assert _pods(admin, shop) == []


@pytest.mark.parametrize("binds", [False, True], ids=["pods that wait for a node", "pods that run on a node"])
@pytest.mark.parametrize(
    ("signals", "codes"),
    [
        pytest.param([signal.SIGINT], {130}, id="ctrl-c"),
        pytest.param([signal.SIGTERM], {143}, id="sigterm"),
        pytest.param([signal.SIGHUP], {129}, id="the terminal goes away"),
        # The second may come when everything is done, and Python itself on its way out.
        pytest.param([signal.SIGINT] * 2, {130, -signal.SIGINT}, id="an impatient ctrl-c"),
    ],
)
def test_an_interrupted_check_takes_its_pods_along(
    admin: Client, shop: str, command: list[str], signals: list[signal.Signals], codes: set[int], binds: bool
) -> None:
    kubelet = Kubelet(admin, shop, lambda _pod, _name: {"running": {}} if binds else None)
    kubelet.binds = binds
    with kubelet:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        until("there are three pods", lambda: len(kubelet.seen) == 3)
        for one in signals:
            process.send_signal(one)
            time.sleep(0.002)
        out, err = process.communicate(timeout=60)
        until("there are none", lambda: not _pods(admin, shop), 10)
    assert (out, err) == (b"", b"")
    assert process.returncode in codes


def test_the_role_is_enough_and_grants_no_more(plane: ControlPlane, shop: str, command: list[str]) -> None:
    assert command
    user = plane.client(VERIFIER)
    for path in ("pods", "secrets", "configmaps", "serviceaccounts"):
        assert not _may(user, f"/api/v1/namespaces/{shop}/{path}")
    assert not _may(user, f"/api/v1/namespaces/{shop}/pods/any/log")
    assert not _may(user, "/api/v1/namespaces/default")
    with pytest.raises(RefusedError, match="cannot create resource"):
        user.create({**POLICIES[0], "metadata": {"name": "mine", "namespace": shop}}, dry_run=True)


def test_without_the_role_the_first_thing_that_is_lacking_is_named(
    plane: ControlPlane, admin: Client, shop: str, command: list[str]
) -> None:
    stranger = plane.kubeconfig(User("stranger", "visitors"))
    run = _run([*command[:-1], str(stranger)])
    assert (run.returncode, run.stdout) == (3, "")
    assert f"/api/v1/namespaces/{shop} cannot be read: 403 Forbidden" in run.stderr
    assert _pods(admin, shop) == []


def test_a_namespace_that_does_not_exist_is_bad_usage(plane: ControlPlane) -> None:
    kubeconfig = str(plane.kubeconfig())
    run = _run([sys.executable, "-m", "egress_policy", "verify", "-n", "nowhere", "--kubeconfig", kubeconfig])
    assert (run.returncode, run.stdout) == (2, "")
    assert "has no namespace nowhere" in run.stderr


@pytest.mark.parametrize(
    ("selector", "publishes", "code"),
    [
        pytest.param(BACKEND, True, 3, id="one that publishes what is not ready would send traffic"),
        pytest.param(BACKEND, False, 0, id="one that does not would not"),
        pytest.param({"tier": "frontend"}, True, 0, id="one for other pods would not"),
        pytest.param(None, True, 0, id="one without selector has no pods"),
    ],
)
def test_a_service_that_would_send_traffic_is_respected(
    admin: Client, shop: str, command: list[str], selector: dict[str, str] | None, publishes: bool, code: int
) -> None:
    spec: Object = {"ports": [{"port": 80}], "publishNotReadyAddresses": publishes}
    spec |= {"selector": selector} if selector else {}
    admin.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": shop}, "spec": spec})
    with Kubelet(admin, shop, _obeying) as kubelet:
        run = _run(command)
    assert (run.returncode, bool(kubelet.seen)) == (code, not code)
    assert ("the Service web publishes pods that are not ready" in run.stderr) == bool(code)


def test_missing_policies_are_named(admin: Client, shop: str, command: list[str]) -> None:
    admin.delete({**POLICIES[1], "metadata": {"name": "allow-dns", "namespace": shop}})
    admin.create({**POLICIES[0], "metadata": {"name": "extra", "namespace": shop}})
    with Kubelet(admin, shop, _obeying):
        run = _run(command)
    lines = run.stdout.splitlines()
    assert (run.returncode, run.stderr) == (1, "")
    assert lines[0] == "not as expected: 5 of 6 policies present, 12 of 12 probes as expected"
    assert lines[3:10] == [
        "present  default-deny-egress",
        "missing  allow-dns",
        "present  allow-https",
        "present  allow-database",
        "present  allow-internal-services",
        "present  allow-kube-api",
        "besides  extra (policies add up: what one allows is allowed)",
    ]


def test_a_quota_that_admits_no_pod_is_no_verdict(admin: Client, shop: str, command: list[str]) -> None:
    none = {"hard": {"pods": "0"}}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none", "namespace": shop}, "spec": none}
    # Its controller would say what is used.
    used = {**admin.create(quota), "status": {**none, "used": {"pods": "0"}}}
    admin.ask("PUT", f"/api/v1/namespaces/{shop}/resourcequotas/none/status", used)
    run = _run(command)
    assert run.returncode == 3
    assert "the pod could not be created: 403 Forbidden" in run.stdout
    assert "exceeded quota" in run.stdout


def test_a_dry_run_creates_nothing_and_shows_what_would_be_accepted(
    admin: Client, shop: str, command: list[str]
) -> None:
    with Kubelet(admin, shop, _obeying) as kubelet:
        run = _run(command, "--dry-run", "--format", "json")
    assert (run.returncode, run.stderr, kubelet.seen) == (0, "", {})
    for pod in json.loads(run.stdout)["pods"]:
        admin.create(pod, dry_run=True)


def test_the_commands_by_hand_are_accepted(
    plane: ControlPlane, command: list[str], tool: Callable[[str], Path], tmp_path: Path
) -> None:
    """But for the waiting: nothing would ever run here."""
    run = _run(command, "--print", "--database", DATABASE)
    assert run.stderr == ""
    script = run.stdout.replace(" --rm --stdin --quiet", " --dry-run=server --output=name")
    path = f"{tool('kubectl').parent}:/usr/bin:/bin"
    environment = {"PATH": path, "HOME": str(tmp_path), "KUBECONFIG": str(plane.kubeconfig(VERIFIER))}
    done = subprocess.run(["sh", "-e", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines.count("pod/egress-verify") == 12
    assert lines[1].startswith("default-deny-egress")


class Way:
    """A way to the API server that can be cut, and mended."""

    def __init__(self, port: int) -> None:
        self._port, self._open = port, True
        self._ends: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._open = False
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._open = True

    def close(self) -> None:
        self.cut()
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # it is closed
            while True:
                near, _ = self._server.accept()
                if not self._open:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._port))
                self._ends += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=_copied, args=(source, sink), daemon=True).start()


def _copied(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError), source, sink:
        while part := source.recv(65536):
            sink.sendall(part)


@pytest.fixture
def way(plane: ControlPlane) -> Iterator[Way]:
    made = Way(int(plane.url.rpartition(":")[2]))
    yield made
    made.close()


def _verified(plane: ControlPlane, way: Way, shop: str, tmp_path: Path) -> Verification:
    """In this process, with pods that end after two seconds."""
    config = json.loads(plane.kubeconfig(VERIFIER).read_text())
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{way.port}"
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    check = Check(Access(str(tmp_path / "kubeconfig")), Wanted(shop, seconds=2))
    server = connect(check.access)
    there = looked_up(server, shop)
    return check.verified(server, there, check.planned(server, there))


@pytest.mark.parametrize("returns", [True, False], ids=["and is back in time", "and stays away"])
def test_the_api_goes_away_half_way(
    plane: ControlPlane, admin: Client, way: Way, shop: str, command: list[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, returns: bool,
) -> None:  # fmt: skip
    assert command
    monkeypatch.setattr(probing, "_GRACE", 1)

    def cut(_pod: Object, _name: str) -> None:
        if len(kubelet.seen) == 3 and not cuts:
            cuts.append(True)
            way.cut()

    cuts: list[bool] = []
    kubelet = Kubelet(admin, shop, cut)
    with kubelet:
        timer = threading.Timer(5, way.mend)
        if returns:
            timer.start()
        found = _verified(plane, way, shop, tmp_path)
        timer.cancel()
    assert found.verdict == "could not tell"
    assert all(one.said.startswith("the pod cannot be read: ") for one in found.probes)
    left = set(_pods(admin, shop))
    assert (len(left), len(found.problems)) == ((0, 0) if returns else (3, 1))
    assert all(name in found.problems[0] for name in left)


MODEL = """\
apiVersion: egress-policy.dev/v1
kind: EgressModel
metadata: {{name: shop}}
spec:
  namespaces: [{shop}]
  https: [{{name: payments, cidrs: [151.101.2.0/24], owner: payments, reason: card payments, expires: 2099-12-31}}]
  databases:
    - {{name: orders, engine: postgresql, namespace: {data}, labels: {{app: orders-db}}, from: {{tier: backend}}}}
  kubeAPI: {{service: [10.99.0.1/32], endpoints: [172.18.0.2/32], from: {{app.kubernetes.io/component: controller}}}}
"""


@pytest.fixture
def model(admin: Client, shop: str, tmp_path: Path) -> Path:
    """A model of the namespace, whose policies are there, and a database in another one."""
    data = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{shop}-data"}}
    admin.create(data)
    file = tmp_path / "model.yaml"
    file.write_text(MODEL.format(shop=shop, data=f"{shop}-data"))
    for policy in POLICIES:
        admin.delete({**policy, "metadata": {**policy["metadata"], "namespace": shop}})
    [read] = models.read(str(file))
    for policy in models.policies(read):
        admin.create(policy)
    pod = admin.create(_database(f"{shop}-data"))
    status = {"podIP": DATABASE, "podIPs": [{"ip": DATABASE}], "phase": "Running"}
    status["conditions"] = [{"type": "Ready", "status": "True"}]
    admin.ask("PUT", f"/api/v1/namespaces/{shop}-data/pods/orders-db/status", {**pod, "status": status})
    return file


def _database(namespace: str) -> Object:
    metadata = {"name": "orders-db", "namespace": namespace, "labels": {"app": "orders-db"}}
    spec = {"containers": [{"name": "a", "image": "a"}], "nodeName": NODE}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def test_a_model_whose_policies_are_there_and_whose_database_is_found(
    plane: ControlPlane, admin: Client, shop: str, command: list[str], model: Path
) -> None:
    for manifest in _objects(EXAMPLES / "databases.yaml"):
        admin.create({**manifest, "metadata": {**manifest["metadata"], "namespace": f"{shop}-data"}})
    user = plane.client(VERIFIER)
    until("the grant is known", lambda: _may(user, f"/api/v1/namespaces/{shop}-data/pods"))
    with Kubelet(admin, shop, _obeying):
        run = _run(command, "--model", str(model))
    lines = run.stdout.splitlines()
    assert (run.returncode, run.stderr) == (0, "")
    assert lines[0] == "as expected: 5 of 5 policies present, 12 of 12 probes as expected"
    assert lines[1].endswith(f"namespace {shop}, model {model}")
    assert f"  as expected: orders, {DATABASE}:5432: expected answers, got answers" in lines


def test_a_database_that_may_not_be_looked_for_is_no_verdict(
    admin: Client, shop: str, command: list[str], model: Path
) -> None:
    with Kubelet(admin, shop, _obeying):
        run = _run(command, "--model", str(model))
        told = _run(command, "--model", str(model), "--database", f"orders={DATABASE}")
    assert (run.returncode, told.returncode) == (3, 0)
    assert "name its address with --database 'orders=HOST'" in run.stdout


def test_policies_of_another_content_differ(admin: Client, shop: str, command: list[str], model: Path) -> None:
    changed = {**POLICIES[5], "metadata": {"name": "allow-kube-api", "namespace": shop}}
    admin.replace(changed | {"spec": {**changed["spec"], "podSelector": {}}})
    with Kubelet(admin, shop, _obeying):
        run = _run(command, "--model", str(model), "--database", DATABASE, "--format", "json")
    assert run.returncode == 1
    assert [one["state"] for one in json.loads(run.stdout)["policies"]] == ["present"] * 4 + ["differs"]


def test_a_model_of_other_namespaces_is_bad_usage(command: list[str], model: Path, shop: str) -> None:
    model.write_text(MODEL.format(shop="elsewhere", data="data"))
    run = _run(command, "--model", str(model))
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"egress: {model}: it is for elsewhere, not for the namespace {shop}\n"
