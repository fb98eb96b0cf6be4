"""What generated policies say to readers: what a layer is for, who wanted each destination, why, and until when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from egress_policy import model
from egress_policy.formats import clean

Json = Mapping[str, Any]
# Those whose entries somebody has asked for by name.
_NAMED = ("allow-https", "allow-database", "allow-internal-services")
_ABOUT = {
    "default-deny-egress": "Nothing leaves unless a policy below says so.",
    "allow-dns": "Names are resolved by the cluster's DNS and nobody else: open DNS is a tunnel.",
    "allow-https": "Approved destinations outside the cluster.",
    "allow-database": "Databases, from the pods of the backend only.",
    "allow-internal-services": "Shared services of other namespaces, by namespace, pods and ports.",
    "allow-kube-api": "The Kubernetes API, from controllers only: its service's address, and its endpoints.",
}


def lines(spec: dict[str, Any], policy: Json) -> Iterator[str]:
    """The comment of a policy of a model, a line each, without `#`. Nothing in it ends the line."""
    layer = model.layer_of(policy)
    yield _ABOUT[layer]
    yield from (entry_line(entry) for entry in model.entries_of(spec, policy) if layer in _NAMED)


def entry_line(entry: Json) -> str:
    """`payments: card payments (payments team, until 2027-06-30)`, of what there is."""
    who = ", ".join(filter(None, (entry.get("owner"), f"until {entry['expires']}" if entry.get("expires") else "")))
    about = " ".join(filter(None, (entry.get("reason"), f"({who})" if who else "")))
    return clean.line(f"{entry['name']}: {about}" if about else str(entry["name"]))
