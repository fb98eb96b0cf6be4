"""Documents, sorted into the namespaces in which the policy judges them, as ready-made JSON.

A shard is one namespace, or everything cluster-wide under the name "". Documents are kept as the bytes that the engine
will get, never as Python objects: those would take ten times the memory.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from egress_policy.reader.documents import Document

CLUSTER_WIDE = ""

# An evaluation costs about 0.14 ms before it judges anything, and takes forty times its input in memory.
_MOST_SHARDS = 64
_MOST_BYTES = 512 << 10

# Kinds without a namespace, whatever their metadata says. A kind of that name in another API group is none of ours.
_CLUSTER_KINDS = frozenset(
    {
        ("", "Namespace"), ("", "Node"), ("", "PersistentVolume"),
        ("egress-policy", "HelmChart"), ("egress-policy", "Infrastructure"),
        ("kustomize.config.k8s.io", "Kustomization"), ("kustomize.config.k8s.io", "Component"),
        ("rbac.authorization.k8s.io", "ClusterRole"), ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"), ("storage.k8s.io", "StorageClass"),
        ("scheduling.k8s.io", "PriorityClass"), ("node.k8s.io", "RuntimeClass"),
        ("networking.k8s.io", "IngressClass"), ("networking.k8s.io", "IPAddress"), ("networking.k8s.io", "ServiceCIDR"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("policy.networking.k8s.io", "AdminNetworkPolicy"), ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"),
        ("policy.networking.k8s.io", "ClusterNetworkPolicy"),
        ("security.antrea.tanzu.vmware.com", "ClusterNetworkPolicy"),
        ("crd.antrea.io", "ClusterNetworkPolicy"), ("crd.antrea.io", "ClusterGroup"), ("crd.antrea.io", "Tier"),
        ("cilium.io", "CiliumClusterwideNetworkPolicy"), ("cilium.io", "CiliumCIDRGroup"),
        ("cilium.io", "CiliumEgressGatewayPolicy"),
        ("projectcalico.org", "GlobalNetworkPolicy"), ("projectcalico.org", "GlobalNetworkSet"),
        ("projectcalico.org", "Tier"),
        ("crd.projectcalico.org", "GlobalNetworkPolicy"), ("crd.projectcalico.org", "GlobalNetworkSet"),
        ("crd.projectcalico.org", "Tier"),
    }
)  # fmt: skip

# Operators whose objects stand for firewalls of a cloud: they guard the cluster, wherever they lie.
OPERATORS = frozenset(
    {
        "ec2.services.k8s.aws", "ec2.aws.crossplane.io", "ec2.aws.upbound.io", "ec2.aws.m.upbound.io",
        "compute.gcp.upbound.io", "compute.gcp.m.upbound.io", "compute.cnrm.cloud.google.com",
        "network.azure.upbound.io", "network.azure.m.upbound.io", "network.azure.com",
    }
)  # fmt: skip

# What has a say in every namespace: policies about pods everywhere, and what policies refer to, wherever it lies.
SHARED_KINDS = frozenset(
    {
        ("policy.networking.k8s.io", "AdminNetworkPolicy"), ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"),
        ("policy.networking.k8s.io", "ClusterNetworkPolicy"),
        ("crd.antrea.io", "ClusterNetworkPolicy"), ("crd.antrea.io", "ClusterGroup"), ("crd.antrea.io", "Tier"),
        ("cilium.io", "CiliumClusterwideNetworkPolicy"), ("cilium.io", "CiliumCIDRGroup"),
        ("projectcalico.org", "GlobalNetworkPolicy"), ("projectcalico.org", "GlobalNetworkSet"),
        ("projectcalico.org", "NetworkSet"), ("projectcalico.org", "Tier"),
        ("crd.projectcalico.org", "GlobalNetworkPolicy"), ("crd.projectcalico.org", "GlobalNetworkSet"),
        ("crd.projectcalico.org", "NetworkSet"), ("crd.projectcalico.org", "Tier"),
    }
)  # fmt: skip


class Source(NamedTuple):
    """A file: as a report shows it, as it can be opened, and its bytes if it cannot be (standard input).

    An object of a cluster is one as well: `live` is its JSON, or empty where nothing of it will be shown.
    """

    file: str
    path: str
    data: bytes | None
    live: bytes | None = None


class Place(NamedTuple):
    """A document: its file, first line of content, the bytes that hold it, and where in a List it is."""

    source: Source
    line: int
    start: int
    end: int
    item: tuple[int, ...]


Packed = tuple[int, list[tuple[str, str, bytes | None, bytes | None]], bytes, dict[int, tuple[int, ...]]]


@dataclass(slots=True)
class Places:
    """Where each document came from, by its order: what `locate` needs, without the document's text."""

    base: int
    sources: list[Source] = field(default_factory=list)
    # Four numbers a document: which source, line, start, end.
    numbers: array[int] = field(default_factory=lambda: array("Q"))
    items: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def add(self, document: Document) -> int:
        """The order of the next document, which is in the last of the sources."""
        order = self.base + len(self.numbers) // 4
        self.numbers.extend((len(self.sources) - 1, document.line, document.start, document.end))
        if document.item:
            self.items[order] = document.item
        return order

    def get(self, order: int) -> Place | None:
        """None for an order that is not one of these."""
        index = (order - self.base) * 4
        if not 0 <= index < len(self.numbers):
            return None
        source, line, start, end = self.numbers[index : index + 4]
        return Place(self.sources[source], line, start, end, self.items.get(order, ()))

    def packed(self) -> Packed:
        """For another process: plain values."""
        return self.base, [(*one,) for one in self.sources], self.numbers.tobytes(), self.items

    @classmethod
    def unpacked(cls, packed: Packed) -> Places:
        """What `packed` gave in the other process."""
        base, sources, numbers, items = packed
        return cls(base, [Source(*source) for source in sources], array("Q", numbers), items)


@dataclass(slots=True)
class Around:
    """What lies around namespaces: their labels by name, and the documents that have a say in each of them."""

    labels: dict[str, list[bytes]] = field(default_factory=dict)
    shared: list[bytes] = field(default_factory=list)

    def merge(self, labels: dict[str, list[bytes]], shared: list[bytes]) -> None:
        """Take in what another process read, after what was read here."""
        for name, found in labels.items():
            self.labels.setdefault(name, []).extend(found)
        self.shared += shared

    def packed(self) -> tuple[dict[str, list[bytes]], list[bytes]]:
        """For another process, as `merge` takes it."""
        return self.labels, self.shared


@dataclass(slots=True)
class Shards:
    """The documents of some files. `base` is the order of the first; those of two processes must not meet."""

    default: str
    base: int = 0
    documents: dict[str, list[bytes]] = field(default_factory=dict)
    around: Around = field(default_factory=Around)
    places: Places = field(init=False)
    _folders: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.places = Places(self.base)

    def add(self, source: Source, documents: Iterable[Document]) -> None:
        """Take in one file's documents, in reading order."""
        self.places.sources.append(source)
        file = _encoded(source.file)
        for document in documents:
            order, folder = self.places.add(document), self._folder(document.folder)
            entry = b'{"object":%b,"source":{"file":%b,"folder":%b,"line":%d,"order":%d,"duplicates":%b}}' % (
                document.text, file, folder, document.line, order, _duplicates(document.duplicates),
            )  # fmt: skip
            self.documents.setdefault(self._namespace(document), []).append(entry)
            if (document.api_version.rpartition("/")[0], document.kind) in SHARED_KINDS:
                self.around.shared.append(entry)

    def _folder(self, folder: str) -> bytes:
        if folder not in self._folders:
            self._folders[folder] = _encoded(printable(folder))
        return self._folders[folder]

    def _namespace(self, document: Document) -> str:
        group = document.api_version.rpartition("/")[0]
        if group not in OPERATORS and (group, document.kind) not in _CLUSTER_KINDS:
            return document.namespace or self.default
        if document.kind == "Namespace" and document.name:
            self.around.labels.setdefault(document.name, []).append(_labels(document.text, document.name))
        return CLUSTER_WIDE

    def take(self, namespaces: Iterable[str]) -> dict[str, list[bytes]]:
        """Hand over the documents of these namespaces, which are then no longer here."""
        return {name: self.documents.pop(name) for name in namespaces if name in self.documents}

    def merge(self, documents: dict[str, list[bytes]]) -> None:
        """Take in what another process read of the same namespaces, after what was read here."""
        for namespace, entries in documents.items():
            self.documents.setdefault(namespace, []).extend(entries)


class Batch(NamedTuple):
    """What one evaluation is asked about: names of namespaces, and the JSON of each."""

    names: tuple[str, ...]
    shards: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What all inputs of `egress.main.namespaces` share: --namespace, what is around, how much is told."""

    namespace: str
    around: Around
    details: bool
    # What the policy said of the firewalls: how many there are, and how many guard.
    firewalls: Mapping[str, float] | None = None

    def with_firewalls(self, found: Mapping[str, float]) -> Question:
        """With more firewalls that guard the same cluster."""
        if self.firewalls is None:
            return replace(self, firewalls=found)
        counts = {name: self.firewalls[name] + found[name] for name in ("found", "guarding")}
        widest = {name: max(self.firewalls[name], found[name]) for name in ("open", "public_share")}
        return replace(self, firewalls={**counts, **widest})

    def about(self, batch: Batch) -> bytes:
        """The input that asks about these shards."""
        head = b'{"namespace":%b,"namespaces":[%b],"shared":[%b],"firewalls":%b,"details":%b,"shards":[' % (
            _encoded(self.namespace),
            b",".join(self._labels(batch)),
            b",".join(self.around.shared),
            _encoded(self.firewalls),
            b"true" if self.details else b"false",
        )
        return head + b",".join(batch.shards) + b"]}"

    def _labels(self, batch: Batch) -> Iterator[bytes]:
        """All where a selector leaves some out; those of the namespaces themselves where a policy may select them."""
        known = self.around.labels
        if any(map(_excludes, (*batch.shards, *self.around.shared))):
            return (label for found in known.values() for label in found)
        if any(map(_selects_by_namespace, batch.shards)) or self.around.shared:
            return (label for name in batch.names for label in known.get(name, ()))
        return iter(())


def _selects_by_namespace(shard: bytes) -> bool:
    """Cilium and Antrea select pods by the labels of their namespaces as well."""
    return b"io.cilium.k8s.namespace.labels" in shard or b"crd.antrea.io" in shard


def _excludes(shard: bytes) -> bool:
    """Only a selector that leaves namespaces out is to know them all; every input would repeat their labels."""
    return b'"NotIn"' in shard or b'"DoesNotExist"' in shard


def batches(documents: dict[str, list[bytes]]) -> Iterator[Batch]:
    """Portions for the engine; each namespace's documents are given up as it goes, so that memory does not double."""
    names: list[str] = []
    parts: list[bytes] = []
    size = 0
    for name in sorted(documents):
        part = b'{"namespace":%b,"documents":[%b]}' % (_encoded(name), b",".join(documents.pop(name)))
        if names and (size + len(part) > _MOST_BYTES or len(names) >= _MOST_SHARDS):
            yield Batch(tuple(names), tuple(parts))
            names, parts, size = [], [], 0
        names.append(name)
        parts.append(part)
        size += len(part)
    if names:
        yield Batch(tuple(names), tuple(parts))


def _labels(text: bytes, name: str) -> bytes:
    """The labels of a Namespace as the API server would have them, with the one that it sets itself."""
    metadata = json.loads(text).get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    known = labels if isinstance(labels, dict) else {}
    return _encoded({**known, "kubernetes.io/metadata.name": name})


def _duplicates(duplicates: tuple[tuple[str, int], ...]) -> bytes:
    return _encoded([{"path": path, "line": line} for path, line in duplicates]) if duplicates else b"[]"


def printable(file: str) -> str:
    """A file name that is no valid UTF-8 cannot be JSON. Nothing is opened by this name."""
    return file.encode("utf-8", "backslashreplace").decode()


def _encoded(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
