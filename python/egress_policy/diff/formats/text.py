"""`--format text`: for people. The first line is the summary, to the letter."""

from __future__ import annotations

import os
from collections.abc import Iterator

from egress_policy.diff.changes import Difference, Entry, Namespace, Workload
from egress_policy.diff.formats import wording
from egress_policy.formats import clean
from egress_policy.output import Target

# More than these nobody reads in a terminal.
_LINES, _WORKLOADS, _SOURCES = 40, 200, 3
_COLOURS = {"opened": "31", "error": "31", "changed": "33", "closed": "32", "same": "32", "bold": "1", "dim": "2"}


def render(difference: Difference, target: Target) -> None:
    """Summary, what differs by namespace and workload, what could not be judged, and what could not be read."""
    paint = _Paint(colours=target.terminal and not os.environ.get("NO_COLOR"))
    for line in _lines(difference, paint):
        target.write(f"{line}\n")


class _Paint:
    """Coloured, only on a terminal. The text is harmless already: this adds the only escapes."""

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours

    def __call__(self, name: str, text: str) -> str:
        code = _COLOURS.get(name)
        return f"\x1b[{code}m{text}\x1b[0m" if self._colours and code else text


def _lines(difference: Difference, paint: _Paint) -> Iterator[str]:
    yield paint(difference.status, clean.line(difference.summary))
    yield paint("dim", f"from {clean.line(difference.old)} to {clean.line(difference.new)}")
    left = _WORKLOADS
    for namespace in difference.namespaces:
        yield from _namespace(namespace, left, paint)
        left = max(left - len(namespace.workloads), 0)
    rest = sum(len(namespace.workloads) for namespace in difference.namespaces) - _WORKLOADS
    if rest > 0:
        yield ""
        yield f"and {rest} workloads more: `--format json` lists them all."
    yield from _unjudged(difference, paint)
    yield from _errors(difference, paint)


def _namespace(namespace: Namespace, most: int, paint: _Paint) -> Iterator[str]:
    if most:
        yield ""
        yield paint("bold", f"In {clean.line(wording.place(namespace))}")
    for workload in namespace.workloads[:most]:
        yield from _workload(workload, paint)


def _workload(workload: Workload, paint: _Paint) -> Iterator[str]:
    change = wording.change(workload)
    where = paint("dim", f"{clean.line(workload.location.file)}:{workload.location.line}")
    yield f"  {clean.line(wording.workload(workload))}{f' ({change})' if change else ''} {where}"
    yield from _entries(workload.opened, "opened", paint)
    yield from _entries(workload.closed, "closed", paint)


def _entries(entries: tuple[Entry, ...], side: str, paint: _Paint) -> Iterator[str]:
    listed = wording.lines(entries)
    for line in listed[:_LINES]:
        approved = " (approved)" if line.approved else ""
        sign = "+" if side == "opened" else "-"
        yield f"    {paint(side, f'{sign} {clean.line(line.destination)} on {clean.line(line.ports)}')}{approved}"
        where = (
            f" ({clean.line(line.sources[0].location.file)}:{line.sources[0].location.line})" if line.sources else ""
        )
        yield paint("dim", f"        {clean.line(wording.by(line.sources, _SOURCES))}{where}")
    if len(listed) > _LINES:
        yield f"      and {len(listed) - _LINES} {side} more: `--format json` lists them all."


def _unjudged(difference: Difference, paint: _Paint) -> Iterator[str]:
    if difference.unjudged:
        yield ""
        yield paint("changed", "Differs, and could not be judged:")
    for one in difference.unjudged[:_WORKLOADS]:
        named = f"{one.kind} {one.namespace}/{one.name}" if one.namespace else f"{one.kind} {one.name}"
        where = f"{clean.line(one.location.file)}:{one.location.line}"
        yield f"  {one.side}: {where}: {clean.line(f'{named}: {one.reason}')}"
    if len(difference.unjudged) > _WORKLOADS:
        yield f"  and {len(difference.unjudged) - _WORKLOADS} more: `--format json` lists them all."


def _errors(difference: Difference, paint: _Paint) -> Iterator[str]:
    if difference.errors:
        yield ""
        yield paint("error", "Not compared, because it could not be read:")
    for one in difference.errors:
        yield f"  {one.side}: {clean.line(one.file)}:{one.line}: {clean.line(one.message)}"
