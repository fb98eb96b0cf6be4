"""`egress sidecar check`: what OPA would run unsafely is refused with its line, and an honest configuration is not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egress_policy import manifest
from egress_policy.cli import main
from egress_policy.sidecar import SidecarError, checking

Json = dict[str, Any]
_SAFE: Json = {
    "services": {"bundles": {"url": "https://bundles.example.com"}},
    "keys": {"k": {"algorithm": "ES256", "key": "-----BEGIN PUBLIC KEY-----"}},
    "bundles": {"b": {"service": "bundles", "resource": "b.tar.gz", "signing": {"keyid": "k", "scope": "prod"}}},
}


def _said(config: Any) -> list[str]:
    return checking.problems("opa.yaml", manifest.written([config]).encode())


def _with(path: str, value: Any) -> Json:
    """The safe one with another value; with ... it is taken out."""
    made = copy.deepcopy(_SAFE)
    *way, last = path.split("/")
    place: Any = made
    for part in way:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return made


_UNSAFE: dict[str, tuple[str, Any, str]] = {
    "no signing": ("bundles/b/signing", ..., "bundles.b has no signing: OPA takes it unsigned"),
    "signing that is null": ("bundles/b/signing", None, "bundles.b has no signing"),
    "signing that is a text": ("bundles/b/signing", "k", "bundles.b has no signing"),
    "no keyid": ("bundles/b/signing/keyid", ..., "bundles.b.signing must name its keyid"),
    "an empty keyid": ("bundles/b/signing/keyid", "", "bundles.b.signing.keyid must name its keyid"),
    "a keyid that is null": ("bundles/b/signing/keyid", None, "must name its keyid"),
    "a keyid that is a number": ("bundles/b/signing/keyid", 2026, "must name its keyid"),
    "a keyid of no key": ("bundles/b/signing/keyid", "x", "bundles.b.signing.keyid must be one of keys"),
    "no scope": ("bundles/b/signing/scope", ..., "bundles.b.signing must name its scope"),
    "an empty scope": ("bundles/b/signing/scope", "", "must name its scope"),
    "a scope that is known later": ("bundles/b/signing/scope", "${SCOPE}", "is known only when OPA starts"),
    "files that nobody signs": ("bundles/b/signing/exclude_files", ["data.json"], "nobody signed"),
    "unsigned patches": ("bundles/b/signing/allow_unsigned_delta_bundles", True, "lets anybody change what was signed"),
    "no bundle": ("bundles", ..., "bundles must name at least one bundle"),
    "bundles that are null": ("bundles", None, "bundles must name at least one bundle"),
    "bundles that are a list": ("bundles", [], "bundles must name at least one bundle"),
    "a bundle that is null": ("bundles/b", None, "bundles must name at least one bundle"),
    "a bundle that is a text": ("bundles/b", "b.tar.gz", "bundles.b must be an object"),
    "a service of nobody": ("bundles/b/service", "x", "bundles.b.service must be one of services"),
    "plain HTTP": ("services/bundles/url", "http://bundles.example.com", "services.bundles.url is plain HTTP"),
    "plain HTTP in other letters": ("services/bundles/url", "HTTP://bundles.example.com", "is plain HTTP"),
    "plain HTTP to a name like loopback": ("services/bundles/url", "http://localhost.example.com", "is plain HTTP"),
    "plain HTTP with loopback for a user": ("services/bundles/url", "http://127.0.0.1@example.com", "is plain HTTP"),
    "an address that is known later": ("services/bundles/url", "${URL}", "is known only when OPA starts"),
    "no address": ("services/bundles/url", ..., "services.bundles.url must be the address"),
    "an address that is a number": ("services/bundles/url", 1, "services.bundles.url must be the address"),
    "any server is the right one": ("services/bundles/allow_insecure_tls", True, "takes any server for the right one"),
    "services that are a text": ("services", "https://x", "services must be an object"),
    "an absolute resource in plain HTTP": (
        "bundles/b/resource",
        "http://x.example.com/b",
        "bundles.b.resource is plain",
    ),
    "an HMAC": ("keys/k/algorithm", "HS256", "keys.k.algorithm must be ES256 or RS256"),
    "no signature": ("keys/k/algorithm", "none", "keys.k.algorithm must be"),
    "an algorithm that is a list": ("keys/k/algorithm", ["ES256"], "keys.k.algorithm must be"),
    "no key": ("keys/k/key", ..., "keys.k must have the public key"),
    "a private key for a public one": ("keys/k/key", "-----BEGIN EC PRIVATE KEY-----", "keys.k holds a private key"),
    "a private key beside it": ("keys/k/private_key", "x", "keys.k holds a private key"),
    "keys that are a list": ("keys", [], "keys must be an object"),
    "the old form": ("bundle", {"name": "b", "service": "bundles"}, "bundle is the old form"),
    "discovery that is not signed": ("discovery", {"resource": "d", "service": "bundles"}, "discovery has no signing"),
}


@pytest.mark.parametrize(("path", "value", "said"), _UNSAFE.values(), ids=_UNSAFE)
def test_it_refuses(path: str, value: Any, said: str) -> None:
    found = _said(_with(path, value))
    assert any(said in line for line in found), found
    assert all(line.startswith("opa.yaml:") for line in found)


_HONEST: dict[str, Callable[[], Json]] = {
    "the safe one": lambda: _SAFE,
    "services as a list": lambda: _with("services", [{"name": "bundles", "url": "https://x.example.com"}]),
    "the only service": lambda: _with("bundles/b/service", ...),
    "this machine in plain HTTP": lambda: _with("services/bundles/url", "http://127.0.0.1:8080"),
    "this machine by its name": lambda: _with("services/bundles/url", "http://localhost:8080"),
    "this machine by IPv6": lambda: _with("services/bundles/url", "http://[::1]:8080"),
    "a file": lambda: _with("bundles/b/resource", "file:///bundles/b.tar.gz"),
    "no patches": lambda: _with("bundles/b/signing/allow_unsigned_delta_bundles", False),
    "a bundle that was taken out": lambda: _with("bundles/old", None),
    "RSA by default": lambda: _with("keys/k/algorithm", ...),
}


@pytest.mark.parametrize("make", _HONEST.values(), ids=_HONEST)
def test_it_takes(make: Callable[[], Json]) -> None:
    assert _said(make()) == []


def test_the_line_is_the_one_of_the_field() -> None:
    text = "services:\n  s:\n    url: https://x\nbundles:\n  b:\n    service: s\n    resource: b\n"
    assert [line.split(": ")[0] for line in checking.problems("opa.yaml", text.encode())] == ["opa.yaml:5"]


@pytest.mark.parametrize("data", [b"", b"[]", b"a: [", b"a: 1\na: 2\n", b"\xff\xfe\x00"])
def test_what_is_no_configuration_is_told(data: bytes) -> None:
    with pytest.raises(SidecarError, match=r"opa\.yaml: "):
        checking.problems("opa.yaml", data)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("1.22.2", True), ("v1.22.2", True), ("Version: 1.22.2\nBuild Commit: x\n", True), ("1.23.0", True),
        ("2.0.0", True),
        ("1.22.1", False), ("1.21.3", False), ("0.70.0", False), ("1.22.2-dev", False), ("1.22.2-rc.1", False),
        ("1.22", False), ("", False), ("latest", False), ("1.22.2.1", False), ("9" * 5000, False),
    ],
)  # fmt: skip
def test_old_ones_are_refused(text: str, safe: bool) -> None:
    assert (checking.version_problem(text) is None) is safe


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The safe one, in a file."""
    path = tmp_path / "opa.yaml"
    path.write_text(json.dumps(_SAFE))
    return path


def test_exit_codes(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sidecar", "check", str(written), "--opa-version", "1.22.2"]) == 0
    assert capsys.readouterr().out == f"{written}: safe\n"
    assert main(["sidecar", "check", str(written), "--opa-version", "1.21.1"]) == 1
    assert "OPA 1.21.1 is too old: 1.22.2 is the first that is safe" in capsys.readouterr().err
    assert main(["sidecar", "check", "none.yaml"]) == 2


def test_the_opa_on_path_counts(written: Path) -> None:
    assert main(["sidecar", "check", str(written)]) == 0


def test_without_opa_its_version_is_said_to_be_unknown(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["sidecar", "check", str(written)]) == 0
    assert "its version was not checked" in capsys.readouterr().out


def test_an_opa_that_is_not_there_is_told(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sidecar", "check", str(written), "--opa", "/no/opa"]) == 2
    assert "/no/opa" in capsys.readouterr().err
