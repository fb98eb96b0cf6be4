"""Which lines of the policy no test reaches, from `opa test --coverage --format json`."""

from __future__ import annotations

import json
from typing import Any


def uncovered(report: str) -> list[str]:
    """One line a file, as `policy/main.rego: 12, 30-33`; empty at 100 %, by the measure of `opa test --threshold`."""
    files = json.loads(report)["files"]
    return [f"{name}: {_rows(file)}" for name, file in sorted(files.items()) if file.get("not_covered_lines")]


def _rows(file: dict[str, Any]) -> str:
    """The uncovered rows, those in a row joined; a statement may lie within another one's rows."""
    rows = sorted({row for span in file["not_covered"] for row in range(span["start"]["row"], span["end"]["row"] + 1)})
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][-1] + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
