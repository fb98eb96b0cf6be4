"""How long admission takes with our rules: of one NetworkPolicy, in namespaces of more and more policies and workloads.

Each request is sent to a real API server with the webhook and without it, and to the webhook itself, in turn; nothing
of it is kept (server-side dry-run). `gator bench` tells the same of each template alone.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from egress_policy import manifest
from tests.live.controlplane import ControlPlane
from tests.live.gatekeeper import NAMESPACE, Gatekeeper
from tests.live.processes import until
from tools import programs

ROOT = Path(__file__).resolve().parent.parent / "gatekeeper"
TOGETHER = ROOT / "together"
#: What one object decides, and all there is: in one template with one constraint, or one each, and in a template each.
SETS: dict[str, tuple[Path, bool, bool]] = {
    f"{rules}, {form}": (folder, every, joined)
    for form, folder, joined in (
        ("one constraint", TOGETHER, True),
        ("one template", TOGETHER, False),
        ("a template each", ROOT, False),
    )
    for rules, every in (("rules on one object", False), ("all rules", True))
}

Object = dict[str, Any]


@dataclass(slots=True)
class Latency:
    """Seconds of each request."""

    seconds: list[float] = field(default_factory=list)

    def row(self, name: str) -> str:
        """Median and 99th percentile, in milliseconds."""
        percentiles = statistics.quantiles(self.seconds, n=100, method="inclusive")
        return f"{name:<92}{statistics.median(self.seconds) * 1000:>9.2f}{percentiles[98] * 1000:>9.2f}"


def main() -> int:
    """Measure, and print a table."""
    options = _options()
    print(f"{'milliseconds of one NetworkPolicy':<92}{'median':>9}{'99th':>9}")
    for name, latency in _measure(options):
        print(latency.row(name), flush=True)
    if options.templates:
        print(_templates(options.gator, options.requests))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s bench -- admission", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--gator", default="gator")
    parser.add_argument("--no-templates", dest="templates", action="store_false", help="leave out gator bench")
    return parser.parse_args()


def _measure(options: argparse.Namespace) -> Iterator[tuple[str, Latency]]:
    found = programs.provide(("etcd", "kube-apiserver", "gatekeeper"))
    with tempfile.TemporaryDirectory(prefix="egress-bench-") as folder:
        plane = ControlPlane(found["etcd"], found["kube-apiserver"], Path(folder))
        with plane, Gatekeeper(plane, found["gatekeeper"], programs.source(programs.GATEKEEPER)) as gatekeeper:
            client = plane.client()
            for size in options.sizes:
                _fill(client, size)
            for name, chosen in SETS.items():
                # In a cluster the audit is on another machine, or at rest nearly always; here it audits every second.
                with _installed(gatekeeper, *chosen), gatekeeper.without_audit():
                    for size in options.sizes:
                        for where, latency in _asked(gatekeeper, size, options.requests).items():
                            yield f"{name}, {size:,} policies and workloads, {where}", latency


def _fill(client: Any, size: int) -> None:
    """A namespace with so many workloads, and a policy for each."""
    namespace = f"bench-{size}"
    client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for number in range(size):
        client.create(_policy(namespace, f"app-{number}"))
        client.create(_deployment(namespace, f"app-{number}"))


def _policy(namespace: str, app: str) -> Object:
    dns = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": app, "namespace": namespace},
        "spec": {
            "podSelector": {"matchLabels": {"app": app}},
            "policyTypes": ["Egress"],
            "egress": [
                {"to": [dns], "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]},
                {"to": [{"ipBlock": {"cidr": "151.101.2.0/24"}}], "ports": [{"protocol": "TCP", "port": 443}]},
                {"to": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"protocol": "TCP", "port": 5432}]},
            ],
        },
    }


def _deployment(namespace: str, app: str) -> Object:
    template = {"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": "a", "image": "b"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": app, "namespace": namespace},
        "spec": {"selector": {"matchLabels": {"app": app}}, "template": template},
    }


class _installed:  # noqa: N801 (used as a statement)
    """Templates and constraints in force for a while, and what is to be synced for them."""

    def __init__(self, gatekeeper: Gatekeeper, folder: Path, every: bool, joined: bool) -> None:  # noqa: FBT001 (SETS)
        self._gatekeeper = gatekeeper
        pairs = _pairs(folder, every=every)
        self._pairs = [(template, _joined(constraints) if joined else constraints) for template, constraints in pairs]
        self._sync = yaml.safe_load((folder / "templates" / "sync.yaml").read_text()) if every else None

    def __enter__(self) -> None:
        if self._sync:
            self._gatekeeper.client.apply(self._sync)
        for template, constraints in self._pairs:
            self._gatekeeper.install(template, *constraints)
        # A webhook that has just started has everything before it says that it is ready.
        with self._gatekeeper.without_webhook():
            pass

    def __exit__(self, *_: object) -> None:
        for template, constraints in self._pairs:
            self._gatekeeper.remove(template, *constraints)


def _pairs(folder: Path, *, every: bool = True) -> Iterator[tuple[Object, list[Object]]]:
    """Each template with its constraints: of every rule, or of those that know of no other object."""
    alone = {name for name in _rules(ROOT) if not _knows_others(_loaded(ROOT / "templates" / name))}
    listed: dict[str, list[Object]] = {}
    for name in _rules(folder):
        if every or name in alone:
            for constraint in yaml.safe_load_all((folder / "constraints" / name).read_text()):
                listed.setdefault(constraint["kind"], []).append(constraint)
    for name in _rules(folder, "templates"):
        template = _loaded(folder / "templates" / name)
        if constraints := listed.get(template["spec"]["crd"]["spec"]["names"]["kind"]):
            yield template, constraints


def _joined(constraints: Sequence[Object]) -> list[Object]:
    """One constraint for the rules of several."""
    specs = [one["spec"] for one in constraints]
    spec = {
        **specs[0],
        "match": {"kinds": [kinds for one in specs for kinds in one["match"]["kinds"]]},
        "parameters": {"rules": [name for one in specs for name in one["parameters"]["rules"]]},
    }
    return [{**constraints[0], "metadata": {"name": "joined"}, "spec": spec}]


def _rules(folder: Path, what: str = "constraints") -> list[str]:
    return sorted({file.name for file in (folder / what).glob("*.yaml")} - {"kustomization.yaml", "sync.yaml"})


def _loaded(file: Path) -> Object:
    loaded: Object = yaml.safe_load(file.read_text())
    return loaded


def _knows_others(template: Object) -> bool:
    return "metadata.gatekeeper.sh/requires-sync-data" in template["metadata"]["annotations"]


def _asked(gatekeeper: Gatekeeper, size: int, requests: int) -> dict[str, Latency]:
    """The same policy over and over, in turn: the API server, and the webhook alone."""
    found = {"API server and webhook": Latency(), "API server without it": Latency(), "webhook": Latency()}
    webhook = _Webhook(gatekeeper)
    client = gatekeeper.client
    exempt = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    until("the namespace is there", lambda: client.find(exempt) is not None)
    for number in range(requests + 5):
        policy = _policy(f"bench-{size}", f"new-{number}")
        steps: dict[str, Callable[[], object]] = {
            "API server and webhook": partial(client.create, policy, dry_run=True),
            # The webhook's configuration leaves this namespace out.
            "API server without it": partial(client.create, _in(policy, NAMESPACE), dry_run=True),
            "webhook": partial(webhook.ask, policy),
        }
        for name, step in steps.items():
            began = time.perf_counter()
            step()
            if number >= 5:
                found[name].seconds.append(time.perf_counter() - began)
    return found


def _in(policy: Object, namespace: str) -> Object:
    return {**policy, "metadata": {**policy["metadata"], "namespace": namespace}}


class _Webhook:
    """Asks the webhook as the API server does, over one connection."""

    def __init__(self, gatekeeper: Gatekeeper) -> None:
        url = urllib.parse.urlsplit(gatekeeper.url)
        context = ssl.create_default_context()
        gatekeeper.control_plane.authority.configure_trust(context)
        # Opened once, as the API server does: a TLS handshake takes longer than most rules.
        self._connection = http.client.HTTPSConnection(str(url.hostname), url.port, timeout=30, context=context)
        self._path = urllib.parse.urlunsplit(("", "", url.path, url.query, ""))

    def ask(self, policy: Object) -> None:
        """One AdmissionReview; it has to be allowed."""
        metadata = policy["metadata"]
        request = {
            "uid": metadata["name"],
            "kind": {"group": "networking.k8s.io", "version": "v1", "kind": "NetworkPolicy"},
            "resource": {"group": "networking.k8s.io", "version": "v1", "resource": "networkpolicies"},
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "operation": "CREATE",
            "userInfo": {"username": "bench"},
            "object": policy,
            "dryRun": True,
        }
        body = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}).encode()
        self._connection.request("POST", self._path, body, {"Content-Type": "application/json"})
        with self._connection.getresponse() as answer:
            response = json.load(answer)["response"]
        if not response["allowed"]:
            raise RuntimeError(response["status"]["message"])


def _templates(gator: str, iterations: int) -> str:
    """What `gator bench` says of each template, in milliseconds."""
    rows = [f"{'gator bench, milliseconds a review':<92}{'median':>9}{'99th':>9}"]
    with tempfile.TemporaryDirectory(prefix="egress-bench-") as folder:
        for template, constraints in (*_pairs(ROOT), *_pairs(TOGETHER)):
            file = Path(folder) / "all.yaml"
            thing = _policy("bench", "app")
            file.write_text(manifest.written([template, *constraints, thing]))
            rows.append(_bench(gator, file, template["spec"]["crd"]["spec"]["names"]["kind"], iterations))
    return "\n".join(rows)


def _bench(gator: str, file: Path, name: str, iterations: int) -> str:
    command: Sequence[str] = (
        *(gator, "bench", f"--filename={file}", "--engine=rego"),
        *(f"--iterations={iterations}", "--warmup=10", "--output=json"),
    )
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (result,) = json.loads(done.stdout)
    median, last = (_milliseconds(result["latencies"][point]) for point in ("p50", "p99"))
    return f"{name:<92}{median:>9.2f}{last:>9.2f}"


def _milliseconds(written: str) -> float:
    """A duration as Go writes it, such as 1.2ms, 850µs or 1m2s."""
    units = {"h": 3_600_000.0, "m": 60_000.0, "s": 1000.0, "ms": 1.0, "µs": 0.001, "ns": 0.000_001}
    parts = re.findall(r"([0-9.]+)(h|ms|µs|ns|m|s)", written)
    return sum(float(number) * units[unit] for number, unit in parts)


if __name__ == "__main__":
    sys.exit(main())
