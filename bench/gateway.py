"""How long an OPA sidecar takes to decide, and how many decisions it makes: `nox -s bench -- gateway`.

A real OPA has our bundles and one of data with 10, 100 and 1,000 approved destinations; clients in another process ask
it at once, each over one connection that it keeps.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from egress_policy.bundle import archive, definition
from egress_policy.bundle.build import build
from tests.engines import serving

Json = dict[str, Any]
SIZES = (10, 100, 1000)
_BUNDLES = ("egress-gateway", "egress-review", "egress-restricted")
_WARM = 20


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="nox -s bench -- gateway", description=__doc__)
    parser.add_argument("--opa", default="opa")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--clients", type=int, default=2)
    options = parser.parse_args(arguments)
    print(f"{'decisions of a sidecar, in ms':52}{'median':>9}{'99 %':>9}{'a second':>10}")
    for size in SIZES:
        with _sidecar(options.opa, size) as url:
            for name, path, question in _questions(size):
                times = _load(url, path, question, options.clients, options.seconds)
                rate = len(times) / options.seconds
                median, high = statistics.median(times) * 1000, sorted(times)[int(len(times) * 0.99)] * 1000
                print(f"{f'{name}, {size} approved destinations':52}{median:9.3f}{high:9.3f}{rate:10.0f}", flush=True)


@contextmanager
def _sidecar(opa: str, size: int) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.yaml").write_text(json.dumps(_model(size)))
        (folder / "data.yaml").write_text(json.dumps({
            "apiVersion": "egress-policy.dev/v1", "kind": "BundleDefinition", "name": "data", "revision": "1",
            "models": ["model.yaml"],
        }))  # fmt: skip
        arguments: list[str] = []
        for one in (*_BUNDLES, str(folder / "data.yaml")):
            path = folder / f"{Path(one).stem}.tar.gz"
            path.write_bytes(archive.pack(build(definition.read(one))))
            arguments += ["--bundle", str(path)]
        with serving(Path(opa), *arguments) as url:
            yield url


def _model(size: int) -> Json:
    https = [
        {
            "name": f"d{i}",
            "hosts": [f"api{i}.example.com"],
            "cidrs": [f"8.{i // 250}.{i % 250}.0/24"],
            "from": {"app": "web"},
        }
        for i in range(size)
    ]
    spec = {"namespaces": ["shop"], "https": https}
    return {"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"}, "spec": spec}


def _questions(size: int) -> Iterator[tuple[str, str, Any]]:
    last = size - 1
    source = {"namespace": "shop", "labels": {"app": "web"}}
    address = f"8.{last // 250}.{last % 250}.7"
    for name, destination in (
        ("a host", {"host": f"api{last}.example.com", "port": 443}),
        ("an address", {"address": address, "port": 443}),
        ("an address that is refused", {"address": "9.9.9.9", "port": 443}),
    ):
        yield name, "egress/gateway/decision", {"source": source, "destination": destination}
    policy = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Egress"],
                 "egress": [{"to": [{"ipBlock": {"cidr": f"{address[:-1]}0/24"}}], "ports": [{"port": 443}]}]},
    }  # fmt: skip
    yield "one NetworkPolicy", "egress/review/decision", {"object": policy}
    entry = {"object": policy, "source": {"file": "a", "line": 1, "folder": "", "order": 0, "duplicates": []}}
    shards = [{"namespace": "shop", "documents": [entry]}]
    yield "its namespace, as an audit", "egress/main/namespaces", {"namespace": "", "namespaces": [], "shards": shards}


def _load(url: str, path: str, question: Any, clients: int, seconds: float) -> list[float]:
    """How long each answer took, in seconds, asked from a process of their own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return list(pool.apply(_ask, (url, path, question, clients, seconds)))


def _ask(url: str, path: str, question: Any, clients: int, seconds: float) -> list[float]:
    times: list[list[float]] = [[] for _ in range(clients)]
    body = json.dumps({"input": question})
    threads = [threading.Thread(target=_client, args=(url, path, body, seconds, own)) for own in times]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [one for own in times for one in own]


def _client(url: str, path: str, body: str, seconds: float, times: list[float]) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    for _ in range(_WARM):
        _once(connection, path, body)
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        _once(connection, path, body)
        times.append(time.perf_counter() - start)


def _once(connection: http.client.HTTPConnection, path: str, body: str) -> None:
    connection.request("POST", f"/v1/data/{path}", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200 or b'"result"' not in text:
        raise SystemExit(f"OPA answers {answer.status}: {text[:200]!r}")


if __name__ == "__main__":
    main()
