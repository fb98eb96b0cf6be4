"""The careful reader: any YAML or JSON as Kubernetes decodes it, with lines, and the keys that are written twice.

Slow (PyYAML's C parser gives about 5 MB/s), so only for what the fast reader leaves, and for finding lines.
"""

from __future__ import annotations

from collections.abc import Iterator

from egress_policy.reader import json_events
from egress_policy.reader.documents import UnreadableError
from egress_policy.reader.nodes import Tree
from egress_policy.reader.stream import Chunk
from egress_policy.reader.text import BOM, check

_TEMPLATE = "holds a template ({{ … }}) that is not rendered; render it first, for example with `helm template`"

_MIXED = "follows several JSON objects, after which Kubernetes refuses anything but JSON; put --- between all of them"


def trees(chunk: Chunk) -> Iterator[Tree]:
    """The documents of a chunk, one after the other. Raises UnreadableError; what came before it can be kept."""
    try:
        check(chunk.text, chunk.line)
        yield from _trees(chunk)
    except UnreadableError as error:
        raise UnreadableError(error.line, _TEMPLATE if b"{{" in chunk.text else error.message) from None


def _trees(chunk: Chunk) -> Iterator[Tree]:
    """One document; in a stream of JSON, objects one after the other, or one object and then one document of YAML."""
    text, line = chunk.text, chunk.line
    start = len(BOM) if text.startswith(BOM) else 0
    objects = 0
    if text[start:].lstrip()[:1] == b"{":
        for tree in json_events.trees(text, start, line):
            if not chunk.stream and text[tree.end :].strip():
                break
            yield tree
            objects, start = objects + 1, tree.end
    rest = bool(text[start:].strip())
    if objects > 1 and (rest or chunk.more):
        raise UnreadableError(line + text.count(b"\n", 0, json_events.after_blanks(text, start)), _MIXED)
    if rest:
        yield from _yaml(chunk, start, objects)


def _yaml(chunk: Chunk, start: int, objects: int) -> Iterator[Tree]:
    from egress_policy.reader import yaml_events  # PyYAML takes long to import, and many audits do without it

    text, line = chunk.text, chunk.line + chunk.text.count(b"\n", 0, start)
    if objects:
        json_events.refuse_other(text, start, line)
    yield from yaml_events.trees(text, start, line)
