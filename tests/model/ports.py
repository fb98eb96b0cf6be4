"""Exact sets of ports: for each protocol the numbers as intervals, and names, each of which is one port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FIRST, LAST = 1, 65535
PROTOCOLS = ("TCP", "UDP", "SCTP")

#: A port by itself: a number, or a name that only the destination can resolve.
Port: TypeAlias = int | str


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports of one protocol: first to last by number, or one by name."""

    protocol: str
    first: int = FIRST
    last: int = LAST
    name: str = ""

    def holds(self, protocol: str, port: Port) -> bool:
        """Whether this one port is among them."""
        if protocol != self.protocol:
            return False
        if isinstance(port, str) or self.name:
            return port == self.name
        return self.first <= port <= self.last


@dataclass(frozen=True, slots=True)
class Segment:
    """Ports that everything at hand treats alike: judge one of them, count `width`."""

    protocol: str
    port: Port
    width: int


ALL = tuple(Ports(protocol) for protocol in PROTOCOLS)


def whole(some: Iterable[Ports], protocol: str) -> bool:
    """Whether they hold every number of a protocol."""
    reached = FIRST
    for ports in sorted((p for p in some if p.protocol == protocol and not p.name), key=lambda p: p.first):
        if ports.first > reached:
            return False
        reached = max(reached, ports.last + 1)
    return reached > LAST


def segments(every: list[Ports]) -> Iterator[Segment]:
    """Cut all ports of all protocols wherever one of the sets starts or ends; each name is a segment by itself."""
    for protocol in PROTOCOLS:
        mine = [p for p in every if p.protocol == protocol]
        numbered = [p for p in mine if not p.name]
        starts = sorted({FIRST, *(p.first for p in numbered), *(p.last + 1 for p in numbered)} - {LAST + 1})
        for start, end in zip(starts, [*starts[1:], LAST + 1], strict=True):
            yield Segment(protocol, start, end - start)
        for name in sorted({p.name for p in mine if p.name}):
            yield Segment(protocol, name, 1)
