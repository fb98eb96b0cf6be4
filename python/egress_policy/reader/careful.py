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


def trees(chunk: Chunk) -> Iterator[Tree]:
    """The documents of a chunk, one after the other. Raises UnreadableError; what came before it can be kept."""
    try:
        check(chunk.text, chunk.line)
        yield from _trees(chunk)
    except UnreadableError as error:
        raise UnreadableError(error.line, _TEMPLATE if b"{{" in chunk.text else error.message) from None


def _trees(chunk: Chunk) -> Iterator[Tree]:
    text, line = chunk.text, chunk.line
    start = len(BOM) if text.startswith(BOM) else 0
    if text[start:].lstrip()[:1] == b"{":
        start = yield from json_events.trees(text, start, line)
        line += text.count(b"\n", 0, start)
    if text[start:].strip():
        from egress_policy.reader import yaml_events  # PyYAML takes long to import, and many audits do without it

        yield from yaml_events.trees(text, start, line)
