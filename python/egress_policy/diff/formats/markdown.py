"""`--format markdown`: for a comment on a pull request. What became reachable is a table, all else is folded away.

Whoever writes a manifest chooses names. In cells they stand as code, with every character that could mean something to
Markdown, HTML or GitHub written as its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from egress_policy.diff.changes import Difference, Entry
from egress_policy.diff.formats import wording
from egress_policy.formats import clean
from egress_policy.output import Target

# GitHub takes a comment of 65,536 characters.
_MOST_IN_TABLE, _LONGEST, _SOURCES, _LISTED = 24_000, 200, 2, 50
_SPECIAL = re.compile(r"[^A-Za-z0-9 –]")


def render(difference: Difference, target: Target) -> None:
    """Summary, the table of what became reachable, and folded what no longer is, was not judged, or not read."""
    target.utf8("".join(f"{line}\n" for line in _lines(difference)))


def _lines(difference: Difference) -> Iterator[str]:
    yield "### Egress"
    yield ""
    yield f"{clean.line(difference.summary)} From {_code(difference.old)} to {_code(difference.new)}."
    opened, closed = list(_rows(difference, "opened")), list(_rows(difference, "closed"))
    if opened:
        yield from _table(("Workload", "may now reach", "on", "approved", "by"), opened)
    if closed:
        yield from _folded(
            "No longer reachable", _table(("Workload", "may no longer reach", "on", "approved", "by"), closed)
        )
    if difference.unjudged:
        yield from _folded("Differs, and could not be judged", _listed(_unjudged(difference)))
    if difference.errors:
        yield from _folded("Not compared, because it could not be read", _listed(_errors(difference)))


def _rows(difference: Difference, side: str) -> Iterator[str]:
    for namespace in difference.namespaces:
        for workload in namespace.workloads:
            entries: tuple[Entry, ...] = workload.opened if side == "opened" else workload.closed
            change = wording.change(workload)
            who = f"{_code(f'{namespace.name}: {wording.workload(workload)}')}{f' ({change})' if change else ''}"
            for line in wording.lines(entries):
                cells = (
                    who, _code(line.destination), _code(line.ports), "yes" if line.approved else "**no**",
                    _code(wording.by(line.sources, _SOURCES)) if line.sources else "no policy isolates it",
                )  # fmt: skip
                yield f"| {' | '.join(cells)} |"


def _table(heads: tuple[str, ...], rows: list[str]) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    size = 0
    for done, row in enumerate(rows):
        size += len(row)
        if size > _MOST_IN_TABLE:
            yield ""
            yield f"and {len(rows) - done} more: `--format json` lists them all."
            return
        yield row


def _folded(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield ""
    yield f"<details><summary>{title}</summary>"
    yield from lines
    yield ""
    yield "</details>"


def _listed(items: list[str]) -> Iterator[str]:
    yield ""
    yield from (f"- {item}" for item in items[:_LISTED])
    if len(items) > _LISTED:
        yield f"- and {len(items) - _LISTED} more"


def _unjudged(difference: Difference) -> list[str]:
    return [
        f"{one.side}: {_code(f'{one.kind} {one.namespace}/{one.name}')} {_code(one.reason)}"
        for one in difference.unjudged
    ]


def _errors(difference: Difference) -> list[str]:
    return [f"{one.side}: {_code(f'{one.file}:{one.line}')} {_code(one.message)}" for one in difference.errors]


def _code(text: str) -> str:
    return f"<code>{_plain(text)}</code>"


def _plain(text: str) -> str:
    """One line that means nothing but itself."""
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", clean.line(short))
