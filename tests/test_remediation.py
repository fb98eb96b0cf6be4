"""What a finding tells the user to apply is accepted by Kubernetes, and makes the finding go away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import cases
from tests.engines import Engines, verdict
from tests.kubernetes import documents, validated
from tests.model import strategies
from tests.settings import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from egress_policy.engine import Engine

#: Kinds whose remediation is always whole manifests: what opens, and what nothing isolates.
MENDED = ("no-egress-policy", "open-egress", "open-egress-combined", "uncovered-workload")
#: Groups of NetworkPolicies, and of what makes pods.
OURS, PODS = ("networking.k8s.io/", "extensions/"), ("apps/", "batch/", "v1")


@pytest.fixture(scope="module")
def engine(tool: Callable[[str], Path]) -> Iterator[Engine]:
    started = Engines(tool("opa"))
    yield started.get("wasm", {})
    started.close()


@given(st.one_of(strategies.clusters(), strategies.together()))
@examples(150)
def test_a_remediation_ends_its_finding(
    engine: Engine,
    tool: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
    manifests: list[dict[str, Any]],
) -> None:
    advised = mended(engine, manifests)
    check_accepted(tool("kubernetes"), tmp_path_factory.mktemp("advised"), advised)


@pytest.mark.parametrize(
    "case", [c for c in cases.load() if not c.settings and not c.files and not c.namespace], ids=str
)
def test_the_remediations_of_a_case_end_its_findings(
    engine: Engine, tool: Callable[[str], Path], tmp_path: Path, case: cases.Case
) -> None:
    if not any(line.split()[0] in MENDED for line in case.expect.findings):
        return
    manifests = documents(tool("kubernetes"), tmp_path, case.manifests or "")
    check_accepted(tool("kubernetes"), tmp_path, mended(engine, manifests))


def mended(engine: Engine, manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Apply the remediation of each finding by itself; all that was advised."""
    advised: list[dict[str, Any]] = []
    before = verdict(engine, manifests).findings
    refused = [finding["resource"] for finding in before if finding["rule"] == "invalid-resource"]
    for finding in before:
        remediation = finding.get("remediation")
        if finding["rule"] in MENDED and finding["resource"] not in refused and is_advised(finding, manifests):
            assert isinstance(remediation, list), finding
        if isinstance(remediation, list):
            after = verdict(engine, applied(manifests, remediation)).findings
            assert alike(finding, after) < alike(finding, before), json.dumps(finding)
            advised += remediation
    return advised


def is_advised(finding: dict[str, Any], manifests: list[dict[str, Any]]) -> bool:
    """What other kinds open nobody says yet how to close (docs/dialects.md)."""
    if finding["rule"] in ("no-egress-policy", "uncovered-workload"):
        return True
    version: str = finding["resource"]["apiVersion"]
    return version.startswith(OURS) or (version.startswith(PODS) and all(map(is_ours, manifests)))


def is_ours(manifest: dict[str, Any]) -> bool:
    """A NetworkPolicy, or what is no policy at all."""
    version = str(manifest.get("apiVersion"))
    return version.startswith((*OURS, *PODS)) or "/" not in version


def alike(finding: dict[str, Any], findings: list[dict[str, Any]]) -> int:
    """How many findings are the same on the same object; a rule that is gone moves the paths of those behind it."""
    return sum(1 for f in findings if (f["rule"], f["resource"]) == (finding["rule"], finding["resource"]))


def applied(manifests: list[dict[str, Any]], advised: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As `kubectl apply` does: an object of the same name is replaced, with all its copies, a new one is added."""
    mine = {key(manifest) for manifest in advised}
    return [manifest for manifest in manifests if key(manifest) not in mine] + advised


def key(manifest: dict[str, Any]) -> tuple[str, ...]:
    metadata = manifest.get("metadata") or {}
    group = (manifest.get("apiVersion") or "").rpartition("/")[0]
    return group, manifest.get("kind") or "", metadata.get("namespace") or "default", metadata.get("name") or ""


def check_accepted(program: Path, folder: Path, advised: list[dict[str, Any]]) -> None:
    """Kubernetes' own validation takes every policy that is advised."""
    policies = [manifest for manifest in advised if manifest["kind"] == "NetworkPolicy"]
    assert validated(program, folder, policies) == ["ok"] * len(policies)
