"""Which lists to ask a cluster for: the kinds that the policy knows, as far as the cluster serves them.

The policy's own list is in the METADATA that `nox -s generate` writes; it is also what the RBAC in examples/ allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from egress_policy.cluster.answers import UnusableError, fetched, text
from egress_policy.cluster.server import Server
from egress_policy.engine import embedded
from egress_policy.reader import ReadError

# Groups that every cluster serves, in the version that is judged. All others are asked for.
_BUILT_IN = {"": "v1", "apps": "v1", "batch": "v1", "networking.k8s.io": "v1"}
# One thing under two names: what Calico's API server serves is stored as objects of the first group.
_STORED_BY = {"crd.projectcalico.org": "projectcalico.org"}
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_GROUPS = "/apis"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind, in the version in which it is read. `resource` is its name in the API's paths."""

    group: str
    version: str
    name: str
    resource: str
    namespaced: bool

    @property
    def built_in(self) -> bool:
        """Whether every cluster has to serve it."""
        return self.group in _BUILT_IN

    @property
    def api_version(self) -> str:
        """As objects of this kind say it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "") -> str:
        """The path of the list, or of an object in it."""
        base = f"/apis/{self.group}" if self.group else "/api"
        within = f"/namespaces/{quote(namespace, safe='')}" if namespace and self.namespaced else ""
        return f"{base}/{self.version}{within}/{self.resource}" + (f"/{quote(name, safe='')}" if name else "")


def served(server: Server, errors: list[ReadError]) -> list[Kind]:
    """The kinds that matter and are there. What cannot be found out is an error; the rest is read."""
    known = embedded.metadata()["kinds"]
    kinds = [
        Kind(group, version, kind, facts["resource"], facts["namespaced"])
        for group, version in _BUILT_IN.items()
        for kind, facts in known.get(group, {}).items()
    ]
    groups = _groups(server, errors)
    wanted = {group: set(found) for group, found in known.items() if group in groups and group not in _BUILT_IN}
    for group, names in wanted.items():
        stored = wanted.get(_STORED_BY.get(group, ""), set())
        kinds += _discovered(server, group, groups[group], names - stored, errors)
    return kinds


def _groups(server: Server, errors: list[ReadError]) -> dict[str, list[str]]:
    """The versions of each group that is served, the preferred one first."""
    try:
        listed = fetched(server, _GROUPS).get("groups")
        if not isinstance(listed, list):
            raise UnusableError("the answer is no list of API groups")
    except UnusableError as error:
        message = f"it is not known which policies other than NetworkPolicies there are: {error}"
        errors.append(ReadError(_GROUPS, 1, message))
        return {}
    return {text(group, "name"): list(_versions(group)) for group in listed if isinstance(group, dict)}


def _versions(group: Mapping[str, Any]) -> Iterator[str]:
    versions = group.get("versions")
    first = text(group.get("preferredVersion"), "version")
    found = [text(one, "version") for one in versions] if isinstance(versions, list) else []
    yield from sorted(filter(_NAME.fullmatch, found), key=lambda version: version != first)


def _discovered(
    server: Server, group: str, versions: Iterable[str], wanted: set[str], errors: list[ReadError]
) -> Iterator[Kind]:
    """The wanted kinds of a group, each in the first version that has it."""
    missing = set(wanted)
    for version in versions:
        if not missing:
            return
        path = f"/apis/{group}/{version}"
        try:
            resources = fetched(server, path).get("resources")
            if not isinstance(resources, list):
                raise UnusableError("the answer is no list of resources")
        except UnusableError as error:
            errors.append(ReadError(path, 1, f"it is not known which kinds there are: {error}"))
            continue
        for resource in resources:
            kind = _kind(group, version, resource)
            if kind and kind.name in missing:
                missing.remove(kind.name)
                yield kind


def _kind(group: str, version: str, resource: Any) -> Kind | None:
    """None for what cannot be listed, such as a subresource."""
    name, kind = text(resource, "name"), text(resource, "kind")
    verbs = resource.get("verbs") if _NAME.fullmatch(name) else None
    if not isinstance(verbs, list) or "list" not in verbs:
        return None
    return Kind(group, version, kind, name, resource.get("namespaced") is True)
