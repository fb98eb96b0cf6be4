"""The answer: frozen dataclasses in the shape of `egress-policy/diff/v1` (schemas/diff.schema.json)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from egress_policy.report import Location

SCHEMA = "egress-policy/diff/v1"
COUNTS = ("namespaces", "changed_namespaces", "workloads", "opened", "unapproved", "closed", "unjudged")
ALL_PORTS = (1, 65535)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """The rule of a policy that lets something out: the policy's name, the path in it, and where that stands."""

    policy: str
    path: str
    location: Location


@dataclass(frozen=True, slots=True)
class Entry:
    """One destination on some ports: `port` is a name or the first number, `end_port` then the last.

    `destination` is {"cidr", "except"} or {"namespaceSelector", "podSelector", "except"}. `sources` are the rules that
    let it out on the side that does; there are none where nothing isolates the workload.
    """

    protocol: str
    port: int | str
    end_port: int | None
    destination: Json
    approved: bool
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload by kind and name, or the pods of a podSelector, and what it may reach now or no longer."""

    kind: str
    name: str
    pod_selector: Json | None
    change: str
    location: Location
    opened: tuple[Entry, ...]
    closed: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace in which something changed."""

    name: str
    workloads: tuple[Workload, ...]


@dataclass(frozen=True, slots=True)
class Unjudged:
    """An object that differs, and opens or restricts egress in a way that cannot be told; the side is old or new."""

    namespace: str
    kind: str
    name: str
    side: str
    reason: str
    location: Location


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something that could not be read on one side; everything else was compared."""

    side: str
    file: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What became reachable and what no longer is, namespace by namespace."""

    old: str
    new: str
    status: str
    summary: str
    counts: dict[str, int]
    parameters: Json
    namespaces: tuple[Namespace, ...]
    unjudged: tuple[Unjudged, ...]
    errors: tuple[Problem, ...]

    def members(self) -> Iterator[tuple[str, Any]]:
        """`egress-policy/diff/v1`, one key at a time, and the long lists as iterators."""
        yield "schema", SCHEMA
        for key in ("old", "new", "status", "summary", "counts", "parameters"):
            yield key, getattr(self, key)
        yield "namespaces", map(_namespace_json, self.namespaces)
        yield "unjudged", map(_unjudged_json, self.unjudged)
        yield "errors", map(_problem_json, self.errors)


def build(names: tuple[str, str], answer: Json, found: Iterable[Json], errors: Iterable[Problem]) -> Difference:
    """From the policy's last answer and what it said of each namespace; whatever has an order has a `location`."""
    shards = sorted(found, key=lambda one: one["namespace"])
    return Difference(
        *names,
        status=answer["status"],
        summary=answer["summary"],
        counts={count: answer["counts"][count] for count in COUNTS},
        parameters=dict(sorted(answer["parameters"].items())),
        namespaces=tuple(_namespace(shard) for shard in shards if shard["workloads"]),
        unjudged=tuple(_unjudged(shard["namespace"], one) for shard in shards for one in shard["unjudged"]),
        errors=tuple(sorted(errors)),
    )


def _namespace(shard: Json) -> Namespace:
    return Namespace(shard["namespace"], tuple(_workload(one) for one in shard["workloads"]))


def _workload(one: Json) -> Workload:
    return Workload(
        kind=one.get("kind", ""),
        name=one.get("name", ""),
        pod_selector=one.get("podSelector"),
        change=one["change"],
        location=Location(*one["location"]),
        opened=tuple(_entry(entry) for entry in one["opened"]),
        closed=tuple(_entry(entry) for entry in one["closed"]),
    )


def _entry(one: Json) -> Entry:
    sources = tuple(Source(each["policy"], each["path"], Location(*each["location"])) for each in one["sources"])
    to = _destination(one["destination"])
    return Entry(one["protocol"], one["port"], one.get("endPort"), to, one["approved"], sources)


def _destination(one: Json) -> Json:
    """The policy writes blocks of IPv6 in full."""
    if "cidr" not in one:
        return one
    return {
        **one,
        "cidr": _short(one["cidr"]),
        **({"except": [*map(_short, one["except"])]} if "except" in one else {}),
    }


def _short(cidr: str) -> str:
    return str(ipaddress.ip_network(cidr)) if ":" in cidr else cidr


def _unjudged(namespace: str, one: Json) -> Unjudged:
    return Unjudged(namespace, one["kind"], one["name"], one["side"], one["reason"], Location(*one["location"]))


def _namespace_json(namespace: Namespace) -> Json:
    return {"name": namespace.name, "workloads": [_workload_json(one) for one in namespace.workloads]}


def _workload_json(one: Workload) -> Json:
    named: Mapping[str, Any] = {"kind": one.kind, "name": one.name}
    return {
        **(named if one.pod_selector is None else {"podSelector": one.pod_selector}),
        "change": one.change,
        "location": _location_json(one.location),
        "opened": [_entry_json(entry) for entry in one.opened],
        "closed": [_entry_json(entry) for entry in one.closed],
    }


def _entry_json(one: Entry) -> Json:
    return {
        "protocol": one.protocol,
        "port": one.port,
        **({} if one.end_port is None else {"endPort": one.end_port}),
        "destination": one.destination,
        "approved": one.approved,
        "sources": [_source_json(source) for source in one.sources],
    }


def _source_json(one: Source) -> Json:
    return {"policy": one.policy, "path": one.path, "location": _location_json(one.location)}


def _unjudged_json(one: Unjudged) -> Json:
    return {
        "namespace": one.namespace,
        "kind": one.kind,
        "name": one.name,
        "side": one.side,
        "reason": one.reason,
        "location": _location_json(one.location),
    }


def _problem_json(one: Problem) -> Json:
    return {"side": one.side, "file": one.file, "line": one.line, "message": one.message}


def _location_json(one: Location) -> Json:
    return {"file": one.file, "line": one.line}
