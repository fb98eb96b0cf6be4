"""gatekeeper/together on the live control plane: one template refuses, and audits, what one for each rule does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.live.client import RefusedError
from tests.live.kubectl import Kubectl
from tests.live.processes import until
from tests.live.test_enforcement import (
    DNS,
    EVASIONS,
    GOOD,
    admitted,
    deployment,
    in_force,
    policy,
    refused,
    refused_at_last,
    unguarded,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.live.client import Client, Object
    from tests.live.controlplane import ControlPlane
    from tests.live.gatekeeper import Gatekeeper

pytestmark = pytest.mark.usefixtures("together")

ROOT = Path(__file__).parents[2] / "gatekeeper" / "together"


@pytest.fixture(scope="module")
def together(gatekeeper: Gatekeeper, control_plane: ControlPlane, tool: Callable[[str], Path]) -> Iterator[Gatekeeper]:
    """Everything in it, with the overlay that refuses, in force."""
    with in_force(gatekeeper, Kubectl(tool("kubectl"), control_plane.kubeconfig()), ROOT):
        yield gatekeeper


@pytest.mark.parametrize("rules", GOOD.values(), ids=GOOD)
def test_good_policies_are_admitted(client: Client, namespace: str, rules: list[Any]) -> None:
    client.create(policy(namespace, *rules))


@pytest.mark.parametrize("rules", EVASIONS.values(), ids=EVASIONS)
def test_evasions_are_refused(client: Client, namespace: str, rules: list[Any]) -> None:
    with pytest.raises(RefusedError, match=r"open-egress(-combined)?\] .* allows? egress to|together allow egress"):
        client.create(policy(namespace, *rules))


def test_what_is_synced_is_known_to_it(client: Client, namespace: str) -> None:
    assert "[no-egress-policy] " in refused_at_last(client, deployment(namespace, "web"))
    client.create(policy(namespace, DNS, app="api"))
    assert admitted(client, deployment(namespace, "api"))
    client.create(deployment(namespace, "api"))
    said = "[uncovered-workload] Deployment 'web' is selected by no policy"
    until("the workload is synced", lambda: said in refused(client, deployment(namespace, "web")))


def test_the_audit_counts_by_constraint(together: Gatekeeper, client: Client, namespace: str) -> None:
    with unguarded(client):
        client.create(policy(namespace, {}))
    found = {name: [one["name"] for one in _audited(together, name, namespace)] for name in ("open-egress", "all-pods")}
    assert found == {"open-egress": ["app-egress"], "all-pods": []}


def _audited(gatekeeper: Gatekeeper, name: str, namespace: str) -> list[Object]:
    constraint = {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1",
        "kind": "EgressRestricted",
        "metadata": {"name": name},
    }
    return [one for one in gatekeeper.audit(constraint) if one["namespace"] == namespace]
