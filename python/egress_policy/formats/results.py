"""The audit as policy reports, which two API groups have in nearly the same shape.

One object a namespace, with a result for each finding, or one that says that nothing was found; and one for the
cluster, with the verdict as a whole, what is cluster-wide, and what could not be read. The names are always the same:
whoever applies the next audit replaces this one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from egress_policy import manifest
from egress_policy.engine import embedded
from egress_policy.formats import clean
from egress_policy.formats.wording import witness
from egress_policy.output import Target
from egress_policy.report import Finding, Namespace, Problem, Report, Waived

SOURCE = "egress-policy"
_CATEGORY = "Network Egress"
_LABELS = {"app.kubernetes.io/managed-by": SOURCE}
_OUTCOMES = ("pass", "fail", "warn", "error", "skip")
# `kubectl apply` writes the whole object into an annotation, and those may have 256 KiB in all; etcd takes 1.5 MB.
_MOST_BYTES = 150_000
# Names and messages can be as long as whoever writes a manifest likes. A remedy that is cut would be a wrong one.
_LONGEST_TEXT, _LONGEST_REMEDY = 1_000, 8_000
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")

Json = dict[str, Any]


class Api(NamedTuple):
    """One of the API groups: the kinds of its reports, and what else it wants in each."""

    version: str
    namespaced: str
    cluster_wide: str
    more: Mapping[str, str]


def write(report: Report, api: Api, target: Target) -> None:
    """A YAML stream, the namespaces in their order, the cluster last."""
    separator = ""
    for one in _objects(report, api):
        target.utf8(separator + manifest.written([one]))
        separator = "---\n"


def _objects(report: Report, api: Api) -> Iterator[Json]:
    found = _Results(report)
    for namespace in found.namespaces():
        yield from _parts(api, namespace, found.of(namespace))
    if found.about_cluster:
        yield from _parts(api, "", found.of_cluster())


class _Results:
    """The results of a report, by the namespace whose report they belong to; "" is the cluster's."""

    def __init__(self, report: Report) -> None:
        self._report = report
        # A namespace that is rendered several times fails if one of them does.
        worst_last = sorted(report.namespaces, key=lambda namespace: namespace.status == "fail")
        self._known = {namespace.name: namespace for namespace in worst_last if _LABEL.fullmatch(namespace.name)}
        # An audit of one namespace must not replace what another found of the cluster.
        self._only = report.cluster.namespace if report.cluster else ""
        self.about_cluster = not self._only
        self._findings: dict[str, list[Finding]] = {}
        for finding in report.findings:
            self._findings.setdefault(self._home(finding.resource.namespace), []).append(finding)
        self._frame = {
            "policy": report.control,
            "category": _CATEGORY,
            "source": SOURCE,
            "timestamp": {"seconds": report.moment // 10**9, "nanos": report.moment % 10**9},
        }

    def namespaces(self) -> list[str]:
        return sorted({*self._known, *self._findings, *filter(None, [self._only])} - {""})

    def of(self, namespace: str) -> Iterator[Json]:
        """The findings of a namespace, after what says that it passes or that there was nothing to judge."""
        if namespace == self._only:
            yield self._verdict(_namespace_itself(namespace))
            yield from map(self._error, self._report.errors)
        elif namespace in self._known:
            yield from self._namespace(self._known[namespace])
        yield from map(self._finding, self._findings.get(namespace, ()))

    def of_cluster(self) -> Iterator[Json]:
        yield self._verdict([])
        yield from map(self._error, self._report.errors)
        yield from map(self._finding, self._findings.get("", ()))

    def _home(self, namespace: str) -> str:
        """A name that no namespace can have stands only in a manifest; no report could lie there."""
        return self._only or (namespace if _LABEL.fullmatch(namespace) else "")

    def _verdict(self, about: list[Json]) -> Json:
        report = self._report
        result = report.status if report.status in _OUTCOMES else "error"
        properties = {"profile": report.profile, "controlVersion": report.control_version}
        return self._result(result, report.summary, report.severity, properties, about)

    def _namespace(self, namespace: Namespace) -> Iterator[Json]:
        """Nothing of one that fails: its findings say so."""
        if namespace.status == "fail":
            return
        properties = {
            "egressRules": str(namespace.egress_rules),
            "restrictedRules": str(namespace.restricted_rules),
            "profile": self._report.profile,
        }
        about = _namespace_itself(namespace.name)
        yield self._result(namespace.status, "", self._report.severity, properties, about)

    def _finding(self, finding: Finding) -> Json:
        named = finding.resource
        about = {"apiVersion": named.api_version, "kind": named.kind, "namespace": named.namespace, "name": named.name}
        severity = embedded.metadata()["rules"].get(finding.rule, {}).get("severity", self._report.severity)
        properties = dict(_properties(finding))
        return self._result(finding.level, finding.message, severity, properties, [about], finding.rule)

    def _error(self, problem: Problem) -> Json:
        properties = {"file": problem.file, "line": str(problem.line)}
        message = f"{problem.file}:{problem.line}: {problem.message}"
        return self._result("error", message, self._report.severity, properties, [], "unreadable")

    def _result(
        self, result: str, message: str, severity: str, properties: Json, about: list[Json], rule: str = ""
    ) -> Json:
        told = {"rule": rule, "message": _text(message)}
        return {
            **self._frame,
            **{name: value for name, value in told.items() if value},
            "result": result,
            "severity": severity,
            "scored": result != "warn",
            "properties": {name: _property(name, value) for name, value in properties.items()},
            **({"resources": [_reference(one) for one in about]} if about else {}),
        }


def _reference(one: Json) -> Json:
    return {name: _text(value) for name, value in one.items() if value}


def _namespace_itself(name: str) -> list[Json]:
    return [{"apiVersion": "v1", "kind": "Namespace", "name": name}]


def _properties(finding: Finding) -> Iterator[tuple[str, str]]:
    yield "file", finding.location.file
    yield "line", str(finding.location.line)
    if finding.path:
        yield "path", finding.path
    if finding.witness is not None:
        yield "witness", witness(finding.witness)
    if 0 < len(finding.remediation) <= _LONGEST_REMEDY:
        yield "remediation", finding.remediation
    if finding.waived is not None:
        yield from _waiver(finding.waived)


def _waiver(waived: Waived) -> Iterator[tuple[str, str]]:
    """Who answers for a finding that is let pass, why, and until when."""
    yield "waivedOwner", waived.owner
    yield "waivedReason", waived.reason
    yield "waivedExpires", waived.expires


def _property(name: str, value: str) -> str:
    return clean.lines_as_text(value) if name == "remediation" else _text(value)


def _text(value: str) -> str:
    """One harmless line; API servers keep what they are given, and dashboards show it."""
    return clean.line(value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}…")


def _parts(api: Api, namespace: str, results: Iterable[Json]) -> Iterator[Json]:
    """The report of a namespace: one object, or as many as its size makes necessary."""
    part: list[Json] = []
    number, size = 1, 0
    for result in results:
        length = _length(result)
        if part and size + length > _MOST_BYTES:
            yield _object(api, namespace, number, part)
            part, number, size = [], number + 1, 0
        part.append(result)
        size += length
    if part:
        yield _object(api, namespace, number, part)


def _length(result: Json) -> int:
    """In bytes, as Go writes it, which has six for each of these."""
    text = json.dumps(result)
    return len(text) + 5 * sum(text.count(one) for one in "<>&")


def _object(api: Api, namespace: str, number: int, results: list[Json]) -> Json:
    name = results[0]["policy"] + (f"-{number}" if number > 1 else "")
    metadata: Json = {"name": name, "labels": _LABELS}
    scope: Json = {}
    if namespace:
        metadata["namespace"] = namespace
        scope = {"scope": {"apiVersion": "v1", "kind": "Namespace", "name": namespace}}
    counts = {outcome: sum(result["result"] == outcome for result in results) for outcome in _OUTCOMES}
    return {
        "apiVersion": api.version,
        "kind": api.namespaced if namespace else api.cluster_wide,
        "metadata": metadata,
        **scope,
        **api.more,
        "summary": counts,
        "results": results,
    }
