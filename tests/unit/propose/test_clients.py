"""Who may reach a destination: the labels that the workloads which name it share, and no other has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.propose.manifests import service, value, workload

_AUTH = service("auth")
_URL = value("A", "http://auth")


def _from(text: str) -> list[str]:
    """The lines with names and `from`."""
    wanted = ("- name:", "from:")
    return [line.strip() for line in text.split("\n") if line.strip().startswith(wanted)]


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        pytest.param(
            workload("a", _URL, labels="{app: a, tier: back}") + workload("b", _URL, labels="{app: b, tier: back}"),
            ["- name: auth", "from: {tier: back}"],
            id="what they share, where no other has it",
        ),
        pytest.param(
            workload("a", _URL, labels="{app: a, tier: back}")
            + workload("b", _URL, labels="{app: b, tier: back}")
            + workload("c", labels="{app: c, tier: back}"),
            ["- name: auth", "from: {app: a, tier: back}", "- name: auth-from-b", "from: {app: b, tier: back}"],
            id="each for itself, where another shares it as well",
        ),
        pytest.param(
            workload("a", _URL, labels="{app: a, version: '1'}") + workload("b"),
            ["- name: auth", "from: {app: a}"],
            id="a version is no lasting label",
        ),
        pytest.param(
            workload("a", _URL, labels="{app: x, version: '1'}") + workload("b", labels="{app: x, version: '2'}"),
            ["- name: auth", 'from: {app: x, version: "1"}'],
            id="unless nothing else tells them apart",
        ),
        pytest.param(
            workload("a", _URL, labels="{app: x}") + workload("b", labels="{app: x, tier: back}"),
            [
                "- name: auth",
                'from: {"TO FILL IN": ""}   # TO FILL IN: labels of Deployment a that no other workload has '
                '(theirs are those of Deployment b as well); add one, as in reaches-auth: "true"',
            ],
            id="labels that another has too, and more",
        ),
        pytest.param(
            workload("a", _URL, labels="{}"),
            [
                "- name: auth",
                'from: {"TO FILL IN": ""}   # TO FILL IN: labels of Deployment a that no other workload has '
                '(they have none in common); add one, as in reaches-auth: "true"',
            ],
            id="no labels at all are never every pod",
        ),
        pytest.param(
            workload("a", _URL, labels="{app: 7, 'a b': c, ok: fine}") + workload("b", labels="{app: b}"),
            ["- name: auth", "from: {ok: fine}"],
            id="labels that no API server would accept are none",
        ),
        pytest.param(
            workload("a", _URL, labels="{app: x}") + workload("b", _URL, labels="{app: x}"),
            ["- name: auth", "from: {app: x}"],
            id="two of the same labels that both may",
        ),
        pytest.param(
            workload("a", _URL, labels="{app: x}")
            + workload("b", labels="{app: x}", extra="      hostNetwork: true\n"),
            ["- name: auth", "from: {app: x}"],
            id="a workload that no policy holds need not be told apart",
        ),
        pytest.param(
            workload("a", _URL, labels="{app: x}")
            + workload("b", labels="{app: x}").replace("namespace: shop", "namespace: kube-system"),
            ["- name: auth", "from: {app: x}"],
            id="another namespace is not in the way",
        ),
        pytest.param(
            workload("a", _URL, labels="{app: x}") + workload("a", _URL, labels="{app: z}"),
            ["- name: auth", "from: {app: z}"],
            id="of one workload that is there twice the later counts",
        ),
        pytest.param(
            workload("a", _URL, labels="{app: x}")
            + workload("a-1", _URL, labels="{app: x}", kind="ReplicaSet").replace(
                "namespace: shop", "namespace: shop, ownerReferences: [{kind: Deployment, name: a, controller: true}]"
            ),
            ["- name: auth", "from: {app: x}"],
            id="what a Deployment has made is the Deployment",
        ),
    ],
)
def test_from(entries: Callable[[str], str], manifests: str, expected: list[str]) -> None:
    assert _from(entries(manifests + _AUTH)) == expected


_BOUND = """apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: b{space}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects: [{{kind: ServiceAccount, name: {account}{subject}}}]
---
"""
_ACCOUNT = "      serviceAccountName: bot\n"
_API = """\
  # from shop.yaml:{line}, Deployment bot, {what}
  kubeAPI:
    service: ["TO FILL IN"]   # TO FILL IN: the clusterIP of the Service: kubectl get service kubernetes \
--namespace default
    endpoints: ["TO FILL IN"]   # TO FILL IN: the addresses of the API servers: kubectl get endpointslices --namespace \
default -l kubernetes.io/service-name=kubernetes
    from: {{app: bot}}
"""


def _bound(
    kind: str = "RoleBinding", *, account: str = "bot", space: str = ", namespace: shop", subject: str = ""
) -> str:
    return _BOUND.format(kind=kind, account=account, space=space, subject=subject)


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        pytest.param(
            workload("bot", extra=_ACCOUNT) + _bound(),
            _API.format(line=13, what="ServiceAccount bot in RoleBinding b"),
            id="a RoleBinding",
        ),
        pytest.param(
            workload("bot", extra=_ACCOUNT) + _bound("ClusterRoleBinding", space="", subject=", namespace: shop"),
            _API.format(line=13, what="ServiceAccount bot in ClusterRoleBinding b"),
            id="a ClusterRoleBinding",
        ),
        pytest.param(
            workload("bot") + _bound(account="default"),
            _API.format(line=8, what="ServiceAccount default in RoleBinding b"),
            id="the account that nobody names",
        ),
        pytest.param(
            workload(
                "bot", value("KUBERNETES_SERVICE_HOST", "10.0.0.1"), extra="      automountServiceAccountToken: true\n"
            ),
            _API.format(line=12, what="env KUBERNETES_SERVICE_HOST"),
            id="a workload that is told where the API server is",
        ),
        pytest.param(
            workload("bot", value("A", "https://kubernetes.default.svc")),
            _API.format(line=12, what="env A"),
            id="a workload that names the API server",
        ),
        pytest.param(
            workload("bot", extra=_ACCOUNT + "      automountServiceAccountToken: false\n") + _bound(),
            "",
            id="no token",
        ),
        pytest.param(
            workload("bot", extra=_ACCOUNT)
            + _bound()
            + "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: bot, namespace: shop}\n"
            "automountServiceAccountToken: false\n",
            "",
            id="no token by its account",
        ),
        pytest.param(
            workload("bot", extra=_ACCOUNT) + _bound(subject=", namespace: other"), "", id="a namesake elsewhere"
        ),
        pytest.param(workload("bot", extra=_ACCOUNT), "", id="an account without a role"),
    ],
)
def test_kube_api(entries: Callable[[str], str], manifests: str, expected: str) -> None:
    assert entries(manifests) == expected
