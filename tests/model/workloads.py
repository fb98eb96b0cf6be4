"""Workloads as manifests describe them: pods, and whatever holds a pod template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.model.allowances import Pod
from tests.model.networkpolicy import Manifest, items, name_of, namespace_of, struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Workload:
    """A named thing that makes pods, one entry a template."""

    kind: str
    namespace: str
    name: str
    pods: tuple[Pod, ...]
    manifest: Manifest

    @property
    def governed(self) -> bool:
        """Whether policies can govern it: some of its pods are not on the host's network."""
        return any(not pod.host_network for pod in self.pods)

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"


Identity: TypeAlias = tuple[str, str, str, str]


def workloads_of(manifests: Iterable[Manifest], default: str = "default") -> list[Workload]:
    """All workloads among the manifests, without those that another one of them controls."""
    found: dict[int, tuple[Identity, Workload]] = {}
    for number, manifest in enumerate(manifests):
        namespace, name = namespace_of(manifest, default), name_of(manifest)
        if pods := tuple(_pods(manifest, namespace)):
            identity = (_group(manifest), manifest["kind"], namespace, name)
            found[number] = identity, Workload(manifest["kind"], namespace, name, pods, manifest)
    owners = {identity: set(_owners(workload.manifest, default)) for identity, workload in found.values()}
    kept = [workload for identity, workload in found.values() if not _controlled(identity, owners)]
    return sorted(kept, key=lambda w: (w.namespace, w.kind, w.name))


def _controlled(identity: Identity, owners: Mapping[Identity, set[Identity]]) -> bool:
    """Whether its owners lead to a workload that nobody owns; a circle of owners hides none of its members."""
    seen, ahead = {identity}, set(owners[identity])
    while ahead:
        owner = ahead.pop()
        if owner in owners and owner not in seen:
            seen.add(owner)
            further = owners[owner] & owners.keys()
            if not further:
                return True
            ahead |= further
    return False


def _group(manifest: Manifest) -> str:
    group, slash, _ = (manifest.get("apiVersion") or "").partition("/")
    return group if slash else ""


def _owners(manifest: Manifest, default: str) -> Iterator[Identity]:
    for owner in map(struct, items(struct(manifest.get("metadata")).get("ownerReferences"))):
        if owner.get("controller"):
            yield _group(owner), owner.get("kind") or "", namespace_of(manifest, default), owner.get("name") or ""


def _pods(manifest: Manifest, namespace: str) -> Iterator[Pod]:
    if manifest.get("kind") == "Pod" and _group(manifest) == "":
        yield _pod(manifest, namespace)
    elif manifest.get("kind") != "PodTemplate":
        for template in _templates(manifest.get("spec")):
            yield _pod(template, namespace)


def _pod(template: Manifest, namespace: str) -> Pod:
    labels = struct(struct(template.get("metadata")).get("labels"))
    host_network = bool(struct(template.get("spec")).get("hostNetwork"))
    return Pod(namespace, {key: value or "" for key, value in labels.items()}, host_network)


def _templates(value: Any) -> Iterator[Manifest]:
    if isinstance(value, list):
        for element in value:
            yield from _templates(element)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "template" and isinstance(inner, dict) and "containers" in struct(inner.get("spec")):
                yield inner
            else:
                yield from _templates(inner)
