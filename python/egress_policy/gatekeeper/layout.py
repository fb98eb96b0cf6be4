"""Where everything goes: the files of a conversion, each with its place in a Kustomize tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from egress_policy import manifest
from egress_policy.gatekeeper import templates
from egress_policy.gatekeeper.constraints import Settings, constraints, refusing
from egress_policy.gatekeeper.rules import Found, Rule

Json = dict[str, Any]
COMMAND = "egress gatekeeper convert"


def files(found: Found, versions: Mapping[str, str], settings: Settings, banner: str) -> dict[str, bytes]:
    """{path: bytes}, to be applied in two steps: templates first, since they make the kinds of the constraints."""
    made = dict(_files(found, versions, settings))
    return {path: f"# {banner}\n{text}".encode() for path, text in sorted(made.items())}


def _files(found: Found, versions: Mapping[str, str], settings: Settings) -> Iterator[tuple[str, str]]:
    yield from _templates(found.rules, versions, settings)
    yield from _constraints(found.rules, settings)
    yield "kustomization.yaml", _kustomization("egress-policy", ["templates", "constraints"])
    patches = [patch for rule in found.rules for patch in refusing(rule, settings)]
    yield (
        "overlays/deny/kustomization.yaml",
        _kustomization(
            "egress-policy-deny",
            # Not the root, which holds this very folder: Kustomize takes that for a cycle.
            ["../../templates", "../../constraints"],
            patches,
        ),
    )


def _templates(rules: Sequence[Rule], versions: Mapping[str, str], settings: Settings) -> Iterator[tuple[str, str]]:
    names = []
    for rule in rules:
        names.append(f"{rule.name}.yaml")
        made = templates.template(rule, versions[rule.name], settings.kinds)
        yield f"templates/{names[-1]}", manifest.written([made])
    # What is synced belongs to the first step, so that it is there when the constraints come.
    yield "templates/sync.yaml", manifest.written([_sync_set(rules, settings)])
    yield "templates/kustomization.yaml", _kustomization("egress-policy-templates", [*names, "sync.yaml"])


def _constraints(rules: Iterable[Rule], settings: Settings) -> Iterator[tuple[str, str]]:
    names = []
    for rule in rules:
        if made := constraints(rule, settings):
            names.append(f"{rule.name}.yaml")
            yield f"constraints/{names[-1]}", manifest.written(made)
    yield "constraints/kustomization.yaml", _kustomization("egress-policy-constraints", names)


def _kustomization(name: str, resources: Iterable[str], patches: Iterable[Json] = ()) -> str:
    made: Json = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        # A name, because gator warns where two objects have none.
        "metadata": {"name": name},
        "resources": list(resources),
    }
    listed = list(patches)
    return manifest.written([{**made, "patches": listed} if listed else made])


def _sync_set(rules: Iterable[Rule], settings: Settings) -> Json:
    words = {word for rule in rules for word in rule.custom["requires_inventory"]}
    return {
        "apiVersion": "syncset.gatekeeper.sh/v1alpha1",
        "kind": "SyncSet",
        "metadata": {"name": "egress-policy"},
        "spec": {"gvks": settings.kinds.synced(words)},
    }
