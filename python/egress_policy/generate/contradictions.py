"""What a model contradicts itself in: the audit's findings about its own policies, where the model says so."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

from egress_policy import model
from egress_policy.audit import Request, audit
from egress_policy.generate import kubectl
from egress_policy.model import Model
from egress_policy.report import Finding

_RULE = re.compile(r"spec\.egress\[(\d+)\]")
_LISTS = {"allow-https": "https", "allow-database": "databases", "allow-internal-services": "services"}


def lines(models: Sequence[Model]) -> list[str]:
    """A line for each rule of theirs that fails the audit by them in profile strict, with file, line and field."""
    settings = {"profile": "strict", "models": [one.written.value for one in models]}
    text = kubectl.text(models).encode()
    report = audit(Request(("-",), settings=settings, details=False, stdin=io.BytesIO(text)))
    of = {namespace: one for one in models for namespace in one.namespaces}
    found = (_line(of[finding.resource.namespace], finding) for finding in report.findings if finding.level == "fail")
    # Those of each namespace of a model say the same.
    return list(dict.fromkeys(found))


def _line(one: Model, finding: Finding) -> str:
    field = _field(one, finding)
    return f"{one.written.place(field)}: {field}: {finding.message} [{finding.rule}]"


def _field(one: Model, finding: Finding) -> str:
    """The field of the model that the rule of a finding is made from; `spec` if the finding is about no rule."""
    rule = _RULE.match(finding.path)
    if not rule:
        return "spec"
    policy = next(made for made in model.policies(one) if made["metadata"]["name"] == finding.resource.name)
    name = model.entries_of(one.spec, policy)[int(rule[1])]["name"]
    layer = model.layer_of(policy)
    if layer not in _LISTS:
        return "spec.dns" if layer == "allow-dns" else f"spec.kubeAPI.{name}"
    listed = [entry["name"] for entry in one.spec[_LISTS[layer]]]
    return f"spec.{_LISTS[layer]}[{listed.index(name)}]"
