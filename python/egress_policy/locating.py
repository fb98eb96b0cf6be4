"""The file, line and surrounding text of what the policy answered about.

Only files with a finding are read again, one at a time: keeping them all would take more memory than the documents do.
An object of a cluster has one line, as the API server writes it; it is quoted as YAML.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from egress_policy import manifest, reader
from egress_policy.engine import EngineError
from egress_policy.errors import EgressPolicyError
from egress_policy.judging import Verdicts
from egress_policy.reader.documents import Document
from egress_policy.shards import Place, Places, Source

# Lines of text to keep around the first line of a path.
_BEFORE, _AFTER = 2, 9


def locate(verdicts: Verdicts, places: Iterable[Places], *, excerpts: bool) -> None:
    """Add `location` (file, line) to every policy and finding, and `excerpt` to every finding if asked."""
    known = list(places)
    for policy in verdicts.policies:
        place = _place(policy["order"], known)
        policy["location"] = (place.source.file, place.line)
    opened = _Opened()
    for finding in sorted(verdicts.findings, key=lambda one: one["order"]):  # file after file, document after document
        place = _place(finding["order"], known)
        live = place.source.live
        line = opened.line(place, finding["path"]) if finding["path"] and live is None else place.line
        finding["location"] = (place.source.file, line)
        if excerpts and live is None:
            finding["excerpt"] = opened.excerpt(place, line)
        elif excerpts and live:
            finding["excerpt"] = _quoted(live, finding["path"])


def _place(order: int, places: list[Places]) -> Place:
    for one in places:
        if found := one.get(order):
            return found
    raise EngineError(f"the policy answered about document {order}, which it was not asked about")


def _quoted(live: bytes, path: str) -> tuple[int, list[str], int]:
    """The first line's number and the lines, in the object as YAML, and the number of the path's line there."""
    text = manifest.written([orjson.loads(live)]).encode()
    inside = Document(b"", "", "", None, "", "", "", 1, 0, len(text))
    line = reader.locate(text, inside, path) if path else 1
    first = max(line - _BEFORE, 1)
    return first, text.decode().split("\n")[first - 1 : line - 1 + _AFTER], line


@dataclass(slots=True)
class _Opened:
    """The document that was asked for last, in the file that was read last."""

    _source: Source | None = None
    _text: bytes = b""
    _span: tuple[int, int] = (0, 0)
    _document: bytes = b""
    # How many lines are before the document.
    _before: int = 0
    _lines: list[bytes] = field(default_factory=list)

    def line(self, place: Place, path: str) -> int:
        """The line of a path; the document's, if the file has changed meanwhile."""
        self._open(place)
        line, file = place.line - self._before, place.source.file
        inside = Document(b"", "", "", None, "", file, "", line, 0, len(self._document), place.item)
        return self._before + reader.locate(self._document, inside, path)

    def excerpt(self, place: Place, line: int) -> tuple[int, list[str]]:
        """The first line's number, and the lines."""
        self._open(place)
        if not self._lines:
            self._lines = self._document.split(b"\n")
        first = max(line - _BEFORE, place.line, self._before + 1)
        shown = self._lines[first - self._before - 1 : line - self._before - 1 + _AFTER]
        return first, [text.decode("utf-8", "replace") for text in shown]

    def _open(self, place: Place) -> None:
        span = (place.start, place.end)
        if place.source is not self._source:
            self._source, self._text, self._span, self._before = place.source, _content(place.source), (0, 0), 0
        elif span == self._span:
            return
        # From the last document on, or a large file would be counted through for each of its documents.
        start = self._span[0] if place.start >= self._span[0] else 0
        self._before = (self._before if start else 0) + self._text.count(b"\n", start, place.start)
        self._span, self._document, self._lines = span, self._text[place.start : place.end], []


def _content(source: Source) -> bytes:
    if source.data is not None:
        return reader.normalise(source.data)
    try:
        return reader.normalise(Path(source.path).read_bytes())
    except (OSError, EgressPolicyError):  # it could be read a moment ago; the finding is as true as it was
        return b""
