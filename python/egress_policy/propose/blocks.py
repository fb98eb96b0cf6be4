"""Address blocks of existing policies: taken as narrow as they stand, or left out. Nothing here makes one wider."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# What is not public: docs of the audit list the same blocks.
_PRIVATE = tuple(map(ipaddress.ip_network, (
    "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "198.18.0.0/15",
    "fc00::/7", "fe80::/10", "::1/128",
)))  # fmt: skip
_METADATA = tuple(map(ipaddress.ip_network, ("169.254.169.254/32", "fd00:ec2::254/128")))
_IPV4_INSIDE = tuple(map(ipaddress.IPv6Network, ("::ffff:0:0/96", "64:ff9b::/96")))
# The audit calls more than this broad.
_MOST = {4: 1 << 24, 6: 1 << (128 - 19)}
_MOST_BLOCKS = 64


class BlockError(ValueError):
    """A block that is not taken over, and why."""


def read(cidr: object, excepted: Iterable[object]) -> list[Network]:
    """The block without its exceptions, as blocks. Raises BlockError."""
    every = [_network(cidr)]
    if any(every[0].version == one.version and one.subnet_of(every[0]) for one in _METADATA):  # type: ignore[arg-type]
        raise BlockError(f"{every[0]} holds the address of cloud metadata")
    for one in map(_network, excepted):
        every = [rest for block in every for rest in _without(block, one)]
        if len(every) > _MOST_BLOCKS:
            raise BlockError(f"its exceptions cut it into more than {_MOST_BLOCKS} blocks")
    if not every:
        raise BlockError("its exceptions leave nothing of it")
    return every


def too_wide(blocks: Iterable[Network]) -> str | None:
    """Why these together are no destination: more public addresses than the audit calls broad."""
    public = {4: 0, 6: 0}
    for block in _collapsed(blocks):
        if not any(block.version == one.version and block.subnet_of(one) for one in _PRIVATE):  # type: ignore[arg-type]
            seen = _ipv4_inside(block)
            public[seen.version] += seen.num_addresses
    wide = [
        name for version, name in ((4, "one /8 of IPv4"), (6, "one /19 of IPv6")) if public[version] > _MOST[version]
    ]
    return f"more public addresses than {wide[0]}" if wide else None


def _network(value: object) -> Network:
    try:
        if not isinstance(value, str) or "/" not in value or "%" in value:
            raise ValueError
        return ipaddress.ip_network(value)
    except ValueError:
        shown = value[:64] if isinstance(value, str) else "what stands there"
        raise BlockError(f"{shown} is no block, as in 192.0.2.0/24") from None


def _without(block: Network, excepted: Network) -> list[Network]:
    if block.version != excepted.version or not block.overlaps(excepted):
        return [block]
    if block.subnet_of(excepted):  # type: ignore[arg-type]
        return []
    return list(block.address_exclude(excepted))  # type: ignore[arg-type]


def _collapsed(blocks: Iterable[Network]) -> list[Network]:
    every = list(blocks)
    first = [one for one in every if isinstance(one, ipaddress.IPv4Network)]
    second = [one for one in every if isinstance(one, ipaddress.IPv6Network)]
    return [*ipaddress.collapse_addresses(first), *ipaddress.collapse_addresses(second)]


def _ipv4_inside(block: Network) -> Network:
    """Translated and mapped IPv4 counts as the IPv4 in it."""
    if isinstance(block, ipaddress.IPv6Network) and any(block.subnet_of(one) for one in _IPV4_INSIDE):
        low = int(block.network_address) & 0xFFFFFFFF
        return ipaddress.IPv4Network((low, block.prefixlen - 96))
    return block
