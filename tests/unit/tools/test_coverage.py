"""How uncovered lines are told."""

from __future__ import annotations

import json

from tools import coverage


def _span(first: int, last: int) -> dict[str, dict[str, int]]:
    return {"start": {"row": first, "col": 1}, "end": {"row": last, "col": 9}}


def test_neighbouring_lines_are_joined_and_counted_once() -> None:
    spans = [_span(9, 9), _span(3, 5), _span(4, 4), _span(6, 6)]
    report = {"files": {"policy/a.rego": {"not_covered": spans, "not_covered_lines": 4}}}
    assert coverage.uncovered(json.dumps(report)) == ["policy/a.rego: 3-6, 9"]


def test_covered_files_are_not_named() -> None:
    report = {"files": {"policy/a.rego": {"covered": [_span(1, 9)], "covered_lines": 9, "coverage": 100}}}
    assert coverage.uncovered(json.dumps(report)) == []
