"""The example's model, as each format has it: the same policies, which every engine lets pass."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from egress_policy import model
from egress_policy.cli import main
from tests.engines import conftest_findings, untested

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "model"
MODEL, WORKLOADS, GENERATED = EXAMPLE / "shop.yaml", EXAMPLE / "workloads.yaml", EXAMPLE / "generated"
# As users run them, in the folder that was written.
RENDERED = {
    "kubectl": ("cat", "15_egress_allow_rules.yaml"),
    "helm": ("helm", "template", "k8s-security", "./charts/k8s-security", "-f", "values-prod.yaml"),
    "kustomize": ("kustomize", "build", "kustomize/overlays/prod"),
}
SIX = (
    *("default-deny-egress", "allow-dns", "allow-https", "allow-database", "allow-internal-services"),
    "allow-kube-api",
)
# One entry in each layer.
SIMPLE = """
apiVersion: egress-policy.dev/v1
kind: EgressModel
metadata: {name: simple}
spec:
  namespaces: [simple]
  https: [{name: partner, cidrs: [151.101.2.0/24]}]
  databases: [{name: orders, engine: mysql, namespace: data, labels: {app: orders}, from: {tier: backend}}]
  services: [{name: auth, namespace: identity, labels: {app: auth}, ports: [8080]}]
  kubeAPI: {service: [10.96.0.1/32], endpoints: [172.18.0.2/32], from: {app: controller}}
"""


@pytest.fixture(params=RENDERED)
def render(request: pytest.FixtureRequest, tool: Callable[[str], Path], tmp_path: Path) -> Callable[[Path], Path]:
    """From a folder that `egress generate` wrote to the policies of one format, in a file."""

    def rendered(folder: Path) -> Path:
        program, *arguments = RENDERED[request.param]
        found = program if program == "cat" else tool(program)
        own = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
        done = subprocess.run([found, *arguments], cwd=folder, env=own, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        path = tmp_path / "rendered.yaml"
        path.write_text(done.stdout)
        return path

    return rendered


def _sorted(policies: list[Any]) -> list[str]:
    return sorted(json.dumps(one, sort_keys=True) for one in policies)


def test_each_format_has_the_policies_of_the_model(render: Callable[[Path], Path]) -> None:
    policies = list(yaml.safe_load_all(render(GENERATED).read_text()))
    (read,) = model.read(str(MODEL))
    assert _sorted(policies) == _sorted(model.policies(read))


def test_six_layers_of_one_entry_are_six_policies(render: Callable[[Path], Path], tmp_path: Path) -> None:
    path = tmp_path / "simple.yaml"
    path.write_text(SIMPLE)
    formats = [argument for name in RENDERED for argument in ("--format", name)]
    assert main(["generate", str(path), *formats, "--output", str(tmp_path / "out")]) == 0
    policies = list(yaml.safe_load_all(render(tmp_path / "out").read_text()))
    assert sorted(one["metadata"]["name"] for one in policies) == sorted(SIX)
    (read,) = model.read(str(path))
    assert _sorted(policies) == _sorted(model.policies(read))


@pytest.mark.parametrize(
    "layers", [[f"--model={MODEL}"], ["--layers"], []], ids=["by the model", "by shape", "no layers"]
)
def test_the_strict_audit_finds_nothing(
    render: Callable[[Path], Path], layers: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(WORKLOADS), str(render(GENERATED))]
    assert main(["audit", "--profile=strict", "--format=json", *layers, *files]) == 0
    report = json.loads(capsys.readouterr().out)
    (namespace,) = report["namespaces"]
    assert (report["status"], report["findings"]) == ("pass", [])
    assert namespace["restricted_rules"] == namespace["egress_rules"]
    assert set(namespace.get("layers", {}).values()) <= {"present"}


def test_conftest_finds_nothing(render: Callable[[Path], Path], tool: Callable[[str], Path], tmp_path: Path) -> None:
    policy, files = untested(tmp_path), [WORKLOADS, render(GENERATED)]
    # PyYAML makes a day without quotes a date, which data for OPA has not.
    by_model = json.loads(json.dumps(yaml.safe_load(MODEL.read_text()), default=str))
    for models in ([], [by_model]):
        strict = {"models": models, "profile": "strict"}
        assert conftest_findings(tool("conftest"), policy, files, strict, tmp_path) == []


def test_gator_finds_nothing(render: Callable[[Path], Path], tool: Callable[[str], Path], tmp_path: Path) -> None:
    assert main(["gatekeeper", "convert", f"--model={MODEL}", f"--output={tmp_path / 'converted'}"]) == 0
    for folder in (ROOT / "gatekeeper", ROOT / "gatekeeper" / "model", tmp_path / "converted"):
        rules = [*folder.glob("templates/*.yaml"), *folder.glob("constraints/*.yaml")]
        files = [path for path in rules if path.name != "kustomization.yaml"]
        assert len(files) > 8
        arguments = [f"--filename={path}" for path in (WORKLOADS, render(GENERATED), *files)]
        done = subprocess.run([tool("gator"), "test", *arguments], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
