"""What was found against what was expected, and what proves nothing."""

from __future__ import annotations

import pytest

from egress_policy.verify.answers import Found
from egress_policy.verify.judging import judged
from egress_policy.verify.options import Wanted
from egress_policy.verify.plan import planned
from egress_policy.verify.targets import Target

ORDERS = Target("orders", "allow-database", {"tier": "backend"}, 5432, "10.0.0.1")
API = Target("API server", "allow-kube-api", {"role": "controller"}, 443, "10.96.0.1")
PLAN = planned(Wanted("shop"), [ORDERS, API])
GOOD, BAD, UNKNOWN = "as expected", "not as expected", "could not tell"
OBEYED = {
    (subject.name, probe.container): "answers" if probe.expected == "answers" else "timed out"
    for subject in PLAN.subjects
    for probe in subject.probes
}


def _verdicts(changed: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """The verdicts that are not `as expected`."""
    outcomes = judged(PLAN, {key: Found(got) for key, got in {**OBEYED, **changed}.items()})
    found = dict(zip(OBEYED, (one.verdict for one in outcomes), strict=True))
    return {key: verdict for key, verdict in found.items() if verdict != GOOD}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({}, {}, id="a network that obeys"),
        pytest.param({("plain", "dns"): "timed out"}, {("plain", "dns"): BAD}, id="no DNS"),
        pytest.param({("plain", "dns"): "refused"}, {("plain", "dns"): BAD}, id="DNS refuses"),
        pytest.param({("plain", "dns"): "not known"}, {("plain", "dns"): UNKNOWN}, id="nobody knows about DNS"),
        pytest.param({("plain", "outside"): "answers"}, {("plain", "outside"): BAD}, id="the outside answers"),
        pytest.param({("plain", "outside"): "refused"}, {("plain", "outside"): UNKNOWN}, id="who refuses outside"),
        pytest.param({("plain", "outside"): "unreachable"}, {("plain", "outside"): UNKNOWN}, id="no way outside"),
        pytest.param({("plain", "to-1"): "answers"}, {("plain", "to-1"): BAD}, id="a database answers everybody"),
        pytest.param({("plain", "to-1"): "refused"}, {}, id="a plugin that refuses for a database"),
        pytest.param({("plain", "to-1"): "unreachable"}, {}, id="a plugin that says there is no way"),
        pytest.param(
            {("backend", "to-1"): "timed out"},
            {("backend", "to-1"): BAD, ("plain", "to-1"): UNKNOWN, ("controller", "to-1"): UNKNOWN},
            id="the silence of a database that is silent to all proves nothing",
        ),
        pytest.param(
            {("backend", "to-1"): "not known", ("plain", "to-1"): "answers"},
            {("backend", "to-1"): UNKNOWN, ("plain", "to-1"): BAD, ("controller", "to-1"): UNKNOWN},
            id="an answer proves something whatever else is not known",
        ),
        pytest.param(
            {("controller", "to-2"): "timed out"}, {("controller", "to-2"): BAD},
            id="the API server is there: we speak with it",
        ),
        pytest.param(
            {("controller", "to-2"): "timed out", ("plain", "to-2"): "refused"},
            {("controller", "to-2"): BAD, ("plain", "to-2"): UNKNOWN},
            id="who refuses for the API server",
        ),
    ],
)  # fmt: skip
def test_verdicts(changed: dict[tuple[str, str], str], expected: dict[tuple[str, str], str]) -> None:
    assert _verdicts(changed) == expected
