"""What `egress sidecar config` writes is taken by a real API server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from egress_policy.cli import main
from tests.bundle import signers
from tests.live.client import Client
from tests.live.controlplane import ControlPlane
from tests.live.kubectl import Kubectl


@pytest.mark.parametrize("more", [[], ["--mirror", "registry.example.com/egress:1"]], ids=["alone", "with a mirror"])
def test_the_deployment_is_accepted(
    more: list[str],
    client: Client,
    control_plane: ControlPlane,
    tool: Callable[[str], Path],
    namespace: str,
    tmp_path: Path,
) -> None:
    assert client.find({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    key = signers.pair(tmp_path, "ES256")
    asked = ["--url", "https://bundles.example.com", "--bundle", "egress-restricted", "--key", str(key.public)]
    asked += ["--keyid", "k", "--scope", "prod", "--token", "--namespace", namespace, "--output", str(tmp_path / "opa")]
    assert main(["sidecar", "config", *asked, *more]) == 0
    said = Kubectl(tool("kubectl"), control_plane.kubeconfig())(
        "apply", "--dry-run=server", "--filename", str(tmp_path / "opa" / "deployment.yaml")
    )
    assert "deployment.apps/egress-opa created (server dry run)" in said
