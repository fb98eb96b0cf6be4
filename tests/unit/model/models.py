"""Models for tests: the least there can be, and one with all layers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]

ALL: Json = {
    "namespaces": ["shop"],
    "https": [
        {"name": "payments", "hosts": ["pay.example.com"],
         "cidrs": ["151.101.2.0/24"], "owner": "pay", "reason": "cards", "expires": "2099-06-30"},
        {"name": "mail", "cidrs": ["2a04:4e42::/48"], "ports": [{"port": 8000, "endPort": 8010}], "from": {"app": "w"}},
    ],
    "databases": [
        {
            "name": "orders", "engine": "postgresql", "namespace": "data", "labels": {"app": "orders-db"},
            "from": {"tier": "backend"},
        },
        {"name": "cache", "engine": "redis", "labels": {"app": "cache"}, "from": {"tier": "backend"}},
        {"name": "ledger", "port": 1521, "cidrs": ["10.9.0.5/32"], "from": {"app": "ledger"}},
    ],
    "services": [
        {
            "name": "auth", "namespace": "identity", "labels": {"app": "auth"},
            "ports": [8080, {"protocol": "UDP", "port": 8125}],
        }
    ],
    "kubeAPI": {"service": ["10.96.0.1/32"], "endpoints": ["172.18.0.2/32"], "from": {"role": "controller"}},
}  # fmt: skip


def document(spec: Any = None, **more: Any) -> Json:
    """A whole model of a spec."""
    least = {"namespaces": ["shop"]} if spec is None else spec
    return {
        "apiVersion": "egress-policy.dev/v1",
        "kind": "EgressModel",
        "metadata": {"name": "m"},
        "spec": least,
    } | more


def with_spec(**more: Any) -> Json:
    """The least model, with more in its spec."""
    return document({"namespaces": ["shop"], **more})


def written(folder: Path, *documents: Any) -> str:
    """A file of these documents."""
    path = folder / "model.yaml"
    path.write_text("---\n".join(f"{json.dumps(one)}\n" for one in documents))
    return str(path)
