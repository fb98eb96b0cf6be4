"""`--format json`: the stable interface, `egress-policy/report/v1`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from egress_policy.output import Target
from egress_policy.report import Report

DETAILS, EXCERPTS = True, False


def render(report: Report, target: Target) -> None:
    """The report."""
    write(report.members(), target)


def write(members: Iterator[tuple[str, Any]], target: Target) -> None:
    """One document, in ASCII, which no terminal and no locale can spoil; one line for each entry of a list."""
    separator = "{\n"
    for key, value in members:
        target.utf8(f"{separator}  {_compact(key)}: ")
        if isinstance(value, map):
            _write_list(value, target)
        else:
            target.utf8(_compact(value))
        separator = ",\n"
    target.utf8("\n}\n")


def _write_list(items: Iterator[Any], target: Target) -> None:
    separator = "[\n    "
    for item in items:
        target.utf8(separator + _compact(item))
        separator = ",\n    "
    target.utf8("[]" if separator.startswith("[") else "\n  ]")


def _compact(value: Any) -> str:
    return json.dumps(value, allow_nan=False)
