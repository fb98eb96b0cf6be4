"""The findings that DESIGN.md asks for, as far as the model judges them, over Kubernetes manifests."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from tests.model.allowances import NAME_LABEL, Allowance, Pod, Rules, Selector
from tests.model.networkpolicy import (
    Manifest,
    all_rules,
    isolates,
    name_of,
    namespace_of,
    rules_of,
    struct,
    subject_of,
)
from tests.model.width import Limits, Width, metadata_block, reach, rule_kind, width
from tests.model.workloads import Workload, workloads_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: The finding kinds that the model decides; the others it leaves to the cases.
KINDS = frozenset(
    [
        "open-egress",
        "open-egress-combined",
        "any-destination",
        "broad-destination",
        "broad-destination-combined",
        "all-ports",
        "all-pods",
        "metadata-endpoint",
        "dangling-policy",
        "uncovered-workload",
        "no-egress-policy",
    ]
)
SYSTEM = ("kube-system", "kube-public", "kube-node-lease")


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """One finding: what, on which object, where in it."""

    rule: str
    resource: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """What the report says of one workload."""

    covered: bool | None
    open: bool
    public_share: float


class Cluster:
    """Manifests and what they mean together."""

    def __init__(
        self, manifests: Iterable[Manifest], parameters: Mapping[str, Any] | None = None, default: str = "default"
    ) -> None:
        everything = list(manifests)
        self.default = default
        self.limits = Limits.of(parameters or {})
        self.system = tuple((parameters or {}).get("systemNamespaces", SYSTEM))
        self.policies = [m for m in everything if m.get("kind") == "NetworkPolicy"]
        self.workloads = workloads_of(everything, default)
        self.namespaces = [_namespace_labels(m) for m in everything if m.get("kind") == "Namespace"]
        self.rules = all_rules(self.policies, default)

    def covered(self, workload: Workload) -> bool | None:
        """Whether every governed pod of it is isolated; None if none can be governed."""
        if not workload.governed:
            return None
        pods = [pod for pod in workload.pods if not pod.host_network]
        return all(self._protected(pod) for pod in pods)

    def _protected(self, pod: Pod) -> bool:
        """Whether some policy isolates it; of policies of one name all have to."""
        copies: dict[tuple[str, str], list[bool]] = {}
        for policy in self.policies:
            identity = namespace_of(policy, self.default), name_of(policy)
            holds = isolates(policy) and subject_of(policy, self.default).selects(pod)
            copies.setdefault(identity, []).append(holds)
        return any(all(holds) for holds in copies.values())

    def widths(self, workload: Workload) -> list[Width]:
        """The width of each governed pod's reach."""
        pods = [pod for pod in workload.pods if not pod.host_network]
        return [width(reach(self.rules.of(pod)), self.limits) for pod in pods]

    def states(self) -> dict[str, State]:
        """What the report says of every workload."""
        return {str(workload): self._state(workload) for workload in self.workloads}

    def _state(self, workload: Workload) -> State:
        covered = self.covered(workload)
        if not covered:
            return State(covered, open=True, public_share=1.0)
        widths = self.widths(workload)
        return State(covered, any(w.open for w in widths), max(w.share for w in widths))

    def findings(self) -> list[Expected]:
        """All findings of the kinds that the model judges, sorted."""
        found = [*self._rules(), *self._dangling(), *self._coverage(), *self._combined()]
        return sorted(set(found))

    def counts(self) -> dict[str, tuple[int, int]]:
        """Egress rules and those without a finding, by namespace; namespaces without any are left out."""
        result: dict[str, tuple[int, int]] = {}
        marked = {(found.resource, found.path) for found in self.findings()}
        for policy in self.policies:
            for rule in rules_of(policy, self.default).allowances:
                inside = [p for r, p in marked if r == self._resource(policy) and _within(p, rule.source.path)]
                every, good = result.get(namespace_of(policy, self.default), (0, 0))
                result[namespace_of(policy, self.default)] = every + 1, good + (not inside)
        return result

    def _resource(self, policy: Manifest) -> str:
        return f"NetworkPolicy/{namespace_of(policy, self.default)}/{name_of(policy)}"

    def _rules(self) -> Iterator[Expected]:
        for policy in self.policies:
            for rule in rules_of(policy, self.default).allowances:
                kind, block = rule_kind(rule, self.limits, self.namespaces), metadata_block(rule)
                if kind:
                    yield Expected(kind, self._resource(policy), rule.source.path)
                if block is not None:
                    path = f"{rule.source.path}.to[{block}].ipBlock.cidr"
                    yield Expected("metadata-endpoint", self._resource(policy), path)

    def _dangling(self) -> Iterator[Expected]:
        for policy in self.policies:
            subject = subject_of(policy, self.default)
            here = [w for w in self.workloads if w.namespace == subject.namespace]
            idle = not any(subject.selects(pod) for w in here for pod in w.pods)
            if here and idle and isolates(policy):
                yield Expected("dangling-policy", self._resource(policy), "spec.podSelector")

    def _coverage(self) -> Iterator[Expected]:
        for namespace in sorted({w.namespace for w in self.workloads}):
            if any(fnmatchcase(namespace, glob) for glob in self.system):
                continue
            governed = [w for w in self.workloads if w.namespace == namespace and w.governed]
            bare = [w for w in governed if not self.covered(w)]
            if governed and not any(self._isolated(w) for w in governed):
                yield Expected("no-egress-policy", str(governed[0]))
            else:
                yield from (Expected("uncovered-workload", str(w)) for w in bare)

    def _isolated(self, workload: Workload) -> bool:
        return any(self._protected(pod) for pod in workload.pods)

    def _combined(self) -> Iterator[Expected]:
        for workload in self.workloads:
            for pod in workload.pods:
                mine = self.rules.of(pod)
                if self.covered(workload) and (kind := combined_kind(mine, self.limits)):
                    yield Expected(kind, str(workload))
        busy = {w.namespace for w in self.workloads if w.governed}
        for namespace in sorted({namespace_of(p, self.default) for p in self.policies} - busy):
            yield from self._combined_without_workloads(namespace)

    def _combined_without_workloads(self, namespace: str) -> Iterator[Expected]:
        """Those of one selector with those for every pod, on the first of that selector; once if it holds for all."""
        here = [p for p in self.policies if namespace_of(p, self.default) == namespace and isolates(p)]
        selectors = {subject_of(p, self.default).pods for p in here}
        for_every_pod = self._kind_for(Selector(), here)
        for pods in selectors:
            kind = self._kind_for(pods, here)
            if kind and (pods == Selector() or kind != for_every_pod):
                first = next(p for p in here if subject_of(p, self.default).pods == pods)
                yield Expected(kind, self._resource(first), "spec.egress")

    def _kind_for(self, pods: Selector, policies: list[Manifest]) -> str | None:
        together = [p for p in policies if subject_of(p, self.default).pods in (Selector(), pods)]
        return combined_kind(all_rules(together, self.default), self.limits)


def combined_kind(rules: Rules, limits: Limits) -> str | None:
    """The first width that holds for a whole reach, unless one of its rules has it by itself."""
    whole = width(reach(rules), limits)
    each = [width(reach(_alone(rule)), limits) for rule in rules.allowances]
    if whole.open:
        return None if any(one.open for one in each) else "open-egress-combined"
    if whole.broad:
        return None if any(one.broad for one in each) else "broad-destination-combined"
    return None


def _alone(rule: Allowance) -> Rules:
    return Rules((rule,))


def _within(path: str, rule: str) -> bool:
    return path == rule or path.startswith(f"{rule}.")


def _namespace_labels(namespace: Manifest) -> dict[str, str]:
    metadata = struct(namespace.get("metadata"))
    labels = {key: value or "" for key, value in struct(metadata.get("labels")).items()}
    return {**labels, NAME_LABEL: name_of(namespace)}
