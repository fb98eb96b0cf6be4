"""What is wanted of a check, as the command line says it; whatever goes into a command of a pod is narrowed here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from egress_policy.errors import EgressPolicyError

IMAGE = "docker.io/library/busybox:1.37.0"
POSTGRES = "docker.io/library/postgres:17-alpine"
LOOKUP = "kubernetes.default.svc.cluster.local"

# No leading -, which would be an option of the program; no $, which a kubelet expands.
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})"
_PLACE = re.compile(rf"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>{_HOST}))(?::(?P<port>[0-9]{{1,5}}))?")
_NAME = re.compile(rf"{_HOST}\.?")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}")
_MOST_PORTS = 65535


class UsageError(EgressPolicyError):
    """Something that cannot be asked for; the message says why."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where to connect: a name or an address, and a TCP port (0 for the usual one)."""

    host: str
    port: int = 0

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to check. `databases` are addresses by name, an empty name for the only one; `seconds` bound each pod."""

    namespace: str
    outside: Place = Place("1.1.1.1", 443)
    databases: dict[str, Place] = field(default_factory=dict)
    lookup: str = LOOKUP
    image: str = IMAGE
    seconds: int = 120


def place(text: str, what: str, port: int = 0) -> Place:
    """HOST, HOST:PORT, or [IPv6]:PORT. Raises UsageError, which quotes the text."""
    found = _PLACE.fullmatch(text)
    number = int(found["port"] or port) if found else 0
    if found is None or not 0 <= number <= _MOST_PORTS or (found["port"] and not number):
        raise UsageError(f"{what} {text!r}: a host name or an address, then perhaps : and a port up to {_MOST_PORTS}")
    return Place(found["v6"] or found["host"], number)


def database(text: str) -> tuple[str, Place]:
    """[NAME=]HOST[:PORT]."""
    name, equals, rest = text.rpartition("=")
    if equals and not name:
        raise UsageError(f"--database {text!r}: a name stands before the =")
    return name, place(rest, "--database")


def lookup(text: str) -> str:
    """A name to resolve."""
    if not _NAME.fullmatch(text):
        raise UsageError(f"--lookup {text!r}: a host name has letters, digits, dots and - only")
    return text


def image(text: str) -> str:
    """A reference to an image; the cluster has the last word."""
    if not _IMAGE.fullmatch(text):
        raise UsageError(f"--image {text!r} is no image: write it as {IMAGE}")
    return text
