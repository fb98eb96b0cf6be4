"""What the manifests hold, by kind, namespace and name; workloads are told by their pod templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from egress_policy.propose.objects import Labels, at, labels, listing, mapping, text, valid_namespace
from egress_policy.propose.proposal import ProposeError
from egress_policy.reader import Document
from egress_policy.reader.paths import Step

SYSTEM = frozenset({"kube-system", "kube-public", "kube-node-lease"})

_GROUPS = {
    "Service": "", "ConfigMap": "", "Secret": "", "ServiceAccount": "", "Namespace": "",
    "RoleBinding": "rbac.authorization.k8s.io", "ClusterRoleBinding": "rbac.authorization.k8s.io",
    "NetworkPolicy": "networking.k8s.io",
}  # fmt: skip
_CLUSTER_WIDE = frozenset({"Namespace", "ClusterRoleBinding"})
# They hold pod templates, or what looks like one, and make no pods.
_NO_WORKLOADS = frozenset({"PodTemplate", "CustomResourceDefinition"})
_RBAC = frozenset({"Role", "ClusterRole"})


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """A document and its value."""

    document: Document
    namespace: str
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """A pod template of a document; `steps` lead to its pods' spec. `order` is its place among all of them."""

    document: Document
    namespace: str
    labels: Labels
    spec: Mapping[str, Any]
    steps: tuple[Step, ...]
    order: int

    @property
    def title(self) -> str:
        return f"{self.document.kind} {self.document.name}"

    @property
    def governed(self) -> bool:
        """Whether a NetworkPolicy can hold it: pods on the host's network are beyond any."""
        return self.spec.get("hostNetwork") is not True

    @property
    def containers(self) -> list[tuple[tuple[Step, ...], dict[str, Any]]]:
        """All of its containers, and the steps to each."""
        lists = ("initContainers", "containers", "ephemeralContainers")
        return [
            ((*self.steps, name, index), one)
            for name in lists
            for index, one in enumerate(listing(self.spec.get(name)))
            if isinstance(one, dict)
        ]


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that was read. Of two objects of one name the later one counts, as for kubectl."""

    things: dict[str, dict[tuple[str, str], Thing]] = field(default_factory=dict)
    workloads: dict[str, list[Workload]] = field(default_factory=dict)

    def get(self, kind: str, namespace: str, name: str) -> Thing | None:
        return self.things.get(kind, {}).get((namespace, name))

    def all(self, kind: str) -> Iterable[Thing]:
        return self.things.get(kind, {}).values()

    def pods(self, namespace: str) -> list[Workload]:
        return self.workloads.get(namespace, [])


def inventory(documents: Iterable[Document], namespace: str) -> Inventory:
    """All documents, sorted; one without a namespace is in `namespace`. Raises ProposeError."""
    found = Inventory()
    for document in documents:
        if document.kind in _RBAC:
            continue
        thing = Thing(document, _namespace(document, namespace), mapping(orjson.loads(document.text)))
        if _GROUPS.get(document.kind) == _group(document):
            found.things.setdefault(document.kind, {})[thing.namespace, document.name] = thing
        elif document.kind not in _NO_WORKLOADS:
            _add_workloads(found, thing)
    for name, workloads in found.workloads.items():
        found.workloads[name] = _without_owned(workloads)
    return found


def _group(document: Document) -> str:
    group = document.api_version.rpartition("/")[0]
    if document.kind == "NetworkPolicy":
        return "networking.k8s.io" if group in ("", "extensions") else group
    return group


def _namespace(document: Document, default: str) -> str:
    if document.kind == "HelmChart" and document.api_version == "egress-policy/v1":
        raise ProposeError(
            f"{document.file}: is a chart whose templates are not rendered; "
            "propose from what it renders: helm template NAME CHART | egress generate --from -"
        )
    if document.kind in _CLUSTER_WIDE:
        return ""
    name = document.namespace or default
    if not valid_namespace(name):
        raise ProposeError(f"{document.file}:{document.line}: metadata.namespace must be a DNS label, as in shop")
    return name


def _add_workloads(found: Inventory, thing: Thing) -> None:
    for steps, template in _templates(thing):
        pods = found.workloads.setdefault(thing.namespace, [])
        spec = mapping(template.get("spec"))
        named = labels(at(template, "metadata", "labels"))
        pods.append(Workload(thing.document, thing.namespace, named, spec, (*steps, "spec"), len(pods)))


def _templates(thing: Thing) -> Iterator[tuple[tuple[Step, ...], Mapping[str, Any]]]:
    """The object itself if it is a Pod, or all pod templates anywhere under its spec, in the order of the text."""
    if thing.document.kind == "Pod" and thing.document.api_version == "v1":
        yield (), thing.value
        return
    waiting: list[tuple[tuple[Step, ...], Any]] = [(("spec",), thing.value.get("spec"))]
    while waiting:
        steps, value = waiting.pop()
        if steps[-1] == "template" and isinstance(at(value, "spec", "containers"), list):
            yield steps, value
            continue
        inside: Iterable[tuple[Step, Any]] = value.items() if isinstance(value, dict) else enumerate(listing(value))
        waiting.extend(reversed([((*steps, step), one) for step, one in inside if isinstance(one, (dict, list))]))


def _without_owned(workloads: list[Workload]) -> list[Workload]:
    """Pods of a ReplicaSet that is there too are no workload of their own."""
    there = {(one.document.kind, one.document.name) for one in workloads}
    return [one for one in workloads if there.isdisjoint(_owners(one))]


def _owners(workload: Workload) -> set[tuple[str, str]]:
    """Its controllers. Read again from the document: hardly any manifest has them."""
    if b'"ownerReferences"' not in workload.document.text:
        return set()
    references = listing(at(orjson.loads(workload.document.text), "metadata", "ownerReferences"))
    return {
        (text(one.get("kind")), text(one.get("name")))
        for one in references
        if isinstance(one, dict) and one.get("controller") is True
    }
