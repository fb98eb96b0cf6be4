"""How long the property tests search."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def examples(count: int) -> settings:
    """So many examples, however long one takes on a busy machine."""
    return settings(max_examples=count, suppress_health_check=list(HealthCheck))
