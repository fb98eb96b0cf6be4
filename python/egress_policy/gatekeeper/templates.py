"""A rule as a ConstraintTemplate (templates.gatekeeper.sh/v1).

https://open-policy-agent.github.io/gatekeeper/website/docs/constrainttemplates
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from egress_policy.gatekeeper import ConvertError, schema
from egress_policy.gatekeeper.kinds import Kinds
from egress_policy.gatekeeper.rules import Rule

Json = dict[str, Any]
TARGET = "admission.k8s.gatekeeper.sh"
_ABOUT = "metadata.gatekeeper.sh"
# `kubectl apply` keeps the whole object in an annotation, of which the API server takes 256 KiB in all.
_MOST_BYTES = 256 * 1024


# Not one: what a form in CEL is made for stands in it. Unknown fields are kept, or they would be pruned uncounted.
_NO_PARAMETERS: Json = {"type": "object", "maxProperties": 0, "x-kubernetes-preserve-unknown-fields": True}


def template(rule: Rule, version: str, kinds: Kinds, code: Sequence[Json] = ()) -> Json:
    """The template of a rule. `code` is another form of it, instead of the Rego, in which its parameters stand already.

    Not beside the Rego: which of two forms is asked depends on how Gatekeeper was started, and Rego would take the
    defaults for parameters.
    """
    check_parameters(rule)
    made: Json = {
        "apiVersion": "templates.gatekeeper.sh/v1",
        "kind": "ConstraintTemplate",
        "metadata": {"name": rule.kind.lower(), "annotations": _annotations(rule, version, kinds)},
        "spec": {
            "crd": {"spec": {"names": {"kind": rule.kind}, "validation": _validation(rule, code)}},
            "targets": [{"target": TARGET, "code": list(code) or [_rego(rule)]}],
        },
    }
    _check_size(rule, made)
    return made


def _rego(rule: Rule) -> Json:
    # Without a version Gatekeeper reads Rego as it was before OPA 1.0, and means something else.
    return {
        "engine": "Rego",
        "source": {"version": "v1", "rego": rule.source, "libs": list(rule.libraries)},
    }


def _validation(rule: Rule, code: Sequence[Json]) -> Json:
    try:
        return {"openAPIV3Schema": _NO_PARAMETERS if code else schema.of(rule.custom["parameters"])}
    except schema.SchemaError as error:
        raise ConvertError(f"{rule.package.place}: custom.parameters of {rule.package.name}: {error}") from error


def _annotations(rule: Rule, version: str, kinds: Kinds) -> Json:
    said = rule.annotations
    found = {
        f"{_ABOUT}/title": said["title"].strip(),
        f"{_ABOUT}/version": version,
        "description": " ".join(said["description"].split()),
    }
    if needed := kinds.synced(rule.custom["requires_inventory"]):
        found[f"{_ABOUT}/requires-sync-data"] = _sync_data(needed)
    if rule.custom.get("control"):
        found["egress-policy/control"] = rule.custom["control"]
    return found


def _sync_data(needed: list[Json]) -> str:
    """All of these kinds, each a requirement of its own; the annotation is JSON in quotes."""
    every = [[{"groups": [one["group"]], "versions": [one["version"]], "kinds": [one["kind"]]}] for one in needed]
    return json.dumps(json.dumps(every))


def check_parameters(rule: Rule) -> None:
    """Raises ConvertError for names of parameters that no schema describes."""
    parameters = rule.custom["parameters"]
    if isinstance(parameters, dict):
        return
    unknown = sorted(set(map(str, parameters)) - schema.known())
    if unknown:
        raise ConvertError(
            f"{rule.package.place}: custom.parameters of {rule.package.name} names {', '.join(unknown)},"
            " which no schema describes: give {name: schema}"
        )


def _check_size(rule: Rule, made: Json) -> None:
    size = len(json.dumps(made))
    if size > _MOST_BYTES:
        raise ConvertError(
            f"{rule.package.place}: the template would have {size} bytes, more than `kubectl apply` takes"
        )
