"""The six policies: their names, and whether a namespace has them as the model says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

DENY, DNS, HTTPS = "default-deny-egress", "allow-dns", "allow-https"
DATABASE, SERVICES, API = "allow-database", "allow-internal-services", "allow-kube-api"
LAYERS = (DENY, DNS, HTTPS, DATABASE, SERVICES, API)
PRESENT, MISSING, DIFFERS = "present", "missing", "differs"

Policy = dict[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """A policy that should be there: `present`, `missing`, or of another content (`differs`)."""

    name: str
    state: str


def name(policy: Mapping[str, Any]) -> str:
    """The name of a policy, empty if it has none."""
    found = (policy.get("metadata") or {}).get("name")
    return found if isinstance(found, str) else ""


def of_layer(layer: str, policies: Iterable[Policy]) -> list[Policy]:
    """The policies of a layer: the one of its name, and those for further groups of pods, `<layer>-<entry>`."""
    return [one for one in policies if name(one) == layer or name(one).startswith(f"{layer}-")]


def states(there: Iterable[Policy], wanted: Iterable[Policy] | None) -> tuple[State, ...]:
    """Of each policy of the model, also by content; without a model of the six names."""
    found = {name(one): one for one in there}
    if wanted is None:
        return tuple(State(one, PRESENT if one in found else MISSING) for one in LAYERS)
    return tuple(State(name(one), _state(one, found.get(name(one)))) for one in wanted)


def others(there: Iterable[Policy], wanted: Iterable[Policy] | None) -> tuple[str, ...]:
    """Further policies of the namespace. They add up with the model's: what one allows is allowed."""
    known = set(LAYERS) if wanted is None else {name(one) for one in wanted}
    return tuple(sorted({name(one) for one in there} - known))


def _state(wanted: Policy, found: Policy | None) -> str:
    if found is None:
        return MISSING
    return PRESENT if _plain(wanted.get("spec")) == _plain(found.get("spec")) else DIFFERS


def _plain(value: Any, field: str = "") -> Any:
    """A specification without what means nothing: empty fields but selectors, defaults, the order of entries."""
    if isinstance(value, list):
        return sorted((_plain(one, field) for one in value), key=lambda one: json.dumps(one, sort_keys=True))
    if not isinstance(value, dict):
        return value
    plain = {key: _plain(one, key) for key, one in value.items() if one is not None and one != []}
    if plain.get("matchLabels") == {}:
        del plain["matchLabels"]
    return {"protocol": "TCP", **plain} if field == "ports" else plain
