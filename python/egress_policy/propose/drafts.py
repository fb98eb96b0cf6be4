"""From destinations and who names them to the entries of a model: merged, named, each with its `from`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from egress_policy.propose import naming
from egress_policy.propose.clients import Clients
from egress_policy.propose.inventory import Workload
from egress_policy.propose.mentions import ENGINES
from egress_policy.propose.objects import Labels
from egress_policy.propose.proposal import Entry, Evidence, Layer, Missing, Port, Written

# Every pod, as an existing policy has it.
EVERY: Labels = {}


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that has no name yet. `suffix` tells it from others of the same destination."""

    layer: Layer
    name: str
    fields: dict[str, Written]
    evidence: tuple[Evidence, ...]
    suffix: str = ""


@dataclass(slots=True)
class Named:
    """A destination of a layer: for each workload that names it the ports, and what says so."""

    layer: Layer
    name: str
    fields: Mapping[str, Written]
    engine: str | None = None
    ports: dict[Workload, list[tuple[Port, ...] | Missing]] = field(default_factory=dict)
    evidence: dict[Workload, list[Evidence]] = field(default_factory=dict)

    def add(self, workload: Workload, ports: tuple[Port, ...] | Missing, evidence: Evidence) -> None:
        self.ports.setdefault(workload, []).append(ports)
        self.evidence.setdefault(workload, []).append(evidence)

    def drafts(self, clients: Clients) -> Iterable[Draft]:
        """An entry for each set of ports and each set of labels."""
        groups: dict[tuple[Port, ...] | Missing, list[Workload]] = {}
        for workload, ports in self.ports.items():
            groups.setdefault(_together(ports), []).append(workload)
        for together, workloads in groups.items():
            for labels, some in clients.split(workloads, f"reaches-{naming.entry(self.name)}"):
                evidence = tuple(one for workload in some for one in self.evidence[workload])
                fields = written(self.layer, self.fields, together, self.engine, labels)
                yield Draft(self.layer, self.name, fields, evidence, suffix=some[0].document.name)


def _together(every: Iterable[tuple[Port, ...] | Missing]) -> tuple[Port, ...] | Missing:
    """All ports that are known; what is missing only where none is."""
    known = sorted({port for ports in every if not isinstance(ports, Missing) for port in ports})
    return tuple(known) or next(ports for ports in every if isinstance(ports, Missing))


def written(
    layer: Layer,
    fields: Mapping[str, Written],
    ports: tuple[Port, ...] | Missing,
    engine: str | None,
    labels: Labels | Missing,
) -> dict[str, Written]:
    """The fields of an entry, in their order."""
    if layer is not Layer.DATABASES:
        return {**fields, "ports": ports, "from": labels}
    port: dict[str, Written] = {}
    if isinstance(ports, Missing):
        port = {} if engine else {"port": ports}
    elif ports[0].number != ENGINES.get(engine or ""):
        port = {"port": ports[0].number}
    return {**({"engine": engine} if engine else {}), **port, **fields, "from": labels}


def entries(drafts: Iterable[Draft]) -> tuple[Entry, ...]:
    """The drafts as entries, layer by layer: those that say the same are one, and no two have the same name."""
    merged: dict[str, Draft] = {}
    for draft in drafts:
        key = repr((draft.layer, _comparable(draft.fields)))
        before = merged.get(key)
        evidence = (*before.evidence, *draft.evidence) if before else draft.evidence
        merged[key] = Draft(draft.layer, (before or draft).name, draft.fields, evidence, (before or draft).suffix)
    taken: set[tuple[Layer, str]] = set()
    named = [_named(draft, taken) for draft in merged.values()]
    order = list(Layer)
    return tuple(sorted(named, key=lambda one: order.index(one.layer)))


def _comparable(fields: Mapping[str, Written]) -> list[tuple[str, object]]:
    return [(name, sorted(value.items()) if isinstance(value, Mapping) else value) for name, value in fields.items()]


def _named(draft: Draft, taken: set[tuple[Layer, str]]) -> Entry:
    plain = naming.entry(draft.name)
    longer = f"{plain}-from-{naming.entry(draft.suffix)}" if draft.suffix else plain
    name = plain if (draft.layer, plain) not in taken else longer
    number = 2
    while (draft.layer, name) in taken:
        name, number = f"{longer}-{number}", number + 1
    taken.add((draft.layer, name))
    return Entry(draft.layer, name, draft.fields, draft.evidence)
