"""The report: frozen dataclasses in the shape of `egress-policy/report/v1` (schemas/report.schema.json)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from egress_policy import manifest
from egress_policy.engine import embedded

if TYPE_CHECKING:
    from egress_policy.judging import Verdicts

SCHEMA = "egress-policy/report/v1"
COUNTS = (
    "egress_rules",
    "restricted_rules",
    "open_rules",
    "application_namespaces",
    "restricted_namespaces",
    "workloads",
    "covered_workloads",
)


@dataclass(frozen=True, slots=True)
class Location:
    """Where a path starts: the file as the user named it, and its line, 1 the first."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Resource:
    """The object that a finding is about; `namespace` is the one that it was taken for, empty if cluster-wide."""

    api_version: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Witness:
    """One packet that would get out."""

    source: str
    to: str
    port: int | None
    protocol: str


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a file, as they are written there; `first` is the number of the first. For people only.

    Lines of an object that is in no file have numbers that say nothing; `marked` is that of the finding's.
    """

    first: int
    lines: tuple[str, ...]
    marked: int | None = None


@dataclass(frozen=True, slots=True)
class Waived:
    """On whose responsibility a finding may pass, why, and until the end of which day."""

    owner: str
    reason: str
    expires: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says about one object, worded by the policy. One that is waived is a warning."""

    rule: str
    level: str
    message: str
    path: str
    resource: Resource
    location: Location
    witness: Witness | None
    remediation: str
    excerpt: Excerpt | None = None
    waived: Waived | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver of the list, and what became of it; `message` says what to do about one that waives nothing.

    Of the resource, an empty `api_version` is any. `location` is known of what was read from a file.
    """

    rule: str
    resource: Resource
    path: str
    granted: Waived
    status: str
    findings: int
    message: str
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """`covered` is None for a workload that no NetworkPolicy governs."""

    kind: str
    name: str
    covered: bool | None
    open: bool
    public_share: float


@dataclass(frozen=True, slots=True)
class Namespace:
    """One namespace and what is counted in it; `layers` tells what became of each, where they are judged."""

    name: str
    status: str
    egress_rules: int
    restricted_rules: int
    workloads: tuple[Workload, ...]
    layers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy (or firewall) and what is counted in it."""

    kind: str
    namespace: str
    name: str
    egress_rules: int
    restricted_rules: int
    open_rules: int
    location: Location


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something that could not be read; everything else was judged."""

    file: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster that was read, if it was one; `namespace` is empty if all of it was."""

    server: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Declared:
    """A namespace of a model; `message` says what to do about it, or is empty."""

    model: str
    namespace: str
    message: str


@dataclass(frozen=True, slots=True)
class Kind:
    """All objects of a kind, and the rules of these that allow something."""

    kind: str
    policies: int
    egress_rules: int
    restricted_rules: int
    open_rules: int


@dataclass(frozen=True, slots=True)
class Report:
    """The answer of the control; findings are sorted by file, line, rule. `waivers` is None without a list of them."""

    control: str
    control_version: str
    severity: str
    profile: str
    status: str
    summary: str
    parameters: dict[str, Any]
    counts: dict[str, int]
    namespaces: tuple[Namespace, ...]
    policies: tuple[Policy, ...]
    findings: tuple[Finding, ...]
    errors: tuple[Problem, ...]
    cluster: Cluster | None = None
    # When the audit began, in nanoseconds: for formats that have a place for it. Two reports may still say the same.
    moment: int = field(default=0, compare=False)
    waivers: tuple[Waiver, ...] | None = None
    models: tuple[Declared, ...] = ()
    kinds: tuple[Kind, ...] = ()

    @property
    def detail(self) -> str:
        """The first failing finding's message, or empty."""
        return next((finding.message for finding in self.findings if finding.level == "fail"), "")

    def to_json(self) -> dict[str, Any]:
        """The report as `egress-policy/report/v1`, keys in the documented order."""
        return {key: list(value) if isinstance(value, map) else value for key, value in self.members()}

    def members(self) -> Iterator[tuple[str, Any]]:
        """The same, one key at a time, and the long lists as iterators: a cluster's need not exist twice."""
        yield "schema", SCHEMA
        for key in ("control", "profile", "status", "control_version", "severity", "summary", "detail"):
            yield key, getattr(self, key)
        yield "parameters", self.parameters
        yield "counts", self.counts
        yield "namespaces", map(_namespace, self.namespaces)
        yield "policies", map(_policy, self.policies)
        yield "findings", map(finding_json, self.findings)
        if self.waivers is not None:
            yield "waivers", map(_waiver, self.waivers)
        if self.models:
            yield "models", map(_declared, self.models)
        yield "kinds", map(asdict, self.kinds)
        yield "errors", map(_problem, self.errors)
        if self.cluster is not None:
            yield "cluster", {"server": self.cluster.server, "namespace": self.cluster.namespace}


def _namespace(namespace: Namespace) -> dict[str, Any]:
    return {
        "name": namespace.name,
        "status": namespace.status,
        "egress_rules": namespace.egress_rules,
        "restricted_rules": namespace.restricted_rules,
        "workloads": [_workload(workload) for workload in namespace.workloads],
        **({} if namespace.layers is None else {"layers": dict(namespace.layers)}),
    }


def _workload(workload: Workload) -> dict[str, Any]:
    return {
        "kind": workload.kind,
        "name": workload.name,
        "covered": workload.covered,
        "open": workload.open,
        "public_share": workload.public_share,
    }


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "kind": policy.kind,
        "namespace": policy.namespace,
        "name": policy.name,
        "egress_rules": policy.egress_rules,
        "restricted_rules": policy.restricted_rules,
        "open_rules": policy.open_rules,
        "location": {"file": policy.location.file, "line": policy.location.line},
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {"file": problem.file, "line": problem.line, "message": problem.message}


def _waiver(waiver: Waiver) -> dict[str, Any]:
    """`path`, `message` and the resource's `apiVersion` only if there are any."""
    resource = _resource(waiver.resource)
    if not waiver.resource.api_version:
        del resource["apiVersion"]
    return {
        "rule": waiver.rule,
        "resource": resource,
        **({"path": waiver.path} if waiver.path else {}),
        **_waived(waiver.granted),
        "status": waiver.status,
        "findings": waiver.findings,
        **({"message": waiver.message} if waiver.message else {}),
    }


def _waived(waived: Waived) -> dict[str, Any]:
    return {"owner": waived.owner, "reason": waived.reason, "expires": waived.expires}


def _resource(resource: Resource) -> dict[str, Any]:
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "namespace": resource.namespace,
        "name": resource.name,
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """One finding as the report shows it; `waived`, `witness` and `remediation` only if there are any."""
    shown: dict[str, Any] = {
        "rule": finding.rule,
        "level": finding.level,
        "message": finding.message,
        "path": finding.path,
        "resource": _resource(finding.resource),
        "location": {"file": finding.location.file, "line": finding.location.line},
    }
    if finding.waived is not None:
        shown["waived"] = _waived(finding.waived)
    if finding.witness is not None:
        shown["witness"] = _witness(finding.witness)
    if finding.remediation:
        shown["remediation"] = finding.remediation
    return shown


def _declared(one: Declared) -> dict[str, Any]:
    return {"name": one.model, "namespace": one.namespace, **({"message": one.message} if one.message else {})}


def _witness(witness: Witness) -> dict[str, Any]:
    return {"from": witness.source, "to": witness.to, "port": witness.port, "protocol": witness.protocol}


def build(answer: Mapping[str, Any], verdicts: Verdicts, errors: Iterable[Problem]) -> Report:
    """The report from the policy's last answer and what it said of each shard; every dict has a `location`."""
    dropped = {(order, path, rule, message) for order, path, rule, message in answer["dropped"]}
    kept = (one for one in verdicts.findings if (one["order"], one["path"], one["rule"], one["message"]) not in dropped)
    return Report(
        control=answer["control"],
        control_version=answer["control_version"],
        severity=answer["severity"],
        profile=answer["profile"],
        status=answer["status"],
        summary=answer["summary"],
        parameters=dict(sorted(answer["parameters"].items())),
        counts={count: answer["counts"][count] for count in COUNTS},
        namespaces=tuple(_to_namespace(one) for one in sorted(verdicts.namespaces, key=lambda one: one["name"])),
        policies=tuple(_to_policy(one) for one in sorted(verdicts.policies, key=_position)),
        findings=tuple(_to_finding(one) for one in sorted(kept, key=_position)),
        errors=tuple(errors),
        waivers=None if answer["waivers"] is None else tuple(_to_waiver(one) for one in answer["waivers"]),
        # An OPA of the user's may have a policy from before there were any.
        kinds=tuple(Kind(**one) for one in answer.get("kinds", ())),
        models=tuple(Declared(one["name"], one["namespace"], one.get("message", "")) for one in answer["models"]),
    )


def _position(one: Mapping[str, Any]) -> tuple[Any, ...]:
    """File, line, rule; then whatever makes equal reports of equal manifests."""
    return (*one["location"], one.get("rule", ""), one["order"], one.get("path", ""), one.get("message", ""))


def _to_namespace(one: Mapping[str, Any]) -> Namespace:
    workloads = tuple(
        Workload(each["kind"], each["name"], each["covered"], each["open"], each["public_share"])
        for each in one["workloads"]
    )
    layers = _to_layers(one.get("layers"))
    return Namespace(one["name"], one["status"], one["egress_rules"], one["restricted_rules"], workloads, layers)


def _to_layers(one: Mapping[str, str] | None) -> dict[str, str] | None:
    """In the order in which the policies are applied."""
    return None if one is None else {name: one[name] for name in embedded.metadata()["model"]["layers"]}


def _to_policy(one: Mapping[str, Any]) -> Policy:
    counts = one["egress_rules"], one["restricted_rules"], one["open_rules"]
    return Policy(one["kind"], one["namespace"], one["name"], *counts, Location(*one["location"]))


def _to_waiver(one: Mapping[str, Any]) -> Waiver:
    return Waiver(
        rule=one["rule"],
        resource=_to_resource({"apiVersion": "", **one["resource"]}),
        path=one.get("path", ""),
        granted=_to_waived(one),
        status=one["status"],
        findings=one["findings"],
        message=one.get("message", ""),
    )


def _to_waived(one: Mapping[str, Any]) -> Waived:
    return Waived(one["owner"], one["reason"], one["expires"])


def _to_resource(one: Mapping[str, Any]) -> Resource:
    return Resource(one["apiVersion"], one["kind"], one["namespace"], one["name"])


def _to_finding(one: Mapping[str, Any]) -> Finding:
    return Finding(
        rule=one["rule"],
        level=one["level"],
        message=one["message"],
        path=one["path"],
        resource=_to_resource(one["resource"]),
        location=Location(*one["location"]),
        witness=_to_witness(one.get("witness")),
        remediation=_to_remediation(one.get("remediation")),
        excerpt=_to_excerpt(one.get("excerpt")),
        waived=_to_waived(one["waived"]) if "waived" in one else None,
    )


def _to_excerpt(one: tuple[Any, ...] | None) -> Excerpt | None:
    return Excerpt(one[0], tuple(one[1]), *one[2:]) if one else None


def _to_witness(one: Mapping[str, Any] | None) -> Witness | None:
    return Witness(one["from"], one["to"], one.get("port"), one["protocol"]) if one else None


def _to_remediation(remedy: Any) -> str:
    """A sentence as it is; objects as manifests for `kubectl apply -f`."""
    return manifest.written(remedy) if isinstance(remedy, list) else remedy or ""
