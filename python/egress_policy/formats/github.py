"""`--format github`: workflow commands, which GitHub shows beside the lines of a pull request."""

from __future__ import annotations

from egress_policy.formats import clean
from egress_policy.formats.wording import witness
from egress_policy.output import Target
from egress_policy.report import Finding, Report

DETAILS, EXCERPTS = False, False

_LEVELS = {"fail": "error", "warn": "warning"}


def render(report: Report, target: Target) -> None:
    """Failing findings first: GitHub shows ten of each level for a step, and counts the rest."""
    for error in report.errors:
        target.utf8(_command("error", error.file, error.line, "cannot be read", error.message))
    for finding in sorted(report.findings, key=lambda one: one.level != "fail"):
        target.utf8(_finding(finding))
    target.utf8(f"{report.control}: {report.status}: {_plain(report.summary)}\n")


def _finding(finding: Finding) -> str:
    where = finding.location
    message = finding.message + (f"; {witness(finding.witness)}" if finding.witness else "")
    return _command(_LEVELS.get(finding.level, "notice"), where.file, where.line, finding.rule, message)


def _command(level: str, file: str, line: int, title: str, message: str) -> str:
    return f"::{level} file={_property(file)},line={line},title={_property(title)}::{_message(message)}\n"


def _message(text: str) -> str:
    return _plain(text).replace("%", "%25")


def _property(text: str) -> str:
    # What would end the property; line breaks are gone already.
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _plain(text: str) -> str:
    return clean.line(text)
