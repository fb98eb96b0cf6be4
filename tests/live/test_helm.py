"""The chart that `egress generate` writes, installed with the command that it names, and changed."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

from egress_policy import model
from egress_policy.cli import main
from tests.unit.model.models import ALL, document, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.live.client import Client
    from tests.live.controlplane import ControlPlane

# As the guide has it.
NEXT = "helm install k8s-security ./charts/k8s-security -f values-prod.yaml"
# Helm says of what it installed that Helm manages it.
_HELMS = {"app.kubernetes.io/managed-by": "Helm"}


def _written(folder: Path, spec: Any) -> dict[str, Any]:
    """The policies of a model, its chart written to the folder."""
    name = written(folder, document(spec))
    assert main(["generate", name, "--format", "helm", "--output", str(folder)]) == 0
    return {one["metadata"]["name"]: one for read in model.read(name) for one in model.policies(read)}


def test_what_is_installed_and_upgraded_is_what_the_model_says(
    control_plane: ControlPlane, client: Client, namespace: str, tool: Callable[[str], Path], tmp_path: Path
) -> None:
    own = {name: str(tmp_path / "helm") for name in ("HELM_CONFIG_HOME", "HELM_CACHE_HOME", "HELM_DATA_HOME")}

    def run(command: str) -> str:
        asked = [str(tool("helm")), *shlex.split(command)[1:], f"--namespace={namespace}"]
        environment = os.environ | own | {"KUBECONFIG": str(control_plane.kubeconfig())}
        done = subprocess.run(asked, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def installed() -> dict[str, Any]:
        found = client.list("networking.k8s.io/v1", "NetworkPolicy", namespace)
        return {one["metadata"]["name"]: (one["spec"], one["metadata"]["labels"]) for one in found}

    def said(policies: dict[str, Any]) -> dict[str, Any]:
        # The API server leaves out what is empty.
        return {
            name: (
                {key: value for key, value in one["spec"].items() if value != []},
                one["metadata"]["labels"] | _HELMS,
            )
            for name, one in policies.items()
        }

    expected = _written(tmp_path, {**ALL, "namespaces": [namespace]})
    assert "1. The policies are there:" in run(NEXT)
    assert installed() == said(expected)
    less = _written(tmp_path, {"namespaces": [namespace], "https": ALL["https"], "labels": {"team": "yes"}})
    run(NEXT.replace("install", "upgrade"))
    assert json.dumps(installed(), sort_keys=True) == json.dumps(said(less), sort_keys=True)
