"""Field paths, as in `spec.egress[0].to[1].ipBlock.cidr` or `metadata.labels["a.b/c"]`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

_SIMPLE = re.compile(r"[A-Za-z0-9_-]+")
_STEP = re.compile(r'\.?([^.\[\]"]+)|\[([0-9]+)\]|\[("[^"\\]*+(?:\\.[^"\\]*+)*+")\]', re.DOTALL)

Step = str | int


def written(steps: Iterable[Step]) -> str:
    """Steps as a path; a key that could be misread is quoted."""
    return "".join(_written(step) for step in steps).removeprefix(".")


def _written(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _SIMPLE.fullmatch(step) else f"[{json.dumps(step, ensure_ascii=False)}]"


def steps(path: str) -> list[Step]:
    """A path as steps, as far as it can be read."""
    found: list[Step] = []
    position = 0
    while position < len(path) and (match := _STEP.match(path, position)):
        key, index, quoted = match.groups()
        found.append(key if key is not None else int(index) if index is not None else json.loads(quoted))
        position = match.end()
    return found
