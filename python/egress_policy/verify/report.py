"""The result of a check, for people and for programs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from egress_policy.formats import clean
from egress_policy.output import Target
from egress_policy.verify.layers import PRESENT, State

AS_EXPECTED, NOT_AS_EXPECTED, COULD_NOT_TELL = "as expected", "not as expected", "could not tell"
SCHEMA = "egress-policy/verify/v1"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One probe from one pod: what was expected, what was got, and the verdict. `said` is why, or empty."""

    pod: str
    labels: dict[str, str]
    probe: str
    command: tuple[str, ...]
    expected: str
    got: str
    verdict: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """Everything about one namespace.

    `others` are further policies there, `by_hand` the commands that do the same, `problems` what could not be done.
    """

    cluster: str
    namespace: str
    model: str
    policies: tuple[State, ...]
    others: tuple[str, ...]
    probes: tuple[Outcome, ...]
    by_hand: tuple[str, ...]
    problems: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """What is wrong for certain comes before what is not known."""
        verdicts = {one.verdict for one in self.probes}
        if NOT_AS_EXPECTED in verdicts or any(one.state != PRESENT for one in self.policies):
            return NOT_AS_EXPECTED
        return COULD_NOT_TELL if self.problems or COULD_NOT_TELL in verdicts or not verdicts else AS_EXPECTED


def as_json(found: Verification, target: Target) -> None:
    """One object; readers ignore what they do not know."""
    target.utf8(json.dumps(_object(found), indent=2, ensure_ascii=False) + "\n")


def _object(found: Verification) -> dict[str, Any]:
    return {"schema": SCHEMA, "verdict": found.verdict, **asdict(found)}


def as_text(found: Verification, target: Target) -> None:
    """The verdict first, then policies, probes, what could not be done, and the commands."""
    for line in _lines(found):
        target.write(f"{line}\n")


def _lines(found: Verification) -> Iterator[str]:
    yield f"{found.verdict}: {_sum(found)}"
    by = f", model {clean.line(found.model)}" if found.model else ""
    yield f"cluster {clean.line(found.cluster)}, namespace {found.namespace}{by}"
    yield ""
    yield from (f"{one.state:<8} {clean.line(one.name)}" for one in found.policies)
    if found.others:
        yield f"besides  {', '.join(map(clean.line, found.others))} (policies add up: what one allows is allowed)"
    for pod in dict.fromkeys(one.pod for one in found.probes):
        yield from _pod(pod, [one for one in found.probes if one.pod == pod])
    yield from ("", *map(clean.line, found.problems)) if found.problems else ()
    yield from ("", "By hand:", *(f"  {line}" for command in found.by_hand for line in clean.lines(command)))


def _sum(found: Verification) -> str:
    there = sum(one.state == PRESENT for one in found.policies)
    good = sum(one.verdict == AS_EXPECTED for one in found.probes)
    return f"{there} of {len(found.policies)} policies present, {good} of {len(found.probes)} probes as expected"


def _pod(name: str, outcomes: list[Outcome]) -> Iterator[str]:
    labels = ",".join(f"{key}={value}" for key, value in outcomes[0].labels.items())
    yield from ("", f"from a {clean.line(name)} pod ({clean.line(labels)})")
    for one in outcomes:
        yield f"  {one.verdict}: {clean.line(one.probe)}: expected {one.expected}, got {one.got}"
        if one.verdict != AS_EXPECTED:
            yield f"    {clean.line(shlex.join(one.command))}"
            yield from [f"    {clean.line(one.said)}"] if one.said else []
