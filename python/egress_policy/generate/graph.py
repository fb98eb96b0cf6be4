"""`--format graph`: a picture of who may reach what, as SVG and as Mermaid's text.

Neither depends on the day it is drawn: an approval's last day is shown as it is written.
"""

from __future__ import annotations

from collections.abc import Sequence

from egress_policy.graph import mermaid, reach, svg
from egress_policy.model import Model


def command(_: Sequence[Model]) -> str:
    """What shows it: browsers draw SVG on every system."""
    return "xdg-open egress.svg"


def files(models: Sequence[Model]) -> dict[str, bytes]:
    """`egress.svg` and `egress.mmd`, with a section for each model."""
    sections = [reach.section(one) for one in models]
    return {"egress.svg": svg.text(sections).encode(), "egress.mmd": mermaid.text(sections).encode()}
