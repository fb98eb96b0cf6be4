"""What the tests of the rules in CEL compare, through gator and on a real API server: NetworkPolicies and findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from egress_policy.engine import load
from tests.engines import verdict

Json = dict[str, Any]
#: The rules that have a form in CEL.
RULES = ("any-destination", "open-egress")
# Not all at once: the engine's memory is limited.
_MOST = 300


def findings(policies: Sequence[Json], parameters: Mapping[str, Any]) -> Iterator[Json]:
    """What the embedded engine finds by these rules, in strict."""
    with load("wasm", {"profile": "strict", **parameters}) as engine:
        for start in range(0, len(policies), _MOST):
            for one in verdict(engine, policies[start : start + _MOST]).findings:
                if one["rule"] in RULES:
                    yield one


def networks(count: int) -> list[str]:
    """Small blocks, all public and apart."""
    return [f"52.{number // 250}.{number % 250}.0/24" for number in range(count)]
