"""`--format sarif`: SARIF 2.1.0, for code scanning. One rule for each kind of finding, with its help."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from egress_policy import __version__
from egress_policy.engine import embedded
from egress_policy.formats import clean
from egress_policy.formats.wording import resource, waived, witness
from egress_policy.output import Target
from egress_policy.report import Cluster, Finding, Location, Problem, Report

DETAILS, EXCERPTS = False, False

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"fail": "error", "warn": "warning"}
# GitHub's bands: over 9 critical, 7 high, 4 medium, 0 low.
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0"}


def render(report: Report, target: Target) -> None:
    """One run."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report)]}
    target.utf8(json.dumps(log, indent=1, allow_nan=False) + "\n")


def _run(report: Report) -> dict[str, Any]:
    rules = sorted(embedded.metadata()["rules"])
    return {
        "tool": {"driver": _driver(rules)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "where the command was run"}}},
        "invocations": [_invocation(report)],
        "results": [
            {**_result(finding, rules, report.cluster), **_suppressions(finding, listed=report.waivers is not None)}
            for finding in report.findings
        ],
        "properties": {
            "control": report.control,
            "controlVersion": report.control_version,
            "profile": report.profile,
            "status": report.status,
            "summary": report.summary,
            "counts": report.counts,
        },
    }


def _driver(rules: Iterable[str]) -> dict[str, Any]:
    described = embedded.metadata()["rules"]
    return {
        "name": "egress-policy",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(name, described[name]) for name in rules],
    }


def _rule(name: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    descriptor: dict[str, Any] = {
        "id": name,
        "name": "".join(word.capitalize() for word in name.split("-")),
        "shortDescription": {"text": rule["title"]},
        "fullDescription": {"text": rule["description"]},
        "help": {"text": _help(rule), "markdown": _markdown(name, rule)},
        "defaultConfiguration": {"level": _LEVELS.get(str(rule["levels"].get("baseline")), "warning")},
        "properties": {"security-severity": _SCORES.get(rule["severity"], "5.5"), "tags": ["security", "egress"]},
    }
    references = rule.get("related_resources") or []
    if references:  # an absolute one, as SARIF asks; the first is the one that says most
        descriptor["helpUri"] = references[0]["ref"]
    return descriptor


def _help(rule: Mapping[str, Any]) -> str:
    return f"{rule['description']}\n\nHow to fix it: {rule['remediation']}"


def _markdown(name: str, rule: Mapping[str, Any]) -> str:
    references = "".join(
        f"\n- [{one.get('description') or one['ref']}]({one['ref']})" for one in rule.get("related_resources") or []
    )
    remedy = f"**How to fix it:** {rule['remediation']}"
    return f"**{rule['title']}** (`{name}`)\n\n{rule['description']}\n\n{remedy}\n{references}"


def _result(finding: Finding, rules: list[str], cluster: Cluster | None) -> dict[str, Any]:
    where = finding.location
    logical = {"fullyQualifiedName": f"{resource(finding.resource)} {finding.path}".rstrip(), "kind": "resource"}
    return {
        "ruleId": finding.rule,
        **({"ruleIndex": rules.index(finding.rule)} if finding.rule in rules else {}),
        "level": _LEVELS.get(finding.level, "note"),
        "message": {"text": _message(finding)},
        "locations": [{**location(where.file, where.line, cluster), "logicalLocations": [logical]}],
        "partialFingerprints": {"egressPolicy/v1": _fingerprint(finding)},
        "properties": {"level": finding.level, "path": finding.path},
    }


def _suppressions(finding: Finding, *, listed: bool) -> dict[str, Any]:
    """Nothing where there is no list: SARIF wants them on all results of a run or on none."""
    if not listed:
        return {}
    if finding.waived is None:
        return {"suppressions": []}
    justification = clean.line(waived(finding.waived))
    return {"suppressions": [{"kind": "external", "status": "accepted", "justification": justification}]}


def _message(finding: Finding) -> str:
    return finding.message + (f"; {witness(finding.witness)}" if finding.witness is not None else "")


def location(file: str, line: int, cluster: Cluster | None) -> dict[str, Any]:
    """A line of a file, or of what a cluster serves."""
    return {"physicalLocation": {"artifactLocation": _artifact(file, cluster), "region": {"startLine": line}}}


def _artifact(file: str, cluster: Cluster | None) -> dict[str, Any]:
    if cluster is not None:  # an API path, which is a file of no machine
        return {"uri": f"{cluster.server}{file}" if file.startswith("/") else cluster.server}
    path = PurePath(file)
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(path.as_posix(), errors="backslashreplace"), "uriBaseId": "%SRCROOT%"}


def _fingerprint(finding: Finding) -> str:
    """The same while lines move: what is found about which field of which object in which file."""
    named = finding.resource
    what = (named.api_version, named.kind, named.namespace, named.name, finding.path)
    parts = (finding.rule, finding.location.file, *what)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()


def _invocation(report: Report) -> dict[str, Any]:
    return {
        "executionSuccessful": report.status != "error",
        "toolExecutionNotifications": [_notification(error, report.cluster) for error in report.errors],
        "toolConfigurationNotifications": [
            *(_idle(f"{one.status}-waiver", one.message, one.location) for one in report.waivers or () if one.message),
            *(_idle("unused-model", one.message, None) for one in report.models if one.message),
        ],
    }


def _notification(error: Problem, cluster: Cluster | None) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": clean.line(error.message)},
        "locations": [location(error.file, max(error.line, 1), cluster)],
        "descriptor": {"id": "unreadable"},
    }


def _idle(name: str, message: str, where: Location | None) -> dict[str, Any]:
    return {
        "level": "warning",
        "message": {"text": clean.line(message)},
        **({"locations": [location(where.file, where.line, None)]} if where else {}),
        "descriptor": {"id": name},
    }
