"""What was found against what was expected. What proves nothing is neither a pass nor a fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from egress_policy.verify.answers import ANSWERED, REFUSED, TIMED_OUT, UNKNOWN, UNREACHABLE, Found
from egress_policy.verify.layers import API
from egress_policy.verify.plan import ANSWERS, Plan, Probe
from egress_policy.verify.probing import Results
from egress_policy.verify.report import AS_EXPECTED, COULD_NOT_TELL, NOT_AS_EXPECTED, Outcome

_SHUT = frozenset({TIMED_OUT, REFUSED, UNREACHABLE})


def judged(plan: Plan, results: Results) -> tuple[Outcome, ...]:
    """An outcome for each probe, in the order of the plan."""
    reached = set(_reached(plan, results))
    return tuple(
        _outcome(subject.name, subject.labels, probe, results[subject.name, probe.container], reached)
        for subject in plan.subjects
        for probe in subject.probes
    )


def _reached(plan: Plan, results: Results) -> Iterable[str]:
    """The containers' names of what answered at least one pod that may reach it: they are the same in every pod."""
    for subject in plan.subjects:
        for probe in subject.probes:
            if probe.expected == ANSWERS and results[subject.name, probe.container].got == ANSWERED:
                yield probe.container


def _outcome(pod: str, labels: Mapping[str, str], probe: Probe, found: Found, reached: set[str]) -> Outcome:
    verdict, why = _verdict(probe, found.got, reached=probe.container in reached)
    said = ": ".join(filter(None, (found.said, why)))
    return Outcome(pod, dict(labels), probe.what, probe.command, probe.expected, found.got, verdict, said)


def _verdict(probe: Probe, got: str, *, reached: bool) -> tuple[str, str]:
    """The verdict, and why it cannot be another where that is not plain."""
    if got == UNKNOWN:
        return COULD_NOT_TELL, ""
    if probe.expected == ANSWERS or got == ANSWERED:
        return (AS_EXPECTED if (got == ANSWERED) == (probe.expected == ANSWERS) else NOT_AS_EXPECTED), ""
    return _silent(probe, got, reached=reached)


def _silent(probe: Probe, got: str, *, reached: bool) -> tuple[str, str]:
    """Nothing answered where nothing should: because of the policies, or because nothing is there."""
    if reached and got in _SHUT:
        return AS_EXPECTED, ""
    if probe.target is not None and probe.target.layer != API:
        return COULD_NOT_TELL, "it did not answer the pods that may reach it either, so silence proves nothing"
    if got == TIMED_OUT:
        return AS_EXPECTED, ""
    return COULD_NOT_TELL, "the network plugin may have said so, or a host outside, to which packets then get through"
