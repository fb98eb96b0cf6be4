"""One item of a list to a document: typed, checked, and without what the policy never reads."""

from __future__ import annotations

from typing import Any

from egress_policy.cluster.answers import UnusableError, text
from egress_policy.cluster.kinds import Kind
from egress_policy.reader import Document
from egress_policy.reader.output import dumps

_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# Where Kubernetes' own kinds have the pod's specification.
_TEMPLATE = ("spec", "template", "spec")
_POD_SPECS = {"Pod": ("spec",), "CronJob": ("spec", "jobTemplate", *_TEMPLATE)}
_WORKLOAD_GROUPS = ("", "apps", "batch")
_ENDED = ("Complete", "Failed")


def document(item: Any, kind: Kind, namespace: str, listed: str) -> Document | None:
    """The item as a document, None if it is over. Raises UnusableError for what is no object of this kind.

    `namespace` is the one that was asked for, or empty; `listed` is the kind of the list.
    """
    value = _typed(item, kind, listed)
    metadata = value.get("metadata")
    name, within = text(metadata, "name"), text(metadata, "namespace")
    if not name:
        raise UnusableError("has no name")
    if kind.namespaced and (not within or within != (namespace or within)):
        raise UnusableError(f"is in namespace {within!r}" if within else "is in no namespace")
    if _over(value, kind):
        return None
    whole = dumps(_reduced(value, kind))
    where = within if kind.namespaced else None
    return Document(whole, kind.api_version, kind.name, where, name, kind.path(where or "", name), "", 1, 0, 0)


def _typed(item: Any, kind: Kind, listed: str) -> dict[str, Any]:
    """Items of built-in kinds do not say what they are; their list does."""
    if not isinstance(item, dict):
        raise UnusableError("is no object")
    version, name = item.get("apiVersion"), item.get("kind")
    if not version and not name and listed == f"{kind.name}List":
        return {"apiVersion": kind.api_version, "kind": kind.name, **item}
    if (version, name) != (kind.api_version, kind.name):
        raise UnusableError(f"says it is {version} {name}")
    return item


def _over(value: dict[str, Any], kind: Kind) -> bool:
    """Whether it is there for the record only: nothing of it can send a packet, now or later, that is not read as well.

    A Job that has ended, a revision that a Deployment keeps, and what the network plugin made of a NetworkPolicy. A
    status counts only here: in a manifest anybody could write one.
    """
    if (kind.group, kind.name) == ("batch", "Job"):
        conditions = _at(value, "status", "conditions")
        return isinstance(conditions, list) and any(
            text(one, "type") in _ENDED and text(one, "status") == "True" for one in conditions
        )
    owner = _controller(value)
    if (kind.group, kind.name) in (("apps", "ReplicaSet"), ("", "ReplicationController")):
        nobody = not _at(value, "status", "replicas") and _at(value, "spec", "replicas") == 0
        return owner is not None and nobody
    return (kind.group, kind.name, owner) == ("networking.k8s.aws", "PolicyEndpoint", "NetworkPolicy")


def _controller(value: dict[str, Any]) -> str | None:
    owners = _at(value, "metadata", "ownerReferences")
    found = owners if isinstance(owners, list) else []
    return next((text(one, "kind") for one in found if isinstance(one, dict) and one.get("controller") is True), None)


def _reduced(value: dict[str, Any], kind: Kind) -> dict[str, Any]:
    """Most of a cluster's bytes are statuses, who set which field, and containers."""
    value.pop("status", None)
    metadata = value["metadata"]
    metadata.pop("managedFields", None)
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and annotations.pop(_APPLIED, None) is not None and not annotations:
        del metadata["annotations"]
    if kind.group in _WORKLOAD_GROUPS and kind.name != "Namespace":
        _empty(_at(value, *_POD_SPECS.get(kind.name, _TEMPLATE)))
    return value


def _empty(spec: Any) -> None:
    """Of a pod's specification the policy reads that there is one, and hostNetwork."""
    if isinstance(spec, dict) and isinstance(spec.get("containers"), list):
        host = {"hostNetwork": spec["hostNetwork"]} if "hostNetwork" in spec else {}
        spec.clear()
        spec.update(host, containers=[])


def _at(value: Any, *path: str) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value
