"""Exact sets of IP addresses: sorted, disjoint, inclusive intervals of integers, one list a family."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Interval: TypeAlias = tuple[int, int]
Intervals: TypeAlias = tuple[Interval, ...]

V4_MAX = 2**32 - 1
V6_MAX = 2**128 - 1
#: The IPv6 blocks whose addresses stand for the IPv4 address in their last 32 bits: NAT64 and v4-mapped.
TRANSLATED = tuple(int(ipaddress.IPv6Address(a)) for a in ("64:ff9b::", "::ffff:0:0"))

NOT_PUBLIC_V4 = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
]
#: IANA "IPv6 Global Unicast Address Assignments": what is assigned to a regional registry, as known in 2025.
ASSIGNED_V6 = [
    "2001:200::/23",
    "2001:400::/23",
    "2001:600::/23",
    "2001:800::/22",
    "2001:c00::/23",
    "2001:e00::/23",
    "2001:1200::/23",
    "2001:1400::/22",
    "2001:1800::/23",
    "2001:1a00::/23",
    "2001:1c00::/22",
    "2001:2000::/19",
    "2001:4000::/23",
    "2001:4200::/23",
    "2001:4400::/23",
    "2001:4600::/23",
    "2001:4800::/23",
    "2001:4a00::/23",
    "2001:4c00::/23",
    "2001:5000::/20",
    "2001:8000::/19",
    "2001:a000::/20",
    "2001:b000::/20",
    "2003::/18",
    "2400::/12",
    "2410::/12",
    "2600::/12",
    "2610::/23",
    "2620::/23",
    "2630::/12",
    "2800::/12",
    "2a00::/12",
    "2a10::/12",
    "2c00::/12",
]
#: Documentation blocks are left out of the sums, and are public otherwise.
DOCUMENTATION = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")


def merged(intervals: Iterable[Interval]) -> Intervals:
    """Sort, and join what overlaps or touches."""
    result: list[Interval] = []
    for low, high in sorted(intervals):
        if low > high:
            continue
        if result and low <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return tuple(result)


def common(one: Intervals, other: Intervals) -> Intervals:
    """The intersection of two merged lists."""
    result: list[Interval] = []
    i = j = 0
    while i < len(one) and j < len(other):
        low, high = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if low <= high:
            result.append((low, high))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return tuple(result)


def complement(intervals: Intervals, maximum: int) -> Intervals:
    """Everything from 0 to the maximum that is in none of the merged intervals."""
    result: list[Interval] = []
    start = 0
    for low, high in intervals:
        if start < low:
            result.append((start, low - 1))
        start = high + 1
    if start <= maximum:
        result.append((start, maximum))
    return tuple(result)


def size(intervals: Intervals) -> int:
    """How many integers the merged intervals hold."""
    return sum(high - low + 1 for low, high in intervals)


@dataclass(frozen=True, slots=True)
class Addresses:
    """A set of IPv4 and IPv6 addresses. `::ffff:0:0/96` is kept as the IPv4 it stands for only once translated."""

    v4: Intervals = ()
    v6: Intervals = ()

    def __or__(self, other: Addresses) -> Addresses:
        return Addresses(merged(self.v4 + other.v4), merged(self.v6 + other.v6))

    def __and__(self, other: Addresses) -> Addresses:
        return Addresses(common(self.v4, other.v4), common(self.v6, other.v6))

    def __sub__(self, other: Addresses) -> Addresses:
        return self & Addresses(complement(other.v4, V4_MAX), complement(other.v6, V6_MAX))

    def __bool__(self) -> bool:
        return bool(self.v4 or self.v6)

    def __contains__(self, address: str) -> bool:
        parsed = ipaddress.ip_address(address)
        intervals = self.v4 if parsed.version == 4 else self.v6
        return any(low <= int(parsed) <= high for low, high in intervals)

    def translated(self) -> Addresses:
        """With the IPv4 inside of NAT64 and v4-mapped IPv6 added to the IPv4, and taken out of the IPv6."""
        v4, v6 = list(self.v4), self.v6
        for base in TRANSLATED:
            inside = ((base, base + V4_MAX),)
            v4 += [(low - base, high - base) for low, high in common(self.v6, inside)]
            v6 = common(v6, complement(inside, V6_MAX))
        return Addresses(merged(v4), v6)


EVERY = Addresses(((0, V4_MAX),), ((0, V6_MAX),))


def block(cidr: str) -> Addresses:
    """A CIDR as the API server reads it: leading zeros are decimal, host bits are cut, v4-mapped is IPv4.

    Raises ValueError for what is no CIDR in that reading.
    """
    match = re.fullmatch(r"([0-9a-fA-F:.]+)/0*(\d{1,3})", cidr, re.ASCII)
    if match is None:
        raise ValueError(f"no CIDR: {cidr!r}")
    address, length = _address(match[1]), int(match[2])
    bits = address.max_prefixlen
    if length > bits:
        raise ValueError(f"no CIDR: {cidr!r}")
    if address.version == 6 and (mapped := address.ipv4_mapped) is not None and length >= 96:
        return block(f"{mapped}/{length - 96}")
    low = int(address) >> (bits - length) << (bits - length)
    interval = ((low, low + 2 ** (bits - length) - 1),)
    return Addresses(v4=interval) if address.version == 4 else Addresses(v6=interval)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Leading zeros are allowed everywhere, and mean nothing."""
    head, _, tail = text.rpartition(":")
    groups = [group.lstrip("0") or group[:1] for group in head.split(":")]
    digits = r"0+(?=[0-9])" if "." in tail else r"^0+(?=[0-9a-fA-F])"
    tail = re.sub(rf"\b{digits}" if "." in tail else digits, "", tail)
    return ipaddress.ip_address(f"{':'.join(groups)}:{tail}" if ":" in text else tail)


def blocks(cidrs: Iterable[str]) -> Addresses:
    """The union of some CIDRs."""
    result = Addresses()
    for cidr in cidrs:
        result |= block(cidr)
    return result


@dataclass(frozen=True, slots=True)
class Space:
    """Which addresses are public: `counted` for the sums, `everywhere` with the documentation blocks."""

    counted: Addresses
    everywhere: Addresses


def public(internal: Iterable[str] = (), assigned_v6: Iterable[str] = ASSIGNED_V6) -> Space:
    """The public addresses when the given blocks count as private."""
    v4 = Addresses(v4=((0, V4_MAX),)) - blocks(NOT_PUBLIC_V4)
    documentation, private = blocks(DOCUMENTATION), blocks(internal).translated()
    everywhere = (v4 | blocks(assigned_v6) | documentation) - private
    return Space(everywhere - documentation, everywhere)
