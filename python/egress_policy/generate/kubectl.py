"""`--format kubectl`: one file, in the order in which it is applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from egress_policy import manifest, model
from egress_policy.generate import BANNER, comments
from egress_policy.model import Model

FILE = "15_egress_allow_rules.yaml"


def command(_: Sequence[Model]) -> str:
    """What applies the files."""
    return f"kubectl apply -f {FILE}"


def files(models: Sequence[Model]) -> dict[str, bytes]:
    """The one file."""
    return {FILE: text(models).encode()}


def text(models: Sequence[Model]) -> str:
    """All policies of all models as one YAML stream."""
    policies = [commented(one, policy) for one in models for policy in model.policies(one)]
    return f"# {BANNER}\n" + "---\n".join(policies)


def commented(one: Model, policy: Mapping[str, Any]) -> str:
    """A policy with a comment above it."""
    about = "".join(f"# {line}\n" for line in comments.lines(one.spec, policy))
    return about + manifest.written([policy])
