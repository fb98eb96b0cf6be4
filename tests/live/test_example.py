"""The example's model on a real API server: each format is accepted, and Gatekeeper admits it and nothing wider."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from egress_policy import model
from egress_policy.cli import main
from tests.live.client import RefusedError
from tests.live.kubectl import Kubectl
from tests.live.test_enforcement import blocks, in_force, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.live.client import Client, Object
    from tests.live.controlplane import ControlPlane
    from tests.live.gatekeeper import Gatekeeper

EXAMPLE = Path(__file__).parents[2] / "examples" / "model"
MODEL, GENERATED = EXAMPLE / "shop.yaml", EXAMPLE / "generated"
ANYWHERE = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "orders-db"}}}
NOT_ONLY_THERE = {"matchExpressions": [{"key": "tier", "operator": "Exists"}]}


@pytest.fixture(scope="module")
def kubectl(control_plane: ControlPlane, tool: Callable[[str], Path]) -> Kubectl:
    return Kubectl(tool("kubectl"), control_plane.kubeconfig())


@pytest.fixture(scope="module")
def policies(client: Client) -> dict[str, Object]:
    """Those of the model, by name; their namespace is there."""
    client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    return {one["metadata"]["name"]: one for read in model.read(str(MODEL)) for one in model.policies(read)}


@pytest.fixture(scope="module")
def enforced(
    gatekeeper: Gatekeeper, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gatekeeper]:
    """The rules of the model, converted with it, refusing."""
    folder = tmp_path_factory.mktemp("converted")
    asked = ["--together", "--profile=strict", f"--model={MODEL}", f"--output={folder}"]
    assert main(["gatekeeper", "convert", *asked]) == 0
    with in_force(gatekeeper, kubectl, folder):
        yield gatekeeper


@pytest.mark.parametrize(
    "where", [("-f", GENERATED / "15_egress_allow_rules.yaml"), ("-k", GENERATED / "kustomize" / "overlays" / "prod")],
    ids=["kubectl", "kustomize"],
)  # fmt: skip
def test_the_commands_of_the_guide_are_accepted(
    kubectl: Kubectl, policies: dict[str, Object], where: tuple[str, Path]
) -> None:
    """Helm's is in test_helm."""
    said = kubectl("apply", "--dry-run=server", *where)
    for name in policies:
        assert f"networkpolicy.networking.k8s.io/{name} created (server dry run)" in said
    assert len(said.splitlines()) == len(policies)


@pytest.mark.usefixtures("enforced")
def test_gatekeeper_admits_them_all(client: Client, policies: dict[str, Object]) -> None:
    assert {name: said for name, one in policies.items() if (said := refused(client, one))} == {}


def _wider(policy: Object, change: Callable[[Any], object]) -> Object:
    changed = copy.deepcopy(policy)
    change(changed["spec"])
    return changed


# The policy, what is changed in its spec, and the rule that says so.
WIDER: dict[str, tuple[str, Callable[[Any], object], str]] = {
    "default deny that allows something": (
        "default-deny-egress", lambda spec: spec["egress"].append(blocks("151.101.2.0/24", ports=[{"port": 443}])),
        "default-deny-egress",
    ),
    "default deny of some pods": (
        "default-deny-egress", lambda spec: spec.update(podSelector={"matchLabels": {"app": "web"}}),
        "default-deny-egress",
    ),
    "DNS to anybody": ("allow-dns", lambda spec: spec["egress"][0].pop("to"), "allow-dns"),
    "DNS to every pod of the namespace": (
        "allow-dns", lambda spec: spec["egress"][0]["to"][0].update(podSelector={}), "allow-dns",
    ),
    "DNS to a resolver outside": (
        "allow-dns", lambda spec: spec["egress"][0]["to"].append({"ipBlock": {"cidr": "9.9.9.9/32"}}), "allow-dns",
    ),
    "a block that is one bit wider": (
        "allow-https", lambda spec: spec["egress"][0]["to"][0]["ipBlock"].update(cidr="151.101.2.0/23"), "allow-https",
    ),
    "a block for every pod": ("allow-https", lambda spec: spec.update(podSelector={}), "allow-https"),
    "one port more": (
        "allow-https", lambda spec: spec["egress"][0]["ports"][0].update(endPort=444), "outside-model",
    ),
    "the database from every pod": ("allow-database", lambda spec: spec.update(podSelector={}), "allow-database"),
    "the database from whoever has a tier": (
        "allow-database", lambda spec: spec.update(podSelector=NOT_ONLY_THERE), "allow-database",
    ),
    "the database of every namespace": (
        "allow-database", lambda spec: spec["egress"][0]["to"].append(ANYWHERE), "allow-internal-services",
    ),
    "the database under the name of another layer": (
        "allow-internal-services-auth",
        lambda spec: spec["egress"].append({"to": [ANYWHERE], "ports": [{"port": 5432}]}), "allow-database",
    ),
    "a service on every port": (
        "allow-internal-services", lambda spec: spec["egress"][0].pop("ports"), "outside-model",
    ),
    "the API for every pod": ("allow-kube-api", lambda spec: spec.update(podSelector={}), "allow-kube-api"),
}  # fmt: skip


@pytest.mark.usefixtures("enforced")
@pytest.mark.parametrize(("name", "change", "rule"), WIDER.values(), ids=WIDER)
def test_gatekeeper_refuses(
    client: Client, policies: dict[str, Object], name: str, change: Callable[[Any], object], rule: str
) -> None:
    with pytest.raises(RefusedError, match=rf"\[({rule})\] NetworkPolicy '{name}'"):
        client.create(_wider(policies[name], change), dry_run=True)


def test_the_audit_of_the_cluster_finds_the_layers_present(
    control_plane: ControlPlane, client: Client, policies: dict[str, Object], capsys: pytest.CaptureFixture[str]
) -> None:
    for one in policies.values():
        client.create(one)
    for one in yaml.safe_load_all((EXAMPLE / "workloads.yaml").read_text()):
        if one["kind"] != "Namespace":
            client.create(one)
    asked = ["--cluster", f"--kubeconfig={control_plane.kubeconfig()}", "--namespace=shop"]
    assert main(["audit", *asked, f"--model={MODEL}", "--profile=strict"]) == 0
    said = capsys.readouterr().out
    assert "all 12 restrict to specific destinations" in said
    assert said.count(" present\n") == 6
