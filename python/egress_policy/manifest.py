"""Objects as YAML that every reader takes for the same objects.

PyYAML writes the string y (and 1e3, 0o10 …) without quotes, because it reads them as strings itself; Kubernetes does
not. So here a string is plain only if nobody can take it for anything else, and otherwise JSON, which YAML contains.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# Starts with a letter, is no number in any base or notation, and has neither `: ` nor ` #`.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*\Z")
_FIRST = ("apiVersion", "kind", "metadata", "name", "namespace")
# Several lines that all end, the first and last not empty, in letters that no reader of YAML treats specially.
_BLOCK = re.compile(r"[!-~][ -~\t]*\n(?:(?:[ \t]*[!-~][ -~\t]*)?\n)*[ \t]*[!-~][ -~\t]*\n")
# What YAML 1.1 or 1.2 reads as a boolean or as null.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
# Allowed in JSON as they are, but not in YAML, or a line break there. (json.dumps escapes those below a blank.)
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def written(objects: Iterable[Mapping[str, Any]]) -> str:
    """The objects as one YAML stream."""
    return "---\n".join("".join(f"{line}\n" for line in _lines(one, "")) for one in objects)


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, item in sorted(value.items(), key=_position):
            yield from _entry(f"{indent}{scalar(key)}:", item, f"{indent}  ")
    elif isinstance(value, list) and value:
        for item in value:
            lines = list(_lines(item, f"{indent}  "))
            yield f"{indent}- {lines[0].lstrip()}"
            yield from lines[1:]
    else:
        first, *rest = _text(value, indent)
        yield indent + first
        yield from rest


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, (Mapping, list)) and value:
        yield head
        yield from _lines(value, indent)
    else:
        first, *rest = _text(value, indent)
        yield f"{head} {first}"
        yield from rest


def _text(value: Any, indent: str) -> Iterator[str]:
    """A scalar in its one line, or lines of text as a block that people can read."""
    if not isinstance(value, str) or not _BLOCK.fullmatch(value):
        yield scalar(value)
        return
    yield "|"
    for line in value.removesuffix("\n").split("\n"):
        yield f"{indent}{line}" if line else ""


def _position(entry: tuple[str, Any]) -> tuple[int, str]:
    """As people write manifests. Engines hand objects over in any order; a report has one."""
    return _FIRST.index(entry[0]) if entry[0] in _FIRST else len(_FIRST), entry[0]


def scalar(value: Any) -> str:
    """A text or number in one line, as it can stand in block and in flow style."""
    if isinstance(value, str) and _PLAIN.match(value) and value.lower() not in _WORDS:
        return value
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
