"""Reports for people and for programs: one module a format, each with `render(report, target)`."""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from egress_policy.output import Target
from egress_policy.report import Report

NAMES = ("text", "json", "sarif", "junit", "github", "policy-report", "open-reports")


class Format(Protocol):
    """What a module of this package offers."""

    # Whether it shows every policy and workload, and lines of the files.
    DETAILS: bool
    EXCERPTS: bool

    def render(self, report: Report, target: Target) -> None:
        """Write all of it."""


def load(name: str) -> Format:
    """The format of this name; the others are not imported."""
    return cast(Format, importlib.import_module(f"egress_policy.formats.{name.replace('-', '_')}"))
