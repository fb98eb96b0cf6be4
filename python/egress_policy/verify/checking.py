"""A check from its beginning to its end: what there is, what follows, what was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from egress_policy.cluster.answers import UnusableError, fetched, text
from egress_policy.cluster.items import items
from egress_policy.cluster.server import Access, ClusterError, ConfigurationError, NoAnswerError, Server
from egress_policy.verify import by_hand, layers, plan, targets
from egress_policy.verify.judging import judged
from egress_policy.verify.layers import Policy, State
from egress_policy.verify.options import Wanted
from egress_policy.verify.plan import Plan
from egress_policy.verify.probing import probed, removal
from egress_policy.verify.report import Verification

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Model:
    """A model in one of its namespaces: its file, its `spec`, and the policies that it means there."""

    path: str
    spec: dict[str, Any]
    policies: tuple[Policy, ...]


@dataclass(frozen=True, slots=True)
class There:
    """What a namespace has now: its uid, and all of its NetworkPolicies."""

    uid: str
    policies: tuple[Policy, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """What is to be checked, where, and by which model, if any."""

    access: Access
    wanted: Wanted
    model: Model | None = None

    def commands(self, probes: Plan) -> tuple[str, ...]:
        """How to do the same by hand."""
        names = [layers.name(one) for one in self.model.policies] if self.model else layers.LAYERS
        return by_hand.commands(self.access, self.wanted, names, probes)

    def states(self, there: There) -> tuple[State, ...]:
        """Which of the policies are missing, or others than they should be."""
        return layers.states(there.policies, self.model.policies if self.model else None)

    def supposed(self) -> Plan:
        """The probes without any cluster; without a model they are an example."""
        found = targets.of_model(self.model.spec, self.wanted.namespace) if self.model else targets.usual()
        return self._planned(targets.addressed(found, self.wanted.databases), self.model.policies if self.model else ())

    def planned(self, server: Server, there: There) -> Plan:
        """The probes, with the addresses that are in the cluster now. Raises UsageError."""
        namespace = self.wanted.namespace
        if self.model:
            found = targets.of_model(self.model.spec, namespace)
        else:
            found = targets.of_policies(there.policies, namespace)
        located = targets.located(server, targets.addressed(found, self.wanted.databases))
        return self._planned(located, self.model.policies if self.model else there.policies)

    def verified(self, server: Server, there: There, probes: Plan) -> Verification:
        """Probe, and compare. Raises LeftBehindError, ClusterError."""
        run = probed(server, probes, self.wanted, there.uid)
        return Verification(
            cluster=server.url,
            namespace=self.wanted.namespace,
            model=self.model.path if self.model else "",
            policies=self.states(there),
            others=layers.others(there.policies, self.model.policies if self.model else None),
            probes=judged(probes, run.results),
            by_hand=self.commands(probes),
            problems=(removal(self.wanted.namespace, run.left),) if run.left else (),
        )

    def _planned(self, found: list[targets.Target], policies: Iterable[Policy]) -> Plan:
        return plan.planned(self.wanted, found, plan.blocks(policies))


def looked_up(server: Server, namespace: str) -> There:
    """What is there. Raises ConfigurationError if there is no such namespace, ClusterError if it cannot be read."""
    uid = text(_namespace(server, namespace).get("metadata"), "uid")
    path = f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies"
    try:
        return There(uid, tuple(items(server, path, "NetworkPolicy")))
    except (UnusableError, NoAnswerError) as error:
        raise ClusterError(f"{path} cannot be listed: {error}") from error


def _namespace(server: Server, namespace: str) -> dict[str, Any]:
    path = f"/api/v1/namespaces/{namespace}"
    try:
        return fetched(server, path)
    except (UnusableError, NoAnswerError) as error:
        if getattr(error, "status", 0) == _NOT_FOUND:
            raise ConfigurationError(f"the cluster {server.url} has no namespace {namespace}") from error
        raise ClusterError(f"{path} cannot be read: {error}") from error
