"""Kubernetes' own code as an oracle: how it reads manifests, and whether it accepts a policy."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def documents(program: Path, folder: Path, text: str) -> list[dict[str, Any]]:
    """The objects in a file of manifests, as kubectl decodes them; those of a List one by one."""
    answers = _asked(program, "read", folder, text)
    found = [json.loads(line) for line in answers if not line.startswith("error")]
    return [item for document in found if isinstance(document, dict) for item in _items(document)]


def _items(document: dict[str, Any]) -> list[dict[str, Any]]:
    if str(document.get("kind")).endswith("List") and isinstance(document.get("items"), list):
        return [item for item in document["items"] if isinstance(item, dict)]
    return [document]


def validated(program: Path, folder: Path, policies: Sequence[dict[str, Any]]) -> list[str]:
    """`ok` or the reason for refusal, for each policy."""
    return _asked(program, "validate", folder, "\n---\n".join(json.dumps(policy) for policy in policies))


def _asked(program: Path, command: str, folder: Path, text: str) -> list[str]:
    file = folder / f"{command}.yaml"
    file.write_text(text, encoding="utf-8")
    run = subprocess.run([program, command, file], capture_output=True, text=True, check=False)
    return run.stdout.splitlines()
