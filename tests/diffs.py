"""The tables of tests/diffs: read strictly, so that a misspelt field cannot make a case say nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "diffs"


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence, two versions of manifests, and all that differs: a line for each entry, sorted.

    `both` stands before either side. `errors` are the side and the file. An empty `status` is not looked at.
    """

    case: str
    old: str
    new: str
    both: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    namespace: str = ""
    opened: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    status: str = ""

    def __str__(self) -> str:
        return self.case

    def write(self, folder: Path) -> tuple[str, str]:
        """Write both sides below the folder; their folders."""
        for side, text in (("old", self.old), ("new", self.new)):
            (folder / side).mkdir()
            (folder / side / "manifests.yaml").write_text(self.both + text, encoding="utf-8")
        return str(folder / "old"), str(folder / "new")


def load(folder: Path = FOLDER) -> list[Case]:
    """All cases; TypeError for a field that there is not."""
    return [Case(**written) for file in sorted(folder.glob("*.yaml")) for written in _table(file)]


def _table(file: Path) -> list[Any]:
    table = yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506  # a SafeLoader without dates
    if not isinstance(table, list):
        raise TypeError(f"{file.name} is no list of cases")
    return table


class _Loader(yaml.SafeLoader):
    """Dates are texts, as the API server's decoder has them."""


_LEFT = {
    first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.yaml_implicit_resolvers = _LEFT
