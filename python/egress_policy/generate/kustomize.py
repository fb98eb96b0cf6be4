"""`--format kustomize`: a base with one file a policy, and overlays for staging and prod."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from egress_policy import manifest, model
from egress_policy.generate import BANNER, kubectl
from egress_policy.model import Model

_KUSTOMIZATION = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
_STAGING = """\
# Where staging differs, say so here: an address of a test system instead of the real one, as in
#   patches:
#     - target: {kind: NetworkPolicy, name: allow-https}
#       patch: |-
#         - op: replace
#           path: /spec/egress/0/to/0/ipBlock/cidr
#           value: 198.18.0.0/24
"""


def command(_: Sequence[Model]) -> str:
    """What applies the files."""
    return "kubectl apply -k kustomize/overlays/prod"


def files(models: Sequence[Model]) -> dict[str, bytes]:
    """The folder `kustomize`. Both overlays have the base's policies; staging marks them as its own."""
    policies = {path: text for one in models for path, text in _policies(one, models)}
    made = {
        "base": {**policies, "kustomization.yaml": _kustomization({"resources": list(policies)})},
        "overlays/prod": {"kustomization.yaml": _kustomization({"resources": ["../../base"]})},
        "overlays/staging": {"kustomization.yaml": _staging()},
    }
    return {
        f"kustomize/{folder}/{path}": f"# {BANNER}\n{text}".encode()
        for folder, inside in made.items()
        for path, text in inside.items()
    }


def _policies(one: Model, models: Sequence[Model]) -> Iterator[tuple[str, str]]:
    """Numbered, as Kustomize lists what it finds by name; below their namespace where there are several."""
    several = sum(len(other.namespaces) for other in models) > 1
    for namespace in one.namespaces:
        own = [policy for policy in model.policies(one) if policy["metadata"]["namespace"] == namespace]
        for number, policy in enumerate(own):
            file = f"{number:02}-{policy['metadata']['name']}.yaml"
            yield f"{namespace}/{file}" if several else file, kubectl.commented(one, policy)


def _kustomization(more: Mapping[str, Any]) -> str:
    return manifest.written([{**_KUSTOMIZATION, **more}])


def _staging() -> str:
    labels = [{"pairs": {"environment": "staging"}, "includeSelectors": False}]
    return _kustomization({"resources": ["../../base"], "labels": labels}) + _STAGING
