"""The labels that tell some workloads of a namespace from all others: what `from` selects them by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from egress_policy.propose.inventory import Workload
from egress_policy.propose.objects import Labels, selects, together
from egress_policy.propose.proposal import Missing

# They change with every release: a policy that names them would let nobody out after the next one.
_VOLATILE = frozenset({
    "version", "app.kubernetes.io/version", "helm.sh/chart", "chart", "pod-template-hash", "controller-revision-hash",
    "pod-template-generation", "controller-uid", "batch.kubernetes.io/controller-uid",
})  # fmt: skip


class Clients:
    """The workloads of one namespace that a policy can govern."""

    def __init__(self, workloads: Iterable[Workload]) -> None:
        self._holders: dict[tuple[str, str], list[Workload]] = {}
        self._known: dict[frozenset[Workload], Labels | None] = {}
        for workload in workloads:
            for label in workload.labels.items():
                self._holders.setdefault(label, []).append(workload)

    def split(self, clients: Sequence[Workload], wish: str) -> list[tuple[Labels | Missing, list[Workload]]]:
        """Selectors that together select these workloads and nobody else: one if they share one, or one for each.

        What no labels tell apart is Missing; `wish` is the name of a label that would.
        """
        if shared := self.shared(clients):
            return [(shared, list(clients))]
        alike: dict[frozenset[tuple[str, str]], list[Workload]] = {}
        for client in clients:
            alike.setdefault(frozenset(client.labels.items()), []).append(client)
        told: list[tuple[Labels | Missing, list[Workload]]] = []
        rest: list[Workload] = []
        for group in alike.values():
            if labels := self.shared(group):
                told.append((labels, group))
            else:
                rest += group
        return [*told, (self.missing(rest, wish), rest)] if rest else told

    def shared(self, clients: Sequence[Workload]) -> Labels | None:
        """The labels that all of these have and no other workload has all of, rather none that changes; or None."""
        key = frozenset(clients)
        if key not in self._known:
            every = _common(clients)
            lasting = {name: value for name, value in every.items() if name not in _VOLATILE}
            self._known[key] = next((one for one in (lasting, every) if one and not self._other(one, key)), None)
        return self._known[key]

    def _other(self, labels: Labels, clients: frozenset[Workload]) -> Workload | None:
        """A workload besides these that has all of the labels."""
        fewest = min((self._holders.get(label, []) for label in labels.items()), key=len, default=[])
        return next((one for one in fewest if one not in clients and selects(labels, one.labels)), None)

    def missing(self, clients: Sequence[Workload], wish: str) -> Missing:
        """What to fill in where no labels tell these from others."""
        names = together(one.title for one in clients)
        every = _common(clients)
        other = self._other(every, frozenset(clients)) if every else None
        why = f"theirs are those of {other.title} as well" if other else "they have none in common"
        return Missing(f'labels that only {names} has ({why}); give its pods one, as in {wish}: "true"')


def _common(clients: Sequence[Workload]) -> dict[str, str]:
    first, *others = clients
    return {name: value for name, value in first.labels.items() if all(one.labels.get(name) == value for one in others)}
