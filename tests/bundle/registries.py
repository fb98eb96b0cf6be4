"""A real OCI registry on loopback: open, behind a password, or behind tokens, as the large ones are."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import trustme
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.engines import free_port

USER, PASSWORD = "builder", "correct horse"  # of a registry that lives as long as a test
# bcrypt, the only form that the registry takes.
_HTPASSWD = "builder:$2b$05$cHTHVDBgYHtnNpXWA1/eGepHWsRKQH8POadRZqlYNnIYO6NAxlVuW"
_SECONDS = 60
_SERVICE = "tests"


@contextmanager
def registry(program: Path, folder: Path, auth: Any = None) -> Iterator[str]:
    """`HOST:PORT` of a registry that keeps what it has in memory."""
    port = free_port()
    config = {
        "version": "0.1",
        "log": {"level": "error"},
        "storage": {"inmemory": {}, "delete": {"enabled": True}},
        "http": {"addr": f"127.0.0.1:{port}"},
        **({"auth": auth} if auth else {}),
    }
    path = folder / "registry.yaml"
    path.write_text(json.dumps(config))
    with (folder / "registry.log").open("ab") as log:
        process = subprocess.Popen([program, "serve", path], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _until_up(f"http://127.0.0.1:{port}/v2/", folder / "registry.log")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(_SECONDS)


def _until_up(url: str, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            requests.get(url, timeout=_SECONDS)
            return
        except requests.ConnectionError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)


def password(folder: Path) -> Any:
    """What a registry's configuration says for it to ask for USER and PASSWORD."""
    (folder / "htpasswd").write_text(f"{_HTPASSWD}\n")
    return {"htpasswd": {"realm": "tests", "path": str(folder / "htpasswd")}}


@contextmanager
def tokens(folder: Path) -> Iterator[Any]:
    """The same for it to ask for a token, which a server of its own gives to USER with PASSWORD.

    Source: https://distribution.github.io/distribution/spec/auth/token/.
    """
    authority = trustme.CA(key_type=trustme.KeyType.RSA)
    issued = authority.issue_cert("tokens.example.com", key_type=trustme.KeyType.RSA)
    (folder / "authority.pem").write_bytes(authority.cert_pem.bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), _giver(issued))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield {"token": {
            "realm": f"http://127.0.0.1:{server.server_address[1]}/token", "service": _SERVICE, "issuer": "tests",
            "rootcertbundle": str(folder / "authority.pem"),
        }}  # fmt: skip
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _giver(issued: trustme.LeafCert) -> type[BaseHTTPRequestHandler]:
    key = RSAKey.import_key(issued.private_key_pem.bytes())
    chain = ["".join(pem.bytes().decode().split("\n")[1:-2]) for pem in issued.cert_chain_pems]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = self.headers.get("Authorization", "").removeprefix("Basic ")
            if said != base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode():
                self._answer(401, {})
                return
            scopes = parse_qs(urlsplit(self.path).query).get("scope", [])
            self._answer(200, {"token": jwt.encode({"alg": "RS256", "x5c": chain}, _claims(scopes), key)})

        def _answer(self, status: int, value: Any) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(value).encode())

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    return Handler


def _claims(scopes: Sequence[str]) -> Any:
    """No more than was asked for: a token to read is none to write."""
    now = int(time.time())
    access = [dict(zip(("type", "name", "actions"), _parts(scope), strict=True)) for scope in scopes]
    times = {"iat": now, "nbf": now - 10, "exp": now + 300}
    return {"iss": "tests", "sub": USER, "aud": _SERVICE, "jti": str(now), "access": access, **times}


def _parts(scope: str) -> tuple[str, str, list[str]]:
    kind, name, actions = scope.split(":")
    return kind, name, actions.split(",")
