"""A small cluster, and the way to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from egress_policy.audit import Request, audit
from egress_policy.cluster import Access
from egress_policy.report import Report
from tests.unit.cluster.api import BUILT_IN, Api, known

SHOP = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: shop}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: app-egress, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: 10.1.0.0/16}}]
      ports: [{protocol: TCP, port: 443}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
"""
BANK = """\
apiVersion: v1
kind: Namespace
metadata: {name: bank}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: bank}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: [{}]
"""


@pytest.fixture
def api() -> Iterator[Api]:
    """Two namespaces: `shop` passes, `bank` is open. Cilium and Istio are installed."""
    server = Api([*known(*BUILT_IN), *known("cilium.io", version="v2"), *known("networking.istio.io")])
    server.holds(SHOP, BANK)
    yield server
    server.close()


@pytest.fixture
def kubeconfig(api: Api, tmp_path: Path) -> Path:
    return api.kubeconfig(tmp_path / "kubeconfig")


@pytest.fixture
def audited(kubeconfig: Path) -> Callable[..., Report]:
    """The report about the cluster."""

    def run(**options: Any) -> Report:
        return audit(Request(cluster=Access(str(kubeconfig)), **options))

    return run
