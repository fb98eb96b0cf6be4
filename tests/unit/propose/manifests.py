"""Short manifests; each environment variable has a line of its own, and the first is on line 12."""

from __future__ import annotations

ENV_LINE = 12


def workload(name: str, *env: str, labels: str = "", extra: str = "", kind: str = "Deployment") -> str:
    """A Deployment of namespace shop; `env` are entries of `env`, `extra` is more of the pod's spec."""
    variables = "".join(f"        - {{{one}}}\n" for one in env)
    return f"""apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {labels or f"{{app: {name}}}"}}}
    spec:
      containers:
      - name: main
        env:
{variables or "          []" + chr(10)}{extra}---
"""


def value(name: str, text: str) -> str:
    """A variable by its value."""
    return f"name: {name}, value: {quoted(text)}"


def quoted(text: str) -> str:
    """In YAML's single quotes."""
    return "'" + text.replace("'", "''") + "'"


def service(name: str, ports: str = "[{port: 80, targetPort: 8080}]", namespace: str = "shop", more: str = "") -> str:
    """A Service that selects app: NAME."""
    selector = "" if "selector" in more or "ExternalName" in more else f"selector: {{app: {name}}}, "
    return f"""apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{{selector}ports: {ports}{more}}}
---
"""


def config(name: str, kind: str = "ConfigMap", field: str = "data", **data: str) -> str:
    """A ConfigMap or a Secret."""
    lines = "".join(f"  {key.replace('__', '.')}: {quoted(text)}\n" for key, text in data.items())
    return f"""apiVersion: v1
kind: {kind}
metadata: {{name: {name}, namespace: shop}}
{field}:
{lines}---
"""


def policy(*egress: str, pods: str = "{matchLabels: {app: web}}", more: str = "") -> str:
    """A NetworkPolicy `old` of namespace shop; its egress rules start on line 7."""
    rules = "".join(f"  - {one}\n" for one in egress)
    return f"""apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: old, namespace: shop}}
spec:
  podSelector: {pods}
  egress:
{rules}{more}---
"""
