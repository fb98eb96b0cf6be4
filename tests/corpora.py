"""Audit manifests that nobody here wrote: `python -m tests.corpora FOLDER`.

Every file of the folder goes through the audit alone, none may crash it. In archives named cyclonus*.tar.gz each policy
set has an expected.json, an independent matcher's list of the packets that each pod may send: the packet model must
agree with it in each, and the audit's coverage and openness with what can be told from the list.
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from egress_policy.audit import Request, audit
from egress_policy.errors import EgressPolicyError
from tests.model.allowances import Pod, Rules
from tests.model.networkpolicy import all_rules
from tests.model.packets import Packet, Target, allowed
from tests.model.strategies import workload

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESSES = ("8.8.8.8", "203.0.113.9", "2001:4860:4860::8888")
PORTS = (1, 53, 80, 81, 443, 5432, 8080, 65535)
PROTOCOLS = ("TCP", "UDP", "SCTP")


class _Text(yaml.SafeLoader):
    """Only numbers and nulls are anything but text: a namespace called y stays one."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (as the class that it replaces it in)


_Text.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[0-9]+$"), list("0123456789"))
_Text.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(null|~|)$"), ["n", "~", ""])


def main(arguments: list[str]) -> int:
    """Audit what is named; 0 if nothing crashed and every set agrees."""
    (folder,) = map(Path, arguments)
    archives = sorted(folder.rglob("cyclonus*.tar.gz"))
    problems = [*crashes(folder), *(problem for archive in archives for problem in _archive(archive))]
    print("\n".join(problems) or "nothing crashed, and every set agrees")
    return 1 if problems else 0


def crashes(folder: Path) -> Iterator[str]:
    """Files that the audit does not answer for."""
    seen: Counter[str] = Counter()
    for file in sorted(p for p in folder.rglob("*") if p.suffix in (".yaml", ".yml", ".json")):
        try:
            seen[audit(Request((str(file),))).status] += 1
        except EgressPolicyError as error:
            yield f"{file}: {error}"
        except Exception as error:  # noqa: BLE001 (whatever it is, it is what we look for)
            yield f"{file}: {type(error).__name__}: {error}"
    try:
        seen[f"the whole folder {audit(Request((str(folder),))).status}"] += 1
    except Exception as error:  # noqa: BLE001
        yield f"{folder}: {type(error).__name__}: {error}"
    print("audited:", dict(seen))


def _archive(archive: Path) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as name, tarfile.open(archive) as tar:
        tar.extractall(name, filter="data")
        sets = sorted(Path(name).rglob("expected.json"))
        for expected in sets:
            yield from _differences(expected.parent)
        print(f"{archive.name}: {len(sets)} sets")


def _differences(folder: Path) -> Iterator[str]:
    expected = json.loads((folder / "expected.json").read_text())
    policies = [p for p in yaml.load_all((folder / "policies.yaml").read_text(), _Text) if p]
    rules = all_rules(policies)
    placed = [(*name.split("/"), labels) for name, labels in expected["pods"].items()]
    pods = [workload("Pod", name, namespace, labels) for namespace, name, labels in placed]
    (folder / "pods.json").write_text("\n".join(json.dumps(pod) for pod in pods))
    report = audit(Request((str(folder / "policies.yaml"), str(folder / "pods.json"))))
    states = {f"{n.name}/{w.name}": w for n in report.namespaces for w in n.workloads}
    for name, egress in expected["egress"].items():
        pod = Pod(name.partition("/")[0], expected["pods"][name])
        sent = _sent(pod, rules)
        if sent != sorted(egress["allowed"]) or bool(rules.of(pod).isolations) != egress["egress_isolated"]:
            yield f"{folder.name} {name}: the model differs: {sorted(set(sent) ^ set(egress['allowed']))}"
        state = states[name]
        if state.covered != egress["egress_isolated"]:
            yield f"{folder.name} {name}: covered is {state.covered}, isolated {egress['egress_isolated']}"
        if state.open and len(egress["allowed"]) < len(PORTS):
            yield f"{folder.name} {name}: said to be open, and reaches only {egress['allowed']}"
        if (state.public_share > 0) < any(packet.startswith("8.8.8.8/") for packet in egress["allowed"]):
            yield f"{folder.name} {name}: a share of nothing, and reaches 8.8.8.8"


def _sent(pod: Pod, rules: Rules) -> list[str]:
    every = [(address, protocol, port) for address in ADDRESSES for protocol in PROTOCOLS for port in PORTS]
    return sorted(f"{a}/{p}/{n}" for a, p, n in every if allowed(Packet(pod, Target(a), p, n), rules))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
