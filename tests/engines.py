"""The engines as the tests ask them: manifests in, findings out; and the conftest program over the same files."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from egress_policy.engine import NAMESPACES, Engine, embedded, load, to_json
from tests.model.verdict import Expected, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

POLICY = Path(__file__).parents[1] / "policy"
Name = Literal["wasm", "opa"]
NAMES: tuple[Name, ...] = ("wasm", "opa")
NAME_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an engine says of some manifests: its findings as they are, and the state of each workload."""

    findings: list[dict[str, Any]]
    workloads: dict[str, State]
    namespaces: list[dict[str, Any]]

    def expected(self, kinds: frozenset[str]) -> list[Expected]:
        """The findings of some kinds, in the model's form."""
        mine = [f for f in self.findings if f["rule"] in kinds]
        return sorted(Expected(f["rule"], resource(f["resource"]), f["path"]) for f in mine)


def resource(parts: Mapping[str, str]) -> str:
    """`Kind/namespace/name`."""
    return f"{parts['kind']}/{parts['namespace']}/{parts['name']}"


def documents(manifests: Sequence[Mapping[str, Any]], namespace: str = "") -> bytes:
    """The input of `egress.main.namespaces` for manifests that no file holds, each on a line of its own."""
    shards: dict[str, list[Any]] = {}
    labels = []
    for order, manifest in enumerate(manifests):
        metadata = manifest.get("metadata") or {}
        source = {"file": "manifests.yaml", "folder": "", "line": order + 1, "order": order, "duplicates": []}
        shard = "" if is_cluster_wide(manifest) else metadata.get("namespace") or namespace or "default"
        shards.setdefault(shard, []).append({"object": manifest, "source": source})
        if manifest.get("kind") == "Namespace":
            labels.append({**(metadata.get("labels") or {}), NAME_LABEL: metadata["name"]})
    listed = [{"namespace": name, "documents": entries} for name, entries in sorted(shards.items())]
    everywhere = [entry for entries in shards.values() for entry in entries if is_shared(entry["object"])]
    return to_json({"namespace": namespace, "namespaces": labels, "shared": everywhere, "shards": listed})


def is_shared(manifest: Mapping[str, Any]) -> bool:
    """Whether a manifest has a say in every namespace: what policies refer to, and policies without one."""
    group = str(manifest.get("apiVersion") or "").rpartition("/")[0]
    known = embedded.metadata()["kinds"].get(group, {}).get(manifest.get("kind"), {"role": "", "namespaced": True})
    return known["role"] == "reference" or (known["role"] == "unjudged" and not known["namespaced"])


def is_cluster_wide(manifest: Mapping[str, Any]) -> bool:
    """Whether a manifest is of a kind without namespaces, among those that the policy knows."""
    group = str(manifest.get("apiVersion") or "").rpartition("/")[0]
    known = embedded.metadata()["kinds"].get(group, {}).get(manifest.get("kind"), {"namespaced": True})
    return not known["namespaced"]


def verdict(engine: Engine, manifests: Sequence[Mapping[str, Any]]) -> Verdict:
    """Ask one engine about manifests."""
    answers = engine.ask(NAMESPACES, documents(manifests))
    named = [answer["namespace"] for answer in answers if answer["namespace"]]
    states = {
        f"{workload['kind']}/{namespace['name']}/{workload['name']}": State(
            workload["covered"], workload["open"], workload["public_share"]
        )
        for namespace in named
        for workload in namespace["workloads"]
    }
    return Verdict([finding for answer in answers for finding in answer["findings"]], states, named)


@dataclass(slots=True)
class Engines:
    """Engines by name and parameters, started when first asked for; one OPA serves all."""

    opa: Path
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _running: dict[tuple[str, str], Engine] = field(default_factory=dict)
    _url: str = ""

    def get(self, name: Name, parameters: Mapping[str, Any]) -> Engine:
        """The engine with these parameters. OPA has one set of them at a time."""
        key = (name, json.dumps(parameters, sort_keys=True))
        if key not in self._running:
            if name == "opa":
                for other in [k for k in self._running if k[0] == "opa"]:
                    self._running.pop(other)
            url = self.url() if name == "opa" else None
            self._running[key] = self._stack.enter_context(load(name, parameters, url=url))
        return self._running[key]

    def url(self) -> str:
        """Where the one OPA listens."""
        if not self._url:
            self._url = self._stack.enter_context(serving(self.opa))
        return self._url

    def close(self) -> None:
        """End everything that was started."""
        self._stack.close()


@dataclass(frozen=True, slots=True)
class Kept:
    """An engine that outlives the audit it is lent to: nearly all of a small audit is starting one."""

    engine: Engine

    def ask(self, query: str, document: bytes) -> Any:
        return self.engine.ask(query, document)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Whoever made the engine closes it."""


@contextlib.contextmanager
def serving(opa: Path, *loaded: str | Path) -> Iterator[str]:
    """A real OPA on loopback while the context lasts, with the policy from the checkout or what it is told to load."""
    port = free_port()
    command: list[str | Path] = [
        *(opa, "run", "--server", "--addr", f"127.0.0.1:{port}", "--log-level", "error", "--skip-version-check"),
        *(loaded or ("--ignore", "*_test.rego", POLICY)),
    ]
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        _wait(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(3000):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if server.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError("OPA did not start; does `opa check policy` pass?")


def untested(folder: Path) -> Path:
    """A copy of the policy without its tests: reading them would double the time of each run of conftest."""
    return Path(shutil.copytree(POLICY, folder / "policy", ignore=shutil.ignore_patterns("*_test.rego")))


def conftest_findings(
    conftest: Path, policy: Path, files: Sequence[Path], parameters: Mapping[str, Any], folder: Path
) -> list[dict[str, str]]:
    """What `conftest test --combine` finds: rule, level, path, resource, who waived it, and message of each."""
    data = folder / "parameters.json"
    data.write_bytes(to_json({"egress": {"parameters": dict(parameters)}}))
    run = subprocess.run(
        [conftest, "test", "-p", policy, "--combine", "--parser", "yaml", "-o", "json", "--no-color",
         "--data", data, *files],
        # Most of such a short run is compiling the policy, and half of that would be garbage collection.
        capture_output=True, text=True, check=False, timeout=300, env={**os.environ, "GOGC": "off"},
    )  # fmt: skip
    if run.returncode not in (0, 1) or not run.stdout.strip():
        raise RuntimeError(f"conftest: {run.stderr.strip() or run.stdout.strip()}")
    return [found for result in json.loads(run.stdout) for found in _conftest_result(result)]


def _conftest_result(result: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for key, level in (("failures", "fail"), ("warnings", "warn")):
        for entry in result.get(key) or []:
            metadata = entry.get("metadata") or {}
            yield {
                "rule": metadata["rule"],
                "level": level,
                "path": metadata["path"],
                "resource": resource(metadata["resource"]) if "resource" in metadata else "",
                "waived": f"waived by {metadata['waived']['owner']}" if "waived" in metadata else "",
                "message": entry["msg"],
            }
