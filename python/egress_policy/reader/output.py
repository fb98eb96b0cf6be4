"""Values as compact JSON."""

from __future__ import annotations

import json

import orjson

from egress_policy.reader.nodes import Value


def dumps(value: Value) -> bytes:
    """Valid JSON for any value that the careful reader builds, however deep."""
    try:
        # orjson gives back what it allocated in advance, several times what is needed; a copy has its own size.
        return memoryview(orjson.dumps(value)).tobytes()
    except (orjson.JSONEncodeError, TypeError):
        # Deeper than 254 levels, or an integer beyond 64 bits (written with an exponent).
        return "".join(_pieces(value)).encode()


def _pieces(value: Value) -> list[str]:
    """Depth first, without recursion: what is still to be written, last first."""
    written: list[str] = []
    waiting: list[tuple[str, Value]] = [("", value)]
    while waiting:
        before, one = waiting.pop()
        written.append(before)
        if one is _NOTHING:
            continue
        if isinstance(one, dict):
            waiting.append(("}", _NOTHING))
            inside = [(f"{_comma(index)}{_scalar(key)}:", child) for index, (key, child) in enumerate(one.items())]
            written.append("{")
            waiting.extend(reversed(inside))
        elif isinstance(one, list):
            waiting.append(("]", _NOTHING))
            written.append("[")
            waiting.extend(reversed([(_comma(index), child) for index, child in enumerate(one)]))
        else:
            written.append(_scalar(one))
    return written


_NOTHING = object()


def _comma(index: int) -> str:
    return "," if index else ""


def _scalar(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
