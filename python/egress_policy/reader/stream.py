"""A text, cut into documents where Kubernetes cuts it: at every line that starts with `---`, wherever it stands.

Kubernetes looks at lines before it looks at YAML, so a `---` at the start of a line ends a block scalar and an open quote as
well. It refuses anything but a comment after the dashes; we take `--- {a: 1}` as YAML does, and refuse `---a`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from egress_policy.reader.documents import Unreadable

_EMPTY_LINES = re.compile(rb"(?:[ ]*(?:#[^\n]*)?\n)*")
_DIRECTIVES = re.compile(rb"(?:(?:%[^\n]*|[ ]*(?:#[^\n]*)?)\n)*")


class Chunk(NamedTuple):
    """A piece of a text between separators; it ends with a line feed. `line` and `start` are where it begins, from 0."""

    text: bytes
    line: int
    start: int


def chunks(text: bytes) -> Iterator[Chunk]:
    """The chunks of a normalised text that hold anything. Raises Unreadable at a line like `---a`."""
    line, start, directives = -1, -1, b""  # of the separator's line feed
    # The line feed in front makes the first line like all others: the rest of a separator's line.
    for piece in (b"\n" + text).split(b"\n---"):
        if piece[:1] == b"\n":
            chunk = Chunk(piece[1:] + b"\n", line + 1, start + 1)
        else:
            chunk = _after_separator(piece + b"\n", line, start)
        line += piece.count(b"\n") + 1
        start += len(piece) + 4
        if chunk.text[:1] in b" #%\n":
            if _EMPTY_LINES.fullmatch(chunk.text):
                continue
            if _DIRECTIVES.fullmatch(chunk.text):
                directives += chunk.text
                continue
        if directives:
            head = directives + b"---\n"
            chunk = Chunk(head + chunk.text, chunk.line - head.count(b"\n"), chunk.start - len(head))
            directives = b""
        yield chunk


def content(chunk: Chunk) -> Chunk:
    """The chunk without the comments and blank lines before its content."""
    leading = _EMPTY_LINES.match(chunk.text) if chunk.text[:1] in b" #\n" else None
    if leading is None or not leading.end():
        return chunk
    end = leading.end()
    return Chunk(chunk.text[end:], chunk.line + chunk.text.count(b"\n", 0, end), chunk.start + end)


def _after_separator(piece: bytes, line: int, start: int) -> Chunk:
    rest, _, body = piece.partition(b"\n")
    stripped = rest.strip()
    if not stripped or stripped.startswith(b"#"):
        return Chunk(body, line + 1, start + len(rest) + 1)
    if rest[:1] not in b" \t":
        shown = stripped[:40].decode("utf-8", "replace")
        raise Unreadable(line, f"`---{shown}` is no separator of documents; put --- on a line of its own")
    return Chunk(b"---" + piece, line, start - 3)
