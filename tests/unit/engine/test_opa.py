"""A real OPA: one that is started, one that runs already, and programs that are neither."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from egress_policy.engine import PARAMETERS, EngineError, embedded, load, opa
from egress_policy.engine.opa import OpaEngine


@pytest.fixture
def rego(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a policy in the place of ours."""

    def write(rules: str) -> None:
        (tmp_path / "main.rego").write_text(f"package egress.main\n{rules}\n")
        monkeypatch.setattr(embedded, "rego", lambda: tmp_path)

    return write


@contextlib.contextmanager
def _answering(answers: dict[str, Any]) -> Iterator[str]:
    """A server that says these things on these paths, and nothing else."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answer = answers.get(self.path)
            body = json.dumps(answer).encode()
            self.send_response(200 if answer is not None else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _runtime(**known: Any) -> dict[str, Any]:
    return {"/v1/query": {"result": [{"runtime": known}]}}


def test_the_policy_of_the_package_answers() -> None:
    with load("opa", {"profile": "strict"}) as engine:
        assert engine.ask(PARAMETERS, b"{}") == {"problems": [], "differing": {"profile": "strict"}}


def test_it_is_stopped_afterwards(rego: Callable[[str], None]) -> None:
    rego("parameters := input")
    with OpaEngine({}) as engine:
        assert engine.ask(PARAMETERS, b'{"a": [1, null]}') == {"a": [1, None]}
        server = engine._server
    assert server is not None
    assert server._process.returncode is not None


def test_it_is_stopped_when_ctrl_c_comes_while_it_starts(
    rego: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def interrupted(server: opa._Server) -> str:
        started.append(server)
        raise KeyboardInterrupt

    rego("parameters := {}")
    monkeypatch.setattr(opa._Server, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        OpaEngine({})
    assert started[0]._process.returncode is not None


def test_undefined_is_an_error(rego: Callable[[str], None]) -> None:
    rego("parameters := input.missing")
    with OpaEngine({}) as engine, pytest.raises(EngineError, match=r"main\.parameters is undefined in OPA"):
        engine.ask(PARAMETERS, b"{}")


def test_a_conflict_is_an_error(rego: Callable[[str], None]) -> None:
    rego("parameters := 1 if input.a\nparameters := 2 if input.a")
    with OpaEngine({}) as engine, pytest.raises(EngineError, match="produced conflicting values"):
        engine.ask(PARAMETERS, b'{"a": 1}')


def test_a_policy_that_does_not_compile_is_quoted(rego: Callable[[str], None]) -> None:
    rego("parameters := no_such_function(1)")
    with pytest.raises(EngineError, match=r"OPA did not start: .*no_such_function"):
        OpaEngine({})


def test_without_opa_on_path_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match=r"no program `opa` on PATH.*--engine wasm"):
        OpaEngine({})


def test_a_running_server_is_given_the_settings_and_left_running(rego: Callable[[str], None]) -> None:
    rego("parameters := data.egress.parameters")
    with OpaEngine({"profile": "strict"}) as first:
        assert first._server is not None
        url = f"http://127.0.0.1:{first._server.port}"
        with OpaEngine({"profile": "baseline"}, url=url) as second:
            assert second.ask(PARAMETERS, b"{}") == {"profile": "baseline"}
        with OpaEngine({}, url=url) as third:
            assert third.ask(PARAMETERS, b"{}") == {}
        assert first.ask(PARAMETERS, b"{}") == {}


@pytest.mark.parametrize("version", ["1.22.1", "1.17.1", "0.70.0", "", "unknown"])
def test_an_older_opa_is_refused(version: str) -> None:
    with _answering(_runtime(version=version)) as url, pytest.raises(EngineError, match=r"1\.22\.2 or newer"):
        OpaEngine({}, url=url)


@pytest.mark.parametrize("version", ["1.22.2", "1.23.0-dev", "v2.0.0"])
def test_a_newer_opa_is_not(version: str) -> None:
    known = {**_runtime(version=version), "/v1/data/egress/parameters": {}, "/v1/data/egress/main/parameters": {}}
    with _answering(known) as url, OpaEngine({}, url=url) as engine, pytest.raises(EngineError, match="undefined"):
        engine.ask(PARAMETERS, b"{}")


def test_a_program_that_took_the_port_is_not_asked(
    rego: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rego("parameters := {}")
    with _answering(_runtime(version="9.9.9", env={})) as url:
        monkeypatch.setattr(opa, "_free_port", lambda: int(url.rpartition(":")[2]))
        with pytest.raises(EngineError, match=r"another program answers|did not start"):
            OpaEngine({})


def test_what_is_no_opa_is_an_error() -> None:
    with _answering({}) as url, pytest.raises(EngineError, match="OPA does not answer"):
        OpaEngine({}, url=url)


def test_where_nothing_listens_is_an_error() -> None:
    with pytest.raises(EngineError, match="OPA does not answer"):
        OpaEngine({}, url=f"http://127.0.0.1:{opa._free_port()}")


@pytest.mark.parametrize("url", ["127.0.0.1:8181", "ftp://host", "http://", "http://host/v1/data", "http://host:port"])
def test_a_url_must_be_one(url: str) -> None:
    with pytest.raises(EngineError, match="--opa-url must look like"):
        OpaEngine({}, url=url)


def test_manifests_never_pass_a_proxy(rego: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    rego("parameters := 1")
    with OpaEngine({}) as engine:
        assert engine.ask(PARAMETERS, b"{}") == 1
