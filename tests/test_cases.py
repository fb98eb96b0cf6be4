"""Every case of tests/cases through the embedded engine, a real OPA, and conftest."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from egress_policy.audit import Request, audit
from egress_policy.engine import Engine, embedded
from tests import cases
from tests.engines import NAMES, Engines, Kept, Name, conftest_findings, resource, untested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from egress_policy.report import Report

CASES = cases.load()


@pytest.fixture(scope="module", autouse=True)
def kept(tool: Callable[[str], Path], conftest_answers: object) -> Iterator[None]:  # noqa: ARG001 (it starts meanwhile)
    """Audits share an engine for each set of parameters; conftest works on its part meanwhile."""
    engines = Engines(tool("opa"))

    def lent(name: Name, parameters: dict[str, Any], **_: object) -> Engine:
        return Kept(engines.get(name, parameters))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("egress_policy.audit.load", lent)
        yield
    engines.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_audit_says(case: cases.Case, name: Name, tmp_path: Path) -> None:
    case.write(tmp_path)
    report = audit(Request((str(tmp_path),), (), case.settings, case.namespace, name))
    assert said(case, report) == expected(case)


def expected(case: cases.Case) -> dict[str, Any]:
    """What the case fixes, in a form that differs readably."""
    expect = case.expect
    fixed: dict[str, Any] = {
        "status": expect.status,
        "findings": sorted(expect.findings),
        "errors": sorted(expect.errors),
        "counts": expect.counts,
        "messages": sorted(expect.messages),
        "workloads": expect.workloads,
        "namespaces": expect.namespaces,
        "waivers": expect.waivers,
    }
    return fixed if expect.summary is None else {**fixed, "summary": expect.summary}


def said(case: cases.Case, report: Report) -> dict[str, Any]:
    """The same parts of the report; of counts, messages and workloads only what the case names."""
    shown, expect = report.to_json(), case.expect
    workloads = {f"{w['kind']}/{w['name']}": w for namespace in shown["namespaces"] for w in namespace["workloads"]}
    messages = [finding["message"] for finding in shown["findings"]]
    parts: dict[str, Any] = {
        "status": shown["status"],
        "findings": sorted(map(line, shown["findings"])),
        "errors": sorted(f"{error['file']}:{error['line']}" for error in shown["errors"]),
        "counts": {name: shown["counts"].get(name) for name in expect.counts},
        "messages": sorted(m for m in messages if m in expect.messages) if expect.messages else [],
        "workloads": {
            name: {key: workloads.get(name, {}).get(key) for key in wanted} for name, wanted in expect.workloads.items()
        },
        "namespaces": {one["name"]: one["status"] for one in shown["namespaces"] if one["name"] in expect.namespaces},
        "waivers": [fate(waiver) for waiver in shown.get("waivers", [])],
    }
    if expect.messages and parts["messages"] != sorted(expect.messages):
        parts["messages"] = sorted(messages)
    return parts if expect.summary is None else {**parts, "summary": shown["summary"]}


def line(finding: dict[str, Any]) -> str:
    """A finding as the cases write it."""
    parts = (finding["rule"], finding["level"], resource(finding["resource"]), finding["path"])
    return " ".join(filter(None, (*parts, waived_by(finding))))


def waived_by(finding: dict[str, Any]) -> str:
    return f"waived by {finding['waived']['owner']}" if "waived" in finding else ""


def fate(waiver: dict[str, Any]) -> str:
    """What became of a waiver, as the cases write it."""
    return f"used {waiver['findings']}" if waiver["status"] == "used" else str(waiver["status"])


@pytest.fixture(scope="session")
def conftest_answers(
    request: pytest.FixtureRequest, tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[list[dict[str, str]]]]]:
    """All cases that were selected, run side by side: most of a run is waiting for the program to start."""
    functions = [item for item in request.session.items if isinstance(item, pytest.Function)]
    mine = [f for f in functions if f.originalname == "test_conftest_says"]
    selected: list[cases.Case] = [function.callspec.params["case"] for function in mine]  # type: ignore[misc]
    program, root = tool("conftest"), tmp_path_factory.mktemp("conftest")
    policy = untested(root)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {
            case.case: pool.submit(run_conftest, program, policy, case, root / str(number))
            for number, case in enumerate(selected)
        }
        pool.shutdown(cancel_futures=True)


def run_conftest(program: Path, policy: Path, case: cases.Case, folder: Path) -> list[dict[str, str]]:
    files = case.write(folder / "manifests")
    return conftest_findings(program, policy, files, case.settings, folder)


@pytest.mark.parametrize("case", [case for case in CASES if case.conftest], ids=str)
def test_conftest_says(case: cases.Case, conftest_answers: dict[str, Future[list[dict[str, str]]]]) -> None:
    found = conftest_answers[case.case].result()
    assert sorted(map(conftest_line, found)) == sorted(case.expect.findings + case.expect.idle)


def conftest_line(finding: dict[str, str]) -> str:
    parts = (finding["rule"], finding["level"], finding["resource"], finding["path"], finding["waived"])
    return " ".join(filter(None, parts))


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 200


def test_every_finding_kind_has_a_case() -> None:
    assert {expected_line.split()[0] for case in CASES for expected_line in case.expect.findings} == set(cases.KINDS)


def test_every_finding_kind_has_a_case_that_it_nearly_is() -> None:
    near = {case.nearly for case in CASES if case.nearly}
    assert near == set(cases.KINDS)
    wrong = [c.case for c in CASES if c.nearly and any(f.split()[0] == c.nearly for f in c.expect.findings)]
    assert wrong == []


def test_the_cases_know_the_rules_that_there_are() -> None:
    assert set(embedded.metadata()["rules"]) == set(cases.KINDS)
