"""OPA run as a sidecar, from the configuration that `egress sidecar config` writes."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any, Self

import requests
from opa_client.opa import OpaClient

from egress_policy import manifest
from egress_policy.sidecar.config import Wanted, config
from tests.bundle.signers import KEYID, SCOPE, Pair
from tests.engines import free_port

_SECONDS = 120


class Sidecar:
    """One OPA and its folder, in which bundles persist when it is started again."""

    def __init__(self, opa: Path, key: Pair, url: str, folder: Path, **more: Any) -> None:
        self._opa, self._folder = opa, folder
        made = config(Wanted(url, more.pop("bundles", {"b": "b.tar.gz"}), KEYID, str(key.public), SCOPE, **more))
        # A test does not wait half a minute for the next question.
        for bundle in made["bundles"].values():
            bundle["polling"] |= {"min_delay_seconds": 1, "max_delay_seconds": 1}
        made["persistence_directory"] = str(folder / "persisted")
        for service in made["services"].values():
            if "credentials" in service:
                service["credentials"]["bearer"]["token_path"] = str(folder / "token")
        (folder / "opa.yaml").write_text(manifest.written([made]))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.diagnostics = free_port()

    def start(self) -> None:
        """Run it as the Deployment does."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(self._opa, "run", "--server", f"--config-file={self._folder / 'opa.yaml'}"),
                    *(f"--addr=127.0.0.1:{self.port}", f"--diagnostic-addr=127.0.0.1:{self.diagnostics}"),
                    *("--disable-telemetry", "--log-format=json"),
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_SECONDS)
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def client(self) -> OpaClient:
        return OpaClient(host="127.0.0.1", port=self.port)

    def ask(self, path: str, question: Any = None) -> Any:
        """The answer to a question; None while there is none."""
        answer = requests.post(
            f"http://127.0.0.1:{self.port}/v1/data/{path}", json={"input": question}, timeout=_SECONDS
        )
        return answer.json().get("result")

    def ready(self) -> bool:
        """What the readiness probe asks."""
        return self._status("/health?bundles") == 200

    def _status(self, path: str) -> int:
        try:
            return requests.get(f"http://127.0.0.1:{self.diagnostics}{path}", timeout=_SECONDS).status_code
        except requests.RequestException:
            return 0

    def alive(self) -> bool:
        """What the liveness probe asks."""
        return self._status("/health") == 200

    def until_ready(self) -> None:
        until(self.ready, lambda: f"it is not ready: {self.said()[-2000:]}")

    def said(self) -> str:
        """What it logged."""
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def logged(self, kind: str) -> list[Any]:
        """The lines of its log of one kind, as decision_logs or status have."""
        lines = [json.loads(line) for line in self.said().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("msg") == kind or line.get("type") == kind]


def until(done: Any, why: Any) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + _SECONDS
    while not done():
        assert time.monotonic() < deadline, why()
        time.sleep(0.05)
