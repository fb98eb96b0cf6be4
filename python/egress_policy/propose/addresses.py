"""Hosts and ports in the text of a setting: the one place that sees connection strings, and the secrets in them.

Of a connection string only scheme, host and port leave this module. A password that is not encoded may hold `/`, `?`,
`#` and `@`, so that what looks like the host is a piece of it; any `@` behind what looks like the host makes the whole
string unreadable, and it is told instead of guessed. All is done in one pass: nothing here goes back.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

# What is beyond is not looked at: no object of Kubernetes is larger.
_LONGEST = 1 << 20
_LONGEST_AUTHORITY = 2048
_LONGEST_SCHEME = 32

# Schemes and the ports that they mean; None where they mean none.
SCHEMES: dict[str, int | None] = {
    "postgres": 5432, "postgresql": 5432, "mysql": 3306, "mariadb": 3306, "redis": 6379, "rediss": 6379,
    "mongodb": 27017, "amqp": 5672, "amqps": 5671, "nats": 4222, "kafka": 9092, "memcached": 11211, "sqlserver": 1433,
    "clickhouse": 9000, "ldap": 389, "ldaps": 636, "mqtt": 1883, "mqtts": 8883, "smtp": 25, "smtps": 465,
    "http": 80, "https": 443, "ws": 80, "wss": 443, "grpc": None, "grpcs": None, "tcp": None, "udp": None,
}  # fmt: skip

_SCHEME = re.compile(r"(?:[A-Za-z][A-Za-z0-9]*:)?([A-Za-z][A-Za-z0-9]*)(?:\+([A-Za-z0-9]+))?\Z")
_SCHEME_LETTERS = re.compile(r"[A-Za-z0-9+:]*\Z")
_END = re.compile(r"[/?#;\s\"'`<>\\|\x00-\x20]")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_GO_MYSQL = re.compile(r"@tcp\(([^()\s@]{1,255})\)")
_SEPARATORS = re.compile(r"[\s,;]+")
_UNRESOLVED = re.compile(r"\$[({A-Za-z_]|\{\{|%[({]|<[A-Za-z]")
# Where a process listens, or itself: no destination.
_NOWHERE = frozenset({"localhost", "localhost.localdomain", "true", "false", "yes", "no", "on", "off", "none", "null"})


@dataclass(frozen=True, slots=True)
class Address:
    """A host (lower case, or an IP address), its port if one is known, and the scheme if there was one."""

    host: str
    port: int | None = None
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The addresses of a text, in their order; `unclear` says why there may be one more."""

    addresses: tuple[Address, ...] = ()
    unclear: str = ""


_AMBIGUOUS = (
    "its user and password hold characters that must be percent-encoded, so that the host cannot be told safely"
)
_PLACEHOLDER = "its host is filled in only when it runs"


def of_value(value: str) -> Found:
    """What a setting's value names: connection strings, or else hosts by themselves."""
    if "://" in value:
        return _of_urls(value)
    if "@" in value:
        return _of_go_mysql(value)
    pieces = _SEPARATORS.split(value[:_LONGEST].strip())
    every = tuple(address for piece in pieces if (address := host_and_port(piece)))
    return Found(every, _PLACEHOLDER if not every and _UNRESOLVED.search(value[:_LONGEST]) else "")


def of_lines(content: str) -> Found:
    """The connection strings in a file, line by line; comments are none."""
    every: list[Address] = []
    unclear = ""
    for line in content[:_LONGEST].splitlines():
        if "://" in line and not line.lstrip().startswith(("#", "//", ";", "--")):
            found = _of_urls(line)
            every += found.addresses
            unclear = unclear or found.unclear
    return Found(tuple(every), unclear)


def host_and_port(piece: str) -> Address | None:
    """`host`, `host:port`, `[::1]:port` and nothing else; None also for where a process listens."""
    if not piece or len(piece) > 300 or _END.search(piece) or "@" in piece:
        return None
    try:
        split = urlsplit(f"//{piece}")
        host, port = split.hostname or "", split.port
    except ValueError:
        return None
    if piece.endswith(":") or port == 0 or not _is_host(host):
        return None
    return Address(host.rstrip("."), port)


def _of_urls(value: str) -> Found:
    last_at = value.rfind("@")
    seen = value[:_LONGEST]
    every: list[Address] = []
    unclear = ""
    for scheme, start in _schemes(seen):
        end = _authority_end(seen, start)
        if end > last_at and end < start + _LONGEST_AUTHORITY and not (end == _LONGEST < len(value)):
            authority = seen[start:end].rpartition("@")[2]
            every += _hosts(authority, scheme, following=seen[end : end + 2])
            unclear = unclear or (_PLACEHOLDER if _UNRESOLVED.search(authority) else "")
        else:
            unclear = _AMBIGUOUS
    return Found(tuple(every), unclear)


def _schemes(value: str) -> Iterator[tuple[str, int]]:
    """Each scheme that we know, and where its authority starts."""
    position = value.find("://")
    while position >= 0:
        before = value[max(0, position - _LONGEST_SCHEME) : position]
        letters = _SCHEME_LETTERS.search(before)
        match = _SCHEME.search(letters[0]) if letters else None
        named = [name.lower() for name in match.groups() if name] if match else []  # postgresql+asyncpg, git+https
        if known := next((name for name in named if name in SCHEMES), None):
            yield known, position + 3
        position = value.find("://", position + 3)


def _authority_end(value: str, start: int) -> int:
    match = _END.search(value, start, start + _LONGEST_AUTHORITY)
    return match.start() if match else min(len(value), start + _LONGEST_AUTHORITY)


def _hosts(authority: str, scheme: str, following: str) -> Iterator[Address]:
    """The hosts of an authority without userinfo; several are parted by commas."""
    pieces = authority.split(",")
    if following == "//" and pieces[-1].endswith(":"):
        pieces.pop()  # the scheme of the next one of a list
    for piece in pieces:
        if found := host_and_port(piece.removesuffix(":")):
            yield Address(found.host, found.port or SCHEMES[scheme], scheme)


def _of_go_mysql(value: str) -> Found:
    """`user:password@tcp(host:port)/name`, as Go's MySQL driver has it."""
    found = _GO_MYSQL.findall(value[:_LONGEST])
    if len(found) != 1 or value.count("@") != 1:
        return Found(unclear="it holds an @ but is no connection string that can be read")
    address = host_and_port(found[0])
    return Found((Address(address.host, address.port or 3306, "mysql"),)) if address else Found()


def _is_host(host: str) -> bool:
    if host in _NOWHERE or not host:
        return False
    if is_ip(host):
        address = ipaddress.ip_address(host)
        return not (address.is_unspecified or address.is_loopback or address.is_multicast)
    name = _HOST.fullmatch(host) and len(host) <= 253
    return bool(name) and not host.rstrip(".").rpartition(".")[2].isdigit() and not host.endswith(".localhost")


def is_ip(host: str) -> bool:
    """Whether it is an IP address as it is written today: neither octal nor a single number."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host
