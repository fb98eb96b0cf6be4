"""JSON the fast way: orjson for a text that is one object and holds nothing that it reads otherwise than Go.

It drops the first of two equal keys, whose quotes are then missing, and prints 1.0 where Go prints 1.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

_FLOAT = re.compile(rb'(?:":|[\[,])-?[0-9]+[.eE]')


def parse(text: bytes) -> tuple[Any, bytes] | None:
    """The value and its compact JSON; None for the careful reader."""
    try:
        value = orjson.loads(text)
        compact = memoryview(orjson.dumps(value)).tobytes()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    if text.count(b'"') != compact.count(b'"') or _FLOAT.search(compact):
        return None
    return value, compact
