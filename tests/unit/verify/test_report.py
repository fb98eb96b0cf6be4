"""What a person and a program are shown."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from egress_policy.output import Target
from egress_policy.verify import report
from egress_policy.verify.layers import State
from egress_policy.verify.report import Outcome, Verification

PASSED = Outcome("plain", {"a": "b"}, "DNS", ("nslookup", "a"), "answers", "answers", "as expected", "exit code 0")
FAILED = Outcome("plain", {}, "outside", ("nc", "a b"), "no answer", "answers", "not as expected", "exit code 0: open")
UNSURE = replace(PASSED, got="not known", verdict="could not tell", said="the pod\x1b[2J\nwas evicted")
GOOD = Verification("https://here", "shop", "", (State("allow-dns", "present"),), (), (PASSED,), ("kubectl get",))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({}, "as expected", id="all is well"),
        pytest.param({"probes": (PASSED, FAILED)}, "not as expected", id="a probe fails"),
        pytest.param({"probes": (PASSED, UNSURE)}, "could not tell", id="a probe proves nothing"),
        pytest.param(
            {"probes": (FAILED, UNSURE)}, "not as expected", id="what is wrong comes before what is not known"
        ),
        pytest.param({"policies": (State("a", "missing"),)}, "not as expected", id="a policy is missing"),
        pytest.param({"policies": (State("a", "differs"),)}, "not as expected", id="a policy differs"),
        pytest.param({"problems": ("pods are left",)}, "could not tell", id="pods are left"),
        pytest.param({"probes": ()}, "could not tell", id="nothing was tried"),
    ],
)
def test_the_verdict(changed: dict[str, tuple[object, ...]], expected: str) -> None:
    assert replace(GOOD, **changed).verdict == expected  # type: ignore[arg-type]


def test_the_text_shows_nothing_but_text() -> None:
    stream = io.BytesIO()
    problem = "`kubectl delete pod a`"
    report.as_text(replace(GOOD, probes=(PASSED, FAILED, UNSURE), problems=(problem,)), Target(stream))
    assert stream.getvalue().decode().splitlines() == [
        "not as expected: 1 of 1 policies present, 1 of 3 probes as expected",
        "cluster https://here, namespace shop",
        "",
        "present  allow-dns",
        "",
        "from a plain pod (a=b)",
        "  as expected: DNS: expected answers, got answers",
        "  not as expected: outside: expected no answer, got answers",
        "    nc 'a b'",
        "    exit code 0: open",
        "  could not tell: DNS: expected answers, got not known",
        "    nslookup a",
        "    the pod\\x1b[2J\\x0awas evicted",
        "",
        problem,
        "",
        "By hand:",
        "  kubectl get",
    ]


def test_the_json_has_it_all() -> None:
    stream = io.BytesIO()
    report.as_json(GOOD, Target(stream))
    assert json.loads(stream.getvalue()) == {
        "schema": "egress-policy/verify/v1",
        "verdict": "as expected",
        "cluster": "https://here",
        "namespace": "shop",
        "model": "",
        "policies": [{"name": "allow-dns", "state": "present"}],
        "others": [],
        "probes": [
            {
                "pod": "plain",
                "labels": {"a": "b"},
                "probe": "DNS",
                "command": ["nslookup", "a"],
                "expected": "answers",
                "got": "answers",
                "verdict": "as expected",
                "said": "exit code 0",
            }
        ],
        "by_hand": ["kubectl get"],
        "problems": [],
    }
