"""Where the policy is that the package brings along: compiled, as Rego, and its METADATA."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from egress_policy.engine import EngineError

_PACKAGE = Path(__file__).parents[1]
_CHECKOUT = Path(__file__).parents[3]


@functools.cache
def _folder() -> Path:
    for folder in (_PACKAGE / "embedded", _CHECKOUT / "bundles" / "embedded"):
        if (folder / "policy.wasm").is_file():
            return folder
    raise EngineError("the compiled policy is missing from this installation; reinstall egress-policy")


def wasm() -> bytes:
    """The policy compiled by `opa build -t wasm`."""
    return (_folder() / "policy.wasm").read_bytes()


def rego() -> Path:
    """The folder of the policy's Rego, for a real OPA."""
    installed = _PACKAGE / "embedded" / "policy"
    return installed if installed.is_dir() else _CHECKOUT / "policy"


def definitions() -> Path:
    """The folder of the definitions of our own bundles."""
    installed = _PACKAGE / "embedded" / "bundles"
    return installed if installed.is_dir() else _CHECKOUT / "bundles"


@functools.cache
def metadata() -> dict[str, Any]:
    """`control` and `rules` as their METADATA describes them."""
    loaded: dict[str, Any] = json.loads((_folder() / "metadata.json").read_bytes())
    return loaded
