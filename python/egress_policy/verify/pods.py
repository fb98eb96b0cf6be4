"""The probe pod. It can do nothing but try its probes, gets no traffic, belongs to no controller, and ends by itself.

Its labels are those of other pods, so whoever selects these would take it for one of them: a readiness gate that nobody
ever passes keeps it out of Services, and the Namespace as its controlling owner keeps controllers from adopting it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from egress_policy.verify.options import Wanted
from egress_policy.verify.plan import Probe, Subject

NOBODY = 65534
READINESS_GATE = "egress-policy.dev/probes-are-never-ready"
# Seconds: until a network plugin has surely heard of the pod, and that one probe may take.
SETTLING, LONGEST = 5, 20
# Not `exec`: the first process of a container ignores the signal by which `timeout` ends it.
SCRIPT = 'sleep "$1"; shift; timeout "$@" >/dev/termination-log 2>&1; exit $?'
# Each of these would answer connections itself, in the place of whatever is out there.
_NO_SIDECARS = {"sidecar.istio.io/inject": "false", "linkerd.io/inject": "disabled"}

SECURITY: Mapping[str, Any] = {
    "runAsNonRoot": True,
    "runAsUser": NOBODY,
    "runAsGroup": NOBODY,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER_SECURITY: Mapping[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}


def manifest(name: str, subject: Subject, wanted: Wanted, namespace_uid: str) -> dict[str, Any]:
    """The pod for the probes of a subject that can be tried."""
    owner = {"apiVersion": "v1", "kind": "Namespace", "name": wanted.namespace, "uid": namespace_uid}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": wanted.namespace,
            "labels": subject.labels,
            "annotations": dict(_NO_SIDECARS),
            "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": False}],
        },
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": wanted.seconds,
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "readinessGates": [{"conditionType": READINESS_GATE}],
            "securityContext": dict(SECURITY),
            "containers": [_container(probe, wanted.image) for probe in subject.probes if not probe.unknown],
        },
    }


def _container(probe: Probe, image: str) -> dict[str, Any]:
    """What a probe says goes into the termination message: whoever may read the pod may read it."""
    return {
        "name": probe.container,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", SCRIPT, "probe", str(SETTLING), str(LONGEST), *probe.command],
        "terminationMessagePolicy": "File",
        "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"cpu": "100m", "memory": "32Mi"}},
        "securityContext": dict(CONTAINER_SECURITY),
    }
