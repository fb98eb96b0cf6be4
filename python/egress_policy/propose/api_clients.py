"""Who talks to the API server: workloads whose ServiceAccount is bound to a role, or that say so themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from egress_policy.propose.clients import Clients
from egress_policy.propose.inventory import Inventory, Thing, Workload
from egress_policy.propose.objects import at, listing, mapping, text
from egress_policy.propose.proposal import Entry, Evidence, Layer, Missing, Written
from egress_policy.reader import paths

_HOST = "KUBERNETES_SERVICE_HOST"
_SERVICE = "the clusterIP of the Service: kubectl get service kubernetes --namespace default"
_ENDPOINTS = (
    "the addresses of the API servers: "
    "kubectl get endpointslices --namespace default -l kubernetes.io/service-name=kubernetes"
)


class Accounts:
    """The ServiceAccounts that are bound to a role."""

    def __init__(self, found: Inventory) -> None:
        self._found = found
        self._bindings: dict[tuple[str, str], list[Thing]] = {}
        for binding in (*found.all("RoleBinding"), *found.all("ClusterRoleBinding")):
            for subject in map(mapping, listing(binding.value.get("subjects"))):
                if subject.get("kind") == "ServiceAccount":
                    namespace = text(subject.get("namespace")) or binding.namespace
                    self._bindings.setdefault((namespace, text(subject.get("name"))), []).append(binding)

    def evidence(self, workload: Workload) -> Iterator[Evidence]:
        """What shows that the workload talks to the API server; nothing if it is given no token."""
        account = (
            text(workload.spec.get("serviceAccountName")) or text(workload.spec.get("serviceAccount")) or "default"
        )
        if not self._has_token(workload, account):
            return
        for binding in self._bindings.get((workload.namespace, account), ()):
            yield Evidence(
                workload.document, paths.written((*workload.steps, "serviceAccountName")),
                f"{workload.title}, ServiceAccount {account} in {binding.document.kind} {binding.document.name}",
            )  # fmt: skip
        yield from _told(workload)

    def _has_token(self, workload: Workload, account: str) -> bool:
        """As the pod says, or else its ServiceAccount, or else yes."""
        mounted = workload.spec.get("automountServiceAccountToken")
        thing = self._found.get("ServiceAccount", workload.namespace, account)
        if mounted is None and thing is not None:
            mounted = thing.value.get("automountServiceAccountToken")
        return mounted is not False


def _told(workload: Workload) -> Iterator[Evidence]:
    """Variables that tell it where the API server is."""
    for steps, container in workload.containers:
        for index, variable in enumerate(listing(container.get("env"))):
            if at(variable, "name") == _HOST:
                yield Evidence(
                    workload.document, paths.written((*steps, "env", index)), f"{workload.title}, env {_HOST}"
                )


def entry(api: Mapping[Workload, list[Evidence]], clients: Clients) -> Entry | None:
    """`kubeAPI`: one `from` for all of them, since a model has only one."""
    workloads = [workload for workload, evidence in api.items() if evidence]
    if not workloads:
        return None
    labels = clients.shared(workloads) or clients.missing(workloads, "reaches-kube-api")
    fields: dict[str, Written] = {"service": Missing(_SERVICE), "endpoints": Missing(_ENDPOINTS), "from": labels}
    return Entry(Layer.SERVICES, "", fields, tuple(one for workload in workloads for one in api[workload]))
