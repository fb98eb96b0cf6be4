"""A real OPA server, asked through opa-python-client: one that runs already, or one that is started for the audit."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from opa_client import OpaClient

from egress_policy.engine import EngineError, embedded, split

# Older ones never match `x in {"a", input.y}` or misjudge some IPv6 blocks: their answers would differ.
_OLDEST = (1, 22, 2)
_NONCE = "EGRESS_POLICY_NONCE"
_START_SECONDS = 60.0
_ANSWER_SECONDS = 120.0
_FAILURES = (requests.RequestException, ValueError, OSError)


class OpaEngine:
    """Answers from OPA. A server that this started is stopped again, also after an error or Ctrl-C."""

    def __init__(self, settings: Mapping[str, Any], *, url: str | None = None) -> None:
        self._server = None if url else _Server()
        try:
            self._client = _client(url or self._started())
            self._check_version()
            self._configure(dict(settings))
        except BaseException:
            self._stop()
            raise

    def _started(self) -> str:
        return self._server.wait() if self._server is not None else ""

    def _check_version(self) -> None:
        runtime = self._runtime()
        if self._server is not None:
            self._server.check(runtime)
        version = str(runtime.get("version", ""))
        if _parsed(version) < _OLDEST:
            wanted = ".".join(map(str, _OLDEST))
            raise EngineError(f"OPA {version or 'of an unknown version'} is too old: {wanted} or newer is needed")

    def _runtime(self) -> dict[str, Any]:
        try:
            rows = self._client.ad_hoc_query("runtime := opa.runtime()").get("result") or [{}]
        except _FAILURES as error:
            raise EngineError(f"OPA does not answer: {_text(error)}") from error
        found: dict[str, Any] = rows[0].get("runtime") or {}
        return found

    def _configure(self, settings: dict[str, Any]) -> None:
        """Set the parameters, unless the server has the very same already (its data may be read-only)."""
        try:
            present = self._client.query_rule({}, "egress.parameters").get("result")
            if present != settings and (settings or present is not None):
                self._client.update_or_create_data(settings, "egress/parameters")
        except Exception as error:  # the client raises what OPA's answer makes of it, of no common type
            raise EngineError(f"OPA refuses data.egress.parameters: {_text(error)}") from error

    def ask(self, query: str, document: bytes) -> Any:
        """The answer to a query; EngineError if it is undefined or does not come."""
        package, rule = split(query)
        try:
            answer = self._client.query_rule(json.loads(document), f"egress.{package}", rule)
        except _FAILURES as error:
            raise EngineError(f"OPA gave no answer to data.egress.{package}.{rule}: {_text(error)}") from error
        if "result" not in answer:
            raise EngineError(f"data.egress.{package}.{rule} is undefined in OPA: is the policy loaded there?")
        return answer["result"]

    def _stop(self) -> None:
        if self._server is not None:
            self._server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close_connection()
        self._stop()


class _Server:
    """An `opa run --server` of our own, on the loopback address."""

    def __init__(self) -> None:
        program = shutil.which("opa")
        if program is None:
            raise EngineError("no program `opa` on PATH: install OPA, give --opa-url, or use --engine wasm")
        self._nonce = secrets.token_hex()
        self.port = _free_port()
        # A file, not a pipe: a pipe that nobody reads fills up, and then OPA waits for ever.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # `stop` closes it
        self._process = subprocess.Popen(
            [program, "run", "--server", "--addr", f"127.0.0.1:{self.port}", "--log-level", "error",
             "--skip-version-check", "--ignore", "*_test.rego", str(embedded.rego())],
            stdin=subprocess.DEVNULL, stdout=self._said, stderr=self._said,
            env={**os.environ, _NONCE: self._nonce},
        )  # fmt: skip

    def wait(self) -> str:
        """Its URL, as soon as it listens."""
        deadline = time.monotonic() + _START_SECONDS
        while not _listens(self.port):
            if self._process.poll() is not None:
                raise EngineError(f"OPA did not start: {self._complaint()}")
            if time.monotonic() > deadline:
                raise EngineError(f"OPA did not start within {_START_SECONDS:g} seconds")
            time.sleep(0.02)
        return f"http://127.0.0.1:{self.port}"

    def check(self, runtime: Mapping[str, Any]) -> None:
        """Refuse another program that took the port before OPA did: it would be asked for the verdict."""
        if (runtime.get("env") or {}).get(_NONCE) != self._nonce:
            raise EngineError("another program answers on the port that OPA was given; try again")

    def stop(self) -> None:
        """End it and leave no zombie."""
        self._process.terminate()
        try:
            self._process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
            self._process.wait()
        self._said.close()

    def _complaint(self) -> str:
        self._said.seek(0)
        return " ".join(self._said.read(2000).decode(errors="replace").split()) or "it said nothing"


class _LoopbackClient(OpaClient):  # type: ignore[misc]
    """Never through a proxy: HTTP_PROXY would send the manifests to it, and there is no way back to this machine."""

    def _init_session(self) -> requests.Session:
        session: requests.Session = super()._init_session()
        session.trust_env = False
        return session


def _client(url: str) -> OpaClient:
    scheme, host, port = _address(url)
    kind = _LoopbackClient if host in ("127.0.0.1", "[::1]", "localhost") else OpaClient
    return kind(host=host, port=port, ssl=scheme == "https", timeout=_ANSWER_SECONDS)


def _address(url: str) -> tuple[str, str, int]:
    wrong = EngineError(f"--opa-url must look like http://host:8181, not {url!r}")
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 8181)
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise wrong
    return parts.scheme, f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname, port


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _parsed(version: str) -> tuple[int, ...]:
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", version)
    return tuple(map(int, found.groups())) if found else (0,)


def _text(error: BaseException) -> str:
    """What OPA said, if it said something, else what went wrong on the way to it."""
    response = getattr(error, "response", None)
    said = _said(response) if response is not None else getattr(error, "message", "")
    return " ".join((said or str(error)).split())[:500]


def _said(response: requests.Response) -> str:
    try:
        answer = response.json()
        details = [str(one.get("message", "")) for one in answer.get("errors") or []]
        return ": ".join([str(answer.get("message", "")), *details])
    except (ValueError, AttributeError):  # not OPA's kind of answer
        return response.text
