"""Rules as Gatekeeper takes them: ConstraintTemplates, Constraints, what is synced, and admission policies in CEL.

`convert` reads a folder of Rego and gives every file as {path: bytes}; nothing here writes, and nothing judges.
"""

from __future__ import annotations

from egress_policy.errors import EgressPolicyError


class ConvertError(EgressPolicyError):
    """A folder that cannot be converted; one line a reason, with the file and the line where it lies."""

    exit_code = 2
