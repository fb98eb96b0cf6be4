"""Bytes of a file as the UTF-8 text that everything else reads.

Kubernetes takes UTF-8 with or without a byte order mark and UTF-16 with one, and turns CR LF into LF before it looks
for documents. Lines keep their numbers.
"""

from __future__ import annotations

import codecs

from egress_policy.reader.documents import UnreadableError

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
BOM = codecs.BOM_UTF8


def normalise(data: bytes) -> bytes:
    """UTF-8 without mark, lines ended by LF. Raises UnreadableError for wrong UTF-16; UTF-8 is checked by `check`."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            data = _decoded(data[len(mark) :], encoding)
            break
    data = data.removeprefix(BOM)
    return data.replace(b"\r\n", b"\n") if b"\r" in data else data


def _decoded(data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).encode()
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = data[:start].decode(encoding, "replace").count("\n")
        raise UnreadableError(line, f"is no valid {encoding[:6].upper()}; save it as UTF-8") from None


def check(text: bytes, line: int) -> None:
    """Raises UnreadableError for what is no text: invalid UTF-8, and NUL, which no YAML and no JSON may hold.

    `line` is where the text begins.
    """
    if b"\0" in text:
        line += text.count(b"\n", 0, text.index(b"\0"))
        raise UnreadableError(line, "is binary (it holds a NUL); exclude it, or name a text file")
    if text.isascii():
        return
    if b"\n" + BOM in text:
        line += text.count(b"\n", 0, text.index(b"\n" + BOM)) + 1
        raise UnreadableError(line, "holds a byte order mark (BOM) that is not at the start; take it out")
    try:
        text.decode()
    except UnicodeDecodeError as error:
        line += text.count(b"\n", 0, error.start)
        raise UnreadableError(line, "is no valid UTF-8; save it as UTF-8") from None
