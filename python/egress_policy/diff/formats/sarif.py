"""`--format sarif`: SARIF 2.1.0, for code scanning. One result for each workload and rule that made a difference."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from egress_policy import __version__
from egress_policy.diff.changes import Difference, Entry, Namespace, Problem, Workload
from egress_policy.diff.formats import wording
from egress_policy.formats import clean
from egress_policy.formats.sarif import SCHEMA, location
from egress_policy.output import Target
from egress_policy.report import Location

_RULES = {
    "egress-opened": ("A workload may reach more than before", "warning"),
    "egress-closed": ("A workload may no longer reach what it did", "note"),
}
# A message is read by people; `--format json` has all.
_MOST = 20

Json = dict[str, Any]


def render(difference: Difference, target: Target) -> None:
    """One run."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(difference)]}
    target.utf8(json.dumps(log, indent=1, allow_nan=False) + "\n")


def _run(difference: Difference) -> Json:
    return {
        "tool": {"driver": _driver()},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "where the command was run"}}},
        "invocations": [
            {
                "executionSuccessful": difference.status != "error",
                "toolExecutionNotifications": [_notification(error) for error in difference.errors],
            }
        ],
        "results": [
            result
            for namespace in difference.namespaces
            for workload in namespace.workloads
            for result in _results(namespace, workload)
        ],
        "properties": {"status": difference.status, "summary": difference.summary, "counts": difference.counts},
    }


def _driver() -> Json:
    rules = [
        {
            "id": name,
            "name": "".join(word.capitalize() for word in name.split("-")),
            "shortDescription": {"text": text},
            "defaultConfiguration": {"level": level},
            "properties": {"tags": ["security", "egress"]},
        }
        for name, (text, level) in _RULES.items()
    ]
    return {"name": "egress-policy", "version": __version__, "semanticVersion": __version__, "rules": rules}


def _results(namespace: Namespace, workload: Workload) -> Iterator[Json]:
    for rule, entries in (("egress-opened", workload.opened), ("egress-closed", workload.closed)):
        together: dict[tuple[Location, bool], list[Entry]] = {}
        for entry in entries:
            where = entry.sources[0].location if entry.sources else workload.location
            together.setdefault((where, entry.approved), []).append(entry)
        for (where, approved), group in together.items():
            yield _result(rule, (namespace, workload), group, where, approved=approved)


def _result(
    rule: str, about: tuple[Namespace, Workload], entries: list[Entry], where: Location, *, approved: bool
) -> Json:
    namespace, workload = about
    who = clean.line(f"{wording.workload(workload)} in {wording.place(namespace)}")
    listed = wording.lines(entries)
    to = "; ".join(clean.line(f"{line.destination} on {line.ports}") for line in listed[:_MOST])
    rest = f"; and {len(listed) - _MOST} more" if len(listed) > _MOST else ""
    says = "may now reach" if rule == "egress-opened" else "may no longer reach"
    level = "note" if approved else _RULES[rule][1]
    return {
        "ruleId": rule,
        "ruleIndex": list(_RULES).index(rule),
        "level": level,
        "message": {"text": f"{who} {says} {to}{rest}"},
        "locations": [
            {
                **location(where.file, max(where.line, 1), None),
                "logicalLocations": [{"fullyQualifiedName": who, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"egressPolicyDiff/v1": _fingerprint(rule, who, to, where.file)},
        "properties": {"approved": approved},
    }


def _fingerprint(*parts: str) -> str:
    """The same while lines move."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()


def _notification(error: Problem) -> Json:
    return {
        "level": "error",
        "message": {"text": clean.line(f"{error.side}: {error.message}")},
        "locations": [location(error.file, max(error.line, 1), None)],
        "descriptor": {"id": "unreadable"},
    }
