"""May this one packet leave? Asked of allowances, one packet at a time."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tests.model.addresses import TRANSLATED, V4_MAX, Addresses
from tests.model.allowances import Allowance, Labels, Pod, Pods, Rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Target:
    """Where a packet goes: an address, the pod behind it if there is one, and that pod's named ports."""

    address: str | None = None
    pod: Pod | None = None
    named_ports: Mapping[str, tuple[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Packet:
    """The first packet of a connection."""

    source: Pod
    target: Target
    protocol: str
    port: int | str


def allowed(packet: Packet, rules: Rules, namespaces: Mapping[str, Labels] | None = None) -> bool:
    """Whether it gets there, by its address or, of IPv4, by one of IPv6 that stands for it."""
    return any(decided(one, rules, namespaces) for one in _forms(packet))


def _forms(packet: Packet) -> Iterator[Packet]:
    yield packet
    if packet.target.address is not None and (to := ipaddress.ip_address(packet.target.address)).version == 4:
        for base in TRANSLATED:
            yield replace(packet, target=replace(packet.target, address=str(ipaddress.IPv6Address(base + int(to)))))


def decided(packet: Packet, rules: Rules, namespaces: Mapping[str, Labels] | None = None) -> bool:
    """The same of this very address: the first allowance that matches, else whether the pod is left alone."""
    mine = rules.of(packet.source)
    passed: set[float] = set()
    for tier in sorted({a.tier for a in mine.allowances} | {i.tier for i in mine.isolations}):
        for allowance in mine.allowances:
            if allowance.tier != tier or tier in passed or not _matches(allowance, packet, namespaces or {}):
                continue
            if allowance.action == "pass":
                passed.add(tier)
                continue
            return allowance.action == "allow"
        if tier not in passed and any(i.tier == tier for i in mine.isolations):
            return False
    return True


def _matches(allowance: Allowance, packet: Packet, namespaces: Mapping[str, Labels]) -> bool:
    return _port_matches(allowance, packet) and any(
        _pod_matches(d, packet.target, namespaces) if isinstance(d, Pods) else _address_matches(d.addresses, packet)
        for d in allowance.destinations
    )


def _port_matches(allowance: Allowance, packet: Packet) -> bool:
    if allowance.holds_port(packet.protocol, packet.port):
        return True
    names = [n for n, where in packet.target.named_ports.items() if where == (packet.protocol, packet.port)]
    return any(allowance.holds_port(packet.protocol, name) for name in names)


def _pod_matches(destination: Pods, target: Target, namespaces: Mapping[str, Labels]) -> bool:
    return target.pod is not None and not target.pod.host_network and destination.matches(target.pod, namespaces)


def _address_matches(addresses: Addresses, packet: Packet) -> bool:
    if packet.target.address is None:
        # A pod whose address is unknown: only "everything" surely holds it.
        return addresses.v4 == ((0, V4_MAX),)
    return packet.target.address in addresses
