"""How wide is it? The words of DESIGN.md's "Width", counted exactly with integers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

from tests.model.addresses import EVERY, Addresses, Space, common, public, size
from tests.model.allowances import NAME_LABEL, Allowance, Anything, Labels, Pods, Rules
from tests.model.ports import LAST, Segment, segments

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "168.63.129.16",
    "100.100.100.200",
    "fd00:ec2::254",
    "fd20:ce::254",
]
BROAD_V4, BROAD_V6 = 2**24, 2 ** (128 - 19)


@dataclass(frozen=True, slots=True)
class Limits:
    """The parameters that widths depend on."""

    address_share: Fraction = Fraction(1, 4)
    port_share: Fraction = Fraction(1, 2)
    space: Space = field(default_factory=public)

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Self:
        """From the parameters document; shares are taken as the decimals they are written as."""
        return cls(
            Fraction(str(parameters.get("openAddressShare", 0.25))),
            Fraction(str(parameters.get("openPortShare", 0.5))),
            public(parameters.get("internalBlocks", ())),
        )


@dataclass(frozen=True, slots=True)
class Slice:
    """What is let out on ports that are all alike; `anything` where a rule without `to` says so."""

    segment: Segment
    addresses: Addresses
    anything: bool = False


def _asked(rules: Rules, segment: Segment) -> tuple[Slice, Addresses]:
    """First match decides: deny and allow settle what is not settled yet, pass leaves the tier.

    With what nobody has settled at the end. What a tier that isolates leaves is refused there, but for what it passed.
    """
    open_, left, passed = Addresses(), EVERY, Addresses()
    anything, narrowed = False, False
    ends = {isolation.tier for isolation in rules.isolations}
    asked = [(tier, None) for tier in ends] + [(a.tier, a) for a in rules.allowances]
    last = None
    for tier, allowance in sorted(asked, key=lambda one: (one[0], one[1] is not None, one[1].rank if one[1] else ())):
        if tier != last:
            left, passed, narrowed = _after(last, ends, left, passed), Addresses(), narrowed or last in ends
            last = tier
        if allowance is None:
            continue
        if not allowance.holds_port(segment.protocol, segment.port):
            continue
        named = allowance.addresses() & left
        left -= named
        if allowance.action == "allow":
            open_ |= named
            whole = any(isinstance(d, Anything) for d in allowance.destinations)
            anything = anything or (whole and not narrowed)
            continue
        narrowed = True
        if allowance.action == "pass":
            passed |= named
    return Slice(segment, open_, anything), _after(last, ends, left, passed)


def _after(tier: float | None, ends: set[float], left: Addresses, passed: Addresses) -> Addresses:
    return passed if tier in ends else left | passed


def reach(rules: Rules) -> list[Slice]:
    """All that the ordered allowances of one pod let out, by ports."""
    return [_asked(rules, segment)[0] for segment in _cuts(rules)]


def left_over(rules: Rules) -> list[Slice]:
    """What no rule of one pod speaks about, and no tier refuses at its end: it is let out as well, by ports."""
    return [Slice(segment, _asked(rules, segment)[1]) for segment in _cuts(rules)]


def any_width(one: list[Slice], other: list[Slice]) -> list[Slice]:
    """Both together, of the same rules."""
    return [Slice(a.segment, a.addresses | b.addresses, a.anything) for a, b in zip(one, other, strict=True)]


def _cuts(rules: Rules) -> list[Segment]:
    return list(segments([ports for allowance in rules.allowances for ports in allowance.ports]))


@dataclass(frozen=True, slots=True)
class Width:
    """The words that hold, and the share of the public IPv4 addresses on any port."""

    any_destination: bool
    open: bool
    broad: bool
    many_ports: bool
    share: float


def width(slices: list[Slice], limits: Limits) -> Width:
    """Measure what is let out."""
    holds = [(s.segment, _any_destination(s, limits)) for s in slices]
    return Width(
        any(hit for _, hit in holds),
        _enough_ports((segment for segment, hit in holds if hit), limits),
        any(_broad(s, limits) for s in slices),
        _enough_ports((s.segment for s in slices if s.addresses), limits),
        share(slices, limits),
    )


def _counted(addresses: Addresses, limits: Limits) -> tuple[int, int]:
    inside = addresses.translated()
    counted = limits.space.counted
    return size(common(inside.v4, counted.v4)), size(common(inside.v6, counted.v6))


def _any_destination(one: Slice, limits: Limits) -> bool:
    if one.anything:
        return True
    totals = (size(limits.space.counted.v4), size(limits.space.counted.v6))
    pairs = zip(_counted(one.addresses, limits), totals, strict=True)
    return any(held and held >= limits.address_share * total for held, total in pairs)


def _broad(one: Slice, limits: Limits) -> bool:
    v4, v6 = _counted(one.addresses, limits)
    return one.anything or v4 > BROAD_V4 or v6 > BROAD_V6


def _enough_ports(every: Iterable[Segment], limits: Limits) -> bool:
    counts: dict[str, int] = {}
    for segment in every:
        counts[segment.protocol] = counts.get(segment.protocol, 0) + segment.width
    return any(count >= limits.port_share * LAST for count in counts.values())


def share(slices: list[Slice], limits: Limits) -> float:
    """The public IPv4 addresses on any port over all public ones, cut to 6 decimals."""
    union = Addresses()
    for one in slices:
        union |= one.addresses
    total = size(limits.space.counted.v4)
    held = _counted(union, limits)[0]
    return math.floor(Fraction(held, total) * 10**6) / 10**6 if total else 1.0


def rule_kind(allowance: Allowance, limits: Limits, namespaces: Iterable[Labels] = ()) -> str | None:
    """The first of the width findings that holds for one rule by itself, given the labels of known namespaces."""
    measured = width(reach(Rules((allowance,))), limits)
    many = _enough_ports(
        (s for s in segments(list(allowance.ports)) if allowance.holds_port(s.protocol, s.port)), limits
    )
    if measured.open:
        return "open-egress"
    if measured.any_destination:
        return "any-destination"
    if measured.broad:
        return "broad-destination"
    if many and any(_every_pod(d, namespaces) for d in allowance.destinations):
        return "all-pods"
    if many and any(isinstance(d, Pods) or d.addresses for d in allowance.destinations):
        return "all-ports"
    return None


#: Namespaces that every cluster has, and one of a name that no selector can have thought of.
ANY_CLUSTER = ("default", "kube-system", "kube-public", "kube-node-lease", "?")


def _every_pod(destination: object, namespaces: Iterable[Labels]) -> bool:
    if not isinstance(destination, Pods) or isinstance(destination.namespace, str) or destination.pods.requirements:
        return False
    known = [*({NAME_LABEL: name} for name in ANY_CLUSTER), *namespaces]
    return all(destination.namespace.matches(labels) for labels in known)


def metadata_block(allowance: Allowance) -> int | None:
    """The index of the first block that holds a metadata service on TCP 80."""
    if not allowance.holds_port("TCP", 80):
        return None
    for index, destination in enumerate(allowance.destinations):
        if not isinstance(destination, (Pods, Anything)):
            inside = destination.addresses.translated()
            if any(address in inside for address in METADATA):
                return index
    return None
