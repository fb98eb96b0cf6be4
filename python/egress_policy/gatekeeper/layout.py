"""Where everything goes: the files of a conversion, each with its place in a Kustomize tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from egress_policy import manifest
from egress_policy.gatekeeper import native, templates
from egress_policy.gatekeeper.constraints import Settings, refusing, without_parameters
from egress_policy.gatekeeper.native import Native
from egress_policy.gatekeeper.rules import Found, Rule
from egress_policy.gatekeeper.together import made_constraints

Json = dict[str, Any]
COMMAND = "egress gatekeeper convert"


def files(
    found: Found,
    places: Mapping[str, Rule],
    versions: Mapping[str, str],
    settings: Settings,
    banner: str,
    forms: Sequence[Native] = (),
) -> dict[str, bytes]:
    """{path: bytes}, to be applied in two steps: templates first, since they make the kinds of the constraints.

    `places` tells of each rule in which template it is: its own, or one for several. `versions` are those of templates.
    `forms` are those of its rules in CEL, for Gatekeeper and for the API server alone.
    """
    made = dict(_files(found, places, versions, settings))
    if forms:
        made |= dict(_native(forms, versions, settings)) | dict(_admission_policies(forms, settings))
    return {path: f"# {banner}\n{text}".encode() for path, text in sorted(made.items())}


def _files(
    found: Found, places: Mapping[str, Rule], versions: Mapping[str, str], settings: Settings
) -> Iterator[tuple[str, str]]:
    yield from _templates(places, versions, settings)
    made = {rule.name: made_constraints(rule, places[rule.name], settings) for rule in found.rules}
    yield from _constraints(made)
    yield "kustomization.yaml", _kustomization("egress-policy", ["templates", "constraints"])
    refused = refusing(one for listed in made.values() for one in listed)
    # Not the root, which holds this very folder: Kustomize takes that for a cycle.
    folders = ["../../templates", "../../constraints"]
    yield "overlays/deny/kustomization.yaml", _kustomization("egress-policy-deny", folders, refused)


def _templates(
    places: Mapping[str, Rule], versions: Mapping[str, str], settings: Settings
) -> Iterator[tuple[str, str]]:
    made = {place.name: place for place in places.values()}
    for name, place in made.items():
        yield f"templates/{name}.yaml", manifest.written([templates.template(place, versions[name], settings.kinds)])
    # What is synced belongs to the first step, so that it is there when the constraints come.
    yield "templates/sync.yaml", manifest.written([_sync_set(places.values(), settings)])
    files = [*(f"{name}.yaml" for name in made), "sync.yaml"]
    yield "templates/kustomization.yaml", _kustomization("egress-policy-templates", files)


def _constraints(made: Mapping[str, Sequence[Json]]) -> Iterator[tuple[str, str]]:
    """Given by the name of the rule."""
    names = [f"{name}.yaml" for name, listed in made.items() if listed]
    yield from ((f"constraints/{name}.yaml", manifest.written(listed)) for name, listed in made.items() if listed)
    yield "constraints/kustomization.yaml", _kustomization("egress-policy-constraints", names)


def _native(forms: Iterable[Native], versions: Mapping[str, str], settings: Settings) -> Iterator[tuple[str, str]]:
    """To be applied after templates/ and constraints/, which have the same objects in Rego."""
    written: dict[str, list[str]] = {"templates": [], "constraints": []}
    refused: list[Json] = []
    for form in forms:
        rule, name = form.rule, f"{form.rule.name}.yaml"
        template = templates.template(rule, versions[rule.name], settings.kinds, native.code(form))
        made = without_parameters(rule, settings)
        refused += refusing(made)
        for folder, objects in (("templates", [template]), ("constraints", made)):
            if objects:
                written[folder].append(name)
                yield f"native/{folder}/{name}", manifest.written(objects)
    for folder, names in written.items():
        yield f"native/{folder}/kustomization.yaml", _kustomization(f"egress-policy-native-{folder}", names)
    yield "native/kustomization.yaml", _kustomization("egress-policy-native", list(written))
    folders = [f"../../native/{folder}" for folder in written]
    yield "overlays/deny-native/kustomization.yaml", _kustomization("egress-policy-deny-native", folders, refused)


def _admission_policies(forms: Iterable[Native], settings: Settings) -> Iterator[tuple[str, str]]:
    folder, names, refused = "admission-policies", [], []
    for form in forms:
        if made := native.admission_policies(form, settings):
            names.append(f"{form.rule.name}.yaml")
            refused += native.refusing(form, settings)
            yield f"{folder}/{names[-1]}", manifest.written(made)
    yield f"{folder}/kustomization.yaml", _kustomization(f"egress-policy-{folder}", names)
    overlay = _kustomization(f"egress-policy-deny-{folder}", [f"../../{folder}"], refused)
    yield f"overlays/deny-{folder}/kustomization.yaml", overlay


def _kustomization(name: str, resources: Iterable[str], patches: Sequence[Json] = ()) -> str:
    made: Json = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        # A name, because gator warns where two objects have none.
        "metadata": {"name": name},
        "resources": list(resources),
    }
    return manifest.written([{**made, "patches": patches} if patches else made])


def _sync_set(rules: Iterable[Rule], settings: Settings) -> Json:
    words = {word for rule in rules for word in rule.custom["requires_inventory"]}
    return {
        "apiVersion": "syncset.gatekeeper.sh/v1alpha1",
        "kind": "SyncSet",
        "metadata": {"name": "egress-policy"},
        "spec": {"gvks": settings.kinds.synced(words)},
    }
