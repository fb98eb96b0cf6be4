"""A folder to render in, and what an audit says of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egress_policy.audit import Request, audit
from egress_policy.report import Report

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.org/web}]}
"""
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny-egress}
spec: {podSelector: {}, policyTypes: [Egress]}
"""
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write files below the current folder; answers with it."""
    here = tmp_path / "repository"
    here.mkdir()
    monkeypatch.chdir(here)

    def written(files: dict[str, str]) -> Path:
        for name, text in files.items():
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            (here / name).write_text(text)
        return here

    return written


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put a program on PATH, alone: a shell script of this body."""

    def put(name: str, body: str) -> None:
        folder = tmp_path / "programs"
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(folder))

    return put


@pytest.fixture
def real(tool: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The real helm and kustomize on PATH."""
    folders = {str(tool(name).parent) for name in ("helm", "kustomize")}
    monkeypatch.setenv("PATH", os.pathsep.join([*sorted(folders), os.environ["PATH"]]))


def audited(*paths: str, **given: Any) -> Report:
    """With rendering, as the command does it."""
    return audit(Request(paths=paths or (".",), **{"render": True, **given}))


def lines(report: Report) -> list[str]:
    """What was found: rule, object and file of each finding."""
    return [
        f"{one.rule} {one.resource.kind}/{one.resource.namespace}/{one.resource.name} {one.location.file}"
        for one in report.findings
    ]


def said(report: Report, rule: str = "not-evaluated") -> list[str]:
    """The messages of a rule."""
    return [finding.message for finding in report.findings if finding.rule == rule]
