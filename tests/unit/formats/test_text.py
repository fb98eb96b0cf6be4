"""The text that people read."""

from __future__ import annotations

import dataclasses
import io
import re

import pytest

from egress_policy.formats import text
from egress_policy.output import Target
from egress_policy.report import Excerpt, Kind, Location, Namespace, Problem
from tests.unit.formats.reports import (
    DANGLING,
    EXPIRED,
    JUDGED,
    NOTHING,
    OPEN,
    UNUSED,
    USED,
    WAIVED,
    hostile,
    report,
    shown,
)

_EXPECTED = """\
2 egress rules found, 1 restrict to specific destinations; 1 of 2 application namespaces are not restricted.
egress-restricted 1.0.0, profile baseline: fail

In k8s/shop.yaml

fail[open-egress]: NetworkPolicy 'app-egress' allows egress to 0.0.0.0/0 on all ports
  --> k8s/shop.yaml:9 (NetworkPolicy shop/app-egress, spec.egress[0])
     7 |   policyTypes: [Egress]
     8 |   egress:
  >  9 |     - to:
  > 10 |         - ipBlock:
  > 11 |             cidr: 0.0.0.0/0
  = a packet from Deployment shop/web to 93.184.215.14:4444/TCP would get out
  = this would stop it (`kubectl apply -f`):
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: app-egress
        namespace: shop
      spec:
        egress: []

warn[dangling-policy]: NetworkPolicy 'old' selects no workload
  --> k8s/shop.yaml:20 (NetworkPolicy shop/old, spec.podSelector)
  = Remove it, or correct its podSelector.

Not judged, because it could not be read:
  k8s/b.yaml:3: it is no YAML

NAMESPACE  STATUS  RULES  RESTRICTED
shop       fail        1           0
bank       pass        1           1

Next: `egress explain open-egress` says why it matters and how to fix it.
"""


def test_the_whole_report() -> None:
    given = report(errors=(Problem("k8s/b.yaml", 3, "it is no YAML"),))
    assert shown(text.render, given) == _EXPECTED


def test_a_waived_finding_says_who_waived_it_in_one_line() -> None:
    output = shown(text.render, report(findings=(WAIVED,), waivers=(USED,)))
    assert "warn[open-egress]: NetworkPolicy 'app-egress' allows egress to 0.0.0.0/0 on all ports\n" in output
    assert (
        "93.184.215.14:4444/TCP would get out\n  = waived by shop team until 2026-12-31: until the gateway is there\n"
        in output
    )
    assert "Waivers" not in output


def test_a_waived_finding_among_many_says_it_as_well() -> None:
    many = tuple(dataclasses.replace(WAIVED, location=Location("a.yaml", line)) for line in range(1, 27))
    assert "on all ports (waived by shop team until 2026-12-31: until the gateway is there)\n" in shown(
        text.render, report(findings=many)
    )


def test_waivers_that_waive_nothing_are_listed() -> None:
    output = shown(text.render, report(findings=(), namespaces=(), waivers=(UNUSED, USED, EXPIRED)))
    assert output.partition("\n\n")[2] == (
        "Waivers that waive nothing:\n"
        "  waivers.yaml:8: unused: The waiver waives nothing\n"
        "  expired: The waiver expired\n"
    )


def test_kinds_are_counted_where_there_are_more_than_networkpolicies() -> None:
    policies, groups = Kind("NetworkPolicy", 2, 13, 1, 0), Kind("Security\x1bGroup", 1, 1, 0, 1)
    table = "KIND               OBJECTS  RULES  RESTRICTED  OPEN"
    rows = [
        "NetworkPolicy            2     13           1     0",
        "Security\\x1bGroup        1      1           0     1",
    ]
    assert "\n".join([table, *rows]) in shown(text.render, report(kinds=(policies, groups)))
    assert "KIND" not in shown(text.render, report(kinds=(policies,)))


def test_models_of_namespaces_that_have_nothing_are_listed() -> None:
    output = shown(text.render, report(findings=(), namespaces=(), models=(JUDGED, NOTHING)))
    assert output.partition("\n\n")[2] == "Models of namespaces that have nothing:\n  Nothing is there\n"


def test_nothing_to_say() -> None:
    given = report(status="skip", summary="Not applicable.", findings=(), namespaces=())
    assert shown(text.render, given) == "Not applicable.\negress-restricted 1.0.0, profile baseline: skip\n"


def test_colours_only_on_a_terminal_and_only_where_they_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = shown(text.render, report(), terminal=True)
    assert "\x1b[31mfail\x1b[0m" in coloured
    assert re.sub("\x1b\\[\\d*m", "", coloured) == shown(text.render, report())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown(text.render, report(), terminal=True)


def test_nothing_from_a_manifest_reaches_the_terminal_as_a_command() -> None:
    output = shown(text.render, hostile())
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028\ufffe]", output)
    assert not any(line.lstrip().startswith("::") for line in output.splitlines())
    assert "##[" not in output
    assert "\\x1b[2J" in output


def test_a_long_remedy_is_shortened_with_a_hint() -> None:
    long = dataclasses.replace(OPEN, remediation="".join(f"line{i}: 1\n" for i in range(20)))
    output = shown(text.render, report(findings=(long,)))
    assert "line11: 1\n" in output
    assert "line12: 1\n" not in output
    assert "... 8 more lines: `--format json` has them all\n" in output


def test_many_findings_are_listed_a_line_each() -> None:
    many = tuple(dataclasses.replace(DANGLING, location=Location("a.yaml", line)) for line in range(1, 601))
    output = shown(text.render, report(findings=many))
    assert output.count("  --> a.yaml:") == 25
    assert "\na.yaml:26: warn dangling-policy: NetworkPolicy 'old' selects no workload\n" in output
    assert "\na.yaml:525: warn" in output
    assert "\na.yaml:526: warn" not in output
    assert "600 findings, the first 25 in full; the last 75 are left out: `--format json` has all of each.\n" in output


def test_of_many_namespaces_those_that_fail_are_shown() -> None:
    many = tuple(Namespace(f"n{i:03}", "fail" if i == 99 else "pass", 0, 0, ()) for i in range(100))
    output = shown(text.render, report(findings=(), namespaces=many))
    assert re.findall(r"^n\d+ +\w+", output, re.MULTILINE)[0] == "n099       fail"
    assert "and 70 more: `--format json` lists them all.\n" in output


def test_a_stream_that_knows_only_ascii_gets_escapes() -> None:
    stream = io.BytesIO()
    given = report(findings=(dataclasses.replace(DANGLING, message="é 🦀"),))
    text.render(given, Target(stream, "ascii"))
    assert b"warn[dangling-policy]: \\xe9 \\U0001f980\n" in stream.getvalue()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(("egress:", "- to: []", "- {}", "ingress: []"), "> > >", id="a list as deep as its key"),
        pytest.param(("  - {}", "  - to: []"), ">", id="the next entry is another one"),
        pytest.param(("  a:", "", "    b: 1", "", "  c: 1"), "> > >", id="blank lines within, not at the end"),
        pytest.param(("{kind: Pod}",), ">", id="one line"),
        pytest.param(tuple("a" * 1 if i == 0 else "  b" for i in range(9)), "> > > > > >", id="at most six"),
    ],
)  # fmt: skip
def test_the_lines_that_belong_to_a_path_are_marked(lines: tuple[str, ...], expected: str) -> None:
    given = dataclasses.replace(DANGLING, location=Location("a.yaml", 1), excerpt=Excerpt(1, lines))
    output = shown(text.render, report(findings=(given,)))
    assert " ".join(re.findall(r"^  (>) +\d+ \|", output, re.MULTILINE)) == expected
