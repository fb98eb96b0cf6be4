"""Where the items of a list stand in its text, without parsing it anew; for texts that a fast reader took.

With its span an item can be found again, and its lines, without reading a list of thousands for each.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]]', re.DOTALL)
_ITEMS = re.compile(rb"^items:[ ]*(?:#[^\n]*)?\n(?:[ ]*(?:#[^\n]*)?\n)*+([ ]*)-", re.MULTILINE)


class Span(NamedTuple):
    """An item's text, in YAML with its dash. `line` counts from 0 in the list's."""

    start: int
    end: int
    line: int


def of_json(text: bytes) -> list[Span]:
    """The entries of the array `items` of the object that is the text."""
    found: list[Span] = []
    depth, key, start, line, counted = 0, b"", 0, 0, 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in (b"{", b"["):
            depth += 1
            if depth == 3 and key == b'"items"':
                start = match.start()
                line += text.count(b"\n", counted, start)
                counted = start
        elif token in (b"}", b"]"):
            if depth == 3 and key == b'"items"':
                found.append(Span(start, match.end(), line))
            depth -= 1
        elif depth == 1:
            key = token  # or a value: the next key comes before anything is opened
    return found


def of_yaml(text: bytes) -> list[Span]:
    """The entries of a block list `items`: each line at its indentation is one, with a dash, or ends the list."""
    items = _ITEMS.search(text)
    if items is None:
        return []
    starts: list[int] = []
    ends = re.compile(rb"^( {0,%d})([^ \n#])( *)" % len(items[1]), re.MULTILINE)
    for match in ends.finditer(text, items.start(1)):
        if match[1] != items[1] or match[2] != b"-":
            return _between(text, starts, match.start())
        if not match[3] or text[match.end() : match.end() + 1] in b"\n#":
            return []
        starts.append(match.start())
    return _between(text, starts, len(text))


def _between(text: bytes, starts: list[int], end: int) -> list[Span]:
    found: list[Span] = []
    line, counted = 0, 0
    for start, until in zip(starts, [*starts[1:], end], strict=True):
        line += text.count(b"\n", counted, start)
        counted = start
        found.append(Span(start, until, line))
    return found
