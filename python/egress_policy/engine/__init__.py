"""Engines that answer the policy's queries. `load` starts one; each is a context manager."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from egress_policy.errors import EgressPolicyError

# The queries, those without a package being of data.egress.main; each is also an entrypoint of the compiled policy.
PARAMETERS, NAMESPACES, REPORT = "parameters", "namespaces", "report"
DIFFERENCES, DIFFERENCE_REPORT = "diff/namespaces", "diff/report"
GATEWAY, GATEWAY_INDEX = "gateway/decision", "gateway/index"
REVIEW, REVIEW_INDEX = "review/decision", "review/index"


class EngineError(EgressPolicyError):
    """The policy gave no answer. That is neither a pass nor a fail."""


class Engine(Protocol):
    """Answers a query of the policy for an input of valid JSON; raises EngineError where there is no answer."""

    def ask(self, query: str, document: bytes) -> Any:
        """The value of `data.egress.main.<query>` for this input, or of `data.egress.<package>.<rule>`."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def load(name: str, settings: Mapping[str, Any], *, url: str | None = None, now: int | None = None) -> Engine:
    """The engine called `name` (wasm or opa), with `settings` as `data.egress.parameters`.

    `now`, in nanoseconds, is what the embedded engine tells the policy; an OPA looks at its own clock.
    """
    if name == "opa":
        from egress_policy.engine.opa import OpaEngine

        return OpaEngine(settings, url=url)
    from egress_policy.engine.wasm import WasmEngine

    return WasmEngine(settings, now=now)


def split(query: str) -> tuple[str, str]:
    """The package below `data.egress` and the rule that a query is about."""
    package, _, rule = query.rpartition("/")
    return package or "main", rule


def to_json(value: object) -> bytes:
    """Compact JSON; refuses NaN, which is no JSON and would be undefined, not an error, in wasm."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
