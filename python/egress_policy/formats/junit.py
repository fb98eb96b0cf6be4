"""`--format junit`: a test case for each namespace and each finding, for build servers that show test results.

Written with junitparser: it is kept up, has no dependencies, and knows the dialects of the servers better than we do.
"""

from __future__ import annotations

from collections.abc import Iterator

import junitparser

from egress_policy.formats import clean
from egress_policy.formats.wording import resource, waived, waiver, witness
from egress_policy.output import Target
from egress_policy.report import Declared, Finding, Namespace, Report, Waiver

DETAILS, EXCERPTS = False, False


class _Case(junitparser.TestCase):
    """With the place, as pytest writes it and GitLab reads it."""

    file = junitparser.Attr("file")
    line = junitparser.IntAttr("line")


def render(report: Report, target: Target) -> None:
    """One suite: the control. A warning, waived or not, is a passed case that says so in its output."""
    suite = junitparser.TestSuite(report.control)
    suite.add_testcases(list(_cases(report)))
    suite.add_property("summary", clean.line(report.summary))
    suite.add_property("profile", report.profile)
    results = junitparser.JUnitXml()
    results.add_testsuite(suite)
    results.update_statistics()  # type: ignore[no-untyped-call]
    target.utf8('<?xml version="1.0" encoding="UTF-8"?>\n')
    target.utf8(results.tostring().decode() + "\n")  # type: ignore[no-untyped-call]


def _cases(report: Report) -> Iterator[_Case]:
    yield _verdict(report)
    for namespace in report.namespaces:
        if namespace.status != "fail":  # what fails there has its own cases
            yield _namespace(namespace)
    for finding in report.findings:
        yield _finding(finding)
    yield from (_waiver(one) for one in report.waivers or () if one.message)
    yield from (_model(one) for one in report.models if one.message)
    for error in report.errors:
        case = _case(f"{error.file}:{error.line}", "cannot be read")
        case.result = [junitparser.Error(clean.line(error.message), "unreadable")]
        yield case


def _verdict(report: Report) -> _Case:
    """So that nothing to judge is a skipped test, not a suite without tests."""
    case = _case(report.control, report.control)
    if report.status == "skip":
        case.result = [junitparser.Skipped(clean.line(report.summary))]
    elif report.status != "pass":
        case.result = [junitparser.Failure(clean.line(report.summary), report.status)]
    return case


def _namespace(namespace: Namespace) -> _Case:
    case = _case(f"namespace {namespace.name}", "namespace")
    if namespace.status == "skip":
        case.result = [junitparser.Skipped()]
    return case


def _finding(finding: Finding) -> _Case:
    where = finding.location
    case = _case(f"{finding.rule}: {resource(finding.resource)} {finding.path}".rstrip(), finding.rule)
    case.file, case.line = clean.line(where.file), where.line
    text = "\n".join(_text(finding))
    if finding.level == "fail":
        failure = junitparser.Failure(clean.line(finding.message), finding.rule)
        failure.text = text
        case.result = [failure]
    else:
        case.system_out = text
    return case


def _waiver(one: Waiver) -> _Case:
    """One that waives nothing; what the others waive has its own cases."""
    case = _case(f"{one.status} waiver of {waiver(one)}", "waivers")
    if one.location is not None:
        case.file, case.line = clean.line(one.location.file), one.location.line
    case.system_out = clean.line(one.message)
    return case


def _model(one: Declared) -> _Case:
    """One that nothing was judged by."""
    case = _case(f"model {one.model} of namespace {one.namespace}", "models")
    case.system_out = clean.line(one.message)
    return case


def _case(name: str, classname: str) -> _Case:
    return _Case(clean.line(name), classname=clean.line(classname))


def _text(finding: Finding) -> Iterator[str]:
    yield clean.line(f"{finding.location.file}:{finding.location.line}: {finding.message}")
    if finding.witness is not None:
        yield clean.line(witness(finding.witness))
    if finding.waived is not None:
        yield clean.line(waived(finding.waived))
    yield from clean.lines(finding.remediation)
