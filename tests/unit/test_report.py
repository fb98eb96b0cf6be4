"""What the policy answers, made a report."""

from __future__ import annotations

from typing import Any

from egress_policy.judging import Verdicts
from egress_policy.report import COUNTS, Location, Report, Resource, Waived, Waiver, Workload, build

_ANSWER: dict[str, Any] = {
    "control": "egress-restricted",
    "control_version": "1.0.0",
    "severity": "medium",
    "profile": "strict",
    "status": "fail",
    "summary": "…",
    "counts": {name: number for number, name in enumerate(reversed(COUNTS))},
    "parameters": {"profile": "strict", "internalBlocks": []},
    "dropped": [],
    "waivers": None,
    "models": [],
}


def _finding(**changed: Any) -> dict[str, Any]:
    resource = {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web"}
    finding = {"rule": "all-pods", "level": "warn", "message": "m", "path": "", "order": 1, "resource": resource}
    return {**finding, "location": ("a.yaml", 1), **changed}


def _built(
    *findings: dict[str, Any],
    dropped: list[list[Any]] | None = None,
    waivers: list[dict[str, Any]] | None = None,
    **verdicts: Any,
) -> Report:
    answer = {**_ANSWER, "dropped": dropped or [], "waivers": waivers}
    return build(answer, Verdicts(findings=list(findings), **verdicts), [])


def test_the_order_of_what_an_engine_says_does_not_matter() -> None:
    report = _built()
    assert tuple(report.counts) == COUNTS
    assert list(report.parameters) == ["internalBlocks", "profile"]


def test_detail_is_the_first_finding_that_fails() -> None:
    fail = _finding(level="fail", location=("b.yaml", 1), message="second")
    first = _finding(level="fail", location=("a.yaml", 10), message="first")
    assert _built(fail, _finding(message="a warning"), first).detail == "first"
    assert _built(_finding()).detail == ""


def test_findings_are_sorted_by_file_line_and_rule() -> None:
    places = [("b.yaml", 1), ("a.yaml", 10), ("a.yaml", 2)]
    findings = [_finding(location=place, rule=rule) for place in places for rule in ("open-egress", "all-ports")]
    shown = [(one.location.file, one.location.line, one.rule) for one in _built(*findings).findings]
    assert shown == sorted(shown)
    assert shown[0] == ("a.yaml", 2, "all-ports")


def test_what_was_reported_already_is_left_out() -> None:
    twice = [_finding(order=1, rule="expired-destination"), _finding(order=2, rule="expired-destination")]
    message = twice[0]["message"]
    kept = _built(*twice, dropped=[[2, "", "expired-destination", message], [1, "", "other-rule", message]]).findings
    assert len(kept) == 1


def test_a_remedy_of_objects_is_a_manifest_and_a_sentence_stays_one() -> None:
    remedies = [
        _finding(remediation=[{"kind": "A"}, {"kind": "B"}]),
        _finding(order=2, remediation="Do it."),
        _finding(order=3),
    ]
    assert [one.remediation for one in _built(*remedies).findings] == ["kind: A\n---\nkind: B\n", "Do it.", ""]


def test_namespaces_are_sorted_and_keep_their_workloads() -> None:
    workload = {"kind": "Pod", "name": "web", "covered": None, "open": True, "public_share": 1}
    counted = {"status": "pass", "egress_rules": 0, "restricted_rules": 0}
    namespaces = [{"name": "b", "workloads": [workload], **counted}, {"name": "a", "workloads": [], **counted}]
    report = _built(namespaces=namespaces)
    assert [one.name for one in report.namespaces] == ["a", "b"]
    assert report.namespaces[1].workloads == (Workload("Pod", "web", None, True, 1),)


def test_policies_are_sorted_by_place() -> None:
    counted = {"kind": "NetworkPolicy", "namespace": "a", "egress_rules": 0, "restricted_rules": 0, "open_rules": 0}
    policies = [
        {"name": "x", "location": ("b", 2), "order": 2, **counted},
        {"name": "y", "location": ("b", 1), "order": 1, **counted},
    ]
    assert [one.location for one in _built(policies=policies).policies] == [Location("b", 1), Location("b", 2)]


_GRANTED = {"owner": "shop team", "reason": "migration", "expires": "2026-12-31"}
_SHORT = {
    "rule": "all-pods", "resource": {"kind": "Pod", "namespace": "shop", "name": "web"}, **_GRANTED,
    "status": "used", "findings": 2,
}  # fmt: skip
_LONG = {
    "rule": "all-pods", "resource": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web"},
    "path": "a", **_GRANTED, "status": "unused", "findings": 0, "message": "remove it",
}  # fmt: skip


def test_without_a_list_the_report_says_nothing_of_waivers() -> None:
    report = _built(_finding())
    assert report.waivers is None
    assert "waivers" not in report.to_json()
    assert "waived" not in report.to_json()["findings"][0]


def test_an_empty_list_of_waivers_is_one() -> None:
    assert _built(waivers=[]).to_json()["waivers"] == []


def test_waivers_keep_their_order_and_say_only_what_there_is() -> None:
    report = _built(waivers=[_LONG, _SHORT])
    assert report.waivers is not None
    assert report.waivers[1] == Waiver(
        "all-pods",
        Resource("", "Pod", "shop", "web"),
        "",
        Waived("shop team", "migration", "2026-12-31"),
        "used",
        2,
        "",
    )
    assert report.to_json()["waivers"] == [_LONG, _SHORT]
    assert list(report.to_json()["waivers"][0]) == list(_LONG)


def test_a_waived_finding_says_who_waived_it() -> None:
    report = _built(_finding(waived=_GRANTED, waiver=0))
    assert report.findings[0].waived == Waived("shop team", "migration", "2026-12-31")
    shown = report.to_json()["findings"][0]
    assert shown["waived"] == _GRANTED
    assert list(shown) == ["rule", "level", "message", "path", "resource", "location", "waived"]
