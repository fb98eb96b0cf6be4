"""The cases as a cluster would hold them, each in namespaces of its own, so that one run of gator judges all."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from egress_policy import reader
from egress_policy.gatekeeper.together import ASKED
from egress_policy.shards import OPERATORS
from tests.cases import Case
from tests.engines import is_cluster_wide

Json = dict[str, Any]
SYSTEM = ("kube-system", "kube-public", "kube-node-lease")


# What the audit reads and Gatekeeper does not (docs/parity.md).
READ_VERSIONS = frozenset(
    {
        "cilium.io/v2", "cilium.io/v2alpha1", "projectcalico.org/v3", "crd.projectcalico.org/v1",
        "crd.antrea.io/v1beta1", "crd.antrea.io/v1alpha1",
        "policy.networking.k8s.io/v1alpha1", "policy.networking.k8s.io/v1alpha2",
        "k8s.ovn.org/v1", "network.openshift.io/v1", "networking.istio.io/v1",
    }
)  # fmt: skip
#: What is of files alone: no API server has these kinds.
OF_FILES = ("egress-policy", "kustomize.config.k8s.io")
CALICO = ("NetworkPolicy", "GlobalNetworkPolicy", "NetworkSet", "GlobalNetworkSet", "Tier")


@dataclass(frozen=True, slots=True)
class Held:
    """What a cluster holds of a case, in the order of kinds and names; `prefix` is before all its namespaces."""

    case: Case
    prefix: str
    objects: list[Json]
    settings: Json = field(default_factory=dict)


def hold_all(cases: Iterable[Case], folder: Path, *, apart: bool = True) -> dict[str, Held | None]:
    """All by their sentence. Those of the same parameters share the start of their prefix, which constraints match."""
    groups: dict[str, int] = {}
    found = {}
    for number, case in enumerate(cases):
        settings = json.dumps(case.settings, sort_keys=True)
        own = f"-{number}" if "namespace" in settings.lower() else ""
        group = groups.setdefault(settings + own, len(groups))
        found[case.case] = hold(case, f"g{group}-c{number}-" if apart else "", folder / str(number))
    return found


def hold(case: Case, prefix: str, folder: Path) -> Held | None:
    """None for what no cluster can hold: two objects of one name, one without a name or a version."""
    case.write(folder)
    objects = [_as_stored(one, case.namespace or "default") for one in _objects(folder)]
    if any(one is None for one in objects):
        return None
    held = sorted((one for one in objects if one), key=lambda one: (one["kind"], one["metadata"]["name"]))
    keys = [_key(one) for one in held]
    if len(set(keys)) < len(keys):
        return None
    moved = Held(case, prefix, [_moved(one, prefix) for one in held], _moved_settings(case.settings, prefix))
    return moved if shares_a_cluster(moved) else Held(case, "", held, dict(case.settings))


def shares_a_cluster(held: Held) -> bool:
    """Whether others may be beside it: not where Namespaces are there, or namespaces mean something by their names."""
    names = {one["metadata"].get("namespace", "") for one in held.objects}
    return "systemNamespaces" not in held.settings and not any(
        not name or name.removeprefix(held.prefix) in SYSTEM for name in names
    )


def policies(cases: Iterable[Case], folder: Path) -> Iterator[tuple[Case, Json]]:
    """The NetworkPolicies of all cases that Gatekeeper can decode, each in a namespace of its own."""
    for number, case in enumerate(cases):
        case.write(folder / str(number))
        for place, one in enumerate(_objects(folder / str(number))):
            if _can_be_stored(one) and one.get("kind") == "NetworkPolicy":
                metadata = {**one["metadata"], "namespace": f"c{number}-{place}"}
                yield case, {**one, "metadata": metadata}


def _objects(folder: Path) -> Iterator[Json]:
    for reading in reader.read([str(folder)]):
        for document in reading.documents:
            yield json.loads(document.text)


def _as_stored(one: Json, namespace: str) -> Json | None:
    if not _can_be_stored(one):
        return None
    metadata = one["metadata"]
    return (
        one
        if is_cluster_wide(one)
        else {**one, "metadata": {**metadata, "namespace": metadata.get("namespace") or namespace}}
    )


def _can_be_stored(one: Json) -> bool:
    """Whether Gatekeeper can decode it: it has a name, a version, and metadata of the right types; not of files alone.

    What the audit reads besides NetworkPolicies is none of it either: at admission it is said not to be judged.
    """
    if not isinstance(one, dict) or _is_read_in_files_only(one):
        return False
    metadata, version = one.get("metadata"), one.get("apiVersion")
    if not isinstance(metadata, dict) or not isinstance(version, str) or not version or version.count("/") > 1:
        return False
    texts = [metadata.get("name"), metadata.get("namespace") or ""]
    maps = [metadata.get(name) or {} for name in ("labels", "annotations")]
    readable = all(isinstance(text, str) for text in texts) and all(isinstance(one, dict) for one in maps)
    return readable and metadata["name"] != "" and _group(version) not in OF_FILES


def _is_read_in_files_only(one: Json) -> bool:
    version = str(one.get("apiVersion"))
    if version == "projectcalico.org/v3" and one.get("kind") not in CALICO:
        return False
    return version in READ_VERSIONS or _group(version) in OPERATORS


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def _key(one: Json) -> tuple[str, ...]:
    metadata = one["metadata"]
    return _group(one["apiVersion"]), one["kind"], metadata.get("namespace", ""), metadata["name"]


def _moved(one: Json, prefix: str) -> Json:
    metadata = one["metadata"]
    if not metadata.get("namespace"):
        return one
    return {**one, "metadata": {**metadata, "namespace": prefix + metadata["namespace"]}}


def _moved_settings(settings: Mapping[str, Any], prefix: str) -> Json:
    """Namespaces that parameters name move along."""
    moved = dict(settings)
    movers = (("approvedDestinations", _moved_approval), ("waivers", _moved_waiver), ("models", _moved_model))
    for name, inner in movers:
        if isinstance(moved.get(name), list):
            moved[name] = [inner(entry, prefix) for entry in moved[name]]
    return moved


def _moved_approval(entry: Json, prefix: str) -> Json:
    if not isinstance(entry, dict) or not isinstance(entry.get("namespaces"), list):
        return entry
    return {**entry, "namespaces": [prefix + name for name in entry["namespaces"]]}


def _moved_waiver(entry: Json, prefix: str) -> Json:
    resource = entry["resource"]
    if resource.get("kind") == "Namespace":
        return {**entry, "resource": {**resource, "name": prefix + resource["name"]}}
    if not resource.get("namespace"):
        return entry
    return {**entry, "resource": {**resource, "namespace": prefix + resource["namespace"]}}


def _moved_model(document: Json, prefix: str) -> Json:
    """The namespaces that it is about. Those that it reaches stay: policies reach them by their names."""
    spec = document["spec"]
    return {**document, "spec": {**spec, "namespaces": [prefix + name for name in spec["namespaces"]]}}


def constraints(
    made: Iterable[Json], held: Iterable[Held], asking: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> Iterator[Json]:
    """The constraints for some cases, one a template for all that have the same settings.

    `asking` are the parameters without which those of a rule say nothing: they are left out where these are not set.
    """
    groups: dict[str, list[Held]] = {}
    for one in held:
        groups.setdefault(json.dumps(one.settings, sort_keys=True), []).append(one)
    templates = list(made)
    for number, (settings, members) in enumerate(groups.items()):
        namespaces = sorted({f"{member.prefix.partition('-')[0]}-*" for member in members if member.prefix})
        given = json.loads(settings)
        for constraint in templates:
            if all(given.get(name) is not None for name in asking.get(constraint["metadata"]["name"], ())):
                yield _for(constraint, number, given, namespaces)


def _for(constraint: Json, number: int, settings: Json, namespaces: list[str]) -> Json:
    name = f"{constraint['metadata']['name']}-{number}"
    match = {**constraint["spec"]["match"], **({"namespaces": namespaces} if namespaces else {})}
    asked = {name: value for name, value in constraint["spec"].get("parameters", {}).items() if name == ASKED}
    spec = {**constraint["spec"], "match": match, "parameters": {**asked, **settings}}
    return {**constraint, "metadata": {"name": name}, "spec": spec}


def gator(program: Path, objects: Iterable[Json], folder: Path) -> list[Json]:
    """What `gator test` says of templates, constraints and other objects."""
    file = folder / "all.yaml"
    file.write_text("".join(f"---\n{json.dumps(one)}\n" for one in objects))
    done = subprocess.run(
        [program, "test", "--filename", file, "--output", "json"], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip(), done.stderr
    return json.loads(done.stdout) or []
