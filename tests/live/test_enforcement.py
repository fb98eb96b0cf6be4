"""gatekeeper/ as it lies in the repository, applied with kubectl: what is refused, and what the audit finds."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from egress_policy.gatekeeper import modules, rules
from egress_policy.gatekeeper.constraints import Settings, constraints
from tests.engines import POLICY
from tests.live.client import RefusedError
from tests.live.kubectl import Kubectl, KubectlError
from tests.live.processes import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.live.client import Client, Object
    from tests.live.controlplane import ControlPlane
    from tests.live.gatekeeper import Gatekeeper

pytestmark = pytest.mark.usefixtures("refusing")

ROOT = Path(__file__).parents[2] / "gatekeeper"
DNS = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
}
HTTPS = [{"protocol": "TCP", "port": 443}]


def blocks(*cidrs: str, ports: list[Any] | None = None, without: list[str] | None = None) -> Object:
    except_ = {"except": without} if without else {}
    peers = [{"ipBlock": {"cidr": cidr, **except_}} for cidr in cidrs]
    return {"to": peers, **({"ports": ports} if ports is not None else {})}


def policy(namespace: str, *egress: Any, name: str = "app-egress", app: str = "", **more: Any) -> Object:
    selector = {"matchLabels": {"app": app}} if app else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": selector, "policyTypes": ["Egress"], "egress": list(egress), **more},
    }


def deployment(namespace: str, name: str, app: str = "", **spec: Any) -> Object:
    labels = {"app": app or name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "a", "image": "b"}], **spec},
            },
        },
    }


GOOD = {
    "default deny": [],
    "DNS to kube-dns": [DNS],
    "a partner's network on 443": [DNS, blocks("151.101.2.0/24", ports=HTTPS)],
    "a database by its label": [{"to": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"port": 5432}]}],
    "private networks on one port": [blocks("10.0.0.0/8", "192.168.0.0/16", ports=HTTPS)],
    "a service in another namespace": [
        {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shared"}}}], "ports": HTTPS}
    ],
}
EVASIONS = {
    "an empty rule": [{}],
    "0.0.0.0/0": [blocks("0.0.0.0/0")],
    "two halves": [blocks("0.0.0.0/1", "128.0.0.0/1")],
    "two halves in two rules": [blocks("0.0.0.0/1"), blocks("128.0.0.0/1")],
    "everything but the private networks": [
        blocks("0.0.0.0/0", without=["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"])
    ],
    "everything but one address": [blocks("0.0.0.0/0", without=["1.1.1.1/32"])],
    "all of IPv6": [blocks("::/0")],
    "all of IPv4 as translated IPv6": [blocks("64:ff9b::/96")],
    "all ports as two ranges": [
        blocks("0.0.0.0/0", ports=[{"port": 1, "endPort": 30000}, {"port": 30001, "endPort": 65535}])
    ],
    "every port of one protocol": [{"ports": [{"protocol": "UDP"}]}],
    "ports of which half are named one range": [{"ports": [{"protocol": "TCP", "port": 1024, "endPort": 65535}]}],
    "four blocks of a quarter's sum": [blocks("64.0.0.0/3", "96.0.0.0/3", "32.0.0.0/3", "128.0.0.0/2")],
}


@pytest.fixture(scope="module")
def kubectl(control_plane: ControlPlane, tool: Callable[[str], Path]) -> Kubectl:
    return Kubectl(tool("kubectl"), control_plane.kubeconfig())


@contextlib.contextmanager
def in_force(gatekeeper: Gatekeeper, kubectl: Kubectl, folder: Path) -> Iterator[None]:
    """What a conversion wrote to a folder, with the overlay that refuses, applied as the guide says."""
    kubectl("apply", "-k", folder / "templates")
    written = yaml.safe_load_all(kubectl("kustomize", folder / "templates"))
    templates = [one for one in written if one["kind"] == "ConstraintTemplate"]
    for template in templates:
        gatekeeper.wait_compiled(template)
    kubectl("apply", "-k", folder / "overlays" / "deny")
    overlay = yaml.safe_load_all(kubectl("kustomize", folder / "overlays" / "deny"))
    made = [one for one in overlay if one["apiVersion"].startswith("constraints.")]
    for constraint in made:
        gatekeeper.wait_enforced(constraint)
    yield
    kubectl("delete", "-f", folder / "templates" / "sync.yaml")
    for template in templates:
        mine = [one for one in made if one["kind"] == template["spec"]["crd"]["spec"]["names"]["kind"]]
        gatekeeper.remove(template, *mine)


@pytest.fixture(scope="module")
def refusing(gatekeeper: Gatekeeper, kubectl: Kubectl) -> Iterator[Gatekeeper]:
    """Everything that is in gatekeeper/, with the overlay that refuses, in force."""
    with in_force(gatekeeper, kubectl, ROOT):
        yield gatekeeper


def refused(client: Client, thing: Object) -> str:
    """The message with which the webhook refuses an object, empty where it is taken."""
    try:
        client.create(thing, dry_run=True)
    except RefusedError as error:
        if error.status == 403:
            return error.message
        raise
    return ""


def admitted(client: Client, thing: Object) -> bool:
    """Whether an object is taken by now: what was written before has to be synced first."""
    return bool(until("what was written is synced", lambda: not refused(client, thing)))


def refused_at_last(client: Client, thing: Object) -> str:
    """The same for one that is refused by now."""
    return str(until("what was written is synced", lambda: refused(client, thing)))


@pytest.mark.parametrize("rules", GOOD.values(), ids=GOOD)
def test_good_policies_are_admitted(client: Client, namespace: str, rules: list[Any]) -> None:
    client.create(policy(namespace, *rules))


@pytest.mark.parametrize("rules", EVASIONS.values(), ids=EVASIONS)
def test_evasions_are_refused(client: Client, namespace: str, rules: list[Any]) -> None:
    with pytest.raises(RefusedError, match=r"open-egress(-combined)?\] .* allows? egress to|together allow egress"):
        client.create(policy(namespace, *rules))


def test_a_change_is_refused_as_well(client: Client, namespace: str) -> None:
    client.create(policy(namespace, DNS))
    with pytest.raises(
        RefusedError, match=r"\[open-egress\] NetworkPolicy 'app-egress' allows egress to all destinations"
    ):
        client.apply(policy(namespace, {}))
    client.apply(policy(namespace, DNS, blocks("151.101.2.0/24", ports=HTTPS)))


def test_so_is_a_dry_run(client: Client, namespace: str) -> None:
    assert "open-egress" in refused(client, policy(namespace, {}))
    assert refused(client, policy(namespace, DNS)) == ""


def test_what_only_warns_is_admitted_with_a_warning(kubectl: Kubectl, namespace: str) -> None:
    said = kubectl("apply", "-f", "-", stdin=json.dumps(policy(namespace, {"ports": HTTPS})))
    assert "Warning: [any-destination] NetworkPolicy 'app-egress' allows egress to all destinations on TCP 443" in said


def test_a_policy_comes_before_its_workloads(client: Client, namespace: str) -> None:
    """The order in which kubectl and Helm apply: what nothing isolates is refused."""
    web = deployment(namespace, "web")
    assert f"Nothing isolates egress in namespace '{namespace}'" in refused(client, web)
    client.create(policy(namespace, DNS))
    assert admitted(client, web)
    client.create(web)


def test_a_workload_that_no_policy_selects_is_refused(client: Client, namespace: str) -> None:
    client.create(policy(namespace, DNS, name="web", app="web"))
    assert admitted(client, deployment(namespace, "web"))
    client.create(deployment(namespace, "web"))
    until(
        "the workload is synced",
        lambda: "Deployment 'db' is selected by no policy" in refused(client, deployment(namespace, "db")),
    )


def test_who_takes_a_policy_away_may_not_uncover_anybody(client: Client, namespace: str) -> None:
    client.create(policy(namespace, DNS))
    assert admitted(client, deployment(namespace, "web"))
    client.create(deployment(namespace, "web"))
    until("the workload is synced", lambda: not deletable(client, policy(namespace)))
    client.create(policy(namespace, name="default-deny"))
    until("the other policy is synced", lambda: deletable(client, policy(namespace)))
    client.delete(policy(namespace))


def deletable(client: Client, thing: Object) -> bool:
    try:
        client.delete(thing, dry_run=True)
    except RefusedError:
        return False
    return True


def test_two_policies_that_are_open_only_together(client: Client, namespace: str) -> None:
    client.create(policy(namespace, blocks("0.0.0.0/3"), name="a"))
    assert admitted(client, deployment(namespace, "web"))
    client.create(deployment(namespace, "web"))
    message = refused_at_last(client, policy(namespace, blocks("32.0.0.0/3"), name="b"))
    assert "The policies that select Deployment 'web' together allow egress to everywhere on all ports" in message


def test_the_audit_finds_what_was_there_and_forgets_what_was_mended(
    gatekeeper: Gatekeeper, client: Client, namespace: str
) -> None:
    constraint = {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1",
        "kind": "EgressOpenEgress",
        "metadata": {"name": "open-egress"},
    }
    with unguarded(client):
        client.create(policy(namespace, {}))
        client.create(deployment(namespace, "web"))
    found = [one for one in gatekeeper.audit(constraint) if one["namespace"] == namespace]
    assert [(one["name"], one["message"]) for one in found] == [
        ("app-egress", "NetworkPolicy 'app-egress' allows egress to all destinations on all ports")
    ]
    client.apply(policy(namespace, DNS))
    assert [one for one in gatekeeper.audit(constraint) if one["namespace"] == namespace] == []


def test_a_waived_finding_warns_and_nothing_else(
    gatekeeper: Gatekeeper, client: Client, kubectl: Kubectl, namespace: str
) -> None:
    waiver = {
        "rule": "open-egress",
        "resource": {"kind": "NetworkPolicy", "namespace": namespace, "name": "app-egress"},
        "owner": "payments",
        "reason": "moving",
        "expires": "2099-12-31",
    }
    (rule,) = [one for one in rules.find(modules.read(POLICY)).rules if one.name == "open-egress"]
    made = constraints(rule, Settings({"waivers": [waiver]}))
    for one in made:
        if one["spec"]["scopedEnforcementActions"][1]["action"] == "deny":
            one["spec"]["scopedEnforcementActions"][0]["action"] = "deny"
        client.apply(one)
        gatekeeper.wait_enforced(one)
    said = kubectl("apply", "-f", "-", stdin=json.dumps(policy(namespace, {})))
    assert "Warning: [open-egress-waived] NetworkPolicy 'app-egress' allows egress" in said
    assert "open-egress" in refused(client, policy(namespace, {}, name="another"))
    kubectl("delete", "EgressOpenEgress/open-egress-waived")
    kubectl("apply", "-k", ROOT / "overlays" / "deny")


def test_parameters_that_are_wrong_are_told_with_every_object(
    gatekeeper: Gatekeeper, client: Client, namespace: str
) -> None:
    wrong = {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1",
        "kind": "EgressOpenEgress",
        "metadata": {"name": "wrong"},
        "spec": {
            "match": {
                "kinds": [{"apiGroups": ["networking.k8s.io"], "kinds": ["NetworkPolicy"]}],
                "namespaces": [namespace],
            },
            "parameters": {"internalBlocks": ["1.2.3.4"], "profil": "strict"},
        },
    }
    client.apply(wrong)
    gatekeeper.wait_enforced(wrong)
    message = refused(client, policy(namespace, DNS))
    assert "parameter profil is an unknown parameter" in message
    assert "parameter internalBlocks[0] must be a CIDR block" in message
    client.delete(wrong)


def test_without_the_webhook_everything_is_refused(refusing: Gatekeeper, client: Client, namespace: str) -> None:
    with refusing.without_webhook(), pytest.raises(RefusedError, match="failed calling webhook"):
        client.create(policy(namespace, DNS))
    client.create(policy(namespace, DNS))


def test_a_template_of_the_version_before_is_upgraded_in_place(
    refusing: Gatekeeper, client: Client, kubectl: Kubectl, namespace: str
) -> None:
    template = yaml.safe_load((ROOT / "templates" / "open-egress.yaml").read_text())
    before = json.loads(json.dumps(template))
    before["metadata"]["annotations"]["metadata.gatekeeper.sh/version"] = "0.9.0"
    code = before["spec"]["targets"][0]["code"][0]["source"]
    code["rego"], code["libs"] = (
        'package egress.rules.open_egress\n\nviolation contains {"msg": "of before"} if true\n',
        [],
    )
    client.apply(before)
    refusing.wait_compiled(before)
    until("the version before is in force", lambda: "of before" in refused(client, policy(namespace, DNS)))
    kubectl("apply", "--server-side", "--force-conflicts", "-k", ROOT / "templates")
    refusing.wait_compiled(template)
    until("the new version is in force", lambda: not refused(client, policy(namespace, DNS)))
    assert "[open-egress] NetworkPolicy 'app-egress' allows egress" in refused(client, policy(namespace, {}))


class unguarded:  # noqa: N801 (used as a statement)
    """Without the webhook's configuration, as before anybody installed Gatekeeper."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._name = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}

    def __enter__(self) -> None:
        (found,) = self._client.list(self._name["apiVersion"], self._name["kind"])
        metadata = {"name": found["metadata"]["name"]}
        self._kept = {**self._name, "metadata": metadata, "webhooks": found["webhooks"]}
        self._client.delete(self._kept)
        probe = policy("default", {}, name="probe")
        until("nothing is in the way", lambda: not refused(self._client, probe))

    def __exit__(self, *_: object) -> None:
        self._client.create(self._kept)
        probe = policy("default", {}, name="probe")
        until("the webhook is asked again", lambda: bool(refused(self._client, probe)))


def test_kubectl_says_what_to_do_first(kubectl: Kubectl) -> None:
    """Constraints before their templates: the guide says so, and this is what one sees otherwise."""
    lonely = {"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "EgressNever", "metadata": {"name": "a"}}
    with pytest.raises(KubectlError, match="no matches for kind"):
        kubectl("apply", "-f", "-", stdin=json.dumps(lonely))
