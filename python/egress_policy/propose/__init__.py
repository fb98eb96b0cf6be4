"""A model proposed from manifests that are there: `egress generate --from`.

`propose` is pure: documents to a `Proposal`. `render` gives it as commented YAML, with the lines of `lines.of`. `run`
does all of it for paths. Nothing is ever made wider than what stands in the manifests; what they do not tell is left to
fill in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from egress_policy import output, reader
from egress_policy.errors import EgressPolicyError
from egress_policy.propose import lines
from egress_policy.propose.proposal import Proposal, ProposeError
from egress_policy.propose.proposing import propose
from egress_policy.propose.rendering import render, to_fill_in
from egress_policy.reader import Reading

__all__ = ["Proposal", "ProposeError", "propose", "proposed", "render", "run", "to_fill_in"]


def run(paths: Sequence[str], namespace: str = "default", target: str | None = None) -> int:
    """Propose from these files and folders, and write it to the file `target` or to standard output; the exit code."""
    proposal, text = proposed(paths, namespace)
    output.write(target, lambda stream: stream.utf8(text))
    if target is not None:
        said = f"{len(proposal.models)} models in {target}, {to_fill_in(proposal)} values to fill in\n"
        output.write(None, lambda stream: stream.write(said))
    return 0


def proposed(
    paths: Sequence[str], namespace: str = "default", *, stdin: IO[bytes] | None = None
) -> tuple[Proposal, str]:
    """The proposal and its YAML. Raises ProposeError: a gap in what was read would be one in the model."""
    readings = [reader.read_file(file, everything=True) for file in reader.find(paths, stdin=stdin)]
    if errors := [f"{one.file}:{one.line}: {one.message}" for reading in readings for one in reading.errors]:
        raise ProposeError("\n".join(errors))
    proposal = propose(_documents(readings), namespace)
    if not proposal.models:
        raise ProposeError(
            f"{', '.join(paths)}: no workload and no NetworkPolicy for egress outside the system namespaces"
        )
    return proposal, render(proposal, lines.of(proposal, _Texts(readings)))


def _documents(readings: Sequence[Reading]) -> Iterator[reader.Document]:
    for reading in readings:
        yield from reading.documents


class _Texts:
    """The text of a file by its name; the last one is kept."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._readings = {one.file: one for one in readings}
        self._last: tuple[str, bytes] = ("", b"")

    def __call__(self, name: str) -> bytes:
        if self._last[0] != name:
            self._last = (name, _content(self._readings[name]))
        return self._last[1]


def _content(reading: Reading) -> bytes:
    if reading.data is not None:
        return reader.normalise(reading.data)
    try:
        return reader.normalise(Path(reading.path).read_bytes())
    except (OSError, EgressPolicyError):  # it could be read a moment ago; the lines are those of the documents then
        return b""
