"""Gatekeeper outside the cluster: its webhook and its audit, each a process on loopback."""

from __future__ import annotations

import base64
import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import yaml

from tests.live.client import RefusedError
from tests.live.controlplane import User, answers
from tests.live.processes import HOST, Program, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live.client import Object
    from tests.live.controlplane import ControlPlane

NAMESPACE = "gatekeeper-system"
#: As in a real installation, where the webhook lets through what Gatekeeper itself writes.
USER = User(f"system:serviceaccount:{NAMESPACE}:gatekeeper-admin", "system:masters")
#: The two processes go by the names of these Pods, also in the status of templates and constraints.
WEBHOOK, AUDIT = "gatekeeper-webhook", "gatekeeper-audit"
OPERATIONS = {WEBHOOK: ("webhook",), AUDIT: ("audit", "status", "generate")}
PROBE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe", "namespace": "default"}}
CONSTRAINTS, STATUSES = "constraints.gatekeeper.sh/v1beta1", "status.gatekeeper.sh/v1beta1"
#: Policies and workloads.
WATCHED = {
    "networking.k8s.io": ["networkpolicies"],
    "": ["pods", "replicationcontrollers"],
    "apps": ["daemonsets", "deployments", "replicasets", "statefulsets"],
    "batch": ["cronjobs", "jobs"],
}


class IngestError(Exception):
    """Gatekeeper has a template or constraint and cannot use it: its webhook admits a template with any Rego."""


class Gatekeeper:
    """Starts Gatekeeper beside a control plane, and knows when a template and its constraints are in force."""

    def __init__(self, control_plane: ControlPlane, program: Path, source: Path) -> None:
        self.control_plane = control_plane
        self.client = control_plane.client()
        self.programs: dict[str, Program] = {}
        self._program, self._source = program, source
        self._folder = control_plane.folder
        self._ports = {name: next(control_plane.ports) for name in ("serve", WEBHOOK, AUDIT)}
        self._kubeconfig = control_plane.kubeconfig(USER)
        self._certificate = control_plane.certificate("webhook")

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:  # also Ctrl-C: nothing that was started may stay
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start both processes, and wait until the API server asks the webhook."""
        self._install()
        # Its process is not there yet, so what is asked of it fails as soon as the API server has read this.
        self.client.apply(self._webhook_configuration())
        until("the webhook is in force", lambda: not self.reached())
        self.start_program(AUDIT)
        self.start_webhook()
        self.wait_ready(AUDIT)

    def stop(self) -> None:
        """End both processes."""
        for name in list(self.programs):
            self.programs.pop(name).stop()

    def start_webhook(self) -> None:
        """Start the webhook's process, and wait until it knows every constraint and admits what is good."""
        self.start_program(WEBHOOK)
        self.wait_ready(WEBHOOK)
        until("the API server reaches the webhook", self.reached)

    def stop_webhook(self) -> None:
        """End the webhook's process alone: from now on everything is refused."""
        self.programs.pop(WEBHOOK).stop()

    @contextlib.contextmanager
    def without_webhook(self) -> Iterator[None]:
        """The webhook's process ended for a while; afterwards it is there again."""
        self.stop_webhook()
        try:
            yield
        finally:
            self.start_webhook()

    @contextlib.contextmanager
    def without_audit(self) -> Iterator[None]:
        """The audit's process ended for a while: it works all the time, on processors that something else may need."""
        self.programs.pop(AUDIT).stop()
        try:
            yield
        finally:
            self.start_program(AUDIT)
            self.wait_ready(AUDIT)

    def reached(self) -> bool:
        """Whether the API server reaches the webhook: it is asked about an object that nobody makes."""
        try:
            self.client.apply(PROBE, dry_run=True)
        except RefusedError as refused:
            return "failed calling webhook" not in refused.message
        return True

    @contextlib.contextmanager
    def enforcing(self, template: Object, *constraints: Object) -> Iterator[None]:
        """A template and its constraints in force for a while, in the webhook and in the audit."""
        try:
            self.install(template, *constraints)
            yield
        finally:
            self.remove(template, *constraints)

    def install(self, template: Object, *constraints: Object) -> None:
        """Apply a template and constraints, and wait until both processes enforce them.

        RefusedError if the webhook does not admit one of them; IngestError if it is admitted, and of no use.
        """
        self.client.apply(template)
        self.wait_compiled(template)
        for constraint in constraints:
            self.client.apply(constraint)
            self.wait_enforced(constraint)

    def wait_compiled(self, template: Object) -> None:
        """Wait until both processes have compiled this very template, and its constraints can be written."""
        name, kind = template["metadata"]["name"], template["spec"]["crd"]["spec"]["names"]["kind"]
        until(f"template {name} is compiled", lambda: self._seen(template, "observedGeneration"))
        until(f"constraints of kind {kind} are served", lambda: self.client.serves(CONSTRAINTS, kind))

    def wait_enforced(self, constraint: Object) -> None:
        """Wait until both processes enforce this very constraint."""
        until(f"{constraint['kind']} is enforced", lambda: self._seen(constraint, "enforced"))

    def remove(self, template: Object, *constraints: Object) -> None:
        """Delete a template and its constraints, and wait until both processes have forgotten them."""
        for constraint in constraints:
            self._delete(constraint)
        self._delete(template)
        kind = template["spec"]["crd"]["spec"]["names"]["kind"]
        until(f"{kind} is forgotten", lambda: not self._statuses(kind))
        # Kubernetes' garbage collector would do this, but it is part of the controller manager.
        name = {"name": f"{kind.lower()}.constraints.gatekeeper.sh"}
        self._delete({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": name})

    def audit(self, constraint: Object) -> list[Object]:
        """The violations of a constraint that an audit found which began after this call."""
        now = datetime.now(UTC)

        def audited() -> dict[str, Any] | None:
            status: dict[str, Any] = self.client.get(constraint).get("status", {})
            began = status.get("auditTimestamp")
            return status if began and datetime.fromisoformat(began) > now else None

        found: list[Object] = until("an audit is done", audited).get("violations") or []
        return found

    def _seen(self, manifest: Object, field: str) -> bool:
        """Whether both processes say something of an object as it is now; IngestError if one cannot use it."""
        current = self.client.get(manifest)
        by_pod = {entry["id"]: entry for entry in current.get("status", {}).get("byPod") or []}
        generation = current["metadata"]["generation"]
        seen = {name: entry for name, entry in by_pod.items() if entry.get("observedGeneration") == generation}
        errors = [error for entry in seen.values() for error in entry.get("errors", [])]
        # Both processes make the kind of the constraints; who comes second tries again, and finds it as it should be.
        if lasting := [error for error in errors if error.get("code") != "create_error"]:
            raise IngestError(f"{manifest['kind']} {manifest['metadata']['name']}: {lasting}")
        return not errors and all(seen.get(name, {}).get(field) for name in OPERATIONS)

    def _statuses(self, kind: str) -> list[Object]:
        """What the processes have written about a template and its constraints, and delete when they forget them."""
        label = "internal.gatekeeper.sh/constrainttemplate-name"
        written = [
            *self.client.list(STATUSES, "ConstraintTemplatePodStatus", NAMESPACE),
            *self.client.list(STATUSES, "ConstraintPodStatus", NAMESPACE),
        ]
        return [status for status in written if status["metadata"]["labels"][label] == kind.lower()]

    def _delete(self, manifest: Object) -> None:
        """Delete an object that may not be there, and wait until it is gone."""
        if self.client.find(manifest) is not None:
            self.client.delete(manifest)
        until(f"{manifest['kind']} {manifest['metadata']['name']} is gone", lambda: self.client.find(manifest) is None)

    def _install(self) -> None:
        """What a real installation has in the cluster: the CRDs, and a Pod for each process to know itself by."""
        self.client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        for name in OPERATIONS:
            self.client.apply(
                {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "metadata": {"name": name, "namespace": NAMESPACE},
                    "spec": {"containers": [{"name": "manager", "image": "none"}]},
                }
            )
        files = sorted((self._source / "charts" / "gatekeeper" / "crds").glob("*.yaml"))
        definitions = [self.client.apply(yaml.safe_load(file.read_bytes())) for file in files]
        until("Gatekeeper's kinds are served", lambda: all(map(self._established, definitions)))

    def _established(self, definition: Object) -> bool:
        conditions = self.client.get(definition)["status"]["conditions"] or []
        return ("Established", "True") in {(condition["type"], condition["status"]) for condition in conditions}

    def start_program(self, name: str) -> None:
        """Start one of the two processes."""
        environment = {"POD_NAMESPACE": NAMESPACE, "POD_NAME": name}
        self.programs[name] = Program(name, [self._program, *self._options(name)], self._folder, environment)

    def _options(self, name: str) -> list[str]:
        cache = self._folder / "audit"
        cache.mkdir(exist_ok=True)
        return [
            *(f"--operation={operation}" for operation in OPERATIONS[name]),
            *(f"--kubeconfig={self._kubeconfig}", f"--host={HOST}", f"--port={self._ports['serve']}"),
            *(f"--cert-dir={self._certificate}", "--disable-cert-rotation"),
            f"--health-addr={HOST}:{self._ports[name]}",
            # Prometheus' metrics would listen on every address. These are sent instead: once a day, to nobody.
            *("--metrics-backend=opentelemetry", f"--otlp-endpoint={HOST}:9", "--otlp-metric-interval=24h"),
            *("--shutdown-delay=0", "--log-denies", f"--exempt-namespace={NAMESPACE}"),
            *("--enable-external-data=false", "--enable-generator-resource-expansion=false"),
            *("--default-create-vap-for-templates=false", "--default-create-vap-binding-for-constraints=false"),
            *("--audit-interval=1", "--audit-match-kind-only", "--constraint-violations-limit=100"),
            # Has to be there, or every audit fails and says nothing of it.
            f"--api-cache-dir={cache}",
        ]

    def wait_ready(self, name: str) -> None:
        """Wait until a process has read all templates and constraints that there are."""
        url = f"http://{HOST}:{self._ports[name]}/readyz"
        self.programs[name].wait_until("it is ready", lambda: answers(url))

    @property
    def url(self) -> str:
        """Where the webhook is asked."""
        return f"https://{HOST}:{self._ports['serve']}/v1/admit"

    def _webhook_configuration(self) -> Object:
        """As Gatekeeper's chart has it with `failurePolicy: Fail`; also asked before WATCHED are deleted."""
        authority = self.control_plane.authority.cert_pem.bytes()
        elsewhere = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [NAMESPACE]}
        webhook = {
            "name": "validation.gatekeeper.sh",
            "admissionReviewVersions": ["v1"],
            "clientConfig": {"url": self.url, "caBundle": base64.b64encode(authority).decode()},
            "failurePolicy": "Fail",
            "matchPolicy": "Exact",
            "namespaceSelector": {"matchExpressions": [elsewhere]},
            "rules": [_rule("*", ["*"], "CREATE", "UPDATE"), *(_rule(*kinds, "DELETE") for kinds in WATCHED.items())],
            "sideEffects": "None",
        }
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "gatekeeper-validating-webhook-configuration"},
            "webhooks": [webhook],
        }


def _rule(group: str, resources: list[str], *operations: str) -> Object:
    return {"apiGroups": [group], "apiVersions": ["*"], "resources": resources, "operations": list(operations)}
