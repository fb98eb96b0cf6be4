"""What is encrypted, or stays on this machine."""

from __future__ import annotations

import pytest

from egress_policy import hosts


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://example.com", True),
        ("http://127.0.0.1:80/x", True),
        ("http://127.9.9.9", True),
        ("http://localhost:5000", True),
        ("http://[::1]:5000", True),
        ("http://example.com", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost@example.com", False),
        ("http://10.0.0.1", False),
        ("ftp://127.0.0.1", False),
        ("http://", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_private(url: str, private: bool) -> None:
    assert hosts.is_private(url) is private


@pytest.mark.parametrize(
    ("host", "scheme"),
    [
        ("127.0.0.1:5000", "http"),
        ("localhost", "http"),
        ("[::1]:5000", "http"),
        ("ghcr.io", "https"),
        ("10.0.0.1:5000", "https"),
    ],
)
def test_how_a_registry_is_asked(host: str, scheme: str) -> None:
    assert hosts.scheme(host) == scheme
