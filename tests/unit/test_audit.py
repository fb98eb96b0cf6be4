"""The whole way, with the embedded policy: in one process and in two."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egress_policy import audit as audit_module
from egress_policy import workers
from egress_policy.audit import ParametersError, Progress, Request, audit
from egress_policy.engine import EngineError
from egress_policy.report import Location, Report

# Python 3.12 warns of forks where threads run, as pytest-xdist's do; the command has none when it forks.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")

_POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {name}
  namespace: {namespace}
spec:
  podSelector: {{}}
  policyTypes: [Egress]
  egress:
    - {rule}
"""
_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: {namespace}
spec:
  template:
    metadata:
      labels: {{app: web}}
    spec:
      containers: []
"""
_NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {namespace}\n  labels: {{team: {team}}}\n"
_TIGHT = "{to: [{ipBlock: {cidr: 10.1.0.0/16}}], ports: [{port: 443}]}"
_EVERY_TEAM = "{to: [{namespaceSelector: {matchLabels: {team: a}}}], ports: [{port: 443}]}"


def _policy(namespace: str, rule: str = _TIGHT, name: str = "app-egress") -> str:
    return _POLICY.format(namespace=namespace, rule=rule, name=name)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """A folder with files."""

    def write(**files: str) -> Path:
        for name, content in files.items():
            (tmp_path / f"{name}.yaml").write_text(content)
        return tmp_path

    return write


def _audited(folder: Path, **options: Any) -> Report:
    return audit(Request((str(folder),), **options))


@pytest.fixture
def two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """However little there is to do, and however few processors."""
    monkeypatch.setattr(audit_module, "_WORTH_FORKING", 0)
    monkeypatch.setattr(workers, "available", lambda: True)


def test_a_finding_has_file_line_and_detail(written: Callable[..., Path]) -> None:
    report = _audited(written(a=f"{_DEPLOYMENT.format(namespace='shop')}---\n{_policy('shop', '{}')}"))
    assert (report.status, report.counts["open_rules"]) == ("fail", 1)
    [finding] = report.findings
    assert (finding.rule, finding.path, finding.location) == ("open-egress", "spec.egress[0]", Location("a.yaml", 22))
    assert report.detail == finding.message
    assert finding.witness is not None
    assert finding.excerpt is None
    assert [(one.name, one.location) for one in report.policies] == [("app-egress", Location("a.yaml", 13))]
    assert [one.name for one in report.namespaces[0].workloads] == ["web"]


def test_excerpts_only_where_they_are_shown_and_details_likewise(written: Callable[..., Path]) -> None:
    report = _audited(written(a=_policy("shop", "{}")), excerpts=True, details=False)
    [finding] = report.findings
    assert finding.excerpt is not None
    assert (finding.excerpt.first, finding.excerpt.lines[2]) == (8, "    - {}")
    assert report.policies == ()


def test_standard_input_is_quoted_as_well() -> None:
    text = "# é\n# one document,\n# since Kubernetes sees\n# no separators in UTF-16\n---\n"
    data = (text + _policy("shop", "{}")).encode("utf-16")
    report = audit(Request(("-",), stdin=io.BytesIO(data), excerpts=True))
    [finding] = report.findings
    assert finding.location == Location("-", 15)
    assert finding.excerpt is not None
    assert finding.excerpt.lines[2] == "    - {}"


def test_findings_are_sorted_by_file_line_and_rule(written: Callable[..., Path]) -> None:
    both = f"{_policy('shop', '{}')}    - {{}}\n"
    report = _audited(written(b=both, a=_policy("bank", "{}")))
    places = [(one.location.file, one.location.line, one.rule) for one in report.findings]
    assert places == sorted(places)
    assert [place[:2] for place in places] == [("a.yaml", 10), ("b.yaml", 10), ("b.yaml", 11)]


def test_what_cannot_be_read_is_an_error_and_the_rest_is_judged(written: Callable[..., Path]) -> None:
    report = _audited(written(a="kind: [", b=_policy("shop", "{}")))
    assert (report.status, len(report.findings)) == ("error", 1)
    assert [error.file for error in report.errors] == ["a.yaml"]


def test_parameters_that_are_wrong_are_refused_before_anything_is_read(written: Callable[..., Path]) -> None:
    with pytest.raises(ParametersError, match="openPortShare"):
        _audited(written(a="kind: ["), settings={"openPortShare": 2})


@pytest.mark.usefixtures("two_processes")
def test_wrong_parameters_leave_no_second_process(
    written: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    forked: list[int] = []
    fork = os.fork

    def remembered() -> int:
        forked.append(fork())
        return forked[-1]

    monkeypatch.setattr(os, "fork", remembered)
    with pytest.raises(ParametersError, match="profile"):
        _audited(written(a=_policy("a"), b=_policy("b")), settings={"profile": "lax"})
    for child in forked:
        with pytest.raises(ChildProcessError):
            os.waitpid(child, os.WNOHANG)


_SPREAD = {
    "a": _NAMESPACE.format(namespace="shop", team="a"),
    "b": _policy("shop", _EVERY_TEAM),
    "c": f"{_DEPLOYMENT.format(namespace='bank')}---\n{_policy('bank', '{}')}",
    "d": "kind: [",
    "e": _DEPLOYMENT.format(namespace="shop"),
    "f": _policy("bank", _TIGHT, "app-egress"),
    "g": _NAMESPACE.format(namespace="bank", team="a"),
    "h": f"{_policy('alone', '{}')}---\nkind: [\n",
    "i": _policy("shop", "{}", "late"),
}


def test_two_processes_give_the_report_of_one(
    written: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    folder = written(**_SPREAD)
    monkeypatch.setattr(workers, "available", lambda: False)
    one = _audited(folder, excerpts=True)
    request.getfixturevalue("two_processes")
    send, sent = workers.Worker.send, []

    def recorded(worker: workers.Worker, message: Any) -> None:
        sent.append(message)
        send(worker, message)

    monkeypatch.setattr(workers.Worker, "send", recorded)
    two = _audited(folder, excerpts=True)
    assert [message[0] for message in sent] == [["", "bank", "shop"]]
    assert two == one
    assert one.counts["workloads"] == one.counts["covered_workloads"] == 2
    assert {finding.rule for finding in one.findings} >= {"open-egress", "duplicate-resource"}
    assert len(one.errors) == 2


@pytest.mark.usefixtures("two_processes")
def test_a_second_process_that_dies_is_an_error_not_half_a_report(
    written: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_module._Run, "second", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(EngineError, match="ended early"):
        _audited(written(a=_policy("a"), b=_policy("b")))


class _Failing:
    """An engine that answers only about one namespace at a time, and never about one of them."""

    def __init__(self, bad: str) -> None:
        self.bad = bad
        self.asked: list[list[str]] = []

    def ask(self, _query: str, document: bytes) -> Any:
        shards = json.loads(document)["shards"]
        names = [shard["namespace"] for shard in shards]
        self.asked.append(names)
        if len(names) > 1 or names[0] == self.bad:
            raise EngineError("it took too long")
        return [{"namespace": None, "policies": [], "findings": [], "totals": {}}]


def test_what_fails_in_company_is_asked_again_alone() -> None:
    from egress_policy.judging import Verdicts, judge
    from egress_policy.shards import Around, Question

    engine, verdicts = _Failing(bad="none"), Verdicts()
    documents = {"b": [b"{}"], "a": [b"{}"]}
    assert list(judge(engine, documents, Question("", Around(), details=True), verdicts)) == [2]  # type: ignore[arg-type]
    assert engine.asked == [["a", "b"], ["a"], ["b"]]
    assert len(verdicts.totals) == 2


def test_the_namespace_that_could_not_be_judged_is_named() -> None:
    from egress_policy.judging import Verdicts, judge
    from egress_policy.shards import Around, Question

    documents = {"b": [b"{}"], "a": [b"{}"]}
    with pytest.raises(EngineError, match=r"^namespace 'b' could not be judged: it took too long; to judge the rest, "):
        list(judge(_Failing(bad="b"), documents, Question("", Around(), details=True), Verdicts()))  # type: ignore[arg-type]


class _Counting(Progress):
    def __init__(self) -> None:
        self.seen: list[tuple[str, int, int]] = []

    def reading(self, done: int, total: int) -> None:
        self.seen.append(("reading", done, total))

    def judging(self, done: int, total: int) -> None:
        self.seen.append(("judging", done, total))


def test_progress_is_told(written: Callable[..., Path]) -> None:
    progress = _Counting()
    audit(Request((str(written(a=_policy("a"), b=_policy("b"))),)), progress)
    assert progress.seen == [("reading", 1, 2), ("reading", 2, 2), ("judging", 2, 2)]
