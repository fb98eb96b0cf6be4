"""`--format github`: workflow commands, which GitHub shows beside the lines of a pull request."""

from __future__ import annotations

from egress_policy.formats import clean
from egress_policy.formats.wording import waived, witness
from egress_policy.output import Target
from egress_policy.report import Finding, Location, Report

DETAILS, EXCERPTS = False, False

_LEVELS = {"fail": "error", "warn": "warning"}


def render(report: Report, target: Target) -> None:
    """Failing findings first: GitHub shows ten of each level for a step, and counts the rest."""
    for error in report.errors:
        target.utf8(_command("error", Location(error.file, error.line), "cannot be read", error.message))
    for finding in sorted(report.findings, key=lambda one: one.level != "fail"):
        target.utf8(_finding(finding))
    for waiver in report.waivers or ():
        if waiver.message:
            target.utf8(_command("warning", waiver.location, f"{waiver.status} waiver", waiver.message))
    for model in report.models:
        if model.message:
            target.utf8(_command("warning", None, "unused model", model.message))
    target.utf8(f"{report.control}: {report.status}: {_plain(report.summary)}\n")


def _finding(finding: Finding) -> str:
    parts = [
        finding.message,
        *([witness(finding.witness)] if finding.witness else []),
        *([waived(finding.waived)] if finding.waived else []),
    ]
    return _command(_LEVELS.get(finding.level, "notice"), finding.location, finding.rule, "; ".join(parts))


def _command(level: str, where: Location | None, title: str, message: str) -> str:
    place = f"file={_property(where.file)},line={where.line}," if where else ""
    return f"::{level} {place}title={_property(title)}::{_message(message)}\n"


def _message(text: str) -> str:
    return _plain(text).replace("%", "%25")


def _property(text: str) -> str:
    # What would end the property; line breaks are gone already.
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _plain(text: str) -> str:
    return clean.line(text)
