"""JSON text to trees, with lines and the keys that are written twice, which no JSON library tells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import orjson

from egress_policy.reader import scalars
from egress_policy.reader.documents import UnreadableError
from egress_policy.reader.nodes import Builder, Tree, Value

_SPACE = re.compile(rb"[ \t\r\n]*")
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]]|[^\s,:{}\[\]"]++', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS: dict[bytes, Value] = {b"true": True, b"false": False, b"null": None}


def trees(text: bytes, position: int, line: int) -> Iterator[Tree]:
    """The objects that stand one after the other from `position` on, which is in `line`."""
    while True:
        start = after_blanks(text, position)
        line += text.count(b"\n", position, start)
        end = _end(text, start)
        if end is None or not _valid(text[start:end]):
            return
        yield _tree(text, start, end, line)
        line += text.count(b"\n", start, end)
        position = end


def refuse_other(text: bytes, position: int, line: int) -> None:
    """Raises UnreadableError for a list or scalar after an object: in JSON Kubernetes passes over it and reads on."""
    start = after_blanks(text, position)
    try:
        json.JSONDecoder().raw_decode(text[start:].decode())
    except (ValueError, RecursionError):
        return
    raise UnreadableError(line + text.count(b"\n", position, start), "is JSON but no object; take it out")


def after_blanks(text: bytes, position: int) -> int:
    """Where JSON's blanks from `position` on end."""
    space = _SPACE.match(text, position)
    return space.end() if space else position


def _end(text: bytes, start: int) -> int | None:
    """Where the object that starts here ends."""
    if text[start : start + 1] != b"{":
        return None
    depth = 0
    for token in _TOKEN.finditer(text, start):
        first = token[0][:1]
        depth += 1 if first in b"{[" else -1 if first in b"}]" else 0
        if depth == 0:
            return token.end()
    return None


def _valid(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return _leniently(text)
    return True


def _leniently(text: bytes) -> bool:
    """Go takes an escaped half of a surrogate pair, and any depth is for the builder to refuse."""
    try:
        json.loads(text, parse_constant=float, parse_int=len)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _tree(text: bytes, start: int, end: int, line: int) -> Tree:
    builder, position = Builder(end - start), start
    for token in _TOKEN.finditer(text, start, end):
        line += text.count(b"\n", position, token.start())
        position = token.start()
        _take(builder, token[0], line)
    return builder.finish(start, end)


def _take(builder: Builder, token: bytes, line: int) -> None:
    first = token[:1]
    if first in b"{[":
        builder.start({} if first == b"{" else [], line)
    elif first in b"}]":
        builder.end()
    else:
        builder.scalar(_string(token) if first == b'"' else _plain(token, line), line, len(token))


def _string(token: bytes) -> str:
    if b"\\" not in token:
        return token[1:-1].decode()
    text: str = json.loads(token)
    return _SURROGATE.sub("\ufffd", text)


def _plain(token: bytes, line: int) -> Value:
    if token in _WORDS:
        return _WORDS[token]
    if len(token) < 20 and token.lstrip(b"-").isdigit():
        return int(token)
    try:
        return scalars.number(float(token))
    except ValueError:
        shown = token[:40].decode("utf-8", "replace")
        raise UnreadableError(line, f"is no JSON: {shown} is no number that JSON can hold") from None
