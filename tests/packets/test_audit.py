"""What the audit says of the cases is true of packets: witnesses arrive, what is restricted does not get out.

Left out are the cases in which something is not enforced as it stands there: what the API server refuses, other
dialects, two policies of one name (the second replaces the first), and files that cannot be read.
"""

from __future__ import annotations

import ipaddress
import itertools
import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from tests import cases
from tests.engines import Engines, Kept
from tests.model.allowances import Pod as ModelPod
from tests.model.networkpolicy import all_rules
from tests.model.packets import Packet as ModelPacket
from tests.model.packets import Target, decided
from tests.packets.subjects import PODS, Places, Subject, blocks, names_mapped, names_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from egress_policy.engine import Engine
    from egress_policy.report import Workload
    from tests.packets.frames import Packet
    from tests.packets.namespaces import Lab
    from tests.packets.translator import Pod

_ELSEWHERE = ("invalid-resource", "duplicate-resource", "not-evaluated")
CASES = [
    case
    for case in cases.load()
    if case.table not in cases.DIALECTS
    and not case.expect.errors
    and not any(line.split()[0] in _ELSEWHERE for line in case.expect.findings)
]
#: So many cases are enforced at a time, beside each other.
BATCH = 60
#: The public share of one /8, as a report shows it: a workload that reaches no more is restricted.
ONE_OF_8 = 0.004532
_ONCE_IN_A_MILLION = 1e-6


@pytest.fixture(scope="module")
def subjects(tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Subject]:
    """All cases, audited; audits share an engine for each set of parameters."""
    engines, places, folder = Engines(tool("opa")), Places(), tmp_path_factory.mktemp("cases")

    def lent(_: str, parameters: dict[str, Any], **__: object) -> Engine:
        return Kept(engines.get("wasm", parameters))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("egress_policy.audit.load", lent)
        audited = {c.case: Subject.of(c, folder / str(number), places) for number, c in enumerate(CASES)}
    engines.close()
    return audited


@pytest.fixture(scope="module")
def arrived(subjects: dict[str, Subject], lab: Lab) -> dict[str, set[Packet]]:
    """What has arrived in the internet, by the address that it came from."""
    pods, internet = lab.add("pods", *PODS), lab.add("internet", "0.0.0.0/0", "::/0")
    found: defaultdict[str, set[Packet]] = defaultdict(set)
    for some in _batches(list(subjects.values())):
        lab.enforce([subject.cluster for subject in some])
        packets = sorted({packet for subject in some for packet in _sent(subject) if _family(packet) in lab.families})
        for packet in lab.arrivals(pods, packets, internet):
            found[packet.source].add(packet)
    return found


def _batches(every: Sequence[Subject]) -> Iterator[Sequence[Subject]]:
    yield from (every[start : start + BATCH] for start in range(0, len(every), BATCH))


def _sent(subject: Subject) -> Iterator[Packet]:
    for _, packets in subject.witnesses():
        yield from packets
    for pod in itertools.chain(*subject.pods.values()):
        for trial in subject.tried(pod):
            yield from trial.packets


def _family(packet: Packet) -> int:
    return 6 if ":" in packet.source else 4


def _workloads(subject: Subject) -> Iterator[tuple[str, Workload, Sequence[Pod]]]:
    """What the report says of each workload, with the pods that policies govern; without those that share a name."""
    named = [(f"{w.kind}/{n.name}/{w.name}", w) for n in subject.report.namespaces for w in n.workloads]
    names = [name for name, _ in named]
    assert set(names) == set(subject.pods) & set(names)
    for name, workload in named:
        pods = [pod for pod in subject.pods[name] if not pod.host_network]
        if names.count(name) == 1 and pods:
            yield name, workload, pods


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_witness_of_a_finding_arrives(
    case: cases.Case, subjects: dict[str, Subject], arrived: dict[str, set[Packet]]
) -> None:
    subject = subjects[case.case]
    lost = [
        witness
        for witness, packets in subject.witnesses()
        if not any(packet in arrived[packet.source] for packet in packets)
    ]
    assert lost == [] or names_mapped(subject.cluster.policies)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_workload_reaches_as_much_as_the_audit_says(
    case: cases.Case, subjects: dict[str, Subject], arrived: dict[str, set[Packet]]
) -> None:
    subject = subjects[case.case]
    for name, workload, pods in _workloads(subject):
        counts = [_reached(subject, pod, arrived) for pod in pods]
        low, high = _likely(workload.public_share, counts[0][1])
        most = max(reached for reached, _ in counts)
        assert most <= high, (name, workload, counts)
        # No pod has a port by the name that a policy gives: what the audit counts for it is never reached.
        assert names_ports(subject.cluster.policies) or low <= most, (name, workload, counts)


def _reached(subject: Subject, pod: Pod, arrived: dict[str, set[Packet]]) -> tuple[int, int]:
    """How many public addresses were reached on some port, and of how many."""
    trials = [trial for trial in subject.tried(pod) if trial.sampled]
    reached = [trial for trial in trials if any(packet in arrived[packet.source] for packet in trial.packets)]
    return len(reached), len(trials)


def _likely(share: float, count: int) -> tuple[int, int]:
    """How many of so many addresses are reached if each is with this likelihood: fewer, or more, once in a million."""
    chances = [math.comb(count, n) * share**n * (1 - share) ** (count - n) for n in range(count + 1)]
    likely = [n for n in range(count + 1) if min(sum(chances[: n + 1]), sum(chances[n:])) > _ONCE_IN_A_MILLION]
    return likely[0], likely[-1]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_from_a_restricted_workload_nothing_gets_out_but_to_the_blocks_that_its_policies_name(
    case: cases.Case, subjects: dict[str, Subject], arrived: dict[str, set[Packet]]
) -> None:
    subject = subjects[case.case]
    for name, workload, pods in _workloads(subject):
        if not workload.covered or workload.public_share > ONE_OF_8:
            continue
        for pod in pods:
            named = list(blocks(subject.policies(pod.namespace)))
            out = {packet for source in pod.addresses for packet in arrived[source]}
            stray = [p for p in out if not any(ipaddress.ip_address(p.to) in block for block in named)]
            assert stray == [], name


@pytest.mark.parametrize("case", CASES, ids=str)
def test_exactly_what_the_packet_model_lets_out_arrives(
    case: cases.Case, subjects: dict[str, Subject], arrived: dict[str, set[Packet]], lab: Lab
) -> None:
    subject = subjects[case.case]
    rules = all_rules(subject.cluster.policies, subject.cluster.default)
    for pod in itertools.chain(*subject.pods.values()):
        sender = ModelPod(pod.namespace, pod.labels, pod.host_network)
        packets = {p for trial in subject.tried(pod) for p in trial.packets if _family(p) in lab.families}
        let_out = {p for p in packets if decided(ModelPacket(sender, Target(p.to), p.protocol, p.port), rules)}
        assert let_out == packets & set().union(*(arrived[source] for source in pod.addresses))


def test_nearly_all_cases_are_tried(subjects: dict[str, Subject]) -> None:
    witnesses = sum(len(subject.witnesses()) for subject in subjects.values())
    restricted = [
        workload
        for subject in subjects.values()
        for _, workload, _ in _workloads(subject)
        if workload.covered and workload.public_share <= ONE_OF_8
    ]
    assert len(CASES) >= 1_000
    assert witnesses >= 700
    assert len(restricted) >= 200
