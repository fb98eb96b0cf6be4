"""Whole Ethernet frames of first packets: built from nothing, and read. Pure.

A TCP packet is a SYN, an SCTP one an INIT. MARK is a protocol that nothing uses. It carries a number, by which one
tells that all packets before it have come through.
"""

from __future__ import annotations

import functools
import ipaddress
import struct
from typing import NamedTuple

#: "Use for experimentation and testing", RFC 3692.
MARK = "MARK"
_PROTOCOLS = {"TCP": 6, "UDP": 17, "SCTP": 132, MARK: 253}
_NAMES = {number: name for name, number in _PROTOCOLS.items()}
_IPV4, _IPV6 = 0x0800, 0x86DD
_SYN, _ACK = 0x02, 0x10
#: The port that packets come from: none that any server here has.
CLIENT = 40_000


class Packet(NamedTuple):
    """The first packet of a connection. For MARK `port` is its number."""

    source: str
    to: str
    port: int
    protocol: str


def built(packet: Packet, sender: bytes, receiver: bytes) -> bytes:
    """The frame from one hardware address (6 bytes) to another."""
    source, to = address(packet.source), address(packet.to)
    number = _PROTOCOLS[packet.protocol]
    payload = _payload(packet, source + to)
    if len(source) == 4:
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, number, 0, source, to)
        header = header[:10] + _checksum(header) + header[12:]
        return receiver + sender + struct.pack("!H", _IPV4) + header + payload
    header = struct.pack("!IHBB16s16s", 6 << 28, len(payload), number, 64, source, to)
    return receiver + sender + struct.pack("!H", _IPV6) + header + payload


@functools.lru_cache(maxsize=1 << 16)
def address(text: str) -> bytes:
    """An address as on the wire: 4 or 16 bytes."""
    return ipaddress.ip_address(text).packed


def _payload(packet: Packet, addresses: bytes) -> bytes:
    match packet.protocol:
        case "TCP":
            segment = struct.pack("!HHIIBBHHH", CLIENT, packet.port, 1, 0, 5 << 4, _SYN, 64_000, 0, 0)
            return segment[:16] + _transport_checksum(addresses, 6, segment) + segment[18:]
        case "UDP":
            segment = struct.pack("!HHHH", CLIENT, packet.port, 8, 0)
            # Zero would say that there is none.
            return segment[:6] + (_transport_checksum(addresses, 17, segment).replace(b"\0\0", b"\xff\xff"))
        case "SCTP":
            common = struct.pack("!HHII", CLIENT, packet.port, 0, 0)
            chunk = struct.pack("!BBHIIHHI", 1, 0, 20, 1, 64_000, 1, 1, 1)
            return common[:8] + struct.pack("<I", _crc32c(common + chunk)) + chunk
        case _:
            return struct.pack("!I", packet.port)


def read(frame: bytes) -> Packet | None:
    """The first packet of a connection that a frame holds; None for anything else."""
    (kind,) = struct.unpack_from("!H", frame, 12)
    if kind == _IPV4:
        start = 14 + 4 * (frame[14] & 15)
        return _read(frame, frame[23], frame[26:30], frame[30:34], start)
    return _read(frame, frame[20], frame[22:38], frame[38:54], 54) if kind == _IPV6 else None


def _read(frame: bytes, number: int, source: bytes, to: bytes, start: int) -> Packet | None:
    protocol = _NAMES.get(number)
    if protocol is None or (protocol == "TCP" and frame[start + 13] & (_SYN | _ACK) != _SYN):
        return None
    (port,) = struct.unpack_from("!I" if protocol == MARK else "!H", frame, start if protocol == MARK else start + 2)
    return Packet(text(source), text(to), port, protocol)


@functools.lru_cache(maxsize=1 << 16)
def text(packed: bytes) -> str:
    """An address as people write it."""
    return str(ipaddress.ip_address(packed))


def _transport_checksum(addresses: bytes, number: int, segment: bytes) -> bytes:
    return _checksum(addresses + struct.pack("!HH", number, len(segment)) + segment)


def _checksum(data: bytes) -> bytes:
    """The Internet checksum of an even number of bytes."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF)


def _crc32c(data: bytes) -> int:
    """The checksum of SCTP, RFC 9260."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF
