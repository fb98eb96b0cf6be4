"""A text, cut into documents where Kubernetes cuts it: at every line that starts with `---`, wherever it stands.

Kubernetes looks at lines before it looks at YAML, so a `---` at the start of a line ends a block scalar and an open
quote as well. It refuses anything but a comment after the dashes, also `--- {a: 1}`. It looks at bytes, so that UTF-16
has no such lines: it is one document, and what YAML takes for more is dropped.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

from egress_policy.reader.documents import UnreadableError
from egress_policy.reader.text import normalise

_NOTHING = (b"", b"\n")
# Possessive: a regular expression that may go back keeps a hundred bytes for each line.
_EMPTY_LINES = re.compile(rb"(?:[ ]*+(?:#[^\n]*+)?+\n)*+")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Kubernetes looks no further for the brace that makes a stream one of JSON.
_LOOKED_AT = 4096
_DIRECTIVES = re.compile(rb"(?:(?:%[^\n]*+|[ ]*+(?:#[^\n]*+)?+)\n)*+")


class Chunk(NamedTuple):
    """A document's text, which ends with a line feed. `line` and `start` are where it begins in the whole, from 0.

    `stream` if JSON objects may stand in it one after the other; `more` if a separator follows those.
    """

    text: bytes
    line: int
    start: int
    stream: bool = False
    more: bool = False


def chunks(data: bytes) -> Iterator[Chunk]:
    """The chunks of a file's bytes that hold anything. Raises UnreadableError at a line like `---a`.

    They start with their first content: comments and blank lines before it are left out. Their places are those in the
    normalised text.
    """
    found = _chunks(normalise(data), wide=data.startswith(_WIDE))
    if data[:_LOOKED_AT].lstrip(b" \t\r\n")[:1] == b"{":
        for chunk in found:  # the first
            yield chunk._replace(stream=True, more=b"\n---" in data)
            break
    yield from found


def _chunks(text: bytes, *, wide: bool) -> Iterator[Chunk]:
    # The line feed in front makes the first line like all others: the rest of a separator's line.
    whole = b"\n%b\n" % text.removesuffix(b"\n")
    line, start, directives = -1, 0, b""
    for piece in [whole] if wide else whole.split(b"\n---"):
        end = start + len(piece) + 1
        chunk: Chunk | None = None
        if piece[:1] == b"\n" and piece[1:2] not in b" #%\n" and not directives:
            chunk = Chunk(whole[start + 1 : end], line + 1, start)
        elif piece not in _NOTHING:
            chunk, directives = _unusual(whole[start:end], line, start, directives)
        line += piece.count(b"\n") + 1
        start = end + 3
        if chunk:
            yield chunk
    if directives:  # an error, for whoever parses it
        yield Chunk(directives, line - directives.count(b"\n"), start - 3 - len(directives))


def _unusual(piece: bytes, line: int, start: int, directives: bytes) -> tuple[Chunk | None, bytes]:
    """What does not start with content at once; directives (`%YAML 1.1`) belong to the chunk that follows."""
    chunk = _content(_after_separator(piece, line, start))
    if _DIRECTIVES.fullmatch(chunk.text):
        return None, directives + chunk.text
    if not directives:
        return chunk, b""
    head = directives + b"---\n"
    return Chunk(head + chunk.text, chunk.line - head.count(b"\n"), chunk.start - len(head)), b""


def _after_separator(piece: bytes, line: int, start: int) -> Chunk:
    rest, _, body = piece.partition(b"\n")
    stripped = rest.strip()
    if not stripped or stripped.startswith(b"#"):
        return Chunk(body, line + 1, start + len(rest))
    shown = rest[:40].rstrip().decode("utf-8", "replace")
    raise UnreadableError(line, f"`---{shown}` is no separator of documents; put --- on a line of its own")


def _content(chunk: Chunk) -> Chunk:
    leading = _EMPTY_LINES.match(chunk.text)
    end = leading.end() if leading else 0
    return Chunk(chunk.text[end:], chunk.line + chunk.text.count(b"\n", 0, end), chunk.start + end)
