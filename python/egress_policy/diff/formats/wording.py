"""Words that the formats share: workloads, destinations, and ports. Nothing here is cleaned yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from egress_policy.diff.changes import ALL_PORTS, Entry, Namespace, Source, Workload

_PROTOCOLS = ("TCP", "UDP", "SCTP")
_NAME = "kubernetes.io/metadata.name"
# More exceptions than these nobody reads in a line.
_EXCEPTIONS = 8


@dataclass(frozen=True, slots=True)
class Line:
    """Entries that differ in their ports alone: what people read as one."""

    destination: str
    ports: str
    approved: bool
    sources: tuple[Source, ...]


def lines(entries: Iterable[Entry]) -> list[Line]:
    """The entries, those of the same destination and sources in one line."""
    together: dict[tuple[str, bool, tuple[Source, ...]], list[Entry]] = {}
    for entry in entries:
        together.setdefault((destination(entry.destination), entry.approved, entry.sources), []).append(entry)
    return [Line(to, ports(group), approved, sources) for (to, approved, sources), group in together.items()]


def workload(one: Workload) -> str:
    """Kind and name, or the pods of a selector."""
    return f"{one.kind} {one.name}" if one.pod_selector is None else pods(one.pod_selector)


def place(namespace: Namespace) -> str:
    """The namespace."""
    return f"namespace {namespace.name}" if namespace.name else "what is cluster-wide"


def change(one: Workload) -> str:
    """What happened to the workload itself; nothing if it is on both sides."""
    return {"added": "new", "removed": "gone"}.get(one.change, "")


def destination(one: Mapping[str, Any]) -> str:
    """A block or a peer, and its exceptions."""
    shown = one["cidr"] if "cidr" in one else peer(one)
    holes = [hole if isinstance(hole, str) else peer(hole) for hole in one.get("except", ())]
    if not holes:
        return str(shown)
    rest = f" and {len(holes) - _EXCEPTIONS} more" if len(holes) > _EXCEPTIONS else ""
    return f"{shown} except {', '.join(holes[:_EXCEPTIONS])}{rest}"


def peer(one: Mapping[str, Any]) -> str:
    """Pods, and of which namespaces."""
    selected = pods(one.get("podSelector", {}))
    if "namespaceSelector" not in one:
        return f"{selected} of the same namespace"
    return f"{selected} of {_namespaces(one['namespaceSelector'])}"


def pods(selector: Mapping[str, Any]) -> str:
    """The pods that a podSelector selects."""
    return f"pods with {_selector(selector)}" if selector else "every pod"


def _namespaces(selector: Mapping[str, Any]) -> str:
    if not selector:
        return "every namespace"
    name = selector.get("matchLabels", {}).get(_NAME)
    alone = len(selector) == 1 and len(selector.get("matchLabels", {})) == 1
    return f"namespace {name}" if name and alone else f"namespaces with {_selector(selector)}"


def _selector(selector: Mapping[str, Any]) -> str:
    """As kubectl writes it."""
    labels = [f"{key}={value}" for key, value in sorted(selector.get("matchLabels", {}).items())]
    return ",".join([*labels, *map(_requirement, selector.get("matchExpressions", ()))])


def _requirement(one: Mapping[str, Any]) -> str:
    key, operator = one["key"], one["operator"]
    if operator == "Exists":
        return str(key)
    return f"!{key}" if operator == "DoesNotExist" else f"{key} {operator.lower()} ({','.join(one['values'])})"


def ports(entries: Iterable[Entry]) -> str:
    """As `TCP 443, 8000–9000; UDP 53`."""
    listed: dict[str, list[str]] = {}
    for entry in entries:
        listed.setdefault(entry.protocol, []).append(_port(entry))
    if all(listed.get(protocol) == [""] for protocol in _PROTOCOLS):
        return "all ports"
    return "; ".join(
        f"{protocol} {', '.join(each)}" if each != [""] else f"all of {protocol}" for protocol, each in listed.items()
    )


def _port(entry: Entry) -> str:
    """Nothing for all of them."""
    if (entry.port, entry.end_port) == ALL_PORTS:
        return ""
    return str(entry.port) if entry.end_port in (None, entry.port) else f"{entry.port}–{entry.end_port}"


def by(sources: tuple[Source, ...], most: int) -> str:
    """The rules that let it out."""
    if not sources:
        return "no policy isolates it"
    rest = f" and {len(sources) - most} more" if len(sources) > most else ""
    return ", ".join(f"{one.policy} {one.path}" for one in sources[:most]) + rest
