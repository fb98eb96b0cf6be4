"""Network namespaces that a router joins. Nothing of them has a name or a process of its own.

A namespace is that of one thread, and so ends with the tests, also if they are killed; the machine's own network is
never touched. Sockets belong to the namespace that they were made in, whoever uses them; a program is in that of the
thread which starts it.
"""

from __future__ import annotations

import ctypes
import ipaddress
import os
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

from tests.live.processes import until
from tests.packets.frames import MARK, Packet, built, read
from tests.packets.translator import FAMILIES, Cluster, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tools.debian import Programs

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

_CLONE_NEWNET = 0x40000000
_ETH_P_ALL = 3
_SO_RCVBUFFORCE = 33
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
#: The first rule: what tells that all packets before it have come through is no pod's packet.
MARKS_FIRST = "-A FORWARD -p 253 -j ACCEPT"
#: Fewer than the kernel queues for one processor.
_AT_ONCE = 400
# Next hops. They are never asked for: all neighbours are set.
_GATEWAY = {4: "169.254.1.1", 6: "fe80::1"}


class LabError(Exception):
    """There can be no namespaces here, or a program in one of them failed."""


class Namespace:
    """A network namespace, which lasts until it is closed."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._thread = ThreadPoolExecutor(1)
        try:
            self.task = self.do(_unshare)
        except BaseException:
            self.close()
            raise

    def do(self, function: Callable[Arguments, Answer], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        """The function's answer, inside."""
        return self._thread.submit(function, *args, **kwargs).result()

    def run(self, command: Sequence[str], text: str = "") -> str:
        """What a program prints that reads this text; LabError if it fails."""
        return self.do(self._run, command, text)

    def _run(self, command: Sequence[str], text: str) -> str:
        program = self._programs.find(command[0])
        if program is None:
            raise LabError(f"{command[0]} is neither on PATH nor in Debian's packages as they were unpacked")
        environment = {**os.environ, **self._programs.environment}
        run = subprocess.run(
            [program, *command[1:]], input=text, capture_output=True, text=True, check=False, env=environment
        )
        if run.returncode != 0:
            raise LabError(f"{' '.join(command)}: {run.stderr.strip()}\n{text}")
        return run.stdout

    def ip(self, *lines: str) -> None:
        """Commands of ip."""
        self.run(["ip", "-batch", "-"], "".join(f"{line}\n" for line in lines))

    def set(self, **values: int) -> None:
        """Settings below /proc/sys/net, with __ for each slash."""
        for name, value in values.items():
            self.do(Path("/proc/sys/net", *name.split("__")).write_text, str(value))

    def socket(self, family: int, kind: int, protocol: int = -1) -> socket.socket:
        """A socket in here."""
        return self.do(socket.socket, family, kind, protocol)

    def close(self) -> None:
        """End the thread. The namespace goes with it and with the last of its sockets."""
        self._thread.shutdown()


def _unshare() -> int:
    """Leave the namespace of the process; the number of the thread that did."""
    before = os.readlink("/proc/thread-self/ns/net")
    # Python has it only from 3.12 on.
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        raise LabError(f"no network namespace: {os.strerror(ctypes.get_errno())}; this needs Linux, and root")
    # Whatever happens from here on would happen to the machine's own network.
    if os.readlink("/proc/thread-self/ns/net") == before:
        raise LabError("no network namespace: unshare did nothing")
    return threading.get_native_id()


class Node:
    """A namespace with one link, eth0, to the router. It sees what arrives, and can send any frame."""

    def __init__(self, name: str, number: int, programs: Programs) -> None:
        self.name = name
        self.link = f"n{number}"
        self.next_hop = {4: f"169.254.2.{number}", 6: f"fe80::2:{number}"}
        self.hardware, self.router = (bytes((2, 0, 0, 0, number, end)) for end in (1, 2))
        self.namespace = Namespace(programs)
        self._sockets: list[socket.socket] = []

    def socket(self, family: int, kind: int, protocol: int = -1) -> socket.socket:
        """A socket in here, which is closed with the node at the latest."""
        made = self.namespace.socket(family, kind, protocol)
        self._sockets.append(made)
        return made

    def watch(self) -> None:
        """See all that arrives from now on."""
        self._wire = self.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._wire.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 1 << 26)
        self._wire.bind(("eth0", _ETH_P_ALL))
        self._wire.settimeout(20)

    def send(self, packet: Packet) -> None:
        """Put a packet on the link, whatever its addresses are."""
        self._wire.send(built(packet, self.hardware, self.router))

    def arrived(self, mark: Packet) -> set[Packet]:
        """What has arrived since this was asked last, up to the mark; LabError if that never comes."""
        seen: set[Packet] = set()
        while True:
            try:
                frame, origin = self._wire.recvfrom(2048)
            except TimeoutError:
                raise LabError(f"{self.name}: the mark was lost") from None
            if origin[2] == socket.PACKET_OUTGOING:
                continue
            packet = read(frame)
            if packet == mark:
                return self._complete(seen)
            if packet is not None and packet.protocol != MARK:
                seen.add(packet)

    def _complete(self, seen: set[Packet]) -> set[Packet]:
        """The kernel counts what did not fit into the socket's buffer."""
        lost = self._wire.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)[4:]
        if any(lost):
            raise LabError(f"{self.name}: packets were lost, {lost!r}")
        return seen

    def close(self) -> None:
        """Close all sockets, and leave."""
        for one in self._sockets:
            one.close()
        self.namespace.close()


class Lab:
    """A router, and nodes around it. Its FORWARD chain does what `enforce` was told last."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self.nodes: dict[str, Node] = {}
        self._marks = self._generation = 0
        self._stale: list[str] = []
        self.router = Namespace(programs)
        self.families = FAMILIES if Path("/proc/sys/net/ipv6").is_dir() else (4,)
        # One processor handles the packets that it sends in their order.
        self._processors = os.sched_getaffinity(0)

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        os.sched_setaffinity(0, self._processors)
        for node in self.nodes.values():
            node.close()
        self.router.close()

    def _start(self) -> None:
        os.sched_setaffinity(0, {min(self._processors)})
        self.router.ip("link set lo up")
        self.router.set(ipv4__ip_forward=1, ipv4__conf__all__rp_filter=0, ipv4__conf__default__rp_filter=0)
        if 6 in self.families:
            self.router.set(ipv6__conf__all__forwarding=1)
        self._variant = self._chosen()
        self.enforce([])

    def _chosen(self) -> str:
        """The variant of iptables that works on this kernel, with the matches that are needed."""
        probe = translate([Cluster([_PROBE], [])])
        refusals = []
        for variant in ("", "-nft", "-legacy"):
            try:
                self.router.run([f"iptables{variant}-restore"], probe.iptables(4, [MARKS_FIRST]))
            except LabError as error:
                refusals.append(str(error))
            else:
                return variant
        raise LabError("\n".join(refusals))

    def add(self, name: str, *addresses: str) -> Node:
        """A node with these addresses, or with all of a block."""
        node = Node(name, len(self.nodes) + 1, self._programs)
        self.nodes[name] = node
        node.namespace.set(ipv4__conf__all__rp_filter=0, ipv4__conf__default__rp_filter=0)
        there = [a for a in map(ipaddress.ip_network, addresses) if a.version in self.families]
        self.router.ip(_link(node))
        node.namespace.ip("link set lo up", "link set eth0 up", *self._neighbours("eth0", node.router, _GATEWAY))
        self.router.ip(f"link set {node.link} up", *self._neighbours(node.link, node.hardware, node.next_hop))
        self.router.ip(*(f"route add {a} via {node.next_hop[a.version]} dev {node.link} onlink" for a in there))
        # In this order: the gateway must not yet be an address of its own.
        node.namespace.ip(*self._ways_out(there), *map(_held, there))
        node.watch()
        return node

    def _neighbours(self, link: str, hardware: bytes, hops: dict[int, str]) -> list[str]:
        return [f"neigh add {hops[f]} lladdr {hardware.hex(':')} dev {link} nud permanent" for f in self.families]

    def _ways_out(self, held: Sequence[_Network]) -> list[str]:
        """A node that holds every address needs to be told which ones are behind the router all the same."""
        every = {a.version for a in held if not a.prefixlen}
        blocks = {f: _PODS[f] if f in every else (("0.0.0.0/0", "::/0")[f == 6],) for f in self.families}
        return [f"route add {b} via {_GATEWAY[f]} dev eth0 onlink" for f, some in blocks.items() for b in some]

    def enforce(self, clusters: Iterable[Cluster]) -> None:
        """Let the pods send what their policies let out, from this moment on."""
        self._generation += 1
        rules = translate(clusters, f"g{self._generation}")
        self.router.run(["ipset", "restore"], rules.ipset())
        for family in self.families:
            restore = f"ip{'6' if family == 6 else ''}tables{self._variant}-restore"
            self.router.run([restore], rules.iptables(family, [MARKS_FIRST]))
        stale, self._stale = self._stale, [one.name for one in rules.sets]
        until("no rule uses the former sets", lambda: self._destroyed(stale))

    def _destroyed(self, sets: list[str]) -> bool:
        """The kernel lets go of the sets a moment after the rules."""
        try:
            self.router.run(["ipset", "restore", "-exist"], "".join(f"destroy {name}\n" for name in sets))
        except LabError as error:
            if "in use" not in str(error):
                raise
            return False
        return True

    def arrivals(self, sender: Node, packets: Sequence[Packet], receiver: Node) -> set[Packet]:
        """Which of the packets come through to a node."""
        seen: set[Packet] = set()
        for start in range(0, len(packets), _AT_ONCE):
            some = packets[start : start + _AT_ONCE]
            for packet in some:
                sender.send(packet)
            seen |= self.arrived(sender, some[0].source, receiver, some[0].to) & set(some)
        return seen

    def arrived(self, sender: Node, source: str, receiver: Node, to: str) -> set[Packet]:
        """What has come to a node by now: everything that the sender sent before."""
        self._marks += 1
        mark = Packet(source, to, self._marks, MARK)
        sender.send(mark)
        return receiver.arrived(mark)


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: Where the addresses of pods lie.
_PODS = {4: ("10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"), 6: ("fd00::/8",)}
_PROBE = {"spec": {"policyTypes": ["Egress"], "egress": []}}


def _link(node: Node) -> str:
    peer = f"name eth0 address {node.hardware.hex(':')} netns {node.namespace.task}"
    return f"link add {node.link} address {node.router.hex(':')} type veth peer {peer}"


def _held(block: _Network) -> str:
    """A node's own address, or a block of which it takes every address for its own."""
    if block.num_addresses > 1:
        return f"route add local {block} dev lo table main"
    return f"addr add {block} dev eth0{' nodad' if block.version == 6 else ''}"
