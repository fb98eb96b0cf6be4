"""What a check would do, for `--dry-run`: nothing of it is done."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from egress_policy.formats import clean
from egress_policy.output import Target
from egress_policy.verify.layers import State
from egress_policy.verify.options import Wanted
from egress_policy.verify.plan import Plan, Probe
from egress_policy.verify.pods import manifest

SCHEMA = "egress-policy/verify-plan/v1"
Found = dict[str, Any]
_NAME = "egress-verify-0123456789abcdef"


def found(plan: Plan, wanted: Wanted, uid: str, states: Sequence[State], by_hand: Sequence[str]) -> Found:
    """The policies as they are, the pods as they would be, and the commands."""
    policies = [{"name": one.name, "state": one.state} for one in states]
    pods = [manifest(_NAME, subject, wanted, uid) for subject in plan.subjects]
    return {"schema": SCHEMA, "namespace": wanted.namespace, "policies": policies, "pods": pods, "by_hand": [*by_hand]}


def as_json(found: Found, _plan: Plan, target: Target) -> None:
    """One object."""
    target.utf8(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


def as_text(found: Found, plan: Plan, target: Target) -> None:
    """The same for people; the pods are what kubectl would take."""
    for line in _lines(found, plan):
        target.write(f"{line}\n")


def _lines(found: Found, plan: Plan) -> Iterator[str]:
    count = len(plan.subjects)
    yield f"dry run: nothing was created; {count} pods would be in namespace {found['namespace']}, and be removed again"
    yield ""
    yield from (f"{one['state']:<8} {clean.line(one['name'])}" for one in found["policies"])
    for subject in plan.subjects:
        yield from ("", f"from a {clean.line(subject.name)} pod")
        yield from (f"  {_probe(probe)}" for probe in subject.probes)
    for pod in found["pods"]:
        yield from ("", *clean.lines(json.dumps(pod, indent=2, ensure_ascii=False)))
    yield from ("", "By hand:", *(f"  {line}" for command in found["by_hand"] for line in clean.lines(command)))


def _probe(probe: Probe) -> str:
    what = f"{clean.line(probe.what)}: expected {probe.expected}"
    return f"{what}; cannot be tried: {clean.line(probe.unknown)}" if probe.unknown else what
