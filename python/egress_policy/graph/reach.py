"""Who may reach what, as the policies of a model say it: the pods that are selected, and their destinations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from egress_policy import model
from egress_policy.formats import clean
from egress_policy.model import Model

Json = Mapping[str, Any]
# What a reader calls a layer, in the order of the layers.
TITLES = {
    "allow-dns": "DNS",
    "allow-https": "HTTPS",
    "allow-database": "Database",
    "allow-internal-services": "Service",
    "allow-kube-api": "Kubernetes API",
}
EVERY_POD = "every pod"
ELSE = "everything else"
DENIED = "denied"
_NAMES = {
    "allow-dns": "cluster DNS",
    "allow-kube-api": "Kubernetes API, {}",
}


@dataclass(frozen=True, slots=True)
class Destination:
    """What one egress rule allows. Every text is one line, of characters that are seen."""

    layer: str
    name: str
    where: tuple[str, ...]
    ports: str
    note: str
    until: str


@dataclass(frozen=True, slots=True)
class Pods:
    """Pods by their labels, `app=checkout` (none: every pod), and where they may go."""

    labels: tuple[str, ...]
    destinations: tuple[Destination, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One model. The last of its pods are every pod, which may go nowhere else."""

    name: str
    namespaces: tuple[str, ...]
    pods: tuple[Pods, ...]

    @property
    def place(self) -> str:
        """`namespace shop`."""
        return f"namespace{'s' if len(self.namespaces) > 1 else ''} {', '.join(self.namespaces)}"


def section(one: Model) -> Section:
    """A model as its policies are: those of its first namespace, as the others have the same."""
    found: dict[tuple[str, ...], list[Destination]] = {}
    for policy in model.policies(one):
        if policy["metadata"]["namespace"] == one.namespaces[0]:
            labels = _labels(policy["spec"]["podSelector"].get("matchLabels", {}))
            found.setdefault(labels, []).extend(_destinations(one, policy))
    # The general one comes last: next to it stands that everything else is denied.
    every = found.pop((), [])
    pods = [Pods(labels, tuple(members)) for labels, members in [*found.items(), ((), every)]]
    return Section(one.name, tuple(one.namespaces), tuple(pods))


def _destinations(one: Model, policy: Json) -> Iterator[Destination]:
    layer = model.layer_of(policy)
    for entry, rule in zip(model.entries_of(one.spec, policy), policy["spec"]["egress"], strict=True):
        yield _destination(one, layer, entry, rule)


def _destination(one: Model, layer: str, entry: Json, rule: Json) -> Destination:
    return Destination(
        layer,
        _NAMES.get(layer, "{}").format(entry["name"]),
        tuple(_where(entry, one.namespaces)),
        ", ".join(_port(port) for port in rule["ports"]),
        clean.line(": ".join(filter(None, (entry.get("owner"), entry.get("reason"))))),
        str(entry.get("expires") or ""),
    )


def _where(entry: Json, namespaces: list[str]) -> Iterator[str]:
    """`app=auth in namespace identity`, and blocks. Without a namespace it is the one that the pods are in."""
    if entry.get("labels"):
        alone = namespaces[0] if len(namespaces) == 1 else ""
        namespace = entry.get("namespace") or alone
        place = f"in namespace {namespace}" if namespace else "in the pods' own namespace"
        yield f"{' '.join(_labels(entry['labels']))} {place}"
    yield from entry.get("cidrs", ())


def _labels(labels: Json) -> tuple[str, ...]:
    return tuple(f"{name}={value}" for name, value in sorted(labels.items()))


def _port(port: Json) -> str:
    end = f"-{port['endPort']}" if "endPort" in port else ""
    return f"{port['protocol']} {port['port']}{end}"
