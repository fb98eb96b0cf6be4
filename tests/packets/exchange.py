"""Real connections: a TCP and a UDP server at each address and port, and clients that try all of them at once.

What has arrived is seen on the wire, up to a mark; only then answers are waited for, and only as many as there must be.
Nothing waits for a packet that does not come.
"""

from __future__ import annotations

import ipaddress
import itertools
import resource
import selectors
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tests.packets.frames import Packet

if TYPE_CHECKING:
    from tests.packets.namespaces import Lab, Node

_SECONDS = 20
_FREEBIND = {4: (socket.IPPROTO_IP, 15), 6: (socket.IPPROTO_IPV6, 78)}
_KINDS = {"TCP": socket.SOCK_STREAM, "UDP": socket.SOCK_DGRAM}
Ready: TypeAlias = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Which packets arrived, and which connections got the answer that the server at their address gives."""

    arrived: set[Packet]
    answered: set[Packet]


class Exchange:
    """Servers in a lab, and clients to them."""

    def __init__(self, lab: Lab, servers: dict[str, Node], ports: Sequence[int]) -> None:
        """The servers are nodes by the addresses at which they answer."""
        self._lab, self._servers = lab, servers
        self._selector = selectors.DefaultSelector()
        # Of no address a port is used twice: what earlier rules let out must not look established under later ones.
        self._client_ports: defaultdict[str, Iterator[int]] = defaultdict(lambda: iter(range(10_000, 65_536)))
        _allow_files()
        for (address, node), port in itertools.product(servers.items(), ports):
            self._listen(node, address, port)
            self._receive(node, address, port)

    def close(self) -> None:
        """The nodes close their sockets."""
        self._selector.close()

    def _listen(self, node: Node, address: str, port: int) -> None:
        server = _bound(node, "TCP", address, port)
        server.listen(64)

        def accept() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(address.encode())

        self._selector.register(server, selectors.EVENT_READ, accept)

    def _receive(self, node: Node, address: str, port: int) -> None:
        server = _bound(node, "UDP", address, port)

        def answer() -> None:
            _, client = server.recvfrom(64)
            server.sendto(address.encode(), client)

        self._selector.register(server, selectors.EVENT_READ, answer)

    def try_all(self, sender: Node, packets: Iterable[Packet]) -> Outcome:
        """Send all these packets, as a client of TCP or UDP, and see what becomes of them.

        Of other protocols only the first packet is sent: nobody answers.
        """
        wanted, answered = set(packets), set[Packet]()
        clients = [self._client(sender, packet, answered) for packet in sorted(wanted) if packet.protocol in _KINDS]
        for packet in sorted(wanted):
            if packet.protocol not in _KINDS:
                sender.send(packet)
        try:
            arrived = self._arrived(sender, wanted)
            self._serve(lambda: {packet for packet in arrived if packet.protocol in _KINDS} <= answered)
        finally:
            for client in clients:
                self._selector.unregister(client)
                client.close()
        return Outcome(arrived, answered)

    def _arrived(self, sender: Node, wanted: set[Packet]) -> set[Packet]:
        source = next(iter(wanted)).source
        family = ipaddress.ip_address(source).version
        places = {node.name: to for to, node in self._servers.items() if ipaddress.ip_address(to).version == family}
        seen: set[Packet] = set()
        for name, to in places.items():
            node = self._lab.nodes[name]
            if node is not sender:
                seen |= self._lab.arrived(sender, source, node, to)
        return seen & wanted

    def _serve(self, done: Callable[[], bool]) -> None:
        """Serve and read answers until it is done, or has taken far too long."""
        deadline = time.monotonic() + _SECONDS
        while not done() and time.monotonic() < deadline:
            for key, _ in self._selector.select(0.2):
                ready: Ready = key.data
                ready()

    def _client(self, sender: Node, packet: Packet, answered: set[Packet]) -> socket.socket:
        """A client that has sent its first packet; once the server at this address has answered it is in `answered`."""
        client = _bound(sender, packet.protocol, packet.source, next(self._client_ports[packet.source]))

        def answer() -> None:
            if client.recv(64).decode() == packet.to:
                answered.add(packet)

        self._selector.register(client, selectors.EVENT_READ, answer)
        client.connect_ex((packet.to, packet.port))
        if packet.protocol == "UDP":
            client.send(b"hello")
        return client


def _bound(node: Node, protocol: str, address: str, port: int) -> socket.socket:
    """A socket that does not block. The internet's addresses are its own by a route only, so that it has to insist."""
    version = ipaddress.ip_address(address).version
    bound = node.socket(socket.AF_INET if version == 4 else socket.AF_INET6, _KINDS[protocol])
    bound.setblocking(False)
    bound.setsockopt(*_FREEBIND[version], 1)
    bound.bind((address, port))
    return bound


def _allow_files() -> None:
    """As many open files as the system admits: there are hundreds of sockets."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
