"""Where an address leads: to the pods of a Service, outside the cluster, to the API server, or nobody can tell."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from egress_policy.propose.addresses import Address, host_and_port, is_ip
from egress_policy.propose.inventory import Inventory, Thing, Workload
from egress_policy.propose.objects import Labels, at, listing, mapping, port_number, selecting, selects, text, together
from egress_policy.propose.proposal import Missing, Port, Written

_CLUSTER = "cluster.local"
_API = ("kubernetes", "default")
_MOST_ALIASES = 5


@dataclass(frozen=True, slots=True)
class Target:
    """A destination. `key` tells it from others; `fields` are those of an entry that say where, without ports.

    `ports` is Missing where the address has none and nothing else tells it. `outside` is whether it is beyond the
    cluster, `api` whether it is the API server.
    """

    key: tuple[str, ...]
    name: str
    fields: tuple[tuple[str, Written], ...] = ()
    ports: tuple[Port, ...] | Missing = ()
    outside: bool = False
    api: bool = False


class Targets:
    """Resolves the addresses that the workloads of an inventory name. Nothing is looked up anywhere else."""

    def __init__(self, found: Inventory) -> None:
        self._found = found

    @cached_property
    def _namespaces(self) -> frozenset[str]:
        """All namespaces that the manifests know of."""
        named = {
            one.namespace for kind, things in self._found.things.items() if things for one in self._found.all(kind)
        }
        return frozenset(
            named | set(self._found.workloads) | {name for _, name in self._found.things.get("Namespace", {})}
        )

    @cached_property
    def _by_address(self) -> dict[str, Thing]:
        """Services by their clusterIP."""
        return {
            address: one for one in self._found.all("Service") if (address := text(at(one.value, "spec", "clusterIP")))
        }

    def known(self, address: Address, namespace: str) -> bool:
        """Whether it surely is a Service: one is there, or the name has a form that only Services have."""
        return self._service(address.host, namespace) is not None or self._inside(address.host) is not None

    def resolve(self, address: Address, namespace: str) -> Target:
        """The target of an address that a workload of that namespace names."""
        for _ in range(_MOST_ALIASES):
            thing = self._service(address.host, namespace)
            if thing is None or text(at(thing.value, "spec", "type")) != "ExternalName":
                break
            alias = host_and_port(text(at(thing.value, "spec", "externalName")).rstrip("."))
            if alias is None:
                return _absent(thing.document.name, thing.namespace, address, "has no externalName that is a host")
            address, namespace = Address(alias.host, address.port, address.scheme), thing.namespace
        return self._resolved(address, namespace, thing)

    def _resolved(self, address: Address, namespace: str, thing: Thing | None) -> Target:
        if _is_api(address.host, namespace):
            return Target(("api",), "kubernetes", api=True)
        if thing is not None:
            return self._of_service(thing, address)
        inside = self._inside(address.host)
        if inside is None and "." not in address.host and ":" not in address.host:
            inside = (address.host, namespace)
        if inside is not None:
            return _absent(*inside, address, "is not in the manifests")
        return _outside(address)

    def _service(self, host: str, namespace: str) -> Thing | None:
        """The Service, by name, by the name of one of its pods, or by its address."""
        if thing := self._by_address.get(host):
            return thing
        parts = _relative(host).split(".")
        candidates = [(namespace, parts[0])] if len(parts) == 1 else []
        if len(parts) in (2, 3):
            candidates = [(parts[-1], parts[-2])]  # service.namespace, pod.service.namespace
        if len(parts) == 2:
            candidates.append((namespace, parts[1]))  # pod.service
        return next((one for space, name in candidates if (one := self._found.get("Service", space, name))), None)

    def _inside(self, host: str) -> tuple[str, str] | None:
        """Name and namespace of a Service that must be in the cluster, whether or not it is in the manifests."""
        relative = _relative(host)
        parts = relative.split(".")
        if relative != host and len(parts) in (2, 3):
            return parts[-2], parts[-1]
        if len(parts) == 2 and parts[1] in self._namespaces:
            return parts[0], parts[1]
        return None

    def _of_service(self, thing: Thing, address: Address) -> Target:
        name, namespace = thing.document.name, thing.namespace
        selector = selecting(at(thing.value, "spec", "selector"))
        if selector is None:
            return _absent(name, namespace, address, "has no selector; name the pods, or the addresses, behind it")
        ports = self._ports(thing, selector, address)
        fields: tuple[tuple[str, Written], ...] = (("namespace", namespace), ("labels", selector))
        return Target(("service", namespace, *_flat(selector)), name, fields, ports)

    def _ports(self, thing: Thing, selector: dict[str, str], address: Address) -> tuple[Port, ...] | Missing:
        """The pods' ports, which policies are about: those that the Service's ports lead to."""
        every = [one for one in listing(at(thing.value, "spec", "ports")) if isinstance(one, dict)]
        headless = text(at(thing.value, "spec", "clusterIP")) == "None"
        fitting = _fitting(every, address)
        if address.port is not None and (headless or not every):
            return (Port(address.port, protocol=_protocol(fitting[0]) if fitting else "TCP"),)
        numbers = [str(one.get("port")) for one in every]
        if len(fitting) != 1:
            which = together(numbers) or "none"
            asked = f"port {address.port}" if address.port else "which port"
            return Missing(f"the pods' port ({asked}? Service {thing.document.name} has {which})")
        return self._target_ports(thing, selector, fitting[0], headless=headless)

    def _target_ports(
        self, thing: Thing, selector: dict[str, str], entry: dict[str, Any], *, headless: bool
    ) -> tuple[Port, ...] | Missing:
        target, protocol = entry.get("targetPort"), _protocol(entry)
        if headless or target in (None, 0, ""):
            target = entry.get("port")
        if number := port_number(target):
            return (Port(number, protocol=protocol),)
        named = self.named_ports(thing.namespace, selector, text(target), protocol)
        return named or Missing(
            f"the number of the port that is named {text(target)[:63]} in the pods of Service {thing.document.name}"
        )

    def named_ports(self, namespace: str, selector: Labels, name: str, protocol: str) -> tuple[Port, ...]:
        """The numbers that a port's name has in the pods of a selector."""
        pods = [one for one in self._found.pods(namespace) if selects(selector, one.labels)]
        return tuple(sorted({port for pod in pods for port in _container_ports(pod, name, protocol)}))


def _fitting(ports: list[dict[str, Any]], address: Address) -> list[dict[str, Any]]:
    """The Service's ports that the address may mean: of its number, and of its protocol where that tells them apart."""
    fitting = [one for one in ports if address.port in (None, one.get("port"))]
    wanted = "UDP" if address.scheme == "udp" else "TCP"
    return [one for one in fitting if _protocol(one) == wanted] or fitting


def _container_ports(pod: Workload, name: str, protocol: str) -> list[Port]:
    return [
        Port(number, protocol=protocol)
        for _, container in pod.containers
        for port in listing(container.get("ports"))
        if name and at(port, "name") == name and _protocol(mapping(port)) == protocol
        and (number := port_number(at(port, "containerPort")))
    ]  # fmt: skip


def _protocol(port: dict[str, Any]) -> str:
    given = port.get("protocol")
    return given if given in ("UDP", "SCTP") else "TCP"


def _relative(host: str) -> str:
    """Without the cluster's domain: service.namespace of service.namespace.svc.cluster.local."""
    return host.removesuffix(f".{_CLUSTER}").removesuffix(".svc")


def _is_api(host: str, namespace: str) -> bool:
    parts = tuple(_relative(host).split("."))
    return parts == _API or (parts == _API[:1] and namespace == _API[1])


def _absent(name: str, namespace: str, address: Address, why: str) -> Target:
    """A Service of which the pods are not known."""
    asked = f"; {address.port} is the Service's port, that of the pods may be another" if address.port else ""
    labels = Missing(f"labels of the pods of Service {name} in namespace {namespace}, which {why}{asked}")
    ports = (Port(address.port),) if address.port else Missing(f"the pods' port of Service {name}")
    return Target(("absent", namespace, name), name, (("namespace", namespace), ("labels", labels)), ports)


def _outside(address: Address) -> Target:
    cidrs: tuple[str, ...] | Missing = Missing(f"addresses of {address.host}")
    if is_ip(address.host):
        cidrs = (str(ipaddress.ip_network(address.host)),)
    ports = (Port(address.port),) if address.port else Missing(f"the port of {address.host}")
    return Target(("outside", address.host), address.host, (("cidrs", cidrs),), ports, outside=True)


def _flat(labels: dict[str, str]) -> tuple[str, ...]:
    return tuple(f"{key}={value}" for key, value in sorted(labels.items()))
