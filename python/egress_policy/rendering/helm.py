"""A Helm chart: `helm template` with the chart's own values, into the namespace that --namespace names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from egress_policy.reader import File, UnreadableError, load
from egress_policy.rendering.programs import Budget, RenderError, find, run

HINT = "helm template FOLDER | egress audit -"
MISSING = f"install helm, or render it: {HINT}"
# helm writes this line before all that comes of one template.
_SOURCE = re.compile(rb"^# Source: ([^\r\n]+)$", re.MULTILINE)
_SEPARATOR = b"---\n"
# A chart of functions that others call has no objects, and helm refuses to install it.
_LIBRARY = "library"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart by its Chart.yaml, and the program that renders it."""

    file: File
    program: str
    namespace: str

    def rendered(self, budget: Budget) -> list[File]:
        """A file for each template that printed something. Raises RenderError."""
        folder = os.path.abspath(self.file.folder)
        if _type(self.file.path) == _LIBRARY:
            return []
        if link := _leading_out(folder):
            raise RenderError(f"it has a link out of it, {link}; render it: {HINT}")
        # Schemas may refer to others by URL; what a user's values must look like is no question here.
        options = ("--namespace", self.namespace or "default", "--skip-schema-validation")
        printed = run([self.program, "template", "release-name", folder, *options], budget)
        return [self._file(name, text) for name, text in _templates(printed)]

    def instead(self) -> list[File]:
        """Templates are no manifests: there is nothing to read in their place."""
        return []

    def _file(self, name: str, text: bytes) -> File:
        """A template, as helm names it from the chart on: `shop/templates/web.yaml`."""
        below = name.partition("/")[2] if ".." not in name.split("/") else ""
        place = os.path.join(os.path.dirname(self.file.name), below) if below else self.file.name
        return replace(self.file, name=place, chart=None, data=text, size=len(text))


def charts(files: Sequence[File], namespace: str) -> list[Chart]:
    """All charts that can be rendered here."""
    found = [file for file in files if file.chart is not None and file.problem is None]
    program = find("helm") if found else None
    return [Chart(file, program, namespace) for file in found] if program else []


def _leading_out(folder: str) -> str:
    """A link that helm would follow to what does not belong to the chart; "" if there is none."""
    inside = os.path.realpath(folder) + os.sep
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(place, name)
            if os.path.islink(path) and not os.path.realpath(path).startswith(inside):
                return os.path.relpath(path, folder)
    return ""


def _type(path: str) -> object:
    if not os.path.isfile(path):  # nobody writes to a pipe
        return None
    try:
        with open(path, "rb") as file:
            written = load(file.read(1 << 20)).value
    except (OSError, UnreadableError):  # helm will say so
        return None
    return written.get("type") if isinstance(written, dict) else None


def _templates(printed: bytes) -> Iterator[tuple[str, bytes]]:
    """What helm printed, by template; nothing of it is left out."""
    found = list(_SOURCE.finditer(printed))
    starts = [match.start() for match in found]
    if head := printed[: starts[0] if starts else None].removesuffix(_SEPARATOR).strip():
        yield "", head
    parts: dict[str, list[bytes]] = {}
    for match, end in zip(found, [*starts[1:], len(printed)], strict=True):
        name = match[1].decode(errors="replace")
        parts.setdefault(name, []).append(printed[match.start() : end].removesuffix(_SEPARATOR))
    for name, texts in parts.items():
        yield name, _SEPARATOR.join(texts)
