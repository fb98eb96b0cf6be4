"""The kubectl commands that do by hand what the check does, quoted for a POSIX shell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator

from egress_policy.cluster.server import Access
from egress_policy.formats import clean
from egress_policy.verify.options import POSTGRES, Place, Wanted
from egress_policy.verify.plan import SILENT, Plan, Probe, Subject
from egress_policy.verify.pods import CONTAINER_SECURITY, READINESS_GATE, SECURITY
from egress_policy.verify.targets import POSTGRES_PORT, Target

_POD = "egress-verify"


def commands(access: Access, wanted: Wanted, policies: Iterable[str], plan: Plan) -> tuple[str, ...]:
    """One a line, with a comment before each probe. `policies` are the names to look for."""
    kubectl = ["kubectl", *_ways(access), "--namespace", wanted.namespace]
    looked = shlex.join([*kubectl, "get", "networkpolicies", *policies])
    run = f"overrides={shlex.quote(json.dumps(_overrides(), separators=(',', ':')))}"
    probes = [line for one in plan.subjects for probe in one.probes for line in _probe(kubectl, wanted, one, probe)]
    return (looked, run, *probes)


def _ways(access: Access) -> Iterator[str]:
    if access.kubeconfig:
        yield from ("--kubeconfig", access.kubeconfig)
    if access.context:
        yield from ("--context", access.context)


def _overrides() -> dict[str, object]:
    """What admits the pod in a restricted namespace, and keeps Services from sending it traffic."""
    container = {"name": _POD, "securityContext": dict(CONTAINER_SECURITY)}
    spec = {
        "automountServiceAccountToken": False,
        "readinessGates": [{"conditionType": READINESS_GATE}],
        "securityContext": dict(SECURITY),
        "containers": [container],
    }
    return {"apiVersion": "v1", "spec": spec}


def _probe(kubectl: list[str], wanted: Wanted, subject: Subject, probe: Probe) -> Iterator[str]:
    labels = ",".join(f"{key}={value}" for key, value in subject.labels.items())
    expected = "must not answer, but time out" if probe.expected == SILENT else "must answer"
    yield f"# {clean.line(subject.name)} pod: {clean.line(probe.what)}: {expected}"
    image, command = _command(wanted, probe)
    run = [*kubectl, "run", _POD, "--rm", "--stdin", "--quiet", "--restart=Never", f"--image={image}"]
    words = shlex.join([*run, f"--labels={labels}", "--override-type=strategic"])
    yield f'{words} --overrides="$overrides" --command -- {command}'


def _command(wanted: Wanted, probe: Probe) -> tuple[str, str]:
    """The image, and the command as the shell takes it."""
    if probe.place is None:
        return wanted.image, shlex.join(probe.command)
    if probe.target is None:
        scheme = "http" if probe.place.port == 80 else "https"
        url = f"{scheme}://{probe.place}/"
        return wanted.image, shlex.join(["wget", "--timeout=2", "-O", "/dev/null", url])
    if probe.place.port == POSTGRES_PORT:
        host = _host(probe.place, probe.target)
        return POSTGRES, f"pg_isready --host={host} --port={probe.place.port} --timeout=2"
    return wanted.image, f"nc -zvv -w 2 {_host(probe.place, probe.target)} {probe.place.port}"


def _host(place: Place, target: Target) -> str:
    """The address, or the question for it: what is not known yet is asked for where the command runs."""
    if place.host:
        return shlex.quote(place.host)
    if target.labels is None:
        return '"$DATABASE"'
    selector = ",".join(f"{key}={value}" for key, value in target.labels.items())
    asked = ["kubectl", "--namespace", target.namespace, "get", "pods", f"--selector={selector}"]
    return f'"$({shlex.join([*asked, "--output=jsonpath={.items[0].status.podIP}"])})"'
