"""`--format json`: the stable interface, `egress-policy/diff/v1`."""

from __future__ import annotations

from egress_policy.diff.changes import Difference
from egress_policy.formats.json import write
from egress_policy.output import Target


def render(difference: Difference, target: Target) -> None:
    """One document, in ASCII."""
    write(difference.members(), target)
