"""The control plane is a real one, and it listens to nobody but this machine."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kubernetes.config
import pytest

from tests import cases
from tests.engines import Engines
from tests.kubernetes import documents
from tests.live.client import RefusedError
from tests.live.controlplane import ControlPlane, User
from tests.live.processes import StartError, until
from tests.test_remediation import MENDED, mended
from tools import programs

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live.client import Client, Object
    from tests.live.gatekeeper import Gatekeeper

#: Some of the cases of tests/test_remediation.py, from all over the tables.
ADVISED = [
    case
    for case in cases.load()
    if case.table not in cases.DIALECTS
    and not case.settings
    and not case.files
    and not case.namespace
    and case.conftest
    and {line.split()[0] for line in case.expect.findings}.intersection(MENDED)
    and not any(line.startswith("invalid-resource") for line in case.expect.findings)
][::20]
LISTENING = "0A"


def policy(namespace: str, **spec: Any) -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "deny", "namespace": namespace},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"], **spec},
    }


def test_the_server_is_the_pinned_kubernetes(client: Client) -> None:
    version = client.ask("GET", "/version")
    assert version["gitVersion"] == f"v{programs.pinned(programs.KUBERNETES)}"
    assert f"{version['major']}.{version['minor']}" in version["gitVersion"]


def test_a_policy_is_created(client: Client, namespace: str) -> None:
    client.create(policy(namespace))
    assert client.get(policy(namespace))["spec"] == {"podSelector": {}, "policyTypes": ["Egress"]}
    assert [found["metadata"]["name"] for found in client.list("networking.k8s.io/v1", "NetworkPolicy", namespace)] == [
        "deny"
    ]


def test_a_dry_run_creates_nothing(client: Client, namespace: str) -> None:
    client.create(policy(namespace), dry_run=True)
    client.apply(policy(namespace), dry_run=True)
    assert client.find(policy(namespace)) is None


@pytest.mark.parametrize(
    ("peer", "reason"),
    [
        pytest.param({"ipBlock": {"cidr": "10.0.0.0/33"}}, "cidr", id="a prefix that is too long"),
        pytest.param({"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}, "ipBlock", id="a block and a selector"),
        pytest.param({}, "must specify a peer", id="a peer that names nobody"),
    ],
)
def test_the_server_itself_refuses_an_invalid_policy(
    client: Client, namespace: str, peer: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        client.create(policy(namespace, egress=[{"to": [peer]}]))
    assert (refused.value.status, refused.value.reason) == (422, "Invalid")
    assert reason in refused.value.message


@pytest.mark.parametrize("case", ADVISED, ids=str)
def test_what_the_audit_advises_is_accepted(
    client: Client, tool: Callable[[str], Path], tmp_path: Path, case: cases.Case
) -> None:
    engine = Engines(tool("opa"))
    advised = mended(engine.get("wasm", {}), documents(tool("kubernetes"), tmp_path, case.manifests or ""))
    engine.close()
    assert advised
    for manifest in advised:
        place = manifest["metadata"].get("namespace", "default")
        client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place}})
        client.apply(manifest, dry_run=True)


def test_a_user_without_rights_gets_none(control_plane: ControlPlane, namespace: str) -> None:
    stranger = control_plane.client(User("stranger", "visitors"))
    with pytest.raises(RefusedError, match='User "stranger" cannot list resource "networkpolicies"') as refused:
        stranger.list("networking.k8s.io/v1", "NetworkPolicy", namespace)
    assert refused.value.status == 403


def test_a_user_may_do_what_is_granted_and_no_more(control_plane: ControlPlane, client: Client, namespace: str) -> None:
    reader = control_plane.client(User("reader", "readers"))
    grant(client, "readers", {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": ["list"]})
    until("the grant is known", lambda: listed(reader, namespace) == [])
    with pytest.raises(RefusedError, match="cannot create"):
        reader.create(policy(namespace))


def grant(client: Client, group: str, rule: dict[str, list[str]]) -> None:
    rbac, name = "rbac.authorization.k8s.io", {"name": group}
    client.apply({"apiVersion": f"{rbac}/v1", "kind": "ClusterRole", "metadata": name, "rules": [rule]})
    client.apply(
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": name,
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", **name},
            "subjects": [{"apiGroup": rbac, "kind": "Group", **name}],
        }
    )


def listed(client: Client, namespace: str) -> list[Object] | None:
    try:
        return client.list("networking.k8s.io/v1", "NetworkPolicy", namespace)
    except RefusedError:
        return None


def test_a_kubeconfig_serves_the_official_client(control_plane: ControlPlane) -> None:
    with kubernetes.config.new_client_from_config(str(control_plane.kubeconfig())) as api:
        version = kubernetes.client.VersionApi(api).get_code()
    assert version.git_version == f"v{programs.pinned(programs.KUBERNETES)}"


def test_nothing_listens_beyond_this_machine(control_plane: ControlPlane, gatekeeper: Gatekeeper) -> None:
    started = [*control_plane.programs, *gatekeeper.programs.values()]
    listening = {program.name: addresses(program.pid) for program in started}
    assert listening == {program.name: {"0100007F"} for program in started}  # 127.0.0.1, as /proc writes it


def addresses(pid: int) -> set[str]:
    """The addresses that a process listens on."""
    mine = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a file that was closed meanwhile
            mine.add(os.readlink(handle))
    tables = [Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    rows = [row.split() for table in tables for row in table]
    return {row[1].partition(":")[0] for row in rows if row[3] == LISTENING and f"socket:[{row[9]}]" in mine}


def test_a_server_that_does_not_start_shows_its_log_and_leaves_nothing(
    tool: Callable[[str], Path], tmp_path: Path
) -> None:
    # Python does not know the API server's options, says so, and ends.
    failing = ControlPlane(tool("etcd"), Path(sys.executable), tmp_path)
    with pytest.raises(StartError, match=r"(?s)kube-apiserver: ended with 2 .*unknown option --etcd-servers"):
        failing.start()
    assert {program.name: program.runs for program in failing.programs} == {"etcd": False, "kube-apiserver": False}
