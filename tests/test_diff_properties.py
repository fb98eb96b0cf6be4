"""Two random versions of a cluster: a packet is in what opened exactly if it may leave now and might not before."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from egress_policy.engine import DIFFERENCES, to_json
from tests.engines import NAMES, Engines, Name, documents
from tests.model import strategies
from tests.model.addresses import block, blocks
from tests.model.allowances import NAME_LABEL, Anything, Block, Pod, Pods, Rules
from tests.model.networkpolicy import all_rules, selector
from tests.model.workloads import Workload, workloads_of
from tests.settings import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

Json = dict[str, Any]
PARAMETERS: list[Json] = [
    {},
    {"approvedDestinations": [{"name": "a", "cidrs": ["8.0.0.0/7", "10.0.0.0/8", "2600::/12"], "ports": [443, 80]}]},
    {
        "approvedDestinations": [
            {"name": "a", "cidrs": ["0.0.0.0/1"], "podLabels": {"app": "web"}},
            {"name": "b", "cidrs": ["0.0.0.0/0", "::/0"], "namespaces": ["y"], "ports": [{"protocol": "UDP"}]},
        ]
    },
]
EXAMPLES = {"wasm": 250, "opa": 60}
_LABELS = st.dictionaries(st.sampled_from(strategies.KEYS), st.sampled_from(strategies.VALUES), max_size=2)


@dataclass(frozen=True, slots=True)
class Packet:
    """To an address, or to a pod whose address nobody knows."""

    to: str | Pod
    protocol: str
    port: int | str


@pytest.fixture(scope="module")
def engines(tool: Callable[[str], Path]) -> Iterator[Engines]:
    started = Engines(tool("opa"))
    yield started
    started.close()


@st.composite
def versions(draw: st.DrawFn) -> tuple[list[Json], list[Json]]:
    """An old cluster, and one in which some objects are left out, others changed, and the rest is the same."""
    old = draw(st.one_of(strategies.clusters(min_policies=1), strategies.together()))
    other = draw(st.one_of(strategies.clusters(), strategies.clusters(min_policies=2)))
    new = [thing for thing in old if draw(st.sampled_from([True, True, True, False]))]
    names = {(thing["kind"], thing["metadata"]["name"]) for thing in new}
    return old, [*new, *(thing for thing in other if (thing["kind"], thing["metadata"]["name"]) not in names)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("parameters", PARAMETERS, ids=json.dumps)
def test_a_packet_is_in_what_opened_if_it_may_leave_only_now(engines: Engines, name: Name, parameters: Json) -> None:
    engine = engines.get(name, parameters)

    @examples(EXAMPLES[name])
    @given(versions(), st.data())
    def agrees(sides: tuple[list[Json], list[Json]], data: st.DataObject) -> None:
        old, new = sides
        found = _answer(engine.ask(DIFFERENCES, _question(old, new)))
        before, after = _Side(old), _Side(new)
        namespaces = {n: data.draw(_LABELS) for n in strategies.NAMESPACES}
        for key in sorted(before.workloads.keys() | after.workloads.keys()):
            names = before.names(key) | after.names(key)
            for packet in data.draw(_packets([*old, *new])):
                if isinstance(packet.port, str) and (packet.protocol, packet.port) not in names:
                    continue  # a name that no rule has stands for the numbers, of which others are drawn
                was, is_now = before.reaches(key, packet, namespaces), after.reaches(key, packet, namespaces)
                change = found.get(key, {"opened": [], "closed": []})
                if any(_every_number(entries, key[0], packet, namespaces) for entries in change.values()):
                    continue  # whatever the name stands for was said
                assert _in(change["opened"], key[0], packet, namespaces) is (is_now and not was)
                assert _in(change["closed"], key[0], packet, namespaces) is (was and not is_now)
                event("differs" if was != is_now else "is the same")
                for entry in change["opened"]:
                    _approved_as_listed(entry, after.workloads[key], parameters)

    agrees()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_differs_from_itself_in_another_order(engines: Engines, name: Name) -> None:
    engine = engines.get(name, {})

    @examples(EXAMPLES[name] // 3)
    @given(st.one_of(strategies.clusters(min_policies=1), strategies.together()), st.randoms())
    def same(manifests: list[Json], random: Any) -> None:
        shuffled = json.loads(json.dumps(manifests))
        random.shuffle(shuffled)
        for thing in shuffled:
            _reorder(thing, random)
        answers = engine.ask(DIFFERENCES, _question(manifests, shuffled))
        assert [one["workloads"] for one in answers] == [[] for _ in answers]

    same()


def _reorder(thing: Json, random: Any) -> None:
    """Rules and peers in another order, and a plain block in two halves: said otherwise, and meaning the same."""
    if thing["kind"] != "NetworkPolicy":
        return
    rules = thing["spec"].get("egress") or []
    random.shuffle(rules)
    for rule in filter(None, rules):
        peers = rule.get("to") or []
        for peer in list(peers):
            written = (peer.get("ipBlock") or {}).get("cidr")
            if written and not peer["ipBlock"].get("except") and not written.endswith(("/32", "/128")):
                peers.remove(peer)
                peers += [{"ipBlock": {"cidr": half}} for half in strategies.subnets(written, 1)]
        random.shuffle(peers)


def _question(old: list[Json], new: list[Json]) -> bytes:
    sides = [json.loads(documents(manifests))["shards"] for manifests in (old, new)]
    listed = [{shard["namespace"]: shard["documents"] for shard in shards} for shards in sides]
    for entries in listed[1].values():
        for entry in entries:
            entry["source"]["order"] += 1000
    names = sorted(listed[0].keys() | listed[1].keys())
    shards = [{"namespace": n, "old": listed[0].get(n, []), "new": listed[1].get(n, [])} for n in names]
    return to_json({"namespace": "", "shards": shards})


def _answer(answers: list[Json]) -> dict[tuple[str, str, str], Json]:
    return {
        (shard["namespace"], workload["kind"], workload["name"]): workload
        for shard in answers
        for workload in shard["workloads"]
        if "kind" in workload
    }


class _Side:
    """What the model says of one version."""

    def __init__(self, manifests: list[Json]) -> None:
        self.rules = all_rules([thing for thing in manifests if thing["kind"] == "NetworkPolicy"])
        self.workloads: dict[tuple[str, str, str], Workload] = {
            (one.namespace, one.kind, one.name): one for one in workloads_of(manifests)
        }

    def reaches(self, key: tuple[str, str, str], packet: Packet, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
        workload = self.workloads.get(key)
        return workload is not None and any(
            _leaves(self.rules.of(pod), pod, packet, namespaces) for pod in workload.pods
        )

    def names(self, key: tuple[str, str, str]) -> set[tuple[str, str]]:
        """The named ports of rules that are about a workload, each with its protocol."""
        pods = self.workloads[key].pods if key in self.workloads else ()
        mine = [ports for pod in pods for allowance in self.rules.of(pod).allowances for ports in allowance.ports]
        return {(ports.protocol, ports.name) for ports in mine if ports.name}


def _leaves(mine: Rules, pod: Pod, packet: Packet, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    """As tests.model.packets has it, but for addresses as such: none is reached through another that stands for it."""
    if pod.host_network or not mine.isolations:
        return True
    return any(
        allowance.holds_port(packet.protocol, packet.port)
        and any(_holds(to, packet, namespaces) for to in allowance.destinations)
        for allowance in mine.allowances
    )


def _holds(to: Block | Pods | Anything, packet: Packet, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    if isinstance(to, Anything):
        return True
    if isinstance(to, Pods):
        return isinstance(packet.to, Pod) and to.matches(packet.to, namespaces)
    return isinstance(packet.to, str) and packet.to in to.addresses


def _in(entries: list[Json], namespace: str, packet: Packet, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    return any(_on(entry, packet) and _to(entry["destination"], namespace, packet, namespaces) for entry in entries)


def _on(entry: Json, packet: Packet) -> bool:
    if entry["protocol"] != packet.protocol:
        return False
    if isinstance(packet.port, str) or isinstance(entry["port"], str):
        return bool(entry["port"] == packet.port)
    return bool(entry["port"] <= packet.port <= entry["endPort"])


def _every_number(entries: object, namespace: str, packet: Packet, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether the port is a name, and the entries hold all numbers of its protocol, be it in several ranges."""
    if not isinstance(packet.port, str) or not isinstance(entries, list):
        return False
    numbers = [one for one in entries if one["protocol"] == packet.protocol and not isinstance(one["port"], str)]
    there = [one for one in numbers if _to(one["destination"], namespace, packet, namespaces)]
    reached = 0
    for low, high in sorted((one["port"], one["endPort"]) for one in there):
        reached = max(reached, high) if low <= reached + 1 else reached
    return reached == 65535


def _to(to: Json, namespace: str, packet: Packet, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    if "cidr" in to:
        return isinstance(packet.to, str) and packet.to in block(to["cidr"]) - blocks(to.get("except", []))
    if isinstance(packet.to, str) or not _peer(to, namespace, packet.to, namespaces):
        return False
    return not any(_peer(hole, namespace, packet.to, namespaces) for hole in to.get("except", []))


def _peer(peer: Json, namespace: str, pod: Pod, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    labels = {**namespaces.get(pod.namespace, {}), NAME_LABEL: pod.namespace}
    inside = (
        selector(peer["namespaceSelector"]).matches(labels)
        if "namespaceSelector" in peer
        else pod.namespace == namespace
    )
    return inside and selector(peer.get("podSelector")).matches(pod.labels)


@st.composite
def _packets(draw: st.DrawFn, manifests: list[Json]) -> list[Packet]:
    """Packets to the edges of all blocks and ports that are mentioned, and to pods."""
    cidrs, ports = ["10.0.0.0/8", "::/0"], [*strategies.PORT_EDGES, "http", "dns-tcp"]
    for rule in _rules(manifests):
        for peer in filter(None, rule.get("to") or []):
            written = peer.get("ipBlock") or {}
            cidrs += [*([written["cidr"]] if written else []), *(written.get("except") or [])]
        for entry in filter(None, rule.get("ports") or []):
            ports += [n for n in (entry.get("port"), entry.get("endPort")) if n]
    addresses = sorted({edge for cidr in cidrs for edge in _edges(cidr)})
    pods = st.builds(Pod, st.sampled_from(strategies.NAMESPACES), _LABELS)
    numbers = [*ports, *(n + step for n in ports if isinstance(n, int) for step in (-1, 1) if 0 < n + step < 65536)]
    packet = st.builds(
        Packet, st.one_of(st.sampled_from(addresses), st.sampled_from(addresses), pods),
        st.sampled_from(["TCP", "TCP", "UDP", "SCTP"]), st.sampled_from(numbers),
    )  # fmt: skip
    return draw(st.lists(packet, min_size=8, max_size=8))


def _rules(manifests: list[Json]) -> Iterator[Json]:
    for thing in manifests:
        if thing["kind"] == "NetworkPolicy":
            yield from filter(None, thing["spec"].get("egress") or [])


def _edges(cidr: str) -> Iterator[str]:
    network = ipaddress.ip_network(cidr)
    for number in (int(network[0]) - 1, int(network[0]), int(network[-1]), int(network[-1]) + 1):
        if 0 <= number < 2**network.max_prefixlen:
            yield str(type(network[0])(number))


def _approved_as_listed(entry: Json, workload: Workload, parameters: Json) -> None:
    """Approved is what lies in the list whole, and nothing that is not approved lies in it in part."""
    if "cidr" not in entry["destination"]:
        assert entry["approved"] is False
        return
    to = block(entry["destination"]["cidr"]) - blocks(entry["destination"].get("except", []))
    listed = [one for one in parameters.get("approvedDestinations", []) if _is_for(one, workload)]
    left = to
    for one in listed:
        if _covers(one, entry):
            left -= blocks(one["cidrs"])
    assert bool(left) is not entry["approved"]
    assert entry["approved"] or left == to


def _is_for(approval: Json, workload: Workload) -> bool:
    labels = approval.get("podLabels", {})
    everywhere = workload.namespace in approval.get("namespaces", [workload.namespace])
    return everywhere and all(pod.labels.get(key) == value for pod in workload.pods for key, value in labels.items())


def _covers(approval: Json, entry: Json) -> bool:
    if "ports" not in approval:
        return True
    if any(isinstance(port, dict) for port in approval["ports"]):
        return bool(entry["protocol"] == "UDP")
    return entry["protocol"] == "TCP" and entry["port"] in approval["ports"] and entry["endPort"] == entry["port"]
