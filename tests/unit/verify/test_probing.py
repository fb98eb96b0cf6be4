"""Whatever happens, no probe pod stays that could have been removed. The server here says what a test wants it to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from egress_policy.cluster.server import Answer, ClusterError, NoAnswerError, Server
from egress_policy.verify import probing
from egress_policy.verify.options import Wanted
from egress_policy.verify.plan import planned
from egress_policy.verify.probing import LeftBehindError, probed
from egress_policy.verify.targets import Target

Json = dict[str, Any]
WANTED = Wanted("shop", seconds=1)
PLAN = planned(WANTED, [Target("orders", "allow-database", {"tier": "backend"}, 5432, "10.0.0.1")])
PODS = "/api/v1/namespaces/shop/pods"


class Cluster:
    """Keeps pods, which have ended well as soon as they are there; a test changes what it says."""

    def __init__(self) -> None:
        self.pods: dict[str, Json] = {}
        self.services: list[Json] = []
        self.changed: Callable[[Json], Json] = lambda pod: pod
        self.told: Callable[[str, str], Answer | None] = lambda _method, _path: None
        self.asked: list[tuple[str, str]] = []
        self.url = "https://here"

    def get(self, path: str, **_parameters: str) -> Answer:
        return self._answer("GET", path, None)

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        return self._answer(method, path, body)

    def _answer(self, method: str, path: str, body: Any) -> Answer:
        self.asked.append((method, path))
        name = path.rpartition("/")[2]
        if method == "POST":
            self.pods[body["metadata"]["name"]] = body
        told = self.told(method, path)
        if told:
            return told
        if method == "POST":
            return _json(201, self.changed(json.loads(json.dumps(body))))
        if name == "services":
            return _json(200, {"kind": "ServiceList", "items": self.services})
        if name not in self.pods:
            return _json(404, {"message": f'pods "{name}" not found'})
        return _json(200, self.pods.pop(name) if method == "DELETE" else _ended(self.pods[name]))


def _ended(pod: Json, code: int = 0) -> Json:
    ended = {"terminated": {"exitCode": code, "reason": "Completed"}}
    statuses = [{"name": one["name"], "state": ended} for one in pod["spec"]["containers"]]
    return {**pod, "status": {"phase": "Succeeded", "containerStatuses": statuses}}


def _json(status: int, body: Json) -> Answer:
    return Answer(status, "", json.dumps(body).encode())


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setattr(probing, "_EVERY", 0.01)
    monkeypatch.setattr(probing, "_GRACE", 0)
    monkeypatch.setattr(probing, "_ATTEMPTS", (0.0, 0.01, 0.02))
    made = Cluster()
    yield made
    removals = [path for method, path in made.asked if method == "DELETE"]
    # Of what others have nothing was touched.
    assert all(path.startswith(f"{PODS}/egress-verify-") for path in removals)


def _probed(cluster: Cluster) -> probing.Probed:
    return probed(cast("Server", cluster), PLAN, WANTED, "uid")


def _said(found: probing.Probed, pod: str) -> set[str]:
    return {result.said for (name, _), result in found.results.items() if name == pod}


def test_each_pod_is_created_read_and_removed(cluster: Cluster) -> None:
    found = _probed(cluster)
    assert {result.got for result in found.results.values()} == {"answers"}
    assert (found.left, cluster.pods) == ((), {})
    assert [method for method, _ in cluster.asked] == ["GET", "POST", "POST", "GET", "GET", "DELETE", "DELETE"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(143), ClusterError("401"), RuntimeError("a bug")])
@pytest.mark.parametrize("when", ["POST", "GET"])
def test_whatever_breaks_off_the_pods_are_removed(cluster: Cluster, error: BaseException, when: str) -> None:
    def told(method: str, path: str) -> Answer | None:
        if method == when and "pods" in path:
            raise error
        return None

    cluster.told = told
    with pytest.raises(type(error)):
        _probed(cluster)
    assert cluster.pods == {}


def test_a_pod_that_comes_into_being_after_we_stopped_waiting_for_it_is_removed(cluster: Cluster) -> None:
    late: dict[str, Json] = {}

    def told(method: str, _path: str) -> Answer | None:
        if method == "POST":
            late.update(cluster.pods)
            cluster.pods.clear()
            raise KeyboardInterrupt
        if method == "DELETE" and late and len(cluster.asked) > 3:
            cluster.pods.update(late)
            late.clear()
        return None

    cluster.told = told
    with pytest.raises(KeyboardInterrupt):
        _probed(cluster)
    assert (cluster.pods, late) == ({}, {})


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(_json(403, {"message": "exceeded quota"}), "403: exceeded quota", id="forbidden"),
        pytest.param(_json(422, {"message": "Invalid"}), "422: Invalid", id="invalid"),
        pytest.param(_json(409, {"message": "already exists"}), "409: already exists", id="a name that is taken"),
    ],
)
def test_a_pod_that_was_refused_is_not_ours_to_remove(cluster: Cluster, answer: Answer, said: str) -> None:
    def told(method: str, _path: str) -> Answer | None:
        return answer if method == "POST" else None

    cluster.told = told
    found = _probed(cluster)
    assert _said(found, "plain") == {f"the pod could not be created: {said}"}
    assert not any(method == "DELETE" for method, _ in cluster.asked)


def test_a_pod_whose_creation_was_not_answered_is_removed(cluster: Cluster) -> None:
    def told(method: str, _path: str) -> Answer | None:
        if method == "POST":
            raise NoAnswerError("it took too long")
        return None

    cluster.told = told
    found = _probed(cluster)
    assert (_said(found, "plain"), cluster.pods) == ({"the pod could not be created: it took too long"}, {})
    assert found.left == ()


@pytest.mark.parametrize("status", [403, 500])
def test_pods_that_cannot_be_removed_are_named(cluster: Cluster, status: int) -> None:
    cluster.told = lambda method, _path: _json(status, {}) if method == "DELETE" else None
    found = _probed(cluster)
    assert set(found.left) == set(cluster.pods)
    assert {result.got for result in found.results.values()} == {"answers"}


def test_pods_that_cannot_be_removed_after_ctrl_c_are_named_as_well(cluster: Cluster) -> None:
    def told(method: str, path: str) -> Answer | None:
        if method == "GET" and path != f"{PODS[:-4]}services":
            raise KeyboardInterrupt
        return _json(500, {}) if method == "DELETE" else None

    cluster.told = told
    with pytest.raises(LeftBehindError) as raised:
        _probed(cluster)
    names = " ".join(cluster.pods)
    assert str(raised.value) == (
        "probe pods could not be removed and may still be there: "
        f"`kubectl --namespace shop delete pod --ignore-not-found {names}`"
    )


def test_why_it_broke_off_is_said_before_what_is_left(cluster: Cluster) -> None:
    def told(_method: str, path: str) -> Answer | None:
        if path.startswith(f"{PODS}/"):
            raise ClusterError("the credentials ran out")
        return None

    cluster.told = told
    with pytest.raises(LeftBehindError, match=r"^the credentials ran out; probe pods could not be removed"):
        _probed(cluster)


def _sidecar(pod: Json) -> Json:
    pod["spec"]["containers"].append({"name": "istio-proxy"})
    return pod


def _native_sidecar(pod: Json) -> Json:
    pod["spec"]["initContainers"] = [{"name": "istio-proxy"}]
    return pod


def _labelled(pod: Json) -> Json:
    pod["metadata"]["labels"]["team"] = "shop"
    return pod


def _on_the_host(pod: Json) -> Json:
    pod["spec"]["hostNetwork"] = True
    return pod


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param(_sidecar, "added containers to the pod, which may answer for others: istio-proxy", id="a sidecar"),
        pytest.param(_native_sidecar, "which may answer for others: istio-proxy", id="one that starts first"),
        pytest.param(_labelled, "changed the labels of the pod to", id="a label that other policies may select"),
        pytest.param(_on_the_host, "put the pod on the host's network", id="the host's network"),
    ],
)
def test_a_pod_that_a_webhook_changed_proves_nothing(
    cluster: Cluster, changed: Callable[[Json], Json], said: str
) -> None:
    cluster.changed = changed
    found = _probed(cluster)
    assert {result.got for result in found.results.values()} == {"not known"}
    assert all(said in one for one in _said(found, "plain"))
    assert cluster.pods == {}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        pytest.param({}, "did not end in time", id="nothing happens"),
        pytest.param({"phase": "Failed", "reason": "Evicted", "message": "low on RAM"}, "Evicted: low", id="evicted"),
        pytest.param({"phase": "Failed"}, "ended early: nobody says why", id="nobody says why"),
        pytest.param(
            {"containerStatuses": [{"name": "dns", "state": {"waiting": {"reason": "InvalidImageName"}}}]},
            "cannot start: InvalidImageName", id="no image",
        ),
        pytest.param({"containerStatuses": None}, "did not end in time", id="null"),
    ],
)  # fmt: skip
def test_a_pod_that_never_ran_proves_nothing(cluster: Cluster, status: Json, said: str) -> None:
    def told(method: str, path: str) -> Answer | None:
        pod = path.startswith(f"{PODS}/") and method == "GET"
        return _json(200, {"status": status}) if pod else None

    cluster.told = told
    found = _probed(cluster)
    assert all(said in one for one in _said(found, "plain"))
    assert {result.got for result in found.results.values()} == {"not known"}
    assert cluster.pods == {}


def test_a_pod_that_somebody_else_removed_proves_nothing(cluster: Cluster) -> None:
    cluster.told = lambda method, path: cluster.pods.clear() if method == "GET" and "egress-" in path else None
    assert _said(_probed(cluster), "plain") == {"somebody else removed the pod"}


def test_services_that_cannot_be_listed_are_not_taken_for_none(cluster: Cluster) -> None:
    cluster.told = lambda _method, path: _json(403, {"message": "no"}) if path.endswith("services") else None
    with pytest.raises(ClusterError, match="whether a Service would send it traffic is not known"):
        _probed(cluster)
    assert [method for method, _ in cluster.asked] == ["GET"]
