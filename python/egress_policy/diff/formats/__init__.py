"""The comparison for people and for programs: one module a format, each with `render(difference, target)`."""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from egress_policy.diff.changes import Difference
from egress_policy.output import Target

NAMES = ("text", "json", "sarif", "markdown")


class Format(Protocol):
    """What a module of this package offers."""

    def render(self, difference: Difference, target: Target) -> None:
        """Write all of it."""


def load(name: str) -> Format:
    """The format of this name; the others are not imported."""
    return cast(Format, importlib.import_module(f"egress_policy.diff.formats.{name}"))
