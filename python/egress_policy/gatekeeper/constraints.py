"""The constraint of a rule: what it looks at, with which parameters, and what follows where.

https://open-policy-agent.github.io/gatekeeper/website/docs/enforcement-points
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from egress_policy.gatekeeper.kinds import Kinds, embedded_kinds
from egress_policy.gatekeeper.rules import Rule

Json = dict[str, Any]
ADMISSION, AUDIT, GATOR = "validation.gatekeeper.sh", "audit.gatekeeper.sh", "gator.gatekeeper.sh"
_ACTIONS = {"fail": "deny", "warn": "warn"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a conversion is made for: the parameters of the control, and the kinds that there are."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    kinds: Kinds = field(default_factory=embedded_kinds)

    @property
    def profile(self) -> str:
        """baseline, unless the parameters say otherwise."""
        return str(self.parameters.get("profile") or "baseline")


def constraints(rule: Rule, settings: Settings) -> list[Json]:
    """The constraints of a rule: one, or two where some of its findings are waived, or none in a profile that has none.

    What is waived only warns, so that it stays in sight wherever the other one is made to refuse.
    """
    level = rule.custom["levels"].get(settings.profile)
    if level is None:
        return []
    waivers = [one for one in settings.parameters.get("waivers") or [] if one.get("rule") == rule.name]
    parameters = _parameters(rule, settings, waivers)
    if level == "warn" or not waivers:
        return [_constraint(rule, rule.name, level, parameters, settings)]
    return [
        _constraint(rule, rule.name, "fail", {**parameters, "levels": ["fail"]}, settings),
        _constraint(rule, f"{rule.name}-waived", "warn", {**parameters, "levels": ["warn"]}, settings),
    ]


def without_parameters(rule: Rule, settings: Settings) -> list[Json]:
    """The constraint of a rule whose template has all that the settings say in it; none in a profile that has none."""
    level = rule.custom["levels"].get(settings.profile)
    return [] if level is None else [_constraint(rule, rule.name, level, {}, settings)]


def refusing(made: Iterable[Json]) -> list[Json]:
    """What makes those constraints that report failures refuse at admission, as Kustomize's patches."""
    return [
        {
            "target": {"kind": one["kind"], "name": one["metadata"]["name"]},
            "patch": _PATCH,
        }
        for one in made
        if _action(one, AUDIT) == "deny"
    ]


# The first of the scoped actions is admission's: see _scoped.
_PATCH = "- op: replace\n  path: /spec/scopedEnforcementActions/0/action\n  value: deny\n"


def _action(constraint: Json, point: str) -> str:
    for one in constraint["spec"]["scopedEnforcementActions"]:
        if {"name": point} in one["enforcementPoints"]:
            return str(one["action"])
    return ""


def _constraint(rule: Rule, name: str, level: str, parameters: Json, settings: Settings) -> Json:
    spec: Json = {
        "enforcementAction": "scoped",
        "scopedEnforcementActions": _scoped(level),
        "match": {"kinds": settings.kinds.matched(rule.custom["match"])},
    }
    if parameters:
        spec["parameters"] = parameters
    return {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1",
        "kind": rule.kind,
        "metadata": {"name": name, "annotations": {"description": rule.annotations["title"].strip()}},
        "spec": spec,
    }


def _scoped(level: str) -> list[Json]:
    """Whoever applies something is warned, first of all. The audit and gator say what the control says."""
    return [
        {"action": "warn", "enforcementPoints": [{"name": ADMISSION}]},
        {"action": _ACTIONS[level], "enforcementPoints": [{"name": AUDIT}, {"name": GATOR}]},
    ]


def _parameters(rule: Rule, settings: Settings, waivers: Iterable[Any]) -> Json:
    """Only what the rule takes, and the waivers that are for it."""
    taken = (*rule.custom["parameters"], "profile", "now")
    found = {name: settings.parameters[name] for name in taken if settings.parameters.get(name) is not None}
    return {**found, **({"waivers": list(waivers)} if waivers else {})}
