"""A kustomization: what kustomize reads, and no object of a cluster."""

from __future__ import annotations

from typing import Any

import orjson

from egress_policy.reader import careful
from egress_policy.reader.documents import UnreadableError
from egress_policy.reader.output import dumps
from egress_policy.reader.stream import chunks

API_VERSION = "kustomize.config.k8s.io/v1beta1"
KIND = "Kustomization"
#: A component is a part of other kustomizations, and comes to nothing by itself.
COMPONENT = "Component"


def parse(data: bytes) -> dict[str, Any] | None:
    """The kustomization that a file of this name holds; None for something else, such as Flux' objects of the kind."""
    try:
        found = [orjson.loads(dumps(tree.root.value)) for chunk in chunks(data) for tree in careful.trees(chunk)]
    except UnreadableError:  # whoever reads the file says what is wrong with it
        return None
    if len(found) != 1 or not isinstance(found[0], dict):
        return None
    kind, api_version = found[0].get("kind") or KIND, found[0].get("apiVersion") or API_VERSION
    known = kind in (KIND, COMPONENT) and str(api_version).startswith("kustomize.config.k8s.io/")
    return found[0] if known else None
