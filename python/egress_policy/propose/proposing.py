"""From documents to a proposal. Pure: no file is opened, no name looked up."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import replace

from egress_policy.propose import api_clients, policies
from egress_policy.propose.addresses import Address, is_ip
from egress_policy.propose.clients import Clients
from egress_policy.propose.drafts import Draft, Named, entries
from egress_policy.propose.inventory import SYSTEM, Inventory, Workload, inventory
from egress_policy.propose.mentions import ENGINES, Mention, mentions
from egress_policy.propose.objects import at, listing
from egress_policy.propose.proposal import Evidence, Layer, Missing, Model, Note, Proposal
from egress_policy.propose.targets import Target, Targets
from egress_policy.reader import Document

_BARE = ("", "tcp")


def propose(documents: Iterable[Document], namespace: str = "default") -> Proposal:
    """A model for each application namespace: one with a workload, or with a policy for egress.

    `namespace` is that of objects which have none. Raises ProposeError for what cannot be read at all.
    """
    found = inventory(documents, namespace)
    targets, accounts = Targets(found), api_clients.Accounts(found)
    names = {name for name, workloads in found.workloads.items() if workloads}
    names |= {one.namespace for one in found.all("NetworkPolicy") if listing(at(one.value, "spec", "egress"))}
    return Proposal(tuple(_Namespace(name, found, targets, accounts).model() for name in sorted(names - SYSTEM)))


class _Namespace:
    """The work on one namespace."""

    def __init__(self, name: str, found: Inventory, targets: Targets, accounts: api_clients.Accounts) -> None:
        self._name, self._found, self._targets, self._accounts = name, found, targets, accounts
        self._workloads = [one for one in found.pods(name) if one.governed]
        self._clients = Clients(self._workloads)
        self._named: dict[tuple[object, ...], Named] = {}
        self._api: dict[Workload, list[Evidence]] = {}
        self._left_out: list[Note] = []
        self._unknown: list[Note] = []

    def model(self) -> Model:
        for one in self._found.pods(self._name):
            if not one.governed:
                where = Evidence(one.document, "", one.title)
                self._left_out.append(Note(where, "is on the host's network, which no NetworkPolicy holds"))
        for workload in self._workloads:
            for mention in mentions(workload, self._found, self._targets):
                self._take(mention)
            self._api.setdefault(workload, []).extend(self._accounts.evidence(workload))
        existing = policies.read(self._name, self._found, self._targets)
        drafts = [*self._drafts(), *existing.drafts]
        return Model(
            self._name, existing.dns, entries(drafts), api_clients.entry(self._api, self._clients),
            (*self._left_out, *existing.left_out), tuple(self._unknown),
        )  # fmt: skip

    def _drafts(self) -> Iterator[Draft]:
        for one in self._named.values():
            yield from one.drafts(self._clients)

    def _take(self, mention: Mention | Note) -> None:
        if isinstance(mention, Note):
            self._unknown.append(mention)
        elif mention.address is None:
            self._fill_in(mention)
        else:
            self._reach(mention, mention.address)

    def _fill_in(self, mention: Mention) -> None:
        """A database of which only the setting is known."""
        cidrs = Missing(f"where it is: {mention.problem}; or its namespace and labels")
        key = ("unknown", mention.name, mention.engine, mention.problem)
        fields = {"cidrs": cidrs}
        named = self._named.setdefault(key, Named(Layer.DATABASES, mention.name, fields, mention.engine))
        named.add(mention.workload, Missing(f"the port of {mention.name}"), mention.evidence)

    def _reach(self, mention: Mention, address: Address) -> None:
        if is_ip(address.host) and ipaddress.ip_address(address.host).is_link_local:
            self._left_out.append(Note(mention.evidence, f"{address.host} is the node's own, such as cloud metadata"))
            return
        target, engine = self._target(address, mention)
        if target.api:
            self._api.setdefault(mention.workload, []).append(mention.evidence)
            return
        layer = _layer(target, database=mention.database or engine is not None)
        port = target.ports if layer is Layer.DATABASES else None
        key = (layer, target.key, engine if layer is Layer.DATABASES else None, port)
        named = self._named.setdefault(key, Named(layer, target.name, dict(target.fields), engine))
        named.add(mention.workload, target.ports, mention.evidence)

    def _target(self, address: Address, mention: Mention) -> tuple[Target, str | None]:
        """Where it leads, with the engine's usual port where nobody names one, and the engine that the port tells."""
        target, engine = self._targets.resolve(address, self._name), mention.engine
        if isinstance(target.ports, Missing) and address.port is None and engine:
            usual = self._targets.resolve(replace(address, port=ENGINES[engine]), self._name)
            target = target if isinstance(usual.ports, Missing) else usual
        if engine is None and address.scheme in _BARE and not isinstance(target.ports, Missing):
            numbers = [port.number for port in target.ports]
            engine = next((name for name, usual in ENGINES.items() if numbers == [usual]), None)
        return target, engine


def _layer(target: Target, *, database: bool) -> Layer:
    if database:
        return Layer.DATABASES
    return Layer.HTTPS if target.outside else Layer.SERVICES
