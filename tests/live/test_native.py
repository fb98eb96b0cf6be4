"""The rules in CEL on a real API server: as ValidatingAdmissionPolicies without Gatekeeper, and as its templates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests import cases
from tests.gatekeeper import clusters
from tests.gatekeeper.native import findings, networks
from tests.live.client import RefusedError
from tests.live.controlplane import ControlPlane
from tests.live.kubectl import Kubectl, KubectlError
from tests.live.processes import until
from tests.live.test_enforcement import DNS, EVASIONS, GOOD, HTTPS, blocks, policy, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.live.client import Client, Object
    from tests.live.gatekeeper import Gatekeeper

ROOT = Path(__file__).parents[2] / "gatekeeper"
ADMISSION = "admissionregistration.k8s.io/v1"
NETWORKS = networks(500)


@pytest.fixture(scope="module")
def alone(tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane that has never heard of Gatekeeper."""
    with ControlPlane(tool("etcd"), tool("kube-apiserver"), tmp_path_factory.mktemp("alone")) as started:
        yield started


@pytest.fixture(scope="module")
def kubectl(alone: ControlPlane, tool: Callable[[str], Path]) -> Kubectl:
    return Kubectl(tool("kubectl"), alone.kubeconfig())


@pytest.fixture(scope="module")
def client(alone: ControlPlane) -> Client:
    return alone.client()


@pytest.fixture(scope="module")
def guarded(client: Client, kubectl: Kubectl) -> str:
    """A namespace of a cluster with the admission policies of the repository in force, those that fail refusing."""
    client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    kubectl("apply", "-k", ROOT / "overlays" / "deny-admission-policies")
    until("an open policy is refused", lambda: refused(client, policy("shop", {})))
    until("the other rule warns", lambda: "Warning" in dry_run(kubectl, policy("shop", {"ports": HTTPS})))
    return "shop"


def dry_run(kubectl: Kubectl, thing: Object) -> str:
    return kubectl("apply", "--dry-run=server", "-f", "-", stdin=json.dumps(thing))


@pytest.mark.parametrize("rules", GOOD.values(), ids=GOOD)
def test_good_policies_are_admitted(client: Client, guarded: str, rules: list[Any]) -> None:
    client.apply(policy(guarded, *rules))


@pytest.mark.parametrize("rules", EVASIONS.values(), ids=EVASIONS)
def test_evasions_are_refused(client: Client, guarded: str, rules: list[Any]) -> None:
    with pytest.raises(RefusedError, match=r"'egress-open-egress' .* allows egress to .* on all ports \(spec.egress"):
        client.create(policy(guarded, *rules, name="evasion"))


def test_a_change_and_a_dry_run_are_refused_as_well(client: Client, guarded: str) -> None:
    client.apply(policy(guarded, DNS, name="changing"))
    open_policy = policy(guarded, DNS, {}, name="changing")
    for write in (client.apply, client.replace):
        for dry in (False, True):
            with pytest.raises(
                RefusedError, match=r"allows egress to all destinations on all ports \(spec.egress\[1\]\)"
            ):
                write(open_policy, dry_run=dry)
    assert refused(client, policy(guarded, {}, name="new"))
    client.apply(policy(guarded, DNS, blocks("151.101.2.0/24", ports=HTTPS), name="changing"))
    client.delete(policy(guarded, name="changing"))


def test_system_namespaces_are_no_exception(client: Client, guarded: str) -> None:
    """As in the audit, where only coverage is waived there."""
    assert guarded
    assert refused(client, policy("kube-system", {}))


def test_what_only_warns_is_admitted_with_a_warning(kubectl: Kubectl, guarded: str) -> None:
    said = dry_run(kubectl, policy(guarded, {"ports": HTTPS}))
    assert "'egress-any-destination'" in said
    assert "NetworkPolicy 'app-egress' allows egress to all destinations on TCP 443 (spec.egress[0])" in said


def test_what_looks_expensive_and_is_honest_is_admitted(client: Client, guarded: str) -> None:
    wide = [blocks(*NETWORKS, ports=HTTPS)] * 3
    many = [blocks(*networks(4000))]
    rules = [blocks(network, ports=HTTPS) for network in NETWORKS]
    exceptions = [blocks("10.0.0.0/8", without=[f"10.{n}.0.0/16" for n in range(250)])]
    for number, egress in enumerate([wide, many, rules, exceptions]):
        client.create(policy(guarded, *egress, name=f"expensive-{number}"))


@pytest.fixture
def strict(client: Client, guarded: str) -> Iterator[str]:
    """Both rules refusing, and an empty namespace for it."""
    assert guarded
    namespace: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cases"}}
    client.create(namespace)
    binding = {
        "apiVersion": ADMISSION,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "egress-any-destination"},
    }
    before = client.get(binding)
    spec = {**before["spec"], "validationActions": ["Deny"]}
    client.replace({**before, "spec": spec})
    until("the other rule refuses", lambda: refused(client, policy("cases", {"ports": HTTPS})))
    yield "cases"
    now = client.get(binding)
    client.replace({**now, "spec": before["spec"]})


def test_every_policy_of_the_cases_gets_the_verdict_of_the_audit(client: Client, strict: str, tmp_path: Path) -> None:
    """With the default parameters. Of what the API server refuses itself, as invalid or unserved, CEL is not asked."""
    policies = [one for _, one in clusters.policies(cases.load(), tmp_path)]
    expected: dict[str, list[str]] = {}
    for found in findings(policies, {}):
        expected.setdefault(found["resource"]["namespace"], []).append(found["message"])
    aside, differing, said_no = [], [], 0
    for one in policies:
        key = one["metadata"]["namespace"]
        try:
            client.create({**one, "metadata": {**one["metadata"], "namespace": strict}}, dry_run=True)
            message = ""
        except RefusedError as error:
            if error.status != 403:
                aside.append(key)
                continue
            message, said_no = error.message, said_no + 1
        if bool(message) != bool(expected.get(key)) or (message and not any(one in message for one in expected[key])):
            differing.append((key, message, expected.get(key)))
    print(f"{len(policies)} policies, {said_no} refused, {len(aside)} set aside")
    assert differing == []
    assert len(aside) < len(policies) / 4
    # A floor, not a share: most cases added since are of policies that these rules let through, and should be.
    assert said_no > 200


def read(folder: str) -> Object:
    loaded: Object = yaml.safe_load((ROOT / folder / "open-egress.yaml").read_text())
    return loaded


def test_gatekeeper_refuses_and_audits_with_the_native_template(gatekeeper: Gatekeeper) -> None:
    client = gatekeeper.client
    client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "live-native"}})
    client.create(policy("live-native", {}, name="before"))
    template, constraint = read("native/templates"), read("native/constraints")
    constraint["spec"]["scopedEnforcementActions"][0]["action"] = "deny"
    # Those in Rego are there already, with parameters; of the same names, they are replaced.
    before = read("constraints")
    before["spec"]["parameters"] = {"profile": "strict"}
    gatekeeper.install(read("templates"), before)
    with gatekeeper.enforcing(template, constraint):
        said = r"NetworkPolicy 'app-egress' allows egress to all destinations on all ports \(spec.egress\[1\]\)"
        with pytest.raises(RefusedError, match=rf"\[open-egress\] {said}"):
            client.create(policy("live-native", DNS, {}))
        client.create(policy("live-native", DNS, blocks(*NETWORKS, ports=HTTPS)))
        client.delete(policy("live-native"))
        # Other tests may have left policies of theirs in other namespaces.
        found = [one["name"] for one in gatekeeper.audit(constraint) if one["namespace"] == "live-native"]
        assert found == ["before"]
        with pytest.raises(RefusedError, match=r"spec.parameters: Too many: 1: must have at most 0 items"):
            client.apply({**constraint, "spec": {**constraint["spec"], "parameters": {"openAddressShare": 0.5}}})
    client.delete(policy("live-native", name="before"))


def test_kubectl_shows_the_sentence(kubectl: Kubectl, guarded: str) -> None:
    with pytest.raises(KubectlError, match=r"ValidatingAdmissionPolicy 'egress-open-egress' with binding") as refusal:
        dry_run(kubectl, policy(guarded, blocks("0.0.0.0/0"), name="shown"))
    assert "NetworkPolicy 'shown' allows egress to 0.0.0.0/0 on all ports (spec.egress[0])" in str(refusal.value)
