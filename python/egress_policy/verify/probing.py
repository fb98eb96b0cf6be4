"""The one module that changes anything in the cluster: it creates the probe pods, waits for them, and removes them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from egress_policy.cluster.answers import UnusableError, fetched, text, usable
from egress_policy.cluster.items import items
from egress_policy.cluster.server import ClusterError, NoAnswerError, Server
from egress_policy.errors import EgressPolicyError
from egress_policy.verify.answers import UNKNOWN, Found, found
from egress_policy.verify.interruptions import Interruptions
from egress_policy.verify.options import Wanted
from egress_policy.verify.plan import Plan, Subject
from egress_policy.verify.pods import manifest

_EVERY = 1.0
# Seconds beyond the pod's own deadline, in which its end becomes known.
_GRACE = 10
_CREATED, _NOT_FOUND, _FORBIDDEN = 201, 404, 403
_REFUSALS = range(400, 500)
_GONE = frozenset({200, 202, _NOT_FOUND})
# Seconds before each further attempt to remove a pod.
_ATTEMPTS = (0.0, 1.0, 3.0)
# These do not mend themselves in the time that anybody waits.
_HOPELESS = frozenset({
    "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError",
})  # fmt: skip
_LONGEST = 300
_LATE = "the pod did not end in time: see that it can be scheduled, and that its image can be had"

Results = dict[tuple[str, str], Found]


class LeftBehindError(EgressPolicyError):
    """Probe pods may be there still; the message says how to remove them."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Probed:
    """What was found, by pod and container, and the names of pods that could not be removed."""

    results: Results
    left: tuple[str, ...] = ()


@dataclass(slots=True)
class _Pod:
    """One probe pod, from before it is asked for. `sure` is whether the server has said that it is there."""

    name: str
    subject: Subject
    sure: bool = False
    results: dict[str, Found] = field(default_factory=dict)
    problem: str = ""
    silence: str = ""

    @property
    def ended(self) -> bool:
        return bool(self.problem) or len(self.results) == sum(not one.unknown for one in self.subject.probes)


def probed(server: Server, plan: Plan, wanted: Wanted, namespace_uid: str) -> Probed:
    """Run the probes. All pods are removed, whatever happens meanwhile; LeftBehindError if they cannot be.

    Raises ClusterError where the pods would do harm, or where there is no cluster any more.
    """
    _check_services(server, plan, wanted.namespace)
    pods: list[_Pod] = []
    with Interruptions() as interruptions:
        try:
            try:
                _run(server, plan, wanted, namespace_uid, pods)
            finally:
                interruptions.hold()
        except BaseException as error:
            left = _removed(server, wanted.namespace, pods)
            if left:
                why = f"{error}; " if isinstance(error, EgressPolicyError) else ""
                raise LeftBehindError(f"{why}{removal(wanted.namespace, left)}") from error
            raise
        left = _removed(server, wanted.namespace, pods)
    return Probed(dict(_results(pods)), left)


def removal(namespace: str, names: Sequence[str]) -> str:
    """How to do by hand what could not be done."""
    command = f"kubectl --namespace {namespace} delete pod --ignore-not-found {' '.join(names)}"
    return f"probe pods could not be removed and may still be there: `{command}`"


def _check_services(server: Server, plan: Plan, namespace: str) -> None:
    """A Service that publishes what is not ready would send its clients to a probe pod."""
    path = f"/api/v1/namespaces/{namespace}/services"
    try:
        services = items(server, path, "Service")
    except (UnusableError, NoAnswerError) as error:
        raise ClusterError(
            f"no probe pod is created: whether a Service would send it traffic is not known, {path} {error}"
        ) from error
    for service in services:
        spec = service.get("spec") or {}
        selector = spec.get("selector") or {}
        for subject in plan.subjects:
            if selector and spec.get("publishNotReadyAddresses") and selector.items() <= subject.labels.items():
                name = text(service.get("metadata"), "name")
                raise ClusterError(
                    f"no probe pod is created: the Service {name} publishes pods that are not ready, and would send "
                    f"traffic to the {subject.name} probe pod, whose labels it selects"
                )


def _run(server: Server, plan: Plan, wanted: Wanted, namespace_uid: str, pods: list[_Pod]) -> None:
    for subject in plan.subjects:
        pod = _Pod(f"egress-verify-{secrets.token_hex(8)}", subject)
        # Before it is asked for: whatever breaks off the asking, there is a name to remove.
        pods.append(pod)
        _create(server, pod, manifest(pod.name, subject, wanted, namespace_uid))
    until = time.monotonic() + wanted.seconds + _GRACE
    while any(not pod.ended for pod in pods):
        if time.monotonic() > until:
            return
        time.sleep(_EVERY)
        for pod in pods:
            if not pod.ended:
                _look(server, pod, wanted.namespace)


def _create(server: Server, pod: _Pod, wanted: dict[str, Any]) -> None:
    path = f"/api/v1/namespaces/{wanted['metadata']['namespace']}/pods"
    try:
        created = usable(server.send("POST", path, wanted), _CREATED)
    except (NoAnswerError, UnusableError) as error:
        pod.problem = f"the pod could not be created: {error}"
        if getattr(error, "status", 0) in _REFUSALS:  # also that the name is taken: such a pod is not ours to remove
            pod.name = ""
        return
    pod.sure = True
    pod.problem = _changed(wanted, created)


def _changed(wanted: Mapping[str, Any], created: Mapping[str, Any]) -> str:
    """Why the pod that was created proves nothing: others may answer in its stead, or other policies select it."""
    spec = created.get("spec") or {}
    names = [text(one, "name") for one in spec.get("containers") or ()]
    initial = [text(one, "name") for one in spec.get("initContainers") or ()]
    added = sorted({*names, *initial} - {one["name"] for one in wanted["spec"]["containers"]})
    labels = (created.get("metadata") or {}).get("labels")
    if added:
        return f"something in the cluster added containers to the pod, which may answer for others: {', '.join(added)}"
    if labels != wanted["metadata"]["labels"]:
        return f"something in the cluster changed the labels of the pod to {labels}"
    return "something in the cluster put the pod on the host's network" if spec.get("hostNetwork") else ""


def _look(server: Server, pod: _Pod, namespace: str) -> None:
    """What is new. A server that is away for a while is asked again, until nobody waits any more."""
    try:
        there = fetched(server, f"/api/v1/namespaces/{namespace}/pods/{pod.name}")
    except (NoAnswerError, UnusableError) as error:
        pod.silence = f"the pod cannot be read: {error}"
        status = getattr(error, "status", 0)
        if status in _REFUSALS:
            pod.problem = "somebody else removed the pod" if status == _NOT_FOUND else pod.silence
        return
    pod.silence = ""
    _read(pod, there.get("status") or {})


def _read(pod: _Pod, status: Mapping[str, Any]) -> None:
    containers = {text(one, "name"): one for one in status.get("containerStatuses") or ()}
    for probe in pod.subject.probes:
        result = found(probe, containers.get(probe.container) or {})
        if result is not None:
            pod.results[probe.container] = result
    if not pod.ended:
        pod.problem = _hopeless(status, containers.values())


def _hopeless(status: Mapping[str, Any], containers: Any) -> str:
    """Why there is no point in waiting longer; empty while there is."""
    if text(status, "phase") in ("Failed", "Succeeded"):
        return f"the pod ended early: {_words(status)}"
    for container in containers:
        waiting = (container.get("state") or {}).get("waiting")
        if text(waiting, "reason") in _HOPELESS:
            return f"the pod cannot start: {_words(waiting)}"
    return ""


def _words(thing: Any) -> str:
    return ": ".join(filter(None, (text(thing, "reason"), text(thing, "message"))))[:_LONGEST] or "nobody says why"


def _results(pods: Sequence[_Pod]) -> Iterator[tuple[tuple[str, str], Found]]:
    for pod in pods:
        why = pod.problem or pod.silence or _LATE
        for probe in pod.subject.probes:
            result = pod.results.get(probe.container)
            yield (pod.subject.name, probe.container), result or Found(UNKNOWN, probe.unknown or why)


def _removed(server: Server, namespace: str, pods: Sequence[_Pod]) -> tuple[str, ...]:
    """Remove all of them; the names of those that may be there still."""
    left = [pod for pod in pods if pod.name]
    for wait in _ATTEMPTS:
        if left:
            time.sleep(wait)
        left = [pod for pod in left if not _remove(server, namespace, pod)]
    return tuple(pod.name for pod in left if pod.sure or not _absent(server, namespace, pod))


def _remove(server: Server, namespace: str, pod: _Pod) -> bool:
    """Whether the pod is gone, or is going. One that was never confirmed may only be on its way."""
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
    try:
        answer = server.send("DELETE", f"/api/v1/namespaces/{namespace}/pods/{pod.name}", options)
    except (NoAnswerError, ClusterError):
        return False
    return answer.status in _GONE and (pod.sure or answer.status != _NOT_FOUND)


def _absent(server: Server, namespace: str, pod: _Pod) -> bool:
    try:
        return server.get(f"/api/v1/namespaces/{namespace}/pods/{pod.name}").status == _NOT_FOUND
    except (NoAnswerError, ClusterError):
        return False
