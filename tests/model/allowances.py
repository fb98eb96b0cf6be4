"""What every dialect is translated to, and who it is about: the words of DESIGN.md as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from tests.model.addresses import EVERY, Addresses
from tests.model.ports import ALL, Ports, whole

NAME_LABEL = "kubernetes.io/metadata.name"
Labels: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod, or the pods of a template."""

    namespace: str
    labels: Labels
    host_network: bool = False


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement of a label selector; matchLabels are In with one value."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: frozenset[str] = frozenset()

    def matches(self, labels: Labels) -> bool:
        """Whether the labels meet it; NotIn is met by a missing label."""
        match self.operator:
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values


@dataclass(frozen=True, slots=True)
class Selector:
    """Requirements that all have to be met; none are met by everything."""

    requirements: frozenset[Requirement] = frozenset()

    def matches(self, labels: Labels) -> bool:
        """Whether the labels meet every requirement."""
        return all(requirement.matches(labels) for requirement in self.requirements)


class Selecting(Protocol):
    """Which pods an allowance is about: those of a namespace, "" for many."""

    @property
    def namespace(self) -> str: ...

    @property
    def pods(self) -> Selector: ...

    def selects(self, pod: Pod) -> bool: ...


@dataclass(frozen=True, slots=True)
class Subject:
    """Pods of one namespace."""

    namespace: str
    pods: Selector

    def selects(self, pod: Pod) -> bool:
        """Whether the pod is one of them; host-network pods never are."""
        return not pod.host_network and pod.namespace == self.namespace and self.pods.matches(pod.labels)


@dataclass(frozen=True, slots=True)
class Block:
    """A destination by address."""

    addresses: Addresses
    cidr: str = ""


@dataclass(frozen=True, slots=True)
class Pods:
    """A destination by label: pods of one namespace, or of the namespaces that a selector matches."""

    namespace: str | Selector
    pods: Selector

    def matches(self, pod: Pod, namespaces: Mapping[str, Labels]) -> bool:
        """Whether the destination pod is one of them."""
        if isinstance(self.namespace, str):
            inside = pod.namespace == self.namespace
        else:
            labels = {**namespaces.get(pod.namespace, {}), NAME_LABEL: pod.namespace}
            inside = self.namespace.matches(labels)
        return inside and self.pods.matches(pod.labels)


@dataclass(frozen=True, slots=True)
class Anything:
    """Every destination, inside and outside."""

    addresses: Addresses = EVERY


Destination: TypeAlias = Block | Pods | Anything


@dataclass(frozen=True, slots=True)
class Source:
    """Where an allowance was written."""

    policy: str = ""
    path: str = ""
    written: Any = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Allowance:
    """One entry that lets out, refuses or passes on: the first that matches in (tier, order) decides.

    A pass leaves the rest of its tier out. Within one order a deny goes before a pass and that before an allow.
    """

    subject: Selecting
    action: Literal["allow", "deny", "pass"]
    tier: float
    order: float
    destinations: tuple[Destination, ...]
    ports: tuple[Ports, ...] = ALL
    source: Source = Source()

    def addresses(self) -> Addresses:
        """All addresses that the destinations name; pods have none that is known."""
        result = Addresses()
        for destination in self.destinations:
            if not isinstance(destination, Pods):
                result |= destination.addresses
        return result

    def holds_port(self, protocol: str, port: int | str) -> bool:
        """Whether the port is among this allowance's; a name is among all numbers, whatever it stands for."""
        if any(ports.holds(protocol, port) for ports in self.ports):
            return True
        return isinstance(port, str) and whole(self.ports, protocol)

    @property
    def rank(self) -> tuple[float, float, int]:
        """The place in which it is asked."""
        return self.tier, self.order, ("deny", "pass", "allow").index(self.action)


@dataclass(frozen=True, slots=True)
class Isolation:
    """From this tier on, the subject's packets that nothing allowed are refused."""

    subject: Selecting
    tier: float
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """All that applies in a cluster."""

    allowances: tuple[Allowance, ...] = ()
    isolations: tuple[Isolation, ...] = ()

    def __add__(self, other: Rules) -> Rules:
        return Rules(self.allowances + other.allowances, self.isolations + other.isolations)

    def of(self, pod: Pod) -> Rules:
        """What is about this pod, allowances in the order in which they are asked."""
        mine = [a for a in self.allowances if a.subject.selects(pod)]
        return Rules(
            tuple(sorted(mine, key=lambda a: a.rank)), tuple(i for i in self.isolations if i.subject.selects(pod))
        )
