"""Which probes run in which pods, and what each of them should find."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from egress_policy.errors import EgressPolicyError
from egress_policy.verify import layers
from egress_policy.verify.layers import Policy
from egress_policy.verify.options import Place, UsageError, Wanted
from egress_policy.verify.targets import Labels, Target

ANSWERS, SILENT = "answers", "no answer"
MANAGED_BY = {"app.kubernetes.io/managed-by": "egress-policy"}
# More pods than these, or more probes in one, no cluster should be asked for at once.
MOST_PODS, MOST_PROBES = 20, 24
_DNS, _OUTSIDE = "dns", "outside"


class PlanError(EgressPolicyError):
    """There is too much to probe."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing to try from one pod: `expected` is ANSWERS or SILENT. `target` is None for DNS and the outside.

    `container` is its name in the pod, unique there. `unknown` says why it cannot be tried.
    """

    container: str
    what: str
    command: tuple[str, ...]
    expected: str
    place: Place | None = None
    target: Target | None = None
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """One probe pod: what it stands for, the labels under test, and its probes."""

    name: str
    under_test: Labels
    probes: tuple[Probe, ...]

    @property
    def labels(self) -> dict[str, str]:
        """All of its labels; those under test win."""
        return {**MANAGED_BY, **self.under_test}


@dataclass(frozen=True, slots=True)
class Plan:
    """All pods."""

    subjects: tuple[Subject, ...]


def planned(wanted: Wanted, targets: Sequence[Target], approved: Iterable[str] = ()) -> Plan:
    """The probes. `approved` are the blocks that pods may reach: outside cannot lie in them. Raises UsageError."""
    _check_outside(wanted.outside, approved)
    places = list(dict.fromkeys((one.layer, one.place if one.host else one.name) for one in targets))
    if 2 + len(places) > MOST_PROBES:
        raise PlanError(f"{len(places)} databases are more than are probed at once ({MOST_PROBES - 2})")
    groups = _groups(targets)
    if len(groups) > MOST_PODS:
        raise PlanError(f"{len(groups)} sets of labels are more than are probed at once ({MOST_PODS})")
    return Plan(tuple(Subject(name, labels, tuple(_probes(wanted, labels, targets))) for name, labels in groups))


def blocks(policies: Iterable[Policy]) -> Iterator[str]:
    """The blocks that the policies for HTTPS allow."""
    for policy in layers.of_layer(layers.HTTPS, policies):
        for rule in (policy.get("spec") or {}).get("egress") or ():
            for peer in rule.get("to") or ():
                cidr = (peer.get("ipBlock") or {}).get("cidr")
                if isinstance(cidr, str):
                    yield cidr


def _check_outside(outside: Place, approved: Iterable[str]) -> None:
    for block in approved:
        if _within(outside.host, block):
            raise UsageError(f"--outside {outside} lies in {block}, which {layers.HTTPS} allows: name another address")


def _within(host: str, block: str) -> bool:
    try:
        address, network = ipaddress.ip_address(host), ipaddress.ip_network(block, strict=False)
    except ValueError:  # a name, or a block that the API server would not take
        return False
    return address.version == network.version and address in network


def _groups(targets: Sequence[Target]) -> list[tuple[str, Labels]]:
    """The sets of labels under test, each with a name: a plain pod first, which nothing further is allowed to."""
    found: dict[frozenset[tuple[str, str]], tuple[str, Labels]] = {frozenset(): ("plain", {})}
    for target in targets:
        role = "controller" if target.layer == layers.API else "backend"
        taken = {name for name, _ in found.values()}
        names = (role, f"{role} of {target.name}", f"{role} {len(found)}")
        name = next(one for one in names if one not in taken)
        found.setdefault(frozenset(target.allowed.items()), (name, target.allowed))
    return list(found.values())


def _probes(wanted: Wanted, labels: Labels, targets: Sequence[Target]) -> Iterator[Probe]:
    yield Probe(_DNS, f"DNS resolves {wanted.lookup}", ("nslookup", wanted.lookup), ANSWERS)
    yield Probe(_OUTSIDE, f"outside, {wanted.outside}", connecting(wanted.outside), SILENT, wanted.outside)
    seen: set[Any] = set()
    for number, target in enumerate(targets, 1):
        key = (target.layer, target.place if target.host else target.name)
        if key in seen:
            continue
        seen.add(key)
        expected = ANSWERS if _allowed({**MANAGED_BY, **labels}, target, targets) else SILENT
        what = f"{target.name}, {target.place}" if target.host else f"{target.name}, port {target.port}"
        yield Probe(f"to-{number}", what, connecting(target.place), expected, target.place, target, target.unknown)


def _allowed(labels: Mapping[str, str], target: Target, targets: Iterable[Target]) -> bool:
    """Whether any of the targets at the same place admits a pod with these labels."""
    same = [one for one in targets if one is target or (target.host and one.place == target.place)]
    return any(one.allowed.items() <= labels.items() for one in same)


def connecting(place: Place) -> tuple[str, ...]:
    """A TCP connection that sends nothing, and says how it ended."""
    return ("nc", "-zvv", "-w", "2", place.host, str(place.port))
