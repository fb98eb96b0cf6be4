"""Hosts of addresses that programs are given."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_private(url: str) -> bool:
    """Whether what is asked there is encrypted, or stays on this very machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def scheme(host: str) -> str:
    """How a registry with this host and port is asked: in plain HTTP on this very machine, as docker does."""
    return "http" if is_private(f"http://{host}") else "https"


def _is_loopback(host: str) -> bool:
    """Whether a host without port is this very machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
