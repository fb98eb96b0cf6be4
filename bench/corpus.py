"""Manifests of any number of namespaces, the same on every machine: 29 documents and about 20 KB each."""

from __future__ import annotations

import string
from pathlib import Path

_NAMES = ("api", "billing", "cart", "catalog", "checkout", "gateway", "ledger", "mailer", "search", "worker")
_TIERS = ("backend", "frontend", "batch")

_NAMESPACE = string.Template("""\
apiVersion: v1
kind: Namespace
metadata:
  name: $namespace
  labels:
    kubernetes.io/metadata.name: $namespace
    pod-security.kubernetes.io/enforce: restricted
    team: team-$team
""")

_DEPLOYMENT = string.Template("""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: $app
  namespace: $namespace
  labels:
    app.kubernetes.io/name: $app
    app.kubernetes.io/part-of: $group
spec:
  replicas: $replicas
  selector:
    matchLabels:
      app.kubernetes.io/name: $app
  template:
    metadata:
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: "9090"
      labels:
        app.kubernetes.io/name: $app
        app.kubernetes.io/part-of: $group
        tier: $tier
    spec:
      serviceAccountName: $app
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: $app
          image: registry.example.com/$namespace/$app:1.$minor.0
          env:
            - name: POD_NAME
              valueFrom:
                fieldRef:
                  fieldPath: metadata.name
            - name: DATABASE_HOST
              value: database.$namespace.svc.cluster.local
            - name: LOG_FORMAT
              value: json
          ports:
            - name: http
              containerPort: 8080
          readinessProbe:
            httpGet: {path: /ready, port: http}
            periodSeconds: 10
          livenessProbe:
            httpGet:
              path: /healthz
              port: http
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {memory: 256Mi}
""")

_SERVICE = string.Template("""\
apiVersion: v1
kind: Service
metadata:
  name: $app
  namespace: $namespace
  labels:
    app.kubernetes.io/name: $app
spec:
  type: ClusterIP
  selector:
    app.kubernetes.io/name: $app
  ports:
    - name: http
      port: 80
      targetPort: http
      protocol: TCP
""")

_CONFIG_MAP = string.Template("""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: $name
  namespace: $namespace
data:
  config.yaml: |
    server:
      address: ":8080"
      timeout: 30s
    # A policy in a text is no policy:
    kind: NetworkPolicy
    database:
      host: database.$namespace.svc.cluster.local
      pool: $replicas
  FEATURES: "search,export,audit"
""")

# The six layers: nothing, then names, approved addresses, the database, the neighbours, the API server.
_POLICIES = {
    "default-deny": """\
  podSelector: $everyone
  policyTypes: [Ingress, Egress]
""",
    "dns": """\
  podSelector: $everyone
  policyTypes: [Egress]
  egress:
    - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: kube-system
          podSelector:
            matchLabels:
              k8s-app: kube-dns
      ports:
        - {protocol: UDP, port: 53}
        - {protocol: TCP, port: 53}
""",
    "https": """\
  podSelector:
    matchLabels: {app.kubernetes.io/part-of: $group}
    matchExpressions:
      - {key: tier, operator: In, values: [backend, frontend]}
  policyTypes: [Egress]
  egress:
    - to:
        - ipBlock: {cidr: 198.51.$a.0/24, except: [198.51.$a.128/25]}
        - ipBlock: {cidr: 93.184.$b.16/28}
        - ipBlock: {cidr: 151.101.$c.0/26}
      ports:
        - {protocol: TCP, port: 443}
""",
    "database": """\
  podSelector:
    matchLabels: {app.kubernetes.io/part-of: $group, tier: backend}
  policyTypes: [Egress]
  egress:
    - to:
        - ipBlock:
            cidr: 10.20.$a.0/28
      ports:
        - {protocol: TCP, port: 5432}
""",
    "internal": """\
  podSelector: $everyone
  policyTypes: [Egress]
  egress:
    - to:
        - podSelector: {}
        - namespaceSelector:
            matchLabels: {team: team-$team}
          podSelector:
            matchExpressions:
              - {key: app.kubernetes.io/name, operator: Exists}
      ports:
        - {protocol: TCP, port: 8080}
        - {protocol: TCP, port: 9090}
""",
    "kube-api": """\
  podSelector:
    matchLabels: {app.kubernetes.io/part-of: $group, tier: batch}
  policyTypes: [Egress]
  egress:
    - to:
        - ipBlock: {cidr: 10.96.0.1/32}
      ports:
        - {protocol: TCP, port: 443}
    - to:
        - ipBlock: {cidr: 10.0.$b.0/29}
      ports:
        - {protocol: TCP, port: 6443}
""",
}

_POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: ${{prefix}}{layer}
  namespace: $namespace
  labels:
    app.kubernetes.io/managed-by: Helm
spec:
"""


def namespaces(folder: Path, count: int) -> None:
    """Write a file for each of `count` namespaces."""
    folder.mkdir(parents=True)
    for index in range(count):
        name = f"shop-{index:05}"
        documents = [_NAMESPACE.substitute(_values(name, index)), *_group(name, index, group="shop", everyone="{}")]
        (folder / f"{name}.yaml").write_text("---\n".join(documents))


def one_namespace(folder: Path, groups: int) -> None:
    """Write one namespace of `groups` × 10 workloads and `groups` × 6 policies, a file for each group."""
    folder.mkdir(parents=True)
    for index in range(groups):
        group = f"group-{index:03}"
        everyone = f"{{matchLabels: {{app.kubernetes.io/part-of: {group}}}}}"
        documents = _group("shop", index, group=group, everyone=everyone, prefix=f"{group}-")
        (folder / f"{group}.yaml").write_text("---\n".join(documents))


def _group(namespace: str, index: int, *, group: str, everyone: str, prefix: str = "") -> list[str]:
    shared = _values(namespace, index) | {"group": group, "everyone": everyone, "prefix": prefix}
    applications = [
        shared | {"app": f"{prefix}{app}", "tier": _TIERS[number % len(_TIERS)], "replicas": str(1 + number % 3)}
        for number, app in enumerate(_NAMES)
    ]
    return [
        *(_DEPLOYMENT.substitute(values) for values in applications),
        *(_SERVICE.substitute(values) for values in applications),
        *(_CONFIG_MAP.substitute(shared, name=f"{prefix}{name}") for name in ("settings", "features")),
        *(string.Template(_POLICY.format(layer=layer) + _POLICIES[layer]).substitute(shared) for layer in _POLICIES),
    ]


def _values(namespace: str, index: int) -> dict[str, str]:
    """What differs from one namespace to the next, so that nothing can be judged once for all of them."""
    return {
        "namespace": namespace,
        "team": str(index % 17),
        "minor": str(index % 40),
        "replicas": str(2 + index % 5),
        "a": str(index % 250),
        "b": str(index * 7 % 250),
        "c": str(index * 13 % 250),
    }
